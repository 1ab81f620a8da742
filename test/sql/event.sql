-- event: the history of who did what when, and who is told

SET ROLE tempcloud_user;
\set anna '{"sub":"anna.event","email":"anna@kunde.event.example","email_verified":true}'
\set bob '{"sub":"bob.event","email":"bob@anbieter.event.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.deliver() \gset
RESET ROLE;
SET tempcloud.resend_interval = 0;
SET tempcloud.reinvite_after = 0;

-- What has been added to the history since it was last looked at
CREATE TEMP TABLE seen AS SELECT id FROM tempcloud_data.event ORDER BY id DESC LIMIT 1;
CREATE FUNCTION pg_temp.news()
RETURNS TABLE (event text, account text, contact text, partner text, invitation text)
LANGUAGE sql AS $$
	WITH now_seen AS (UPDATE seen SET id = (SELECT e.id FROM tempcloud_data.event e ORDER BY e.id DESC LIMIT 1))
	SELECT e.event, a.company_name::text, c.given_name::text, p.company_name::text, i.email::text
	  FROM tempcloud_data.event e
	  LEFT JOIN tempcloud_data.account a ON a.id = e.account_id
	  LEFT JOIN tempcloud_data.contact c ON c.id = e.contact_id
	  LEFT JOIN tempcloud_data.account p ON p.id = e.partner_id
	  LEFT JOIN tempcloud_data.invitation i ON i.id = e.invitation_id
	 WHERE e.id > (SELECT id FROM seen)
	 ORDER BY e.id;
$$;

-- Another session listens.  (psql itself would print process ids and times.)
CREATE EXTENSION dblink SCHEMA test;
SELECT test.dblink_connect('listener', format('host=%s port=%s dbname=%s user=%s',
	split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'),
	current_database(), session_user));
SELECT test.dblink_exec('listener', 'LISTEN tempcloud_event');
SELECT test.dblink_exec('listener', 'LISTEN tempcloud_mail');
-- What it hears: at least so many, and what comes with them
CREATE FUNCTION pg_temp.heard(expected integer)
RETURNS TABLE (channel text, payload text)
LANGUAGE plpgsql AS $$
DECLARE
	heard integer := 0;
BEGIN
	FOR attempt IN 1 .. 200 LOOP
		PERFORM * FROM test.dblink('listener', 'SELECT 1') AS t(one integer);
		FOR channel, payload IN SELECT notify_name, extra FROM test.dblink_get_notify('listener') LOOP
			heard := heard + 1;
			RETURN NEXT;
		END LOOP;
		EXIT WHEN heard >= expected;
		PERFORM pg_sleep(0.05);
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.told(expected integer)
RETURNS TABLE (channel text, event text, accounts text[], invitation text, keys text[], just_now boolean)
LANGUAGE sql AS $$
	SELECT channel, e ->> 'event',
		   (SELECT array_agg(a.company_name::text ORDER BY n)
			  FROM jsonb_array_elements_text(e -> 'accounts') WITH ORDINALITY x(id, n)
			  LEFT JOIN tempcloud_data.account a ON a.id = x.id::uuid),
		   (SELECT i.email::text FROM tempcloud_data.invitation i WHERE i.id = (e ->> 'invitation')::uuid),
		   (SELECT array_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(e) k),
		   (e ->> 'at')::timestamptz BETWEEN now() - interval '1 min' AND clock_timestamp()
	  FROM (SELECT channel, NULLIF(payload, '')::jsonb AS e FROM pg_temp.heard(expected)) h;
$$;

-- Each command leaves a row, and tells it when it commits.
SET ROLE tempcloud_user;
SET request.jwt.claims = '{"sub":"carl.event","email":"carl@besteller.event.example","email_verified":true}';
SELECT company_name FROM tempcloud.register_account('customer', 'Besteller OHG', 'Carl', 'Cohn');
RESET ROLE;
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(1);

-- A mailer is woken by a bare notification.
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.event.example') \gset
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(2);
SELECT status FROM tempcloud.resend_invitation(:'invitation');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(2);
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(1);
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.event.example') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.decline_invitation(:'invitation', block => true);
SELECT tempcloud.unblock_account(:'kunde');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(4);
-- Who declines by a link, and for an address without an account, is nobody known.
SET request.jwt.claims = :'anna';
SELECT email FROM tempcloud.invite('dora@personal.event.example');
SELECT test.token('dora@personal.event.example') AS token \gset
SET request.jwt.claims = '';
SELECT status FROM tempcloud.decline_invitation_by_token(:'token');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(6);

-- People come and go; what waits for their addresses is routed.
SET request.jwt.claims = :'bob';
SELECT email FROM tempcloud.invite('office@kunde.event.example');
SET request.jwt.claims = :'anna';
SELECT id AS office_id FROM tempcloud.add_contact('Office', 'Kunde', 'office@kunde.event.example') \gset
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(4);
SELECT given_name FROM tempcloud.confirm_email(test.token('office@kunde.event.example'));
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(3);
-- Accepting: who did, and what is superseded by it
SELECT id AS invitation FROM tempcloud.invitations_received WHERE status = 'pending' \gset
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
	SELECT :'kunde', 'customer', id, :'anbieter', 'provider', 'bob@anbieter.event.example', 'de', now() + interval '1 day'
	  FROM tempcloud.my_contacts WHERE given_name = 'Anna';
