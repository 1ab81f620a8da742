# The API as PostgREST serves it: by requests of anonymous people, of people
# without an account and of members of both kinds, each as PostgREST makes a
# transaction of it. See postgrest.py.
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

my $node = new_server('postgrest');
$node->safe_psql('postgres', q{
	CREATE ROLE authenticator LOGIN NOINHERIT;
	GRANT tempcloud_anonymous, tempcloud_user, tempcloud_admin TO authenticator;
	CREATE ROLE mailer LOGIN IN ROLE tempcloud_mailer});

my ($out, $err);
ok(IPC::Run::run([ '/usr/bin/python3', "$FindBin::RealBin/../postgrest.py", $node->connstr('postgres') ],
		'<', \undef, '>', \$out, '2>', \$err),
	'the story is told to its end') or diag($err);
my $json = JSON::PP->new->canonical->allow_nonref;
foreach my $line (split /\n/, $out)
{
	my $check = $json->decode($line);

	is($json->encode($check->{got}), $json->encode($check->{want}), $check->{name});
}

# What a connection sets by its options comes to the server as bytes of no encoding.
{
	local $ENV{PGOPTIONS} = '-c tempcloud.allow_session_claims=on -c request.jwt.claims={"sub":"' . "an\xffna" . '"}';

	my ($ret, undef, $stderr) = $node->psql('postgres', 'SELECT tempcloud.whoami()', on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($stderr, qr/ERROR:  PT401: .*not valid in the database's encoding/s, 'claims in no encoding are refused');
}
done_testing();
