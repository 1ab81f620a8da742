# Shell commands, among them those that the documentation tells administrators to type.
package Documented;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;

our @EXPORT = qw(commands documented output run succeeds);

my $root = abs_path(dirname(__FILE__) . '/../..');

# These stand for what a clean root does not have; they go first.
$ENV{PATH} = "$root/test/deb/bin:$ENV{PATH}";

# The blocks of commands under a heading of a page.
sub commands
{
	my ($page, $heading) = @_;

	open my $file, '<:utf8', "$root/$page" or die "$page: $!";
	my $text = do { local $/ = undef; <$file> };
	my ($section) = $text =~ /^#+ \Q$heading\E\n(.*?)(?=^##|\z)/ms or die "$page: no heading $heading";
	my @blocks = $section =~ /^```(?:sh|sql)\n(.*?)^```/msg or die "$page: no commands under $heading";
	return @blocks;
}

# Run one of them.
sub documented
{
	my ($page, $heading, $number) = @_;
	my $commands = (commands($page, $heading))[$number];

	return succeeds($commands, $commands =~ s/\n\z//r);
}

# Run shell commands; returns their status, and what they print.
sub run
{
	my ($commands) = @_;

	my $output = qx{exec 2>&1 </dev/null; set -e; $commands};
	return ($? >> 8 || $? & 127, $output);
}

# What commands print, without the last line end; they must not fail.
sub output
{
	my ($commands) = @_;
	my ($status, $output) = run($commands);

	BAIL_OUT("$commands: $output") if $status != 0;
	return $output =~ s/\n\z//r;
}

# A test that commands do not fail; returns what they print.
sub succeeds
{
	my ($commands, $name) = @_;
	my ($status, $output) = run($commands);
	my @lines = split /^/, $output;

	splice(@lines, 0, -40) if @lines > 40;
	is($status, 0, $name) or diag(@lines);
	return $output;
}

1;
