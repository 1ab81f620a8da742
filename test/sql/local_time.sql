-- local_time: the times of orders, at the place of work, whatever the session's settings are

\pset null (null)
\set anna '{"sub":"anna.time","email":"anna@kunde.time.example","email_verified":true}'
\set bob '{"sub":"bob.time","email":"bob@anbieter.time.example","email_verified":true}'
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Staffing Inc', 'Bob', 'Bau') AS anbieter \gset
SELECT locale, time_zone FROM tempcloud.update_account(locale => 'en', time_zone => 'America/New_York');
SELECT test.partners(:'anna', :'bob') \gset
SET request.jwt.claims = :'anna';
SELECT time_zone FROM tempcloud.update_account(time_zone => 'Europe/Berlin');
SELECT time_zone FROM tempcloud.my_account;

-- The time zone of an account
SELECT zone, test.answer(format('SELECT time_zone FROM tempcloud.update_account(time_zone => %L)', zone))
  FROM (VALUES ('Asia/Kathmandu'), ('America/Argentina/Buenos_Aires'), ('UTC'), (' Europe/Berlin '), (NULL), (''), ('europe/berlin'), ('Europe/Atlantis'),
			   ('Berlin'), ('CET'), ('UTC+1'), ('Europe/Berlin+1'), ('Etc/GMT+5'), ('EST5EDT'), ('posix/Europe/Berlin'), ('right/Europe/Berlin'), ('localtime'),
			   ('../Europe/Berlin'), ('Europe//Berlin'), ('Europe/Berlin/'), ('Europe'), ('+01:00'), (repeat('E/', 40) || 'x')) AS z (zone);
RESET ROLE;
SELECT test.answer($$UPDATE tempcloud_data.account SET time_zone = 'CET'$$), test.answer($$UPDATE tempcloud_data.account SET time_zone = NULL$$);
SELECT test.answer($$SET tempcloud.default_time_zone = 'Europe/Atlantis'$$), test.answer($$SET tempcloud.default_time_zone = 'CET'$$);
SET tempcloud.default_time_zone = 'Europe/Lisbon';
SET ROLE tempcloud_user;
SELECT test.sign_in('carla.time', 'carla@lisboa.time.example') \gset
SELECT time_zone FROM tempcloud.register_account('customer', 'Lisboa', 'Carla', 'Costa');
SELECT test.sign_in('clara.time', 'clara@porto.time.example') \gset
SELECT time_zone FROM tempcloud.register_account('customer', 'Porto', 'Clara', 'Costa', time_zone => 'Atlantic/Azores');
RESET ROLE;
RESET tempcloud.default_time_zone;

