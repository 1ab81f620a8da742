"""Personal bestellen: an order of one or several positions, each with its shifts.

What is typed becomes the JSON of send_order; the database checks it, and the place that its hint
names gets the message.
"""
import re
from datetime import date, timedelta

from aiohttp import web

from ..pages import Elsewhere, Errors, attempt, member

routes = web.RouteTableDef()

PROVIDERS = 'SELECT id, company_name FROM tempcloud.providers WHERE closed_at IS NULL LIMIT 200'
POSITION = ('provider_id', 'profession', 'location', 'department', 'requirements', 'answer_by')
SHIFT = ('from', 'until', 'starts', 'ends', 'headcount')
MOST_POSITIONS, MOST_SHIFTS, MOST_DAYS = 10, 20, 62
PLACE = re.compile(r'requests\[(\d+)\](?:\.shifts\[(\d+)\])?(?:\.(\w+))?')


@routes.get('/orders/new')
async def form_page(request):
    async with member(request) as visit:
        providers = await visit.db.all(PROVIDERS)
        form = {'positions': [blank(provider_id=request.query.get('provider', ''), shifts=[{}])]}
        return visit.render('order.html', form=form, providers=providers)


@routes.post('/orders')
async def send(request):
    sent = await request.post()
    form = read(sent)
    refused = None
    if 'more-positions' in sent:
        last = form['positions'][-1]
        form['positions'].append(blank(**{name: last[name] for name in ('provider_id', 'location', 'answer_by')},
                                       shifts=[dict(shift) for shift in last['shifts']]))
    elif 'more-shifts' in sent:
        p = int(sent['more-shifts']) if sent['more-shifts'] in map(str, range(len(form['positions']))) else 0
        shifts = form['positions'][p]['shifts']
        shifts.append(next_day(shifts[-1]))
        form['focus'] = f'p{p}-s{len(shifts) - 1}'
    else:
        order = {'name': form['name'] or form['positions'][0]['profession'],
                 'requests': [to_json(position) for position in form['positions']]}
        if form['reference'].strip():
            order['reference'] = form['reference']
        refused = await attempt(request, lambda db: db.call('send_order', **order))
        if refused is None:
            raise Elsewhere('/requests', done='ordered')
    async with member(request) as visit:
        return visit.render('order.html', status=refused.status if refused else 200, form=form,
                            providers=await visit.db.all(PROVIDERS), errors=errors(refused, form))


def read(sent):
    """The form: positions p0, p1, ... and their shifts p0-s0, p0-s1, ..."""
    form = {'name': sent.get('name', ''), 'reference': sent.get('reference', ''), 'positions': []}
    for p in range(MOST_POSITIONS):
        if f'p{p}-profession' not in sent:
            break
        position = {name: sent.get(f'p{p}-{name}', '') for name in POSITION}
        position['shifts'] = [{name: sent.get(f'p{p}-s{s}-{name}', '') for name in SHIFT}
                              for s in range(MOST_SHIFTS) if f'p{p}-s{s}-from' in sent]
        form['positions'].append(position)
    if not form['positions'] or not all(position['shifts'] for position in form['positions']):
        raise web.HTTPBadRequest(text='The form is not complete.')
    return form


def to_json(position):
    """A position as send_order takes it."""
    return {**{name: position[name] for name in POSITION if position[name].strip()},
            'shifts': [shift for row in position['shifts'] for shift in days(row)]}


def days(row):
    """The shifts of a row, one for each day from the first to the last; one of the night ends the day after."""
    try:
        first = date.fromisoformat(row['from'])
        last = date.fromisoformat(row['until']) if row['until'] else first
    except ValueError:
        first = last = None
    number = int(row['headcount']) if row['headcount'].isdecimal() else row['headcount']
    if first is None:
        return [{'starts_at': f"{row['from']}T{row['starts']}", 'ends_at': f"{row['from']}T{row['ends']}", 'headcount': number}]
    shifts = []
    for day in (first + timedelta(n) for n in range(min((last - first).days, MOST_DAYS) + 1)):
        end = day + timedelta(1) if row['ends'] <= row['starts'] else day
        shifts.append({'starts_at': f"{day}T{row['starts']}", 'ends_at': f"{end}T{row['ends']}", 'headcount': number})
    return shifts


def blank(**values):
    """A position of which only some fields are known."""
    return {**dict.fromkeys(POSITION, ''), **values}


def next_day(row):
    """The row that probably follows: the same times on the next day."""
    try:
        day = date.fromisoformat(row['until'] or row['from']) + timedelta(1)
    except ValueError:
        return dict(row)
    return {**row, 'from': day.isoformat(), 'until': ''}


def errors(refused, form):
    """At the field of the position, or at the row of shifts, that the hint names."""
    found = Errors(refused, ('name', 'reference'), {'reference_taken': 'reference'})
    place = PLACE.search(refused.field or '') if refused else None
    if place and int(place.group(1)) < len(form['positions']):
        p, shift, name = int(place.group(1)), place.group(2), place.group(3)
        if shift is not None or name == 'shifts':
            name = f's{row_of(form, p, int(shift or 0))}'
        found.fields[f'p{p}-{name}'] = refused
        found.whole = None
    return found


def row_of(form, position, shift):
    """The row of the form that the shift of this number came from."""
    for number, row in enumerate(form['positions'][position]['shifts']):
        shift -= len(days(row))
        if shift < 0:
            return number
    return 0
