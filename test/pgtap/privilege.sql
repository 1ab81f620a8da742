-- Who may do what: PUBLIC nothing, each role what its row says and no more.
-- Effective privileges are compared, so that a grant to a role that another
-- role inherits from counts too.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;
SELECT plan(99);

-- Stands for PUBLIC: a role to which nobody granted anything.
CREATE ROLE tempcloud_test_nobody;

CREATE TEMP TABLE role (name name, functions text[], views text[]);
INSERT INTO role VALUES
('tempcloud_test_nobody', '{}', '{}'),
('tempcloud_anonymous', '{check_request,preview_invitation,ask_again,decline_invitation_by_token,ledger_checkpoint,consistency_proof}', '{}'),
('tempcloud_mailer', '{check_request,claim_mail,mail_sent,mail_failed,mail_bounced,release_mail}', '{}'),
('tempcloud_admin', '{check_request,maintain,maintain_all,seal_ledger,verify_ledger,ledger_checkpoint,consistency_proof,retry_mail,export_person,erase_person}', '{mail_dead,mail_stats,worker_stats,ledger_stats,maintenance_stats,mail_template,shipped_mail_template}');
-- a user may do what an anonymous visitor may
INSERT INTO role
SELECT 'tempcloud_user', functions ||
	   '{register_account,whoami,current_account_id,update_account,update_contact,add_contact,set_role,remove_contact,leave_account,close_account,send_confirmation,confirm_email,invite,invite_many,resend_invitation,withdraw_invitation,accept_invitation,accept_invitation_by_token,decline_invitation,unblock_account,are_partners,partnership_receipt,search_partners,send_order,send_request,withdraw_request,answer_request,assign_workers,erase_workers,cancel_request,contacts,partner,provider,customer,shifts,assignments,assignment_history,request_sent,request_received,shift}'
	   || '{correct_invitation,set_partner_note,badge_counts,mark_read,current_contact_id}',
	   '{activity,my_account,my_contacts,partners,customers,providers,partner_contacts,invitations_sent,invitations_received,requests_sent,requests_received,shifts,assignments,assignment_history}'
  FROM role WHERE name = 'tempcloud_anonymous';
-- a service what a user may
INSERT INTO role
SELECT 'tempcloud_service', functions || '{events_since,last_event_id,act_as}', views
  FROM role WHERE name = 'tempcloud_user';
GRANT SELECT ON role TO PUBLIC;

-- What PostgREST takes for a relationship: a function of one row of a view that
-- returns rows of a view
CREATE TEMP VIEW relationship AS
SELECT p.oid FROM pg_proc p
  JOIN pg_class argument ON argument.reltype = p.proargtypes[0] AND argument.relkind = 'v'
  JOIN pg_class result ON result.reltype = p.prorettype AND result.relkind = 'v'
 WHERE p.pronamespace = 'tempcloud'::regnamespace AND p.pronargs = 1;

