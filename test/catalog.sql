-- What an extension consists of, one fact a line, for psql with -v extension=…:
-- two databases where it prints the same have the same extension, down to what
-- pg_dump and users can tell. Names instead of OIDs; columns by their order.

\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog;

CREATE TEMP TABLE member AS
SELECT d.classid, d.objid, i.type, i.identity
  FROM pg_extension e
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
 CROSS JOIN pg_identify_object(d.classid, d.objid, 0) i
 WHERE e.extname = :'extension';

-- Types come with their table or view; arrays with their element.
CREATE TEMP VIEW relation AS
SELECT c.*, m.identity FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
UNION ALL
SELECT c.*, m.identity FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
  JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c';

-- Whether default privileges are written down, and in which order, is no matter.
CREATE FUNCTION pg_temp.acl(acl aclitem[], kind "char", owner oid) RETURNS text
RETURN (SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE "C") FROM unnest(coalesce(acl, acldefault(kind, owner))) item);

CREATE TEMP VIEW fact (kind, identity, fact) AS
SELECT 'extension', extname::text,
	   concat_ws(' ', extnamespace::regnamespace, extowner::regrole, extrelocatable)
  FROM pg_extension WHERE extname = :'extension'
UNION ALL
SELECT 'requires', extname, pg_describe_object(d.refclassid, d.refobjid, 0)
  FROM pg_extension e
  JOIN pg_depend d ON d.classid = 'pg_extension'::regclass AND d.objid = e.oid
 WHERE extname = :'extension'
UNION ALL
SELECT 'dumped', config.oid::regclass::text, coalesce(config.condition, '')
  FROM pg_extension, unnest(extconfig, extcondition) AS config (oid, condition)
 WHERE extname = :'extension'
UNION ALL
SELECT 'member', type, identity FROM member
UNION ALL
-- What stands in the extension's schemas and does not belong to it.
SELECT 'stray', i.type, i.identity
  FROM pg_depend d
 CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE d.refclassid = 'pg_namespace'::regclass
   AND d.refobjid IN (SELECT objid FROM member WHERE classid = 'pg_namespace'::regclass)
   AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM member)
   AND NOT (d.classid = 'pg_extension'::regclass)
UNION ALL
SELECT 'schema', identity, concat_ws(' ', nspowner::regrole, pg_temp.acl(nspacl, 'n', nspowner))
  FROM member JOIN pg_namespace n ON classid = 'pg_namespace'::regclass AND n.oid = objid
UNION ALL
SELECT 'comment', i.type || ' ' || i.identity, description
  FROM (SELECT classid, objid FROM member
		UNION SELECT 'pg_class'::regclass, oid FROM relation
		UNION SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM relation)
		UNION SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
			   WHERE conrelid IN (SELECT oid FROM relation) OR contypid IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass)
		UNION SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM relation)
		UNION SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM relation)
	   ) o (classoid, objoid)
  JOIN pg_description USING (classoid, objoid)
 CROSS JOIN pg_identify_object(classoid, objoid, objsubid) i
UNION ALL
SELECT 'relation', identity,
	   concat_ws(' ', relkind, relpersistence, relowner::regrole, 'options', reloptions, 'acl', pg_temp.acl(relacl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner),
		'rls', relrowsecurity, relforcerowsecurity, 'identity', relreplident, 'tablespace', reltablespace)
  FROM relation
UNION ALL
SELECT 'column', identity || '.' || attname,
	   concat_ws(' ', row_number() OVER (PARTITION BY r.oid ORDER BY attnum),
		format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END, pg_get_expr(adbin, adrelid),
		'identity', attidentity, 'generated', attgenerated, 'storage', attstorage, attcompression,
		'collation', nullif(attcollation, 0)::regcollation, 'statistics', nullif(attstattarget, -1),
		-- where some minors count the versions of a column
		(SELECT string_agg(o, ' ' ORDER BY o) FROM unnest(attoptions) o WHERE o NOT LIKE 'pg\_attver=%'), 'acl', pg_temp.acl(attacl, 'c', relowner))
  FROM relation r
  JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
UNION ALL
SELECT 'constraint', concat_ws(' ', coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text), conname),
	   concat_ws(' ', contype, pg_get_constraintdef(oid), condeferrable, condeferred, convalidated, conislocal, connoinherit)
  FROM pg_constraint
 WHERE conrelid IN (SELECT oid FROM relation) OR contypid IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass)
UNION ALL
SELECT 'index', indexrelid::regclass::text,
	   concat_ws(' ', pg_get_indexdef(indexrelid), indisunique, indisprimary, indimmediate, indisclustered, indisvalid, indisreplident,
		(SELECT string_agg(attnum || ':' || attstattarget, ',' ORDER BY attnum) FROM pg_attribute
		  WHERE attrelid = indexrelid AND attstattarget >= 0))
  FROM pg_index WHERE indrelid IN (SELECT oid FROM relation)
