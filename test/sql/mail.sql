-- mail: the outbox

\pset null (null)
SET ROLE tempcloud_user;
\set anna '{"sub":"anna.mail","email":"anna@kunde.mail.example","email_verified":true}'
\set bob '{"sub":"bob.mail","email":"bob@anbieter.mail.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SET request.jwt.claims = :'anna';
SELECT test.deliver() \gset
\set unknown 00000000-0000-7000-8000-000000000000
-- End a lease, or a pause between attempts, now.
RESET ROLE;
CREATE FUNCTION pg_temp.due_now(id uuid) RETURNS void LANGUAGE sql AS $$
	UPDATE tempcloud_data.mail m SET due_at = clock_timestamp() WHERE m.id = due_now.id;
$$;
SET ROLE tempcloud_user;

-- A command queues a mail in its own transaction.
BEGIN;
SELECT status FROM tempcloud.invite('carl@personal.mail.example');
ROLLBACK;
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT id AS invitation FROM tempcloud.invite('carl@personal.mail.example', 'Carl', 'Cohn', locale => 'en') \gset
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';

-- The mailer gets it finished, with a link that was made just now.
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail() \gset
\echo :kind | :recipient | :recipient_name | :locale | :subject | :attempt
SELECT :'message_id' ~ '^<[0-9a-f-]{36}@tempcloud\.invalid>$' AS message_id,
	   :'text_body' ~ '\nhttp://localhost:3000/invitation#tci_[A-Za-z0-9_-]{48}\n' AS text_link,
	   :'html_body' ~ '<a href="http://localhost:3000/invitation#tci_[A-Za-z0-9_-]{48}">' AS html_link,
	   substring(:'html_body' from 'tci_.{48}') = substring(:'text_body' from 'tci_.{48}') AS same_token;
\set first_id :id
\set first_message_id :message_id
SELECT substring(:'text_body' from 'tci_.{48}') AS first_token \gset
-- It is leased: nobody else gets it.
SELECT * FROM tempcloud.claim_mail();
RESET ROLE;
SELECT state, leased, due_at - clock_timestamp() BETWEEN '4 min' AND '5 min' AS lease
  FROM tempcloud_data.mail WHERE id = :'first_id';
-- When the lease is over it is due again: another attempt and a link of its
-- own, but the same message, even if the domain has been changed.
SELECT pg_temp.due_now(:'first_id') \gset
SET tempcloud.message_id_domain = 'changed.example';
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail(lease => '1 hour') \gset
SELECT :'id' = :'first_id' AS same_mail, :'message_id' = :'first_message_id' AS same_message, :attempt AS attempt,
	   substring(:'text_body' from 'tci_.{48}') = :'first_token' AS same_token;
RESET ROLE;
SELECT due_at - clock_timestamp() BETWEEN '59 min' AND '1 hour' AS lease
  FROM tempcloud_data.mail WHERE id = :'first_id';
RESET tempcloud.message_id_domain;
-- Either may have arrived: both links are good.
SET ROLE tempcloud_anonymous;
SELECT status FROM tempcloud.preview_invitation(:'first_token');
SELECT status FROM tempcloud.preview_invitation(substring(:'text_body' from 'tci_.{48}'));

-- Sent: once, and for good.
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_sent(ARRAY[:'id', :'unknown']::uuid[]);
SELECT tempcloud.mail_sent(ARRAY[:'id'::uuid]);
SELECT tempcloud.mail_sent('{}');
SELECT tempcloud.mail_sent(NULL); \echo :SQLSTATE
SELECT tempcloud.mail_failed(:'id', 'too late');
SELECT * FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
-- A bounce may come days later.
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_bounced('<unknown@tempcloud.invalid>', 'no such user');
SELECT tempcloud.mail_bounced(format('<%s@tempcloud.invalid>', :'unknown'), 'no such user');
SELECT tempcloud.mail_bounced(NULL, 'no such user'); \echo :SQLSTATE
SELECT tempcloud.mail_bounced(:'message_id', E'550 5.1.1 no such user\r\n');
-- The mail is found by its key, with or without brackets and domain.
SELECT spelling, tempcloud.mail_bounced(replace(spelling, 'KEY', :'id'), '550 5.1.1 no such user')
  FROM unnest(ARRAY['KEY', '<KEY>', 'KEY@x.example', ' <KEY@x.example>', '0KEY', 'KEY0', '{KEY}', '<>', '']) AS spelling;
