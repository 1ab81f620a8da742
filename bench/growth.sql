-- A database in which most accounts have 20 partners, 40 invitations and 8 requests,
-- and two have much more: customer c0 and provider p0 have :partners partners each,
-- and c0 has sent :sent invitations and :ordered requests. There are :accounts
-- accounts of each kind.
--
-- In bulk: the triggers and foreign keys would look at each row by itself.

\ir accounts.sql

SET session_replication_role = replica;
SET synchronous_commit = off;
ALTER TABLE tempcloud_data.invitation DISABLE TRIGGER USER;
ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER;

-- Accepted ones: invitation 1… of a pair
CREATE TEMP TABLE pair AS
SELECT row_number() OVER () AS n, customer, provider
  FROM (SELECT k AS customer, 1 + (k + j * 7919::bigint) % (:accounts - 1) AS provider
		  FROM generate_series(1, :accounts - 1) k, generate_series(0, 19) j
		 UNION
		SELECT 0, n FROM generate_series(1, :partners) n
		 UNION
		SELECT n, 0 FROM generate_series(1, :partners) n) p;
INSERT INTO tempcloud_data.invitation
	(id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale,
	 status, created_at, sent_at, expires_at, decided_at, decided_by)
SELECT bench.key('1', n), bench.key('c', customer), 'customer', bench.key('d', customer),
	   bench.key('a', provider), 'provider', 'p' || provider || '@anbieter.example', 'de',
	   'accepted', t, t, t + interval '30 days', t + interval '1 day', bench.key('b', provider)
  FROM (SELECT *, now() - interval '400 days' + n * interval '30 s' AS t FROM pair) p;
INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by, created_at)
SELECT inviter_id, invitee_id, id, decided_by, decided_at FROM tempcloud_data.invitation;
INSERT INTO tempcloud_data.partner_note (account_id, partner_id, customer_id, provider_id, sort_name, sort_city, archived)
SELECT n.account_id, n.partner_id, p.customer_id, p.provider_id, tempcloud_data.fold(a.company_name),
	   CASE WHEN n.n % 3 = 0 THEN 'bonn' ELSE 'berlin' END, n.n % 4 = 0
  FROM (SELECT *, row_number() OVER () AS n FROM tempcloud_data.partnership) p
 CROSS JOIN LATERAL (VALUES (p.customer_id, p.provider_id, p.n), (p.provider_id, p.customer_id, p.n)) n (account_id, partner_id, n)
  JOIN tempcloud_data.account a ON a.id = n.partner_id;

-- Others of the same customers, to addresses without an account: one in 100 is
-- pending, at most 900 of an account, and one in 50 was declined.
INSERT INTO tempcloud_data.invitation
	(id, inviter_id, inviter_kind, invited_by, invitee_kind, email, locale,
	 status, created_at, sent_at, expires_at, decided_at, decided_by)
SELECT bench.key('2', n), bench.key('c', customer), 'customer', bench.key('d', customer),
	   'provider', 'x' || n || '@anderswo.example', 'de', status::tempcloud.invitation_status, t, t,
	   CASE WHEN status = 'pending' THEN now() + interval '20 days' ELSE t + interval '30 days' END,
	   CASE WHEN status <> 'pending' THEN t + interval '2 days' END,
	   CASE WHEN status = 'withdrawn' THEN bench.key('d', customer) END
  FROM (SELECT n, customer, now() - interval '300 days' + n * interval '20 s' AS t,
			   CASE WHEN random = 0 AND nth <= 90000 THEN 'pending'
					WHEN random <= 2 THEN 'declined' WHEN random <= 35 THEN 'withdrawn' ELSE 'expired' END AS status
		  FROM (SELECT row_number() OVER () AS n, customer, nth,
					   abs(hashint8(customer * 1000000::bigint + nth)::bigint) % 100 AS random
				  FROM (SELECT k AS customer, j AS nth
						  FROM generate_series(1, :accounts - 1) k, generate_series(1, 20) j
						 UNION ALL
						SELECT 0, n FROM generate_series(1, :sent - :partners) n) o) o) o;

