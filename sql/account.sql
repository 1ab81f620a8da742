-- account: companies, each a customer or a provider

CREATE TYPE tempcloud.account_kind AS ENUM ('customer', 'provider');
COMMENT ON TYPE tempcloud.account_kind IS
'Kind of account: a customer orders staff, a provider supplies it';
GRANT USAGE ON TYPE tempcloud.account_kind TO tempcloud_service;

CREATE TABLE tempcloud_data.account (
	id				uuid DEFAULT tempcloud_data.new_id(),
	kind			tempcloud.account_kind NOT NULL,
	company_name	tempcloud_data.company_name NOT NULL,
	locale			tempcloud_data.locale NOT NULL,
	time_zone		tempcloud_data.time_zone NOT NULL,
	phone			tempcloud_data.phone,
	website			tempcloud_data.website,
	street			tempcloud_data.line,
	postal_code		tempcloud_data.line,
	city			tempcloud_data.line,
	country			tempcloud_data.country,
	created_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	closed_at		timestamptz,
	CONSTRAINT account_pkey PRIMARY KEY (id),
	-- what foreign keys refer to that tie an account together with its kind
	CONSTRAINT account_id_kind_key UNIQUE (id, kind)
);
SELECT pg_extension_config_dump('tempcloud_data.account', '');

COMMENT ON COLUMN tempcloud_data.account.kind IS 'Never changes';
COMMENT ON COLUMN tempcloud_data.account.locale IS 'Language of mails to the account';
COMMENT ON COLUMN tempcloud_data.account.time_zone IS 'Default of the account''s requests, and that of times in mails about invitations';
COMMENT ON COLUMN tempcloud_data.account.closed_at IS 'When its last login closed it; since then it has no contacts';

CREATE FUNCTION tempcloud_data.guard_account()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_account'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_account IS
'Protects the key and kind of an account, and accounts that have partnerships';

CREATE TRIGGER account_guard BEFORE UPDATE OR DELETE ON tempcloud_data.account
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_account();
CREATE TRIGGER account_guard_after AFTER INSERT OR UPDATE ON tempcloud_data.account
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_account();
CREATE TRIGGER account_truncate BEFORE TRUNCATE ON tempcloud_data.account
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.account
	ENABLE ALWAYS TRIGGER account_guard,
	ENABLE ALWAYS TRIGGER account_guard_after,
	ENABLE ALWAYS TRIGGER account_truncate;

-- The API's own row types: what a table gains later is not shown by itself.
CREATE TYPE tempcloud.account AS (
	id				uuid,
	kind			tempcloud.account_kind,
	company_name	text,
	locale			text,
	time_zone		text,
	phone			text,
	website			text,
	street			text,
	postal_code		text,
	city			text,
	country			text,
	created_at		timestamptz
);
COMMENT ON TYPE tempcloud.account IS 'An account, as its own contacts see it';
COMMENT ON COLUMN tempcloud.account.id IS 'Key';
COMMENT ON COLUMN tempcloud.account.kind IS 'Customer or provider; never changes';
COMMENT ON COLUMN tempcloud.account.company_name IS 'Name of the company';
COMMENT ON COLUMN tempcloud.account.locale IS 'Language of mails to the account';
COMMENT ON COLUMN tempcloud.account.time_zone IS 'Time zone of requests and mails (IANA)';
COMMENT ON COLUMN tempcloud.account.phone IS 'Telephone number of the company';
COMMENT ON COLUMN tempcloud.account.website IS 'Website of the company';
COMMENT ON COLUMN tempcloud.account.street IS 'Street and number';
COMMENT ON COLUMN tempcloud.account.postal_code IS 'Postal code';
COMMENT ON COLUMN tempcloud.account.city IS 'City';
COMMENT ON COLUMN tempcloud.account.country IS 'Country code (ISO 3166-1 alpha-2)';
COMMENT ON COLUMN tempcloud.account.created_at IS 'When it was registered';

CREATE FUNCTION tempcloud.register_account(
	kind			tempcloud.account_kind DEFAULT NULL,
	company_name	text DEFAULT NULL,
	given_name		text DEFAULT NULL,
	family_name		text DEFAULT NULL,
	token			text DEFAULT NULL,
	locale			text DEFAULT NULL,
	phone			text DEFAULT NULL,
	website			text DEFAULT NULL,
	street			text DEFAULT NULL,
	postal_code		text DEFAULT NULL,
	city			text DEFAULT NULL,
	country			text DEFAULT NULL,
	"position"		text DEFAULT NULL,
	time_zone		text DEFAULT NULL)
RETURNS tempcloud.account
AS 'MODULE_PATHNAME', 'tempcloud_register_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.register_account IS
'Register the caller''s company
Creates an account with the caller as its first contact and its owner. With the token of an invitation, the kind is the one invited, the invited address counts as proven, and company and names default to those entered by the inviter. Without one, kind, company_name, given_name and family_name are required, and the login provider must have verified the caller''s address. Invitations to the address are then in invitations_received; they are not accepted by this. locale is the language of mails, time_zone that of the company''s places of work, such as Europe/Berlin, and position that of the caller in the company.';
GRANT EXECUTE ON FUNCTION tempcloud.register_account TO tempcloud_user;

CREATE FUNCTION tempcloud.update_account(
	company_name	text DEFAULT NULL,
	locale			text DEFAULT NULL,
	phone			text DEFAULT NULL,
	website			text DEFAULT NULL,
	street			text DEFAULT NULL,
	postal_code		text DEFAULT NULL,
	city			text DEFAULT NULL,
	country			text DEFAULT NULL,
	time_zone		text DEFAULT NULL)
RETURNS tempcloud.account
AS 'MODULE_PATHNAME', 'tempcloud_update_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.update_account IS
'Change the profile of the caller''s company
For owners. An argument that is left out changes nothing; an empty one clears the value. The kind of an account never changes.';
GRANT EXECUTE ON FUNCTION tempcloud.update_account TO tempcloud_user;

-- After all tables

-- The join with an empty row keeps PostgreSQL from taking this for a view that
-- can be written to, and PostgREST from offering that; it costs nothing.
CREATE VIEW tempcloud.my_account WITH (security_barrier) AS
SELECT a.id, a.kind, a.company_name::text, a.locale::text, a.time_zone::text, a.phone::text, a.website::text,
	   a.street::text, a.postal_code::text, a.city::text, a.country::text, a.created_at
  FROM tempcloud_data.account a CROSS JOIN (SELECT) AS read_only
 WHERE a.id = (SELECT tempcloud.current_account_id());
COMMENT ON VIEW tempcloud.my_account IS
'The account of the caller
Without a row for a login without an account.';
GRANT SELECT ON tempcloud.my_account TO tempcloud_user;
