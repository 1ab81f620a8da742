-- partnership: the irrevocable link between a customer and a provider

CREATE TABLE tempcloud_data.partnership (
	customer_id		uuid NOT NULL,
	customer_kind	tempcloud.account_kind NOT NULL DEFAULT 'customer',
	provider_id		uuid NOT NULL,
	provider_kind	tempcloud.account_kind NOT NULL DEFAULT 'provider',
	invitation_id	uuid NOT NULL,
	accepted_by		uuid NOT NULL,
	created_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT partnership_pkey PRIMARY KEY (customer_id, provider_id),
	CONSTRAINT partnership_invitation_id_key UNIQUE (invitation_id),
	-- The kinds are constant, and the foreign keys tie each to its account: a
	-- wrong pair cannot be written.
	CONSTRAINT partnership_customer_kind CHECK (customer_kind = 'customer'),
	CONSTRAINT partnership_provider_kind CHECK (provider_kind = 'provider'),
	CONSTRAINT partnership_customer_fkey FOREIGN KEY (customer_id, customer_kind)
		REFERENCES tempcloud_data.account (id, kind),
	CONSTRAINT partnership_provider_fkey FOREIGN KEY (provider_id, provider_kind)
		REFERENCES tempcloud_data.account (id, kind),
	CONSTRAINT partnership_invitation_id_fkey FOREIGN KEY (invitation_id)
		REFERENCES tempcloud_data.invitation (id),
	CONSTRAINT partnership_accepted_by_fkey FOREIGN KEY (accepted_by)
		REFERENCES tempcloud_data.contact (id)
);
CREATE INDEX partnership_provider_id_idx
	ON tempcloud_data.partnership (provider_id, customer_id);
SELECT pg_extension_config_dump('tempcloud_data.partnership', '');

COMMENT ON TABLE tempcloud_data.partnership IS 'Partnerships; rows are never changed';
COMMENT ON COLUMN tempcloud_data.partnership.customer_kind IS 'Constant; ties customer_id to an account of this kind';
COMMENT ON COLUMN tempcloud_data.partnership.provider_kind IS 'Constant; ties provider_id to an account of this kind';
COMMENT ON COLUMN tempcloud_data.partnership.accepted_by IS 'Contact of the invitee';

CREATE FUNCTION tempcloud_data.guard_partnership()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_partnership'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_partnership IS 'Requires a customer and a provider';

CREATE TRIGGER partnership_guard BEFORE INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_partnership();
CREATE TRIGGER partnership_guard_after AFTER INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_partnership();
CREATE TRIGGER partnership_irrevocable BEFORE UPDATE OR DELETE ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER partnership_truncate BEFORE TRUNCATE ON tempcloud_data.partnership
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.partnership
	ENABLE ALWAYS TRIGGER partnership_guard,
	ENABLE ALWAYS TRIGGER partnership_guard_after,
	ENABLE ALWAYS TRIGGER partnership_irrevocable,
	ENABLE ALWAYS TRIGGER partnership_truncate;

-- One statement writes both the partnership and the acceptance of its invitation; after
-- it, each must have the other.
CREATE FUNCTION tempcloud_data.guard_acceptance()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_acceptance'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_acceptance IS
'Requires a partnership for each accepted invitation, and the reverse';

CREATE TRIGGER partnership_acceptance AFTER INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_acceptance();
ALTER TABLE tempcloud_data.partnership
	ENABLE ALWAYS TRIGGER partnership_acceptance;
CREATE TRIGGER invitation_acceptance AFTER UPDATE ON tempcloud_data.invitation
	FOR EACH ROW WHEN (NEW.status = 'accepted') EXECUTE FUNCTION tempcloud_data.guard_acceptance();
ALTER TABLE tempcloud_data.invitation
	ENABLE ALWAYS TRIGGER invitation_acceptance;

