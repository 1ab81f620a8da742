-- template: the texts of mails

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.template","email":"anna@kunde.template.example","email_verified":true}'
\set bob '{"sub":"bob.template","email":"bob@anbieter.template.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
RESET ROLE;
-- A mail as it arrives, but with a date and a token that are always the same
CREATE FUNCTION pg_temp.mail(recipient text)
RETURNS TABLE (subject text, text_body text, html_body text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	UPDATE tempcloud_data.invitation SET expires_at = '2099-12-31 12:00' WHERE email LIKE '%.template.example' AND status = 'pending';
	RETURN QUERY SELECT m.subject, regexp_replace(m.text_body, 'tc[ie]_[A-Za-z0-9_-]{48}', 'TOKEN', 'g'),
		regexp_replace(m.html_body, 'tc[ie]_[A-Za-z0-9_-]{48}', 'TOKEN', 'g')
	  FROM test.mail(mail.recipient) m;
END
$$;
\pset format unaligned
\pset tuples_only on

-- Whoever has no account is asked to make one.
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('carl@personal.template.example', 'Carl', 'Cohn', 'Personal KG',
	message => E'Auf gute Zusammenarbeit!\n\nAnna') \gset
SELECT * FROM pg_temp.mail('carl@personal.template.example');
-- Without a message there is no hole, without a name the address stands for it.
SELECT email FROM tempcloud.invite('dora@personal.template.example', locale => 'en');
SELECT * FROM pg_temp.mail('dora@personal.template.example');
-- Whoever has one is asked to answer.
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.template.example', 'Bob') \gset
SELECT * FROM pg_temp.mail('bob@anbieter.template.example');

-- The inviter is told what became of it.
SET request.jwt.claims = :'bob';
SELECT provider_id = :'anbieter' AS provider FROM tempcloud.accept_invitation(:'invitation');
SELECT * FROM pg_temp.mail('anna@kunde.template.example');
SET request.jwt.claims = :'anna';
SELECT locale FROM tempcloud.update_account(locale => 'en');
SELECT status FROM tempcloud.decline_invitation_by_token(test.token('carl@personal.template.example'), 'No need');
SELECT * FROM pg_temp.mail('anna@kunde.template.example');
-- also where there is no reason
SELECT status FROM tempcloud.decline_invitation_by_token(test.token('dora@personal.template.example'));
SELECT * FROM pg_temp.mail('anna@kunde.template.example');
-- A colleague is asked to prove an address.
SELECT id AS contact FROM tempcloud.add_contact('Alf', 'Alt', 'alf@kunde.template.example') \gset
SELECT * FROM pg_temp.mail('alf@kunde.template.example');

-- Each kind ships in German and in English, with all that it needs.
\pset format aligned
\pset tuples_only off
SELECT kind, array_agg(locale::text ORDER BY locale) AS locales, bool_and(html_body IS NOT NULL) AS html,
	   bool_and(strpos(text_body, '{link}') > 0) AS text_link, bool_and(strpos(html_body, '"{link}"') > 0) AS html_link
  FROM (SELECT unnest(enum_range(NULL::tempcloud.mail_kind)) AS kind) k
  LEFT JOIN tempcloud_data.shipped_mail_template USING (kind)
 GROUP BY kind ORDER BY kind;

-- What people type is text, in HTML too; a placeholder in it is text as well,
-- and a subject has no line end.
SELECT company_name FROM tempcloud.update_account(company_name => '<b>Kunde & "Söhne"''s</b> {link}', locale => 'de');
SELECT email FROM tempcloud.invite('emil@personal.template.example', '{link}', '<script>alert(1)</script>',
	message => E'Wir & Sie < {email}\n<img src=x onerror=''alert("x")''>');
\pset format unaligned
\pset tuples_only on
SELECT * FROM pg_temp.mail('emil@personal.template.example');
\pset format aligned
\pset tuples_only off

-- The DBA's own text goes before the one that ships, also in other languages.
SELECT company_name FROM tempcloud.update_account(company_name => 'Kunde AG');
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body, html_body) VALUES
	('invitation_to_register', 'de', 'Eigen: {company} {message}', E'{link}\n{unknown_brace\n{}{ }\n', NULL),
	('invitation_to_register', 'de-AT', 'Servus von {company}', E'Bis {expires_on}: {link}\n', '<p>{message}</p>'),
	('invitation_to_register', 'fr', 'Invitation de {company}', E'Jusqu''au {expires_on}\n', NULL);
