"""The measurements of bench/portal: starts a portal, and is its proxy."""
import asyncio
import os
import subprocess
import sys
import time

import aiohttp
import psycopg

SECONDS = float(sys.argv[1])
CLIENTS = 8
STREAMS = 500
PAGES = ('/partners', '/partners?name=anbieter', '/invitations/sent', '/invitations/received', '/requests', '/activity')
BASE = 'http://127.0.0.1:8199'


def proxied(subject):
    return {'X-Portal-Secret': os.environ['TEMPCLOUD_PORTAL_SECRET'], 'X-Forwarded-User': subject}


async def first_bytes(path, subject):
    """How long the first byte of a page takes, sorted, and how many came in a second."""
    times = []
    end = time.monotonic() + SECONDS

    async def client(session):
        while time.monotonic() < end:
            start = time.monotonic()
            async with session.get(BASE + path, headers=proxied(subject)) as answer:
                times.append(time.monotonic() - start)      # the headers are here
                await answer.read()
                assert answer.status == 200, (path, answer.status)

    async with aiohttp.ClientSession() as session:
        async with session.get(BASE + path, headers=proxied(subject)) as answer:
            await answer.read()
        await asyncio.gather(*[client(session) for _ in range(CLIENTS)])
    return sorted(times)


async def streams(pid):
    """The delay of an event at the last of many streams, and what the process has of memory."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        before = memory(pid)
        opened = await asyncio.gather(*[session.get(BASE + '/events', headers=proxied('c1')) for _ in range(STREAMS)])
        for answer in opened:
            await read_until(answer, b'event: changed\n', 30)
        delays = []
        for n in range(5):
            await asyncio.sleep(1)
            with psycopg.connect('') as connection:
                connection.execute("SELECT tempcloud.act_as('c1')")
                connection.execute(f"SELECT tempcloud.invite('s{n}@strom.example')")
            start = time.monotonic()
            await asyncio.gather(*[read_until(answer, b'event: changed\n', 30) for answer in opened])
            delays.append(time.monotonic() - start)
        print(f'| {STREAMS} streams | {min(delays) * 1000:.0f} to {max(delays) * 1000:.0f} ms from the commit to the last of them; '
              f'{memory(pid)} MB, {before} MB without them |')
        for answer in opened:
            answer.close()


async def read_until(answer, line, seconds):
    while await asyncio.wait_for(answer.content.readline(), seconds) != line:
        pass


def memory(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith('VmRSS'))


async def main():
    portal = subprocess.Popen(['/usr/bin/python3', '-m', 'portal', '--port', '8199'], stdout=subprocess.PIPE)
    try:
        portal.stdout.readline()
        print('| page | 20 partners: p50, p99 | 100,000 partners: p50, p99 | pages in a second |\n|---|---|---|---|')
        for path in PAGES:
            light, heavy = await first_bytes(path, 'c1'), await first_bytes(path, 'c0')
            cells = [f'{times[len(times) // 2] * 1000:.0f} ms, {times[len(times) * 99 // 100] * 1000:.0f} ms' for times in (light, heavy)]
            print(f'| `{path}` | {cells[0]} | {cells[1]} | {len(light) / SECONDS:.0f} |', flush=True)
        await streams(portal.pid)
    finally:
        portal.terminate()
        portal.wait()


asyncio.run(main())
