# The documentation against the code: links, errors, settings, functions and views,
# HTTP requests, the programs and the story, and the example gateway for live events.
use strict;
use warnings;

use FindBin;
use IPC::Run ();
use JSON::PP ();
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tempcloud;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $api = slurp_file("$root/docs/api.md");
my $sql = slurp_file("$root/docs/sql.md");

# Each word of an error has its status in both tables, and there is no other.
my %refusals = reverse slurp_file("$root/src/base/refusal.c") =~ /\{PT(\d{3}), "(\w+)"/g;
cmp_ok(scalar(keys %refusals), '>=', 27, 'the errors of the source');
my %documented;
$documented{$2} = $1 while $api =~ /^\| (\d{3}) \| `(\w+)` \|/mg;
is_deeply(\%documented, \%refusals, 'docs/api.md has each error with its status');
my ($status, %listed);
foreach my $row ($sql =~ /^\| (?:PT\d{3} )?\| `.*$/mg)
{
	my ($first, $words) = $row =~ /^\| (?:PT(\d{3}) )?\| ([^|]*)/;

	$status = $first if defined $first;
	$listed{$_} = $status foreach $words =~ /`(\w+)`/g;
}
is_deeply(\%listed, \%refusals, 'docs/sql.md, too');

# Every relative link leads to a file, and every anchor to a heading of it.
my %anchors;
foreach my $page (map { s{^\Q$root/\E}{}r } glob("$root/*.md $root/docs/*.md $root/bench/*.md"))
{
	my $text = slurp_file("$root/$page") =~ s/^```.*?^```//gmsr;

	$anchors{$page} = { map { anchor($_) => 1 } $text =~ /^#+ (.+)$/mg };
}
my $links = 0;
foreach my $page (sort keys %anchors)
{
	my $text = slurp_file("$root/$page") =~ s/^```.*?^```//gmsr;
	my ($folder) = $page =~ m{^(.*/)?};

	foreach my $link ($text =~ /\]\(([^)\s]+)\)/g)
	{
		next if $link =~ /^\w+:/;
		my ($file, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
		my $target = $file eq '' ? $page : ($folder // '') . $file;

		1 while $target =~ s{[^/]+/\.\./}{};
		$links++;
		ok(-e "$root/$target", "$page links to $target, which exists");
		ok($anchors{$target}{$anchor}, "$page links to $target#$anchor, which exists") if defined $anchor;
	}
}
cmp_ok($links, '>', 20, 'links');

# The anchor of a heading, as forges make it
sub anchor
{
	my ($heading) = @_;

	return lc($heading) =~ s/[^\w\s-]//gr =~ s/ /-/gr;
}

my $node = new_server('docs');
as_caller($node, 'anna', "SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt');"
	  . "SELECT tempcloud.invite('bob\@anbieter.example')");
as_caller($node, 'bob', "SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg')");
$node->safe_psql('postgres', q{
	CREATE ROLE app LOGIN IN ROLE tempcloud_service;
	CREATE ROLE gateway LOGIN IN ROLE tempcloud_service});

# docs/sql.md lists all functions but those that embed lists, and all views.
my $functions = join ' ', $sql =~ /^## Functions\n(.*?)^## /ms;
is(join("\n", sort map { /`(\w+)\(/g, /`CALL (\w+)/g } $functions =~ /^\| (`[^|]*)\|/mg),
	$node->safe_psql('postgres', q{
	SELECT DISTINCT proname COLLATE "C"
	  FROM pg_proc p
	  LEFT JOIN pg_class argument ON argument.reltype = proargtypes[0] AND argument.relkind = 'v'
	 WHERE pronamespace = 'tempcloud'::regnamespace AND argument.oid IS NULL
	 ORDER BY 1}), 'docs/sql.md has each function');
