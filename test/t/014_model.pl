# Random commands against the extension and against a model of its rules, see
# test/model.
#
# TEMPCLOUD_MODEL_SECONDS says how long; make soak says longer. A fixed set of
# seeds goes first, then come random ones. What differs is printed as the
# shortest sequence of steps found.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $SEEDS = '1-20';
my $seconds = $ENV{TEMPCLOUD_MODEL_SECONDS} // 1;

my $node = new_server('main', conf => "autovacuum = off\nfsync = off");
my $out = '';

{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

	ok( IPC::Run::run(
			[ '/usr/bin/python3', "$FindBin::RealBin/../model", '--seeds', $SEEDS, '--seconds', $seconds ],
			'>&', sub { $out .= $_[0]; note($_[0]) }),
		'the extension does what the model does') or diag($out);
}

# Each command has been refused, and has done what it does.
my %ok = map { $_ => 1 } $out =~ /^ +\d+ (\w+): ok$/mg;
my %refused = map { $_ => 1 } $out =~ /^ +\d+ (\w+): [a-z]+_\w+$/mg;
my @always = qw(are_partners claim_mail mail_bounced mail_failed mail_sent maintain release_mail retry_mail look);
my @commands = qw(register_account whoami update_account add_contact update_contact remove_contact
  send_confirmation confirm_email invite invite_many resend_invitation withdraw_invitation preview_invitation
  accept_invitation accept_invitation_by_token decline_invitation decline_invitation_by_token unblock_account);
is_deeply([ grep { !$ok{$_} } @commands, @always ], [], 'each command has done something');
is_deeply([ grep { !$refused{$_} } @commands ], [], 'each has been refused');
cmp_ok($out =~ /^(\d+) steps$/m ? $1 : 0, '>', 2500, 'there were thousands of steps');
like($out, qr/^ +\d+ \w+: locked$/m, 'sessions have met');

$node->stop;
done_testing();
