-- maintenance: what time does, whether or not anybody looks

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.maintenance","email":"anna@kunde.maintenance.example","email_verified":true}'
\set bob '{"sub":"bob.maintenance","email":"bob@anbieter.maintenance.example","email_verified":true}'
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
RESET ROLE;
SET tempcloud.resend_interval = 0;
-- What others have left
SELECT expired >= 0 AS done FROM tempcloud.maintain();
SELECT test.deliver() \gset
SET ROLE tempcloud_user;

-- Past its time an invitation is expired at once, for everybody.
SELECT id AS routed FROM tempcloud.invite('bob@anbieter.maintenance.example') \gset
SELECT id AS unrouted FROM tempcloud.invite('carl@personal.maintenance.example') \gset
SELECT test.token('bob@anbieter.maintenance.example') AS token \gset
SELECT test.token('carl@personal.maintenance.example') AS unrouted_token \gset
SELECT test.let_pass(:'routed', '719:59') \gset
SELECT email, status FROM tempcloud.invitations_sent ORDER BY id;
SELECT status FROM tempcloud.preview_invitation(:'token');
SELECT test.let_pass(:'routed', '2 min') \gset
SELECT test.let_pass(:'unrouted', '31 days') \gset
SELECT email, status, decided_at FROM tempcloud.invitations_sent ORDER BY id;
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SELECT tempcloud.withdraw_invitation(:'routed'); \echo :SQLSTATE
SET request.jwt.claims = :'bob';
SELECT inviter_company, status, can_accept, decided_at FROM tempcloud.invitations_received;
SELECT tempcloud.accept_invitation(:'routed'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(:'routed'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'unrouted_token', use_this_account => true); \echo :SQLSTATE
-- It neither waits for its address any longer,
SET request.jwt.claims = '{"sub":"carl.maintenance"}';
SELECT tempcloud.register_account(token => :'unrouted_token', company_name => 'Personal KG', given_name => 'Carl', family_name => 'Cohn'); \echo :SQLSTATE
\set carl '{"sub":"carl.maintenance","email":"carl@personal.maintenance.example","email_verified":true}'
SELECT test.company(:'carl', 'provider', 'Personal KG', 'Carl', 'Cohn') AS personal \gset
SELECT count(*) FROM tempcloud.invitations_received;
-- nor stands in the way of one from the other side.
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('anna@kunde.maintenance.example');
RESET ROLE;
UPDATE tempcloud_data.invitation SET status = 'withdrawn', decided_at = now() WHERE inviter_id = :'anbieter';
SET ROLE tempcloud_user;

-- A new one can take its place, which is then written down.
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.invite('carl@personal.maintenance.example');
SELECT email, status, decided_at IS NOT NULL AS written FROM tempcloud.invitations_sent ORDER BY id;

-- maintain() writes it down for all others, and tells the inviter, once.
SELECT test.deliver() \gset
SET ROLE tempcloud_admin;
SELECT expired FROM tempcloud.maintain();
SELECT expired FROM tempcloud.maintain();
SET ROLE tempcloud_user;
SELECT email, status, decided_at IS NOT NULL AS written FROM tempcloud.invitations_sent ORDER BY id;
SELECT kind, subject FROM test.mail('anna@kunde.maintenance.example');
SELECT test.deliver();
-- Nothing has changed for anybody else.
SET request.jwt.claims = :'bob';
SELECT email, status, can_accept FROM tempcloud.invitations_received;
SELECT tempcloud.accept_invitation(:'routed'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE

-- The inviter can send it again; the mail that it expired is then obsolete.
SET request.jwt.claims = :'anna';
SELECT id AS again FROM tempcloud.invite('dora@personal.maintenance.example') \gset
SELECT test.let_pass(:'again', '31 days') \gset
SET ROLE tempcloud_admin;
SELECT expired FROM tempcloud.maintain();
SET ROLE tempcloud_user;
SELECT status, expires_at > now() AS anew FROM tempcloud.resend_invitation(:'again');
SET ROLE tempcloud_mailer;
SELECT kind, recipient FROM tempcloud.claim_mail();
SET ROLE tempcloud_admin;
SELECT expired FROM tempcloud.maintain();

-- One that is past its time does not keep another of the same inviter from the
-- account whose address it is for, even before it is written down.
SET ROLE tempcloud_user;
\set emil '{"sub":"emil.maintenance","email":"emil@kontor.maintenance.example","email_verified":true}'
SELECT test.company(:'emil', 'customer', 'Kontor', 'Emil', 'Ernst') AS kontor \gset
SELECT id AS old FROM tempcloud.invite('bob@anbieter.maintenance.example') \gset
SELECT test.let_pass(:'old', '31 days') \gset
SELECT status FROM tempcloud.invite('info@anbieter.maintenance.example');
SET request.jwt.claims = :'bob';
SELECT id AS info_id FROM tempcloud.add_contact('Info', 'Desk', 'info@anbieter.maintenance.example') \gset
SELECT given_name FROM tempcloud.confirm_email(test.token('info@anbieter.maintenance.example'));
SELECT inviter_company, email, status, can_accept FROM tempcloud.invitations_received WHERE inviter_company = 'Kontor';

-- Many at once
SET ROLE tempcloud_user;
BEGIN;
RESET ROLE;
SET LOCAL tempcloud.max_pending_invitations = -1;
SET LOCAL tempcloud.max_daily_invitations = -1;
SELECT count(tempcloud.invite(n || '@many.maintenance.example')) FROM generate_series(1, 1234) n;
UPDATE tempcloud_data.invitation SET expires_at = now() - interval '1 s' WHERE email LIKE '%@many.maintenance.%';
-- A call does a part of it, and says that there is more.
SELECT expired, more FROM tempcloud.maintain();
SELECT expired, more FROM tempcloud.maintain();
SELECT status, count(*) FROM tempcloud_data.invitation WHERE email LIKE '%@many.maintenance.%' GROUP BY 1;
SELECT expired, more FROM tempcloud.maintain();
ROLLBACK;
-- All of it is done in transactions of their own: hence not in one of the caller.
RESET ROLE;
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, created_at, sent_at, expires_at)
SELECT c.account_id, 'customer', c.id, 'provider', n || '@all.maintenance.example', 'de',
	   now() - interval '2 hours', now() - interval '2 hours', now() - interval '1 hour'
  FROM tempcloud_data.contact c, generate_series(1, 2500) n WHERE c.subject = 'anna.maintenance';
SET ROLE tempcloud_admin;
BEGIN;
CALL tempcloud.maintain_all(); \echo :SQLSTATE
ROLLBACK;
RESET ROLE;
SELECT status, count(*) FROM tempcloud_data.invitation WHERE email ~ '@all\.maintenance' GROUP BY 1;
SET ROLE tempcloud_user;
CALL tempcloud.maintain_all(); \echo :SQLSTATE
SET ROLE tempcloud_admin;
CALL tempcloud.maintain_all();
SELECT more FROM tempcloud.maintain();
DO 'BEGIN CALL tempcloud.maintain_all(); END';
RESET ROLE;
SELECT status, count(*), count(DISTINCT xmin::text) AS transactions
  FROM tempcloud_data.invitation WHERE email ~ '@all\.maintenance' GROUP BY 1;
SELECT count(*), count(DISTINCT xmin::text) AS transactions FROM tempcloud_data.mail
 WHERE invitation_id IN (SELECT id FROM tempcloud_data.invitation WHERE email ~ '@all\.maintenance');
SELECT test.deliver() >= 2500 AS delivered;
DELETE FROM tempcloud_data.invitation WHERE email ~ '@all\.maintenance';

--
-- Reminders: once a round, some days ahead of the end
--

SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS reminded FROM tempcloud.invite('rita@personal.maintenance.example') \gset
SET ROLE tempcloud_mailer;
SELECT recipient FROM tempcloud.claim_mail() WHERE recipient LIKE 'rita%';
SET ROLE tempcloud_admin;
SELECT reminded FROM tempcloud.maintain();
SELECT test.let_pass(:'reminded', '24 days') \gset
SET ROLE tempcloud_admin;
SELECT reminded FROM tempcloud.maintain();
SELECT reminded FROM tempcloud.maintain();
SET ROLE tempcloud_mailer;
SELECT kind, recipient, subject, text_body ~ 'tci_' AS link FROM tempcloud.claim_mail() WHERE recipient LIKE 'rita%';
-- Sending it again starts a new round.
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.resend_invitation(:'reminded');
SELECT test.let_pass(:'reminded', '24 days') \gset
SET ROLE tempcloud_admin;
SELECT reminded FROM tempcloud.maintain();
-- No reminder where the whole lifetime is shorter than the notice, or where
-- there are to be none.
RESET ROLE;
SET tempcloud.invitation_lifetime = '3d';
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.invite('short@personal.maintenance.example');
SET ROLE tempcloud_admin;
SELECT reminded FROM tempcloud.maintain();
RESET ROLE;
RESET tempcloud.invitation_lifetime;
SET tempcloud.reminder_before = 0;
SET ROLE tempcloud_user;
SELECT id AS never FROM tempcloud.invite('never@personal.maintenance.example') \gset
SELECT test.let_pass(:'never', '29 days') \gset
RESET ROLE;
SELECT reminded FROM tempcloud.maintain();
RESET tempcloud.reminder_before;

--
-- Mails that are done with are purged after a while, dead letters, too.
--

UPDATE tempcloud_data.mail SET state = 'sent', leased = false, closed_at = now() - interval '29 days' WHERE recipient LIKE 'rita%';
SELECT purged FROM tempcloud.maintain();
UPDATE tempcloud_data.mail SET closed_at = now() - interval '31 days' WHERE recipient LIKE 'rita%';
UPDATE tempcloud_data.mail SET state = 'failed', error = '550 <short@personal.maintenance.example> unknown', leased = false,
	   closed_at = now() - interval '29 days'
 WHERE recipient LIKE 'short%';
SELECT purged > 0 AS purged FROM tempcloud.maintain();
SELECT recipient FROM tempcloud_data.mail WHERE recipient LIKE 'rita%' OR recipient LIKE 'short%';
UPDATE tempcloud_data.mail SET closed_at = now() - interval '31 days' WHERE recipient LIKE 'short%';
SELECT purged > 0 AS purged FROM tempcloud.maintain();
SELECT recipient FROM tempcloud_data.mail WHERE recipient LIKE 'rita%' OR recipient LIKE 'short%';
\set VERBOSITY sqlstate
SET tempcloud.mail_retention = '23h';
\set VERBOSITY default
-- Many, a part in each call
BEGIN;
INSERT INTO tempcloud_data.mail (kind, invitation_id, round, recipient, recipient_name, locale, message_domain, state, closed_at)
SELECT 'invitation_expired', :'never', 1, 'many@personal.maintenance.example', '', 'de', 'maintenance.example', 'sent',
	   now() - interval '31 days'
  FROM generate_series(1, 4500) n;
SELECT purged, more FROM tempcloud.maintain();
SELECT purged, more FROM tempcloud.maintain();
ROLLBACK;

-- A link that proves an address holds the address: it is kept as long as its
-- mail after it has expired.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS contact FROM tempcloud.add_contact('Olga', 'Ott', 'olga@kunde.maintenance.example') \gset
SELECT test.token('olga@kunde.maintenance.example') IS NOT NULL AS sent;
RESET ROLE;
UPDATE tempcloud_data.confirmation_token SET issued_at = now() - interval '59 days' WHERE contact_id = :'contact';
SELECT purged_confirmations FROM tempcloud.maintain();
UPDATE tempcloud_data.confirmation_token SET issued_at = now() - interval '61 days' WHERE contact_id = :'contact';
SELECT purged_confirmations FROM tempcloud.maintain();
SELECT count(*) FROM tempcloud_data.confirmation_token WHERE contact_id = :'contact';

--
-- The clock was ahead, and was set back.
--

-- Mails that were held or put off are due again,
BEGIN;
UPDATE tempcloud_data.mail SET state = 'queued', closed_at = NULL, attempt = 1, leased = true, due_at = now() + interval '47 hours'
 WHERE recipient = 'olga@kunde.maintenance.example';
SELECT more FROM tempcloud.maintain();
SELECT leased, due_at > clock_timestamp() AS ahead FROM tempcloud_data.mail WHERE recipient = 'olga@kunde.maintenance.example';
UPDATE tempcloud_data.mail SET due_at = now() + interval '1 year' WHERE recipient = 'olga@kunde.maintenance.example';
SELECT more FROM tempcloud.maintain();
SELECT leased, due_at > clock_timestamp() AS ahead FROM tempcloud_data.mail WHERE recipient = 'olga@kunde.maintenance.example';
ROLLBACK;
-- nor does a mail that was sent then keep others from being sent,
UPDATE tempcloud_data.mail SET created_at = now() + interval '1 year' WHERE recipient = 'olga@kunde.maintenance.example';
SET tempcloud.resend_interval = '1 h';
SET tempcloud.max_daily_confirmations = 1;
SET ROLE tempcloud_user;
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'contact'));
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'contact'));
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'contact'));
RESET ROLE;
RESET tempcloud.max_daily_confirmations;
-- and mailers are noted.
UPDATE tempcloud_data.mailer SET last_claim_at = now() + interval '1 year';
SELECT count(*) >= 0 AS claimed FROM tempcloud.claim_mail(1);
SELECT last_claim_at <= clock_timestamp() AS now FROM tempcloud.mail_stats;
SELECT test.deliver() >= 0 AS delivered;