my ($views) = $sql =~ /^\| view \|.*?\n\|-.*?\n(.*?)\n\n/ms;
is(join("\n", sort map { /`(\w+)`/g } $views =~ /^\| ([^|]*)\|/mg),
	$node->safe_psql('postgres', q{
	SELECT viewname COLLATE "C" FROM pg_views WHERE schemaname = 'tempcloud' ORDER BY 1}),
	'docs/sql.md has each view');

# docs/settings.md has each setting with its default.
my %default;
foreach my $row (slurp_file("$root/docs/settings.md") =~ /^\| (`tempcloud\..*)$/mg)
{
	my ($names, $values) = split / *\| */, $row;
	my @values = $values =~ /`([^`]*)`/g;

	$default{$_} = shift @values foreach $names =~ /`([\w.]+)`/g;
}
is(join("\n", sort keys %default),
	join("\n", sort(slurp_file("$root/src/base/settings.c") =~ /\("(tempcloud\.\w+)",/g)),
	'docs/settings.md has each setting');
my %actual = map { split /=/, $_, 2 } split /\n/, $node->safe_psql('postgres', q{
	LOAD 'tempcloud';
	SELECT name || '=' || current_setting(name) FROM pg_settings WHERE name LIKE 'tempcloud.%'});
is_deeply({ map { $_ => $default{$_} } keys %actual }, \%actual, 'with its default');

# docs/events.md has each event.
my %in_source = map { $_ => 1 } map { slurp_file($_) =~ /"((?:account|contact|invitation|ledger|partner|request)\.[a-z_]+)"/g }
	glob("$root/src/*/*.c");
delete @in_source{qw(request.method request.path)};	# settings of PostgREST
my %in_docs = map { $_ => 1 } map { /`(\w+\.\w+)`/g }
	slurp_file("$root/docs/events.md") =~ /^\| (`\w+\.[^|]*)\|/mg;
is(join("\n", sort keys %in_docs), join("\n", sort keys %in_source), 'docs/events.md has each event');

# The story of README.md runs as it stands, in a new database.
my ($story) = slurp_file("$root/README.md") =~ /^## The story.*?^```sql\n(.*?)^```/ms;
$node->safe_psql('postgres', 'CREATE DATABASE story');
my ($told, $complaints);
is($node->psql('story', "SET client_min_messages = warning;\n$story", stdout => \$told, stderr => \$complaints,
		on_error_stop => 1), 0, 'the story runs') or diag($complaints);
like($told, qr/^Petra Pfeil\|[^\n]*\z/m, 'to its end');

# Requests name functions, views and arguments that there are.
my %calls;
$calls{$1} .= $2 // '' while $api =~ m{\$API/rpc/(\w+)(.*?)(?=\ncurl|\n```)}sg;
cmp_ok(scalar(keys %calls), '>', 10, 'the requests');
foreach my $function (sort keys %calls)
{
	my %given = map { $_ => 1 } $calls{$function} =~ /"(\w+)":|[?&](\w+)=/g;
	my $names = $node->safe_psql('postgres', qq{
		SELECT array_to_string(COALESCE(proargnames, ARRAY[]::text[]), ' ') || ' limit '
			   || CASE proname WHEN 'invite_many' THEN 'email locale'
						WHEN 'send_order' THEN 'provider_id profession location shifts starts_at ends_at headcount'
						WHEN 'send_request' THEN 'starts_at ends_at headcount' ELSE '' END
		  FROM pg_proc WHERE proname = '$function' AND pronamespace = 'tempcloud'::regnamespace});
	my %there = map { $_ => 1 } split / /, $names;

	is(join(' ', grep { $_ && !$there{$_} } sort keys %given), '', "the request of $function");
	ok($names ne '', "there is $function");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_views WHERE schemaname = 'tempcloud' AND viewname = '$_'"), 1,
	"there is $_") foreach $api =~ m{\$API/(\w+)[?"]}g;

# What embeds is there, and nothing that is there is missing.
my ($rows) = $api =~ /^\| list \| brings along.*?\n\|-.*?\n(.*?)\n\n/ms;
my @embedded;
foreach my $row (split /\n/, $rows)
{
	my (undef, $lists, $many, $one) = split /\s*\|\s*/, $row;

	foreach my $list ($lists =~ /`(\w+)`/g)
	{
		push @embedded, "$_($list)" foreach $many =~ /`(\w+)`/g;
		push @embedded, "$_($list) 1" foreach ($one // '') =~ /`(\w+)`/g;
	}
}
is(join("\n", sort @embedded), join("\n", sort split /\n/, $node->safe_psql('postgres', q{
	SELECT format('%s(%s)%s', proname, argument.relname, CASE prorows WHEN 1 THEN ' 1' END)
	  FROM pg_proc p
	  JOIN pg_class argument ON argument.reltype = proargtypes[0] AND argument.relkind = 'v'
	 WHERE pronamespace = 'tempcloud'::regnamespace})), 'what lists bring along');

# The programs run as they stand.
my %as_app = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres', PGUSER => 'app');

sub program
{
	my ($language, @interpreter) = @_;
	my ($code) = $api =~ /^```$language\n(.*?)^```/ms;
	my ($out, $err);

	local %ENV = %as_app;
	ok(IPC::Run::run(\@interpreter, '<', \$code, '>', \$out, '2>', \$err), "$language runs") or diag($err);
	return $out;
}

like(program('python', '/usr/bin/python3', '-'), qr/^\('[0-9a-f-]{36}', 'pending'\)$/, 'it has invited');
like(program('python', '/usr/bin/python3', '-'), qr/^PT409 already_invited Wait for/, 'and cannot again');
as_caller($node, 'bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received');
is(program('perl', 'perl', '-'), "Anbieter GmbH\nPT409\n", 'it has listed and invited');

# The gateway tells each page what concerns its account, and nobody else.
my $port = PostgreSQL::Test::Cluster::get_free_port();
my ($log, $anna, $bob, $carl) = ('', '', '', '');
my $gateway;
{
	local %ENV = (%as_app, PGUSER => 'gateway');
	$gateway = IPC::Run::start([ '/usr/bin/python3', "$root/examples/events.py", $port ], '>', \$log, '2>', \$log);
}
my $reader = q{
import sys, time, urllib.request
for attempt in range(100):
	try:
		stream = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={'X-Claims': sys.argv[2]}))
		break
	except urllib.error.HTTPError as error:
		sys.exit(print(error.code))
	except OSError:
		time.sleep(0.1)
for line in stream:
	if line.startswith(b'data'):
		print(line.decode().strip(), flush=True)
};

sub reader
{
	my ($subject, $out) = @_;

	return IPC::Run::start([ '/usr/bin/python3', '-c', $reader, "http://127.0.0.1:$port/", qq({"sub":"$subject"}) ],
		'>', $out, '2>', $out, IPC::Run::timeout(60));
}

as_caller($node, 'arno', "SELECT tempcloud.register_account('customer', 'Andere AG', 'Arno', 'Alt')");
my @readers = (reader('anna', \$anna), reader('bob', \$bob), reader('arno', \$carl));
my $everything = qq(data: {"changed": "everything"}\n);

$readers[0]->pump until $anna eq $everything;
$readers[1]->pump until $bob eq $everything;
$readers[2]->pump until $carl eq $everything;

# The id of the newest invitation of somebody, and how a page hears of it
sub invitation_of
{
	my ($subject) = @_;

	return as_caller($node, $subject, 'SELECT id FROM tempcloud.invitations_sent LIMIT 1');
}

sub changed { return sprintf qq(data: {"changed": "invitation", "id": "%s"}\n), @_; }

as_caller($node, 'bob', "SELECT tempcloud.invite('emil\@kunde.example')");
my $bobs = invitation_of('bob');
as_caller($node, 'anna', "SELECT tempcloud.update_account(city => 'Bonn');"
	  . "SELECT tempcloud.invite('arno\@else.example')");
my $annas = invitation_of('anna');
$readers[1]->pump until $bob =~ /invitation.*\n/;
$readers[0]->pump until $anna =~ /invitation.*\n/;
my $city = qq(data: {"changed": "account"}\n);
is($bob, $everything . changed($bobs), 'an event of its own');
is($anna, $everything . $city . changed($annas), 'nothing of others');
is($carl, $everything, 'and nobody else hears of it');

# Whatever an ordinary role tells, the gateway lives, and pages hear nothing that
# their own views do not confirm.
$node->safe_psql('postgres', 'CREATE ROLE forger LOGIN');
my $account = $node->safe_psql('postgres', "SELECT account_id FROM tempcloud_data.contact WHERE subject = 'anna'");
my $of_anna = qq("accounts":["$account"]);

sub forge
{
	my @payloads = map { s/'/''/gr } @_;

	$node->safe_psql('postgres', join(';', map { "SELECT pg_notify('tempcloud_event', '$_')" } @payloads),
		extra_params => [ '-U', 'forger' ]);
	return;
}

forge('', 'no JSON', '"', '{', 'null', '17', '"text"', '[]', '[{}]', '{}',
	'[' x 7900, '{"a":' x 1500, '9' x 7900, qq({"event":"invitation.created",$of_anna,"invitation":") . 'f' x 7800 . '"}',
	'{"event":null}', '{"event":["resync"]}', '{"event":"invitation.created"}',
	'{"event":"invitation.created","accounts":null}', '{"event":"invitation.created","accounts":{"a":1}}',
	qq({"event":"invitation.created","accounts":"$account","invitation":"$annas"}),
	qq({"event":"invitation.created","accounts":[1, null, ["$account"], {}],"invitation":"$annas"}),
	qq({"event":"invitation.created",$of_anna}),
	qq({"event":"invitation.created",$of_anna,"invitation":17}),
	qq({"event":"invitation.created",$of_anna,"invitation":["$annas"]}),
	qq({"event":"invitation.created",$of_anna,"invitation":"' OR true --"}),
	qq({"event":"invitation.\\ud800",$of_anna,"invitation":"$annas"}),
	qq({"event":"<script>alert(1)</script>",$of_anna,"invitation":"$annas"}),
	qq({"event":"invitation.accepted",$of_anna,"invitation":"$bobs"}),
	qq({"event":"request.accepted",$of_anna,"request":"$annas"}),
	qq({"event":"invitation.accepted",$of_anna,"invitation":"00000000-0000-7000-8000-000000000000"}));
as_caller($node, 'anna', "SELECT tempcloud.invite('asta\@else.example')");
my $next = invitation_of('anna');
$readers[0]->pump until $anna =~ /\Q$next\E.*\n/;
is($anna, $everything . $city . changed($annas) . changed($next), 'nothing that was forged reaches a page');

# What a page may know is a hint only, and everything comes at most every ten seconds.
forge(qq({"event":"invitation.accepted",$of_anna,"invitation":"$next","company":"Forged AG"}));
$readers[0]->pump until $anna =~ /(\Q$next\E.*\n.*){2}/s;
is($anna, $everything . $city . changed($annas) . changed($next) . changed($next), 'a hint says nothing more');
forge(('{"event":"resync"}') x 5) for 1 .. 5;
forge(map { qq({"event":"invitation.accepted",$of_anna,"invitation":"00000000-0000-7000-8000-) . sprintf('%012d"}', $_) } 1 .. 1000);
$readers[0]->pump until $anna =~ /everything.*everything.*\n/s;
as_caller($node, 'anna', "SELECT tempcloud.invite('alex\@else.example')");
my $last = invitation_of('anna');
$readers[0]->pump until $anna =~ /\Q$last\E.*\n/;
is(scalar(() = $anna =~ /everything/g), 2, 'resyncs become one');
is($log, '', 'the gateway has nothing to complain of');
my $stranger = '';
reader('nobody', \$stranger)->finish;
like($stranger, qr/^401/, 'who has no account is refused');
$_->kill_kill foreach @readers, $gateway;
$node->stop;
done_testing();
