-- account: a company registers and keeps its profile

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.account","email":"Anna@kunde.account.example","email_verified":true}'
\set bob '{"sub":"bob.account","email":"bob@anbieter.account.example","email_verified":true}'
\set carl '{"sub":"carl.account"}'
\set dora '{"sub":"dora.account","email":"dora@elsewhere.example","email_verified":true}'

-- Without a token the kind and the names are needed, and the address comes
-- from the claims.
SET request.jwt.claims = :'anna';
SELECT tempcloud.register_account(); \echo :SQLSTATE
SELECT tempcloud.register_account('customer'); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', '  ', 'Anna', 'Alt'); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', 'Kunde AG', NULL, 'Alt'); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna'); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', E'Kunde\nAG', 'Anna', 'Alt'); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt', country => 'Germany'); \echo :SQLSTATE
SELECT tempcloud.register_account('agency', 'Kunde AG', 'Anna', 'Alt'); \echo :SQLSTATE
SET request.jwt.claims = '';
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt'); \echo :SQLSTATE
SET request.jwt.claims = '{"sub":"anna.account","email":"anna@kunde.account.example"}';
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt'); \echo :SQLSTATE
-- Nothing of all that has left an account.
SET request.jwt.claims = :'anna';
SELECT account IS NULL AS none, permissions FROM tempcloud.whoami();

-- The least: the language is the default one.
SELECT id AS kunde FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt') \gset
SELECT kind, company_name, locale, phone, website, street, postal_code, city, country,
	   created_at BETWEEN now() - interval '1 min' AND clock_timestamp() AS just_now
  FROM tempcloud.my_account;
-- Its first contact is the caller, with the address as the login provider has it.
SELECT given_name, family_name, "position", email, email_verified_at IS NOT NULL AS verified,
	   phone, has_login
  FROM tempcloud.my_contacts;

-- A login has one account, an address too, however it is spelled.
SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Anna', 'Alt'); \echo :SQLSTATE
SET request.jwt.claims = '{"sub":"anna.account","email":"other@kunde.account.example","email_verified":true}';
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt'); \echo :SQLSTATE
SET request.jwt.claims = '{"sub":"else.account","email":"aNNa@Kunde.Account.EXAMPLE","email_verified":true}';
SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Anna', 'Alt'); \echo :SQLSTATE

-- The most
SET request.jwt.claims = :'bob';
SELECT kind, company_name, locale, phone, website, street, postal_code, city, country
  FROM tempcloud.register_account(kind => 'provider', company_name => 'Anbieter GmbH',
	given_name => 'Bob', family_name => 'Bau', locale => 'en-GB', phone => '+49 30 1234567',
	website => 'https://anbieter.example', street => 'Hauptstr. 1', postal_code => '10115',
	city => 'Berlin', country => 'DE', "position" => 'Disponent');
SELECT given_name, "position", phone FROM tempcloud.my_contacts;

-- With the token of an invitation: kind, address, and what the inviter typed
SET request.jwt.claims = :'anna';
SELECT id AS invitation
  FROM tempcloud.invite('Carl@personal.account.example', 'Carl', 'Cohn', 'Personal KG', '+43 1 2345',
						locale => 'de-AT') \gset
SELECT test.token('Carl@personal.account.example') AS token \gset
-- The token says nothing about who is calling.
SET request.jwt.claims = '';
SELECT tempcloud.register_account(token => :'token'); \echo :SQLSTATE
SET request.jwt.claims = :'carl';
SELECT tempcloud.register_account(token => 'tci_x'); \echo :SQLSTATE
SELECT tempcloud.register_account(token => ''); \echo :SQLSTATE
SELECT tempcloud.register_account('customer', token => :'token'); \echo :SQLSTATE
SELECT tempcloud.register_account(token => :'token', given_name => E'\x01'); \echo :SQLSTATE
SELECT kind, company_name, locale FROM tempcloud.register_account(token => :'token');
SELECT given_name, family_name, email, email_verified_at IS NOT NULL AS verified, has_login
  FROM tempcloud.my_contacts;
