"""Markup and scripts in every field that somebody can fill in: they stay text, on every page."""
import psycopg

from browser import Browser, note, report, run

MARKUP = '<b id=evil>x</b>\'"><img src=x id=evil onerror=alert(1)><script id=evil>alert(1)</script>{{7*7}}'
SHORT = '"><svg id=evil onload=alert(1)>'
mallory = Browser('Mallory')
victim = Browser('Vic')


def as_(subject, query, *arguments):
    with psycopg.connect('', user='portal') as connection:
        connection.execute('SELECT tempcloud.act_as(%s, %s)', (f'{subject}@inject.example',) * 2)
        cursor = connection.execute(query, arguments)
        return cursor.fetchall() if cursor.description else []


def fill_everything():
    register = 'SELECT tempcloud.register_account(%s, %s, %s, %s, "position" => %s, street => %s, city => %s, postal_code => %s)'
    as_('mallory', register, 'customer', MARKUP, SHORT, MARKUP, MARKUP, MARKUP, MARKUP, SHORT)
    as_('vic', register, 'provider', SHORT, MARKUP, SHORT, MARKUP, MARKUP, MARKUP, SHORT)
    as_('mallory', "SELECT tempcloud.invite('vic@inject.example', %s, %s, %s, message => %s)", MARKUP, MARKUP, MARKUP, MARKUP)
    as_('mallory', "SELECT tempcloud.invite('more@inject.example', %s, %s, %s, message => %s)", MARKUP, MARKUP, MARKUP, MARKUP)
    as_('mallory', "SELECT tempcloud.add_contact(%s, %s, 'third@inject.example', %s)", MARKUP, MARKUP, MARKUP)
    for website in ('javascript:alert(1)', 'https://x/"onmouseover=alert(1)', 'data:text/html,<script>alert(1)</script>'):
        try:
            as_('mallory', 'SELECT tempcloud.update_account(website => %s)', website)
            refused = False
        except psycopg.Error as error:
            refused = error.sqlstate == 'PT400'
        report(refused, f'{website} is no website')


def asks_and_answers():
    as_('vic', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received')
    as_('mallory', """SELECT tempcloud.send_order(%s, jsonb_build_array(jsonb_build_object('provider_id', id, 'profession', %s::text,
        'location', %s::text, 'department', %s::text, 'requirements', %s::text, 'shifts',
        '[{"starts_at": "2031-02-03T06:00", "ends_at": "2031-02-03T14:00", "headcount": 2}]'::jsonb)), %s)
        FROM tempcloud.providers""", MARKUP, MARKUP, MARKUP, MARKUP, MARKUP, MARKUP)
    as_('vic', 'SELECT tempcloud.answer_request(id, true, %s) FROM tempcloud.requests_received', MARKUP)
    as_('vic', 'SELECT tempcloud.assign_workers(id, %s) FROM tempcloud.shifts', [MARKUP, SHORT])


def harmless(browser, path):
    """Whether nothing on the page came to life."""
    return not browser.all('#evil') and len(browser.all('script')) == 1 and '49' not in browser.text('h1') or note(f'alive on {path}')


def every_page():
    asked, = as_('vic', 'SELECT id FROM tempcloud.requests_received')[0]
    partner, = as_('vic', 'SELECT id FROM tempcloud.partners')[0]
    invitations = [str(one) for one, in as_('mallory', 'SELECT id FROM tempcloud.invitations_sent')]
    contacts = [str(one) for one, in as_('mallory', 'SELECT id FROM tempcloud.my_contacts')]
    victim.sign_in('vic@inject.example')
    mallory.sign_in('mallory@inject.example')
    pages = {
        victim: ['/invitations/received', '/partners', f'/partners/{partner}', f'/partners/{partner}?tab=contacts', '/requests',
                 f'/requests/{asked}', f'/requests/{asked}/cancel', '/company', '/outbox', '/demo'],
        mallory: ['/partners', '/invitations/sent', *(f'/invitations/{one}' for one in invitations), '/requests', f'/requests/{asked}',
                  '/company', *(f'/company/contacts/{one}' for one in contacts), '/orders/new', '/invite', '/invite/many'],
    }
    for browser, paths in pages.items():
        for path in paths:
            browser.go(path)
            report(harmless(browser, path), f'markup stays text on {path.split("/")[1]}/{len(path.split("/"))} of {browser.name}')
    mallory.go('/partners')
    victim.go(f'/partners/{partner}')
    report(MARKUP in victim.text(), 'and is shown as it was written')


def what_comes_back():
    """Reflected by an address or by a form."""
    from urllib.parse import quote
    evil = quote(MARKUP)
    for path in (f'/partners?name={evil}', f'/partners?done={evil}', f'/partners?after={evil}', f'/requests?status={evil}', f'/requests?time={evil}',
                 f'/demo?next={evil}&email={evil}', f'/{evil}', f'/partners/{evil}', f'/invitations/received?skip={evil}', f'/orders/new?provider={evil}',
                 f'/invitation#{evil}', f'/confirmation#{evil}', f'/invitation?x={evil}'):
        mallory.go(path)
        report(harmless(mallory, path), f'{path.replace(evil, "…")} brings nothing to life')
    mallory.go('/invite')
    for name in ('email', 'company_name', 'given_name', 'family_name', 'phone', 'message'):
        mallory.run('document.querySelector(arguments[0]).value = arguments[1]', f'[name={name}]', MARKUP)
    mallory.click('Einladung senden')
    mallory.one('[aria-invalid]')
    report(harmless(mallory, '/invite') and mallory.one('[name=message]').get_attribute('value') == MARKUP, 'a refused form keeps it as text')
    mallory.go('/invite/many')
    mallory.run('document.querySelector("textarea").value = arguments[0]', f'email;firma\n{MARKUP};{MARKUP}\nx@y.example;{MARKUP}')
    mallory.click('Prüfen')
    mallory.one('table')
    report(harmless(mallory, '/invite/many'), 'so does a table')
    mallory.go('/orders/new')
    for name in ('p0-profession', 'p0-location', 'p0-department', 'p0-requirements', 'name', 'reference'):
        mallory.run('document.querySelector(arguments[0]).value = arguments[1]', f'[name={name}]', MARKUP)
    mallory.click('Bestellung senden')
    mallory.one('[role=alert]')
    report(harmless(mallory, '/orders'), 'so does an order')


def nothing_complains():
    for browser in (mallory, victim):
        complaints = browser.console()
        report(not complaints, f'the policy had nothing to stop for {browser.name}')
        for complaint in complaints[:3]:
            note(complaint)


try:
    run(fill_everything, asks_and_answers, every_page, what_comes_back, nothing_complains)
finally:
    mallory.quit()
    victim.quit()
