-- invitation_answer: what an invitee does with an invitation

-- Inviters blocked by an account, or by the reader of an address without one
CREATE TABLE tempcloud_data.block (
	inviter_id	uuid NOT NULL,
	email		tempcloud_data.email NOT NULL,
	account_id	uuid,
	created_at	timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT block_inviter_id_fkey FOREIGN KEY (inviter_id)
		REFERENCES tempcloud_data.account (id),
	CONSTRAINT block_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES tempcloud_data.account (id)
);
CREATE UNIQUE INDEX block_inviter_id_email_key
	ON tempcloud_data.block (inviter_id, lower(email));
CREATE INDEX block_account_id_idx ON tempcloud_data.block (account_id, inviter_id);
SELECT pg_extension_config_dump('tempcloud_data.block', '');

COMMENT ON TABLE tempcloud_data.block IS 'Inviters blocked by an address or account';
COMMENT ON COLUMN tempcloud_data.block.email IS 'Address that the inviter cannot invite';
COMMENT ON COLUMN tempcloud_data.block.account_id IS 'Account that the inviter cannot invite by any address; null if the address has none';

CREATE FUNCTION tempcloud.accept_invitation(id uuid)
RETURNS tempcloud.partnership
AS 'MODULE_PATHNAME', 'tempcloud_accept_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.accept_invitation IS
'Accept an invitation in one''s own account
The two accounts become partners irrevocably. Accepting again returns the same partnership.';
GRANT EXECUTE ON FUNCTION tempcloud.accept_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.accept_invitation_by_token(
	token				text,
	use_this_account	boolean DEFAULT false)
RETURNS tempcloud.partnership
AS 'MODULE_PATHNAME', 'tempcloud_accept_invitation_by_token'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.accept_invitation_by_token IS
'Accept an invitation by the link of a mail
The two accounts become partners irrevocably. If the invited address is not a proven one of the caller''s account, use_this_account is required to accept for this account.';
GRANT EXECUTE ON FUNCTION tempcloud.accept_invitation_by_token TO tempcloud_user;

CREATE FUNCTION tempcloud.decline_invitation(
	id		uuid,
	reason	text DEFAULT NULL,
	block	boolean DEFAULT false)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_decline_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.decline_invitation IS
'Decline an invitation in one''s own account
The inviter is told the reason and cannot invite again for some days; with block, not until unblock_account.';
GRANT EXECUTE ON FUNCTION tempcloud.decline_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.decline_invitation_by_token(
	token	text,
	reason	text DEFAULT NULL,
	block	boolean DEFAULT false)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_decline_invitation_by_token'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.decline_invitation_by_token IS
'Decline an invitation by the link of a mail
Requires neither login nor account. Otherwise like decline_invitation.';
GRANT EXECUTE ON FUNCTION tempcloud.decline_invitation_by_token TO tempcloud_anonymous;

CREATE FUNCTION tempcloud.unblock_account(id uuid)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_unblock_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.unblock_account IS
'Permit an account to invite the caller again
Removes a block; does nothing if there is none. Blocked inviters are marked in invitations_received.';
GRANT EXECUTE ON FUNCTION tempcloud.unblock_account TO tempcloud_user;

-- After all tables

-- One arm for invitations routed to the account, one for those that wait for an
-- address that it has proven: they cannot be routed while another invitation of the
-- same inviter is pending here, or if they are meant for the other kind. Those of
-- blocked inviters are left out. Each arm is in the order of the whole, so that
-- the first page takes its rows and no more; one past its time stands among the
-- pending until it is closed. OFFSET 0 as in the lists of partners.
CREATE VIEW tempcloud.invitations_received WITH (security_barrier) AS
SELECT i.id, i.inviter_id, i.inviter_kind, a.company_name::text AS inviter_company,
	   NULLIF(concat_ws(' ', c.given_name, c.family_name), '') AS inviter_name,
	   i.email::text, i.message::text, s.status, i.created_at, i.expires_at, i.decided_at,
	   i.reason::text, s.status = 'pending' AND i.obstacle IS NULL AS can_accept, i.obstacle,
	   EXISTS (SELECT FROM tempcloud_data.block b
				WHERE b.inviter_id = i.inviter_id
				  AND b.account_id = (SELECT tempcloud.current_account_id())) AS blocked
  FROM ((SELECT r.*, r.status = 'pending' AS open, NULL::text AS obstacle
		  FROM tempcloud_data.invitation r
		 WHERE r.invitee_id = (SELECT tempcloud.current_account_id())
		 ORDER BY r.status = 'pending' DESC, r.created_at DESC, r.id DESC)
		 UNION ALL
		(SELECT w.*, true, CASE WHEN w.invitee_kind <> mine.kind THEN 'same_kind' END
		  FROM tempcloud_data.contact me
		  JOIN tempcloud_data.account mine ON mine.id = me.account_id
		 CROSS JOIN LATERAL (
			SELECT w.*
			  FROM tempcloud_data.invitation w
			 WHERE lower(w.email) = lower(me.email)
			   AND w.status = 'pending' AND w.invitee_id IS NULL
			OFFSET 0) w
		 WHERE me.account_id = (SELECT tempcloud.current_account_id())
		   AND me.email_verified_at IS NOT NULL
		   AND w.expires_at > statement_timestamp()
		   AND NOT EXISTS (SELECT FROM tempcloud_data.block b
							WHERE b.inviter_id = w.inviter_id AND b.account_id = me.account_id)
		 ORDER BY w.created_at DESC, w.id DESC)) i
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = i.inviter_id OFFSET 0) a
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.id = i.invited_by OFFSET 0) c
 CROSS JOIN LATERAL (
	SELECT CASE WHEN i.status = 'pending' AND i.expires_at <= statement_timestamp()
				THEN 'expired' ELSE i.status END AS status) s
 ORDER BY i.open DESC, i.created_at DESC, i.id DESC;
COMMENT ON VIEW tempcloud.invitations_received IS
'The invitations to the caller''s account
Meine Einladungen. Pending ones first, then the newest.';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_company IS 'Name of the inviting company';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_name IS 'Name of the inviting contact';
COMMENT ON COLUMN tempcloud.invitations_received.can_accept IS 'Whether the caller''s account can accept it; whether the caller''s role permits it, whoami() tells';
COMMENT ON COLUMN tempcloud.invitations_received.obstacle IS 'Why the caller cannot accept it although it is pending: the error word same_kind; otherwise null';
COMMENT ON COLUMN tempcloud.invitations_received.blocked IS 'Whether the inviter is blocked; see unblock_account';
GRANT SELECT ON tempcloud.invitations_received TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.partner(tempcloud.invitations_received)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).inviter_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_received) IS
'The inviter, if a partner';
GRANT EXECUTE ON FUNCTION tempcloud.partner(tempcloud.invitations_received) TO tempcloud_user;
