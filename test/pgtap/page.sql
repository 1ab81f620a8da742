-- page: a page of a list takes its own rows from an index and no more, wherever
-- it begins and however long the list is.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(54);

-- One customer with 20,000 partners, all invited by it, and as many other
-- customers, who have invited the first of these. In bulk: without triggers.
SET LOCAL session_replication_role = replica;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex(n), 12, '0') || '7000800000000000000' || kind)::uuid $$;
INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone)
SELECT pg_temp.id('a', n), 'provider'::tempcloud.account_kind, 'Anbieter ' || n, 'de', 'UTC' FROM generate_series(0, 19999) n
 UNION ALL
SELECT pg_temp.id('c', n), 'customer', 'Kunde ' || n, 'de', 'UTC' FROM generate_series(0, 19999) n;
INSERT INTO tempcloud_data.contact (id, account_id, given_name, family_name, email, email_verified_at, role, subject)
SELECT pg_temp.id('b', n), pg_temp.id('a', n), 'Bob', 'B' || n, 'b' || n || '@anbieter.example', now(), 'owner'::tempcloud.contact_role, 'page b' || n
  FROM generate_series(0, 19999) n
 UNION ALL
SELECT pg_temp.id('d', n), pg_temp.id('c', n), 'Anna', 'A' || n, 'a' || n || '@kunde.example', now(), 'owner', 'page a' || n
  FROM generate_series(0, 19999) n;
INSERT INTO tempcloud_data.invitation (id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email,
	locale, status, created_at, expires_at, decided_at, decided_by)
SELECT pg_temp.id('1', n), pg_temp.id('c', 0), 'customer'::tempcloud.account_kind, pg_temp.id('d', 0),
	   pg_temp.id('a', n), 'provider'::tempcloud.account_kind,
	   'b' || n || '@anbieter.example', 'de', 'accepted'::tempcloud.invitation_status, now() + n * interval '1 s', now(), now(), pg_temp.id('b', n)
  FROM generate_series(0, 19999) n
 UNION ALL
SELECT pg_temp.id('2', n), pg_temp.id('c', n), 'customer', pg_temp.id('d', n), pg_temp.id('a', 0), 'provider',
	   'b0@anbieter.example', 'de', 'declined', now() + n * interval '1 s', now(), now(), pg_temp.id('b', 0)
  FROM generate_series(1, 19999) n;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
SELECT pg_temp.id('c', 0), pg_temp.id('a', n), pg_temp.id('1', n), pg_temp.id('b', n) FROM generate_series(0, 19999) n;
INSERT INTO tempcloud_data.partner_note (account_id, partner_id, customer_id, provider_id, sort_name, sort_city, responsible_id, archived)
SELECT customer_id, provider_id, customer_id, provider_id, tempcloud_data.fold(a.company_name), 'bonn', pg_temp.id('d', 0), row_number() OVER () % 2 = 0
  FROM tempcloud_data.partnership JOIN tempcloud_data.account a ON a.id = provider_id
 UNION ALL
SELECT provider_id, customer_id, customer_id, provider_id, 'kunde 0', 'bonn', NULL, false FROM tempcloud_data.partnership;
-- The first customer's requests to all providers, and all customers' requests to
-- the first provider
INSERT INTO tempcloud_data.staff_order (id, customer_id, ordered_by, name, created_at)
SELECT pg_temp.id('3', n), pg_temp.id('c', n), pg_temp.id('d', n), 'Inventur', now() FROM generate_series(0, 19999) n;
INSERT INTO tempcloud_data.request (id, order_id, customer_id, provider_id, profession, location, time_zone, answer_by, created_at)
SELECT pg_temp.id('4', n), pg_temp.id('3', 0), pg_temp.id('c', 0), pg_temp.id('a', n), 'Koch', 'Berlin', 'UTC', now() + interval '1 day', now()
  FROM generate_series(1, 19999) n
 UNION ALL
SELECT pg_temp.id('5', n), pg_temp.id('3', n), pg_temp.id('c', n), pg_temp.id('a', 0), 'Koch', 'Berlin', 'UTC', now() + interval '1 day', now()
  FROM generate_series(1, 19999) n;
INSERT INTO tempcloud_data.shift (request_id, customer_id, starts_at, ends_at, headcount)
SELECT id, customer_id, now() + interval '1 day', now() + interval '2 days', 1 FROM tempcloud_data.request;
-- What both did to all others, and all others to both
INSERT INTO tempcloud_data.event (id, at, event, account_id, contact_id, partner_id, request_id)
SELECT pg_temp.id('6', n * 2), now(), 'request.sent', pg_temp.id('c', 0), pg_temp.id('d', 0), pg_temp.id('a', n), pg_temp.id('4', n)
  FROM generate_series(1, 19999) n
 UNION ALL
