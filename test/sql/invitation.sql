-- invitation: one account asks an e-mail address to become its partner

\pset null (null)
SET tempcloud.max_daily_mails_to_address = -1;
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.invitation","email":"anna@kunde.invitation.example","email_verified":true}'
\set bob '{"sub":"bob.invitation","email":"bob@anbieter.invitation.example","email_verified":true}'
\set carl '{"sub":"carl.invitation","email":"carl@besteller.invitation.example","email_verified":true}'
\set dora '{"sub":"dora.invitation","email":"dora@personal.invitation.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset

--
-- invite
--

-- A customer invites providers, a provider customers; nothing else differs.
SET request.jwt.claims = :'anna';
SELECT id AS from_customer, inviter_id = :'kunde' AS own, inviter_kind, invitee_id, invitee_kind, email,
	   given_name, family_name, company_name, phone, message, locale, status,
	   expires_at - created_at BETWEEN '29 days 23:59:59' AND '30 days 00:00:01' AS lifetime, decided_at, reason
  FROM tempcloud.invite('dora@personal.invitation.example', 'Dora', 'Daum', 'Personal KG', '+49 30 1',
						'Auf gute Zusammenarbeit', 'en') \gset a_
SET request.jwt.claims = :'bob';
SELECT id AS from_provider, inviter_id = :'anbieter' AS own, inviter_kind, invitee_id, invitee_kind, email,
	   given_name, family_name, company_name, phone, message, locale, status,
	   expires_at - created_at BETWEEN '29 days 23:59:59' AND '30 days 00:00:01' AS lifetime, decided_at, reason
  FROM tempcloud.invite(locale => 'en', message => 'Auf gute Zusammenarbeit', phone => '+49 30 1',
						company_name => 'Besteller OHG', family_name => 'Cohn', given_name => 'Carl',
						email => 'carl@besteller.invitation.example') \gset b_
\echo :a_own :a_inviter_kind :a_invitee_kind :a_email :a_given_name :a_family_name :a_company_name :a_phone :a_message :a_locale :a_status :a_lifetime
\echo :b_own :b_inviter_kind :b_invitee_kind :b_email :b_given_name :b_family_name :b_company_name :b_phone :b_message :b_locale :b_status :b_lifetime
-- Only the address is needed; the language is then the inviter's.
SELECT invitee_id, given_name, family_name, company_name, phone, message, locale, decided_at, reason
  FROM tempcloud.invite('emil@kontor.invitation.example');
-- and it is needed.
SELECT tempcloud.invite(NULL); \echo :SQLSTATE
SELECT tempcloud.invite(' '); \echo :SQLSTATE
SELECT tempcloud.invite('emil'); \echo :SQLSTATE
SELECT tempcloud.invite('emil@kontor.invitation.example', locale => 'German'); \echo :SQLSTATE
SELECT tempcloud.invite('emil@kontor.invitation.example', given_name => E'E\nmil'); \echo :SQLSTATE

-- The list of each, and nobody else's
SELECT email, status, invited_by, partner_id, accepted_by_name, accepted_by_email, delivery, delivery_error
  FROM tempcloud.invitations_sent ORDER BY created_at;
SET request.jwt.claims = :'anna';
SELECT email, status, invited_by, delivery FROM tempcloud.invitations_sent ORDER BY created_at;
-- The mail has gone to whom it is for; who invites never sees the link.
SELECT kind, recipient, recipient_name, locale, subject FROM test.mail('dora@personal.invitation.example');
SELECT email, delivery FROM tempcloud.invitations_sent;

-- Routing: by a proven address, however it is spelled
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset
SELECT id = :'a_from_customer' AS same, inviter_id = :'kunde' AS from_kunde, inviter_kind, inviter_company,
	   inviter_name, email, message, status, decided_at, reason, can_accept, blocked
  FROM tempcloud.invitations_received;
SET request.jwt.claims = :'carl';
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT id = :'b_from_provider' AS same, inviter_kind, inviter_company, status FROM tempcloud.invitations_received;
-- at once, if the address has an account already
SELECT invitee_id FROM tempcloud.invite('DORA@Personal.Invitation.example');
SET request.jwt.claims = :'dora';
SELECT inviter_company, email, status, can_accept FROM tempcloud.invitations_received;
-- not by an address that is only claimed
SELECT email FROM tempcloud.add_contact('Frida', 'Frey', 'frida@personal.invitation.example');
SELECT test.token('frida@personal.invitation.example') AS confirmation \gset
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.invite('frida@personal.invitation.example');
SET request.jwt.claims = :'dora';
SELECT email FROM tempcloud.invitations_received;
-- The inviter does not learn by inviting who has an account.
SET request.jwt.claims = :'carl';
SELECT status, invitee_id FROM tempcloud.invite('new@personal.invitation.example');

