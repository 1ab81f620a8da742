-- role: the two schemas, and the roles that the DBA grants to logins

-- Nothing that this script names may be found where somebody else can create.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

CREATE SCHEMA tempcloud;
COMMENT ON SCHEMA tempcloud IS
'tempcloud
Staffing customers and providers become partners by invitation.';

CREATE SCHEMA tempcloud_data;
COMMENT ON SCHEMA tempcloud_data IS
'What tempcloud keeps. Nobody but the owner reads or writes it directly; the API is schema tempcloud.';

-- Roles belong to the cluster, not to the database: another database may have
-- made them already, and DROP EXTENSION leaves them.
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[]
	LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
			BEGIN
				EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN
				NULL;	-- another database's CREATE EXTENSION was faster
			END;
		END IF;
	END LOOP;
END
$$;

-- A user may do what an anonymous visitor may, a service what a user may.
GRANT tempcloud_anonymous TO tempcloud_user;
GRANT tempcloud_user TO tempcloud_service;

GRANT USAGE ON SCHEMA tempcloud
	TO tempcloud_anonymous, tempcloud_mailer, tempcloud_admin;
