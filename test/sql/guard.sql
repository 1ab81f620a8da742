-- guard: the promises, against whoever writes to the tables directly
--
-- All of this is done by a superuser.

\pset null (null)
\set anna '{"sub":"anna.guard","email":"anna@kunde.guard.example","email_verified":true}'
\set bob '{"sub":"bob.guard","email":"bob@anbieter.guard.example","email_verified":true}'
\set carl '{"sub":"carl.guard","email":"carl@besteller.guard.example","email_verified":true}'
\set dora '{"sub":"dora.guard","email":"dora@personal.guard.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'carl', 'customer', 'Besteller OHG', 'Carl', 'Cohn') AS besteller \gset
SELECT test.company(:'dora', 'provider', 'Personal KG', 'Dora', 'Daum') AS personal \gset
SET request.jwt.claims = :'anna';
SELECT (contact).id AS anna_id FROM tempcloud.whoami() \gset
SELECT id AS accepted FROM tempcloud.invite('bob@anbieter.guard.example') \gset
SELECT test.token('bob@anbieter.guard.example') AS token \gset
SELECT id AS pending FROM tempcloud.invite('dora@personal.guard.example') \gset
SELECT id AS unrouted FROM tempcloud.invite('emil@personal.guard.example') \gset
SET request.jwt.claims = :'bob';
SELECT (contact).id AS bob_id FROM tempcloud.whoami() \gset
SELECT provider_id = :'anbieter' AS provider FROM tempcloud.accept_invitation(:'accepted');
-- What is promised, to be compared at the end
CREATE TEMP TABLE before AS
	SELECT p::text AS row FROM tempcloud_data.partnership p UNION ALL
	SELECT i::text FROM tempcloud_data.invitation i WHERE status = 'accepted' UNION ALL
	SELECT a.kind || a.id::text FROM tempcloud_data.account a;

--
-- A partnership joins a customer and a provider.
--

INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'besteller', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'anbieter', :'personal', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'personal', :'kunde', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'kunde', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', gen_random_uuid(), :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (NULL, :'personal', :'pending', :'anna_id'); \echo :SQLSTATE
-- that an invitation joins: not one of somebody else's, not one that ended
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'besteller', :'personal', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'personal', '00000000-0000-0000-0000-000000000000', :'anna_id'); \echo :SQLSTATE
BEGIN;
UPDATE tempcloud_data.invitation SET status = 'withdrawn', decided_at = now() WHERE id = :'pending';
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'personal', :'pending', :'anna_id'); \echo :SQLSTATE
ROLLBACK;
-- The kinds are constant.
\set VERBOSITY sqlstate
INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', 'provider', :'personal', :'pending', :'anna_id');
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, provider_kind, invitation_id, accepted_by)
	VALUES (:'kunde', :'personal', 'customer', :'pending', :'anna_id');
INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, provider_kind, invitation_id, accepted_by)
	VALUES (:'personal', 'provider', :'kunde', 'customer', :'pending', :'anna_id');
-- Once is enough.
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'anbieter', :'accepted', :'anna_id');
-- Neither does an invitation join two of one kind, or say what an account is not.
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'customer', :'anna_id', 'customer', 'x@y.example', 'de', now() + interval '1 day');
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'provider', :'anna_id', 'customer', 'x@y.example', 'de', now() + interval '1 day');
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'customer', :'anna_id', :'besteller', 'provider', 'x@y.example', 'de', now() + interval '1 day');
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'customer', :'bob_id', 'provider', 'x@y.example', 'de', now() + interval '1 day');
-- nor are two pending for the same address or account.
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'customer', :'anna_id', 'provider', 'EMIL@personal.guard.example', 'de', now() + interval '1 day');
INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
	VALUES (:'kunde', 'customer', :'anna_id', :'personal', 'provider', 'x@y.example', 'de', now() + interval '1 day');
-- A proven address and a login belong to one contact.
INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email, email_verified_at)
	VALUES (:'kunde', 'B', 'B', 'BOB@anbieter.guard.example', now());
INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, subject)
	VALUES (:'kunde', 'B', 'B', 'bob.guard');
\set VERBOSITY default

--
-- A partnership stays.
--

