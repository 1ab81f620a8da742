-- decision: what an invitee does with an invitation

\pset null (null)
\set anna '{"sub":"anna.decision","email":"anna@kunde.decision.example","email_verified":true}'
\set bob '{"sub":"bob.decision","email":"bob@anbieter.decision.example","email_verified":true}'
\set carl '{"sub":"carl.decision","email":"carl@besteller.decision.example","email_verified":true}'
\set dora '{"sub":"dora.decision","email":"dora@personal.decision.example","email_verified":true}'
\set nobody '{"sub":"nobody.decision"}'
SET tempcloud.resend_interval = 0;
SET tempcloud.max_daily_mails_to_address = -1;
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset

--
-- accept_invitation
--

SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.decision.example') \gset
SELECT test.token('bob@anbieter.decision.example') AS token \gset
-- not by who sent it, nor by whom it does not concern, nor by nobody
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(:'invitation'); \echo :SQLSTATE
SET request.jwt.claims = :'dora';
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation(gen_random_uuid()); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(gen_random_uuid()); \echo :SQLSTATE
SELECT tempcloud.accept_invitation(NULL); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(NULL); \echo :SQLSTATE
SET request.jwt.claims = :'nobody';
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE
SET request.jwt.claims = '';
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE

SET request.jwt.claims = :'bob';
SELECT customer_id = :'kunde' AS customer, provider_id = :'anbieter' AS provider,
	   invitation_id = :'invitation' AS invitation,
	   accepted_by = (SELECT id FROM tempcloud.my_contacts) AS by_bob
  FROM tempcloud.accept_invitation(:'invitation');
SELECT tempcloud.are_partners(:'kunde', :'anbieter');
SELECT inviter_company, status, can_accept, decided_at IS NOT NULL AS decided FROM tempcloud.invitations_received;
-- Accepting again does nothing and returns the same: clients retry.
SELECT partner_since FROM tempcloud.partners \gset
SELECT created_at = :'partner_since' AS same, invitation_id = :'invitation' AS invitation
  FROM tempcloud.accept_invitation(:'invitation');
SELECT created_at = :'partner_since' AS same FROM tempcloud.accept_invitation_by_token(:'token');
RESET ROLE;
SELECT count(*) FROM tempcloud_data.event WHERE event = 'invitation.accepted' AND invitation_id = :'invitation';
SET ROLE tempcloud_user;
-- But it is over for everything else.
SELECT tempcloud.decline_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SET request.jwt.claims = :'anna';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.withdraw_invitation(:'invitation'); \echo :SQLSTATE
SET request.jwt.claims = :'dora';
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => true); \echo :SQLSTATE
SET request.jwt.claims = :'nobody';
SELECT tempcloud.register_account(token => :'token', company_name => 'X', given_name => 'X', family_name => 'X'); \echo :SQLSTATE
-- The inviter is told, and sees who accepted.
SELECT kind, recipient, recipient_name, subject FROM test.mail('anna@kunde.decision.example');
SET request.jwt.claims = :'anna';
SELECT email, status, partner_id = :'anbieter' AS partner, accepted_by_name, accepted_by_email
  FROM tempcloud.invitations_sent;

-- The same when a provider invites
SET request.jwt.claims = :'dora';
SELECT id AS invitation FROM tempcloud.invite('Anna@Kunde.decision.example') \gset
SET request.jwt.claims = :'anna';
SELECT customer_id = :'kunde' AS customer, provider_id = :'personal' AS provider
  FROM tempcloud.accept_invitation(:'invitation');

--
-- accept_invitation_by_token
--

SET request.jwt.claims = :'carl';
SELECT id AS invitation FROM tempcloud.invite('dora@personal.decision.example') \gset
SELECT test.token('dora@personal.decision.example') AS token \gset
SET request.jwt.claims = '';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'nobody';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'carl';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => true); \echo :SQLSTATE
SET request.jwt.claims = :'anna';
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => true); \echo :SQLSTATE
-- It is routed to Personal KG: not even on purpose can another provider take it.
SET request.jwt.claims = :'bob';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token', true); \echo :SQLSTATE
SET request.jwt.claims = :'dora';
SELECT customer_id = :'besteller' AS customer, provider_id = :'personal' AS provider
  FROM tempcloud.accept_invitation_by_token(:'token');

