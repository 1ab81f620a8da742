"""The portal behind nginx, with the configuration of examples/portal and something in the place of oauth2-proxy."""
import asyncio
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import aiohttp
import psycopg
from aiohttp import web

from browser import note, report

ROOT = Path(__file__).parents[2]
PROXY = os.environ['PROXY']
SECRET = os.environ['TEMPCLOUD_PORTAL_SECRET']
PORT, OAUTH_PORT = os.environ['NGINX_PORT'], os.environ['OAUTH_PORT']
BASE = f'http://127.0.0.1:{PORT}'


async def oauth2_proxy():
    """Answers as oauth2-proxy does with --set-xauthrequest: who has its cookie is signed in."""
    async def auth(request):
        person = request.cookies.get('_oauth2_proxy')
        if not person:
            return web.Response(status=401)
        return web.Response(status=202, headers={'X-Auth-Request-User': person, 'X-Auth-Request-Email': f'{person}@proxy.example'})

    app = web.Application()
    app.router.add_get('/oauth2/auth', auth)
    app.router.add_get('/oauth2/start', lambda request: web.Response(text=f"sign in, then {request.query['rd']}"))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, '127.0.0.1', int(OAUTH_PORT)).start()
    return runner


def configuration(folder):
    """The example, with the ports of this test and without TLS."""
    text = (ROOT / 'examples/portal/nginx.conf').read_text(encoding='utf-8')
    for old, new in (('127.0.0.1:8080', PROXY.removeprefix('http://')), ('127.0.0.1:4180', f'127.0.0.1:{OAUTH_PORT}'),
                     ('listen 443 ssl;', f'listen 127.0.0.1:{PORT};'), ('replace this secret', SECRET)):
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r'^ *ssl_.*\n', '', text, flags=re.M)
    paths = ''.join(f'{name}_temp_path {folder}/{name};' for name in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    (folder / 'nginx.conf').write_text(f'pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}\n'
                                       f'http {{ access_log {folder}/access.log; {paths}\n{text}}}\n', encoding='utf-8')
    return folder / 'nginx.conf'


async def pages(folder):
    with psycopg.connect('', user='portal') as connection:
        connection.execute("SELECT tempcloud.act_as('nora', 'nora@proxy.example')")
        connection.execute("SELECT tempcloud.register_account('customer', 'Nora hinter nginx', 'Nora', 'Neu')")
    async with aiohttp.ClientSession() as session:
        async with session.get(f'{BASE}/partners?x=1', allow_redirects=False) as answer:
            report(answer.status == 303 and answer.headers['Location'] == '/oauth2/start?rd=%2Fpartners%3Fx%3D1',
                   'who is not signed in is led to oauth2-proxy, and back')
        async with session.get(f'{BASE}/partners') as answer:
            report(await answer.text() == 'sign in, then /partners', 'which answers behind the same address')
        async with session.get(f'{BASE}/invitation') as answer:
            report(answer.status == 200, 'the page of a mailed link needs no login')
        signed_in = {'Cookie': '_oauth2_proxy=nora'}
        async with session.get(f'{BASE}/partners', headers=signed_in) as answer:
            report('Nora hinter nginx' in await answer.text(), 'who is signed in sees their account')
        forged = {'X-Forwarded-User': 'ada', 'X-Forwarded-Email': 'ada@attack.example', 'X-Portal-Secret': SECRET}
        async with session.get(f'{BASE}/partners', headers=forged, allow_redirects=False) as answer:
            report(answer.status == 303, 'headers from outside go no further, not even with the secret')
        async with session.get(f'{BASE}/partners', headers={**forged, **signed_in}) as answer:
            report('Nora hinter nginx' in await answer.text(), 'nor do they change who it is')
        async with session.get(f'{BASE}/who', headers=signed_in) as answer:
            report(answer.status == 404, 'the question itself is internal')
        async with session.post(f'{BASE}/invite', data=b'x' * 600_000, headers=signed_in) as answer:
            report(answer.status == 413, 'nginx refuses what is too large')
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f'{BASE}/invite', headers={'Cookie': '_oauth2_proxy=nora'}) as answer:
            visit = answer.cookies['visit'].value
            csrf = re.search(r'name="csrf" value="(\w+)"', await answer.text()).group(1)
        cookies = {'Cookie': f'_oauth2_proxy=nora; visit={visit}'}
        async with session.get(f'{BASE}/events', headers=cookies) as stream:
            await stream.content.readline()
            start = time.monotonic()
            async with session.post(f'{BASE}/invite', data={'csrf': csrf, 'email': 'x@proxy.example'}, headers=cookies,
                                    allow_redirects=False) as answer:
                report(answer.status == 303, 'a form goes through')
            report(await told(stream), 'a stream of events comes through at once')
            note(f'after {time.monotonic() - start:.2f} s')
    log = (folder / 'access.log').read_text() + (folder / 'error.log').read_text()
    report('tci_' not in log and SECRET not in log, 'nginx logs neither token nor secret')


async def told(stream):
    try:
        while True:
            if await asyncio.wait_for(stream.content.readline(), 5) == b'event: changed\n':
                return True
    except asyncio.TimeoutError:
        return False


async def main():
    oauth = await oauth2_proxy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ['nginx', '-p', name, '-c', str(configuration(folder)), '-e', f'{folder}/error.log']
        check = subprocess.run([*command, '-t'], stderr=subprocess.PIPE, text=True, env={**os.environ, 'PATH': f"{os.environ['PATH']}:/usr/sbin"})
        if report(check.returncode == 0, 'nginx accepts the configuration'):
            nginx = subprocess.Popen(command, env={**os.environ, 'PATH': f"{os.environ['PATH']}:/usr/sbin"})
            try:
                for _ in range(100):
                    try:
                        (await asyncio.open_connection('127.0.0.1', int(PORT)))[1].close()
                        break
                    except ConnectionError:
                        await asyncio.sleep(0.05)
                await pages(folder)
            finally:
                nginx.terminate()
                nginx.wait()
        else:
            note(check.stderr)
    await oauth.cleanup()


asyncio.run(main())
