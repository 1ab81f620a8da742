-- All ways to drop or alter what the extension consists of, generated from the
-- catalogs into tables elsewhere.attack and elsewhere.harmless: every member of
-- it and of the extensions that it requires, every part of a member, and every
-- form of every ALTER that fits. Schema elsewhere has what some of them need.

CREATE SCHEMA elsewhere;
CREATE ROLE somebody;
CREATE TABLE elsewhere.thing (id int PRIMARY KEY);
CREATE TABLE elsewhere.parent ();
CREATE TYPE elsewhere.composite AS (id uuid);
CREATE TYPE elsewhere.kind AS ENUM ('a');
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION elsewhere.nothing() RETURNS int LANGUAGE sql RETURN 1;
CREATE FUNCTION elsewhere.hash(anyenum) RETURNS int LANGUAGE internal IMMUTABLE AS 'hashenum';
CREATE FUNCTION elsewhere.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE EXTENSION citext SCHEMA elsewhere;

-- What becomes of a statement, which is always rolled back.
CREATE FUNCTION elsewhere.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RAISE EXCEPTION USING message = 'passed';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN CASE SQLERRM WHEN 'passed' THEN SQLERRM ELSE concat_ws(' ', SQLSTATE, SQLERRM, hint) END;
END
$$;

SET search_path = pg_catalog;

CREATE TEMP TABLE member AS
SELECT extname, d.classid, d.objid, i.schema, i.name, i.identity,
	   CASE WHEN typtype = 'd' THEN 'domain' ELSE i.type END AS type,
	   -- From PostgreSQL 17 on, types that come with another or with a table are members, too.
	   t.oid IS NOT NULL AND (EXISTS (SELECT FROM pg_type WHERE typarray = t.oid)
		   OR EXISTS (SELECT FROM pg_class WHERE reltype = t.oid AND relkind <> 'c')) AS implied
  FROM pg_extension e
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
 CROSS JOIN pg_identify_object(d.classid, d.objid, 0) i
 WHERE extname IN ('tempcloud', 'pgcrypto', 'unaccent', 'btree_gist');

CREATE TEMP VIEW own AS SELECT * FROM member WHERE extname = 'tempcloud';

