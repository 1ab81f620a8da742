#!/usr/bin/python3
"""Live events for pages: sends the events of channel tempcloud_event as
server-sent events (text/event-stream), to each account only its own.

    events.py [port]        connects with libpq's environment variables (PGHOST, ...)

A page opens  new EventSource('/events?access_token=...').  A proxy in front of this
program verifies the token and passes the claims in the header X-Claims; account_of()
looks up the account of their login. Clients must not be able to reach this port
directly.

Any role of the database may NOTIFY, so an event is only a hint to look again. A page
gets {"changed":"invitation","id":"..."} if its own views have that invitation,
{"changed":"contact"}, or {"changed":"everything"}, which it also gets when it
connects; it then reads the data again. The rate is limited.
"""
import json
import re
import select
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

UUID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
EVENT = re.compile('(account|contact|invitation|partner|request)[.][a-z_]{1,32}')
CONFIRM = {
    'account': 'SELECT 1 WHERE tempcloud.current_account_id() = %(account)s',
    'contact': 'SELECT 1 WHERE tempcloud.current_account_id() = %(account)s',
    'invitation': 'SELECT 1 FROM tempcloud.invitations_sent WHERE id = %(id)s'
                  ' UNION ALL SELECT 1 FROM tempcloud.invitations_received WHERE id = %(id)s',
    'partner': 'SELECT 1 FROM tempcloud.partners WHERE id = %(id)s',
    'request': 'SELECT 1 FROM tempcloud.requests_sent WHERE id = %(id)s'
               ' UNION ALL SELECT 1 FROM tempcloud.requests_received WHERE id = %(id)s',
}
MOST_HINTS = 100        # the maximum that wait for one page; more become "everything"
RELOAD_INTERVAL = 10    # seconds from one "everything" of a page to the next

listeners = {}          # account: set of Listener
lock = threading.Lock()


class Listener:
    """The pending hints of one page: (what, id), each once, or everything."""

    def __init__(self):
        self.hints = {}
        self.reload_all = True
        self.reloaded_at = -RELOAD_INTERVAL
        self.woken = threading.Event()
        self.woken.set()

    def add(self, hint):
        """A hint of None means everything. Called under the lock."""
        if hint is None or len(self.hints) >= MOST_HINTS:
            self.reload_all = True
        if self.reload_all:
            self.hints.clear()
        else:
            self.hints[hint] = True
        self.woken.set()

    def take(self):
        """Wait for hints, and return them."""
        self.woken.wait(15)
        if self.reload_all:
            time.sleep(max(0, self.reloaded_at + RELOAD_INTERVAL - time.monotonic()))
        with lock:
            self.woken.clear()
            hints, self.hints = list(self.hints), {}
            if self.reload_all:
                hints = [None]
                self.reload_all = False
                self.reloaded_at = time.monotonic()
            return hints


def read_event(payload):
    """The hint in a payload and its accounts, None for all; raises ValueError."""
    try:
        event = json.loads(payload)
    except RecursionError as error:
        raise ValueError('too deep') from error
    if not isinstance(event, dict):
        raise ValueError('no object')
    if event.get('event') == 'resync':
        return None, None
    name = EVENT.fullmatch(text(event.get('event')))
    accounts = event.get('accounts')
    if name is None or not isinstance(accounts, list):
        raise ValueError('no event')
    what = name.group(1)
    key = text(event.get(what)) if what in ('invitation', 'partner', 'request') else None
    if key is not None and not UUID.fullmatch(key):
        raise ValueError('no id')
    return (what, key), [text(account) for account in accounts]


def text(value):
    if not isinstance(value, str):
        raise ValueError('no text')
    return value


def listen():
    connection = psycopg2.connect('')
    connection.autocommit = True
    connection.cursor().execute('LISTEN tempcloud_event')
    while True:
        select.select([connection], [], [])
        connection.poll()
        while connection.notifies:
            try:
                tell(*read_event(connection.notifies.pop(0).payload))
            except ValueError:
                pass    # not sent by tempcloud


def tell(hint, accounts):
    with lock:
        for account in list(listeners) if accounts is None else accounts:
            for listener in listeners.get(account, ()):
                listener.add(hint)


def account_of(claims):
    """The account of the login in the claims, or None."""
    return ask(claims, 'SELECT tempcloud.current_account_id()')


def confirmed(claims, account, hint):
    """Whether the page's own views have the object of the hint."""
    what, key = hint
    return ask(claims, CONFIRM[what], {'account': account, 'id': key}) is not None


def ask(claims, query, arguments=None):
    connection = psycopg2.connect('')
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT set_config('request.jwt.claims', %s, true)", (claims,))
        cursor.execute(query, arguments)
        row = cursor.fetchone()
        return row[0] if row else None
    finally:
        connection.close()


class Stream(BaseHTTPRequestHandler):
    def do_GET(self):
        claims = self.headers.get('X-Claims', '')
        account = account_of(claims)
        if account is None:
            self.send_error(401)
            return
        listener = Listener()
        with lock:
            listeners.setdefault(account, set()).add(listener)
        try:
            self.send_response(200)
            self.send_header('Content-Type', 'text/event-stream')
            self.send_header('Cache-Control', 'no-store')
            self.end_headers()
            while True:
                hints = listener.take()
                for hint in hints:
                    if hint is None:
                        self.send({'changed': 'everything'})
                    elif confirmed(claims, account, hint):
                        self.send({'changed': hint[0], **({'id': hint[1]} if hint[1] else {})})
                if not hints:
                    self.wfile.write(b':\n\n')      # still there?
                self.wfile.flush()
        except OSError:
            pass
        finally:
            with lock:
                listeners[account].discard(listener)
                if not listeners[account]:
                    del listeners[account]

    def send(self, message):
        self.wfile.write(b'data: ' + json.dumps(message).encode() + b'\n\n')

    def log_message(self, *args):
        pass


if __name__ == '__main__':
    server = ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1]) if len(sys.argv) > 1 else 3001), Stream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listen()    # if it fails the program ends, and its supervisor starts it anew
