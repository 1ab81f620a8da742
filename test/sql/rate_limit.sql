-- limit: how often something may be done, and what is not told

\pset null (null)
\set anna '{"sub":"anna.limit","email":"anna@kunde.limit.example","email_verified":true}'
\set bob '{"sub":"bob.limit","email":"bob@anbieter.limit.example","email_verified":true}'
\set carl '{"sub":"carl.limit","email":"carl@besteller.limit.example","email_verified":true}'
\set dora '{"sub":"dora.limit","email":"dora@personal.limit.example","email_verified":true}'
-- The hint says when to come back: so many seconds from now.
CREATE FUNCTION test.wait(hint text)
RETURNS interval
LANGUAGE sql
AS $$
SELECT date_trunc('hour', substring(hint from 'Try again after (.*)\.$')::timestamptz
						  - clock_timestamp() + '1 minute');
$$;

SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset

-- So many invitations an account a day; every row of invite_many() counts.
RESET ROLE;
SET tempcloud.max_daily_invitations = 3;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT position, (invitation).status, error, message, test.wait(hint)
  FROM tempcloud.invite_many('[{"email":"1@daily.limit.example"}, {"email":"2@daily.limit.example"},
	{"email":"1@daily.limit.example"}, {"email":"3@daily.limit.example"}, {"email":"4@daily.limit.example"}]');
SELECT test.refusal($$SELECT tempcloud.invite('5@daily.limit.example')$$);
-- Withdrawing makes no room, neither does a refusal: the mails are out.
SELECT status FROM tempcloud.withdraw_invitation((SELECT id FROM tempcloud.invitations_sent WHERE email ~ '^1@daily'));
SELECT test.refusal($$SELECT tempcloud.invite('5@daily.limit.example')$$);
-- Another account is another account.
SET request.jwt.claims = :'carl';
SELECT status FROM tempcloud.invite('1@daily.limit.example');
-- Time makes room.
SET request.jwt.claims = :'anna';
SELECT id AS oldest FROM tempcloud.invitations_sent WHERE email ~ '^1@daily' \gset
SELECT test.let_pass(:'oldest', '23 hours 30 minutes') \gset
SELECT test.wait(hint) < '1 hour' AS soon FROM tempcloud.invite_many('[{"email":"5@daily.limit.example"}]');
SELECT test.let_pass(:'oldest', '31 minutes') \gset
SELECT status FROM tempcloud.invite('5@daily.limit.example');
SELECT test.refusal($$SELECT tempcloud.invite('6@daily.limit.example')$$);
RESET ROLE;
SET tempcloud.max_daily_invitations = 0;
SET ROLE tempcloud_user;
SELECT tempcloud.invite('6@daily.limit.example'); \echo :SQLSTATE
RESET ROLE;
RESET tempcloud.max_daily_invitations;

-- What is sent again counts, too, but each invitation once.
SET tempcloud.max_daily_invitations = 1;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT id AS old FROM tempcloud.invite('1@again.limit.example') \gset
SELECT status FROM tempcloud.resend_invitation(:'old');
SELECT test.let_pass(:'old', '25 hours') \gset
SELECT status FROM tempcloud.invite('2@again.limit.example');
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'old'));
RESET ROLE;
RESET tempcloud.max_daily_invitations;

-- So many mails of one account to one address, however it is written, whether
-- invited or sent again, and whatever became of the invitation
CREATE FUNCTION test.mails_pass(recipient text, duration interval) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE tempcloud_data.mail m SET created_at = created_at - duration WHERE m.recipient = $1 $$;
SET tempcloud.max_daily_mails_to_address = 2;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'carl';
SELECT id AS olga FROM tempcloud.invite('olga@address.limit.example') \gset
SELECT test.mail('olga@address.limit.example') IS NOT NULL AS went;
SELECT status FROM tempcloud.resend_invitation(:'olga');
SELECT test.mail('olga@address.limit.example') IS NOT NULL AS went;
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'olga'));
SELECT status FROM tempcloud.withdraw_invitation(:'olga');
SELECT error, test.wait(hint) FROM tempcloud.invite_many('[{"email":"OLGA@address.limit.example"}]');
-- Others are not concerned, nor is another address.
SELECT status FROM tempcloud.invite('otto@address.limit.example');
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.invite('olga@address.limit.example');
-- Purging forgets none of it.
RESET ROLE;
SET tempcloud.purge_invitations_after = 0;
SELECT tempcloud.maintain() IS NOT NULL AS purged;
RESET tempcloud.purge_invitations_after;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'carl';
SELECT test.refusal($$SELECT tempcloud.invite('olga@address.limit.example')$$);
-- Time makes room.
SELECT test.mails_pass('olga@address.limit.example', '25 hours') \gset
SELECT status FROM tempcloud.invite('olga@address.limit.example');

-- What is withdrawn, or sent again, before a mailer came goes nowhere and does not count.
SELECT (tempcloud.withdraw_invitation((tempcloud.invite('pia@address.limit.example')).id)).status FROM generate_series(1, 5);
SELECT delivery, count(*) FROM tempcloud.invitations_sent WHERE email = 'pia@address.limit.example' GROUP BY 1;
SELECT id AS pia FROM tempcloud.invite('pia@address.limit.example') \gset
SELECT (tempcloud.resend_invitation(:'pia')).status FROM generate_series(1, 5);
RESET ROLE;
SELECT state, attempt, count(*) FROM tempcloud_data.mail WHERE recipient = 'pia@address.limit.example' GROUP BY 1, 2 ORDER BY 1;
RESET tempcloud.max_daily_mails_to_address;

