# CREATE EXTENSION in databases and clusters that somebody has prepared, by
# mistake or on purpose.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $node = new_server('main');

# A new database, with what is done there before; returns what CREATE EXTENSION
# says.
sub install
{
	my ($db, $before, $options) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0 " . ($options // ''));
	my ($ret, $out, $err) = $node->psql($db, qq{
		\\set VERBOSITY verbose
		SET client_min_messages = warning;
		$before;
		CREATE EXTENSION tempcloud CASCADE});
	return $err;
}

# The extension as the catalog has it.  What GRANT noted as initial privileges
# depends on the way, not only on the result.
sub facts
{
	my ($db) = @_;

	return join "\n", grep { !/^initial privileges/ } split /\n/,
	  $node->safe_psql($db, slurp_file("$FindBin::RealBin/../catalog.sql"),
		extra_params => [ '-v', 'extension=tempcloud' ]);
}

# Encodings
foreach my $encoding (qw(SQL_ASCII LATIN1 WIN1252))
{
	like(install(lc "in_$encoding", '', "ENCODING '$encoding' LOCALE 'C'"),
		qr/0A000: extension "tempcloud" does not support encoding "$encoding"/,
		"refused in a database in $encoding");
	is($node->safe_psql(lc "in_$encoding", 'SELECT count(*) FROM pg_extension'), 1, 'nothing is left of it');
}
isnt(install('in_euc_jp', '', "ENCODING 'EUC_JP' LOCALE 'C'"), '', 'nor does any other encoding pass');

# Default privileges
$node->safe_psql('postgres', 'CREATE ROLE somebody');
is(install('plain', ''), '', 'an extension as it should be');
my @kinds = qw(TABLES SEQUENCES ROUTINES TYPES SCHEMAS);
my %before = (
	granted => [
		map {
			(
				"GRANT ALL ON $_ TO PUBLIC",
				"GRANT ALL ON $_ TO tempcloud_anonymous, tempcloud_user, tempcloud_mailer, tempcloud_admin, tempcloud_service",
				"GRANT ALL ON $_ TO somebody WITH GRANT OPTION"
			)
		} @kinds
	],
	revoked => [ map { ("GRANT ALL ON $_ TO somebody", "REVOKE ALL ON $_ FROM CURRENT_USER, PUBLIC") } @kinds ]);
foreach my $db (sort keys %before)
{
	is(install($db, join ';', map { "ALTER DEFAULT PRIVILEGES $_" } @{ $before{$db} }), '',
		"default privileges were $db");
	is(facts($db), facts('plain'), 'the privileges are the same');
}

# Roles that exist already
is($node->psql('postgres', 'DROP EXTENSION tempcloud; CREATE EXTENSION tempcloud', on_error_die => 1), 0,
	'roles are left behind');
unlike(install('again', ''), qr/WARNING/, 'which nobody need be told of, as they are');
my $warnings = install('other', q{
	ALTER ROLE tempcloud_user LOGIN CREATEROLE;
	ALTER ROLE tempcloud_admin SUPERUSER BYPASSRLS;
	GRANT tempcloud_mailer TO somebody;
	GRANT pg_monitor TO tempcloud_service});
like($warnings, qr/role "tempcloud_user" exists already.*\nDETAIL:  It has attributes: LOGIN, CREATEROLE\.\n/, 'attributes are named');
like($warnings, qr/role "tempcloud_admin" exists already.*\nDETAIL:  It has attributes: SUPERUSER, BYPASSRLS\.\n/, 'of each role');
like($warnings, qr/role "tempcloud_mailer" exists already.*\nDETAIL:  It has members: somebody\.\n/, 'members are named');
like($warnings, qr/role "tempcloud_service" exists already.*\nDETAIL:  It has member of: pg_monitor\.\n/, 'and other roles');
unlike($warnings, qr/tempcloud_anonymous" exists/, 'no others');

# Who owns the database, and pgcrypto and unaccent in it, adds functions to them.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE owned OWNER owner');
my $impostors = join '', map {
	my ($extension, $function, $result) = @$_;
	"CREATE FUNCTION mine.$function RETURNS $result LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'called'; END \$\$;
	 ALTER EXTENSION $extension ADD FUNCTION mine.$function;\n"
} (
	[ 'pgcrypto', 'gen_random_bytes(int4)', 'bytea' ],
	[ 'pgcrypto', 'digest(bytea, text)', 'bytea' ],
	[ 'unaccent', 'unaccent(text)', 'text' ]);
$node->safe_psql('owned', "SET ROLE owner; CREATE EXTENSION pgcrypto; CREATE EXTENSION unaccent;
	CREATE EXTENSION btree_gist; CREATE SCHEMA mine; $impostors; RESET ROLE; CREATE EXTENSION tempcloud");
as_caller($node, 'anna', q{SELECT FROM tempcloud.register_account('customer', 'Kunde', 'Anna', 'Alt');
	SELECT FROM tempcloud.invite('bob@anbieter.example')}, 'owned');
my (undef, $token) = links($node, 'owned');
is(as_caller($node, 'bob', "SELECT kind FROM tempcloud.preview_invitation('$token');
	SELECT kind FROM tempcloud.register_account(token => '$token', company_name => 'Anbieter', given_name => 'Bob', family_name => 'Berg');
	SELECT FROM tempcloud.accept_invitation_by_token('$token');
	SELECT count(*) FROM tempcloud.search_partners('kunde')", 'owned'), "provider\nprovider\n1",
	'those of the extensions are called all the same');

# A copy of PostgreSQL to install into has no links to an installed tempcloud.
my $folder = PostgreSQL::Test::Utils::tempdir();
my ($first) = run_command([ "$FindBin::RealBin/../../scripts/private-install", "$folder/first" ]);
my ($libraries) = run_command([ $first, '--pkglibdir' ]);
my $installed = "$libraries/tempcloud.probe";
append_to_file($installed, 'kept');
local $ENV{PG_CONFIG} = $first;
my ($second) = run_command([ "$FindBin::RealBin/../../scripts/private-install", "$folder/second" ]);
($libraries) = run_command([ $second, '--pkglibdir' ]);
my $copy = "$libraries/tempcloud.probe";
is(slurp_file($copy), 'kept', 'a copy of PostgreSQL has an installed tempcloud');
append_to_file($copy, ', changed');
is(slurp_file($installed), 'kept', 'and leaves it alone');

$node->stop;
done_testing();
