# DDL cannot undo the promises either, where the library is preloaded: not even a
# superuser's.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $test = "$FindBin::RealBin/..";
my $node = new_server('main', conf => <<"EOT");
shared_preload_libraries = 'tempcloud'
tempcloud.allow_destruction = on
max_locks_per_transaction = 1000
EOT

# Each is an attack as it stands. What consists of one ALTER or DROP of a member, or
# of a part of one, comes from ddl_attacks.sql.
my @attacks = (
	'DROP EXTENSION tempcloud CASCADE',
	'DROP EXTENSION pgcrypto CASCADE',
	'DROP EXTENSION btree_gist CASCADE',
	'DROP EXTENSION unaccent CASCADE',
	'DROP EXTENSION citext, tempcloud CASCADE',
	'ALTER TABLE tempcloud_data.request_answer DISABLE TRIGGER ALL',
	'ALTER TABLE tempcloud_data.shift DROP CONSTRAINT shift_no_overlap',
	'DROP SCHEMA tempcloud_data CASCADE',
	'DROP SCHEMA tempcloud CASCADE',
	'DROP SCHEMA public CASCADE',
	'DROP TABLE tempcloud_data.partnership CASCADE',
	'DROP TABLE tempcloud_data.account CASCADE',
	'DROP OWNED BY CURRENT_USER CASCADE',
	'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER',
	'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL',
	'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER partnership_irrevocable',
	'ALTER TABLE tempcloud_data.partnership ENABLE TRIGGER partnership_irrevocable',
	'ALTER TABLE tempcloud_data.partnership ENABLE REPLICA TRIGGER partnership_irrevocable',
	'ALTER TABLE tempcloud_data.invitation DISABLE TRIGGER invitation_guard',
	'DROP TRIGGER partnership_irrevocable ON tempcloud_data.partnership',
	'ALTER TRIGGER partnership_irrevocable ON tempcloud_data.partnership RENAME TO x',
	'ALTER TRIGGER partnership_irrevocable ON tempcloud_data.partnership NO DEPENDS ON EXTENSION tempcloud;'
	  . ' ALTER EXTENSION tempcloud DROP TABLE tempcloud_data.partnership',
	'CREATE OR REPLACE FUNCTION tempcloud_data.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$',
	'ALTER FUNCTION tempcloud_data.refuse_change() RENAME TO x',
	'ALTER FUNCTION tempcloud_data.guard_partnership() SECURITY INVOKER',
	'DROP FUNCTION tempcloud_data.refuse_change() CASCADE',
	'ALTER TABLE tempcloud_data.partnership DROP CONSTRAINT partnership_customer_fkey',
	'ALTER TABLE tempcloud_data.partnership DROP CONSTRAINT partnership_customer_kind',
	'ALTER TABLE tempcloud_data.partnership ALTER CONSTRAINT partnership_customer_fkey DEFERRABLE',
	'ALTER TABLE tempcloud_data.partnership RENAME CONSTRAINT partnership_pkey TO x',
	'ALTER TABLE tempcloud_data.partnership DROP COLUMN accepted_by CASCADE',
	'ALTER TABLE tempcloud_data.invitation DROP CONSTRAINT invitation_acceptance',
	'ALTER EXTENSION tempcloud DROP TABLE tempcloud_data.partnership',
	'ALTER EXTENSION tempcloud DROP FUNCTION tempcloud_data.refuse_change()',
	'BEGIN; ALTER TABLE tempcloud_data.partnership RENAME TO x; DROP TABLE tempcloud_data.x CASCADE; COMMIT',
	'BEGIN; ALTER TABLE tempcloud_data.partnership SET SCHEMA public; DROP TABLE partnership CASCADE; COMMIT',
	'SET tempcloud.allow_destruction = on',
	# a decoy in the place of the table
	'ALTER TABLE tempcloud_data.partnership RENAME TO kept; CREATE TABLE tempcloud_data.partnership (LIKE tempcloud_data.kept);'
	  . ' ALTER TABLE tempcloud_data.kept DISABLE TRIGGER ALL; DELETE FROM tempcloud_data.kept',
	'ALTER SCHEMA tempcloud_data RENAME TO kept; CREATE SCHEMA tempcloud_data; CREATE TABLE tempcloud_data.partnership ();'
	  . ' ALTER TABLE kept.partnership DISABLE TRIGGER ALL; DELETE FROM kept.partnership',
	'SET search_path = tempcloud_data; ALTER TABLE ONLY partnership DISABLE TRIGGER ALL',
	'ALTER TABLE IF EXISTS tempcloud_data.partnership DISABLE TRIGGER ALL',
	# an event trigger while another extension is made
	'CREATE EVENT TRIGGER attack ON ddl_command_end EXECUTE FUNCTION elsewhere.disable(); CREATE EXTENSION hstore',
	# what is lost in a crash, or read as a row of the table
	'ALTER TABLE tempcloud_data.partnership SET UNLOGGED',
	'CREATE TABLE child () INHERITS (tempcloud_data.partnership)',
	# words and columns that mean something else
	"ALTER TYPE tempcloud.invitation_status RENAME VALUE 'accepted' TO 'gone'",
	'ALTER TABLE tempcloud_data.invitation RENAME status TO kept; ALTER TABLE tempcloud_data.invitation ADD status text',
	# triggers after the guard, and rules
	'CREATE TRIGGER zzz BEFORE UPDATE ON tempcloud_data.invitation FOR EACH ROW EXECUTE FUNCTION elsewhere.fire()',
	'CREATE RULE zzz AS ON INSERT TO tempcloud_data.partnership DO INSTEAD NOTHING',
	# a lock that was given back
	'BEGIN; SAVEPOINT s; DROP EXTENSION tempcloud CASCADE; ROLLBACK TO s; DROP EXTENSION tempcloud CASCADE; COMMIT',
	# the API
	'CREATE OR REPLACE VIEW tempcloud.partners AS SELECT * FROM tempcloud.partners',
	'ALTER TABLE tempcloud_data.invitation ALTER status TYPE text USING NULL',
	'CREATE OR REPLACE FUNCTION tempcloud.are_partners(a uuid, b uuid) RETURNS boolean LANGUAGE sql RETURN true',
	'CREATE FUNCTION tempcloud.are_partners(a text, b text) RETURNS boolean LANGUAGE sql RETURN true',
	# what has no name of its own
	'ALTER DOMAIN tempcloud_data.email DROP CONSTRAINT email_form',
	'DROP INDEX tempcloud_data.contact_verified_email_key',
	'DROP INDEX CONCURRENTLY tempcloud_data.contact_verified_email_key',
	'CREATE UNIQUE INDEX CONCURRENTLY ON tempcloud_data.mail (recipient)',
	'ALTER EXTENSION pgcrypto DROP FUNCTION gen_random_bytes(integer)',
	'ALTER EXTENSION pgcrypto ADD FUNCTION elsewhere.nothing()',
	'CREATE OR REPLACE FUNCTION gen_random_bytes(integer) RETURNS bytea LANGUAGE sql RETURN NULL',
	# within others
	"DO \$\$BEGIN EXECUTE 'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL'; END\$\$",
	'CREATE SCHEMA planted CREATE TABLE child () INHERITS (tempcloud_data.partnership)',
	"EXPLAIN ANALYZE SELECT elsewhere.run('ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL')",
	"CREATE INDEX ON tempcloud_data.mail ((elsewhere.constant('ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL')))",
	"CREATE TABLE copied AS SELECT elsewhere.run('ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL')",
	# by owner
	'REASSIGN OWNED BY keeper TO somebody',
	'DROP OWNED BY keeper CASCADE');

