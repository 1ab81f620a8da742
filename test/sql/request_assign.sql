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
SELECT test.answer(format('INSERT INTO tempcloud_data.assignment (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at) SELECT shift_id, customer_id, %s, %s, ends_at, worker_name, assigned_by, now() FROM tempcloud_data.assignment WHERE shift_id = %L AND place = 1 AND replaced_at IS NULL', place, places, :'early'))
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

--
-- The record of names
--

-- Move a shift in time, with its names.
CREATE FUNCTION pg_temp.move(_shift uuid, _start timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	duration interval := _start - starts_at FROM tempcloud_data.shift WHERE id = _shift;
BEGIN
	ALTER TABLE tempcloud_data.shift DISABLE TRIGGER USER;
	ALTER TABLE tempcloud_data.assignment DISABLE TRIGGER USER;
	SET LOCAL session_replication_role = replica;
	UPDATE tempcloud_data.shift SET starts_at = starts_at + duration, ends_at = ends_at + duration WHERE id = _shift;
	UPDATE tempcloud_data.assignment SET ends_at = ends_at + duration, assigned_at = assigned_at + duration, replaced_at = replaced_at + duration
	 WHERE shift_id = _shift;
	SET LOCAL session_replication_role = origin;
	ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER shift_guard, ENABLE ALWAYS TRIGGER shift_guard_after, ENABLE ALWAYS TRIGGER shift_truncate;
	ALTER TABLE tempcloud_data.assignment ENABLE ALWAYS TRIGGER assignment_guard, ENABLE ALWAYS TRIGGER assignment_guard_after,
		ENABLE ALWAYS TRIGGER assignment_append_only, ENABLE ALWAYS TRIGGER assignment_truncate;
END
$$;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin', test.shifts(2)) \gset
SELECT id AS shift FROM tempcloud.shifts WHERE request_id = :'request' \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT place, worker_name, late FROM tempcloud.assign_workers(:'shift', '{Kai Koch,Kim Krug}');

-- After the start, a name is kept and marked as late, for both sides.
SELECT pg_temp.move(:'shift', now() - interval '1 hour') \gset
SELECT place, worker_name, late FROM tempcloud.assign_workers(:'shift', '{Kai Koch,Kurt Kern}');
SELECT place, worker_name, late FROM tempcloud.assignments WHERE shift_id = :'shift' ORDER BY place;
SET request.jwt.claims = :'anna';
SELECT place, worker_name, late FROM tempcloud.assignments WHERE shift_id = :'shift' ORDER BY place;
SELECT place, worker_name, assigned_at < now() AS assigned, assigned_by, late, replaced_at > assigned_at AS replaced, replaced_by
  FROM tempcloud.assignment_history WHERE shift_id = :'shift' ORDER BY id;
SELECT s.assigned, count(*) FROM tempcloud.shifts s, tempcloud.assignment_history(s) WHERE s.id = :'shift' GROUP BY 1;
SET request.jwt.claims = :'dora';
SELECT count(*) FROM tempcloud.assignment_history;

-- After the end, names are final; the same names again are no error.
SET request.jwt.claims = :'bob';
SELECT pg_temp.move(:'shift', now() - interval '9 hours') \gset
SELECT tempcloud.assign_workers(:'shift', '{Kai Koch,Karl Kunz}');
SELECT names, test.refusal(format('SELECT tempcloud.assign_workers(%L, %L)', :'shift', names))
  FROM (VALUES ('{}'), ('{Kai Koch}'), ('{Kurt Kern,Kai Koch}'), ('{Kai Koch,Kurt Kern}'), ('{a,b,c}')) v (names);
-- nor by direct DML
RESET ROLE;
SELECT test.answer(format(replace(command, '$1', '%1$L'), :'shift'))
  FROM (VALUES ('UPDATE tempcloud_data.assignment SET replaced_at = now(), replaced_by = assigned_by WHERE shift_id = $1 AND replaced_at IS NULL RETURNING 1'),
			   ('INSERT INTO tempcloud_data.assignment (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at) SELECT shift_id, customer_id, 1, places, ends_at, ''x'', assigned_by, now() FROM tempcloud_data.assignment WHERE shift_id = $1 LIMIT 1'),
			   ('INSERT INTO tempcloud_data.assignment (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at, replaced_at, replaced_by) SELECT shift_id, customer_id, 1, places, now() + interval ''1 day'', ''x'', assigned_by, now(), now(), assigned_by FROM tempcloud_data.assignment WHERE shift_id = $1 LIMIT 1'),
			   ('UPDATE tempcloud_data.assignment SET ends_at = now() + interval ''1 day'' WHERE shift_id = $1'),
			   ('UPDATE tempcloud_data.assignment SET worker_name = upper(worker_name) WHERE shift_id = $1'),
			   ('UPDATE tempcloud_data.assignment SET assigned_at = assigned_at - interval ''1 day'' WHERE shift_id = $1'),
			   ('UPDATE tempcloud_data.shift SET ends_at = ends_at + interval ''1 day'' WHERE id = $1'),
			   ('DELETE FROM tempcloud_data.assignment WHERE shift_id = $1')) v (command);

-- A worker is found by the name and the provider, and erased once they have been.
SELECT worker - '{request_id,starts_at,ends_at,assigned_at,replaced_at}'::text[] AS worker, worker ->> 'replaced_at' IS NULL AS stayed
  FROM (VALUES ('Kai Koch'), ('Kim Krug'), ('Nobody')) n (name), tempcloud.export_person(worker_name => name, provider_id => :'anbieter') e,
	   jsonb_array_elements(e -> 'workers') worker;
SELECT jsonb_array_length(tempcloud.export_person(worker_name => 'Kai Koch', provider_id => :'fremd') -> 'workers') AS others;
SELECT test.answer($$SELECT tempcloud.export_person()$$), test.answer($$SELECT tempcloud.export_person(worker_name => 'Kai Koch')$$),
	   test.answer(format('SELECT tempcloud.export_person(provider_id => %L)', :'anbieter')), test.answer($$SELECT tempcloud.export_person(worker_name => 'www.x.example', provider_id => NULL)$$);
SELECT * FROM tempcloud.erase_person(worker_name => ' Kai Koch ', provider_id => :'anbieter');
SELECT * FROM tempcloud.erase_person(worker_name => 'Kai Koch', provider_id => :'anbieter');
SELECT * FROM tempcloud.erase_person(worker_name => 'Kim Krug', provider_id => :'anbieter');
SELECT test.answer(format('UPDATE tempcloud_data.assignment SET worker_name = ''Kai Koch'' WHERE shift_id = %L AND worker_name IS NULL', :'shift'));
SET ROLE tempcloud_user;
SELECT place, worker_name, late, replaced_at IS NOT NULL AS replaced FROM tempcloud.assignment_history WHERE shift_id = :'shift' ORDER BY id;
SELECT assigned FROM tempcloud.shifts WHERE id = :'shift';
-- Erased names are none that could be given again.
SELECT test.refusal(format('SELECT tempcloud.assign_workers(%L, %L)', :'shift', '{Kai Koch,Kurt Kern}'));

-- Not yet, if they are to come: unless the request is cancelled.
SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin', test.shifts(2)) \gset
SELECT id AS shift FROM tempcloud.shifts WHERE request_id = :'request' \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT count(*) FROM tempcloud.assign_workers(:'shift', '{Kurt Kern,Lars Lenz}');
SELECT count(*) FROM tempcloud.assign_workers(:'shift', '{Kurt Kern,Lena Lux}');
RESET ROLE;
SELECT test.answer(format('SELECT tempcloud.erase_person(worker_name => ''Kurt Kern'', provider_id => %L)', :'anbieter'));
SELECT workers FROM tempcloud.erase_person(worker_name => 'Lars Lenz', provider_id => :'anbieter');
SELECT count(*) FROM tempcloud_data.assignment WHERE worker_name = 'Kurt Kern';
SET ROLE tempcloud_user;
SELECT test.refusal(format('SELECT tempcloud.erase_workers(%L)', :'request'));
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.cancel_request(:'request', 'Streik');
SELECT test.refusal(format('SELECT tempcloud.erase_workers(%L)', :'request'));
SET request.jwt.claims = :'dora';
SELECT test.refusal(format('SELECT tempcloud.erase_workers(%L)', id)) FROM (VALUES (:'request'), (gen_random_uuid()::text), (NULL)) v (id);
RESET ROLE;
SELECT workers FROM tempcloud.erase_person(worker_name => 'Kurt Kern', provider_id => :'anbieter');
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT tempcloud.erase_workers(:'request');
SELECT tempcloud.erase_workers(:'request');
SELECT place, worker_name, assigned_by FROM tempcloud.assignment_history WHERE request_id = :'request' ORDER BY id;

-- An erased name that is current gives way to another one.
SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin', test.shifts(2)) \gset
SELECT id AS shift FROM tempcloud.shifts WHERE request_id = :'request' \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT count(*) FROM tempcloud.assign_workers(:'shift', '{Max Moll,Mia Mohr}');
RESET ROLE;
UPDATE tempcloud_data.assignment SET worker_name = NULL WHERE shift_id = :'shift';
SET ROLE tempcloud_user;
SELECT place, worker_name FROM tempcloud.assign_workers(:'shift', '{Moritz Maus}');
SELECT place, worker_name, replaced_at IS NOT NULL AS replaced FROM tempcloud.assignment_history WHERE shift_id = :'shift' ORDER BY id;
RESET ROLE;
RESET request.jwt.claims;

-- maintain() erases the names of shifts that are long over, a batch at a time.
SET tempcloud.purge_workers_after = '1095 d';
SELECT pg_temp.move(:'shift', now() - interval '1094 days 8 hours') \gset
SELECT erased_workers FROM tempcloud.maintain();
SELECT pg_temp.move(:'shift', now() - interval '1095 days 9 hours') \gset
SET tempcloud.purge_workers_after = -1;
SELECT erased_workers FROM tempcloud.maintain();
RESET tempcloud.purge_workers_after;
SELECT erased_workers FROM tempcloud.maintain();
SELECT erased_workers FROM tempcloud.maintain();
SELECT place, worker_name, replaced_at IS NOT NULL AS replaced FROM tempcloud_data.assignment WHERE shift_id = :'shift' ORDER BY id;