SELECT pg_temp.id('6', n * 2 + 1), now(), 'request.accepted', pg_temp.id('a', n), pg_temp.id('b', n), pg_temp.id('c', 0), pg_temp.id('4', n)
  FROM generate_series(1, 19999) n
 UNION ALL
SELECT pg_temp.id('7', 7), now(), 'request.sent', pg_temp.id('c', 7), pg_temp.id('d', 7), pg_temp.id('a', 0), pg_temp.id('5', 7);
SET LOCAL session_replication_role = origin;
ANALYZE;

-- The most rows that any step of a plan has seen, and its steps
CREATE FUNCTION pg_temp.run(query text, OUT rows bigint, OUT steps text)
LANGUAGE plpgsql
AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING off, FORMAT json) ' || query INTO plan;
	SELECT max((step ->> 'Actual Rows')::numeric * (step ->> 'Actual Loops')::numeric
			   + COALESCE((step ->> 'Rows Removed by Filter')::numeric, 0)),
		   string_agg(concat_ws(' ', step ->> 'Node Type', step ->> 'Index Name', step ->> 'Relation Name'), ', ')
	  FROM jsonb_path_query(plan::jsonb, 'strict $.**') step
	 WHERE step ? 'Node Type' INTO rows, steps;
END
$$;
-- 20 rows, in the order of the list, and few more seen on the way
CREATE FUNCTION pg_temp.page_is_short(query text)
RETURNS SETOF text
LANGUAGE sql
AS $$
SELECT ok(rows BETWEEN 20 AND 50 AND steps !~ 'Seq Scan (partnership|invitation|contact|account|staff_order|request|shift)(,|$)',
		  format('%s: %s rows by %s', query, rows, steps))
  FROM pg_temp.run(query);
$$;

SELECT format('GRANT USAGE ON SCHEMA %s TO tempcloud_user', pg_my_temp_schema()::regnamespace) AS "grant" \gset
:grant;
SET LOCAL ROLE tempcloud_user;
SET LOCAL request.jwt.claims = '{"sub":"page a0"}';
SELECT pg_temp.page_is_short(format('SELECT * FROM tempcloud.%s %s LIMIT 20', list, page))
  FROM (VALUES
	('partners', 'ORDER BY id'),
	('partners', $$WHERE id > '00000000040070008000000000000000' ORDER BY id$$),
	('providers', 'ORDER BY id'),
	('providers', $$WHERE id > '00000000040070008000000000000000' ORDER BY id$$),
	('partner_contacts', 'ORDER BY account_id, id'),
	('partner_contacts', $$WHERE account_id > '00000000040070008000000000000000' ORDER BY account_id, id$$),
	('invitations_sent', 'ORDER BY created_at DESC, id DESC'),
	('invitations_sent', $$WHERE (created_at, id) < (now() + interval '2 hours', '00000000040070008000000000000000')
						   ORDER BY created_at DESC, id DESC$$),
	('invitations_sent', $$WHERE status = 'accepted' ORDER BY created_at DESC$$),
	('invitations_sent', ''),
	('requests_sent', ''),
	('requests_sent', $$WHERE (created_at, id) < (now(), '00000000040070008000000000000000')
						ORDER BY created_at DESC, id DESC$$),
	('requests_sent', $$WHERE status = 'open' ORDER BY created_at DESC$$),
	('activity', ''),
	('activity', $$WHERE id < '00000000800070008000000000000000' ORDER BY id DESC$$),
	('shifts', ''),
	('shifts', $$WHERE request_id < '00000000040070008000000000000000' ORDER BY request_id DESC$$)) AS t (list, page);
SET LOCAL request.jwt.claims = '{"sub":"page b0"}';
SELECT pg_temp.page_is_short(format('SELECT * FROM tempcloud.%s %s LIMIT 20', list, page))
  FROM (VALUES ('invitations_received', ''), ('requests_received', ''),
	('requests_received', $$WHERE (created_at, id) < (now(), '00000000040070008000000000000000')
							ORDER BY created_at DESC, id DESC$$),
	('requests_received', $$WHERE status = 'open' ORDER BY created_at DESC$$)) AS t (list, page);
SELECT is(count(*), 1::bigint, 'the customers of another account') FROM tempcloud.customers;

-- What a function reads is not in the plan of its caller: its buffers tell. The busiest account
-- reads no more than half as much again as one with a single row of everything, but for the
-- rows that it returns.
CREATE FUNCTION pg_temp.buffers(subject text, call text, OUT buffers bigint)
LANGUAGE plpgsql
AS $$
DECLARE
	plan jsonb;