-- Statements in which %1$s is the object, and others its parts.
CREATE TEMP TABLE form (types text[], statement text);
INSERT INTO form VALUES
	(NULL, 'DROP %2$s %1$s CASCADE'),
	(NULL, 'ALTER EXTENSION %3$s DROP %2$s %1$s'),
	('{table,view,sequence,type,domain,schema,function,"operator class","operator family","text search dictionary"}',
		'ALTER %2$s %1$s RENAME TO renamed'),
	('{table,view,sequence,type,domain,function,operator,"operator class","operator family","text search dictionary"}',
		'ALTER %2$s %1$s SET SCHEMA elsewhere'),
	('{table,view,sequence,type,domain,schema,function,operator,"operator class","operator family","text search dictionary"}',
		'ALTER %2$s %1$s OWNER TO somebody'),
	('{schema}', 'CREATE TABLE %1$s.planted (id int)'),
	('{schema}', 'CREATE VIEW %1$s.planted AS SELECT 1 AS one'),
	('{schema}', 'CREATE MATERIALIZED VIEW %1$s.planted AS SELECT 1 AS one'),
	('{schema}', 'CREATE SEQUENCE %1$s.planted'),
	('{schema}', 'CREATE FUNCTION %1$s.are_partners(text, text) RETURNS boolean LANGUAGE sql RETURN true'),
	('{schema}', 'CREATE AGGREGATE %1$s.planted(int) (SFUNC = int4pl, STYPE = int)'),
	('{schema}', 'CREATE TYPE %1$s.planted AS ENUM (''a'')'),
	('{schema}', 'CREATE TYPE %1$s.planted AS (a int)'),
	('{schema}', 'CREATE TYPE %1$s.planted AS RANGE (subtype = int)'),
	('{schema}', 'CREATE DOMAIN %1$s.planted AS text'),
	('{schema}', 'CREATE OPERATOR %1$s.=== (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)'),
	('{schema}', 'CREATE COLLATION %1$s.planted FROM "C"'),
	('{schema}', 'CREATE TEXT SEARCH CONFIGURATION %1$s.planted (COPY = english)'),
	('{schema}', 'CREATE CONVERSION %1$s.planted FOR ''LATIN1'' TO ''UTF8'' FROM iso8859_1_to_utf8'),
	('{schema}', 'ALTER TABLE elsewhere.thing SET SCHEMA %1$s'),
	('{schema}', 'ALTER FUNCTION elsewhere.nothing() SET SCHEMA %1$s'),
	('{schema}', 'ALTER TYPE elsewhere.kind SET SCHEMA %1$s'),
	('{schema}', 'ALTER EXTENSION citext SET SCHEMA %1$s'),
	('{schema}', 'ALTER DEFAULT PRIVILEGES IN SCHEMA %1$s GRANT ALL ON TABLES TO PUBLIC'),
	('{function}', 'ALTER FUNCTION %1$s SECURITY INVOKER'),
	('{function}', 'ALTER FUNCTION %1$s SECURITY DEFINER'),
	('{function}', 'ALTER FUNCTION %1$s CALLED ON NULL INPUT'),
	('{function}', 'ALTER FUNCTION %1$s STRICT'),
	('{function}', 'ALTER FUNCTION %1$s IMMUTABLE'),
	('{function}', 'ALTER FUNCTION %1$s LEAKPROOF'),
	('{function}', 'ALTER FUNCTION %1$s PARALLEL SAFE'),
	('{function}', 'ALTER FUNCTION %1$s COST 1000'),
	('{function}', 'ALTER FUNCTION %1$s SET search_path = elsewhere'),
	('{function}', 'ALTER FUNCTION %1$s SET session_replication_role = replica'),
	('{function}', 'ALTER FUNCTION %1$s RESET ALL'),
	('{view}', 'ALTER VIEW %1$s SET (security_barrier = off)'),
	('{view}', 'ALTER TABLE %1$s SET (security_barrier = off)'),
	('{view}', 'ALTER VIEW %1$s RESET (security_barrier)'),
	('{view}', 'CREATE RULE planted AS ON INSERT TO %1$s DO INSTEAD NOTHING'),
	('{view}', 'CREATE TRIGGER planted INSTEAD OF INSERT ON %1$s FOR EACH ROW EXECUTE FUNCTION elsewhere.fire()'),
	('{table}', 'CREATE RULE planted AS ON DELETE TO %1$s DO INSTEAD NOTHING'),
	('{table}', 'CREATE POLICY planted ON %1$s USING (false)'),
	('{table}', 'CREATE TRIGGER zzz BEFORE DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION elsewhere.fire()'),
	('{table}', 'CREATE TRIGGER zzz AFTER INSERT ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION elsewhere.fire()'),
	('{table}', 'CREATE TRIGGER zzz BEFORE TRUNCATE ON %1$s EXECUTE FUNCTION elsewhere.fire()'),
	('{table}', 'CREATE CONSTRAINT TRIGGER zzz AFTER INSERT ON %1$s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION elsewhere.fire()'),
	('{table}', 'CREATE TABLE elsewhere.child () INHERITS (%1$s)'),
	('{table}', 'CREATE TABLE elsewhere.child (LIKE %1$s INCLUDING ALL); ALTER TABLE elsewhere.child INHERIT %1$s'),
	('{table}', 'ALTER TABLE %1$s INHERIT elsewhere.parent'),
	('{table}', 'ALTER TABLE %1$s OF elsewhere.composite'),
	('{table}', 'ALTER TABLE %1$s NOT OF'),
	('{table}', 'ALTER TABLE %1$s ADD planted int'),
	('{table}', 'ALTER TABLE %1$s ADD planted int GENERATED ALWAYS AS IDENTITY'),
	('{table}', 'ALTER TABLE %1$s ADD planted int UNIQUE REFERENCES elsewhere.thing'),
	('{table}', 'ALTER TABLE %1$s ADD CHECK (false) NOT VALID'),
	('{table}', 'ALTER TABLE %1$s ADD EXCLUDE ((true) WITH =)'),
	('{table}', 'ALTER TABLE %1$s SET UNLOGGED'),
	('{table}', 'ALTER TABLE %1$s SET ACCESS METHOD heap2'),
	('{table}', 'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY'),
	('{table}', 'ALTER TABLE %1$s FORCE ROW LEVEL SECURITY'),
	('{table}', 'ALTER TABLE %1$s SET (fillfactor = 50), SET UNLOGGED'),
	('{sequence}', 'ALTER SEQUENCE %1$s RESTART'),
	('{sequence}', 'ALTER SEQUENCE %1$s INCREMENT BY -1'),
	('{sequence}', 'ALTER SEQUENCE %1$s MAXVALUE 100000000 CYCLE'),
	('{sequence}', 'ALTER SEQUENCE %1$s OWNED BY NONE'),
	('{"operator family"}', 'ALTER OPERATOR FAMILY %1$s ADD FUNCTION 1 (box, box) int4eq(int, int)'),
	('{"operator family"}', 'ALTER OPERATOR FAMILY %1$s ADD OPERATOR 15 = (int4, int8)'),
	('{operator}', 'ALTER OPERATOR %1$s SET (RESTRICT = NONE)'),
	('{"text search dictionary"}', 'ALTER TEXT SEARCH DICTIONARY %1$s (RULES = ''unaccent'')'),
	('{domain}', 'ALTER DOMAIN %1$s ADD CONSTRAINT planted CHECK (false) NOT VALID'),
	('{domain}', 'ALTER DOMAIN %1$s SET NOT NULL'),
	('{domain}', 'ALTER DOMAIN %1$s SET DEFAULT ''x'''),
	('{domain}', 'ALTER DOMAIN %1$s DROP DEFAULT'),
	('{type}', 'CREATE CAST (%1$s AS int) WITH INOUT AS IMPLICIT'),
	('{type,domain}', 'CREATE FUNCTION pg_catalog.lower(%1$s) RETURNS text LANGUAGE sql RETURN ''x''');

