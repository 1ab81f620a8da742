# Crashes under load: the death of a backend, and of the whole server. What was
# acknowledged is there after each, nothing is there by half.
#
# TEMPCLOUD_CRASHES says how many; make soak has many.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;
use Time::HiRes qw(sleep);

my $CRASHES = $ENV{TEMPCLOUD_CRASHES} // 4;
my $CLIENTS = 4;
my $PROVIDERS = 50 * $CRASHES;
my $log = PostgreSQL::Test::Utils::tempdir . '/acknowledged';
my $seal = PostgreSQL::Test::Utils::tempdir . '/seal.sql';
append_to_file($seal, "SELECT tempcloud.seal_ledger();\n");

my $node = new_server('main', conf => <<"EOT");
shared_preload_libraries = 'tempcloud'
tempcloud.max_pending_invitations = -1
tempcloud.max_daily_invitations = -1
tempcloud.max_daily_requests = -1
tempcloud.maintenance_interval = 1
tempcloud.ledger_interval = 1
checkpoint_timeout = 30
restart_after_crash = on
EOT
# The checks read the history by its topics; nobody else does.
$node->safe_psql('postgres', 'CREATE INDEX ON tempcloud_data.event (invitation_id); CREATE INDEX ON tempcloud_data.event (request_id)');
as_caller($node, "a$_", "SELECT tempcloud.register_account('customer', 'Kunde $_', 'Anna', 'Alt')")
  for 0 .. $CLIENTS - 1;
$node->safe_psql('postgres', join '', map {
		qq{BEGIN; SELECT tempcloud.act_as('b$_', 'b$_\@anbieter.example');
		SELECT tempcloud.register_account('provider', 'Anbieter $_', 'Bob', 'Berg'); COMMIT;}
	} 0 .. $PROVIDERS - 1);

sub count_of { return $node->safe_psql('postgres', "SELECT count(*) $_[0]"); }

# What is half there: none of these may have a row.
my %half = (
	'accepted without a partnership' => q{FROM tempcloud_data.invitation i
		WHERE status = 'accepted' AND NOT EXISTS (
			SELECT FROM tempcloud_data.partnership p WHERE p.invitation_id = i.id)},
	'a partnership that was not accepted' => q{FROM tempcloud_data.partnership p
		JOIN tempcloud_data.invitation i ON i.id = p.invitation_id WHERE i.status <> 'accepted'},
	'an invitation without its mail' => q{FROM tempcloud_data.invitation i
		WHERE (SELECT count(*) FROM tempcloud_data.mail m
				WHERE m.invitation_id = i.id AND m.kind = 'invitation') <> 1},
	'an acceptance without its mail, or a mail without it' => q{FROM tempcloud_data.invitation i
		WHERE (SELECT count(*) FROM tempcloud_data.mail m
				WHERE m.invitation_id = i.id AND m.kind = 'invitation_accepted')
			<> (status = 'accepted')::int},
	'an invitation that history does not know' => q{FROM tempcloud_data.invitation i
		WHERE (SELECT count(*) FROM tempcloud_data.event e
				WHERE e.invitation_id = i.id AND e.event = 'invitation.created') <> 1},
	'an acceptance that history does not know, or does not exist' => q{FROM tempcloud_data.invitation i
		WHERE (SELECT count(*) FROM tempcloud_data.event e
				WHERE e.invitation_id = i.id AND e.event = 'invitation.accepted')
			<> (status = 'accepted')::int},
	'history of what does not exist' => q{FROM tempcloud_data.event e
		WHERE (e.invitation_id IS NOT NULL AND NOT EXISTS (
				SELECT FROM tempcloud_data.invitation i WHERE i.id = e.invitation_id))
			OR (e.request_id IS NOT NULL AND NOT EXISTS (
				SELECT FROM tempcloud_data.request r WHERE r.id = e.request_id))},
	'an order without its two requests' => q{FROM tempcloud_data.staff_order o
		WHERE (SELECT count(*) FROM tempcloud_data.request r WHERE r.order_id = o.id) <> 2},
	'a request without its two shifts, its mail or its history' => q{FROM tempcloud_data.request r
		WHERE (SELECT count(*) FROM tempcloud_data.shift s WHERE s.request_id = r.id) <> 2
			OR (SELECT count(*) FROM tempcloud_data.mail m
				WHERE m.request_id = r.id AND m.kind = 'request_received') <> 1
			OR (SELECT count(*) FROM tempcloud_data.event e
				WHERE e.request_id = r.id AND e.event = 'request.sent') <> 1},
	'an answer without its offers, its mail or its history' => q{FROM tempcloud_data.request r
		WHERE (SELECT count(*) FROM tempcloud_data.request_answer w WHERE w.request_id = r.id) <> (status = 'accepted')::int
			OR (SELECT count(offered) FROM tempcloud_data.shift s WHERE s.request_id = r.id) <> 2 * (status = 'accepted')::int
			OR (SELECT count(*) FROM tempcloud_data.mail m
				WHERE m.request_id = r.id AND m.kind = 'request_accepted') <> (status = 'accepted')::int
			OR (SELECT count(*) FROM tempcloud_data.event e
				WHERE e.request_id = r.id AND e.event = 'request.accepted') <> (status = 'accepted')::int},
	'a shift with some of its names' => q{FROM tempcloud_data.shift s
		WHERE (SELECT count(*) FROM tempcloud_data.assignment a WHERE a.shift_id = s.id AND a.replaced_at IS NULL) NOT IN (0, headcount)},
	'a request that is filled without a mail, or a mail without it' => q{FROM tempcloud_data.request r
		WHERE (SELECT count(*) FROM tempcloud_data.mail m WHERE m.request_id = r.id AND m.kind = 'request_filled')
			<> ((SELECT count(*) FROM tempcloud_data.shift s JOIN tempcloud_data.assignment a ON a.shift_id = s.id AND a.replaced_at IS NULL
				  WHERE s.request_id = r.id) = 3)::int},
);

