-- privacy: what is known of a person, shown and erased on request

CREATE FUNCTION tempcloud.export_person(email text)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'tempcloud_export_person'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.export_person IS
'What is known of the person with an address
For a request under Art. 15 GDPR: contacts that have the address, proven or claimed, with what they did; invitations to it, with what the inviters typed; mails to it; whom it blocks.';
GRANT EXECUTE ON FUNCTION tempcloud.export_person TO tempcloud_admin;

CREATE TYPE tempcloud.erasure AS (
	contacts	integer,
	invitations	integer,
	mails		integer,
	blocks		integer
);
COMMENT ON TYPE tempcloud.erasure IS
'What erase_person() erased: how many contacts, invitations, mails and blocks.';
COMMENT ON COLUMN tempcloud.erasure.contacts IS 'Contacts that were erased';
COMMENT ON COLUMN tempcloud.erasure.invitations IS 'Invitations that were deleted or, if accepted, emptied';
COMMENT ON COLUMN tempcloud.erasure.mails IS 'Mails that were deleted';
COMMENT ON COLUMN tempcloud.erasure.blocks IS 'Blocks that were deleted';

CREATE FUNCTION tempcloud.erase_person(email text)
RETURNS tempcloud.erasure
AS 'MODULE_PATHNAME', 'tempcloud_erase_person'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.erase_person IS
'Erase what is known of the person with an address
For a request under Art. 17 GDPR. Contacts stay in the history as keys without data. Invitations to the address go, but those accepted stay with their partnership, without what the inviters typed; mails and blocks go. Refused with last_login if an account would be left without a login. Erasing again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.erase_person TO tempcloud_admin;
