-- account_leave: how people leave an account, and how the last one closes it

\pset null (null)
\set anna '{"sub":"anna.leave","email":"anna@kunde.leave.example","email_verified":true}'
\set alf '{"sub":"alf.leave","email":"alf@kunde.leave.example","email_verified":true}'
\set bob '{"sub":"bob.leave","email":"bob@anbieter.leave.example","email_verified":true}'
\set carl '{"sub":"carl.leave","email":"carl@besteller.leave.example","email_verified":true}'
\set dora '{"sub":"dora.leave","email":"dora@personal.leave.example","email_verified":true}'
SET tempcloud.resend_interval = 0;
SET tempcloud.reinvite_after = 0;
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset
SELECT test.partners(:'anna', :'bob') \gset
SELECT test.partners(:'carl', :'bob') \gset

-- Alf joins, becomes an owner, and Anna leaves: she is erased, and her login and address
-- are free.
SET request.jwt.claims = :'anna';
SELECT tempcloud.leave_account(); \echo :SQLSTATE
SELECT id AS alf_id FROM tempcloud.add_contact('Alf', 'Alt', 'alf@kunde.leave.example') \gset
SELECT test.token('alf@kunde.leave.example') AS token \gset
SET request.jwt.claims = :'alf';
SELECT has_login FROM tempcloud.confirm_email(:'token');
SELECT tempcloud.close_account(); \echo :SQLSTATE
SELECT (contact).role, permissions FROM tempcloud.whoami();
SET request.jwt.claims = :'anna';
SELECT permissions FROM tempcloud.whoami();
SELECT tempcloud.leave_account(); \echo :SQLSTATE
SELECT tempcloud.close_account(); \echo :SQLSTATE
SELECT role FROM tempcloud.set_role(:'alf_id', 'owner');
SELECT permissions FROM tempcloud.whoami();
SELECT tempcloud.leave_account();
SELECT account IS NULL AS no_account, permissions FROM tempcloud.whoami();
SELECT tempcloud.leave_account(); \echo :SQLSTATE
SET request.jwt.claims = :'bob';
SELECT given_name FROM tempcloud.partner_contacts WHERE account_id = :'kunde';
SET request.jwt.claims = :'anna';
SELECT company_name FROM tempcloud.register_account('provider', 'Anna e. K.', 'Anna', 'Alt');
RESET ROLE;
SELECT event FROM tempcloud_data.event WHERE account_id = :'kunde' ORDER BY id DESC LIMIT 1;
SELECT num_nonnulls(given_name, family_name, email, email_verified_at, subject) AS left_over, removed_at IS NOT NULL AS removed
  FROM tempcloud_data.contact WHERE account_id = :'kunde' ORDER BY id LIMIT 1;

-- Alf is the last one and can close the doors. What is under way then:
-- invitations sent and received, one of them to an address that is not routed,
SET ROLE tempcloud_user;
SET request.jwt.claims = :'alf';
SELECT id AS sent FROM tempcloud.invite('dora@personal.leave.example') \gset
SELECT id AS sent_to_nobody FROM tempcloud.invite('emil@nirgends.leave.example') \gset
SELECT test.shifts(2) AS shifts \gset
SELECT id AS open_request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', :'shifts') \gset
SELECT id AS agreed FROM tempcloud.send_request(:'anbieter', 'Arzt', 'Bonn', :'shifts') \gset
SELECT id AS declined FROM tempcloud.send_request(:'anbieter', 'Wirt', 'Bonn', :'shifts') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'agreed', true);
SELECT status FROM tempcloud.answer_request(:'declined', false);
SET request.jwt.claims = :'dora';
SELECT tempcloud.withdraw_invitation(id) FROM tempcloud.invitations_sent \g /dev/null
SET request.jwt.claims = '{"sub":"emma.leave","email":"emma@werk.leave.example","email_verified":true}';
SELECT company_name FROM tempcloud.register_account('provider', 'Werk GmbH', 'Emma', 'Ems');
SELECT id AS received FROM tempcloud.invite('alf@kunde.leave.example') \gset
SELECT test.deliver() > 0 AS delivered;
SET request.jwt.claims = :'alf';
SELECT tempcloud.close_account('Wir hören auf.');

