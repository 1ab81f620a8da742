-- Accounts to write with: customers c0, c1, ... and providers p0, p1, ..., each
-- with one contact of that login. Keys are made of the numbers.

CREATE SCHEMA bench;
CREATE FUNCTION bench.key(prefix text, n bigint)
RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (prefix || '0000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid;
COMMENT ON FUNCTION bench.key IS 'c, d: a customer, its contact; a, b: a provider, its contact; 1: an invitation';

INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone)
SELECT bench.key('c', n), 'customer'::tempcloud.account_kind, 'Kunde ' || n, 'de', 'Europe/Berlin'
  FROM generate_series(0, :accounts - 1) n
 UNION ALL
SELECT bench.key('a', n), 'provider', 'Anbieter ' || n, 'de', 'Europe/Berlin'
  FROM generate_series(0, :accounts - 1) n;
INSERT INTO tempcloud_data.contact (id, account_id, given_name, family_name, email, email_verified_at, role, subject)
SELECT bench.key('d', n), bench.key('c', n), 'Anna', 'Alt', 'c' || n || '@kunde.example', now(), 'owner'::tempcloud.contact_role, 'c' || n
  FROM generate_series(0, :accounts - 1) n
 UNION ALL
SELECT bench.key('b', n), bench.key('a', n), 'Bob', 'Berg', 'p' || n || '@anbieter.example', now(), 'owner', 'p' || n
  FROM generate_series(0, :accounts - 1) n;
