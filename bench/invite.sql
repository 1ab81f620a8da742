\set c random(0, :accounts - 1)
\set a random(1, 2000000000)
SELECT (tempcloud.invite('b' || :a || '@anbieter.example', given_name => 'Bob', family_name => 'Berg', company_name => 'Anbieter GmbH', message => 'Wir suchen zwei Staplerfahrer.')).id FROM tempcloud.act_as('c' || :c);
