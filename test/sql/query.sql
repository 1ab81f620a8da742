-- query: what is prepared once a session and kept

\set anna '{"sub":"anna.query","email":"anna@kunde.query.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset

-- A query is prepared anew after 64 and 256 runs, and not while it is running: a
-- trigger that somebody has added runs the query that fires it, 40 levels deep.
BEGIN;
CREATE FUNCTION pg_temp.again()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	IF pg_trigger_depth() < 40 THEN
		PERFORM tempcloud.add_contact('Zoe', 'Zorn');
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER again AFTER INSERT ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION pg_temp.again();
SELECT count(*) FROM generate_series(1, 8) n, tempcloud.add_contact('Yve', 'Yark' || chr(96 + n % 26));
SELECT given_name, count(*) FROM tempcloud.my_contacts WHERE given_name <> 'Anna' GROUP BY 1 ORDER BY 1;

-- One that fails is running no longer.
SAVEPOINT failed;
CREATE OR REPLACE FUNCTION pg_temp.again()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	RAISE division_by_zero;
END
$$;
SELECT test.refusal($$SELECT tempcloud.add_contact('Zoe', 'Zorn')$$) FROM generate_series(1, 3);
ROLLBACK TO failed;
SELECT count(*) FROM generate_series(1, 300) n, tempcloud.add_contact('Yve', 'Yark' || chr(96 + n % 26));
ROLLBACK;

-- CHECK constraints are kept, too, until the table is altered or a function is replaced.
BEGIN;
CREATE FUNCTION pg_temp.is_welcome(name text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN name <> 'Xaver';
SELECT (tempcloud.add_contact('Yve', 'Yark')).given_name;
ALTER TABLE tempcloud_data.contact ADD CONSTRAINT no_zoe CHECK (given_name <> 'Zoe');
SELECT test.refusal($$SELECT tempcloud.add_contact('Zoe', 'Zorn')$$), test.refusal($$SELECT tempcloud.add_contact('Xaver', 'Xu')$$);
ALTER TABLE tempcloud_data.contact DROP CONSTRAINT no_zoe,
	ADD CONSTRAINT no_zoe CHECK (pg_temp.is_welcome(given_name)) NOT VALID;
SELECT test.refusal($$SELECT tempcloud.add_contact('Zoe', 'Zorn')$$), test.refusal($$SELECT tempcloud.add_contact('Xaver', 'Xu')$$);
CREATE OR REPLACE FUNCTION pg_temp.is_welcome(name text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN name <> 'Zoe';
SELECT test.refusal($$SELECT tempcloud.add_contact('Zoe', 'Zorn')$$), test.refusal($$SELECT tempcloud.add_contact('Xaver', 'Xu')$$);
ROLLBACK;
SELECT (tempcloud.add_contact('Zoe', 'Zorn')).given_name;
