-- Attacks, by somebody who may create objects and has a login, or none: by planted
-- objects, leaky functions, errors and plans, by keys of others, by tokens that are
-- not quite right, by text that is not what it seems, and by settings.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;
SET LOCAL tempcloud.resend_interval = 0;
SET LOCAL track_functions = 'all';
SELECT plan(38);

GRANT CREATE ON SCHEMA public TO PUBLIC;
CREATE ROLE regress_tempcloud_eve IN ROLE tempcloud_user;

CREATE FUNCTION pg_temp.sign_in(subject text) RETURNS void LANGUAGE sql AS $$
	SELECT test.sign_in(subject, format('%1$s@%1$s.example', subject))
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

CREATE TEMP TABLE inbox (number serial, id uuid, kind tempcloud.mail_kind, recipient text, message_id text, body text);
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
SELECT (tempcloud.whoami()).account, tempcloud.current_account_id(), tempcloud.current_contact_id() \g /dev/null
SELECT tempcloud.badge_counts(), tempcloud.mark_read(id) FROM tempcloud.activity \g /dev/null
SELECT tempcloud.update_account(city => 'Köln') \g /dev/null
SELECT id AS alma FROM tempcloud.add_contact('Secret', 'Alma', 'alma@alma.example') \gset
SELECT tempcloud.update_contact(:'alma', phone => '+49 30 1') \g /dev/null
SELECT (tempcloud.set_role(:'alma', 'manager')).role \g /dev/null
:fetch;
:as_alma;
SELECT has_login FROM tempcloud.confirm_email(pg_temp.token('confirm_email', 'alma')) \gset
:as_anna;
SELECT tempcloud.send_confirmation(((tempcloud.whoami()).contact).id) \g /dev/null
SELECT tempcloud.remove_contact(:'alma') \g /dev/null
:as_carl;
SELECT id AS carl FROM tempcloud.register_account('customer', 'Secret KG', 'Secret', 'Carl') \gset
:as_dora;
SELECT id AS dora FROM tempcloud.register_account('customer', 'Secret SE', 'Secret', 'Dora') \gset
:as_anna;
SELECT id AS to_bob FROM tempcloud.invite('bob@bob.example', 'Secret', 'Bob', 'Secret GmbH', message => 'Secret') \gset
SELECT (r.invitation).id AS to_x FROM tempcloud.invite_many('[{"email": "x@x.example"}]') r \gset
SELECT tempcloud.resend_invitation(:'to_x') \g /dev/null
SELECT tempcloud.correct_invitation(:'to_x', message => 'Secret') \g /dev/null
SELECT tempcloud.withdraw_invitation(:'to_x') \g /dev/null
:fetch;
SET LOCAL ROLE tempcloud_anonymous;
SET LOCAL request.jwt.claims = '{}';
SELECT (tempcloud.preview_invitation(pg_temp.token('invitation', 'bob'))).inviter_company \gset
SELECT tempcloud.ask_again(pg_temp.token('invitation', 'bob')) \g /dev/null
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
SET LOCAL request.jwt.claims = '{"sub":"egon","email":"egon@egon.example","email_verified":true}';
SELECT tempcloud.register_account('provider', 'Secret OHG', 'Secret', 'Egon') \g /dev/null
SELECT id AS ella FROM tempcloud.add_contact('Secret', 'Ella', 'ella@ella.example') \gset
:fetch;
SET LOCAL request.jwt.claims = '{"sub":"ella"}';
SELECT tempcloud.confirm_email(pg_temp.token('confirm_email', 'ella')) \g /dev/null
SELECT tempcloud.leave_account() \g /dev/null
SET LOCAL request.jwt.claims = '{"sub":"egon"}';
SELECT tempcloud.close_account('Secret') \g /dev/null
:as_carl;
:fetch;
SELECT tempcloud.decline_invitation_by_token(pg_temp.token('invitation', 'z'), 'Secret') \g /dev/null
SELECT tempcloud.are_partners(:'carl', :'bob') AS partners, tempcloud.are_partners(:'anna', :'bob') AS others \gset
:as_anna;
SELECT company_name AS found FROM tempcloud.search_partners('SECRET') \gset
SELECT tempcloud.set_partner_note(id, 'Secret', 'Secret', tempcloud.current_contact_id(), true) FROM tempcloud.partners \g /dev/null
SELECT id AS request FROM tempcloud.send_order('Secret', pg_catalog.format('[{"provider_id": "%s", "profession": "Secret", "location": "Secret", "shifts": %s}]', :'bob', :'shifts')::jsonb) \gset
SELECT id AS other_request FROM tempcloud.send_request(:'bob', 'Secret', 'Secret', :'shifts') \gset
SELECT tempcloud.withdraw_request(:'other_request') \g /dev/null
:as_bob;
SELECT tempcloud.answer_request(:'request', true, headcount => 1) \g /dev/null
SELECT id AS shift FROM tempcloud.shifts WHERE headcount OPERATOR(pg_catalog.>) offered \gset
SELECT worker_name FROM tempcloud.assign_workers(:'shift', '{Secret Pack}') \gset
:as_anna;
SELECT worker_name AS shown FROM tempcloud.assignments \gset
SELECT pg_catalog.concat_ws(' ', c.given_name, q.company_name) AS of_partners
  FROM tempcloud.partners p, tempcloud.contacts(p) c, tempcloud.partner(c) q \gset
