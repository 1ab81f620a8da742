-- text: the forms that text from outside must have

-- What each form takes, and what it refuses
SELECT form, value, tempcloud_data.has_form(value, form)
  FROM (VALUES
	('line', 'Kunde AG'),
	('line', 'Müller & Söhne «Zeitarbeit» 派遣'),
	('line', ''),
	('line', '   '),
	('email', 'anna@kunde.example'),
	('email', 'Anna.Alt+x@Kunde-AG.example'),
	('email', 'o''brien!#$%&*/=?^_`{|}~-@a.b.c.example'),
	('email', 'a@xn--mnchen-3ya.example'),
	('email', 'a@1.example'),
	('email', 'a@example.1a'),
	('email', ''),
	('email', 'anna'),
	('email', '@kunde.example'),
	('email', 'anna@'),
	('email', 'anna@localhost'),
	('email', 'anna@@kunde.example'),
	('email', 'anna@kunde@kunde.example'),
	('email', '.anna@kunde.example'),
	('email', 'anna.@kunde.example'),
	('email', 'an..na@kunde.example'),
	('email', 'anna@.example'),
	('email', 'anna@kunde..example'),
	('email', 'anna@kunde.example.'),
	('email', 'anna@-kunde.example'),
	('email', 'anna@kunde-.example'),
	('email', 'anna@192.168.1.1'),
	('email', 'anna@[192.168.1.1]'),
	('email', 'an na@kunde.example'),
	('email', ' anna@kunde.example'),
	('email', '"anna"@kunde.example'),
	('email', 'anna@münchen.example'),
	('email', 'änna@kunde.example'),
	('email', 'anna@kunde.example, bob@anbieter.example'),
	('email', 'Anna <anna@kunde.example>'),
	('email', 'anna@ku_nde.example'),
	('locale', 'de'),
	('locale', 'gsw'),
	('locale', 'de-AT'),
	('locale', 'zh-Hant-TW'),
	('locale', ''),
	('locale', 'd'),
	('locale', 'DE'),
	('locale', 'deut'),
	('locale', 'de_AT'),
	('locale', 'de-'),
	('locale', 'de-A'),
	('locale', '-de'),
	('locale', 'de-123456789'),
	('locale', 'de-12345678-12345678-12345678-12345678'),
	('country', 'DE'),
	('country', ''),
	('country', 'D'),
	('country', 'de'),
	('country', 'DEU'),
	('country', 'D1'),
	('website', 'https://kunde.example'),
	('website', 'HTTP://kunde.example/a?b=c#d'),
	('website', ''),
	('website', 'https://'),
	('website', 'http://'),
	('website', 'kunde.example'),
	('website', 'ftp://kunde.example'),
	('website', 'javascript:alert(1)//https://kunde.example'),
	('website', ' https://kunde.example'),
	('website', 'https://kunde.example/a b'),
	('website', 'https://kunde.example/"onclick="x'),
	('website', 'https://kunde.example/<b>')) AS t(form, value);

-- How long it may be: in characters for what people read, in bytes for addresses
SELECT form, length, tempcloud_data.has_form(value, form)
  FROM (VALUES
	('line', '200', repeat('ü', 200)),
	('line', '201', repeat('ü', 201)),
	('paragraph', '2000', repeat('ü', 2000)),
	('paragraph', '2001', repeat('ü', 2001)),
	('email', 'local part 64', repeat('a', 64) || '@kunde.example'),
	('email', 'local part 65', repeat('a', 65) || '@kunde.example'),
	('email', 'label 63', 'a@' || repeat('a', 63) || '.example'),
	('email', 'label 64', 'a@' || repeat('a', 64) || '.example'),
	('email', 'all 254', repeat('a', 64) || '@' || repeat(repeat('b', 59) || '.', 3) || 'example12'),
	('email', 'all 255', repeat('a', 64) || '@' || repeat(repeat('b', 59) || '.', 3) || 'example123'),
	('website', '200', 'https://' || repeat('a', 192)),
	('website', '201', 'https://' || repeat('a', 193)),
	('line', '1 MB', repeat('a', 1024 * 1024)),
	('email', '1 MB', repeat('a', 1024 * 1024) || '@kunde.example'))
	AS t(form, length, value);

-- Characters that would break a header, a layout, or a reader's trust: none in
-- a line, and in a paragraph only line ends and tabs
SELECT character, tempcloud_data.has_form('Kunde' || value || 'AG', 'line') AS line,
	   tempcloud_data.has_form('Kunde' || value || 'AG', 'paragraph') AS paragraph,
	   tempcloud_data.has_form('https://kunde.example/' || value, 'website') AS website,
	   tempcloud_data.has_form('anna' || value || '@kunde.example', 'email') AS email
  FROM (VALUES
	('tab', E'\t'),
	('line feed', E'\n'),
	('carriage return', E'\r'),
	('start of heading', E'\x01'),
	('escape', E'\x1b'),
	('delete', E'\x7f'),
	('next line U+0085', U&'\0085'),
	('zero width space U+200B', U&'\200B'),
	('right-to-left mark U+200F', U&'\200F'),
	('line separator U+2028', U&'\2028'),
	('right-to-left override U+202E', U&'\202E'),
	('first strong isolate U+2068', U&'\2068'),
	('Arabic letter mark U+061C', U&'\061C'),
	('byte order mark U+FEFF', U&'\FEFF')) AS t(character, value);
