# The parsers of what comes from outside, and other code that needs no server, under
# AddressSanitizer and UBSan, with the inputs that are kept. make fuzz looks for others.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $corpus = "$FindBin::RealBin/../fuzz/corpus";
my ($out, $err) = ('', '');

ok(IPC::Run::run([ "$FindBin::RealBin/../../scripts/fuzz", 'replay' ], '>', \$out, '2>', \$err), 'nothing breaks')
  or diag("$out$err");
foreach my $target (qw(token claims due trace dsn iso_time))
{
	my $inputs = () = glob("$corpus/$target/*");

	cmp_ok($inputs, '>=', 5, "$target: there are inputs");
	is(scalar(() = $out =~ m{^\S*corpus/$target/}mg), $inputs, "$target: each was read");
}
done_testing();
