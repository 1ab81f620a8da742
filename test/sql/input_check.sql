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

-- Telephone numbers, as ITU-T E.123 writes them
SELECT value, tempcloud_data.has_form(value, 'phone') AS phone
  FROM unnest(ARRAY['+49 30 1234567', '(030) 123 45 67', '030/1234-56', '0800.123.456', '+1 (555) 010-0199', '112',
	'030 123456 ext. 78', '030 123456 App. 78', '030 123456 Durchwahl 78', '030 123456x78', '030 123456 #78',
	'', '1', '12', '+', '++49 30 1', '30 + 49 1', 'keine Nummer!!', 'keine 1234', '030 123456 nach 18 Uhr', '030 123456 ext', '030 123456 ext. 7 8',
	'030 123456 -', '030 123456, 030 654321', '030#', E'030\n1', 'tel:030123456', repeat('1', 60), repeat('1', 61)]) WITH ORDINALITY AS t (value, n)
 ORDER BY n;

-- Domains may be international: what is stored is their ASCII form, by which
-- they are found however they are written.
SELECT tempcloud_data.has_form('anna@münchen.example', 'email') AS as_typed,
	   tempcloud_data.has_form('anna@xn--mnchen-3ya.example', 'email') AS as_stored;

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
	('byte order mark U+FEFF', U&'\FEFF'),
	('soft hyphen U+00AD', U&'\00AD'),
	('combining grapheme joiner U+034F', U&'\034F'),
	('Hangul filler U+3164', U&'\3164'),
	('halfwidth Hangul filler U+FFA0', U&'\FFA0'),
	('Mongolian vowel separator U+180E', U&'\180E'),
	('word joiner U+2060', U&'\2060'),
	('invisible times U+2062', U&'\2062'),
	('zero width joiner U+200D', U&'\200D'),
	('zero width non-joiner U+200C', U&'\200C'),
	('variation selector U+FE0F', U&'\FE0F'),
	('variation selector U+E0100', U&'\+0E0100'),
	('tag U+E0041', U&'\+0E0041'),
	('reserved, to be ignored U+E0FFF', U&'\+0E0FFF'),
	('interlinear annotation U+FFF9', U&'\FFF9'),
	('private use U+E000', U&'\E000'),
	('private use U+10FFFD', U&'\+10FFFD'),
	('noncharacter U+FDD0', U&'\FDD0'),
	('noncharacter U+1FFFF', U&'\+01FFFF')) AS t(character, value);
-- Each of them that Unicode 15 has
SELECT count(*) AS ignorable, count(*) FILTER (WHERE tempcloud_data.has_form('a' || chr(c) || 'b', 'paragraph')) AS pass
  FROM (VALUES (173, 173), (847, 847), (1564, 1564), (4447, 4448), (6068, 6069), (6155, 6159), (8203, 8207), (8234, 8238), (8288, 8303),
	(12644, 12644), (65024, 65039), (65279, 65279), (65440, 65440), (65520, 65528), (113824, 113827), (119155, 119162), (917504, 921599))
	AS ignorable (first, last), generate_series(first, last) AS c;
-- and what only looks like one of them
SELECT character, tempcloud_data.has_form(value, 'line') AS line
  FROM (VALUES
	('no-break space U+00A0 between words', U&'Kunde\00A0AG'),
	('no-break space U+00A0 alone', U&'\00A0'),
	('all white space', U&'\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\202F\205F\3000'),
	('ideographic space U+3000 between words', U&'\6D3E\9063\3000\6D3E\9063'),
	('blank Braille U+2800 alone', U&'\2800'),
	('a mark alone', U&'\0301'),
	('a word with marks', U&'Mu\0308ller'),
	('zero width joiner U+200D in an emoji', U&'\+01F469\200D\+01F4BB'),
	('in one with a skin tone', U&'\+01F469\+01F3FD\200D\+01F4BB'),
	('in one with a variation selector', U&'\2764\FE0F\200D\+01F525'),
	('at the end of an emoji', U&'\+01F469\200D'),
	('twice in an emoji', U&'\+01F469\200D\200D\+01F4BB'),
	('between an emoji and a letter', U&'\+01F469\200Da'),
	('emoji of a digit in a keycap', U&'1\FE0F\20E3'),
	('variation selector after a digit', U&'1\FE0F'),
	('variation selector twice', U&'\2764\FE0F\FE0F'),
	('variant of an ideograph, as in Japanese names', U&'\8FBB\+0E0100\672C'),
	('zero width non-joiner U+200C in a Persian word', U&'\0645\06CC\200C\062E\0648\0627\0647\0645'),
	('at the end of a Persian word', U&'\0645\06CC\200C'),
	('zero width joiner in a Malayalam word', U&'\0D05\0D35\0D28\0D4D\200D'),
	('in a Sinhala word', U&'\0DC1\0DCA\200D\0DBB\0DD3'),
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
	website		tempcloud_data.website,
	phone		tempcloud_data.phone,
	free_text	tempcloud_data.free_text);
