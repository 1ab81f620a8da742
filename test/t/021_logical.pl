# Logical replication into another database that has the extension: partnerships come
# there with all that belongs to them, and what would break a promise does not, whatever
# its origin has done to itself.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my @tables = map { "tempcloud_data.$_" }
  qw(account contact invitation partnership staff_order request shift request_answer assignment
  ledger_entry ledger_node ledger_head);
my $origin = new_server('origin', allows_streaming => 'logical');
my $replica = new_server('replica');

sub partner
{
	my ($provider) = @_;

	as_caller($origin, $provider, "SELECT tempcloud.register_account('provider', '\u$provider GmbH', '\u$provider', 'Berg')");
	as_caller($origin, 'anna', "SELECT tempcloud.invite('$provider\@anbieter.example')");
	as_caller($origin, $provider, 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');
	return;
}

sub order
{
	my ($provider, $profession) = @_;

	as_caller($origin, 'anna', qq{SELECT tempcloud.send_request(id, '$profession', 'Bonn', '[{"starts_at": "2100-01-01 06:00",
			"ends_at": "2100-01-01 14:00", "headcount": 1}]', requirements => repeat('ä', 2000)) FROM tempcloud.providers WHERE company_name ILIKE '$provider%'});
	as_caller($origin, $provider, q{SELECT tempcloud.answer_request(id, true) FROM tempcloud.requests_received WHERE status = 'open';
		SELECT tempcloud.assign_workers(id, '{Kurt Kohl}') FROM tempcloud.shifts WHERE assigned = 0});
	return;
}

# All rows of the published tables.
sub contents
{
	my ($node, @of) = @_;

	return join "\n", map { $node->safe_psql('postgres', "SELECT '$_', t::text FROM $_ t ORDER BY 2") } @of ? @of : @tables;
}

# Some of each before the subscription, some after it.  The requirements are long
# enough to be compressed here and to come over uncompressed.
as_caller($origin, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
partner('bob');
order('bob', 'Koch');
as_caller($origin, 'anna', "SELECT tempcloud.invite('berta\@anbieter.example'), tempcloud.invite('nobody\@anbieter.example')");
$origin->safe_psql('postgres', 'SELECT tempcloud.seal_ledger()');
$origin->safe_psql('postgres', "CREATE PUBLICATION tempcloud FOR TABLE " . join ', ', @tables);
$replica->safe_psql('postgres', 'CREATE SUBSCRIPTION tempcloud CONNECTION $$' . $origin->connstr('postgres') . '$$ PUBLICATION tempcloud WITH (disable_on_error)');
$replica->wait_for_subscription_sync($origin, 'tempcloud');
is(contents($replica), contents($origin), 'what was there is copied');
isnt(contents($replica, 'tempcloud_data.assignment'), '', 'even the names of workers');

partner('bruno');
order('bruno', 'Pilot');
as_caller($origin, 'berta', "SELECT tempcloud.register_account('provider', 'Berta GmbH', 'Berta', 'Blum');
	SELECT tempcloud.decline_invitation(id) FROM tempcloud.invitations_received");
as_caller($origin, 'anna', q{SELECT tempcloud.withdraw_invitation(id) FROM tempcloud.invitations_sent WHERE email LIKE 'nobody%'});
as_caller($origin, 'anna', q{SELECT tempcloud.cancel_request(id, 'Streik') FROM tempcloud.requests_sent WHERE profession = 'Pilot'});
# The origin alone seals: the replica does not know what waits there.
$origin->wait_for_catchup('tempcloud');
is($replica->safe_psql('postgres', 'SELECT tempcloud.seal_ledger(); SELECT size, unsealed, problem FROM tempcloud.verify_ledger()'),
	"0\n1|1|a partnership is neither sealed nor waiting to be", 'until the origin seals, a partnership is not in the ledger of the replica');
my $checkpoint = $origin->safe_psql('postgres', 'SELECT tempcloud.ledger_checkpoint()');
$origin->safe_psql('postgres', 'SELECT tempcloud.seal_ledger()');
$origin->wait_for_catchup('tempcloud');
is(contents($replica), contents($origin), 'what is done comes over');
is(as_caller($replica, 'anna', 'SELECT string_agg(company_name, \' \' ORDER BY company_name) FROM tempcloud.providers'),
	'Bob GmbH Bruno GmbH', 'the API reads it there');
is($replica->safe_psql('postgres', "SELECT size, unsealed, problem FROM tempcloud.verify_ledger('$checkpoint')"), '2|0|',
	'the ledger comes over as it was sealed, and agrees with the partnerships there');
foreach my $query ('SELECT tempcloud.ledger_checkpoint()', 'SELECT tempcloud.consistency_proof(1)')
{
	is($replica->safe_psql('postgres', $query), $origin->safe_psql('postgres', $query), "the replica says the same: $query");
}
is($replica->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.mail'), '0', 'without a mail that would be sent twice');

# What somebody at the replica tries
foreach my $attempt (
	[ '23001', 'DELETE FROM tempcloud_data.partnership' ],
	[ '23001', 'SET session_replication_role = replica; DELETE FROM tempcloud_data.partnership' ],
	[ '23001', q{SET session_replication_role = replica; UPDATE tempcloud_data.invitation SET status = 'pending' WHERE status = 'accepted'} ],
	[ '23001', 'TRUNCATE tempcloud_data.partnership CASCADE' ])
{
	my ($sqlstate, $statement) = @$attempt;
	my (undef, undef, $err) = $replica->psql('postgres', "\\set VERBOSITY sqlstate\n$statement", on_error_stop => 0);

	like($err, qr/ERROR:  $sqlstate\b/, "at the replica: $statement");
}

# What comes from an origin whose superuser has put the guards to sleep: each is
# refused by the replica's, which stops, and can be told to go on without it.
my $sleep = join '', map { "ALTER TABLE $_ DISABLE TRIGGER USER;" } @tables;
my $before = contents($replica);

sub refuses
{
	my ($statement, $message) = @_;
	my $log_start = -s $replica->logfile;
	my ($ret, undef, $err) = $origin->psql('postgres', "BEGIN; SET LOCAL session_replication_role = replica; $sleep $statement; COMMIT");

	is($ret, 0, "the origin does: $statement") or diag($err);
	ok(eventually(sub { $replica->safe_psql('postgres', 'SELECT subenabled FROM pg_subscription') eq 'f' }, 60),
		'the replica does not');
	my $log = log_of($replica, $log_start);
	like($log, qr/ERROR:  (?:$message)/, 'and says why');
	is(contents($replica), $before, 'and has all it had');
	my ($lsn) = $log =~ m{CONTEXT: .*finished at ([0-9A-F]+/[0-9A-F]+)};
	$replica->safe_psql('postgres', "ALTER SUBSCRIPTION tempcloud SKIP (lsn = '$lsn'); ALTER SUBSCRIPTION tempcloud ENABLE");
	eventually(sub { $replica->safe_psql('postgres', 'SELECT subskiplsn FROM pg_subscription') =~ m{^0/0+$} }, 60)
	  or die 'the replica does not go on';
	return;
}

refuses(q{UPDATE tempcloud_data.partnership SET created_at = now()}, 'cannot change or delete rows of table "partnership"');
refuses(q{UPDATE tempcloud_data.account SET kind = 'customer' WHERE company_name = 'Bob GmbH'}, 'cannot change column "kind" of table "account"');
refuses(q{UPDATE tempcloud_data.invitation SET status = 'pending', decided_at = NULL, decided_by = NULL WHERE status = 'accepted'},
	'cannot change or delete an accepted invitation');
refuses(q{INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
	SELECT b.id, a.id, i.id, i.invited_by FROM tempcloud_data.account a, tempcloud_data.account b, tempcloud_data.invitation i
	 WHERE a.company_name = 'Kunde AG' AND b.company_name = 'Berta GmbH' AND i.status = 'declined'}, 'a partnership ');
refuses(q{DELETE FROM tempcloud_data.partnership}, 'cannot change or delete rows of table "partnership"');
refuses(q{DELETE FROM tempcloud_data.request_answer}, 'cannot change or delete rows of table "request_answer"');
as_caller($origin, 'bea', "SELECT tempcloud.register_account('provider', 'Bea GmbH', 'Bea', 'Bauer')");
$origin->wait_for_catchup('tempcloud');
is($replica->safe_psql('postgres', q{SELECT count(*) FROM tempcloud_data.account WHERE company_name = 'Bea GmbH'}), '1', 'it goes on with the rest');
$before = contents($replica);
# Foreign keys stand before the guards here.
refuses('TRUNCATE ' . join(', ', @tables) . ' CASCADE', 'cannot truncate a table referenced in a foreign key constraint');

$_->stop for $replica, $origin;
done_testing();
