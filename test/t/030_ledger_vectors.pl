# The ledger's tree, proofs and keys, compared with answers that others have
# published. What the server returns is verified by other programs in 028_ledger.pl.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $folder = PostgreSQL::Test::Utils::tempdir;
my $vectors = "$root/test/ledger/vectors.txt";

# What a command prints for an input; the command must succeed.
sub output_of
{
	my ($input, @command) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run(\@command, '<', \$input, '>', \$out, '2>', \$err) or die "@command: $err";
	return $out;
}

sub pg_config { return output_of('', $ENV{PG_CONFIG} // 'pg_config', "--$_[0]") =~ s/\n//r; }

# The tree, without a server
my ($libdir) = grep { -f "$_/libpgcommon.a" } pg_config('pkglibdir'), pg_config('libdir');
output_of('', 'cc', '-Wall', '-Werror', '-DFRONTEND', '-I' . pg_config('includedir-server'), "-I$root/src",
	"$root/test/ledger/merkle.c", "$root/src/rule/merkle.c", "$libdir/libpgcommon.a", "$libdir/libpgport.a",
	'-lcrypto', '-o', "$folder/merkle");
my $answers = join '', grep { !/^#/ } split /^/m, slurp_file($vectors);
is(() = $answers =~ /^root/mg, 9, 'there are vectors');
is(output_of($answers, "$folder/merkle"), $answers, 'roots, nodes, inclusion and consistency proofs of Certificate Transparency');

# What the witness believes
my @witness = ('/usr/bin/python3', "$root/test/ledger/witness.py", "$root/examples/ledger-witness");
is(output_of('', @witness, 'consistency', $vectors), "4 good, 41 refused\n",
	'the witness accepts these consistency proofs, and none that was altered');
is(output_of('', @witness, 'inclusion', $vectors), "5 good, 72 refused\n",
	'and these inclusion proofs, and none that was altered');

# The key of a public witness, in the tests of github.com/transparency-dev/formats
is(output_of('', @witness, 'key', 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'), "same\n",
	'the id of a key for cosignatures');

done_testing();
