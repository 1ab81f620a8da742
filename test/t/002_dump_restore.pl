# What is dumped and restored is all there, and all rules hold as before.
#
# TEMPCLOUD_OLD_SERVER is where an older major is, as /usr/lib/postgresql/15, to
# come from; without it, all goes from a server to its own like.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

# What is restored meets the DDL guard; no worker changes it.
my $guarded = "shared_preload_libraries = 'tempcloud'\ntempcloud.maintenance_interval = 0\ntempcloud.ledger_interval = 0\n";

# 18 has checksums unless told not to, older ones only if told to.
my @initdb = (extra => [ '-E', 'UTF8', '--locale=C.UTF-8', '--data-checksums' ]);

my $node = new_server('main', @initdb, install_path => $ENV{TEMPCLOUD_OLD_SERVER});
my $folder = PostgreSQL::Test::Utils::tempdir;
my $old = $node;
my $restored = $node;

if ($ENV{TEMPCLOUD_OLD_SERVER})
{
	$restored = PostgreSQL::Test::Cluster->new('restored');
	$restored->init(@initdb);
	$restored->start;
	$restored->safe_psql('postgres', 'CREATE ROLE tempcloud_test_report');

	# The latest minor of the older one may write what the newer one can read from
	# its next minor on, as pg_attver in 17.12.
	my $err;
	$old->safe_psql('postgres', 'CREATE TABLE plain (id int)');
	IPC::Run::run([ 'pg_dump', '-t', 'plain', '-d', $old->connstr('postgres') ],
		'|', [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', $restored->connstr('postgres') ], '2>', \$err)
	  or plan skip_all => "PostgreSQL cannot restore even a plain table: $err";
	$_->safe_psql('postgres', 'DROP TABLE plain') foreach $old, $restored;
}

# A life's data: partnerships from either side's invitation, invitations in
# every status, mails in every state, blocks, templates, people.
as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt', city => 'Köln')");
as_caller($node, 'albert', "SELECT tempcloud.register_account('customer', 'Zweite Kunde AG', 'Albert', 'Auer')");
as_caller($node, $_, "SELECT tempcloud.register_account('provider', 'Anbieter \u$_ GmbH', '\u$_', 'Bär')")
  foreach qw(bob berta bruno);
as_caller($node, 'anna', qq{SELECT tempcloud.invite('$_\@anbieter.example', message => E'Guten Tag,\\n"Grüße"\\t\\\\')})
  foreach qw(bob berta bruno benno bella);
as_caller($node, 'bob', "SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received WHERE status = 'pending'");
as_caller($node, 'bruno', "SELECT tempcloud.decline_invitation(id, 'Nein', true) FROM tempcloud.invitations_received");
as_caller($node, 'berta', "SELECT tempcloud.invite('albert\@kunde.example')");
as_caller($node, 'albert', "SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received WHERE status = 'pending'");
as_caller($node, 'albert', "SELECT tempcloud.withdraw_invitation(id) FROM tempcloud.invite('withdrawn\@anbieter.example')");
as_caller($node, 'albert', "SELECT tempcloud.invite('$_\@anbieter.example')") foreach qw(late gone);
as_caller($node, 'bob', "SELECT tempcloud.add_contact('Bernd', 'Busch', 'bernd\@anbieter.example', role => 'manager')");
as_caller($node, 'bob', "SELECT tempcloud.remove_contact(id) FROM tempcloud.add_contact('Egon', 'Ex', 'egon\@anbieter.example')");
# Requests in every status, with answers and names
as_caller($node, 'anna', q{SELECT count(*) FROM tempcloud.providers p, tempcloud.send_order('Inventur', reference => 'B-1',
	requests => (SELECT jsonb_agg(jsonb_build_object('provider_id', p.id, 'profession', profession, 'location', 'Köln',
		'requirements', E'"ü"\\n\\t\\\\', 'shifts', '[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2},
			{"starts_at": "2100-01-02 06:00", "ends_at": "2100-01-02 14:00", "headcount": 1}]'::jsonb))
		FROM unnest('{open,accept,decline,withdraw,cancel,expire}'::text[]) AS profession))});
as_caller($node, 'anna', q{SELECT tempcloud.withdraw_request(id) FROM tempcloud.requests_sent WHERE profession = 'withdraw'});
as_caller($node, 'bob', q{
	SELECT tempcloud.answer_request(id, profession <> 'decline', 'Gern', CASE profession WHEN 'accept' THEN 1 END)
	  FROM tempcloud.requests_received WHERE profession IN ('accept', 'decline', 'cancel');
	SELECT count(*) FROM tempcloud.shifts s, tempcloud.assign_workers(s.id, '{Petra Pfeil}') WHERE s.offered > 0;
	SELECT tempcloud.cancel_request(id, 'Grippe') FROM tempcloud.requests_received WHERE profession = 'cancel'});
$node->safe_psql('postgres', q{
	ALTER TABLE tempcloud_data.request DISABLE TRIGGER request_guard, DISABLE TRIGGER request_guard_after;
	UPDATE tempcloud_data.request SET created_at = created_at - interval '1 day', answer_by = now() WHERE profession = 'expire';
	ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard, ENABLE ALWAYS TRIGGER request_guard_after;
	INSERT INTO tempcloud_data.mail_template VALUES
		('invitation', 'de', 'Unsere Einladung von {company}', E'Eigener Text: {link}\n{message}', NULL),
		('invitation', 'fr', '{company} vous invite', '{link}', '<a href="{link}">lien</a>');
	UPDATE tempcloud_data.invitation
	   SET created_at = created_at - interval '40 days', expires_at = created_at - interval '10 days'
	 WHERE email IN ('late@anbieter.example', 'gone@anbieter.example');
	SELECT tempcloud.maintain();
	-- one past its time that maintenance has not come by yet
	UPDATE tempcloud_data.invitation SET status = 'pending', decided_at = NULL
	 WHERE email = 'gone@anbieter.example'});
my %link = links($node);
my ($open, $confirmation) = @link{'benno@anbieter.example', 'bernd@anbieter.example'};
$node->safe_psql('postgres', q{
	SELECT tempcloud.mail_sent(array_agg(id)) FROM tempcloud_data.mail WHERE recipient LIKE 'b%';
	SELECT tempcloud.mail_failed(id, '450 busy') FROM tempcloud_data.mail WHERE recipient LIKE 'anna%' LIMIT 1;
	SELECT tempcloud.mail_failed(id, '550 unknown', true) FROM tempcloud_data.mail WHERE recipient LIKE 'albert%' AND state = 'queued';
	SELECT tempcloud.mail_bounced(id::text, '550 no such user') FROM tempcloud_data.mail WHERE recipient LIKE 'bella%';
	-- what the DBA grants, and an application's table that rests on partnerships
	CREATE ROLE tempcloud_test_report;
	GRANT SELECT ON tempcloud_data.event TO tempcloud_test_report;
	CREATE TABLE staffing (customer_id uuid, provider_id uuid,
		FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership);
	INSERT INTO staffing SELECT customer_id, provider_id FROM tempcloud_data.partnership});
as_caller($node, 'albert', "SELECT tempcloud.invite('queued\@anbieter.example'), tempcloud.invite('bob\@anbieter.example')");
# One partnership waits to be sealed, two are.
as_caller($node, 'bob', "SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received WHERE status = 'pending'");
my $checkpoint = $node->safe_psql('postgres', 'SELECT tempcloud.ledger_checkpoint()');
my $receipt = as_caller($node, 'anna', 'SELECT tempcloud.partnership_receipt(id) FROM tempcloud.providers');

as_caller($node, 'anna', 'SELECT tempcloud.mark_read(id) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a');

# Contents of all tables, but for numbers of transactions, which are of this server, and
# positions of all sequences.
sub contents
{
	my ($db) = @_;

	return $node->safe_psql($db, q{
		SELECT format($$SELECT '%1$s: ' || count(*) || ' rows, ' || coalesce(md5(string_agg(t, E'\n' ORDER BY t)), '')
						  FROM (SELECT (to_jsonb(t) - 'transaction_id')::text AS t FROM %1$s t) t$$, oid::regclass)
		  FROM pg_class WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind = 'r'
		   AND relname <> 'mailer'	-- says when mailers of this very database called
		 ORDER BY relname \gexec
		SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'tempcloud_data' ORDER BY 1});
}

# What roles and PUBLIC may do, and the state of the guard; without what newer
# majors have more: the privilege m, and names for NOT NULL.
sub rules
{
	my ($db) = @_;

	return $node->safe_psql($db, q{
		SELECT oid::regprocedure::text, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(proacl) a) FROM pg_proc
		 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace) ORDER BY 1;
		SELECT oid::regclass::text, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(replace(relacl::text, 'arwdDxtm', 'arwdDxt')::aclitem[]) a) FROM pg_class
		 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
		   AND relkind IN ('r', 'v', 'S') AND relname <> 'event' ORDER BY 1;
		SELECT oid::regtype::text, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(typacl) a) FROM pg_type
		 WHERE typnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace) ORDER BY 1;
		SELECT nspname, nspacl FROM pg_namespace WHERE nspname LIKE 'tempcloud%' ORDER BY 1;
		SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
		 WHERE relnamespace = 'tempcloud_data'::regnamespace AND NOT tgisinternal ORDER BY 1, 2;
		SELECT conname, convalidated FROM pg_constraint
		 WHERE connamespace = 'tempcloud_data'::regnamespace AND contype <> 'n' ORDER BY 1});
}

