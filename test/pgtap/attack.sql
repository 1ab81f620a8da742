-- Attacks, by somebody who may create objects and has a login, or none: by planted
-- objects, leaky functions, errors and plans, by keys of others, by tokens that are
-- not quite right, by text that is not what it seems, and by settings.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS tempcloud CASCADE;
CREATE EXTENSION IF NOT EXISTS pgtap WITH SCHEMA public;
SET LOCAL search_path = public;
SET LOCAL tempcloud.resend_interval = 0;
SET LOCAL track_functions = 'all';
SELECT plan(30);

GRANT CREATE ON SCHEMA public TO PUBLIC;
CREATE ROLE regress_tempcloud_eve IN ROLE tempcloud_user;

-- Do something and show nothing.
CREATE TEMP TABLE done (result text);
GRANT INSERT ON done TO PUBLIC;
CREATE FUNCTION pg_temp.sign_in(subject text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('request.jwt.claims', json_build_object('sub', subject, 'email',
					  subject || '@' || subject || '.example', 'email_verified', true)::text, true)
$$;

--
-- Planted objects
--
-- A trap for each function and operator of pg_catalog with arguments of ordinary
-- types, in public, and for each table and type of the extension, in pg_temp: the
-- search path of who calls finds these first.  Then everything of the API is done
-- once, in a session that has not done it before, with odd settings.

SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	trap constant text := ' LANGUAGE plpgsql AS $trap$ BEGIN RAISE EXCEPTION ''trapped''; END $trap$';
	object record;
BEGIN
	FOR object IN
		SELECT format('CREATE FUNCTION public.%I(%s) RETURNS %s', proname,
					  pg_get_function_identity_arguments(p.oid), format_type(prorettype, NULL)) AS command
		  FROM pg_proc p
		 WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset AND provariadic = 0
		   AND NOT EXISTS (SELECT FROM pg_proc q WHERE pronamespace = 'public'::regnamespace
							  AND q.proname = p.proname AND q.proargtypes = p.proargtypes)
		   AND NOT EXISTS (SELECT FROM unnest(ARRAY[prorettype] || COALESCE(proallargtypes, proargtypes)) a (type)
							 JOIN pg_type t ON t.oid = type WHERE typtype = 'p')
	LOOP
		EXECUTE object.command || trap;
	END LOOP;
	FOR object IN
		SELECT o.oid, oprname, concat_ws(', ', NULLIF(oprleft, 0)::regtype, oprright::regtype) AS arguments,
			   concat_ws(', ', 'LEFTARG = ' || NULLIF(oprleft, 0)::regtype, 'RIGHTARG = ' || oprright::regtype) AS sides,
			   oprresult::regtype AS result
		  FROM pg_operator o
		 WHERE oprnamespace = 'pg_catalog'::regnamespace
		   AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid IN (oprleft, oprright, oprresult) AND typtype = 'p')
	LOOP
		EXECUTE format('CREATE FUNCTION public.trap_%s(%s) RETURNS %s %s', object.oid, object.arguments, object.result, trap);
		EXECUTE format('CREATE OPERATOR public.%s (%s, FUNCTION = public.trap_%s)', object.oprname, object.sides, object.oid);
	END LOOP;
END
$$;
RESET ROLE;
DO $$
DECLARE
	name text;
BEGIN
	FOR name IN
		SELECT DISTINCT relname FROM pg_class
		 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace) AND relkind IN ('r', 'v')
	LOOP
		EXECUTE format('CREATE TEMP TABLE %I (trap text CHECK (false))', name);
	END LOOP;
	FOR name IN
		SELECT DISTINCT typname FROM pg_type t
		 WHERE typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace) AND typtype <> 'b'
		   AND NOT EXISTS (SELECT FROM pg_class WHERE relname = typname AND relnamespace = pg_my_temp_schema())
	LOOP
		EXECUTE format('CREATE DOMAIN pg_temp.%I AS text CHECK (false)', name);
	END LOOP;
