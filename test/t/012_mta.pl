# The whole way of an invitation: from the outbox by the reference mailer and a
# real MTA, Exim, which demands STARTTLS, into a mailbox, and back by its link.

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Exim;
use Tempcloud;

my $folder = PostgreSQL::Test::Utils::tempdir;
my $port = PostgreSQL::Test::Cluster::get_free_port();

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);	# by way of END
system_or_bail('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
	'-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
	'-keyout', "$folder/key.pem", '-out', "$folder/cert.pem");
start_exim($folder, $port, <<"END");
primary_hostname = mta.anbieter.example
tls_advertise_hosts = *
tls_certificate = $folder/cert.pem
tls_privatekey = $folder/key.pem
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt

begin acl
mail:
  accept encrypted = *
  deny message = 5.7.0 STARTTLS first
rcpt:
  require message = 5.1.1 no such mailbox
    verify = recipient
  accept

begin routers
mailbox:
  driver = accept
  domains = anbieter.example
  local_parts = bob
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = $folder/mail/\$local_part_data
  maildir_format
  return_path_add
END

# The mails in the mailbox of bob, parsed.
sub delivered
{
	return map { JSON::PP::decode_json(qx(/usr/bin/python3 "$FindBin::RealBin/../message.py" "$_")) }
	  glob "$folder/mail/bob/new/*";
}

sub mailer { return system("tempcloud-mailer @_ >>$folder/log 2>&1") >> 8; }

my $node = new_server('mta');
my %environment = (
	DATABASE => 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post',
	SMTP_URL => "smtp://127.0.0.1:$port",
	SMTP_CA_FILE => "$folder/cert.pem",
	FROM_ADDRESS => 'einladung@tempcloud.example',
	FROM_NAME => 'Tempcloud Übersicht',
	ENVELOPE_FROM => 'bounces+{id}@tempcloud.example',
	TIMEOUT => 20,);
$ENV{"TEMPCLOUD_MAILER_$_"} = $environment{$_} for keys %environment;
utf8::encode($ENV{TEMPCLOUD_MAILER_FROM_NAME});

$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Müller & Söhne AG', 'Änne', 'Groß')});
as_caller($node, 'anna',
	q{SELECT tempcloud.invite('bob@anbieter.example', 'Zoë', 'Ötzi', 'Anbieter GmbH', NULL, 'Grüße 😀')});
as_caller($node, 'anna', q{SELECT tempcloud.invite('nobody@anbieter.example')});

# There, and only to a server whose certificate is trusted
{
	local $ENV{TEMPCLOUD_MAILER_SMTP_CA_FILE} = '';
	is(mailer('--check'), 1, 'an unknown certificate is refused');
}
is(mailer('--once'), 0, 'one round');
ok(eventually(sub { delivered() }), 'a mail is in the mailbox');
my @mails = delivered();
is(scalar @mails, 1, 'one');
my $mail = $mails[0] // {};
my $headers = $mail->{headers};
is($mail->{type}, 'multipart/alternative', 'two alternatives');
is($headers->{subject}, 'Müller & Söhne AG lädt Sie zur Zusammenarbeit ein', 'subject');
is($headers->{from}, 'Tempcloud Übersicht <einladung@tempcloud.example>', 'sender');
is($headers->{to}, 'Zoë Ötzi <bob@anbieter.example>', 'recipient');
is($headers->{'auto-submitted'}, 'auto-generated', 'Auto-Submitted');
like($headers->{'message-id'}, qr/^<[0-9a-f-]{36}\@tempcloud\.invalid>$/, 'Message-ID');
my ($id) = $headers->{'message-id'} =~ /^<(.*)@/;
is($headers->{'return-path'}, "<bounces+$id\@tempcloud.example>", 'the envelope sender names the mail');
is($headers->{'reply-to'}, 'anna@kunde.example', 'an answer goes to the inviter');
unlike($mail->{encoded}, qr/=0A|=0D/, 'line ends are line ends');
like($headers->{received}, qr/by mta\.anbieter\.example with esmtps\s.*\bTLS1\.[23]\b/, 'came under TLS');
like($mail->{text}, qr/^Guten Tag Zoë Ötzi,\n.*Müller & Söhne AG.*\nGrüße 😀\n/s, 'text');
like($mail->{html}, qr/^<p>Guten Tag Zoë Ötzi,<\/p>\n.*Müller &amp; Söhne AG.*>Grüße 😀</s, 'HTML');
my ($link, $token) = $mail->{text} =~ m{^(http\S+#(tci_[A-Za-z0-9_-]{48}))$}m;
like($mail->{html}, qr/<a href="\Q$link\E">/, 'one link in both');

# Not there
is($node->safe_psql('postgres', 'SELECT recipient, error FROM tempcloud.mail_dead'),
	'nobody@anbieter.example|550 5.1.1 no such mailbox', 'a refusal is a dead letter');
is(as_caller($node, 'anna',
		q{SELECT delivery, delivery_error FROM tempcloud.invitations_sent WHERE email LIKE 'nobody%'}),
	'failed|550 5.1.1 no such mailbox', 'the inviter sees why');

# And back
as_caller($node, 'bob', qq{SELECT tempcloud.register_account(token => '$token')});
like(as_caller($node, 'bob', qq{SELECT tempcloud.accept_invitation_by_token('$token')}),
	qr/^\(/, 'the link accepts the invitation');

done_testing();
