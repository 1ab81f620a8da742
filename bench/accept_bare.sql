\set i :i + 1
\set n :first + :client_id + :sessions * :i
\set p :n % :accounts
\set c :n / :accounts
BEGIN;
UPDATE bare.invitation SET status = 'accepted', decided_by = bench.key('b', :p), decided_at = clock_timestamp() WHERE id = bench.key('1', :n);
INSERT INTO bare.partnership (customer_id, provider_id, invitation_id, accepted_by) VALUES (bench.key('c', :c), bench.key('a', :p), bench.key('1', :n), bench.key('b', :p));
INSERT INTO bare.mail (kind, invitation_id, round, recipient, recipient_name, locale, message_domain) VALUES ('invitation_accepted', bench.key('1', :n), 1, 'c' || :c || '@kunde.example', 'Anna Alt', 'de', 'tempcloud.invalid');
INSERT INTO bare.event (event, account_id, contact_id, partner_id, invitation_id) VALUES ('invitation.accepted', bench.key('a', :p), bench.key('b', :p), bench.key('c', :c), bench.key('1', :n));
COMMIT;
