-- claim: what a mailer gets is bounded, and one mail does not hold up others

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.claim","email":"anna@kunde.claim.example","email_verified":true}'
\set bob '{"sub":"bob.claim","email":"bob@anbieter.claim.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.partners(:'anna', :'bob') \gset
SELECT test.deliver() \gset
-- The shifts that a mail tells, without their days
CREATE FUNCTION pg_temp.shifts(text_body text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '^.* (\d\d:\d\d-)', 'DAY \1')
	  FROM regexp_split_to_table(text_body, '\n') WITH ORDINALITY l (line, n)
	 WHERE line ~ ':00-|^(und|and) |^\+' ORDER BY n;
$$;

-- A mail tells 20 shifts and 50 names, and how many more there are.
SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin',
	(SELECT test.shifts(VARIADIC array_agg(3)) FROM generate_series(1, 22))) \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT count(*) AS workers
  FROM (SELECT id, row_number() OVER (ORDER BY starts_at) AS n FROM tempcloud.shifts WHERE request_id = :'request') s,
	   LATERAL tempcloud.assign_workers(s.id, ARRAY[format('Anton A%s', n), format('Berta B%s', n), format('Carl C%s', n)]);
SELECT pg_temp.shifts(m.text_body) FROM test.mail('anna@kunde.claim.example') m WHERE kind = 'request_filled';
-- New names come in a new mail, and once, also if the clock was ahead when the
-- last mail was written.
RESET ROLE;
BEGIN;
UPDATE tempcloud_data.mail SET id = 'ffffffff-ffff-7fff-bfff-ffffffffffff' WHERE request_id = :'request' AND kind = 'request_filled';
SET ROLE tempcloud_user;
SELECT count(*) FROM tempcloud.shifts s, tempcloud.assign_workers(s.id, '{Dora D,Emil E,Fritz F}') WHERE s.request_id = :'request';
RESET ROLE;
SELECT kind, recipient, text_body ~ 'Dora D' AS new_names FROM tempcloud.claim_mail();
ROLLBACK;
SET ROLE tempcloud_user;
BEGIN;
SET request.jwt.claims = :'anna';
SELECT locale FROM tempcloud.update_account(locale => 'en');
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.cancel_request(:'request', 'Grippe');
SELECT s FROM test.mail('anna@kunde.claim.example') m, pg_temp.shifts(m.text_body) s WHERE s ~ 'A17|more';
ROLLBACK;
BEGIN;
SET request.jwt.claims = :'anna';
SELECT locale FROM tempcloud.update_account(locale => 'fr');
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.cancel_request(:'request', 'Grippe');
SELECT s FROM test.mail('anna@kunde.claim.example') m, pg_temp.shifts(m.text_body) s WHERE s ~ 'A17|\+';
ROLLBACK;

-- All mails about a request lead to it.
RESET ROLE;
SET tempcloud.request_url = 'https://tempcloud.example/r?id={id}';
INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
SELECT kind, :'request', :'kunde', kind || '@kunde.claim.example', '', locale, 'claim.example'
  FROM unnest(enum_range(NULL::tempcloud.mail_kind)) AS kind, unnest('{de,en}'::text[]) AS locale
 WHERE kind::text ~ '^request' AND kind <> 'request_received';
SELECT m.kind, count(*),
	   bool_and(position(E'\nhttps://tempcloud.example/r?id=' || :'request' || E'\n' IN m.text_body) > 0) AS text_link,
	   bool_and(position('<a href="https://tempcloud.example/r?id=' || :'request' || '">' IN m.html_body) > 0) AS html_link
  FROM tempcloud.claim_mail(100) m GROUP BY 1 ORDER BY 1;
SELECT tempcloud.mail_sent(array_agg(id)) FROM tempcloud_data.mail WHERE message_domain = 'claim.example';
SET tempcloud.request_url = 'https://tempcloud.example/r'; \echo :SQLSTATE
SET tempcloud.request_url = 'tempcloud.example/{id}'; \echo :SQLSTATE
RESET tempcloud.request_url;

