# COPY by a superuser checks foreign keys at its end, as pg_restore needs it, and lets
# nothing pass that would be refused row by row.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Tempcloud;

my $folder = PostgreSQL::Test::Utils::tempdir;
my $node = new_server('load');

$node->safe_psql('postgres', q{
	CREATE DATABASE template TEMPLATE template0;
	CREATE ROLE loader LOGIN});
$node->safe_psql('template', q{
	SET client_min_messages = warning;
	CREATE EXTENSION tempcloud CASCADE;
	GRANT USAGE ON SCHEMA tempcloud_data TO loader;
	GRANT ALL ON ALL TABLES IN SCHEMA tempcloud_data TO loader;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tempcloud_data TO loader});

sub id { return sprintf '00000000-0000-7000-8000-%012d', @_; }

# Rows of account 1, a customer, and 2, a provider, who are partners by invitation 5.
my %row = (
	account => [ 'id, kind, company_name, locale, time_zone',
		[ id(1), 'customer', 'Kunde AG', 'de', 'Europe/Berlin' ], [ id(2), 'provider', 'Anbieter GmbH', 'de', 'Europe/Berlin' ] ],
	contact => [ 'id, account_id, given_name, family_name, email, subject',
		[ id(3), id(1), 'Anna', 'Alt', 'anna@kunde.example', 'anna' ], [ id(4), id(2), 'Bob', 'Berg', 'bob@anbieter.example', 'bob' ] ],
	invitation => [ 'id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, status, expires_at, decided_at, decided_by',
		[ id(5), id(1), 'customer', id(3), id(2), 'provider', 'bob@anbieter.example', 'de', 'accepted', '2100-01-01', '2026-01-01', id(4) ] ],
	partnership => [ 'customer_id, provider_id, invitation_id, accepted_by', [ id(1), id(2), id(5), id(4) ] ],
	mail => [ 'kind, invitation_id, round, recipient, recipient_name, locale, message_domain',
		[ 'invitation', id(5), 1, 'bob@anbieter.example', '', 'de', 'x.example' ] ]);

my $databases = 0;

# A new database; returns its name.
sub database
{
	my $name = 'db' . ++$databases;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template");
	return $name;
}

# The COPY of rows into a table, by default those above, from a file.
my $files = 0;
sub copy
{
	my ($table, @rows) = @_;
	my ($columns, @default) = @{$row{$table}};
	my $file = "$folder/" . ++$files;

	append_to_file($file, join '', map { join("\t", @$_) . "\n" } @rows ? @rows : @default);
	return "COPY tempcloud_data.$table ($columns) FROM '$file'";
}

# What a statement ends with: nothing, or the SQLSTATE and the constraint or message.
sub error
{
	my ($db, $sql) = @_;
	my (undef, undef, $err) = $node->psql($db, "\\set VERBOSITY verbose\n$sql");

	return join ' ', $err =~ /ERROR:  (\w+):/, $err =~ /CONSTRAINT NAME:  (\w+)/;
}

sub loaded
{
	my (@tables) = @_;
	my $db = database();

	is(error($db, copy($_)), '', "$_ is loaded") foreach @tables;
	return $db;
}

my @order = qw(account contact invitation partnership mail);
my $db = loaded(@order);
is($node->safe_psql($db, 'SHOW session_replication_role'), 'origin', 'as it was');
$db = loaded(reverse @order);

# A row that refers to one that is missing
is(error($db, copy('mail', [ 'invitation', id(9), 1, 'bob@anbieter.example', '', 'de', 'x.example' ])),
	'23503 mail_invitation_id_fkey', 'a row without the one it refers to');
is(error($db, copy('contact', [ id(8), id(9), 'A', 'B', 'c@kunde.example', '\N' ])), '23503 contact_account_id_fkey', 'another');
is($node->safe_psql($db, 'SELECT count(*) FROM tempcloud_data.mail; SELECT count(*) FROM tempcloud_data.contact'), "1\n2", 'nothing of them is left');

# or that comes before it, and it never does
$db = loaded('mail');
is(error($db, copy('account')), '', 'accounts');
is(error($db, copy('contact')), '', 'contacts');
is(error($db, copy('invitation', [ id(6), id(1), 'customer', id(3), id(2), 'provider', 'x@anbieter.example', 'de', 'withdrawn', '2100-01-01', '2026-01-01', '\N' ])),
	'23503 mail_invitation_id_fkey', 'other rows than those that are referred to');