SET ROLE tempcloud_user;
SELECT status, delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
-- A new mail starts anew.
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
-- also if the clock was ahead when the first one was written.
RESET ROLE;
BEGIN;
UPDATE tempcloud_data.mail SET id = 'ffffffff-ffff-7fff-bfff-ffffffffffff' WHERE id = :'first_id';
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
ROLLBACK;

-- Failed for now: again later, at growing intervals.
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail() \gset
SELECT :'message_id' = :'first_message_id' AS same_message, :attempt AS attempt;
SELECT tempcloud.mail_failed(:'id', '450 mailbox busy');
SELECT tempcloud.mail_failed(:'id', 'reported twice');
SELECT * FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
RESET ROLE;
SELECT attempt, due_at - clock_timestamp() BETWEEN '44 s' AND '75 s' AS pause
  FROM tempcloud_data.mail WHERE id = :'id';
SELECT pg_temp.due_now(:'id') \gset
SELECT id = :'id' AS same, attempt FROM tempcloud.claim_mail();
SELECT tempcloud.mail_failed(:'id', NULL);
SELECT attempt, error, due_at - clock_timestamp() BETWEEN '89 s' AND '150 s' AS pause
  FROM tempcloud_data.mail WHERE id = :'id';
-- never longer than a day and a quarter
UPDATE tempcloud_data.mail SET attempt = 40 WHERE id = :'id';
SET tempcloud.mail_max_attempts = 100;
SELECT pg_temp.due_now(:'id') \gset
SELECT id = :'id' AS same, attempt FROM tempcloud.claim_mail();
SELECT tempcloud.mail_failed(:'id', 'still busy');
SELECT due_at - clock_timestamp() BETWEEN '17:59' AND '30:00' AS pause
  FROM tempcloud_data.mail WHERE id = :'id';
RESET tempcloud.mail_max_attempts;
-- How long the first is can be set.
SET tempcloud.mail_retry_delay = '1 h';
UPDATE tempcloud_data.mail SET attempt = 0 WHERE id = :'id';
SELECT pg_temp.due_now(:'id') \gset
SELECT id = :'id' AS same, attempt FROM tempcloud.claim_mail();
SELECT tempcloud.mail_failed(:'id', 'still busy');
SELECT due_at - clock_timestamp() BETWEEN '44 min' AND '75 min' AS pause
  FROM tempcloud_data.mail WHERE id = :'id';
RESET tempcloud.mail_retry_delay;

-- Given up after the last attempt, but kept
SET tempcloud.mail_max_attempts = 2;
SELECT pg_temp.due_now(:'id') \gset
SELECT id = :'id' AS same, attempt FROM tempcloud.claim_mail();
SELECT tempcloud.mail_failed(:'id', '450 mailbox busy');
SELECT pg_temp.due_now(:'id') \gset
SELECT * FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT status, delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
-- A mailer that learns later that it did arrive may say so.
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_sent(ARRAY[:'id'::uuid]);
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
-- and given up where no attempt was ever reported
SELECT id AS invitation FROM tempcloud.invite('dora@personal.mail.example') \gset
RESET ROLE;
SELECT id, attempt FROM tempcloud.claim_mail() \gset
SELECT pg_temp.due_now(:'id') \gset
SELECT attempt FROM tempcloud.claim_mail();
SELECT pg_temp.due_now(:'id') \gset
SELECT attempt FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
RESET ROLE;
RESET tempcloud.mail_max_attempts;

