# An update from a released version ends where a fresh install of the new one
# does, object by object, and keeps the data.
#
# When a version is released, the script that installs it is kept:
#
#	make release-script
#
# Every script sql/tempcloud--a--b.sql, and the way from every release to the
# current version, is then tested here. C functions that an old script names
# have to stay in the library, as pg_upgrade and ALTER EXTENSION need them too.
use strict;
use warnings;

use FindBin;
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $test = "$FindBin::RealBin/..";
my $RELEASES = "$test/release";

# Each version that the change log calls released is there.
sub released { return $_[0] =~ /^## (\S+) \(\d{4}-\d\d-\d\d\)$/mg; }

is_deeply([ grep { !-f "$RELEASES/tempcloud--$_.sql" } released(slurp_file("$test/../CHANGELOG.md")) ], [], 'the script of each release is kept');
is_deeply([ released("# Changelog\n\n## 1.2.0 (unreleased)\n\n## 1.1.0 (2027-01-31)\n\n## 1.0.0 (2026-12-01)\n") ],
	[ '1.1.0', '1.0.0' ], 'releases of a change log');

# A PostgreSQL where versions can be put that are not installed.
my $folder = PostgreSQL::Test::Utils::tempdir;
chomp(my $pg_config = `$test/../scripts/private-install $folder/postgresql`);
chomp(my $scripts = `$pg_config --sharedir`);
$scripts .= '/extension';
my ($current) = slurp_file("$scripts/tempcloud.control") =~ /^default_version = '(.*)'/m;

sub script_of { return "$scripts/tempcloud--" . join('--', @_) . '.sql'; }

my %releases = map { basename($_) =~ /^tempcloud--(.+)\.sql$/ ? ($1 => $_) : () } glob "$RELEASES/*.sql";
my @steps = map { basename($_) =~ /^tempcloud--(.+)--(.+)\.sql$/ ? [ $1, $2 ] : () } glob script_of('*', '*');
# Of other versions only what was released, whatever was installed here once.
unlink grep { $_ !~ /--.*--/ && $_ ne script_of($current) } glob script_of('*');
foreach my $release (grep { $_ ne $current } keys %releases)
{
	copy($releases{$release}, script_of($release)) or die $!;
}

# Preloaded, so that an update also meets the DDL guard and a worker.
my $node = new_server('main', install_path => dirname(dirname($pg_config)), conf => <<'EOT');
shared_preload_libraries = 'tempcloud'
tempcloud.maintenance_interval = 0
tempcloud.ledger_interval = 0
EOT
my $databases = 0;

sub new_database
{
	my ($version) = @_;
	my $db = 'update' . ++$databases;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	$node->safe_psql($db, "SET client_min_messages = warning; CREATE EXTENSION tempcloud VERSION '$version' CASCADE");
	return $db;
}

# What the extension in a database consists of, one fact a line.
sub facts
{
	my ($db) = @_;

	return split /\n/, $node->safe_psql($db, slurp_file("$test/catalog.sql"),
		extra_params => [ '-v', 'extension=tempcloud' ]);
}

# The facts that only one of two databases has.
sub differences
{
	my ($updated, $fresh) = @_;
	my %updated = map { $_ => 1 } facts($updated);
	my %fresh = map { $_ => 1 } facts($fresh);

	return (
		(map { "only after the update: $_" } grep { !$fresh{$_} } sort keys %updated),
		(map { "only in a fresh install: $_" } grep { !$updated{$_} } sort keys %fresh));
}

# Partners, people who wait, a block, an own template. Returns the token of a
# link that is in somebody's mailbox.
sub fill
{
	my ($db) = @_;

	as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')", $db);
	as_caller($node, $_, "SELECT tempcloud.register_account('provider', 'Anbieter \u$_', '\u$_', 'Bär')", $db)
	  for qw(bob berta);
	as_caller($node, 'anna', "SELECT tempcloud.invite('$_\@anbieter.example')", $db) for qw(bob berta benno);
	as_caller($node, 'bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received', $db);
	as_caller($node, 'berta', 'SELECT tempcloud.decline_invitation(id, block => true) FROM tempcloud.invitations_received', $db);
	$node->safe_psql($db, q{
		INSERT INTO tempcloud_data.mail_template VALUES ('invitation', 'de', 'Von {company}', '{link} {message}', NULL)});
	my %link = links($node, $db);
	return $link{'benno@anbieter.example'};
}

# Queries for the contents of all tables and sequences, by the columns that they
# have now.
sub contents_queries
{
	my ($db) = @_;

	return $node->safe_psql($db, q{
		SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM (SELECT %s FROM %s) t;',
					  attrelid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attname), attrelid::regclass)
		  FROM pg_attribute
		 WHERE attrelid IN (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'tempcloud')
		   AND attnum > 0 AND NOT attisdropped
		 GROUP BY attrelid});
}

