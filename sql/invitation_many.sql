-- invitation_many: inviting many addresses at once

CREATE TYPE tempcloud.invitation_result AS (
	"position"	integer,
	email		text,
	invitation	tempcloud.invitation,
	error		text,
	message		text,
	hint		text
);
COMMENT ON TYPE tempcloud.invitation_result IS
'Result of one row of invite_many: the invitation or an error';
COMMENT ON COLUMN tempcloud.invitation_result."position" IS 'Position in the array, from 1';
COMMENT ON COLUMN tempcloud.invitation_result.email IS 'Address, as given';
COMMENT ON COLUMN tempcloud.invitation_result.invitation IS 'The invitation; null if it was refused';
COMMENT ON COLUMN tempcloud.invitation_result.error IS 'Error word, as in DETAIL; null if it was not refused';
COMMENT ON COLUMN tempcloud.invitation_result.message IS 'Error message';
COMMENT ON COLUMN tempcloud.invitation_result.hint IS 'Hint of the error';

CREATE FUNCTION tempcloud.invite_many(invitations jsonb)
RETURNS SETOF tempcloud.invitation_result
AS 'MODULE_PATHNAME', 'tempcloud_invite_many'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.invite_many IS
'Invite many addresses
An array of at most 200 objects with the arguments of invite. A refusal does not affect the others: each row has the invitation or the error.';
GRANT EXECUTE ON FUNCTION tempcloud.invite_many TO tempcloud_user;
