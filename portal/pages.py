"""From a request to a page: the transaction of the person who asks, what the database says of
them, and the templates."""
import hashlib
import re
from datetime import datetime
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from . import protection, wording
from .database import Refused

FOLDER = Path(__file__).parent
PAGE_ROWS = 20
UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

WHOAMI = """
SELECT to_jsonb(w) AS me, CASE WHEN (w.account).id IS NOT NULL THEN to_jsonb(tempcloud.badge_counts()) END AS badges
  FROM tempcloud.whoami() w
"""


def environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([FOLDER / 'screens', FOLDER / 'templates']), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(initials=wording.initials, hue=wording.hue, hint=wording.hint)
    environment.globals['static'] = {path.name: f'/static/{path.name}?v={digest(path)}'
                                     for path in (FOLDER / 'static').iterdir()}
    return environment


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


class Visit:
    """One request of a person, inside its transaction."""

    def __init__(self, request, transaction):
        self.request = request
        self.db = transaction
        self.me = None
        self.badges = {}

    async def read_me(self):
        row = await self.db.one(WHOAMI)
        self.me, self.badges = row['me'], row['badges']

    @property
    def account(self):
        return self.me and self.me['account']

    def may(self, permission):
        return bool(self.me) and permission in self.me['permissions']

    def orders(self):
        """Whether the visitor may order staff: a customer's right."""
        return self.may('handle_requests') and self.account['kind'] == 'customer'

    def answers(self):
        """Whether the visitor may answer requests: the same right, for a provider."""
        return self.may('handle_requests') and self.account['kind'] == 'provider'

    def words(self):
        language = self.request.cookies.get('language')
        if language not in wording.LANGUAGES:
            known = (self.account or {}).get('locale', '')[:2]
            language = known if known in wording.LANGUAGES else wording.choose(self.request.headers.get('Accept-Language'))
        return wording.Wording(language, (self.account or {}).get('time_zone') or self.request.app['config'].time_zone)

    def render(self, template, status=200, **values):
        words = self.words()
        app = self.request.app
        layout = 'overlay.html' if self.request.headers.get('X-Overlay') == 'dialog' else 'page.html'
        html = app['templates'].get_template(template).render(
            layout=layout, words=words, t=words.t, plain=words.plain, visit=self, me=self.me, account=self.account,
            may=self.may, badges=self.badges, request=self.request, person=self.request['person'], config=app['config'],
            csrf=protection.token(self.request), version=app['live'].version(), errors=values.pop('errors', Errors()),
            form=defaultdict(str, values.pop('form', {})), done=self.done(words), **values)
        return web.Response(text=html, content_type='text/html', status=status)

    def done(self, words):
        """The message of what has just been done, which the address names."""
        key = f"done.{self.request.query.get('done', '')}"
        return words.t(key) if words.has(key) else None


class Errors:
    """What is wrong with a form: by field, and of the whole."""

    def __init__(self, refused=None, fields=(), about=None):
        self.refused = refused
        self.fields = {}
        self.whole = None
        if refused is not None:
            field = (about or {}).get(refused.word) or refused.field
            if field in fields:
                self.fields[field] = refused
            else:
                self.whole = refused

    def __bool__(self):
        return self.refused is not None


@asynccontextmanager
async def visit(request):
    """A visitor, signed in or not, with an account or not."""
    async with request.app['database'].transaction(request['person']) as transaction:
        found = Visit(request, transaction)
        if request['person']:
            await found.read_me()
        yield found


@asynccontextmanager
async def member(request):
    """Somebody with an account; others are led to where they get one."""
    if request['person'] is None:
        raise Elsewhere(request.app['config'].signed_in_at(request.path_qs if request.method == 'GET' else '/'))
    async with visit(request) as found:
        if found.account is None:
            raise Elsewhere('/register')
        yield found


@asynccontextmanager
async def command(request):
    """A transaction for a command and nothing else; it is committed when the block has ended."""
    if request['person'] is None:
        raise Elsewhere(request.app['config'].signed_in_at('/'))
    async with request.app['database'].transaction(request['person']) as transaction:
        yield transaction


class Elsewhere(Exception):
    """Lead on to another page: the answer to a form that was accepted."""

    def __init__(self, path, **query):
        super().__init__(path)
        self.location = f'{path}?{urlencode(query)}' if query else path

    def answer(self, request):
        """The page's script follows by itself, so that the page stays."""
        if 'X-Overlay' in request.headers:
            return web.Response(status=204, content_type='text/html', headers={'X-Location': self.location})
        return web.Response(status=303, headers={'Location': self.location})


# Lists with the newest first go on after a time and an id.
LAST_KEY = {'time': 'infinity', 'id': 'ffffffff-ffff-ffff-ffff-ffffffffffff'}


def key_after(row):
    """What an address says to begin after a row."""
    return urlencode({'time': row['created_at'].isoformat(), 'id': row['id']})


def page_key(request):
    """Where the page of an address begins."""
    key = {name: request.query.get(name, last) for name, last in LAST_KEY.items()}
    uuid(key['id'])
    try:
        if key['time'] != 'infinity':
            datetime.fromisoformat(key['time'])
    except ValueError:
        raise web.HTTPNotFound from None
    return key


def uuid(text):
    """A text that is a UUID."""
    if not re.fullmatch(UUID, text):
        raise web.HTTPNotFound
    return text


def local(path):
    """A path of this portal; the start page for anything else."""
    return path if path.startswith('/') and not path.startswith('//') and not set(path) & set('\\\r\n\t') else '/'


async def fields_of(request, *names):
    """The texts of a form by name; those that are missing are empty."""
    sent = await request.post()
    return {name: sent[name] if isinstance(sent.get(name), str) else '' for name in names}


def filled(form):
    """Without what was left empty, for functions that have defaults."""
    return {name: value for name, value in form.items() if value.strip()}


async def attempt(request, do):
    """Do something in a transaction of its own; returns what was refused, or None."""
    try:
        async with command(request) as transaction:
            await do(transaction)
        return None
    except Refused as refused:
        return refused
