# What a function or a page of a list reads does not grow with the account or with the
# database: see growth in bench/README.md, which counts the buffers.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $node = new_server('main', conf => <<'EOT');
shared_preload_libraries = 'tempcloud'
tempcloud.maintenance_interval = 0
tempcloud.allow_destruction = on
autovacuum = off
EOT
my ($out, $err);
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);

	IPC::Run::run([ '/usr/bin/python3', "$FindBin::RealBin/../../bench/run", '--sides', 'growth',
			'--accounts', 690, '--most-growth', 1.5 ], '>', \$out, '2>', \$err);
}
note($out);
cmp_ok(scalar(() = $out =~ /^\| .* \| [0-9.]+ \|$/mg), '>=', 50, 'functions and lists are measured, before and after ANALYZE');
is($err, '', 'none reads more than half as much again');

$node->stop;
done_testing();
