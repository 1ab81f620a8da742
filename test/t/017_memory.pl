# A session that goes on and on needs no more memory at its end than before.
#
# TEMPCLOUD_CALLS says how many; make soak has a million.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $CALLS = $ENV{TEMPCLOUD_CALLS} // 40_000;

# In kB. What is used is flat but for plans that are made anew; what the process
# has goes up by steps early on. A piece of 32 bytes that one of the 14 kinds of
# call forgets is 80 kB in 40,000 calls, and 2 MB in a million.
my $USED = 64;
my $OWN = 1024;

plan skip_all => '/proc does not tell the memory of processes'
  unless -r '/proc/self/status' && slurp_file('/proc/self/status') =~ /^RssAnon/m;

my $node = new_server('main', conf => <<'EOT');
log_min_messages = fatal
autovacuum_naptime = 5
EOT
my ($out, $err);
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

	IPC::Run::run([ '/usr/bin/python3', "$FindBin::RealBin/../memory_client.py", $CALLS ], '>', \$out, '2>', \$err);
}
is($err, '', 'all calls do what they should');
my ($used, $used_at_end, $own, $own_at_end) = split ' ', $out;
note("$CALLS calls: $used kB used after a tenth of them, $used_at_end kB at the end; of its own the process has $own kB after half of them, $own_at_end kB at the end");
cmp_ok($used_at_end - $used, '<', $USED, 'what is used does not grow');
cmp_ok($own_at_end - $own, '<', $OWN, 'what the process has does not grow');

$node->stop;
done_testing();
