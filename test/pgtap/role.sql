-- Who may do what: each command by each role, in a customer's account and a provider's.
-- Expected is what docs/concepts.md says.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;
SET LOCAL tempcloud.resend_interval = 0;
SET LOCAL tempcloud.reinvite_after = 0;
SELECT no_plan();

-- Two companies of four people each, and a company that both have to do with
CREATE FUNCTION pg_temp.sign_in(who text) RETURNS void LANGUAGE sql AS $$
	SELECT test.sign_in(who, who || '@role.example')
$$;
CREATE FUNCTION pg_temp.company(name text, kind tempcloud.account_kind) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	account uuid;
	colleague tempcloud.contact_role;
BEGIN
	PERFORM pg_temp.sign_in(name || '.owner');
	account := id FROM tempcloud.register_account(kind, name, 'Olaf', 'Owner');
	FOREACH colleague IN ARRAY '{manager,member,viewer}'::tempcloud.contact_role[] LOOP
		PERFORM pg_temp.sign_in(name || '.owner');
		PERFORM tempcloud.add_contact(initcap(colleague::text), name, name || '.' || colleague || '@role.example', role => colleague);
		PERFORM pg_temp.sign_in(name || '.' || colleague);
		PERFORM tempcloud.confirm_email(test.token(name || '.' || colleague || '@role.example'));
	END LOOP;
	RETURN account;
END
$$;
SELECT pg_temp.company('kunde', 'customer') AS kunde \gset
SELECT pg_temp.company('anbieter', 'provider') AS anbieter \gset
SELECT pg_temp.sign_in('werk') \g /dev/null
SELECT id AS werk FROM tempcloud.register_account('customer', 'Werk', 'Willi', 'Werk') \gset
SELECT pg_temp.sign_in('kunde.manager') \g /dev/null
SELECT id AS first FROM tempcloud.invite('anbieter.owner@role.example') \gset
SELECT pg_temp.sign_in('anbieter.manager') \g /dev/null
SELECT tempcloud.accept_invitation(:'first') \g /dev/null
SELECT pg_temp.sign_in('kunde.member') \g /dev/null
SELECT test.shifts(2) AS shifts \gset
SELECT id AS open FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', :'shifts') \gset
SELECT id AS agreed FROM tempcloud.send_request(:'anbieter', 'Arzt', 'Bonn', :'shifts') \gset
SELECT id AS ended FROM tempcloud.send_request(:'anbieter', 'Arzt', 'Bonn', :'shifts') \gset
SELECT pg_temp.sign_in('anbieter.member') \g /dev/null
SELECT tempcloud.answer_request(:'agreed', true) \g /dev/null
SELECT tempcloud.answer_request(:'ended', true) \g /dev/null
SELECT tempcloud.cancel_request(:'ended', 'Grippe') \g /dev/null
SELECT id AS shift FROM tempcloud.shifts WHERE request_id = :'agreed' \gset
SELECT pg_temp.sign_in('werk') \g /dev/null
SELECT id AS received FROM tempcloud.invite('anbieter.member@role.example') \gset
SELECT test.token('anbieter.member@role.example') AS token \gset
SELECT pg_temp.sign_in('anbieter.owner') \g /dev/null
SELECT id AS sent FROM tempcloud.invite('neu@role.example') \gset
SELECT id AS colleague FROM tempcloud.add_contact('Nina', 'Neu') \gset

