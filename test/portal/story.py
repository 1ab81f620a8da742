"""The whole story in two browsers side by side: neither reloads a page."""
from browser import Browser, eventually, mailed_link, mails, note, prompt, report, run

anna = Browser('Anna')
bob = Browser('Bob')


def a_customer_invites():
    anna.sign_in('anna@kunde.example')
    report(anna.path == '/register', 'somebody without an account is led to registering')
    anna.one('input[value=customer]').click()
    anna.fill(company_name='Kunde & <Söhne> AG', given_name='Anna', family_name='Alt', city='Berlin')
    anna.click('Registrieren')
    report(anna.sees('Ihre Firma ist registriert'), 'a customer registers')
    report(anna.text('h1') == 'Anbieter', 'and sees the menu "Anbieter"')

    anna.click('Anbieter einladen')
    panel = anna.one('dialog[open]')
    box = eventually(lambda: (lambda rect: rect if rect['x'] + rect['width'] == 1280 else None)(panel.rect), 2)
    report(box and box['y'] == 0 and box['height'] == 820, 'a panel at the right edge opens')
    report(panel.value_of_css_property('background-color') == 'rgba(255, 255, 255, 1)', 'it is white')
    report(anna.run('return document.activeElement.name') == 'email', 'and its first field has the focus')
    anna.fill(email='bob')
    anna.click('Einladung senden')
    report(anna.sees('gültige E-Mail-Adresse', '#error-email'), 'a wrong address is refused at its field')
    report(anna.run('return document.activeElement.name') == 'email', 'which has the focus again')
    anna.fill(email='bob@anbieter.example', company_name='Anbieter GmbH', given_name='Bob', family_name='Berg',
              message='Guten Tag, Bob! <script>alert(1)</script>')
    anna.click('Einladung senden')
    report(anna.sees('Einladung gesendet', '#status'), 'the invitation is sent')
    report(anna.path == '/invitations/sent', 'and "Einladungen gesendet" is shown')
    report(anna.sees('Anbieter GmbH', '#list'), 'with the company')
    report(eventually(lambda: not anna.all('dialog[open]')), 'the panel has gone')


def a_provider_accepts():
    link = mailed_link('bob@anbieter.example')
    bob.go(link)
    report(bob.sees('Kunde & <Söhne> AG', 'h1'), 'the mailed link tells who invites')
    report(bob.sees('Guten Tag, Bob! <script>alert(1)</script>', 'blockquote'), 'and the words, as text')
    report('#' not in bob.path, 'the secret leaves the address')
    bob.click('Anmelden')
    bob.click('Anmelden', 'button')
    report(bob.sees('Kunde & <Söhne> AG', 'h1'), 'after signing in the invitation is back')
    bob.click('Firma registrieren')
    report(bob.one('#f-company_name').get_attribute('value') == 'Anbieter GmbH', 'the form knows what was invited')
    bob.fill(phone='keines')
    bob.click('Registrieren')
    report(bob.sees('+49 30 123456', '#error-phone'), 'what is wrong stands at the field')
    bob.fill(phone='+49 30 123456')
    bob.click('Registrieren')
    report(bob.sees('Meine Einladungen'), 'the provider registers')
    report(bob.text('.menu .badge').startswith('1'), 'a badge tells of the invitation')

    anna.mark()
    bob.click('Einladung von Kunde & <Söhne> AG akzeptieren')
    report(bob.sees('nie wieder rückgängig', 'dialog[open]'), 'a dialog says that it is for ever')
    report(not anna.sees('Angenommen', '#list', 0.5), 'opening it accepts nothing')
    bob.click('Endgültig akzeptieren')
    seconds = anna.sees('Angenommen', '#list')
    report(prompt(seconds), 'the acceptance appears at the other side within a second')
    note(f'after {seconds or 0:.2f} s')
    report(not anna.reloaded(), 'without a reload')
    report(bob.sees('Kunde & <Söhne> AG', '#list'), 'the customer is among "Kunden"')
    report(bob.text('h1') == 'Kunden', 'which the menu is called')


def both_see_each_other():
    bob.click('Kunde & <Söhne> AG')
    report(bob.sees('Berlin', 'dialog[open] dl'), 'the panel of a partner has the company')
    bob.click('Kontakte')
    report(bob.sees('Anna Alt', 'dialog[open]'), 'and the contacts')
    report('anna@kunde.example' in bob.text('dialog[open]'), 'with their address')
    anna.click('Anbieter', inside='#tabs')
    anna.click('Anbieter GmbH')
    report(anna.sees('+49 30 123456', 'dialog[open] dl'), 'the customer sees the provider')