# What a DBA and an application do every day, and cannot do in a function.
my @harmless = (
	'CREATE TABLE staff_order (customer_id uuid, provider_id uuid,'
	  . ' FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership)',
	'ALTER TABLE staff_order DISABLE TRIGGER ALL',
	'ALTER TABLE staff_order RENAME CONSTRAINT staff_order_customer_id_provider_id_fkey TO renamed',
	'ALTER TABLE staff_order DROP CONSTRAINT renamed',
	'ALTER TABLE staff_order ADD FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership',
	'DROP TABLE staff_order',
	'VACUUM tempcloud_data.partnership',
	'VACUUM FULL tempcloud_data.partnership',
	'VACUUM (FULL, ANALYZE)',
	'CLUSTER tempcloud_data.partnership USING partnership_pkey',
	'CLUSTER',
	'REINDEX TABLE tempcloud_data.partnership',
	'REINDEX TABLE CONCURRENTLY tempcloud_data.partnership',
	'REINDEX SCHEMA tempcloud_data',
	'REINDEX INDEX CONCURRENTLY tempcloud_data.contact_verified_email_key',
	'CREATE INDEX extra ON tempcloud_data.partnership (created_at)',
	'DROP INDEX tempcloud_data.extra',
	'CREATE INDEX CONCURRENTLY extra ON tempcloud_data.partnership (created_at)',
	'DROP INDEX CONCURRENTLY tempcloud_data.extra',
	'ALTER TABLE tempcloud_data.mail SET (autovacuum_vacuum_scale_factor = 0.01)',
	'GRANT USAGE ON SCHEMA tempcloud TO somebody',
	'ALTER EXTENSION tempcloud UPDATE',
	'ALTER EXTENSION pgcrypto UPDATE',
	'ALTER EXTENSION pgcrypto SET SCHEMA elsewhere',
	'ALTER EXTENSION pgcrypto SET SCHEMA public',
	'CREATE EXTENSION hstore; DROP EXTENSION hstore',
	'CREATE TABLE t (a int CHECK (a > 0)); DROP TABLE t');