-- What each side keeps of the other: one row for each, made with the partnership. The
-- lists by name and the search for a part of it read one index that leads with the
-- account and contains all that they compare. So the name of the partner is here, too, in
-- the form in which names are compared. A trigram index would have to be kept by each
-- acceptance, and cannot find fewer than three characters.
CREATE TABLE tempcloud_data.partner_note (
	account_id		uuid NOT NULL,
	partner_id		uuid NOT NULL,
	customer_id		uuid NOT NULL,
	provider_id		uuid NOT NULL,
	sort_name		text COLLATE "C" NOT NULL,
	sort_city		text COLLATE "C",
	own_number		tempcloud_data.line,
	sort_number		text COLLATE "C",
	note			tempcloud_data.paragraph,
	responsible_id	uuid,
	archived		boolean NOT NULL DEFAULT false,
	-- the partner first, so that no list of an account can be read by it
	CONSTRAINT partner_note_pkey PRIMARY KEY (partner_id, account_id),
	CONSTRAINT partner_note_partnership_fkey FOREIGN KEY (customer_id, provider_id)
		REFERENCES tempcloud_data.partnership (customer_id, provider_id),
	CONSTRAINT partner_note_responsible_fkey FOREIGN KEY (responsible_id, account_id)
		REFERENCES tempcloud_data.contact (id, account_id),
	CONSTRAINT partner_note_sides CHECK (
		account_id = customer_id AND partner_id = provider_id
		OR account_id = provider_id AND partner_id = customer_id),
	CONSTRAINT partner_note_number CHECK ((own_number IS NULL) = (sort_number IS NULL))
);
-- the lists by name: all, of a city, of a responsible contact
CREATE INDEX partner_note_name_idx
	ON tempcloud_data.partner_note (account_id, archived, sort_name, partner_id) INCLUDE (sort_number)
	WHERE sort_name IS NOT NULL;	-- all: keeps it out of look-ups of one partner
CREATE INDEX partner_note_city_idx
	ON tempcloud_data.partner_note (account_id, sort_city, sort_name, partner_id) WHERE sort_city IS NOT NULL;
CREATE INDEX partner_note_responsible_idx
	ON tempcloud_data.partner_note (account_id, responsible_id, sort_name, partner_id)
	WHERE responsible_id IS NOT NULL;
-- The search reads the index alone where VACUUM has passed.
ALTER TABLE tempcloud_data.partner_note SET (autovacuum_vacuum_insert_scale_factor = 0.02);
SELECT pg_extension_config_dump('tempcloud_data.partner_note', '');

COMMENT ON TABLE tempcloud_data.partner_note IS 'What each side of a partnership keeps of the other, a row each';
COMMENT ON COLUMN tempcloud_data.partner_note.account_id IS 'Whose row it is; the partner never sees it';
COMMENT ON COLUMN tempcloud_data.partner_note.sort_name IS 'Company name of the partner, folded';
COMMENT ON COLUMN tempcloud_data.partner_note.sort_city IS 'City of the partner, folded';
COMMENT ON COLUMN tempcloud_data.partner_note.own_number IS 'Number that the account has given to the partner';
COMMENT ON COLUMN tempcloud_data.partner_note.sort_number IS 'The number, folded';
COMMENT ON COLUMN tempcloud_data.partner_note.responsible_id IS 'Contact of the account; does not count once removed';

-- Not ALWAYS: a subscriber gets the rows of both tables.
CREATE FUNCTION tempcloud_data.rename_partner()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_rename_partner'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.rename_partner IS
'Brings the name and the city of an account to the rows that its partners have of it';

CREATE TRIGGER account_rename AFTER UPDATE ON tempcloud_data.account
	FOR EACH ROW WHEN (OLD.company_name <> NEW.company_name OR OLD.city IS DISTINCT FROM NEW.city)
	EXECUTE FUNCTION tempcloud_data.rename_partner();

-- An application ties its own tables to partnerships by foreign keys.
GRANT USAGE ON SCHEMA tempcloud_data TO tempcloud_service;
GRANT REFERENCES ON tempcloud_data.partnership TO tempcloud_service;

CREATE TYPE tempcloud.partnership AS (
	customer_id		uuid,
	provider_id		uuid,
	invitation_id	uuid,
	accepted_by		uuid,
	created_at		timestamptz
);
COMMENT ON TYPE tempcloud.partnership IS 'A partnership, which is irrevocable';
COMMENT ON COLUMN tempcloud.partnership.customer_id IS 'The customer';
COMMENT ON COLUMN tempcloud.partnership.provider_id IS 'The provider';
COMMENT ON COLUMN tempcloud.partnership.invitation_id IS 'Invitation that was accepted';
COMMENT ON COLUMN tempcloud.partnership.accepted_by IS 'Contact of the invitee who accepted';
COMMENT ON COLUMN tempcloud.partnership.created_at IS 'When it was accepted';