def an_order():
    anna.go('/requests')
    report(not bob.all('.menu a[href="/orders/new"]'), 'a provider is offered no orders')
    bob.go('/requests')
    report('Personal bestellen' not in bob.text(), 'nor a button for them')
    bob.mark()
    anna.click('Personal bestellen')
    anna.one('dialog[open] [name=p0-profession]').send_keys('Staplerfahrer')
    anna.one('[name=p0-location]').send_keys('Berlin')
    anna.run("document.querySelector('[name=p0-provider_id]').selectedIndex = 1")
    shift = {'from': '2031-01-06', 'until': '2031-01-07', 'starts': '22:00', 'ends': '06:00', 'headcount': '0'}
    for name, value in shift.items():
        anna.run('document.querySelector(arguments[0]).value = arguments[1]', f'[name=p0-s0-{name}]', value)
    anna.click('Bestellung senden')
    report(anna.sees('1 to 1000 people', '#e-p0-s0'), 'a shift for nobody is refused at its row')
    anna.run("document.querySelector('[name=p0-s0-headcount]').value = 2")
    anna.click('Weitere Schicht')
    report(eventually(lambda: anna.one('[name=p0-s1-from]').get_attribute('value') == '2031-01-08'), 'the next row is the next day')
    anna.click('Bestellung senden')
    report(anna.sees('Bestellung gesendet', '#status'), 'the order is sent')
    seconds = bob.sees('Staplerfahrer', '#list')
    report(prompt(seconds), 'the provider sees it within a second')
    report(eventually(lambda: bob.text('.menu .badge').startswith('1')), 'and the badge')
    bob.click('Staplerfahrer')
    report(len(bob.one('dialog[open]').find_elements('css selector', '.count')) == 3, 'three shifts: two nights, and one more')
    bob.run("document.querySelectorAll('.count')[1].value = 1")
    bob.click('Annehmen')
    report(anna.sees('Angenommen', '#list .row'), 'the customer sees the answer')
    anna.click('Staplerfahrer')
    report(anna.sees('0 von 5 benannt', 'dialog[open]'), 'five places are offered')
    bob.click('Staplerfahrer')
    fields = bob.one('.names input') and bob.all('.names input')
    report(len(fields) == 5, 'the provider has a field for each place')
    for number, field in enumerate(fields):
        field.send_keys(f'Petra Pfeil {number}')
    bob.click('Namen speichern')
    report(anna.sees('Petra Pfeil 4', 'dialog[open]'), "the open panel of the customer gets the names by itself")
    anna.click('Absagen')
    anna.click('Absagen', 'button')
    report(anna.all('#f-reason:invalid') or anna.sees('füllen Sie', '#error-reason'), 'no cancellation without a reason')
    anna.fill(reason='Auftrag verschoben')
    anna.click('Absagen', 'button')
    report(bob.sees('Abgesagt', '#list'), 'the provider sees the cancellation')
    report(not bob.reloaded(), 'all of it without a reload')


def a_colleague_reads():
    anna.go('/company')
    anna.mark()
    anna.click('Person hinzufügen')
    anna.fill(given_name='Vera', family_name='Voss', email='vera@kunde.example')
    anna.one('input[value=viewer]').click()
    anna.click('Speichern', inside='dialog[open]')
    report(anna.sees('Vera Voss', '#contacts'), 'an owner adds a colleague who only reads')
    vera = Browser('Vera')
    try:
        vera.go(mailed_link('vera@kunde.example'))
        vera.click('Anmelden')
        vera.one('#f-email').send_keys('vera@kunde.example')
        vera.click('Anmelden', 'button')
        report(vera.sees('Ihre Adresse ist bestätigt'), 'the colleague joins by the mailed link')
        report(anna.sees('Kann sich anmelden', '#contacts li:last-child'), 'the owner sees it')
        report(not anna.reloaded(), 'without a reload')
        vera.go('/partners')
        report(vera.sees('Anbieter GmbH', '#list') and 'Anbieter einladen' not in vera.text(), 'who only reads has no button to invite')
        vera.go('/company')
        report(not vera.all('form[action="/company"] .primary'), 'nor one to change the company')
        vera.go('/invite')
        vera.fill(email='x@anbieter.example')
        vera.click('Einladung senden')
        report(vera.sees('nicht berechtigt', '.notice'), 'a form that is sent anyway is refused')
        report(vera.sees('Anna Alt', '.notice'), 'with the name of who may')
    finally:
        vera.quit()


