# Random commands against the extension and against a model of its rules, see
# test/model: the runs of some seeds that are always the same, then of random ones.
#
# TEMPCLOUD_MODEL_SECONDS says how long the latter take; make soak takes longer.
# What differs is shown with the shortest sequence of steps that leads to it.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $SEEDS = '1-40';
my $seconds = $ENV{TEMPCLOUD_MODEL_SECONDS} // 1;

my $node = new_server('main', conf => "autovacuum = off\nfsync = off");
my $out = '';
my $same;

{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

	$same = IPC::Run::run(
		[ '/usr/bin/python3', "$FindBin::RealBin/../model", '--seeds', $SEEDS, '--seconds', $seconds ],
		'>&', \$out);
}
ok($same, 'the extension does what the model does');
$same ? note($out) : diag($out);

# Each command has done something, and each that can be refused was refused.
my %ok = map { $_ => 1 } $out =~ /^ +\d+ (\w+): ok$/mg;
my %refused = map { $_ => 1 } $out =~ /^ +\d+ (\w+): [a-z]+_\w+$/mg;
my @commands = qw(register_account update_account add_contact update_contact set_role remove_contact
  send_confirmation confirm_email leave_account close_account invite invite_many resend_invitation withdraw_invitation preview_invitation ask_again
  accept_invitation accept_invitation_by_token decline_invitation decline_invitation_by_token unblock_account
  erase_person send_order withdraw_request answer_request assign_workers cancel_request erase_workers);
my @rarely_refused = qw(whoami are_partners look claim_mail mail_sent mail_failed mail_bounced release_mail retry_mail maintain);
SKIP:
{
	skip 'it stopped where they differ', 4 unless $same;
	is_deeply([ grep { !$ok{$_} } @commands, @rarely_refused ], [], 'each command has done something');
	is_deeply([ grep { !$refused{$_} } @commands ], [], 'each has been refused');
	cmp_ok($out =~ /^(\d+) steps$/m ? $1 : 0, '>=', 6000, 'there were thousands of steps');
	like($out, qr/^ +\d+ \w+: locked$/m, 'sessions have met');
}

$node->stop;
done_testing();
