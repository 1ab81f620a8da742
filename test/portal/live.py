"""Pages that follow by themselves, whatever becomes of the connections."""
import json
import os
import subprocess
import time

import psycopg

from browser import Browser, eventually, note, prompt, report, run

page = Browser('Lena')


def sql(query, subject=None, email=None):
    """Run a query as a person, by another way than the portal."""
    with psycopg.connect('', user='postgres' if subject is None else 'portal') as connection:
        if subject:
            connection.execute('SELECT tempcloud.act_as(%s, %s)', (subject, email))
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def invite(company, silently=False):
    """An invitation to the account of the page."""
    if silently:    # as if its event had been lost
        subject = f'{company.lower()}@live.example'
        sql(f"""SET tempcloud.notifications = off; SET LOCAL ROLE tempcloud_service;
            SELECT tempcloud.act_as('{subject}', '{subject}');
            SELECT tempcloud.register_account('customer', '{company}', 'Kai', 'Klug');
            SELECT tempcloud.invite('lena@live.example')""")
    else:
        subject = f'{company.lower()}@live.example'
        sql(f"SELECT tempcloud.register_account('customer', '{company}', 'Kai', 'Klug'); "
            "SELECT tempcloud.invite('lena@live.example')", subject, subject)


def pg_ctl(*arguments):
    subprocess.run(['pg_ctl', '-D', os.environ['PGDATA'], '-s', '-w', *arguments], check=True, stdout=subprocess.DEVNULL)


def a_page():
    sql("SELECT tempcloud.register_account('provider', 'Lebendig', 'Lena', 'Lang')", 'lena@live.example', 'lena@live.example')
    page.sign_in('lena@live.example', '/invitations/received')
    page.mark()
    report(eventually(lambda: page.all('#live.on')), 'a page says that it follows by itself')
    invite('Erstens')
    seconds = page.sees('Erstens', '#list')
    report(prompt(seconds), 'it follows within a second')
    note(f'after {seconds or 0:.2f} s')


def a_lost_connection():
    killed = sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'portal' AND query LIKE 'LISTEN%'")
    report(killed, 'the connection that listens is cut')
    invite('Zweitens')
    report(page.sees('Zweitens', '#list'), 'what has happened meanwhile is caught up')


def a_resync():
    invite('Drittens', silently=True)
    report(not page.sees('Drittens', '#list', 1), 'an event that is lost is not seen')
    sql("""SELECT pg_notify('tempcloud_event', '{"event":"resync"}')""")
    report(page.sees('Drittens', '#list'), 'after a resync it is')


def forged_events():
    account = sql('SELECT tempcloud.current_account_id()', 'lena@live.example')[0][0]
    for payload in ('', 'x', '[]', '5', '{}', '{"event":5}', '{"event":"a.b","accounts":7}', '{"event":"a.b","accounts":[null,{}]}',
                    '[' * 5000, '{"event":"x","accounts":["\\u0000"]}'):
        sql(f"SELECT pg_notify('tempcloud_event', $${payload}$$)")
    page.run('performance.clearResourceTimings()')
    for round in range(10):
        sql('SELECT pg_notify($$tempcloud_event$$, payload) FROM ('
            f"SELECT '{{\"event\":\"invitation.created\",\"accounts\":[\"{account}\"],\"n\":' || n || '}}' AS payload"
            f' FROM generate_series({round} * 200, {round} * 200 + 199) n) p')
        time.sleep(0.2)
    time.sleep(1)
    reads = page.run("return performance.getEntriesByType('resource').filter(one => one.initiatorType === 'xmlhttprequest').length")
    report(reads <= 14, 'two thousand forged events make a page read again a few times')
    note(f'{reads} times')
    invite('Viertens')
    report(page.sees('Viertens', '#list'), 'and what is true still arrives')


def a_server_that_restarts():
    pg_ctl('restart', '-m', 'fast')
    invite('Fuenftens')
    report(page.sees('Fuenftens', '#list', 15), 'after a restart of the server the page catches up')
    pg_ctl('stop', '-m', 'immediate')
    page.run("fetch('/partners').then(answer => { window.answered = answer.status })")
    report(eventually(lambda: page.run('return window.answered') == 503, 15), 'without a server a page says that it is unavailable')
    pg_ctl('start', '-l', os.environ['PGLOG'], '-o', '--cluster-name=portal')
    report(eventually(lambda: works(), 30), 'with a server again the portal works')
    eventually(lambda: page.all('#live.on'), 30)
    invite('Sechstens')
    report(page.sees('Sechstens', '#list', 20), 'and pages follow again')


def works():
    return page.driver.execute_async_script("fetch('/partners').then(answer => arguments[0](answer.status === 200))")


def a_form_that_is_being_filled_in():
    page.click('Kunden einladen')
    page.fill(email='halb')
    invite('Siebtens')
    report(page.sees('Siebtens', '#list'), 'the list behind a panel follows')
    report(page.one('dialog[open] [name=email]').get_attribute('value') == 'halb', 'what is being typed stays')
    report(page.run('return document.activeElement.name') == 'email', 'with the focus')
    report(not page.reloaded(), 'all of it without a reload')


def nothing_complains():
    complaints = [one for one in page.console() if 'ERR_' not in one]
    report(not complaints, 'the console is empty')
    for complaint in complaints:
        note(json.dumps(complaint))


try:
    run(a_page, a_lost_connection, a_resync, forged_events, a_server_that_restarts, a_form_that_is_being_filled_in,
        nothing_complains)
finally:
    page.quit()
