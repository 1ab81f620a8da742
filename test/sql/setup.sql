-- setup: the extension comes and goes; logins that the other tests use
--
-- pg_regress has loaded it, and tempcloud_test (test/helper), which has the functions of
-- schema test. Each test registers companies of its own and leaves those of others alone.

-- DROP takes everything but the roles, which other databases may use; and
-- what a session has prepared does not outlive it.
SET request.jwt.claims = '{"sub":"setup"}';
SELECT permissions FROM tempcloud.whoami();
DROP EXTENSION tempcloud_test, tempcloud;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tempcloud%';
SELECT rolname, rolcanlogin, rolsuper, rolinherit
  FROM pg_roles WHERE rolname LIKE 'tempcloud%' ORDER BY rolname COLLATE "C";
SET client_min_messages = error;	-- of roles of an earlier run with their members
CREATE EXTENSION tempcloud;
RESET client_min_messages;
SELECT permissions FROM tempcloud.whoami();
CREATE EXTENSION tempcloud_test;

-- Logins of a cluster, as a DBA would make them
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tempcloud_app, regress_tempcloud_nobody;
RESET client_min_messages;
CREATE ROLE regress_tempcloud_app LOGIN IN ROLE tempcloud_service;
CREATE ROLE regress_tempcloud_nobody LOGIN;

-- Where these companies are, it is never summer.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET tempcloud.default_time_zone = ''UTC''', current_database()); END $$;
