"""The pages that mailed links open: an invitation, and the confirmation of an address.

The secret stands behind the # of the link, which browsers do not send. The page's script puts it
into a form, so that it is in no address and no log; without the script, the link is pasted there.
"""
import re

from aiohttp import web

from ..database import Refused
from ..pages import Elsewhere, Errors, fields_of, visit

routes = web.RouteTableDef()

TOKEN = re.compile(r'tc[a-z]_[A-Za-z0-9_-]+')


async def token_of(request):
    """The token of a form: of a whole link, too."""
    pasted = (await fields_of(request, 'token'))['token'].strip()
    found = TOKEN.search(pasted)
    return found.group() if found else pasted


@routes.get('/invitation')
async def empty(request):
    async with visit(request) as found:
        return found.render('link.html', action='/invitation')


@routes.post('/invitation')
async def preview(request):
    return await show(request, await token_of(request))


async def invitation_of(db, token):
    """What the link invites to; Refused with what has become of it if it cannot be used any more."""
    invitation = await db.call('preview_invitation', token=token)
    if invitation['status'] != 'pending':
        raise Refused(f'invitation_{invitation["status"]}', 410)
    if not invitation['link_is_current']:
        raise Refused('link_replaced', 410)
    return invitation


async def show(request, token, template='link_invitation.html', **values):
    """What the link invites to, or what has become of it."""
    try:
        async with visit(request) as found:
            invitation = await invitation_of(found.db, token)
            return found.render(template, invitation=invitation, token=token, **values)
    except Refused as refused:
        async with visit(request) as found:
            return found.render('link_ended.html', status=refused.status, refused=refused, token=token)


@routes.post('/invitation/ask')
async def ask(request):
    token = await token_of(request)
    try:
        async with visit(request) as found:
            invitation = await found.db.call('ask_again', token=token)
            return found.render('link_asked.html', invitation=invitation)
    except Refused as refused:
        async with visit(request) as found:
            return found.render('link_ended.html', status=refused.status, refused=refused, token=token)


@routes.post('/invitation/accept')
async def accept(request):
    token = await token_of(request)
    form = await fields_of(request, 'sure', 'use_this_account')
    if not form['sure']:
        return await show(request, token, 'link_accept.html', other_address=None)
    try:
        async with visit(request) as found:
            await found.db.call('accept_invitation_by_token', token=token, use_this_account=bool(form['use_this_account']))
    except Refused as refused:
        if refused.word == 'other_address':
            return await show(request, token, 'link_accept.html', other_address=refused, status=409)
        if refused.word == 'no_account':
            return await show(request, token)
        async with visit(request) as found:
            return found.render('link_ended.html', status=refused.status, refused=refused, token=token)
    raise Elsewhere('/partners', done='accepted')


@routes.post('/invitation/decline')
async def decline(request):
    token = await token_of(request)
    form = await fields_of(request, 'sure', 'reason', 'block')
    if not form['sure']:
        return await show(request, token, 'link_decline.html')
    try:
        async with visit(request) as found:
            await found.db.call('decline_invitation_by_token', token=token, reason=form['reason'], block=bool(form['block']))
    except Refused as refused:
        if refused.field == 'reason':
            return await show(request, token, 'link_decline.html', status=400, form=form, errors=Errors(refused, ('reason',)))
        async with visit(request) as found:
            return found.render('link_ended.html', status=refused.status, refused=refused, token=token)
    async with visit(request) as found:
        return found.render('link_declined.html')


@routes.get('/confirmation')
async def empty_confirmation(request):
    async with visit(request) as found:
        return found.render('link.html', action='/confirmation')


@routes.post('/confirmation')
async def confirm(request):
    token = await token_of(request)
    if request['person'] is None:
        async with visit(request) as found:
            return found.render('link_sign_in.html')
    try:
        async with visit(request) as found:
            await found.db.call('confirm_email', token=token)
    except Refused as refused:
        async with visit(request) as found:
            return found.render('link_ended.html', status=refused.status, refused=refused, token=token)
    raise Elsewhere('/company', done='confirmed')
