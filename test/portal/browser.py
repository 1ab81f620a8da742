"""A real browser for the tests of the portal, and how they report.

Each test is a function; report() prints one line for each check, which 031_portal.pl counts. What the
browser writes to its console, as a violation of the content security policy does, is a failure.
"""
import json
import os
import re
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BASE = os.environ.get('PORTAL', 'http://127.0.0.1:8080')
INBOX = os.environ.get('INBOX', '')
PATIENCE = 30

failures = 0
os.environ['LANGUAGE'] = 'de'      # of the browser's own words


def report(good, what):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} - {what}", flush=True)
    return good


def prompt(seconds):
    """Whether something came within a second; on a machine that is busy with other work, within ten."""
    return seconds and seconds < (1 if os.getloadavg()[0] < 2 * os.cpu_count() else 10)


def note(text):
    print(f'# {text}', flush=True)


def eventually(condition, seconds=PATIENCE):
    """What a condition returns, as soon as that is true; else None."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except (StaleElementReferenceException, IndexError):
            found = None
        if found or time.monotonic() > end:
            return found or None
        time.sleep(0.02)


class Browser:
    """A browser of its own, with its own cookies, at 1280 pixels or as a telephone."""

    def __init__(self, name, width=1280, height=820, script=True):
        options = webdriver.ChromeOptions()
        for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
                         '--force-device-scale-factor=1', f'--window-size={width},{height}', '--lang=de'):
            options.add_argument(argument)
        preferences = {'intl.accept_languages': 'de'}
        if not script:
            preferences['profile.managed_default_content_settings.javascript'] = 2
        options.add_experimental_option('prefs', preferences)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        self.name = name
        self.driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)
        self.size(width, height)

    def size(self, width, height=820):
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 500})

    def quit(self):
        self.driver.quit()

    def go(self, path):
        self.driver.get(path if path.startswith('http') else BASE + path)

    def sign_in(self, email, path='/'):
        """Choose somebody in the demo."""
        self.go(f'/demo?next={path}')
        field = self.one('#f-email')
        field.clear()
        field.send_keys(email, Keys.ENTER)
        eventually(lambda: '/demo' not in self.path)

    @property
    def path(self):
        return re.sub(r'^https?://[^/]+', '', self.driver.current_url)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, seconds=PATIENCE):
        found = eventually(lambda: self.all(selector), seconds)
        if not found:
            raise AssertionError(f'{self.name}: no {selector} on {self.path}: {self.text()[:400]}')
        return found[0]

    def text(self, selector='body'):
        try:
            return self.all(selector)[0].text
        except (IndexError, StaleElementReferenceException):
            return ''

    def sees(self, words, selector='body', seconds=PATIENCE):
        """Wait until words are shown; returns the seconds that took, or None."""
        start = time.monotonic()
        if eventually(lambda: words in self.text(selector), seconds):
            return max(time.monotonic() - start, 0.001)
        note(f'{self.name} on {self.path} sees: {self.text(selector)[:300]!r}')
        return None

    def click(self, words, selector='a, button, summary', inside=''):
        """Click what has these words."""
        def named():
            return [one for one in self.all(', '.join(f'{inside} {part}' for part in selector.split(', ')))
                    if one.is_displayed() and words in (' '.join(one.text.split()), one.get_attribute('aria-label'))]
        found = eventually(named)
        if not found:
            raise AssertionError(f'{self.name}: nothing says {words!r} on {self.path}: {self.text()[:400]}')
        self.run("arguments[0].scrollIntoView({block: 'center'})", found[0])
        found[0].click()

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.one(f'[name={name}]')
            if field.tag_name == 'select':
                self.run('arguments[0].value = arguments[1]', field, value)
            else:
                field.clear()
                field.send_keys(value)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def mark(self):
        """Write something on the page that a reload would lose."""
        self.run('window.marked = true')

    def reloaded(self):
        return not self.run('return window.marked === true')

    def console(self):
        """What the browser complains about, but for answers that are errors on purpose."""
        return [entry['message'] for entry in self.driver.get_log('browser')
                if not re.search(r'the server responded with a status of (4\d\d|503)', entry['message'])]

    def picture(self, path):
        self.driver.save_screenshot(path)


def mails(recipient):
    """The mails to an address, as the SMTP server has received them."""
    if not os.path.exists(INBOX):
        return []
    with open(INBOX, encoding='ascii') as lines:
        return [mail for mail in map(json.loads, lines) if mail['recipient'] == recipient]


def mailed_link(recipient):
    """The link of the newest mail to an address."""
    found = eventually(lambda: [link for mail in mails(recipient)
                                for link in re.findall(r'http://\S+#tc[a-z]_[\w-]+', mail['text'])], 30)
    if not found:
        raise AssertionError(f'no mail with a link to {recipient}')
    return found[-1]


def run(*tests):
    """Run the tests in order; one that breaks off is a failure, and the last."""
    for test in tests:
        start = time.monotonic()
        try:
            test()
        except (AssertionError, WebDriverException) as error:
            report(False, f'{test.__name__}: {str(error).splitlines()[0]}')
            break
        note(f'{test.__name__}: {time.monotonic() - start:.1f} s')
    sys.exit(1 if failures else 0)
