# What those who LISTEN hear: keys and nothing else, of what is committed; the
# same whether each transaction tells its own events or a background worker does.
use strict;
use warnings;

use FindBin;
use JSON::PP ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;
use Time::HiRes qw(sleep);

my ($node, $listener);

sub account_of
{
	my ($subject) = @_;

	return $node->safe_psql('postgres',
		"SELECT account_id FROM tempcloud_data.contact WHERE subject = '$subject'");
}

my $uuid = qr/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

# Run a command and check what is heard of it: events as
# [ name, whether it is of an invitation, accounts... ], then how many wake-ups
# of mailers.
sub hears
{
	my ($command, $events, $mails, $name) = @_;

	$command->();
	my $ledger = qr/"ledger\.sealed"/;	# comes when a partnership is sealed, at any time
	my @heard = heard($listener, @$events + $mails, $ledger);
	sleep 0.05 if worker_mode($node);	# for one too many
	push @heard, heard($listener, 0, $ledger);
	my @payloads = map { $_->[1] } grep { $_->[0] eq 'tempcloud_event' } @heard;
	my @wake_ups = grep { $_->[0] eq 'tempcloud_mail' } @heard;

	is(scalar @wake_ups, $mails, "$name: wake-ups");
	is(join('', map { $_->[1] } @wake_ups), '', "$name: they carry nothing");
	is(scalar @payloads, scalar @$events, "$name: events");
	foreach my $expected (@$events)
	{
		my ($event, $invitation, @accounts) = @$expected;
		my $payload = JSON::PP::decode_json(shift(@payloads) // '{}');

		is($payload->{event}, $event, "$name: $event");
		is(join(' ', sort keys %$payload),
			$invitation ? 'accounts at event invitation' : 'accounts at event',
			"$name: exactly these keys");
		like($payload->{at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*[+-]\d\d:\d\d$/, "$name: a time");
		like($payload->{invitation}, qr/^$uuid$/, "$name: an id") if $invitation;
		is(join(' ', sort @{ $payload->{accounts} }), join(' ', sort map { account_of($_) } @accounts),
			"$name: the accounts concerned");
	}
	return;
}

sub command
{
	my ($subject, $sql) = @_;

	return sub { as_caller($node, $subject, $sql) };
}

my $received = 'FROM tempcloud.invitations_received WHERE status = \'pending\'';

# The whole life of invitations.
sub story
{
	hears(command('anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')"),
		[ [ 'account.registered', 0, 'anna' ] ], 0, 'register');
	hears(command('anna', "SELECT tempcloud.invite('bob\@anbieter.example', 'Bob', 'Bär', 'Anbieter GmbH', '0221', 'Guten Tag')"),
		[ [ 'invitation.created', 1, 'anna' ] ], 1, 'invite');
	hears(command('bob', "SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Bär')"),
		[ [ 'account.registered', 0, 'bob' ], [ 'invitation.routed', 1, 'anna', 'bob' ] ], 0,
		'register with an invitation waiting');
	hears(command('bob', "SELECT tempcloud.accept_invitation(id) $received"),
		[ [ 'invitation.accepted', 1, 'anna', 'bob' ] ], 1, 'accept');
	hears(command('bob', 'SELECT tempcloud.accept_invitation(invitation_id) FROM tempcloud.partners'),
		[], 0, 'accept again');

	# Refused, rolled back, rolled back to a savepoint.
	hears(
		sub {
			$node->psql('postgres',
				q{BEGIN; SET LOCAL request.jwt.claims = '{"sub":"anna"}'; SELECT tempcloud.invite('bob@anbieter.example')});
		},
		[], 0, 'refused');
	hears(command('anna', "SELECT tempcloud.invite('berta\@anbieter.example'); ROLLBACK; BEGIN"),
		[], 0, 'rolled back');
	hears(
		command('anna',
			"SAVEPOINT s; SELECT tempcloud.invite('berta\@anbieter.example'); ROLLBACK TO s; SELECT 1"),
		[], 0, 'rolled back to a savepoint');
	hears(
		command('anna',
			"SAVEPOINT s; SELECT tempcloud.invite('berta\@anbieter.example'); ROLLBACK TO s;"
			. "SELECT tempcloud.add_contact('Alma', 'Alt')"),
		[ [ 'contact.added', 0, 'anna' ] ], 0, 'committed after a savepoint');

	# Many at once: each that stands is told, and mailers are woken once.
	hears(
		command('anna',
			q{SELECT tempcloud.invite_many('[{"email":"berta@anbieter.example"}, {"email":"wrong"}, {"email":"bruno@anbieter.example"}]')}),
		[ [ 'invitation.created', 1, 'anna' ], [ 'invitation.created', 1, 'anna' ] ], 1, 'invite many');

	# The rest of an invitation's life.
	my %link;
	hears(sub { %link = links($node) }, [ [ 'invitation.delivery', 1, 'anna' ] ], 0,
		'the mail about what was accepted is dropped');
	hears(command('anna', "SELECT tempcloud.withdraw_invitation(id) FROM tempcloud.invitations_sent WHERE email LIKE 'bruno%'"),
		[ [ 'invitation.withdrawn', 1, 'anna' ] ], 0, 'withdraw');
	hears(
		sub {
			$node->safe_psql('postgres', q{
				UPDATE tempcloud_data.invitation SET expires_at = now() WHERE email LIKE 'berta%';
				SELECT tempcloud.maintain()});
		},
		[ [ 'invitation.expired', 1, 'anna' ] ], 1, 'expire');
	$node->safe_psql('postgres', "UPDATE tempcloud_data.invitation SET sent_at = now() - interval '1 hour' WHERE email LIKE 'berta%'");
	hears(command('anna', "SELECT tempcloud.resend_invitation(id) FROM tempcloud.invitations_sent WHERE email LIKE 'berta%'"),
		[ [ 'invitation.resent', 1, 'anna' ] ], 1, 'resend');
	%link = links($node);
	hears(
		sub {
			$node->safe_psql('postgres',
				"SELECT tempcloud.decline_invitation_by_token('$link{'berta@anbieter.example'}', 'Nein')");
		},
		[ [ 'invitation.declined', 1, 'anna' ] ], 1, 'decline without an account');

	# To an address that belongs to an account: that account's page updates too.
	hears(command('bruno', "SELECT tempcloud.register_account('provider', 'Dritte Anbieter GmbH', 'Bruno', 'Brand')"),
		[ [ 'account.registered', 0, 'bruno' ] ], 0, 'register with a withdrawn invitation');
	hears(command('anna', "SELECT tempcloud.invite('bruno\@anbieter.example')"),
		[ [ 'invitation.created', 1, 'anna', 'bruno' ] ], 1, 'invite an account');

	# A mailer's reports are told to the inviter alone.
	hears(
		sub {
			$node->safe_psql('postgres', 'SELECT tempcloud.mail_sent(array_agg(id)) FROM tempcloud_data.mail');
		},
		[ [ 'invitation.delivery', 1, 'anna' ], [ 'invitation.delivery', 1, 'anna' ] ], 0, 'sent');

	# Where it does not show who is registered, each side hears of its own alone.
	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET tempcloud.reveal_registered = off');
	hears(command('anna', "SELECT tempcloud.invite('bodo\@anbieter.example')"),
		[ [ 'invitation.created', 1, 'anna' ] ], 1, 'invite who is nobody yet');
	hears(command('bodo', "SELECT tempcloud.register_account('provider', 'Vierte Anbieter GmbH', 'Bodo', 'Brand')"),
		[ [ 'account.registered', 0, 'bodo' ], [ 'invitation.routed', 1, 'bodo' ] ], 0, 'the inviter does not hear it');
	$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET tempcloud.reveal_registered');

	# Order: the history is kept in the order in which it was told.
	is($node->safe_psql('postgres', "SELECT string_agg(event, ' ' ORDER BY id) FROM tempcloud_data.event"),
		'account.registered invitation.created account.registered invitation.routed invitation.accepted'
		  . ' contact.added invitation.created invitation.created invitation.withdrawn invitation.expired'
		  . ' invitation.resent invitation.declined account.registered invitation.created'
		  . ' invitation.created account.registered invitation.routed',
		'the history has the same events');
	return;
}

foreach my $mode (qw(plain worker))
{
	$node = new_server($mode, conf => $mode eq 'worker' ? "shared_preload_libraries = 'tempcloud'\n" : '');
	ok(eventually(sub { worker_mode($node) }), 'there is a worker') if $mode eq 'worker';

	# Any role may LISTEN.
	$node->safe_psql('postgres', 'CREATE ROLE tempcloud_test_nobody');
	$listener = $node->background_psql('postgres');
	$listener->query_safe('SET ROLE tempcloud_test_nobody; LISTEN tempcloud_event; LISTEN tempcloud_mail;');
	note("$mode mode");
	story();
	$listener->quit;
	$node->stop;
}
done_testing();