SELECT pg_catalog.concat_ws(' ', c.given_name, q.company_name) AS of_providers
  FROM tempcloud.invitations_sent i, tempcloud.partner(i) q, tempcloud.providers p, tempcloud.contacts(p) c \gset
SELECT pg_catalog.concat_ws(' ', p.company_name, a.worker_name, w.worker_name, t.headcount, q.profession) AS of_requests_sent
  FROM tempcloud.requests_sent r, tempcloud.provider(r) p, tempcloud.assignments(r) a, tempcloud.shifts(r) s,
	   tempcloud.assignments(s) w, tempcloud.shift(w) t, tempcloud.request_sent(s) q \gset
:as_bob;
SELECT pg_catalog.concat_ws(' ', c.given_name, p.company_name, a.worker_name, s.headcount, q.profession) AS of_requests_received
  FROM tempcloud.requests_received r, tempcloud.customer(r) p, tempcloud.contacts(p) c, tempcloud.assignments(r) a,
	   tempcloud.shifts(r) s, tempcloud.request_received(s) q \gset
SELECT pg_catalog.count(p.id) AS of_invitations_received FROM tempcloud.invitations_received i, tempcloud.partner(i) p \gset
SET LOCAL request.method = 'POST';
SET LOCAL request.path = '/rpc/x';
SELECT tempcloud.check_request() \g /dev/null
SET LOCAL request.path = '';
:as_anna;
SELECT reason FROM tempcloud.cancel_request(:'request', 'Secret') \gset
:as_bob;
SELECT tempcloud.erase_workers(:'request') \g /dev/null
:as_anna;
SELECT tempcloud.invite('bounce@bounce.example'), tempcloud.invite('fail@fail.example'), tempcloud.invite('late@late.example') \g /dev/null
:fetch;
SET LOCAL ROLE tempcloud_mailer;
SELECT pg_temp.mail('bounce', 'id') AS bounced, pg_temp.mail('bounce', 'message_id') AS message_id, pg_temp.mail('fail', 'id') AS failed, pg_temp.mail('late', 'id') AS late \gset
SELECT tempcloud.mail_sent(ARRAY[:'bounced'::uuid]) \g /dev/null
SELECT tempcloud.mail_bounced(:'message_id', '550 no such user') \g /dev/null
SELECT tempcloud.mail_failed(:'failed', '550 no', permanent => true) \g /dev/null
SELECT tempcloud.release_mail(ARRAY[:'late'::uuid]) \g /dev/null
SET LOCAL ROLE tempcloud_admin;
SELECT tempcloud.retry_mail(:'failed') \g /dev/null
SELECT tempcloud.maintain() \g /dev/null
SELECT tempcloud.seal_ledger() \g /dev/null
SELECT problem FROM tempcloud.verify_ledger(tempcloud.ledger_checkpoint()) \gset
SELECT tempcloud.export_person('z@z.example') \g /dev/null
SELECT tempcloud.erase_person('z@z.example') \g /dev/null
TABLE tempcloud.mail_stats \g /dev/null
TABLE tempcloud.mail_dead \g /dev/null
TABLE tempcloud.worker_stats \g /dev/null
TABLE tempcloud.mail_template \g /dev/null
INSERT INTO tempcloud.mail_template (kind, locale, subject, text_body) VALUES ('invitation', 'fr', '{company} vous invite', '{link}');
SET LOCAL ROLE tempcloud_service;
SELECT tempcloud.act_as('bob') \g /dev/null
SELECT tempcloud.partnership_receipt(id), tempcloud.consistency_proof(0) FROM tempcloud.customers \g /dev/null
SELECT tempcloud.events_since(tempcloud.last_event_id()) \g /dev/null
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
	'SELECT proname FROM pg_proc p JOIN pg_language l ON l.oid = prolang
	  WHERE pronamespace = ''tempcloud''::regnamespace AND prokind = ''f'' AND lanname = ''c''', 'and each was done');
SELECT is(ARRAY[:'of_partners', :'of_providers', :'of_requests_sent', :'of_requests_received', :'of_invitations_received'],
	ARRAY['Secret Secret GmbH', 'Secret Secret GmbH', 'Secret GmbH Secret Pack Secret Pack 2 Secret',
		  'Secret Secret AG Secret Pack 2 Secret', '2'],
	'nor of what embeds, which becomes a part of each query and is never called');
SELECT is(ARRAY[:'partnership', :'invitation', :'request_guard'], ARRAY['cannot change or delete rows of table "partnership"',
	'cannot change or delete an accepted invitation', 'cannot change column "profession" of table "request"'],
	'nor of the guards');

--
-- What is whose
--
-- Eve has a partner, an invitation and a request herself: no list is empty.  What
-- was done above is not for her: the word "Secret" is in all of it.
\set as_eve 'SELECT pg_temp.sign_in(\'eve\') \\g /dev/null'
:as_eve
SELECT tempcloud.register_account('customer', 'Eve AG', 'Eve', 'Ebel') \g /dev/null
SELECT tempcloud.invite('hugo@hugo.example') \g /dev/null
SELECT tempcloud.invite('nobody@nobody.example') \g /dev/null
SELECT pg_temp.sign_in('hugo') \g /dev/null
SELECT id AS hugo FROM tempcloud.register_account('provider', 'Hugo GmbH', 'Hugo', 'Holz') \gset
SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received \g /dev/null
SELECT pg_temp.sign_in('ida') \g /dev/null
SELECT id AS ida FROM tempcloud.register_account('provider', 'Ida GmbH', 'Ida', 'Ihle') \gset
SELECT tempcloud.invite('eve@eve.example') \g /dev/null
:as_eve
:fetch;
RESET ROLE;
SELECT id AS filled_request FROM tempcloud.send_request(:'hugo', 'Koch', 'Bonn', :'shifts') \gset
SELECT id AS open_request FROM tempcloud.send_request(:'hugo', 'Arzt', 'Bonn', :'shifts') \gset
SELECT pg_temp.sign_in('hugo') \g /dev/null
SELECT tempcloud.answer_request(:'filled_request', true) \g /dev/null
SELECT tempcloud.assign_workers(id, '{Kurt Kohl}') FROM tempcloud.shifts WHERE offered > 0 \g /dev/null
:as_eve
SET LOCAL session_replication_role = replica;
INSERT INTO tempcloud_data.account (kind, company_name, locale, time_zone) SELECT 'provider', 'Secret', 'de', 'UTC' FROM generate_series(1, 500);
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
-- The same, without its effects, so that the next one finds what this one has found
CREATE FUNCTION pg_temp.undone(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	result := pg_temp.outcome(command);
	RAISE EXCEPTION SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN result;
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

-- Keys of others, in every function that takes one: the answer is that to a key which
-- does not exist, whoever asks.
CREATE TEMP TABLE key AS
SELECT 'account' AS of, id FROM tempcloud_data.account WHERE id IN (:'anna', :'bob')
 UNION ALL
SELECT 'contact', id FROM tempcloud_data.contact WHERE account_id IN (:'anna', :'bob')
 UNION ALL
SELECT 'invitation ' || status, id FROM tempcloud_data.invitation WHERE inviter_id IN (:'anna', :'carl', :'dora')
 UNION ALL
SELECT 'order', id FROM tempcloud_data.staff_order WHERE customer_id = :'anna'
 UNION ALL
SELECT 'request ' || status, id FROM tempcloud_data.request WHERE customer_id = :'anna'
 UNION ALL
SELECT 'shift', s.id FROM tempcloud_data.shift s JOIN tempcloud_data.request r ON r.id = s.request_id WHERE r.customer_id = :'anna'
 UNION ALL
(SELECT 'event', id FROM tempcloud_data.event WHERE account_id = :'anna' ORDER BY id LIMIT 3);
-- Good values for what is required, of keys a currency sign in their place
CREATE FUNCTION pg_temp.sample(name text, type regtype) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN type = 'boolean'::regtype THEN 'true'
		   WHEN type = 'uuid'::regtype THEN quote_literal('¤')
		   WHEN type = 'text[]'::regtype THEN quote_literal('{Petra Pfeil}')
		   WHEN name IN ('shifts', 'requests', 'invitations') THEN quote_literal(CASE name
				WHEN 'shifts' THEN '[{"starts_at": "2100-01-01 06:00Z", "ends_at": "2100-01-01 14:00Z", "headcount": 1}]'
				WHEN 'requests' THEN '[{"provider_id": "¤", "profession": "Koch", "location": "Bonn", '
					'"shifts": [{"starts_at": "2100-01-01 06:00Z", "ends_at": "2100-01-01 14:00Z", "headcount": 1}]}]'
				ELSE '[{"email": "new@new.example"}]' END)
		   WHEN type = 'tempcloud.account_kind'::regtype THEN quote_literal('customer')
		   WHEN name = 'email' THEN quote_literal('new@new.example')
		   WHEN type = 'text'::regtype THEN quote_literal('Text') ELSE 'NULL' END
$$;
CREATE TEMP TABLE argument AS
SELECT p.oid::regproc AS function, proname, n, name, type::regtype, n > pronargs - pronargdefaults AS optional
  FROM pg_proc p, unnest(proargtypes, proargnames) WITH ORDINALITY AS a (type, name, n)
 WHERE pronamespace = 'tempcloud'::regnamespace AND has_function_privilege('tempcloud_user', p.oid, 'EXECUTE');
-- The call of a function, with a paragraph sign for one argument
CREATE FUNCTION pg_temp.call_of(function regproc, argument text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT r::text FROM %s(%s) r', $1, string_agg(format('%I => %s', name,
				  CASE WHEN name = argument THEN quote_literal('§') ELSE pg_temp.sample(name, type) END), ', ' ORDER BY n))
	  FROM argument a WHERE a.function = $1 AND (NOT optional OR name = argument)
$$;
CREATE TEMP TABLE call AS
SELECT proname AS function, pg_temp.call_of(function, '') AS call FROM argument
 WHERE type = 'uuid'::regtype AND NOT optional OR name = 'requests' GROUP BY function, proname
 UNION ALL
SELECT proname, replace(pg_temp.call_of(function, name), '§', '¤') FROM argument WHERE type = 'uuid'::regtype AND optional;
CREATE TEMP TABLE answer (subject text, function text, of text, answer text, answer_to_none text);
GRANT ALL ON key, call, argument, answer TO PUBLIC;
GRANT EXECUTE ON FUNCTION pg_temp.sample, pg_temp.call_of TO PUBLIC;
SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	who text;
BEGIN
	FOREACH who IN ARRAY '{eve,hugo,nora}'::text[] LOOP
		PERFORM pg_temp.sign_in(who);
		INSERT INTO answer
		SELECT who, function, of, pg_temp.outcome(replace(call, '¤', id::text)), pg_temp.outcome(replace(call, '¤', none::text))
		  FROM call, key, gen_random_uuid() none;
	END LOOP;
END
$$;
RESET ROLE;
SELECT set_eq('SELECT DISTINCT function FROM answer', $$
	SELECT proname FROM pg_proc WHERE pronamespace = 'tempcloud'::regnamespace AND 'uuid'::regtype = ANY (proargtypes)
		AND has_function_privilege('tempcloud_user', oid, 'EXECUTE')
	 UNION ALL VALUES ('send_order'::name)$$, 'every function that takes a key was tried');
SELECT is_empty('SELECT * FROM answer WHERE answer <> answer_to_none', 'a key of others is answered as one that does not exist');
SELECT is_empty($$SELECT * FROM answer WHERE answer NOT LIKE 'PT40%' AND function NOT IN ('are_partners', 'unblock_account')
				   AND answer <> 'null'	-- partners of a contact, found by search_partners()
				 $$, 'and refused, where it would do anything');

--
-- Tokens
--
-- Whatever is not quite a token is refused in one way, by all that take one, and
-- without a look into a table of tokens or invitations.
CREATE TEMP TABLE token AS
WITH good AS (SELECT pg_temp.token('invitation', 'nobody') AS token),
	 position AS (SELECT token, n FROM good, generate_series(1, length(token)) n)
SELECT 'truncated' AS how, left(token, n - 1) AS token FROM position
 UNION ALL
SELECT 'without its beginning', substr(token, n + 1) FROM position
 UNION ALL
SELECT 'in another case', overlay(token PLACING translate(upper(substr(token, n, 1)) || lower(substr(token, n, 1)), substr(token, n, 1), '') FROM n)
  FROM position WHERE substr(token, n, 1) ~ '[A-Za-z]'
 UNION ALL
SELECT 'with another character', overlay(token PLACING other FROM n)
  FROM position, unnest(ARRAY['+', '/', '=', ' ', '.', '%', E'\n', 'é', 'Ａ', U&'\200b', U&'\202e']) other
 UNION ALL
SELECT 'of the other kind', 'tce_' || substr(token, 5) FROM good
 UNION ALL
SELECT 'of the other kind', 'tci_' || substr(pg_temp.token('confirm_email', 'alma'), 5)
 UNION ALL
SELECT 'longer', f FROM good, unnest(ARRAY[token || 'A', 'A' || token, ' ' || token, token || ' ', token || token, token || '=', '/' || token,
	'http://localhost:3000/invitation#' || token, repeat(token, 20000), repeat('A', 1000000), E'\t' || token, token || E'\r\n']) f
 UNION ALL
SELECT 'another thing', f FROM unnest(ARRAY[NULL, '', 'null', '{}', 'tci_', 'tce_', repeat('A', 52), 'tci_' || repeat('_', 48)]) f;
SELECT is(pg_temp.outcome(format('SELECT inviter_company FROM tempcloud.preview_invitation(%L)', pg_temp.token('invitation', 'nobody'))), 'Eve AG', 'the token itself is good');
CREATE TEMP TABLE token_answer (function text, subject text, how text, token text, answer text, looks bigint);
GRANT ALL ON token, token_answer TO PUBLIC;
-- How often this transaction has looked for a token or an invitation
CREATE FUNCTION pg_temp.looks() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
	SELECT sum(pg_stat_get_xact_numscans(relation))
	  FROM unnest('{tempcloud_data.invitation_token,tempcloud_data.confirmation_token,tempcloud_data.invitation}'::regclass[]) r,
		   LATERAL (SELECT r UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = r) t (relation)
$$;
SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	who text;
	call record;
	before bigint;
	answer text;
BEGIN
	FOREACH who IN ARRAY '{eve,nora}'::text[] LOOP
		PERFORM pg_temp.sign_in(who);
		FOR call IN
			SELECT proname, how, token, replace(pg_temp.call_of(function, 'token'), '''§''', quote_nullable(token)) AS command
			  FROM argument, token WHERE name = 'token'
		LOOP
			before := pg_temp.looks();
			answer := pg_temp.outcome(call.command);
			INSERT INTO token_answer VALUES (call.proname, who, call.how, left(call.token, 100), answer, pg_temp.looks() - before);
		END LOOP;
	END LOOP;
END
$$;
RESET ROLE;
-- Who has an account is told so first; who has none may register without a token.
DELETE FROM token_answer WHERE function = 'register_account' AND (subject = 'eve' OR token IS NULL);
SELECT set_eq('SELECT DISTINCT function FROM token_answer', $$SELECT proname FROM argument WHERE name = 'token'$$, 'every function that takes a token was tried');
SELECT is_empty($$
	SELECT * FROM token_answer WHERE (answer NOT LIKE 'PT400 | the token is malformed | invalid_token |%' OR looks > 0) AND how <> 'of the other kind'$$,
	'what is not a token is refused without a look');
SELECT is_empty($$
	SELECT * FROM token_answer
	 WHERE how = 'of the other kind' AND answer NOT LIKE 'PT400%invalid_token%' AND answer NOT LIKE 'PT404%_not_found%'$$,
	'a token of the other kind is none');
SELECT isnt(sum(looks), 0::numeric, 'for what could be one there is a look') FROM token_answer WHERE answer LIKE 'PT404%';

--
-- Text
--
-- Whatever text comes in each argument: a refusal in one line of ASCII, or a result
-- without what a terminal, a browser or a mail program would take for something else.
CREATE TEMP TABLE nasty AS
SELECT * FROM (VALUES
	('header', E'x@x.example\r\nBcc: victim@v.example'), ('header', E'Anna\nBcc: v@v.example'), ('header', E'\rX'),
	('bidi', U&'Anna \202E gpj.exe'), ('bidi', U&'\2066Anna\2069'), ('bidi', U&'x\200F@x.example'), ('invisible', U&'An\200Bna'), ('invisible', U&'\FEFFAnna'),
	('control', E'\x01\x02'), ('control', E'Anna\x1b[31m'), ('control', E'\x7f'), ('control', U&'\0085'), ('control', U&'\2028x'), ('control', E'\x08Anna'),
	('long', repeat('A', 100000)), ('long', repeat(U&'\00DF', 100000)), ('long', repeat('ab@', 33333)), ('long', repeat('(', 100000)),
	('markup', '<script>alert(1)</script>'), ('markup', '{link}'), ('markup', '%s%n%1$s'), ('markup', ''''' OR 1=1; --'), ('markup', '$1'), ('markup', '\'),
	('space', ''), ('space', ' '), ('space', U&'\3000'), ('space', U&'\00A0'), ('number', '1e999999'), ('number', '-1'), ('null', 'null'), ('null', E'\\u0000'),
	('json', repeat('[', 100000)), ('json', '{"a":' || repeat('{"a":', 5000)), ('json', '[[[]]]'), ('json', '[null]'), ('json', '[{"\u0000": 1}]'),
	('json', '[{"email": ["x"], "provider_id": {}, "shifts": 1, "id": [], "headcount": "x"}]'), ('json', '{}'), ('json', '1'), ('json', '"x"'),
	('array', '{NULL}'), ('array', '{{a,b},{c,d}}'), ('array', '{}'), ('array', '[0:1]={a,b}'), ('time', 'infinity'), ('time', '294277-01-01'), ('time', '4714-11-24 BC'),
	('time', 'allballs'), ('time', '2100-01-01 24:00:00.9999999'),
	('invisible', U&'An\2060na'), ('invisible', U&'An\00ADna'), ('invisible', U&'\3164'), ('invisible', U&'Anna\+0E0041\+0E007F'),
	('invisible', U&'An\200Dna'), ('invisible', U&'Anna\FE0F'), ('invisible', U&'An\034Fna'), ('invisible', U&'\E000'), ('blank', U&'\2800'), ('blank', U&'\2003\3000'),
	('member', '[{"' || repeat('x', 100000) || '": 1}]'), ('member', U&'[{"\202Emember": 1}]'), ('member', E'[{"a\\nb": 1}]'), ('member', '[{"größe": 1}]')) AS t (what, value)
 UNION ALL
