# The outbox under an old snapshot: claiming does not pass again and again over
# mails that were sent, and yet misses none.  And under load: a claim is bounded,
# whatever is due.
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

# Now and then a session begins anew, and looks at all: that can be in one try.
my $looks;
foreach my $try (1 .. 3)
{
	my $before = visited();

	for my $n (1 .. 5)
	{
		as_caller($node, 'anna', "SELECT tempcloud.invite('c$try$n\@anbieter.example')");
		is(claim(), 1, 'a new one is claimed');
	}
	$looks = visited() - $before;
	last if $looks < 1000;
}
cmp_ok($looks, '<', 1000, 'without a look at the dead ones');

# A transaction that commits long after it queued its mail
my $late = $node->background_psql('postgres');
$late->query_safe(q{BEGIN; SELECT tempcloud.act_as('anna'); SELECT tempcloud.invite('late@anbieter.example')});
sleep 3;
is(claim(), 0, 'not committed yet');
as_caller($node, 'alma', "SELECT tempcloud.invite('next\@anbieter.example')");
is(claim(), 1, 'others go ahead');
$late->query_safe('COMMIT');
ok(eventually(sub { claim() == 1 }), 'it is found nevertheless');

# Mails about a request that has many names: claiming them takes little time, and
# what a query keeps of their rows is not written to a file.
as_caller($node, 'bert', "SELECT tempcloud.register_account('provider', 'Personal AG', 'Bert', 'Berg')");
as_caller($node, 'anna', "SELECT tempcloud.invite('bert\@anbieter.example')");
as_caller($node, 'bert', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');
as_caller($node, 'anna', q{
	SELECT tempcloud.send_request(p.id, 'Koch', 'Berlin', (
		SELECT jsonb_agg(jsonb_build_object('starts_at', at, 'ends_at', at + interval '8 hours', 'headcount', 60))
		  FROM generate_series(now() + interval '1 day', now() + interval '366 days', '1 day') at))
	  FROM tempcloud.providers p});
as_caller($node, 'bert', 'SELECT tempcloud.answer_request(id, true) FROM tempcloud.requests_received');
$node->safe_psql('postgres', q{
	INSERT INTO tempcloud_data.assignment (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at)
	SELECT s.id, s.customer_id, p, 60, s.ends_at, repeat('x', 200), (SELECT id FROM tempcloud_data.contact WHERE subject = 'bert'), now()
	  FROM tempcloud_data.shift s, generate_series(1, 60) p;
	UPDATE tempcloud_data.mail SET state = 'sent', closed_at = now() WHERE state = 'queued';
	INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
	SELECT 'request_accepted', r.id, r.customer_id, 'anna@kunde.example', 'Anna', 'de', 'kunde.example'
	  FROM tempcloud_data.request r, generate_series(1, 100) n;
	VACUUM ANALYZE});
$node->append_conf('postgresql.conf', 'log_temp_files = 0');
$node->reload;

my $log = -s $node->logfile;
my $kept = q{
	SET statement_timeout = '10s';
	WITH m AS MATERIALIZED (SELECT * FROM tempcloud.claim_mail(1000))
	SELECT count(*), max(length(text_body)) FROM (SELECT * FROM m ORDER BY subject, text_body) s};
my ($claimed, $longest) = split /\|/, $node->safe_psql('postgres', $kept);
cmp_ok($longest, '>', 50 * 200, 'long mails are claimed,');
cmp_ok($longest, '<', 60 * 200, 'of a bounded size,');
cmp_ok($claimed, '>', 10, 'several at once');
cmp_ok($claimed, '<', 100, 'but not all');
is($node->safe_psql('postgres', 'SELECT leased, waiting FROM tempcloud.mail_stats'),
	"$claimed|" . (100 - $claimed), 'the others are held by nobody');
while ((my $more = (split /\|/, $node->safe_psql('postgres', $kept))[0]) > 0) { $claimed += $more; }
is($claimed, 100, 'who goes on gets all');
unlike(log_of($node, $log), qr/temporary file/, 'no file is written');

# Where many have become obsolete, a claim ends without a mail, and says that
# there are more.
my $listener = $node->background_psql('postgres');
$node->safe_psql('postgres', q{
	INSERT INTO tempcloud_data.mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain)
	SELECT 'request_received', r.id, r.customer_id, 'bert@anbieter.example', 'Bert', 'de', 'anbieter.example'
	  FROM tempcloud_data.request r, generate_series(1, 1500) n});
$listener->query_safe('LISTEN tempcloud_mail');
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud.claim_mail(1)'), 0, 'none of the first is to be sent');
is_deeply([ heard($listener, 1) ], [ [ 'tempcloud_mail', '' ] ], 'mailers are woken');
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud.claim_mail(1)'), 0, 'nor of the others');
is($node->safe_psql('postgres', 'SELECT waiting FROM tempcloud.mail_stats'), 0, 'none is left');
is_deeply([ heard($listener) ], [], 'and nobody is woken');

$_->quit for $listener, $late, $snapshot, $mailer;
$node->stop;
done_testing();
