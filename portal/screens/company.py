"""Firma: the profile, colleagues, the ledger, and the language of the screens."""
from aiohttp import web

from ..pages import UUID, Elsewhere, Errors, attempt, fields_of, local, member
from ..protection import set_cookie
from ..wording import LANGUAGES, ZONES

routes = web.RouteTableDef()

PROFILE = ('company_name', 'phone', 'website', 'street', 'postal_code', 'city', 'country', 'locale', 'time_zone')
CONTACT = ('given_name', 'family_name', 'email', 'position', 'phone')
ROLES = ('owner', 'manager', 'member', 'viewer')
CONTACTS = 'SELECT * FROM tempcloud.my_contacts ORDER BY id LIMIT 200'
ONE_CONTACT = 'SELECT * FROM tempcloud.my_contacts WHERE id = %(id)s'
# which field an error word is about, where its hint names none
ABOUT = {'invalid_email': 'email', 'email_taken': 'email'}


@routes.get('/company')
async def company(request):
    return await render_company(request)


async def render_company(request, refused=None, form=None):
    async with member(request) as visit:
        contacts = await visit.db.all(CONTACTS)
        head = (await visit.db.one('SELECT tempcloud.ledger_checkpoint() AS head'))['head'] or ''
        return visit.render('company.html', status=refused.status if refused else 200, contacts=contacts,
                            head=head.split('\n'), zones=ZONES, form=form or {name: visit.account[name] or '' for name in PROFILE},
                            errors=Errors(refused, PROFILE))


@routes.post('/company')
async def save(request):
    form = await fields_of(request, *PROFILE)
    refused = await attempt(request, lambda db: db.call('update_account', **form))
    if refused is None:
        raise Elsewhere('/company', done='saved')
    return await render_company(request, refused, form)


@routes.get('/company/contacts/new')
async def new_contact(request):
    return await render_contact(request, {'role': 'member'})


@routes.post('/company/contacts/new')
async def add_contact(request):
    form = await fields_of(request, *CONTACT, 'role')
    refused = await attempt(request, lambda db: db.call('add_contact', **form))
    if refused is None:
        raise Elsewhere('/company', done='contact_added')
    return await render_contact(request, form, refused)


async def render_contact(request, form, refused=None):
    """The panel of a new contact, or of one there is."""
    async with member(request) as visit:
        contact = None
        if 'id' in request.match_info:
            contact = await visit.db.one(ONE_CONTACT, id=request.match_info['id'])
            if contact is None:
                raise web.HTTPNotFound
            form = form or {name: contact[name] or '' for name in (*CONTACT, 'role')}
        return visit.render('contact.html', status=refused.status if refused else 200, contact=contact, form=form, roles=ROLES,
                            errors=Errors(refused, CONTACT, ABOUT))


@routes.get(f'/company/contacts/{{id:{UUID}}}')
async def contact(request):
    return await render_contact(request, {})


@routes.post(f'/company/contacts/{{id:{UUID}}}')
async def save_contact(request):
    form = await fields_of(request, *CONTACT, 'role', 'role_before')
    key = request.match_info['id']

    async def do(db):
        await db.call('update_contact', id=key, **{name: form[name] for name in CONTACT})
        if form['role'] and form['role'] != form['role_before']:
            await db.call('set_role', contact_id=key, role=form['role'])

    refused = await attempt(request, do)
    if refused is None:
        raise Elsewhere('/company', done='saved')
    return await render_contact(request, form, refused)


@routes.post(f'/company/contacts/{{id:{UUID}}}/confirm')
async def send_confirmation(request):
    refused = await attempt(request, lambda db: db.call('send_confirmation', contact_id=request.match_info['id']))
    if refused is None:
        raise Elsewhere('/company', done='confirmation_sent')
    return await render_contact(request, {}, refused)


@routes.post(f'/company/contacts/{{id:{UUID}}}/remove')
async def remove_contact(request):
    refused = await attempt(request, lambda db: db.call('remove_contact', id=request.match_info['id']))
    if refused is None:
        raise Elsewhere('/company', done='contact_removed')
    return await render_contact(request, {}, refused)


@routes.get('/company/{action:leave|close}')
async def ask_leave(request):
    return await render_leave(request)


async def render_leave(request, refused=None, form=None):
    async with member(request) as visit:
        return visit.render('leave.html', status=refused.status if refused else 200, action=request.match_info['action'],
                            form=form or {}, errors=Errors(refused, ('reason',)))


@routes.post('/company/{action:leave|close}')
async def leave(request):
    form = await fields_of(request, 'reason')
    arguments = form if request.match_info['action'] == 'close' else {}
    refused = await attempt(request, lambda db: db.call(f"{request.match_info['action']}_account", **arguments))
    if refused is None:
        raise Elsewhere('/register')
    return await render_leave(request, refused, form)


@routes.post('/language')
async def language(request):
    form = await fields_of(request, 'language', 'back')
    response = web.HTTPSeeOther(local(form['back']))
    if form['language'] in LANGUAGES:
        set_cookie(request, response, 'language', form['language'], max_age=365 * 86400)
    raise response