-- Refusals: of the address itself
SET request.jwt.claims = :'anna';
SELECT tempcloud.invite('Anna@kunde.invitation.example'); \echo :SQLSTATE
SELECT tempcloud.invite('carl@besteller.invitation.example'); \echo :SQLSTATE
SELECT tempcloud.invite('Dora@Personal.invitation.example'); \echo :SQLSTATE
SELECT tempcloud.invite('FRIDA@personal.invitation.example'); \echo :SQLSTATE
-- whoever among the colleagues has invited, and whichever address of theirs
SET request.jwt.claims = :'dora';
SELECT email_verified_at IS NOT NULL AS verified FROM tempcloud.confirm_email(:'confirmation');
SET request.jwt.claims = :'carl';
SELECT tempcloud.invite('frida@personal.invitation.example'); \echo :SQLSTATE
-- Dora is invited by them; she accepts instead.
SET request.jwt.claims = :'dora';
SELECT tempcloud.invite('anna@kunde.invitation.example'); \echo :SQLSTATE
SELECT tempcloud.invite('carl@besteller.invitation.example'); \echo :SQLSTATE
-- also where only the one to another address of hers is left, which the list
-- that the hint names contains
SET request.jwt.claims = :'anna';
SELECT status FROM tempcloud.withdraw_invitation(:'a_from_customer');
SET request.jwt.claims = :'dora';
SELECT inviter_company, email, can_accept FROM tempcloud.invitations_received
 WHERE status = 'pending' ORDER BY inviter_company;
SELECT tempcloud.invite('anna@kunde.invitation.example'); \echo :SQLSTATE

-- Partners need no invitation.
SET request.jwt.claims = :'carl';
SELECT id AS accepted FROM tempcloud.invitations_received \gset
SELECT provider_id = :'anbieter' AS anbieter FROM tempcloud.accept_invitation(:'accepted');
SELECT tempcloud.invite('bob@anbieter.invitation.example'); \echo :SQLSTATE
SET request.jwt.claims = :'bob';
SELECT tempcloud.invite('carl@besteller.invitation.example'); \echo :SQLSTATE
-- Who accepted, with which address, and for whom
SELECT email, status, partner_id = :'besteller' AS besteller, accepted_by_name, accepted_by_email,
	   decided_at IS NOT NULL AS decided
  FROM tempcloud.invitations_sent ORDER BY created_at;

-- tempcloud.max_pending_invitations
RESET ROLE;
SET tempcloud.max_pending_invitations = 2;
SET ROLE tempcloud_user;
SELECT id AS second FROM tempcloud.invite('second@kontor.invitation.example') \gset
SELECT tempcloud.invite('third@kontor.invitation.example'); \echo :SQLSTATE
-- Only pending ones count, and no longer than they are.
SELECT status FROM tempcloud.withdraw_invitation(:'second');
SELECT id AS third FROM tempcloud.invite('third@kontor.invitation.example') \gset
SELECT tempcloud.invite('fourth@kontor.invitation.example'); \echo :SQLSTATE
SELECT test.let_pass(:'third', '31 days') \gset
SELECT id AS fourth FROM tempcloud.invite('fourth@kontor.invitation.example') \gset
-- and one that is sent again
SELECT tempcloud.resend_invitation(:'third'); \echo :SQLSTATE
SELECT status FROM tempcloud.withdraw_invitation(:'fourth');
SELECT status FROM tempcloud.resend_invitation(:'third');
RESET ROLE;
SET tempcloud.max_pending_invitations = 0;
SET ROLE tempcloud_user;
SELECT tempcloud.invite('fifth@kontor.invitation.example'); \echo :SQLSTATE
RESET ROLE;
SET tempcloud.max_pending_invitations = -1;
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.invite('fifth@kontor.invitation.example');
RESET ROLE;
RESET tempcloud.max_pending_invitations;
SET ROLE tempcloud_user;

-- tempcloud.invitation_lifetime
RESET ROLE;
SET tempcloud.invitation_lifetime = '1 h';
SET ROLE tempcloud_user;
SELECT expires_at - created_at BETWEEN '00:59:59' AND '01:00:01' AS lifetime
  FROM tempcloud.invite('gil@kontor.invitation.example');
RESET ROLE;
RESET tempcloud.invitation_lifetime;
SET ROLE tempcloud_user;

-- One past its time stands in nobody's way.
SELECT id AS old FROM tempcloud.invite('hugo@kontor.invitation.example') \gset
SELECT test.let_pass(:'old', '31 days') \gset
SELECT id AS new FROM tempcloud.invite('hugo@kontor.invitation.example') \gset
SELECT id = :'old' AS old, status FROM tempcloud.invitations_sent
 WHERE email = 'hugo@kontor.invitation.example' ORDER BY id;