CREATE TABLE elsewhere.attack (statement) AS
SELECT format(statement, identity, upper(CASE type WHEN 'domain' THEN 'domain' ELSE type END), extname)
  FROM member JOIN form ON types IS NULL OR type = ANY (types) AND NOT (implied AND statement LIKE 'ALTER %')
 WHERE extname = 'tempcloud' OR types IS NULL OR statement LIKE 'ALTER %'
UNION ALL
SELECT format(form, identity, format_type(objid, NULL), label) FROM own, pg_enum e, unnest(ARRAY[
	'ALTER TYPE %1$s RENAME VALUE %3$L TO ''other''',
	'ALTER TYPE %1$s ADD VALUE ''other'' BEFORE %3$L']) form, quote_ident(enumlabel) label
 WHERE classid = 'pg_type'::regclass AND enumtypid = objid
UNION ALL
SELECT format(form, identity) FROM own JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid, unnest(ARRAY[
	'CREATE FUNCTION elsewhere.equal(%1$s, %1$s) RETURNS boolean LANGUAGE sql RETURN true; CREATE OPERATOR pg_catalog.= (FUNCTION = elsewhere.equal, LEFTARG = %1$s, RIGHTARG = %1$s)',
	'CREATE OPERATOR CLASS elsewhere.planted DEFAULT FOR TYPE %1$s USING hash AS FUNCTION 1 elsewhere.hash(anyenum)']) form
 WHERE typtype = 'e'
UNION ALL
SELECT format(form, identity, quote_ident(conname)) FROM own, pg_constraint, unnest(ARRAY[
	'ALTER DOMAIN %1$s DROP CONSTRAINT %2$s',
	'ALTER DOMAIN %1$s RENAME CONSTRAINT %2$s TO renamed']) form
 WHERE classid = 'pg_type'::regclass AND contypid = objid
UNION ALL
SELECT format(form, identity, quote_ident(attname), format_type(atttypid, atttypmod))
  FROM own JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid
  JOIN pg_attribute ON attrelid = typrelid AND NOT attisdropped AND NOT implied, unnest(ARRAY[
	'ALTER TYPE %1$s ADD ATTRIBUTE planted int',
	'ALTER TYPE %1$s RENAME ATTRIBUTE %2$s TO renamed',
	'ALTER TYPE %1$s ALTER ATTRIBUTE %2$s TYPE %3$s',
	'ALTER TYPE %1$s DROP ATTRIBUTE %2$s CASCADE']) form