SELECT set_eq(
	format('SELECT proname::text FROM pg_proc
			 WHERE pronamespace = ''tempcloud''::regnamespace
			   AND has_function_privilege(%L, oid, ''EXECUTE'')', name),
	functions, name || ' may execute exactly these functions of the API')
  FROM role;
SELECT set_eq(
	format('SELECT proname FROM pg_proc
			 WHERE pronamespace = ''tempcloud_data''::regnamespace
			   AND has_function_privilege(%L, oid, ''EXECUTE'')', name),
	format('SELECT unnest(''{worker_stats,has_form,has_known_placeholders}''::name[])
			 WHERE %L = ''tempcloud_admin''', name),
	name || ' may execute no function of the data but what its views call')
  FROM role;
SELECT set_eq(
	format('SELECT relname::text FROM pg_class
			 WHERE relnamespace = ''tempcloud''::regnamespace AND relkind IN (''r'', ''v'')
			   AND has_table_privilege(%L, oid, ''SELECT'')', name),
	views, name || ' may read exactly these views')
  FROM role;
SELECT set_eq(
	format('SELECT relname FROM pg_class
			 WHERE relnamespace = ''tempcloud''::regnamespace AND relkind IN (''r'', ''v'')
			   AND (has_table_privilege(%1$L, oid, ''INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'')
					OR has_any_column_privilege(%1$L, oid, ''INSERT, UPDATE, REFERENCES''))', name),
	format('SELECT ''mail_template''::name WHERE %L = ''tempcloud_admin''', name),
	name || ' may do nothing else with them, but an admin writes templates')
  FROM role;
-- the only one of all tables: an application ties its own tables to partnerships
SELECT set_eq(
	format('SELECT relname, privilege
			  FROM pg_class,
				   unnest(''{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}''::text[]) AS privilege
			 WHERE relnamespace = ''tempcloud_data''::regnamespace AND relkind = ''r''
			   AND (has_table_privilege(%1$L, oid, privilege)
					OR CASE WHEN privilege IN (''SELECT'', ''INSERT'', ''UPDATE'', ''REFERENCES'')
							THEN has_any_column_privilege(%1$L, oid, privilege) ELSE false END)', name),
	format('SELECT ''partnership''::name, ''REFERENCES''::text WHERE %L = ''tempcloud_service''', name),
	name || ' has no privilege on a table but REFERENCES of a service')
  FROM role;

SELECT is_empty($$
	SELECT r.name, c.oid::regclass FROM role r, pg_class c
	 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
	   AND relkind = 'S' AND has_sequence_privilege(r.name, c.oid, 'USAGE, SELECT, UPDATE')$$,
	'no role may use a sequence');
SELECT set_eq($$
	SELECT r.name, n.nspname, privilege
	  FROM role r, pg_namespace n, unnest('{USAGE,CREATE}'::text[]) AS privilege
	 WHERE n.nspname IN ('tempcloud', 'tempcloud_data')
	   AND has_schema_privilege(r.name, n.oid, privilege)$$, $$
	VALUES ('tempcloud_anonymous'::name, 'tempcloud'::name, 'USAGE'::text),
		   ('tempcloud_user', 'tempcloud', 'USAGE'),
		   ('tempcloud_mailer', 'tempcloud', 'USAGE'),
		   ('tempcloud_admin', 'tempcloud', 'USAGE'),
		   ('tempcloud_admin', 'tempcloud_data', 'USAGE'),
		   ('tempcloud_service', 'tempcloud', 'USAGE'),
		   ('tempcloud_service', 'tempcloud_data', 'USAGE')$$,
	'USAGE of schemas, and CREATE for nobody');
-- USAGE of a type is what it takes to declare a column of it, not to pass a value.
SELECT set_eq($$
	SELECT r.name, t.typname FROM role r, pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
	 WHERE t.typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
	   AND t.typcategory <> 'A' AND (c.relkind IS NULL OR c.relkind = 'c')
	   AND has_type_privilege(r.name, t.oid, 'USAGE')$$, $$
	VALUES ('tempcloud_service'::name, 'account_kind'::name), ('tempcloud_service', 'contact_role'),
		   ('tempcloud_service', 'invitation_status'),
		   ('tempcloud_service', 'request_status')$$,
	'USAGE of types');

-- PUBLIC, as the access lists themselves say it.  Row types of tables and
-- views, and arrays, cannot be had without their table or element type.
SELECT is_empty($$
	SELECT objtype, object, privilege_type
	  FROM (SELECT 'schema', nspname::text, COALESCE(nspacl, acldefault('n', nspowner))
			  FROM pg_namespace WHERE nspname IN ('tempcloud', 'tempcloud_data')
			 UNION ALL
			SELECT 'function', oid::regprocedure::text, COALESCE(proacl, acldefault('f', proowner))
			  FROM pg_proc
			 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			 UNION ALL
			SELECT 'relation', oid::regclass::text,
				   COALESCE(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner))
			  FROM pg_class
			 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			   AND relkind IN ('r', 'v', 'S')
			 UNION ALL
			SELECT 'column', attrelid::regclass || '.' || attname, attacl
			  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
			 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			 UNION ALL
			SELECT 'type', t.oid::regtype::text, COALESCE(typacl, acldefault('T', typowner))
			  FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
			 WHERE typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
			   AND typcategory <> 'A' AND (c.relkind IS NULL OR c.relkind = 'c')
		   ) AS objects (objtype, object, acl), aclexplode(acl)
	 WHERE grantee = 0$$,
	'PUBLIC has no privilege on anything');
SELECT is_empty($$
	SELECT defaclobjtype, grantee FROM pg_default_acl, aclexplode(defaclacl)
	 WHERE defaclnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)$$,
	'nor on what an update will add');
SELECT is_empty($$
	SELECT object FROM (
		SELECT oid::regprocedure::text, proacl FROM pg_proc
		 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
		 UNION ALL
		SELECT oid::regclass::text, relacl FROM pg_class
		 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
		   AND relkind IN ('r', 'v', 'S')) AS objects (object, acl), aclexplode(acl) AS a
	 WHERE a.is_grantable AND a.grantee <> a.grantor$$,
	'nobody may pass a privilege on');

-- The roles themselves.
SELECT is_empty($$
	SELECT rolname FROM pg_roles
	 WHERE rolname IN (SELECT name FROM role)
	   AND (rolcanlogin OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication
			OR rolbypassrls OR NOT rolinherit)$$,
	'the roles cannot log in and are nothing special');
SELECT set_eq($$
	SELECT member::regrole::text, roleid::regrole::text, admin_option FROM pg_auth_members
	 WHERE member::regrole::text LIKE 'tempcloud%' $$, $$
	VALUES ('tempcloud_user', 'tempcloud_anonymous', false), ('tempcloud_service', 'tempcloud_user', false)$$,
	'a user is an anonymous visitor, a service a user, and no role anything else');

-- Functions: C, each with its search path; the API's all run as their owner, but
-- check_request(), which looks at the caller's search path, and relationships.
-- These are in SQL, and may have nothing that keeps the planner from putting them
-- into the query; their bodies are parsed, so that no search path matters.
SELECT is_empty($$
	SELECT oid::regprocedure, proconfig FROM pg_proc
	 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
	   AND prosecdef AND NOT COALESCE(proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'$$,
	'each SECURITY DEFINER function pins its search path');
SELECT is_empty($$
	SELECT oid::regprocedure FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace AND prokind = 'f' AND NOT prosecdef
	   AND proname <> 'check_request' AND oid NOT IN (SELECT oid FROM relationship)$$,
	'the API has no other function that is not SECURITY DEFINER');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM relationship JOIN pg_proc p USING (oid)
	 WHERE prosqlbody IS NULL OR provolatile <> 's' OR prosecdef OR proisstrict OR NOT proretset OR proconfig IS NOT NULL$$,
	'relationships can be put into a query, and are parsed');
SELECT set_eq($$
	SELECT oid::regprocedure::text FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace AND prokind <> 'f'$$,
	$$VALUES ('tempcloud.maintain_all()')$$, 'nor any procedure but one, which does what its caller may');
SELECT set_eq($$
	SELECT oid::regprocedure::text FROM pg_proc
	 WHERE pronamespace = 'tempcloud_data'::regnamespace AND NOT prosecdef
	   AND prorettype = 'trigger'::regtype$$,
	$$VALUES ('tempcloud_data.begin_load()'), ('tempcloud_data.end_load()')$$,
	'nor has the data a trigger function that is not, but those that ask whether the caller is a superuser');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	  JOIN pg_language l ON l.oid = p.prolang
	 WHERE e.extname = 'tempcloud' AND l.lanname <> 'c' AND p.oid NOT IN (SELECT oid FROM relationship)$$,
	'each other function of the extension is written in C');