-- nor can it come back beside the new one.
SELECT tempcloud.resend_invitation(:'old'); \echo :SQLSTATE

--
-- preview_invitation
--

SELECT id AS invitation
  FROM tempcloud.invite('ida@kontor.invitation.example', 'Ida', 'Iwers', 'Kontor', '+49 40 1', E'Moin\nIda') \gset
SELECT test.token('ida@kontor.invitation.example') AS token \gset
SET ROLE tempcloud_anonymous;
SET request.jwt.claims = '';
SELECT inviter_kind, inviter_company, inviter_name, message, kind, email, given_name, family_name,
	   company_name, phone, locale, status, expires_at > now() + interval '29 days' AS still_valid, needs_account
  FROM tempcloud.preview_invitation(:'token') \gx
-- Scanners open links: reading uses nothing up.
SELECT status FROM tempcloud.preview_invitation(:'token');
BEGIN READ ONLY;
SELECT status FROM tempcloud.preview_invitation(:'token');
COMMIT;
-- The page shows what became of it.
SELECT test.let_pass(:'invitation', '31 days') \gset
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');

--
-- resend_invitation
--

-- An expired one becomes pending again, with a link of its own.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invitations_sent WHERE id = :'invitation';
SELECT id = :'invitation' AS same, status, decided_at, expires_at > now() + interval '29 days' AS anew
  FROM tempcloud.resend_invitation(:'invitation');
-- Earlier links end at once, before the new mail is out.
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SELECT test.token('ida@kontor.invitation.example') AS new_token \gset
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SELECT status, expires_at > now() + interval '29 days' AS anew FROM tempcloud.preview_invitation(:'new_token');
-- also one that has been written down as expired
SELECT test.let_pass(:'invitation', '31 days') \gset
RESET ROLE;
UPDATE tempcloud_data.invitation SET status = 'expired', decided_at = now() WHERE id = :'invitation';
SET ROLE tempcloud_user;
SELECT status, decided_at FROM tempcloud.resend_invitation(:'invitation');
-- tempcloud.resend_interval
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'invitation'));
SELECT test.let_pass(:'invitation', '61 s') \gset
SELECT status FROM tempcloud.resend_invitation(:'invitation');
RESET ROLE;
SET tempcloud.resend_interval = '1 h';
SET ROLE tempcloud_user;
SELECT test.let_pass(:'invitation', '61 s') \gset
SELECT test.refusal(format('SELECT tempcloud.resend_invitation(%L)', :'invitation'));
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT test.token('ida@kontor.invitation.example') AS token \gset
SELECT status FROM tempcloud.preview_invitation(:'token');

-- For the inviter only; others need not know that there is one.
SELECT tempcloud.resend_invitation(NULL); \echo :SQLSTATE
SELECT tempcloud.resend_invitation(gen_random_uuid()); \echo :SQLSTATE
SET request.jwt.claims = :'anna';
SELECT tempcloud.resend_invitation(:'invitation'); \echo :SQLSTATE
SELECT tempcloud.withdraw_invitation(:'invitation'); \echo :SQLSTATE
SET request.jwt.claims = :'dora';
SELECT id AS received FROM tempcloud.invitations_received WHERE inviter_company = 'Besteller OHG' \gset
SELECT tempcloud.resend_invitation(:'received'); \echo :SQLSTATE
SELECT tempcloud.withdraw_invitation(:'received'); \echo :SQLSTATE

-- What has ended cannot be sent again.
SET request.jwt.claims = :'bob';
SELECT tempcloud.resend_invitation(:'second'); \echo :SQLSTATE
SELECT tempcloud.resend_invitation(:'accepted'); \echo :SQLSTATE

-- An address that belongs to an account by now is routed on the way.
SELECT id AS waiting FROM tempcloud.invite('jan@kunde.invitation.example') \gset
SELECT test.let_pass(:'waiting', '31 days') \gset
SET request.jwt.claims = :'anna';
SELECT id AS jan_id FROM tempcloud.add_contact('Jan', 'Jung', 'jan@kunde.invitation.example') \gset
SELECT test.token('jan@kunde.invitation.example') AS token \gset
SELECT given_name FROM tempcloud.confirm_email(:'token');
SELECT count(*) FROM tempcloud.invitations_received;
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.resend_invitation(:'waiting');
SET request.jwt.claims = :'anna';
SELECT inviter_company, email, status FROM tempcloud.invitations_received;

--
-- withdraw_invitation
--

SET request.jwt.claims = :'bob';
SELECT test.token('jan@kunde.invitation.example') AS token \gset
SELECT id = :'waiting' AS same, status, invitee_id, decided_at IS NOT NULL AS decided
  FROM tempcloud.withdraw_invitation(:'waiting');
