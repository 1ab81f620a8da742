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
	   requirements, status, answer_by = (current_date + 31 + time '06:00') AT TIME ZONE time_zone AS by_first_shift,
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
	answer_by => test.iso(now() + interval '2 days'), reference => 'B-3') \gset
SELECT id = :'single' AS again FROM tempcloud.send_request(:'anbieter', 'Koch', 'Potsdam', test.shifts(1),
	answer_by => (SELECT test.iso(answer_by) FROM tempcloud.requests_sent WHERE id = :'single'), reference => 'B-3');
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
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''Fehler'', %L)', r)) FROM (VALUES (NULL::jsonb), ('{}'), ('[]'), ('"x"'), ('[null]'), ('[1]'), ('[[]]')) v (r);
SELECT set_config('test.good', jsonb_build_object('provider_id', :'anbieter', 'profession', 'Koch', 'location', 'Potsdam',
	'shifts', test.shifts(1, 1))::text, false) IS NOT NULL AS set;
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''Fehler'', %L)', jsonb_build_array(good, good || bad)))
  FROM (VALUES ('{"provider_id":null}'::jsonb), ('{"profession":"  "}'), ('{"location":null}'), ('{"profession":"Koch\nKellner"}'),
			   ('{"department":"\u202ex"}'), ('{"requirements":"a\u0007"}'), ('{"colour":"blue"}'), ('{"answer_by":"yesterday"}'),
			   ('{"answer_by":"infinity"}'), ('{"answer_by":"2100-01-01"}'), ('{"answer_by":"2100-01-01T00:00"}'), ('{"answer_by":"2000-01-01T00:00"}'), ('{"time_zone":"MEZ"}'), ('{"time_zone":"Europe/Atlantis"}'), ('{"shifts":null}'), ('{"shifts":{}}'), ('{"shifts":[]}'), ('{"shifts":[1]}'),
			   ('{"provider_id":"00000000-0000-7000-8000-000000000000"}')) v (bad),
	   (SELECT current_setting('test.good')::jsonb) g (good);
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''Fehler'', %L)', jsonb_build_array(jsonb_set(good, '{shifts,1}', good -> 'shifts' -> 1 || bad))))
  FROM (VALUES ('{"headcount":null}'::jsonb), ('{"headcount":0}'), ('{"headcount":1001}'), ('{"starts_at":"2000-01-01T00:00"}'),
			   ('{"ends_at":"2000-01-01T00:00"}'), ('{"ends_at":"infinity"}'), ('{"breaks":1}'),
			   (jsonb_build_object('ends_at', current_date + 33 + time '07:00')),
			   (jsonb_build_object('starts_at', current_date + 31 + time '06:00',
								   'ends_at', current_date + 31 + time '07:00')),
			   (jsonb_build_object('starts_at', current_date + 31 + time '00:00',
								   'ends_at', current_date + 31 + time '06:00'))) v (bad),
	   (SELECT current_setting('test.good')::jsonb) g (good);
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''Fehler'', %L)', jsonb_build_array(good || '{"provider_id":"x"}'))) FROM (SELECT current_setting('test.good')::jsonb) g (good);
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''Fehler'', %L)', jsonb_agg(good))) FROM (SELECT current_setting('test.good')::jsonb FROM generate_series(1, 101)) g (good);
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

-- Whether an order is the same is told by what is stored: however times, numbers and
-- texts were written, and in whatever order members and shifts came.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
\set early '{"starts_at": "2100-01-04 06:00", "ends_at": "2100-01-04 14:00", "headcount": 2}'
\set late '{"starts_at": "2100-01-05 06:00", "ends_at": "2100-01-05 14:00", "headcount": 3}'
SELECT set_config('test.same', jsonb_build_object('provider_id', :'anbieter', 'profession', 'Koch', 'location', 'Potsdam',
	'requirements', E'eins\nzwei', 'shifts', jsonb_build_array(:'early'::jsonb, :'late'::jsonb))::text, false) IS NOT NULL AS set;