-- and what only looks like one of them
SELECT character, tempcloud_data.has_form(value, 'line') AS line
  FROM (VALUES
	('no-break space U+00A0 between words', U&'Kunde\00A0AG'),
	('no-break space U+00A0 alone', U&'\00A0'),
	('zero width joiner U+200D in an emoji', U&'\+01F469\200D\+01F4BB'),
	('Arabic letters', U&'\0634\0631\0643\0629'),
	('U+1F600', U&'\+01F600')) AS t(character, value);

SELECT tempcloud_data.has_form('x', 'poem'); \echo :SQLSTATE
SELECT tempcloud_data.has_form(NULL, 'line') IS NULL AS null;

-- The domains ask the same, also of who writes to the tables directly.
CREATE TEMP TABLE sample (
	line		tempcloud_data.line,
	paragraph	tempcloud_data.paragraph,
	email		tempcloud_data.email,
	locale		tempcloud_data.locale,
	country		tempcloud_data.country,
	website		tempcloud_data.website);
INSERT INTO sample VALUES ('Kunde AG', E'Guten Tag\n\nHallo', 'Anna@kunde.example', 'de-AT', 'AT',
	'https://kunde.example');
INSERT INTO sample DEFAULT VALUES;
INSERT INTO sample (line) VALUES (E'Kunde\nAG'); \echo :SQLSTATE
INSERT INTO sample (paragraph) VALUES (U&'Hallo\202Eollah'); \echo :SQLSTATE
INSERT INTO sample (email) VALUES ('anna'); \echo :SQLSTATE
INSERT INTO sample (locale) VALUES ('German'); \echo :SQLSTATE
INSERT INTO sample (country) VALUES ('Germany'); \echo :SQLSTATE
INSERT INTO sample (website) VALUES ('javascript:alert(1)'); \echo :SQLSTATE
INSERT INTO tempcloud_data.account (kind, company_name, locale)
	VALUES ('customer', E'Kunde\rAG', 'de'); \echo :SQLSTATE
INSERT INTO tempcloud_data.account (kind, company_name, locale)
	VALUES ('customer', 'Kunde AG', ''); \echo :SQLSTATE
SELECT count(*) FROM sample;

-- The API says which argument is wrong, and how it should be; nothing is
-- written.
\set anna '{"sub":"anna.text","email":"anna@kunde.text.example","email_verified":true}'
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') IS NOT NULL AS registered;
SELECT tempcloud.update_account(company_name => E'Kunde\nAG'); \echo :SQLSTATE
SELECT tempcloud.update_account(company_name => repeat('a', 201)); \echo :SQLSTATE
SELECT tempcloud.update_account(locale => 'German'); \echo :SQLSTATE
SELECT tempcloud.update_account(phone => E'\x07'); \echo :SQLSTATE
SELECT tempcloud.update_account(website => 'javascript:alert(1)'); \echo :SQLSTATE
SELECT tempcloud.update_account(street => U&'\202E1 gewniH'); \echo :SQLSTATE
SELECT tempcloud.update_account(postal_code => E'1\n2'); \echo :SQLSTATE
SELECT tempcloud.update_account(city => E'Berlin\x7f'); \echo :SQLSTATE
SELECT tempcloud.update_account(country => 'Deutschland'); \echo :SQLSTATE
SELECT tempcloud.add_contact('Alf', 'Alt', email => 'alf'); \echo :SQLSTATE
SELECT tempcloud.invite('bob@anbieter.text.example', message => repeat('a', 2001)); \echo :SQLSTATE
SELECT tempcloud.invite(E'bob@anbieter.text.example\nBcc: carl@anbieter.text.example'); \echo :SQLSTATE
SELECT tempcloud.invite(repeat('a', 1024 * 1024) || '@anbieter.text.example'); \echo :SQLSTATE
SELECT company_name, locale, phone, website, street, postal_code, city, country
  FROM tempcloud.my_account;
SELECT count(*) FROM tempcloud.invitations_sent;

-- Space around a value is not part of it.
SELECT company_name, website, city
  FROM tempcloud.update_account(company_name => E'\t Kunde AG \n', website => ' https://kunde.example ',
	city => E'Berlin\r\n');
SELECT email, given_name, message
  FROM tempcloud.invite(E' bob@anbieter.text.example\n', given_name => '  ', message => E'\n Hallo\n\tBob \n');

RESET ROLE;
-- What a mail program would make a link of is no name; what looks like one to
-- nobody but a pattern is.
SELECT name, tempcloud_data.has_form(name, 'person_name') AS person,
	   tempcloud_data.has_form(name, 'company_name') AS company
  FROM unnest(ARRAY[
	'Anna', 'Dr.Meyer', 'J. R. R. Tolkien', 'J.R.R.Tolkien', 'e.V.', 'Co.KG', 'Meier GmbH&Co.KG',
	'Müller/Schmidt GbR', 'A/S', 'Anna (Berlin)', '24/7 Personal', 'v1.0', '3.5', 'St.Pauli',
	'Work@Home AG', 'Yahoo!', 'Q: and A', 'Zeit.Arbeit', 'a.b', 'Über.uns GmbH',
	'jobs.example', 'Jobs.example GmbH', '(jobs.example)', 'jobs.example.', 'Käse.de',
	'http://a', 'https://jobs.example', 'HTTPS://JOBS.EXAMPLE', 'ftp://x', 'siehe jobs.example/win',
	'jobs.example?a=1', 'jobs.example:8080', 'www.jobs', 'WWW.JOBS.EXAMPLE', '"www.jobs.example"',
	'mail an anna@jobs.example', 'mailto:anna@jobs.example', 'Gewinn!https://jobs.example'])
	WITH ORDINALITY AS t(name, n)
 ORDER BY n;
