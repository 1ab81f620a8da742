"""What somebody tries who means ill: without a browser, by HTTP alone."""
import asyncio
import os
import random
import re
import resource
import tempfile
import time
from pathlib import Path

import aiohttp
import psycopg

from browser import BASE, note, prompt, report

PROXY = os.environ['PROXY']             # a portal behind a proxy, whose secret is this
SECRET = os.environ['TEMPCLOUD_PORTAL_SECRET']
LOG = os.environ['PGLOG']
SECRET_HEADER = 'X-Portal-Secret'
CSRF = re.compile(r'name="csrf" value="(\w+)"')
ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'


def sql(query):
    with psycopg.connect('', user='postgres') as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def proxied(subject):
    return {SECRET_HEADER: SECRET, 'X-Forwarded-User': f'{subject}@attack.example', 'X-Forwarded-Email': f'{subject}@attack.example'}


class Visitor:
    """A browser without a screen, signed in at the demo."""

    def __init__(self, session):
        self.session = session

    async def get(self, path, **options):
        async with self.session.get(BASE + path, **options) as answer:
            return answer, await answer.text()

    async def post(self, path, data, **options):
        async with self.session.post(BASE + path, data=data, allow_redirects=False, **options) as answer:
            return answer, await answer.text()

    async def csrf(self):
        return CSRF.search((await self.get('/demo'))[1]).group(1)

    async def sign_in(self, subject):
        await self.post('/demo', {'csrf': await self.csrf(), 'email': f'{subject}@attack.example', 'next': '/'})


def visitor():
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