CREATE FUNCTION tempcloud.are_partners(a uuid, b uuid)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_are_partners'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.are_partners IS
'Whether two accounts are partners
In either order. For checks and policies of other schemas. For a user, false unless one of them is the caller''s account.';
GRANT EXECUTE ON FUNCTION tempcloud.are_partners TO tempcloud_user;

CREATE FUNCTION tempcloud_data.fold(value text)
RETURNS text
AS 'MODULE_PATHNAME', 'tempcloud_fold'
LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION tempcloud_data.fold IS
'Lower case without accents, independent of the locale, for comparing names';

-- After all tables

-- The lists are in the order of their keys, by the index that finds the rows:
-- a page takes its rows and no more, wherever it begins. An order that is
-- wanted from outside would not reach into a security barrier by itself. OFFSET 0
-- keeps the planner from joining all that comes before the page, and from looking
-- for what somebody asks for among the rows of all, which plans would tell of.
CREATE VIEW tempcloud.customers WITH (security_barrier) AS
SELECT p.customer_id AS id, a.kind, a.company_name::text, a.locale::text, a.phone::text, a.website::text,
	   a.street::text, a.postal_code::text, a.city::text, a.country::text,
	   p.created_at AS partner_since, p.invitation_id, a.closed_at,
	   n.own_number, n.note, n.responsible_id, n.responsible, n.archived
  FROM tempcloud_data.partnership p
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = p.customer_id OFFSET 0) a
  LEFT JOIN LATERAL (
	SELECT n.own_number::text, n.note::text, n.archived, r.id AS responsible_id,
		   NULLIF(concat_ws(' ', r.given_name, r.family_name), '') AS responsible
	  FROM tempcloud_data.partner_note n
	  LEFT JOIN LATERAL (
		SELECT * FROM tempcloud_data.contact r
		 WHERE r.id = n.responsible_id AND r.removed_at IS NULL OFFSET 0) r ON true
	 WHERE n.account_id = p.provider_id AND n.partner_id = p.customer_id OFFSET 0) n ON true
 WHERE p.provider_id = (SELECT tempcloud.current_account_id())
 ORDER BY p.customer_id;
COMMENT ON VIEW tempcloud.customers IS
'The customers of the caller, a provider
Kunden. Empty for a customer.';
COMMENT ON COLUMN tempcloud.customers.partner_since IS 'When the partnership was made';
COMMENT ON COLUMN tempcloud.customers.invitation_id IS 'Invitation that was accepted';
COMMENT ON COLUMN tempcloud.customers.closed_at IS 'When the partner closed the account, which then gets no more requests; otherwise null';
COMMENT ON COLUMN tempcloud.customers.own_number IS 'Own number of the partner; only the caller''s account sees it, as the next four';
COMMENT ON COLUMN tempcloud.customers.note IS 'Own note on the partner';
COMMENT ON COLUMN tempcloud.customers.responsible_id IS 'Contact of the caller''s account who is responsible for the partner';
COMMENT ON COLUMN tempcloud.customers.responsible IS 'Name of the responsible contact';
COMMENT ON COLUMN tempcloud.customers.archived IS 'Whether the partner is put away';
GRANT SELECT ON tempcloud.customers TO tempcloud_user;

CREATE VIEW tempcloud.providers WITH (security_barrier) AS
SELECT p.provider_id AS id, a.kind, a.company_name::text, a.locale::text, a.phone::text, a.website::text,
	   a.street::text, a.postal_code::text, a.city::text, a.country::text,
	   p.created_at AS partner_since, p.invitation_id, a.closed_at,
	   n.own_number, n.note, n.responsible_id, n.responsible, n.archived
  FROM tempcloud_data.partnership p
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = p.provider_id OFFSET 0) a
  LEFT JOIN LATERAL (
	SELECT n.own_number::text, n.note::text, n.archived, r.id AS responsible_id,
		   NULLIF(concat_ws(' ', r.given_name, r.family_name), '') AS responsible
	  FROM tempcloud_data.partner_note n
	  LEFT JOIN LATERAL (
		SELECT * FROM tempcloud_data.contact r
		 WHERE r.id = n.responsible_id AND r.removed_at IS NULL OFFSET 0) r ON true
	 WHERE n.account_id = p.customer_id AND n.partner_id = p.provider_id OFFSET 0) n ON true
 WHERE p.customer_id = (SELECT tempcloud.current_account_id())
 ORDER BY p.provider_id;
