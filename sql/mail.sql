-- mail: the outbox

CREATE TYPE tempcloud.mail_kind AS ENUM
	('invitation', 'invitation_to_register', 'reminder', 'invitation_accepted',
	 'invitation_declined', 'invitation_expired', 'invitation_asked', 'confirm_email',
	 'request_received', 'request_accepted', 'request_declined', 'request_withdrawn',
	 'request_expired', 'request_cancelled', 'request_filled');
COMMENT ON TYPE tempcloud.mail_kind IS
'Kind of mail; invitation_to_register is the text of an invitation to an address without an account';

CREATE TYPE tempcloud_data.mail_state AS ENUM
	('queued', 'sent', 'failed', 'bounced', 'dropped', 'suppressed');
COMMENT ON TYPE tempcloud_data.mail_state IS
'queued until sent or failed (given up); dropped if it became obsolete before it was sent; suppressed if the recipient has blocked the sender; bounced after it was sent';

CREATE TABLE tempcloud_data.mail (
	id				uuid NOT NULL DEFAULT tempcloud_data.new_id(),
	kind			tempcloud.mail_kind NOT NULL,
	invitation_id	uuid,
	round			integer,
	contact_id		uuid,
	request_id		uuid,
	customer_id		uuid,
	recipient		tempcloud_data.email NOT NULL,
	recipient_name	tempcloud_data.free_text NOT NULL,
	locale			tempcloud_data.locale NOT NULL,
	message_domain	text NOT NULL,
	state			tempcloud_data.mail_state NOT NULL DEFAULT 'queued',
	attempt			integer NOT NULL DEFAULT 0,
	due_at			timestamptz NOT NULL DEFAULT clock_timestamp(),
	created_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	closed_at		timestamptz,
	leased			boolean NOT NULL DEFAULT false,
	error			tempcloud_data.free_text,
	CONSTRAINT mail_pkey PRIMARY KEY (id),
	CONSTRAINT mail_invitation_id_fkey FOREIGN KEY (invitation_id)
		REFERENCES tempcloud_data.invitation (id) ON DELETE CASCADE,
	CONSTRAINT mail_contact_id_fkey FOREIGN KEY (contact_id)
		REFERENCES tempcloud_data.contact (id) ON DELETE CASCADE,
	CONSTRAINT mail_request_fkey FOREIGN KEY (request_id, customer_id)
		REFERENCES tempcloud_data.request (id, customer_id) ON DELETE CASCADE,
	CONSTRAINT mail_subject_matter CHECK (
		num_nonnulls(invitation_id, contact_id, request_id) = 1
		AND (invitation_id IS NULL) = (round IS NULL)
		AND (request_id IS NULL) = (customer_id IS NULL)
		AND (contact_id IS NOT NULL) = (kind = 'confirm_email')
		AND (request_id IS NOT NULL) = (
			kind IN ('request_received', 'request_accepted', 'request_declined',
					 'request_withdrawn', 'request_expired', 'request_cancelled',
					 'request_filled'))),
	CONSTRAINT mail_closed CHECK ((state = 'queued') = (closed_at IS NULL)),
	CONSTRAINT mail_lease CHECK (state = 'queued' OR NOT leased)
);
-- queued mails, in the order in which they are due
CREATE INDEX mail_due_idx ON tempcloud_data.mail (due_at, id) WHERE state = 'queued';
-- failed mails, and closed ones by time, for statistics and purging
CREATE INDEX mail_failed_idx ON tempcloud_data.mail (id) WHERE state = 'failed';
CREATE INDEX mail_closed_idx ON tempcloud_data.mail (closed_at) WHERE state IN ('sent', 'failed', 'bounced', 'dropped', 'suppressed');
-- the mails to an address, for export and erasure; a person gets many
CREATE INDEX mail_recipient_idx ON tempcloud_data.mail (lower(recipient));
-- those with a link that went to an address lately, for the limit
CREATE INDEX mail_invited_idx ON tempcloud_data.mail (lower(recipient), created_at)
	WHERE kind IN ('invitation', 'reminder');
