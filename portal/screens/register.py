"""Registering a company: by the link of an invitation, or without one."""
from aiohttp import web

from ..database import Refused
from ..pages import Elsewhere, Errors, attempt, fields_of, filled, visit
from .link import show_refused
from .link import invitation_of

routes = web.RouteTableDef()

FIELDS = ('kind', 'company_name', 'given_name', 'family_name', 'position', 'phone', 'website',
          'street', 'postal_code', 'city', 'locale', 'token')
ABOUT = {'email_taken': 'email', 'email_unverified': 'email'}


@routes.get('/register')
async def register_form(request):
    return await render(request, {})


@routes.post('/register')
async def register(request):
    form = await fields_of(request, *FIELDS, 'prefill')
    if form['prefill']:     # comes from the page of the link
        return await render(request, form)
    refused = await attempt(request, lambda db: db.call('register_account', **filled(
        {name: form[name] for name in FIELDS})))
    if refused is None:
        raise Elsewhere('/invitations/received', done='registered')
    return await render(request, form, refused)


async def render(request, form, refused=None):
    if request['person'] is None:
        raise Elsewhere(request.app['config'].signed_in_at('/register'))
    invitation = None
    if form.get('token'):
        try:
            async with visit(request) as found:
                invitation = await invitation_of(found.db, form['token'])
        except Refused as ended:
            return await show_refused(request, ended, form['token'])
        if form['prefill']:
            form = {**form, **{name: invitation[name] or '' for name in ('company_name', 'given_name', 'family_name', 'phone')}}
    async with visit(request) as found:
        if found.account:
            raise Elsewhere('/partners')
        return found.render('register.html', status=refused.status if refused else 200, invitation=invitation,
                            form={'locale': found.words().language, **{name: value for name, value in form.items() if value}},
                            errors=Errors(refused, FIELDS, ABOUT))