END
$$;
SELECT cmp_ok(count(*), '>', 2000::bigint, 'traps are set') FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND proowner = 'regress_tempcloud_eve'::regrole;
CREATE FUNCTION pg_temp.unwary(name text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT pg_catalog.concat(lower(name)) $$;
SET LOCAL search_path = pg_temp, public, pg_catalog;
SAVEPOINT trap;
\set ON_ERROR_STOP off
\set VERBOSITY terse
SELECT pg_temp.unwary('X') \g /dev/null
\set of_function :LAST_ERROR_MESSAGE
ROLLBACK TO trap;
SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text \g /dev/null
\set of_operator :LAST_ERROR_MESSAGE
ROLLBACK TO trap;
\set ON_ERROR_STOP on
SET LOCAL search_path = public;
SELECT is(:'of_function'::text, 'trapped', 'an unwary function is trapped');
SELECT is(:'of_operator'::text, 'trapped', 'so is an operator');

CREATE TEMP TABLE inbox (number serial, id bigint, kind tempcloud.mail_kind, recipient text, message_id text, body text);
GRANT ALL ON inbox, inbox_number_seq TO PUBLIC;
-- The token of the newest mail of a kind to somebody, as the search path of who calls is a trap
CREATE FUNCTION pg_temp.token(kind tempcloud.mail_kind, name text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT substring(body FROM 'tc[ie]_[A-Za-z0-9_-]{48}') FROM pg_temp.inbox i
	 WHERE i.kind = $1 AND recipient = name || '@' || name || '.example' ORDER BY number DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.mail(name text, field text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT to_jsonb(i) ->> field FROM pg_temp.inbox i WHERE recipient = name || '@' || name || '.example'
$$;
SELECT format('GRANT USAGE ON SCHEMA %s TO PUBLIC', pg_my_temp_schema()::regnamespace) AS "grant" \gset
:grant;
\set shifts '[{"starts_at": "2100-01-01 06:00Z", "ends_at": "2100-01-01 14:00Z", "headcount": 2}]'
\set fetch 'SET LOCAL ROLE tempcloud_mailer; INSERT INTO pg_temp.inbox (id, kind, recipient, message_id, body) SELECT id, kind, recipient, message_id, text_body FROM tempcloud.claim_mail(100); SET LOCAL ROLE regress_tempcloud_eve'
-- Claims name a subject and its address
\set as_anna 'SET LOCAL request.jwt.claims = \'{"sub":"anna","email":"anna@anna.example","email_verified":true}\''
\set as_alma 'SET LOCAL request.jwt.claims = \'{"sub":"alma"}\''
\set as_bob 'SET LOCAL request.jwt.claims = \'{"sub":"bob","email":"bob@bob.example","email_verified":true}\''
\set as_carl 'SET LOCAL request.jwt.claims = \'{"sub":"carl","email":"carl@carl.example","email_verified":true}\''
\set as_dora 'SET LOCAL request.jwt.claims = \'{"sub":"dora","email":"dora@dora.example","email_verified":true}\''

SET LOCAL search_path = pg_temp, public, pg_catalog, tempcloud, tempcloud_data;
SET LOCAL array_nulls = off;
SET LOCAL transform_null_equals = on;
SET LOCAL bytea_output = escape;
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL intervalstyle = sql_standard;
SET LOCAL timezone = 'Pacific/Kiritimati';
SET LOCAL extra_float_digits = -15;
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL quote_all_identifiers = on;
SET LOCAL row_security = off;
SET LOCAL standard_conforming_strings = off;
SET LOCAL escape_string_warning = off;
SET LOCAL backslash_quote = on;
SET LOCAL ROLE regress_tempcloud_eve;
:as_anna;
SELECT id AS anna FROM tempcloud.register_account('customer', 'Secret AG', 'Secret', 'Anna') \gset
SELECT (tempcloud.whoami()).account, tempcloud.current_account_id() \g /dev/null
SELECT tempcloud.update_account(city => 'Köln') \g /dev/null
SELECT id AS alma FROM tempcloud.add_contact('Secret', 'Alma', 'alma@alma.example') \gset
SELECT tempcloud.update_contact(:'alma', phone => '+49 30 1') \g /dev/null
SELECT tempcloud.send_confirmation(:'alma') \g /dev/null
:fetch;
:as_alma;
SELECT has_login FROM tempcloud.confirm_email(pg_temp.token('confirm_email', 'alma')) \gset
:as_anna;
SELECT tempcloud.remove_contact(:'alma') \g /dev/null
:as_carl;
SELECT id AS carl FROM tempcloud.register_account('customer', 'Secret KG', 'Secret', 'Carl') \gset
:as_dora;
SELECT id AS dora FROM tempcloud.register_account('customer', 'Secret SE', 'Secret', 'Dora') \gset
:as_anna;
SELECT id AS to_bob FROM tempcloud.invite('bob@bob.example', 'Secret', 'Bob', 'Secret GmbH', message => 'Secret') \gset
SELECT (r.invitation).id AS to_x FROM tempcloud.invite_many('[{"email": "x@x.example"}]') r \gset
SELECT tempcloud.resend_invitation(:'to_x') \g /dev/null
SELECT tempcloud.withdraw_invitation(:'to_x') \g /dev/null
:fetch;
SET LOCAL ROLE tempcloud_anonymous;
SET LOCAL request.jwt.claims = '{}';
SELECT (tempcloud.preview_invitation(pg_temp.token('invitation', 'bob'))).inviter_company \gset
SET LOCAL ROLE regress_tempcloud_eve;
:as_bob;
SELECT id AS bob FROM tempcloud.register_account(token => pg_temp.token('invitation', 'bob'), company_name => 'Secret GmbH') \gset
SELECT customer_id FROM tempcloud.accept_invitation_by_token(pg_temp.token('invitation', 'bob')) \gset
:as_carl;
SELECT id AS from_carl FROM tempcloud.invite('bob@bob.example') \gset
:as_dora;
SELECT id AS from_dora FROM tempcloud.invite('bob@bob.example') \gset
:as_bob;
SELECT tempcloud.decline_invitation(:'from_dora', block => true) \g /dev/null
SELECT tempcloud.unblock_account(:'dora') \g /dev/null
SELECT tempcloud.accept_invitation(:'from_carl') \g /dev/null
:as_carl;
SELECT tempcloud.invite('z@z.example') \g /dev/null
:fetch;
SELECT tempcloud.decline_invitation_by_token(pg_temp.token('invitation', 'z'), 'Secret') \g /dev/null
SELECT tempcloud.are_partners(:'carl', :'bob') AS partners, tempcloud.are_partners(:'anna', :'bob') AS others \gset
:as_anna;
SELECT company_name AS found FROM tempcloud.search_partners('SECRET') \gset
SELECT id AS request FROM tempcloud.send_order('Secret', pg_catalog.format('[{"provider_id": "%s", "profession": "Secret", "location": "Secret", "shifts": %s}]', :'bob', :'shifts')::jsonb) \gset
SELECT id AS other_request FROM tempcloud.send_request(:'bob', 'Secret', 'Secret', :'shifts') \gset
SELECT tempcloud.withdraw_request(:'other_request') \g /dev/null
:as_bob;
SELECT tempcloud.answer_request(:'request', true, headcount => 1) \g /dev/null
SELECT id AS shift FROM tempcloud.shifts WHERE headcount OPERATOR(pg_catalog.>) offered \gset
SELECT worker_name FROM tempcloud.assign_workers(:'shift', '{Secret Pack}') \gset
:as_anna;
SELECT worker_name AS shown FROM tempcloud.assignments \gset
SELECT reason FROM tempcloud.cancel_request(:'request', 'Secret') \gset
SELECT tempcloud.invite('bounce@bounce.example'), tempcloud.invite('fail@fail.example'), tempcloud.invite('late@late.example') \g /dev/null
:fetch;
SET LOCAL ROLE tempcloud_mailer;
SELECT pg_temp.mail('bounce', 'id') AS bounced, pg_temp.mail('bounce', 'message_id') AS message_id, pg_temp.mail('fail', 'id') AS failed, pg_temp.mail('late', 'id') AS late \gset
SELECT tempcloud.mail_sent(ARRAY[:bounced]) \g /dev/null
SELECT tempcloud.mail_bounced(:'message_id', '550 no such user') \g /dev/null
SELECT tempcloud.mail_failed(:failed, '550 no', permanent => true) \g /dev/null
SELECT tempcloud.release_mail(ARRAY[:late]) \g /dev/null
SET LOCAL ROLE tempcloud_admin;
SELECT tempcloud.retry_mail(:failed) \g /dev/null
SELECT tempcloud.maintain() \g /dev/null
SELECT tempcloud.export_person('z@z.example') \g /dev/null
SELECT tempcloud.erase_person('z@z.example') \g /dev/null
TABLE tempcloud.mail_stats \g /dev/null
TABLE tempcloud.mail_dead \g /dev/null
TABLE tempcloud.worker_stats \g /dev/null
TABLE tempcloud.mail_template \g /dev/null
INSERT INTO tempcloud.mail_template (kind, locale, subject, text_body) VALUES ('invitation', 'fr', '{company} vous invite', '{link}');
SET LOCAL ROLE tempcloud_service;
SELECT tempcloud.act_as('bob') \g /dev/null
SELECT company_name AS customers FROM tempcloud.customers ORDER BY company_name USING OPERATOR(pg_catalog.<) LIMIT 1 \gset
-- Who writes the tables by hand is guarded with that search path, too.
RESET ROLE;
SAVEPOINT by_hand;
\set ON_ERROR_STOP off
UPDATE tempcloud_data.partnership SET created_at = NULL \g /dev/null
\set partnership :LAST_ERROR_MESSAGE
ROLLBACK TO by_hand;
UPDATE tempcloud_data.invitation SET message = 'x' \g /dev/null
\set invitation :LAST_ERROR_MESSAGE
ROLLBACK TO by_hand;
UPDATE tempcloud_data.request SET profession = 'Arzt' \g /dev/null
\set request_guard :LAST_ERROR_MESSAGE
ROLLBACK TO by_hand;
\set ON_ERROR_STOP on
SET LOCAL search_path = public;
RESET standard_conforming_strings;
RESET row_security;
RESET datestyle;
RESET quote_all_identifiers;
SELECT is(ARRAY[:'has_login', :'inviter_company', :'customer_id', :'partners', :'others', :'found', :'worker_name', :'shown', :'reason', :'customers'],
	ARRAY['t', 'Secret AG', :'anna', 't', 'f', 'Secret GmbH', 'Secret Pack', 'Secret Pack', 'Secret', 'Secret AG'],
	'traps and odd settings change nothing of what the commands do');
SELECT set_eq('SELECT funcname FROM pg_stat_xact_user_functions WHERE schemaname = ''tempcloud''',
	'SELECT proname FROM pg_proc WHERE pronamespace = ''tempcloud''::regnamespace', 'and each was done');
SELECT is(ARRAY[:'partnership', :'invitation', :'request_guard'], ARRAY['rows of table "partnership" are never changed or deleted',
	'an accepted invitation is never changed or deleted', 'column "profession" of table "request" never changes'],
	'nor of the guards');

--
-- What is whose
--
-- Eve has a partner, an invitation and a request herself: no list is empty.  What
-- was done above is not for her: the word "Secret" is in all of it.
\set as_eve 'INSERT INTO done SELECT pg_temp.sign_in(\'eve\')'
:as_eve;
INSERT INTO done SELECT tempcloud.register_account('customer', 'Eve AG', 'Eve', 'Ebel');
INSERT INTO done SELECT tempcloud.invite('hugo@hugo.example');
INSERT INTO done SELECT tempcloud.invite('nobody@nobody.example');
INSERT INTO done SELECT pg_temp.sign_in('hugo');
SELECT id AS hugo FROM tempcloud.register_account('provider', 'Hugo GmbH', 'Hugo', 'Holz') \gset
INSERT INTO done SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received;
INSERT INTO done SELECT pg_temp.sign_in('ida');
SELECT id AS ida FROM tempcloud.register_account('provider', 'Ida GmbH', 'Ida', 'Ihle') \gset
INSERT INTO done SELECT tempcloud.invite('eve@eve.example');
:as_eve;
INSERT INTO done SELECT tempcloud.send_request(:'hugo', 'Koch', 'Bonn', :'shifts');
INSERT INTO done SELECT pg_temp.sign_in('hugo');
INSERT INTO done SELECT tempcloud.answer_request(id, true) FROM tempcloud.requests_received;
INSERT INTO done SELECT tempcloud.assign_workers(id, '{Kurt Kohl}') FROM tempcloud.shifts;
:as_eve;
SET LOCAL session_replication_role = replica;
INSERT INTO tempcloud_data.account (kind, company_name, locale) SELECT 'provider', 'Secret', 'de' FROM generate_series(1, 500);
SET LOCAL session_replication_role = origin;
ANALYZE;

-- A function that is nearly free and tells what it was shown, in the WHERE of a list:
-- whatever the plan, no row but those of the list.
CREATE TEMP TABLE seen (list text, content text);
GRANT ALL ON seen TO PUBLIC;
CREATE FUNCTION pg_temp.peek(list text, content text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	INSERT INTO seen VALUES (list, content);
	RETURN true;
END
$$;
CREATE FUNCTION pg_temp.is_mine(id uuid) RETURNS boolean LANGUAGE sql SECURITY DEFINER COST 10000 AS $$
	SELECT id = tempcloud.current_account_id()
$$;
CREATE VIEW pg_temp.careless AS SELECT * FROM tempcloud_data.account WHERE pg_temp.is_mine(id);
GRANT SELECT ON pg_temp.careless TO PUBLIC;
-- What somebody gets for a command: the result, or all of the error
CREATE FUNCTION pg_temp.outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE command INTO result;
	RETURN COALESCE(result, 'null');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE) ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END
$$;
CREATE TEMP TABLE list AS
SELECT c.oid, format('tempcloud.%I', relname) AS name FROM pg_class c
 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v' AND has_table_privilege('tempcloud_user', c.oid, 'SELECT')
 UNION ALL
SELECT 'pg_temp.careless'::regclass, 'pg_temp.careless';
CREATE TEMP TABLE attribute AS
SELECT name AS list, attname AS name FROM list JOIN pg_attribute ON attrelid = oid AND attnum > 0;
GRANT SELECT ON list, attribute TO PUBLIC;

SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT l.name FROM list l LOOP
		EXECUTE format('SELECT count(*) FROM %s AS l WHERE pg_temp.peek(%L, l::text)', name, name);
	END LOOP;
END
$$;
RESET ROLE;
SELECT isnt(count(*), 0::bigint, 'a careless view shows a leaky function what it must not')
  FROM seen WHERE list = 'pg_temp.careless' AND content LIKE '%Secret%';
SELECT is(array_agg(name ORDER BY name), '{tempcloud.customers,tempcloud.requests_received}', 'all lists have rows, but what a customer has none of')
  FROM list WHERE NOT EXISTS (SELECT FROM seen s WHERE s.list = name);
SELECT is_empty($$SELECT * FROM seen WHERE content LIKE '%Secret%' AND list <> 'pg_temp.careless'$$,
	'no list shows it anything of others');

-- The same by errors, which quote the value that they fail on, column by column
CREATE TEMP TABLE error (list text, message text);
GRANT INSERT ON error TO PUBLIC;
SET LOCAL ROLE regress_tempcloud_eve;
INSERT INTO error
SELECT list, pg_temp.outcome(format('SELECT count(*) FROM %s WHERE (%I::text || ''?'')::integer = 0', list, name)) FROM attribute;
RESET ROLE;
SELECT isnt(count(*), 0::bigint, 'by a careless view an error tells') FROM error
 WHERE list = 'pg_temp.careless' AND message LIKE '%Secret%';
SELECT is_empty($$SELECT * FROM error WHERE message LIKE '%Secret%' AND list <> 'pg_temp.careless'$$,
	'by no list does an error tell anything of others');
SELECT set_eq($$SELECT list FROM error WHERE message LIKE '22P02%'$$, 'SELECT list FROM seen', 'there was an error for each');

-- And by plans: how many rows PostgreSQL expects tells how frequent a value is.
CREATE TEMP TABLE plan (list text, attribute text, value text, plan text);
GRANT INSERT ON plan TO PUBLIC;
SET LOCAL ROLE regress_tempcloud_eve;
INSERT INTO plan
SELECT list, name, value, replace(pg_temp.plan(format('SELECT * FROM %s WHERE %I::text = %L', list, name, value)), value, '')
  FROM attribute, unnest(ARRAY['Secret', 'Nobody']) AS value;
RESET ROLE;
SELECT is(array_agg(DISTINCT list || ' ' || attribute), '{pg_temp.careless company_name}', 'no plan of a list tells how frequent a value is, but of a careless one')
  FROM (SELECT list, attribute FROM plan GROUP BY list, attribute HAVING count(DISTINCT plan) > 1) t;
