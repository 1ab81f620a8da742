"""Inviting many at once from a CSV: a preview, which is the real thing rolled back, and the sending."""
import csv
import io

from aiohttp import web

from ..database import Refused
from ..pages import Elsewhere, fields_of, member

routes = web.RouteTableDef()

MOST_ROWS = 200
COLUMNS = {
    'email': ('email', 'e-mail', 'mail', 'e-mail-adresse', 'adresse'),
    'company_name': ('company_name', 'company', 'firma', 'unternehmen'),
    'given_name': ('given_name', 'given name', 'first name', 'vorname'),
    'family_name': ('family_name', 'family name', 'last name', 'nachname', 'name'),
    'phone': ('phone', 'telephone', 'telefon'),
    'message': ('message', 'nachricht'),
    'locale': ('locale', 'language', 'sprache'),
}
NAMES = {name: column for column, names in COLUMNS.items() for name in names}


class Unreadable(Exception):
    """A text that is no table; the message is a key of the texts."""


@routes.get('/invite/many')
async def panel(request):
    return await render_form(request)


async def render_form(request, text='', problem=None):
    async with member(request) as visit:
        return visit.render('invite_many.html', status=400 if problem else 200, text=text, rows=None, sent=0, problem=problem)


@routes.post('/invite/many')
async def many(request):
    form = await fields_of(request, 'csv', 'send', 'edit')
    if form['edit']:
        return await render_form(request, form['csv'])
    try:
        rows = read(form['csv'])
    except Unreadable as unreadable:
        return await render_form(request, form['csv'], str(unreadable))
    results, sent = await invite(request, rows, bool(form['send']))
    if sent and sent == len(rows):
        raise Elsewhere('/invitations/sent', done='invited_many')
    async with member(request) as visit:
        return visit.render('invite_many.html', text=form['csv'], rows=list(zip(rows, results)), problem=None,
                            sent=sent)


async def invite(request, rows, send):
    """The result of each row, and how many were sent: none without send, which rolls all back."""
    async with member(request) as visit:
        results = await visit.db.all(
            'SELECT position, error, message, hint FROM tempcloud.invite_many(%(rows)s) ORDER BY position',
            rows=web.json_response(rows).text)
        if not send:
            await visit.db.rollback()
    refused = [Refused(result['error'], 409, result['message'], result['hint']) if result['error'] else None
               for result in results]
    return refused, refused.count(None) if send else 0


def read(text):
    """The rows of a CSV, whose first line names the columns, as invite_many takes them."""
    lines = text.strip().removeprefix('\ufeff').splitlines()
    if not lines:
        raise Unreadable('many.empty')
    delimiter = max(';,\t', key=lines[0].count)
    try:
        table = [row for row in csv.reader(io.StringIO('\n'.join(lines)), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error:
        raise Unreadable('many.malformed') from None
    columns = [NAMES.get(name.strip().lower()) for name in table[0]]
    if 'email' not in columns:
        if len(table[0]) == 1 and '@' in table[0][0]:
            columns, table = ['email'], [['']] + table      # addresses alone
        else:
            raise Unreadable('many.no_email')
    rows = [{column: value.strip() for column, value in zip(columns, row) if column and value.strip()} for row in table[1:]]
    if not rows:
        raise Unreadable('many.empty')
    if len(rows) > MOST_ROWS:
        raise Unreadable('many.too_many')
    return [{'email': '', **row} for row in rows]
