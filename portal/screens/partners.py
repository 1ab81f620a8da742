"""Kunden and Anbieter: the list of partners, and the panel of one."""
from aiohttp import web

from ..pages import PAGE_ROWS, UUID, member, uuid

routes = web.RouteTableDef()

LIST = """
SELECT id, company_name, city, country, partner_since, closed_at
  FROM tempcloud.partners
 WHERE id > %(after)s
 ORDER BY id LIMIT %(rows)s
"""
SEARCH = """
SELECT id, company_name, city, country, partner_since, closed_at
  FROM tempcloud.search_partners(%(name)s) LIMIT %(rows)s
"""
PARTNER = 'SELECT * FROM tempcloud.partners WHERE id = %(id)s'
CONTACTS = """
SELECT given_name, family_name, position, email, phone
  FROM tempcloud.partner_contacts WHERE account_id = %(id)s LIMIT 100
"""
# of the newest events: they are not in the order of partners
ACTIVITY = """
SELECT * FROM (SELECT * FROM tempcloud.activity ORDER BY id DESC LIMIT 500) a
 WHERE partner_id = %(id)s ORDER BY id DESC LIMIT 50
"""
TABS = ('company', 'contacts', 'activity')
NO_ID = '00000000-0000-0000-0000-000000000000'


@routes.get('/')
async def start(request):
    raise web.HTTPSeeOther('/partners')


@routes.get('/partners')
async def partners(request):
    name = request.query.get('name', '').strip()
    async with member(request) as visit:
        if name:
            rows = await visit.db.all(SEARCH, name=name, rows=PAGE_ROWS + 1)
        else:
            rows = await visit.db.all(LIST, after=uuid(request.query.get('after', NO_ID)), rows=PAGE_ROWS + 1)
        return visit.render('partners.html', rows=rows[:PAGE_ROWS], more=len(rows) > PAGE_ROWS, name=name)


@routes.get(f'/partners/{{id:{UUID}}}')
async def partner(request):
    key = request.match_info['id']
    async with member(request) as visit:
        found = await visit.db.one(PARTNER, id=key)
        if found is None:
            raise web.HTTPNotFound
        tab = request.query.get('tab') if request.query.get('tab') in TABS else 'company'
        rows = await visit.db.all(ACTIVITY if tab == 'activity' else CONTACTS, id=key)
        return visit.render('partner.html', partner=found, rows=rows, tab=tab)


@routes.get(f'/partners/{{id:{UUID}}}/receipt')
async def receipt(request):
    """The proof of the partnership, as a file."""
    key = request.match_info['id']
    async with member(request) as visit:
        row = await visit.db.call('partnership_receipt', partner_id=key)
    return web.Response(text=row['partnership_receipt'], content_type='text/plain', headers={
        'Content-Disposition': f'attachment; filename="partnership-{key}.tlog-proof"'})