# The pair, in each order and each way of inserting what comes second
my @wrong = ([ id(1), 'provider', 'Kunde AG', 'de', 'Europe/Berlin' ], [ id(2), 'provider', 'Anbieter GmbH', 'de', 'Europe/Berlin' ]);
my $insert = "INSERT INTO tempcloud_data.account (id, kind, company_name, locale, time_zone) VALUES ('" . id(1) . "', 'provider', 'X', 'de', 'Europe/Berlin')";
$db = loaded('partnership');
is(error($db, copy('account', @wrong)), '23503 partnership_customer_fkey', 'an account of the wrong kind after its partnership');
is(error($db, $insert), '23514', 'by INSERT, too');
is(error($db, "SET session_replication_role = replica; $insert"), '23514', 'and in a replica');
is(error($db, 'SET session_replication_role = replica; ' . copy('account', @wrong)), '23514', 'by COPY there');
$db = database();
is(error($db, copy('account', @wrong)), '', 'accounts of one kind');
is(error($db, copy('partnership')), '23503 partnership_customer_fkey', 'are no pair');
is(error($db, 'SET session_replication_role = replica; ' . copy('partnership')), '23514', 'and none in a replica');

# The acceptance
my @pending = ([ id(5), id(1), 'customer', id(3), id(2), 'provider', 'bob@anbieter.example', 'de', 'pending', '2100-01-01', '\N', '\N' ]);
$db = loaded('account', 'contact');
is(error($db, copy('invitation', @pending)), '', 'an invitation that is pending');
is(error($db, copy('partnership')), '23514', 'makes no partnership');
$db = loaded('account', 'contact', 'partnership');
is(error($db, copy('invitation', @pending)), '23514', 'nor after it');

# In one transaction, and after an error in it
$db = loaded('account');
is(error($db, 'BEGIN; SAVEPOINT s; ' . copy('contact', [ id(8), id(9), 'A', 'B', 'c@kunde.example', '\N' ])), '23503 contact_account_id_fkey', 'in a transaction');
is( $node->safe_psql($db, "BEGIN; \\set ON_ERROR_STOP off\nSAVEPOINT s; " . copy('contact', [ id(8), id(9), 'A', 'B', 'c@kunde.example', '\N' ])
		  . ";\nROLLBACK TO s; SHOW session_replication_role; " . copy('contact') . '; SHOW session_replication_role; COMMIT', on_error_stop => 0),
	"origin\norigin", 'the rest of it is as before');
is(error($db, "INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email) VALUES ('" . id(9) . "', 'A', 'B', 'x\@kunde.example')"),
	'23503 contact_account_id_fkey', 'INSERT is checked');
is(error($db, 'SET session_replication_role = local; ' . copy('contact', [ id(8), id(9), 'A', 'B', 'c@kunde.example', '\N' ])),
	'23503 contact_account_id_fkey', 'local is as origin');

# Whoever is no superuser has each row checked, in the order of foreign keys.
my $as_loader = 'GRANT pg_read_server_files TO loader; SET ROLE loader; ';
$db = database();
is(error($db, $as_loader . copy('contact')), '23503 contact_account_id_fkey', 'not for others');
is(error($db, $as_loader . copy('account')), '', 'who can load');

# Nor is it for what COPY calls, or for tables with triggers of others, which have to fire.
$db = database();
$node->safe_psql($db, q{
	CREATE FUNCTION into_contact() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email) VALUES (NEW.id, 'A', 'B', 'x@kunde.example');
		RETURN NEW;
	END $$;
	CREATE TABLE mine (id uuid);
	CREATE TRIGGER t BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION into_contact()});
append_to_file("$folder/mine", id(9) . "\n");
is(error($db, "COPY mine FROM '$folder/mine'"), '23503 contact_account_id_fkey', 'not for a trigger of another table');
is(error($db, "COPY (INSERT INTO tempcloud_data.contact (account_id, given_name, family_name, email) VALUES ('" . id(9) . "', 'A', 'B', 'x\@kunde.example') RETURNING id) TO STDOUT"),
	'23503 contact_account_id_fkey', 'nor for COPY of what a statement returns');
$node->safe_psql($db, 'CREATE TRIGGER t AFTER INSERT ON tempcloud_data.contact FOR EACH ROW EXECUTE FUNCTION into_contact()');
is(error($db, copy('contact')), '23503 contact_account_id_fkey', 'nor with a trigger of others');

