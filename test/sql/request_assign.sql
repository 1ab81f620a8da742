-- assignment: who comes

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.assignment","email":"anna@kunde.assignment.example","email_verified":true}'
\set bob '{"sub":"bob.assignment","email":"bob@anbieter.assignment.example","email_verified":true}'
\set dora '{"sub":"dora.assignment","email":"dora@fremd.assignment.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'dora', 'provider', 'Fremd GmbH', 'Dora', 'Daum') AS fremd \gset
SELECT test.partners(:'anna', :'bob') \gset

SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Lagerhelfer', 'Berlin', test.shifts(3, 1)) \gset
SELECT id AS early FROM tempcloud.shifts WHERE request_id = :'request' AND headcount = 3 \gset
SELECT id AS late FROM tempcloud.shifts WHERE request_id = :'request' AND headcount = 1 \gset

-- Not before it is accepted, and by nobody but its provider
SET request.jwt.claims = :'bob';
SELECT tempcloud.assign_workers(:'early', '{Paul Pack}');
SELECT status FROM tempcloud.answer_request(:'request', true, headcount => 2);
SET request.jwt.claims = :'anna';
SELECT tempcloud.assign_workers(:'early', '{Paul Pack}');
SET request.jwt.claims = :'dora';
SELECT test.refusal(format('SELECT tempcloud.assign_workers(%L, ''{x}'')', id)) FROM (VALUES (:'early'), (gen_random_uuid()::text)) v (id);

-- At most as many as were offered
SET request.jwt.claims = :'bob';
SELECT tempcloud.assign_workers(:'early', '{Paul Pack,Petra Pfeil,Pit Post}');
SELECT place, worker_name, shift_id = :'early' AS early FROM tempcloud.assign_workers(:'early', '{  Paul Pack,Petra Pfeil}');
SELECT starts_at < now() + interval '32 days' AS first_day, place, worker_name FROM tempcloud.assignments ORDER BY starts_at, place;
SELECT offered, assigned FROM tempcloud.shifts ORDER BY starts_at;
SELECT headcount, offered, assigned FROM tempcloud.requests_received;
SELECT test.refusal(format('SELECT tempcloud.assign_workers(%L, %L)', :'early', names))
  FROM (VALUES (NULL::text[]), ('{NULL}'), ('{""}'), ('{www.example.com}'), (ARRAY[E'a\nb']), ('{{a},{b}}')) v (names);
SELECT test.refusal('SELECT tempcloud.assign_workers(NULL, ''{x}'')');

-- The last name makes it filled, and the customer sees the names and gets them by mail.
SELECT place, worker_name FROM tempcloud.assign_workers(:'late', '{Pia Pohl}');
SET request.jwt.claims = :'anna';
SELECT place, worker_name FROM tempcloud.assignments ORDER BY starts_at, place;
SELECT headcount, offered, assigned FROM tempcloud.requests_sent;
SELECT (m).kind, (m).subject, regexp_replace(regexp_replace((m).text_body, 'requests/[0-9a-f-]{36}', 'requests/ID'), '\d\d\.\d\d\.\d{4}', 'DD.MM.YYYY', 'g') AS text
  FROM (SELECT test.mail('anna@kunde.assignment.example') AS m) s;
SET request.jwt.claims = :'dora';
SELECT count(*) FROM tempcloud.assignments;

-- The same names again do nothing; others replace them; who is ill is taken back.
SET request.jwt.claims = :'bob';
SELECT assigned_at AS before FROM tempcloud.assignments WHERE shift_id = :'early' AND place = 1 \gset
SELECT place, worker_name FROM tempcloud.assign_workers(:'early', '{Paul Pack,Petra Pfeil}');
SELECT place, worker_name, assigned_at = :'before' AS unchanged FROM tempcloud.assign_workers(:'early', '{Paul Pack,Paula Platz}');
SELECT place, worker_name FROM tempcloud.assign_workers(:'early', '{Paula Platz}');
SELECT count(*) FROM tempcloud.assign_workers(:'early', '{}');
SELECT place, worker_name FROM tempcloud.assign_workers(:'early', '{Paula Platz,Paul Pack}');

-- Of mails that wait only the newest goes out, with the names as they are then.
SELECT test.deliver();
RESET ROLE;
SELECT substring((mail).text_body from ': 2/3 \(([^)]*)\)') AS names FROM test.inbox
 WHERE (mail).recipient = 'anna@kunde.assignment.example' AND (mail).kind = 'request_filled' ORDER BY n;
SELECT event FROM tempcloud_data.event WHERE request_id = :'request' ORDER BY id;

-- One too many cannot be written, not even by a superuser; what has names cannot be offered anew.
SELECT test.answer(format('INSERT INTO tempcloud_data.assignment (shift_id, customer_id, place, places, worker_name, assigned_by, assigned_at) SELECT shift_id, customer_id, %s, %s, worker_name, assigned_by, now() FROM tempcloud_data.assignment WHERE shift_id = %L AND place = 1 AND replaced_at IS NULL', place, places, :'early'))
  FROM (VALUES (1, 2), (3, 2), (3, 3), (0, 2)) v (place, places);
SELECT test.answer(format('UPDATE tempcloud_data.shift SET offered = 3 WHERE id = %L', :'early'));
SET session_replication_role = replica;
SELECT test.answer(format('UPDATE tempcloud_data.shift SET offered = 3 WHERE id = %L', :'early'));
RESET session_replication_role;

-- Cancelled, it keeps its names and takes no others.
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.cancel_request(:'request', 'Streik');
SELECT tempcloud.assign_workers(:'early', '{}');
SELECT place, worker_name FROM tempcloud.assignments ORDER BY starts_at, place;
SELECT status, offered, assigned FROM tempcloud.requests_received;
RESET ROLE;
RESET request.jwt.claims;
