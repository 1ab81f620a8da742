-- contact: the people of an account, and the addresses they have proven

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.contact","email":"anna@kunde.contact.example","email_verified":true}'
\set bob '{"sub":"bob.contact","email":"bob@anbieter.contact.example","email_verified":true}'
\set carl '{"sub":"carl.contact"}'
\set nobody '{"sub":"nobody.contact"}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset

-- Add people.
SET request.jwt.claims = :'anna';
SELECT tempcloud.add_contact(NULL, 'Cohn'); \echo :SQLSTATE
SELECT tempcloud.add_contact('Carl', '  '); \echo :SQLSTATE
SELECT tempcloud.add_contact('Carl', 'Cohn', 'carl'); \echo :SQLSTATE
SELECT tempcloud.add_contact('Carl', 'Cohn', phone => E'1\n2'); \echo :SQLSTATE
SELECT tempcloud.add_contact('Carl', 'Cohn', role => NULL); \echo :SQLSTATE
SELECT id AS carl_id
  FROM tempcloud.add_contact('Carl', 'Cohn', 'Carl@kunde.contact.example', 'Einkauf', '+49 30 1', 'owner') \gset
SELECT id AS dora_id, account_id AS dora_account
  FROM tempcloud.add_contact(family_name => 'Daum', given_name => 'Dora') \gset
SELECT :'dora_account' = :'kunde' AS own;
SELECT given_name, family_name, "position", email, email_verified_at IS NOT NULL AS verified, phone, role, has_login
  FROM tempcloud.my_contacts ORDER BY id;
-- An address is anybody's as long as it is only claimed.
SELECT email FROM tempcloud.add_contact('Bob', 'Bau', 'bob@anbieter.contact.example');

-- Change them.  Left out changes nothing, empty clears; names stay.
SELECT given_name, family_name, "position", email, phone FROM tempcloud.update_contact(:'carl_id');
SELECT given_name, family_name, "position", email, phone
  FROM tempcloud.update_contact(:'carl_id', family_name => 'Cohen', "position" => '', phone => ' ');
SELECT tempcloud.update_contact(:'carl_id', given_name => ''); \echo :SQLSTATE
SELECT tempcloud.update_contact(:'carl_id', family_name => ' '); \echo :SQLSTATE
SELECT tempcloud.update_contact(:'carl_id', email => 'carl@'); \echo :SQLSTATE
SELECT tempcloud.update_contact(NULL); \echo :SQLSTATE
-- Another account's contacts do not exist, for any command.
SET request.jwt.claims = :'bob';
SELECT tempcloud.update_contact(:'carl_id', given_name => 'Karl'); \echo :SQLSTATE
SELECT tempcloud.update_contact(gen_random_uuid(), given_name => 'Karl'); \echo :SQLSTATE
SELECT tempcloud.remove_contact(:'carl_id'); \echo :SQLSTATE
SELECT tempcloud.remove_contact(gen_random_uuid()); \echo :SQLSTATE
SELECT tempcloud.remove_contact(NULL); \echo :SQLSTATE
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'carl_id'));
SELECT tempcloud.send_confirmation(gen_random_uuid()); \echo :SQLSTATE
SELECT tempcloud.send_confirmation(NULL); \echo :SQLSTATE
SELECT given_name, email FROM tempcloud.my_contacts;

-- A colleague joins: a mail has gone to them, its link, and the login becomes the
-- contact's.
SET request.jwt.claims = :'anna';
SELECT tempcloud.send_confirmation(:'dora_id'); \echo :SQLSTATE
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'carl_id'));
SELECT kind, recipient, recipient_name, subject FROM test.mail('Carl@kunde.contact.example');
SELECT test.token('Carl@kunde.contact.example') AS token \gset
SELECT left(:'token', 4) AS prefix, length(:'token');
SET request.jwt.claims = '';
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'carl';
SELECT tempcloud.confirm_email('tce_'); \echo :SQLSTATE
SELECT tempcloud.confirm_email(NULL); \echo :SQLSTATE
SELECT id = :'carl_id' AS carl, account_id = :'kunde' AS kunde, email,
	   email_verified_at IS NOT NULL AS verified, role, has_login
  FROM tempcloud.confirm_email(:'token');
SELECT (account).company_name, (contact).given_name, permissions FROM tempcloud.whoami();
-- Clients retry: the same again.
SELECT id = :'carl_id' AS carl, has_login FROM tempcloud.confirm_email(:'token');
-- For nobody else does the link do anything.
SET request.jwt.claims = :'bob';
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'nobody';
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
SELECT account IS NULL AS none FROM tempcloud.whoami();
-- Nothing is sent where the address is proven already.
SET request.jwt.claims = :'carl';
SELECT test.deliver() AS mails \gset
SELECT email_verified_at IS NOT NULL AS verified FROM tempcloud.send_confirmation(:'carl_id');
SELECT test.deliver();

-- A colleague proves an address for somebody who has no login.
SELECT email FROM tempcloud.update_contact(:'dora_id', email => 'dora@kunde.contact.example');
SELECT email_verified_at FROM tempcloud.send_confirmation(:'dora_id');
SELECT test.token('dora@kunde.contact.example') AS token \gset
SELECT given_name, email_verified_at IS NOT NULL AS verified, has_login
  FROM tempcloud.confirm_email(:'token');
SELECT (contact).given_name FROM tempcloud.whoami();
-- The link is still good for her own login.
SET request.jwt.claims = '{"sub":"dora.contact"}';
SELECT given_name, role, has_login FROM tempcloud.confirm_email(:'token');
SELECT (contact).given_name FROM tempcloud.whoami();

