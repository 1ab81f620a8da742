-- text: the forms that text from outside must have

CREATE FUNCTION tempcloud_data.has_form(value text, form text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_has_form'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tempcloud_data.has_form IS
'Whether a text has one of the forms line, person_name, company_name, paragraph, free_text, phone, email, locale, country, website. None lets the token of a link through.';

CREATE DOMAIN tempcloud_data.line AS text
	CONSTRAINT line_form CHECK (tempcloud_data.has_form(VALUE, 'line'));
COMMENT ON DOMAIN tempcloud_data.line IS
'One line of 1 to 200 characters, at least one of them visible, without control or invisible characters.';

-- What reaches a mail as a name must not advertise: invitations would carry it.
CREATE DOMAIN tempcloud_data.person_name AS text
	CONSTRAINT person_name_form CHECK (tempcloud_data.has_form(VALUE, 'person_name'));
COMMENT ON DOMAIN tempcloud_data.person_name IS
'A line that no mail program makes a link of.';

CREATE DOMAIN tempcloud_data.company_name AS text
	CONSTRAINT company_name_form CHECK (tempcloud_data.has_form(VALUE, 'company_name'));
COMMENT ON DOMAIN tempcloud_data.company_name IS
'A line without the address of a page or mailbox; the bare name of a host is a name that companies have.';

CREATE DOMAIN tempcloud_data.paragraph AS text
	CONSTRAINT paragraph_form CHECK (tempcloud_data.has_form(VALUE, 'paragraph'));
COMMENT ON DOMAIN tempcloud_data.paragraph IS
'Lines of together 1 to 2000 characters, without invisible characters, and control characters other than line ends and tabs.';

-- What others than tenants write, and logins
CREATE DOMAIN tempcloud_data.free_text AS text
	CONSTRAINT free_text_form CHECK (tempcloud_data.has_form(VALUE, 'free_text'));
COMMENT ON DOMAIN tempcloud_data.free_text IS
'Any text that does not hold the token of a link.';

CREATE DOMAIN tempcloud_data.phone AS text
	CONSTRAINT phone_form CHECK (tempcloud_data.has_form(VALUE, 'phone'));
COMMENT ON DOMAIN tempcloud_data.phone IS
'A telephone number of at least three digits, as ITU-T E.123 writes it, maybe with an extension.';

-- Addresses are ASCII, also their domains; collation C makes lower() the same under every locale.
CREATE DOMAIN tempcloud_data.email AS text COLLATE "C"
	CONSTRAINT email_form CHECK (tempcloud_data.has_form(VALUE, 'email'));
COMMENT ON DOMAIN tempcloud_data.email IS
'An e-mail address, its domain in ASCII; compared as lower(email).';

CREATE DOMAIN tempcloud_data.locale AS text COLLATE "C"
	CONSTRAINT locale_form CHECK (tempcloud_data.has_form(VALUE, 'locale'));
COMMENT ON DOMAIN tempcloud_data.locale IS
'A language like de, or with a country like de-AT.';

CREATE DOMAIN tempcloud_data.country AS text COLLATE "C"
	CONSTRAINT country_form CHECK (tempcloud_data.has_form(VALUE, 'country'));
COMMENT ON DOMAIN tempcloud_data.country IS
'A country by its two letters of ISO 3166-1.';

CREATE DOMAIN tempcloud_data.website AS text
	CONSTRAINT website_form CHECK (tempcloud_data.has_form(VALUE, 'website'));
COMMENT ON DOMAIN tempcloud_data.website IS
'An address that starts with http:// or https://.';