BEGIN
	PERFORM set_config('request.jwt.claims', json_build_object('sub', subject)::text, true);
	FOR run IN 1 .. 2 LOOP	-- the first one loads plans and catalogs
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) ' || call INTO plan;
	END LOOP;
	buffers := (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END
$$;
CREATE FUNCTION pg_temp.is_flat(call text, allowed bigint DEFAULT 0)
RETURNS SETOF text
LANGUAGE sql
AS $$
SELECT ok(greatest(customer.buffers, provider.buffers) <= 1.5 * light.buffers + allowed,
		  format('%s: %s buffers of the busiest customer, %s of the busiest provider, %s of a light one', call, customer.buffers,
				 provider.buffers, light.buffers))
  FROM pg_temp.buffers('page a0', call) AS customer, pg_temp.buffers('page b0', call) AS provider, pg_temp.buffers('page a7', call) AS light;
$$;
-- three counts of 100 and one of 200 are full
SELECT pg_temp.is_flat('SELECT tempcloud.badge_counts()', 400);
SELECT pg_temp.is_flat('SELECT tempcloud.mark_read(id) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a', 15);
-- A page by name ends when it is full, whatever it is of. If nothing matches, the index of the
-- account's names is read to its end, and here, where nothing is vacuumed, their rows.
SET LOCAL request.jwt.claims = '{"sub":"page a0"}';
SELECT id AS last FROM tempcloud.partners OFFSET 5000 LIMIT 1 \gset
SELECT cmp_ok(pg_temp.buffers('page a0', format('SELECT * FROM tempcloud.search_partners(%s, max_partners => 20)', arguments)), '<', most,
			  'search_partners: ' || arguments)
  FROM (VALUES ('NULL', 700::bigint), ($$'bieter'$$, 700), ('archived => true', 700), ($$city => 'Bonn'$$, 700),
			   ('responsible_id => tempcloud.current_contact_id()', 700), (format('after_id => %L', :'last'), 700),
			   ($$'niemand'$$, 20000)) v (arguments, most);
SET LOCAL request.jwt.claims = '{"sub":"page b0"}';

-- What is embedded into a page, as PostgREST asks for it, is found by the keys of
-- the page's rows.
CREATE FUNCTION pg_temp.embedded_is_short(list text, function text, single boolean)
RETURNS text
LANGUAGE sql
AS $$
SELECT ok(rows BETWEEN 20 AND 50 AND steps !~ 'Seq Scan (partnership|invitation|contact|account|staff_order|request|shift)(,|$)'
		  AND steps !~ 'Function Scan',
		  format('%s with %s: %s rows by %s', list, function, rows, steps))
  FROM pg_temp.run(format(CASE WHEN single
	THEN 'SELECT %1$I.*, row_to_json(e.*)::jsonb FROM tempcloud.%1$I
		  LEFT JOIN LATERAL (SELECT f.* FROM tempcloud.%2$I(%1$I::tempcloud.%1$I) AS f) AS e ON true %3$s LIMIT 20'
	ELSE 'SELECT %1$I.*, coalesce(e.e, ''[]'') FROM tempcloud.%1$I
		  LEFT JOIN LATERAL (SELECT json_agg(e)::jsonb AS e
							   FROM (SELECT f.* FROM tempcloud.%2$I(%1$I::tempcloud.%1$I) AS f) AS e) AS e ON true %3$s LIMIT 20'
	END, list, function, CASE WHEN list IN ('partners', 'providers') THEN format('ORDER BY %I.id', list) END))
$$;
RESET ROLE;
CREATE TEMP TABLE relationship AS
SELECT typname::text AS list, proname::text AS function, prorows = 1 AS single
  FROM pg_proc p JOIN pg_type t ON t.oid = proargtypes[0] AND typtype = 'c'
 WHERE pronamespace = 'tempcloud'::regnamespace AND pronargs = 1;
GRANT SELECT ON relationship TO tempcloud_user;
SET LOCAL ROLE tempcloud_user;
SET LOCAL request.jwt.claims = '{"sub":"page a0"}';
SELECT pg_temp.embedded_is_short(list, function, single)
  FROM relationship WHERE list NOT IN ('customers', 'invitations_received', 'requests_received', 'assignments')
 ORDER BY list, function;
SET LOCAL request.jwt.claims = '{"sub":"page b0"}';
SELECT pg_temp.embedded_is_short(list, function, single)
  FROM relationship WHERE list IN ('invitations_received', 'requests_received', 'shifts')
 ORDER BY list, function;

-- A whole list is what it is.
SET LOCAL request.jwt.claims = '{"sub":"page a0"}';
SELECT is(count(*), 20000::bigint, list) FROM (
	SELECT 'partners' AS list FROM tempcloud.partners
	 UNION ALL
	SELECT 'partner_contacts' FROM tempcloud.partner_contacts
	 UNION ALL
	SELECT 'invitations_sent' FROM tempcloud.invitations_sent) t GROUP BY list;
SELECT isnt((pg_temp.run('SELECT * FROM tempcloud.partners ORDER BY company_name LIMIT 20')).rows < 50, true,
	'a list in another order is not a short way');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
