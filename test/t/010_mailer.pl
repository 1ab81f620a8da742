# The reference mailer between a real server and a real SMTP server: what it
# delivers, and that no fault between the two loses a mail or shows a secret.

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Tempcloud;

my $node = new_server('mailer');
my $folder = PostgreSQL::Test::Utils::tempdir;
my $log = "$folder/log";
my $smtp = start_smtp();

# The environment is all the configuration a mailer needs.
my %environment = (
	DATABASE => 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post',
	SMTP_URL => "smtp://127.0.0.1:$smtp->{port}",
	FROM_ADDRESS => 'einladung@tempcloud.example',
	FROM_NAME => 'Tempcloud Übersicht',
	SMTP_TLS => 'none',
	POLL => 1,
	TIMEOUT => 5,);
$ENV{"TEMPCLOUD_MAILER_$_"} = $environment{$_} for keys %environment;
utf8::encode($ENV{TEMPCLOUD_MAILER_FROM_NAME});

sub mailer
{
	my $status = system("tempcloud-mailer @_ 2>>$log >>$folder/out");

	return $status >> 8;
}

sub start_mailer { return IPC::Run::start([ 'tempcloud-mailer', @_ ], '2>>', $log); }

sub mail_to
{
	my ($address) = @_;
	my @found = grep { $_->{recipient} eq $address } mails($smtp);

	return $found[0];
}

# Make what failed or is leased due again at once.
sub hurry
{
	$node->safe_psql('postgres',
		"UPDATE tempcloud_data.mail SET due_at = now(), leased = false WHERE state = 'queued'");
}

sub state_of
{
	my ($address) = @_;

	return $node->safe_psql('postgres',
		"SELECT state || ' ' || attempt FROM tempcloud_data.mail WHERE recipient = '$address'");
}

$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Müller & Söhne AG', 'Änne', 'Groß')});

# Both ends
is(mailer('--check'), 0, '--check with both ends up');
is(mailer('--version'), 0, '--version');
is(mailer('--help'), 0, '--help');
is(mailer('--config /nowhere'), 2, 'a missing file is an error');
{
	local $ENV{TEMPCLOUD_MAILER_SMTP_URL} = 'smtp://127.0.0.1:1';
	is(mailer('--check'), 1, '--check without an SMTP server');
	like(slurp_file("$folder/out"), qr/smtp: failed/, 'says which end');
}

# Mails need a Message-ID that nobody else's can have.
unlink "$folder/out";
is(mailer('--check'), 0, '--check without a domain for Message-IDs');
like(slurp_file("$folder/out"), qr/warning: tempcloud\.message_id_domain/, 'warns');
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET tempcloud.message_id_domain = 'tempcloud.example'});
unlink "$folder/out";
is(mailer('--check'), 0, '--check with one');
unlike(slurp_file("$folder/out"), qr/warning/, 'does not');
$node->safe_psql('postgres', q{ALTER DATABASE postgres RESET tempcloud.message_id_domain});

# TLS is a must unless it is asked not to be.
{
	local $ENV{TEMPCLOUD_MAILER_SMTP_TLS};
	delete $ENV{TEMPCLOUD_MAILER_SMTP_TLS};
	unlink "$folder/out";
	is(mailer('--check'), 1, 'a server without STARTTLS is refused');
	like(slurp_file("$folder/out"), qr/smtp: failed: .*does not offer STARTTLS/, 'with the reason');
}

# What goes into a command is an address.
foreach my $wrong ('nobody', 'a@b.example> SIZE=1', '@b.example', 'a b@c.example')
{
	local $ENV{TEMPCLOUD_MAILER_ENVELOPE_FROM} = $wrong;
	is(mailer('--check'), 2, "envelope_from $wrong is refused");
}

# A message in full
as_caller($node, 'anna',
	q{SELECT tempcloud.invite('bob@anbieter.example', 'Zoë', 'Ötzi', 'Anbieter GmbH', NULL,
		E'Grüße 😀\n<b>{link}</b>')});
