#!/usr/bin/python3
"""Live events for pages: what is told on channel tempcloud_event, as
server-sent events (text/event-stream), to each account what concerns it.

    events.py [port]        connects as libpq's environment says (PGHOST, ...)

A page opens  new EventSource('/events?access_token=...').  Who is calling is for
your login provider to say: account_of() asks the database who has the login
that the request's token names, and here takes the claims from a header that the
proxy in front sets once it has verified the token (X-Claims). Never let clients
reach this port themselves.

Any role of the database may NOTIFY, so what is heard proves nothing. It is a
hint to look again: a page is told {"changed":"invitation","id":"..."} if its own
views have that invitation, {"changed":"contact"}, or {"changed":"everything"}, as
when it connects; it then reads what there is. How often is bounded.
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
EVENT = re.compile('(account|contact|invitation|request)[.][a-z_]{1,32}')
CONFIRM = {
    'account': 'SELECT 1 WHERE tempcloud.current_account_id() = %(account)s',
    'contact': 'SELECT 1 WHERE tempcloud.current_account_id() = %(account)s',
    'invitation': 'SELECT 1 FROM tempcloud.invitations_sent WHERE id = %(id)s'
                  ' UNION ALL SELECT 1 FROM tempcloud.invitations_received WHERE id = %(id)s',
    'request': 'SELECT 1 FROM tempcloud.requests_sent WHERE id = %(id)s'
               ' UNION ALL SELECT 1 FROM tempcloud.requests_received WHERE id = %(id)s',
}
MOST_HINTS = 100        # that wait for one page; more become "everything"
RELOAD_INTERVAL = 10    # seconds from one "everything" of a page to the next

listeners = {}          # account: set of Listener
lock = threading.Lock()


class Listener:
    """What one page has to be told: (what, id), each once, or everything."""

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
    key = text(event.get(what)) if what in ('invitation', 'request') else None
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
                pass    # not by tempcloud


def tell(hint, accounts):
    with lock:
        for account in list(listeners) if accounts is None else accounts:
            for listener in listeners.get(account, ()):
                listener.add(hint)


def account_of(claims):
    """The account of the login that the claims name, None without one."""
    return ask(claims, 'SELECT tempcloud.current_account_id()')


def confirmed(claims, account, hint):
    """Whether the page's own views have what the hint names."""
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
