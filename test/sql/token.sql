-- token: the secrets in links

SET ROLE tempcloud_user;
\set anna '{"sub":"anna.token","email":"anna@kunde.token.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.token.example') \gset
SELECT test.token('bob@anbieter.token.example') AS token \gset
SELECT id AS contact FROM tempcloud.add_contact('Alf', 'Alt', 'alf@kunde.token.example') \gset
SELECT test.token('alf@kunde.token.example') AS confirmation \gset

-- A prefix that scanners recognise, and 48 characters of base64url
SELECT :'token' ~ '^tci_[A-Za-z0-9_-]{48}$' AS invitation, :'confirmation' ~ '^tce_[A-Za-z0-9_-]{48}$' AS confirmation;
SELECT status FROM tempcloud.preview_invitation(:'token');

-- What is no token is refused: malformed, by whichever command
CREATE FUNCTION pg_temp.refusals(token text)
RETURNS TABLE (preview text, ask text, register text, accept text, decline text, confirm text)
LANGUAGE sql AS $$
SELECT test.refusal(format('SELECT tempcloud.preview_invitation(%L)', token)),
	   test.refusal(format('SELECT tempcloud.ask_again(%L)', token)),
	   test.refusal(format('SELECT tempcloud.register_account(token => %L)', coalesce(token, ''))),
	   test.refusal(format('SELECT tempcloud.accept_invitation_by_token(%L)', token)),
	   test.refusal(format('SELECT tempcloud.decline_invitation_by_token(%L)', token)),
	   test.refusal(format('SELECT tempcloud.confirm_email(%L)', token));
$$;
SET request.jwt.claims = '{"sub":"bob.token"}';
SELECT what, r.*
  FROM (VALUES
	(1, 'null', NULL),
	(2, 'empty', ''),
	(3, 'prefix', 'tci_'),
	(4, 'one less', left(:'token', -1)),
	(5, 'one more', :'token' || 'A'),
	(6, 'padded', :'token' || '='),
	(7, 'space before', ' ' || :'token'),
	(8, 'line end after', :'token' || E'\n'),
	(9, 'no prefix', substr(:'token', 5)),
	(10, 'upper-case prefix', 'TCI_' || substr(:'token', 5)),
	(11, 'another prefix', 'tcx_' || substr(:'token', 5)),
	(12, 'upper-cased', upper(:'token')),
	(13, 'lower-cased', lower(:'token')),
	(14, 'whole link', 'http://localhost:3000/invitation#' || :'token'),
	(15, 'no base64', 'tci_' || repeat('!', 48)),
	(16, 'not ASCII', 'tci_' || repeat('ä', 24)),
	(17, 'padding inside', 'tci_' || repeat('A', 44) || '===='),
	(18, '1 MB', 'tci_' || repeat('A', 1024 * 1024))) AS t(n, what, value)
 CROSS JOIN LATERAL pg_temp.refusals(value) r
 ORDER BY n;
-- The other kind's token is none either, though well formed.
SELECT test.refusal(format('SELECT tempcloud.preview_invitation(%L)', :'confirmation')) AS preview,
	   test.refusal(format('SELECT tempcloud.preview_invitation(%L)', 'tci_' || substr(:'confirmation', 5))) AS with_its_prefix,
	   test.refusal(format('SELECT tempcloud.confirm_email(%L)', :'token')) AS confirm,
	   test.refusal(format('SELECT tempcloud.confirm_email(%L)', 'tce_' || substr(:'token', 5))) AS with_its_prefix;

-- A typo, wherever it is, is found by the checksum, before any look-up.
CREATE FUNCTION pg_temp.typo(token text, at integer) RETURNS text LANGUAGE sql AS $$
	SELECT overlay(token placing CASE substr(token, at, 1) WHEN 'A' THEN 'B' ELSE 'A' END from at);
$$;
SELECT test.refusal(format('SELECT tempcloud.preview_invitation(%L)', pg_temp.typo(:'token', at))) AS answer, count(*)
  FROM generate_series(5, 52) at GROUP BY 1;
-- two characters that have changed places
SELECT DISTINCT test.refusal(format('SELECT tempcloud.preview_invitation(%L)', swapped)) AS answer
  FROM (SELECT left(:'token', at - 1) || substr(:'token', at + 1, 1) || substr(:'token', at, 1) || substr(:'token', at + 2) AS swapped
		  FROM generate_series(5, 51) at) s
 WHERE swapped <> :'token';

