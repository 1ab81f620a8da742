-- order: what a customer does with requests

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.order","email":"anna@kunde.order.example","email_verified":true}'
\set bob '{"sub":"bob.order","email":"bob@anbieter.order.example","email_verified":true}'
\set berta '{"sub":"berta.order","email":"berta@personal.order.example","email_verified":true}'
\set dora '{"sub":"dora.order","email":"dora@fremd.order.example","email_verified":true}'
\set nobody '{"sub":"nobody.order"}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'berta', 'provider', 'Personal KG', 'Berta', 'Blum') AS personal \gset
SELECT test.company(:'dora', 'provider', 'Fremd GmbH', 'Dora', 'Daum') AS fremd \gset
SELECT test.partners(:'anna', :'bob') \gset
SELECT test.partners(:'berta', :'anna') \gset

-- An order of several requests to several partners
SET request.jwt.claims = :'anna';
SELECT jsonb_build_array(
	jsonb_build_object('provider_id', :'anbieter', 'profession', 'Lagerhelfer', 'location', 'Berlin',
					   'department', 'Lager 2', 'requirements', E'Staplerschein\nSicherheitsschuhe', 'shifts', test.shifts(2, 3)),
	jsonb_build_object('provider_id', :'personal', 'profession', 'Lagerhelfer', 'location', 'Berlin',
					   'shifts', test.shifts(1))) AS requests \gset
SELECT provider_id = :'anbieter' AS anbieter, customer_id = :'kunde' AS kunde, profession, location, department,
	   requirements, status, answer_by = date_trunc('day', now()) + interval '31 days 6 hours' AS by_first_shift,
	   decided_at, reason
  FROM tempcloud.send_order('Inventur', :'requests', 'B-1');
SELECT order_name, reference, ordered_by, provider_company, status, headcount, offered, assigned,
	   ends_at - starts_at AS span
  FROM tempcloud.requests_sent;
SELECT headcount, offered, assigned, ends_at - starts_at AS span
  FROM tempcloud.shifts ORDER BY request_id, starts_at;
SELECT count(*) FROM tempcloud.requests_received;

-- Each provider sees what they were asked, and nobody else does.
SET request.jwt.claims = :'bob';
SELECT order_name, reference, ordered_by, customer_company, department, requirements, status, headcount
  FROM tempcloud.requests_received;
SELECT headcount FROM tempcloud.shifts ORDER BY starts_at;
SELECT count(*) FROM tempcloud.requests_sent;
SET request.jwt.claims = :'dora';
SELECT count(*) FROM tempcloud.requests_received;
SELECT count(*) FROM tempcloud.shifts;
SET request.jwt.claims = :'nobody';
SELECT count(*) FROM tempcloud.requests_received;

-- The same order sent again is the same one; another one needs another reference.
SET request.jwt.claims = :'anna';
SELECT count(*) FROM tempcloud.send_order('Inventur', :'requests', 'B-1');
SELECT count(*), count(DISTINCT order_id) AS orders FROM tempcloud.requests_sent;
SELECT tempcloud.send_order('Inventar', :'requests', 'B-1');
SELECT test.refusal(format('SELECT tempcloud.send_order(''Inventur'', %L, ''B-1'')', jsonb_build_array(:'requests'::jsonb -> 0)));
SELECT count(*) FROM tempcloud.send_order('Inventur', :'requests', 'B-2');
SELECT count(*) FROM tempcloud.send_order('Inventur', :'requests');
SELECT count(*), count(DISTINCT order_id) AS orders FROM tempcloud.requests_sent;

-- A single request is an order of one.
SELECT id AS single, profession, location FROM tempcloud.send_request(:'anbieter', 'Koch', 'Potsdam', test.shifts(1),
	answer_by => now() + interval '2 days', reference => 'B-3') \gset
SELECT id = :'single' AS again FROM tempcloud.send_request(:'anbieter', 'Koch', 'Potsdam', test.shifts(1),
	answer_by => (SELECT answer_by FROM tempcloud.requests_sent WHERE id = :'single'), reference => 'B-3');
SELECT order_name, profession, department, answer_by - created_at BETWEEN '47 hours' AND '49 hours' AS two_days
  FROM tempcloud.requests_sent WHERE id = :'single';

-- Only customers send, and only to partners; that an account exists is not told.
SELECT test.refusal(format('SELECT tempcloud.send_request(%L, ''Koch'', ''Potsdam'', test.shifts(1))', provider))
  FROM (VALUES (:'fremd'), (gen_random_uuid()::text), (:'kunde')) v (provider);
SET request.jwt.claims = :'bob';
SELECT tempcloud.send_request(:'kunde', 'Koch', 'Potsdam', test.shifts(1));
SELECT test.refusal('SELECT tempcloud.send_order(''x'', ''[]'')');
SET request.jwt.claims = :'nobody';
SELECT test.refusal('SELECT tempcloud.send_order(''x'', ''[]'')');
RESET request.jwt.claims;
SELECT test.refusal('SELECT tempcloud.send_order(''x'', ''[]'')');

