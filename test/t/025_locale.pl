# Addresses and names are found in any database: where small letters are others
# than elsewhere, as in Turkish, and where the locale knows none but ASCII's.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $node = new_server('locale');
$node->safe_psql('postgres', 'SELECT 1');

sub has_locale
{
	my ($locale) = @_;

	return $node->psql('postgres',
		"CREATE COLLATION probe (provider = libc, locale = '$locale'); DROP COLLATION probe") == 0;
}

my $has_icu = $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_collation WHERE collname = 'tr-x-icu'");
my %databases = (plain => "LOCALE 'C' ENCODING 'UTF8'");

$databases{turkish_icu} = "ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'"
  if $has_icu;
$databases{turkish_libc} = "ENCODING 'UTF8' LOCALE 'tr_TR.UTF-8'" if has_locale('tr_TR.UTF-8');
foreach my $missing (grep { !$databases{$_} } qw(turkish_icu turkish_libc))
{
	note "$missing: this server has no such locale";
}

# What a statement gives who signs in, in a database; or the word of its refusal
sub call
{
	my ($database, $subject, $email, $sql) = @_;
	my ($stdout, $stderr);

	$node->psql($database, qq{
		BEGIN;
		SELECT tempcloud.act_as('$subject', '$email');
		$sql;
		COMMIT}, stdout => \$stdout, stderr => \$stderr);
	return $1 if $stderr =~ /^DETAIL:  (.*)$/m;
	return $stderr ne '' ? $stderr : $stdout =~ s/^\n//r;
}

foreach my $database (sort keys %databases)
{
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 $databases{$database}");
	$node->safe_psql($database, 'CREATE EXTENSION tempcloud CASCADE');
	my @anna = ($database, 'anna', 'INFO@KIOSK.example');
	my @ida = ($database, 'ida', 'IDA@IKEA.example');

	call(@anna, "SELECT tempcloud.register_account('customer', 'Kiosk', 'Anna', 'Alt')");
	call(@ida, "SELECT tempcloud.register_account('provider', 'IKEA', 'Ida', 'Igel')");

	# Addresses
	is(call(@anna, "SELECT u.email_verified_at IS NOT NULL FROM tempcloud.my_contacts c,"
				. " LATERAL tempcloud.update_contact(c.id, email => 'INFO\@Kiosk.example') u"),
		't', "$database: the same address in other letters stays proven");
	is(call($database, 'other', 'Info@Kiosk.Example',
			"SELECT tempcloud.register_account('customer', 'Andere', 'Otto', 'Ohm')"),
		'email_taken', "$database: a proven address is another's in no case");
	is(call(@anna, "SELECT status FROM tempcloud.invite('ida\@ikea.EXAMPLE')"),
		'pending', "$database: an invitation");
	is(call(@anna, "SELECT status FROM tempcloud.invite('IDA\@IKEA.EXAMPLE')"),
		'already_invited', "$database: which is one in any case");
	is(call(@anna, "SELECT email, error FROM tempcloud.invite_many('[{\"email\": \"IDA\@ikea.EXAMPLE\"}]')"),
		'IDA@ikea.EXAMPLE|already_invited', "$database: also one of many");
	is(call(@ida, "SELECT r.can_accept FROM tempcloud.invitations_received r"),
		't', "$database: it is routed");
	is(call(@ida, "SELECT p.customer_id IS NOT NULL FROM tempcloud.invitations_received r,"
				. " LATERAL tempcloud.accept_invitation(r.id) p"),
		't', "$database: and accepted");
	is($node->safe_psql($database,
			"SELECT jsonb_array_length(tempcloud.export_person('iDa\@iKeA.example') -> 'contacts')"),
		1, "$database: a person is found by the address");

	# Names
	foreach my $name ('ikea', 'IKEA', 'iKeA', 'Kea')
	{
		is(call(@anna, "SELECT count(*) FROM tempcloud.search_partners('$name')"),
			1, "$database: IKEA is found as $name");
	}
	is(call(@anna, "SELECT count(*) FROM tempcloud.search_partners('ikeb')"),
		0, "$database: but not as ikeb");

	# Nothing in the catalog depends on the database's rules for small letters.
	like($node->safe_psql($database, q{
			SELECT count(*), count(*) FILTER (WHERE c.collname = 'C')
			  FROM pg_index i, unnest(i.indcollation) AS key (coll)
			  LEFT JOIN pg_collation c ON c.oid = key.coll
			 WHERE i.indrelid::regclass::text LIKE 'tempcloud_data.%'
			   AND pg_get_indexdef(i.indexrelid) LIKE '%lower(%' AND key.coll <> 0}),
		qr/^([1-9]\d*)\|\1$/, "$database: indexes on addresses have collation C");

	foreach my $pair ([ 'КУБ', 'куб' ], [ 'ΟΔΟΣ', 'οδος' ], [ 'Straße', 'STRASSE' ], [ 'Čapek', 'capek' ],
		[ 'DİYARBAKIR', 'diyarbakir' ], [ 'Éclair', 'ÉCLAIR' ], [ 'ⅷ', 'Ⅷ' ])
	{
		my ($name, $sought) = @$pair;

		call(@ida, "SELECT tempcloud.update_account(company_name => '$name')");
		is(call(@anna, "SELECT company_name = '$name' FROM tempcloud.search_partners('$sought')"),
			't', "$database: $name is found as $sought");
	}
}

$node->stop;
done_testing();