SELECT customer_id = :'kunde' AS customer FROM tempcloud.accept_invitation(:'invitation');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(3);
-- again: nothing
SELECT customer_id = :'kunde' AS customer FROM tempcloud.accept_invitation(:'invitation');
SELECT tempcloud.remove_contact(:'office_id');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(1);
-- What changes without leaving the history: told to the account alone
SELECT city FROM tempcloud.update_account(city => 'Bonn');
SELECT phone FROM tempcloud.update_contact((tempcloud.whoami()).contact.id, phone => '+49 30 1');
SELECT own_number FROM tempcloud.set_partner_note(:'anbieter', 'K-1');
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(3);
-- and the delivery of an invitation to its inviter
SELECT id AS invitation FROM tempcloud.invite('frank@personal.event.example') \gset
SELECT * FROM pg_temp.told(2);
SELECT count(*) AS claimed, count(tempcloud.mail_failed(id, '450 later')) AS deferred FROM tempcloud.claim_mail() WHERE recipient = 'frank@personal.event.example';
SELECT * FROM pg_temp.told(1);
-- Time passes.
SELECT id AS invitation FROM tempcloud.invite('emil@personal.event.example') \gset
SELECT test.let_pass(:'invitation', '31 days') \gset
SELECT expired > 0 AS expired FROM tempcloud.maintain();
SELECT * FROM pg_temp.news() WHERE invitation = 'emil@personal.event.example';
SELECT * FROM pg_temp.told(4) WHERE invitation = 'emil@personal.event.example';

-- What reads tells nothing,
SELECT status FROM tempcloud.invitations_sent WHERE id = :'invitation';
SELECT (contact).given_name FROM tempcloud.whoami();
-- nor does what is refused or undone.
SELECT tempcloud.invite('anna@kunde.event.example'); \echo :SQLSTATE
BEGIN;
SELECT status FROM tempcloud.invite('frida@personal.event.example');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT status FROM tempcloud.invite('frida@personal.event.example');
ROLLBACK TO s;
COMMIT;
-- Nothing is told before it is a fact; then in the order in which it happened.
BEGIN;
SELECT id AS invitation FROM tempcloud.invite('gil@personal.event.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SELECT count(*) FROM pg_temp.heard(0);
COMMIT;
SELECT * FROM pg_temp.news();
SELECT * FROM pg_temp.told(3);
SELECT count(*) FROM pg_temp.heard(0);

-- Trusted applications read the events of all, from one to the next.
SELECT test.settle();
SET ROLE tempcloud_service;
SELECT count(*) > 20 AS many, bool_and(id IS NOT NULL AND at IS NOT NULL AND event IS NOT NULL) AS whole FROM tempcloud.events_since();
SELECT tempcloud.last_event_id() AS last \gset
SELECT count(*) FROM tempcloud.events_since(:'last');
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('hans@personal.event.example') \gset
SELECT status FROM tempcloud.withdraw_invitation(:'invitation');
SELECT test.settle();
SELECT event, account_id = :'kunde' AS account, contact_id IS NOT NULL AS contact, invitation_id = :'invitation' AS invitation
  FROM tempcloud.events_since(:'last');
SELECT event FROM tempcloud.events_since(:'last', 1);
SELECT event FROM tempcloud.events_since((SELECT id FROM tempcloud.events_since(:'last', 1)), 1);
SELECT count(*) FROM tempcloud.events_since(tempcloud.last_event_id());
SELECT test.refusal('SELECT tempcloud.events_since(''00000000-0000-7000-8000-000000000000'')');
SELECT test.refusal('SELECT tempcloud.events_since(NULL, 0)'), test.refusal('SELECT tempcloud.events_since(NULL, 10001)'),
	   test.refusal('SELECT tempcloud.events_since(NULL, NULL)');
RESET ROLE;
-- The transaction is that of the INSERT, whatever the row says.
BEGIN;
INSERT INTO tempcloud_data.event (event, transaction_id) VALUES ('x.y', '7')
	RETURNING transaction_id = pg_current_xact_id() AS present;
SAVEPOINT s;
SET LOCAL session_replication_role = replica;
INSERT INTO tempcloud_data.event (event) VALUES ('x.y') RETURNING transaction_id = pg_current_xact_id() AS present;
ROLLBACK;

-- History is not rewritten; it holds keys, no names or addresses.
DELETE FROM tempcloud_data.event; \echo :SQLSTATE
UPDATE tempcloud_data.event SET event = 'x.y'; \echo :SQLSTATE
TRUNCATE tempcloud_data.event; \echo :SQLSTATE
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = 'tempcloud_data.event'::regclass AND attnum > 0 ORDER BY attnum;
SELECT test.dblink_disconnect('listener');
DROP EXTENSION dblink;