COMMENT ON VIEW tempcloud.providers IS
'The providers of the caller, a customer
Anbieter. Empty for a provider.';
GRANT SELECT ON tempcloud.providers TO tempcloud_user;

-- One arm for each side, so that each is served by its own index.
CREATE VIEW tempcloud.partners WITH (security_barrier) AS
SELECT * FROM tempcloud.customers
UNION ALL
SELECT * FROM tempcloud.providers;
COMMENT ON VIEW tempcloud.partners IS
'The partners of the caller
With their company information. Their kind is the opposite of the caller''s.';
GRANT SELECT ON tempcloud.partners TO tempcloud_user;

CREATE VIEW tempcloud.partner_contacts WITH (security_barrier) AS
SELECT c.id, p.id AS account_id, c.given_name::text, c.family_name::text, c."position"::text,
	   c.email::text, c.phone::text
  FROM tempcloud.partners p
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.account_id = p.id OFFSET 0) c
 WHERE c.removed_at IS NULL
 ORDER BY p.id, c.id;
COMMENT ON VIEW tempcloud.partner_contacts IS
'The contacts of the caller''s partners
Kontakte.';
GRANT SELECT ON tempcloud.partner_contacts TO tempcloud_user;

CREATE FUNCTION tempcloud.search_partners(
	name			text DEFAULT NULL,
	city			text DEFAULT NULL,
	responsible_id	uuid DEFAULT NULL,
	archived		boolean DEFAULT NULL,
	after_id		uuid DEFAULT NULL,
	max_partners	integer DEFAULT 100)
RETURNS SETOF tempcloud.partners
AS 'MODULE_PATHNAME', 'tempcloud_search_partners'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.search_partners IS
'The caller''s partners by name
Those whose name or own number contains name, of a city, of a responsible contact, archived or not; each can be left out. Ignores case, umlauts and accents. Ordered by name; at most max_partners, at most 1000, after the partner after_id, the last one of the page before.';
GRANT EXECUTE ON FUNCTION tempcloud.search_partners TO tempcloud_user;

CREATE FUNCTION tempcloud.set_partner_note(
	partner_id		uuid,
	own_number		text DEFAULT NULL,
	note			text DEFAULT NULL,
	responsible_id	uuid DEFAULT NULL,
	archived		boolean DEFAULT NULL)
RETURNS SETOF tempcloud.partners
AS 'MODULE_PATHNAME', 'tempcloud_set_partner_note'
LANGUAGE C VOLATILE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.set_partner_note IS
'Keep the account''s own words on a partner
Its number, a note, the responsible contact, and whether the partner is put away, since a partnership does not end. The partner never sees them. An argument that is left out changes nothing; an empty text clears the value, as does the UUID of zeros for responsible_id.';
GRANT EXECUTE ON FUNCTION tempcloud.set_partner_note TO tempcloud_user;

-- PostgREST takes a function of one row of a view, unnamed, for a relationship:
-- GET /partners?select=*,contacts(*).  ROWS 1 says that there is one at most.
--
-- These are the only functions in SQL, here and beside other views: the planner puts
-- them into the query that calls them, where they read the views with the rights of the
-- caller.  Their bodies are parsed when they are created, so that no search path matters.
-- OFFSET 0 keeps each a query of its own for each row: the key of the row reaches the
-- index under the view, and no list is read whole.
CREATE FUNCTION tempcloud.contacts(tempcloud.partners)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.partners) IS
'The contacts of a partner';

CREATE FUNCTION tempcloud.contacts(tempcloud.customers)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.customers) IS
'The contacts of a customer';

CREATE FUNCTION tempcloud.contacts(tempcloud.providers)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.providers) IS
'The contacts of a provider';

CREATE FUNCTION tempcloud.partner(tempcloud.partner_contacts)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).account_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.partner_contacts) IS
'The partner of a contact';
GRANT EXECUTE ON FUNCTION
	tempcloud.contacts(tempcloud.partners),
	tempcloud.contacts(tempcloud.customers),
	tempcloud.contacts(tempcloud.providers),
	tempcloud.partner(tempcloud.partner_contacts)
	TO tempcloud_user;
