# Random queries by sqlsmith, as somebody who may run SQL in the role of a user
# and is signed in as a member: the server survives them, nothing inside fails,
# and the promises hold after them.
#
# TEMPCLOUD_QUERIES says how many; make soak has many.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $QUERIES = $ENV{TEMPCLOUD_QUERIES} // 1500;
my $SEED = $ENV{TEMPCLOUD_SEED} // time % 1_000_000;

plan skip_all => 'sqlsmith is not installed' unless can_run('sqlsmith', '--version');

sub can_run { return eval { IPC::Run::run([@_], '<', \undef, '>', \my $out, '2>', \my $err) }; }

my $node = new_server('smith', conf => <<'EOT');
shared_preload_libraries = tempcloud
log_line_prefix = '%e %u '
log_error_verbosity = verbose
log_min_messages = warning
EOT
as_caller($node, "a$_", "SELECT tempcloud.register_account('customer', 'Kunde $_', 'Anna', 'Alt')") for 0 .. 4;
for my $b (0 .. 4)
{
	as_caller($node, "b$b", "SELECT tempcloud.register_account('provider', 'Anbieter $b', 'Bob', 'Berg');"
		  . "SELECT tempcloud.invite('a' || n || '\@kunde.example') FROM generate_series(0, 4) n");
}
as_caller($node, 'a0', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received LIMIT 3');
links($node);
my $claims = Tempcloud::claims('a0');
$node->safe_psql('postgres', qq{
	CREATE ROLE smith LOGIN IN ROLE tempcloud_user;
	GRANT CREATE ON SCHEMA public TO smith;
	ALTER ROLE smith SET tempcloud.allow_session_claims = on;
	ALTER ROLE smith SET "request.jwt.claims" = '$claims';
	ALTER ROLE smith SET statement_timeout = '500ms';
	CREATE TABLE before AS SELECT * FROM tempcloud_data.partnership});
my @promised = ('SELECT count(*) FROM before b JOIN tempcloud_data.partnership p ON p::text = b.*::text',
	'SELECT count(*) FROM tempcloud_data.invitation i FULL JOIN tempcloud_data.partnership p'
	  . "    ON p.invitation_id = i.id WHERE (i.status = 'accepted') IS DISTINCT FROM (p.invitation_id IS NOT NULL)",
	q{SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'tempcloud_data.%' AND tgenabled <> 'A' AND NOT tgisinternal},
	'SELECT count(*) FROM tempcloud_data.account');
my @before = map { $node->safe_psql('postgres', $_) } @promised;
is($before[0], 3, 'there are partnerships');

note("TEMPCLOUD_SEED=$SEED TEMPCLOUD_QUERIES=$QUERIES");
my ($out, $err);
IPC::Run::run(
	[
		'sqlsmith', '--target=' . $node->connstr('postgres') . ' user=smith', "--seed=$SEED",
		"--max-queries=$QUERIES", '--exclude-catalog', '--verbose', '--dump-all-queries'
	],
	'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60 + $QUERIES));
like($err, qr/^queries: $QUERIES$/m, 'sqlsmith sent its queries') or diag(substr($err, -2000));
like($out, qr/tempcloud\.$_\b/, "they ask $_") for qw(partners invitations_received partner_contacts whoami);

my $log = log_of($node);
unlike($log, qr/terminated by signal|PANIC|TRAP/, 'no crash');
is_deeply([ map { $node->safe_psql('postgres', $_) } @promised ], \@before, 'the promises hold');

# PostgreSQL has internal errors of its own for such queries ("failed to find
# conversion function"); those from inside tempcloud's functions name them.
my @internal = grep { /^XX000 smith (?:ERROR|DETAIL|CONTEXT|LOCATION):.*(?:tempcloud|tc_)/ } split /\n/, $log;
is(scalar(@internal), 0, 'no internal error') or diag(join "\n", @internal);
done_testing();