my $contents = contents('postgres');
my $rules = rules('postgres');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT status) FROM tempcloud_data.invitation'),
	5, 'invitations of all statuses but superseded');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT state) FROM tempcloud_data.mail'),
	5, 'mails of all states');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT status) FROM tempcloud_data.request'), 6, 'requests of all statuses');
unlike($contents, qr/: 0 rows/, 'no table is empty');
like($rules, qr/partnership_irrevocable\|A/, 'the guard fires ALWAYS');

# That a database with these data works like the one it came from.
sub check_database
{
	my ($db, $how) = @_;
	my ($ret, $out, $err);

	is(contents($db), $contents, "$how: contents");
	is(rules($db), $rules, "$how: privileges, guard and constraints");

	# The promises hold.
	foreach my $statement ('DELETE FROM tempcloud_data.partnership',
		'TRUNCATE tempcloud_data.partnership CASCADE',
		q{SET session_replication_role = replica; DELETE FROM tempcloud_data.partnership},
		q{UPDATE tempcloud_data.invitation SET status = 'pending', decided_at = NULL WHERE status = 'accepted'})
	{
		($ret, $out, $err) = $node->psql($db, "\\set VERBOSITY sqlstate\n$statement");
		like($err, qr/23001/, "$how: refused: $statement");
	}
	($ret, $out, $err) = $node->psql($db,
		"\\set VERBOSITY sqlstate\nUPDATE tempcloud_data.account SET kind = 'provider' WHERE kind = 'customer'");
	like($err, qr/23514/, "$how: a kind cannot change");

	is($node->safe_psql($db, 'SELECT count(*) FROM tempcloud.events_since()'),
		$node->safe_psql($db, 'SELECT count(*) FROM tempcloud_data.event'), "$how: all events can be read at once");

	# The people find what they had.
	is(as_caller($node, 'anna', 'SELECT company_name FROM tempcloud.partners', $db),
		'Anbieter Bob GmbH', "$how: partners");
	is($node->safe_psql($db, 'SET ROLE tempcloud_mailer; SELECT count(*) FROM tempcloud.claim_mail(1)'),
		1, "$how: a mailer gets the queued mail");

	# Links mailed before open, and accept.
	is($node->safe_psql($db, "SET ROLE tempcloud_anonymous;
			SELECT inviter_company FROM tempcloud.preview_invitation('$open')"),
		'Kunde AG', "$how: an old link opens");
	is(as_caller($node, 'benno', "SELECT kind FROM tempcloud.register_account(company_name => 'Benno GmbH',
			given_name => 'Benno', family_name => 'B', token => '$open');
			SELECT 'partner' FROM tempcloud.accept_invitation_by_token('$open')", $db),
		"provider\npartner", "$how: an old link registers and accepts");
	is(as_caller($node, 'bernd', "SELECT has_login FROM tempcloud.confirm_email('$confirmation')", $db),
		't', "$how: an old confirmation link confirms");

	# A request is answered and filled, and the same order is still the same.
	is(as_caller($node, 'bob', q{SELECT a.status FROM tempcloud.requests_received r, tempcloud.answer_request(r.id, true) a
			WHERE r.profession = 'open'}, $db), 'accepted', "$how: a request is answered");
	is(as_caller($node, 'bob', q{SELECT w.worker_name FROM tempcloud.shifts s, tempcloud.assign_workers(s.id, '{Paul Pack}') w
			WHERE s.offered = 2 AND s.assigned = 0}, $db), 'Paul Pack', "$how: and filled");
	($ret, $out, $err) = $node->psql($db, q{BEGIN; SET LOCAL request.jwt.claims = '{"sub":"anna"}';
		SELECT tempcloud.send_order('Inventur', jsonb_build_array(jsonb_build_object('provider_id', id,
			'profession', 'other', 'location', 'Bonn', 'shifts', jsonb_build_array(jsonb_build_object(
			'starts_at', '2100-01-01 06:00Z', 'ends_at', '2100-01-01 14:00Z', 'headcount', 1)))), 'B-1')
		  FROM tempcloud.providers LIMIT 1});
	like($err, qr/reference_taken/, "$how: a reference is still taken");

	# New rows do not collide with old ones.
	is(as_caller($node, 'albert', q{SELECT status FROM tempcloud.invite('new@anbieter.example')}, $db),
		'pending', "$how: a new invitation with event and mail");
	my %new = links($node, $db);
	ok(exists $new{'new@anbieter.example'}, "$how: its mail is claimed");

	# The ledger goes on from where it was.
	is($node->safe_psql($db, "SELECT size, unsealed, problem FROM tempcloud.verify_ledger('$checkpoint')"), '2|2|', "$how: the ledger agrees with its checkpoint");
	is(as_caller($node, 'anna', q{SELECT tempcloud.partnership_receipt(id) FROM tempcloud.providers WHERE company_name = 'Anbieter Bob GmbH'}, $db),
		$receipt, "$how: a receipt is the same");
	is($node->safe_psql($db, "SELECT tempcloud.seal_ledger(); SELECT size, unsealed, problem FROM tempcloud.verify_ledger('$checkpoint')"),
		"2\n4|0|", "$how: what waited is sealed after the others");

	# A block is still one, a template still the DBA's.
	($ret, $out, $err) = $node->psql($db, q{
		UPDATE tempcloud_data.invitation SET decided_at = decided_at - interval '1 year' WHERE status = 'declined';
		BEGIN;
		SET LOCAL request.jwt.claims = '{"sub":"anna"}';
		SELECT tempcloud.invite('bruno@anbieter.example')});
	like($err, qr/declined_recently/, "$how: a block is still one");
	is($node->safe_psql($db, 'SELECT count(*) FROM tempcloud_data.mail_template'), 2, "$how: own templates");
}

sub new_database
{
	my ($db) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	return $node->connstr($db);
}

# Errors of psql and pg_restore are failures here, whatever they return.
sub succeeds
{
	my ($how, @command) = @_;
	my ($out, $err);
	my $succeeded = IPC::Run::run(\@command, '>', \$out, '2>', \$err);

	is($err, '', "$how: $command[0] is content");
	return $succeeded;
}

foreach my $server ($old, $restored == $old ? () : $restored)
{
	$server->append_conf('postgresql.conf', $guarded);
	$server->restart;
}

my $source = $old->connstr('postgres');
my $target;

$node = $restored;

$target = new_database('plain');
ok(succeeds('plain', 'pg_dump', '-f', "$folder/plain.sql", '-d', $source), 'plain: dumped');
ok(succeeds('plain', 'psql', '-Xq', '-1', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null',
		'-f', "$folder/plain.sql", '-d', $target), 'plain: restored');
is($node->safe_psql('plain', "SELECT has_table_privilege('tempcloud_test_report', 'tempcloud_data.event', 'SELECT')"),
	't', 'plain: what the DBA granted is granted');
is($node->safe_psql('plain', 'SELECT count(*) FROM staffing JOIN tempcloud_data.partnership USING (customer_id, provider_id)'),
	2, "plain: an application's rows are with their partnerships");
check_database('plain', 'plain');

foreach my $format ('custom', 'tar')
{
	$target = new_database($format);
	ok(succeeds($format, 'pg_dump', "--format=$format", '-f', "$folder/$format", '-d', $source), "$format: dumped");
	ok(succeeds($format, 'pg_restore', '--exit-on-error', '-d', $target, "$folder/$format"), "$format: restored");
	check_database($format, $format);
}

# In parallel, pg_restore loads tables of an extension in any order, while their
# foreign keys stand.  It does not know that a foreign key of an application's table has
# to wait for an extension's rows: what follows the data is a step of its own.
$target = new_database('parallel');
ok(succeeds('parallel', 'pg_dump', '-Fd', '--jobs=4', '-f', "$folder/parallel", '-d', $source), 'parallel: dumped');
ok(succeeds('parallel', 'pg_restore', '--jobs=4', @$_, '-d', $target, "$folder/parallel"), "parallel: restored @$_")
  foreach [ '--section=pre-data', '--section=data' ], ['--section=post-data'];
check_database('parallel', 'parallel');

# Each table before those that it refers to
$target = new_database('reversed');
{
	my ($list) = run_command([ 'pg_restore', '--list', "$folder/custom" ]);
	my @lines = grep { /^\d/ } split /\n/, $list;
	my @data = reverse grep { / TABLE DATA / } @lines;

	ok(@data > 10, 'reversed: tables');
	append_to_file("$folder/list", join "\n", map { / TABLE DATA / ? shift @data : $_ } @lines);
}
ok(succeeds('reversed', 'pg_restore', '--exit-on-error', '-L', "$folder/list", '-d', $target, "$folder/custom"), 'reversed: restored');
check_database('reversed', 'reversed');

# Into a database where the extension is there already.
$target = new_database('data_only');
$node->safe_psql('data_only', 'SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE');
ok(succeeds('data only', 'pg_dump', '--data-only', '--exclude-table=staffing',
		'-f', "$folder/data.sql", '-d', $source), 'data only: dumped');
ok(succeeds('data only', 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null',
		'-f', "$folder/data.sql", '-d', $target), 'data only: restored');
check_database('data_only', 'data only');

# pg_upgrade, which copies the files of tables.
$node->safe_psql('postgres', "DROP DATABASE $_") foreach qw(plain custom parallel reversed data_only);
$node = PostgreSQL::Test::Cluster->new('upgraded');
$node->init(@initdb);
$node->append_conf('postgresql.conf', "log_statement = none\n$guarded");
$old->stop;
chdir $folder;
{
	local $ENV{PGHOST} = $old->host;
	command_ok(
		[
			'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $node->data_dir,
			'-b', $old->config_data('--bindir'), '-B', $node->config_data('--bindir'), '-s', $old->host, '-p', $old->port, '-P', $node->port
		],
		'upgrade: pg_upgrade');
}
$node->start;
check_database('postgres', 'upgrade');

$node->stop;
done_testing();