-- One that is not routed is taken by the caller's company: on purpose only
SET request.jwt.claims = :'carl';
SELECT id AS invitation FROM tempcloud.invite('sales@anbieter.decision.example') \gset
SELECT test.token('sales@anbieter.decision.example') AS token \gset
SET request.jwt.claims = :'bob';
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => false); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => NULL); \echo :SQLSTATE
-- also where the address is in the caller's list, but not proven
SELECT given_name FROM tempcloud.add_contact('Sales', 'Team', 'sales@anbieter.decision.example');
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'anna';
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => true); \echo :SQLSTATE
SET request.jwt.claims = :'bob';
SELECT tempcloud.are_partners(:'besteller', :'anbieter');
SELECT customer_id = :'besteller' AS customer, provider_id = :'anbieter' AS provider
  FROM tempcloud.accept_invitation_by_token(:'token', use_this_account => true);
-- The inviter sees by which address; again is the same, without asking again.
SELECT provider_id = :'anbieter' AS provider FROM tempcloud.accept_invitation_by_token(:'token');
SET request.jwt.claims = :'carl';
SELECT email, status, partner_id = :'anbieter' AS partner, accepted_by_name, accepted_by_email
  FROM tempcloud.invitations_sent WHERE id = :'invitation';

-- Partners already: a second invitation, to an address of which that was not known
\set emil '{"sub":"emil.decision","email":"emil@kontor.decision.example","email_verified":true}'
SELECT test.company(:'emil', 'customer', 'Kontor', 'Emil', 'Ernst') AS kontor \gset
SELECT id AS first FROM tempcloud.invite('bob@anbieter.decision.example') \gset
SELECT id AS second FROM tempcloud.invite('info@anbieter.decision.example') \gset
SELECT test.token('info@anbieter.decision.example') AS token \gset
SET request.jwt.claims = :'bob';
SELECT customer_id = :'kontor' AS customer FROM tempcloud.accept_invitation(:'first');
SELECT tempcloud.accept_invitation_by_token(:'token', use_this_account => true); \echo :SQLSTATE
-- It is superseded as soon as the address turns out to be the partner's.
SELECT id AS info_id FROM tempcloud.add_contact('Info', 'Desk', 'info@anbieter.decision.example') \gset
SELECT given_name FROM tempcloud.confirm_email(test.token('info@anbieter.decision.example'));
SELECT inviter_company, status FROM tempcloud.invitations_received WHERE id = :'second';
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE

--
-- crossing invitations
--

-- Each side has invited an address of the other that was not known to be its.
\set frida '{"sub":"frida.decision","email":"frida@cross-k.decision.example","email_verified":true}'
\set gil '{"sub":"gil.decision","email":"gil@cross-a.decision.example","email_verified":true}'
SELECT test.company(:'frida', 'customer', 'Cross Kunde', 'Frida', 'Frey') AS cross_k \gset
SELECT test.company(:'gil', 'provider', 'Cross Anbieter', 'Gil', 'Gray') AS cross_a \gset
SELECT id AS to_customer FROM tempcloud.invite('office@cross-k.decision.example') \gset
SET request.jwt.claims = :'frida';
SELECT id AS to_provider FROM tempcloud.invite('office@cross-a.decision.example') \gset
SELECT test.token('office@cross-k.decision.example') AS customer_token \gset
SELECT test.token('office@cross-a.decision.example') AS provider_token \gset
SELECT id AS office_id FROM tempcloud.add_contact('Office', 'K', 'office@cross-k.decision.example') \gset
SELECT given_name FROM tempcloud.confirm_email(test.token('office@cross-k.decision.example'));
SET request.jwt.claims = :'gil';
SELECT id AS office_id FROM tempcloud.add_contact('Office', 'A', 'office@cross-a.decision.example') \gset
SELECT given_name FROM tempcloud.confirm_email(test.token('office@cross-a.decision.example'));
SELECT inviter_company, status FROM tempcloud.invitations_received;
-- One partnership comes of the two, and what is left is superseded.
SELECT customer_id = :'cross_k' AS customer, provider_id = :'cross_a' AS provider,
	   invitation_id = :'to_provider' AS invitation
  FROM tempcloud.accept_invitation(:'to_provider');