SELECT is_empty($$
	SELECT oid::regclass FROM pg_class
	 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'
	   AND reloptions::text ~ 'security_invoker'$$,
	'views read with the rights of their owner');

-- What a dump carries: every sequence, and every table but the texts that ship
-- and the one about mailers that are running.
SELECT set_eq($$
	SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'tempcloud'$$, $$
	SELECT oid::regclass::text FROM pg_class
	 WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind IN ('r', 'S')
	   AND relname NOT IN ('shipped_mail_template', 'mailer')$$,
	'every table with user data and every sequence is registered to be dumped');
SELECT is_empty($$
	SELECT condition FROM pg_extension, unnest(extcondition) AS condition
	 WHERE extname = 'tempcloud' AND condition <> ''$$,
	'with all of their rows');

-- What monitoring may do
SELECT set_eq($$
	SELECT kind, object, privilege_type
	  FROM (SELECT 'schema', nspname::text, nspacl FROM pg_namespace
			 UNION ALL SELECT 'relation', oid::regclass::text, relacl FROM pg_class
			 UNION ALL SELECT 'function', oid::regprocedure::text, proacl FROM pg_proc) o (kind, object, acl), aclexplode(acl)
	 WHERE grantee = 'pg_monitor'::regrole AND object LIKE 'tempcloud%'$$, $$
	VALUES ('schema', 'tempcloud', 'USAGE'), ('function', 'tempcloud_data.worker_stats()', 'EXECUTE'),
		   ('relation', 'tempcloud.mail_stats', 'SELECT'), ('relation', 'tempcloud.worker_stats', 'SELECT'),
		   ('relation', 'tempcloud.ledger_stats', 'SELECT'), ('relation', 'tempcloud.maintenance_stats', 'SELECT')$$,
	'pg_monitor reads statistics');

