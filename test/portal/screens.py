"""Pictures of the screens, of the people of the demonstration: at 1280 pixels and at 360, into the folder named.

With TEMPCLOUD_AXE, the path of axe-core's axe.min.js, each screen is checked for accessibility, too.
"""
import json
import os
import subprocess
import sys
import time

os.environ['PORTAL'] = os.environ['DEMO']
from browser import Browser, eventually, mailed_link, note, report, run      # noqa: E402, after its address

FOLDER = sys.argv[1]
TABLE = 'E-Mail;Firma\ninfo@deichpersonal.example;Deichpersonal\nkein at;Wattwerk\nbela@flexwerk.example;FlexWerk Nord\n' \
        'post@kogge.example;Kogge Zeitarbeit'


AXE = """;axe.run({runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})
    .then(found => JSON.stringify([found.passes.length, found.violations.map(one => [one.id, one.nodes[0].html])]))"""


def accessible(browser, name):
    """What axe-core finds, if it is there."""
    path = os.environ.get('TEMPCLOUD_AXE')
    if path:
        with open(path, encoding='utf-8') as source:
            answer = browser.driver.execute_cdp_cmd('Runtime.evaluate', {
                'expression': source.read() + AXE, 'awaitPromise': True, 'returnByValue': True})
        passed, violations = json.loads(answer['result']['value'])
        report(passed and not violations, f'{name}: accessible')
        note(f'{passed} rules passed; {violations}')


def pictures(width, height):
    browser = Browser('Kamera', width, height)
    browser.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
        'features': [{'name': 'prefers-reduced-motion', 'value': 'reduce'}]})

    def take(name, *seen):
        for words in seen:
            browser.sees(words)
        eventually(lambda: browser.run('return document.fonts.status === "loaded"'), 3)
        time.sleep(0.2)
        path = f'{FOLDER}/{name}-{width}.png'
        browser.picture(path)
        if os.environ.get('TEMPCLOUD_SCREENS'):
            subprocess.run(['pngquant', '--force', '--speed', '1', '--strip', '--output', path, '64', path], check=True)
        report(os.path.getsize(path) > 2000, f'{name} at {width} pixels')
        accessible(browser, name)

    try:
        browser.go('/demo')
        take('people')
        browser.go(mailed_link('info@kuestenjobs.example'))
        take('link', 'Nordlicht Logistik AG')
        browser.sign_in('anna@nordlicht.example', '/partners')
        take('partners', 'FlexWerk Nord')
        browser.click('Anbieter einladen')
        browser.fill(email='info@deichpersonal.example', company_name='Deichpersonal', given_name='Bente', family_name='Beck')
        take('invite')
        browser.go('/invitations/sent')
        take('sent', 'Hafenhilfe')
        browser.go('/invitations/received')
        take('received', 'Hansa Zeitarbeit')
        browser.click('Einladung von Hansa Zeitarbeit akzeptieren')
        take('accept', 'nie wieder')
        browser.go('/invite/many')
        browser.run('document.querySelector("textarea").value = arguments[0]', TABLE)
        browser.click('Prüfen')
        take('many', '2 von 4')
        browser.go('/partners')
        browser.click('FlexWerk Nord')
        take('partner', 'Dauerhaft')
        browser.go('/activity')
        take('activity', 'Einladung angenommen')
        browser.go('/company')
        take('company')
        browser.click('Adem Aydın')
        take('colleague', 'Einsicht')
        browser.go('/requests')
        browser.click('Personal bestellen')
        take('order')
        browser.sign_in('beate@hansa-zeit.example', '/requests')
        take('requests', 'Servicekraft')
        browser.click('Servicekraft')
        take('names', 'Silvesterwoche')
        browser.go('/requests')
        browser.click('Reinigungskraft')
        take('answer')
        browser.go('/outbox')
        take('outbox')
        report(not browser.console(), 'the console is empty')
    finally:
        browser.quit()


def wide():
    pictures(1280, 820)


def narrow():
    pictures(360, 740)


run(wide, narrow)
