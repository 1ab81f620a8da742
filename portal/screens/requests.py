"""Bestellungen and Anfragen: the list, and the panel of one request with what either side does."""
from aiohttp import web

from ..pages import PAGE_ROWS, UUID, Elsewhere, Errors, attempt, fields_of, member, page_key, key_after

routes = web.RouteTableDef()

STATUSES = ('open', 'accepted', 'declined', 'withdrawn', 'expired', 'cancelled')
# A customer has sent requests, a provider received them.
LISTS = {
    'customer': 'SELECT *, provider_company AS partner, provider_id AS partner_id FROM tempcloud.requests_sent',
    'provider': 'SELECT *, customer_company AS partner, customer_id AS partner_id FROM tempcloud.requests_received',
}
PAGE = ' WHERE (created_at, id) < (%(time)s, %(id)s) ORDER BY created_at DESC, id DESC LIMIT %(rows)s'
PAGE_OF_STATUS = PAGE.replace(' WHERE', ' WHERE status = %(status)s AND')
SHIFTS = """
SELECT s.id, s.starts_at, s.ends_at, s.headcount, s.offered,
       array(SELECT a.worker_name FROM tempcloud.assignments a
              WHERE a.request_id = s.request_id AND a.shift_id = s.id ORDER BY a.place) AS names
  FROM tempcloud.shifts s
 WHERE s.request_id = %(id)s
 ORDER BY s.starts_at
"""


@routes.get('/requests')
async def requests(request):
    status = request.query.get('status')
    async with member(request) as visit:
        query = LISTS[visit.account['kind']] + (PAGE_OF_STATUS if status in STATUSES else PAGE)
        rows = await visit.db.all(query, rows=PAGE_ROWS + 1, status=status, **page_key(request))
        return visit.render('requests.html', rows=rows[:PAGE_ROWS], chosen=status if status in STATUSES else None,
                            more=len(rows) > PAGE_ROWS and key_after(rows[PAGE_ROWS - 1]))


async def render_one(request, refused=None, form=None, template='request.html'):
    key = request.match_info['id']
    async with member(request) as visit:
        found = await visit.db.one(LISTS[visit.account['kind']] + ' WHERE id = %(id)s', id=key)
        if found is None:
            raise web.HTTPNotFound
        shifts = await visit.db.all(SHIFTS, id=key)
        return visit.render(template, status=refused.status if refused else 200, asked=found, shifts=shifts,
                            form=form or {}, errors=Errors(refused, ('reason',)))


@routes.get(f'/requests/{{id:{UUID}}}')
async def one(request):
    return await render_one(request)


@routes.get(f'/requests/{{id:{UUID}}}/{{action:decline|withdraw|cancel}}')
async def ask_reason(request):
    return await render_one(request, template='request_end.html')


@routes.post(f'/requests/{{id:{UUID}}}/{{action:decline|withdraw|cancel}}')
async def end(request):
    key, action = request.match_info['id'], request.match_info['action']
    form = await fields_of(request, 'reason')

    async def do(db):
        if action == 'decline':
            await db.call('answer_request', id=key, accept=False, reason=form['reason'])
        else:
            await db.call(f'{action}_request', id=key, reason=form['reason'])

    refused = await attempt(request, do)
    if refused is None:
        raise Elsewhere('/requests', done=f'request_{action}')
    return await render_one(request, refused, form, 'request_end.html')


@routes.post(f'/requests/{{id:{UUID}}}/accept')
async def accept(request):
    """Accept for all people, or for as many as the form says for each shift."""
    form = dict(await request.post())
    offers = [{'id': name.removeprefix('shift-'), 'headcount': number(value)}
              for name, value in form.items() if name.startswith('shift-')]
    refused = await attempt(request, lambda db: db.call(
        'answer_request', id=request.match_info['id'], accept=True, reason=form.get('reason', ''), shifts=offers))
    if refused is None:
        raise Elsewhere('/requests', done='request_accept')
    return await render_one(request, refused, form)


def number(text):
    """A number for the database, which tells what is wrong with anything else."""
    return int(text) if text.strip().isdecimal() else text


@routes.post(f'/requests/{{id:{UUID}}}/names')
async def names(request):
    """Name the workers of each shift: one text field for each place."""
    form = dict(await request.post())
    shifts = {}
    for name, value in form.items():
        if name.startswith('worker-'):
            workers = shifts.setdefault(name.rpartition('-')[0].removeprefix('worker-'), [])
            if value.strip():
                workers.append(value)

    async def do(db):
        for shift, workers in shifts.items():
            await db.all('SELECT tempcloud.assign_workers(shift_id => %(shift)s, workers => %(workers)s)',
                         shift=shift, workers=workers)

    refused = await attempt(request, do)
    if refused is None:
        raise Elsewhere('/requests', done='request_names')
    return await render_one(request, refused, form)
