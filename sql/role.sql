-- role: the two schemas, and the roles that the DBA grants to logins

-- Nothing that this script names may be found where somebody else can create.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- In other encodings, the forms of text and of tokens would be checked wrongly.
DO $$
BEGIN
	IF current_setting('server_encoding') <> 'UTF8' THEN
		RAISE feature_not_supported USING
			MESSAGE = format('extension "tempcloud" does not support encoding "%s"', current_setting('server_encoding')),
			HINT = 'Install it in a database with encoding "UTF8".';
	END IF;
END
$$;

CREATE SCHEMA tempcloud;
COMMENT ON SCHEMA tempcloud IS
'tempcloud
Staffing customers and providers become partners by invitation.';

CREATE SCHEMA tempcloud_data;
COMMENT ON SCHEMA tempcloud_data IS
'Data of tempcloud, for its owner only; the API is schema tempcloud';

-- Roles belong to the cluster, not to the database: another database may have
-- made them already, and DROP EXTENSION leaves them.  Which other privileges such
-- a role has, and which roles are members of it, is up to the DBA.
DO $$
DECLARE
	name text;
	existing record;
BEGIN
	FOR existing IN
		SELECT r.rolname, concat_ws('; ',
			   'attributes: ' || NULLIF(concat_ws(', ',
					CASE WHEN rolcanlogin THEN 'LOGIN' END,
					CASE WHEN rolsuper THEN 'SUPERUSER' END,
					CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
					CASE WHEN rolcreatedb THEN 'CREATEDB' END,
					CASE WHEN rolreplication THEN 'REPLICATION' END,
					CASE WHEN rolbypassrls THEN 'BYPASSRLS' END), ''),
			   'members: ' || (
					SELECT string_agg(DISTINCT member::regrole::text, ', ')
					  FROM pg_auth_members
					 WHERE roleid = r.oid AND (r.rolname, member::regrole::text) NOT IN (
							('tempcloud_anonymous', 'tempcloud_user'), ('tempcloud_user', 'tempcloud_service'))),
			   'member of: ' || (
					SELECT string_agg(DISTINCT roleid::regrole::text, ', ')
					  FROM pg_auth_members
					 WHERE member = r.oid AND (roleid::regrole::text, r.rolname) NOT IN (
							('tempcloud_anonymous', 'tempcloud_user'), ('tempcloud_user', 'tempcloud_service')))) AS has
		  FROM pg_roles r
		 WHERE rolname IN ('tempcloud_anonymous', 'tempcloud_user', 'tempcloud_mailer', 'tempcloud_admin', 'tempcloud_service')
		 ORDER BY rolname
	LOOP
		IF existing.has <> '' THEN
			RAISE WARNING USING
				MESSAGE = format('role "%s" exists already, and not as this extension would create it', existing.rolname),
				DETAIL = format('It has %s.', existing.has),
				HINT = 'Make sure that all who have this role may have its privileges in this database.';
		END IF;
	END LOOP;
	FOREACH name IN ARRAY '{tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[]
	LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
			BEGIN
				EXECUTE format('CREATE ROLE %I NOLOGIN', name);
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
	TO tempcloud_anonymous, tempcloud_mailer, tempcloud_admin, pg_monitor;
