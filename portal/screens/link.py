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
            invitation = await found.db.call('preview_invitation', token=token)
            word = ended(invitation)
            if word:
                return found.render('link_ended.html', status=410, word=word, invitation=invitation, token=token)
            return found.render(template, invitation=invitation, token=token, **values)
    except Refused as refused:
        return await show_refused(request, refused, token)


def ended(invitation):
    """The word for why a link opens nothing any more, or None."""
    if invitation['status'] != 'pending':
        return f"invitation_{invitation['status']}"
    return None if invitation['link_is_current'] else 'link_replaced'


async def show_refused(request, refused, token):
    async with visit(request) as found:
        return found.render('link_ended.html', status=refused.status, word=refused.word, refused=refused, invitation=None,
                            token=token)


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
        return await show_refused(request, refused, token)
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
        return await show_refused(request, refused, token)
    async with visit(request) as found:
        return found.render('link_done.html', title='done.declined', text='link.declined_text')


@routes.post('/invitation/ask')
async def ask_again(request):
    """Ask for another mail."""
    token = await token_of(request)
    try:
        async with visit(request) as found:
            await found.db.call('ask_again', token=token)
    except Refused as refused:
        return await show_refused(request, refused, token)
    async with visit(request) as found:
        return found.render('link_done.html', title='link.asked', text='link.asked_text')


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
        return await show_refused(request, refused, token)
    raise Elsewhere('/company', done='confirmed')
