-- event: the history

CREATE TABLE tempcloud_data.event (
	id				uuid NOT NULL DEFAULT tempcloud_data.new_id(),
	at				timestamptz NOT NULL DEFAULT clock_timestamp(),
	event			text NOT NULL,
	account_id		uuid,
	contact_id		uuid,
	partner_id		uuid,
	invitation_id	uuid,
	request_id		uuid,
	person_id		uuid,
	role			tempcloud.contact_role,
	transaction_id	xid8 NOT NULL,
	CONSTRAINT event_pkey PRIMARY KEY (id),
	CONSTRAINT event_name CHECK (event ~ '^[a-z]+\.[a-z_]+$')
);
-- the activity of an account: what it did itself, and what others did
CREATE INDEX event_account_id_idx ON tempcloud_data.event (account_id, id);
CREATE INDEX event_partner_id_idx ON tempcloud_data.event (partner_id, id) WHERE partner_id IS NOT NULL;
-- all events, in the order of events_since()
CREATE INDEX event_transaction_id_idx ON tempcloud_data.event (transaction_id, id);
SELECT pg_extension_config_dump('tempcloud_data.event', '');

COMMENT ON TABLE tempcloud_data.event IS
'History; rows are added and never changed. It contains keys and no personal data.';
COMMENT ON COLUMN tempcloud_data.event.event IS 'Such as invitation.accepted';
COMMENT ON COLUMN tempcloud_data.event.account_id IS 'Account that acted; null for maintenance and for an unknown reader of a mail';
COMMENT ON COLUMN tempcloud_data.event.contact_id IS 'Contact who acted; null if that is not known';
COMMENT ON COLUMN tempcloud_data.event.person_id IS 'Contact that a contact.* event is about';
COMMENT ON COLUMN tempcloud_data.event.role IS 'Role that this contact was given';
COMMENT ON COLUMN tempcloud_data.event.partner_id IS 'Account on the other side, if it is known';
COMMENT ON COLUMN tempcloud_data.event.transaction_id IS 'Transaction that inserted the row into this database';

-- Transactions do not commit in the order of their keys, so that a key is no place from
-- which to read on: one that is smaller may still come. But the transactions before the
-- oldest that is running have all ended. The number is that of the transaction that
-- inserts the row here, also where that restores a dump or applies a change of a
-- publisher: those of another server would mean nothing.
CREATE FUNCTION tempcloud_data.stamp_event()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_stamp_event'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.stamp_event IS 'Sets the transaction of an event';

CREATE TRIGGER event_stamp BEFORE INSERT ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.stamp_event();
ALTER TABLE tempcloud_data.event
	ENABLE ALWAYS TRIGGER event_stamp;

-- The history is only added to.
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER event_truncate BEFORE TRUNCATE ON tempcloud_data.event
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event
	ENABLE ALWAYS TRIGGER event_append_only,
	ENABLE ALWAYS TRIGGER event_truncate;

CREATE TYPE tempcloud.event AS (
	id				uuid,
	at				timestamptz,
	event			text,
	account_id		uuid,
	contact_id		uuid,
	partner_id		uuid,
	invitation_id	uuid,
	request_id		uuid,
	person_id		uuid,
	role			tempcloud.contact_role
);
COMMENT ON TYPE tempcloud.event IS 'An event of any account; keys only';
COMMENT ON COLUMN tempcloud.event.id IS 'Key';
COMMENT ON COLUMN tempcloud.event.at IS 'When it happened';
COMMENT ON COLUMN tempcloud.event.event IS 'Name, such as invitation.accepted';
COMMENT ON COLUMN tempcloud.event.account_id IS 'Account that acted; null if that is not known';
COMMENT ON COLUMN tempcloud.event.contact_id IS 'Contact who acted; null if that is not known';
COMMENT ON COLUMN tempcloud.event.partner_id IS 'Account on the other side, if it is known';
COMMENT ON COLUMN tempcloud.event.invitation_id IS 'Invitation that it is about';
COMMENT ON COLUMN tempcloud.event.request_id IS 'Request that it is about';
COMMENT ON COLUMN tempcloud.event.person_id IS 'Contact that a contact.* event is about';
COMMENT ON COLUMN tempcloud.event.role IS 'Role that this contact was given';

CREATE FUNCTION tempcloud.events_since(
	last_id		uuid DEFAULT NULL,
	max_events	integer DEFAULT 1000)
RETURNS SETOF tempcloud.event
AS 'MODULE_PATHNAME', 'tempcloud_events_since'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.events_since IS
'Read the events of all accounts, from one to the next
For gateways and webhooks of trusted applications. Returns at most max_events, at most 10000, after the event last_id, which is the id of the last one that was returned before; null for all from the beginning. Their order is such that none is left out, whatever transactions commit meanwhile: not quite that of time. An event is returned once all transactions that began to write before its own have ended.';
GRANT EXECUTE ON FUNCTION tempcloud.events_since TO tempcloud_service;

CREATE FUNCTION tempcloud.last_event_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_last_event_id'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.last_event_id IS
'The last event that events_since can return now
To begin with what happens from now on. Null if there is none.';
GRANT EXECUTE ON FUNCTION tempcloud.last_event_id TO tempcloud_service;