def many_at_once():
    anna.go('/invite/many')
    anna.one('#f-csv').send_keys('E-Mail;Firma\neins@viele.example;Eins\nkein at;Zwei\nbob@anbieter.example;Drei\n'
                                 'vier@viele.example;"Vier; und <Söhne>"')
    anna.click('Prüfen')
    report(anna.sees('2 von 4 Zeilen', 'form'), 'a table is checked before it is sent')
    report('gültige E-Mail-Adresse' in anna.text('tr:nth-child(2)'), 'with what is wrong with a line')
    report('bereits zusammen' in anna.text('tr:nth-child(3)'), 'or with another')
    anna.go('/invitations/sent')
    report('Eins' not in anna.text('#list'), 'checking sends nothing')
    anna.go('/invite/many')
    anna.one('#f-csv').send_keys('eins@viele.example\n')
    anna.click('Prüfen')
    anna.click('1 Einladung senden')
    report(anna.sees('eins@viele.example', '#list'), 'sending sends')


def keyboard_only():
    from selenium.webdriver.common.keys import Keys
    anna.go('/partners')
    active = lambda: anna.driver.switch_to.active_element
    active().send_keys(Keys.TAB)
    report(active().text == 'Zum Inhalt', 'the first key leads past the menu')
    active().send_keys(Keys.ENTER)
    for _ in range(20):
        active().send_keys(Keys.TAB)
        if active().text == 'Anbieter einladen':
            break
    active().send_keys(Keys.ENTER)
    report(eventually(lambda: active().get_attribute('name') == 'email'), 'the panel opens by a key, at its first field')
    active().send_keys('taste@anbieter.example', Keys.ENTER)
    report(anna.sees('Einladung gesendet', '#status'), 'Enter sends it')
    anna.go('/partners')
    anna.one('.heading .primary').send_keys(Keys.ENTER)
    eventually(lambda: active().get_attribute('name') == 'email')
    active().send_keys(Keys.ESCAPE)
    report(eventually(lambda: active().text == 'Anbieter einladen'), 'Escape closes it, and the focus is back')


def a_telephone():
    anna.size(360, 740)
    for path in ('/partners', '/invitations/sent', '/invitations/received', '/requests', '/company', '/invite', '/orders/new', '/outbox', '/demo'):
        anna.go(path)
        report(anna.run('return document.documentElement.scrollWidth') <= 360, f'{path} fits into 360 pixels')
    anna.size(1280)


def without_script():
    plain = Browser('Ohne', script=False)
    try:
        plain.sign_in('bob@anbieter.example', '/partners')
        plain.click('Kunden einladen')
        plain.fill(email='ohne@kunde.example')
        plain.click('Einladung senden')
        report(plain.sees('ohne@kunde.example', '#list'), 'without its script the portal invites as well')
        plain.click('ohne@kunde.example')
        plain.click('Zurückziehen')
        report(plain.sees('Zurückgezogen', '#list'), 'and withdraws')
    finally:
        plain.quit()


def an_old_link():
    bob.go(mailed_link('bob@anbieter.example'))
    report(bob.sees('angenommen', 'h1'), 'a used link says what has become of it')
    old = mailed_link('eins@viele.example')
    anna.go('/invitations/sent')
    anna.click('eins@viele.example')
    anna.click('Erneut senden')
    report(anna.sees('Einladung erneut gesendet', '#status'), 'an invitation is sent again')
    eventually(lambda: len(mails('eins@viele.example')) == 2, 30)
    bob.go(old)
    report(bob.sees('neueren Link', 'h1'), 'the link of the first mail says that there is a newer one')
    bob.click('Neueste E-Mail noch einmal senden')
    report(bob.sees('unterwegs', 'h2'), 'it can be asked for')
    report(eventually(lambda: len(mails('eins@viele.example')) == 3, 30), 'and comes')
    bob.go('/invitation#tci_' + 'x' * 48)
    report(bob.sees('unvollständig', 'h1'), 'a damaged one that it is damaged')


def nothing_complains():
    for browser in (anna, bob):
        complaints = browser.console()
        report(not complaints, f'the console of {browser.name} is empty')
        for complaint in complaints:
            note(complaint)


try:
    run(a_customer_invites, a_provider_accepts, both_see_each_other, an_order, a_colleague_reads, many_at_once, keyboard_only, a_telephone,
        without_script, an_old_link, nothing_complains)
finally:
    anna.quit()
    bob.quit()
