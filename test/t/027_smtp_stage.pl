# What a mail server's reply is about: a mail, or the mailer.  A fault of the
# mailer's own costs no mail an attempt, and a fault of a mail holds up no other.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Tempcloud;

my $root = "$FindBin::RealBin/../..";
my $folder = PostgreSQL::Test::Utils::tempdir;

# The unit by itself: commands that were sent, and the reply to the last.
my $session = "EHLO me\tMAIL FROM:<a\@b.example>";
my $recipient = "$session\tRCPT TO:<c\@d.example>";
my $message = "$recipient\tDATA";
my @cases = (
	[ "554 no", 'no server', 'greeting' ],
	[ "EHLO me\t502 no", 'no server', 'EHLO' ],
	[ "EHLO me\tSTARTTLS\t454 no", 'no server', 'STARTTLS' ],
	[ "EHLO me\tAUTH PLAIN\tAGEAYg==\t535 no", 'no server', 'AUTH' ],
	[ "EHLO me\tAUTH LOGIN\tDATA\tDATA\t535 no", 'no server', 'a password that looks like DATA' ],
	[ "$session\t530 5.7.0 Must issue a STARTTLS command first", 'no server', 'MAIL FROM' ],
	[ "$session\t451 no", 'no server', 'MAIL FROM for now' ],
	[ "$session\t-", 'no server', 'no reply to MAIL FROM' ],
	[ "EHLO me\tMAIL FROM:<a\@b.example> SMTPUTF8\t555 no", 'refused', 'SMTPUTF8 is for the recipient' ],
	[ "$recipient\t550 no", 'refused', 'RCPT TO' ],
	[ "$recipient\t450 no", 'later', 'RCPT TO for now' ],
	[ "$recipient\t452 no", 'later', 'no room for the recipient' ],
	[ "$recipient\t552 no", 'later', 'no room for the recipient, as 552' ],
	[ "$recipient\t530 no", 'no server', 'a login is missed at RCPT TO' ],
	[ "$recipient\t421 no", 'broke off', 'closing at RCPT TO' ],
	[ "$recipient\t-", 'broke off', 'no reply to RCPT TO' ],
	[ "$recipient\t250 yes", 'broke off', 'lost after RCPT TO' ],
	[ "$message\t554 no", 'refused', 'DATA' ],
	[ "$message\t451 no", 'later', 'DATA for now' ],
	[ "$message\t552 no", 'refused', 'too big a message' ],
	[ "$message\t421 no", 'broke off', 'closing at the message' ],
	[ "$message\t354 go on", 'broke off', 'lost in the message' ]);
my ($judged, $error) = ('', '');
ok(IPC::Run::run(
		[ 'cc', '-Wall', '-Wextra', '-Werror', "-I$root/src/mailer", "$root/test/mailer_stage.c",
			"$root/src/mailer/stage.c", '-o', "$folder/stage" ], '2>', \$error), 'the unit is built')
  or diag($error);
IPC::Run::run([ "$folder/stage" ], '<', \join('', map { "$_->[0]\n" } @cases), '>', \$judged);
my @judged = split /\n/, $judged;
is(shift @judged, $_->[1], "$_->[2]: $_->[1]") foreach @cases;

# The mailer, with a server that makes one fault.
my $node = new_server('stage');
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $log = "$folder/log";
my $taken = "$folder/taken";
my $server;
my $number = 0;

$node->append_conf('postgresql.conf', "tempcloud.max_pending_invitations = -1\n");
$node->reload;
$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')});
$ENV{TEMPCLOUD_MAILER_DATABASE} = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post';
$ENV{TEMPCLOUD_MAILER_SMTP_URL} = "smtp://127.0.0.1:$port";
$ENV{TEMPCLOUD_MAILER_SMTP_TLS} = 'none';
$ENV{TEMPCLOUD_MAILER_FROM_ADDRESS} = 'einladung@tempcloud.example';