UNION ALL
SELECT format(form, identity, quote_ident(attname), format_type(atttypid, atttypmod))
  FROM own JOIN pg_attribute ON attrelid = objid AND attnum > 0 AND NOT attisdropped, unnest(CASE type
	WHEN 'view' THEN ARRAY[
		'ALTER VIEW %1$s RENAME COLUMN %2$s TO renamed',
		'ALTER VIEW %1$s ALTER %2$s SET DEFAULT NULL']
	WHEN 'table' THEN ARRAY[
		'ALTER TABLE %1$s RENAME %2$s TO renamed',
		'ALTER TABLE %1$s ALTER %2$s TYPE %3$s USING NULL',
		'ALTER TABLE %1$s ALTER %2$s SET DEFAULT NULL',
		'ALTER TABLE %1$s ALTER %2$s SET NOT NULL',
		'ALTER TABLE %1$s DROP %2$s CASCADE',
		CASE attnum WHEN 1 THEN 'CREATE TABLE elsewhere.partitioned (LIKE %1$s) PARTITION BY LIST (%2$s);'
			' ALTER TABLE elsewhere.partitioned ATTACH PARTITION %1$s DEFAULT' END] END) form
 WHERE classid = 'pg_class'::regclass AND form IS NOT NULL
UNION ALL
SELECT format('ALTER TABLE %s ALTER %I %s', identity, attname, CASE WHEN attidentity <> '' THEN 'DROP IDENTITY'
			  WHEN attgenerated <> '' THEN 'DROP EXPRESSION' WHEN atthasdef THEN 'DROP DEFAULT' ELSE 'DROP NOT NULL' END)
  FROM own JOIN pg_attribute a ON attrelid = objid AND attnum > 0 AND NOT attisdropped
 WHERE type = 'table' AND (atthasdef OR attidentity <> ''
	OR attnotnull AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = objid AND indisprimary AND attnum = ANY (indkey)))
UNION ALL
SELECT format('ALTER TABLE %s ALTER %I SET GENERATED BY DEFAULT', identity, attname)
  FROM own JOIN pg_attribute ON attrelid = objid AND attidentity <> '' WHERE type = 'table'
UNION ALL
SELECT format(form, identity, quote_ident(conname)) FROM own JOIN pg_constraint ON conrelid = objid, unnest(ARRAY[
	'ALTER TABLE %1$s RENAME CONSTRAINT %2$s TO renamed',
	'ALTER TABLE %1$s DROP CONSTRAINT %2$s CASCADE',
	CASE contype WHEN 'f' THEN 'ALTER TABLE %1$s ALTER CONSTRAINT %2$s DEFERRABLE INITIALLY DEFERRED' END]) form
 WHERE type = 'table' AND contype <> 'n' AND form IS NOT NULL
UNION ALL
SELECT format(form, identity, quote_ident(tgname), extname) FROM own JOIN pg_trigger ON tgrelid = objid, unnest(ARRAY[
	'DROP TRIGGER %2$s ON %1$s',
	'ALTER TRIGGER %2$s ON %1$s RENAME TO renamed',
	CASE type WHEN 'table' THEN 'ALTER TABLE %1$s DISABLE TRIGGER %2$s' END,
	CASE type WHEN 'table' THEN 'ALTER TABLE %1$s ENABLE TRIGGER %2$s' END,
	CASE type WHEN 'table' THEN 'ALTER TABLE %1$s ENABLE REPLICA TRIGGER %2$s' END,
	'ALTER TRIGGER %2$s ON %1$s DEPENDS ON EXTENSION citext; DROP EXTENSION citext',
	'CREATE OR REPLACE TRIGGER %2$s AFTER INSERT ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION elsewhere.fire()']) form
 WHERE NOT tgisinternal AND form IS NOT NULL
UNION ALL
SELECT format('DROP RULE %I ON %s', rulename, identity)
  FROM own JOIN pg_rewrite ON classid = 'pg_class'::regclass AND ev_class = objid AND ev_type <> '1'
UNION ALL
SELECT format('DROP POLICY %I ON %s', polname, identity)
  FROM own JOIN pg_policy ON classid = 'pg_class'::regclass AND polrelid = objid
UNION ALL
SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', identity, tgname)
  FROM own JOIN pg_trigger ON tgrelid = objid WHERE type = 'table' AND tgisinternal
UNION ALL
SELECT format(form, identity) FROM own, unnest('{ENABLE,DISABLE,ENABLE}'::text[]) verb,
	LATERAL (VALUES ('ALTER TABLE %1$s ' || verb || ' TRIGGER ALL'), ('ALTER TABLE %1$s ' || verb || ' TRIGGER USER')) f (form)
 WHERE type = 'table' AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = objid AND NOT tgisinternal)
