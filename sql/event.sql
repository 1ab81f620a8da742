-- event: the history of who did what when

CREATE SEQUENCE tempcloud_data.event_id_seq;
COMMENT ON SEQUENCE tempcloud_data.event_id_seq IS 'Keys of event';
SELECT pg_extension_config_dump('tempcloud_data.event_id_seq', '');

CREATE TABLE tempcloud_data.event (
	id				bigint NOT NULL DEFAULT nextval('tempcloud_data.event_id_seq'),
	at				timestamptz NOT NULL DEFAULT clock_timestamp(),
	event			text NOT NULL,
	account_id		uuid,
	contact_id		uuid,
	partner_id		uuid,
	invitation_id	uuid,
	request_id		uuid,
	CONSTRAINT event_pkey PRIMARY KEY (id),
	CONSTRAINT event_name CHECK (event ~ '^[a-z]+\.[a-z_]+$')
);
CREATE INDEX event_account_id_idx ON tempcloud_data.event (account_id, id);
CREATE INDEX event_invitation_id_idx ON tempcloud_data.event (invitation_id, id);
CREATE INDEX event_request_id_idx ON tempcloud_data.event (request_id, id) WHERE request_id IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.event', '');

COMMENT ON TABLE tempcloud_data.event IS 'Who did what when; rows are added and never changed. It holds keys, no personal data.';
COMMENT ON COLUMN tempcloud_data.event.id IS 'Key';
COMMENT ON COLUMN tempcloud_data.event.at IS 'When';
COMMENT ON COLUMN tempcloud_data.event.event IS 'What, like invitation.accepted';
COMMENT ON COLUMN tempcloud_data.event.account_id IS 'The account that did it; null where time or an unknown reader of a mail did';
COMMENT ON COLUMN tempcloud_data.event.contact_id IS 'Its contact who did it';
COMMENT ON COLUMN tempcloud_data.event.partner_id IS 'The account on the other side, where it is known';
COMMENT ON COLUMN tempcloud_data.event.invitation_id IS 'The invitation it is about';
COMMENT ON COLUMN tempcloud_data.event.request_id IS 'The request it is about';

-- The history is only added to.
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER event_truncate BEFORE TRUNCATE ON tempcloud_data.event
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event
	ENABLE ALWAYS TRIGGER event_append_only,
	ENABLE ALWAYS TRIGGER event_truncate;
