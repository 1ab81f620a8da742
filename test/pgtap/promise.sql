-- The three promises, and what rests on them: by statements that try to break them, as
-- superuser, as a role that was granted everything, and while session_replication_role is
-- replica, when foreign keys are not checked.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;
SELECT plan(340);

-- Anna, Albert: customers.  Bob, Berta, Bruno: providers.
SELECT test.sign_in('anna') \g /dev/null
SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt') \g /dev/null
SELECT tempcloud.invite('bob@anbieter.example', 'Bob', 'Bär', 'Anbieter GmbH', message => 'Guten Tag') \g /dev/null
SELECT id AS mail, test.token_of(text_body) AS first_token FROM tempcloud.claim_mail() \gset
-- The first attempts fail, with reports that quote the mail, once as quoted-printable, where a soft line
-- break may stand anywhere; each mail has a secret of its own.
SELECT tempcloud.mail_failed(:'mail', '550 spam: http://localhost:3000/invitation#' || :'first_token') \g /dev/null
UPDATE tempcloud_data.mail SET due_at = clock_timestamp();
SELECT test.token_of(text_body) AS broken_token FROM tempcloud.claim_mail() \gset
SELECT tempcloud.mail_failed(:'mail', E'550 virus:\r\n http://localhost:3000/invitation#'
	|| left(:'broken_token', 8) || E'=\r\n' || substr(:'broken_token', 9)) \g /dev/null
UPDATE tempcloud_data.mail SET due_at = clock_timestamp();
SELECT test.token_of(text_body) AS token FROM tempcloud.claim_mail() \gset

SELECT test.sign_in('bob') \g /dev/null
SELECT is((tempcloud.preview_invitation(:'token')).inviter_company, 'Kunde AG', 'the link opens the invitation');
SELECT tempcloud.register_account(token => :'token') \g /dev/null
SELECT is((tempcloud.accept_invitation_by_token(:'token')).customer_id, test.account_of('anna'), 'it is accepted');

-- A colleague of Bob proves his address.
SELECT id AS contact FROM tempcloud.add_contact('Bernd', 'Busch', 'bernd@anbieter.example') \gset
SELECT test.token_of(text_body) AS confirmation
  FROM tempcloud.claim_mail() WHERE kind = 'confirm_email' \gset
SELECT test.sign_in('bernd') \g /dev/null
SELECT is((tempcloud.confirm_email(:'confirmation')).id, :'contact'::uuid, 'a colleague joins');

-- What else there is: another of each kind, an invitation pending, one to an address that
-- nobody has, one declined with a block, a request open, one with its answer, a name and
-- one that was replaced, a template.
SELECT test.sign_in('albert') \g /dev/null
SELECT tempcloud.register_account('customer', 'Zweite Kunde AG', 'Albert', 'Auer') \g /dev/null
SELECT test.sign_in('berta') \g /dev/null
SELECT tempcloud.register_account('provider', 'Zweite Anbieter GmbH', 'Berta', 'Blum') \g /dev/null
SELECT test.sign_in('bruno') \g /dev/null
SELECT tempcloud.register_account('provider', 'Dritte Anbieter GmbH', 'Bruno', 'Brand') \g /dev/null
SELECT test.sign_in('anna') \g /dev/null
SELECT id AS pending FROM tempcloud.invite('berta@anbieter.example') \gset
SELECT id AS declined FROM tempcloud.invite('bruno@anbieter.example') \gset
SELECT tempcloud.invite('emil@anbieter.example') \g /dev/null
SELECT test.sign_in('bruno') \g /dev/null
SELECT tempcloud.decline_invitation(:'declined', block => true) \g /dev/null
SELECT test.sign_in('anna') \g /dev/null
SELECT id AS request FROM tempcloud.send_request(test.account_of('bob'), 'Koch', 'Berlin',
	'[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 1}]', requirements => repeat('ä', 2000)) \gset
SELECT tempcloud.send_request(test.account_of('bob'), 'Koch', 'Bonn',
	'[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 1}]') \g /dev/null
SELECT test.sign_in('bob') \g /dev/null
SELECT tempcloud.answer_request(:'request', true) \g /dev/null
SELECT tempcloud.assign_workers(id, '{Karl Kuhn}') FROM tempcloud.shifts WHERE request_id = :'request' \g /dev/null
SELECT tempcloud.assign_workers(id, '{Kurt Kohl}') FROM tempcloud.shifts WHERE request_id = :'request' \g /dev/null
INSERT INTO tempcloud_data.mail_template VALUES ('invitation', 'fr', '{company} vous invite', '{link}');

CREATE FUNCTION pg_temp.invitation_to(name text) RETURNS uuid LANGUAGE sql SECURITY DEFINER AS $$
	SELECT id FROM tempcloud_data.invitation WHERE email = name || '@anbieter.example'
$$;

