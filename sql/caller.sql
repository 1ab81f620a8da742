-- caller: who is calling, and for which account

CREATE TYPE tempcloud.identity AS (
	account		tempcloud.account,
	contact		tempcloud.contact,
	permissions	text[]
);
COMMENT ON TYPE tempcloud.identity IS
'Who is calling: account and contact are null for a login that has no account yet.';
COMMENT ON COLUMN tempcloud.identity.account IS 'The caller''s account; null without one';
COMMENT ON COLUMN tempcloud.identity.contact IS 'The person who is calling; null without an account';
COMMENT ON COLUMN tempcloud.identity.permissions IS 'What the caller may do';

CREATE FUNCTION tempcloud.whoami()
RETURNS tempcloud.identity
AS 'MODULE_PATHNAME', 'tempcloud_whoami'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.whoami IS
'Who is calling
The caller''s account, their contact in it, and what they may do: register_account and confirm_email without an account; manage_account, manage_contacts, invite and decide with one; order for customers, answer for providers; leave_account where colleagues have a login, close_account otherwise.';
GRANT EXECUTE ON FUNCTION tempcloud.whoami TO tempcloud_user;

CREATE FUNCTION tempcloud.current_account_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_current_account_id'
LANGUAGE C STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.current_account_id IS
'The id of the caller''s account
Null where nobody is signed in or the login has no account. For policies on an application''s own tables.';
GRANT EXECUTE ON FUNCTION tempcloud.current_account_id TO tempcloud_user;

CREATE FUNCTION tempcloud.act_as(subject text, email text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_act_as'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.act_as IS
'Say on whose behalf a trusted application acts
Good until the transaction ends. subject is the login; email an address that the application vouches for.';
GRANT EXECUTE ON FUNCTION tempcloud.act_as TO tempcloud_service;

-- The join with an empty row keeps PostgreSQL from taking this for a view that
-- can be written to, and PostgREST from offering that; it costs nothing.
CREATE VIEW tempcloud.my_account WITH (security_barrier) AS
SELECT a.id, a.kind, a.company_name::text, a.locale::text, a.phone::text, a.website::text,
	   a.street::text, a.postal_code::text, a.city::text, a.country::text, a.created_at
  FROM tempcloud_data.account a CROSS JOIN (SELECT) AS read_only
 WHERE a.id = (SELECT tempcloud.current_account_id());
COMMENT ON VIEW tempcloud.my_account IS
'The caller''s account
No row for a login without an account.';
COMMENT ON COLUMN tempcloud.my_account.id IS 'Key of the account';
COMMENT ON COLUMN tempcloud.my_account.kind IS 'Customer or provider';
COMMENT ON COLUMN tempcloud.my_account.company_name IS 'Name of the company';
COMMENT ON COLUMN tempcloud.my_account.locale IS 'Language of mails to the account';
COMMENT ON COLUMN tempcloud.my_account.phone IS 'Telephone number of the company';
COMMENT ON COLUMN tempcloud.my_account.website IS 'Address of the company''s website';
COMMENT ON COLUMN tempcloud.my_account.street IS 'Street and number';
COMMENT ON COLUMN tempcloud.my_account.postal_code IS 'Postal code';
COMMENT ON COLUMN tempcloud.my_account.city IS 'City';
COMMENT ON COLUMN tempcloud.my_account.country IS 'Country by its two letters of ISO 3166-1';
COMMENT ON COLUMN tempcloud.my_account.created_at IS 'When it was registered';
GRANT SELECT ON tempcloud.my_account TO tempcloud_user;

CREATE VIEW tempcloud.my_contacts WITH (security_barrier) AS
SELECT c.id, c.given_name::text, c.family_name::text, c."position"::text, c.email::text,
	   c.email_verified_at, c.phone::text, c.subject IS NOT NULL AS has_login, c.created_at
  FROM tempcloud_data.contact c CROSS JOIN (SELECT) AS read_only
 WHERE c.account_id = (SELECT tempcloud.current_account_id())
   AND c.removed_at IS NULL;
COMMENT ON VIEW tempcloud.my_contacts IS
'The people of the caller''s account
Partners see them too.';
COMMENT ON COLUMN tempcloud.my_contacts.id IS 'Key of the contact';
COMMENT ON COLUMN tempcloud.my_contacts.given_name IS 'Given name';
COMMENT ON COLUMN tempcloud.my_contacts.family_name IS 'Family name';
COMMENT ON COLUMN tempcloud.my_contacts."position" IS 'Position in the company';
COMMENT ON COLUMN tempcloud.my_contacts.email IS 'E-mail address';
COMMENT ON COLUMN tempcloud.my_contacts.email_verified_at IS 'When the address was proven; null while it is only claimed';
COMMENT ON COLUMN tempcloud.my_contacts.phone IS 'Telephone number';
COMMENT ON COLUMN tempcloud.my_contacts.has_login IS 'Whether the person can sign in';
COMMENT ON COLUMN tempcloud.my_contacts.created_at IS 'When the contact was added';
GRANT SELECT ON tempcloud.my_contacts TO tempcloud_user;
