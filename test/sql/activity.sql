-- activity: what has happened, what a person has read, and what waits for them

SET ROLE tempcloud_user;
\set anna '{"sub":"anna.activity","email":"anna@kunde.activity.example","email_verified":true}'
\set alma '{"sub":"alma.activity","email":"alma@kunde.activity.example","email_verified":true}'
\set bob '{"sub":"bob.activity","email":"bob@anbieter.activity.example","email_verified":true}'
\set nora '{"sub":"nora.activity"}'
\set erik '{"sub":"erik.activity","email":"erik@dritte.activity.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
SELECT test.company(:'erik', 'customer', 'Dritte OHG', 'Erik', 'Ernst') AS dritte \gset

-- Who invites is known to the invitee, who is invited only by what was entered.
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.activity.example', company_name => 'Bobs Leute') \gset
SELECT id AS other FROM tempcloud.invite('nobody@anbieter.activity.example', company_name => 'Niemand GmbH') \gset
SELECT event, ours, person, company, partner_id, unread FROM tempcloud.activity;
SET request.jwt.claims = :'bob';
SELECT event, ours, person, company, partner_id, unread FROM tempcloud.activity;
SELECT * FROM tempcloud.badge_counts();

-- Others' activity is unread until it is marked, by each person for themself.
SELECT count(tempcloud.mark_read(id)) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a;
SELECT count(*) FILTER (WHERE unread) AS unread FROM tempcloud.activity;
SELECT activity_unread, invitations_received FROM tempcloud.badge_counts();
SELECT tempcloud.decline_invitation(:'invitation', 'Nein') \gset
SET request.jwt.claims = :'anna';
-- Who declined is not shown: a refusal does not tell whose address it is.
SELECT event, ours, person, company, partner_id, unread FROM tempcloud.activity LIMIT 1;
SELECT activity_unread FROM tempcloud.badge_counts();
SELECT id AS first FROM tempcloud.activity ORDER BY id LIMIT 1 \gset
SELECT tempcloud.mark_read(:'first') = :'first' AS first;
SELECT activity_unread FROM tempcloud.badge_counts();
SELECT count(tempcloud.mark_read(id)) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a;
SELECT activity_unread FROM tempcloud.badge_counts();
-- A mark does not go back.
SELECT tempcloud.mark_read(:'first') = (SELECT id FROM tempcloud.activity LIMIT 1) AS newest;
SELECT activity_unread FROM tempcloud.badge_counts();
-- A colleague has a mark of their own, and has missed nothing that is older.
SELECT id AS alma_id FROM tempcloud.add_contact('Alma', 'Auer', 'alma@kunde.activity.example') \gset
RESET ROLE;
UPDATE tempcloud_data.contact SET subject = 'alma.activity', email_verified_at = now() WHERE id = :'alma_id';
SET ROLE tempcloud_user;
SELECT status FROM tempcloud.withdraw_invitation(:'other');
SET request.jwt.claims = :'alma';
SELECT current_contact_id = :'alma_id' AS alma FROM tempcloud.current_contact_id();
SELECT activity_unread > 0 AS something, activity_unread < (SELECT count(*) FROM tempcloud.activity) AS not_all FROM tempcloud.badge_counts();
SELECT count(tempcloud.mark_read(id)) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a;
SELECT activity_unread FROM tempcloud.badge_counts();

-- An event of others, or none, cannot be marked.
SET request.jwt.claims = :'erik';
SELECT test.refusal(format('SELECT tempcloud.mark_read(%L)', :'first'));
SELECT test.refusal('SELECT tempcloud.mark_read(''00000000-0000-7000-8000-000000000000'')');
SELECT event FROM tempcloud.activity;
SET request.jwt.claims = :'nora';
SELECT test.refusal('SELECT tempcloud.mark_read(NULL)');
SELECT test.refusal(format('SELECT tempcloud.mark_read(%L)', :'first'));
SELECT test.refusal('SELECT tempcloud.badge_counts()');
SELECT count(*) FROM tempcloud.activity;
SELECT current_contact_id FROM tempcloud.current_contact_id();

