-- caller: who is calling, and for which account

SET ROLE tempcloud_user;
\set anna '{"sub":"anna.caller","email":"anna@kunde.caller.example","email_verified":true}'

-- Nobody is signed in.
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.current_account_id() IS NULL AS nobody;
SET request.jwt.claims = '';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.current_account_id() IS NULL AS nobody;

-- A gateway that sets such claims has authenticated nobody.
SET request.jwt.claims = 'anna';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.current_account_id(); \echo :SQLSTATE
SET request.jwt.claims = '["anna.caller"]';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.current_account_id(); \echo :SQLSTATE

-- Neither has one with anything else than a name in the claim.
CREATE FUNCTION pg_temp.whoami(claims text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('request.jwt.claims', claims, false);
	SELECT test.refusal('SELECT tempcloud.whoami()');
$$;
SELECT claims, pg_temp.whoami(claims)
  FROM (VALUES
	('"anna.caller"'), ('7'), ('null'), ('true'), ('{'), ('{}'), (' '), ('{"sub":}'),
	('{"sub":"anna.caller"'), ('{"sub":"anna.caller"} {}'),
	('{"sub":null}'), ('{"sub":""}'), ('{"sub":7}'), ('{"sub":true}'),
	('{"sub":7,"sub":null}'), ('{"sub":7,"sub":"anna.caller"}'), ('{"sub":"anna.caller","sub":7}'), ('{"x":{"sub":7}}'),
	('{"sub":["anna.caller"]}'), ('{"sub":{"sub":"anna.caller"}}'), ('{"Sub":"anna.caller"}'),
	('{"email":"anna@kunde.caller.example","email_verified":true}'),
	('{"sub":"anna.caller"}')) AS t(claims);

-- A login that is a number, as some login providers have it, is told what is wrong.
SET request.jwt.claims = '{"sub":7}';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT * FROM tempcloud.partners; \echo :SQLSTATE
SET request.jwt.claims = '{"sub":7,"sub":null}';
SELECT tempcloud.whoami(); \echo :SQLSTATE

-- A login without an account
SET request.jwt.claims = :'anna';
SELECT account IS NULL AS account, contact IS NULL AS contact, permissions FROM tempcloud.whoami();
SELECT tempcloud.current_account_id() IS NULL AS nobody;
SELECT count(*) FROM tempcloud.my_account;
SELECT tempcloud.invite('bob@anbieter.caller.example'); \echo :SQLSTATE

-- What an account is needed for
CREATE FUNCTION pg_temp.refusals() RETURNS TABLE (command text, refusal text) LANGUAGE sql AS $$
	SELECT command, test.refusal('SELECT tempcloud.' || command)
	  FROM unnest('{whoami(),update_account(),"add_contact(''Alf'', ''Alt'')",
		update_contact(gen_random_uuid()),remove_contact(gen_random_uuid()),
		send_confirmation(gen_random_uuid()),invite(''bob@anbieter.caller.example''),
		invite_many(''[]''),resend_invitation(gen_random_uuid()),
		withdraw_invitation(gen_random_uuid()),accept_invitation(gen_random_uuid()),
		decline_invitation(gen_random_uuid()),unblock_account(gen_random_uuid()),
		"are_partners(gen_random_uuid(), gen_random_uuid())"}'::text[]) AS command;
$$;
SELECT * FROM pg_temp.refusals();
SET request.jwt.claims = '';
SELECT * FROM pg_temp.refusals();

-- A proven address is one that is a string and said to be verified.
CREATE FUNCTION pg_temp.register(claims text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('request.jwt.claims', claims, false);
	SELECT test.refusal($r$SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')$r$);
$$;
SELECT claims, pg_temp.register(claims)
  FROM (VALUES
	('{"sub":"anna.caller"}'),
	('{"sub":"anna.caller","email":"anna@kunde.caller.example"}'),
	('{"sub":"anna.caller","email":"anna@kunde.caller.example","email_verified":false}'),
	('{"sub":"anna.caller","email":"anna@kunde.caller.example","email_verified":null}'),
	('{"sub":"anna.caller","email":"anna@kunde.caller.example","email_verified":"true"}'),
	('{"sub":"anna.caller","email":"anna@kunde.caller.example","email_verified":1}'),
	('{"sub":"anna.caller","email":["anna@kunde.caller.example"],"email_verified":true}'),
	('{"sub":"anna.caller","email":"","email_verified":true}'),
	('{"sub":"anna.caller","email":"anna","email_verified":true}'),
	('{"sub":"anna.caller","email_verified":true}')) AS t(claims);

-- With an account
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT (account).kind, (account).company_name, (contact).given_name, (contact).email,
	   (contact).has_login, (account).id = :'kunde' AND (contact).account_id = :'kunde' AS same,
	   permissions
  FROM tempcloud.whoami();
SELECT tempcloud.current_account_id() = :'kunde' AS kunde;
SELECT company_name FROM tempcloud.my_account;
-- The login alone says who it is; other claims do not matter, nor their order.
SET request.jwt.claims = '{"role":"tempcloud_user","exp":1e99,"aud":["a",{"b":[]}],"sub":"anna.caller"}';
SELECT tempcloud.current_account_id() = :'kunde' AS kunde;
SET request.jwt.claims = '{"sub":"ANNA.caller"}';
SELECT tempcloud.current_account_id() IS NULL AS nobody;
-- Escapes are part of JSON, not of the name; quotes are part of the name.
SET request.jwt.claims = '{"sub":"\u0061nna.caller"}';
SELECT tempcloud.current_account_id() = :'kunde' AS kunde;
SET request.jwt.claims = '{"sub":"x'' OR ''''=''"}';
SELECT tempcloud.current_account_id() IS NULL AS nobody;
-- For as long as the transaction, when set so: as PostgREST does
RESET request.jwt.claims;
BEGIN;
SET LOCAL request.jwt.claims = :'anna';
SELECT tempcloud.current_account_id() = :'kunde' AS kunde;
COMMIT;
SELECT tempcloud.current_account_id() IS NULL AS nobody;

-- Claims under other names
RESET ROLE;
SET tempcloud.subject_claim = 'login';
SET tempcloud.email_claim = 'mail';
SET tempcloud.email_verified_claim = 'https://id.example/"mail" is proven';
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SET request.jwt.claims = '{"login":"bob.caller","mail":"bob@anbieter.caller.example","https://id.example/\"mail\" is proven":true}';
SELECT company_name FROM tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Bau');
SELECT (contact).email FROM tempcloud.whoami();
-- act_as() speaks of the same claims.
SET ROLE tempcloud_service;
BEGIN;
SELECT tempcloud.act_as('anna.caller', 'anna@kunde.caller.example');
SELECT current_setting('request.jwt.claims');
SELECT (account).company_name FROM tempcloud.whoami();
COMMIT;
RESET ROLE;
SET tempcloud.subject_claim = ''; \echo :SQLSTATE
SET tempcloud.email_claim = ''; \echo :SQLSTATE
SET tempcloud.email_verified_claim = ''; \echo :SQLSTATE
RESET tempcloud.subject_claim;
RESET tempcloud.email_claim;
RESET tempcloud.email_verified_claim;

-- act_as(): an application that speaks SQL says who is calling.
SET ROLE tempcloud_service;
RESET request.jwt.claims;
SELECT tempcloud.act_as(NULL); \echo :SQLSTATE
SELECT tempcloud.act_as(''); \echo :SQLSTATE
SELECT tempcloud.act_as('anna.caller', 'anna'); \echo :SQLSTATE
SELECT tempcloud.current_account_id() IS NULL AS nobody;
-- good until the transaction ends
BEGIN;
SELECT tempcloud.act_as(subject => 'anna.caller');
SELECT current_setting('request.jwt.claims');
SELECT (contact).given_name FROM tempcloud.whoami();
SELECT tempcloud.act_as(subject => 'bob.caller', email => 'bob@anbieter.caller.example');
SELECT (contact).given_name FROM tempcloud.whoami();
COMMIT;
SELECT tempcloud.whoami(); \echo :SQLSTATE
-- also when it is rolled back, or back to a savepoint
BEGIN;
SELECT tempcloud.act_as('anna.caller');
SAVEPOINT s;
SELECT tempcloud.act_as('bob.caller');
ROLLBACK TO s;
SELECT (contact).given_name FROM tempcloud.whoami();
ROLLBACK;
SELECT tempcloud.whoami(); \echo :SQLSTATE
-- Then what was set before is there again.
SET request.jwt.claims = :'anna';
BEGIN;
SELECT tempcloud.act_as('bob.caller');
SELECT (contact).given_name FROM tempcloud.whoami();
COMMIT;
SELECT (contact).given_name FROM tempcloud.whoami();
-- A name cannot break out of its claim.
BEGIN;
SELECT tempcloud.act_as(E'x","sub":"anna.caller\\');
SELECT current_setting('request.jwt.claims');
SELECT tempcloud.current_account_id() IS NULL AS nobody;
COMMIT;
-- The address counts as proven.
BEGIN;
SELECT tempcloud.act_as('carl.caller', 'Carl@kunde.caller.example');
SELECT company_name FROM tempcloud.register_account('customer', 'Kunde II AG', 'Carl', 'Cohn');
SELECT email, email_verified_at IS NOT NULL AS verified, has_login FROM tempcloud.my_contacts;
ROLLBACK;
-- Not for users, whose gateway says who they are
SET ROLE tempcloud_user;
SELECT tempcloud.act_as('anna.caller'); \echo :SQLSTATE

-- Claims that outlive the transaction are refused: a pooler would give them to another
-- client. The other tests allow them.
RESET ROLE;
SET tempcloud.allow_session_claims = off;
CREATE FUNCTION pg_temp.by_its_own() RETURNS text LANGUAGE sql SET request.jwt.claims = '{"sub":"bob.caller"}' AS $$
	SELECT (contact).given_name FROM tempcloud.whoami();
$$;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.current_account_id(); \echo :SQLSTATE
SELECT count(*) FROM tempcloud.partners; \echo :SQLSTATE
SELECT pg_temp.by_its_own();
BEGIN;
SET LOCAL request.jwt.claims = '{"sub":"bob.caller"}';
SELECT (contact).given_name FROM tempcloud.whoami();
COMMIT;
SELECT tempcloud.whoami(); \echo :SQLSTATE
BEGIN;
SAVEPOINT s;
SET LOCAL request.jwt.claims = '{"sub":"bob.caller"}';
ROLLBACK TO s;
SELECT test.refusal('SELECT tempcloud.whoami()');
SET LOCAL request.jwt.claims = '{"sub":"bob.caller"}';
RELEASE s;
SELECT (contact).given_name FROM tempcloud.whoami();
COMMIT;
RESET request.jwt.claims;
SELECT tempcloud.whoami(); \echo :SQLSTATE
BEGIN;
SET request.jwt.claims = :'anna';
SELECT test.refusal('SELECT tempcloud.whoami()');
SET LOCAL request.jwt.claims = '{"sub":"bob.caller"}';
SELECT (contact).given_name FROM tempcloud.whoami();
SELECT set_config('request.jwt.claims', :'anna', false) = :'anna' AS set;
SELECT test.refusal('SELECT tempcloud.whoami()');
SELECT set_config('request.jwt.claims', '{"sub":"bob.caller"}', true) IS NOT NULL AS set;
SELECT (contact).given_name FROM tempcloud.whoami();
ROLLBACK;
SET request.jwt.claims = '';
SELECT tempcloud.current_account_id() IS NULL AS nobody;
-- Not for users to allow
SET tempcloud.allow_session_claims = on; \echo :SQLSTATE
RESET request.jwt.claims;
RESET ROLE;
RESET tempcloud.allow_session_claims;

-- Claims that want to be more than claims
SET ROLE tempcloud_user;
SELECT what, set_config('request.jwt.claims', claims, true) IS NOT NULL AS set,
	   test.refusal('SELECT tempcloud.whoami()') AS whoami,
	   test.refusal('SELECT tempcloud.current_account_id()') AS account_id
  FROM (VALUES
	('a number too large for numeric', '{"sub":"huge.caller","exp":1e999999}'),
	('many numbers', '{"sub":"huge.caller","exp":[' || repeat('1e-999999,', 1000) || '0]}'),
	('a large claim', '{"sub":"huge.caller","x":"' || repeat('x', 1000000) || '"}'),
	('a long name', '{"sub":"huge.caller","' || repeat('x', 1000000) || '":1}'),
	('99 levels', '{"sub":"huge.caller","x":' || repeat('[', 99) || repeat(']', 99) || '}'),
	('100 levels', '{"sub":"huge.caller","x":' || repeat('[', 100) || repeat(']', 100) || '}'),
	('100,000 levels', repeat('[', 100000)),
	('100,000 objects', repeat('{"sub":', 100000)),
	('login beneath', '{"x":{"sub":"huge.caller"}}'),
	('login in an array', '{"sub":["huge.caller"]}'),
	('array of claims', '[{"sub":"huge.caller"}]'),
	('login twice', '{"sub":"huge.caller","sub":"other.caller"}'),
	('login, then none', '{"sub":"huge.caller","sub":null}'),
	('login in escapes', '{"\u0073ub":"h\u0075ge.caller"}'),
	('NUL in the login', '{"sub":"huge\u0000.caller"}'),
	('half a surrogate', '{"sub":"\ud83d"}'),
	('255 characters', '{"sub":"' || repeat('ü', 255) || '"}'),
	('256 characters', '{"sub":"' || repeat('ü', 256) || '"}'),
	('a scalar', '"huge.caller"'),
	('a null', 'null'),
	('nothing but space', '  '),
	('two objects', '{"sub":"huge.caller"}{}')) AS t(what, claims);
RESET ROLE;
