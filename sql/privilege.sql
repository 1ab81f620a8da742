-- privilege: nothing for PUBLIC
--
-- What each role may do is granted where the object is made; PostgreSQL itself
-- grants PUBLIC the execution of functions and the use of types, which ends
-- here for all of them at once.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tempcloud, tempcloud_data FROM PUBLIC;

DO $$
DECLARE
	name regtype;
BEGIN
	-- without array types, which follow their elements', and the row types of
	-- tables and views, which pg_dump has no place for
	FOR name IN
		SELECT t.oid
		  FROM pg_catalog.pg_type t
		  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
		 WHERE t.typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
		   AND t.typcategory <> 'A'
		   AND (c.relkind IS NULL OR c.relkind = 'c')
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON TYPE %s FROM PUBLIC', name);
	END LOOP;
END
$$;

GRANT USAGE ON TYPE tempcloud.account_kind, tempcloud.invitation_status,
	tempcloud.request_status TO tempcloud_service;
