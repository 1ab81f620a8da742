"""The panel that invites a customer or a provider."""
from aiohttp import web

from ..pages import Elsewhere, Errors, attempt, fields_of, filled, member

routes = web.RouteTableDef()

FIELDS = ('email', 'company_name', 'given_name', 'family_name', 'phone', 'message', 'locale')
# which field an error word is about, where its hint names none
ABOUT = dict.fromkeys(('invalid_email', 'own_account', 'same_kind', 'already_partners', 'already_invited', 'invited_you',
                       'declined_recently', 'too_many_mails'), 'email')


@routes.get('/invite')
async def panel(request):
    async with member(request) as visit:
        return visit.render('invite.html', form={'locale': visit.account['locale'][:2]})


@routes.post('/invite')
async def invite(request):
    form = await fields_of(request, *FIELDS)
    refused = await attempt(request, lambda db: db.call('invite', **{'email': form['email'], **filled(form)}))
    if refused is None:
        raise Elsewhere('/invitations/sent', done='invited')
    async with member(request) as visit:
        return visit.render('invite.html', status=refused.status, form=form, errors=Errors(refused, FIELDS, ABOUT))
