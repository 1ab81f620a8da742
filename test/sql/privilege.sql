-- privilege: nothing for PUBLIC, and to each role what it needs

-- The roles cannot log in, and a user may do what an anonymous visitor may, a
-- service what a user may.
SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls
  FROM pg_roles WHERE rolname LIKE 'tempcloud\_%' ORDER BY rolname COLLATE "C";
SELECT r.rolname AS role, m.rolname AS member, admin_option
  FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
 WHERE r.rolname LIKE 'tempcloud\_%' AND m.rolname LIKE 'tempcloud\_%' ORDER BY 1, 2;

-- Schemas
SELECT nspname, r.role, has_schema_privilege(r.role, n.oid, 'USAGE') AS usage, has_schema_privilege(r.role, n.oid, 'CREATE') AS create
  FROM pg_namespace n,
	   unnest('{regress_tempcloud_nobody,tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[])
	   WITH ORDINALITY r(role, n)
 WHERE nspname LIKE 'tempcloud%'
 ORDER BY nspname COLLATE "C", r.n;

-- Functions, without the relationships, which the user and the service may use
SELECT p.proname,
	   has_function_privilege('regress_tempcloud_nobody', p.oid, 'EXECUTE') AS public,
	   has_function_privilege('tempcloud_anonymous', p.oid, 'EXECUTE') AS anonymous,
	   has_function_privilege('tempcloud_user', p.oid, 'EXECUTE') AS "user",
	   has_function_privilege('tempcloud_mailer', p.oid, 'EXECUTE') AS mailer,
	   has_function_privilege('tempcloud_admin', p.oid, 'EXECUTE') AS admin,
	   has_function_privilege('tempcloud_service', p.oid, 'EXECUTE') AS service
  FROM pg_proc p
 WHERE pronamespace = 'tempcloud'::regnamespace AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
 ORDER BY proname COLLATE "C";
SELECT p.proname, r.role
  FROM pg_proc p, unnest('{regress_tempcloud_nobody,tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[]) AS r(role)
 WHERE pronamespace = 'tempcloud_data'::regnamespace AND has_function_privilege(r.role, p.oid, 'EXECUTE')
 ORDER BY proname COLLATE "C", r.role;

-- Views and tables: all that anybody may
SELECT c.oid::regclass AS relation, r.role, p.privilege
  FROM pg_class c,
	   unnest('{regress_tempcloud_nobody,tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[])
	   WITH ORDINALITY r(role, n),
	   unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p(privilege)
 WHERE c.relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
   AND c.relkind IN ('r', 'v', 'm', 'p')
   AND has_table_privilege(r.role, c.oid, p.privilege)
 ORDER BY c.oid::regclass::text COLLATE "C", r.n, p.privilege;
SELECT c.oid::regclass AS sequence, r.role
  FROM pg_class c, unnest('{regress_tempcloud_nobody,tempcloud_anonymous,tempcloud_user,tempcloud_mailer,tempcloud_admin,tempcloud_service}'::text[]) AS r(role)
 WHERE c.relnamespace = 'tempcloud_data'::regnamespace AND c.relkind = 'S'
   AND has_sequence_privilege(r.role, c.oid, 'USAGE, SELECT, UPDATE');
-- Types: PUBLIC may use none of them by name.
SELECT t.typname FROM pg_type t
 WHERE t.typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
   AND t.typtype IN ('e', 'd', 'c') AND has_type_privilege('regress_tempcloud_nobody', t.oid, 'USAGE')
   AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c');

-- They run with their owner's rights, and nobody's search path, but for the one that
-- looks at the caller's.
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE pronamespace = 'tempcloud'::regnamespace AND prokind = 'f'
   AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
   AND NOT (prosecdef AND proconfig @> '{"search_path=pg_catalog, pg_temp"}')
 ORDER BY 1;
-- No view lets a condition of the reader's see more rows than the view shows.
SELECT c.oid::regclass FROM pg_class c
 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'
   AND NOT coalesce(reloptions @> '{security_barrier=true}', false);
-- Everything in the API has a comment.
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE pronamespace = 'tempcloud'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace) AND relkind IN ('r', 'v')
   AND attnum > 0 AND NOT attisdropped
   AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, attnum) IS NULL);
