-- Pending invitations :first to :last of customers to providers, to be accepted.

INSERT INTO :schema.invitation
	(id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, expires_at)
SELECT bench.key('1', n), bench.key('c', n / :accounts), 'customer', bench.key('d', n / :accounts),
	   bench.key('a', n % :accounts), 'provider', 'p' || n % :accounts || '@anbieter.example', 'de',
	   now() + interval '30 days'
  FROM generate_series(:first::bigint, :last) n;