sub state_of
{
	my ($sql, $db) = @_;
	my ($ret, $out, $err) = $node->psql($db // 'postgres', "\\set VERBOSITY verbose\n$sql", on_error_stop => 0);

	return $err =~ /ERROR:  (\w{5}): .*/ ? "$1 $err" : 'passed';
}

# Refused by the guard; or PostgreSQL itself refuses to drop what an extension
# consists of, nulls where there are some, or a setting that is fixed at server start.
my $refused = qr/^(?:23502|23001 .*tempcloud\.allow_destruction|2BP01 .*(?:extension \w+|constraint \w+ on table \S+|database system) requires it|2BP01 .*required by the database system|55P02 )/s;

# What the extensions consist of, and what is tied to their tables and types.
sub catalog
{
	my ($db) = @_;

	return join "\n", (map { $node->safe_psql($db, slurp_file("$test/catalog.sql"), extra_params => [ '-v', "extension=$_" ]) }
		  qw(tempcloud pgcrypto btree_gist unaccent)),
	  $node->safe_psql($db, q{
		SELECT oid, tgrelid, tgname, tgenabled FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'tempcloud%' ORDER BY 1;
		SELECT oid, relname, relpersistence, relowner, relrowsecurity, relforcerowsecurity, reloftype, relam
		  FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'tempcloud%' AND relkind <> 'i' ORDER BY 1;
		SELECT oid, ev_class, rulename FROM pg_rewrite WHERE ev_class::regclass::text LIKE 'tempcloud%' ORDER BY 1;
		SELECT inhrelid::regclass, inhparent::regclass FROM pg_inherits ORDER BY 1;
		SELECT 'policies', count(*) FROM pg_policy UNION ALL SELECT 'casts', count(*) FROM pg_cast
		UNION ALL SELECT 'functions', count(*) FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace});
}

# Before the guard is there, somebody prepares.
$node->safe_psql('postgres', 'CREATE DATABASE planted; CREATE ROLE keeper SUPERUSER');
$node->safe_psql('planted', q{
	SET client_min_messages = warning;
	SET ROLE keeper;
	CREATE EXTENSION tempcloud CASCADE;
	CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER planted AFTER UPDATE ON tempcloud_data.invitation FOR EACH ROW EXECUTE FUNCTION fire();
	CREATE TRIGGER planted BEFORE INSERT ON tempcloud_data.event FOR EACH STATEMENT EXECUTE FUNCTION fire();
	CREATE CONSTRAINT TRIGGER planted AFTER INSERT ON tempcloud_data.mail DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION fire();
	CREATE RULE planted AS ON INSERT TO tempcloud_data.block DO ALSO NOTHING;
	CREATE POLICY planted ON tempcloud_data.partnership USING (false);
	ALTER TABLE tempcloud_data.partnership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
	ALTER TABLE tempcloud_data.mailer SET UNLOGGED;
	CREATE TABLE child () INHERITS (tempcloud_data.block);
	CREATE TABLE child2 () INHERITS (tempcloud_data.block);
	CREATE FUNCTION tempcloud.are_partners(text, text) RETURNS boolean LANGUAGE sql RETURN true;
	CREATE TABLE tempcloud_data.planted (id int);
	CREATE CAST (tempcloud.account_kind AS int) WITH INOUT AS IMPLICIT;
	ALTER DEFAULT PRIVILEGES IN SCHEMA tempcloud_data GRANT ALL ON TABLES TO PUBLIC});
my $planted = catalog('planted');

$node->adjust_conf('postgresql.conf', 'tempcloud.allow_destruction', 'off');
$node->restart;

# The same without partnerships: what is altered now would be so later. Only the
# extension as a whole can be dropped.
like(state_of("BEGIN; $_; ROLLBACK"), qr/^23001 .*tempcloud\.allow_destruction/s, "without partnerships: $_")
  foreach 'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER', 'DROP TRIGGER partnership_irrevocable ON tempcloud_data.partnership',
  'ALTER TABLE tempcloud_data.partnership SET UNLOGGED', 'DROP INDEX tempcloud_data.contact_verified_email_key';
is(state_of("BEGIN; $_; ROLLBACK"), 'passed', "without partnerships: $_")
  foreach 'DROP EXTENSION tempcloud', 'DROP EXTENSION pgcrypto CASCADE';

# While somebody accepts, DROP EXTENSION waits, and then there is a partnership. One
# that was undone by ROLLBACK TO has given its lock back.
as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($node, 'bob', "SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Bau')");
as_caller($node, 'anna', "SELECT tempcloud.invite('bob\@anbieter.example')");

my $destroyer = $node->background_psql('postgres', on_error_stop => 0);
my $accepter = $node->background_psql('postgres', on_error_stop => 0);
$destroyer->query('BEGIN; SAVEPOINT s; DROP EXTENSION tempcloud; ROLLBACK TO s;');
$accepter->query(q{BEGIN; SET LOCAL request.jwt.claims = '{"sub":"bob","email":"bob@anbieter.example","email_verified":true}';
	SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received;});
$destroyer->query_until(qr/sent/, "\\echo sent\nDROP EXTENSION tempcloud; COMMIT;\n");
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity
	WHERE wait_event_type = 'Lock' AND query LIKE 'DROP EXTENSION%'}), 'DROP EXTENSION waits for who accepts');
