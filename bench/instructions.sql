-- What the commands of the side instructions begin with: customers c1, c2, ... with 20
-- partners each; pending invitations of customer c0 to the providers p0, p1, ...,
-- which have no other; a request of c<n> to its first partner for each n that is open,
-- and one of a single shift that is accepted; and queued mails that invite.

\ir partnerships.sql
SELECT :accounts - 1 AS last \gset

INSERT INTO tempcloud_data.invitation
	(id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, message, expires_at)
SELECT bench.key('3', n), bench.key('c', 0), 'customer', bench.key('d', 0),
	   bench.key('a', n), 'provider', 'p' || n || '@anbieter.example', 'de', 'Wir suchen zwei Staplerfahrer.',
	   now() + interval '30 days'
  FROM generate_series(0, :last) n;
INSERT INTO tempcloud_data.staff_order (id, customer_id, ordered_by, name, created_at)
SELECT bench.key('6', n), bench.key('c', n), bench.key('d', n), 'Auftrag ' || n, now()
  FROM generate_series(1, :last) n;
INSERT INTO tempcloud_data.request
	(id, order_id, customer_id, provider_id, profession, location, time_zone, status, answer_by, created_at, decided_at,
	 decided_by)
SELECT bench.key(prefix, n), bench.key('6', n), bench.key('c', n), bench.key('a', 1 + n % :last),
	   'Pflegefachkraft', 'Berlin', 'Europe/Berlin', status::tempcloud.request_status, now() + interval '10 days', now(),
	   CASE WHEN status <> 'open' THEN now() END,
	   CASE WHEN status <> 'open' THEN bench.key('b', 1 + n % :last) END
  FROM generate_series(1, :last) n, (VALUES ('7', 'open'), ('8', 'accepted')) AS r (prefix, status);
INSERT INTO tempcloud_data.shift (id, request_id, customer_id, starts_at, ends_at, headcount, offered)
SELECT bench.key('7', n * 10 + s), bench.key('7', n), bench.key('c', n),
	   now() + s * interval '20 days', now() + s * interval '20 days' + interval '8 hours', 2, NULL
  FROM generate_series(1, :last) n, generate_series(1, 3) s
 UNION ALL
SELECT bench.key('8', n), bench.key('8', n), bench.key('c', n),
	   now() + interval '20 days', now() + interval '20 days 8 hours', 2, 2
  FROM generate_series(1, :last) n;
INSERT INTO tempcloud_data.mail
	(kind, invitation_id, round, recipient, recipient_name, locale, message_domain)
SELECT 'invitation', bench.key('3', n), 1, 'p' || n || '@anbieter.example', 'Bob Berg', 'de', 'tempcloud.invalid'
  FROM generate_series(0, :last) n;
\ir bare.sql
\ir by_hand.sql
VACUUM ANALYZE;
