"""With --demo alone: choosing a person, and the mails that would have been sent."""
import json
import re
from pathlib import Path

from aiohttp import web
from markupsafe import Markup, escape

from .. import people
from ..pages import fields_of, local, visit
from ..protection import set_cookie

routes = web.RouteTableDef()

CAST = json.loads((Path(__file__).parent / 'demo_cast.json').read_text(encoding='utf-8'))
SUBJECTS = {entry['email']: entry['subject'] for entry in CAST}
MOST_MAILS = 100
LINK = re.compile(r'https?://[^/\s]+(/[^\s<>]*)')


@routes.get('/demo')
async def choose(request):
    async with visit(request) as found:
        return found.render('demo.html', cast=CAST, next=local(request.query.get('next', '/')))


@routes.post('/demo')
async def chosen(request):
    form = await fields_of(request, 'email', 'next')
    email = form['email'].strip()
    if '@' not in email:
        async with visit(request) as found:
            return found.render('demo.html', status=400, cast=CAST, next=local(form['next']))
    response = web.HTTPSeeOther(local(form['next']))
    person = people.Person(SUBJECTS.get(email, email), email)
    set_cookie(request, response, people.COOKIE, people.to_cookie(request.app['config'], person))
    raise response


@routes.post('/demo/leave')
async def leave(request):
    response = web.HTTPSeeOther('/demo')
    response.del_cookie(people.COOKIE)
    raise response


@routes.get('/outbox')
async def outbox(request):
    async with visit(request) as found:
        return found.render('outbox.html', mails=mails(request.app['config'].outbox), linked=linked)


def mails(path):
    """The newest mails that the SMTP server has received."""
    if not path or not Path(path).exists():
        return []
    lines = Path(path).read_text(encoding='ascii').splitlines()[-MOST_MAILS:]
    return [json.loads(line) for line in reversed(lines)]


def linked(text):
    """A text with its links to this portal as links."""
    return Markup(LINK.sub(lambda found: f'<a href="{found.group(1)}">{found.group()}</a>', str(escape(text))))