-- Partners are shown with their names.
SELECT test.partners(:'bob', :'erik') \gset
SET request.jwt.claims = :'erik';
SELECT r.id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', test.shifts(2, 1)) r \gset
SELECT invitations_received, requests_open, requests_unfilled FROM tempcloud.badge_counts();
SET request.jwt.claims = :'bob';
SELECT event, ours, person, company, partner_id = :'dritte' AS partner, unread, request_id = :'request' AS request
  FROM tempcloud.activity LIMIT 3;
SELECT invitations_received, requests_open, requests_unfilled FROM tempcloud.badge_counts();

-- A request counts as unfilled from its acceptance until all names are there.
SELECT status FROM tempcloud.answer_request(:'request', true);
SELECT requests_open, requests_unfilled FROM tempcloud.badge_counts();
SELECT id AS big FROM tempcloud.shifts WHERE headcount = 2 \gset
SELECT id AS small FROM tempcloud.shifts WHERE headcount = 1 \gset
SELECT place FROM tempcloud.assign_workers(:'big', '{Paul Pack,Petra Pfeil}');
SELECT requests_unfilled FROM tempcloud.badge_counts();
SELECT place FROM tempcloud.assign_workers(:'small', '{Peter Pan}');
SELECT requests_unfilled FROM tempcloud.badge_counts();
SELECT place FROM tempcloud.assign_workers(:'big', '{Paul Pack}');
SELECT requests_unfilled FROM tempcloud.badge_counts();
SET request.jwt.claims = :'erik';
SELECT requests_unfilled FROM tempcloud.badge_counts();
SELECT status FROM tempcloud.cancel_request(:'request', 'Grund');
SELECT requests_unfilled FROM tempcloud.badge_counts();
-- Past its time, neither counts any more.
SELECT r.id AS request FROM tempcloud.send_request(:'anbieter', 'Koch', 'Bonn', test.shifts(1)) r \gset
SELECT requests_open FROM tempcloud.badge_counts();
RESET ROLE;
SELECT test.refusal(format('UPDATE tempcloud_data.request SET unfilled_until = now() WHERE id = %L', :'request'));
ALTER TABLE tempcloud_data.request DISABLE TRIGGER USER;
UPDATE tempcloud_data.request SET created_at = now() - interval '1 day', answer_by = now() WHERE id = :'request';
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard;
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard_after;
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_truncate;
SELECT requests_open FROM tempcloud.badge_counts();

-- Counts end at 100.
SET tempcloud.max_daily_invitations = -1;
SET tempcloud.max_daily_requests = -1;
SET ROLE tempcloud_user;
SELECT count(r.id) FROM generate_series(1, 120) n, tempcloud.send_request(:'anbieter', 'Koch ' || n, 'Bonn', test.shifts(1)) r;
SELECT requests_open FROM tempcloud.badge_counts();
SET request.jwt.claims = :'bob';
SELECT requests_open, activity_unread FROM tempcloud.badge_counts();
RESET ROLE;

-- An invitation that has waited for an address tells the new account who invites; it does
-- not tell the inviter that there is one, if that is not to be revealed.
SET tempcloud.reveal_registered = off;
SET ROLE tempcloud_user;
\set lena '{"sub":"lena.activity","email":"lena@anbieter.activity.example","email_verified":true}'
SET request.jwt.claims = :'erik';
SELECT company_name FROM tempcloud.invite('lena@anbieter.activity.example', company_name => 'Wie Erik sie nennt');
SELECT test.company(:'lena', 'provider', 'Lena GmbH', 'Lena', 'Lang') AS lena_gmbh \gset
SET request.jwt.claims = :'lena';
SELECT event, ours, person, company, partner_id, unread FROM tempcloud.activity;
SET request.jwt.claims = :'erik';
SELECT event, ours, person, company FROM tempcloud.activity LIMIT 1;
RESET ROLE;
RESET tempcloud.reveal_registered;
