"""Pages that follow by themselves: one connection that listens, and a stream to each page.

Any role of the database can NOTIFY, so that an event is only a hint: a page is told that something
of its account has changed, and reads its own lists again. How often is limited.
"""
import asyncio
import json
import logging
import random
import secrets
import time
from collections import OrderedDict

import psycopg
from aiohttp import web

from . import people
from .database import Refused, Unavailable

log = logging.getLogger('portal')

INTERVAL = 0.2          # seconds from one hint of a page to the next, at least
BURST = 10              # hints in a row; after them, one in SLOW seconds
SLOW = 2
HEARTBEAT = 20
REMEMBERED = 10000      # accounts whose last event is known
MEMBERSHIP = ('contact.removed', 'contact.left', 'account.closed')


class Page:
    """The stream to one page."""

    def __init__(self, person, account):
        self.person = person
        self.account = account
        self.changed = asyncio.Event()
        self.check = False      # whether the person may have left the account
        self.tokens = BURST
        self.told_at = 0.0

    def hint(self, event):
        self.check |= event in MEMBERSHIP
        self.changed.set()

    async def wait(self):
        """Wait for a hint; returns False if there was none for a while."""
        try:
            await asyncio.wait_for(self.changed.wait(), HEARTBEAT)
        except asyncio.TimeoutError:
            return False
        elapsed = time.monotonic() - self.told_at
        self.tokens = min(BURST, self.tokens + elapsed / SLOW)
        pause = INTERVAL if self.tokens >= 1 else SLOW
        if elapsed < pause:
            await asyncio.sleep(pause - elapsed)
        self.tokens = max(0, self.tokens - 1)
        self.told_at = time.monotonic()
        self.changed.clear()
        return True


class Live:
    """What this process has heard, and the pages that are told."""

    def __init__(self, database):
        self.database = database
        self.process = secrets.token_hex(4)
        self.heard = 0
        self.last = OrderedDict()   # account: number of its last event
        self.forgotten = 0          # the last event of an account that is not in there any more
        self.pages = {}             # account: set of Page
        self.closing = False

    def version(self):
        """How much had been heard when a page was made."""
        return f'{self.process}.{self.heard}'

    def has_missed(self, account, version):
        process, _, number = version.partition('.')
        if process != self.process or not number.isdecimal():
            return True
        return self.last.get(account, self.forgotten) > int(number)

    async def listen(self):
        """Listen until cancelled; after each interruption, all pages look again."""
        delay = 0.1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.database.conninfo, autocommit=True) as connection:
                    await connection.execute('LISTEN tempcloud_event')
                    delay = 0.1
                    self.tell_all()
                    async for notification in connection.notifies():
                        self.hear(notification.payload)
            except psycopg.Error as error:
                log.warning('not listening: %s', str(error).split('\n')[0])
            await asyncio.sleep(delay * random.uniform(1, 1.5))
            delay = min(5, delay * 2)

    def hear(self, payload):
        try:
            event = json.loads(payload)
            name, accounts = event['event'], event.get('accounts', [])
            if name == 'resync':
                self.tell_all()
            elif isinstance(name, str) and isinstance(accounts, list):
                for account in accounts:
                    if isinstance(account, str):
                        self.tell(account, name)
        except (ValueError, TypeError, KeyError, RecursionError):
            pass    # not sent by tempcloud

    def tell(self, account, name):
        self.heard += 1
        self.last[account] = self.heard
        self.last.move_to_end(account)
        if len(self.last) > REMEMBERED:
            self.forgotten = self.last.popitem(last=False)[1]
        for page in self.pages.get(account, ()):
            page.hint(name)

    def tell_all(self):
        self.heard += 1
        self.last.clear()
        self.forgotten = self.heard
        for pages in self.pages.values():
            for page in pages:
                page.hint('resync')

    def close(self):
        self.closing = True
        for pages in self.pages.values():
            for page in pages:
                page.changed.set()

    async def account_of(self, person):
        async with self.database.transaction(person) as transaction:
            return str((await transaction.one('SELECT tempcloud.current_account_id() AS id'))['id'] or '')

    async def stream(self, request):
        """GET /events?since=<version of the page>"""
        person = people.of(request)
        account = await self.account_of(person) if person else ''
        if not account:
            return web.Response(status=204)     # which ends an EventSource
        response = web.StreamResponse(headers={
            'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no'})
        page = Page(person, account)
        pages = self.pages.setdefault(account, set())
        pages.add(page)
        try:
            await response.prepare(request)
            await response.write(b'retry: 1000\n\n')
            if 'Last-Event-ID' in request.headers or self.has_missed(account, request.query.get('since', '')):
                page.changed.set()
            await self.follow(page, response)
        except (ConnectionError, Refused, Unavailable):
            pass
        finally:
            pages.discard(page)
            if not pages:
                self.pages.pop(account, None)
        return response

    async def follow(self, page, response):
        number = 0
        while not self.closing:
            if not await page.wait():
                await response.write(b':\n\n')      # still there?
                continue
            if self.closing or page.check and await self.account_of(page.person) != page.account:
                return
            page.check = False
            number += 1
            await response.write(b'id: %d\nevent: changed\ndata:\n\n' % number)