-- each topic has few mails
CREATE INDEX mail_invitation_id_idx ON tempcloud_data.mail (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX mail_request_id_idx ON tempcloud_data.mail (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX mail_contact_id_idx ON tempcloud_data.mail (contact_id) WHERE contact_id IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.mail', '');

COMMENT ON TABLE tempcloud_data.mail IS
'Outbox; text and token of a mail are made when a mailer claims it';
COMMENT ON COLUMN tempcloud_data.mail.id IS 'Also the local part of the Message-ID';
COMMENT ON COLUMN tempcloud_data.mail.round IS 'Round of the invitation; mails of earlier rounds are dropped';
COMMENT ON COLUMN tempcloud_data.mail.contact_id IS 'Contact whose address is to be proven';
COMMENT ON COLUMN tempcloud_data.mail.customer_id IS 'Customer of the request; with request_id, its key';
COMMENT ON COLUMN tempcloud_data.mail.recipient_name IS 'Can be empty';
COMMENT ON COLUMN tempcloud_data.mail.message_domain IS 'Domain of the Message-ID, the same in every attempt';
COMMENT ON COLUMN tempcloud_data.mail.attempt IS 'How often it was claimed';
COMMENT ON COLUMN tempcloud_data.mail.due_at IS 'When it can be claimed next; end of the lease while it is leased';
COMMENT ON COLUMN tempcloud_data.mail.leased IS 'Whether a mailer holds it until due_at';
COMMENT ON COLUMN tempcloud_data.mail.error IS 'Message of the last failed attempt or of the bounce';
COMMENT ON COLUMN tempcloud_data.mail.closed_at IS 'When it was sent, given up, bounced, dropped or suppressed';

CREATE TYPE tempcloud.outgoing_mail AS (
	id				uuid,
	kind			tempcloud.mail_kind,
	recipient		text,
	recipient_name	text,
	locale			text,
	subject			text,
	text_body		text,
	html_body		text,
	message_id		text,
	attempt			integer,
	reply_to		text
);
COMMENT ON TYPE tempcloud.outgoing_mail IS 'A complete mail, ready to be sent';
COMMENT ON COLUMN tempcloud.outgoing_mail.id IS 'Key, for reports';
COMMENT ON COLUMN tempcloud.outgoing_mail.kind IS 'Kind of mail';
COMMENT ON COLUMN tempcloud.outgoing_mail.recipient IS 'Address of the recipient';
COMMENT ON COLUMN tempcloud.outgoing_mail.recipient_name IS 'Name of the recipient; can be empty';
COMMENT ON COLUMN tempcloud.outgoing_mail.locale IS 'Language of the text';
COMMENT ON COLUMN tempcloud.outgoing_mail.subject IS 'Subject, one line';
COMMENT ON COLUMN tempcloud.outgoing_mail.text_body IS 'Plain text';
COMMENT ON COLUMN tempcloud.outgoing_mail.html_body IS 'HTML';
COMMENT ON COLUMN tempcloud.outgoing_mail.message_id IS 'Message-ID, the same in every attempt';
COMMENT ON COLUMN tempcloud.outgoing_mail.attempt IS 'Number of claims, including this one';
COMMENT ON COLUMN tempcloud.outgoing_mail.reply_to IS 'Address for Reply-To: the proven address of the contact who acted; null if there is none';

CREATE FUNCTION tempcloud.claim_mail(
	max_messages	integer DEFAULT 10,
	lease			interval DEFAULT '5 min')
RETURNS SETOF tempcloud.outgoing_mail
AS 'MODULE_PATHNAME', 'tempcloud_claim_mail'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.claim_mail IS
'Take mails to send
At most max_messages, at most 1000, and at most as many as fit into a quarter of work_mem or 8 MB; call it again until it returns none. Each mail is held for the lease, at most a day: report it by mail_sent or mail_failed before the lease ends, or another mailer can take it. Tokens of links are created here and not stored. A mail whose text cannot be made is given up; see mail_dead.';
GRANT EXECUTE ON FUNCTION tempcloud.claim_mail TO tempcloud_mailer;

CREATE FUNCTION tempcloud.mail_sent(ids uuid[])
RETURNS integer
AS 'MODULE_PATHNAME', 'tempcloud_mail_sent'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.mail_sent IS
'Report mails as sent
Returns how many it has closed as sent; repeating it does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.mail_sent TO tempcloud_mailer;

CREATE FUNCTION tempcloud.mail_failed(
	id			uuid,
	error		text,
	permanent	boolean DEFAULT false)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_mail_failed'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.mail_failed IS
'Report that sending failed
The mail is tried again at growing intervals, unless the failure is permanent or the attempt was the last. Returns whether it will be tried again.';
GRANT EXECUTE ON FUNCTION tempcloud.mail_failed TO tempcloud_mailer;

CREATE FUNCTION tempcloud.mail_bounced(message_id text, reason text DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_mail_bounced'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.mail_bounced IS
'Report that a mail bounced
The mail is found by the local part of its Message-ID; angle brackets and domain can be left out. Returns whether there is such a mail.';
GRANT EXECUTE ON FUNCTION tempcloud.mail_bounced TO tempcloud_mailer;

CREATE FUNCTION tempcloud.release_mail(ids uuid[])
RETURNS integer
AS 'MODULE_PATHNAME', 'tempcloud_release_mail'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.release_mail IS
'Return claimed mails that were not tried
Other mailers can take them at once, and the claim does not count as an attempt. Returns how many were held.';
GRANT EXECUTE ON FUNCTION tempcloud.release_mail TO tempcloud_mailer;

CREATE FUNCTION tempcloud.retry_mail(id uuid)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_retry_mail'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.retry_mail IS
'Retry a mail that was given up
Its attempts start again. Returns whether mail_dead has such a mail.';
GRANT EXECUTE ON FUNCTION tempcloud.retry_mail TO tempcloud_admin;

-- When mailers last called. Written at most every few seconds, and by nobody
-- who would have to wait for it; a restored database has no mailers yet, so it
-- is not dumped.
CREATE TABLE tempcloud_data.mailer (
	only_row		boolean DEFAULT true,
	last_claim_at	timestamptz,
	CONSTRAINT mailer_pkey PRIMARY KEY (only_row),
	CONSTRAINT mailer_only_row CHECK (only_row)
);
INSERT INTO tempcloud_data.mailer DEFAULT VALUES;
COMMENT ON COLUMN tempcloud_data.mailer.last_claim_at IS 'When claim_mail was last called, accurate to some seconds';

-- After all tables

CREATE VIEW tempcloud.mail_dead WITH (security_barrier) AS
SELECT m.id, m.kind, m.invitation_id, m.contact_id, m.request_id, m.recipient::text, m.attempt, m.error::text,
	   m.created_at, m.closed_at AS failed_at
  FROM tempcloud_data.mail m CROSS JOIN (SELECT) AS read_only
 WHERE m.state = 'failed';
COMMENT ON VIEW tempcloud.mail_dead IS
'Mails that were given up
After a permanent failure, after the last attempt, or because the text could not be made. retry_mail queues a mail again. They are purged like all mails after tempcloud.mail_retention.';
COMMENT ON COLUMN tempcloud.mail_dead.id IS 'Key';
COMMENT ON COLUMN tempcloud.mail_dead.kind IS 'Kind of mail';
COMMENT ON COLUMN tempcloud.mail_dead.invitation_id IS 'Invitation that the mail is about';
COMMENT ON COLUMN tempcloud.mail_dead.contact_id IS 'Contact whose address is to be proven';
COMMENT ON COLUMN tempcloud.mail_dead.request_id IS 'Request that the mail is about';
COMMENT ON COLUMN tempcloud.mail_dead.recipient IS 'Address of the recipient';
COMMENT ON COLUMN tempcloud.mail_dead.attempt IS 'Number of attempts';
COMMENT ON COLUMN tempcloud.mail_dead.error IS 'Message of the last attempt';
COMMENT ON COLUMN tempcloud.mail_dead.created_at IS 'When it was queued';
COMMENT ON COLUMN tempcloud.mail_dead.failed_at IS 'When it was given up';
GRANT SELECT ON tempcloud.mail_dead TO tempcloud_admin;

CREATE VIEW tempcloud.mail_stats WITH (security_barrier) AS
SELECT LEAST(due.waiting + later.waiting, 10000) AS waiting,
	   later.leased,
	   (SELECT count(*)
		  FROM (SELECT FROM tempcloud_data.mail m
				 WHERE m.state = 'failed' ORDER BY m.id LIMIT 10000) m) AS dead,
	   statement_timestamp() - LEAST(due.oldest, later.oldest) AS oldest_age,
	   (SELECT count(*) FILTER (WHERE m.state = 'sent')
		  FROM (SELECT m.state FROM tempcloud_data.mail m
				 WHERE m.state IN ('sent', 'failed', 'bounced', 'dropped', 'suppressed')
				   AND m.closed_at > statement_timestamp() - '1 hour'::interval
				 ORDER BY m.closed_at DESC LIMIT 10000) m) AS sent_last_hour,
	   (SELECT r.last_claim_at FROM tempcloud_data.mailer r) AS last_claim_at
  FROM (SELECT count(*) AS waiting, min(m.created_at) AS oldest
		  FROM (SELECT m.created_at FROM tempcloud_data.mail m
				 WHERE m.state = 'queued' AND m.due_at <= statement_timestamp()
				 ORDER BY m.due_at LIMIT 10000) m) AS due,
	   (SELECT count(*) FILTER (WHERE NOT m.leased) AS waiting,
			   count(*) FILTER (WHERE m.leased) AS leased,
			   min(m.created_at) AS oldest
		  FROM (SELECT m.leased, m.created_at FROM tempcloud_data.mail m
				 WHERE m.state = 'queued' AND m.due_at > statement_timestamp()
				 ORDER BY m.due_at LIMIT 10000) m) AS later;
COMMENT ON VIEW tempcloud.mail_stats IS
'Statistics of the outbox
One row. Counts end at 10,000. If last_claim_at is long ago, no mailer is running.';
COMMENT ON COLUMN tempcloud.mail_stats.waiting IS 'Mails waiting for a mailer or for the next attempt';
COMMENT ON COLUMN tempcloud.mail_stats.leased IS 'Mails held by a mailer';
COMMENT ON COLUMN tempcloud.mail_stats.dead IS 'Mails given up';
COMMENT ON COLUMN tempcloud.mail_stats.oldest_age IS 'Age of the oldest queued mail, of those counted';
COMMENT ON COLUMN tempcloud.mail_stats.sent_last_hour IS 'Mails sent within the last hour, of the last 10,000 that were closed';
COMMENT ON COLUMN tempcloud.mail_stats.last_claim_at IS 'When a mailer last called claim_mail, accurate to some seconds';
GRANT SELECT ON tempcloud.mail_stats TO tempcloud_admin, pg_monitor;
