# Any program can be a mailer: the example in Python, on the same outbox.

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

my $node = new_server('other');
my $smtp = start_smtp();
my $log = $node->basedir . '/mailer.log';

$node->safe_psql('postgres', 'CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Müller & Söhne AG', 'Änne', 'Groß')});
as_caller($node, 'anna', q{SELECT tempcloud.invite('bob@anbieter.example', 'Zoë', message => 'Grüße 😀')});
as_caller($node, 'anna', q{SELECT tempcloud.invite('unknown@anbieter.example')});

local $ENV{DATABASE} = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=post';
local $ENV{SMTP_HOST} = '127.0.0.1';
local $ENV{SMTP_PORT} = $smtp->{port};
local $ENV{SMTP_TLS} = 'none';
local $ENV{MAIL_FROM} = 'Tempcloud <einladung@tempcloud.example>';
my $mailer = IPC::Run::start([ '/usr/bin/python3', "$FindBin::RealBin/../../examples/mailer.py" ], '2>>', $log);

ok(eventually(sub { mails($smtp) == 1 }), 'delivered at start');
my ($mail) = mails($smtp);
is($mail->{headers}{subject}, 'Müller & Söhne AG lädt Sie zur Zusammenarbeit ein', 'subject');
like($mail->{text}, qr/Grüße 😀/, 'text');
is($mail->{headers}{'reply-to'}, 'anna@kunde.example', 'an answer goes to the inviter');
my ($token) = $mail->{text} =~ /(tci_[A-Za-z0-9_-]{48})/;
as_caller($node, 'bob', qq{SELECT tempcloud.register_account(token => '$token', company_name => 'B', family_name => 'B')});
like(as_caller($node, 'bob', qq{SELECT tempcloud.accept_invitation_by_token('$token')}),
	qr/^\(/, 'the link accepts the invitation');
ok(eventually(sub { mails($smtp) == 2 }), 'woken for the answer');
ok( eventually(
		sub {
			$node->safe_psql('postgres', 'SELECT error FROM tempcloud.mail_dead') =~ /^550 5\.1\.1/;
		}),
	'a refusal is a dead letter');
is($node->safe_psql('postgres', q{SELECT count(*) FROM tempcloud_data.mail WHERE state = 'sent'}),
	2, 'both are reported as sent');
$mailer->signal('TERM');
ok($mailer->finish, 'SIGTERM ends it well');
unlike(slurp_file($log), qr/tc[ie]_/, 'no token in its log');
stop_smtp($smtp);

# What is wrong with the mailer costs no mail an attempt, and is not tried in haste.
my $fault = IPC::Run::start(
	[ '/usr/bin/python3', "$FindBin::RealBin/../smtp_fault.py", $smtp->{port}, "$smtp->{inbox}.fault",
		'MAIL', '530 5.7.0 Must issue a STARTTLS command first' ],
	'>', \my $ready, IPC::Run::timeout(60));
$fault->pump until $ready =~ /ready/;
as_caller($node, 'anna', q{SELECT tempcloud.invite('next@anbieter.example')});
$mailer = IPC::Run::start([ '/usr/bin/python3', "$FindBin::RealBin/../../examples/mailer.py" ], '2>>', $log);
ok(eventually(sub { slurp_file($log) =~ /^smtp: .*Must issue/m }), 'it says what is wrong');
sleep 1;
is(scalar(() = slurp_file($log) =~ /^smtp: /mg), 1, 'and waits');
is($node->safe_psql('postgres', q{SELECT state, attempt, leased FROM tempcloud_data.mail WHERE recipient LIKE 'next%'}),
	'queued|0|f', 'the mail is given back');
$mailer->signal('TERM');
ok($mailer->finish, 'SIGTERM ends it well');
$fault->kill_kill;

done_testing();