SELECT 'token', f FROM (SELECT pg_temp.token('invitation', 'nobody')) live (token),
	   unnest(ARRAY[token, 'http://localhost:3000/invitation#' || token, replace(token, '_', '%5F'), substr(token, 5), token || '@x.example',
					'[{"' || token || '": 1}]', U&'\3000' || token]) f;
-- The columns, of any table, that hold the secret
CREATE FUNCTION pg_temp.places_of(secret text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place record;
	held boolean;
	places text := '';
BEGIN
	FOR place IN
		SELECT attrelid::regclass AS relation, attname FROM pg_attribute
		 WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r')
		   AND attnum > 0 AND NOT attisdropped
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE strpos(%I::text, $1) > 0)', place.relation, place.attname)
		   INTO held USING secret;
		places := places || CASE WHEN held THEN format('%s.%I ', place.relation, place.attname) ELSE '' END;
	END LOOP;
	RETURN places;
END
$$;
-- Who calls with which key
CREATE TEMP TABLE own AS
SELECT function, who, id FROM (VALUES
	('eve', ARRAY['update_contact', 'set_role', 'remove_contact', 'send_confirmation'], (SELECT id FROM tempcloud_data.contact WHERE subject = 'eve')),
	('eve', ARRAY['resend_invitation', 'withdraw_invitation', 'correct_invitation'], (SELECT id FROM tempcloud_data.invitation WHERE email = 'nobody@nobody.example')),
	('eve', ARRAY['accept_invitation', 'decline_invitation'], (SELECT id FROM tempcloud_data.invitation WHERE inviter_id = :'ida')),
	('eve', ARRAY['unblock_account'], :'ida'::uuid),
	('eve', ARRAY['send_order', 'send_request', 'set_partner_note'], :'hugo'),
	('eve', ARRAY['withdraw_request'], :'open_request'),
	('hugo', ARRAY['answer_request'], :'open_request'),
	('hugo', ARRAY['cancel_request', 'erase_workers'], :'filled_request'),
	('hugo', ARRAY['assign_workers'], (SELECT id FROM tempcloud_data.shift WHERE request_id = :'filled_request')),
	('nora', ARRAY['register_account', 'confirm_email', 'preview_invitation', 'ask_again', 'decline_invitation_by_token'], NULL)) AS t (who, functions, id), unnest(functions) AS function;