def as_(subject, query):
    with psycopg.connect('', user='portal') as connection:
        address = f'{subject}@attack.example'
        connection.execute('SELECT tempcloud.act_as(%s, %s)', (address, address))
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def set_up():
    for subject, kind in (('ada', 'customer'), ('ben', 'provider'), ('eve', 'provider')):
        as_(subject, f"SELECT tempcloud.register_account('{kind}', 'Firma {subject}', '{subject}', 'Probe')")
    as_('ada', "SELECT tempcloud.invite('ben@attack.example')")
    as_('ben', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received')
    as_('ada', "SELECT tempcloud.invite('offen@attack.example', message => 'geheime Worte')")
    as_('ada', """SELECT tempcloud.send_request(id, 'Koch', 'Geheimort', '[{"starts_at": "2031-01-06T06:00", "ends_at": "2031-01-06T14:00",
        "headcount": 1}]') FROM tempcloud.providers""")
    sql('SELECT tempcloud.seal_ledger()')


async def forms_of_others(eve, ada):
    """CSRF"""
    for path in ('/invite', '/company', '/language', '/demo', '/orders', '/register', '/invitation/accept'):
        answer, _ = await eve.post(path, {'email': 'x@attack.example'})
        report(answer.status == 403, f'POST {path} without the token of its page is refused')
    answer, _ = await eve.post('/invite', {'csrf': await ada.csrf(), 'email': 'csrf@attack.example'})
    report(answer.status == 403, "the token of another's page is refused")
    good = await eve.csrf()
    answer, _ = await eve.post('/invite', {'csrf': good, 'email': 'csrf@attack.example'}, headers={'Sec-Fetch-Site': 'cross-site'})
    report(answer.status == 403, 'what comes from another site is refused')
    async with eve.session.post(BASE + '/invite', data={'csrf': good, 'email': 'csrf@attack.example'}, cookies={'visit': 'f' * 32},
                                allow_redirects=False) as answer:
        report(answer.status == 403, 'a token is bound to the browser')
    await eve.get(f'/invite?csrf={good}&email=csrf@attack.example')
    report(not sql("SELECT FROM tempcloud_data.invitation WHERE email = 'csrf@attack.example'"), 'none of it has invited')
    answer, _ = await eve.post('/invite', {'csrf': good, 'email': 'csrf@attack.example'})
    report(answer.status == 303, 'the page itself can')


async def headers(eve):
    for path in ('/partners', '/nothing', '/static/portal.js', '/events', '/invitation', '/partners/x'):
        answer, _ = await asyncio.wait_for(eve.get(path, headers={'Last-Event-ID': ''}), 5) if path != '/events' else (None, None)
        if answer is None:
            continue
        policy = answer.headers.get('Content-Security-Policy', '')
        report("default-src 'none'" in policy and 'unsafe' not in policy, f'{path} has a strict policy')
    answer, _ = await eve.get('/partners')
    report(answer.headers['Cache-Control'] == 'no-store', 'pages are not kept')
    async with visitor() as fresh, fresh.get(BASE + '/demo') as answer:
        cookie = answer.headers['Set-Cookie']
        report('HttpOnly' in cookie and 'SameSite=Lax' in cookie, 'cookies are for the server alone')


async def spoofed():
    async with aiohttp.ClientSession() as session:
        for name, sent in (
                ('no secret', {'X-Forwarded-User': 'ada@attack.example'}),
                ('a wrong one', {'X-Forwarded-User': 'ada@attack.example', 'X-Portal-Secret': 'x' * len(SECRET)}),
                ('an empty one', {'X-Forwarded-User': 'ada@attack.example', 'X-Portal-Secret': ''}),
                ('half of it', {'X-Forwarded-User': 'ada@attack.example', 'X-Portal-Secret': SECRET[:-1]}),
                ('another spelling', {'X_Forwarded_User': 'ada@attack.example', 'X_Portal_Secret': SECRET})):
            async with session.get(PROXY + '/partners', headers=sent, allow_redirects=False) as answer:
                report(answer.status == 403, f'headers with {name} are refused')
        twice = [(SECRET_HEADER, SECRET), ('X-Forwarded-User', 'eve@attack.example'), ('X-Forwarded-User', 'ada@attack.example')]
        async with session.get(PROXY + '/partners', headers=twice, allow_redirects=False) as answer:
            report(answer.status == 400, 'two users in one request are refused')
        async with session.get(PROXY + '/partners', headers={SECRET_HEADER: SECRET}, allow_redirects=False) as answer:
            report(answer.status == 303 and '/oauth2/start' in answer.headers['Location'], 'who is not signed in is led to signing in')
        async with session.get(PROXY + '/demo', headers=proxied('ada')) as answer:
            report(answer.status == 404, 'there is no demo behind a proxy')
        async with session.get(PROXY + '/partners', headers=proxied('ada')) as answer:
            report('Firma ben' in await answer.text(), 'with the secret the proxy is believed')
        async with session.get(BASE + '/partners', headers={'X-Forwarded-User': 'ada@attack.example'}, allow_redirects=False) as answer:
            report(answer.status == 303, 'the demo does not read these headers')
        report(await raw(PROXY, '/partners', b'X-Portal-Secret: \xff') == 403, 'a secret that is not UTF-8 is a wrong one')
        for _ in range(10):     # more than there are connections
            status = await raw(PROXY, '/partners', b'X-Portal-Secret: %s\r\nX-Forwarded-User: \xff' % SECRET.encode())
        report(status == 400, 'a user that is not UTF-8 is refused')
        async with session.get(PROXY + '/partners', headers=proxied('ada')) as answer:
            report(answer.status == 200, 'which takes no connection away')
        report(await raw(BASE, '/partners', b'Cookie: person=\xff.\xff') == 303, 'a cookie that is not UTF-8 is nobody')
        for cookie in ('WyJhZGEiLG51bGxd.' + '0' * 64, 'WyJhZGEiLG51bGxd', '.', 'x' * 2000):
            async with session.get(BASE + '/partners', cookies={'person': cookie}, allow_redirects=False) as answer:
                report(answer.status == 303, 'a forged cookie is nobody')


async def raw(base, path, header):
    """The status for a request that aiohttp would not send."""
    host, port = base.removeprefix('http://').split(':')
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b'GET %s HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n%s\r\n\r\n' % (path.encode(), header))
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return int(answer.split()[1])


