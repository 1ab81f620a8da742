# Commands that meet: some of all cases of test/pairs, chosen anew each time, and those
# that were wrong once.
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

my $sample = $ENV{TEMPCLOUD_PAIRS} // 600;
my @once_wrong = ('send confirmation; remove colleague', 'remove colleague; confirm colleague', 'withdraw; register by link',
	'resend; register by link', 'accept as another; erase', 'maintain; invite again', 'leave; leave', 'type it, too; erase', 'change address; erase the colleague');
my $node = new_server('main', conf => "fsync = off\ndeadlock_timeout = 100ms\n");

local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

sub pairs
{
	my (@options) = @_;
	my $out = '';
	my $right = IPC::Run::run([ '/usr/bin/python3', "$FindBin::RealBin/../pairs", @options ], '>&', \$out);

	note($out);
	ok($right, "@options: as one after the other") or diag($out);
	return $out;
}

my $out = pairs($sample eq 'all' ? () : ('--sample', $sample));
my ($cases, $waited, $again) = $out =~ /^(\d+) cases .* (\d+) waited, (\d+) tried again/m;
cmp_ok($cases, '>=', $sample eq 'all' ? 10_000 : $sample, 'there were so many cases');
cmp_ok($waited, '>', $cases / 20, 'some waited for the other');
cmp_ok($again, '>', $cases / 50, 'some had to try again');
foreach my $pair (@once_wrong)
{
	like(pairs('--find', $pair), qr/^(?!0 )\d+ cases of \d+ pairs/m, "there are cases of $pair");
}

$node->stop;
done_testing();