DELETE FROM tempcloud_data.partnership; \echo :SQLSTATE
DELETE FROM tempcloud_data.partnership WHERE customer_id = :'kunde'; \echo :SQLSTATE
DELETE FROM ONLY tempcloud_data.partnership USING tempcloud_data.account WHERE customer_id = id; \echo :SQLSTATE
UPDATE tempcloud_data.partnership SET provider_id = :'personal' WHERE customer_id = :'kunde'; \echo :SQLSTATE
UPDATE tempcloud_data.partnership SET created_at = created_at - interval '1 day'; \echo :SQLSTATE
UPDATE tempcloud_data.partnership SET created_at = created_at; \echo :SQLSTATE
TRUNCATE tempcloud_data.partnership; \echo :SQLSTATE
TRUNCATE tempcloud_data.partnership CASCADE; \echo :SQLSTATE
MERGE INTO tempcloud_data.partnership p USING tempcloud_data.account a ON a.id = p.customer_id AND a.id = :'kunde'
	WHEN MATCHED THEN DELETE; \echo :SQLSTATE
MERGE INTO tempcloud_data.partnership p USING tempcloud_data.account a ON a.id = p.customer_id AND a.id = :'kunde'
	WHEN MATCHED THEN UPDATE SET accepted_by = :'anna_id'; \echo :SQLSTATE
MERGE INTO tempcloud_data.partnership p USING (SELECT :'besteller'::uuid AS id) s ON p.customer_id = s.id
	WHEN NOT MATCHED THEN INSERT (customer_id, provider_id, invitation_id, accepted_by)
		VALUES (s.id, :'kunde', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'anbieter', :'accepted', :'anna_id')
	ON CONFLICT (customer_id, provider_id) DO UPDATE SET accepted_by = EXCLUDED.accepted_by; \echo :SQLSTATE
WITH gone AS (DELETE FROM tempcloud_data.partnership RETURNING *) SELECT count(*) FROM gone; \echo :SQLSTATE
-- What changes nothing is no mistake.
DELETE FROM tempcloud_data.partnership WHERE customer_id = :'anbieter'; \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'anbieter', :'accepted', :'anna_id') ON CONFLICT DO NOTHING; \echo :SQLSTATE

--
-- So does the invitation it came of.
--

DELETE FROM tempcloud_data.invitation WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET status = 'pending', decided_at = NULL WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET status = 'declined' WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET decided_by = :'anna_id' WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET email = 'x@y.example' WHERE id = :'accepted'; \echo :SQLSTATE
SET client_min_messages = warning;
TRUNCATE tempcloud_data.invitation CASCADE; \echo :SQLSTATE
RESET client_min_messages;
MERGE INTO tempcloud_data.invitation i USING (SELECT :'accepted'::uuid AS id) s ON i.id = s.id
	WHEN MATCHED THEN DELETE; \echo :SQLSTATE

-- An invitation is accepted with its partnership only,
UPDATE tempcloud_data.invitation SET status = 'accepted', decided_at = now(), decided_by = :'anna_id'
 WHERE id = :'pending'; \echo :SQLSTATE
-- changes as its life allows,
CREATE FUNCTION pg_temp.change(id uuid, status text) RETURNS text LANGUAGE sql AS $$
	SELECT test.refusal(format('UPDATE tempcloud_data.invitation SET status = %L, decided_at = CASE WHEN %1$L <> ''pending'' THEN now() END, decided_by = invited_by WHERE id = %L', status, id));
$$;
CREATE FUNCTION pg_temp.changes(id uuid, "from" text) RETURNS TABLE ("to" text, answer text) LANGUAGE plpgsql AS $$
BEGIN
	FOR "to" IN SELECT unnest(enum_range(NULL::tempcloud.invitation_status)) LOOP
		BEGIN
			IF "from" <> 'pending' THEN
				PERFORM pg_temp.change(id, "from");
			END IF;
			answer := pg_temp.change(id, "to");
			RAISE EXCEPTION 'undo';
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT "from", "to", answer
  FROM unnest('{pending,declined,withdrawn,expired,superseded}'::text[]) WITH ORDINALITY f("from", n), pg_temp.changes(:'pending', "from") WITH ORDINALITY t("to", answer, m)
 ORDER BY n, m;
-- and keeps who invites whom.
UPDATE tempcloud_data.invitation SET inviter_id = :'besteller' WHERE id = :'pending'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET inviter_kind = 'provider', invitee_kind = 'customer' WHERE id = :'pending'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET invitee_id = :'anbieter' WHERE id = :'pending'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET invitee_id = NULL WHERE id = :'pending'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET id = gen_random_uuid() WHERE id = :'pending'; \echo :SQLSTATE
\set VERBOSITY sqlstate
UPDATE tempcloud_data.invitation SET invitee_kind = 'customer' WHERE id = :'pending';
UPDATE tempcloud_data.invitation SET status = 'declined' WHERE id = :'pending';
UPDATE tempcloud_data.invitation SET decided_at = now() WHERE id = :'pending';
UPDATE tempcloud_data.invitation SET invitee_id = :'besteller' WHERE id = :'unrouted';
\set VERBOSITY default
-- What has not been accepted can be purged.
BEGIN;
DELETE FROM tempcloud_data.invitation WHERE id = :'pending'; \echo :SQLSTATE
ROLLBACK;