SELECT order_id AS same, test.iso(answer_by) AS by FROM tempcloud.send_order('Küche', jsonb_build_array(current_setting('test.same')::jsonb), 'B-5') \gset
-- The same, another one, or why not
CREATE FUNCTION pg_temp.again(change jsonb, name text DEFAULT 'Küche') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	RETURN order_id FROM tempcloud.send_order(name, jsonb_build_array(current_setting('test.same')::jsonb || change), 'B-5');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word;
END
$$;
SELECT what, replace(pg_temp.again(change), :'same', 'same') AS order
  FROM (VALUES
	(1, 'nothing', '{}'::jsonb),
	(2, 'spaces', '{"profession": " Koch\n", "requirements": "\teins\nzwei "}'),
	(3, 'what is null', '{"department": null, "answer_by": null}'),
	(4, 'what is blank', '{"department": "  "}'),
	(5, 'shifts the other way round', jsonb_build_object('shifts', jsonb_build_array(:'late'::jsonb, :'early'::jsonb))),
	(6, 'numbers', jsonb_build_object('shifts', jsonb_build_array(:'early'::jsonb || '{"headcount": 2.0}', :'late'::jsonb || '{"headcount": "3"}'))),
	(7, 'times with an offset', jsonb_build_object('shifts', jsonb_build_array(
		:'early'::jsonb || '{"starts_at": "2100-01-04T06:00Z", "ends_at": "2100-01-04 09:00-05"}', :'late'::jsonb))),
	(8, 'the last moment to answer', jsonb_build_object('answer_by', '2100-01-04T06:00:00Z')),
	(9, 'a key in capitals', jsonb_build_object('provider_id', upper(:'anbieter'))),
	(11, 'another profession', '{"profession": "Köchin"}'),
	(12, 'more of it', '{"department": "x"}'),
	(13, 'a text moved', '{"location": null, "department": "Potsdam"}'),
	(14, 'fewer people', jsonb_build_object('shifts', jsonb_build_array(:'early'::jsonb || '{"headcount": 1}', :'late'::jsonb))),
	(15, 'a fraction of people', jsonb_build_object('shifts', jsonb_build_array(:'early'::jsonb || '{"headcount": 2.5}', :'late'::jsonb))),
	(16, 'a shift less', jsonb_build_object('shifts', jsonb_build_array(:'early'::jsonb))),
	(17, 'another time', jsonb_build_object('shifts', jsonb_build_array(:'early'::jsonb || '{"ends_at": "2100-01-04 15:00"}', :'late'::jsonb))),
	(18, 'an earlier answer', jsonb_build_object('answer_by', '2100-01-04T05:59:59Z')),
	(19, 'another provider', jsonb_build_object('provider_id', :'personal'))) AS t (n, what, change)
 ORDER BY n;
SELECT replace(pg_temp.again('{}', ' Küche '), :'same', 'same') AS spaces, pg_temp.again('{}', 'Kantine') AS other_name;
SELECT order_id = :'same' AS as_single_request
  FROM tempcloud.send_request(:'anbieter', 'Koch', 'Potsdam', jsonb_build_array(:'late'::jsonb, :'early'::jsonb),
	requirements => E'eins\nzwei', name => 'Küche', reference => 'B-5', answer_by => :'by');
-- In another session time zone it is the same; the time zone of the request is a part of it.
SET timezone = 'America/New_York';
SELECT replace(pg_temp.again('{}'), :'same', 'same') AS order,
	   pg_temp.again('{"time_zone": "America/New_York"}') AS same_words,
	   pg_temp.again('{"time_zone": "Europe/London"}') AS same_times;
RESET timezone;
RESET ROLE;
SELECT count(*) FROM tempcloud_data.staff_order WHERE reference = 'B-5';
RESET request.jwt.claims;

-- Elements that are not objects, members that are not values, and names from outside
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT test.answer(format('SELECT tempcloud.send_order(''x'', %L)', requests))
  FROM (VALUES ('[{"provider_id": ["x"]}]'), ('[{"provider_id": true}]'), ('[{"shifts": 1}]'), ('[{"x' || repeat('y', 100000) || '": 1}]'),
	(U&'[{"\202Emember": 1}]'), (E'[{"a\\nb": 1}]'), ('[{"größe": 1}]'), ('[{"": 1}]'), ('[{"tci_abcdefghijklmnopqrstuvwxyz": 1}]'),
	('[{"Provider_id": 1}]')) AS t (requests);
SELECT position, error, hint FROM tempcloud.invite_many(E'[1, null, "x", [], [{}], {"email": {}}, {"email": ["x"]}, {"email": "x@y.order.example", "message": [1]},
	{"email": "x@y.order.example", "given_name": {}}, {"a\\nb": 1}, {"tci_abcdefghijklmnopqrstuvwxyz": 1}, {"email": true}]');
RESET ROLE;
RESET request.jwt.claims;
