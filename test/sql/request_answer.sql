-- answer: what a provider says to a request

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.answer","email":"anna@kunde.answer.example","email_verified":true}'
\set bob '{"sub":"bob.answer","email":"bob@anbieter.answer.example","email_verified":true}'
\set dora '{"sub":"dora.answer","email":"dora@fremd.answer.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'dora', 'provider', 'Fremd GmbH', 'Dora', 'Daum') AS fremd \gset
SELECT test.partners(:'anna', :'bob') \gset

SET request.jwt.claims = :'anna';
SELECT id AS whole FROM tempcloud.send_request(:'anbieter', 'Lagerhelfer', 'Berlin', test.shifts(2, 3)) \gset
SELECT id AS part FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin', test.shifts(2, 3)) \gset
SELECT id AS single FROM tempcloud.send_request(:'anbieter', 'Kellner', 'Berlin', test.shifts(2, 3, 4)) \gset
SELECT id AS declined FROM tempcloud.send_request(:'anbieter', 'Pilot', 'Berlin', test.shifts(1)) \gset

-- Only who was asked answers.
SELECT tempcloud.answer_request(:'whole', true);
SET request.jwt.claims = :'dora';
SELECT tempcloud.answer_request(:'whole', true);
SELECT test.refusal(format('SELECT tempcloud.answer_request(%L, false)', id)) AS answered,
	   test.refusal(format('SELECT tempcloud.cancel_request(%L, ''x'')', id)) AS cancelled
  FROM (VALUES (:'whole'), (gen_random_uuid()::text)) v (id);

-- Accepted as a whole: everybody who is asked for is offered.
SET request.jwt.claims = :'bob';
SELECT status, reason, decided_at IS NOT NULL AS decided FROM tempcloud.answer_request(:'whole', true, 'Gern');
SELECT headcount, offered, assigned FROM tempcloud.shifts WHERE request_id = :'whole' ORDER BY starts_at;
SELECT status, headcount, offered, assigned, answer, answered_at <= decided_at AS in_order
  FROM tempcloud.requests_received WHERE id = :'whole';

-- The same answer again changes nothing, the other one is too late.
SELECT status FROM tempcloud.answer_request(:'whole', true, 'Noch einmal', headcount => 1);
SELECT offered FROM tempcloud.shifts WHERE request_id = :'whole' ORDER BY starts_at;
SELECT tempcloud.answer_request(:'whole', false);

-- Accepted in part: so many at most, or said for each shift.
SELECT status FROM tempcloud.answer_request(:'part', true, headcount => 2);
SELECT headcount, offered FROM tempcloud.shifts WHERE request_id = :'part' ORDER BY starts_at;
SELECT jsonb_build_array(jsonb_build_object('id', max(id::text) FILTER (WHERE headcount = 2), 'headcount', 0),
						 jsonb_build_object('id', max(id::text) FILTER (WHERE headcount = 4), 'headcount', 4)) AS offers
  FROM tempcloud.shifts WHERE request_id = :'single' \gset
SELECT test.answer(format('SELECT tempcloud.answer_request(%L, %L, NULL, %L, %L)', :'single', accept, headcount, shifts))
  FROM (VALUES (true, 0, NULL::jsonb), (true, -1, NULL), (true, NULL, '{}'), (true, NULL, '"x"'), (true, NULL, '[null]'), (true, NULL, '[{}]'),
			   (true, NULL, '[{"id":"00000000-0000-7000-8000-000000000000","headcount":1}]'),
			   (true, NULL, jsonb_set(:'offers', '{0,headcount}', '3')), (true, NULL, jsonb_set(:'offers', '{1,headcount}', '-1')),
			   (true, NULL, jsonb_set(:'offers', '{1,people}', '1')), (true, NULL, jsonb_build_array(:'offers'::jsonb -> 0, :'offers'::jsonb -> 0)),
			   (true, NULL, (SELECT jsonb_agg(jsonb_build_object('id', id, 'headcount', 0)) FROM tempcloud.shifts WHERE request_id = :'single')),
			   (true, NULL, (SELECT jsonb_agg(jsonb_build_object('id', id, 'headcount', 1)) FROM tempcloud.shifts WHERE request_id = :'part')),
			   (false, 1, NULL), (false, NULL, '[]'), (NULL, NULL, NULL)
	   ) v (accept, headcount, shifts);
SELECT status FROM tempcloud.requests_received WHERE id = :'single';
SELECT status FROM tempcloud.answer_request(:'single', true, headcount => 1, shifts => :'offers');
SELECT headcount, offered FROM tempcloud.shifts WHERE request_id = :'single' ORDER BY starts_at;

-- Declined: final, too
SELECT status, reason FROM tempcloud.answer_request(:'declined', false, 'Wir haben keine Piloten.');
SELECT status FROM tempcloud.answer_request(:'declined', false);
SELECT tempcloud.answer_request(:'declined', true);
SET request.jwt.claims = :'anna';
SELECT profession, status, headcount, offered, answer, reason FROM tempcloud.requests_sent ORDER BY created_at;
SELECT tempcloud.withdraw_request(:'whole');
SELECT test.refusal(format('SELECT tempcloud.cancel_request(%L, ''x'')', :'declined'));

-- The customer hears of it.
SELECT test.deliver() > 0 AS delivered;
RESET ROLE;
SELECT (mail).kind, (mail).subject, (mail).reply_to, regexp_replace(regexp_replace((mail).text_body, 'requests/[0-9a-f-]{36}', 'requests/ID'), '\d\d\.\d\d\.\d{4}', 'DD.MM.YYYY', 'g') AS text
  FROM test.inbox WHERE (mail).recipient = 'anna@kunde.answer.example' AND (mail).kind::text LIKE 'request%' ORDER BY n;