-- How times can be written
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Tokyo';
CREATE FUNCTION pg_temp.read(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r tempcloud.request;
	hint text;
BEGIN
	SELECT * INTO r FROM tempcloud.send_request(current_setting('test.provider')::uuid, 'Koch', 'Berlin',
		'[{"starts_at": "2100-01-01 00:00", "ends_at": "2100-01-01 08:00", "headcount": 1}]', answer_by => t);
	RETURN to_jsonb(r.answer_by AT TIME ZONE 'UTC') #>> '{}';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;
SELECT set_config('test.provider', :'anbieter', false) IS NOT NULL AS set;
SELECT t, pg_temp.read(t) AS utc
  FROM (VALUES ('2099-07-01T06:00'), ('2099-07-01 06:00'), ('2099-07-01T06:00:07'), ('2099-07-01T06:00:07.5'), ('2099-07-01T06:00:07,123456789'),
			   ('2099-07-01T06:00Z'), ('2099-07-01T06:00+00'), ('2099-07-01T06:00-0330'), ('2099-07-01T06:00+05:45'), ('2099-07-01T06:00:00+00:53:28'),
			   ('2099-07-01T24:00'), ('2096-02-29T06:00'), ('2099-01-01T00:00')) AS t (t);
SELECT t, pg_temp.read(t) AS refused
  FROM (VALUES ('now'), ('tomorrow'), ('infinity'), ('2099-07-01'), ('06:00'), ('01/07/2099 06:00'), ('2099-07-01 06:00 PM'), ('2099-07-01T06:00 CET'),
			   ('2099-07-01T06:00 Europe/Berlin'), ('2099-07-01T06:00+16'), ('2099-07-01T06:00+1'), ('2099-07-01T6:00'), ('2099-07-01T06'),
			   ('2099-07-01T06:60'), ('2099-07-01T06:00:60'), ('2099-07-01T24:01'), ('2099-07-01T06:00:00.'), ('2099-02-29T06:00'), ('2099-13-01T06:00'),
			   ('2099-00-01T06:00'), ('2099-01-00T06:00'), ('0000-01-01T06:00'), ('12099-07-01T06:00'), ('2099-07-01T06:00ZZ'), ('2099-07-01t06:00'), ('')) AS t (t)
 WHERE pg_temp.read(t) NOT LIKE '2%' OR t = '';
RESET datestyle;
RESET timezone;

-- An order in two time zones, over the changes to and from summer time there
SELECT jsonb_build_array(
	jsonb_build_object('provider_id', :'anbieter', 'profession', 'Bäcker', 'location', 'Berlin', 'shifts', '[
		{"starts_at": "2099-03-28T22:00", "ends_at": "2099-03-29T06:00", "headcount": 1},
		{"starts_at": "2099-06-01T06:00", "ends_at": "2099-06-01T14:00", "headcount": 1},
		{"starts_at": "2099-10-24T22:00", "ends_at": "2099-10-25T06:00", "headcount": 1},
		{"starts_at": "2099-10-26T16:00", "ends_at": "2099-10-26T24:00", "headcount": 1}]'::jsonb),
	jsonb_build_object('provider_id', :'anbieter', 'profession', 'Baker', 'location', 'New York', 'time_zone', 'America/New_York', 'shifts', '[
		{"starts_at": "2099-03-08T01:00", "ends_at": "2099-03-08T06:00", "headcount": 2},
		{"starts_at": "2099-06-01T06:00", "ends_at": "2099-06-01T14:00", "headcount": 2},
		{"starts_at": "2099-11-01T01:00-04:00", "ends_at": "2099-11-01T01:00-05:00", "headcount": 2}]'::jsonb)) AS requests \gset
SELECT profession, time_zone, to_jsonb(answer_by AT TIME ZONE 'UTC') #>> '{}' AS answer_by FROM tempcloud.send_order('Summer', :'requests');
SELECT s.time_zone, to_jsonb(s.starts_at AT TIME ZONE 'UTC') #>> '{}' AS starts_at, s.ends_at - s.starts_at AS length
  FROM tempcloud.requests_sent r JOIN tempcloud.shifts s ON s.request_id = r.id
 WHERE r.order_name = 'Summer' ORDER BY s.starts_at;

-- Without an offset, a time that the clocks skip or show twice is refused.
SELECT test.answer(format('SELECT FROM tempcloud.send_order(''x'', %L)', jsonb_build_array(jsonb_build_object('provider_id', :'anbieter', 'profession', 'Koch', 'location', 'x',
	'time_zone', zone, 'shifts', jsonb_build_array(jsonb_build_object('starts_at', starts_at, 'ends_at', ends_at, 'headcount', 1))))))
  FROM (VALUES ('Europe/Berlin', '2099-03-29T02:30', '2099-03-29T08:00'), ('Europe/Berlin', '2099-03-29T01:59:59.999999', '2099-03-29T03:00'),
			   ('Europe/Berlin', '2099-10-24T22:00', '2099-10-25T02:30'), ('Europe/Berlin', '2099-10-24T22:00', '2099-10-25T02:30+01:00'),
			   ('America/New_York', '2099-03-08T02:00', '2099-03-08T08:00'), ('America/New_York', '2099-11-01T01:59', '2099-11-01T02:00'),
			   ('America/New_York', '2099-11-01T00:59', '2099-11-01T02:00'), ('Australia/Lord_Howe', '2099-04-05T01:45', '2099-04-05T08:00'),
			   ('UTC', '2099-03-29T02:30', '2099-03-29T08:00')) AS t (zone, starts_at, ends_at);

-- Mails say times in the time zone of the request, and dates of invitations in that of the
-- reader's account, whatever the mailer's session has.
RESET ROLE;
CREATE FUNCTION pg_temp.lines(pattern text) RETURNS TABLE (line text) LANGUAGE sql AS $$
	SELECT l FROM test.inbox, regexp_split_to_table((mail).text_body, E'\n') WITH ORDINALITY AS t (l, place)
	 WHERE (mail).recipient LIKE '%.time.example' AND (mail).subject ~ pattern AND l ~ '\d\d' AND l !~ 'http' ORDER BY n, place
$$;
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'Postgres, DMY';
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Bäcker|Baker');
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT a.status FROM tempcloud.requests_received r, tempcloud.answer_request(r.id, true, headcount => 1) a WHERE r.profession = 'Baker';
RESET ROLE;
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Anfrage angenommen: Baker');
-- A time zone without abbreviations; a language without texts of its own
UPDATE tempcloud_data.account SET time_zone = 'America/Sao_Paulo' WHERE id = :'kunde';
UPDATE tempcloud_data.account SET locale = 'fr' WHERE id = :'anbieter';
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT time_zone FROM tempcloud.send_request(:'anbieter', 'Padeiro', 'São Paulo', '[{"starts_at": "2099-03-08T22:00", "ends_at": "2099-03-09T06:00", "headcount": 2}]');
RESET ROLE;
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Padeiro');
-- One that this server does not know: GMT is said
ALTER TABLE tempcloud_data.request DISABLE TRIGGER USER;
UPDATE tempcloud_data.request SET time_zone = 'Europe/Atlantis' WHERE profession = 'Padeiro';
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard, ENABLE ALWAYS TRIGGER request_guard_after, ENABLE ALWAYS TRIGGER request_truncate;
UPDATE tempcloud_data.account SET time_zone = 'Europe/Atlantis' WHERE id = :'kunde';
SET ROLE tempcloud_user;
SELECT test.answer(format('SELECT tempcloud.send_request(%L, ''x'', ''x'', ''[]'')', :'anbieter'));
RESET ROLE;
UPDATE tempcloud_data.mail SET state = 'queued', closed_at = NULL, due_at = now() WHERE request_id = (SELECT id FROM tempcloud_data.request WHERE profession = 'Padeiro');
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Padeiro') OFFSET 2;

-- An invitation ends on one day in Kathmandu, on another in New York.
UPDATE tempcloud_data.account SET time_zone = 'Asia/Kathmandu' WHERE id = :'kunde';
SET ROLE tempcloud_user;
SELECT email FROM tempcloud.invite('dora@fremd.time.example', locale => 'en');
RESET ROLE;
UPDATE tempcloud_data.invitation SET expires_at = '2099-12-31 20:00Z' WHERE email = 'dora@fremd.time.example';
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Kunde AG invites') LIMIT 1;
UPDATE tempcloud_data.account SET time_zone = 'America/New_York' WHERE id = :'kunde';
UPDATE tempcloud_data.mail SET state = 'queued', closed_at = NULL, due_at = now() WHERE recipient = 'dora@fremd.time.example';
DELETE FROM test.inbox WHERE (mail).recipient = 'dora@fremd.time.example';
SELECT test.deliver() > 0 AS delivered;
SELECT line FROM pg_temp.lines('Kunde AG invites') LIMIT 1;

-- A limit ends at a time in UTC.
SET ROLE tempcloud_user;
SELECT regexp_replace(test.answer('SELECT tempcloud.resend_invitation(id) FROM tempcloud.invitations_sent WHERE email = ''dora@fremd.time.example'''), '\d', '9', 'g');
RESET ROLE;
RESET timezone;
RESET datestyle;
RESET request.jwt.claims;