-- The guard.
SELECT set_eq($$
	SELECT tgrelid::regclass::text, tgname::text, tgenabled::text FROM pg_trigger
	 WHERE NOT tgisinternal AND tgname !~ '_load$' AND tgrelid IN (
			SELECT oid FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace)$$, $$
	VALUES ('tempcloud_data.account', 'account_rename', 'O'),
		   ('tempcloud_data.account', 'account_guard', 'A'),
		   ('tempcloud_data.account', 'account_guard_after', 'A'),
		   ('tempcloud_data.account', 'account_truncate', 'A'),
		   ('tempcloud_data.assignment', 'assignment_append_only', 'A'),
		   ('tempcloud_data.assignment', 'assignment_guard', 'A'),
		   ('tempcloud_data.assignment', 'assignment_guard_after', 'A'),
		   ('tempcloud_data.assignment', 'assignment_truncate', 'A'),
		   ('tempcloud_data.contact', 'contact_guard', 'A'),
		   ('tempcloud_data.contact', 'contact_guard_after', 'A'),
		   ('tempcloud_data.contact', 'contact_truncate', 'A'),
		   ('tempcloud_data.event', 'event_append_only', 'A'),
		   ('tempcloud_data.event', 'event_stamp', 'A'),
		   ('tempcloud_data.event', 'event_truncate', 'A'),
		   ('tempcloud_data.invitation', 'invitation_acceptance', 'A'),
		   ('tempcloud_data.invitation', 'invitation_guard', 'A'),
		   ('tempcloud_data.invitation', 'invitation_guard_after', 'A'),
		   ('tempcloud_data.invitation', 'invitation_truncate', 'A'),
		   ('tempcloud_data.ledger_entry', 'ledger_entry_append_only', 'A'),
		   ('tempcloud_data.ledger_entry', 'ledger_entry_truncate', 'A'),
		   ('tempcloud_data.ledger_head', 'ledger_head_append_only', 'A'),
		   ('tempcloud_data.ledger_head', 'ledger_head_truncate', 'A'),
		   ('tempcloud_data.ledger_node', 'ledger_node_append_only', 'A'),
		   ('tempcloud_data.ledger_node', 'ledger_node_truncate', 'A'),
		   ('tempcloud_data.partnership', 'partnership_acceptance', 'A'),
		   ('tempcloud_data.partnership', 'partnership_guard', 'A'),
		   ('tempcloud_data.partnership', 'partnership_guard_after', 'A'),
		   ('tempcloud_data.partnership', 'partnership_irrevocable', 'A'),
		   ('tempcloud_data.partnership', 'partnership_truncate', 'A'),
		   ('tempcloud_data.request', 'request_guard', 'A'),
		   ('tempcloud_data.request', 'request_guard_after', 'A'),
		   ('tempcloud_data.request', 'request_truncate', 'A'),
		   ('tempcloud_data.request_answer', 'request_answer_append_only', 'A'),
		   ('tempcloud_data.request_answer', 'request_answer_truncate', 'A'),
		   ('tempcloud_data.shift', 'shift_guard', 'A'),
		   ('tempcloud_data.shift', 'shift_guard_after', 'A'),
		   ('tempcloud_data.shift', 'shift_truncate', 'A'),
		   ('tempcloud_data.staff_order', 'staff_order_guard', 'A'),
		   ('tempcloud_data.staff_order', 'staff_order_guard_after', 'A'),
		   ('tempcloud_data.staff_order', 'staff_order_truncate', 'A')$$,
	'the triggers of the guard are there and fire ALWAYS, but not the one whose work a subscriber gets as rows');