-- The alphabet is base64url and no other: each secret has one spelling.  Since
-- not each token has a character that differs, take one that is made here: the
-- bytes 0xFB, and their CRC-32C, spelled in both.
CREATE FUNCTION pg_temp.crc32c(bytes bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	crc bigint := 4294967295;
BEGIN
	FOR i IN 0 .. length(bytes) - 1 LOOP
		crc := crc # get_byte(bytes, i);
		FOR bit IN 1 .. 8 LOOP
			crc := (crc >> 1) # (CASE crc & 1 WHEN 1 THEN 2197175160 ELSE 0 END);
		END LOOP;
	END LOOP;
	RETURN crc # 4294967295;
END
$$;
CREATE FUNCTION pg_temp.base64(secret bytea) RETURNS text LANGUAGE sql AS $$
	SELECT encode(secret || decode(lpad(to_hex(pg_temp.crc32c(secret)), 8, '0'), 'hex'), 'base64');
$$;
-- The check value of CRC-32C, to know that the above is one
SELECT to_hex(pg_temp.crc32c('123456789')) AS check;
SELECT pg_temp.base64(decode(repeat('fb', 32), 'hex')) AS base64 \gset
SELECT :'base64' ~ '[+]' AS plus, :'base64' ~ '/' AS slash,
	   test.refusal(format('SELECT tempcloud.preview_invitation(%L)', 'tci_' || :'base64')) AS base64,
	   test.refusal(format('SELECT tempcloud.preview_invitation(%L)', 'tci_' || translate(:'base64', '+/', '-_'))) AS base64url;

-- One that is well formed but unknown
SELECT tempcloud.preview_invitation('tci_' || translate(:'base64', '+/', '-_')); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token('tci_' || translate(:'base64', '+/', '-_')); \echo :SQLSTATE
SELECT tempcloud.decline_invitation_by_token('tci_' || translate(:'base64', '+/', '-_')); \echo :SQLSTATE
SELECT tempcloud.register_account(token => 'tci_' || translate(:'base64', '+/', '-_')); \echo :SQLSTATE
SELECT tempcloud.confirm_email('tce_' || translate(:'base64', '+/', '-_')); \echo :SQLSTATE

-- No error repeats what was passed.
SELECT tempcloud.preview_invitation(:'token' || 'x'); \echo :SQLSTATE

-- The tables keep SHA-256 of the secret and nothing of the rest.
RESET ROLE;
SELECT encode(sha256(substring(decode(translate(substr(:'token', 5), '-_', '+/'), 'base64') for 32)), 'hex') AS digest \gset
SELECT length(digest), encode(digest, 'hex') = :'digest' AS sha256_of_secret
  FROM tempcloud_data.invitation_token WHERE invitation_id = :'invitation';
SELECT length(digest)
  FROM tempcloud_data.confirmation_token WHERE contact_id = :'contact';
\set VERBOSITY sqlstate
INSERT INTO tempcloud_data.invitation_token (digest, invitation_id, round)
	VALUES ('short', :'invitation', 1);
INSERT INTO tempcloud_data.confirmation_token (digest, contact_id, email)
	VALUES ('short', :'contact', 'alf@kunde.token.example');
\set VERBOSITY default
-- Neither token nor secret, in whichever spelling, is in any table.
CREATE FUNCTION pg_temp.holders(word text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t regclass;
	found boolean;
BEGIN
	FOR t IN SELECT oid FROM pg_class
			  WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C"
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s r WHERE strpos(r::text, %L) > 0)', t, word) INTO found;
		IF found THEN
			RETURN NEXT t::text;
		END IF;
	END LOOP;
END
$$;
SELECT spelling, t.*
  FROM (VALUES
	('token', substr(:'token', 5)), ('confirmation', substr(:'confirmation', 5)),
	('its middle', substr(:'token', 20, 20)),
	('base64', translate(substr(:'token', 5, 40), '-_', '+/')),
	('hex', encode(decode(translate(substr(:'token', 5, 40), '-_', '+/'), 'base64'), 'hex')),
	('any invitation', 'tci_'), ('any confirmation', 'tce_')) AS s(spelling, word)
 CROSS JOIN LATERAL pg_temp.holders(word) t;
-- while the same search finds what is there
SELECT * FROM pg_temp.holders(:'digest');

-- Each mail has a link of its own, and each is good.
SELECT test.token_of(text_body) AS again FROM test.mail('bob@anbieter.token.example') \gset
SELECT :'again' = :'token' AS same_mail;
UPDATE tempcloud_data.mail SET state = 'queued', closed_at = NULL, due_at = now()
 WHERE invitation_id = :'invitation';
SELECT test.token('bob@anbieter.token.example') AS again \gset
SELECT :'again' = :'token' AS same,
	   (SELECT status FROM tempcloud.preview_invitation(:'again')) AS new,
	   (SELECT status FROM tempcloud.preview_invitation(:'token')) AS old;
SELECT count(*) FROM tempcloud_data.invitation_token WHERE invitation_id = :'invitation';

-- A token gets into no table: not whole, not cut off, not without its prefix, and
-- not in another spelling of its characters.  What only looks a little like one does.
SELECT how, tempcloud_data.has_form(value, 'paragraph') AS paragraph,
	   tempcloud_data.has_form(value, 'free_text') AS free_text
  FROM (VALUES
	(1, 'whole', :'token'),
	(2, 'of the other kind', :'confirmation'),
	(3, 'in words', 'Mein Link geht nicht: ' || :'token' || '.'),
	(4, 'in an address', 'http://localhost:3000/invitation#' || :'token'),
	(5, 'in a path', 'http://localhost:3000/' || :'token' || '/x'),
	(6, 'in lines', E'a\n' || :'token' || E'\nb'),
	(7, 'twenty characters of it', left(:'token', 24)),
	(8, 'without its prefix', substr(:'token', 5)),
	(9, 'within other letters', 'abc' || :'token' || 'def'),
	(10, 'in standard base64', translate(substr(:'token', 5), '-_', '+/')),
	(11, 'prefix percent-encoded', replace(left(:'token', 24), '_', '%5F')),
	(12, 'percent-encoded', (SELECT string_agg('%' || to_hex(ascii(c)), '' ORDER BY n)
							   FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(13, 'quoted-printable', (SELECT string_agg('=' || upper(to_hex(ascii(c))), '' ORDER BY n)
								FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(14, 'HTML', (SELECT string_agg('&#' || ascii(c) || ';', '' ORDER BY n)
					FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(15, 'HTML, hexadecimal', (SELECT string_agg('&#x' || to_hex(ascii(c)) || ';', '' ORDER BY n)
								 FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(16, 'JSON', (SELECT string_agg('\u00' || to_hex(ascii(c)), '' ORDER BY n)
					FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(17, 'C', (SELECT string_agg('\x' || to_hex(ascii(c)), '' ORDER BY n)
				 FROM regexp_split_to_table(:'token', '') WITH ORDINALITY AS t (c, n))),
	(20, 'nineteen characters', left(:'token', 23)),
	(21, 'a typo, without prefix', overlay(substr(:'token', 5) PLACING '~' FROM 20)),
	(22, 'a prefix of another word', 'utci_thermal_climate_index'),
	(23, 'prefixes', 'tci_ und tce_, tci_a'),
	(24, '48 letters', repeat('A', 48)),
	(25, 'a long address', 'https://kunde.example/' || repeat('Staplerfahrer/', 10)),
	(26, 'percent signs', '100 % von 20%, %%, %zz, =, &#, &#x;, \u, \x')) AS t (n, how, value)
 ORDER BY n;
-- The command says so.
SET request.jwt.claims = :'anna';
SELECT tempcloud.update_account(website => 'http://localhost:3000/#' || :'token'); \echo :SQLSTATE
SELECT tempcloud.invite(:'token' || '@kunde.token.example'); \echo :SQLSTATE
SELECT json_build_object('sub', :'token') AS claims \gset
SET request.jwt.claims = :'claims';
SELECT tempcloud.whoami(); \echo :SQLSTATE
RESET request.jwt.claims;
-- Nor does who writes to the tables.
UPDATE tempcloud_data.contact SET subject = :'token' WHERE subject = 'anna.token'; \echo :SQLSTATE
UPDATE tempcloud_data.mail SET error = 'spam: ' || :'token'; \echo :SQLSTATE
INSERT INTO tempcloud_data.mail_template (kind, locale, subject, text_body)
VALUES ('invitation', 'fr', 'x', 'http://localhost:3000/#' || :'token'); \echo :SQLSTATE
-- What a mail server says is kept without it.
SELECT id AS message_id FROM tempcloud_data.mail WHERE state = 'sent' AND recipient = 'alf@kunde.token.example' \gset
SELECT tempcloud.mail_bounced(:'message_id', '550 spam: http://localhost:3000/%23' ||
	(SELECT string_agg('%' || to_hex(ascii(c)), '' ORDER BY n) FROM regexp_split_to_table(:'confirmation', '') WITH ORDINALITY AS t (c, n)));
SELECT state, error FROM tempcloud_data.mail WHERE id = :'message_id';
