-- contact: persons of accounts, with or without a login

CREATE TYPE tempcloud.contact_role AS ENUM ('owner', 'manager', 'member', 'viewer');
COMMENT ON TYPE tempcloud.contact_role IS
'Role of a contact in the account
A viewer reads. A member also sends, answers and cancels requests and names workers. A manager also invites, accepts and declines. An owner also manages the account, its contacts and their roles.';
GRANT USAGE ON TYPE tempcloud.contact_role TO tempcloud_service;

CREATE TABLE tempcloud_data.contact (
	id					uuid DEFAULT tempcloud_data.new_id(),
	account_id			uuid NOT NULL,
	given_name			tempcloud_data.person_name,
	family_name			tempcloud_data.person_name,
	"position"			tempcloud_data.line,
	email				tempcloud_data.email,
	email_verified_at	timestamptz,
	phone				tempcloud_data.phone,
	role				tempcloud.contact_role NOT NULL DEFAULT 'member',
	subject				tempcloud_data.free_text,
	created_at			timestamptz NOT NULL DEFAULT clock_timestamp(),
	removed_at			timestamptz,
	CONSTRAINT contact_pkey PRIMARY KEY (id),
	-- what foreign keys refer to that tie a person to the account they act for
	CONSTRAINT contact_id_account_id_key UNIQUE (id, account_id),
	CONSTRAINT contact_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES tempcloud_data.account (id),
	CONSTRAINT contact_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
	CONSTRAINT contact_verified_email CHECK (email_verified_at IS NULL OR email IS NOT NULL),
	-- who left is kept as a key for the history, and nothing else
	CONSTRAINT contact_removed CHECK (
		CASE WHEN removed_at IS NULL
			THEN given_name IS NOT NULL AND family_name IS NOT NULL
			ELSE num_nonnulls(given_name, family_name, "position", email,
										 phone, subject) = 0
		END)
);
-- A login belongs to one person. A partial index is none that a foreign key could
-- refer to: so an UPDATE that gives or takes a login does not change a key of the
-- row, and does not wait for those who refer to it (lock.h).
CREATE UNIQUE INDEX contact_subject_key
	ON tempcloud_data.contact (subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX contact_verified_email_key
	ON tempcloud_data.contact (lower(email)) WHERE email_verified_at IS NOT NULL;
CREATE INDEX contact_account_id_idx ON tempcloud_data.contact (account_id, id);
-- who else can sign in, and who of them is an owner
CREATE INDEX contact_login_idx ON tempcloud_data.contact (account_id, id) WHERE subject IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.contact', '');

COMMENT ON COLUMN tempcloud_data.contact.email_verified_at IS 'When the address was proven; null while it is only claimed';
COMMENT ON COLUMN tempcloud_data.contact.subject IS 'Login: the claim sub of the JWT';
COMMENT ON COLUMN tempcloud_data.contact.removed_at IS 'When the contact was removed and its personal data erased';

CREATE FUNCTION tempcloud_data.guard_contact()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_contact'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_contact IS
'Protects the key and account of a contact, and contacts that an acceptance refers to';

CREATE TRIGGER contact_guard BEFORE UPDATE OR DELETE ON tempcloud_data.contact
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_contact();
CREATE TRIGGER contact_guard_after AFTER UPDATE ON tempcloud_data.contact
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_contact();
CREATE TRIGGER contact_truncate BEFORE TRUNCATE ON tempcloud_data.contact
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.contact
	ENABLE ALWAYS TRIGGER contact_guard,
	ENABLE ALWAYS TRIGGER contact_guard_after,
	ENABLE ALWAYS TRIGGER contact_truncate;

CREATE TYPE tempcloud.contact AS (
	id					uuid,
	account_id			uuid,
	given_name			text,
	family_name			text,
	"position"			text,
	email				text,
	email_verified_at	timestamptz,
	phone				text,
	role				tempcloud.contact_role,
	has_login			boolean,
	created_at			timestamptz
);
COMMENT ON TYPE tempcloud.contact IS 'A contact, as its own account sees it';
COMMENT ON COLUMN tempcloud.contact.id IS 'Key';
COMMENT ON COLUMN tempcloud.contact.account_id IS 'Account of the contact';
COMMENT ON COLUMN tempcloud.contact.given_name IS 'Given name';
COMMENT ON COLUMN tempcloud.contact.family_name IS 'Family name';
COMMENT ON COLUMN tempcloud.contact."position" IS 'Position in the company';
COMMENT ON COLUMN tempcloud.contact.email IS 'E-mail address';
COMMENT ON COLUMN tempcloud.contact.email_verified_at IS 'When the address was proven; null while it is only claimed';
COMMENT ON COLUMN tempcloud.contact.phone IS 'Telephone number';
COMMENT ON COLUMN tempcloud.contact.role IS 'Role, which says what the contact may do';
COMMENT ON COLUMN tempcloud.contact.has_login IS 'Whether the contact can sign in';
COMMENT ON COLUMN tempcloud.contact.created_at IS 'When it was added';

CREATE FUNCTION tempcloud.add_contact(
	given_name	text,
	family_name	text,
	email		text DEFAULT NULL,
	"position"	text DEFAULT NULL,
	phone		text DEFAULT NULL,
	role		tempcloud.contact_role DEFAULT 'member')
RETURNS tempcloud.contact
AS 'MODULE_PATHNAME', 'tempcloud_add_contact'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.add_contact IS
'Add a contact to the caller''s account
For owners. If there is an address, the contact gets a mail with a link, by which they join the account (confirm_email). Until then the address is only claimed. Partners see the contact.';
GRANT EXECUTE ON FUNCTION tempcloud.add_contact TO tempcloud_user;

CREATE FUNCTION tempcloud.update_contact(
	id			uuid,
	given_name	text DEFAULT NULL,
	family_name	text DEFAULT NULL,
	email		text DEFAULT NULL,
	"position"	text DEFAULT NULL,
	phone		text DEFAULT NULL)
RETURNS tempcloud.contact
AS 'MODULE_PATHNAME', 'tempcloud_update_contact'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.update_contact IS
'Change a contact of the caller''s account
Every contact may change their own, owners all. An argument that is left out changes nothing; an empty one clears the value. A new address has to be proven again.';
GRANT EXECUTE ON FUNCTION tempcloud.update_contact TO tempcloud_user;

CREATE FUNCTION tempcloud.set_role(contact_id uuid, role tempcloud.contact_role)
RETURNS tempcloud.contact
AS 'MODULE_PATHNAME', 'tempcloud_set_role'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.set_role IS
'Give a contact of the caller''s account another role
For owners. The last owner with a login keeps the role.';
GRANT EXECUTE ON FUNCTION tempcloud.set_role TO tempcloud_user;

CREATE FUNCTION tempcloud.remove_contact(id uuid)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_remove_contact'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.remove_contact IS
'Remove a contact from the caller''s account
For owners. Personal data and login are erased; the history keeps the contact without a name. The last owner with a login cannot be removed.';
GRANT EXECUTE ON FUNCTION tempcloud.remove_contact TO tempcloud_user;

CREATE FUNCTION tempcloud.send_confirmation(contact_id uuid)
RETURNS tempcloud.contact
AS 'MODULE_PATHNAME', 'tempcloud_send_confirmation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.send_confirmation IS
'Ask a contact by mail to prove the address
Every contact may do so for themself, owners for all. add_contact has sent the first mail. The link in the mail is for confirm_email. Nothing is sent if the address is proven already.';
GRANT EXECUTE ON FUNCTION tempcloud.send_confirmation TO tempcloud_user;

CREATE FUNCTION tempcloud.confirm_email(token text)
RETURNS tempcloud.contact
AS 'MODULE_PATHNAME', 'tempcloud_confirm_email'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.confirm_email IS
'Prove an address by the link of a mail
A caller without an account joins the account as this contact, if the contact has no login yet. For a caller of the same account, only the address is proven. Invitations to the address are then in invitations_received.';
GRANT EXECUTE ON FUNCTION tempcloud.confirm_email TO tempcloud_user;

-- After all tables

CREATE VIEW tempcloud.my_contacts WITH (security_barrier) AS
SELECT c.id, c.given_name::text, c.family_name::text, c."position"::text, c.email::text,
	   c.email_verified_at, c.phone::text, c.role, c.subject IS NOT NULL AS has_login, c.created_at
  FROM tempcloud_data.contact c CROSS JOIN (SELECT) AS read_only
 WHERE c.account_id = (SELECT tempcloud.current_account_id())
   AND c.removed_at IS NULL;
COMMENT ON VIEW tempcloud.my_contacts IS
'The contacts of the caller''s account
Partners see them, too.';
GRANT SELECT ON tempcloud.my_contacts TO tempcloud_user;