SELECT email, locale
  FROM unnest('{de,de-AT,de-CH,fr,fr-CH,en,it,en-GB}'::text[]) l,
	   tempcloud.invite(l || '.own@personal.template.example', locale => l, message => E'Zeile 1\nZeile 2');
SELECT l, m.* FROM unnest('{de,de-AT,de-CH,fr,fr-CH}'::text[]) l, pg_temp.mail(l || '.own@personal.template.example') m;
-- What there is no text for comes in the default language, or in English.
SELECT l, m.subject FROM unnest('{en,en-GB,it}'::text[]) l, pg_temp.mail(l || '.own@personal.template.example') m;
SET tempcloud.default_locale = 'fr-BE';
SELECT email FROM tempcloud.invite('it.fr@personal.template.example', locale => 'it');
SELECT subject FROM pg_temp.mail('it.fr@personal.template.example');
SET tempcloud.default_locale = 'da';
SELECT email FROM tempcloud.invite('it.da@personal.template.example', locale => 'it');
SELECT subject FROM pg_temp.mail('it.da@personal.template.example');
RESET tempcloud.default_locale;

-- A name in braces that mails do not know is a mistake.
SELECT template, tempcloud_data.has_known_placeholders(template)
  FROM (VALUES
	('none'), (''), ('{recipient_name}{company}{person}{email}{message}{reason}{expires_on}{link}'),
	('{name}'), ('{link}{links}'), ('{_}'), ('{{company}}'),
	('{'), ('{}'), ('{ link }'), ('{Link}'), ('{link'), ('p { margin: 0 }'), ('{{{'), ('}{')) AS t(template);
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body)
	VALUES ('reminder', 'fr', 'Bonjour {name}', 'x'); \echo :SQLSTATE
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body)
	VALUES ('reminder', 'fr', 'Bonjour', 'Bonjour {name}'); \echo :SQLSTATE
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body, html_body)
	VALUES ('reminder', 'fr', 'Bonjour', 'Bonjour', '<p>{name}</p>'); \echo :SQLSTATE
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body)
	VALUES ('reminder', 'fr', E'Bonjour\nBcc: x@y.example', 'x'); \echo :SQLSTATE
DELETE FROM tempcloud_data.mail_template;

-- An admin writes templates, by the API alone.
SET ROLE tempcloud_admin;
SELECT count(*) > 0 AS shipped FROM tempcloud.shipped_mail_template WHERE locale = 'de';
INSERT INTO tempcloud.mail_template
SELECT kind, 'de-LI', 'Hoi: ' || subject, text_body, html_body
  FROM tempcloud.shipped_mail_template WHERE kind = 'invitation_to_register' AND locale = 'de';
INSERT INTO tempcloud.mail_template VALUES ('reminder', 'de', 'Hallo {nobody}', 'x', NULL); \echo :SQLSTATE
UPDATE tempcloud.shipped_mail_template SET subject = 'x'; \echo :SQLSTATE
SELECT count(*) FROM tempcloud_data.mail_template; \echo :SQLSTATE
RESET ROLE;
SET request.jwt.claims = :'anna';
SELECT email FROM tempcloud.invite('resi@personal.template.example', 'Resi', locale => 'de-LI');
SELECT subject FROM pg_temp.mail('resi@personal.template.example');
SET ROLE tempcloud_admin;
UPDATE tempcloud.mail_template SET subject = 'Hoi' WHERE locale = 'de-LI' RETURNING subject;
DELETE FROM tempcloud.mail_template WHERE locale = 'de-LI' RETURNING kind, locale;
RESET ROLE;