UNION ALL
SELECT format(form, indexrelid::regclass, identity) FROM own JOIN pg_index ON indrelid = objid, unnest(ARRAY[
	'DROP INDEX %1$s CASCADE',
	'ALTER INDEX %1$s RENAME TO renamed',
	'ALTER TABLE %1$s RENAME TO renamed']) form
 WHERE type = 'table' AND (indisunique OR indisexclusion)
UNION ALL
SELECT format('CREATE UNIQUE INDEX ON %s ((1))', identity) FROM own WHERE type = 'table'
UNION ALL
SELECT format('CREATE OR REPLACE VIEW %s AS %s', identity, regexp_replace(pg_get_viewdef(objid), '\s+', ' ', 'g'))
  FROM own WHERE type = 'view'
UNION ALL
SELECT format('CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO %s DO INSTEAD %s', identity, regexp_replace(pg_get_viewdef(objid), '\s+', ' ', 'g'))
  FROM own WHERE type = 'view'
UNION ALL
SELECT regexp_replace(pg_get_functiondef(objid), '\s+', ' ', 'g') FROM member
  JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid AND prokind IN ('f', 'p')
UNION ALL
SELECT format('ALTER EXTENSION %s ADD %s', extname, object)
  FROM (SELECT DISTINCT extname FROM member) e, unnest('{FUNCTION elsewhere.nothing(),TABLE elsewhere.thing}'::text[]) object;

-- What a DBA does, and what applications do with it.
CREATE TABLE elsewhere.harmless (statement) AS
SELECT format(form, identity, (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = objid AND attnum = 1),
			  key, quote_ident(schema), key_name)
  FROM own
 CROSS JOIN LATERAL (SELECT i.indexrelid::regclass, quote_ident(relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
					  WHERE i.indrelid = objid AND i.indisprimary) k (key, key_name), unnest(ARRAY[
	'CREATE INDEX planted ON %1$s (%2$s); ALTER INDEX %4$s.planted RENAME TO planted2; ALTER INDEX %4$s.planted2 SET (fillfactor = 50); DROP INDEX %4$s.planted2',
	'ANALYZE %1$s',
	'LOCK %1$s',
	'CLUSTER %1$s USING %5$s',
	'REINDEX TABLE %1$s',
	'REINDEX INDEX %3$s',
	'COMMENT ON TABLE %1$s IS NULL',
	'COMMENT ON COLUMN %1$s.%2$s IS NULL',
	'GRANT SELECT ON %1$s TO somebody; REVOKE SELECT ON %1$s FROM somebody',
	'ALTER TABLE %1$s SET (fillfactor = 50, autovacuum_enabled = off); ALTER TABLE %1$s RESET (fillfactor)',
	'ALTER TABLE %1$s ALTER %2$s SET STATISTICS 500',
	'ALTER TABLE %1$s ALTER %2$s SET (n_distinct = 5)',
	'ALTER TABLE %1$s ALTER %2$s SET STORAGE PLAIN',
	'ALTER TABLE %1$s SET TABLESPACE pg_default',
	'ALTER TABLE %1$s SET LOGGED',
	'ALTER TABLE %1$s REPLICA IDENTITY FULL',
	'ALTER TABLE %1$s CLUSTER ON %5$s; ALTER TABLE %1$s SET WITHOUT CLUSTER',
	'ALTER TABLE %1$s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
	'ALTER INDEX %3$s SET (fillfactor = 50)',
	'CREATE STATISTICS elsewhere.planted ON %2$s, (%2$s::text) FROM %1$s',
	'CREATE PUBLICATION planted FOR TABLE %1$s; DROP PUBLICATION planted',
	'CREATE PUBLICATION planted; ALTER PUBLICATION planted ADD TABLE %1$s; ALTER PUBLICATION planted DROP TABLE %1$s',
	'CREATE VIEW elsewhere.planted AS SELECT * FROM %1$s; CREATE OR REPLACE VIEW elsewhere.planted AS SELECT * FROM %1$s; DROP VIEW elsewhere.planted',
	'CREATE TABLE elsewhere.planted (LIKE %1$s INCLUDING ALL); ALTER TABLE elsewhere.planted RENAME TO planted2; DROP TABLE elsewhere.planted2',
	'CREATE FUNCTION elsewhere.planted(%1$s) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM %1$s; END; DROP FUNCTION elsewhere.planted']) form
 WHERE type = 'table';
