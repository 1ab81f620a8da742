-- :partnerships of them: each customer with 20 providers and each provider with
-- 20 customers, who invited them; but where there are enough, customer c0 has
-- 100,000 providers, who invited it, and provider p0 100,000 customers.
--
-- In bulk: the triggers and foreign keys would look at each row by itself.

SELECT (:partnerships - 2 * :most) / 20 + 1 AS accounts \gset
\ir accounts.sql

SET session_replication_role = replica;
ALTER TABLE tempcloud_data.invitation DISABLE TRIGGER USER;
ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER;
CREATE TEMP TABLE pair AS
SELECT k::bigint AS customer, 1 + (k + j * 7919::bigint) % (:accounts - 1) AS provider
  FROM generate_series(1, :accounts - 1) k, generate_series(0, 19) j
 UNION ALL
SELECT 0, n FROM generate_series(1, :most) n
 UNION ALL
SELECT n, 0 FROM generate_series(1, :most) n;
INSERT INTO tempcloud_data.invitation
	(id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale,
	 status, created_at, expires_at, decided_at, decided_by)
SELECT bench.key('1', n), bench.key('c', customer), 'customer'::tempcloud.account_kind, bench.key('d', customer),
	   bench.key('a', provider), 'provider'::tempcloud.account_kind, 'p' || provider || '@anbieter.example', 'de',
	   'accepted'::tempcloud.invitation_status, '2026-01-01'::timestamptz + n * interval '1 s',
	   '2026-02-01'::timestamptz + n * interval '1 s',
	   '2026-01-02'::timestamptz + n * interval '1 s', bench.key('b', provider)
  FROM (SELECT row_number() OVER () AS n, * FROM pair WHERE customer > 0) x
 UNION ALL
SELECT bench.key('2', provider), bench.key('a', provider), 'provider', bench.key('b', provider),
	   bench.key('c', customer), 'customer', 'c' || customer || '@kunde.example', 'de',
	   'accepted'::tempcloud.invitation_status, '2026-01-01'::timestamptz + provider * interval '1 s',
	   '2026-02-01'::timestamptz + provider * interval '1 s',
	   '2026-01-02'::timestamptz + provider * interval '1 s', bench.key('d', customer)
  FROM pair WHERE customer = 0;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by, created_at)
SELECT CASE inviter_kind WHEN 'customer' THEN inviter_id ELSE invitee_id END,
	   CASE inviter_kind WHEN 'provider' THEN inviter_id ELSE invitee_id END,
	   id, decided_by, decided_at
  FROM tempcloud_data.invitation;
ALTER TABLE tempcloud_data.invitation ENABLE TRIGGER USER;
ALTER TABLE tempcloud_data.partnership ENABLE TRIGGER USER;
DROP TABLE pair;
VACUUM (FREEZE, ANALYZE);