-- The templates that ship stay below the limits, whatever people type.
CREATE FUNCTION pg_temp.longest(form text, characters integer) RETURNS text LANGUAGE sql AS $$
	SELECT value FROM (SELECT repeat('"', characters), octet_length(repeat('"', characters)) * 6
						UNION ALL SELECT repeat(U&'\+020000', characters), octet_length(repeat(U&'\+020000', characters))) v (value, bytes)
	 WHERE tempcloud_data.has_form(value, form) ORDER BY bytes DESC LIMIT 1;
$$;
SELECT pg_temp.longest('line', 200) AS line, pg_temp.longest('person_name', 200) AS person_name,
	   pg_temp.longest('company_name', 200) AS company_name, pg_temp.longest('paragraph', 2000) AS paragraph \gset
SELECT length(:'line'), length(:'person_name'), length(:'company_name'), length(:'paragraph');
BEGIN;
UPDATE tempcloud_data.account SET company_name = :'company_name' WHERE id IN (:'kunde', :'anbieter');
UPDATE tempcloud_data.contact SET given_name = :'person_name', family_name = :'person_name'
 WHERE account_id IN (:'kunde', :'anbieter');
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS long FROM tempcloud.send_order(:'line', jsonb_build_array(jsonb_build_object(
	'provider_id', :'anbieter', 'profession', :'line', 'location', :'line',
	'department', :'line', 'requirements', :'paragraph',
	'shifts', (SELECT test.shifts(VARIADIC array_agg(3)) FROM generate_series(1, 22))))) \gset
SELECT max(octet_length(subject)) > 600 AS long_subject, max(octet_length(html_body)) > 10000 AS long_body
  FROM test.mail('bob@anbieter.claim.example');
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'long', true, :'paragraph');
SELECT count(*) FROM tempcloud.shifts s, tempcloud.assign_workers(s.id, array_fill(:'person_name'::text, '{3}'))
 WHERE s.request_id = :'long';
SELECT kind, octet_length(html_body) > 50000 AS long_body FROM test.mail('anna@kunde.claim.example');
SELECT status FROM tempcloud.cancel_request(:'long', :'paragraph');
SELECT kind, octet_length(html_body) > 50000 AS long_body FROM test.mail('anna@kunde.claim.example');
SELECT id AS long FROM tempcloud.invite('carl@personal.claim.example', :'person_name',
	:'person_name', :'company_name', message => :'paragraph') \gset
SELECT octet_length(html_body) > 10000 AS long_body FROM test.mail('carl@personal.claim.example');
RESET ROLE;
SELECT count(*) FROM tempcloud.mail_dead WHERE request_id = :'long' OR invitation_id = :'long';
ROLLBACK;

-- One that cannot be rendered is set aside, with its error and without its
-- token; the others go out.
INSERT INTO tempcloud.mail_template (kind, locale, subject, text_body)
VALUES ('invitation_to_register', 'de-LI', 'x', repeat('{message}', 100));
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS before FROM tempcloud.invite('before@personal.claim.example') \gset
SELECT id AS broken FROM tempcloud.invite('broken@personal.claim.example', locale => 'de-LI', message => repeat('x', 2000)) \gset
SELECT id AS after FROM tempcloud.invite('after@personal.claim.example') \gset
SET ROLE tempcloud_mailer;
SELECT recipient, attempt FROM tempcloud.claim_mail() ORDER BY id;
SET ROLE tempcloud_admin;
SELECT recipient, attempt, error FROM tempcloud.mail_dead WHERE recipient ~ '@personal\.claim';
SELECT id AS dead FROM tempcloud.mail_dead WHERE recipient ~ '@personal\.claim' \gset
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_sent(ARRAY[:'dead'::uuid]), tempcloud.mail_failed(:'dead', 'x');
RESET ROLE;
SELECT i.email, count(t.digest) AS tokens
  FROM tempcloud_data.invitation i LEFT JOIN tempcloud_data.invitation_token t ON t.invitation_id = i.id
 WHERE i.id IN (:'before', :'broken', :'after') GROUP BY i.id, i.email ORDER BY i.id;
