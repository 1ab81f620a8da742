-- partnership: the irrevocable link between one customer and one provider

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.partnership","email":"anna@kunde.partnership.example","email_verified":true}'
\set bob '{"sub":"bob.partnership","email":"bob@anbieter.partnership.example","email_verified":true}'
\set carl '{"sub":"carl.partnership","email":"carl@besteller.partnership.example","email_verified":true}'
\set dora '{"sub":"dora.partnership","email":"dora@personal.partnership.example","email_verified":true}'
\set nobody '{"sub":"nobody.partnership"}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT company_name FROM tempcloud.update_account(phone => '+49 30 1', website => 'https://kunde.example',
	street => 'Allee 1', postal_code => '10115', city => 'Berlin', country => 'DE');
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset

-- An invitation makes no partners.
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.partnership.example') \gset
SELECT id AS other FROM tempcloud.invite('dora@personal.partnership.example') \gset
SELECT tempcloud.are_partners(:'kunde', :'anbieter');
SELECT count(*) FROM tempcloud.partners;
SELECT count(*) FROM tempcloud.partner_contacts;
SET request.jwt.claims = :'bob';
SELECT count(*) FROM tempcloud.partners;
SELECT count(*) FROM tempcloud.partner_contacts;

-- Accepting one does, from both sides alike.
SELECT invitation_id = :'invitation' AS invitation FROM tempcloud.accept_invitation(:'invitation');
SELECT given_name FROM tempcloud.add_contact('Berta', 'Bau', 'berta@anbieter.partnership.example', 'Disposition', '+49 40 2');
SELECT id AS berta FROM tempcloud.my_contacts WHERE given_name = 'Berta' \gset
SELECT tempcloud.are_partners(:'kunde', :'anbieter'), tempcloud.are_partners(:'anbieter', :'kunde') AS swapped,
	   tempcloud.are_partners(:'kunde', :'personal') AS invited, tempcloud.are_partners(:'kunde', :'besteller') AS same_kind,
	   tempcloud.are_partners(:'kunde', :'kunde') AS itself, tempcloud.are_partners(:'kunde', gen_random_uuid()) AS unknown,
	   tempcloud.are_partners(:'kunde', NULL) AS null;
SELECT kind, company_name, locale, phone, website, street, postal_code, city, country,
	   partner_since BETWEEN now() - interval '1 min' AND clock_timestamp() AS just_now,
	   invitation_id = :'invitation' AS invitation
  FROM tempcloud.partners;
SELECT company_name FROM tempcloud.customers;
SELECT company_name FROM tempcloud.providers;
SELECT account_id = :'kunde' AS partner, given_name, family_name, "position", email, phone
  FROM tempcloud.partner_contacts ORDER BY id;
SET request.jwt.claims = :'anna';
SELECT kind, company_name, phone, invitation_id = :'invitation' AS invitation FROM tempcloud.partners;
SELECT company_name FROM tempcloud.customers;
SELECT company_name FROM tempcloud.providers;
SELECT account_id = :'anbieter' AS partner, given_name, family_name, "position", email, phone
  FROM tempcloud.partner_contacts ORDER BY id;

-- Any number of each; nobody sees what is between others.
SET request.jwt.claims = :'dora';
SELECT invitation_id = :'other' AS invitation FROM tempcloud.accept_invitation(:'other');
SELECT id AS third FROM tempcloud.invite('carl@besteller.partnership.example') \gset
SET request.jwt.claims = :'carl';
SELECT count(*) FROM tempcloud.partners;
SELECT count(*) FROM tempcloud.partner_contacts;
SELECT invitation_id = :'third' AS invitation FROM tempcloud.accept_invitation(:'third');
SELECT company_name FROM tempcloud.partners;
SELECT given_name FROM tempcloud.partner_contacts;
SET request.jwt.claims = :'dora';
SELECT company_name FROM tempcloud.customers ORDER BY partner_since;
SELECT given_name FROM tempcloud.partner_contacts ORDER BY id;
SET request.jwt.claims = :'anna';
SELECT company_name FROM tempcloud.providers ORDER BY partner_since;
SET request.jwt.claims = :'bob';
SELECT company_name FROM tempcloud.partners;
SET request.jwt.claims = :'nobody';
SELECT count(*) FROM tempcloud.partners;
SELECT count(*) FROM tempcloud.partner_contacts;
SET request.jwt.claims = '';
SELECT count(*) FROM tempcloud.partners;
SELECT count(*) FROM tempcloud.partner_contacts;
-- Conditions of the reader's are not asked before those of the view.
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	RAISE NOTICE 'seen: %', $1;
	RETURN true;
END
$$;
SET request.jwt.claims = :'bob';
SELECT company_name FROM tempcloud.partners WHERE pg_temp.leak(company_name);
SELECT company_name FROM tempcloud.my_account WHERE pg_temp.leak(company_name);
SELECT count(*) FROM tempcloud.invitations_sent WHERE pg_temp.leak(email);