SELECT email, status, decided_at IS NOT NULL AS decided, delivery FROM tempcloud.invitations_sent;
SET request.jwt.claims = :'frida';
SELECT tempcloud.accept_invitation(:'to_customer'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'customer_token'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(:'to_customer'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation_by_token(:'customer_token'); \echo :SQLSTATE
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'customer_token');
SET request.jwt.claims = :'gil';
SELECT tempcloud.withdraw_invitation(:'to_customer'); \echo :SQLSTATE
SELECT tempcloud.resend_invitation(:'to_customer'); \echo :SQLSTATE
SELECT company_name FROM tempcloud.partners;

-- Others that the same inviter has pending are superseded too, whether they
-- wait for another address of the partner or not.
\set hugo '{"sub":"hugo.decision","email":"hugo@viele.decision.example","email_verified":true}'
\set ida '{"sub":"ida.decision","email":"ida@eine.decision.example","email_verified":true}'
SELECT test.company(:'ida', 'provider', 'Eine KG', 'Ida', 'Iwers') AS eine \gset
SELECT id AS ida_two FROM tempcloud.add_contact('Ida', 'Iwers', 'two@eine.decision.example') \gset
SELECT test.token('two@eine.decision.example') AS confirmation \gset
SELECT test.company(:'hugo', 'customer', 'Viele AG', 'Hugo', 'Haas') AS viele \gset
SELECT id AS one FROM tempcloud.invite('ida@eine.decision.example') \gset
SELECT id AS two FROM tempcloud.invite('two@eine.decision.example') \gset
SELECT id AS other FROM tempcloud.invite('other@eine.decision.example') \gset
SET request.jwt.claims = :'ida';
SELECT given_name FROM tempcloud.confirm_email(:'confirmation');
SELECT invitation_id = :'one' AS one FROM tempcloud.accept_invitation(:'one');
SET request.jwt.claims = :'hugo';
SELECT email, status FROM tempcloud.invitations_sent ORDER BY id;

--
-- decline
--

\set jan '{"sub":"jan.decision","email":"jan@nein.decision.example","email_verified":true}'
\set kai '{"sub":"kai.decision","email":"kai@fragt.decision.example","email_verified":true}'
SELECT test.company(:'jan', 'provider', 'Nein GmbH', 'Jan', 'Jung') AS nein \gset
SELECT test.company(:'kai', 'customer', 'Fragt AG', 'Kai', 'Kern') AS fragt \gset
SELECT id AS invitation FROM tempcloud.invite('jan@nein.decision.example') \gset
SELECT test.token('jan@nein.decision.example') AS token \gset
SET request.jwt.claims = :'jan';
SELECT tempcloud.decline_invitation(:'invitation', reason => repeat('a', 2001)); \echo :SQLSTATE
SELECT status, reason, invitee_id, decided_at IS NOT NULL AS decided
  FROM tempcloud.decline_invitation(:'invitation', reason => E'Kein Bedarf\n');
SELECT inviter_company, status, reason, can_accept, blocked FROM tempcloud.invitations_received;
-- It is over.
SELECT tempcloud.accept_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.accept_invitation_by_token(:'token'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.decline_invitation_by_token(:'token'); \echo :SQLSTATE
SET request.jwt.claims = :'nobody';
SELECT tempcloud.register_account(token => :'token'); \echo :SQLSTATE
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
-- The inviter is told, with the reason, and waits.
SELECT kind, recipient, text_body LIKE '%Kein Bedarf%' AS reason FROM test.mail('kai@fragt.decision.example');
SET request.jwt.claims = :'kai';
SELECT email, status, reason, partner_id, accepted_by_email FROM tempcloud.invitations_sent;
SELECT tempcloud.withdraw_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.resend_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.invite('JAN@nein.decision.example'); \echo :SQLSTATE
-- also with other addresses of the invitee's, and none of somebody else's
SET request.jwt.claims = :'jan';
SELECT id AS jan_two FROM tempcloud.add_contact('Jan', 'Jung', 'two@nein.decision.example') \gset
SELECT given_name FROM tempcloud.confirm_email(test.token('two@nein.decision.example'));
SET request.jwt.claims = :'kai';
SELECT tempcloud.invite('two@nein.decision.example'); \echo :SQLSTATE
SELECT status FROM tempcloud.invite('other@nein.decision.example');
-- The other side may invite at once.
SET request.jwt.claims = :'jan';
SELECT id AS back FROM tempcloud.invite('kai@fragt.decision.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'back');
-- tempcloud.reinvite_after
SET request.jwt.claims = :'kai';
SELECT test.let_pass(:'invitation', '167:59') \gset
SELECT tempcloud.invite('jan@nein.decision.example'); \echo :SQLSTATE
SELECT test.let_pass(:'invitation', '2 min') \gset
SELECT id AS invitation FROM tempcloud.invite('jan@nein.decision.example') \gset

-- By token nobody needs an account, or a login.
SELECT test.token('jan@nein.decision.example') AS token \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT status, email, reason, invitee_id FROM tempcloud.decline_invitation_by_token(:'token');
SELECT tempcloud.decline_invitation_by_token(:'token'); \echo :SQLSTATE
SET ROLE tempcloud_user;
SET request.jwt.claims = :'kai';
SELECT tempcloud.invite('jan@nein.decision.example'); \echo :SQLSTATE
RESET ROLE;
-- Who declined is kept where it was the invitee.
SELECT i.status, c.given_name
  FROM tempcloud_data.invitation i LEFT JOIN tempcloud_data.contact c ON c.id = i.decided_by
 WHERE i.inviter_id = :'fragt' AND i.email = 'jan@nein.decision.example' ORDER BY i.created_at;
SET tempcloud.reinvite_after = 0;
SET ROLE tempcloud_user;
SELECT id AS invitation FROM tempcloud.invite('jan@nein.decision.example') \gset
SELECT test.token('jan@nein.decision.example') AS token \gset
SELECT id AS unrouted FROM tempcloud.invite('lea@neu.decision.example') \gset
SELECT test.token('lea@neu.decision.example') AS unrouted_token \gset

--
-- block and unblock_account
--

SET request.jwt.claims = :'jan';
SELECT status FROM tempcloud.decline_invitation_by_token(:'token', block => true);
SELECT inviter_company, status, blocked FROM tempcloud.invitations_received ORDER BY created_at DESC LIMIT 1;
-- The inviter cannot tell a block from a refusal: what it returned, its list,
-- its mail and its error are those of anybody who declined.
SET request.jwt.claims = :'nobody';
SELECT status FROM tempcloud.decline_invitation_by_token(:'unrouted_token');
SET request.jwt.claims = :'kai';
SELECT (SELECT to_jsonb(s) - '{id,email,created_at,sent_at,expires_at,decided_at}'::text[] FROM tempcloud.invitations_sent s WHERE id = :'invitation')
	 = (SELECT to_jsonb(s) - '{id,email,created_at,sent_at,expires_at,decided_at}'::text[] FROM tempcloud.invitations_sent s WHERE id = :'unrouted') AS same_list;
SELECT test.deliver() AS mails \gset
RESET ROLE;
SELECT count(*), count(DISTINCT replace((mail).text_body, 'jan@nein', 'lea@neu')) AS texts,
	   count(DISTINCT replace((mail).subject, 'jan@nein', 'lea@neu')) AS subjects
  FROM (SELECT mail FROM test.inbox WHERE (mail).recipient = 'kai@fragt.decision.example' ORDER BY n DESC LIMIT 2) m;
RESET tempcloud.reinvite_after;
SET ROLE tempcloud_user;
SELECT tempcloud.invite('jan@nein.decision.example'); \echo :SQLSTATE
SELECT tempcloud.invite('lea@neu.decision.example'); \echo :SQLSTATE
-- but it does not end
RESET ROLE;
SET tempcloud.reinvite_after = 0;
SET ROLE tempcloud_user;
SELECT tempcloud.invite('Jan@nein.decision.example'); \echo :SQLSTATE
SELECT tempcloud.invite('two@nein.decision.example'); \echo :SQLSTATE
SELECT error FROM tempcloud.invite_many('[{"email": "jan@nein.decision.example"}]');
SELECT id AS again FROM tempcloud.invite('lea@neu.decision.example') \gset
-- nor keep the other side from inviting.
SET request.jwt.claims = :'jan';
SELECT id AS back FROM tempcloud.invite('kai@fragt.decision.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'back');
-- unblock_account() ends it, as often as one likes; nobody else's block.
SET request.jwt.claims = :'bob';
SELECT tempcloud.unblock_account(:'fragt');
SET request.jwt.claims = :'kai';
SELECT tempcloud.unblock_account(:'fragt');
SELECT tempcloud.invite('jan@nein.decision.example'); \echo :SQLSTATE
SET request.jwt.claims = :'jan';
SELECT tempcloud.unblock_account(NULL); \echo :SQLSTATE
SELECT tempcloud.unblock_account(:'fragt');
SELECT tempcloud.unblock_account(:'fragt');
SELECT DISTINCT blocked FROM tempcloud.invitations_received;
SET request.jwt.claims = :'kai';
SELECT status FROM tempcloud.invite('jan@nein.decision.example');

-- Who has no account blocks for the address, and keeps that when they make one.
SELECT test.token('lea@neu.decision.example') AS token \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT status FROM tempcloud.decline_invitation_by_token(:'token', reason => 'Nein', block => true);
SET ROLE tempcloud_user;
SET request.jwt.claims = :'kai';
SELECT tempcloud.invite('lea@neu.decision.example'); \echo :SQLSTATE
\set lea '{"sub":"lea.decision","email":"lea@neu.decision.example","email_verified":true}'
SELECT test.company(:'lea', 'provider', 'Neu GmbH', 'Lea', 'Lang') AS neu \gset
SET request.jwt.claims = :'kai';
SELECT tempcloud.invite('Lea@neu.decision.example'); \echo :SQLSTATE
SET request.jwt.claims = :'lea';
SELECT tempcloud.unblock_account(:'fragt');
SET request.jwt.claims = :'kai';
SELECT status FROM tempcloud.invite('lea@neu.decision.example');

--
-- What became of an invitation: each command's answer
--

\set moritz '{"sub":"moritz.decision","email":"moritz@ende.decision.example","email_verified":true}'
SELECT test.company(:'moritz', 'provider', 'Ende KG', 'Moritz', 'Maus') AS ende \gset
SET request.jwt.claims = :'kai';
SELECT id AS invitation FROM tempcloud.invite('moritz@ende.decision.example') \gset
SELECT test.token('moritz@ende.decision.example') AS old_token \gset
-- each asked by whom it is for: the inviter Kai, the invitee Moritz, a newcomer
CREATE FUNCTION pg_temp.answers(id uuid, token text, kai text, moritz text, those text DEFAULT '')
RETURNS TABLE (command text, answer text)
LANGUAGE plpgsql AS $$
BEGIN
	FOR command IN SELECT unnest('{preview_invitation(%2$L),ask_again(%2$L),register_account(token => %2$L),
			accept_invitation(%1$L),accept_invitation_by_token(%2$L),"accept_invitation_by_token(%2$L, true)",
			decline_invitation(%1$L),decline_invitation_by_token(%2$L),
			withdraw_invitation(%1$L),resend_invitation(%1$L)}'::text[])
	LOOP
		CONTINUE WHEN command !~ those;
		PERFORM set_config('request.jwt.claims',
			CASE WHEN command ~ '^(withdraw|resend)' THEN kai
				 WHEN command ~ '^register' THEN '{"sub":"new.decision"}' ELSE moritz END, false);
		answer := CASE WHEN command ~ '^preview' THEN test.answer(format('SELECT status FROM tempcloud.' || command, id, token))
					   ELSE test.refusal(format('SELECT tempcloud.' || command, id, token)) END;
		command := split_part(command, '(', 1);
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT test.token('moritz@ende.decision.example') AS token \gset
-- link_replaced: whatever needs the link
BEGIN;
SELECT * FROM pg_temp.answers(:'invitation', :'old_token', :'kai', :'moritz', 'preview|token');
ROLLBACK;
SET request.jwt.claims = :'kai';
-- expired: all but to send it again
BEGIN;
SELECT test.let_pass(:'invitation', '31 days') \gset
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
ROLLBACK;
-- the same once it is written down
BEGIN;
SELECT test.let_pass(:'invitation', '31 days') \gset
RESET ROLE;
UPDATE tempcloud_data.invitation SET status = 'expired', decided_at = now() WHERE id = :'invitation';
SET ROLE tempcloud_user;
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
ROLLBACK;
-- withdrawn
BEGIN;
SET LOCAL request.jwt.claims = :'kai';
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
-- which goes before that its link was replaced
SELECT * FROM pg_temp.answers(:'invitation', :'old_token', :'kai', :'moritz', 'preview|token');
ROLLBACK;
-- declined
BEGIN;
SET LOCAL request.jwt.claims = :'moritz';
SELECT status FROM tempcloud.decline_invitation(:'invitation');
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
ROLLBACK;
-- superseded
BEGIN;
RESET ROLE;
UPDATE tempcloud_data.invitation SET status = 'superseded', decided_at = now() WHERE id = :'invitation';
SET ROLE tempcloud_user;
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
ROLLBACK;
-- accepted: accepting it again is no mistake
BEGIN;
SET LOCAL request.jwt.claims = :'moritz';
SELECT provider_id = :'ende' AS provider FROM tempcloud.accept_invitation(:'invitation');
SELECT * FROM pg_temp.answers(:'invitation', :'token', :'kai', :'moritz');
-- neither by an earlier mail's link
SELECT * FROM pg_temp.answers(:'invitation', :'old_token', :'kai', :'moritz', 'preview|token');
ROLLBACK;
SET request.jwt.claims = :'moritz';
SELECT status FROM tempcloud.preview_invitation(:'token');