SELECT t.oid::regtype FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
   AND typcategory <> 'A' AND (c.relkind IS NULL OR c.relkind = 'c')
   AND coalesce(obj_description(t.oid, 'pg_type'), obj_description(c.oid, 'pg_class')) IS NULL;

-- And so it is when they try.
SET ROLE regress_tempcloud_nobody;
SET request.jwt.claims = '{"sub":"anna.privilege","email":"anna@kunde.privilege.example","email_verified":true}';
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT * FROM tempcloud.my_account; \echo :SQLSTATE
SELECT * FROM tempcloud_data.account; \echo :SQLSTATE
SELECT 'customer'::tempcloud.account_kind; \echo :SQLSTATE

SET ROLE tempcloud_anonymous;
SELECT tempcloud.preview_invitation('tci_'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation_by_token('tci_'); \echo :SQLSTATE
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.register_account(); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token('tci_'); \echo :SQLSTATE
SELECT tempcloud.act_as('anna.privilege'); \echo :SQLSTATE
SELECT tempcloud.claim_mail(); \echo :SQLSTATE
SELECT tempcloud.maintain(); \echo :SQLSTATE
SELECT * FROM tempcloud.my_account; \echo :SQLSTATE
SELECT * FROM tempcloud_data.invitation_token; \echo :SQLSTATE

SET ROLE tempcloud_user;
SELECT (contact).id FROM tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.preview_invitation('tci_'); \echo :SQLSTATE
SELECT tempcloud.act_as('anna.privilege'); \echo :SQLSTATE
SELECT tempcloud.claim_mail(); \echo :SQLSTATE
SELECT tempcloud.mail_sent('{1}'); \echo :SQLSTATE
SELECT tempcloud.maintain(); \echo :SQLSTATE
SELECT * FROM tempcloud_data.account; \echo :SQLSTATE
-- The rules are not theirs to bend.
SET tempcloud.resend_interval = 0; \echo :SQLSTATE
SET tempcloud.max_pending_invitations = -1; \echo :SQLSTATE
SET tempcloud.invitation_url = 'https://elsewhere.example/{token}'; \echo :SQLSTATE
SET tempcloud.subject_claim = 'email'; \echo :SQLSTATE
SET tempcloud.no_such_thing = 1; \echo :SQLSTATE
-- Nor does a search path of theirs bend what the functions find.
SET search_path = pg_temp, tempcloud, pg_catalog;
CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'bob@anbieter.privilege.example' $$;
SELECT email FROM tempcloud.my_contacts;
SELECT company_name FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt');
SELECT email FROM tempcloud.my_contacts;
RESET search_path;

SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_sent('{-1}'); \echo :SQLSTATE
SELECT tempcloud.mail_failed(-1, 'x'); \echo :SQLSTATE
SELECT tempcloud.mail_bounced('x', 'x'); \echo :SQLSTATE
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.invite('bob@anbieter.privilege.example'); \echo :SQLSTATE
SELECT tempcloud.preview_invitation('tci_'); \echo :SQLSTATE
SELECT tempcloud.maintain(); \echo :SQLSTATE
SELECT * FROM tempcloud_data.mail; \echo :SQLSTATE

SET ROLE tempcloud_admin;
SELECT expired >= 0 AS done FROM tempcloud.maintain(); \echo :SQLSTATE
SELECT tempcloud.claim_mail(); \echo :SQLSTATE
SELECT tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.act_as('anna.privilege'); \echo :SQLSTATE
SELECT * FROM tempcloud_data.invitation; \echo :SQLSTATE

SET ROLE tempcloud_service;
SELECT tempcloud.act_as('anna.privilege'); \echo :SQLSTATE
SELECT (contact).given_name FROM tempcloud.whoami(); \echo :SQLSTATE
SELECT tempcloud.claim_mail(); \echo :SQLSTATE
SELECT tempcloud.maintain(); \echo :SQLSTATE
SELECT * FROM tempcloud_data.partnership; \echo :SQLSTATE
SELECT * FROM tempcloud_data.account; \echo :SQLSTATE
