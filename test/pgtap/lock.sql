-- lock: what the order of locks (src/base/lock.h) rests on, and how many a command takes

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(13);

-- An UPDATE of such a column waits for foreign keys, and they for it.
SELECT is(
	ARRAY(SELECT DISTINCT i.indrelid::regclass || '.' || a.attname
			FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
		   WHERE c.relnamespace = 'tempcloud_data'::regnamespace
			 AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
			 AND EXISTS (SELECT FROM pg_constraint r WHERE r.contype = 'f' AND r.confrelid = i.indrelid)
			 AND a.attname NOT IN ('id', 'kind', 'account_id', 'customer_id', 'provider_id', 'invitation_id')
		   ORDER BY 1),
	'{tempcloud_data.shift.ends_at,tempcloud_data.shift.offered,tempcloud_data.staff_order.reference}',
	'of what is referred to, only shift.offered and what a guard keeps could be keys that change');

-- 300 customers, of whom all invite one address, and 300 providers
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex(n), 12, '0') || '7000800000000000001' || kind)::uuid $$;
CREATE FUNCTION pg_temp.locks() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' $$;
INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone)
SELECT pg_temp.id('c', n), 'customer'::tempcloud.account_kind, 'Kunde ' || n, 'de', 'UTC' FROM generate_series(1, 300) n
 UNION ALL
SELECT pg_temp.id('a', n), 'provider', 'Anbieter ' || n, 'de', 'UTC' FROM generate_series(1, 300) n;
INSERT INTO tempcloud_data.contact (id, account_id, given_name, family_name, email, email_verified_at, role, subject)
SELECT pg_temp.id('d', n), pg_temp.id('c', n), 'Anna', 'A', 'a' || n || '@kunde.lock.example', now(), 'owner'::tempcloud.contact_role, 'lock a' || n FROM generate_series(1, 300) n
 UNION ALL
SELECT pg_temp.id('b', n), pg_temp.id('a', n), 'Bob', 'B', 'b' || n || '@anbieter.lock.example', now(), 'owner', 'lock b' || n FROM generate_series(1, 300) n;
INSERT INTO tempcloud_data.invitation (id, inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, expires_at)
SELECT pg_temp.id('1', n), pg_temp.id('c', n), 'customer', pg_temp.id('d', n), 'provider', 'nora@lock.example', 'de', now() + interval '1 day'
  FROM generate_series(1, 300) n;

SELECT test.sign_in('lock a1', 'a1@kunde.lock.example');
SAVEPOINT unknown;
SELECT is((SELECT count((r.invitation).id) FROM tempcloud.invite_many((
	SELECT jsonb_agg(jsonb_build_object('email', 'u' || n || '@lock.example')) FROM generate_series(1, 200) n)) r), 200::bigint, '200 unknown addresses are invited');
SELECT is(pg_temp.locks(), 201::bigint, 'with a lock for each, and one of the sender');
ROLLBACK TO SAVEPOINT unknown;

SAVEPOINT registered;
SELECT is((SELECT count((r.invitation).id) FROM tempcloud.invite_many((
	SELECT jsonb_agg(jsonb_build_object('email', 'b' || n || '@anbieter.lock.example')) FROM generate_series(1, 200) n)) r), 200::bigint, '200 accounts are invited');
SELECT is(pg_temp.locks(), 401::bigint, 'with two locks for each, and one of the sender');
ROLLBACK TO SAVEPOINT registered;

SAVEPOINT too_many;
SELECT throws_ok($$SELECT tempcloud.invite_many((SELECT jsonb_agg(jsonb_build_object('email', 'u' || n || '@lock.example')) FROM generate_series(1, 201) n))$$,
	'PT400', NULL, '201 are refused');
ROLLBACK TO SAVEPOINT too_many;

-- However many wait for an address, who proves it takes few locks.
SELECT test.sign_in('lock nora', 'nora@lock.example');
SELECT lives_ok($$SELECT tempcloud.register_account('provider', 'Nora GmbH', 'Nora', 'N')$$, 'an address that 300 have invited is registered');
SELECT cmp_ok(pg_temp.locks(), '<=', 103::bigint, 'with a bounded number of locks');
SELECT is((SELECT count(*) FROM tempcloud_data.invitation WHERE email = 'nora@lock.example' AND invitee_id IS NOT NULL), 100::bigint, '100 invitations are routed');
SELECT is((SELECT (array_agg(id ORDER BY id))[1] FROM tempcloud_data.invitation WHERE email = 'nora@lock.example' AND invitee_id IS NOT NULL), pg_temp.id('1', 201), 'the newest ones');
SELECT is((SELECT count(*) FROM tempcloud.invitations_received WHERE can_accept), 300::bigint, 'all are seen, and can be accepted');
SELECT lives_ok(format('SELECT tempcloud.accept_invitation(%L)', pg_temp.id('1', 1)), 'one that was not routed is accepted');
SELECT lives_ok(format('SELECT tempcloud.decline_invitation(%L)', pg_temp.id('1', 2)), 'and another one declined');

SELECT * FROM finish();
ROLLBACK;
