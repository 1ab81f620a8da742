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
	CONSTRAINT event_pkey PRIMARY KEY (id),
	CONSTRAINT event_name CHECK (event ~ '^[a-z]+\.[a-z_]+$')
);
CREATE INDEX event_account_id_idx ON tempcloud_data.event (account_id, id);
SELECT pg_extension_config_dump('tempcloud_data.event', '');

COMMENT ON TABLE tempcloud_data.event IS
'History; rows are added and never changed. It contains keys and no personal data.';
COMMENT ON COLUMN tempcloud_data.event.event IS 'Such as invitation.accepted';
COMMENT ON COLUMN tempcloud_data.event.account_id IS 'Account that acted; null for maintenance and for an unknown reader of a mail';
COMMENT ON COLUMN tempcloud_data.event.contact_id IS 'Contact who acted; null if that is not known';
COMMENT ON COLUMN tempcloud_data.event.person_id IS 'Contact that a contact.* event is about';
COMMENT ON COLUMN tempcloud_data.event.role IS 'Role that this contact was given';
COMMENT ON COLUMN tempcloud_data.event.partner_id IS 'Account on the other side, if it is known';

-- The history is only added to.
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER event_truncate BEFORE TRUNCATE ON tempcloud_data.event
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event
	ENABLE ALWAYS TRIGGER event_append_only,
	ENABLE ALWAYS TRIGGER event_truncate;