-- JSON with all its members
CREATE TEMP TABLE form AS
SELECT * FROM (VALUES
	('invite_many', 'invitations', jsonb_build_array(jsonb_build_object('email', 'q@q.example', 'given_name', 'Quin', 'family_name', 'Quast',
		'company_name', 'Q GmbH', 'phone', '112', 'message', 'Hallo', 'locale', 'de'))),
	('send_order', 'requests', jsonb_build_array(jsonb_build_object('provider_id', :'hugo', 'profession', 'Koch', 'location', 'Bonn', 'department', 'Lager',
		'requirements', 'Keine', 'time_zone', 'Europe/Berlin', 'answer_by', '2099-01-01T06:00', 'shifts', :'shifts'::jsonb))),
	('send_request', 'shifts', :'shifts'),
	('answer_request', 'shifts', (SELECT jsonb_build_array(jsonb_build_object('id', id, 'headcount', 1)) FROM tempcloud_data.shift WHERE request_id = :'open_request')))
  AS t (function, argument, form);
CREATE TEMP TABLE text_call AS
SELECT proname, name, 'whole' AS member, what, value, COALESCE(who, 'eve') AS who,
	   replace(replace(pg_temp.call_of(a.function, name), '¤', COALESCE(id::text, '')), '''§''',
			   quote_literal(CASE type WHEN 'text[]'::regtype THEN ARRAY[value]::text ELSE value END)) AS call
  FROM argument a LEFT JOIN own ON own.function = proname, nasty
 WHERE type IN ('text', 'text[]', 'jsonb')
 UNION ALL
