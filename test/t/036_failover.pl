# A cluster of three servers under Patroni, with synchronous replication: the primary's
# machine dies under load, again and again. Nothing that was acknowledged is lost, and worker
# and mailer go on with the new primary.
#
# TEMPCLOUD_FAILOVERS is how often; without it, nothing is tested: each takes half a minute.

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
use Time::HiRes qw(time sleep);

use Tempcloud;

my $failovers = $ENV{TEMPCLOUD_FAILOVERS} // 0;
plan skip_all => 'takes minutes: set TEMPCLOUD_FAILOVERS, or make soak' unless $failovers > 0;

my $folder = PostgreSQL::Test::Utils::tempdir_short;
my ($bindir) = run_command([ $ENV{PG_CONFIG}, '--bindir' ]);
my @names = qw(n1 n2 n3);
my %port = map { ($_ => PostgreSQL::Test::Cluster::get_free_port(), "api $_" => PostgreSQL::Test::Cluster::get_free_port()) } @names;
my ($etcd_port, $peer_port) = map { PostgreSQL::Test::Cluster::get_free_port() } 1 .. 2;
my (%patroni, @others);

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);	# by way of END

END
{
	my $status = $?;

	$_->kill_kill foreach @others;
	die_of_power($_) foreach keys %patroni;
	$? = $status;
}

sub start_program
{
	my ($log, @command) = @_;

	return IPC::Run::start(\@command, '<', '/dev/null', '>>', "$folder/$log", '2>&1');
}

sub start_patroni
{
	my ($name) = @_;

	# As a process of its own, which is killed with all that it has started.
	$patroni{$name} = start_program("$name.log", '/usr/bin/patroni', "$folder/$name.yml");
}

# Kill all processes of a member, as if its machine had lost power.
sub die_of_power
{
	my ($name) = @_;
	my $file = "$folder/$name/postmaster.pid";
	my ($postmaster) = -f $file ? slurp_file($file) =~ /^(\d+)/ : ();

	my @processes = ($patroni{$name}->{KIDS}[0]{PID}, $postmaster ? ($postmaster, split ' ', `pgrep -P $postmaster`) : ());

	kill KILL => @processes;
	eval { $patroni{$name}->finish };
	delete $patroni{$name};
	eventually(sub { !grep { -d "/proc/$_" } @processes }, 10);
}

# Members as Patroni sees them: a hash of name to role and state.
sub members
{
	foreach my $name (keys %patroni)
	{
		my $answer = HTTP::Tiny->new(timeout => 2)->get("http://127.0.0.1:$port{\"api $name\"}/cluster");

		return map { $_->{name} => $_ } @{JSON::PP::decode_json($answer->{content})->{members}} if $answer->{success};
	}
	return ();
}

sub leader
{
	my %member = members();

	return (grep { $member{$_}{role} eq 'leader' && $member{$_}{state} eq 'running' && $patroni{$_} } keys %member)[0] // '';
}

