# The background worker: every event of many at once reaches a listener, whatever
# happens to the worker, and it is in nobody's way.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use JSON::PP ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;
use Time::HiRes qw(sleep);

my $PRELOAD = "shared_preload_libraries = 'tempcloud'\n";

my $node = new_server('main', allows_streaming => 1, conf => <<"EOT");
$PRELOAD
tempcloud.max_pending_invitations = -1
tempcloud.max_daily_invitations = -1
tempcloud.maintenance_interval = 0
tempcloud.ledger_interval = 0
tempcloud.databases = ''
fsync = off
max_prepared_transactions = 2
restart_after_crash = on
EOT

sub listener
{
	my ($db) = @_;
	my $listener = $node->background_psql($db // 'postgres');

	$listener->query_safe('LISTEN tempcloud_event');
	return $listener;
}

# Events heard, decoded, until one of this name came.
sub hear_until
{
	my ($listener, $name) = @_;
	my @events;

	eventually(
		sub {
			push @events, map { JSON::PP::decode_json($_->[1]) } heard($listener);
			return grep { $_->{event} eq $name } @events;
		});
	return @events;
}

sub names { return join ' ', map { $_->{event} } @_; }

# Who is in a database, by the names that pg_stat_activity shows.
sub processes
{
	my ($db) = @_;

	return $node->safe_psql('postgres', "SELECT string_agg(backend_type, ',') FROM pg_stat_activity
		WHERE backend_type LIKE 'tempcloud%' AND datname IS NOT DISTINCT FROM " . ($db ? "'$db'" : 'NULL'));
}

sub worker_pid { return $node->safe_psql('postgres', 'SELECT worker FROM tempcloud.worker_stats'); }

sub stat_of { return $node->safe_psql('postgres', "SELECT $_[0] FROM tempcloud.worker_stats"); }

sub register
{
	my ($subject, $kind, $db) = @_;

	as_caller($node, $subject,
		"SELECT FROM tempcloud.register_account('$kind', 'Firma $subject', 'Vor', 'Nach')", $db);
}

ok(eventually(sub { worker_mode($node) }), 'CREATE EXTENSION is noticed');
is(processes('postgres'), 'tempcloud worker', 'pg_stat_activity shows the worker');
is(processes(), 'tempcloud launcher', 'and the launcher');
is(stat_of('resyncs'), 1, 'a worker begins with a resync');

# Many at once: eight providers with 1,250 invited customers each, and for each
# provider a session in which they accept one after another.
my ($sessions, $each) = (8, 1250);
register("b$_", 'provider') for 0 .. $sessions - 1;
$node->safe_psql('postgres', qq{
	SET tempcloud.notifications = off;
	DO \$\$
	BEGIN
		FOR n IN 0 .. $sessions * $each - 1 LOOP
			PERFORM tempcloud.act_as('a' || n, 'a' || n || '\@kunde.example');
			PERFORM tempcloud.register_account('customer', 'Kunde ' || n, 'Vor', 'Nach');
			PERFORM tempcloud.act_as('b' || n % $sessions);
			PERFORM tempcloud.invite('a' || n || '\@kunde.example');
			COMMIT;	-- and its locks
		END LOOP;
	END \$\$});
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.invitation WHERE invitee_id IS NOT NULL'),
	$sessions * $each, 'invitations wait');
$node->safe_psql('postgres', q{
	CREATE TABLE waiting AS
	SELECT c.subject, i.id, right(b.subject, -1)::int AS session,
		   row_number() OVER (PARTITION BY i.inviter_id ORDER BY i.id) AS n
	  FROM tempcloud_data.invitation i
	  JOIN tempcloud_data.contact c ON c.account_id = i.invitee_id
	  JOIN tempcloud_data.contact b ON b.id = i.invited_by;
	ALTER TABLE waiting ADD PRIMARY KEY (session, n)});
append_to_file($node->basedir . '/accept.sql', q{
	\set n :n + 1
	SELECT id, subject FROM waiting WHERE session = :client_id AND n = :n \gset
	BEGIN;
	SELECT tempcloud.act_as(:subject);
	SELECT tempcloud.accept_invitation(:id);
	COMMIT;
});
my $listener = listener();
$node->command_ok(
	[
		'pgbench', '-n', '-M', 'prepared', '-c', $sessions, '-j', 2, '-t', $each, '-D', 'n=0',
		'-f', $node->basedir . '/accept.sql', 'postgres'
	],
	'10,000 concurrent accepts');
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.partnership'),
	$sessions * $each, 'all of them partners');