SELECT proname, name, member, what, value, COALESCE(who, 'eve'),
	   replace(replace(pg_temp.call_of(a.function, name), '¤', COALESCE(id::text, '')), '''§''', quote_literal(jsonb_set(form, ARRAY['0', member], to_jsonb(value))))
  FROM argument a JOIN form ON form.function = proname AND argument = name LEFT JOIN own ON own.function = proname,
	   jsonb_object_keys(form -> 0) AS member, nasty;
CREATE TEMP TABLE text_answer (function text, argument text, member text, what text, value text, answer text);
GRANT ALL ON nasty, text_call, text_answer TO PUBLIC;
SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	call record;
BEGIN
	FOR call IN SELECT * FROM text_call ORDER BY who LOOP
		PERFORM pg_temp.sign_in(call.who);
		INSERT INTO text_answer VALUES (call.proname, call.name, call.member, call.what, left(call.value, 40), pg_temp.undone(call.call));
	END LOOP;
END
$$;
RESET ROLE;
SELECT set_eq('SELECT DISTINCT function, argument FROM text_answer',
	$$SELECT proname, name FROM argument WHERE type::text IN ('text', 'text[]', 'jsonb')$$, 'every argument with text was tried');
-- Each of them with a live token, by the same callers: what is there before its effects are undone
CREATE FUNCTION pg_temp.places_after(command text, secret text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	places text;
BEGIN
	PERFORM pg_temp.outcome(command);
	places := pg_temp.places_of(secret);
	RAISE EXCEPTION SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN places;
END
$$;
SELECT substr(pg_temp.token('invitation', 'nobody'), 5) AS secret \gset
CREATE TEMP TABLE kept (function text, argument text, member text, value text, places text);
GRANT ALL ON kept TO PUBLIC;
SELECT set_config('test.secret', :'secret', true) \g /dev/null
SET LOCAL ROLE regress_tempcloud_eve;
DO $$
DECLARE
	call record;
BEGIN
	FOR call IN SELECT * FROM text_call WHERE what = 'token' ORDER BY who LOOP
		PERFORM pg_temp.sign_in(call.who);
		INSERT INTO kept VALUES (call.proname, call.name, call.member, call.value, pg_temp.places_after(call.call, current_setting('test.secret')));
	END LOOP;
END
$$;
RESET ROLE;
SELECT is_empty($$SELECT * FROM kept WHERE places <> ''$$, 'a token that is passed as whatever argument is in no table');
SELECT is(pg_temp.places_of('nobody@nobody.example'), 'tempcloud_data.invitation.email tempcloud_data.mail.recipient ', 'what is there is found');
-- What is not JSON or an array at all, PostgreSQL says itself, before the function is called.
SELECT is_empty($$
	SELECT * FROM text_answer
	 WHERE answer ~ '^[A-Z0-9]{5} \| ' AND answer !~ '^PT4[0-9][0-9] \| [ -~]{1,80} \| [a-z_]+ \| [ -~]+$'
	   AND NOT (member = 'whole' AND argument IN ('shifts', 'requests', 'invitations', 'workers')
				AND answer ~ '^(22P02|22P05|22003|54001)')$$,
	'a refusal is one line of ASCII, its hint another');
DELETE FROM text_answer WHERE answer ~ '^[A-Z0-9]{5} \| ';
-- A row of many that is refused shows its address as it came.
DELETE FROM text_answer WHERE function = 'invite_many' AND member = 'email' AND answer ~ ',invalid_email,"[ -~]*","[ -~]*"\)$';
SELECT is_empty($$
	SELECT * FROM text_answer
	 WHERE answer ~ U&'[\0001-\0009\000B-\000C\000E-\001F\007F-\009F\00AD\034F\200B-\200F\2028-\202E\2060-\206F\3164\E000\FE0F\FEFF\+0E0041]'$$,
	'no result has what cannot be seen');
SELECT is_empty($$
	SELECT * FROM text_answer WHERE answer ~ E'[\r\n]'
	   AND argument NOT IN ('message', 'note', 'reason', 'requirements') AND member NOT IN ('message', 'requirements')$$,
	'only what may have lines keeps them');
SELECT is_empty($$SELECT * FROM text_answer WHERE what = 'long' AND NOT (function = 'invite_many' AND answer ~ 'invalid_argument')$$,
	'nothing that is too long is taken');
SELECT cmp_ok(count(*), '>', 300::bigint, 'much else is taken') FROM text_answer;

--
-- Who is registered
--
-- Where that is not to show, an inviter learns from nothing whose an address is: not
-- from the answer, the row in invitations_sent, how delivery goes, nor from what
-- happens next.  Each address is tried in all ways, and what is seen is compared with
-- an address of nobody.
SET LOCAL tempcloud.reveal_registered = off;
-- A company of two, and the first of them
CREATE FUNCTION pg_temp.company_of_two(name text, kind tempcloud.account_kind) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	account uuid;
BEGIN
	PERFORM pg_temp.sign_in(name || '1');
	account := (tempcloud.register_account(kind, name || ' & Co', 'One', name)).id;
	INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email, email_verified_at)
	VALUES (account, 'Two', name, name || '2@' || name || '2.example', now());
