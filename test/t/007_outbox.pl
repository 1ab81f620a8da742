# The outbox under an old snapshot: claiming does not pass again and again over
# mails that were sent, and yet misses none.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;
use Time::HiRes qw(sleep);

my $node = new_server('main', conf => "autovacuum = off\ntempcloud.max_pending_invitations = -1\ntempcloud.max_daily_invitations = -1\n");
as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($node, 'alma', "SELECT tempcloud.register_account('customer', 'Andere AG', 'Alma', 'Alt')");

my $mailer = $node->background_psql('postgres');
my $snapshot = $node->background_psql('postgres');
$snapshot->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tempcloud_data.mail');

sub claim
{
	return $mailer->query_safe(
		'SELECT count(tempcloud.mail_sent(ARRAY[id])) FROM tempcloud.claim_mail(100)');
}

# Entries that scans of the index of due mails have visited
sub visited
{
	$mailer->query_safe('SELECT pg_stat_force_next_flush()');
	return $mailer->query_safe("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'mail_due_idx'");
}

as_caller($node, 'anna',
	"SELECT count(tempcloud.invite('b' || n || '\@anbieter.example')) FROM generate_series(1, 3000) n");
my $sent = 0;
while ((my $count = claim()) > 0) { $sent += $count; }
is($sent, 3000, 'all are sent');
sleep 2.5;	# commits that late are waited for
claim();

my $before = visited();
for my $n (1 .. 5)
{
	as_caller($node, 'anna', "SELECT tempcloud.invite('c$n\@anbieter.example')");
	is(claim(), 1, 'a new one is claimed');
}
cmp_ok(visited() - $before, '<', 1000, 'without a look at the dead ones');

# A transaction that commits long after it queued its mail
my $late = $node->background_psql('postgres');
$late->query_safe(q{BEGIN; SELECT tempcloud.act_as('anna'); SELECT tempcloud.invite('late@anbieter.example')});
sleep 3;
is(claim(), 0, 'not committed yet');
as_caller($node, 'alma', "SELECT tempcloud.invite('next\@anbieter.example')");
is(claim(), 1, 'others go ahead');
$late->query_safe('COMMIT');
ok(eventually(sub { claim() == 1 }), 'it is found nevertheless');

$_->quit for $late, $snapshot, $mailer;
$node->stop;
done_testing();