async def other_files():
    """A file anywhere that is named as one of the portal's own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'portal.js').write_text('secret')
        for path in (folder, '../../../../../../../../../..' + folder):
            status = await raw(BASE, f"/static/{path.replace('/', '%2F')}%2Fportal.js", b'Accept: */*')
            report(status == 404, f'/static/ {path[0]} has no file of other folders')


async def ids_of_others(eve):
    """A provider who is not a partner asks for all that there is between two others."""
    ben, = sql("SELECT id FROM tempcloud_data.account WHERE company_name = 'Firma ben'")[0]
    contact, = sql("SELECT id FROM tempcloud_data.contact WHERE given_name = 'ada'")[0]
    invitation, = sql("SELECT id FROM tempcloud_data.invitation WHERE email = 'offen@attack.example'")[0]
    asked, = sql("SELECT id FROM tempcloud_data.request WHERE location = 'Geheimort'")[0]
    shift, = sql(f"SELECT id FROM tempcloud_data.shift WHERE request_id = '{asked}'")[0]
    before = sql('SELECT status FROM tempcloud_data.invitation UNION ALL SELECT NULL FROM tempcloud_data.partnership')
    secrets = ('Firma ada', 'Firma ben', 'geheime Worte', 'Geheimort', 'offen@attack')
    for path in (f'/partners/{ben}', f'/partners/{ben}?tab=contacts', f'/partners/{ben}/receipt', f'/invitations/{invitation}',
                 f'/invitations/{invitation}/accept', f'/invitations/{invitation}/decline', f'/requests/{asked}',
                 f'/requests/{asked}/cancel', f'/company/contacts/{contact}', '/partners/' + '-' * 36, '/partners?after=x',
                 '/requests?time=x&id=y', '/invitations/received?skip=-1', '/static/../app.py', '/static/%2e%2e%2fapp.py'):
        answer, text = await eve.get(path)
        report(answer.status in (404, 200) and not any(secret in text for secret in secrets)
               and (answer.status == 404 or path.endswith('skip=-1')), f'GET {re.sub(ID, "…", path)} tells nothing')
    csrf = await eve.csrf()
    for path, data in ((f'/invitations/{invitation}/accept', {}), (f'/invitations/{invitation}/decline', {'reason': 'x'}),
                       (f'/invitations/{invitation}/resend', {}), (f'/invitations/{invitation}/withdraw', {}),
                       (f'/requests/{asked}/accept', {f'shift-{shift}': '1'}), (f'/requests/{asked}/cancel', {'reason': 'x'}),
                       (f'/requests/{asked}/names', {f'worker-{shift}-0': 'Eve'}), (f'/company/contacts/{contact}', {'given_name': 'Eve'}),
                       (f'/company/contacts/{contact}/remove', {}), (f'/company/contacts/{contact}/confirm', {})):
        answer, text = await eve.post(path, {'csrf': csrf, **data})
        report(answer.status in (403, 404) and not any(secret in text for secret in secrets), f'POST {re.sub(ID, "…", path)} does nothing')
    report(sql('SELECT status FROM tempcloud_data.invitation UNION ALL SELECT NULL FROM tempcloud_data.partnership') == before,
           'all is as before')


async def odd_forms(eve):
    csrf = await eve.csrf()
    answer, _ = await eve.post('/invite', {'csrf': csrf, 'email': 'x' * 600_000})
    report(answer.status == 413, 'a form of 600 kB is refused')
    for what, data in (('a NUL', {'email': 'a\0b@attack.example'}), ('a long name', {'email': 'a@attack.example', 'company_name': 'x' * 300}),
                       ('a long message', {'email': 'a@attack.example', 'message': 'x' * 3000}),
                       ('a token', {'email': 'a@attack.example', 'message': 'tci_' + 'A' * 48}),
                       ('an override of direction', {'email': 'a@attack.example', 'company_name': 'x\u202ey'})):
        answer, text = await eve.post('/invite', {'csrf': csrf, **data})
        report(answer.status == 400 and 'role="alert"' in text, f'{what} is refused in its form')
    answer, _ = await eve.post('/invite', {'csrf': csrf, **{f'f{n}': 'x' for n in range(20000)}})
    report(answer.status in (400, 413), 'twenty thousand fields are refused')
    async with eve.session.post(BASE + '/invite', data=b'csrf=%ff%fe&email=%c3%28', headers={'Content-Type': 'application/x-www-form-urlencoded'}) as answer:
        report(answer.status in (400, 403), 'broken UTF-8 is refused')
    async with eve.session.post(BASE + '/invite', data=b'{"csrf": 1}', headers={'Content-Type': 'application/json'}) as answer:
        report(answer.status == 403, 'JSON is no form')
    file = aiohttp.FormData()
    file.add_field('csrf', b'x', filename='csrf.txt')
    async with eve.session.post(BASE + '/invite', data=file) as answer:
        report(answer.status == 403, 'a file is no token')
    for path, name in (('/orders', 'requests'), ('/requests/x', 'id')):
        answer, _ = await eve.post(path, {'csrf': csrf, name: 'x'})
        report(answer.status in (400, 404, 405), f'a form of {path} with nothing in it is refused')


async def elsewhere(eve):
    csrf = await eve.csrf()
    for where in ('//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)', '/\t/evil.example', '/\r\nX: y'):
        for path, name in (('/demo', 'next'), ('/language', 'back')):
            answer, _ = await eve.post(path, {'csrf': csrf, 'email': 'eve@attack.example', 'language': 'de', name: where})
            report(answer.headers.get('Location') == '/', f'{path} does not lead to {where!r}')


async def slow_clients(eve):
    host, port = BASE.removeprefix('http://').split(':')
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
    for _, writer in slow:
        writer.write(b'POST /invite HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nc')
    start = time.monotonic()
    answer, _ = await eve.get('/partners')
    seconds = time.monotonic() - start
    report(answer.status == 200 and prompt(seconds), 'a hundred slow clients keep nobody waiting')
    note(f'{seconds * 1000:.0f} ms')
    for _, writer in slow:
        writer.close()


async def streams():
    """Two hundred pages of one account are all told of one event, by few connections to the database."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        opened = await asyncio.gather(*[session.get(PROXY + '/events', headers=proxied('ada')) for _ in range(200)])
        report(all(answer.status == 200 for answer in opened), 'two hundred streams are open')
        await asyncio.gather(*[until_quiet(answer) for answer in opened])
        connections, = sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal'")[0]
        report(connections <= 20, 'with few connections to the database')
        note(f'{connections} of two portals')
        start = time.monotonic()
        as_('ada', "SELECT tempcloud.invite('strom@attack.example')")
        told = await asyncio.gather(*[until_told(answer) for answer in opened])
        report(all(told), 'one event reaches all of them')
        note(f'within {time.monotonic() - start:.2f} s')
        async with session.get(PROXY + '/events', headers={SECRET_HEADER: SECRET}) as answer:
            report(answer.status == 204, 'a stream is for members only')
        for answer in opened:
            answer.close()