# What was acknowledged and is not there.
my %lost = (
	invited => q{NOT EXISTS (SELECT FROM tempcloud_data.invitation WHERE id = key::uuid)},
	accepted => q{NOT EXISTS (SELECT FROM tempcloud_data.partnership WHERE invitation_id = key::uuid)},
	ordered => q{NOT EXISTS (SELECT FROM tempcloud_data.request WHERE id = key::uuid)},
	answered => q{NOT EXISTS (SELECT FROM tempcloud_data.request WHERE id = key::uuid AND status = 'accepted')},
	named => q{NOT EXISTS (SELECT FROM tempcloud_data.assignment WHERE shift_id = key::uuid)},
	sent => q{NOT EXISTS (SELECT FROM tempcloud_data.mail WHERE id = key::uuid AND state IN ('sent', 'dropped'))},
);

# How often the clients have got each answer.
sub acknowledged
{
	my %count;

	return %count unless -f $log;
	$count{$_}++ for map { (split ' ')[0] // '' } split /\n/, slurp_file($log);
	return %count;
}

# Whether there was so much of each
sub enough
{
	my ($wanted) = @_;
	my %count = acknowledged();

	return !grep { ($count{$_} // 0) < $wanted } keys %lost;
}

sub start_clients
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

	return (
		(map { IPC::Run::start([ '/usr/bin/python3', "$FindBin::RealBin/../crash_client.py", $_, $log, $PROVIDERS ]) } 0 .. $CLIENTS - 1),
		IPC::Run::start([ 'pgbench', '-n', '-T', '60', '-R', '20', '-f', $seal ], '>', \my $out, '2>', \my $err));
}

sub victim
{
	return $node->safe_psql('postgres', q{
		SELECT pid FROM pg_stat_activity
		 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1});
}

sub check
{
	my ($name, $whole, $checkpoint) = @_;
	my $found = 0;

	$node->safe_psql('postgres', qq{
		CREATE TEMP TABLE acknowledged (what text, key text);
		COPY acknowledged FROM '$log' (DELIMITER ' ');
		CREATE TABLE lost AS SELECT what, key FROM acknowledged WHERE } . join(' OR ',
			map { "CASE WHEN what = '$_' THEN $lost{$_} END" } sort keys %lost));
	is(count_of('FROM lost'), 0, "$name: nothing is lost");
	$node->safe_psql('postgres', 'DROP TABLE lost');
	is($node->safe_psql('postgres', "SELECT problem FROM tempcloud.verify_ledger('$checkpoint')"), '', "$name: the ledger continues the head that was read");
	return unless $whole;
	foreach my $what (sort keys %half)
	{
		my $count = count_of($half{$what});

		next if $count == 0;
		$found++;
		diag("$name: $what: $count");
	}
	is($found, 0, "$name: nothing is there by half");
	return;
}

for my $crash (1 .. $CRASHES)
{
	my @clients = start_clients();
	my $name;

	# A busy machine needs longer than that.
	sleep 1 + rand 1;
	ok(eventually(sub { enough(50 * $crash) }, 60), "crash $crash: there is a load");
	my $checkpoint = $node->safe_psql('postgres', 'SELECT tempcloud.ledger_checkpoint()');
	if ($crash % 2)
	{
		$name = "crash $crash, of a backend";
		my $log_start = -s $node->logfile;

		# It is there for a moment after, too, until it has noticed.
		kill 'KILL', victim();
		eventually(sub { log_of($node, $log_start) =~ /ready to accept connections/ }, 60)
		  or die 'the server does not come back';
	}
	else
	{
		$name = "crash $crash, of the server";
		$node->stop('immediate');
		$node->start;
	}
	$_->finish for @clients;
	# What is there by half stays so: among many, it is looked for after every fifth.
	check($name, $CRASHES < 10 || $crash % 5 == 0, $checkpoint);
}
my ($heads, $sealed) = split /\|/, $node->safe_psql('postgres', 'SELECT count(*), max(size) FROM tempcloud_data.ledger_head');
note("$sealed partnerships sealed in $heads heads");
cmp_ok($heads, '>', 5 * $CRASHES, 'there was sealing');
my %acknowledged = acknowledged();
note("$acknowledged{$_} acknowledged: $_") for sort keys %acknowledged;

$node->stop;
done_testing();
