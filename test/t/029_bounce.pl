# Mails that come back: real mail servers say so, and the inviter sees why.

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Exim;
use Tempcloud;

# Those of sysexits.h that a mail server is told
my ($OK, $DATAERR, $TEMPFAIL) = (0, 65, 75);

my $root = "$FindBin::RealBin/../..";
my $folder = PostgreSQL::Test::Utils::tempdir;
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $nowhere = PostgreSQL::Test::Cluster::get_free_port();
chomp(my $mailer = `which tempcloud-mailer`);

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);	# by way of END

my $node = new_server('bounce');
my $database = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post';
append_to_file("$folder/mailer.conf", <<"END");
database = $database
smtp_url = smtp://127.0.0.1:$port
smtp_tls = none
from_address = einladung\@tempcloud.example
envelope_from = bounces+{id}\@tempcloud.example
END
$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Müller & Söhne AG', 'Änne', 'Groß')});

# Exim takes every mail, finds out later that it cannot deliver it, and gives the
# notification to the mailer.
start_exim($folder, $port, <<"END", '-q1s');
primary_hostname = mta.anbieter.example
delay_warning = 1s
delay_warning_condition = yes
acl_smtp_rcpt = accept

begin routers
bounces:
  driver = accept
  domains = tempcloud.example
  local_parts = ^bounces\\\\+
  transport = bounces
far:
  driver = manualroute
  domains = anbieter.example
  local_parts = later
  route_list = * 127.0.0.1::$nowhere
  self = send
  transport = smtp
mailbox:
  driver = accept
  domains = anbieter.example
  local_parts = full
  transport = mailbox

begin transports
bounces:
  driver = pipe
  command = $mailer --config $folder/mailer.conf --bounce
  log_output
smtp:
  driver = smtp
mailbox:
  driver = appendfile
  file = $folder/full
  quota = 1

begin retry
full\@anbieter.example quota
* * F,1h,1s
END

# Give the mailer a message, as a pipe does; returns its exit status.
my $log = '';
sub bounce
{
	my ($message, @options) = @_;

	IPC::Run::run([ $mailer, '--config', "$folder/mailer.conf", '--bounce', @options ],
		'<', \$message, '2>', \$log);
	append_to_file("$folder/log", $log);
	return $? >> 8;
}

sub delivery_of
{
	my ($address) = @_;

	return as_caller($node, 'anna', qq{SELECT concat_ws(' ', delivery, delivery_error)
		FROM tempcloud.invitations_sent WHERE email = '$address'});
}

sub exim_log { return slurp_file("$folder/mainlog"); }

# Invite an address, and report its mail as sent; returns its Message-ID.
sub sent_mail
{
	my ($address) = @_;

	as_caller($node, 'anna', "SELECT tempcloud.invite('$address')");
	return $node->safe_psql('postgres', qq{
		SELECT message_id FROM tempcloud.claim_mail(), tempcloud.mail_sent(ARRAY[id]) WHERE recipient = '$address'});
}

# A notification that a mail server has made, about another mail.
sub notification
{
	my ($name, $message_id) = @_;
	my ($id) = $message_id =~ /^<(.*)@/;

	return slurp_file("$root/test/notifications/$name.eml") =~ s/019abc00-[0-9a-f-]{27}/$id/gr;
}

# Give Exim a mail as the mailer does, without the database.
sub send_by_exim
{
	my ($address, $message_id) = @_;
	my ($id) = $message_id =~ /^<(.*)@/;
	my $mail = "Message-ID: $message_id\r\n\r\nHello\r\n";

	IPC::Run::run(
		[
			'curl', '-sS', "smtp://127.0.0.1:$port", '--mail-from', "bounces+$id\@tempcloud.example",
			'--mail-rcpt', $address, '-T', '-'
		],
		'<', \$mail, '2>', \$log) or die $log;
}

# The whole way
as_caller($node, 'anna', "SELECT tempcloud.invite('$_\@anbieter.example')") for qw(unknown full later);
is(system("$mailer --config $folder/mailer.conf --once 2>>$folder/log"), 0, 'Exim takes the mails');
ok(eventually(sub { delivery_of('unknown@anbieter.example') =~ /bounced/ }), 'an unknown user bounces');
is(delivery_of('unknown@anbieter.example'), 'bounced status 5.0.0', 'the inviter sees what Exim says');
ok(eventually(sub { delivery_of('full@anbieter.example') =~ /bounced/ }), 'a full mailbox bounces');
ok(eventually(sub { exim_log() =~ /not-bounced action="delayed"/ }), 'a delay is reported');
is(delivery_of('later@anbieter.example'), 'sent', 'and is no bounce');