SELECT set_eq($$
	SELECT tgrelid::regclass::text AS dumped, replace(tgname, relname, '') AS name, tgenabled::text AS enabled,
		   tgtype::integer AS type, tgfoid::regproc::text AS function
	  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE tgname ~ '_load$'$$, $$
	SELECT dumped::regclass::text, name, 'A' AS enabled, type, 'tempcloud_data.' || trim(name, '_') AS function
	  FROM pg_extension, unnest(extconfig) AS dumped,
		   (VALUES ('_begin_load', 6), ('_end_load', 4)) t (name, type)	-- before, after INSERT
	 WHERE extname = 'tempcloud'
	   AND EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND dumped IN (conrelid, confrelid))$$,
	'each table with foreign keys can be loaded in bulk');

-- docs/privileges.md says all of this in one table, and nothing else.
\set documented `grep -E '^\| (schema|[^a-z])' docs/privileges.md`
CREATE FUNCTION pg_temp.held(has_privilege text, role text, object oid, privileges text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	privilege text;
	held boolean;
	result text[] = '{}';
BEGIN
	FOREACH privilege IN ARRAY string_to_array(privileges, ' ') LOOP
		EXECUTE format('SELECT %I(%L, %s::oid, %L)', has_privilege, role, object, privilege) INTO held;
		IF held THEN
			result = result || privilege;
		END IF;
	END LOOP;
	RETURN COALESCE(NULLIF(array_to_string(result, ', '), ''), '-');
END
$$;
CREATE TEMP VIEW object AS
SELECT format('`%s%s(%s)`', NULLIF(nspname, 'tempcloud') || '.', proname,
			  CASE WHEN p.oid IN (SELECT oid FROM relationship)
				   THEN replace(pg_get_function_arguments(p.oid), 'tempcloud.', '') END) AS name, p.oid,
	   'has_function_privilege' AS has_privilege, 'EXECUTE' AS privileges
  FROM pg_proc p JOIN pg_namespace s ON s.oid = pronamespace
 WHERE nspname IN ('tempcloud', 'tempcloud_data')
 UNION ALL
SELECT format('`%s%s`', NULLIF(nspname, 'tempcloud') || '.', relname), c.oid,
	   CASE relkind WHEN 'S' THEN 'has_sequence_privilege' ELSE 'has_table_privilege' END,
	   CASE relkind WHEN 'S' THEN 'USAGE SELECT UPDATE'
			ELSE 'SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER' END
  FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace
 WHERE relkind IN ('r', 'v', 'S') AND nspname IN ('tempcloud', 'tempcloud_data')
 UNION ALL
SELECT format('schema `%s`', nspname), oid, 'has_schema_privilege', 'USAGE CREATE'
  FROM pg_namespace WHERE nspname IN ('tempcloud', 'tempcloud_data');
SELECT set_eq(
	$$SELECT '| ' || name || ' | '
			 || string_agg(pg_temp.held(has_privilege, role, oid, privileges), ' | ' ORDER BY n) || ' |'
		FROM object, unnest('{public,tempcloud_anonymous,tempcloud_user,tempcloud_service,tempcloud_mailer,tempcloud_admin}'::text[])
			 WITH ORDINALITY AS r (role, n)
	   GROUP BY name, oid$$,
	string_to_array(:'documented', E'\n'),
	'docs/privileges.md has exactly what PUBLIC and each role may do');

-- What each role gets that tries; anna has registered and is signed in.
SELECT test.two_companies(), test.sign_in('anna') \g /dev/null
CREATE FUNCTION pg_temp.try(role text, statement text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('role', role, true);
	answer := test.refusal(statement);
	PERFORM set_config('role', 'none', true);
	RETURN answer;
END
$$;
SELECT is(pg_temp.try(role, statement), answer, format('%s: %s', role, statement))
  FROM (VALUES
	('tempcloud_test_nobody', 'SELECT tempcloud.whoami()', '42501'),
	('tempcloud_test_nobody', 'SELECT * FROM tempcloud.my_account', '42501'),
	('tempcloud_test_nobody', 'SELECT * FROM tempcloud_data.account', '42501'),
	('tempcloud_test_nobody', 'SELECT ''customer''::tempcloud.account_kind', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.preview_invitation(''tci_'')', 'PT400 invalid_token'),
	('tempcloud_anonymous', 'SELECT tempcloud.ask_again(''tci_'')', 'PT400 invalid_token'),
	('tempcloud_anonymous', 'SELECT tempcloud.decline_invitation_by_token(''tci_'')', 'PT400 invalid_token'),
	('tempcloud_anonymous', 'SELECT tempcloud.whoami()', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.register_account()', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.accept_invitation_by_token(''tci_'')', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.act_as(''anna'')', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.claim_mail()', '42501'),
	('tempcloud_anonymous', 'SELECT tempcloud.maintain()', '42501'),
	('tempcloud_anonymous', 'SELECT * FROM tempcloud.my_account', '42501'),
	('tempcloud_anonymous', 'SELECT * FROM tempcloud_data.invitation_token', '42501'),
	('tempcloud_user', 'SELECT tempcloud.whoami()', 'none'),
	('tempcloud_user', 'SELECT * FROM tempcloud.my_account', 'none'),
	('tempcloud_user', 'SELECT tempcloud.preview_invitation(''tci_'')', 'PT400 invalid_token'),
	('tempcloud_user', 'SELECT tempcloud.ask_again(''tci_'')', 'PT400 invalid_token'),
	('tempcloud_user', 'SELECT tempcloud.act_as(''anna'')', '42501'),
	('tempcloud_user', 'SELECT tempcloud.claim_mail()', '42501'),
	('tempcloud_user', 'SELECT tempcloud.mail_sent(''{}'')', '42501'),
	('tempcloud_user', 'SELECT tempcloud.maintain()', '42501'),
	('tempcloud_user', 'SELECT * FROM tempcloud_data.account', '42501'),
	('tempcloud_mailer', 'SELECT FROM tempcloud.claim_mail()', 'none'),
	('tempcloud_mailer', 'SELECT tempcloud.mail_failed(gen_random_uuid(), ''x'')', 'none'),
	('tempcloud_mailer', 'SELECT tempcloud.mail_sent(''{}'')', 'none'),
	('tempcloud_mailer', 'SELECT tempcloud.mail_bounced(''x'', ''x'')', 'none'),
	('tempcloud_mailer', 'SELECT tempcloud.whoami()', '42501'),
	('tempcloud_mailer', 'SELECT tempcloud.invite(''bert@anbieter.example'')', '42501'),
	('tempcloud_mailer', 'SELECT tempcloud.preview_invitation(''tci_'')', '42501'),
	('tempcloud_mailer', 'SELECT tempcloud.ask_again(''tci_'')', '42501'),
	('tempcloud_mailer', 'SELECT tempcloud.maintain()', '42501'),
	('tempcloud_mailer', 'SELECT * FROM tempcloud_data.mail', '42501'),
	('tempcloud_admin', 'SELECT tempcloud.maintain()', 'none'),
	('tempcloud_admin', 'SELECT tempcloud.claim_mail()', '42501'),
	('tempcloud_admin', 'SELECT tempcloud.whoami()', '42501'),
	('tempcloud_admin', 'SELECT tempcloud.act_as(''anna'')', '42501'),
	('tempcloud_admin', 'SELECT * FROM tempcloud_data.invitation', '42501'),
	('tempcloud_service', 'SELECT tempcloud.act_as(''bob'')', 'none'),
	('tempcloud_service', 'SELECT 1 / count(*) FROM tempcloud.whoami() w WHERE (w.contact).given_name = ''Bob''', 'none'),
	('tempcloud_service', 'SELECT tempcloud.claim_mail()', '42501'),
	('tempcloud_service', 'SELECT tempcloud.maintain()', '42501'),
	('tempcloud_service', 'SELECT * FROM tempcloud_data.partnership', '42501'),
	('tempcloud_service', 'SELECT * FROM tempcloud_data.account', '42501')) AS attempt (role, statement, answer);

-- What the privileges are for: an application's own table, made by a login
-- that is a service, may refer to partnerships and call the API.
CREATE SCHEMA tempcloud_test_orders;
CREATE ROLE tempcloud_test_application IN ROLE tempcloud_service;
GRANT ALL ON SCHEMA tempcloud_test_orders TO tempcloud_test_application;
SET LOCAL ROLE tempcloud_test_application;
SELECT lives_ok($$
	CREATE TABLE tempcloud_test_orders.staffing (
		customer_id uuid, provider_id uuid, kind tempcloud.account_kind,
		FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership)$$,
	'a service may tie its own tables to partnerships');
SELECT throws_ok($$
	INSERT INTO tempcloud_test_orders.staffing
	VALUES (gen_random_uuid(), gen_random_uuid(), 'customer')$$,
	'23503', NULL, 'where there is no partnership there is no order');
SELECT throws_ok('SELECT FROM tempcloud_data.partnership', '42501', NULL,
	'it cannot read the table itself');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