-- Failed for good; a claim that was rolled back was none
SET ROLE tempcloud_user;
SELECT id AS invitation FROM tempcloud.invite('emil@personal.mail.example') \gset
SET ROLE tempcloud_mailer;
BEGIN;
SELECT count(*) FROM tempcloud.claim_mail();
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM tempcloud.claim_mail();
ROLLBACK TO s;
SELECT attempt FROM tempcloud.claim_mail();
ROLLBACK;
SELECT * FROM tempcloud.claim_mail() \gset
SELECT tempcloud.mail_failed(:'id', '550 no such user', permanent => true);
SELECT tempcloud.mail_failed(:'id', 'once more');
SELECT tempcloud.mail_failed(:'unknown', 'unknown'), tempcloud.mail_failed(:'unknown', 'unknown', true);
SELECT tempcloud.mail_failed(NULL, 'unknown'); \echo :SQLSTATE
SET ROLE tempcloud_user;
SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';

-- What nobody has claimed can neither be sent, nor fail, nor bounce.
SELECT id AS invitation FROM tempcloud.invite('frida@personal.mail.example') \gset
RESET ROLE;
SELECT id, id AS message_id FROM tempcloud_data.mail WHERE invitation_id = :'invitation' \gset
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_sent(ARRAY[:'id'::uuid]), tempcloud.mail_failed(:'id', 'x', true), tempcloud.mail_bounced(:'message_id', 'x');
SET ROLE tempcloud_user;
SELECT delivery FROM tempcloud.invitations_sent WHERE id = :'invitation';

-- A mail server may quote the mail: its link is not kept, nor are line ends
-- and what is longer than a line.
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail() \gset
SELECT substring(:'text_body' from 'tci_.{48}') AS token \gset
SELECT tempcloud.mail_failed(:'id', E'554 rejected:\r\n> ' || :'token' || E'\n> http://localhost:3000/invitation#' || :'token' || '.', true);
SET ROLE tempcloud_user;
SELECT delivery_error FROM tempcloud.invitations_sent WHERE id = :'invitation';
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_bounced(:'message_id', :'text_body');
SET ROLE tempcloud_user;
SELECT delivery, delivery_error ~ '\[\.\.\.\]' AS link, delivery_error ~ 'tci_' AS token, delivery_error ~ '[[:cntrl:]]' AS control
  FROM tempcloud.invitations_sent WHERE id = :'invitation';
SET ROLE tempcloud_mailer;
SELECT tempcloud.mail_bounced(:'message_id', repeat('full ', 20000));
SET ROLE tempcloud_user;
SELECT length(delivery_error) FROM tempcloud.invitations_sent WHERE id = :'invitation';