# A database full of data after its update, as [ name, whether the data are as
# they were, a token ].
sub update
{
	my ($from, $to) = @_;
	my $db = new_database($from);
	my $token = fill($db);
	my $queries = contents_queries($db);
	my $before = $node->safe_psql($db, $queries);

	unlike($before, qr{partnership\|0\||block\|0\||mail_template\|0\|}, "$from to $to: there are data");
	$node->safe_psql($db, "ALTER EXTENSION tempcloud UPDATE TO '$to'");
	return ($db, $node->safe_psql($db, $queries) eq $before, $token);
}

sub check_update
{
	my ($from, $to) = @_;
	my ($db, $kept, $token) = update($from, $to);
	my @differences = differences($db, new_database($to));

	is(join("\n", @differences), '', "$from to $to: as a fresh install");
	ok($kept, "$from to $to: the data are as they were");
	is(as_caller($node, 'benno', "SELECT tempcloud.register_account(given_name => 'B', family_name => 'B', company_name => 'B', token => '$token');
			SELECT 'partner' FROM tempcloud.accept_invitation_by_token('$token')", $db) =~ s/.*\n//sr,
		'partner', "$from to $to: a link mailed before accepts");
}

# All updates there are.
my %ways = map { join(' to ', @$_) => $_ }
  (grep { $_->[1] eq $current || $releases{ $_->[1] } } @steps),
  map { [ $_, $current ] } grep { $_ ne $current } (keys %releases, map { $_->[0] } @steps);
foreach my $way (sort keys %ways)
{
	my ($from, $to) = @{ $ways{$way} };

	if (-f script_of($from)) { check_update($from, $to); }
	else { fail("$way: test/release has no tempcloud--$from.sql"); }
}
note(%ways ? 'updates: ' . join(', ', sort keys %ways) : 'there is nothing to update from yet');

# Whether a wrong update would be noticed: what a next version might bring, the
# same done wrong, and what has to be said of it.
my @changes = (
	[ 'order of columns', 'ALTER TABLE tempcloud_data.event ADD one int, ADD two int',
		'ALTER TABLE tempcloud_data.event ADD two int, ADD one int', 'column | tempcloud_data.event.one' ],
	[ 'type', 'ALTER TABLE tempcloud_data.event ADD three numeric(8,2)',
		'ALTER TABLE tempcloud_data.event ADD three numeric(8,3)', 'column | tempcloud_data.event.three' ],
	[ 'default', 'ALTER TABLE tempcloud_data.event ADD four int NOT NULL DEFAULT 4',
		'ALTER TABLE tempcloud_data.event ADD four int NOT NULL DEFAULT 5', 'column | tempcloud_data.event.four' ],
	[ 'statistics target', 'ALTER TABLE tempcloud_data.event ALTER event SET STATISTICS 500', '', 'column | tempcloud_data.event.event' ],
	[ 'privilege on a column', 'GRANT SELECT (at) ON tempcloud_data.event TO tempcloud_admin', '', 'column | tempcloud_data.event.at' ],
	[ 'constraint', 'ALTER TABLE tempcloud_data.mail ADD CONSTRAINT proof CHECK (attempt >= 0)',
		'ALTER TABLE tempcloud_data.mail ADD CONSTRAINT proof CHECK (attempt >= 0) NOT VALID', 'constraint | tempcloud_data.mail proof' ],
	[ 'index', 'CREATE INDEX proof_idx ON tempcloud_data.mail (id) WHERE attempt > 5',
		'CREATE INDEX proof_idx ON tempcloud_data.mail (id)', 'index | tempcloud_data.proof_idx' ],
	[ 'extended statistics', 'CREATE STATISTICS tempcloud_data.proof ON state, kind FROM tempcloud_data.mail', '',
		'statistics | tempcloud_data.mail proof' ],
	[ 'table to dump', "CREATE TABLE tempcloud_data.proof (id int PRIMARY KEY);
		SELECT pg_catalog.pg_extension_config_dump('tempcloud_data.proof', '')",
		'CREATE TABLE tempcloud_data.proof (id int PRIMARY KEY)', 'dumped | tempcloud_data.proof' ],
	[ 'privilege on a table', 'GRANT SELECT ON tempcloud_data.proof TO tempcloud_admin', '', 'relation | tempcloud_data.proof' ],
	[ 'comment', "COMMENT ON TABLE tempcloud_data.proof IS 'Why'", '', 'comment | table tempcloud_data.proof' ],
	[ 'body of a function', 'CREATE FUNCTION tempcloud.proof(int) RETURNS int LANGUAGE sql RETURN 1',
		'CREATE FUNCTION tempcloud.proof(int) RETURNS int LANGUAGE sql RETURN 2', 'function | tempcloud.proof(' ],
	[ 'property of a function', 'CREATE FUNCTION tempcloud.proof2() RETURNS int LANGUAGE sql STABLE RETURN 1',
		'CREATE FUNCTION tempcloud.proof2() RETURNS int LANGUAGE sql RETURN 1', 'function | tempcloud.proof2()' ],
	[ 'execution by PUBLIC', 'REVOKE ALL ON FUNCTION tempcloud.proof(int) FROM PUBLIC', '', 'initial privileges | function tempcloud.proof(' ],
	[ 'view', 'CREATE VIEW tempcloud.proof_view WITH (security_barrier) AS SELECT 1 AS one',
		'CREATE VIEW tempcloud.proof_view AS SELECT 1 AS one', 'relation | tempcloud.proof_view' ],
	[ 'text of a view', 'CREATE VIEW tempcloud.proof_view2 AS SELECT 1 AS one',
		'CREATE VIEW tempcloud.proof_view2 AS SELECT 2 AS one', 'view | tempcloud.proof_view2' ],
	[ 'trigger that fires always', 'CREATE TRIGGER proof BEFORE DELETE ON tempcloud_data.proof EXECUTE FUNCTION tempcloud_data.refuse_change();
		ALTER TABLE tempcloud_data.proof ENABLE ALWAYS TRIGGER proof',
		'CREATE TRIGGER proof BEFORE DELETE ON tempcloud_data.proof EXECUTE FUNCTION tempcloud_data.refuse_change()',
		'trigger | tempcloud_data.proof proof' ],
	[ 'domain', 'CREATE DOMAIN tempcloud_data.proof_domain AS text CONSTRAINT few CHECK (length(VALUE) < 9)',
		'CREATE DOMAIN tempcloud_data.proof_domain AS text CONSTRAINT few CHECK (length(VALUE) < 8)',
		'constraint | tempcloud_data.proof_domain few' ],
	[ 'enum', "CREATE TYPE tempcloud.proof_enum AS ENUM ('a', 'b')", "CREATE TYPE tempcloud.proof_enum AS ENUM ('b', 'a')",
		'type | tempcloud.proof_enum' ],
	[ 'operator', 'CREATE FUNCTION tempcloud.proof_eq(point, point) RETURNS boolean LANGUAGE sql RETURN true;
		CREATE OPERATOR tempcloud.=== (FUNCTION = tempcloud.proof_eq, LEFTARG = point, RIGHTARG = point, COMMUTATOR = OPERATOR(tempcloud.===))',
		'CREATE FUNCTION tempcloud.proof_eq(point, point) RETURNS boolean LANGUAGE sql RETURN true;
		CREATE OPERATOR tempcloud.=== (FUNCTION = tempcloud.proof_eq, LEFTARG = point, RIGHTARG = point)',
		'operator | tempcloud.===' ],
	[ 'sequence', 'CREATE SEQUENCE tempcloud_data.proof_seq CACHE 7', 'CREATE SEQUENCE tempcloud_data.proof_seq', 'sequence | tempcloud_data.proof_seq' ],
	[ 'a thing that is missing', 'CREATE TABLE tempcloud_data.missing ()', '', 'member | table | tempcloud_data.missing' ],
	[ 'a thing that is left', '', 'CREATE TABLE tempcloud_data.leftover ()', 'member | table | tempcloud_data.leftover' ],
	[ 'a thing taken out', 'CREATE TABLE tempcloud_data.taken_out ()',
		'CREATE TABLE tempcloud_data.taken_out (); ALTER EXTENSION tempcloud DROP TABLE tempcloud_data.taken_out',
		'stray | table | tempcloud_data.taken_out' ]);

sub write_script
{
	my ($name, @statements) = @_;

	append_to_file($name, join '', map { "$_;\n" } @statements);
}

my @right = map { $_->[1] } @changes;
my @wrong = map { $_->[2] } @changes;
copy(script_of($current), script_of('proof')) or die $!;
write_script(script_of('proof'), @right);
write_script(script_of($current, 'proof'), @right);
write_script(script_of($current, 'wrong'), @wrong, 'DELETE FROM tempcloud_data.block');

check_update($current, 'proof');

my ($db, $kept) = update($current, 'wrong');
my $said = join("\n", differences($db, new_database('proof')));
foreach my $change (@changes)
{
	my ($what, $right, $wrong, $fact) = @$change;

	like($said, qr/: \Q$fact\E/, "a wrong update is noticed: $what");
}
ok(!$kept, 'a wrong update is noticed: loss of data');

# Where the library is preloaded, only an extension's own script may alter what it
# consists of: not an event trigger during it, nor another extension's script.
$db = new_database($current);
fill($db);
$node->safe_psql($db, q{
	CREATE FUNCTION attack() RETURNS event_trigger LANGUAGE plpgsql AS
	'BEGIN ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL; END'});

sub refused
{
	my ($statement, $name) = @_;
	my ($ret, $out, $err) = $node->psql($db, "\\set VERBOSITY sqlstate\n$statement");

	like($err, qr/ERROR:  23001$/m, "refused: $name");
}

foreach my $event (qw(ddl_command_start ddl_command_end))
{
	$node->safe_psql($db, "CREATE EVENT TRIGGER attack ON $event EXECUTE FUNCTION attack()");
	refused("ALTER EXTENSION tempcloud UPDATE TO 'proof'", "$event during the update");
	$node->safe_psql($db, 'DROP EVENT TRIGGER attack');
}

my %intruders = (
	statement => 'ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL',
	block => q{DO 'BEGIN ALTER TABLE tempcloud_data.partnership DISABLE TRIGGER ALL; END'},
	required => 'ALTER FUNCTION public.gen_random_bytes(int) COST 2',
	planted => 'CREATE FUNCTION tempcloud.planted() RETURNS int LANGUAGE sql RETURN 1');
foreach my $intruder (sort keys %intruders)
{
	append_to_file("$scripts/intruder_$intruder.control", "default_version = '1'\n");
	write_script("$scripts/intruder_$intruder--1.sql", $intruders{$intruder});
	refused("CREATE EXTENSION intruder_$intruder", "another extension's script: $intruder");
}

chomp(my $pgcrypto = $node->safe_psql($db, q{SELECT extversion FROM pg_extension WHERE extname = 'pgcrypto'}));
write_script("$scripts/pgcrypto--$pgcrypto--proof.sql", 'ALTER FUNCTION gen_random_bytes(int) COST 2');
$node->safe_psql($db, "ALTER EXTENSION pgcrypto UPDATE TO 'proof'");
is($node->safe_psql($db, q{SELECT procost FROM pg_proc WHERE proname = 'gen_random_bytes'}), 2,
	'the own script of an extension that is required may');

$node->stop;
done_testing();