UNION ALL
SELECT 'view', identity, pg_get_viewdef(oid) FROM relation WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'sequence', identity,
	   concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
		(SELECT string_agg(pg_describe_object(refclassid, refobjid, refobjsubid), ' ') FROM pg_depend
		  WHERE classid = 'pg_class'::regclass AND objid = seqrelid AND deptype = 'a'))
  FROM pg_sequence JOIN relation r ON r.oid = seqrelid
UNION ALL
SELECT 'trigger', tgrelid::regclass || ' ' || tgname, concat_ws(' ', tgenabled, pg_get_triggerdef(oid))
  FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM relation) AND NOT tgisinternal
UNION ALL
SELECT 'rule', ev_class::regclass || ' ' || rulename, concat_ws(' ', ev_enabled, pg_get_ruledef(oid))
  FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM relation) AND rulename <> '_RETURN'
UNION ALL
SELECT 'policy', polrelid::regclass || ' ' || polname,
	   concat_ws(' ', polcmd, polpermissive, (SELECT string_agg(role::regrole::text, ' ') FROM unnest(polroles) role),
		pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy WHERE polrelid IN (SELECT oid FROM relation)
UNION ALL
SELECT 'statistics', stxrelid::regclass || ' ' || stxname, concat_ws(' ', pg_get_statisticsobjdef(oid), nullif(stxstattarget, -1))
  FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM relation)
UNION ALL
SELECT 'function', identity,
	   concat_ws(' ', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) END, proowner::regrole, 'acl', pg_temp.acl(proacl, 'f', proowner), prosupport,
		(SELECT concat_ws(' ', aggkind, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggtranstype::regtype,
				aggsortop::regoperator, aggfinalmodify, agginitval)
		   FROM pg_aggregate WHERE aggfnoid = p.oid))
  FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid
UNION ALL
SELECT 'type', identity,
	   concat_ws(' ', typtype, typcategory, typispreferred, typlen, typbyval, typalign, typstorage, typdelim, typowner::regrole,
		'acl', pg_temp.acl(typacl, 'T', typowner), typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript,
		'base', CASE WHEN typbasetype <> 0 THEN format_type(typbasetype, typtypmod) END, CASE WHEN typnotnull THEN 'not null' END,
		nullif(typcollation, 0)::regcollation, typdefault,
		(SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
  FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid
UNION ALL
SELECT 'operator', identity,
	   concat_ws(' ', oprkind, oprowner::regrole, oprcanmerge, oprcanhash, oprresult::regtype, oprcode, oprrest, oprjoin,
		'commutator', nullif(oprcom, 0)::regoperator, 'negator', nullif(oprnegate, 0)::regoperator)
  FROM member JOIN pg_operator o ON classid = 'pg_operator'::regclass AND o.oid = objid
UNION ALL
SELECT 'operator class', identity,
	   concat_ws(' ', opcintype::regtype, opcdefault, nullif(opckeytype, 0)::regtype, opcowner::regrole,
		pg_describe_object('pg_opfamily'::regclass, opcfamily, 0))
  FROM member JOIN pg_opclass o ON classid = 'pg_opclass'::regclass AND o.oid = objid
UNION ALL
SELECT 'operator family', identity, pg_describe_object('pg_amop'::regclass, a.oid, 0)
  FROM member JOIN pg_amop a ON classid = 'pg_opfamily'::regclass AND amopfamily = objid
UNION ALL
SELECT 'operator family', identity, pg_describe_object('pg_amproc'::regclass, a.oid, 0)
  FROM member JOIN pg_amproc a ON classid = 'pg_opfamily'::regclass AND amprocfamily = objid
UNION ALL
SELECT 'cast', identity, concat_ws(' ', castcontext, castmethod, nullif(castfunc, 0)::regprocedure)
  FROM member JOIN pg_cast c ON classid = 'pg_cast'::regclass AND c.oid = objid
UNION ALL
SELECT 'event trigger', identity, concat_ws(' ', evtevent, evtenabled, evtfoid::regproc, evttags, evtowner::regrole)
  FROM member JOIN pg_event_trigger e ON classid = 'pg_event_trigger'::regclass AND e.oid = objid
UNION ALL
-- What pg_dump takes for granted.
SELECT 'initial privileges', i.type || ' ' || i.identity, concat_ws(' ', privtype, pg_temp.acl(initprivs, 'r', 0))
  FROM pg_init_privs p
 CROSS JOIN pg_identify_object(p.classoid, p.objoid, p.objsubid) i
 WHERE (p.classoid, p.objoid) IN (SELECT classid, objid FROM member)
UNION ALL
-- Of other kinds nothing is known here yet: write it down above before using one.
SELECT 'UNKNOWN KIND', type, identity
  FROM member
 WHERE type NOT IN ('table', 'view', 'materialized view', 'sequence', 'composite type', 'index', 'schema', 'function', 'procedure',
	'aggregate', 'type', 'domain', 'operator', 'operator class', 'operator family', 'cast', 'event trigger', 'trigger', 'rule',
	'policy', 'statistics object');

SELECT concat_ws(' | ', kind, identity, regexp_replace(fact, '\s*\n\s*', ' ', 'g'))
  FROM fact
 ORDER BY kind, identity COLLATE "C", fact COLLATE "C";