-- A mail that is obsolete when it is claimed is dropped: the invitation was
-- closed,
SELECT id AS withdrawn FROM tempcloud.invite('w@personal.mail.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'withdrawn');
SELECT id AS expired FROM tempcloud.invite('e@personal.mail.example') \gset
SELECT test.let_pass(:'expired', '31 days') \gset
-- sent again,
SELECT id AS resent FROM tempcloud.invite('r@personal.mail.example') \gset
SELECT status FROM tempcloud.resend_invitation(:'resent');
-- or the address was proven, changed, or its contact removed.
SELECT id AS contact FROM tempcloud.add_contact('Gil', 'Gray', 'gil@kunde.mail.example') \gset
SELECT email FROM tempcloud.update_contact(:'contact', email => 'gg@kunde.mail.example');
SELECT id AS contact FROM tempcloud.add_contact('Hugo', 'Haas', 'hugo@kunde.mail.example') \gset
SELECT tempcloud.remove_contact(:'contact');
SELECT id AS contact FROM tempcloud.add_contact('Ida', 'Iwers', 'ida@kunde.mail.example') \gset
SELECT email FROM tempcloud.send_confirmation(:'contact');
SET ROLE tempcloud_mailer;
SELECT kind, recipient FROM tempcloud.claim_mail(1) \gset
\echo :kind :recipient
SELECT kind, recipient, text_body FROM tempcloud.claim_mail(1) \gset
\echo :kind :recipient
SET ROLE tempcloud_user;
SELECT given_name FROM tempcloud.confirm_email(substring(:'text_body' from 'tce_.{48}'));
SET ROLE tempcloud_mailer;
SELECT * FROM tempcloud.claim_mail();
SET ROLE tempcloud_user;
SELECT email, status, delivery FROM tempcloud.invitations_sent
 WHERE id IN (:'withdrawn', :'expired', :'resent') ORDER BY email;
RESET ROLE;
SELECT kind, recipient, state FROM tempcloud_data.mail
 WHERE recipient ~ '^([wer]|gil|hugo|ida)@.*mail.example' ORDER BY id;

-- As many as are asked for, the oldest first; what is dropped does not count.
SET ROLE tempcloud_user;
SELECT count((invitation).id) FROM tempcloud.invite_many((SELECT jsonb_agg(jsonb_build_object('email', n || '@many.mail.example')) FROM generate_series(1, 5) n));
SELECT (tempcloud.withdraw_invitation(id)).status FROM tempcloud.invitations_sent WHERE email = '2@many.mail.example';
SET ROLE tempcloud_mailer;
SELECT recipient FROM tempcloud.claim_mail(2);
SELECT recipient FROM tempcloud.claim_mail(100);
SELECT tempcloud.claim_mail(0); \echo :SQLSTATE
SELECT tempcloud.claim_mail(-1); \echo :SQLSTATE
SELECT tempcloud.claim_mail(NULL); \echo :SQLSTATE
SELECT tempcloud.claim_mail(lease => '0'); \echo :SQLSTATE
SELECT tempcloud.claim_mail(lease => '-1 min'); \echo :SQLSTATE
SELECT tempcloud.claim_mail(lease => NULL); \echo :SQLSTATE

-- To whom, and in which language: an account's own, otherwise as invited.
-- Answers go to who invited.
SET ROLE tempcloud_user;
SET request.jwt.claims = :'bob';
SELECT locale FROM tempcloud.update_account(locale => 'en');
SET request.jwt.claims = :'anna';
SELECT id AS bob_invitation FROM tempcloud.invite('Bob@anbieter.mail.example', 'Robert', locale => 'de') \gset
SELECT id AS new_invitation FROM tempcloud.invite('jan@personal.mail.example', locale => 'en') \gset
SELECT id AS contact FROM tempcloud.add_contact('Kai', 'Kern', 'kai@kunde.mail.example', role => 'owner') \gset
SELECT test.deliver();
SET request.jwt.claims = :'bob';
SELECT provider_id = :'anbieter' AS provider FROM tempcloud.accept_invitation(:'bob_invitation');
SELECT test.token('jan@personal.mail.example') AS token \gset
SELECT status FROM tempcloud.decline_invitation_by_token(:'token');
SELECT test.deliver() \gset
RESET ROLE;
SELECT (mail).kind, (mail).recipient, (mail).recipient_name, (mail).locale, (mail).subject,
	   (mail).text_body ~ 'tc[ie]_' AS link, (mail).reply_to
  FROM test.inbox
 WHERE (mail).recipient IN ('Bob@anbieter.mail.example', 'jan@personal.mail.example', 'kai@kunde.mail.example', 'anna@kunde.mail.example')
 ORDER BY n;
-- where they have left, to a colleague who has a login
SET ROLE tempcloud_user;
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('lea@personal.mail.example') \gset
SELECT test.token('lea@personal.mail.example') AS token \gset
SET request.jwt.claims = '{"sub":"kai.mail"}';
SELECT has_login FROM tempcloud.confirm_email(test.token('kai@kunde.mail.example'));
SELECT tempcloud.remove_contact(id) FROM tempcloud.my_contacts WHERE given_name = 'Anna';
SELECT status FROM tempcloud.decline_invitation_by_token(:'token');
SELECT kind, recipient FROM test.mail('kai@kunde.mail.example');

-- Replies go to who acted: never to an address that is not proven, or of a
-- contact who was removed.
SET request.jwt.claims = '{"sub":"kai.mail"}';
SELECT status FROM tempcloud.invite('lutz@personal.mail.example');
SELECT reply_to FROM test.mail('lutz@personal.mail.example');
SELECT status FROM tempcloud.invite('lars@personal.mail.example');
BEGIN;
SELECT count(*) FROM tempcloud.update_contact((SELECT id FROM tempcloud.my_contacts WHERE given_name = 'Kai'),
											  email => 'kk@kunde.mail.example');
SELECT reply_to FROM test.mail('lars@personal.mail.example');
ROLLBACK;
BEGIN;
RESET ROLE;
UPDATE tempcloud_data.contact SET given_name = NULL, family_name = NULL, email = NULL, email_verified_at = NULL,
	   subject = NULL, removed_at = clock_timestamp() WHERE subject = 'kai.mail';
SELECT reply_to FROM test.mail('lars@personal.mail.example');
ROLLBACK;
SET ROLE tempcloud_user;

-- Where links lead to, and what message ids end with
RESET ROLE;
SET tempcloud.invitation_url = 'https://tempcloud.example/i/{token}?again={token}';
SET tempcloud.confirmation_url = 'https://tempcloud.example/c/{token}';
SET tempcloud.message_id_domain = 'mail.tempcloud.example';
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.invite('moritz@personal.mail.example');
SELECT text_body ~ E'\nhttps://tempcloud.example/i/(tci_[A-Za-z0-9_-]{48})\\?again=\\1\n' AS link,
	   message_id ~ '^<[^@]+@mail.tempcloud.example>$' AS message_id
  FROM test.mail('moritz@personal.mail.example');
SELECT id AS contact FROM tempcloud.add_contact('Nils', 'Noll', 'nils@kunde.mail.example') \gset
SELECT text_body ~ E'\nhttps://tempcloud.example/c/tce_[A-Za-z0-9_-]{48}\n' AS link
  FROM test.mail('nils@kunde.mail.example');
RESET ROLE;
SET tempcloud.invitation_url = 'https://tempcloud.example/'; \echo :SQLSTATE
SET tempcloud.invitation_url = 'javascript:{token}'; \echo :SQLSTATE
SET tempcloud.confirmation_url = 'https://tempcloud.example/'; \echo :SQLSTATE
SET tempcloud.message_id_domain = 'tempcloud.example>'; \echo :SQLSTATE
SET tempcloud.message_id_domain = ''; \echo :SQLSTATE
SET tempcloud.mail_max_attempts = 0; \echo :SQLSTATE

--
-- Giving back, dead letters, statistics
--

-- What was claimed and not tried is due at once, and counts as no attempt.
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.invite('olga@personal.mail.example');
SET ROLE tempcloud_mailer;
SELECT id AS mail, attempt FROM tempcloud.claim_mail(1000) WHERE recipient = 'olga@personal.mail.example' \gset
SELECT tempcloud.release_mail(ARRAY[:'mail'::uuid]);
SELECT tempcloud.release_mail(ARRAY[:'mail'::uuid]);
SELECT attempt FROM tempcloud.claim_mail() WHERE id = :'mail';
SELECT tempcloud.release_mail(NULL); \echo :SQLSTATE

-- A mail that was given up is with the admin, who can have it tried again.
SELECT tempcloud.mail_failed(:'mail', '550 no such mailbox', permanent => true);
SELECT tempcloud.release_mail(ARRAY[:'mail'::uuid]);
SET ROLE tempcloud_admin;
SELECT kind, attempt, error, failed_at IS NOT NULL AS failed FROM tempcloud.mail_dead WHERE recipient = 'olga@personal.mail.example';
SELECT dead > 0 AS dead, waiting >= 0 AS waiting, leased > 0 AS leased, oldest_age > interval '0' AS oldest_age,
	   sent_last_hour > 0 AS sent_last_hour, now() - last_claim_at < interval '1 minute' AS last_claim_at
  FROM tempcloud.mail_stats;
SELECT tempcloud.retry_mail(:'mail');
SELECT tempcloud.retry_mail(:'mail');
SELECT tempcloud.retry_mail(NULL); \echo :SQLSTATE
SELECT count(*) FROM tempcloud.mail_dead WHERE recipient = 'olga@personal.mail.example';
SET ROLE tempcloud_mailer;
SELECT attempt FROM tempcloud.claim_mail() WHERE id = :'mail';
SELECT tempcloud.mail_sent(ARRAY[:'mail'::uuid]);
RESET ROLE;