-- Nobody is left, and all of it is ended; the others are told.
SELECT account IS NULL AS no_account, permissions FROM tempcloud.whoami();
SELECT tempcloud.close_account(); \echo :SQLSTATE
RESET ROLE;
SELECT company_name, closed_at IS NOT NULL AS closed FROM tempcloud_data.account WHERE id = :'kunde';
SELECT count(*) FILTER (WHERE removed_at IS NULL) AS people, count(*) FROM tempcloud_data.contact WHERE account_id = :'kunde';
SELECT status, reason, decided_by IS NOT NULL AS decided FROM tempcloud_data.invitation
 WHERE id IN (:'sent', :'sent_to_nobody', :'received') ORDER BY created_at;
SELECT profession, r.status, r.reason, w.accepted FROM tempcloud_data.request r
  LEFT JOIN tempcloud_data.request_answer w ON w.request_id = r.id WHERE r.customer_id = :'kunde' ORDER BY profession;
SELECT event FROM tempcloud_data.event WHERE account_id = :'kunde' ORDER BY id DESC LIMIT 6;
SELECT (mail).kind, (mail).recipient, (mail).text_body ~ 'Wir hören auf' AS reason
  FROM (SELECT m AS mail FROM tempcloud.claim_mail(100) m) m WHERE (mail).recipient ~ '\.leave\.' ORDER BY 1, 2;

-- Partners stay, and see that it is closed.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT company_name, closed_at IS NOT NULL AS closed FROM tempcloud.customers ORDER BY company_name;
SELECT count(*) FROM tempcloud.partner_contacts WHERE account_id = :'kunde';
SELECT profession, status FROM tempcloud.requests_received WHERE customer_id = :'kunde' ORDER BY profession;

-- The address is free: who registers with it is another company.
SET request.jwt.claims = :'alf';
SELECT company_name FROM tempcloud.register_account('customer', 'Alf e. K.', 'Alf', 'Alt');
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('alf@kunde.leave.example');

-- A provider closes: open requests are declined with an answer, agreed ones cancelled,
-- past ones stay. Without words, it is said in the language of the account.
SET request.jwt.claims = :'carl';
SELECT id AS one FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', :'shifts') \gset
SELECT id AS two FROM tempcloud.send_request(:'anbieter', 'Arzt', 'Bonn', :'shifts') \gset
SELECT id AS past FROM tempcloud.send_request(:'anbieter', 'Wirt', 'Bonn', :'shifts') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'two', true);
SELECT status FROM tempcloud.answer_request(:'past', true);
RESET ROLE;
BEGIN;
ALTER TABLE tempcloud_data.shift DISABLE TRIGGER USER;
UPDATE tempcloud_data.shift SET starts_at = starts_at - interval '99 days', ends_at = ends_at - interval '99 days' WHERE request_id = :'past';
SELECT format('ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER %I', tgname) FROM pg_trigger
 WHERE tgrelid = 'tempcloud_data.shift'::regclass AND NOT tgisinternal \gexec
COMMIT;
SET ROLE tempcloud_user;
SELECT tempcloud.close_account();
SET request.jwt.claims = :'carl';
SELECT profession, status, reason FROM tempcloud.requests_sent ORDER BY profession;
SELECT company_name, closed_at IS NOT NULL AS closed FROM tempcloud.providers;
SELECT tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', :'shifts'); \echo :SQLSTATE
-- Nothing is routed to it: an invitation that has expired waits for its address anew.
SET request.jwt.claims = :'anna';
SELECT tempcloud.withdraw_invitation(id) FROM tempcloud.invitations_sent WHERE status = 'pending' \g /dev/null
SELECT tempcloud.invite('carl@besteller.leave.example') IS NOT NULL AS invited \gset
SELECT id AS to_carl FROM tempcloud.invitations_sent WHERE email = 'carl@besteller.leave.example' \gset
SELECT test.let_pass(:'to_carl', '31 days') \gset
RESET ROLE;
SELECT tempcloud.maintain() IS NOT NULL AS maintained;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'carl';
SELECT tempcloud.close_account();
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.resend_invitation(:'to_carl');
RESET ROLE;
SELECT status, invitee_id FROM tempcloud_data.invitation WHERE id = :'to_carl';

-- It stays closed.
UPDATE tempcloud_data.account SET closed_at = NULL WHERE id = :'kunde'; \echo :SQLSTATE
RESET tempcloud.resend_interval;
RESET tempcloud.reinvite_after;