ok(eventually(sub { stat_of('waiting = 0 AND sent + waiting <= handed_over') eq 't' }), 'all told');

my %order = map { split /\|/ } split /\n/,
  $node->safe_psql('postgres', 'SELECT id, session || $$ $$ || n FROM waiting');
my (%times, %last);
my ($resyncs, $disorder) = (0, 0);
foreach my $heard (heard($listener, $sessions * $each))
{
	my $event = JSON::PP::decode_json($heard->[1]);

	if ($event->{event} eq 'resync') { $resyncs++; next; }
	my ($session, $n) = split / /, $order{ $event->{invitation} };
	$times{ $event->{invitation} }++;
	$disorder++ if $n <= ($last{$session} // 0);
	$last{$session} = $n;
}
is($resyncs, 0, 'no resync was needed');
is(scalar keys %times, $sessions * $each, 'a listener hears every event');
is(scalar(grep { $_ != 1 } values %times), 0, 'once');
is($disorder, 0, 'those of one account in the order in which they happened');

# Told or not
as_caller($node, 'b1', "SELECT tempcloud.invite('x1\@kunde.example'); ROLLBACK; BEGIN");
as_caller($node, 'b1', "SAVEPOINT s; SELECT tempcloud.invite('x2\@kunde.example'); ROLLBACK TO s;
	SAVEPOINT s; SELECT tempcloud.add_contact('Zoe', 'Zorn'); RELEASE s");
is(names(hear_until($listener, 'contact.added')), 'contact.added', 'what was rolled back is not told');
$node->safe_psql('postgres', q{SET tempcloud.notifications = off; BEGIN;
	SELECT tempcloud.act_as('b1'); SELECT tempcloud.invite('x3@kunde.example'); COMMIT});
as_caller($node, 'b1', "SELECT tempcloud.add_contact('Zoe', 'Zorn')");
is(names(hear_until($listener, 'contact.added')), 'contact.added', 'nor what is told by nobody');
my ($ret, $out, $err) = $node->psql('postgres', q{
	\set VERBOSITY verbose
	BEGIN; SELECT tempcloud.act_as('b1'); SELECT tempcloud.invite('x4@kunde.example');
	PREPARE TRANSACTION 'two'});
like($err, qr/0A000: cannot PREPARE a transaction that has executed a command of tempcloud/,
	'a prepared transaction is refused');
($ret, $out, $err) = $node->psql('postgres', q{
	\set VERBOSITY verbose
	BEGIN; SELECT tempcloud.act_as('b1'); SAVEPOINT s; SELECT tempcloud.update_account(city => 'Ulm'); RELEASE s;
	PREPARE TRANSACTION 'two'});
like($err, qr/0A000: cannot PREPARE a transaction that has executed a command of tempcloud/,
	'also after a command that has nothing to tell');
$node->safe_psql('postgres', q{
	BEGIN; SELECT tempcloud.act_as('b1'); SAVEPOINT s; SELECT tempcloud.invite('x4@kunde.example');
	ROLLBACK TO s; PREPARE TRANSACTION 'two'; ROLLBACK PREPARED 'two';
	SET tempcloud.notifications = off;
	BEGIN; SELECT tempcloud.act_as('b1'); SELECT tempcloud.invite('x4@kunde.example');
	PREPARE TRANSACTION 'two'; COMMIT PREPARED 'two'});
is($node->safe_psql('postgres', "SELECT count(*) FROM tempcloud_data.invitation WHERE email = 'x4\@kunde.example'"),
	1, 'one whose command was undone, or that tells nothing, is not');

# The worker ends, in two ways.
my $worker = worker_pid();
$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
ok(eventually(sub { worker_mode($node) && worker_pid() != $worker }), 'terminated, it comes back');
is(names(hear_until($listener, 'resync')), 'resync', 'and tells listeners to load everything anew');
$listener->quit;
kill 'KILL', worker_pid();
# Nothing is sent to psql, which ends at once while the server is not yet back.
ok(eventually(
	sub {
		my $mode = '';
		IPC::Run::run(
			[
				'psql', '-XAtq', '-d', $node->connstr('postgres'),
				'-c', 'SELECT mode FROM tempcloud.worker_stats'
			],
			'>', \$mode, '2>', \my $failure);
		return $mode eq "worker\n";
	}), 'killed, it comes back with the server');
$listener = listener();
as_caller($node, 'b1', "SELECT tempcloud.add_contact('Zoe', 'Zorn')");
like(names(hear_until($listener, 'contact.added')), qr/contact\.added$/, 'and tells what happens');
$listener->quit;

# No worker: each transaction tells its own events.
my $databases = sub {
	my ($setting) = @_;

	$node->adjust_conf('postgresql.conf', 'tempcloud.databases', "'$setting'");
	$node->restart;
};
$databases->('other, "Another"');
$listener = listener();
as_caller($node, 'b1', "SELECT tempcloud.add_contact('Zoe', 'Zorn')");
is(names(hear_until($listener, 'contact.added')), 'contact.added', 'plain mode, chosen by itself');
is(processes('postgres'), '', 'tempcloud.databases leaves this one out');
$listener->quit;
$databases->('');
ok(eventually(sub { worker_mode($node) }), 'a worker after a restart of the server');

# Two databases, which come and go.
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(one two);
$node->safe_psql($_, 'SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE') for qw(one two);
ok(eventually(sub { worker_mode($node, 'one') && worker_mode($node, 'two') }), 'a worker each');
my %listeners = map { $_ => listener($_) } qw(one two);
register('anna', 'customer', 'one');
register('bob', 'provider', 'two');
as_caller($node, 'bob', "SELECT tempcloud.add_contact('Zoe', 'Zorn')", 'two');
is(names(hear_until($listeners{one}, 'account.registered')) =~ s/resync //r, 'account.registered',
	'each tells its own');
is(names(hear_until($listeners{two}, 'contact.added')) =~ s/resync //r,
	'account.registered contact.added', 'and the other too');
$_->quit for values %listeners;
$node->safe_psql('one', 'DROP EXTENSION tempcloud');
ok(eventually(sub { processes('one') eq '' }), 'the worker leaves when the extension is dropped');
$node->safe_psql('one', 'SET client_min_messages = warning; CREATE EXTENSION tempcloud');
ok(eventually(sub { worker_mode($node, 'one') }), 'and is back with it');
$node->safe_psql('one', "BEGIN; DROP EXTENSION tempcloud; PREPARE TRANSACTION 'drop'");
is(processes('one'), 'tempcloud worker', 'it stays while a DROP EXTENSION is only prepared');
$node->safe_psql('one', "COMMIT PREPARED 'drop'");
ok(eventually(sub { processes('one') eq '' }), 'and leaves when that is committed');
$node->safe_psql('one', "SET client_min_messages = warning; BEGIN; CREATE EXTENSION tempcloud;
	PREPARE TRANSACTION 'create'");
$node->safe_psql('one', "COMMIT PREPARED 'create'");
ok(eventually(sub { worker_mode($node, 'one') }), 'and is back when CREATE EXTENSION is committed so');
$node->safe_psql('two', 'BEGIN; DROP EXTENSION tempcloud; ROLLBACK');
ok(worker_mode($node, 'two'), 'it stays when that is rolled back');
$node->safe_psql('postgres', 'DROP DATABASE one');
pass('DROP DATABASE is not held up');
$listener = listener();
($ret, $out, $err) = $node->psql('two', 'DROP DATABASE postgres');
like($err, qr/is being accessed by other users/, 'but for those who are connected');
ok(eventually(sub { worker_mode($node) }), 'then the worker comes back');
$listener->quit;
$node->safe_psql('postgres', 'DROP DATABASE two');

# Sealing by schedule, with the settings of the database: those that would keep
# it from its work do not count.
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET default_transaction_read_only = on');
$listener = listener();
my $unsealed = $node->safe_psql('postgres', 'SELECT unsealed FROM tempcloud.verify_ledger()');
$node->append_conf('postgresql.conf', "tempcloud.ledger_interval = 1\n");
$node->reload;
ok(eventually(sub { $node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.ledger_pending') == 0 }),
	'all partnerships are sealed');
is($node->safe_psql('postgres', 'SELECT size, problem FROM tempcloud.verify_ledger()'), "$unsealed|", 'in order');
my @sealed = grep { $_->{event} eq 'ledger.sealed' } hear_until($listener, 'ledger.sealed');
is(join('|', map { "$_->{size} $_->{root} @{ $_->{accounts} }" } @sealed),
	$node->safe_psql('postgres', q{SELECT string_agg(size || ' ' || encode(root, 'base64') || ' ', '|' ORDER BY size) FROM tempcloud_data.ledger_head}),
	'listeners hear of it, with size and root');
$listener->quit;
$node->append_conf('postgresql.conf', "tempcloud.ledger_interval = 0\n");

# maintain(), too
$node->safe_psql('postgres', 'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only');
register('carl', 'customer');
as_caller($node, 'carl', "SELECT tempcloud.invite('late\@anbieter.example')");
$node->safe_psql('postgres', q{
	UPDATE tempcloud_data.invitation SET expires_at = now() WHERE email = 'late@anbieter.example'});
$listener = listener();
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET default_transaction_read_only = on');
$node->append_conf('postgresql.conf', "tempcloud.maintenance_interval = 1\n");
$node->reload;
is(names(grep { $_->{event} ne 'resync' } hear_until($listener, 'invitation.expired')),
	'invitation.expired', 'what is due is done');
$node->safe_psql('postgres',
	'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only');

# in transactions of a bounded size
$node->safe_psql('postgres', q{
	INSERT INTO tempcloud_data.invitation (inviter_id, inviter_kind, invited_by, invitee_kind, email, locale, created_at, sent_at, expires_at)
	SELECT c.account_id, 'customer', c.id, 'provider', n || '@batch.example', 'de',
		   now() - interval '2 hours', now() - interval '2 hours', now() - interval '1 hour'
	  FROM tempcloud_data.contact c, generate_series(1, 2500) n WHERE c.subject = 'carl'});
ok(eventually(sub { $node->safe_psql('postgres', q{
	SELECT count(*) FROM tempcloud_data.invitation WHERE email LIKE '%@batch.example' AND status = 'expired'}) == 2500 }),
	'much is done at one time,');
is($node->safe_psql('postgres', q{
	SELECT count(DISTINCT xmin::text) FROM tempcloud_data.invitation WHERE email LIKE '%@batch.example'}), 3,
	'in several transactions');
ok(eventually(sub { stat_of('maintained_at > started_at') eq 't' }), 'the statistics say when');
$listener->quit;

# A standby has no worker before it is promoted.
$node->backup('backup', backup_options => ['--checkpoint=fast']);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
sleep 1.5;
ok(!worker_mode($standby), 'no worker on a standby');
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'tempcloud%'"),
	0, 'and no launcher');
$node->stop;
$standby->promote;
ok(eventually(sub { worker_mode($standby) }), 'there is one after promotion');
$standby->stop;

# More than fits
$node = new_server('small', conf => $PRELOAD . "tempcloud.event_buffer = 16\n");
ok(eventually(sub { worker_mode($node) }), 'a worker with a small buffer');
register('anna', 'customer');
$listener = listener();
heard($listener);
as_caller($node, 'anna', q{SELECT tempcloud.invite_many(
	(SELECT jsonb_agg(jsonb_build_object('email', 'b' || n || '@anbieter.example')) FROM generate_series(1, 50) n))});
is(names(hear_until($listener, 'resync')), 'resync', 'too many events are one resync');
as_caller($node, 'anna', "SELECT tempcloud.add_contact('Zoe', 'Zorn')");
is(names(hear_until($listener, 'contact.added')), 'contact.added', 'and it goes on');
is(stat_of('handed_over || $$ $$ || sent || $$ $$ || resyncs || $$ $$ || waiting'), '52 2 2 0', 'the statistics agree');
$listener->quit;
$node->stop;

done_testing();
