# examples/monitoring, with the exporter and Prometheus of Debian: each alert is raised by a
# fault of its kind and by nothing else, and the dashboard has metrics that there are.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use HTTP::Tiny;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Tempcloud;

my $bin = "$FindBin::RealBin/../bin";
my $monitoring = "$FindBin::RealBin/../../examples/monitoring";
my $folder = PostgreSQL::Test::Utils::tempdir;
my %port = map { $_ => PostgreSQL::Test::Cluster::get_free_port() } qw(exporter prometheus);
my @running;

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);	# by way of END

END
{
	my $status = $?;

	$_->kill_kill foreach @running;
	$? = $status;
}

sub start
{
	my ($program, @arguments) = @_;

	die "there is no $bin/$program: scripts/programs gets it" unless -x "$bin/$program";
	push @running, IPC::Run::start([ "$bin/$program", @arguments ], '<', '/dev/null', '>', "$folder/$program.log", '2>&1');
}

sub get
{
	my ($server, $path) = @_;
	my $answer = HTTP::Tiny->new(timeout => 10)->get("http://127.0.0.1:$port{$server}$path");

	return $answer->{success} ? $answer->{content} : '';
}

# Names of the alerts that are firing.
sub alerts
{
	my $answer = get('prometheus', '/api/v1/alerts');

	return '' if $answer eq '';
	return join ' ', sort map { $_->{labels}{alertname} =~ s/^Tempcloud//r }
	  grep { $_->{state} eq 'firing' } @{JSON::PP::decode_json($answer)->{data}{alerts}};
}

sub alerts_are
{
	my ($expected, $how) = @_;
	my $alerts;

	eventually(sub { $alerts = alerts(); $alerts eq $expected }, 30);
	is($alerts, $expected, $how);
}

sub succeeds
{
	my ($how, @command) = @_;
	my $out;

	ok(IPC::Run::run(\@command, '>', \$out, '2>&1'), $how) or diag $out;
}

succeeds('promtool: the rules', "$bin/promtool", 'check', 'rules', "$monitoring/alerts.yaml");
chdir $monitoring;
succeeds('promtool: their tests', "$bin/promtool", 'test', 'rules', 'alerts_test.yaml');

my $node = new_server('monitoring', conf => q{
	shared_preload_libraries = 'tempcloud'
	tempcloud.maintenance_interval = 0
	tempcloud.ledger_interval = 0
	tempcloud.allow_destruction = on});
$node->safe_psql('postgres', 'CREATE ROLE prometheus LOGIN IN ROLE pg_monitor');
eventually(sub { worker_mode($node) });

# The counter of resyncs begins before Prometheus looks.
{
	local $ENV{DATA_SOURCE_NAME} = 'user=prometheus host=' . $node->host . ' port=' . $node->port . ' dbname=postgres sslmode=disable';
	start('postgres-exporter', '--extend.query-path', "$monitoring/queries.yaml", '--web.listen-address', "127.0.0.1:$port{exporter}");
}
my $metrics;
ok(eventually(sub { ($metrics = get('exporter', '/metrics')) =~ /^tempcloud_mail_waiting/m }), 'the exporter has the metrics')
  or diag slurp_file("$folder/postgres-exporter.log");
like($metrics, qr/^pg_exporter_user_queries_load_error\{.*\} 0$/m, 'the queries are valid');
like($metrics, qr/^pg_exporter_last_scrape_error 0$/m, 'and permitted to pg_monitor');
my ($out, $err);
(undef, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSET ROLE prometheus;\nTABLE tempcloud.mail_dead;\nTABLE tempcloud.my_account;\nTABLE tempcloud_data.account;\nSELECT tempcloud.maintain()",
	on_error_stop => 0);
is($err =~ s/^.*ERROR:  //mgr, "42501\n42501\n42501\n42501", 'who may not read or do more');

# What rules and dashboard name is there, and what is there is documented by its help.
my %exported = map { $_ => 1 } $metrics =~ /^# HELP (tempcloud_\w+)/mg;
my $dashboard = JSON::PP::decode_json(slurp_file("$monitoring/dashboard.json"));
my $panels = join "\n", map { $_->{expr} } map { @{$_->{targets}} } @{$dashboard->{panels}};
foreach my $text ($panels, slurp_file("$monitoring/alerts.yaml") =~ s/^\s*(summary|action):.*//mgr)
{
	my @unknown = grep { !$exported{$_} } $text =~ /\b(tempcloud_\w+)/g;

	is("@unknown", '', 'metrics that the exporter has');
}
my @unused = grep { $panels !~ /\b$_\b/ } sort keys %exported;
is("@unused", 'tempcloud_worker_expected tempcloud_worker_running', 'the dashboard shows all, but for what is an alert');
is(scalar(keys %{{ map { $_->{id} => 1 } @{$dashboard->{panels}} }}), scalar(@{$dashboard->{panels}}), 'its panels have keys');

# Rules as they are, without their patience
my $rules = slurp_file("$monitoring/alerts.yaml") =~ s/^\s*for: .*\n//mgr;
append_to_file("$folder/rules.yaml", $rules);
append_to_file("$folder/prometheus.yml", <<"END");
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs: [{job_name: tempcloud, static_configs: [{targets: ['127.0.0.1:$port{exporter}']}]}]
END
start('prometheus', "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/tsdb", "--web.listen-address=127.0.0.1:$port{prometheus}");
ok(eventually(sub { get('prometheus', '/api/v1/query?query=tempcloud_mail_waiting') =~ /"value"/ }, 30), 'Prometheus reads them')
  or diag slurp_file("$folder/prometheus.log");
sleep 3;
alerts_are('', 'nothing is wrong');

# No mailer, and a mail that has waited
as_caller($node, 'anna', "SELECT FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')");
as_caller($node, 'bob', "SELECT FROM tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg')");
as_caller($node, 'anna', q{SELECT FROM tempcloud.invite('bob@anbieter.example'); SELECT FROM tempcloud.invite('berta@anbieter.example')});
alerts_are('NoMailer', 'no mailer');
$node->safe_psql('postgres', q{
	SELECT count(*) FROM tempcloud.claim_mail(1, '1 s');
	UPDATE tempcloud_data.mail SET created_at = created_at - interval '2 hours' WHERE recipient LIKE 'berta%'});
alerts_are('MailWaits', 'a mail that waits');

# A mail that is given up
$node->safe_psql('postgres', q{
	SELECT count(*) FROM tempcloud.claim_mail(10);
	SELECT tempcloud.mail_failed(id, '550 unknown', true) FROM tempcloud_data.mail WHERE recipient LIKE 'berta%'});
alerts_are('MailDead', 'a dead mail');
$node->safe_psql('postgres', q{
	SELECT tempcloud.retry_mail(id), tempcloud.mail_sent(ARRAY[id]) FROM tempcloud_data.mail WHERE state = 'failed';
	DELETE FROM tempcloud_data.mail});
alerts_are('', 'what was sent');

# A worker that does not go on
my $worker = $node->safe_psql('postgres', 'SELECT worker FROM tempcloud.worker_stats');
kill STOP => $worker;
as_caller($node, 'anna', q{SELECT FROM tempcloud.invite('bruno@anbieter.example')});
$node->safe_psql('postgres', 'DELETE FROM tempcloud_data.mail');
alerts_are('WorkerLag', 'a worker that hangs');

# One that is ended, and another one that knows nothing of what was under way
kill CONT => $worker;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
alerts_are('Resync', 'a worker that was started again');

# An invitation that nobody closes
$node->safe_psql('postgres', q{
	UPDATE tempcloud_data.invitation SET created_at = created_at - interval '40 days', expires_at = now() - interval '3 hours'
	 WHERE email = 'bruno@anbieter.example'});
alerts_are('MaintenanceLate Resync', 'no maintenance');
$node->safe_psql('postgres', 'SELECT tempcloud.maintain(); DELETE FROM tempcloud_data.mail');

# Partners, and a request that is about to expire
as_caller($node, 'bob', 'SELECT FROM tempcloud.invitations_received r, tempcloud.accept_invitation(r.id) WHERE r.can_accept');
as_caller($node, 'anna', q{SELECT FROM tempcloud.providers p, tempcloud.send_request(p.id, 'Pflege', 'Bonn',
	'[{"starts_at": "2100-01-01 06:00Z", "ends_at": "2100-01-01 14:00Z", "headcount": 1}]'::jsonb, answer_by => (now() + interval '50 min')::text)});
$node->safe_psql('postgres', 'DELETE FROM tempcloud_data.mail');
alerts_are('RequestsExpire Resync', 'a request without an answer');
as_caller($node, 'bob', 'SELECT tempcloud.answer_request(id, false) FROM tempcloud.requests_received');

# A partnership of yesterday that is not sealed, as after a restore; those of now wait, too
$node->safe_psql('postgres', q{
	SELECT tempcloud.seal_ledger();
	DELETE FROM tempcloud_data.mail;
	COPY (SELECT gen_random_uuid(), inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, status,
				 created_at - interval '1 day', decided_at - interval '1 day', decided_by, expires_at
			FROM tempcloud_data.invitation WHERE status = 'accepted') TO '} . "$folder/invitation" . q{'});
as_caller($node, 'amalie', "SELECT FROM tempcloud.register_account('customer', 'Zweite Kunde AG', 'Amalie', 'Alt')");
my ($customer, $contact) = split /\|/, $node->safe_psql('postgres', "SELECT account_id, id FROM tempcloud_data.contact WHERE subject = 'amalie'");
my @invitation = split /\t/, slurp_file("$folder/invitation") =~ s/\n//r;
@invitation[1, 3] = ($customer, $contact);
append_to_file("$folder/invitation2", join("\t", @invitation) . "\n");
append_to_file("$folder/partnership", join("\t", $customer, @invitation[4, 0, 11], $invitation[10]) . "\n");
append_to_file("$folder/pending", join("\t", $customer, $invitation[4]) . "\n");
$node->safe_psql('postgres', qq{
	COPY tempcloud_data.invitation (id, inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, locale, status,
		created_at, decided_at, decided_by, expires_at) FROM '$folder/invitation2';
	COPY tempcloud_data.partnership (customer_id, provider_id, invitation_id, accepted_by, created_at) FROM '$folder/partnership';
	COPY tempcloud_data.ledger_pending (customer_id, provider_id) FROM '$folder/pending'});
is($node->safe_psql('postgres', 'SELECT unsealed FROM tempcloud.ledger_stats'), 1, 'a partnership waits');
alerts_are('Resync Unsealed', 'a partnership that is not sealed');
$node->safe_psql('postgres', 'SELECT tempcloud.seal_ledger()');

# No process left for a worker: the launchers of PostgreSQL and of tempcloud have theirs.
$node->append_conf('postgresql.conf', 'max_worker_processes = 2');
$node->restart;
alerts_are('NoWorker Resync', 'no worker');
$node->stop;
alerts_are('NotWatched Resync', 'no database');

done_testing();
