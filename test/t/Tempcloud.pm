# Tempcloud.pm: what the TAP tests of tempcloud share
package Tempcloud;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use IPC::Run ();
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(new_server as_caller links bound_call secret_of log_of
  heard worker_mode start_smtp stop_smtp mails eventually);

# A running server with the extension in database postgres; conf is added to its
# configuration, install_path is where another server than the one under test is.
sub new_server
{
	my ($name, %init) = @_;
	my $conf = delete $init{conf} // '';
	my $path = delete $init{install_path};
	my $node = PostgreSQL::Test::Cluster->new($name, $path ? (install_path => $path) : ());

	$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ], %init);
	$node->append_conf('postgresql.conf', "log_statement = none\n$conf");
	$node->start;
	$node->safe_psql('postgres',
		'SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE');
	return $node;
}

# Claims as PostgREST sets them.  Customers have names with a, providers with b.
sub claims
{
	my ($subject) = @_;
	my $domain = $subject =~ /^a/ ? 'kunde' : 'anbieter';

	return qq({"sub":"$subject","email":"$subject\@$domain.example","email_verified": true});
}

# Run SQL as a caller in one transaction; returns its output.
sub as_caller
{
	my ($node, $subject, $sql, $db) = @_;
	my $claims = claims($subject);

	return $node->safe_psql($db // 'postgres',
		"BEGIN; SET LOCAL request.jwt.claims = '$claims'; $sql; COMMIT");
}

# Claim all mails that are due: a hash from recipient to the token of the link.
sub links
{
	my ($node, $db) = @_;

	return map { split /\|/, $_, 2 } split /\n/, $node->safe_psql($db // 'postgres', q{
		SELECT recipient || '|' || token
		  FROM tempcloud.claim_mail(1000),
			   substring(text_body from 'tc[ie]_[A-Za-z0-9_-]{48}') AS token
		 WHERE token IS NOT NULL});
}

# Run a statement with :token in it as a bind parameter, as applications do.
# (psql could not before version 16; pgbench does.)  Returns what went to
# standard error.
sub bound_call
{
	my ($node, $subject, $sql, $token) = @_;
	my $claims = claims($subject);
	my ($out, $err);

	IPC::Run::run(
		[
			'pgbench', '-n', '-t', '1', '-M', 'extended', '-f', '-',
			'-D', "token=$token", '-h', $node->host, '-p', $node->port, 'postgres'
		],
		'<', \"BEGIN;\nSET LOCAL request.jwt.claims = '$claims';\n$sql;\nCOMMIT;\n", '>', \$out, '2>', \$err);
	return $err;
}

# The bytes a token stands for: 32 random ones, the secret, and their CRC.
sub secret_of
{
	my ($token) = @_;
	my $body = substr($token, 4);

	$body =~ tr{-_}{+/};
	return decode_base64($body);
}

# What the server's log has since the position.
sub log_of
{
	my ($node, $from) = @_;

	return slurp_file($node->logfile, $from // 0);
}

# What a background psql that listens has heard since the last call, as
# [ channel, payload ]: at least so many, unless they do not come in time; without
# those whose payload matches the last argument.
sub heard
{
	my ($listener, $expected, $without) = @_;
	my @heard;

	eventually(
		sub {
			push @heard, grep { !defined $without || $_->[1] !~ $without }
			  map { /^Asynchronous notification "(\w+)" (?:with payload "(.*)" )?received/ ? [ $1, $2 // '' ] : () }
			  split /\n/, $listener->query_safe("SELECT 'now'");
			return @heard >= ($expected // 0);
		});
	return @heard;
}

# Whether a background worker tells the events of a database.
sub worker_mode
{
	my ($node, $db) = @_;

	return $node->safe_psql($db // 'postgres', 'SELECT mode FROM tempcloud.worker_stats') eq 'worker';
}

# An SMTP server that makes faults on demand, see smtp_server.py.  Started again
# with the same one, it keeps its port and what it has received.
sub start_smtp
{
	my ($smtp, @options) = @_;
	my $out = '';

	$smtp->{port} //= PostgreSQL::Test::Cluster::get_free_port();
	$smtp->{inbox} //= PostgreSQL::Test::Utils::tempdir() . '/inbox';
	$smtp->{process} = IPC::Run::start(
		[
			'/usr/bin/python3', dirname(__FILE__) . '/../smtp_server.py',
			$smtp->{port}, $smtp->{inbox}, @options
		],
		'>', \$out, IPC::Run::timeout(60));
	$smtp->{process}->pump until $out =~ /ready/;
	return $smtp;
}

sub stop_smtp
{
	my ($smtp) = @_;

	$smtp->{process}->kill_kill;
}

# What it has received, parsed.
sub mails
{
	my ($smtp) = @_;

	return () unless -f $smtp->{inbox};
	return map { JSON::PP::decode_json($_) } split /\n/, slurp_file($smtp->{inbox});
}

# Wait until a condition holds; returns whether it did in time.
sub eventually
{
	my ($condition, $seconds) = @_;
	my $end = time + ($seconds // 20);

	while (time < $end)
	{
		return 1 if $condition->();
		sleep 0.1;
	}
	return 0;
}

1;