-- Somebody who was granted whatever can be granted on tables, owns a schema of
-- their own, and has made a view and a rule there.
CREATE ROLE tempcloud_test_everything IN ROLE tempcloud_service, tempcloud_mailer, tempcloud_admin;
CREATE SCHEMA tempcloud_test AUTHORIZATION tempcloud_test_everything;
GRANT ALL ON SCHEMA tempcloud, tempcloud_data, public TO tempcloud_test_everything;
GRANT ALL ON ALL TABLES IN SCHEMA tempcloud, tempcloud_data TO tempcloud_test_everything;
GRANT ALL ON ALL SEQUENCES IN SCHEMA tempcloud_data TO tempcloud_test_everything;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA tempcloud, tempcloud_data TO tempcloud_test_everything;
SET LOCAL ROLE tempcloud_test_everything;
CREATE VIEW tempcloud_test.partnership AS SELECT * FROM tempcloud_data.partnership;
CREATE TABLE tempcloud_test.trap (a integer);
CREATE RULE trap AS ON INSERT TO tempcloud_test.trap DO ALSO DELETE FROM tempcloud_data.partnership;
ALTER TABLE tempcloud_test.trap ENABLE ALWAYS RULE trap;
RESET ROLE;

SELECT tempcloud.seal_ledger() \g /dev/null
CREATE TEMP TABLE attempt (number serial, promise text, sqlstate text, statement text, replica boolean DEFAULT true);
INSERT INTO attempt (promise, sqlstate, statement) VALUES
-- 1. Pairing: each of these pairs is joined by no invitation, or wrong, or both
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT provider_id, customer_id, invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, provider_kind, invitation_id, accepted_by)
	SELECT provider_id, provider_kind, customer_id, customer_kind, invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT test.account_of('anna'), test.account_of('albert'), invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT test.account_of('bob'), test.account_of('berta'), invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, invitation_id, accepted_by)
	SELECT test.account_of('bob'), 'provider', test.account_of('berta'), invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT customer_id, customer_id, invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$MERGE INTO tempcloud_data.partnership p USING tempcloud_data.partnership q ON p.customer_id = q.provider_id
	WHEN NOT MATCHED THEN INSERT (customer_id, provider_id, invitation_id, accepted_by)
		VALUES (q.provider_id, q.customer_id, q.invitation_id, q.accepted_by)$$),
('pairing', '23514', $$UPDATE tempcloud_data.account SET kind = 'provider' WHERE id = test.account_of('anna')$$),
('pairing', '23514', $$UPDATE tempcloud_data.account SET kind = 'customer' WHERE id = test.account_of('berta')$$),
('pairing', '23514', $$UPDATE tempcloud_data.account SET id = gen_random_uuid() WHERE id = test.account_of('anna')$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone)
	VALUES (test.account_of('anna'), 'customer', 'Kunde AG', 'de', 'UTC')
	ON CONFLICT (id) DO UPDATE SET kind = 'provider'$$),
('pairing', '23514', $$MERGE INTO tempcloud_data.account a USING (SELECT 1) one ON a.id = test.account_of('berta')
	WHEN MATCHED THEN UPDATE SET kind = 'customer'$$),
('pairing', '23514', $$UPDATE tempcloud_data.invitation SET invitee_kind = inviter_kind WHERE status = 'pending'$$),
('pairing', '23514', $$UPDATE tempcloud_data.invitation SET inviter_kind = 'provider', invitee_kind = 'customer' WHERE status = 'pending'$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, invitation_id, accepted_by)
	SELECT customer_id, 'provider', test.account_of('berta'), pg_temp.invitation_to('berta'), accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, provider_kind, invitation_id, accepted_by)
	SELECT customer_id, test.account_of('berta'), 'customer', pg_temp.invitation_to('berta'), accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23514', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, 'customer', invited_by, 'customer', 'x@y.example', 'de', expires_at FROM tempcloud_data.invitation WHERE status = 'accepted'$$),
('pairing', '23514', $$MERGE INTO tempcloud_data.account a USING (SELECT 1) one ON a.id = test.account_of('anna') WHEN MATCHED THEN UPDATE SET id = gen_random_uuid()$$),
-- and what invitations join
('invitation', '23505', $$INSERT INTO tempcloud_data.partnership SELECT * FROM tempcloud_data.partnership$$),
('invitation', '23505', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, inviter_kind, invited_by, invitee_kind, upper(email), 'de', expires_at FROM tempcloud_data.invitation WHERE id = pg_temp.invitation_to('emil')$$),
('invitation', '23505', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, 'x@y.example', 'de', expires_at FROM tempcloud_data.invitation WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET inviter_id = test.account_of('albert') WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET invitee_id = test.account_of('bob') WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET invitee_id = NULL WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET id = gen_random_uuid() WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET status = 'declined' WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET decided_at = now() WHERE id = pg_temp.invitation_to('berta')$$),
-- A proven address and a login belong to one contact.
('one owner', '23505', $$INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email, email_verified_at)
	VALUES (test.account_of('anna'), 'B', 'B', 'BOB@anbieter.example', now())$$),
('one owner', '23505', $$INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, subject)
	VALUES (test.account_of('anna'), 'B', 'B', 'bob')$$),
-- 2. Irrevocability
('irrevocability', '23001', 'DELETE FROM tempcloud_data.partnership'),
('irrevocability', '23001', 'WITH gone AS (DELETE FROM tempcloud_data.partnership RETURNING *) SELECT * FROM gone'),
('irrevocability', '23001', 'UPDATE tempcloud_data.partnership SET created_at = now()'),
('irrevocability', '23001', 'UPDATE tempcloud_data.partnership SET created_at = created_at'),
('irrevocability', '23001', 'UPDATE tempcloud_data.partnership SET provider_id = test.account_of(''berta'')'),
-- (PostgreSQL refuses it itself without CASCADE: requests refer to it)
('irrevocability', '0A000', 'TRUNCATE tempcloud_data.partnership'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.partnership CASCADE'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.account CASCADE'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.contact CASCADE'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.invitation CASCADE'),
('irrevocability', '23001', 'MERGE INTO tempcloud_data.partnership p USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE'),
('irrevocability', '23001', 'MERGE INTO tempcloud_data.partnership p USING (SELECT 1) one ON true WHEN MATCHED THEN UPDATE SET created_at = now()'),
('irrevocability', '23001', $$INSERT INTO tempcloud_data.partnership SELECT * FROM tempcloud_data.partnership
	ON CONFLICT (customer_id, provider_id) DO UPDATE SET created_at = now()$$),
