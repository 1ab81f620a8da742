# make deb in a new Debian: what it leaves in build/deb, and what lintian and the tests
# that the packages have say to it. build/next gets the packages of a next version, for
# test/deb/install.pl.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Documented;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "chdir: $!";

# Of each binary package in a folder but those with debug symbols
sub field
{
	my ($field, $folder) = @_;

	return map { output("dpkg-deb -f $_ $field") } grep { !/-dbgsym_/ } sort glob "$folder/*.deb";
}

sub folder { return output('find . -path ./build -prune -o -print | sort'); }

# The version after this one, with nothing to do for the update
sub begin_next_version
{
	my ($version, $next) = @_;

	output("sed -i \"s/^default_version = .*/default_version = '$next'/\" tempcloud.control");
	output("echo '-- nothing' > sql/tempcloud--$version--$next.sql");
	output("{ sed '1s/(.*)/($next)/' debian/changelog; echo; cat debian/changelog; } > changelog; mv changelog debian/changelog");
	return;
}

my ($version) = output('cat tempcloud.control') =~ /^default_version = '(.*)'/m;
my $folder = folder();
succeeds('make deb', 'make deb');
is(folder(), $folder, 'leaves nothing but build');

my @majors = split ' ', output('/usr/share/postgresql-common/supported-versions');
is(join(' ', field('Package', 'build/deb')), join(' ', (map { "postgresql-$_-tempcloud" } @majors), 'tempcloud-mailer'),
	'a package for each major, and one of the mailer');
is(join(' ', field('Version', 'build/deb')), join(' ', map { $version } @majors, 'mailer'),
	'have the version of tempcloud.control');
like(output('dpkg-deb -c build/deb/tempcloud-mailer_*.deb'), qr{ \./usr/bin/tempcloud-mailer$}m, 'the mailer is in its own');
unlike(output("dpkg-deb -c $_"), qr{bin/tempcloud-mailer}, "and not in $_") foreach glob 'build/deb/postgresql-*-tempcloud_*.deb';

my ($kept) = output('cat debian/control') =~ /^Package: postgresql-(\d+)-tempcloud$/m;
is(output('cat debian/control'), output('cat debian/control.in') =~ s/PGVERSION/$kept/gr, 'debian/control is from control.in');

# An older lintian does not know the newest Standards-Version.
is(succeeds('lintian --allow-root --fail-on error,warning --suppress-tags newer-standards-version build/deb/*.changes', 'lintian'),
	'', 'reports nothing');
succeeds('autopkgtest --output-dir=build/autopkgtest build/deb/*.deb build/deb/*.dsc -- null', 'debian/tests');
like(output('cat build/autopkgtest/summary'), qr/^installcheck +PASS\s+mailer +PASS$/m, 'have run');

output('mv build/deb build/first');
begin_next_version($version, "$version.1");
succeeds('make deb', 'make deb of a next version');
output('mv build/deb build/next; mv build/first build/deb');

done_testing();
