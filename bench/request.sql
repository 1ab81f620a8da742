\set c random(1, :accounts - 1)
\set p 1 + :c % (:accounts - 1)
SELECT (tempcloud.send_request(bench.key('a', :p), 'Staplerfahrer', 'Berlin', '[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2}, {"starts_at": "2100-01-02 06:00", "ends_at": "2100-01-02 14:00", "headcount": 2}, {"starts_at": "2100-01-03 08:00", "ends_at": "2100-01-03 16:00", "headcount": 1}]', department => 'Lager 2')).id FROM tempcloud.act_as('c' || :c);
