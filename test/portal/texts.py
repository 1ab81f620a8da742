"""The words of the screens: in both languages, for every error word and every event, and none too many."""
import json
import re
from pathlib import Path

from browser import note, report

ROOT = Path(__file__).parents[2]
PORTAL = ROOT / 'portal'
# that no screen can cause: tokens are sent by POST, views are read, claims are of the transaction
NEVER = {'post_only', 'read_only', 'session_claims'}

# that are told, but not in the history
UNRECORDED = {'account.changed', 'contact.changed', 'invitation.delivery'}

texts = {language: json.loads((PORTAL / f'texts/{language}.json').read_text(encoding='utf-8')) for language in ('de', 'en')}
german = set(texts['de'])
report(german == set(texts['en']), 'both languages have the same texts')
for key in german:
    places = [sorted(re.findall(r'{\w+}', texts[language][key])) for language in ('de', 'en')]
    if places[0] != places[1]:
        report(False, f'{key} has the same places in both')

words = set(re.findall(r'= {PT\d+, "(\w+)"', (ROOT / 'src/base/refusal.c').read_text(encoding='utf-8')))
missing = {word for word in words - NEVER if f'error.{word}' not in german}
report(words and not missing, 'every error word has a message')
note(f'{len(words)} words; without a message: {missing}')
events = set(re.findall(r'"((?:account|contact|invitation|request)\.\w+)"', (ROOT / 'src/rule/event.c').read_text(encoding='utf-8')))
missing = {event for event in events - UNRECORDED if f'event.{event}' not in german}
report(events and not missing, 'every event has words')
note(f'{len(events)} events; without words: {missing}')

sources = {path: path.read_text(encoding='utf-8') for kind in ('html', 'py') for path in PORTAL.rglob(f'*.{kind}')}
used, begun = set(), {'error.', 'hint.', 'event.', 'done.'}
for text in sources.values():
    used |= set(re.findall(r"""(?:\bt|\bn|plain|words\.has)\(['"]([a-z_.]+[a-z_])['"][,)]""", text))
    used |= set(re.findall(r"""'((?:many|problem|sent|leave|contact|accept|link)\.[a-z_.]+[a-z_])'""", text))
    begun |= set(re.findall(r"""['"]([a-z_.]+\.)['"] ~""", text))
used = {key for key in used if not key.endswith('.html')} - {f'contact.{what}' for what in ('removed', 'left')}     # templates, events
report(used <= german, 'every text that is named is there')
note(f'not there: {used - german}')
idle = {key for key in german - used if not key.startswith(tuple(begun)) and not key.endswith('.one') and key not in str(sources.values())}
report(not idle, 'no text is idle')
note(f'idle: {sorted(idle)}')
