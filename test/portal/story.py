"""The whole story in two browsers side by side: neither reloads a page."""
from browser import Browser, eventually, mailed_link, note, report, run

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
    seconds = anna.sees('Angenommen', '#list', 5)
    report(seconds and seconds < 1, 'the acceptance appears at the other side within a second')
    note(f'after {seconds or 0:.2f} s')
    report(not anna.reloaded(), 'without a reload')
    report(bob.sees('Kunde & <Söhne> AG', '#list'), 'the customer is among "Kunden"')
    report(bob.text('h1') == 'Kunden', 'which the menu is called')


def both_see_each_other():
    bob.click('Kunde & <Söhne> AG')
    report(bob.sees('Berlin', 'dialog[open] dl'), 'the panel of a partner has the company')
    bob.click('Kontakte 1')
    report(bob.sees('Anna Alt', 'dialog[open]'), 'and the contacts')
    report('anna@kunde.example' in bob.text('dialog[open]'), 'with their address')
    anna.click('Anbieter', inside='#tabs')
    anna.click('Anbieter GmbH')
    report(anna.sees('+49 30 123456', 'dialog[open] dl'), 'the customer sees the provider')


def an_old_link():
    bob.go(mailed_link('bob@anbieter.example'))
    report(bob.sees('angenommen', 'h1'), 'a used link says what has become of it')
    bob.go('/invitation#tci_' + 'x' * 48)
    report(bob.sees('unvollständig', 'h1'), 'a damaged one that it is damaged')


def nothing_complains():
    for browser in (anna, bob):
        complaints = browser.console()
        report(not complaints, f'the console of {browser.name} is empty')
        for complaint in complaints:
            note(complaint)


try:
    run(a_customer_invites, a_provider_accepts, both_see_each_other, an_old_link, nothing_complains)
finally:
    anna.quit()
    bob.quit()
