-- invite: what an inviter does

CREATE TYPE tempcloud.invitation_result AS (
	"position"	integer,
	email		text,
	invitation	tempcloud.invitation,
	error		text,
	message		text,
	hint		text
);
COMMENT ON TYPE tempcloud.invitation_result IS
'What became of one row of invite_many: the invitation, or the error word with message and hint.';
COMMENT ON COLUMN tempcloud.invitation_result."position" IS 'Place in the array, from 1';
COMMENT ON COLUMN tempcloud.invitation_result.email IS 'The address as it was given';
COMMENT ON COLUMN tempcloud.invitation_result.invitation IS 'The invitation; null if it was refused';
COMMENT ON COLUMN tempcloud.invitation_result.error IS 'The word of the refusal, as in DETAIL; null if there was none';
COMMENT ON COLUMN tempcloud.invitation_result.message IS 'The message of the refusal';
COMMENT ON COLUMN tempcloud.invitation_result.hint IS 'What to do about it';

CREATE FUNCTION tempcloud.invite(
	email			text,
	given_name		text DEFAULT NULL,
	family_name		text DEFAULT NULL,
	company_name	text DEFAULT NULL,
	phone			text DEFAULT NULL,
	message			text DEFAULT NULL,
	locale			text DEFAULT NULL)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_invite'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.invite IS
'Invite an address to become a partner
A customer invites providers, a provider customers. Where the address belongs to an account the invitation waits there; otherwise the person is asked to make one. A mail brings them the link. Names, company and phone describe the person invited; message is a personal word to them; locale the language of the mail.';
GRANT EXECUTE ON FUNCTION tempcloud.invite TO tempcloud_user;

CREATE FUNCTION tempcloud.invite_many(invitations jsonb)
RETURNS SETOF tempcloud.invitation_result
AS 'MODULE_PATHNAME', 'tempcloud_invite_many'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.invite_many IS
'Invite many addresses at once
An array of at most 200 objects with the arguments of invite; longer lists take several calls. Each stands or falls by itself: its row has the invitation or the error word.';
GRANT EXECUTE ON FUNCTION tempcloud.invite_many TO tempcloud_user;

CREATE FUNCTION tempcloud.resend_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_resend_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.resend_invitation IS
'Send an invitation again
For the inviter, while it is pending or after it has expired. A new mail with a new link; earlier links end and the lifetime starts anew.';
GRANT EXECUTE ON FUNCTION tempcloud.resend_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.withdraw_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_withdraw_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.withdraw_invitation IS
'Withdraw an invitation
For the inviter, as long as it is pending.';
GRANT EXECUTE ON FUNCTION tempcloud.withdraw_invitation TO tempcloud_user;