('irrevocability', '23001', 'DELETE FROM tempcloud_test.partnership'),
('irrevocability', '23001', 'UPDATE tempcloud_test.partnership SET created_at = now()'),
('irrevocability', '23001', 'INSERT INTO tempcloud_test.trap VALUES (1)'),
('irrevocability', '23001', $$DELETE FROM tempcloud_data.account WHERE id = test.account_of('anna')$$),
('irrevocability', '23001', $$DELETE FROM tempcloud_data.account WHERE id = test.account_of('bob')$$),
('irrevocability', '23001', $$DELETE FROM tempcloud_data.invitation WHERE status = 'accepted'$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET status = 'withdrawn' WHERE status = 'accepted'$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET message = 'Adieu' WHERE status = 'accepted'$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET email = 'x@y.example' WHERE status = 'accepted'$$),
('irrevocability', '23001', $$INSERT INTO tempcloud_data.invitation SELECT * FROM tempcloud_data.invitation WHERE status = 'accepted'
	ON CONFLICT (id) DO UPDATE SET status = 'pending', decided_at = NULL$$),
('irrevocability', '23001', 'DELETE FROM tempcloud_data.event'),
('irrevocability', '23001', 'UPDATE tempcloud_data.event SET account_id = NULL'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.event'),
('irrevocability', '23001', 'DELETE FROM tempcloud_data.ledger_entry'),
('irrevocability', '23001', 'UPDATE tempcloud_data.ledger_head SET root = sha256(root)'),
('irrevocability', '23001', 'TRUNCATE tempcloud_data.ledger_node'),
('irrevocability', '23001', $$DELETE FROM ONLY tempcloud_data.partnership USING tempcloud_data.account WHERE customer_id = id$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET status = 'pending', decided_at = NULL WHERE status = 'accepted'$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET status = 'declined' WHERE status = 'accepted'$$),
('irrevocability', '23001', $$UPDATE tempcloud_data.invitation SET decided_by = invited_by WHERE status = 'accepted'$$),
('irrevocability', '23001', $$MERGE INTO tempcloud_data.invitation i USING (SELECT 1) one ON i.status = 'accepted' WHEN MATCHED THEN DELETE$$),
('irrevocability', '0A000', $$TRUNCATE tempcloud_data.account$$),
('irrevocability', '23001', $$TRUNCATE tempcloud_data.account, tempcloud_data.contact, tempcloud_data.invitation, tempcloud_data.partnership CASCADE$$),
('irrevocability', '23001', $$DELETE FROM tempcloud_data.contact WHERE subject = 'bob'$$),
('irrevocability', '23001', $$DELETE FROM tempcloud_data.contact WHERE subject = 'anna'$$),
('irrevocability', '23514', $$UPDATE tempcloud_data.contact SET id = gen_random_uuid() WHERE subject = 'bob'$$),
-- of requests that were accepted, too
('request', '23001', $$DELETE FROM tempcloud_data.shift WHERE offered > 0$$),
('request', '23001', $$DELETE FROM tempcloud_data.assignment$$),
('request', '23001', $$DELETE FROM tempcloud_data.assignment WHERE replaced_at IS NOT NULL$$),
('request', '23001', $$DELETE FROM tempcloud_data.request WHERE status = 'accepted'$$),
('request', '23001', $$DELETE FROM tempcloud_data.staff_order o USING tempcloud_data.request r WHERE r.order_id = o.id AND r.status = 'accepted'$$),
('request', '23514', $$UPDATE tempcloud_data.staff_order SET name = 'Other'$$),
('request', '23514', $$UPDATE tempcloud_data.request SET requirements = repeat('ä', 1999) || 'o' WHERE status = 'accepted'$$),
('request', '23514', $$UPDATE tempcloud_data.assignment SET worker_name = 'Other' WHERE replaced_at IS NULL$$),
('request', '23514', $$UPDATE tempcloud_data.assignment SET replaced_at = NULL, replaced_by = NULL WHERE replaced_at IS NOT NULL$$),
('request', '23514', $$UPDATE tempcloud_data.assignment SET replaced_at = now() WHERE replaced_at IS NOT NULL$$),
('request', '23001', $$TRUNCATE tempcloud_data.assignment$$),
('request', '23001', $$TRUNCATE tempcloud_data.shift CASCADE$$),
('request', '23001', $$TRUNCATE tempcloud_data.request CASCADE$$),
('request', '23001', $$TRUNCATE tempcloud_data.staff_order CASCADE$$);
-- What foreign keys refuse, and invitations that have been accepted elsewhere: a replica
-- gets them in any order.
INSERT INTO attempt (promise, sqlstate, statement) VALUES
('pairing', '23503', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT customer_id, gen_random_uuid(), invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23503', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT gen_random_uuid(), provider_id, invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23503', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT NULL, provider_id, invitation_id, accepted_by FROM tempcloud_data.partnership$$),
('pairing', '23503', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, 'provider', invited_by, 'customer', 'x@y.example', 'de', expires_at FROM tempcloud_data.invitation WHERE status = 'accepted'$$),
('pairing', '23503', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, 'customer', invited_by, test.account_of('albert'), 'provider', 'x@y.example', 'de', expires_at FROM tempcloud_data.invitation WHERE status = 'accepted'$$),
('pairing', '23503', $$UPDATE tempcloud_data.invitation SET invitee_id = test.account_of('albert') WHERE id = pg_temp.invitation_to('emil')$$),
('invitation', '23514', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT test.account_of('albert'), test.account_of('berta'), pg_temp.invitation_to('berta'), accepted_by FROM tempcloud_data.partnership$$),
('invitation', '23503', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT customer_id, test.account_of('berta'), '00000000-0000-0000-0000-000000000000', accepted_by FROM tempcloud_data.partnership$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET status = 'withdrawn', decided_at = now() WHERE id = pg_temp.invitation_to('berta');
	INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT customer_id, test.account_of('berta'), pg_temp.invitation_to('berta'), accepted_by FROM tempcloud_data.partnership$$),
('invitation', '23514', $$UPDATE tempcloud_data.invitation SET status = 'accepted', decided_at = now(), decided_by = invited_by WHERE id = pg_temp.invitation_to('berta')$$),
('invitation', '23503', $$INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	SELECT inviter_id, inviter_kind, c.id, invitee_kind, 'x@y.example', 'de', expires_at
	  FROM tempcloud_data.invitation, tempcloud_data.contact c WHERE status = 'accepted' AND subject = 'bob'$$);
UPDATE attempt SET replica = false WHERE number > (SELECT number FROM attempt WHERE statement = 'TRUNCATE tempcloud_data.staff_order CASCADE');
GRANT SELECT ON attempt TO PUBLIC;

CREATE TEMP TABLE before AS
SELECT (SELECT json_agg(p) FROM tempcloud_data.partnership p)::text AS partnerships,
	   (SELECT json_agg(i) FROM tempcloud_data.invitation i WHERE status = 'accepted')::text AS accepted,
	   (SELECT json_agg((id, kind) ORDER BY id) FROM tempcloud_data.account)::text AS accounts,
	   (SELECT json_agg(e ORDER BY id) FROM tempcloud_data.event e)::text AS events;

SELECT throws_ok(statement, sqlstate, NULL, format('%s %s, superuser', promise, number))
  FROM attempt ORDER BY number;
SELECT set_eq($$SELECT DISTINCT test.answer(statement) FROM attempt$$, ARRAY[
'0A000 | cannot truncate a table referenced in a foreign key constraint | Truncate table "contact" at the same time, or use TRUNCATE ... CASCADE.',
'0A000 | cannot truncate a table referenced in a foreign key constraint | Truncate table "partner_note" at the same time, or use TRUNCATE ... CASCADE.',
'23001 | cannot change or delete an accepted invitation',
'23001 | cannot change or delete rows of table "assignment"',
'23001 | cannot change or delete rows of table "event"',
'23001 | cannot change or delete rows of table "ledger_entry"',
'23001 | cannot change or delete rows of table "ledger_head"',
'23001 | cannot change or delete rows of table "ledger_node"',
'23001 | cannot change or delete rows of table "partnership"',
'23001 | cannot delete a contact that an acceptance refers to',
'23001 | cannot delete a request that was accepted',
'23001 | cannot delete a shift of a request that was accepted',
'23001 | cannot delete an account that has partnerships',
'23001 | cannot delete an order that has an accepted request',
'23001 | cannot truncate table "account" while partnerships exist',
'23001 | cannot truncate table "assignment" while partnerships exist',
'23001 | cannot truncate table "contact" while partnerships exist',
'23001 | cannot truncate table "invitation" while partnerships exist',
'23001 | cannot truncate table "partnership" while partnerships exist',
'23001 | cannot truncate table "request" while partnerships exist',
'23001 | cannot truncate table "shift" while partnerships exist',
'23001 | cannot truncate table "staff_order" while partnerships exist',
'23503 | a partnership requires two existing accounts',
'23503 | insert or update on table "invitation" violates foreign key constraint "invitation_invited_by_fkey"',
'23503 | insert or update on table "invitation" violates foreign key constraint "invitation_invitee_fkey"',
'23503 | insert or update on table "invitation" violates foreign key constraint "invitation_inviter_fkey"',
'23503 | insert or update on table "partnership" violates foreign key constraint "partnership_invitation_id_fkey"',
'23505 | duplicate key value violates unique constraint "contact_subject_key"',
'23505 | duplicate key value violates unique constraint "contact_verified_email_key"',
'23505 | duplicate key value violates unique constraint "invitation_pending_email_key"',
'23505 | duplicate key value violates unique constraint "invitation_pending_invitee_key"',
'23505 | duplicate key value violates unique constraint "partnership_pkey"',
'23514 | a partnership requires a customer and a provider',
'23514 | a partnership requires an accepted invitation between its two accounts | Use tempcloud.accept_invitation().',
'23514 | an accepted invitation requires its partnership | Use tempcloud.accept_invitation().',
'23514 | cannot change column "id" of table "account"',
'23514 | cannot change column "id" of table "contact"',
'23514 | cannot change column "id" of table "invitation"',
'23514 | cannot change column "invitee_id" of table "invitation"',
'23514 | cannot change column "inviter_id" of table "invitation"',
'23514 | cannot change column "inviter_kind" of table "invitation"',
'23514 | cannot change column "kind" of table "account"',
'23514 | cannot change column "name" of table "staff_order"',
'23514 | cannot change column "replaced_at" of table "assignment"',
'23514 | cannot change column "requirements" of table "request"',
'23514 | cannot change column "worker_name" of table "assignment"',
'23514 | new row for relation "invitation" violates check constraint "invitation_decision"',
'23514 | new row for relation "invitation" violates check constraint "invitation_pairing"',
'23514 | new row for relation "partnership" violates check constraint "partnership_customer_kind"',
'23514 | new row for relation "partnership" violates check constraint "partnership_provider_kind"'],
	'all say why');
CREATE TEMP TABLE said AS SELECT number, test.answer(statement) AS answer FROM attempt;
SET LOCAL session_replication_role = replica;
SELECT is_empty($$SELECT a.number, s.answer, test.answer(statement) FROM attempt a JOIN said s USING (number)
	WHERE replica AND test.answer(statement) <> s.answer$$, 'a replica says the same');
SELECT throws_ok(statement, sqlstate, NULL, format('%s %s, superuser as replica', promise, number))
  FROM attempt WHERE replica ORDER BY number;
-- A session may be set so by a superuser, or with the privilege SET ON PARAMETER: a
-- sample of the attempts.
SET LOCAL ROLE tempcloud_test_everything;
SELECT throws_ok(statement, sqlstate, NULL, format('%s %s, granted everything, as replica', promise, number))
  FROM attempt WHERE promise = 'irrevocability' AND number % 3 = 0 ORDER BY number;
RESET ROLE;
SET LOCAL session_replication_role = origin;

-- What a statement ends with while session_replication_role is so; whatever it did is undone.
CREATE FUNCTION pg_temp.undone(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('session_replication_role', role, true);
	EXECUTE statement;
	RAISE EXCEPTION SQLSTATE 'UNDO0';
EXCEPTION
	WHEN SQLSTATE 'UNDO0' THEN
		RETURN 'none';
	WHEN OTHERS THEN
		RETURN SQLSTATE;
END
$$;
SELECT is(pg_temp.undone('local', 'DELETE FROM tempcloud_data.partnership'), '23001', 'nor while session_replication_role is local');

-- Replication may copy a partnership before its accounts and its invitation; then these
-- must fit, whoever writes them.
CREATE FUNCTION pg_temp.copy_partnership(kind_of_customer text, kind_of_provider text, role_of_accounts text DEFAULT 'replica')
RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.undone('replica', format('INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
		VALUES (%1$L, %3$L, %1$L, %1$L);
		SET LOCAL session_replication_role = %5$s;
		INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone)
		VALUES (%1$L, %2$L, ''K'', ''de'', ''UTC''), (%3$L, %4$L, ''A'', ''de'', ''UTC'')', '00000000-0000-7000-8000-000000000001', kind_of_customer,
			'00000000-0000-7000-8000-000000000002', kind_of_provider, role_of_accounts))
$$;
SELECT is(pg_temp.copy_partnership('customer', 'provider'), 'none', 'a pair that comes before its accounts');
SELECT is(pg_temp.copy_partnership('provider', 'customer'), '23514', 'a wrong pair before its accounts');
SELECT is(pg_temp.copy_partnership('customer', 'customer'), '23514', 'two customers before their accounts');
SELECT is(pg_temp.copy_partnership('provider', 'provider'), '23514', 'two providers before their accounts');
SELECT is(pg_temp.copy_partnership('provider', 'customer', 'origin'), '23514', 'a wrong pair before accounts that are not copied');
SELECT is(pg_temp.undone('replica', $$INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT test.account_of('albert'), test.account_of('berta'), gen_random_uuid(), accepted_by FROM tempcloud_data.partnership$$),
	'none', 'a pair before its invitation');

-- What breaks no promise is done.
SELECT is(pg_temp.undone('origin', statement), 'none', what)
  FROM (VALUES
	('DELETE FROM tempcloud_data.partnership WHERE customer_id = provider_id', 'DELETE of nothing'),
	('INSERT INTO tempcloud_data.partnership SELECT * FROM tempcloud_data.partnership ON CONFLICT DO NOTHING', 'INSERT of nothing'),
	('DELETE FROM tempcloud_data.invitation WHERE id = pg_temp.invitation_to(''berta'')', 'an invitation that was not accepted is deleted'),
	('UPDATE tempcloud_data.account SET company_name = ''Kunde SE'', kind = ''customer'' WHERE id = test.account_of(''anna'')', 'a company has a new name'),
	('DELETE FROM tempcloud_data.mail m USING tempcloud_data.request r WHERE m.request_id = r.id AND r.status = ''open'';
	  DELETE FROM tempcloud_data.shift s USING tempcloud_data.request r WHERE s.request_id = r.id AND r.status = ''open'';
	  DELETE FROM tempcloud_data.request WHERE status = ''open''', 'a request that was not accepted is deleted'),
	('UPDATE tempcloud_data.request SET requirements = repeat(''ä'', 2000) WHERE status = ''accepted''', 'the same value, stored otherwise')) AS legal (statement, what);
SELECT cmp_ok(pg_column_size(requirements), '<', 1000, 'which is compressed') FROM tempcloud_data.request WHERE status = 'accepted';

-- The life of an invitation, from each status to each
CREATE FUNCTION pg_temp.change(old text, new text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.undone('origin', string_agg(format('UPDATE tempcloud_data.invitation SET status = %L,
		decided_at = CASE WHEN %1$L <> ''pending'' THEN now() END, decided_by = invited_by
		WHERE id = pg_temp.invitation_to(''berta'')', status), ';'))
	  FROM (SELECT old WHERE old <> 'pending' UNION ALL SELECT new) changes (status)
$$;
SELECT set_eq($$
	SELECT old, new, pg_temp.change(old, new)
	  FROM unnest('{pending,declined,withdrawn,expired,superseded}'::text[]) old,
		   unnest(enum_range(NULL::tempcloud.invitation_status)::text[]) new$$, $$
	SELECT old, new, CASE WHEN old = new OR (old, new) IN (
				('pending', 'declined'), ('pending', 'withdrawn'), ('pending', 'expired'), ('pending', 'superseded'), ('expired', 'pending'))
						  THEN 'none' ELSE '23514' END
	  FROM unnest('{pending,declined,withdrawn,expired,superseded}'::text[]) old,
		   unnest('{pending,accepted,declined,withdrawn,expired,superseded}'::text[]) new$$,
	'an invitation ends once, but one that has expired may be sent again');

-- Triggers of others, which fire after the guards' BEFORE triggers and change the row
CREATE FUNCTION pg_temp.zz() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_populate_record(NEW, TG_ARGV[0]::jsonb);
END
$$;
CREATE FUNCTION pg_temp.meddle(role text, "table" text, event text, change jsonb, statement text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.undone('origin', format('CREATE TRIGGER zz BEFORE %1$s ON tempcloud_data.%2$I FOR EACH ROW EXECUTE FUNCTION pg_temp.zz(%3$L);
		ALTER TABLE tempcloud_data.%2$I ENABLE ALWAYS TRIGGER zz;
		SET LOCAL session_replication_role = %4$s;
		%5$s', event, "table", change, role, statement))
$$;
SELECT is(pg_temp.meddle(role, "table", event, change, statement), CASE role WHEN 'origin' THEN origin ELSE replica END,
		  format('a trigger of another changes %s %s, %s', "table", (SELECT min(k) FROM jsonb_object_keys(change) k), role))
  FROM (VALUES
	('account', 'UPDATE', '{"kind": "customer"}'::jsonb, 'UPDATE tempcloud_data.account SET id = id', '23503', '23514'),
	('contact', 'UPDATE', jsonb_build_object('account_id', test.account_of('anna')), 'UPDATE tempcloud_data.contact SET id = id', '23503', '23514'),
	('invitation', 'UPDATE', '{"reason": "No"}', 'UPDATE tempcloud_data.invitation SET email = NULL WHERE status = ''accepted''', '23001', '23001'),
	('invitation', 'UPDATE', jsonb_build_object('status', 'declined', 'decided_at', now()),
	 'UPDATE tempcloud_data.invitation SET email = email WHERE status = ''accepted''', '23001', '23001'),
	('invitation', 'UPDATE', jsonb_build_object('inviter_id', test.account_of('albert')),
	 'UPDATE tempcloud_data.invitation SET locale = ''en'' WHERE status = ''pending''', '23503', '23514'),
	('request', 'UPDATE', '{"profession": "Other"}', 'UPDATE tempcloud_data.request SET id = id', '23514', '23514'),
	('request', 'UPDATE', '{"status": "open", "decided_at": null}', 'UPDATE tempcloud_data.request SET id = id WHERE status = ''accepted''', '23514', '23514'),
	('shift', 'UPDATE', '{"headcount": 9}', 'UPDATE tempcloud_data.shift SET id = id', '23514', '23514'),
	('staff_order', 'UPDATE', '{"name": "Other"}', 'UPDATE tempcloud_data.staff_order SET id = id', '23514', '23514'),
	('assignment', 'UPDATE', '{"worker_name": "Other"}', 'UPDATE tempcloud_data.assignment SET id = id', '23514', '23514'),
	('partnership', 'INSERT', jsonb_build_object('provider_id', test.account_of('albert'), 'invitation_id', gen_random_uuid()),
	 'INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
		SELECT customer_id, test.account_of(''berta''), gen_random_uuid(), accepted_by FROM tempcloud_data.partnership', '23503', '23514'))
	AS meddling ("table", event, change, statement, origin, replica),
	   unnest('{origin,replica}'::text[]) role;

-- The guards work on their own tables only, for each row.
CREATE TABLE tempcloud_test.other (id uuid, kind integer, status text);
CREATE VIEW tempcloud_test.other_view AS SELECT * FROM tempcloud_test.other;
CREATE TABLE tempcloud_test.account (id uuid, kind integer, status text);
CREATE FUNCTION pg_temp.fire(guard text, "table" text, timing text, each text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.undone('origin', format('CREATE TRIGGER zz %s ON %s FOR EACH %s EXECUTE FUNCTION tempcloud_data.%I(); %s', timing, "table", each, guard,
		CASE WHEN "table" LIKE 'tempcloud_data.%' THEN format('UPDATE %s SET id = id', "table")
			 ELSE format('INSERT INTO %s VALUES (NULL, 1, %L)', "table", 'accepted') END))
$$;
SELECT is(pg_temp.fire(guard, "table", timing, 'ROW'), '39P01', format('%s, fired by %s', guard, what))
  FROM (SELECT proname::text FROM pg_proc WHERE pronamespace = 'tempcloud_data'::regnamespace AND proname LIKE 'guard\_%' AND proname <> 'guard_truncate') g (guard),
	   (VALUES ('another table', 'tempcloud_test.other', 'BEFORE INSERT'), ('a view', 'tempcloud_test.other_view', 'INSTEAD OF INSERT')) f (what, "table", timing);
SELECT is(pg_temp.fire(guard, "table", 'BEFORE UPDATE', 'STATEMENT'), '39P01', guard || ', fired by a statement')
  FROM (VALUES ('guard_account', 'tempcloud_data.account'), ('guard_contact', 'tempcloud_data.contact'),
			   ('guard_invitation', 'tempcloud_data.invitation'), ('guard_acceptance', 'tempcloud_data.invitation'),
			   ('guard_order', 'tempcloud_data.staff_order'), ('guard_request', 'tempcloud_data.request'),
			   ('guard_shift', 'tempcloud_data.shift'), ('guard_assignment', 'tempcloud_data.assignment')) g (guard, "table");
SELECT is(pg_temp.fire('guard_request', 'tempcloud_data.account', 'BEFORE UPDATE', 'ROW'), '39P01', 'the guard of another table');
SELECT is(pg_temp.fire('guard_account', 'tempcloud_test.account', 'BEFORE INSERT', 'ROW'), '39P01', 'another table of the same name');
SELECT throws_ok('SELECT tempcloud_data.guard_account()', '39P01', 'this function can only be called as a trigger', 'no trigger at all');

-- What only superusers can do, and roles not, whatever was granted: these
-- statements would switch the promises off.
SET LOCAL ROLE tempcloud_test_everything;
SELECT throws_ok(statement, sqlstate, NULL, format('%s %s, granted everything', promise, number))
  FROM attempt WHERE promise = 'irrevocability' ORDER BY number;
SELECT throws_ok('ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL', '42501', NULL, 'triggers stay enabled');
SELECT throws_ok('DROP TRIGGER partnership_irrevocable ON tempcloud_data.partnership', '42501', NULL, 'triggers stay');
SELECT throws_ok('ALTER TABLE tempcloud_data.partnership DROP CONSTRAINT partnership_customer_fkey', '42501', NULL, 'constraints stay');
SELECT throws_ok('DROP TABLE tempcloud_data.partnership', '42501', NULL, 'the table stays');
SELECT throws_ok('CREATE RULE quiet AS ON INSERT TO tempcloud_data.partnership DO INSTEAD NOTHING', '42501', NULL, 'no rule');
SELECT throws_ok('DROP FUNCTION tempcloud_data.refuse_change() CASCADE', '42501', NULL, 'functions stay');
SELECT throws_ok('DROP EXTENSION tempcloud CASCADE', '42501', NULL, 'the extension stays');
SELECT throws_ok('SET session_replication_role = replica', '42501', NULL, 'foreign keys stay awake');
RESET ROLE;

SELECT is((SELECT json_agg(p) FROM tempcloud_data.partnership p)::text, partnerships, 'partnerships are as before')
  FROM before;
SELECT is((SELECT json_agg(i) FROM tempcloud_data.invitation i WHERE status = 'accepted')::text, accepted,
		  'accepted invitations are as before')
  FROM before;
SELECT is((SELECT json_agg((id, kind) ORDER BY id) FROM tempcloud_data.account)::text, accounts, 'accounts are as before')
  FROM before;
SELECT is((SELECT json_agg(e ORDER BY id) FROM tempcloud_data.event e)::text, events, 'history is as before')
  FROM before;

-- The API makes no wrong pair either.
SELECT test.sign_in('anna') \g /dev/null
SELECT throws_ok($$SELECT tempcloud.invite('albert@kunde.example')$$, 'PT409', NULL, 'a customer cannot invite a customer');
SELECT test.sign_in('berta') \g /dev/null
SELECT throws_ok($$SELECT tempcloud.invite('bob@anbieter.example')$$, 'PT409', NULL, 'nor a provider a provider');
SELECT test.sign_in('anna') \g /dev/null
SELECT tempcloud.invite('new@anbieter.example') \g /dev/null
SELECT test.token_of(text_body) AS new_token
  FROM tempcloud.claim_mail() WHERE recipient = 'new@anbieter.example' \gset
SELECT test.sign_in('albert') \g /dev/null
SELECT throws_ok(format('SELECT tempcloud.accept_invitation_by_token(%L, true)', :'new_token'), 'PT409', NULL,
	'a customer cannot accept what is for a provider');
SELECT test.sign_in('nobody') \g /dev/null
SELECT throws_ok(format('SELECT tempcloud.register_account(''customer'', token => %L)', :'new_token'), 'PT409', NULL,
	'nor register as a customer by its link');

-- Any number of each: each joins two customers with two providers.
SELECT test.sign_in('berta') \g /dev/null
SELECT tempcloud.accept_invitation(:'pending') \g /dev/null
SELECT id AS counter FROM tempcloud.invite('albert@kunde.example') \gset
SELECT test.sign_in('albert') \g /dev/null
SELECT tempcloud.accept_invitation(:'counter') \g /dev/null
SELECT results_eq('SELECT company_name FROM tempcloud.partners', $$VALUES ('Zweite Anbieter GmbH')$$, 'a provider for a second customer');
SELECT test.sign_in('anna') \g /dev/null
SELECT set_eq('SELECT company_name FROM tempcloud.providers', $$VALUES ('Anbieter GmbH'), ('Zweite Anbieter GmbH')$$, 'two providers');
SELECT test.sign_in('berta') \g /dev/null
SELECT set_eq('SELECT company_name FROM tempcloud.customers', $$VALUES ('Kunde AG'), ('Zweite Kunde AG')$$, 'two customers');

-- An invitation is accepted together with its partnership, or not at all.
SELECT throws_ok(format($$UPDATE tempcloud_data.invitation i
	SET status = 'accepted', invitee_id = test.account_of('bruno'), decided_by = c.id, decided_at = now()
	FROM tempcloud_data.contact c WHERE c.subject = 'bruno' AND i.status = 'pending'$$),
	'23514', NULL, 'none becomes accepted by an UPDATE alone');
SELECT is_empty($$SELECT i.id FROM tempcloud_data.invitation i
				   WHERE i.status = 'accepted'
					 AND NOT EXISTS (SELECT FROM tempcloud_data.partnership p
									  WHERE p.invitation_id = i.id
										AND (p.customer_id, p.provider_id) IN ((i.inviter_id, i.invitee_id), (i.invitee_id, i.inviter_id)))$$,
	'each accepted invitation has its partnership');
SELECT is_empty($$SELECT p FROM tempcloud_data.partnership p
				   WHERE NOT EXISTS (SELECT FROM tempcloud_data.invitation i WHERE i.id = p.invitation_id AND i.status = 'accepted')$$,
	'each partnership has its accepted invitation');
SELECT is((SELECT count(*) FROM tempcloud_data.partnership), 3::bigint, 'and there are some');
SELECT is_empty($$SELECT p FROM tempcloud_data.partnership p
					JOIN tempcloud_data.account c ON c.id = p.customer_id
					JOIN tempcloud_data.account v ON v.id = p.provider_id
				   WHERE c.kind <> 'customer' OR v.kind <> 'provider'$$,
	'each joins a customer with a provider');

-- 3. Tokens.  All that the tables hold, as text; the ledger gets a row of each kind.
SELECT tempcloud.seal_ledger() \g /dev/null
INSERT INTO tempcloud_data.ledger_node VALUES (62, 0, sha256('x'));
INSERT INTO tempcloud_data.read_mark SELECT contact_id, id FROM tempcloud_data.event WHERE contact_id IS NOT NULL LIMIT 1;
INSERT INTO tempcloud_data.ledger_pending SELECT customer_id, provider_id FROM tempcloud_data.partnership;
CREATE TEMP TABLE kept (relation text, content text);
SELECT format('INSERT INTO kept SELECT %L, t::text FROM %s t', oid::regclass, oid::regclass)
  FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r' \gexec
SELECT set_eq('SELECT DISTINCT relation FROM kept',
	$$SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r'$$,
	'each table has rows to search');

CREATE TEMP TABLE secret AS
SELECT name, token, substr(token, 5) AS body,
	   decode(translate(substr(token, 5), '-_', '+/'), 'base64') AS bytes
  FROM (VALUES ('the first link', :'first_token'), ('the link broken by a line end', :'broken_token'),
			   ('the link that was used', :'token'),
			   ('the link not yet used', :'new_token'), ('the confirmation', :'confirmation')) AS t (name, token);
SELECT is(length(bytes), 36, name || ': a token of the form promised') FROM secret;

-- A part is as bad as the whole: 16 characters in a row, or 12 bytes, from any
-- of its ends.
SELECT is_empty(format($$
	SELECT relation FROM kept, (
		SELECT unnest(ARRAY[token, left(body, 16), right(body, 16),
							left(translate(body, '-_', '+/'), 16),
							left(encode(bytes, 'hex'), 24), right(encode(bytes, 'hex'), 24)])
		  FROM secret WHERE name = %L) AS trace (part)
	 WHERE position(part IN content) > 0$$, name),
	name || ': no table holds it or a part of it')
  FROM secret;
SELECT set_eq(format($$
	SELECT relation FROM kept, secret
	 WHERE name = %L AND position(encode(sha256(substring(bytes FROM 1 FOR 32)), 'hex') IN content) > 0$$, name),
	ARRAY[CASE WHEN name = 'the confirmation' THEN 'tempcloud_data.confirmation_token'
			   ELSE 'tempcloud_data.invitation_token' END],
	name || ': its SHA-256 is kept in one place')
  FROM secret;
-- the search would have found it
SELECT set_has('SELECT relation FROM kept WHERE position(''bernd@anbieter.example'' IN content) > 0',
	$$VALUES ('tempcloud_data.contact'), ('tempcloud_data.mail'), ('tempcloud_data.confirmation_token')$$,
	'the search finds what is there');
SELECT set_has('SELECT relation FROM kept WHERE content LIKE ''%550 virus%[...]%''',
	$$VALUES ('tempcloud_data.mail')$$, 'a mail server''s report is kept without the link it quotes');

SELECT * FROM finish();
ROLLBACK;
