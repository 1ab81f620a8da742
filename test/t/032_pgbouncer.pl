# Behind PgBouncer in transaction mode, where clients share a session of the server:
# what works, and that no client acts as another one has signed in.

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
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $program = "$FindBin::RealBin/../bin/pgbouncer";
my $pgbouncer;

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);	# by way of END

END
{
	my $status = $?;

	$pgbouncer->kill_kill if $pgbouncer;
	$? = $status;
}

# One session of the server for all clients.
sub start_pgbouncer
{
	my ($node) = @_;
	my $server = 'host=' . $node->host . ' port=' . $node->port;

	die "there is no $program: scripts/programs gets it" unless -x $program;
	append_to_file("$folder/users", qq("app" ""\n"post" ""\n"api" ""\n));
	append_to_file("$folder/pgbouncer.ini", <<"END");
[databases]
* = $server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $folder/users
pool_mode = transaction
default_pool_size = 1
logfile = $folder/log
END
	$pgbouncer = IPC::Run::start([ $program, "$folder/pgbouncer.ini" ], '>', '/dev/null', '2>', '/dev/null');
	eventually(sub { -f "$folder/log" && slurp_file("$folder/log") =~ /process up/ })
	  or die 'PgBouncer does not start: ' . slurp_file("$folder/log");
}

my $node = new_server('pgbouncer');
$node->safe_psql('postgres', q{
	CREATE ROLE app LOGIN IN ROLE tempcloud_service;
	CREATE ROLE post LOGIN IN ROLE tempcloud_mailer;
	CREATE ROLE api LOGIN NOINHERIT IN ROLE tempcloud_anonymous, tempcloud_user});
start_pgbouncer($node);

# A client that runs SQL and goes; returns its output and its errors.
sub client
{
	my ($sql, $user, @more) = @_;
	my ($ret, $out, $err) = $node->psql('postgres', $sql,
		connstr => join(' ', "host=127.0.0.1 port=$port dbname=postgres user=" . ($user // 'app'), @more),
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);

	return ($out, $err);
}

sub output { return (client(@_))[0]; }
sub errors { return (client(@_))[1]; }

is(output('SELECT pg_backend_pid()'), output('SELECT pg_backend_pid()'), 'clients share a session');

# Each transaction says who is calling.
is(output(q{BEGIN; SELECT FROM tempcloud.act_as('anna', 'anna@kunde.example');
		SELECT company_name FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt'); COMMIT}) =~ s/^\s+//r,
	'Kunde AG', 'act_as');
is(output(q{BEGIN; SELECT FROM tempcloud.act_as('bob', 'bob@anbieter.example');
		SELECT company_name FROM tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg'); COMMIT}) =~ s/^\s+//r,
	'Anbieter GmbH', 'and another client');
like(errors('SELECT tempcloud.whoami()'), qr/PT401.*\nDETAIL:  not_signed_in/, 'nobody is signed in afterwards');

# As PostgREST does
my $as_user = q{BEGIN; SET LOCAL ROLE tempcloud_user; SELECT set_config('request.jwt.claims', '{"sub":"anna"}', true) IS NULL};
is(output("$as_user; SELECT status FROM tempcloud.invite('bob\@anbieter.example'); COMMIT", 'api'),
	"f\npending", 'claims of a transaction');
like(errors('SELECT tempcloud.whoami()', 'api'), qr/42501/, 'have an end with it, as the role has');

# A session's claims reach other clients: they are refused to all of them.
like(errors(q{SET request.jwt.claims = '{"sub":"anna"}'; SELECT tempcloud.whoami()}),
	qr/PT401.*\nDETAIL:  session_claims\nHINT:  .*act_as/, 'SET');
is(output('SHOW request.jwt.claims'), '{"sub":"anna"}', 'it reaches another client');
like(errors('SELECT tempcloud.whoami()'), qr/session_claims/, 'who does not act as the first one');
like(errors('SELECT count(*) FROM tempcloud.partners'), qr/session_claims/, 'and does not read as that');
is(output(q{BEGIN; SELECT FROM tempcloud.act_as('bob'); SELECT (contact).given_name FROM tempcloud.whoami(); COMMIT}) =~ s/^\s+//r,
	'Bob', 'act_as goes before it');
$node->safe_psql('postgres', 'ALTER ROLE app SET tempcloud.allow_session_claims = on');
client('SELECT pg_terminate_backend(pg_backend_pid())');
client(q{SET request.jwt.claims = '{"sub":"anna"}'});
is(output('SELECT (contact).given_name FROM tempcloud.whoami()'), 'Anna', 'with the setting, it does: hence the default');
$node->safe_psql('postgres', 'ALTER ROLE app RESET tempcloud.allow_session_claims');
client('SELECT pg_terminate_backend(pg_backend_pid())');

# The options of a connection hold for its session.
my $options = q{options='-c request.jwt.claims={"sub":"anna"}'};
my $direct = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=app';
like(errors('SELECT 1', 'app', $options), qr/unsupported startup parameter/, 'PgBouncer takes no options');
(undef, undef, my $err) = $node->psql('postgres', 'SELECT tempcloud.whoami()', connstr => "$direct $options");
like($err, qr/session_claims/, 'nor does tempcloud take claims from them');
$node->safe_psql('postgres', q{ALTER ROLE app SET request.jwt.claims = '{"sub":"anna"}'});
(undef, undef, $err) = $node->psql('postgres', 'SELECT tempcloud.whoami()', connstr => $direct);
like($err, qr/session_claims/, 'nor from ALTER ROLE');
$node->safe_psql('postgres', 'ALTER ROLE app RESET request.jwt.claims');

# Events reach those who listen with a connection of their own.
my $listener = $node->background_psql('postgres');
$listener->query_safe('LISTEN tempcloud_event; LISTEN tempcloud_mail');
is(output("$as_user; SELECT status FROM tempcloud.invite('berta\@anbieter.example'); COMMIT", 'api'), "f\npending",
	'a command by way of the pooler');
is(scalar(heard($listener, 2)), 2, 'is told to those who listen to the server');
$listener->quit;

# The mailer
my $smtp = start_smtp();
local $ENV{TEMPCLOUD_MAILER_DATABASE} = "host=127.0.0.1 port=$port dbname=postgres user=post";
local $ENV{TEMPCLOUD_MAILER_SMTP_URL} = "smtp://127.0.0.1:$smtp->{port}";
local $ENV{TEMPCLOUD_MAILER_SMTP_TLS} = 'none';
local $ENV{TEMPCLOUD_MAILER_FROM_ADDRESS} = 'einladung@tempcloud.example';
is(system("tempcloud-mailer --once 2>>$folder/log"), 0, 'tempcloud-mailer --once');
is(scalar(mails($smtp)), 2, 'delivers');
stop_smtp($smtp);

done_testing();