SELECT tempcloud.withdraw_invitation(:'waiting'); \echo :SQLSTATE
SELECT status, link_is_current FROM tempcloud.preview_invitation(:'token');
SELECT tempcloud.withdraw_invitation(:'accepted'); \echo :SQLSTATE
SELECT tempcloud.withdraw_invitation(NULL); \echo :SQLSTATE
SELECT test.let_pass(:'new', '31 days') \gset
SELECT tempcloud.withdraw_invitation(:'new'); \echo :SQLSTATE
-- The invitee still sees what was, and can invite in turn; so can the inviter.
SET request.jwt.claims = :'anna';
SELECT inviter_company, status, can_accept, decided_at IS NOT NULL AS decided FROM tempcloud.invitations_received;
SELECT id AS counter FROM tempcloud.invite('bob@anbieter.invitation.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'counter');
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.invite('jan@kunde.invitation.example');

-- Pending ones come first, then the newest.
SET request.jwt.claims = :'anna';
SELECT email, status, can_accept FROM tempcloud.invitations_received;

-- correct_invitation(): what was typed, without a new mail
SET ROLE tempcloud_user;
\set corrector '{"sub":"corrector.invitation","email":"corrector@kunde.invitation.example","email_verified":true}'
SELECT test.company(:'corrector', 'customer', 'Korrektur AG', 'Kora', 'Korn') IS NOT NULL AS registered;
SELECT id AS typo FROM tempcloud.invite('tpyo@anbieter.invitation.example', 'Tina', 'Typo', 'Typo GmbH', '+49 30 1', 'Guten Tag') \gset
SELECT can_resend_at = sent_at + current_setting('tempcloud.resend_interval')::interval AS soon, partner_company FROM tempcloud.invitations_sent WHERE id = :'typo';
SELECT id = :'typo' AS same, given_name, family_name, company_name, phone, message, locale, status
  FROM tempcloud.correct_invitation(:'typo', given_name => 'Toni', phone => '', message => 'Guten Morgen', locale => 'en');
SELECT id = :'typo' AS same, email FROM tempcloud.correct_invitation(:'typo', 'TPYO@anbieter.invitation.example');
RESET ROLE;
SELECT recipient, recipient_name, state FROM tempcloud_data.mail WHERE invitation_id = :'typo';
SELECT event FROM tempcloud_data.event WHERE invitation_id = :'typo' ORDER BY id;
-- with another address: withdrawn and invited anew in one step
SET ROLE tempcloud_user;
SELECT id <> :'typo' AS other, email, given_name, family_name, message, locale, status
  FROM tempcloud.correct_invitation(:'typo', 'typo@anbieter.invitation.example', family_name => 'Richtig') \gx
SELECT id AS right FROM tempcloud.invitations_sent WHERE status = 'pending' \gset
SELECT email, status, delivery, can_resend_at IS NULL AS never FROM tempcloud.invitations_sent ORDER BY created_at, id;
SELECT test.refusal(format('SELECT tempcloud.correct_invitation(%s)', arguments))
  FROM unnest(ARRAY[quote_literal(:'typo'), quote_literal(:'right') || ', ''x''', quote_literal(:'right') || ', locale => ''''', 'NULL',
	quote_literal(:'right') || ', ''corrector@kunde.invitation.example''', quote_literal(gen_random_uuid())]) arguments;
SELECT status FROM tempcloud.invitations_sent WHERE id = :'right';
-- under the same limits, and what is refused changes nothing
RESET ROLE;
SET tempcloud.max_daily_invitations = 2;
SET ROLE tempcloud_user;
SELECT test.refusal(format('SELECT tempcloud.correct_invitation(%L, ''other@anbieter.invitation.example'')', :'right'));
SELECT status FROM tempcloud.invitations_sent WHERE id = :'right';
SELECT message FROM tempcloud.correct_invitation(:'right', message => 'Im Limit');
RESET ROLE;
RESET tempcloud.max_daily_invitations;
SET tempcloud.max_resends = 0;
SELECT can_resend_at FROM tempcloud.invitations_sent WHERE id = :'right';
RESET tempcloud.max_resends;
-- the company that has accepted
SET ROLE tempcloud_user;
SET request.jwt.claims = '{"sub":"typo.invitation","email":"typo@anbieter.invitation.example","email_verified":true}';
SELECT company_name FROM tempcloud.register_account('provider', 'Richtig GmbH', 'Toni', 'Richtig');
SELECT provider_id IS NOT NULL AS accepted FROM tempcloud.accept_invitation(:'right');
SELECT test.refusal(format('SELECT tempcloud.correct_invitation(%L)', :'right'));
SET request.jwt.claims = :'corrector';
SELECT status, partner_company, can_resend_at FROM tempcloud.invitations_sent WHERE id = :'right';
SELECT test.refusal(format('SELECT tempcloud.correct_invitation(%L)', :'right'));
RESET ROLE;
