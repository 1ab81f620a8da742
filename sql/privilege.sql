-- privilege: revokes what this script has not granted
--
-- PostgreSQL itself lets PUBLIC execute functions and use types, and ALTER DEFAULT
-- PRIVILEGES may have given anything to anybody, or taken it from the owner.  All
-- objects go back to what their owner alone may do.  What each role may do besides
-- is granted where the object is made; the Makefile puts these statements after
-- this one.

-- After all tables

DO $$
DECLARE
	object record;
BEGIN
	FOR object IN
		WITH object (kind, name, owner, acl, effective) AS (
			SELECT 'SCHEMA', oid::regnamespace::text, nspowner, nspacl,
				   COALESCE(nspacl, acldefault('n', nspowner))
			  FROM pg_namespace WHERE nspname IN ('tempcloud', 'tempcloud_data')
			 UNION ALL
			SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass::text,
				   relowner, relacl,
				   COALESCE(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
			  FROM pg_class
			 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			   AND relkind IN ('r', 'p', 'v', 'm', 'S')
			 UNION ALL
			SELECT 'ROUTINE', oid::regprocedure::text, proowner, proacl,
				   COALESCE(proacl, acldefault('f', proowner))
			  FROM pg_proc
			 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			 UNION ALL
			-- without the types of arrays, which follow their elements', and the row types of
			-- tables and views, which pg_dump has no place for
			SELECT 'TYPE', t.oid::regtype::text, typowner, typacl,
				   COALESCE(typacl, acldefault('T', typowner))
			  FROM pg_type t
			  LEFT JOIN pg_class c ON c.oid = t.typrelid
			 WHERE typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			   AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
			   AND (c.relkind IS NULL OR c.relkind = 'c'))
		SELECT kind, name, owner::regrole, acl,
			   (SELECT string_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, ', ')
				  FROM aclexplode(effective) WHERE grantee <> owner) AS others
		  FROM object
	LOOP
		IF object.others IS NOT NULL THEN
			EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE', object.kind, object.name, object.others);
		END IF;
		IF object.acl IS NOT NULL THEN
			EXECUTE format('GRANT ALL ON %s %s TO %s', object.kind, object.name, object.owner);
		END IF;
	END LOOP;
END
$$;
