# The portal in real browsers, with the mailer and an SMTP server.

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use Tempcloud;

my $root = "$FindBin::RealBin/../..";
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $proxied_port = PostgreSQL::Test::Cluster::get_free_port();
my $node = new_server('portal', conf => "shared_preload_libraries = 'tempcloud'\n");
my $smtp = start_smtp();

$node->safe_psql('postgres', qq{
	CREATE ROLE portal LOGIN IN ROLE tempcloud_service;
	CREATE ROLE post LOGIN IN ROLE tempcloud_mailer;
	ALTER DATABASE postgres SET tempcloud.resend_interval = 0;
	ALTER DATABASE postgres SET tempcloud.invitation_url = 'http://127.0.0.1:$port/invitation#{token}';
	ALTER DATABASE postgres SET tempcloud.confirmation_url = 'http://127.0.0.1:$port/confirmation#{token}';
	ALTER DATABASE postgres SET tempcloud.request_url = 'http://127.0.0.1:$port/requests/{id}'});

local %ENV = (
	%ENV,
	HOME => PostgreSQL::Test::Utils::tempdir,
	PORTAL => "http://127.0.0.1:$port",
	PROXY => "http://127.0.0.1:$proxied_port",
	TEMPCLOUD_PORTAL_SECRET => 'a secret of portal and proxy',
	INBOX => $smtp->{inbox},
	PYTHONDONTWRITEBYTECODE => 1,
	PGHOST => $node->host,
	PGPORT => $node->port,
	NGINX_PORT => PostgreSQL::Test::Cluster::get_free_port(),
	OAUTH_PORT => PostgreSQL::Test::Cluster::get_free_port(),
	PGDATABASE => 'postgres',
	PGDATA => $node->data_dir,
	PGLOG => $node->logfile,
	TEMPCLOUD_MAILER_DATABASE => 'user=post',
	TEMPCLOUD_MAILER_SMTP_URL => "smtp://127.0.0.1:$smtp->{port}",
	TEMPCLOUD_MAILER_SMTP_TLS => 'none',
	TEMPCLOUD_MAILER_FROM_ADDRESS => 'post@tempcloud.example',);

my $folder = PostgreSQL::Test::Utils::tempdir;
my $log = "$folder/log";
my $mailer = IPC::Run::start([ 'tempcloud-mailer' ], '2>>', "$folder/mailer.log");
my $portal = start_portal($port, '--demo', '--outbox', $smtp->{inbox});
my $proxied = start_portal($proxied_port);

# Start a portal, and wait until it listens.
sub start_portal
{
	my ($port, @options) = @_;
	my $out = '';
	local $ENV{PGUSER} = 'portal';
	my $process = IPC::Run::start(
		[
			'/bin/sh', '-c', 'cd "$0" && exec /usr/bin/python3 -m portal "$@"', $root, '--port', $port, @options
		],
		'>', \$out, '2>>', $log, IPC::Run::timeout(600));

	$process->pump until $out =~ /^portal: /;
	return $process;
}

# Run a test in Python, and count the checks that it reports.
sub browse
{
	my ($script, @arguments) = @_;
	my ($out, $err) = ('', '');
	my $start = time;

	IPC::Run::run([ '/usr/bin/python3', "$root/test/portal/$script", @arguments ], '>', \$out, '2>', \$err);
	foreach (split /\n/, $out)
	{
		if (/^(not )?ok - (.*)/) { ok(!$1, $2); }
		else { note(s/^# //r); }
	}
	is($err, '', "$script runs to its end");
	note(sprintf '%s: %.0f s', $script, time - $start);
}

browse($_) foreach qw(texts.py story.py inject.py attack.py proxy.py live.py);

# Pictures for docs/screens, with the people of make portal in a database of their own
my $demo_port = PostgreSQL::Test::Cluster::get_free_port();
my $screens = "$root/docs/screens";
my $demo;
{
	local $ENV{PGDATABASE} = 'demo';
	local $ENV{DEMO} = "http://127.0.0.1:$demo_port";
	local $ENV{TEMPCLOUD_MAILER_DATABASE} = 'user=post dbname=demo';
	$node->safe_psql('postgres', 'CREATE DATABASE demo');
	system_or_bail('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-v', "url=$ENV{DEMO}", '-f', "$root/portal/demo/setup.sql");
	system_or_bail('psql', '-Xqo', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-U', 'portal', '-f', "$root/portal/demo/story.sql");
	system_or_bail('tempcloud-mailer', '--once');
	$demo = start_portal($demo_port, '--demo', '--outbox', $smtp->{inbox});
	mkdir $screens;
	browse('screens.py', $screens);
}

# At the end, nothing has gone wrong unseen.
$mailer->kill_kill;
foreach ($portal, $proxied, $demo)
{
	$_->signal('TERM');
	ok($_->finish, 'SIGTERM ends a portal well');
}
# live.py stops the server.
is(slurp_file($log) =~ s/^not listening: .*\n//mgr, '', 'the portal has nothing else to report');
unlike(log_of($node), qr/PANIC|tc[ie]_[\w-]{48}/, 'no token in the log of the server');
stop_smtp($smtp);

done_testing();