sub start_server
{
	my (@fault) = @_;
	my $out = '';

	unlink $taken, $log;
	append_to_file($_, '') for $taken, $log;
	$server = IPC::Run::start([ '/usr/bin/python3', "$FindBin::RealBin/../smtp_fault.py", $port, $taken, @fault ],
		'>', \$out, IPC::Run::timeout(60));
	$server->pump until $out =~ /ready/;
	return;
}

sub mailer { return system("tempcloud-mailer @_ >>$log 2>&1") >> 8; }

# Three mails in the outbox, and nothing else.
sub queue
{
	$number++;
	$node->safe_psql('postgres', 'TRUNCATE tempcloud_data.mail');
	as_caller($node, 'anna', "SELECT tempcloud.invite('$_$number\@anbieter.example')") foreach qw(x y z);
	return;
}

# State and attempts of the three.
sub states
{
	return $node->safe_psql('postgres',
		q{SELECT string_agg(state || ' ' || attempt, ', ' ORDER BY id) FROM tempcloud_data.mail});
}

my $untouched = 'queued 0, queued 0, queued 0';

# A fault of the mailer's own: --check and --once fail, and say so once.
my $password = { TEMPCLOUD_MAILER_SMTP_USER => 'u', TEMPCLOUD_MAILER_SMTP_PASSWORD => 'wrong' };
my $tls = { TEMPCLOUD_MAILER_SMTP_TLS => 'require' };
foreach my $case (
	[ 'connect', '554 5.3.2 no service' ],
	[ 'connect', '421 4.3.2 busy' ],
	[ 'connect', 'reset' ],
	[ 'EHLO', '421 4.3.2 busy' ],
	[ 'EHLO', 'reset' ],
	[ 'STARTTLS', '454 4.7.0 no certificate', $tls ],
	[ 'STARTTLS', '502 5.5.1 unknown', $tls ],
	[ 'AUTH', '535 5.7.8 wrong password', $password ],
	[ 'AUTH', '454 4.7.0 no password file', $password ],
	[ 'AUTH', '421 4.7.0 go away', $password ],
	[ 'MAIL', '530 5.7.0 Must issue a STARTTLS command first' ],
	[ 'MAIL', '553 5.7.1 not your address' ],
	[ 'MAIL', '451 4.3.0 later' ],
	[ 'MAIL', '421 4.3.2 busy' ],
	[ 'MAIL', 'reset' ],
	[ 'RCPT', '530 5.7.0 Authentication required' ])
{
	my ($stage, $reply, $settings) = @$case;

	local @ENV{ keys %$settings } = values %$settings if $settings;
	start_server($stage, $reply);
	queue();
	is(mailer('--check'), 1, "$stage, $reply: --check fails") unless $stage eq 'RCPT';
	is(mailer('--once'), 1, "$stage, $reply: --once fails");
	is(states(), $untouched, 'the mails are given back');
	is(scalar(() = slurp_file($log) =~ /event=smtp reason=/g), 1, 'the cause is logged once');
	like(slurp_file($log), qr/reason="\Q$reply\E"/, 'it is what the server said') if $reply ne 'reset';
	$server->kill_kill;
}