-- or where there is no template at all
BEGIN;
DELETE FROM tempcloud_data.mail_template;
DELETE FROM tempcloud_data.shipped_mail_template WHERE kind = 'invitation_to_register';
SELECT tempcloud.retry_mail(:'dead');
SELECT count(*) FROM tempcloud.claim_mail();
SELECT error FROM tempcloud.mail_dead WHERE id = :'dead';
ROLLBACK;
-- Once it is mended, it can be tried again.
DELETE FROM tempcloud.mail_template WHERE locale = 'de-LI';
SELECT tempcloud.retry_mail(:'dead');
SELECT recipient, attempt FROM tempcloud.claim_mail();
SELECT tempcloud.mail_sent(array_agg(id)) FROM tempcloud_data.mail WHERE recipient ~ '@personal\.claim';
-- What is longer than a mail can be is no template.
INSERT INTO tempcloud.mail_template (kind, locale, subject, text_body) VALUES ('invitation', 'nl', 'x', repeat('x', 131073)); \echo :SQLSTATE
INSERT INTO tempcloud.mail_template (kind, locale, subject, text_body, html_body) VALUES ('invitation', 'nl', 'x', 'x', repeat('x', 131073)); \echo :SQLSTATE

-- What a claim takes fits into a part of work_mem, so that it is written to no
-- file; the rest stays due, and is held by nobody.
BEGIN;
INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
SELECT 'request_declined', :'request', :'kunde', 'many@kunde.claim.example', '', 'de', 'claim.example'
  FROM generate_series(1, 1005) n;
SET LOCAL work_mem = '1MB';
SAVEPOINT s;
SELECT count(*) FROM tempcloud.claim_mail(); \echo :SQLSTATE
ROLLBACK TO s;
SET LOCAL work_mem = '2MB';
SELECT count(*) AS claimed, sum(pg_column_size(m.*)) BETWEEN 524288 AND 524288 + 1000 * count(*) AS bytes FROM tempcloud.claim_mail(1000) m \gset
SELECT :claimed BETWEEN 100 AND 900 AS fewer, :'bytes' AS bytes;
SELECT count(*) FILTER (WHERE leased AND attempt = 1) = :claimed AS leased,
	   count(*) FILTER (WHERE NOT leased AND attempt = 0 AND due_at <= clock_timestamp()) = 1005 - :claimed AS rest
  FROM tempcloud_data.mail WHERE recipient = 'many@kunde.claim.example' AND state = 'queued';
-- A mailer that goes on gets them all.
SELECT count(*) = 1005 - :claimed AS rest FROM (
	SELECT FROM tempcloud.claim_mail(1000) UNION ALL SELECT FROM tempcloud.claim_mail(1000) UNION ALL
	SELECT FROM tempcloud.claim_mail(1000) UNION ALL SELECT FROM tempcloud.claim_mail(1000) UNION ALL
	SELECT FROM tempcloud.claim_mail(1000)) m;
SELECT count(*) FROM tempcloud.claim_mail(1000);
ROLLBACK;
-- Nor are there more than 1000 mails, or rows that are looked at.
BEGIN;
INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
SELECT 'request_declined', :'request', :'kunde', 'many@kunde.claim.example', '', 'de', 'claim.example'
  FROM generate_series(1, 1005) n;
SET LOCAL work_mem = '64MB';
SELECT count(*) FROM tempcloud.claim_mail(5000);
SELECT count(*) FROM tempcloud.claim_mail(5000);
ROLLBACK;
BEGIN;
INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
SELECT 'request_received', :'request', :'kunde', 'many@kunde.claim.example', '', 'de', 'claim.example'
  FROM generate_series(1, 1005) n;
SELECT count(*) FROM tempcloud.claim_mail(1);
SELECT state, count(*) FROM tempcloud_data.mail WHERE recipient = 'many@kunde.claim.example' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM tempcloud.claim_mail(1);
SELECT state, count(*) FROM tempcloud_data.mail WHERE recipient = 'many@kunde.claim.example' GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- A lease is at most a day.
SELECT count(*) FROM tempcloud.claim_mail(lease => '1 day');
SELECT tempcloud.claim_mail(lease => '25 hours'); \echo :SQLSTATE
SELECT tempcloud.claim_mail(lease => '1 month'); \echo :SQLSTATE