--
-- Invitations that ended without being accepted are purged.
--

\set gina '{"sub":"gina.maintenance","email":"gina@kunde.maintenance.example","email_verified":true}'
\set hans '{"sub":"hans.maintenance","email":"hans@anbieter.maintenance.example","email_verified":true}'
SET ROLE tempcloud_user;
SELECT test.company(:'hans', 'provider', 'Hans und Franz', 'Hans', 'Huf') IS NOT NULL AS registered;
SELECT test.company(:'gina', 'customer', 'Gina & Co.', 'Gina', 'Gut') IS NOT NULL AS registered;
SELECT id AS declined FROM tempcloud.invite('hans@anbieter.maintenance.example', 'Hans') \gset
SELECT test.token('hans@anbieter.maintenance.example') AS token \gset
SET request.jwt.claims = :'hans';
SELECT status FROM tempcloud.decline_invitation(:'declined', 'Nein');
SET request.jwt.claims = :'gina';
SELECT id AS withdrawn FROM tempcloud.invite('w@purge.maintenance.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'withdrawn');
SELECT id AS expired FROM tempcloud.invite('e@purge.maintenance.example') \gset
SELECT id AS pending FROM tempcloud.invite('p@purge.maintenance.example') \gset
SELECT id AS accepted FROM tempcloud.invite('a@purge.maintenance.example') \gset
SELECT test.token('a@purge.maintenance.example') AS accepted_token \gset
SET request.jwt.claims = :'hans';
SELECT invitation_id = :'accepted' AS accepted FROM tempcloud.accept_invitation_by_token(:'accepted_token', true);
RESET ROLE;
SELECT test.let_pass(:'expired', '31 days') \gset
SELECT tempcloud.maintain() \gset
-- Not yet: a day is wanting, and a mail waits to be sent.
UPDATE tempcloud_data.invitation SET decided_at = now() - interval '364 days'
 WHERE email ~ '@(purge|anbieter)\.maintenance' AND status IN ('declined', 'withdrawn', 'expired');
SELECT purged_invitations FROM tempcloud.maintain();
UPDATE tempcloud_data.invitation SET decided_at = now() - interval '366 days'
 WHERE id IN (:'declined', :'withdrawn', :'expired');
SELECT array_agg(DISTINCT m.kind) AS queued FROM tempcloud_data.mail m
 WHERE m.state = 'queued' AND m.invitation_id IN (:'declined', :'withdrawn', :'expired');
BEGIN;
SET LOCAL tempcloud.purge_invitations_after = -1;
SELECT test.deliver() > 0 AS delivered;
SELECT purged_invitations FROM tempcloud.maintain();
RESET tempcloud.purge_invitations_after;
-- a refusal is respected for as long as it is to be
SET LOCAL tempcloud.reinvite_after = '500 d';
SELECT purged_invitations FROM tempcloud.maintain();
SELECT status FROM tempcloud_data.invitation WHERE id IN (:'declined', :'withdrawn', :'expired');
ROLLBACK;
SELECT purged_invitations FROM tempcloud.maintain();
SELECT test.deliver() > 0 AS delivered;
SELECT purged_invitations FROM tempcloud.maintain();
SELECT status, count(*) FROM tempcloud_data.invitation
 WHERE id IN (:'declined', :'withdrawn', :'expired', :'pending', :'accepted') GROUP BY 1 ORDER BY 1;
SELECT tempcloud.preview_invitation(:'token'); \echo :SQLSTATE
SELECT count(*) FROM tempcloud_data.mail WHERE invitation_id IN (:'declined', :'withdrawn', :'expired');
