-- input_check: the forms of text from outside

CREATE FUNCTION tempcloud_data.has_form(value text, form text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_has_form'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tempcloud_data.has_form IS
'Whether a text has the form of the domain named; no form accepts the token of a link';

CREATE DOMAIN tempcloud_data.line AS text
	CONSTRAINT line_form CHECK (tempcloud_data.has_form(VALUE, 'line'));
COMMENT ON DOMAIN tempcloud_data.line IS
'One line of 1 to 200 characters, at least one of them visible, without control or invisible characters';

-- What reaches a mail as a name must not advertise: invitations would carry it.
CREATE DOMAIN tempcloud_data.person_name AS text
	CONSTRAINT person_name_form CHECK (tempcloud_data.has_form(VALUE, 'person_name'));
COMMENT ON DOMAIN tempcloud_data.person_name IS
'A line that mail programs do not turn into a link';

CREATE DOMAIN tempcloud_data.company_name AS text
	CONSTRAINT company_name_form CHECK (tempcloud_data.has_form(VALUE, 'company_name'));
COMMENT ON DOMAIN tempcloud_data.company_name IS
'A line without web or e-mail address; a bare host name is permitted';

CREATE DOMAIN tempcloud_data.paragraph AS text
	CONSTRAINT paragraph_form CHECK (tempcloud_data.has_form(VALUE, 'paragraph'));
COMMENT ON DOMAIN tempcloud_data.paragraph IS
'Lines of 1 to 2000 characters in total, without invisible characters or control characters other than line ends and tabs';

-- What others than tenants write, and logins
CREATE DOMAIN tempcloud_data.free_text AS text
	CONSTRAINT free_text_form CHECK (tempcloud_data.has_form(VALUE, 'free_text'));
COMMENT ON DOMAIN tempcloud_data.free_text IS 'Any text that does not contain the token of a link';

CREATE DOMAIN tempcloud_data.phone AS text
	CONSTRAINT phone_form CHECK (tempcloud_data.has_form(VALUE, 'phone'));
COMMENT ON DOMAIN tempcloud_data.phone IS
'A telephone number of at least three digits as in ITU-T E.123, optionally with an extension';

-- Addresses are ASCII, also their domains; collation C makes lower() the same under every locale.
CREATE DOMAIN tempcloud_data.email AS text COLLATE "C"
	CONSTRAINT email_form CHECK (tempcloud_data.has_form(VALUE, 'email'));
COMMENT ON DOMAIN tempcloud_data.email IS
'An e-mail address with an ASCII domain; compared as lower(email)';

CREATE DOMAIN tempcloud_data.locale AS text COLLATE "C"
	CONSTRAINT locale_form CHECK (tempcloud_data.has_form(VALUE, 'locale'));
COMMENT ON DOMAIN tempcloud_data.locale IS 'A language such as de, or with a country, de-AT';

CREATE DOMAIN tempcloud_data.country AS text COLLATE "C"
	CONSTRAINT country_form CHECK (tempcloud_data.has_form(VALUE, 'country'));
COMMENT ON DOMAIN tempcloud_data.country IS 'A country code (ISO 3166-1 alpha-2)';

CREATE DOMAIN tempcloud_data.website AS text
	CONSTRAINT website_form CHECK (tempcloud_data.has_form(VALUE, 'website'));
COMMENT ON DOMAIN tempcloud_data.website IS 'A URL that starts with http:// or https://';

CREATE DOMAIN tempcloud_data.time_zone AS text COLLATE "C"
	CONSTRAINT time_zone_form CHECK (tempcloud_data.has_form(VALUE, 'time_zone'));
COMMENT ON DOMAIN tempcloud_data.time_zone IS
'A name in the form of the IANA time zone database, such as Europe/Berlin, or UTC; commands accept those that the server knows';