INSERT INTO tempcloud_data.mail
	(kind, invitation_id, round, recipient, recipient_name, locale, message_domain, state, attempt,
	 created_at, due_at, closed_at)
SELECT 'invitation', i.id, 1, i.email, '', 'de', 'bench.example', 'sent', 1,
	   i.created_at, i.created_at, i.created_at + interval '1 min'
  FROM tempcloud_data.invitation i;
INSERT INTO tempcloud_data.event (at, event, account_id, contact_id, partner_id, invitation_id)
SELECT i.created_at, 'invitation.created', i.inviter_id, i.invited_by, i.invitee_id, i.id
  FROM tempcloud_data.invitation i;

-- Requests: of 8 of most customers 3 are open, 3 accepted and 2 declined; of those of
-- c0 one in 20 is open and one in 2 was accepted.
ALTER TABLE tempcloud_data.staff_order DISABLE TRIGGER USER;
ALTER TABLE tempcloud_data.request DISABLE TRIGGER USER;
ALTER TABLE tempcloud_data.shift DISABLE TRIGGER USER;
CREATE TEMP TABLE asked AS
SELECT row_number() OVER () AS n, a.*
  FROM (SELECT customer, provider,
			   CASE WHEN nth <= 3 THEN 'open' WHEN nth <= 6 THEN 'accepted' ELSE 'declined' END AS status
		  FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY hashint8(customer * 1000003::bigint + provider)) AS nth
				  FROM pair WHERE customer > 0) p
		 WHERE nth <= 8
		 UNION ALL
		SELECT 0, 1 + n % :partners,
			   CASE WHEN n % 20 = 0 THEN 'open' WHEN n % 2 = 1 THEN 'accepted' ELSE 'declined' END
		  FROM generate_series(1, :ordered) n) a;
INSERT INTO tempcloud_data.staff_order (id, customer_id, ordered_by, name, created_at)
SELECT bench.key('3', n), bench.key('c', customer), bench.key('d', customer), 'Auftrag ' || n,
	   now() - interval '200 days' + n * interval '1 min'
  FROM asked;
INSERT INTO tempcloud_data.request
	(id, order_id, customer_id, provider_id, profession, location, time_zone, status, answer_by, created_at, decided_at,
	 decided_by)
SELECT bench.key('4', n), bench.key('3', n), bench.key('c', customer), bench.key('a', provider),
	   'Pflegefachkraft', 'Berlin', 'Europe/Berlin', status::tempcloud.request_status, now() + interval '10 days', t,
	   CASE WHEN status <> 'open' THEN t + interval '1 hour' END,
	   CASE WHEN status <> 'open' THEN bench.key('b', provider) END
  FROM (SELECT *, now() - interval '200 days' + n * interval '1 min' AS t FROM asked) a;
INSERT INTO tempcloud_data.shift (id, request_id, customer_id, starts_at, ends_at, headcount, offered)
SELECT bench.key('5', n * 10 + s), bench.key('4', n), bench.key('c', customer), t + s * interval '1 day', t + s * interval '1 day' + interval '8 hours',
	   2, CASE WHEN status = 'accepted' THEN 2 END
  FROM (SELECT n, customer, status, date_trunc('hour', now()) - interval '180 days' + n * interval '90 s' AS t FROM asked) a,
	   generate_series(1, 4) s;
ALTER TABLE tempcloud_data.staff_order ENABLE TRIGGER USER;
ALTER TABLE tempcloud_data.request ENABLE TRIGGER USER;
ALTER TABLE tempcloud_data.shift ENABLE TRIGGER USER;
ALTER TABLE tempcloud_data.invitation ENABLE TRIGGER USER;
ALTER TABLE tempcloud_data.partnership ENABLE TRIGGER USER;

DROP TABLE asked, pair;
