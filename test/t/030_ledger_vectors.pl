# The ledger's tree, proofs and signatures, compared with answers that others have
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

# ... and signs: the example of golang.org/x/mod/sumdb/note, whose key is public.
# C2SP signed-note has an example, too, but not its private key.
my $text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
is(output_of($text, @witness, 'sign', 'PeterNeumann', 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM='),
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n$text\n"
	  . "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
	'the witness signs a note as Go does');

done_testing();