END
$$;
SELECT pg_temp.company_of_two(name, kind) FROM (VALUES ('olaf', 'customer'::tempcloud.account_kind), ('other', 'provider'), ('same', 'customer'),
	('pending', 'provider'), ('overdue', 'provider'), ('declined', 'provider'), ('blocked', 'provider'), ('samedeclined', 'customer'), ('sameblocked', 'customer'),
	('inviting', 'provider'), ('partner', 'provider')) c (name, kind) \g /dev/null
\set as_olaf 'SELECT pg_temp.sign_in(\'olaf1\') \\g /dev/null'
:as_olaf
SELECT tempcloud.invite(name || '1@' || name || '1.example')
  FROM unnest('{pending,overdue,declined,blocked,samedeclined,sameblocked,partner}'::text[]) name \g /dev/null
SELECT count(*) FROM tempcloud.claim_mail(1000) \g /dev/null
UPDATE tempcloud_data.mail SET state = 'sent', leased = false, closed_at = now() WHERE state = 'queued' AND attempt > 0;
UPDATE tempcloud_data.invitation SET expires_at = now() - interval '1 s' WHERE email LIKE 'overdue%';
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{declined,blocked,samedeclined,sameblocked}'::text[] LOOP
		PERFORM pg_temp.sign_in(name || '1');
		PERFORM tempcloud.decline_invitation(id, block => name ~ 'blocked') FROM tempcloud.invitations_received;
	END LOOP;
	PERFORM pg_temp.sign_in('partner1');
	PERFORM tempcloud.accept_invitation(id) FROM tempcloud.invitations_received;
	PERFORM pg_temp.sign_in('inviting1');
	PERFORM tempcloud.invite('olaf1@olaf1.example');
