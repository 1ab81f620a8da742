# The order of the sources: which folder of src/ may include which, no circles, a
# subject's files under one name, and what CONTRIBUTING.md says of all this.
use strict;
use warnings;

use FindBin;
use File::Basename qw(basename);
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";

# What each folder may include besides itself; tempcloud.c starts them all.
my %MAY_INCLUDE = (
	base => [],
	worker => [qw(base)],
	rule => [qw(base worker)],
	guard => [qw(base rule)],
	mailer => [],
	'.' => [qw(base worker rule guard)]);

# SQL without C of its own, and without a test in test/sql of its own
my %WITHOUT_C = map { $_ => 1 } qw(comment planner privilege role);
my %TESTED_ELSEWHERE = (
	comment => 'test/pgtap/schema.sql',
	planner => 'test/pgtap/page.sql',
	guard => 'test/pgtap/promise.sql',
	invitation_send => 'test/sql/invitation.sql',
	request => 'test/sql/request_send.sql',
	privilege => 'test/pgtap/privilege.sql',
	role => 'test/pgtap/privilege.sql');

# Functions of these are in the SQL of their subject.
my %WITHOUT_SQL = map { $_ => 1 } qw(ledger_proof ledger_verify mail_claim mail_report);
my %TEST_OF = (claim => 'mail_claim', setup => undef);

sub names
{
	my ($folder, $ending) = @_;

	return sort grep { !/--/ } map { basename($_, $ending) } glob "$root/$folder/*$ending";
}

sub exists_in_src { return scalar(() = glob "$root/src/*/$_[0].c"); }

sub has_functions { return slurp_file("$root/src/rule/$_[0].c") =~ /^PG_FUNCTION_INFO_V1/m; }

