-- invitation_many: many addresses are invited at once

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

CREATE FUNCTION tempcloud.invite_many(invitations jsonb)
RETURNS SETOF tempcloud.invitation_result
AS 'MODULE_PATHNAME', 'tempcloud_invite_many'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.invite_many IS
'Invite many addresses at once
An array of at most 200 objects with the arguments of invite; longer lists take several calls. Each stands or falls by itself: its row has the invitation or the error word.';
GRANT EXECUTE ON FUNCTION tempcloud.invite_many TO tempcloud_user;