# While the database is away, Exim keeps the notification.
my $gone = sent_mail('gone@anbieter.example');
$node->stop;
send_by_exim('gone@anbieter.example', $gone);
ok(eventually(sub { exim_log() =~ /== bounces\+.*Child process of bounces transport returned 75/ }),
	'without the database, Exim is told to try again');
$node->start;
ok(eventually(sub { delivery_of('gone@anbieter.example') =~ /bounced/ }), 'and does');

# What Postfix says: see test/notifications/README.md
my %postfix = (
	unknown => 'bounced unknown user: "unknown"',
	full => 'bounced input/output error',
	expired => 'bounced connect to 127.0.0.1[127.0.0.1]:9: Connection refused',
	delayed => 'sent');
foreach my $name (sort keys %postfix)
{
	my $message_id = sent_mail("postfix.$name\@anbieter.example");

	is(bounce(notification("postfix_$name", $message_id)), $OK, "Postfix: $name");
	is(delivery_of("postfix.$name\@anbieter.example"), $postfix{$name}, "Postfix: $name: what the inviter sees");
}

# By the address alone: the id in it, where no Message-ID is returned
my $message_id = sent_mail('verp@anbieter.example');
my ($id) = $message_id =~ /^<(.*)@/;
my $nameless = notification('postfix_unknown', $message_id) =~ s/^Message-ID: <\Q$id\E.*\n//mr;
is(bounce($nameless), $DATAERR, 'a notification that names no mail');
is(bounce($nameless, '--recipient', 'bounces@tempcloud.example'), $DATAERR, 'nor does its recipient');
is(bounce($nameless, '--recipient', "bounces+$id'\@tempcloud.example"), $DATAERR, 'or not by an id');
is(bounce($nameless, '--recipient', "Bounces+$id\@Tempcloud.Example"), $OK, 'the recipient names it');
like(delivery_of('verp@anbieter.example'), qr/^bounced unknown user/, 'the inviter sees it');
{
	my $other = sent_mail('environment@anbieter.example');
	local $ENV{RECIPIENT} = 'bounces+' . ($other =~ /^<(.*)@/)[0] . '@tempcloud.example';

	is(bounce($nameless), $OK, 'the environment names it');
	like(delivery_of('environment@anbieter.example'), qr/^bounced/, 'the inviter sees that');
}

# A mail that is not known any more: trying again does not help.
is(bounce(notification('postfix_unknown', '<019abc00-0000-7000-8000-0000000000ff@x>')), $OK, 'an unknown mail');
like($log, qr/event=bounce-unknown/, 'is logged');

# Variants of form
my $good = notification('postfix_unknown', '<@>') =~ s/^Message-ID: <.*\n/Message-ID: <ID\@tempcloud.invalid>\n/mr;
my %variants = (
	'with CRLF' => sub { s/\n/\r\n/g },
	'after a line of an mbox' => sub { s/^/From MAILER-DAEMON Wed Nov 25 04:17:26 2026\n/ },
	'with a token as the boundary' => sub { s/boundary="(.*)"/boundary=limit/; s/^--3DB97208[^-]*?(--)?$/--limit$1/mg },
	'with a quoted boundary' => sub { s/boundary="3DB/boundary="\\3\\DB/ },
	'with parameters in another order' => sub { s/(report-type=delivery-status);\s*(boundary=".*")/$2;\n charset=x;\n $1/ },
	'with a parameter whose value looks like one' =>
	  sub { s/report-type/x="; boundary=wrong"; report-type/ },
	'in other letters' => sub { s/multipart\/report/Multipart\/REPORT/; s/Action: failed/ACTION: Failed/; s/message\/rfc822/Message\/RFC822/ },
	'with comments' => sub { s/^Status: 5\.1\.1/Status: 5.1.1 (bad mailbox)/m },
	'with headers alone' => sub { s/message\/rfc822/text\/rfc822-headers/ },
	'with an international status' => sub { s/message\/delivery-status/message\/global-delivery-status/ },
	'with a first recipient who got it' =>
	  sub { s/^(Final-Recipient)/Final-Recipient: rfc822; a\@b.example\nAction: delivered\nStatus: 2.0.0\n\n$1/m },
	'with a last recipient who got it' =>
	  sub { s/^(Diagnostic-Code: .*\n)/$1\nFinal-Recipient: rfc822; a\@b.example\nAction: delivered\nStatus: 2.0.0\n/m },
	'without its end' => sub { s/^(Message-ID: <ID[^\n]*\n).*/$1/ms },
	'with a huge mail' => sub { s/^(--3DB97208.*--\n)\z/("x" x 997 . "\n") x 20000 . $1/me },
	'with a huge line' => sub { s/^(Guten Tag.*\n)/("x" x 20_000_000) . "\n"/me },
	'with a huge header' => sub { s/^(Received:.*\n)/("X-Long: " . "x" x 900 . "\n") x 20000 . $1/me });
