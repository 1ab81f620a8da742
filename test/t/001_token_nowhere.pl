# The secret in a link exists in the mail and nowhere else: not in a file of the
# server, in its WAL, in a dump, in a notification, in the log or in an error.
use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Find;
use FindBin;
use IPC::Run ();
use MIME::Base64 qw(decode_base64 encode_base64);
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

# wal_level logical puts most into the WAL.
my $node = new_server('secret', allows_streaming => 'logical');
$node->append_conf('postgresql.conf', q{
log_min_duration_statement = 0
log_error_verbosity = verbose
log_parameter_max_length_on_error = -1
shared_preload_libraries = pg_stat_statements
session_preload_libraries = tempcloud
});
$node->restart;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements');
$node->safe_psql('postgres',
	"SELECT pg_create_logical_replication_slot('decode', 'test_decoding')");

my $listener = $node->background_psql('postgres');
$listener->query_safe('LISTEN tempcloud_event; LISTEN tempcloud_mail;');

# A full round.  An attempt at delivery fails with a report that quotes the
# mail, so that there are two secrets for one invitation.
as_caller($node, 'anna',
	"SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt');"
	. "SELECT tempcloud.invite('bob\@anbieter.example', 'Bob', 'Bär', 'Anbieter GmbH')");
my %first = links($node);
my $first = $first{'bob@anbieter.example'};
$node->safe_psql('postgres', "
	SELECT tempcloud.mail_failed(id, '550 spam: http://localhost:3000/invitation#$first')
	  FROM tempcloud_data.mail;
	UPDATE tempcloud_data.mail SET due_at = now()");
my %second = links($node);
my $used = $second{'bob@anbieter.example'};
isnt($used, $first, 'each attempt has a secret of its own');

# From here on secrets are passed as applications pass them.
my $log_start = -s $node->logfile;
my $errors = '';
$errors .= bound_call($node, 'bob', 'SELECT tempcloud.preview_invitation(:token)', $used);
$errors .= bound_call($node, 'bob', 'SELECT tempcloud.register_account(token => :token)', $used);
$errors .= bound_call($node, 'bob', 'SELECT tempcloud.accept_invitation_by_token(:token)', $used);
$errors .= bound_call($node, 'bob', 'SELECT tempcloud.accept_invitation_by_token(:token)', $used);
is($node->safe_psql('postgres', 'SELECT count(*) FROM tempcloud_data.partnership'),
	1, 'the round made a partnership');

as_caller($node, 'bob',
	"SELECT tempcloud.add_contact('Bernd', 'Busch', 'bernd\@anbieter.example')");
my %confirmation = links($node);
my $confirmation = $confirmation{'bernd@anbieter.example'};
$errors .= bound_call($node, 'bernd', 'SELECT tempcloud.confirm_email(:token)', $confirmation);
is($node->safe_psql('postgres',
		"SELECT count(*) FROM tempcloud_data.contact WHERE subject = 'bernd'"),
	1, 'a colleague has confirmed');

# An invitation whose link nobody has used yet; one that was declined.
as_caller($node, 'anna',
	"SELECT tempcloud.invite('berta\@anbieter.example'), tempcloud.invite('bruno\@anbieter.example')");
my %open = links($node);
my ($unused, $declined) = @open{'berta@anbieter.example', 'bruno@anbieter.example'};
$errors .= bound_call($node, 'nobody',
	"SELECT tempcloud.decline_invitation_by_token(:token, 'Nein', true)", $declined);
is($errors =~ /error/i ? $errors : '', '', 'no error on the way');

# Errors that a token can run into; a typo is nearly the secret itself.
my $typo = $unused =~ s/(.)$/$1 eq 'A' ? 'B' : 'A'/er;
my $refusals = '';
foreach my $case (
	[ 'nobody', 'preview_invitation(:token)', $typo, 'invalid_token' ],
	[ 'bob', 'accept_invitation_by_token(:token)', $confirmation, 'invalid_token' ],
	[ 'bob', 'ask_again(:token)', $declined, 'invitation_declined' ],
	[ 'bob', 'accept_invitation_by_token(:token)', $unused, 'other_address' ],
	[ 'anna', 'accept_invitation_by_token(:token)', $unused, 'own_account' ],
	[ 'nobody', 'accept_invitation_by_token(:token)', $unused, 'no_account' ],
	[ 'bob', 'register_account(token => :token)', $unused, 'already_registered' ],
	[ 'anna', 'confirm_email(:token)', $confirmation, 'already_registered' ])
{
	my ($subject, $call, $token, $word) = @$case;
	my $error = bound_call($node, $subject, "SELECT tempcloud.$call", $token);

	like($error, qr/DETAIL:  $word\n/, "$call by $subject: $word");
	$refusals .= $error;
}

# The secrets, and how to find one: as text, as base64 of another alphabet, as
# bytes, as hexadecimal digits, and as bytea in escape format.  A compressed
# datum has a control byte before each eight bytes that stay as they are;
# therefore eight bytes in a row, from each of eight places, are searched.
my %secrets = (
	'first link' => $first,
	'used link' => $used,
	'unused link' => $unused,
	'declined link' => $declined,
	'confirmation' => $confirmation);
my (%name_of, $any_secret);

sub name_secret
{
	my ($name, $token) = @_;
	my $bytes = secret_of($token);
	my $body = substr($token, 4);
	my $standard = $body =~ tr{-_}{+/}r;
	my $hex = unpack 'H*', $bytes;
	my $escaped = join '', map { sprintf '\\%03o', $_ } unpack 'C*', $bytes;

	foreach my $i (0 .. 7)
	{
		$name_of{ substr($body, 16 + $i, 8) } = "$name as text";
		$name_of{ substr($standard, 16 + $i, 8) } = "$name as text";
		$name_of{ substr($bytes, 8 + $i, 8) } = "$name as bytes";
		$name_of{ substr($hex, 2 * $i, 16) } = "$name in hex";
		$name_of{ uc substr($hex, 2 * $i, 16) } = "$name in hex";
		$name_of{ substr($escaped, 4 * $i, 32) } = "$name in escapes";
	}
	$any_secret = join '|', map { quotemeta } keys %name_of;
	return;
}

foreach my $name (sort keys %secrets)
{
	like($secrets{$name}, qr/^tc[ie]_[A-Za-z0-9_-]{48}$/, "$name: a token");
	name_secret($name, $secrets{$name});
}

# Which secrets some text or file holds.
sub found
{
	my ($content) = @_;
	my %found;

	$found{ $name_of{$1} } = 1 while $content =~ /($any_secret)/g;
	return join ', ', sort keys %found;
}

sub read_bytes
{
	my ($path) = @_;

	open my $file, '<:raw', $path or return '';	# gone since
	local $/;
	return <$file> // '';
}

# The search finds each form.
foreach my $name (sort keys %secrets)
{
	my $token = $secrets{$name};
	my $bytes = secret_of($token);

	is(found("x${token}x"), "$name as text", "the search finds $name as text");
	is(found("x${bytes}x"), "$name as bytes", "the search finds $name as bytes");
	is(found('x' . unpack('H*', $bytes) . 'x'), "$name in hex", "the search finds $name in hex");
}

# Messages and contexts that callers got.
is(found($errors . $refusals), '', 'no error holds a secret');

# Server log.
my $log = log_of($node, $log_start);
like($log, qr/accept_invitation_by_token\(\$1\)/, 'the log has the calls');
like($log, qr/PT410: the invitation has been declined/, 'the log has the errors');
like($log, qr/parameters: \$1 = 'tci_\*{48}'/, 'the log has the parameters');
like($log, qr/with parameters: \$1 = 'tci_\*{48}'/, 'also in the context of errors');
is(found($log), '', 'the log holds no secret');

# A secret that is written into the statement itself, with and without an error
$log_start = -s $node->logfile;
$node->psql('postgres', "SELECT tempcloud.preview_invitation('$unused')");
$node->psql('postgres', "SELECT tempcloud.preview_invitation('$typo')");
$node->psql('postgres', "SELECT tempcloud.preview_invitation('$unused') FROM nowhere");
$node->psql('postgres', "DO \$\$BEGIN PERFORM tempcloud.ask_again('$declined'); END\$\$");
$log = log_of($node, $log_start);
like($log, qr/statement: SELECT tempcloud\.preview_invitation\('tci_\*{48}'\)/, 'the log has the statement');
like($log, qr/relation "nowhere" does not exist/, 'the log has its error');
like($log, qr/PL\/pgSQL/, 'the log has a context');
is(found($log), '', 'the log holds no secret of a statement');

# A secret that is spelled in another way, in statements with and without an
# error, and in parameters.
my $body = substr $unused, 4;
my @halves = (substr($body, 0, 24), substr($body, 24));

sub each_character
{
	my ($format, $text) = @_;

	return join '', map { sprintf $format, ord } split //, $text;
}

# What a log holds in any of these spellings: the secrets in its text, forwards
# and backwards, decoded, and with the pieces of literals joined.
sub found_anyhow
{
	my ($text) = @_;
	my $decoded = $text =~ s/%25/%/gr;

	$decoded =~ s/%([0-9a-f]{2})/chr hex $1/gei;
	$decoded =~ s/\\+(?:x|u00|00|U000000|\+0000)([0-9a-f]{2})/chr hex $1/gei;
	$decoded =~ s/!00([0-9a-f]{2})/chr hex $1/gei;
	$decoded =~ s/\\([01][0-7]{2})/chr oct $1/ge;
	$decoded =~ s/'+\s*(?:\|\||,)?\s*E?'+//g;
	return found(join ' ', $text, scalar reverse($text), $decoded,
		(map { pack 'H*', $_ } $text =~ /\\x([0-9a-f]{20,})/g),
		map { decode_base64($_) } $text =~ /[A-Za-z0-9+\/]{20,}=*/g);
}

my %literal = (
	'\\x' => "E'tci\\x5f$body'",
	'octal' => "E'tci\\137$body'",
	'\\u' => "E'tci\\u005f$body'",
	'\\U' => "E'tci\\U0000005f$body'",
	'an idle escape' => "E'tci\\_$body'",
	'U&' => "U&'tci\\005f$body'",
	'U& with six digits' => "U&'tci\\+00005f$body'",
	'UESCAPE' => "U&'tci!005F$body' UESCAPE '!'",
	'||' => "'tci_' || '$body'",
	'|| in the middle' => "'tci_' || '$halves[0]' || E'$halves[1]'",
	'continuation' => "'tci_'\n '$halves[0]'\n '$halves[1]'",
	'concat' => "concat('tci', '_', '$halves[0]', '$halves[1]')",
	'chr' => "'tci' || chr(95) || '$body'",
	'each character, \\x' => "E'" . each_character('\\x%02x', $unused) . "'",
	'each character, octal' => "E'" . each_character('\\%03o', $unused) . "'",
	'each character, U&' => "U&'" . each_character('\\%04x', $unused) . "'",
	'percent' => "'tci%5F$body'",
	'percent, twice' => "'tci%255F$body'",
	'hexadecimal' => "convert_from('\\x" . unpack('H*', $unused) . "', 'UTF8')",
	'reversed' => "reverse('" . reverse($unused) . "')",
	'base64' => "convert_from(decode('" . encode_base64($unused, '') . "', 'base64'), 'UTF8')",
	'without its beginning' => "'$body'",
	'dollars' => "\$\$tci_\$\$ || \$\$$body\$\$");
foreach my $way (sort keys %literal)
{
	isnt(found_anyhow("x $literal{$way} x"), '', "$way: the search finds it");
	$log_start = -s $node->logfile;
	$node->psql('postgres', "SELECT tempcloud.preview_invitation($literal{$way})");
	$node->psql('postgres', "SELECT tempcloud.preview_invitation($literal{$way}) FROM nowhere");
	$log = log_of($node, $log_start);
	like($log, qr/(duration|PT400).*\n(.*\n)*.*relation "nowhere" does not exist/, "$way: the log has both");
	is(found_anyhow($log), '', "$way: the log holds no secret of a statement");
}
my %parameter = (
	'percent' => "tci%5F$body",
	'percent, twice' => "tci%255F$body",
	'each character, percent' => each_character('%%%02X', $unused),
	'an address' => "https://tempcloud.example/invitation?token=tci%5F$body&x=1",
	'JSON' => "{\"token\":\"tci\\u005f$body\"}",
	'JSON in JSON' => "{\\\"token\\\":\\\"tci\\\\u005f$body\\\"}",
	'hexadecimal' => '\\x' . unpack('H*', $unused),
	'without its beginning' => $body);
foreach my $way (sort keys %parameter)
{
	$log_start = -s $node->logfile;
	bound_call($node, 'nobody', 'SELECT tempcloud.preview_invitation(:token)', $parameter{$way});
	$log = log_of($node, $log_start);
	like($log, qr/PT400/, "$way as parameter: the log has the error");
	like($log, qr/parameters: \$1 = '/, "$way as parameter: the log has the parameter");
	is(found_anyhow($log), '', "$way as parameter: the log holds no secret");
}

# A statement that says nothing of tempcloud
$log_start = -s $node->logfile;
bound_call($node, 'nobody', 'SELECT length(:token)', $parameter{$_}) foreach sort grep { !/without/ } keys %parameter;
$log = log_of($node, $log_start);
like($log, qr/parameters: \$1 = 'tci%5F\*{48}'/i, 'the log has the parameters');
is(found_anyhow($log), '', 'and no secret in them');

# A parse tree has the bytes of a literal as decimal numbers, and breaks lines anywhere.
$log_start = -s $node->logfile;
$node->psql('postgres', "SET debug_print_parse = on; SELECT length('" . ('x' x $_) . "'), tempcloud.preview_invitation('$unused')")
  foreach 1 .. 12;
$log = log_of($node, $log_start);
like($log, qr/:constvalue 56 \[ -\*+ /, 'the log has the parse tree');
is(index($log =~ s/\s+//gr, join '', unpack 'C*', substr $body, 16, 8), -1, 'and no secret in it');

# All functions that take a token
my @functions = split /\n/, $node->safe_psql('postgres', q{
	SELECT proname FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace AND 'token' = ANY (proargnames)});
cmp_ok(scalar @functions, '>=', 5, 'there are functions that take a token');
foreach my $function (@functions)
{
	$log_start = -s $node->logfile;
	$node->psql('postgres', "SELECT tempcloud.$function(token => reverse('" . reverse($unused) . "')) FROM nowhere");
	$log = log_of($node, $log_start);
	like($log, qr/relation "nowhere" does not exist/, "$function: the log has the error");
	is(found_anyhow($log), '', "$function: what looks random is blotted out");
}

# What is no token stays as it is.
$log_start = -s $node->logfile;
my $other = q{SELECT 'tci is short', '0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b' AS "aLongNameWithCapitalLetters", E'\x41'};
$node->psql('postgres', $other);
like(log_of($node, $log_start), qr/statement: \Q$other\E/, 'other statements are logged as they are');

# A session that has not loaded the library: PostgreSQL logs what is bound.
$log_start = -s $node->logfile;
{
	local $ENV{PGOPTIONS} = '-c session_preload_libraries=';
	bound_call($node, 'nobody', 'SELECT tempcloud.preview_invitation(:token)', $unused);
}
is(found(log_of($node, $log_start)), 'unused link as text',
	'the first call in a session without the library is found in the log');

# Statistics
my $statements = $node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements');
like($statements, qr/accept_invitation_by_token\(\$1/, 'the statements are counted');
is(found($statements), '', 'pg_stat_statements holds no secret');

# Notifications.
my $notified = $listener->query_safe('SELECT 1');
$listener->quit;
like($notified, qr/"tempcloud_event" with payload .*invitation\.accepted/, 'there were notifications');
is(found($notified), '', 'no notification holds a secret');

# What the WAL says, row by row.
my $changes = $node->safe_psql('postgres',
	"SELECT data FROM pg_logical_slot_peek_changes('decode', NULL, NULL)");
my $digest = sha256(substr(secret_of($unused), 0, 32));
my $digest_hex = unpack 'H*', $digest;
like($changes, qr/invitation_token: INSERT: digest\[bytea\]:'\\x$digest_hex'/,
	'decoded WAL has the digest');
is(found($changes), '', 'decoded WAL holds no secret');

# A claim with the least work_mem, while its result is being read: no temporary file
# has it.  Less is refused.
as_caller($node, 'anna', q{
	SELECT count(*) FROM tempcloud.invite_many((
		SELECT jsonb_agg(jsonb_build_object('email', 'x' || n || '@anbieter.example'))
		  FROM generate_series(1, 100) n))});
my $stderr = '';
$node->psql('postgres', q{SET work_mem = '64kB'; SELECT FROM tempcloud.claim_mail(100)}, stderr => \$stderr);
like($stderr, qr/needs a work_mem of at least 2048 kB/, 'too little work_mem is refused');
my $mailer = $node->background_psql('postgres');
my $mailed = PostgreSQL::Test::Utils::tempdir . '/mailed';
$mailer->query_safe(qq{
	SET work_mem = '2MB';
	BEGIN;
	DECLARE mails CURSOR FOR
	 SELECT substring(text_body from 'tci_[A-Za-z0-9_-]{48}')
	   FROM tempcloud.claim_mail(100) WHERE kind = 'invitation';
	\\o $mailed
	FETCH 1 FROM mails;
	\\o
});
chomp(my $claimed = slurp_file($mailed));
like($claimed, qr/^tci_[A-Za-z0-9_-]{48}$/, 'a mailer reads its first mail');
name_secret('link being mailed', $claimed);

# Everything on disk: tables, WAL, notifications, replication slots, statistics.
$node->safe_psql('postgres', 'CHECKPOINT');
my $table = $node->data_dir . '/'
  . $node->safe_psql('postgres', "SELECT pg_relation_filepath('tempcloud_data.invitation_token')");
my $wal_start = '000000010000000000000001';
my ($files, $bytes, $wal, $where) = (0, 0, '', '');
find(
	{
		no_chdir => 1,
		wanted => sub {
			return unless -f $_;
			my $content = read_bytes($_);
			my $secrets = found($content);

			$where .= "$_: $secrets\n" if $secrets ne '';
			$wal .= $content if m{/pg_wal/[0-9A-F]{24}$};
			$files++;
			$bytes += length $content;
		}
	},
	$node->data_dir);
$mailer->quit;
is($where, '', "no file of the data directory holds a secret ($files files)");
cmp_ok($bytes, '>', 20_000_000, 'the files were read');
isnt(index(read_bytes($table), $digest), -1, 'the table\'s file has the digest');
isnt(index($wal, $digest), -1, 'the WAL has the digest');
isnt(index($wal, 'berta@anbieter.example'), -1, 'the WAL has the address');

my $dump;
IPC::Run::run([ 'pg_waldump', '-p', $node->data_dir . '/pg_wal', $wal_start ],
	'>', \$dump, '2>', \$stderr);
like($dump, qr/rmgr: Heap .*INSERT/, 'pg_waldump shows records');
is(found($dump), '', 'pg_waldump shows no secret');

# Dumps.
foreach my $command ([ 'pg_dump', '-d', $node->connstr('postgres') ],
	[ 'pg_dump', '--inserts', '-d', $node->connstr('postgres') ],
	[ 'pg_dumpall', '-d', $node->connstr('postgres') ])
{
	my $name = join ' ', grep { !/^-d$|port=/ } @$command;

	ok(IPC::Run::run($command, '>', \$dump, '2>', \$stderr), $name);
	isnt(index($dump, $digest_hex), -1, "$name: the digest is there");
	is(found($dump), '', "$name: no secret");
}

$node->stop;
done_testing();
