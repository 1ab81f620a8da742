\set c random(1, :accounts - 1)
\set p 1 + :c % (:accounts - 1)
\if :tied
INSERT INTO bench.invoice (customer_id, provider_id, amount) VALUES (bench.key('c', :c), bench.key('a', :p), 100);
\else
INSERT INTO bench.free_invoice (customer_id, provider_id, amount) VALUES (bench.key('c', :c), bench.key('a', :p), 100);
\endif
