\set i :i + 1
\set n :first + :client_id + :sessions * :i
\set p :n % :accounts
SELECT tempcloud.accept_invitation(bench.key('1', :n)) FROM tempcloud.act_as('p' || :p);