# A function in WHERE can write, too: even into the same table.
$db = database();
$node->safe_psql($db, q{
	CREATE FUNCTION add_account(id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO tempcloud_data.account (kind, company_name, locale, time_zone) VALUES ('customer', 'X', 'de', 'Europe/Berlin');
		RETURN true;
	END $$});
is($node->safe_psql($db, 'BEGIN; ' . copy('account') . ' WHERE add_account(id); SHOW session_replication_role'), 'origin', 'no role is left after it');

# A trigger of others that fires in a replica, too, would write what is not checked.
foreach my $case ([ 'ALWAYS', qr/^23503 partnership_/ ], [ 'REPLICA', qr/^$/ ])
{
	my ($fires, $expected) = @$case;

	$db = database();
	$node->safe_psql($db, qq{
		CREATE FUNCTION add_partnership() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			INSERT INTO tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by)
			VALUES ('@{[id(1)]}', '@{[id(2)]}', '@{[id(5)]}', '@{[id(4)]}') ON CONFLICT DO NOTHING;
			RETURN NEW;
		END \$\$;
		CREATE TRIGGER t AFTER INSERT ON tempcloud_data.account FOR EACH ROW EXECUTE FUNCTION add_partnership();
		ALTER TABLE tempcloud_data.account ENABLE $fires TRIGGER t});
	like(error($db, copy('account')), $expected, "nor with one that fires $fires");
	is($node->safe_psql($db, 'SELECT count(*) FROM tempcloud_data.partnership'), 0, 'which makes no partnership');
}

# A table that has rows is in use: its other rows are not checked again, or locked.
$db = loaded('account');
is($node->safe_psql($db, 'BEGIN; ' . copy('contact') . '; COMMIT; BEGIN; ' . copy('contact', [ id(8), id(1), 'A', 'B', 'c@kunde.example', '\N' ])
		. q{; SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'tempcloud_data.account'::regclass}), 0, 'no lock for a few rows more');

# Own tables that refer to partnerships are checked with them.
$db = database();
$node->safe_psql($db, q{CREATE TABLE staffing (customer_id uuid, provider_id uuid,
	FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership);
	SET session_replication_role = replica; INSERT INTO staffing VALUES (gen_random_uuid(), gen_random_uuid())});
is(error($db, copy($_)), '', "$_ beside it") foreach qw(account contact invitation);
is(error($db, copy('partnership')), '23503 staffing_customer_id_provider_id_fkey', 'a row of an own table without its partnership');
$db = loaded('account', 'contact', 'invitation');
$node->safe_psql($db, q{CREATE TABLE staffing (customer_id uuid, provider_id uuid,
	FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership) PARTITION BY HASH (customer_id);
	CREATE TABLE staffing_1 PARTITION OF staffing FOR VALUES WITH (MODULUS 1, REMAINDER 0)});
is(error($db, 'BEGIN; ' . copy('partnership') . '; ROLLBACK'), '', 'a partitioned one');
$node->safe_psql($db, 'SET session_replication_role = replica; INSERT INTO staffing VALUES (gen_random_uuid(), gen_random_uuid())');
is(error($db, copy('partnership')), '23503 staffing_customer_id_provider_id_fkey', 'which has such a row');

# Two sessions at the same time: the one that refers waits for the other.
foreach my $case ([ 'accounts', [], '' ], [ 'accounts of one kind', \@wrong, '23503' ])
{
	my ($what, $rows, $expected) = @$case;
	my $first = do { $db = database(); $node->background_psql($db) };
	my $second = $node->background_psql($db, on_error_stop => 0);

	$first->query_safe('BEGIN; ' . copy('account', @$rows));
	$second->query_until(qr/begin/, "\\set VERBOSITY sqlstate\n\\echo begin\n" . copy('partnership') . ";\n\\echo the end\n");
	ok($node->poll_query_until($db, q{SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'tempcloud_data.account'::regclass)}), 'waits');
	$first->query_safe('COMMIT');
	eventually(sub { $second->query("SELECT 'alive'"); 1 });
	is($node->safe_psql($db, 'SELECT count(*) FROM tempcloud_data.partnership'), $expected ? 0 : 1, "a partnership and $what, together");
	$_->quit foreach $first, $second;
}

done_testing();