-- What is wrong is said where it is; and nothing of the order is sent.
SET request.jwt.claims = :'anna';
\set VERBOSITY terse
CREATE FUNCTION pg_temp.hint(requests jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM tempcloud.send_order('Fehler', requests);
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, hint);
END
$$;
SELECT pg_temp.hint(r) FROM (VALUES (NULL::jsonb), ('{}'), ('[]'), ('"x"'), ('[null]'), ('[1]'), ('[[]]')) v (r);
SELECT set_config('test.good', jsonb_build_object('provider_id', :'anbieter', 'profession', 'Koch', 'location', 'Potsdam',
	'shifts', test.shifts(1, 1))::text, false) IS NOT NULL AS set;
SELECT pg_temp.hint(jsonb_build_array(good, good || bad))
  FROM (VALUES ('{"provider_id":null}'::jsonb), ('{"profession":"  "}'), ('{"location":null}'), ('{"profession":"Koch\nKellner"}'),
			   ('{"department":"\u202ex"}'), ('{"requirements":"a\u0007"}'), ('{"colour":"blue"}'), ('{"answer_by":"yesterday"}'),
			   ('{"answer_by":"infinity"}'), ('{"shifts":null}'), ('{"shifts":{}}'), ('{"shifts":[]}'), ('{"shifts":[1]}'),
			   ('{"provider_id":"00000000-0000-7000-8000-000000000000"}')) v (bad),
	   (SELECT current_setting('test.good')::jsonb) g (good);
SELECT pg_temp.hint(jsonb_build_array(jsonb_set(good, '{shifts,1}', good -> 'shifts' -> 1 || bad)))
  FROM (VALUES ('{"headcount":null}'::jsonb), ('{"headcount":0}'), ('{"headcount":1001}'), ('{"starts_at":"2000-01-01"}'),
			   ('{"ends_at":"2000-01-01"}'), ('{"ends_at":"infinity"}'), ('{"breaks":1}'),
			   (jsonb_build_object('ends_at', date_trunc('day', now()) + interval '33 days 7 hours')),
			   (jsonb_build_object('starts_at', date_trunc('day', now()) + interval '31 days 6 hours',
								   'ends_at', date_trunc('day', now()) + interval '31 days 7 hours')),
			   (jsonb_build_object('starts_at', date_trunc('day', now()) + interval '31 days',
								   'ends_at', date_trunc('day', now()) + interval '31 days 6 hours'))) v (bad),
	   (SELECT current_setting('test.good')::jsonb) g (good);
SELECT pg_temp.hint(jsonb_build_array(good || '{"provider_id":"x"}')) FROM (SELECT current_setting('test.good')::jsonb) g (good);
SELECT pg_temp.hint(jsonb_agg(good)) FROM (SELECT current_setting('test.good')::jsonb FROM generate_series(1, 101)) g (good);
SELECT test.refusal('SELECT tempcloud.send_order(NULL, ''[]'')'), test.refusal('SELECT tempcloud.send_order('' '', ''[]'')');
SELECT count(*), count(DISTINCT order_id) AS orders FROM tempcloud.requests_sent;
\set VERBOSITY default

-- The provider is told by mail, in their language.
SELECT (m).kind, (m).recipient, (m).subject FROM (SELECT test.mail('berta@personal.order.example') AS m) s;
RESET ROLE;
SELECT regexp_replace(regexp_replace((m).text_body, 'requests/[0-9a-f-]{36}', 'requests/ID'), '\d\d\.\d\d\.\d{4}', 'DD.MM.YYYY', 'g') AS text
  FROM (SELECT i.mail AS m FROM test.inbox i
		 WHERE (i.mail).recipient = 'bob@anbieter.order.example' AND (i.mail).kind = 'request_received'
		 ORDER BY n LIMIT 1) s;
SET ROLE tempcloud_user;

-- Withdrawn while it is open; again is no error.
SELECT status, reason, decided_at IS NOT NULL AS decided FROM tempcloud.withdraw_request(:'single', 'Küche geschlossen');
SELECT status, reason FROM tempcloud.withdraw_request(:'single', 'noch einmal');
SELECT status, reason FROM tempcloud.requests_sent WHERE id = :'single';
SELECT (m).kind, (m).subject, position('Küche geschlossen' IN (m).text_body) > 0 AS reason
  FROM (SELECT test.mail('bob@anbieter.order.example') AS m) s;
SET request.jwt.claims = :'bob';
SELECT tempcloud.withdraw_request(:'single');
SELECT test.refusal(format('SELECT tempcloud.answer_request(%L, true)', :'single'));
SET request.jwt.claims = :'berta';
SELECT test.refusal(format('SELECT tempcloud.withdraw_request(%L)', id)) FROM (VALUES (:'single'), (gen_random_uuid()::text)) v (id);
SELECT test.refusal('SELECT tempcloud.withdraw_request(NULL)');

-- No more than so many a day, also within one order
RESET ROLE;
SET tempcloud.max_daily_requests = 9;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT test.refusal(format('SELECT tempcloud.send_order(''zwei'', %L)', :'requests'));
SELECT count(*) FROM tempcloud.requests_sent;
SELECT count(*) FROM tempcloud.send_order('eine', jsonb_build_array(:'requests'::jsonb -> 0));
SELECT test.refusal(format('SELECT tempcloud.send_order(''noch eine'', %L)', jsonb_build_array(:'requests'::jsonb -> 0)));
RESET ROLE;
RESET tempcloud.max_daily_requests;
RESET request.jwt.claims;
