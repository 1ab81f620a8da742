-- invitation_link: what the page of a link shows once it has ended, and who is asked for another one

\set anna '{"sub":"anna.link","email":"anna@kunde.link.example","email_verified":true}'
\set bob '{"sub":"bob.link","email":"bob@anbieter.link.example","email_verified":true}'
\set carla '{"sub":"carla.link","email":"carla@besteller.link.example","email_verified":true}'
CREATE FUNCTION pg_temp.ask(token text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(test.answer(format('SELECT concat_ws('' '', status, CASE WHEN NOT link_is_current THEN ''replaced'' END)
		FROM tempcloud.ask_again(%L)', token)), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', 'TIME')
$$;
-- Let time go by for its mails, too.
CREATE FUNCTION pg_temp.let_pass(invitation uuid, duration interval) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	SELECT test.let_pass(invitation, duration);
	UPDATE tempcloud_data.mail SET created_at = created_at - duration WHERE invitation_id = invitation;
$$;
-- The mails about an invitation, those not delivered yet delivered, too
CREATE FUNCTION pg_temp.mails(invitation uuid) RETURNS TABLE (kind tempcloud.mail_kind, recipient text, round integer) LANGUAGE sql SECURITY DEFINER AS $$
	SELECT test.deliver();
	SELECT kind, recipient, round FROM tempcloud_data.mail WHERE invitation_id = invitation AND state = 'sent' ORDER BY id
$$;

SET ROLE tempcloud_user;
SELECT test.company(:'carla', 'customer', 'Besteller OHG', 'Carla', 'Cohn') AS besteller \gset
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.link.example', 'Bob', 'Berg', message => 'Moin') \gset
SELECT test.token('bob@anbieter.link.example') AS token \gset
-- A link that can be used needs no other one.
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT pg_temp.ask(:'token');
SELECT * FROM pg_temp.mails(:'invitation');

-- One that a newer mail has replaced: that mail is sent again, with a link beside its first one, not too soon and not too often.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT pg_temp.let_pass(:'invitation', '1 hour') \gset
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT test.token('bob@anbieter.link.example') AS newer \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SELECT pg_temp.ask(:'token');
SELECT pg_temp.let_pass(:'invitation', '2 min') \gset
SELECT pg_temp.ask(:'token');
SELECT test.token('bob@anbieter.link.example') AS newest \gset
SELECT (SELECT link_is_current FROM tempcloud.preview_invitation(:'token')) AS token,
	   (SELECT link_is_current FROM tempcloud.preview_invitation(:'newer')) AS newer,
	   (SELECT link_is_current FROM tempcloud.preview_invitation(:'newest')) AS newest, :'newest' <> :'newer' AS others;
SELECT * FROM pg_temp.mails(:'invitation');
SELECT pg_temp.let_pass(:'invitation', '2 min') \gset
SELECT pg_temp.ask(:'token');
-- another one is possible a day later, and it counts for the inviter, too
SELECT pg_temp.let_pass(:'invitation', '23:50') \gset
SELECT pg_temp.ask(:'token');
SELECT test.refusal(format('SELECT tempcloud.ask_again(%L)', :'token'));
RESET ROLE;
SET tempcloud.max_daily_mails_to_address = 1;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT pg_temp.let_pass(:'invitation', '2 min') \gset
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'invitation'));
RESET ROLE;
RESET tempcloud.max_daily_mails_to_address;

-- An expired one: the inviter is told, once a day.
SET ROLE tempcloud_user;
SELECT pg_temp.let_pass(:'invitation', '31 days') \gset
SELECT test.deliver() \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'newest');
SELECT pg_temp.ask(:'newest');
SELECT pg_temp.ask(:'token');
SELECT pg_temp.let_pass(:'invitation', '23:59') \gset
SELECT pg_temp.ask(:'token');
RESET ROLE;
SELECT (mail).recipient, (mail).subject, (mail).reply_to, regexp_replace((mail).text_body, '\d\d\.\d\d\.\d{4}', 'DD.MM.YYYY') AS text
  FROM (SELECT test.mail('anna@kunde.link.example') AS mail) m;
SELECT event, account_id, contact_id, partner_id = :'kunde' AS kunde FROM tempcloud_data.event
 WHERE invitation_id = :'invitation' AND event LIKE '%asked' ORDER BY id;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT status, asked_at < now() - interval '23 hours' AS asked FROM tempcloud.invitations_sent;
-- also once it is written down
RESET ROLE;
UPDATE tempcloud_data.invitation SET status = 'expired', decided_at = now() WHERE id = :'invitation';
SELECT test.let_pass(:'invitation', '1 min') \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT pg_temp.ask(:'newer');
-- Sent again, it is another round; the mail to the inviter, if it waits, is dropped.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT asked_at FROM tempcloud.invitations_sent;
SELECT kind, recipient, round FROM pg_temp.mails(:'invitation') WHERE kind = 'invitation_asked';
SELECT pg_temp.let_pass(:'invitation', '31 days') \gset
SELECT pg_temp.ask(:'newest');
-- Nobody is left to ask.
SELECT tempcloud.close_account();
SELECT test.let_pass(:'invitation', '2 days') \gset
SELECT pg_temp.ask(:'newest');

-- Those that have ended otherwise
SET request.jwt.claims = :'carla';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.link.example') \gset
SELECT test.token('bob@anbieter.link.example') AS token \gset
BEGIN;
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SELECT status, link_is_current, pg_temp.ask(:'token') FROM tempcloud.preview_invitation(:'token');
ROLLBACK;
BEGIN;
SELECT status FROM tempcloud.decline_invitation_by_token(:'token', block => true);
SELECT status, link_is_current, pg_temp.ask(:'token') FROM tempcloud.preview_invitation(:'token');
ROLLBACK;
SET request.jwt.claims = :'bob';
SELECT kind FROM tempcloud.register_account(token => :'token', company_name => 'Anbieter GmbH', given_name => 'Bob', family_name => 'Berg');
SELECT provider_id IS NOT NULL AS partners FROM tempcloud.accept_invitation_by_token(:'token');
SELECT status, link_is_current, pg_temp.ask(:'token') FROM tempcloud.preview_invitation(:'token');
-- and without the address
RESET ROLE;
UPDATE tempcloud_data.invitation SET email = NULL, given_name = NULL, family_name = NULL WHERE id = :'invitation';
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT status, email, pg_temp.ask(:'token') FROM tempcloud.preview_invitation(:'token');
-- It writes, and is for POST alone.
BEGIN READ ONLY;
SELECT test.refusal(format('SELECT tempcloud.ask_again(%L)', :'token'));
ROLLBACK;
BEGIN;
SET LOCAL request.method = 'GET';
SELECT test.refusal(format('SELECT tempcloud.ask_again(%L)', :'token'));
ROLLBACK;
RESET ROLE;
RESET request.jwt.claims;
