"""The words on the screens, in German and English, and how dates and names are written."""
import json
import re
from datetime import timezone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from markupsafe import Markup, escape

LANGUAGES = ('de', 'en')
FOLDER = Path(__file__).parent / 'texts'
MONTHS = {
    'de': 'Jan. Feb. März Apr. Mai Juni Juli Aug. Sep. Okt. Nov. Dez.'.split(),
    'en': 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(),
}
DAYS = {'de': 'Mo Di Mi Do Fr Sa So'.split(), 'en': 'Mon Tue Wed Thu Fri Sat Sun'.split()}


def read(language):
    return json.loads((FOLDER / f'{language}.json').read_text(encoding='utf-8'))


# to choose from; the database knows more
ZONES = [(zone, zone.replace('_', ' ')) for zone in sorted(available_timezones()) if re.match('(Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/', zone)]
TEXTS = {language: read(language) for language in LANGUAGES}


def choose(accepted):
    """The language of an Accept-Language header: the first that there is, else German."""
    for part in re.findall(r'[a-zA-Z]+', re.sub(r';[^,]*|-[^,;]*', '', accepted or '')):
        if part.lower() in LANGUAGES:
            return part.lower()
    return LANGUAGES[0]


class Wording:
    """The words and forms of one page."""

    def __init__(self, language, zone):
        self.language = language
        self.texts = TEXTS[language]
        self.zone = ZoneInfo(zone)

    def t(self, key, **values):
        """A text; what is put into it is escaped."""
        text = self.texts[key]
        if not values:
            return text
        return Markup(str(escape(text)).format(**{name: Markup('<b>{}</b>').format(value) if name == 'company' else escape(value)
                                            for name, value in values.items()}))

    def n(self, key, number):
        """A text with a number in it."""
        return self.t(f'{key}.one' if number == 1 else key, n=number)

    def plain(self, key, **values):
        """A text for an attribute or a title."""
        return self.texts[key].format(**values)

    def has(self, key):
        return key in self.texts

    def event(self, name):
        """What has happened, in words; its name where there are none yet."""
        return self.texts.get(f'event.{name}', name)

    def at(self, zone):
        """The same words, with the times of another place."""
        return Wording(self.language, zone) if zone != self.zone.key else self

    def local(self, time):
        return time.astimezone(self.zone)

    def day(self, time):
        local = self.local(time)
        point = '.' if self.language == 'de' else ''
        return f'{local.day}{point} {MONTHS[self.language][local.month - 1]} {local.year}'

    def clock(self, time):
        return f'{self.local(time):%H:%M}'

    def date(self, time):
        """A day, as an element that has the exact time, too."""
        return self.element(time, self.day(time))

    def datetime(self, time):
        return self.element(time, f'{self.day(time)}, {self.clock(time)}')

    def month(self, time):
        return MONTHS[self.language][self.local(time).month - 1]

    def period(self, starts_at, ends_at):
        """The days from the first to the last."""
        if self.local(starts_at).date() == self.local(ends_at).date():
            return self.date(starts_at)
        return Markup('{} – {}').format(self.date(starts_at), self.date(ends_at))

    def weekday(self, time):
        return DAYS[self.language][self.local(time).weekday()]

    def shift(self, starts_at, ends_at):
        """A working time: the day, and the hours; the end has a day if it is another."""
        ends = self.clock(ends_at)
        if self.local(starts_at).date() != self.local(ends_at).date():
            ends = f'{self.weekday(ends_at)} {ends}'
        return f'{self.weekday(starts_at)} {self.day(starts_at)}, {self.clock(starts_at)}–{ends}'

    def element(self, time, text):
        exact = time.astimezone(timezone.utc).isoformat(timespec='seconds')
        title = f'{self.day(time)}, {self.clock(time)} {self.local(time):%Z}'
        return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, title, text)


def hint(text):
    """A hint without the name of the argument: the message stands at its field."""
    text = re.sub(r'^Argument "[^"]+" (is refused: )?', '', text or '')
    return text[:1].upper() + text[1:]


def initials(name):
    """Two letters for a company or person."""
    words = [word for word in re.split(r'[\W_]+', name or '') if word]
    return ''.join(word[0] for word in words[:2]).upper() or '?'


def hue(name):
    """A number from 0 to 5 for a name, the same each time: the colour of its initials."""
    return sum(name.encode()) % 6 if name else 0