foreach my $variant (sort keys %variants)
{
	my $address = ($variant =~ tr/a-zA-Z//cdr) . '@anbieter.example';
	my ($variant_id) = sent_mail($address) =~ /^<(.*)@/;

	local $_ = $good;
	$variants{$variant}->();
	ok($_ ne $good, "$variant: is another");
	s/<ID\@/<$variant_id@/;
	is(bounce($_), $OK, "$variant: is taken");
	like(delivery_of($address), qr/^bounced unknown user/, "$variant: bounces");
}

# What is no notification of a failure
my $sent = sent_mail('still@anbieter.example');
my $report = notification('postfix_unknown', $sent);
my %others = (
	'nothing' => '',
	'a line' => "Hello\n",
	'a reply' => "From: bob\@anbieter.example\nSubject: Re\n\nAction: failed\nStatus: 5.1.1\n",
	'what quotes a notification' => "Content-Type: text/plain\n\n$report",
	'a forwarded notification' =>
	  "Content-Type: multipart/mixed; boundary=outer\n\n--outer\nContent-Type: message/rfc822\n\n$report\n--outer--\n",
	'a receipt' => $report =~ s/report-type=delivery-status/report-type=disposition-notification/r,
	'a report without a boundary' => $report =~ s/boundary=/border=/r,
	'a report with an endless boundary' => $report =~ s/boundary="/boundary="@{[ 'x' x 5000 ]}/r,
	'a report without recipients' => $report =~ s/^Action: .*\n//mr,
	'a report of nothing but ends' => $report =~ s/^(--3DB97208.*[^-])$/$1--/mgr,
	'a binary' => pack('C*', map { $_ * 7919 % 256 } 0 .. 100000),
	'null bytes' => "\0" x 100000,
	'empty lines' => "\n" x 100000);
foreach my $other (sort keys %others)
{
	is(bounce($others{$other}), $DATAERR, "$other is refused");
	like($log, qr/not a delivery status notification/, "$other: the log says why");
}
foreach my $status ('2.0.0', 'x', '')
{
	is(bounce($report =~ s/^Status: .*/Status: $status/mr), $OK, "status \"$status\"");
	like($log, qr/event=not-bounced/, 'is no failure');
}
is(delivery_of('still@anbieter.example'), 'sent', 'the mail did not bounce');

# Cut off anywhere, a notification either reports its mail or does not.
my $cut_id = sent_mail('cut@anbieter.example');
my $whole = notification('postfix_unknown', $cut_id);
my %statuses;
for (my $length = 0; $length < length $whole; $length += 61)
{
	$statuses{ bounce(substr($whole, 0, $length)) }++;
}
is(join(' ', sort keys %statuses), "$OK $DATAERR", 'cut off anywhere, it is read or refused');
like(delivery_of('cut@anbieter.example'), qr/^bounced/, 'the inviter sees it');

# A mail server may quote the link.
my $quoting = sent_mail('quoting@anbieter.example');
my $secret = 'tci_XDYcwk0ZxVpGpOKc21YzNtqPIE9YiqYI0V3dHUZwDz0a_B7L';
is(bounce(notification('postfix_unknown', $quoting) =~ s/X-Postfix; unknown user: "unknown"$/smtp; 550 spam: $secret\xff\x01/mr), $OK, 'a quoted link');
like(delivery_of('quoting@anbieter.example'), qr/^bounced 550 spam: /, 'bounces');
unlike(delivery_of('quoting@anbieter.example'), qr/tci_/, 'the inviter does not see the token');
unlike($log, qr/tci_/, 'the log does not');

# The database or the configuration is at fault: try again
{
	local $ENV{TEMPCLOUD_MAILER_DATABASE} = 'host=' . $node->host . ' port=1 dbname=postgres';
	is(bounce($whole), $TEMPFAIL, 'no database');
	local $ENV{TEMPCLOUD_MAILER_DATABASE} = $database =~ s/user=post/user=nobody/r;
	is(bounce($whole), $TEMPFAIL, 'no such role');
	$node->safe_psql('postgres', 'CREATE ROLE guest LOGIN');
	local $ENV{TEMPCLOUD_MAILER_DATABASE} = $database =~ s/user=post/user=guest/r;
	is(bounce($whole), $TEMPFAIL, 'a role that may not');
}
{
	local $ENV{TEMPCLOUD_MAILER_BATCH} = 'many';
	is(bounce($whole), $TEMPFAIL, 'a wrong setting');
}
is(bounce($whole), 0, 'without these faults it is taken');

# for a mailer built with them
unlike(slurp_file("$folder/log") . exim_log(), qr/Sanitizer|runtime error/, 'no report of a sanitizer');

done_testing();
