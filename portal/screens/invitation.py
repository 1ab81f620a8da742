"""Einladungen gesendet and Meine Einladungen: the two lists, and what is done with one."""
from aiohttp import web

from ..pages import PAGE_ROWS, UUID, Elsewhere, Errors, attempt, fields_of, key_after, member, page_key

routes = web.RouteTableDef()

SENT = """
SELECT i.*, p.company_name AS partner_company
  FROM (SELECT * FROM tempcloud.invitations_sent
         WHERE (created_at, id) < (%(time)s, %(id)s)
         ORDER BY created_at DESC, id DESC LIMIT %(rows)s) i
  LEFT JOIN LATERAL (
        SELECT company_name FROM tempcloud.partners WHERE id = i.partner_id OFFSET 0) p ON true
 ORDER BY i.created_at DESC, i.id DESC
"""
ONE_SENT = 'SELECT * FROM tempcloud.invitations_sent WHERE id = %(id)s'
# Pending ones first is the order of the view, which has no key of its own to go on from.
RECEIVED = 'SELECT * FROM tempcloud.invitations_received OFFSET %(skip)s LIMIT %(rows)s'
ONE_RECEIVED = 'SELECT * FROM tempcloud.invitations_received WHERE id = %(id)s'


@routes.get('/invitations/sent')
async def sent(request):
    async with member(request) as visit:
        rows = await visit.db.all(SENT, rows=PAGE_ROWS + 1, **page_key(request))
        return visit.render('invitations_sent.html', rows=rows[:PAGE_ROWS],
                            more=len(rows) > PAGE_ROWS and key_after(rows[PAGE_ROWS - 1]))


@routes.get('/invitations/received')
async def received(request):
    skip = int(request.query['skip']) if request.query.get('skip', '').isdecimal() else 0
    async with member(request) as visit:
        rows = await visit.db.all(RECEIVED, skip=min(skip, 100000), rows=PAGE_ROWS + 1)
        return visit.render('invitations_received.html', rows=rows[:PAGE_ROWS],
                            more=len(rows) > PAGE_ROWS and skip + PAGE_ROWS)


async def render_one(request, template, query, status=200, **values):
    async with member(request) as visit:
        found = await visit.db.one(query, id=request.match_info['id'])
        if found is None:
            raise web.HTTPNotFound
        return visit.render(template, status=status, invitation=found, **values)


@routes.get(f'/invitations/{{id:{UUID}}}')
async def one_sent(request):
    return await render_one(request, 'invitation_sent.html', ONE_SENT)


@routes.post(f'/invitations/{{id:{UUID}}}/{{action:resend|withdraw}}')
async def change(request):
    key, action = request.match_info['id'], request.match_info['action']
    refused = await attempt(request, lambda db: db.call(f'{action}_invitation', id=key))
    if refused is None:
        raise Elsewhere('/invitations/sent', done=action)
    return await render_one(request, 'invitation_sent.html', ONE_SENT, refused.status, errors=Errors(refused))


@routes.get(f'/invitations/{{id:{UUID}}}/accept')
async def ask_accept(request):
    return await render_one(request, 'accept.html', ONE_RECEIVED)


@routes.post(f'/invitations/{{id:{UUID}}}/accept')
async def accept(request):
    refused = await attempt(request, lambda db: db.call('accept_invitation', id=request.match_info['id']))
    if refused is None:
        raise Elsewhere('/partners', done='accepted')
    return await render_one(request, 'accept.html', ONE_RECEIVED, refused.status, errors=Errors(refused))


@routes.get(f'/invitations/{{id:{UUID}}}/decline')
async def ask_decline(request):
    return await render_one(request, 'decline.html', ONE_RECEIVED)


@routes.post(f'/invitations/{{id:{UUID}}}/decline')
async def decline(request):
    form = await fields_of(request, 'reason', 'block')
    refused = await attempt(request, lambda db: db.call(
        'decline_invitation', id=request.match_info['id'], reason=form['reason'], block=bool(form['block'])))
    if refused is None:
        raise Elsewhere('/invitations/received', done='declined')
    return await render_one(request, 'decline.html', ONE_RECEIVED, refused.status, form=form,
                            errors=Errors(refused, ('reason',)))


@routes.post(f'/accounts/{{id:{UUID}}}/unblock')
async def unblock(request):
    refused = await attempt(request, lambda db: db.call('unblock_account', id=request.match_info['id']))
    if refused:
        raise refused
    raise Elsewhere('/invitations/received', done='unblocked')
