-- invitation: invitations of an e-mail address to become a partner

CREATE TYPE tempcloud.invitation_status AS ENUM
	('pending', 'accepted', 'declined', 'withdrawn', 'expired', 'superseded');
COMMENT ON TYPE tempcloud.invitation_status IS
'Status of an invitation; pending past its time is shown as expired';
GRANT USAGE ON TYPE tempcloud.invitation_status TO tempcloud_service;

CREATE TABLE tempcloud_data.invitation (
	id				uuid DEFAULT tempcloud_data.new_id(),
	inviter_id		uuid NOT NULL,
	inviter_kind	tempcloud.account_kind NOT NULL,
	invited_by		uuid NOT NULL,
	invitee_id		uuid,
	invitee_kind	tempcloud.account_kind NOT NULL,
	email			tempcloud_data.email,
	given_name		tempcloud_data.person_name,
	family_name		tempcloud_data.person_name,
	company_name	tempcloud_data.company_name,
	phone			tempcloud_data.phone,
	message			tempcloud_data.paragraph,
	locale			tempcloud_data.locale NOT NULL,
	status			tempcloud.invitation_status NOT NULL DEFAULT 'pending',
	round			integer NOT NULL DEFAULT 1,
	created_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	sent_at			timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at		timestamptz NOT NULL,
	reminded_at		timestamptz,
	asked_at		timestamptz,
	decided_at		timestamptz,
	decided_by		uuid,
	reason			tempcloud_data.paragraph,
	CONSTRAINT invitation_pkey PRIMARY KEY (id),
	CONSTRAINT invitation_inviter_fkey FOREIGN KEY (inviter_id, inviter_kind)
		REFERENCES tempcloud_data.account (id, kind),
	CONSTRAINT invitation_invited_by_fkey FOREIGN KEY (invited_by, inviter_id)
		REFERENCES tempcloud_data.contact (id, account_id),
	CONSTRAINT invitation_invitee_fkey FOREIGN KEY (invitee_id, invitee_kind)
		REFERENCES tempcloud_data.account (id, kind),
	CONSTRAINT invitation_decided_by_fkey FOREIGN KEY (decided_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT invitation_pairing CHECK (inviter_kind <> invitee_kind),
	-- what the inviter typed can be erased, see erase_person()
	CONSTRAINT invitation_email CHECK (email IS NOT NULL OR status = 'accepted'),
	CONSTRAINT invitation_round CHECK (round > 0),
	CONSTRAINT invitation_decision CHECK ((status = 'pending') = (decided_at IS NULL)),
	CONSTRAINT invitation_acceptance CHECK (
		status <> 'accepted' OR (invitee_id IS NOT NULL AND decided_by IS NOT NULL))
);
-- at most one pending invitation per inviter and address, and per inviter and invitee
-- (IS NOT NULL, here and below, keeps an index for queries that ask by that column)
CREATE UNIQUE INDEX invitation_pending_email_key
	ON tempcloud_data.invitation (lower(email), inviter_id) WHERE status = 'pending' AND email IS NOT NULL;
CREATE UNIQUE INDEX invitation_pending_invitee_key
	ON tempcloud_data.invitation (invitee_id, inviter_id) WHERE status = 'pending' AND invitee_id IS NOT NULL;
-- invitations that ended without being accepted, and when
CREATE INDEX invitation_closed_idx
	ON tempcloud_data.invitation (decided_at)
	WHERE status IN ('declined', 'withdrawn', 'expired', 'superseded');
-- what is known of an address, and what one account has sent to it
CREATE INDEX invitation_email_idx ON tempcloud_data.invitation (lower(email), inviter_id);
-- what an account sent lately
CREATE INDEX invitation_sent_at_idx ON tempcloud_data.invitation (inviter_id, sent_at);
-- what is due to expire or to be reminded
CREATE INDEX invitation_expiry_idx
	ON tempcloud_data.invitation (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;
CREATE INDEX invitation_reminder_idx
	ON tempcloud_data.invitation (expires_at) WHERE status = 'pending' AND reminded_at IS NULL;
-- what an account has declined of another
CREATE INDEX invitation_declined_idx
	ON tempcloud_data.invitation (invitee_id, inviter_id, decided_at)
	WHERE status = 'declined' AND decided_at IS NOT NULL;
-- what an account has pending
CREATE INDEX invitation_pending_idx
	ON tempcloud_data.invitation (inviter_id, expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;
-- the two lists, newest first
CREATE INDEX invitation_sent_idx ON tempcloud_data.invitation (inviter_id, status, created_at, id);
CREATE INDEX invitation_received_idx
	ON tempcloud_data.invitation (invitee_id, (status = 'pending'), created_at, id)
	WHERE invitee_id IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.invitation', '');

COMMENT ON COLUMN tempcloud_data.invitation.invited_by IS 'Contact of the inviter';
COMMENT ON COLUMN tempcloud_data.invitation.invitee_id IS 'Account invited; null until the address belongs to one';
COMMENT ON COLUMN tempcloud_data.invitation.email IS 'Null once erased';
COMMENT ON COLUMN tempcloud_data.invitation.status IS 'Pending past expires_at counts as expired';
COMMENT ON COLUMN tempcloud_data.invitation.round IS 'How often it was sent; only links of the current round are valid';
COMMENT ON COLUMN tempcloud_data.invitation.sent_at IS 'Start of the current round';
COMMENT ON COLUMN tempcloud_data.invitation.reminded_at IS 'When the invitee was reminded in the current round';
COMMENT ON COLUMN tempcloud_data.invitation.asked_at IS 'When the invitee last asked for another one, after it expired in the current round';
COMMENT ON COLUMN tempcloud_data.invitation.decided_by IS 'Contact who accepted, declined or withdrew';
COMMENT ON COLUMN tempcloud_data.invitation.reason IS 'Reason for declining';

CREATE FUNCTION tempcloud_data.guard_invitation()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_invitation'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_invitation IS
'Protects accepted invitations; restricts changes of status';

CREATE TRIGGER invitation_guard BEFORE UPDATE OR DELETE ON tempcloud_data.invitation
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_invitation();
CREATE TRIGGER invitation_guard_after AFTER UPDATE ON tempcloud_data.invitation
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_invitation();
CREATE TRIGGER invitation_truncate BEFORE TRUNCATE ON tempcloud_data.invitation
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.invitation
	ENABLE ALWAYS TRIGGER invitation_guard,
	ENABLE ALWAYS TRIGGER invitation_guard_after,
	ENABLE ALWAYS TRIGGER invitation_truncate;

CREATE TYPE tempcloud.invitation AS (
	id				uuid,
	inviter_id		uuid,
	inviter_kind	tempcloud.account_kind,
	invitee_id		uuid,
	invitee_kind	tempcloud.account_kind,
	email			text,
	given_name		text,
	family_name		text,
	company_name	text,
	phone			text,
	message			text,
	locale			text,
	status			tempcloud.invitation_status,
	created_at		timestamptz,
	expires_at		timestamptz,
	decided_at		timestamptz,
	reason			text
);
COMMENT ON TYPE tempcloud.invitation IS 'An invitation; invitee_id is shown once it is accepted';
COMMENT ON COLUMN tempcloud.invitation.id IS 'Key';
COMMENT ON COLUMN tempcloud.invitation.inviter_id IS 'Inviting account';
COMMENT ON COLUMN tempcloud.invitation.inviter_kind IS 'Kind of the inviter';
COMMENT ON COLUMN tempcloud.invitation.invitee_id IS 'Account that accepted; null until then';
COMMENT ON COLUMN tempcloud.invitation.invitee_kind IS 'Kind invited, the opposite of inviter_kind';
COMMENT ON COLUMN tempcloud.invitation.email IS 'Address invited; null once erased on request';
COMMENT ON COLUMN tempcloud.invitation.given_name IS 'Given name of the invitee, as entered by the inviter';
COMMENT ON COLUMN tempcloud.invitation.family_name IS 'Family name of the invitee, as entered by the inviter';
COMMENT ON COLUMN tempcloud.invitation.company_name IS 'Company of the invitee, as entered by the inviter';
COMMENT ON COLUMN tempcloud.invitation.phone IS 'Telephone number of the invitee, as entered by the inviter';
COMMENT ON COLUMN tempcloud.invitation.message IS 'Personal message of the inviter';
COMMENT ON COLUMN tempcloud.invitation.locale IS 'Language of mails to the address';
COMMENT ON COLUMN tempcloud.invitation.status IS 'Current status';
COMMENT ON COLUMN tempcloud.invitation.created_at IS 'When it was first sent';
COMMENT ON COLUMN tempcloud.invitation.expires_at IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.invitation.decided_at IS 'When it stopped being pending';
COMMENT ON COLUMN tempcloud.invitation.reason IS 'Reason for declining';

-- After all tables

-- Invitations with the status that is shown: one that is past its time is expired. One
-- arm for each status, so that a filter by it reads no others; it is text, since
-- only leakproof operators, which those of enums are not, reach into a security
-- barrier. Each arm is in the order of the list of its inviter, by
-- invitation_sent_idx; those that are pending past their time, few, come
-- from invitation_pending_idx. The inner ORDER BY and IS TRUE lead the planner there, and
-- greatest() keeps a condition on created_at from leading it elsewhere.
CREATE VIEW tempcloud_data.invitation_by_status AS
(SELECT i.*, 'pending' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'pending' AND (expires_at > statement_timestamp()) IS TRUE
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT * FROM (
	SELECT i.*, 'expired' AS shown_status, greatest(created_at) AS shown_at FROM tempcloud_data.invitation i
	 WHERE status = 'pending' AND expires_at <= statement_timestamp()
	 ORDER BY expires_at) i
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT i.*, 'accepted' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'accepted'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT i.*, 'declined' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'declined'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT i.*, 'withdrawn' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'withdrawn'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT i.*, 'expired' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'expired'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT i.*, 'superseded' AS shown_status, created_at AS shown_at FROM tempcloud_data.invitation i
  WHERE status = 'superseded'
  ORDER BY shown_at DESC, id DESC);
COMMENT ON VIEW tempcloud_data.invitation_by_status IS 'Invitations with the status to show, newest first in each.';