INSERT INTO sample VALUES ('Kunde AG', E'Guten Tag\n\nHallo', 'Anna@kunde.example', 'de-AT', 'AT',
	'https://kunde.example', '+49 30 123456', '');
INSERT INTO sample DEFAULT VALUES;
INSERT INTO sample (line) VALUES (E'Kunde\nAG'); \echo :SQLSTATE
INSERT INTO sample (paragraph) VALUES (U&'Hallo\202Eollah'); \echo :SQLSTATE
INSERT INTO sample (email) VALUES ('anna'); \echo :SQLSTATE
INSERT INTO sample (locale) VALUES ('German'); \echo :SQLSTATE
INSERT INTO sample (country) VALUES ('Germany'); \echo :SQLSTATE
INSERT INTO sample (website) VALUES ('javascript:alert(1)'); \echo :SQLSTATE
INSERT INTO sample (phone) VALUES ('keine Nummer!!'); \echo :SQLSTATE
INSERT INTO sample (free_text) VALUES ('tci_' || repeat('A', 48)); \echo :SQLSTATE
INSERT INTO tempcloud_data.account (kind, company_name, locale, time_zone)
	VALUES ('customer', E'Kunde\rAG', 'de', 'UTC'); \echo :SQLSTATE
INSERT INTO tempcloud_data.account (kind, company_name, locale, time_zone)
	VALUES ('customer', 'Kunde AG', '', 'UTC'); \echo :SQLSTATE
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

-- What JSON, addresses and international domains come as
SELECT email FROM tempcloud.invite('Bob@BÜCHER.text.example');
SELECT test.refusal($$SELECT tempcloud.invite('bob@xn--bcher-kva.text.example')$$),
	   test.refusal($$SELECT tempcloud.invite('bob@bücher.text.example')$$),
	   test.refusal($$SELECT tempcloud.invite('bob@bücher。text。example')$$) AS ideographic_full_stop;
-- Versions of psql differ about the width of what is invisible.
\pset format unaligned
SELECT position, email, error FROM tempcloud.invite_many('[{"email": " bob@Bücher.text.example "}, {"email": "bob@straße.text.example"},
	{"email": "bob@-ü.example"}, {"email": "bøb@bücher.example"}, {"email": "bob@a b ü.example"}, {"email": "bob@ü_x.example"},
	{"email": "bob@b\u00adücher.example"}, {"email": "bob@bücher\u200d.example"}, {"email": "bob@bücher\u3000.example"},
	{"email": "bob@bücher.example@bücher.example"}, {"email": "bob@\ufe62ü.example"}, {"email": "bob@☃.example"}]');
\pset format aligned
SELECT test.refusal(format('SELECT tempcloud.invite(%L)', 'bob@' || repeat('ü', 60) || '.example')) AS label_too_long,
	   test.refusal(format('SELECT tempcloud.invite(%L)', 'bob@' || repeat('ü', 100000) || '.example')) AS all_too_long;

-- Space around a value is not part of it, whatever space Unicode has.
SELECT company_name, city FROM tempcloud.update_account(company_name => U&'\3000\2003Kunde AG\00A0\2028', city => U&'\00A0Berlin\0085');
SELECT test.refusal($$SELECT tempcloud.update_account(company_name => U&'\3000\2003\00A0')$$) AS blank,
	   test.refusal($$SELECT tempcloud.update_account(company_name => U&'\2060')$$) AS word_joiner,
	   test.refusal($$SELECT tempcloud.update_account(company_name => U&'\3164')$$) AS filler;
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
	'Anna', 'Dr.Meyer', 'J. R. R. Tolkien', 'J.R.R.Tolkien', 'DR.MEYER', 'e.V.', 'Co.KG', 'Meier GmbH&Co.KG',
	'M.Sc.', 'Alt, M.Sc.', 'Dr.med.', 'DR.ING.', 'Dr.rer.nat.', 'Dipl.-Ing.', 'Prof.Dr.h.c.', 'Dr. Kim', 'Dr.Kim', 'J.Li',
	'EVIL.Com', 'EVIL.COM', 'Evil.Com', 'eVIL.cOM', 'Evil.Shop', 'T.Co', 'Evil.Kg', 'A.Co.Kg', 'Evil.Xn--p1ai', 'Evil.Com, Berlin',
	'Müller/Schmidt GbR', 'A/S', 'Anna (Berlin)', '24/7 Personal', 'v1.0', '3.5', 'St.Pauli',
	'Work@Home AG', 'Yahoo!', 'Q: and A', 'Zeit.Arbeit', 'a.b', 'Über.uns GmbH',
	'jobs.example', 'Jobs.example GmbH', '(jobs.example)', 'jobs.example.', 'Käse.de',
	'http://a', 'https://jobs.example', 'HTTPS://JOBS.EXAMPLE', 'ftp://x', 'siehe jobs.example/win',
	'jobs.example?a=1', 'jobs.example:8080', 'www.jobs', 'WWW.JOBS.EXAMPLE', '"www.jobs.example"',
	'mail an anna@jobs.example', 'mailto:anna@jobs.example', 'Gewinn!https://jobs.example'])
	WITH ORDINALITY AS t(name, n)
 ORDER BY n;
