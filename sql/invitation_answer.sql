-- decision: what an invitee does with an invitation

-- Whom an account, or the reader of an address without one, hears nothing
-- more of.
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

COMMENT ON TABLE tempcloud_data.block IS 'Inviters that an address or account does not want to hear of again.';
COMMENT ON COLUMN tempcloud_data.block.inviter_id IS 'The account that may not invite';
COMMENT ON COLUMN tempcloud_data.block.email IS 'The address it may not invite';
COMMENT ON COLUMN tempcloud_data.block.account_id IS 'The account it may not invite, by whatever address; null for an address without one';
COMMENT ON COLUMN tempcloud_data.block.created_at IS 'When it was blocked';

CREATE FUNCTION tempcloud.accept_invitation(id uuid)
RETURNS tempcloud.partnership
AS 'MODULE_PATHNAME', 'tempcloud_accept_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.accept_invitation IS
'Accept an invitation from one''s own profile
The two accounts are partners from then on, for ever. Accepting again returns the same partnership.';
GRANT EXECUTE ON FUNCTION tempcloud.accept_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.accept_invitation_by_token(
	token				text,
	use_this_account	boolean DEFAULT false)
RETURNS tempcloud.partnership
AS 'MODULE_PATHNAME', 'tempcloud_accept_invitation_by_token'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.accept_invitation_by_token IS
'Accept an invitation by the link of its mail
The two accounts are partners from then on, for ever. Where the invited address is not proven by the caller''s account, use_this_account says that the caller''s company is meant all the same.';
GRANT EXECUTE ON FUNCTION tempcloud.accept_invitation_by_token TO tempcloud_user;

CREATE FUNCTION tempcloud.decline_invitation(
	id		uuid,
	reason	text DEFAULT NULL,
	block	boolean DEFAULT false)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_decline_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.decline_invitation IS
'Decline an invitation from one''s own profile
The inviter is told, with the reason, and cannot invite again for some days; with block, not until unblock_account.';
GRANT EXECUTE ON FUNCTION tempcloud.decline_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.decline_invitation_by_token(
	token	text,
	reason	text DEFAULT NULL,
	block	boolean DEFAULT false)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_decline_invitation_by_token'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.decline_invitation_by_token IS
'Decline an invitation by the link of its mail
Needs neither login nor account. Otherwise as decline_invitation.';
GRANT EXECUTE ON FUNCTION tempcloud.decline_invitation_by_token TO tempcloud_anonymous;

CREATE FUNCTION tempcloud.unblock_account(id uuid)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_unblock_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.unblock_account IS
'Let an account invite the caller again
Undoes a block; does nothing where there is none. Blocked inviters are marked in invitations_received.';
GRANT EXECUTE ON FUNCTION tempcloud.unblock_account TO tempcloud_user;

-- After all tables

-- One arm for what is routed to the account, one for what waits for an address
-- that it has proven: that cannot be routed while another invitation of the
-- same inviter is pending here, or if it is meant for the other kind. Blocked
-- inviters are not heard of again. Each arm is in the order of the whole, so that
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
Meine Einladungen: pending ones first, then the newest.';
COMMENT ON COLUMN tempcloud.invitations_received.id IS 'Key of the invitation';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_id IS 'The account that invites';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_kind IS 'Its kind';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_company IS 'Its name';
COMMENT ON COLUMN tempcloud.invitations_received.inviter_name IS 'The person who invites';
COMMENT ON COLUMN tempcloud.invitations_received.email IS 'The address invited';
COMMENT ON COLUMN tempcloud.invitations_received.message IS 'The inviter''s personal words';
COMMENT ON COLUMN tempcloud.invitations_received.status IS 'What became of it';
COMMENT ON COLUMN tempcloud.invitations_received.created_at IS 'When it was first sent';
COMMENT ON COLUMN tempcloud.invitations_received.expires_at IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.invitations_received.decided_at IS 'When it ceased to be pending';
COMMENT ON COLUMN tempcloud.invitations_received.reason IS 'Why it was declined';
COMMENT ON COLUMN tempcloud.invitations_received.can_accept IS 'Whether the caller may accept it';
COMMENT ON COLUMN tempcloud.invitations_received.obstacle IS 'Why the caller may not accept it though it is pending: the word of the error, same_kind; otherwise null';
COMMENT ON COLUMN tempcloud.invitations_received.blocked IS 'Whether the inviter is blocked; unblock_account undoes that';
GRANT SELECT ON tempcloud.invitations_received TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.partner(tempcloud.invitations_received)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).inviter_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_received) IS
'The inviter, where it is a partner';
GRANT EXECUTE ON FUNCTION tempcloud.partner(tempcloud.invitations_received) TO tempcloud_user;
