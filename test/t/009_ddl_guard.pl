# DDL cannot undo the promises either, where the library is preloaded: not even a
# superuser's, while there are partnerships.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $node = new_server('main', conf => <<"EOT");
shared_preload_libraries = 'tempcloud'
tempcloud.allow_destruction = off
EOT

# Each is an attack as it stands.
my @attacks = (
	'DROP EXTENSION tempcloud CASCADE',
	'DROP EXTENSION pgcrypto CASCADE',
	'DROP EXTENSION btree_gist CASCADE',
	'DROP EXTENSION unaccent CASCADE',
	'ALTER TABLE tempcloud_data.request_answer DISABLE TRIGGER ALL',
	'ALTER TABLE tempcloud_data.shift DROP CONSTRAINT shift_no_overlap',
	'DROP SCHEMA tempcloud_data CASCADE',
	'DROP SCHEMA tempcloud CASCADE',
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
	'SET tempcloud.allow_destruction = on');

sub state_of
{
	my ($sql) = @_;
	my ($ret, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");

	return $err =~ /ERROR:  (\w{5}): .*/ ? "$1 $err" : 'passed';
}

# Without partnerships there is nothing to guard.
is(state_of('BEGIN; ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER; ROLLBACK'), 'passed',
	'without partnerships triggers can be disabled');
is(state_of('BEGIN; DROP EXTENSION tempcloud; ROLLBACK'), 'passed', 'and the extension be dropped');

as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($node, 'bob', "SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Bau')");
as_caller($node, 'anna', "SELECT tempcloud.invite('bob\@anbieter.example')");
as_caller($node, 'bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');

my $before = $node->safe_psql('postgres', q{
	SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'tempcloud_data.%' ORDER BY 1, tgrelid});
foreach my $attack (@attacks)
{
	# or PostgreSQL itself refuses what an extension consists of, or a setting
	# that is fixed at server start
	like(state_of($attack),
		qr/^(?:23001 .*tempcloud\.allow_destruction|2BP01 .*(?:extension tempcloud|database system) requires it|2BP01 .*required by the database system|55P02 )/s,
		$attack);
}
is($node->safe_psql('postgres', q{
	SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'tempcloud_data.%' ORDER BY 1, tgrelid}),
	$before, 'all triggers are as they were');
like(state_of('DELETE FROM tempcloud_data.partnership'), qr/^23001/, 'and do what they do');

# What an application and a DBA do every day
is(state_of($_), 'passed', $_) for (
	'CREATE TABLE staff_order (customer_id uuid, provider_id uuid,'
	  . ' FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership)',
	'ALTER TABLE staff_order DISABLE TRIGGER ALL',
	'DROP TABLE staff_order',
	'VACUUM FULL tempcloud_data.partnership',
	'REINDEX TABLE tempcloud_data.partnership',
	'CREATE INDEX extra ON tempcloud_data.partnership (created_at)',
	'DROP INDEX tempcloud_data.extra',
	'ALTER TABLE tempcloud_data.mail SET (autovacuum_vacuum_scale_factor = 0.01)',
	'ALTER EXTENSION tempcloud UPDATE',
	'CREATE TABLE t (a int CHECK (a > 0)); DROP TABLE t');
is(state_of("CREATE DATABASE other; "), 'passed', 'another database');
is($node->psql('other', 'SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE; DROP EXTENSION tempcloud'),
	0, 'has partnerships of its own, or none');

# The one way
$node->adjust_conf('postgresql.conf', 'tempcloud.allow_destruction', 'on');
$node->restart;
is(state_of('BEGIN; ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER USER;'
	  . ' DELETE FROM tempcloud_data.partnership; ROLLBACK'), 'passed', 'allow_destruction allows it');
is(state_of('DROP EXTENSION tempcloud CASCADE'), 'passed', 'and the end of all');

$node->stop;
done_testing();