$accepter->query('COMMIT;');
$accepter->quit;
$destroyer->query("SELECT 'done'");
like($destroyer->{stderr}, qr/cannot drop .* while partnerships exist/, 'and then sees the partnership');
$destroyer->quit;
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.partnership'), 1, 'which is there');

# All ways to alter anything, and all that is harmless, each rolled back.
$node->safe_psql('postgres', 'SET client_min_messages = error; ' . slurp_file("$test/ddl_attacks.sql"));
$node->safe_psql('postgres', q{
	CREATE FUNCTION elsewhere.run(statement text) RETURNS int LANGUAGE plpgsql AS 'BEGIN EXECUTE statement; RETURN 1; END';
	CREATE FUNCTION elsewhere.constant(statement text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN elsewhere.run(statement); END';
	CREATE FUNCTION elsewhere.disable() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL;
	END$$});
my $before = catalog('postgres');

my @outcomes = map { [ split /\t/, $_, 2 ] } split /\n/, $node->safe_psql('postgres', q{
	SET client_min_messages = error;
	SELECT elsewhere.outcome(statement) || E'\t' || statement FROM elsewhere.attack});
my @passed = grep { $_->[0] !~ $refused } @outcomes;
cmp_ok(scalar @outcomes, '>', 5000, 'thousands of generated attacks');
is(join("\n", map { "$_->[1]: $_->[0]" } @passed), '', 'all are refused');
note(scalar(@outcomes), ' generated attacks');

my $harmless = $node->safe_psql('postgres', q{
	SET client_min_messages = error;
	SELECT statement || ': ' || outcome FROM elsewhere.harmless, elsewhere.outcome(statement) WHERE outcome <> 'passed'});
is($harmless, '', 'all that is harmless passes');

foreach my $attack (@attacks)
{
	next if $attack =~ /\bkeeper\b/;
	like(state_of($attack), $refused, $attack);
	$node->safe_psql('postgres', 'DROP EVENT TRIGGER IF EXISTS attack');
}
is(catalog('postgres'), $before, 'the catalogs are as they were');
like(state_of('DELETE FROM tempcloud_data.partnership'), qr/^23001/, 'and the triggers do what they do');

is(state_of($_), 'passed', $_) foreach @harmless;

# What a REINDEX CONCURRENTLY that failed leaves behind can be dropped: an index that
# is not there yet while somebody writes, or the old one while somebody reads.
foreach my $other ('UPDATE tempcloud_data.contact SET id = id', 'SELECT FROM tempcloud_data.contact')
{
	my $session = $node->background_psql('postgres');

	$session->query_safe("BEGIN; $other");
	like(state_of(q{SET statement_timeout = '1s'; REINDEX INDEX CONCURRENTLY tempcloud_data.contact_verified_email_key}),
		qr/^57014/, "REINDEX CONCURRENTLY fails: $other");
	$session->query_safe('COMMIT');
	$session->quit;
	my $invalid = $node->safe_psql('postgres', 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid');
	like($invalid, qr/^tempcloud_data\.contact_verified_email_key_cc(?:new|old)$/, 'and leaves an index');
	is(state_of("DROP INDEX $invalid"), 'passed', "DROP INDEX $invalid");
}

# What was planted before can be removed, and nothing else.
like(state_of($_, 'planted'), $refused, $_) foreach grep { /\bkeeper\b/ } @attacks;
is(catalog('planted'), $planted, 'there the catalogs are as they were, too');
is(state_of($_, 'planted'), 'passed', $_) foreach (
	'DROP TRIGGER planted ON tempcloud_data.invitation',
	'DROP TRIGGER planted ON tempcloud_data.mail',
	'DROP RULE planted ON tempcloud_data.block',
	'DROP POLICY planted ON tempcloud_data.partnership',
	'ALTER TABLE tempcloud_data.partnership DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
	'ALTER TABLE tempcloud_data.mailer SET LOGGED',
	'ALTER TABLE child NO INHERIT tempcloud_data.block',
	'DROP TABLE child2',
	'DROP FUNCTION fire() CASCADE',
	'DROP FUNCTION tempcloud.are_partners(text, text)',
	'DROP TABLE tempcloud_data.planted',
	'DROP CAST (tempcloud.account_kind AS int)',
	'ALTER DEFAULT PRIVILEGES IN SCHEMA tempcloud_data REVOKE ALL ON TABLES FROM PUBLIC');
is($node->safe_psql('planted', q{SELECT count(*) FROM pg_trigger WHERE tgname = 'planted'}), 0, 'nothing planted is left');

is(state_of('CREATE DATABASE other'), 'passed', 'another database');
is($node->psql('other', 'SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE; DROP EXTENSION tempcloud'),
	0, 'has partnerships of its own, or none');

# The one way
$node->adjust_conf('postgresql.conf', 'tempcloud.allow_destruction', 'on');
$node->restart;
is(state_of('BEGIN; ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL;'
	  . ' DELETE FROM tempcloud_data.partnership; ROLLBACK'), 'passed', 'allow_destruction allows it');
is(state_of('DROP EXTENSION tempcloud CASCADE'), 'passed', 'and the end of all');

$node->stop;
done_testing();
