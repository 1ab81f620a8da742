#!/usr/bin/python3
"""Live events for pages: what is told on channel tempcloud_event, as
server-sent events (text/event-stream), to each account its own.

    events.py [port]        connects as libpq's environment says (PGHOST, ...)

A page opens  new EventSource('/events?access_token=...').  Who is calling is for
your login provider to say: account_of() asks the database who has the login
that the request's token names, and here takes the claims from a header that the
proxy in front sets once it has verified the token (X-Claims). Never let clients
reach this port themselves.

An event is a hint to read again, not a message: it holds ids only. After
{"event":"resync"} a page reads everything anew; so does one that connects.
"""
import json
import queue
import select
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

listeners = {}          # account: set of queues
lock = threading.Lock()


def listen():
    connection = psycopg2.connect('')
    connection.autocommit = True
    connection.cursor().execute('LISTEN tempcloud_event')
    while True:
        select.select([connection], [], [])
        connection.poll()
        while connection.notifies:
            tell(json.loads(connection.notifies.pop(0).payload))


def tell(event):
    with lock:
        accounts = event.get('accounts', list(listeners))
        for account in accounts:
            for events in listeners.get(account, ()):
                # Each side learns what happened, not who else is told.
                events.put(dict(event, accounts=[account]) if 'accounts' in event else event)


def account_of(claims):
    connection = psycopg2.connect('')
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('request.jwt.claims', %s, true)", (claims,))
    cursor.execute('SELECT tempcloud.current_account_id()')
    account = cursor.fetchone()[0]
    connection.close()
    return account


class Stream(BaseHTTPRequestHandler):
    def do_GET(self):
        account = account_of(self.headers.get('X-Claims', ''))
        if account is None:
            self.send_error(401)
            return
        events = queue.Queue()
        with lock:
            listeners.setdefault(account, set()).add(events)
        try:
            self.send_response(200)
            self.send_header('Content-Type', 'text/event-stream')
            self.send_header('Cache-Control', 'no-store')
            self.end_headers()
            self.wfile.write(b'data: {"event":"resync"}\n\n')
            while True:
                try:
                    event = json.dumps(events.get(timeout=15))
                    self.wfile.write(b'data: ' + event.encode() + b'\n\n')
                except queue.Empty:
                    self.wfile.write(b':\n\n')      # still there?
                self.wfile.flush()
        except OSError:
            pass
        finally:
            with lock:
                listeners[account].discard(events)

    def log_message(self, *args):
        pass


if __name__ == '__main__':
    server = ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1]) if len(sys.argv) > 1 else 3001), Stream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listen()    # if it fails the program ends, and its supervisor starts it anew