is(mailer('--once'), 0, 'one round');
my $mail = mail_to('bob@anbieter.example');
is($mail->{type}, 'multipart/alternative', 'two alternatives');
is($mail->{headers}{subject}, 'Müller & Söhne AG lädt Sie zur Zusammenarbeit ein', 'subject');
like($mail->{headers}{to}, qr/Zoë Ötzi.*<bob\@anbieter\.example>/, 'recipient');
like($mail->{headers}{from}, qr/Tempcloud Übersicht.*<einladung\@tempcloud\.example>/, 'sender');
is($mail->{headers}{'auto-submitted'}, 'auto-generated', 'Auto-Submitted');
like($mail->{headers}{'message-id'}, qr/^<[0-9a-f-]{36}\@tempcloud\.invalid>$/, 'Message-ID');
like($mail->{headers}{date}, qr/\+0000$/, 'Date');
unlike($mail->{raw_header}, qr/[^\x00-\x7f]/, 'the header is ASCII');
like($mail->{text}, qr/Grüße 😀\r?\n<b>\{link\}<\/b>/, 'the message is text in the text');
like($mail->{html}, qr/Grüße 😀<br>\r?\n&lt;b&gt;\{link\}&lt;\/b&gt;/, 'and in the HTML');
unlike($mail->{encoded}, qr/=0A|=0D/, 'line ends are line ends');
is($mail->{headers}{'reply-to'}, 'anna@kunde.example', 'an answer goes to the inviter');
is($mail->{sender}, 'einladung@tempcloud.example', 'a bounce to the sender');
my ($token) = $mail->{text} =~ /(tci_[A-Za-z0-9_-]{48})/;
like($mail->{html}, qr/\Q$token\E/, 'one link in both');
as_caller($node, 'bob', qq{SELECT tempcloud.register_account(token => '$token')});
like(as_caller($node, 'bob', qq{SELECT tempcloud.accept_invitation_by_token('$token')}),
	qr/^\(/, 'the link accepts the invitation');
is(mailer('--once'), 0, 'the answer goes out');
like(mail_to('anna@kunde.example')->{headers}{subject},
	qr/Anbieter GmbH hat Ihre Einladung angenommen/, 'to the inviter');

# A bounce can tell which mail it is about, and nothing of its link.
{
	local $ENV{TEMPCLOUD_MAILER_ENVELOPE_FROM} = 'bounces+{id}@tempcloud.example';
	as_caller($node, 'anna', q{SELECT tempcloud.invite('verp@anbieter.example', message => E'one\r\ntwo\nthree')});
	is(mailer('--check'), 0, '--check with an envelope sender of its own');
	is(mailer('--once'), 0, 'a round with one');
}
my $verp = mail_to('verp@anbieter.example');
my ($local, $domain) = $verp->{headers}{'message-id'} =~ /^<(.*)@(.*)>$/;
is($verp->{sender}, "bounces+$local\@tempcloud.example", 'the envelope sender names the mail');
like($verp->{headers}{from}, qr/<einladung\@tempcloud\.example>/, 'From does not');
unlike($verp->{encoded}, qr/=0A|=0D/, 'line ends are line ends, whatever they were');
like($verp->{text}, qr/^one\r?\ntwo\r?\nthree\r?$/m, 'and each is one');
is($node->safe_psql('postgres', "SELECT tempcloud.mail_bounced('<$local\@$domain>', '550 gone')"),
	't', 'the bounce finds the mail');
like(as_caller($node, 'anna', q{SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE email LIKE 'verp%'}),
	qr/^bounced\|550 gone$/, 'the inviter sees it');

# Faults of one mail
as_caller($node, 'anna', "SELECT tempcloud.invite('$_\@anbieter.example')") for qw(busy unknown reset);
is(mailer('--once'), 0, 'a round with faults');
is(state_of('busy@anbieter.example'), 'queued 1', '450 is tried again');
is(state_of('unknown@anbieter.example'), 'failed 1', '550 is not');
is(state_of('reset@anbieter.example'), 'queued 1', 'a lost connection is tried again');
is(as_caller($node, 'anna', q{SELECT delivery, delivery_error FROM tempcloud.invitations_sent
	WHERE email LIKE 'unknown%'}), 'failed|550 5.1.1 no such mailbox', 'the inviter sees why');
is($node->safe_psql('postgres', 'SELECT error FROM tempcloud.mail_dead'),
	'550 5.1.1 no such mailbox', 'the dead letter says why');
hurry();
is(mailer('--once'), 0, 'the next round');
ok(mail_to("$_\@anbieter.example"), "$_ got it") for qw(busy reset);

# No SMTP server: nothing is counted against a mail.
stop_smtp($smtp);
as_caller($node, 'anna', q{SELECT tempcloud.invite('later@anbieter.example')});
is(mailer('--once'), 1, 'without an SMTP server');
is(state_of('later@anbieter.example'), 'queued 0', 'the mail was given back');
start_smtp($smtp);

# STARTTLS with a certificate, which has to be trusted
stop_smtp($smtp);
system_or_bail('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
	'/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
	'-keyout', "$folder/key.pem", '-out', "$folder/cert.pem");
start_smtp($smtp, "$folder/cert.pem", "$folder/key.pem");
{
	local $ENV{TEMPCLOUD_MAILER_SMTP_TLS} = 'require';
	is(mailer('--check'), 1, 'an unknown certificate is refused');
	local $ENV{TEMPCLOUD_MAILER_SMTP_CA_FILE} = "$folder/cert.pem";
	is(mailer('--check'), 0, 'a trusted one is not');
	is(mailer('--once'), 0, 'a round under TLS');
	is((mail_to('later@anbieter.example') // {})->{tls}, JSON::PP::true(), 'the mail came under TLS');
}
stop_smtp($smtp);
start_smtp($smtp);
as_caller($node, 'anna', q{SELECT tempcloud.invite('first@anbieter.example')});

# Woken by NOTIFY; the database restarts, and it goes on.
$ENV{TEMPCLOUD_MAILER_POLL} = 60;
my $running = start_mailer();
ok(eventually(sub { mail_to('first@anbieter.example') }), 'drained at start');
sleep 0.5;	# until it waits
as_caller($node, 'anna', q{SELECT tempcloud.invite('woken@anbieter.example')});
ok(eventually(sub { mail_to('woken@anbieter.example') }, 10), 'woken long before its poll');
$node->restart;
as_caller($node, 'anna', q{SELECT tempcloud.invite('restart@anbieter.example')});
ok(eventually(sub { mail_to('restart@anbieter.example') }, 30), 'reconnected');
$running->signal('TERM');
ok($running->finish, 'SIGTERM ends it well');

# Killed again and again between delivery and report: at least once, and what
# comes twice has the same Message-ID.
$node->append_conf('postgresql.conf', "tempcloud.max_pending_invitations = -1\ntempcloud.max_daily_invitations = -1\nsynchronous_commit = off\n");
$node->reload;
as_caller($node, 'anna',
	q{SELECT count(tempcloud.invite('k' || n || '@anbieter.example')) FROM generate_series(1, 1000) n});
$ENV{TEMPCLOUD_MAILER_BATCH} = 20;
for my $round (1 .. 12)
{
	my $victim = start_mailer();
	sleep 0.1 + rand 0.3;
	$victim->kill_kill(grace => 0) if $round % 2;
	$victim->signal('KILL');
	eval { $victim->finish };
	hurry();
}
{
	my $left;
	for (1 .. 20)
	{
		hurry();
		mailer('--once');
		$left = $node->safe_psql('postgres',
			"SELECT count(*) FROM tempcloud_data.mail WHERE state = 'queued'");
		last if $left == 0;
	}
	is($left, 0, 'the outbox is empty in the end');
}
my %ids;
push @{ $ids{ $_->{recipient} } }, $_->{headers}{'message-id'}
  for grep { $_->{recipient} =~ /^k\d+@/ } mails($smtp);
is(scalar keys %ids, 1000, 'each of 1,000 mails arrived');
my @differ = grep { my %seen = map { $_ => 1 } @{ $ids{$_} }; keys %seen > 1 } keys %ids;
is(scalar @differ, 0, 'duplicates have one Message-ID');
my $duplicates = 0;
$duplicates += @{ $ids{$_} } - 1 for keys %ids;
note("$duplicates duplicates");
cmp_ok($duplicates, '<=', 12, 'at most one duplicate a kill');

unlike(slurp_file($log), qr/tc[ie]_/, 'no token in the log');
# for a mailer built with them
unlike(slurp_file($log), qr/Sanitizer|runtime error/, 'no report of a sanitizer');
stop_smtp($smtp);

done_testing();
