# Point-in-time recovery, from a backup and archived WAL: to the moment before an
# acceptance the invitation is pending, and its link is as good as it was; to the moment
# after it there is the partnership, with its mail and history.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $primary = new_server('primary', has_archiving => 1, allows_streaming => 1);
as_caller($primary, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
$primary->backup('backup', backup_options => ['--checkpoint=fast']);

sub restore_point
{
	my ($name) = @_;

	return $primary->safe_psql('postgres', "SELECT pg_create_restore_point('$name')");
}

as_caller($primary, 'anna', "SELECT tempcloud.invite('bob\@anbieter.example', 'Bob', 'Berg', 'Anbieter GmbH')");
my %link = links($primary);
my $token = $link{'bob@anbieter.example'};
restore_point('before');
as_caller($primary, 'bob', "SELECT tempcloud.register_account(token => '$token'); SELECT tempcloud.accept_invitation_by_token('$token')");
as_caller($primary, 'anna', q{SELECT tempcloud.send_request(id, 'Koch', 'Bonn', '[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00",
	"headcount": 1}]') FROM tempcloud.providers});
restore_point('after');
# In one transaction: all of it, or nothing
my $xid = as_caller($primary, 'bob', q{SELECT tempcloud.answer_request(id, true) FROM tempcloud.requests_received;
	SELECT tempcloud.assign_workers(id, '{Kurt Kohl}') FROM tempcloud.shifts; SELECT pg_current_xact_id()});
($xid) = $xid =~ /(\d+)\s*\z/;
as_caller($primary, 'anna', "SELECT tempcloud.invite('late\@anbieter.example')");
my $full = $primary->safe_psql('postgres', q{SELECT pg_walfile_name(pg_current_wal_lsn())});
$primary->safe_psql('postgres', 'SELECT pg_switch_wal()');
ok(eventually(sub { $primary->safe_psql('postgres', "SELECT last_archived_wal >= '$full' FROM pg_stat_archiver") eq 't' }), 'WAL is archived');

sub recovered
{
	my ($name, @target) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init_from_backup($primary, 'backup', has_restoring => 1, standby => 0);
	$node->append_conf('postgresql.conf', join "\n", @target, "recovery_target_action = promote\narchive_mode = off\n");
	$node->start;
	eventually(sub { $node->safe_psql('postgres', 'SELECT pg_is_in_recovery()') eq 'f' }) or die "$name is not recovered";
	return $node;
}

# How many there are, of what is told here.
sub counts
{
	my ($node) = @_;

	return $node->safe_psql('postgres', q{
		SELECT (SELECT string_agg(status::text, ' ' ORDER BY id) FROM tempcloud_data.invitation),
			   (SELECT count(*) FROM tempcloud_data.partnership),
			   (SELECT string_agg(kind::text, ' ' ORDER BY id) FROM tempcloud_data.mail),
			   (SELECT string_agg(event::text, ' ' ORDER BY id) FROM tempcloud_data.event WHERE invitation_id IS NOT NULL OR request_id IS NOT NULL),
			   (SELECT string_agg(status::text, ' ' ORDER BY id) FROM tempcloud_data.request),
			   (SELECT count(*) FROM tempcloud_data.assignment)}) =~ tr/|/\n/r;
}

my $node = recovered('before', "recovery_target_name = 'before'");
is(counts($node), "pending\n0\ninvitation\ninvitation.created\n\n0", 'before: the invitation is pending');
is(as_caller($node, 'bob', "SELECT (tempcloud.register_account(token => '$token')).company_name; SELECT status FROM tempcloud.invitations_received;
		SELECT count(*) FROM tempcloud.accept_invitation_by_token('$token')"),
	"Anbieter GmbH\npending\n1", 'before: its link registers, and accepts');
is(as_caller($node, 'anna', 'SELECT company_name FROM tempcloud.partners'), 'Anbieter GmbH', 'before: and they are partners again');
is(scalar(() = links($node)), 0, 'before: the mail that was claimed is not claimed again while it is leased');
$node->stop;

$node = recovered('after', "recovery_target_name = 'after'");
is(counts($node), "accepted\n1\ninvitation invitation_accepted request_received\ninvitation.created invitation.routed invitation.accepted request.sent\nopen\n0",
	'after: there is the partnership with all that belongs to it');
my (undef, undef, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nDELETE FROM tempcloud_data.partnership", on_error_stop => 0);
like($err, qr/ERROR:  23001/, 'after: which stays');
is(as_caller($node, 'bob', "SELECT r.status FROM tempcloud.requests_received r, tempcloud.answer_request(r.id, true) a;
		SELECT tempcloud.invite('albert\@kunde.example')") =~ /^open\n/, 1, 'after: life goes on');
$node->stop;

$node = recovered('exclusive', "recovery_target_xid = '$xid'", 'recovery_target_inclusive = off');
like(counts($node), qr/\nopen\n0$/, 'without the transaction of the answer: neither it nor names');
$node->stop;
$node = recovered('inclusive', "recovery_target_xid = '$xid'");
like(counts($node), qr/request_accepted request_filled\n.*request\.accepted request\.filled\naccepted\n1$/s, 'with it: both, and their mails');
unlike(counts($node), qr/pending/, 'and nothing of what came later');
$node->stop;

$primary->stop;
done_testing();
