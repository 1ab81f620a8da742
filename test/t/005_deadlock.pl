# Lists of addresses in any order, from several accounts at once: the commands
# take their locks in one order, so that none ever waits in a circle.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Tempcloud;

my $clients = 6;
my $node = new_server('deadlock');

# Customers a0, a1 ... invite the same addresses; of these some belong to
# providers b0, b1 ..., who invite the customers.
for my $n (0 .. $clients - 1)
{
	as_caller($node, "a$n", "SELECT FROM tempcloud.register_account('customer', 'Kunde $n', 'A', 'A')");
	as_caller($node, "b$n", "SELECT FROM tempcloud.register_account('provider', 'Anbieter $n', 'B', 'B')");
}
my $lists = <<'SQL';
\set side random(0, 1)
BEGIN;
SELECT set_config('request.jwt.claims', json_build_object('sub',
	CASE :side WHEN 0 THEN 'a' ELSE 'b' END || :client_id)::text, true);
SELECT count(*) FROM tempcloud.invite_many((
	SELECT jsonb_agg(jsonb_build_object('email', address) ORDER BY random())
	  FROM (SELECT CASE :side WHEN 0 THEN 'b' || n || '@anbieter.example' ELSE 'a' || n || '@kunde.example' END
			  FROM generate_series(0, 5) n
			 UNION ALL
			SELECT 'x' || n || '@else.example' FROM generate_series(1, 10) n) t (address)));
ROLLBACK;
SQL

$node->pgbench("--no-vacuum --client=$clients --transactions=40",
	0,
	[qr{processed: 240/240}],
	[qr{^(?!.*deadlock)}s],
	'lists in any order',
	{ lists => $lists });
unlike(log_of($node), qr/deadlock detected/, 'no deadlock');
done_testing();