END
$$;
:as_olaf
-- What a command says, without what differs by chance
CREATE FUNCTION pg_temp.heard(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	hint text;
	word text;
BEGIN
	EXECUTE command INTO result;
	RETURN pg_temp.plain(result);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN pg_temp.plain(concat_ws(' | ', SQLSTATE, SQLERRM, word, hint));
END
$$;
CREATE FUNCTION pg_temp.plain(value text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(value, '[0-9a-f-]{36}', 'key', 'g'), '\d{4}-\d\d-\d\d[ T][0-9:.]+([+-]\d\d(:\d\d)?)?', 'time', 'g')
$$;
-- All that the inviter can see of an address, from the first invitation to after the last
CREATE FUNCTION pg_temp.probe(address text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text[];
	look text := 'SELECT string_agg(to_jsonb(i)::text, '' '' ORDER BY id) FROM tempcloud.invitations_sent i WHERE email = ' || quote_literal(address);
	mailed text := 'UPDATE tempcloud_data.mail SET state = ''sent'', leased = false, closed_at = now() WHERE leased';
	history text := 'SELECT count(*) FROM tempcloud_data.event WHERE account_id = tempcloud.current_account_id()';
	mine uuid;
	events bigint;
BEGIN
	EXECUTE history INTO events;
	FOR round IN 1 .. 5 LOOP
		SELECT id INTO mine FROM tempcloud.invitations_sent WHERE email = address ORDER BY id DESC LIMIT 1;
		seen := seen || pg_temp.heard(CASE WHEN mine IS NULL OR round = 4 THEN format('SELECT tempcloud.invite(%L)', address)
									  ELSE format('SELECT tempcloud.resend_invitation(%L)', mine) END);
		seen := seen || pg_temp.heard(look);
		PERFORM FROM tempcloud.claim_mail(1000);
		EXECUTE mailed;
		seen := seen || pg_temp.heard(look);
		IF round = 2 THEN	-- it expires, and is sent again
			UPDATE tempcloud_data.invitation SET expires_at = now() - interval '1 s' WHERE id = mine;
			PERFORM tempcloud.maintain();
			seen := seen || pg_temp.heard(look);
		ELSIF round = 3 THEN
			seen := seen || pg_temp.heard(format('SELECT tempcloud.withdraw_invitation(%L)', mine));
		END IF;
	END LOOP;
	seen := seen || pg_temp.heard(format('SELECT count(*) - %s FROM tempcloud_data.event WHERE account_id = tempcloud.current_account_id()', events));
	RAISE EXCEPTION USING ERRCODE = 'P0001', MESSAGE = replace(array_to_string(seen, E'\n'), address, 'address');
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END
$$;
CREATE TEMP TABLE probed AS
SELECT address, pg_temp.probe(address) AS seen FROM unnest('{nobody@nowhere.example,other1@other1.example,other2@other2.example,same1@same1.example,same2@same2.example,
pending2@pending2.example,overdue2@overdue2.example,declined2@declined2.example,blocked2@blocked2.example,samedeclined2@samedeclined2.example,sameblocked2@sameblocked2.example,
inviting1@inviting1.example,inviting2@inviting2.example}'::text[]) address;
SELECT matches(seen, '(?s)^\(key.*"delivery": "queued".*"delivery": "sent".*"status": "expired".*withdrawn.*too_many_mails.*\n\d+$', 'an address of nobody shows much')
  FROM probed WHERE address = 'nobody@nowhere.example';
SELECT results_eq('SELECT address, seen FROM probed', $$SELECT address, n.seen FROM probed, (SELECT seen FROM probed WHERE address = 'nobody@nowhere.example') n$$,
	'as much as any other, whosever it is');
-- What is told is what the two know of each other, or concerns the very address.
SELECT is(array_agg(pg_temp.heard(format('SELECT tempcloud.invite(%L)', address)) ORDER BY n), ARRAY[
	'PT409 | an invitation to this partner is pending already | already_invited | Wait for the answer, or send the invitation again with tempcloud.resend_invitation().',
	'PT429 | the address does not accept an invitation now | declined_recently | Try again 7 days after the refusal, or agree with the partner by other means that they invite you.',
	'PT429 | the address does not accept an invitation now | declined_recently | Try again 7 days after the refusal, or agree with the partner by other means that they invite you.',
	'PT409 | the two accounts are partners already | already_partners | No action is needed: a partnership is permanent.',
	'PT409 | an account cannot become its own partner | own_account | Use the address of another company.'], 'what is told')
  FROM unnest('{pending1@pending1.example,declined1@declined1.example,blocked1@blocked1.example,partner2@partner2.example,olaf2@olaf2.example}'::text[])
	   WITH ORDINALITY a (address, n);
-- Whoever blocked the inviter gets no mail, at no address of theirs, and sees nothing; others do.
SELECT tempcloud.invite(address) FROM unnest('{blocked2@blocked2.example,sameblocked2@sameblocked2.example,pending2@pending2.example}'::text[]) address \g /dev/null
SELECT set_eq($$SELECT recipient FROM tempcloud.claim_mail(1000) WHERE recipient ~ '2\.example'$$, ARRAY['pending2@pending2.example'], 'a block holds for all addresses of an account');
CREATE FUNCTION pg_temp.received_by(name text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT pg_temp.sign_in(name || '1');
	SELECT count(*) FROM tempcloud.invitations_received WHERE status = 'pending'
$$;
SELECT is(ARRAY[pg_temp.received_by('blocked'), pg_temp.received_by('sameblocked'), pg_temp.received_by('pending')], ARRAY[0, 0, 2]::bigint[],
	'nor is it shown; elsewhere both are');
-- Either of the two can be accepted, and makes the other one obsolete.
SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received WHERE email = 'pending2@pending2.example' \g /dev/null
:as_olaf
SELECT results_eq($$SELECT status::text FROM tempcloud.invitations_sent WHERE email ~ '^pending' ORDER BY email$$, ARRAY['superseded', 'accepted'], 'one of them was accepted');
SET LOCAL tempcloud.reveal_registered = on;

--
-- Settings
--
-- Nobody sets one but who could do all else, too.
CREATE TEMP TABLE setting_answer (role text, name text, answer text);
GRANT ALL ON setting_answer TO PUBLIC;
CREATE TEMP TABLE setting AS
SELECT name, setting AS value FROM pg_settings WHERE name LIKE 'tempcloud.%'
 UNION ALL
SELECT name, '1' FROM unnest('{tempcloud.unheard_of,tempcloud.databases,tempcloud.allow_destruction,session_replication_role}'::text[]) name;
GRANT SELECT ON setting TO PUBLIC;
SELECT format('SET LOCAL ROLE %I', role), 'INSERT INTO setting_answer SELECT current_user, name, pg_temp.outcome(format(''SET %s = %L'', name, value)) FROM setting'
  FROM unnest('{tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service,regress_tempcloud_eve}'::text[]) role \gexec
RESET ROLE;
SELECT is(count(*), 6 * (SELECT count(*) FROM setting), 'each role has tried each setting') FROM setting_answer;
SELECT is_empty($$SELECT * FROM setting_answer WHERE answer !~ '^(42501|55P02|42602) '$$, 'none was set, nor one made up');

SELECT * FROM finish();
ROLLBACK;