--
-- An account has its kind for ever, and is not deleted under its partners.
--

UPDATE tempcloud_data.account SET kind = 'provider' WHERE id = :'kunde'; \echo :SQLSTATE
UPDATE tempcloud_data.account SET kind = 'provider' WHERE id = :'besteller'; \echo :SQLSTATE
UPDATE tempcloud_data.account SET id = gen_random_uuid() WHERE id = :'kunde'; \echo :SQLSTATE
MERGE INTO tempcloud_data.account a USING (SELECT :'besteller'::uuid AS id) s ON a.id = s.id
	WHEN MATCHED THEN UPDATE SET kind = 'provider'; \echo :SQLSTATE
INSERT INTO tempcloud_data.account (id, kind, company_name, locale) VALUES (:'besteller', 'provider', 'x', 'de')
	ON CONFLICT (id) DO UPDATE SET kind = EXCLUDED.kind; \echo :SQLSTATE
DELETE FROM tempcloud_data.account WHERE id = :'kunde'; \echo :SQLSTATE
DELETE FROM tempcloud_data.account WHERE id = :'anbieter'; \echo :SQLSTATE
SET client_min_messages = warning;
TRUNCATE tempcloud_data.account CASCADE; \echo :SQLSTATE
TRUNCATE tempcloud_data.contact CASCADE; \echo :SQLSTATE
TRUNCATE tempcloud_data.account, tempcloud_data.contact, tempcloud_data.invitation, tempcloud_data.partnership CASCADE; \echo :SQLSTATE
RESET client_min_messages;
\set VERBOSITY sqlstate
TRUNCATE tempcloud_data.account;
DELETE FROM tempcloud_data.contact WHERE id = :'bob_id';
UPDATE tempcloud_data.contact SET id = gen_random_uuid() WHERE id = :'bob_id';
\set VERBOSITY default
-- The rest of an account may change.
BEGIN;
UPDATE tempcloud_data.account SET company_name = 'Kunde SE', kind = 'customer' WHERE id = :'kunde'; \echo :SQLSTATE
ROLLBACK;

--
-- History is written once.
--

DELETE FROM tempcloud_data.event WHERE account_id = :'kunde'; \echo :SQLSTATE
UPDATE tempcloud_data.event SET account_id = :'besteller' WHERE account_id = :'kunde'; \echo :SQLSTATE
TRUNCATE tempcloud_data.event; \echo :SQLSTATE

--
-- All of it while foreign keys sleep, as when logical replication applies
--

SET session_replication_role = replica;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'besteller', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'anbieter', :'personal', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'personal', :'kunde', :'pending', :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, customer_kind, provider_id, provider_kind, invitation_id, accepted_by)
	VALUES (:'personal', 'provider', :'kunde', 'customer', :'pending', :'anna_id'); \echo :SQLSTATE
\set VERBOSITY sqlstate
CREATE TEMP TABLE wrong (LIKE tempcloud_data.partnership);
INSERT INTO wrong VALUES (:'kunde', 'customer', :'besteller', 'provider', :'pending', :'anna_id', now());
INSERT INTO tempcloud_data.partnership SELECT * FROM wrong;
\set VERBOSITY default
DELETE FROM tempcloud_data.partnership; \echo :SQLSTATE
UPDATE tempcloud_data.partnership SET accepted_by = :'anna_id'; \echo :SQLSTATE
TRUNCATE tempcloud_data.partnership; \echo :SQLSTATE
TRUNCATE tempcloud_data.partnership CASCADE; \echo :SQLSTATE
MERGE INTO tempcloud_data.partnership p USING tempcloud_data.account a ON a.id = p.customer_id AND a.id = :'kunde'
	WHEN MATCHED THEN DELETE; \echo :SQLSTATE
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'kunde', :'anbieter', :'accepted', :'anna_id')
	ON CONFLICT (customer_id, provider_id) DO UPDATE SET accepted_by = EXCLUDED.accepted_by; \echo :SQLSTATE
