"""Aktivität: what has happened to the account, newest first."""
from aiohttp import web

from ..pages import PAGE_ROWS, Elsewhere, attempt, fields_of, member, uuid

routes = web.RouteTableDef()

LIST = 'SELECT * FROM tempcloud.activity WHERE id < %(before)s ORDER BY id DESC LIMIT %(rows)s'
LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'


@routes.get('/activity')
async def activity(request):
    async with member(request) as visit:
        rows = await visit.db.all(LIST, before=uuid(request.query.get('before', LAST_ID)), rows=PAGE_ROWS + 1)
        return visit.render('activity.html', rows=rows[:PAGE_ROWS], more=len(rows) > PAGE_ROWS)


@routes.post('/activity/read')
async def read(request):
    form = await fields_of(request, 'up_to')
    refused = await attempt(request, lambda db: db.call('mark_read', up_to=uuid(form['up_to'])))
    if refused:
        raise refused
    raise Elsewhere('/activity', done='read')