-- So many of all accounts together; but the first of each goes.
SET tempcloud.max_daily_mails_to_address_of_all = 2;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS erna FROM tempcloud.invite('erna@crowd.limit.example') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('Erna@crowd.limit.example');
SELECT test.deliver() > 0 AS delivered;
SET request.jwt.claims = :'carl';
SELECT status FROM tempcloud.invite('ERNA@crowd.limit.example');
SET request.jwt.claims = :'anna';
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'erna'));
-- One account alone locks nobody out, whatever it does.
SELECT (tempcloud.withdraw_invitation((tempcloud.invite('resi@crowd.limit.example')).id)).status FROM generate_series(1, 12) \g /dev/null
SELECT id AS resi FROM tempcloud.invite('resi@crowd.limit.example') \gset
SELECT test.deliver() > 0 AS delivered;
SELECT status FROM tempcloud.resend_invitation(:'resi');
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'resi'));
SET request.jwt.claims = :'carl';
SELECT status FROM tempcloud.invite('resi@crowd.limit.example');
SELECT status FROM tempcloud.invite('emil@crowd.limit.example');
RESET ROLE;
RESET tempcloud.max_daily_mails_to_address_of_all;

-- So often again
SET tempcloud.max_resends = 2;
SET ROLE tempcloud_user;
SELECT id AS emil FROM tempcloud.invitations_sent WHERE email = 'emil@crowd.limit.example' \gset
SELECT status FROM tempcloud.resend_invitation(:'emil');
SELECT status FROM tempcloud.resend_invitation(:'emil');
SELECT tempcloud.resend_invitation(:'emil'); \echo :SQLSTATE
SELECT status FROM tempcloud.withdraw_invitation(:'emil');
SELECT status FROM tempcloud.invite('emil@crowd.limit.example');
RESET ROLE;
RESET tempcloud.max_resends;

-- So many mails to prove addresses, whosesoever they are
SET tempcloud.max_daily_confirmations = 2;
SET ROLE tempcloud_user;
SELECT n, test.refusal(format('SELECT tempcloud.add_contact(%1$L, %2$L, %1$L || %3$L)', n, 'Neu', '@unasked.limit.example'))
  FROM generate_series(1, 3) n;
SELECT id AS later FROM tempcloud.add_contact('Ohne', 'Adresse') \gset
SELECT email FROM tempcloud.update_contact(:'later', email => 'later@unasked.limit.example');
SELECT test.refusal(format('SELECT tempcloud.send_confirmation(%L)', :'later'));
SELECT email FROM tempcloud.my_contacts WHERE email ~ 'unasked' ORDER BY email;
RESET ROLE;
RESET tempcloud.max_daily_confirmations;
RESET tempcloud.resend_interval;

--
-- Who is registered
--

-- By default the inviter is told at once that the kind does not fit.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT test.refusal($$SELECT tempcloud.invite('carl@besteller.limit.example')$$);

-- If it is not to be revealed, the invitation looks like any other,
RESET ROLE;
SET tempcloud.reveal_registered = off;
SET ROLE tempcloud_user;
SELECT to_jsonb(i) - '{id,inviter_id,created_at,expires_at}'::text[] AS to_same_kind
  FROM tempcloud.invite('carl@besteller.limit.example') i;
SELECT to_jsonb(i) - '{id,inviter_id,created_at,expires_at}'::text[] AS to_nobody
  FROM tempcloud.invite('frida@besteller.limit.example') i;
SELECT to_jsonb(i) - '{id,inviter_id,created_at,expires_at}'::text[] AS to_partner
  FROM tempcloud.invite('dora@personal.limit.example') i;
SELECT test.refusal($$SELECT tempcloud.invite('carl@besteller.limit.example')$$);
SELECT test.refusal($$SELECT tempcloud.invite('anna@kunde.limit.example')$$);
SELECT id AS to_carl FROM tempcloud.invitations_sent WHERE email = 'carl@besteller.limit.example' \gset
SELECT (test.mail('carl@besteller.limit.example')).subject = (test.mail('frida@besteller.limit.example')).subject AS same_mail;
SELECT email, status, delivery FROM tempcloud.invitations_sent WHERE email ~ '@(besteller|personal)' ORDER BY email;

-- and the account that it reached sees why nothing comes of it.
SET request.jwt.claims = :'carl';
SELECT inviter_company, email, status, can_accept, obstacle FROM tempcloud.invitations_received;
SELECT tempcloud.accept_invitation(:'to_carl'); \echo :SQLSTATE
SELECT test.refusal(format('SELECT tempcloud.accept_invitation_by_token(%L, true)', test.token('carl@besteller.limit.example')));
-- Resending changes nothing about that.
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.resend_invitation(:'to_carl');
SELECT test.refusal(format('SELECT tempcloud.accept_invitation(%L)', :'to_carl'));
-- It can be declined, and its inviter blocked.
SET request.jwt.claims = :'carl';
SELECT status, reason FROM tempcloud.decline_invitation(:'to_carl', 'Wir suchen selbst', block => true);
SELECT count(*) FROM tempcloud.invitations_received WHERE status = 'pending';
SET request.jwt.claims = :'anna';
SELECT test.refusal($$SELECT tempcloud.invite('carl@besteller.limit.example')$$);
-- Where the kind fits, it is routed as ever.
SET request.jwt.claims = :'dora';
SELECT inviter_company, status, can_accept, obstacle FROM tempcloud.invitations_received;
SELECT provider_id = :'personal' AS mine FROM tempcloud.accept_invitation((SELECT id FROM tempcloud.invitations_received));
RESET ROLE;
DROP FUNCTION test.wait;