DELETE FROM tempcloud_data.invitation WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET status = 'declined' WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET status = 'withdrawn', decided_at = now() WHERE id = :'accepted'; \echo :SQLSTATE
UPDATE tempcloud_data.invitation SET inviter_id = :'besteller' WHERE id = :'pending'; \echo :SQLSTATE
SET client_min_messages = warning;
TRUNCATE tempcloud_data.invitation CASCADE; \echo :SQLSTATE
TRUNCATE tempcloud_data.account CASCADE; \echo :SQLSTATE
TRUNCATE tempcloud_data.contact CASCADE; \echo :SQLSTATE
RESET client_min_messages;
UPDATE tempcloud_data.account SET kind = 'provider' WHERE id = :'kunde'; \echo :SQLSTATE
UPDATE tempcloud_data.account SET kind = 'provider' WHERE id = :'besteller'; \echo :SQLSTATE
UPDATE tempcloud_data.account SET id = gen_random_uuid() WHERE id = :'kunde'; \echo :SQLSTATE
DELETE FROM tempcloud_data.account WHERE id = :'kunde'; \echo :SQLSTATE
DELETE FROM tempcloud_data.account WHERE id = :'anbieter'; \echo :SQLSTATE
DELETE FROM tempcloud_data.event WHERE account_id = :'kunde'; \echo :SQLSTATE
-- A replica takes what its origin has, whatever comes first: a partnership
-- whose invitation or account is not there yet,
BEGIN;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'besteller', :'personal', gen_random_uuid(), :'anna_id'); \echo :SQLSTATE
ROLLBACK;
SELECT gen_random_uuid() AS new_id \gset
BEGIN;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'new_id', :'personal', gen_random_uuid(), :'anna_id'); \echo :SQLSTATE
-- but then no account of the wrong kind.
SAVEPOINT s;
INSERT INTO tempcloud_data.account (id, kind, company_name, locale) VALUES (:'new_id', 'provider', 'x', 'de'); \echo :SQLSTATE
ROLLBACK TO s;
INSERT INTO tempcloud_data.account (id, kind, company_name, locale) VALUES (:'new_id', 'customer', 'x', 'de'); \echo :SQLSTATE
ROLLBACK;
BEGIN;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'besteller', :'new_id', gen_random_uuid(), :'anna_id'); \echo :SQLSTATE
INSERT INTO tempcloud_data.account (id, kind, company_name, locale) VALUES (:'new_id', 'customer', 'x', 'de'); \echo :SQLSTATE
ROLLBACK;
RESET session_replication_role;
SET session_replication_role = local;
DELETE FROM tempcloud_data.partnership; \echo :SQLSTATE
RESET session_replication_role;

--
-- Requests that were accepted, and what belongs to them, stay, too.
--

SET request.jwt.claims = :'anna';
SELECT id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Berlin',
	'[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2}]', requirements => repeat('ä', 2000)) \gset
SELECT id AS open_request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn',
	'[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2}]') \gset
