# Commands that meet: some of all cases of test/pairs, chosen anew each time, and all of
# the pairs that were wrong once, or waited for each other in a circle.
#
# TEMPCLOUD_PAIRS says how many; make soak takes all.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $sample = $ENV{TEMPCLOUD_PAIRS} // 200;
my $node = new_server('main', conf => "fsync = off\ndeadlock_timeout = 100ms\n");

local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

my @options = $sample eq 'all' ? () : ('--sample', $sample);
my $out = '';
ok(IPC::Run::run([ '/usr/bin/python3', "$FindBin::RealBin/../pairs", @options ], '>&', \$out),
	'as one after the other, and nobody waits who need not')
  or diag($out);
note($out);

my ($cases, $stopped, $waited, $again, $deadlocks) =
  $out =~ /^(\d+) cases .* (\d+) stopped, (\d+) waited, (\d+) tried again, (\d+) deadlocks/m;
cmp_ok($cases, '>=', $sample eq 'all' ? 10_000 : $sample + 500, 'there were so many cases');
like($out, qr/^[1-9]\d+ dangerous pairs among them/m, 'the dangerous pairs are among them')
  unless $sample eq 'all';
cmp_ok($stopped, '>', $cases / 20, 'some were stopped in their midst');
cmp_ok($waited, '>', $cases / 20, 'some waited for the other');
cmp_ok($again, '>', $cases / 50, 'some had to try again');
is($deadlocks, 0, 'none waited for each other');

$node->stop;
done_testing();