# Whether all members take part, one of them synchronously.
sub whole
{
	my %member = members();
	my %role;

	push @{$role{ $_->{state} =~ /^(running|streaming)$/ ? $_->{role} : 'down' }}, $_->{name} foreach values %member;
	return keys %member == @names && !$role{down} && @{$role{leader} // []} == 1 && @{$role{sync_standby} // []} == 1;
}

sub sql
{
	my ($query, $name) = @_;
	my ($out, $err);

	IPC::Run::run([ "$bindir/psql", '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', conninfo($name), '-c', $query ], '>', \$out, '2>', \$err)
	  or die "$query: $err";
	chomp $out;
	return $out;
}

# Of a member, or else of the primary, whichever it is.
sub conninfo
{
	my ($name) = @_;
	my @them = $name ? $name : @names;

	return join ' ', 'host=' . join(',', map { '127.0.0.1' } @them), 'port=' . join(',', map { $port{$_} } @them),
	  'user=postgres dbname=postgres connect_timeout=2', $name ? () : 'target_session_attrs=read-write';
}

foreach my $name (@names)
{
	append_to_file("$folder/$name.yml", <<"END");
scope: tempcloud
name: $name
restapi: {listen: '127.0.0.1:$port{"api $name"}', connect_address: '127.0.0.1:$port{"api $name"}'}
etcd3: {host: '127.0.0.1:$etcd_port'}
bootstrap:
  dcs:
    ttl: 10
    loop_wait: 2
    retry_timeout: 4
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters:
        shared_preload_libraries: tempcloud
        max_connections: 50
        tempcloud.max_pending_invitations: -1
        tempcloud.max_daily_invitations: -1
  initdb: [encoding: UTF8, locale: C.UTF-8, data-checksums]
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
postgresql:
  listen: 127.0.0.1:$port{$name}
  connect_address: 127.0.0.1:$port{$name}
  data_dir: $folder/$name
  bin_dir: $bindir
  pgpass: $folder/$name.pgpass
  authentication: {superuser: {username: postgres}, replication: {username: postgres}, rewind: {username: postgres}}
  parameters: {unix_socket_directories: $folder, log_statement: none}
END
}

push @others, start_program('etcd.log', "$FindBin::RealBin/../bin/etcd", '--data-dir', "$folder/etcd", '--name', 'e', '--unsafe-no-fsync',
	'--listen-client-urls', "http://127.0.0.1:$etcd_port", '--advertise-client-urls', "http://127.0.0.1:$etcd_port",
	'--listen-peer-urls', "http://127.0.0.1:$peer_port", '--initial-advertise-peer-urls', "http://127.0.0.1:$peer_port",
	'--initial-cluster', "e=http://127.0.0.1:$peer_port");
start_patroni($names[0]);
ok(eventually(sub { leader() ne '' }, 90), 'a primary') or diag slurp_file("$folder/n1.log");
start_patroni($_) foreach @names[1 .. $#names];
ok(eventually(\&whole, 120), 'and two standbys, one of them synchronous') or diag slurp_file("$folder/n2.log");
sql('CREATE EXTENSION tempcloud CASCADE');
sql('CREATE ROLE post LOGIN IN ROLE tempcloud_mailer');

# The load: four clients, a mailer, and mails that arrive
my $smtp = start_smtp();
local $ENV{TEMPCLOUD_MAILER_DATABASE} = conninfo() =~ s/user=postgres/user=post/r;
local $ENV{TEMPCLOUD_MAILER_SMTP_URL} = "smtp://127.0.0.1:$smtp->{port}";
local $ENV{TEMPCLOUD_MAILER_SMTP_TLS} = 'none';
local $ENV{TEMPCLOUD_MAILER_POLL} = 1;
local $ENV{TEMPCLOUD_MAILER_FROM_ADDRESS} = 'einladung@tempcloud.example';
push @others, start_program('mailer.log', 'tempcloud-mailer');
my @clients = map { start_program("client$_.log", '/usr/bin/python3', "$FindBin::RealBin/../failover_client.py", conninfo(), $_) } 1 .. 4;
push @others, @clients;

# What the clients were told: lists of time, kind and key
sub acknowledged
{
	return map { /^([\d.]+) (account|invitation|partnership) (\S+)$/ ? [ $1, $2, $3 ] : () }
	  map { split /\n/, slurp_file("$folder/client$_.log") } 1 .. 4;
}

sub checkpoint { return sql('SELECT tempcloud.ledger_checkpoint()'); }

foreach my $round (1 .. $failovers)
{
	my $before = acknowledged();

	ok(eventually(sub { acknowledged() > $before + 50 }, 60), "$round: the load goes on");
	sql('SELECT tempcloud.seal_ledger()');
	my $checkpoint = checkpoint();
	my $old = leader();

	die_of_power($old);
	my $at = time;
	ok(eventually(sub { grep { $_->[0] > $at } acknowledged() }, 90), "$round: and with another primary");
	my ($first) = sort { $a <=> $b } map { $_->[0] > $at ? $_->[0] : () } acknowledged();
	note sprintf '%.1f seconds from the death of the primary to the next acknowledged command', $first - $at;
	isnt(leader(), $old, "$round: it is another one");
	ok(eventually(sub { eval { sql('SELECT mode FROM tempcloud.worker_stats') eq 'worker' } }, 30), "$round: it has a worker");
	is(sql("SELECT problem FROM tempcloud.verify_ledger('$checkpoint')"), '', "$round: the ledger has what it had");
	start_patroni($old);
	ok(eventually(\&whole, 120), "$round: the old one is back, as a standby") or diag slurp_file("$folder/$old.log");
}

$_->signal('TERM') foreach @clients;
$_->finish foreach @clients;

# All that was acknowledged is there, on each member, and was mailed.
my @acknowledged = acknowledged();
note scalar(@acknowledged) . ' commands were acknowledged';
my %query = (
	account => 'SELECT id FROM tempcloud_data.account',
	invitation => 'SELECT id FROM tempcloud_data.invitation',
	partnership => 'SELECT invitation_id FROM tempcloud_data.partnership');
my $end = sql('SELECT pg_current_wal_lsn()');
foreach my $name (@names)
{
	ok(eventually(sub { sql("SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= '$end'", $name) eq 't' }, 60), "$name has all");
	foreach my $kind (sort keys %query)
	{
		my %there = map { $_ => 1 } split /\n/, sql($query{$kind}, $name);
		my @lost = grep { $_->[1] eq $kind && !$there{$_->[2]} } @acknowledged;

		is(scalar(@lost), 0, "$name: no $kind is lost");
	}
}
is(sql("SELECT count(*) FROM tempcloud_data.invitation i WHERE (status = 'accepted') <> EXISTS (SELECT FROM tempcloud_data.partnership p WHERE p.invitation_id = i.id)"),
	0, 'nothing is there in part');
ok(eventually(sub { sql('SELECT waiting FROM tempcloud.mail_stats') == 0 }, 120), 'the mailer goes on');
# What it held when a primary died is due when the lease ends.
sql('UPDATE tempcloud_data.mail SET due_at = now() WHERE leased');
ok(eventually(sub { sql('SELECT waiting + leased FROM tempcloud.mail_stats') == 0 }, 60), 'the outbox is empty')
  or diag sql('TABLE tempcloud.mail_stats'), slurp_file("$folder/mailer.log") =~ s/.*(?=.{2000})//sr;
my %mailed = map { $_->{recipient} => 1 } mails($smtp);
my @addresses = split /\n/, sql(q{SELECT DISTINCT recipient FROM tempcloud_data.mail WHERE state = 'sent'});
ok(@addresses > 0, 'mails were sent');
is(scalar(grep { !$mailed{$_} } @addresses), 0, 'and have arrived');
is(sql('SELECT tempcloud.seal_ledger() >= 0; SELECT problem FROM tempcloud.verify_ledger()') =~ s/^t\n?//r, '', 'the ledger agrees with all partnerships');

stop_smtp($smtp);
done_testing();