SET request.jwt.claims = :'bob';
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT id AS shift FROM tempcloud.shifts WHERE request_id = :'request' \gset
SELECT worker_name FROM tempcloud.assign_workers(:'shift', '{Kurt Kohl,Kuno Kern}');
SELECT worker_name FROM tempcloud.assign_workers(:'shift', '{Karl Kuhn}');
SELECT place, worker_name, replaced_at IS NOT NULL AS replaced FROM tempcloud_data.assignment WHERE shift_id = :'shift' ORDER BY id;
CREATE FUNCTION pg_temp.attempts(role text) RETURNS TABLE (statement text, answer text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('session_replication_role', role, true);
	RETURN QUERY SELECT s, test.refusal(s) FROM unnest(ARRAY[
		$sql$DELETE FROM tempcloud_data.shift WHERE offered > 0$sql$,
		$sql$DELETE FROM tempcloud_data.assignment$sql$,
		$sql$DELETE FROM tempcloud_data.assignment WHERE replaced_at IS NOT NULL$sql$,
		$sql$DELETE FROM tempcloud_data.request WHERE status = 'accepted'$sql$,
		$sql$DELETE FROM tempcloud_data.staff_order o USING tempcloud_data.request r WHERE r.order_id = o.id AND r.status = 'accepted'$sql$,
		$sql$UPDATE tempcloud_data.staff_order SET name = 'Other'$sql$,
		$sql$UPDATE tempcloud_data.assignment SET worker_name = 'Other' WHERE replaced_at IS NULL$sql$,
		$sql$UPDATE tempcloud_data.assignment SET replaced_at = NULL, replaced_by = NULL WHERE replaced_at IS NOT NULL$sql$,
		$sql$UPDATE tempcloud_data.assignment SET replaced_at = now() WHERE replaced_at IS NOT NULL$sql$,
		$sql$TRUNCATE tempcloud_data.assignment$sql$,
		$sql$TRUNCATE tempcloud_data.shift CASCADE$sql$,
		$sql$TRUNCATE tempcloud_data.request CASCADE$sql$,
		$sql$TRUNCATE tempcloud_data.staff_order CASCADE$sql$]) s;
	PERFORM set_config('session_replication_role', 'origin', true);
END
$$;
SET client_min_messages = warning;
SELECT * FROM pg_temp.attempts('origin');
SELECT * FROM pg_temp.attempts('replica');
RESET client_min_messages;
-- What was not accepted can be deleted.
BEGIN;
DELETE FROM tempcloud_data.mail WHERE request_id = :'open_request';
DELETE FROM tempcloud_data.shift WHERE request_id = :'open_request'; \echo :SQLSTATE
DELETE FROM tempcloud_data.request WHERE id = :'open_request'; \echo :SQLSTATE
ROLLBACK;
-- Values are compared, not how they are stored: one of the two is compressed here.
SELECT pg_column_size(requirements) < 1000 AS compressed FROM tempcloud_data.request WHERE id = :'request';
UPDATE tempcloud_data.request SET requirements = repeat('ä', 2000) WHERE id = :'request'; \echo :SQLSTATE
UPDATE tempcloud_data.request SET requirements = repeat('ä', 1999) || 'o' WHERE id = :'request'; \echo :SQLSTATE
-- The contacts that an acceptance refers to stay, on both sides.
SET session_replication_role = replica;
DELETE FROM tempcloud_data.contact WHERE id = :'anna_id'; \echo :SQLSTATE
DELETE FROM tempcloud_data.contact WHERE id = :'bob_id'; \echo :SQLSTATE
RESET session_replication_role;

--
-- A partnership that a replica got before its accounts says of which kind they are.
--

SELECT gen_random_uuid() AS new_id \gset
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	VALUES (:'new_id', :'personal', gen_random_uuid(), :'anna_id'); \echo :SQLSTATE
SET LOCAL session_replication_role = origin;
INSERT INTO tempcloud_data.account (id, kind, company_name, locale) VALUES (:'new_id', 'provider', 'x', 'de'); \echo :SQLSTATE
ROLLBACK;

--
-- Triggers of others, which fire after the guards' BEFORE triggers and change the row
--

CREATE FUNCTION pg_temp.zz() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_populate_record(NEW, TG_ARGV[0]::jsonb);
END
$$;
CREATE FUNCTION pg_temp.meddle(role text, "table" text, event text, change jsonb, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('CREATE TRIGGER zz BEFORE %s ON tempcloud_data.%I FOR EACH ROW EXECUTE FUNCTION pg_temp.zz(%L);
		ALTER TABLE tempcloud_data.%2$I ENABLE ALWAYS TRIGGER zz', event, "table", change);
	PERFORM set_config('session_replication_role', role, true);
	answer := test.refusal(statement);
	PERFORM set_config('session_replication_role', 'origin', true);
	EXECUTE format('DROP TRIGGER zz ON tempcloud_data.%I', "table");
	RETURN answer;
END
$$;
SELECT role, "table", (SELECT min(k) FROM jsonb_object_keys(change) k) AS column,
	   pg_temp.meddle(role, "table", event, change, coalesce(statement, format('UPDATE tempcloud_data.%I SET id = id', "table"))) AS answer
  FROM (VALUES
	('account', 'UPDATE', jsonb_build_object('kind', 'customer'), NULL),
	('contact', 'UPDATE', jsonb_build_object('account_id', :'kunde'), NULL),
	('invitation', 'UPDATE', jsonb_build_object('reason', 'No'), $sql$UPDATE tempcloud_data.invitation SET email = NULL WHERE status = 'accepted'$sql$),
	('invitation', 'UPDATE', jsonb_build_object('status', 'declined', 'decided_at', now()),
	 $sql$UPDATE tempcloud_data.invitation SET email = email WHERE status = 'accepted'$sql$),
	('invitation', 'UPDATE', jsonb_build_object('inviter_id', :'besteller'), $sql$UPDATE tempcloud_data.invitation SET locale = 'en' WHERE status = 'pending'$sql$),
	('request', 'UPDATE', jsonb_build_object('profession', 'Other'), NULL),
	('request', 'UPDATE', jsonb_build_object('status', 'open', 'decided_at', NULL), $sql$UPDATE tempcloud_data.request SET id = id WHERE status = 'accepted'$sql$),
	('shift', 'UPDATE', jsonb_build_object('headcount', 9), NULL),
	('staff_order', 'UPDATE', jsonb_build_object('name', 'Other'), NULL),
	('assignment', 'UPDATE', jsonb_build_object('worker_name', 'Other'), NULL),
	('partnership', 'INSERT', jsonb_build_object('provider_id', :'besteller', 'invitation_id', gen_random_uuid()),
	 format('INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by) VALUES (%L, %L, %L, %L)',
			:'kunde', :'personal', gen_random_uuid(), :'anna_id'))) a ("table", event, change, statement),
	unnest('{origin,replica}'::text[]) role
 ORDER BY role, "table" COLLATE "C", change::text COLLATE "C";

--
-- The guards work on their own tables only, for each row.
--

CREATE TABLE other (id uuid, kind integer, status text);
CREATE VIEW other_view AS SELECT * FROM other;
CREATE FUNCTION pg_temp.fire(guard text, "table" text, timing text, each text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('CREATE TRIGGER zz %s ON %s FOR EACH %s EXECUTE FUNCTION tempcloud_data.%I()', timing, "table", each, guard);
	answer := test.refusal(CASE WHEN "table" LIKE 'tempcloud_data.%' THEN format('UPDATE %s SET id = id', "table")
		ELSE format('INSERT INTO %s VALUES (NULL, 1, %L)', "table", 'accepted') END);
	EXECUTE format('DROP TRIGGER zz ON %s', "table");
	RETURN answer;
END
$$;
SELECT guard, fired, pg_temp.fire(guard, "table", timing, 'ROW') AS answer
  FROM unnest('{guard_account,guard_contact,guard_invitation,guard_partnership,guard_acceptance,guard_order,guard_request,guard_shift,guard_assignment}'::text[]) guard,
	   (VALUES ('by another table', 'other', 'BEFORE INSERT'), ('by a view', 'other_view', 'INSTEAD OF INSERT')) f (fired, "table", timing);
SELECT guard, pg_temp.fire(guard, "table", 'BEFORE UPDATE', 'STATEMENT') AS "for each statement"
  FROM (VALUES ('guard_account', 'tempcloud_data.account'), ('guard_contact', 'tempcloud_data.contact'),
			   ('guard_invitation', 'tempcloud_data.invitation'), ('guard_acceptance', 'tempcloud_data.invitation'),
			   ('guard_order', 'tempcloud_data.staff_order'), ('guard_request', 'tempcloud_data.request'),
			   ('guard_shift', 'tempcloud_data.shift'), ('guard_assignment', 'tempcloud_data.assignment')) g (guard, "table");
SELECT pg_temp.fire('guard_request', 'tempcloud_data.account', 'BEFORE UPDATE', 'ROW') AS "the guard of another";
-- nor on another table of the same name
CREATE SCHEMA decoy;
CREATE TABLE decoy.account (id uuid, kind integer, status text);
SELECT pg_temp.fire('guard_account', 'decoy.account', 'BEFORE INSERT', 'ROW');
SET client_min_messages = warning;
DROP SCHEMA decoy CASCADE;
DROP TABLE other CASCADE;
RESET client_min_messages;

-- The guards are on all of these tables, and fire always.
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
 WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'tempcloud_data.%' ORDER BY tgrelid::regclass::text COLLATE "C", tgname COLLATE "C";
-- They are good for nothing else.
SELECT tempcloud_data.guard_account(); \echo :SQLSTATE

-- Nothing has changed.
SELECT count(*) > 0 AS some FROM before;
SELECT count(*) FROM (
	SELECT row FROM before EXCEPT
	(SELECT p::text FROM tempcloud_data.partnership p UNION ALL
	SELECT i::text FROM tempcloud_data.invitation i WHERE status = 'accepted' UNION ALL
	SELECT a.kind || a.id::text FROM tempcloud_data.account a)) gone;
SELECT tempcloud.are_partners(:'kunde', :'anbieter');
SET request.jwt.claims = :'bob';
SELECT customer_id = :'kunde' AS customer FROM tempcloud.accept_invitation_by_token(:'token');
SET request.jwt.claims = :'dora';
SELECT customer_id = :'kunde' AS customer FROM tempcloud.accept_invitation(:'pending');
