"""Start the portal:  python3 -m portal [option]...

It connects with libpq's environment variables (PGHOST, ...), as a login that is a member of
tempcloud_service. SIGTERM and SIGINT end it.
"""
import argparse
import os
import secrets
import sys

from aiohttp import web

from . import app
from .config import Config


def arguments():
    parser = argparse.ArgumentParser(prog='portal', description=__doc__.split('\n\n')[1])
    parser.add_argument('--host', default='127.0.0.1', help='address to listen on (default: %(default)s)')
    parser.add_argument('--port', type=int, default=8080, help='port to listen on (default: %(default)s)')
    parser.add_argument('--database', default='', metavar='CONNINFO',
                        help='connection string, in addition to the environment variables')
    parser.add_argument('--connections', type=int, default=8, help='most connections to the database')
    parser.add_argument('--sign-in-url', default='/oauth2/start?rd={next}', metavar='URL',
                        help='where the proxy lets a person sign in (default: %(default)s)')
    parser.add_argument('--sign-out-url', default='/oauth2/sign_out?rd=/', metavar='URL',
                        help='where the proxy lets a person sign out (default: %(default)s)')
    parser.add_argument('--time-zone', default='Europe/Berlin', metavar='ZONE',
                        help='zone of the times shown (default: %(default)s)')
    parser.add_argument('--demo', action='store_true',
                        help='let each visitor choose a person: never where others can reach it')
    parser.add_argument('--outbox', metavar='FILE',
                        help='with --demo: show the mails in this file, one in JSON a line')
    return parser.parse_args()


def main():
    options = arguments()
    secret = os.environ.pop('TEMPCLOUD_PORTAL_SECRET', '')
    if options.demo:
        secret = secret or secrets.token_urlsafe()
    elif len(secret) < 16:
        sys.exit('portal: TEMPCLOUD_PORTAL_SECRET must have at least 16 characters, and the proxy must send it')
    web.run_app(app.build(Config(secret=secret, **vars(options))), host=options.host, port=options.port,
                access_log=None, shutdown_timeout=2,
                print=lambda *_: print(f'portal: http://{options.host}:{options.port}/', flush=True))


main()
