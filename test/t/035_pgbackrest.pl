# Backups by pgBackRest: full, incremental, and restored to a point in time.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Tempcloud;

my $folder = PostgreSQL::Test::Utils::tempdir;
my $program = "$FindBin::RealBin/../bin/pgbackrest";
my @pgbackrest = ($program, "--config=$folder/pgbackrest.conf", '--stanza=main', '--log-level-console=warn');

die "there is no $program: scripts/programs gets it" unless -x $program;

# As tests of recovery do, the server that is restored has the name of one that is not made.
my $node = new_server('main', conf => qq{
	shared_preload_libraries = 'tempcloud'
	tempcloud.ledger_interval = 0
	tempcloud.maintenance_interval = 0
	wal_level = replica
	max_wal_senders = 3
	archive_mode = on
	archive_command = '@pgbackrest archive-push %p'});
my $restored = PostgreSQL::Test::Cluster->new('restored');

append_to_file("$folder/pgbackrest.conf", <<"END");
[global]
repo1-path=$folder/repo
log-path=$folder
lock-path=$folder/lock
spool-path=$folder/spool
start-fast=y
compress-type=none
[main]
pg1-path=@{[$node->data_dir]}
pg1-socket-path=@{[$node->host]}
pg1-port=@{[$node->port]}
pg1-database=postgres
END

sub succeeds
{
	my ($how, @command) = @_;
	my $out;

	ok(IPC::Run::run(\@command, '>', \$out, '2>&1'), $how) or diag $out;
}

sub invite
{
	my ($address) = @_;

	as_caller($node, 'anna', "SELECT FROM tempcloud.invite('$address')");
}

sub value { return $_[0]->safe_psql('postgres', $_[1]); }

succeeds('a stanza', @pgbackrest, 'stanza-create');
as_caller($node, 'anna', "SELECT FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($node, 'bob', "SELECT FROM tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg')");
invite('bob@anbieter.example');
succeeds('a full backup', @pgbackrest, '--type=full', 'backup');

as_caller($node, 'bob', 'SELECT FROM tempcloud.invitations_received r, tempcloud.accept_invitation(r.id)');
value($node, 'SELECT tempcloud.seal_ledger()');
invite('berta@anbieter.example');
succeeds('an incremental backup', @pgbackrest, '--type=incr', 'backup');

invite('benno@anbieter.example');
my $token = {links($node)}->{'benno@anbieter.example'};
my $checkpoint = value($node, 'SELECT tempcloud.ledger_checkpoint()');
my $until = value($node, 'SELECT clock_timestamp()');
my $before = value($node, 'SELECT count(*), max(id::text) FROM tempcloud_data.event');

# What was not meant to be
as_caller($node, 'bella', "SELECT FROM tempcloud.register_account('provider', 'Zweite GmbH', 'Bella', 'Bach')");
invite('bella@anbieter.example');
as_caller($node, 'bella', 'SELECT FROM tempcloud.invitations_received r, tempcloud.accept_invitation(r.id)');
value($node, 'SELECT tempcloud.seal_ledger()');
my $later = value($node, 'SELECT tempcloud.ledger_checkpoint()');
value($node, 'SELECT pg_switch_wal()');
succeeds('the archive has all', @pgbackrest, 'check');
$node->stop;

mkdir $restored->basedir;
succeeds('restored to a point in time', @pgbackrest, '--pg1-path=' . $restored->data_dir, '--type=time',
	"--target=$until", '--target-action=promote', 'restore');
$restored->append_conf('postgresql.conf',
	'port = ' . $restored->port . "\nunix_socket_directories = '" . $restored->host . "'\narchive_mode = off\n");
$restored->start;
ok($restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'it is a primary');

is(value($restored, 'SELECT count(*), max(id::text) FROM tempcloud_data.event'), $before, 'what had happened until then');
is(value($restored, q{SELECT count(*) FROM tempcloud_data.contact WHERE subject = 'bella'}), 0, 'and nothing that happened later');
ok(eventually(sub { worker_mode($restored) }), 'a worker is there');
is(value($restored, "SELECT size, problem FROM tempcloud.verify_ledger('$checkpoint')"), '1|', 'the ledger is as it was');
isnt(value($restored, "SELECT problem FROM tempcloud.verify_ledger('$later')"), '', 'whoever has a later checkpoint notices');

# Life goes on, from links that were mailed before, too.
is(as_caller($restored, 'benno', "SELECT kind FROM tempcloud.register_account(company_name => 'Benno GmbH',
		given_name => 'Benno', family_name => 'B', token => '$token');
		SELECT 'partner' FROM tempcloud.accept_invitation_by_token('$token')"),
	"provider\npartner", 'a link registers and accepts');
is(value($restored, 'SELECT tempcloud.seal_ledger(); SELECT size, problem FROM tempcloud.verify_ledger()'), "1\n2|", 'and the ledger grows');
my (undef, undef, $err) = $restored->psql('postgres', "\\set VERBOSITY sqlstate\nDELETE FROM tempcloud_data.partnership");
like($err, qr/23001/, 'what was promised is kept');

$restored->stop;
done_testing();
