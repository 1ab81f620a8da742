# Connections that die in silence: no FIN and no RST, packets just vanish, as
# when a machine loses its power or a firewall forgets.  The mailer notices
# within a minute, and no mail is lost or blamed.

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;

use Test::More;

# Drop packets in a network of this test's own: start it a second time in there,
# as the same user, who may configure that network but no other.
BEGIN
{
	my @namespace = qw(unshare --user --map-current-user --keep-caps --net);
	my $prepare = 'ip link set lo up && nft add table ip probe';

	$ENV{PATH} .= ':/usr/sbin:/sbin';
	if (!@ARGV)
	{
		my $error = `@namespace sh -c '$prepare' 2>&1`;

		plan(skip_all => 'cannot have a network namespace: ' . join(' ', split ' ', $error)) if $? != 0;
		exec @namespace, 'sh', '-c', "$prepare && exec \"\$@\"", 'sh', $^X, $0, 'inside';
	}
}

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

use Tempcloud;

# Drop what goes from or to a port, without a word, once so many bytes passed.
sub mute
{
	my ($port, $bytes) = @_;

	system_or_bail('nft', sprintf(q{
		add table ip mute%1$d
		add quota ip mute%1$d passed { over %2$d bytes }
		add chain ip mute%1$d input { type filter hook input priority 0; }
		add rule ip mute%1$d input tcp sport %1$d quota name passed drop
		add rule ip mute%1$d input tcp dport %1$d quota name passed drop}, $port, $bytes // 0));
}

sub unmute
{
	my ($port) = @_;

	system_or_bail('nft', "delete table ip mute$port");
}

my $node = new_server('half_open');
my $smtp = start_smtp();
my $folder = PostgreSQL::Test::Utils::tempdir;
my $unix = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post';
my $tcp = $unix =~ s/host=\S+/host=127.0.0.1/r;

$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
$node->restart;
$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'A', 'A', 'A')});

$ENV{TEMPCLOUD_MAILER_DATABASE} = $tcp;
$ENV{TEMPCLOUD_MAILER_SMTP_URL} = "smtp://127.0.0.1:$smtp->{port}";
$ENV{TEMPCLOUD_MAILER_SMTP_TLS} = 'none';
$ENV{TEMPCLOUD_MAILER_FROM_ADDRESS} = 'einladung@tempcloud.example';

sub invite
{
	as_caller($node, 'anna', "SELECT tempcloud.invite('$_\@anbieter.example')") for @_;
}

sub arrived
{
	my ($name) = @_;

	return scalar grep { $_->{recipient} =~ /^$name/ } mails($smtp);
}

sub attempts
{
	my ($name) = @_;

	return $node->safe_psql('postgres',
		"SELECT sum(attempt) FROM tempcloud_data.mail WHERE recipient LIKE '$name%'");
}

# How many mailers connected after a time of the server's clock, and wait now.
sub waiting
{
	my ($since) = @_;

	return $node->safe_psql('postgres', qq{
		SELECT count(*) FROM pg_stat_activity
		 WHERE application_name = 'tempcloud-mailer' AND backend_start > '$since'
		   AND state = 'idle' AND query ~ 'claim_mail'});
}

# Of two mailers one waits for a notification, and only keepalives can tell it;
# the other asks every second, and its question is never acknowledged.
my %poll = (waiting => 3600, asking => 1);
my %mailer;
for my $name (keys %poll)
{
	local $ENV{TEMPCLOUD_MAILER_POLL} = $poll{$name};
	$mailer{$name} = IPC::Run::start(['tempcloud-mailer'], '2>>', "$folder/$name");
}
ok(eventually(sub { waiting('-infinity') == 2 }), 'two mailers are connected');
sleep 0.5;
mute($node->port);
my $died = time;

# Until they notice, a third one, on the Unix socket, has trouble with SMTP.
sub mailer_once
{
	local $ENV{TEMPCLOUD_MAILER_DATABASE} = $unix;
	local $ENV{TEMPCLOUD_MAILER_TIMEOUT} = 2;

	return system("tempcloud-mailer --once 2>>$folder/once") >> 8;
}

mute($smtp->{port});
invite('mute');
is(mailer_once(), 1, 'an SMTP server that does not answer');
is(attempts('mute'), 0, 'is no fault of the mail');
unmute($smtp->{port});

invite(map { "many$_" } 1 .. 20);
mute($smtp->{port}, 40_000);
is(mailer_once(), 1, 'an SMTP connection that dies between or in mails');
my $before = arrived('many');
ok($before > 0 && $before < 20, "after $before of 20");
cmp_ok(attempts('many') - $before, '<=', 1, 'is held against one mail at most');
unmute($smtp->{port});
$node->safe_psql('postgres', "UPDATE tempcloud_data.mail SET due_at = now() WHERE state = 'queued'");
is(mailer_once(), 0, 'when it answers again');
my %recipients = map { $_->{recipient} => 1 } mails($smtp);
is(scalar keys %recipients, 21, 'all arrive');

# The two, still cut off: what they notice, and what they do then.
invite('meanwhile');
my %noticed;
eventually(
	sub {
		for my $name (keys %poll)
		{
			$noticed{$name} //= time - $died
			  if slurp_file("$folder/$name") =~ /level=error event=database/;
		}
		return keys %noticed == 2;
	},
	60 - (time - $died));
for my $name (sort keys %poll)
{
	ok($noticed{$name}, "the mailer $name noticed within a minute");
	note(sprintf('after %.1f s', $noticed{$name})) if $noticed{$name};
}
is(arrived('meanwhile'), 0, 'a mail is queued meanwhile');
my $heard = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
unmute($node->port);
ok(eventually(sub { arrived('meanwhile') }), 'it is delivered');
ok(eventually(sub { waiting($heard) == 2 }), 'both mailers are back');

for my $name (sort keys %mailer)
{
	$mailer{$name}->signal('TERM');
	ok($mailer{$name}->finish, "SIGTERM ends the mailer $name well");
	note(slurp_file("$folder/$name"));
}
stop_smtp($smtp);

done_testing();
