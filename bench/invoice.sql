\set c random(1, :accounts - 1)
\set p 1 + :c % (:accounts - 1)
INSERT INTO bench.:table (customer_id, provider_id, amount) VALUES (bench.key('c', :c), bench.key('a', :p), 100);
