\set customer random(1, :accounts - 1)
\set n random(0, 19)
SELECT tempcloud.partnership_receipt(bench.key('a', 1 + (:customer + :n * 7919::bigint) % (:accounts - 1)))
  FROM tempcloud.act_as('c' || :customer);