-- Past its time it is expired for everybody at once, and then written down.
SET ROLE tempcloud_user;
SELECT id AS late FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin', test.shifts(1),
	answer_by => test.iso(clock_timestamp() + interval '0.1 s')) \gset
SELECT pg_sleep(0.2);
SELECT status FROM tempcloud.requests_sent WHERE id = :'late';
SELECT test.refusal(format('SELECT tempcloud.withdraw_request(%L)', :'late'));
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.requests_received WHERE id = :'late';
SELECT tempcloud.answer_request(:'late', true);
RESET ROLE;
SELECT status FROM tempcloud_data.request WHERE id = :'late';
SELECT expired_requests FROM tempcloud.maintain();
SELECT expired_requests FROM tempcloud.maintain();
SELECT status, decided_at IS NOT NULL AS decided FROM tempcloud_data.request WHERE id = :'late';
SET ROLE tempcloud_user;
SELECT (m).kind, (m).subject, (m).reply_to FROM (SELECT test.mail('anna@kunde.answer.example') AS m) s;
SELECT test.refusal(format('SELECT tempcloud.answer_request(%L, true)', :'late'));

-- What was accepted can be cancelled by either side, for a reason; it stays.
SELECT test.refusal(format('SELECT tempcloud.cancel_request(%L, %L)', :'part', reason))
  FROM (VALUES (NULL), ('  '), (E'\u202e')) v (reason);
SELECT status, reason FROM tempcloud.cancel_request(:'part', 'Grippe');
SELECT status, reason FROM tempcloud.cancel_request(:'part', 'Noch einmal');
SELECT test.refusal(format('SELECT tempcloud.answer_request(%L, true)', :'part'));
SELECT (m).kind, (m).subject, (m).recipient, (m).reply_to FROM (SELECT test.mail('anna@kunde.answer.example') AS m) s;
SET request.jwt.claims = :'anna';
SELECT status, reason FROM tempcloud.cancel_request(:'whole', 'Baustelle geschlossen');
SELECT (m).kind, (m).subject, (m).recipient, (m).reply_to FROM (SELECT test.mail('bob@anbieter.answer.example') AS m) s;
SELECT profession, status, headcount, offered, answer, reason FROM tempcloud.requests_sent ORDER BY created_at;

-- History: ids only
RESET ROLE;
RESET request.jwt.claims;
SELECT event, account_id = :'kunde' AS kunde, contact_id IS NOT NULL AS person, partner_id = :'anbieter' AS anbieter, invitation_id
  FROM tempcloud_data.event WHERE request_id IN (:'part', :'late', :'declined') ORDER BY id;

-- By direct DML neither, for a superuser: what was asked, answered and offered stays.
SELECT test.answer(replace(replace(command, '$1', quote_literal(:'single')), '$2', quote_literal(:'declined')))
  FROM (VALUES ('DELETE FROM tempcloud_data.request WHERE id = $1'),
			   ('UPDATE tempcloud_data.request SET status = ''declined'' WHERE id = $1'),
			   ('UPDATE tempcloud_data.request SET status = ''open'', decided_at = NULL WHERE id = $2'),
			   ('UPDATE tempcloud_data.request SET status = ''cancelled'' WHERE id = $1'),
			   ('UPDATE tempcloud_data.request SET profession = ''x'' WHERE id = $1'),
			   ('UPDATE tempcloud_data.request SET provider_id = customer_id WHERE id = $1'),
			   ('UPDATE tempcloud_data.request SET answer_by = answer_by + interval ''1 day'' WHERE id = $1'),
			   ('UPDATE tempcloud_data.request_answer SET accepted = false WHERE request_id = $1'),
			   ('DELETE FROM tempcloud_data.request_answer WHERE request_id = $1'),
			   ('TRUNCATE tempcloud_data.request_answer'),
			   ('INSERT INTO tempcloud_data.request_answer SELECT r.id, r.customer_id, r.provider_id, o.ordered_by, true, NULL, now() FROM tempcloud_data.request r JOIN tempcloud_data.staff_order o ON o.id = r.order_id WHERE r.answer_by < now()'),
			   ('UPDATE tempcloud_data.shift SET headcount = headcount + 1 WHERE request_id = $1'),
			   ('UPDATE tempcloud_data.shift SET offered = 1 WHERE request_id = $1 AND headcount = 4'),
			   ('UPDATE tempcloud_data.shift SET offered = 9 WHERE request_id = $2'),
			   ('INSERT INTO tempcloud_data.shift (request_id, customer_id, starts_at, ends_at, headcount) SELECT request_id, customer_id, starts_at + interval ''1 hour'', ends_at, 1 FROM tempcloud_data.shift WHERE request_id = $1'),
			   ('INSERT INTO tempcloud_data.shift (request_id, customer_id, starts_at, ends_at, headcount) VALUES ($1, gen_random_uuid(), ''2000-01-01'', ''2000-01-03'', 1)'),
			   ('INSERT INTO tempcloud_data.request (order_id, customer_id, provider_id, profession, location, time_zone, answer_by, created_at) SELECT order_id, customer_id, customer_id, ''x'', ''x'', ''UTC'', ''2100-01-01'', now() FROM tempcloud_data.request WHERE id = $1')
	   ) v (command);
SELECT test.answer(format('INSERT INTO tempcloud_data.request (order_id, customer_id, provider_id, profession, location, time_zone, answer_by, created_at) SELECT order_id, customer_id, %L, ''x'', ''x'', ''UTC'', ''2100-01-01'', now() FROM tempcloud_data.request WHERE id = %L', :'fremd', :'single'));