-- What a command answers, without any effect
CREATE FUNCTION pg_temp.try(who text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM pg_temp.sign_in(who);
	EXECUTE command;
	RAISE EXCEPTION USING ERRCODE = 'PT200', DETAIL = 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN COALESCE(NULLIF(word, ''), SQLERRM);
END
$$;

CREATE TEMP TABLE role_of AS SELECT unnest('{owner,manager,member,viewer}'::text[]) AS role;
-- The rights, and who has them
CREATE TEMP TABLE granted (permission text, roles text[]);
INSERT INTO granted VALUES
	('read', '{owner,manager,member,viewer}'),
	('edit_own_contact', '{owner,manager,member,viewer}'),
	('leave_account', '{owner,manager,member,viewer}'),
	('handle_requests', '{owner,manager,member}'),
	('invite', '{owner,manager}'),
	('decline', '{owner,manager}'),
	('accept', '{owner,manager}'),
	('manage_account', '{owner}'),
	('manage_contacts', '{owner}'),
	('close_account', '{owner}');
-- The commands, the company whose people call them, what each needs, and what it answers
-- to those who may: all of them succeed, but what needs an account without colleagues
CREATE TEMP TABLE command (function text, company text, permission text, call text, answer text DEFAULT 'done');
INSERT INTO command (function, company, permission, call) VALUES
	('send_request', 'kunde', 'handle_requests', format('send_request(%L, %L, %L, %L)', :'anbieter', 'Wirt', 'Bonn', :'shifts')),
	('send_order', 'kunde', 'handle_requests', format('send_order(%L, %L)', 'Fest', jsonb_build_array(jsonb_build_object(
		'provider_id', :'anbieter', 'profession', 'Wirt', 'location', 'Bonn', 'shifts', :'shifts'::jsonb)))),
	('withdraw_request', 'kunde', 'handle_requests', format('withdraw_request(%L)', :'open')),
	('cancel_request', 'kunde', 'handle_requests', format('cancel_request(%L, %L)', :'agreed', 'Streik')),
	('cancel_request', 'anbieter', 'handle_requests', format('cancel_request(%L, %L)', :'agreed', 'Grippe')),
	('answer_request', 'anbieter', 'handle_requests', format('answer_request(%L, true)', :'open')),
	('assign_workers', 'anbieter', 'handle_requests', format('assign_workers(%L, %L)', :'shift', '{Paul Pack}')),
	('set_partner_note', 'kunde', 'handle_requests', format('set_partner_note(%L, %L)', :'anbieter', 'K-1')),
	('erase_workers', 'anbieter', 'handle_requests', format('erase_workers(%L)', :'ended')),
	('invite', 'kunde', 'invite', format('invite(%L)', 'x@role.example')),
	('invite', 'anbieter', 'invite', format('invite(%L)', 'x@role.example')),
	('invite_many', 'anbieter', 'invite', format('invite_many(%L)', '[{"email": "x@role.example"}]')),
	('resend_invitation', 'anbieter', 'invite', format('resend_invitation(%L)', :'sent')),
	('correct_invitation', 'anbieter', 'invite', format('correct_invitation(%L, phone => ''+49 30 1'')', :'sent')),
	('withdraw_invitation', 'anbieter', 'invite', format('withdraw_invitation(%L)', :'sent')),
	('decline_invitation', 'anbieter', 'decline', format('decline_invitation(%L, block => true)', :'received')),
	('decline_invitation_by_token', 'anbieter', 'decline', format('decline_invitation_by_token(%L)', :'token')),
	('unblock_account', 'anbieter', 'decline', format('unblock_account(%L)', :'werk')),
	('accept_invitation', 'anbieter', 'accept', format('accept_invitation(%L)', :'received')),
	('accept_invitation_by_token', 'anbieter', 'accept', format('accept_invitation_by_token(%L)', :'token')),
	('update_account', 'kunde', 'manage_account', 'update_account(city => ''Bonn'')'),
	('add_contact', 'anbieter', 'manage_contacts', 'add_contact(''Nico'', ''Neu'', ''nico@role.example'')'),
	('set_role', 'anbieter', 'manage_contacts', format('set_role(%L, ''viewer'')', :'colleague')),
	('update_contact', 'anbieter', 'manage_contacts', format('update_contact(%L, phone => ''+49 30 1'')', :'colleague')),
	('remove_contact', 'anbieter', 'manage_contacts', format('remove_contact(%L)', :'colleague')),
	('update_contact', 'kunde', 'edit_own_contact', 'update_contact(((tempcloud.whoami()).contact).id, phone => ''+49 30 1'')'),
	('send_confirmation', 'kunde', 'edit_own_contact', 'send_confirmation(((tempcloud.whoami()).contact).id)'),
	('mark_read', 'kunde', 'read', 'mark_read((SELECT id FROM tempcloud.activity LIMIT 1))'),
	('search_partners', 'kunde', 'read', 'search_partners(''a'')');
INSERT INTO command VALUES
	('send_confirmation', 'anbieter', 'manage_contacts', format('send_confirmation(%L)', :'colleague'), 'invalid_argument'),	-- has no address
	('partnership_receipt', 'kunde', 'read', format('partnership_receipt(%L)', :'anbieter'), 'not_sealed'),
	('close_account', 'anbieter', 'close_account', 'close_account()', 'has_colleagues');
-- The one owner cannot leave, whatever the right says.
CREATE TEMP TABLE cell AS
SELECT function, company, permission, role, call, CASE WHEN role = ANY (roles) THEN answer ELSE 'not_permitted' END AS want
  FROM command JOIN granted USING (permission) CROSS JOIN role_of
 UNION ALL
SELECT 'leave_account', 'kunde', 'leave_account', role, 'leave_account()', CASE role WHEN 'owner' THEN 'last_owner' ELSE 'done' END
  FROM role_of;

SELECT is(pg_temp.try(company || '.' || role, 'SELECT tempcloud.' || call), want, format('%s of %s: %s', role, company, call))
  FROM cell ORDER BY permission, function, company, role;

-- The lists are for all.
SELECT is(pg_temp.try(company || '.' || role, format('DO $d$ BEGIN ASSERT (SELECT count(*) FROM tempcloud.%I) > 0; END $d$', list)), 'done',
		  format('%s of %s reads %s', role, company, list))
  FROM role_of, (VALUES ('kunde', '{my_account,my_contacts,partners,providers,partner_contacts,invitations_sent,requests_sent,shifts,activity}'::text[]),
						('anbieter', '{my_account,my_contacts,partners,customers,partner_contacts,invitations_sent,invitations_received,requests_received,shifts}')) AS r (company, lists),
	   unnest(lists) AS list;

-- No function that a user may call is missing, but what needs no account, and what only reads.
SELECT bag_eq(
	$$SELECT DISTINCT p.proname FROM pg_proc p
	   WHERE p.pronamespace = 'tempcloud'::regnamespace AND p.provolatile = 'v'
		 AND has_function_privilege('tempcloud_user', p.oid, 'EXECUTE')$$,
	$$SELECT function FROM (SELECT function::name FROM cell UNION
		SELECT unnest('{register_account,confirm_email,preview_invitation,ask_again}'::name[])) f
	   WHERE function NOT IN ('search_partners', 'partnership_receipt')$$,
	'each command is here');

-- whoami() tells the same words.
CREATE FUNCTION pg_temp.permissions(who text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.sign_in(who);
	RETURN QUERY SELECT unnest(permissions) FROM tempcloud.whoami();
END
$$;
SELECT bag_eq(format('SELECT pg_temp.permissions(%L)', 'kunde.' || role),
			  format('SELECT permission FROM granted WHERE %L = ANY (roles) AND permission <> ''close_account'' AND NOT (%1$L = ''owner'' AND permission = ''leave_account'')', role),
			  format('the permissions of a %s', role))
  FROM role_of;
SELECT ok(NOT pg_temp.try('werk', 'DO $d$ BEGIN ASSERT ''close_account'' = ANY ((tempcloud.whoami()).permissions); END $d$') <> 'done',
		  'who is alone may close the account');

-- The hint: which role may, and who has it. People who cannot sign in are of no help.
CREATE FUNCTION pg_temp.hint(who text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM pg_temp.sign_in(who);
	EXECUTE command;
	RETURN 'none';
EXCEPTION WHEN SQLSTATE 'PT403' THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;
SELECT is(pg_temp.hint('kunde.viewer', $$SELECT tempcloud.invite('x@role.example')$$),
		  'Ask somebody with the role owner or manager: Olaf Owner, Manager kunde.', 'the hint names who may');
SELECT is(pg_temp.hint('kunde.viewer', format('SELECT tempcloud.withdraw_request(%L)', :'open')),
		  'Ask somebody with the role owner, manager or member: Olaf Owner, Manager kunde, Member kunde.', 'of each role');
SELECT pg_temp.sign_in('kunde.owner') \g /dev/null
SELECT tempcloud.add_contact('Ohne', 'Login', role => 'owner') \g /dev/null
SELECT is(pg_temp.hint('kunde.manager', 'SELECT tempcloud.update_account()'),
		  'Ask somebody with the role owner: Olaf Owner.', 'but nobody without a login');
UPDATE tempcloud_data.contact SET role = 'owner' WHERE account_id = :'kunde' AND role <> 'viewer';
INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, role, subject)
	SELECT :'kunde', 'Nr.', n, 'owner', 'nr' || n FROM generate_series(1, 3) n;
SELECT is(pg_temp.hint('kunde.viewer', 'SELECT tempcloud.update_account()'),
		  'Ask somebody with the role owner: Olaf Owner, Manager kunde, Member kunde, Nr. 1, Nr. 2, and others.', 'and five at most');

-- Giving roles
SELECT pg_temp.sign_in('anbieter.owner') \g /dev/null
SELECT id AS owner FROM tempcloud.my_contacts WHERE role = 'owner' \gset
SELECT id AS manager FROM tempcloud.my_contacts WHERE role = 'manager' \gset
SELECT is(test.refusal(format('SELECT tempcloud.set_role(%L, %L)', :'owner', 'viewer')), 'PT409 last_owner', 'an account keeps an owner');
SELECT is((tempcloud.set_role(:'colleague', 'owner')).role, 'owner', 'who has no login can become one');
SELECT is(test.refusal(format('SELECT tempcloud.set_role(%L, %L)', :'owner', 'viewer')), 'PT409 last_owner', 'but does not count');
SELECT is((tempcloud.set_role(:'owner', 'owner')).role, 'owner', 'the same role again is no change');
SELECT is(test.refusal(format('SELECT tempcloud.set_role(%L, %L)', gen_random_uuid(), 'owner')), 'PT404 contact_not_found', 'there is no such contact');
SELECT is(test.refusal('SELECT tempcloud.set_role(NULL, ''owner'')'), 'PT400 invalid_argument', 'nor one without a key');
SELECT is(test.refusal(format('SELECT tempcloud.set_role(%L, NULL)', :'manager')), 'PT400 invalid_argument', 'nor a role without a name');
SELECT is(test.refusal(format('SELECT tempcloud.set_role(id, ''viewer'') FROM tempcloud_data.contact WHERE account_id = %L', :'kunde')),
		  'PT404 contact_not_found', 'nor are those of another company');
SELECT is((tempcloud.set_role(:'manager', 'owner')).role, 'owner', 'a second owner');
SELECT is((tempcloud.set_role(:'owner', 'viewer')).role, 'viewer', 'and the first one may step down');
SELECT is(test.refusal(format('SELECT tempcloud.set_role(%L, ''owner'')', :'owner')), 'PT403 not_permitted', 'for good');
SELECT is(test.refusal('SELECT tempcloud.leave_account()'), 'none', 'and leave');
SELECT results_eq($$SELECT event, contact_id, person_id, role FROM tempcloud_data.event
					 WHERE event LIKE 'contact.%' AND account_id = (SELECT account_id FROM tempcloud_data.contact WHERE subject = 'anbieter.manager')
					 ORDER BY id DESC LIMIT 4$$,
	format($$VALUES ('contact.left', %1$L::uuid, %1$L::uuid, NULL::tempcloud.contact_role),
					('contact.role_changed', %1$L, %1$L, 'viewer'),
					('contact.role_changed', %1$L, %2$L, 'owner'),
					('contact.role_changed', %1$L, %3$L, 'owner')$$, :'owner', :'manager', :'colleague'),
	'the history has each change, and who has made it');

SELECT * FROM finish();
ROLLBACK;