# The includes of the project's own headers, as [ file, header ].
sub includes
{
	my @includes;

	foreach my $path (glob "$root/src/*.[ch] $root/src/*/*.[ch]")
	{
		my $file = $path =~ s{^\Q$root\E/src/}{}r;
		my $own = $file =~ m{^(.*/)} ? $1 : '';

		foreach my $name (slurp_file($path) =~ /^\s*#\s*include\s+"([^"]+)"/mg)
		{
			my ($header) = grep { -f "$root/src/$_" } $name, "$own$name";

			push @includes, [ $file, $header ] if defined $header;
		}
	}
	return @includes;
}

sub folder_of { return $_[0] =~ m{^([^/]+)/} ? $1 : '.'; }

sub is_against_the_order
{
	my ($from, $to) = map { folder_of($_) } @_;

	return $from ne $to && !grep { $_ eq $to } @{ $MAY_INCLUDE{$from} // [] };
}

# A circle among the files of a graph (x.c and x.h are one), or the empty list.
sub circle
{
	my (@includes) = @_;
	my (%graph, %done);

	foreach my $include (@includes)
	{
		my ($from, $to) = map { s/\.[ch]$//r } @$include;

		$graph{$from}{$to} = 1 if $from ne $to;
	}
	my $visit;
	$visit = sub {
		my ($file, @path) = @_;

		my ($start) = grep { $path[$_] eq $file } 0 .. $#path;
		return (@path[ $start .. $#path ], $file) if defined $start;
		return if $done{$file};
		foreach my $next (sort keys %{ $graph{$file} // {} })
		{
			my @found = $visit->($next, @path, $file);
			return @found if @found;
		}
		$done{$file} = 1;
		return;
	};
	foreach my $file (sort keys %graph)
	{
		my @found = $visit->($file);
		return @found if @found;
	}
	return;
}

my @includes = includes();
cmp_ok(scalar(@includes), '>', 100, 'the includes of the sources');
is(join("\n", map { "$_->[0] includes $_->[1]" } grep { is_against_the_order(@$_) } @includes),
	'', 'folders include in one direction');
is(join(' -> ', circle(@includes)), '', 'no circle of includes');

# What would be noticed
ok(is_against_the_order('base/query.c', 'worker/notify.h'), 'base includes nothing of others');
ok(is_against_the_order('worker/worker.c', 'rule/event.h'), 'the worker knows no rule');
ok(is_against_the_order('nowhere/x.c', 'base/query.h'), 'a new folder has to be given its place');
is(join(' ', circle([ 'a/x.c', 'a/y.h' ], [ 'a/y.c', 'b/z.h' ], [ 'b/z.h', 'a/x.h' ])),
	'a/x a/y b/z a/x', 'a circle is found');
is(join(' ', circle([ 'a/x.c', 'a/x.h' ], [ 'a/x.c', 'a/y.h' ], [ 'a/z.c', 'a/y.h' ])), '', 'and only a circle');

# One name for a subject
my ($subjects) = slurp_file("$root/Makefile") =~ /^SUBJECTS = ((?:.*\\\n)*.*)/m;
is(join(' ', sort grep { $_ ne '\\' } split ' ', $subjects), join(' ', names('sql', '.sql')),
	'the Makefile joins all files of sql/');
is(join(' ', grep { !exists_in_src($_) && !$WITHOUT_C{$_} } names('sql', '.sql')), '', 'each has its C');
is(join(' ', grep { !-f "$root/test/sql/$_.sql" && !$TESTED_ELSEWHERE{$_} } names('sql', '.sql')), '', 'and its test');
is(join(' ', grep { !-f "$root/$_" } sort values %TESTED_ELSEWHERE), '', 'or one of another name');
is(join(' ', grep { !-f "$root/sql/$_.sql" && !$WITHOUT_SQL{$_} } grep { has_functions($_) } names('src/rule', '.c')),
	'', 'each C of a rule with SQL functions has its SQL');
is(join(' ', grep { my $of = exists $TEST_OF{$_} ? $TEST_OF{$_} : $_;
			defined $of && !-f "$root/sql/$of.sql" && !exists_in_src($of) } names('test/sql', '.sql')),
	'', 'each test has its subject');
is(join(' ', grep { !-f "$root/expected/$_.out" } names('test/sql', '.sql'), names('test/specs', '.spec')),
	'', 'and its expected output');
is(join(' ', (grep { exists_in_src($_) } sort keys %WITHOUT_C), (grep { -f "$root/test/sql/$_.sql" } sort keys %TESTED_ELSEWHERE),
		grep { -f "$root/sql/$_.sql" || !has_functions($_) } sort keys %WITHOUT_SQL),
	'', 'the exceptions are needed');

is(join(' ', grep { slurp_file("$root/sql/$_.sql") !~ /^-- \Q$_\E: / } names('sql', '.sql')),
	'', 'the first line of SQL has the name of its file');

# Rows of the API's types, which commands make by ROW(...)::tempcloud.x: the cast goes
# by position, so that the columns are compared here.  These columns are no column of
# a table with the same name.
my %COMPUTED = map { $_ => 1 } qw(contact.has_login invitation.invitee_id
	invitation_preview.inviter_company invitation_preview.inviter_name
	invitation_preview.kind invitation_preview.needs_account invitation_preview.status assignment.late
	invitation_preview.link_is_current);

# The items of a list at its top level
sub items
{
	my ($list) = @_;
	my $item = qr/(?:[^(),]++|(\((?:[^()]++|(?-1))*\)))+/;
	my @items;

	push @items, $& =~ s/^\s+|\s+$//gr while $list =~ /$item/g;
	return @items;
}

# What differs between the rows in C and the types in SQL, and how many rows there are
sub row_differences
{
	my ($c, $sql) = @_;
	my ($rows, @differences) = (0);

	$c =~ s/\\"//g;					# "position" is quoted
	$c =~ s/"[\s\\]*"//g;				# a string goes on in the next line
	while ($c =~ /ROW(\((?:[^()"]++|(?-1))*\))::tempcloud\.(\w+)/g)
	{
		my ($type, @got) = ($2, items(substr $1, 1, -1));
		my ($definition) = $sql =~ /^CREATE TYPE tempcloud\.$type AS \((.*?)^\);/ms;
		my @columns = map { /^"?(\w+)/ } items($definition // '');

		next if !grep { !/^\$\d+$/ } @got;	# the numbers a command has counted
		$rows++;
		push @differences, "$type: " . @got . ' columns' if @got != @columns;
		foreach my $i (0 .. $#columns)
		{
			my $item = $got[$i] // '';
			my $is = $item =~ /^\w+\.(\w+)$/ ? $1 : '';

			push @differences, "$type.$columns[$i]: $item"
				if $is ne $columns[$i] && !$COMPUTED{"$type.$columns[$i]"};
		}
	}
	return (join("\n", @differences), $rows);
}

my ($difference, $rows) = row_differences(join('', map { slurp_file($_) } glob "$root/src/rule/*.[ch]"),
	join('', map { slurp_file("$root/sql/$_.sql") } names('sql', '.sql')));
is($difference, '', 'rows in C have the columns of their types, in their order');
cmp_ok($rows, '>=', 7, 'which are found');
is((row_differences("\"ROW(a.x,\"\n\" a.z, f(a.y, 1))::tempcloud.t\"", "CREATE TYPE tempcloud.t AS (\n\tx text,\n\ty text,\n\tz text\n);"))[0],
	"t.y: a.z\nt.z: f(a.y, 1)", 'other columns would be noticed');
is((row_differences('"ROW(a.x)::tempcloud.t"', "CREATE TYPE tempcloud.t AS (\n\tx text,\n\ty text\n);"))[0] =~ /t: 1 columns/, 1, 'and their number');

# The install script sets the search path first, and functions have their own: what
# PostgreSQL brings needs its schema only before that.
sub needless_schemas
{
	my ($sql) = @_;

	$sql =~ s/^SELECT pg_catalog\.set_config\('search_path', 'pg_catalog, pg_temp', true\);$//m
		or return 'no search path';
	return 'before the search path' if $` =~ /^(?!--)\S/m;
	return join("\n", grep { /\bpg_catalog\./ } split /\n/, $sql);
}

my ($first, @others) = grep { $_ ne '\\' } split ' ', $subjects;
is(needless_schemas(join('', map { slurp_file("$root/sql/$_.sql") } $first, @others)), '',
	'no object of pg_catalog is written with its schema where the search path is set');
my $pin = "-- x\nSELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n";
is(needless_schemas("$pin\nSELECT pg_catalog.now();"), 'SELECT pg_catalog.now();', 'one that is would be found');
is(needless_schemas("SELECT now();\n$pin"), 'before the search path', 'and one before the search path is set');
is(needless_schemas('SELECT now();'), 'no search path', 'and that it is not set');

# What CONTRIBUTING.md names
my $contributing = slurp_file("$root/CONTRIBUTING.md");
my @code = $contributing =~ /`([^`\n]+)`/g;
my @paths = grep { m{^[\w.-]+(/[\w.-]*)+$|^[\w-]+\.(md|json|control)$} } map { split ' ' } @code;
cmp_ok(scalar(@paths), '>', 30, 'CONTRIBUTING.md names files');
is(join(' ', grep { !-e "$root/$_" } @paths), '', 'which exist');
my %targets = map { $_ => 1 } map { split ' ' } slurp_file("$root/Makefile") =~ /^([\w -]+):(?!=)/mg;
$targets{$_} = 1 foreach qw(install installcheck clean);
is(join(' ', grep { !$targets{$_} } map { /^make ([\w-]+)/ ? $1 : () } @code,
		slurp_file("$root/docs/release.md") =~ /`([^`\n]+)`/g), '', 'and targets of make');
is(join(' ', grep { $contributing !~ m{`src/\Q$_\E/`} } grep { $_ ne '.' } sort keys %MAY_INCLUDE),
	'', 'and the folders of src/');

done_testing();