async def until_quiet(answer):
    """Read what comes at the start: that the page may have missed something."""
    try:
        while True:
            await asyncio.wait_for(answer.content.readline(), 1)
    except asyncio.TimeoutError:
        pass


async def until_told(answer):
    try:
        while True:
            if await asyncio.wait_for(answer.content.readline(), 30) == b'event: changed\n':
                return True
    except asyncio.TimeoutError:
        return False


async def nobody_is_somebody_else():
    """Sixteen people at once, each of whom sees themself and nobody else."""
    for n in range(16):
        as_(f'load{n}', f"SELECT tempcloud.register_account('{('customer', 'provider')[n % 2]}', 'Firma Nr-{n:02}-', 'Person', 'Nr-{n:02}-')")
    wrong = []
    count = 0
    end = time.monotonic() + 4

    async def one(session):
        nonlocal count
        while time.monotonic() < end:
            n = random.randrange(18)
            path = random.choice(('/partners', '/company', '/invitations/sent', '/invitations/received', '/requests', '/invite', '/nowhere'))
            who = proxied(f'load{n}') if n < 16 else {SECRET_HEADER: SECRET}
            try:
                async with session.get(PROXY + path, headers=who, allow_redirects=False,
                                       timeout=aiohttp.ClientTimeout(0.02 if random.random() < 0.1 else 30)) as answer:
                    text = await answer.text()
            except asyncio.TimeoutError:
                continue        # who goes away in the middle leaves nothing behind
            count += 1
            seen = set(re.findall(r'Nr-(\d\d)-', text))
            if seen - {f'{n:02}'} or answer.status == 200 and seen != {f'{n:02}'}:
                wrong.append((n, path, answer.status, seen))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*[one(session) for _ in range(32)])
    report(not wrong and count > 100, 'nobody sees the page of somebody else, under load')
    note(f'{count} pages; {wrong[:3]}')


async def few_queries():
    sql("ALTER ROLE portal SET log_statement = 'all'")
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal'")
    await asyncio.sleep(2)
    partner, = sql("SELECT id FROM tempcloud_data.account WHERE company_name = 'Firma ben'")[0]
    asked, = sql("SELECT id FROM tempcloud_data.request WHERE location = 'Geheimort'")[0]
    async with aiohttp.ClientSession() as session:
        for path in ('/partners', '/partners?name=ben', f'/partners/{partner}', '/invitations/sent', '/invitations/received',
                     '/requests', f'/requests/{asked}', '/company', '/orders/new', '/invite', '/invite/many'):
            with open(LOG, encoding='utf-8') as log:
                log.seek(0, os.SEEK_END)
                async with session.get(PROXY + path, headers=proxied('ada')) as answer:
                    await answer.text()
                await asyncio.sleep(0.1)
                queries = [line for line in log if re.search(r'LOG:  (statement|execute [^:]+): ', line)
                           and not re.search(r': (BEGIN|COMMIT|ROLLBACK|LISTEN)', line)]
            report(answer.status == 200 and 0 < len(queries) <= 4, f'{re.sub(ID, "…", path)}: at most four queries')
            if len(queries) > 4:
                note(''.join(queries))
    sql('ALTER ROLE portal RESET log_statement')
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal'")


async def main():
    set_up()
    async with visitor() as first, visitor() as second:
        eve, ada = Visitor(first), Visitor(second)
        await eve.sign_in('eve')
        await ada.sign_in('ada')
        await forms_of_others(eve, ada)
        await headers(eve)
        await spoofed()
        await other_files()
        await ids_of_others(eve)
        await odd_forms(eve)
        await elsewhere(eve)
        await eve.sign_in('eve')
        await slow_clients(eve)
    await streams()
    await nobody_is_somebody_else()
    await few_queries()


asyncio.run(main())
