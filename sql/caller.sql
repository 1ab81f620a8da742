-- caller: the login of the caller and its account

CREATE TYPE tempcloud.identity AS (
	account		tempcloud.account,
	contact		tempcloud.contact,
	permissions	text[]
);
COMMENT ON TYPE tempcloud.identity IS
'The caller; account and contact are null for a login without an account';
COMMENT ON COLUMN tempcloud.identity.account IS 'Account of the caller; null without one';
COMMENT ON COLUMN tempcloud.identity.contact IS 'Contact of the caller; null without an account';
COMMENT ON COLUMN tempcloud.identity.permissions IS 'What the caller is permitted to do';

CREATE FUNCTION tempcloud.whoami()
RETURNS tempcloud.identity
AS 'MODULE_PATHNAME', 'tempcloud_whoami'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.whoami IS
'Show the caller
Account, contact with its role, and permissions of the caller: register_account and confirm_email without an account; with one, what the role permits of read, edit_own_contact, leave_account, handle_requests, invite, decline, accept, manage_account, manage_contacts and close_account. leave_account is missing for the last owner with a login, and close_account while another contact has a login.';
GRANT EXECUTE ON FUNCTION tempcloud.whoami TO tempcloud_user;

CREATE FUNCTION tempcloud.current_account_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_current_account_id'
LANGUAGE C STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.current_account_id IS
'ID of the caller''s account
Null if nobody is signed in or the login has no account. For policies on an application''s own tables.';
GRANT EXECUTE ON FUNCTION tempcloud.current_account_id TO tempcloud_user;

CREATE FUNCTION tempcloud.current_contact_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_current_contact_id'
LANGUAGE C STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.current_contact_id IS
'ID of the caller''s contact
Null if nobody is signed in or the login has no account.';
GRANT EXECUTE ON FUNCTION tempcloud.current_contact_id TO tempcloud_user;

CREATE FUNCTION tempcloud.act_as(subject text, email text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_act_as'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.act_as IS
'Act on behalf of a login
For trusted applications, until the end of the transaction. subject is the login; email is an address that the application has verified.';
GRANT EXECUTE ON FUNCTION tempcloud.act_as TO tempcloud_service;
