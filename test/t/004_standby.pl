# A hot standby and read-only transactions, which PostgREST opens for GET: what
# reads works, what writes is refused clearly, and works after promotion.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $primary = new_server('primary', allows_streaming => 1);
as_caller($primary, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($primary, 'bob', "SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Bär')");
as_caller($primary, 'anna', "SELECT tempcloud.invite('bob\@anbieter.example'), tempcloud.invite('berta\@anbieter.example', 'Berta', 'Blum', 'Berta GmbH')");
as_caller($primary, 'bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');
as_caller($primary, 'anna', q{SELECT tempcloud.send_request(id, 'Koch', 'Berlin',
	'[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2}]') FROM tempcloud.providers});
$primary->safe_psql('postgres', 'SELECT tempcloud.seal_ledger()');
my $older = $primary->safe_psql('postgres', 'SELECT tempcloud.ledger_checkpoint()');
my %link = links($primary);
my $token = $link{'berta@anbieter.example'};

$primary->backup('backup', backup_options => [ '--checkpoint=fast' ]);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

# Something that comes by streaming.
as_caller($primary, 'bob', "SELECT tempcloud.invite('albert\@kunde.example')");
as_caller($primary, 'bruno', "SELECT tempcloud.register_account('provider', 'Bruno GmbH', 'Bruno', 'Berg');
	SELECT tempcloud.invite('anna\@kunde.example')");
as_caller($primary, 'anna', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');
$primary->safe_psql('postgres', 'SELECT tempcloud.seal_ledger()');
my $checkpoint = $primary->safe_psql('postgres', 'SELECT tempcloud.ledger_checkpoint()');
my $proof = $primary->safe_psql('postgres', 'SELECT tempcloud.consistency_proof(1)');
my $receipt = as_caller($primary, 'bob', 'SELECT tempcloud.partnership_receipt(id) FROM tempcloud.partners');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

my %reading = (
	"SELECT (account).company_name FROM tempcloud.whoami()" => 'Anbieter GmbH',
	"SELECT inviter_company FROM tempcloud.preview_invitation('$token')" => 'Kunde AG',
	'SELECT tempcloud.are_partners(id, tempcloud.current_account_id()) FROM tempcloud.partners' => 't',
	'SELECT company_name FROM tempcloud.my_account' => 'Anbieter GmbH',
	'SELECT given_name FROM tempcloud.my_contacts' => 'Bob',
	'SELECT company_name FROM tempcloud.partners' => 'Kunde AG',
	'SELECT company_name FROM tempcloud.customers' => 'Kunde AG',
	'SELECT count(*) FROM tempcloud.providers' => '0',
	'SELECT given_name FROM tempcloud.partner_contacts' => 'Anna',
	'SELECT email FROM tempcloud.invitations_sent' => 'albert@kunde.example',
	'SELECT inviter_company, status FROM tempcloud.invitations_received' => 'Kunde AG|accepted',
	'SELECT profession, status FROM tempcloud.requests_received' => 'Koch|open',
	'SELECT count(*) FROM tempcloud.requests_sent' => '0',
	'SELECT headcount FROM tempcloud.shifts' => '2',
	'SELECT count(*) FROM tempcloud.assignments' => '0',
	'SELECT event, company FROM tempcloud.activity LIMIT 1' => 'invitation.created|',
	'SELECT requests_open FROM tempcloud.badge_counts()' => '1',
	'SELECT current_contact_id IS NOT NULL FROM tempcloud.current_contact_id()' => 't',
	'RESET ROLE; SELECT event FROM tempcloud.events_since() WHERE id = tempcloud.last_event_id()' => 'invitation.accepted',
	'SELECT tempcloud.partnership_receipt(id) FROM tempcloud.partners' => $receipt,
	'RESET ROLE; SELECT tempcloud.ledger_checkpoint()' => $checkpoint,
	'RESET ROLE; SELECT tempcloud.consistency_proof(1)' => $proof,
	"RESET ROLE; SELECT size, unsealed, problem FROM tempcloud.verify_ledger('$older')" => '2|0|',
);

# Each function that writes, with arguments that would do on a server that can
# be written to, or be refused there for another reason.
my $id = "'00000000-0000-7000-8000-000000000000'";
my @writing = (
	"register_account('customer', 'X', 'X', 'X')", "update_account(city => 'Köln')",
	"add_contact('X', 'X')", "update_contact($id)", "set_role($id, 'owner')", "remove_contact($id)", "send_confirmation($id)",
	'leave_account()', 'close_account()',
	"confirm_email('$token')", "invite('x\@kunde.example')", "invite_many('[]')",
	"resend_invitation($id)", "correct_invitation($id)", "withdraw_invitation($id)", "accept_invitation($id)",
	"accept_invitation_by_token('$token')", "decline_invitation($id)",
	"decline_invitation_by_token('$token')", "ask_again('$token')", "unblock_account($id)", 'claim_mail()',
	"mail_sent('{}')", "mail_failed($id, 'x')", "mail_bounced('x')",
	"release_mail('{}')", "retry_mail($id)", 'maintain()',
	"send_order('X', '[]')", "send_request($id, 'X', 'X', '[]')", "withdraw_request($id)",
	"answer_request($id, true)", "assign_workers($id, '{X}')", "erase_workers($id)", "cancel_request($id, 'X')",
	"erase_person('a\@kunde.example')", "mark_read($id)", "set_partner_note($id)", 'seal_ledger()');
my ($unmentioned) = $primary->safe_psql('postgres', "
	SELECT string_agg(proname, ' ') FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace AND provolatile = 'v' AND prokind = 'f' AND proname NOT IN ('act_as', 'preview_invitation')
	   AND proname <> ALL ('{" . join(',', map { /^(\w+)/ } @writing) . "}')");
is($unmentioned, '', 'all functions that write are here');

sub check_reading_only
{
	my ($node, $begin, $how, $state) = @_;
	my ($ret, $out, $err);

	foreach my $query (sort keys %reading)
	{
		my $short = $query =~ s/tci_\S+|'[^']*\n[^']*'/.../r;
		is($node->safe_psql('postgres', qq{
				$begin;
				SET LOCAL ROLE tempcloud_user;
				SET LOCAL request.jwt.claims = '{"sub":"bob"}';
				$query; COMMIT}),
			$reading{$query}, "$how: $short");
	}
	is($node->safe_psql('postgres', "
			$begin; SET LOCAL ROLE tempcloud_service; SELECT FROM tempcloud.act_as('anna');
			SELECT company_name FROM tempcloud.partners; COMMIT") =~ s/^\n//r,
		"Anbieter GmbH\nBruno GmbH", "$how: act_as");

	foreach my $call (@writing)
	{
		my ($name) = $call =~ /^(\w+)/;

		($ret, $out, $err) = $node->psql('postgres', qq{
			\\set VERBOSITY verbose
			$begin;
			SET LOCAL request.jwt.claims = '{"sub":"bob"}';
			SELECT tempcloud.$call});
		like($err, qr/ERROR:  25006: cannot execute $name\(\) $state\b/, "$how: $name() is refused");
	}
}

check_reading_only($primary, 'BEGIN READ ONLY', 'read-only transaction', 'in a read-only transaction');
check_reading_only($standby, 'BEGIN READ ONLY', 'standby', '(?:during recovery|in a read-only transaction)');

# Nothing of this has used the link up.
$primary->stop('immediate');
$standby->promote;
is(as_caller($standby, 'berta', "
		SELECT company_name FROM tempcloud.register_account(token => '$token');
		SELECT 'partner' FROM tempcloud.accept_invitation_by_token('$token')"),
	"Berta GmbH\npartner", 'after promotion a link registers and accepts');
is(as_caller($standby, 'anna', 'SELECT count(*) FROM tempcloud.partners'), 3, 'and the inviter sees it');
is($standby->safe_psql('postgres', "SELECT tempcloud.seal_ledger(); SELECT size, unsealed, problem FROM tempcloud.verify_ledger('$checkpoint')"),
	"1\n3|0|", 'the ledger goes on from the head that the standby has received');
my ($ret, $out, $err) = $standby->psql('postgres',
	"\\set VERBOSITY sqlstate\nDELETE FROM tempcloud_data.partnership");
like($err, qr/23001/, 'the promise holds there');

$standby->stop;
done_testing();
