\set c random(0, :accounts - 1)
\set a random(1, 2000000000)
BEGIN;
INSERT INTO bare.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, given_name, family_name, company_name, message, locale, expires_at) VALUES (bench.key('c', :c), 'customer', bench.key('d', :c), 'provider', 'b' || :a || '@anbieter.example', 'Bob', 'Berg', 'Anbieter GmbH', 'Wir suchen zwei Staplerfahrer.', 'de', now() + interval '30 days') RETURNING id \gset
INSERT INTO bare.mail (kind, invitation_id, round, recipient, recipient_name, locale, message_domain) VALUES ('invitation', :id, 1, 'b' || :a || '@anbieter.example', 'Bob Berg', 'de', 'tempcloud.invalid');
INSERT INTO bare.event (event, account_id, contact_id, invitation_id) VALUES ('invitation.created', bench.key('c', :c), bench.key('d', :c), :id);
COMMIT;