# A fault of one mail: the others go out.
foreach my $case (
	[ 'RCPT', '550 5.1.1 no such mailbox', 'failed 1' ],
	[ 'RCPT', '450 4.2.1 busy', 'queued 1' ],
	[ 'RCPT', '452 4.2.2 full', 'queued 1' ],
	[ 'RCPT', '552 5.2.2 full', 'queued 1' ],
	[ 'RCPT', '421 4.3.2 closing', 'queued 1' ],
	[ 'RCPT', 'reset', 'queued 1' ],
	[ 'DATA', '554 5.6.0 no', 'failed 1' ],
	[ 'DATA', '451 4.3.0 later', 'queued 1' ],
	[ 'DATA', 'reset', 'queued 1' ],
	[ 'body', 'reset', 'queued 1' ],
	[ 'message', '554 5.7.1 spam', 'failed 1' ],
	[ 'message', '552 5.3.4 too big', 'failed 1' ],
	[ 'message', '452 4.3.1 no room', 'queued 1' ],
	[ 'message', '421 4.3.2 closing', 'queued 1' ],
	[ 'message', 'reset', 'queued 1' ])
{
	my ($stage, $reply, $state) = @$case;

	start_server($stage, $reply, 1);
	queue();
	is(mailer('--once'), 0, "$stage, $reply: a round");
	is(states(), "$state, sent 1, sent 1", "$state, and the others are sent");
	like(slurp_file($log), qr/reason="\Q$reply\E"/, 'the log says why') if $reply ne 'reset';
	$node->safe_psql('postgres', 'UPDATE tempcloud_data.mail SET due_at = now()');
	is(mailer('--once'), 0, 'the next round');
	my @arrived = grep { !/\?/ } split /\n/, slurp_file($taken);
	is(scalar @arrived, $state =~ /queued/ ? 3 : 2, 'what was put off has arrived, once');
	$server->kill_kill;
}

# After the end of the message, without a reply: whether it was taken is not known,
# and it is sent again.
start_server('message', 'reset', 1);
queue();
is(mailer('--once'), 0, 'a reply that is lost');
like(slurp_file($log), qr/event=deferred .*the mail may have been taken"/, 'the log says that it may come twice');
$node->safe_psql('postgres', 'UPDATE tempcloud_data.mail SET due_at = now()');
mailer('--once');
is(scalar(() = slurp_file($taken) =~ /^x$number\?$/mg), 2, 'it came twice');
$server->kill_kill;

# A server that quotes a link, whole or what a line end of the encoding leaves of it
foreach my $quote ('tci_' . 'Ab1-' x 12, 'Ab1_' x 8)
{
	start_server('message', "554 5.7.1 spam: $quote");
	queue();
	is(mailer('--once'), 0, 'a round with refusals');
	like(slurp_file($log), qr/reason="554 5\.7\.1 spam: "/, 'the log has the reason');
	unlike(slurp_file($log), qr/Ab1/, 'and nothing of the link');
	unlike($node->safe_psql('postgres', 'SELECT error FROM tempcloud_data.mail'), qr/Ab1/, 'nor has the database');
	$server->kill_kill;
}

# A server that ends each connection in the middle of a mail: one attempt of one mail.
foreach my $reply ('421 4.3.2 closing', 'reset')
{
	start_server('DATA', $reply);
	queue();
	is(mailer('--once'), 1, "DATA, always $reply: --once fails");
	is(states(), 'queued 1, queued 0, queued 0', 'one mail is put off, the others are given back');
	$server->kill_kill;
}

# A server that takes one mail a connection: MAIL FROM of the second is 421.
start_server('MAIL', '421 4.7.0 one mail a connection', 1);
queue();
is(mailer('--once'), 1, 'no connection has brought a mail yet');
is(mailer('--once'), 0, 'the next round');
is(states(), 'sent 1, sent 1, sent 1', 'all are sent');
$server->kill_kill;

# It runs on, logs the cause once, and goes on by itself when that is mended.
start_server('AUTH', '535 5.7.8 wrong password', 3);
queue();
{
	local @ENV{ keys %$password } = values %$password;
	my $running = IPC::Run::start(['tempcloud-mailer'], '2>>', $log);

	ok(eventually(sub { states() eq 'sent 1, sent 1, sent 1' }, 60), 'it waits until it can log in');
	is(scalar(() = slurp_file($log) =~ /event=smtp reason=/g), 1, 'the cause is logged once');
	unlike(slurp_file($log), qr/AHUAd3Jvbmc|\bwrong\b(?! password)/, 'without the password');
	$running->signal('TERM');
	ok($running->finish, 'SIGTERM ends it well');
}
$server->kill_kill;

done_testing();
