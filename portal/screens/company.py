"""Firma: the profile, and the language of the screens."""
from aiohttp import web

from ..pages import Elsewhere, Errors, attempt, fields_of, local, member
from ..protection import set_cookie
from ..wording import LANGUAGES

routes = web.RouteTableDef()

FIELDS = ('company_name', 'phone', 'website', 'street', 'postal_code', 'city', 'country', 'locale')


@routes.get('/company')
async def company(request):
    async with member(request) as visit:
        return visit.render('company.html', form={name: visit.account[name] or '' for name in FIELDS})


@routes.post('/company')
async def save(request):
    form = await fields_of(request, *FIELDS)
    refused = await attempt(request, lambda db: db.call('update_account', **form))
    if refused is None:
        raise Elsewhere('/company', done='saved')
    async with member(request) as visit:
        return visit.render('company.html', status=refused.status, form=form, errors=Errors(refused, FIELDS))


@routes.post('/language')
async def language(request):
    form = await fields_of(request, 'language', 'back')
    response = web.HTTPSeeOther(local(form['back']))
    if form['language'] in LANGUAGES:
        set_cookie(request, response, 'language', form['language'], max_age=365 * 86400)
    raise response