-- Accepting stays a step of its own.
SELECT inviter_company, email, status, can_accept FROM tempcloud.invitations_received;
SELECT count(*) FROM tempcloud.partners;
-- The link is as good as before, but its address has an account now.
SET request.jwt.claims = :'dora';
SELECT tempcloud.register_account(token => :'token'); \echo :SQLSTATE
SELECT kind, needs_account FROM tempcloud.preview_invitation(:'token');

-- What the caller says goes before what the inviter typed; the kind may be
-- said again; and the address proven is the invited one, not that of the claims.
SET request.jwt.claims = :'bob';
SELECT id AS invitation
  FROM tempcloud.invite('dora@besteller.account.example', 'D.', 'D.', 'Besteler', locale => 'en') \gset
SELECT test.token('dora@besteller.account.example') AS token \gset
SET request.jwt.claims = :'dora';
SELECT kind, company_name, locale
  FROM tempcloud.register_account('customer', 'Besteller OHG', 'Dora', 'Daum', :'token', 'fr');
SELECT given_name, family_name, email, email_verified_at IS NOT NULL AS verified
  FROM tempcloud.my_contacts;
SELECT inviter_company FROM tempcloud.invitations_received;

-- Names that neither says are needed.
SET request.jwt.claims = :'bob';
SELECT id AS invitation FROM tempcloud.invite('emil@kontor.account.example') \gset
SELECT test.token('emil@kontor.account.example') AS token \gset
SET request.jwt.claims = '{"sub":"emil.account"}';
SELECT tempcloud.register_account(token => :'token'); \echo :SQLSTATE
-- A link that was withdrawn opens nothing, a mail sent again ends the one before.
SET request.jwt.claims = :'bob';
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SET request.jwt.claims = '{"sub":"emil.account"}';
SELECT tempcloud.register_account('customer', 'Kontor', 'Emil', 'Ernst', :'token'); \echo :SQLSTATE
SELECT test.token('emil@kontor.account.example') AS token \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SET request.jwt.claims = '{"sub":"emil.account"}';
SELECT tempcloud.register_account('customer', 'Kontor', 'Emil', 'Ernst', :'token'); \echo :SQLSTATE

-- What waits for the address when it registers without the token
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('FRIDA@kiosk.account.example');
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.invite('frida@kiosk.account.example');
\set frida '{"sub":"frida.account","email":"Frida@Kiosk.account.example","email_verified":true}'
SELECT test.company(:'frida', 'customer', 'Kiosk', 'Frida', 'Frey') IS NOT NULL AS registered;
-- is there, but the customer's invitation is for a provider
SELECT inviter_company, status, can_accept, obstacle FROM tempcloud.invitations_received;

-- update_account(): left out changes nothing, empty clears.
SET request.jwt.claims = '';
SELECT tempcloud.update_account(city => 'Bonn'); \echo :SQLSTATE
SET request.jwt.claims = '{"sub":"nobody.account"}';
SELECT tempcloud.update_account(city => 'Bonn'); \echo :SQLSTATE
SET request.jwt.claims = :'bob';
SELECT kind, company_name, locale, phone, website, street, postal_code, city, country
  FROM tempcloud.update_account();
SELECT kind, company_name, locale, phone, website, street, postal_code, city, country
  FROM tempcloud.update_account(company_name => 'Anbieter SE', locale => 'de', city => 'Bonn', phone => NULL);
SELECT phone, website, street, postal_code, city, country
  FROM tempcloud.update_account(phone => '', website => '', street => ' ', postal_code => '',
	city => '', country => '');
SELECT company_name, locale, phone, website, street, postal_code, city, country FROM tempcloud.my_account;
-- Neither the name nor the language can be cleared.
SELECT tempcloud.update_account(company_name => ''); \echo :SQLSTATE
SELECT tempcloud.update_account(locale => ' '); \echo :SQLSTATE
-- Another company is left alone.
SET request.jwt.claims = :'anna';
SELECT company_name, city FROM tempcloud.my_account;

-- tempcloud.default_locale
RESET ROLE;
SET tempcloud.default_locale = 'en';
SET ROLE tempcloud_user;
SET request.jwt.claims = '{"sub":"gil.account","email":"gil@gil.account.example","email_verified":true}';
SELECT locale FROM tempcloud.register_account('customer', 'Gil Ltd', 'Gil', 'Gray');
RESET ROLE;
SET tempcloud.default_locale = 'English'; \echo :SQLSTATE
