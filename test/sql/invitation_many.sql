-- invitation_many: many addresses are invited at once

\pset null (null)
SET tempcloud.max_daily_mails_to_address = -1;
SET ROLE tempcloud_user;
\set bob '{"sub":"bob.many","email":"bob@anbieter.many.example","email_verified":true}'
\set kai '{"sub":"kai.many","email":"kai@verleih.many.example","email_verified":true}'
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') IS NOT NULL AS registered;
SELECT test.company(:'kai', 'provider', 'Verleih KG', 'Kai', 'Kern') IS NOT NULL AS registered;

-- Each element is invited or refused by itself.
SELECT "position", email, (invitation).status, (invitation).company_name, error, message, hint
  FROM tempcloud.invite_many('[
	{"email": "one@kunden.many.example", "company_name": "Eins AG", "locale": "en"},
	{"email": "two"},
	{"email": " Two@kunden.many.example "},
	{"email": "ONE@kunden.many.example"},
	{"email": "kai@verleih.many.example"},
	{"email": "bob@anbieter.many.example"},
	{"email": "three@kunden.many.example", "locale": "German"},
	{"mail": "four@kunden.many.example"},
	{"email": "five@kunden.many.example", "inviter_id": null},
	{"email": null},
	{"email": 7},
	{},
	[],
	null,
	"six@kunden.many.example",
	{"email": "seven@kunden.many.example", "message": null}]');
SELECT email, company_name, locale, status FROM tempcloud.invitations_sent ORDER BY id;
-- Each has a mail, and the limits are those of invite().
SELECT test.deliver() \gset
SELECT email, delivery FROM tempcloud.invitations_sent ORDER BY id;
RESET ROLE;
SET tempcloud.max_pending_invitations = 4;
SET ROLE tempcloud_user;
SELECT email, (invitation).status, error
  FROM tempcloud.invite_many('[{"email": "eight@kunden.many.example"}, {"email": "nine@kunden.many.example"}]');
RESET ROLE;
SET tempcloud.max_pending_invitations = -1;
SET tempcloud.max_daily_invitations = -1;
SET ROLE tempcloud_user;
-- An array of 0 to 200
SELECT * FROM tempcloud.invite_many('[]');
SELECT tempcloud.invite_many(NULL); \echo :SQLSTATE
SELECT tempcloud.invite_many('{"email": "ten@kunden.many.example"}'); \echo :SQLSTATE
SELECT tempcloud.invite_many('"ten@kunden.many.example"'); \echo :SQLSTATE
SELECT tempcloud.invite_many('null'); \echo :SQLSTATE
BEGIN;
SELECT count(*), count(error) FROM tempcloud.invite_many(
	(SELECT jsonb_agg(jsonb_build_object('email', n || '@list.many.example')) FROM generate_series(1, 200) n));
ROLLBACK;
SELECT tempcloud.invite_many((SELECT jsonb_agg('{}'::jsonb) FROM generate_series(1, 201)));
\echo :SQLSTATE
-- A transaction that is rolled back has invited none.
BEGIN;
SELECT (invitation).status FROM tempcloud.invite_many('[{"email": "eleven@kunden.many.example"}]');
ROLLBACK;
SELECT count(*) FROM tempcloud.invitations_sent WHERE email = 'eleven@kunden.many.example';
