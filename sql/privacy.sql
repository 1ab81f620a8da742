-- privacy: export and erasure of personal data

-- The times in it are in UTC, whatever the time zone of the session is.
CREATE FUNCTION tempcloud.export_person(
	email		text DEFAULT NULL,
	worker_name	text DEFAULT NULL,
	provider_id	uuid DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'tempcloud_export_person'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC';
COMMENT ON FUNCTION tempcloud.export_person IS
'Export the data of a person
For a request under Art. 15 GDPR. By e-mail address: contacts with it, proven or claimed, and their actions; invitations to it, with the data entered by inviters; mails to it; its blocks. By the name of a worker, as the provider has given it: where they were named.';
GRANT EXECUTE ON FUNCTION tempcloud.export_person TO tempcloud_admin;

CREATE TYPE tempcloud.erasure AS (
	contacts	integer,
	invitations	integer,
	mails		integer,
	blocks		integer,
	workers		integer
);
COMMENT ON TYPE tempcloud.erasure IS 'Result of erase_person: numbers of rows';
COMMENT ON COLUMN tempcloud.erasure.contacts IS 'Contacts erased';
COMMENT ON COLUMN tempcloud.erasure.invitations IS 'Invitations deleted or, if accepted, erased';
COMMENT ON COLUMN tempcloud.erasure.mails IS 'Mails deleted';
COMMENT ON COLUMN tempcloud.erasure.blocks IS 'Blocks deleted';
COMMENT ON COLUMN tempcloud.erasure.workers IS 'Names of workers erased';

CREATE FUNCTION tempcloud.erase_person(
	email		text DEFAULT NULL,
	worker_name	text DEFAULT NULL,
	provider_id	uuid DEFAULT NULL)
RETURNS tempcloud.erasure
AS 'MODULE_PATHNAME', 'tempcloud_erase_person'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.erase_person IS
'Erase the data of a person
For a request under Art. 17 GDPR, by e-mail address, or by the name of a worker as a provider has given it. Contacts stay in the history as keys without data. Invitations to the address are deleted; accepted ones stay without the data entered by inviters. Mails and blocks are deleted. Names of workers are erased; when who named them stays in the history. Refused with last_login if an account would lose its last login, and with still_assigned if the worker is named for a shift that has not ended. Erasing again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.erase_person TO tempcloud_admin;
