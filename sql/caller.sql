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
