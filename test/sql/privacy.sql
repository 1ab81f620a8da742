-- privacy: what is known of a person, shown and erased on request

\pset null (null)
\set anna '{"sub":"anna.privacy","email":"anna@kunde.privacy.example","email_verified":true}'
\set bob '{"sub":"bob.privacy","email":"bob@anbieter.privacy.example","email_verified":true}'
\set carl '{"sub":"carl.privacy","email":"carl@besteller.privacy.example","email_verified":true}'
\set dora '{"sub":"dora.privacy"}'
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset

-- Bob: invited and partner, invited and declined, blocks, invites, claims an
-- address, and has a colleague.
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.invite('Bob@anbieter.privacy.example', 'Robertus', 'Bau', 'Anbieter', '030', 'Hallo Bob');
SET request.jwt.claims = :'bob';
SELECT id AS accepted FROM tempcloud.invitations_received \gset
SELECT test.token('Bob@anbieter.privacy.example') AS token \gset
SELECT customer_id = :'kunde' AS kunde FROM tempcloud.accept_invitation(:'accepted');
SET request.jwt.claims = :'carl';
SELECT id AS declined FROM tempcloud.invite('bob@anbieter.privacy.example', message => 'Und wir?') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.decline_invitation(:'declined', 'Kein Bedarf', block => true);
SELECT status FROM tempcloud.invite('frida@kiosk.privacy.example', 'Frida', 'Frey');
SELECT given_name FROM tempcloud.add_contact('Dora', 'Daum', 'dora@anbieter.privacy.example', role => 'owner');
SET request.jwt.claims = :'dora';
SELECT has_login FROM tempcloud.confirm_email(test.token('dora@anbieter.privacy.example'));
-- another company claims his address without proof
SET request.jwt.claims = :'carl';
SELECT given_name FROM tempcloud.add_contact('Bobby', 'Bau', 'BOB@anbieter.privacy.example');

-- For admins only
SELECT test.refusal($$SELECT tempcloud.export_person('bob@anbieter.privacy.example')$$);
SELECT test.refusal($$SELECT tempcloud.erase_person('bob@anbieter.privacy.example')$$);
RESET ROLE;
SET ROLE tempcloud_admin;
SELECT tempcloud.export_person(NULL); \echo :SQLSTATE
SELECT tempcloud.export_person('bob'); \echo :SQLSTATE
SELECT tempcloud.erase_person(''); \echo :SQLSTATE
SELECT tempcloud.export_person('stranger@anbieter.privacy.example');
BEGIN READ ONLY;
SELECT jsonb_array_length(tempcloud.export_person('Bob@anbieter.privacy.example') -> 'contacts') AS contacts;
ROLLBACK;
SELECT c ->> 'company_name' AS company, c ->> 'given_name' AS given_name, c ->> 'email' AS email,
	   c ->> 'subject' AS subject, jsonb_path_query_array(c, '$.events[*].event') AS events
  FROM jsonb_path_query(tempcloud.export_person('Bob@anbieter.privacy.example'), '$.contacts[*]') c ORDER BY 1;
SELECT i - '{id,created_at,expires_at,decided_at}'::text[] AS invitation
  FROM jsonb_path_query(tempcloud.export_person('Bob@anbieter.privacy.example'), '$.invitations[*]') i;
SELECT m ->> 'kind' AS kind, m ->> 'recipient' AS recipient, m ->> 'state' AS state
  FROM jsonb_path_query(tempcloud.export_person('Bob@anbieter.privacy.example'), '$.mails[*]') m;
SELECT b - 'created_at' AS block
  FROM jsonb_path_query(tempcloud.export_person('Bob@anbieter.privacy.example'), '$.blocks[*]') b;

-- Nothing of him is left, and nothing of others is gone.
SELECT * FROM tempcloud.erase_person('Bob@anbieter.privacy.example');
SELECT tempcloud.export_person('Bob@anbieter.privacy.example');
SELECT * FROM tempcloud.erase_person('bob@anbieter.privacy.example');
RESET ROLE;
CREATE FUNCTION test.tables_with(what text)
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
	name regclass;
	found boolean;
BEGIN
	FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C" LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE t::text ~* %L)', name, what) INTO found;
		IF found THEN
			RETURN NEXT name;
		END IF;
	END LOOP;
END
$$;
SELECT test.tables_with('bob@anbieter\.privacy|bob\.privacy|Hallo Bob|Robertus|Bobby');
SELECT test.tables_with('dora@anbieter\.privacy');
SELECT customer_id = :'kunde' AS kunde, provider_id = :'anbieter' AS anbieter
  FROM tempcloud_data.partnership WHERE invitation_id = :'accepted';
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT email, status, partner_id = :'anbieter' AS anbieter, accepted_by_name, accepted_by_email
  FROM tempcloud.invitations_sent;
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'accepted'));
SELECT company_name FROM tempcloud.partners;
SELECT given_name FROM tempcloud.partner_contacts;
-- what was accepted is still what it was
SET request.jwt.claims = :'dora';
SELECT customer_id = :'kunde' AS again FROM tempcloud.accept_invitation(:'accepted');
SELECT customer_id = :'kunde' AS again FROM tempcloud.accept_invitation_by_token(:'token');
SELECT inviter_company, email, status FROM tempcloud.invitations_received;
SELECT email, status FROM tempcloud.invitations_sent;
SET request.jwt.claims = :'bob';
SELECT account IS NULL AS no_account FROM tempcloud.whoami();

-- An account keeps an owner: then nothing is erased.
RESET ROLE;
SELECT tempcloud.erase_person('dora@anbieter.privacy.example'); \echo :SQLSTATE
SELECT test.tables_with('dora@anbieter\.privacy');

-- Forgetting is all that may happen to what is accepted.
UPDATE tempcloud_data.invitation SET message = 'Anders' WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET phone = NULL, locale = 'en' WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET decided_by = NULL WHERE id = :'accepted'; \echo :SQLSTATE
SELECT test.refusal($$UPDATE tempcloud_data.invitation SET email = NULL WHERE status = 'pending'$$);
DROP FUNCTION test.tables_with;