-- What a partner changes is seen at once; who leaves is gone.
SELECT company_name FROM tempcloud.update_account(company_name => 'Anbieter SE');
SELECT tempcloud.remove_contact(:'berta');
SET request.jwt.claims = :'anna';
SELECT company_name FROM tempcloud.providers ORDER BY partner_since;
SELECT given_name FROM tempcloud.partner_contacts ORDER BY id;

-- The views are no way to change anything.
\set VERBOSITY sqlstate
DELETE FROM tempcloud.partners;
DELETE FROM tempcloud.providers;
UPDATE tempcloud.my_account SET kind = 'provider';
\set VERBOSITY default

-- An application ties its own tables to partnerships, as a login of its own
-- that is a member of tempcloud_service.
RESET ROLE;
CREATE SCHEMA app AUTHORIZATION regress_tempcloud_app;
SET SESSION AUTHORIZATION regress_tempcloud_app;
CREATE TABLE app.request (
	id			integer PRIMARY KEY,
	customer_id	uuid NOT NULL,
	provider_id	uuid NOT NULL,
	FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership
);
INSERT INTO app.request VALUES (1, :'kunde', :'anbieter');
-- not between those who are no partners, not the wrong way round
\set VERBOSITY sqlstate
INSERT INTO app.request VALUES (2, :'besteller', :'anbieter');
INSERT INTO app.request VALUES (2, :'anbieter', :'kunde');
UPDATE app.request SET provider_id = gen_random_uuid();
\set VERBOSITY default
-- It can ask, in a check or a policy of its own, and on behalf of anybody.
SELECT tempcloud.are_partners(customer_id, provider_id) FROM app.request;
ALTER TABLE app.request ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.request FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.request
	USING (tempcloud.current_account_id() IN (customer_id, provider_id));
BEGIN;
SELECT tempcloud.act_as('anna.partnership');
SELECT id FROM app.request;
SELECT tempcloud.act_as('carl.partnership');
SELECT id FROM app.request;
COMMIT;
-- It can neither read nor change partnerships themselves.
SELECT count(*) FROM tempcloud_data.partnership; \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership DEFAULT VALUES; \echo :SQLSTATE
DELETE FROM tempcloud_data.partnership; \echo :SQLSTATE
-- Neither can it put an end to one by way of its own table.
CREATE TRIGGER t BEFORE INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); \echo :SQLSTATE
CREATE RULE r AS ON DELETE TO tempcloud_data.partnership DO INSTEAD NOTHING; \echo :SQLSTATE
RESET SESSION AUTHORIZATION;
SELECT tempcloud.are_partners(:'kunde', :'anbieter');
SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
RESET client_min_messages;

-- search_partners(): by any part of the name, without regard to case, umlauts
-- and accents
RESET ROLE;
SET ROLE tempcloud_user;
SELECT test.company('{"sub":"such.partnership","email":"such@kunde.partnership.example","email_verified":true}',
	'customer', 'Such AG', 'Susi', 'Such') IS NOT NULL AS registered;
SELECT count((invitation).id) FROM tempcloud.invite_many('[{"email":"1@such.partnership.example"},
	{"email":"2@such.partnership.example"}, {"email":"3@such.partnership.example"}, {"email":"4@such.partnership.example"}]');
DO $$
DECLARE
	company record;
BEGIN
	FOR company IN SELECT * FROM unnest('{Müller & Söhne,MUELLER GmbH,"Café Crème 100%",Groß Personal}'::text[])
		WITH ORDINALITY AS t(name, n) LOOP
		PERFORM test.company(format('{"sub":"%s.such.partnership","email":"%s@such.partnership.example","email_verified":true}',
			company.n, company.n), 'provider', company.name, 'Per', 'Sonal');
		PERFORM tempcloud.accept_invitation((SELECT id FROM tempcloud.invitations_received));
	END LOOP;
END
$$;
SELECT set_config('request.jwt.claims', '{"sub":"such.partnership"}', false) \gset
SELECT searched, array(SELECT company_name FROM tempcloud.search_partners(searched)) AS found
  FROM unnest('{muller,MÜLLER,mueller,söhn,SOHN,creme,gross,GROß,o,%,_,100%,Ǝ}'::text[]) searched;
SELECT count(*) FROM tempcloud.search_partners('Such');
-- without a name all of them, by name, in pages
SELECT company_name FROM tempcloud.search_partners('');
SELECT company_name FROM tempcloud.search_partners(max_partners => 2);
SELECT company_name FROM tempcloud.search_partners(max_partners => 2, after_id => (
	SELECT id FROM tempcloud.search_partners(max_partners => 2) OFFSET 1));
SELECT test.refusal(format('SELECT tempcloud.search_partners(%s)', argument))
  FROM unnest('{max_partners => 0,max_partners => 1001,max_partners => NULL,after_id => tempcloud.current_account_id()}'::text[]) argument;
