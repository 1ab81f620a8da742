# The packages of build/deb, made by test/deb/build.pl, on a Debian with PostgreSQL: they
# are installed, used, upgraded to those of build/next under a running server, and purged.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Documented;
use IPC::Open2 qw(open2);
use Test::More;

chdir "$FindBin::RealBin/../.." or die "chdir: $!";

# What systemd-analyze may count against the unit at most, of 100
my $EXPOSURE = 15;

my $SETTINGS = '/etc/tempcloud-mailer.conf';
my $CHECK = "tempcloud-mailer --config $SETTINGS --check";

# What another package only suggests, and was installed for ours, goes as well.
my $AUTOREMOVE = 'apt-get autoremove --purge -y -qq -o APT::AutoRemove::SuggestsImportant=false';

sub version { return output("dpkg-deb -f build/$_[0]/tempcloud-mailer_*.deb Version"); }

# All files, users and groups but what apt, the database and this test have written
sub state_of_system
{
	return output(q{find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /tempcloud
			-o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/postgresql
			-o -path /var/lib/dpkg -o -path /var/lib/systemd/catalog \) -prune -o -print | sort;
		ls /var/lib/dpkg/info; getent passwd | sort; getent group | sort} =~ s{\n\s*}{ }gr);
}

sub psql { return output("sudo -u postgres psql -AXtq -v ON_ERROR_STOP=1 app -c \"$_[0]\""); }

succeeds('sudo systemctl restart postgresql', 'a server');
output($AUTOREMOVE);
my $before = state_of_system();
my ($major) = output('pg_lsclusters -h') =~ /^(\d+)/;

# The commands that README.md has for it build the packages first.
my ($install) = (commands('README.md', 'Installation'))[0] =~ /^(sudo apt-get install .*)/m;
succeeds($install, $install);
is(output("stat -c '%a %U %G' $SETTINGS"), '640 root tempcloud-mailer', 'only root and the mailer read the settings');
isnt((run("sudo -u nobody cat $SETTINGS"))[0], 0, 'nobody else');

# The unit
my $unit = output('dpkg -L tempcloud-mailer | grep service$');
is(succeeds("systemd-analyze verify $unit", 'the unit is well-formed'), '', 'in all parts');
succeeds("systemd-analyze security --offline=true --threshold=$EXPOSURE --no-pager $unit", 'and is confined');

# Without a login for it, and as another user
my $environment = 'TEMPCLOUD_MAILER_FROM_ADDRESS=a@example.com TEMPCLOUD_MAILER_DATABASE=dbname=postgres';
like((run("sudo -u tempcloud-mailer env $environment $CHECK"))[1], qr/role .tempcloud-mailer. does not exist/,
	'PostgreSQL knows the user, and has no login for it');

# What the documentation says, up to a mail that arrives; the mailer is left running
succeeds('debian/tests/mailer', 'it delivers');
like((run("sudo -u nobody env $environment tempcloud-mailer --check"))[1], qr/role .nobody. does not exist/, 'nobody else connects');
like((run("sudo -u nobody env $environment TEMPCLOUD_MAILER_DATABASE='dbname=app user=tempcloud-mailer' tempcloud-mailer --check"))[1],
	qr/Peer authentication failed/, 'nor by its name');

# An upgrade with the server and a session running
my ($old, $new) = (version('deb'), version('next'));
my $pid = open2(my $answers, my $session, 'runuser -u postgres -- psql -AXtq app 2>&1');
sub ask { print {$session} "$_[0];\n"; $session->flush; return scalar(<$answers>) =~ s/\n//r; }
my $count = 'SELECT count(*) FROM tempcloud_data.invitation';
is(ask($count), 1, 'a session');
my $settings = output("cat $SETTINGS; stat -c '%a %U %G' $SETTINGS");
succeeds($install =~ s{build/deb}{build/next}gr, "an upgrade from $old to $new");
is(output('tempcloud-mailer --version'), "tempcloud-mailer $new", 'of the mailer');
is(output("cat $SETTINGS; stat -c '%a %U %G' $SETTINGS"), $settings, 'which leaves the settings');
is(ask($count), 1, 'the session goes on');
is(ask('SELECT tempcloud.ledger_checkpoint() IS NOT NULL'), 't', 'with functions it has not called yet');
is(psql($count), 1, 'and others begin');
is(psql("SELECT extversion FROM pg_extension WHERE extname = 'tempcloud'"), $old, 'with the extension');
my ($update) = (commands('docs/operations.md', 'Upgrade and removal'))[0];
succeeds(qq{sudo -u postgres psql -v ON_ERROR_STOP=1 app -c "$update"}, $update);
is(psql("SELECT extversion FROM pg_extension WHERE extname = 'tempcloud'"), $new, 'which is updated');
succeeds('sudo systemctl restart postgresql', 'the server restarts');
is(psql('SELECT mode FROM tempcloud.worker_stats'), 'worker', 'with the new library');
close $session;
waitpid $pid, 0;

# Removal
psql('ALTER SYSTEM RESET shared_preload_libraries');
output('sudo systemctl stop tempcloud-mailer; sudo systemctl restart postgresql');
succeeds("apt-get purge -y -qq postgresql-$major-tempcloud tempcloud-mailer && $AUTOREMOVE", 'a purge');
is(state_of_system(), $before, 'leaves nothing');
succeeds('sudo systemctl restart postgresql', 'and the server runs without it');

done_testing();
