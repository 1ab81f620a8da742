\set c random(1, :accounts - 1)
\set p 1 + :c % (:accounts - 1)
BEGIN;
INSERT INTO bare.staff_order (customer_id, ordered_by, name) VALUES (bench.key('c', :c), bench.key('d', :c), 'Staplerfahrer') RETURNING id AS order \gset
INSERT INTO bare.request (order_id, customer_id, provider_id, profession, location, department, time_zone, answer_by) VALUES (:order, bench.key('c', :c), bench.key('a', :p), 'Staplerfahrer', 'Berlin', 'Lager 2', 'Europe/Berlin', '2100-01-01 06:00') RETURNING id AS request \gset
INSERT INTO bare.shift (request_id, starts_at, ends_at, headcount) VALUES (:request, '2100-01-01 06:00', '2100-01-01 14:00', 2), (:request, '2100-01-02 06:00', '2100-01-02 14:00', 2), (:request, '2100-01-03 08:00', '2100-01-03 16:00', 1);
INSERT INTO bare.mail (kind, request_id, recipient, recipient_name, locale, message_domain) VALUES ('request_received', :request, 'p' || :p || '@anbieter.example', 'Bob Berg', 'de', 'tempcloud.invalid');
INSERT INTO bare.event (event, account_id, contact_id, partner_id, request_id) VALUES ('request.sent', bench.key('c', :c), bench.key('d', :c), bench.key('a', :p), :request);
COMMIT;
