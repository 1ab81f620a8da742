# Exim.pm: a private Exim, as scripts/programs gets it
package Exim;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use IPC::Run ();
use PostgreSQL::Test::Utils;

use Tempcloud;

our @EXPORT = qw(start_exim);

my %running;

# Start an Exim that listens on 127.0.0.1 and keeps its files in a folder, and end
# it with the test.  conf is added to its configuration, arguments to its command.
sub start_exim
{
	my ($folder, $port, $conf, @arguments) = @_;
	my $program = dirname(__FILE__) . '/../bin/exim';
	my ($uid, $gid) = ($>, $) + 0);

	die "there is no $program: scripts/programs gets it" unless -x $program;
	# Exim runs as the user of the test, who is also the user that Debian's insists on.
	append_to_file("$folder/passwd", "Debian-exim:x:$uid:$gid:exim:/:/bin/false\n");
	append_to_file("$folder/group", "Debian-exim:x:$gid:\n");
	append_to_file("$folder/conf", <<"END" . $conf);
exim_path = $program
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
deliver_drop_privilege
spool_directory = $folder/spool
log_file_path = $folder/%slog
pid_file_path = $folder/pid
notifier_socket =
local_interfaces = 127.0.0.1
daemon_smtp_ports = $port
END
	$running{$folder} = IPC::Run::start(
		[
			'setsid', 'env', 'LD_PRELOAD=libnss_wrapper.so',
			"NSS_WRAPPER_PASSWD=$folder/passwd", "NSS_WRAPPER_GROUP=$folder/group",
			$program, '-bdf', '-C', "$folder/conf", @arguments
		],
		'2>>', "$folder/log");
	eventually(sub { -f "$folder/mainlog" && slurp_file("$folder/mainlog") =~ /listening/ })
	  or die 'Exim does not start: ' . slurp_file("$folder/log");
}

# With what it forked: a lost connection keeps one of them for some seconds.
END
{
	my $status = $?;

	foreach my $folder (keys %running)
	{
		kill 'KILL', -slurp_file("$folder/pid") if -f "$folder/pid";
		$running{$folder}->kill_kill;
	}
	$? = $status;
}

1;