-- Another spelling is the same address, another address has to be proven anew.
SELECT email, email_verified_at IS NOT NULL AS verified
  FROM tempcloud.update_contact(:'dora_id', email => 'Dora@Kunde.contact.example');
SELECT email, email_verified_at IS NOT NULL AS verified, has_login
  FROM tempcloud.update_contact(:'dora_id', email => 'dd@kunde.contact.example');
-- Its link ends with the address, also one that is on its way.
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT email_verified_at FROM tempcloud.send_confirmation(:'dora_id');
SELECT test.token('dd@kunde.contact.example') AS token \gset
SELECT email FROM tempcloud.update_contact(:'dora_id', email => '');
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
SELECT tempcloud.send_confirmation(:'dora_id'); \echo :SQLSTATE

-- An address that another contact has proven meanwhile is theirs.
SELECT email FROM tempcloud.update_contact(:'dora_id', email => 'office@kunde.contact.example');
SELECT email_verified_at FROM tempcloud.send_confirmation(:'dora_id');
SELECT test.token('office@kunde.contact.example') AS token \gset
\set emil '{"sub":"emil.contact","email":"Office@kunde.contact.example","email_verified":true}'
SELECT test.company(:'emil', 'customer', 'Kontor', 'Emil', 'Ernst') IS NOT NULL AS registered;
SET request.jwt.claims = '{"sub":"dora.contact"}';
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE
SELECT email, email_verified_at FROM tempcloud.my_contacts WHERE id = :'dora_id';

-- A link lives as long as an invitation; later ones do not end the earlier.
SET request.jwt.claims = :'anna';
SELECT id AS frida_id FROM tempcloud.add_contact('Frida', 'Frey', 'frida@kunde.contact.example') \gset
SELECT test.token('frida@kunde.contact.example') AS old \gset
SELECT email FROM tempcloud.send_confirmation(:'frida_id');
SELECT test.token('frida@kunde.contact.example') AS new \gset
SELECT :'old' <> :'new' AS another;
RESET ROLE;
UPDATE tempcloud_data.confirmation_token SET issued_at = issued_at - interval '31 days'
 WHERE contact_id = :'frida_id' AND digest = sha256(substring(decode(translate(substr(:'new', 5), '-_', '+/'), 'base64') for 32));
SET ROLE tempcloud_user;
SELECT tempcloud.confirm_email(:'new'); \echo :SQLSTATE
SELECT email_verified_at IS NOT NULL AS verified FROM tempcloud.confirm_email(:'old');

-- What waits for an address comes with it, and only then.
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('GIL@kunde.contact.example', message => 'Hallo');
SET request.jwt.claims = :'anna';
SELECT id AS gil_id FROM tempcloud.add_contact('Gil', 'Gray', 'gil@kunde.contact.example') \gset
SELECT count(*) FROM tempcloud.invitations_received;
SELECT test.token('gil@kunde.contact.example') AS token \gset
SELECT count(*) FROM tempcloud.invitations_received;
SELECT email_verified_at IS NOT NULL AS verified FROM tempcloud.confirm_email(:'token');
SELECT inviter_company, email, message, status FROM tempcloud.invitations_received;

-- Remove them: personal data and login go, the address is free, and what they
-- did stays.
SELECT tempcloud.remove_contact(:'carl_id');
SELECT given_name FROM tempcloud.my_contacts ORDER BY id;
SELECT tempcloud.remove_contact(:'carl_id'); \echo :SQLSTATE
SELECT tempcloud.update_contact(:'carl_id', given_name => 'Carl'); \echo :SQLSTATE
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'carl_id'));
RESET ROLE;
SELECT num_nonnulls(given_name, family_name, "position", email, email_verified_at, phone, subject) AS left_over,
	   removed_at IS NOT NULL AS removed
  FROM tempcloud_data.contact WHERE id = :'carl_id';
SET ROLE tempcloud_user;
SET request.jwt.claims = '{"sub":"carl.contact","email":"carl@kunde.contact.example","email_verified":true}';
SELECT permissions FROM tempcloud.whoami();
SELECT company_name FROM tempcloud.register_account('provider', 'Carl e. K.', 'Carl', 'Cohn');
-- A link to the address of somebody removed opens nothing.
SET request.jwt.claims = :'anna';
SELECT id AS hugo_id FROM tempcloud.add_contact('Hugo', 'Haas', 'hugo@kunde.contact.example') \gset
SELECT test.token('hugo@kunde.contact.example') AS token \gset
SELECT tempcloud.remove_contact(:'hugo_id');
SET request.jwt.claims = '{"sub":"hugo.contact"}';
SELECT tempcloud.confirm_email(:'token'); \echo :SQLSTATE

-- An account keeps at least one owner with a login: Anna may remove herself while Dora
-- is one, Dora may not be the last.
SET request.jwt.claims = :'anna';
SELECT tempcloud.remove_contact(id) FROM tempcloud.my_contacts WHERE given_name = 'Anna'; \echo :SQLSTATE
SELECT role FROM tempcloud.set_role(:'dora_id', 'owner');
SELECT given_name, has_login FROM tempcloud.my_contacts ORDER BY id;
SELECT tempcloud.remove_contact(id) FROM tempcloud.my_contacts WHERE given_name = 'Anna';
SELECT permissions FROM tempcloud.whoami();
SET request.jwt.claims = '{"sub":"dora.contact"}';
SELECT tempcloud.remove_contact(:'dora_id'); \echo :SQLSTATE
SELECT tempcloud.remove_contact(:'gil_id');
SELECT given_name, has_login FROM tempcloud.my_contacts ORDER BY id;
-- The account and its invitations are as before.
SELECT company_name FROM tempcloud.my_account;
SELECT inviter_company, status FROM tempcloud.invitations_received;