SELECT kind, company_name, partner_since IS NOT NULL AS partner FROM tempcloud.search_partners('Müller') WHERE city IS NULL;
-- set_partner_note(): the account's own words on a partner
SELECT id AS muller FROM tempcloud.search_partners('muller') \gset
SELECT id AS creme FROM tempcloud.search_partners('creme') \gset
SELECT tempcloud.current_contact_id() AS susi \gset
SELECT company_name, own_number, note, responsible, archived
  FROM tempcloud.set_partner_note(:'muller', ' K-Ä-47 ', 'Ruft nicht gern an.', :'susi');
SELECT company_name, own_number, note, responsible, responsible_id = :'susi' AS susi, archived FROM tempcloud.partners WHERE id = :'muller';
SELECT company_name FROM tempcloud.search_partners('a-4');
-- what is left out is kept, an empty text clears
SELECT own_number, note, responsible, archived FROM tempcloud.set_partner_note(:'muller', note => '', archived => true);
SELECT own_number, note, responsible, archived
  FROM tempcloud.set_partner_note(:'muller', own_number => '', responsible_id => '00000000-0000-0000-0000-000000000000');
SELECT company_name FROM tempcloud.search_partners('a-4');
SELECT own_number, responsible FROM tempcloud.set_partner_note(:'creme', 'C1', responsible_id => :'susi');
SELECT array(SELECT company_name FROM tempcloud.search_partners(archived => true)) AS archived,
	   array(SELECT company_name FROM tempcloud.search_partners(archived => false)) AS others,
	   array(SELECT company_name FROM tempcloud.search_partners()) AS "all",
	   array(SELECT company_name FROM tempcloud.search_partners('ü', archived => true)) AS named,
	   array(SELECT company_name FROM tempcloud.search_partners(responsible_id => :'susi')) AS susis,
	   array(SELECT company_name FROM tempcloud.search_partners('x', responsible_id => :'susi')) AS none;
SELECT test.refusal(format('SELECT tempcloud.set_partner_note(%s)', arguments))
  FROM unnest(ARRAY['NULL', quote_literal(tempcloud.current_account_id()), quote_literal(:'muller') || ', repeat(''x'', 201)',
	quote_literal(:'muller') || ', responsible_id => ' || quote_literal(tempcloud.current_account_id())]) arguments;
-- A contact who was removed is responsible for nobody.
RESET ROLE;
INSERT INTO tempcloud_data.contact (account_id, given_name, family_name)
	SELECT account_id, 'Sven', 'Such' FROM tempcloud_data.contact WHERE id = :'susi' RETURNING id AS sven \gset
SET ROLE tempcloud_user;
SELECT responsible FROM tempcloud.set_partner_note(:'creme', responsible_id => :'sven');
SELECT tempcloud.remove_contact(:'sven');
SELECT own_number, responsible_id, responsible FROM tempcloud.partners WHERE id = :'creme';
SELECT test.refusal(format('SELECT tempcloud.set_partner_note(%L, responsible_id => %L)', :'creme', :'sven'));
-- The partner never sees them, and has their own.
SET request.jwt.claims = '{"sub":"3.such.partnership"}';
SELECT company_name, own_number, note, responsible, archived FROM tempcloud.partners;
SELECT own_number FROM tempcloud.set_partner_note((SELECT id FROM tempcloud.partners), 'unser Kunde');
-- A new name and city are found by all partners at once.
SELECT city FROM tempcloud.update_account('Éclair KG', city => 'Köln');
SET request.jwt.claims = '{"sub":"such.partnership"}';
SELECT array(SELECT company_name FROM tempcloud.search_partners()) AS "all",
	   array(SELECT company_name FROM tempcloud.search_partners('eclair')) AS named,
	   array(SELECT company_name FROM tempcloud.search_partners('creme')) AS no_more,
	   array(SELECT company_name FROM tempcloud.search_partners(city => 'koln')) AS of_city,
	   array(SELECT company_name FROM tempcloud.search_partners(city => 'Bonn')) AS of_none,
	   array(SELECT company_name FROM tempcloud.search_partners(city => 'KÖLN', archived => true)) AS archived;
SELECT own_number FROM tempcloud.partners WHERE company_name = 'Éclair KG';
RESET ROLE;
SELECT test.refusal('UPDATE tempcloud_data.partner_note SET partner_id = account_id'),
	   test.refusal('DELETE FROM tempcloud_data.partnership');
SET ROLE tempcloud_user;
-- nobody else's
SET request.jwt.claims = '{"sub":"1.such.partnership"}';
SELECT company_name FROM tempcloud.search_partners('u');
SET request.jwt.claims = '{"sub":"nobody.partnership"}';
SELECT * FROM tempcloud.search_partners('u'); \echo :SQLSTATE
SET request.jwt.claims = '';
SELECT * FROM tempcloud.search_partners('u'); \echo :SQLSTATE
RESET ROLE;
