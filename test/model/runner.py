"""Runs steps against the extension and the model, and tells where they differ.

A step is a dict: its number n, the session s, what to do, who does it, and arguments.
What a step creates has a name that comes from its number (a contact of account 7 is
7c, its first mail 7cm1, the link in it that step 9 claimed 9/7cm1), so that steps mean the same whichever
others are left out. What does not exist is asked for all the same.
"""

import base64
import json
import pickle
import re
from datetime import datetime, timedelta, timezone

import psycopg2

from model import At, Model, Refused, Wrong

ERRORS = {
    'PT400': 'invalid_token invalid_email invalid_argument', 'PT401': 'not_signed_in',
    'PT403': 'no_account not_permitted email_unverified not_your_invitation not_your_request customers_only',
    'PT404': 'invitation_not_found contact_not_found partner_not_found request_not_found shift_not_found',
    'PT409': 'same_kind own_account other_address already_partners already_invited invited_you'
             ' already_registered already_joined email_taken last_owner has_colleagues partner_closed reference_taken request_open too_many_workers',
    'PT410': 'invitation_expired invitation_withdrawn invitation_declined invitation_accepted'
             ' invitation_superseded link_replaced link_expired address_changed request_accepted request_declined request_withdrawn'
             ' request_expired request_cancelled',
    'PT429': 'too_many_invitations too_many_resends too_many_mails too_many_confirmations too_many_requests resend_too_soon asked_recently declined_recently'}
LOCKED = '55P03'

TRANSACTION = {'begin', 'commit', 'rollback', 'savepoint', 'rollback_to'}
MAILER = {'claim_mail', 'mail_sent', 'mail_failed', 'mail_bounced', 'release_mail'}
ADMIN = {'retry_mail', 'maintain', 'erase_person'}
CREATING = {'register_account', 'add_contact', 'invite', 'invite_many', 'send_order', 'claim_mail'}
# What reads changes nothing, and may have seen what another transaction has changed since.
READING = {'preview_invitation', 'whoami', 'are_partners', 'look'}
# Where another transaction is open, the model cannot tell what these find or leave to others.
ALONE = MAILER | ADMIN | {'update_contact', 'set_role', 'remove_contact', 'update_account', 'unblock_account', 'leave_account', 'close_account'}
SESSIONS = 3

NOBODY = '00000000-0000-0000-0000-000000000000'
UNKNOWN_TOKEN = base64.urlsafe_b64encode(bytes(32) + bytes.fromhex('8a9136aa')).decode()   # zeros and their CRC-32C
VIEWS = ('my_account', 'my_contacts', 'partners', 'customers', 'providers', 'partner_contacts',
         'invitations_sent', 'invitations_received', 'requests_sent', 'requests_received', 'shifts')
TOLERANCE = 250         # seconds that a run may take, see Model.deadlines()

# Let time go by: what would be due later is due now. Accepted invitations are guarded.
PASS_TIME = """
ALTER TABLE tempcloud_data.invitation DISABLE TRIGGER invitation_guard, DISABLE TRIGGER invitation_guard_after;
UPDATE tempcloud_data.invitation SET created_at = created_at - d, sent_at = sent_at - d, expires_at = expires_at - d,
    reminded_at = reminded_at - d, asked_at = asked_at - d, decided_at = decided_at - d FROM make_interval(secs => %(s)s) d;
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_guard, ENABLE ALWAYS TRIGGER invitation_guard_after;
ALTER TABLE tempcloud_data.request DISABLE TRIGGER request_guard, DISABLE TRIGGER request_guard_after;
UPDATE tempcloud_data.request SET created_at = created_at - d, answer_by = answer_by - d, decided_at = decided_at - d
  FROM make_interval(secs => %(s)s) d;
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard, ENABLE ALWAYS TRIGGER request_guard_after;
UPDATE tempcloud_data.mail SET created_at = created_at - d, closed_at = closed_at - d,
    due_at = LEAST(due_at, GREATEST(due_at - d, clock_timestamp())) FROM make_interval(secs => %(s)s) d;
UPDATE tempcloud_data.confirmation_token SET issued_at = issued_at - make_interval(secs => %(s)s);
UPDATE tempcloud_data.invitation_token SET issued_at = issued_at - make_interval(secs => %(s)s)"""

MAILS = """
SELECT id, kind, COALESCE(invitation_id, contact_id, request_id)::text AS about, recipient, state, attempt, leased, error, concat('<', id, '@', message_domain, '>') AS message_id
  FROM tempcloud_data.mail ORDER BY id"""
EVENTS = "SELECT event, account_id::text, COALESCE(invitation_id, request_id)::text FROM tempcloud_data.event"
PARTNERSHIPS = "SELECT customer_id::text, provider_id::text, invitation_id::text FROM tempcloud_data.partnership"
WORKERS = "SELECT shift_id::text, place, worker_name FROM tempcloud_data.assignment WHERE replaced_at IS NULL"


class Difference(Exception):
    """The extension does not do what the model does."""


def copy(model):
    return pickle.loads(pickle.dumps(model))


class Session:
    def __init__(self, connection):
        self.connection = connection
        self.cursor = connection.cursor()
        self.end()

    def begin(self, committed):
        self.base = self.view = committed
        self.steps, self.savepoint, self.others = [], None, []

    def end(self):
        self.base, self.view, self.steps = None, None, []

    @property
    def open(self):
        return self.base is not None


class Runner:
    def __init__(self, dsn, settings):
        options = '-c lock_timeout=100 ' + ' '.join(
            f'-c tempcloud.{name}={str(value).lower()}' for name, value in settings.items())
        self.sessions = [Session(psycopg2.connect(dsn, options=options)) for _ in range(SESSIONS)]
        for session in self.sessions:
            session.connection.autocommit = True
        self.model = Model(settings)
        self.ids = {}           # of everything that has a name
        self.tokens = {}
        self.done = {}          # how often a command ended how

    def close(self):
        for session in self.sessions:
            session.connection.close()

    # -- one step

    def step(self, step):
        """Do a step and compare; returns whether it could be done."""
        session, do = self.sessions[step['s']], step['do']
        others = [o for o in self.sessions if o.open and o is not session]
        if (any(s['do'] in ALONE for o in others for s in o.steps) or others and do in ALONE
                or do == 'pass_time' and (others or session.open)):
            return False
        if do in TRANSACTION:
            return self.control(session, do)
        if do == 'pass_time':
            session.cursor.execute(PASS_TIME, {'s': self.model.pass_time(step['seconds'])})
            return True
        before = self.mails(session, self.views(session)[0]) if do in MAILER | ADMIN else {}
        outcome = self.call(session, step, before)
        if isinstance(outcome, str) and outcome == LOCKED and others:
            self.count(do, 'locked')
            return True
        self.compare(session, step, outcome)
        return True

    def control(self, session, do):
        if (do == 'begin') == session.open or do == 'rollback_to' and session.savepoint is None:
            return False
        session.cursor.execute({'savepoint': 'SAVEPOINT mine', 'rollback_to': 'ROLLBACK TO mine'}.get(do, do))
        if do == 'begin':
            session.begin(self.model)
        elif do == 'savepoint':
            session.savepoint = len(session.steps)
        elif do == 'rollback_to':
            del session.steps[session.savepoint:]
            session.view = None
        elif do == 'rollback':
            session.end()
        else:
            steps, (self.model, *_) = session.steps, self.decide(session)
            session.end()
            self.committed(steps)
        return True

    def committed(self, steps):
        for other in self.sessions:
            if other.open and steps:
                other.others += steps
                other.view = None

    def decide(self, session):
        """What holds once the session has committed: of two orders that which the database shows."""
        views = self.views(session)
        if not views:
            raise Difference('the transactions that ran at the same time fit into no order')
        fitting = [view for view in views if not self.of_database(view, session)] if len(views) > 1 else views
        if not fitting:
            raise Difference('\n'.join(self.of_database(views[0], session)))
        return fitting

    def views(self, session):
        """What the session's transaction may see: others' commits before its own steps, or after."""
        if not session.open:
            return [self.model]
        if session.view is not None:
            return [session.view]
        views = []
        for base, steps in ((self.model, session.steps), (session.base, session.steps + session.others)):
            view = copy(base)
            try:
                for step in steps:
                    apply(view, step)
            except (Refused, Wrong):
                continue
            if not any(vars(view) == vars(other) for other in views):
                views.append(view)
        if len(views) == 1:
            session.view = views[0]
        return views

    def call(self, session, step, before):
        """Returns what the command returned, or SQLSTATE and word."""
        sql, values = statement(step, self.ids, self.tokens, before)
        role = 'tempcloud_mailer' if step['do'] in MAILER else 'tempcloud_admin' if step['do'] in ADMIN else \
            'tempcloud_user' if step.get('who') else 'tempcloud_anonymous'
        if role == 'tempcloud_anonymous' and step['do'] not in ('preview_invitation', 'ask_again', 'decline_invitation_by_token'):
            role = 'tempcloud_user'
        claims = {'sub': step['who']} if step.get('who') else {}
        if 'claim' in step.get('args', {}):
            claims.update(email=step['args']['claim'], email_verified=step['args'].get('verified', True))
        prefix = f'SET LOCAL ROLE {role}; SET LOCAL request.jwt.claims = %(claims)s; '
        values['claims'] = json.dumps(claims) if claims else ''
        try:
            if session.open:
                session.cursor.execute('SAVEPOINT command')
            session.cursor.execute(prefix + sql, values)
            result = session.cursor.fetchone()[0]
            if session.open:
                session.cursor.execute('RELEASE command; RESET ROLE; RESET request.jwt.claims')
        except psycopg2.Error as error:
            if session.open:
                session.cursor.execute('ROLLBACK TO command; RELEASE command')
            if error.pgcode == LOCKED:
                return LOCKED
            word = error.diag.message_detail
            if word in ERRORS.get(error.pgcode, '').split():
                return Refused({word})
            raise Difference(f'{step["do"]} fails with {error.pgcode} {error} {word or ""}') from error
        self.learn(session, step, result, before)
        return result

    def learn(self, session, step, result, before):
        """Give names to what was created; see which mails were taken."""
        name, do = str(step['n']), step['do']
        if do == 'register_account':
            self.ids[name] = result['id']
            session.cursor.execute('SELECT id::text FROM tempcloud_data.contact WHERE account_id = %s', (result['id'],))
            self.ids[name + 'c'] = session.cursor.fetchone()[0]
        elif do in ('add_contact', 'invite'):
            self.ids[name] = result['id']
        elif do == 'invite_many':
            for k, row in enumerate(result or []):
                row['id'] = row['position']
                if row['invitation']:
                    self.ids[f'{name}.{k}'] = row['invitation']['id']
        elif do == 'send_order':
            for k, row in enumerate(result):
                self.learn_request(session, f'{name}.{k}', row['id'])
        elif do == 'assign_workers':
            for row in result:
                row['id'] = row['place']
        elif do == 'claim_mail':
            self.learn_mails(session, step, result, before)

    def learn_request(self, session, name, id):
        if id in self.ids.values():     # sent before
            return
        self.ids[name] = id
        session.cursor.execute('SELECT id::text FROM tempcloud_data.shift WHERE request_id = %s ORDER BY starts_at', (id,))
        for k, (shift,) in enumerate(session.cursor.fetchall()):
            self.ids[f'{name}.s{k}'] = shift

    def learn_mails(self, session, step, result, before):
        keys = {mail['id']: key for key, mail in before.items()}
        after = {keys[mail['id']]: mail for mail in self.query(session, MAILS)}
        for row in result:
            row['id'] = keys[row['id']]
            token = re.search(r'tc[ie]_[A-Za-z0-9_-]{48}', row['text_body'])
            row['token'] = token and token[0]
        result.sort(key=lambda row: row['id'])
        for row in result:
            if row['token']:
                name = f'{step["n"]}/{row["id"]}'
                self.tokens[name], row['token'] = row['token'], name
        step['seen'] = {'given': [row['id'] for row in result], **{
            state: [key for key in after if after[key]['state'] == state and before[key]['state'] != state]
            for state in ('dropped', 'suppressed', 'failed')}}

    def query(self, session, sql):
        session.cursor.execute(sql)
        return [dict(zip((c.name for c in session.cursor.description), row)) for row in session.cursor.fetchall()]

    def mails(self, session, model):
        """The outbox, by the model's names: those about the same are in the order in which they were written."""
        keys, mails = {}, {}
        for key, mail in model.mails.items():
            keys.setdefault(mail.about, []).append(key)
        for mail in self.query(session, MAILS):
            mail['about'] = self.named(mail['about'])
            left = keys.get(mail['about'])
            mails[left.pop(0) if left else f'{mail["about"]} {mail["id"]}'] = mail
        return mails

    # -- comparing

    def compare(self, session, step, outcome):
        """Keep what the extension did to the model, if it may do so."""
        reasons, fitting = [], []
        for view in self.views(session):
            view = copy(view)
            expected = outcome_of(view, step)
            found = list(self.differences(expected, outcome, step['do']))
            reasons += found
            if not found:
                fitting.append(view)
        if not fitting:
            raise Difference('\n'.join(reasons) or 'the transactions that ran at the same time fit into no order')
        ending = 'ok' if not isinstance(outcome, Refused) else str(outcome)
        self.count(step['do'], ending)
        if ending != 'ok' or step['do'] in READING:
            return
        if session.open:
            session.steps.append(step)
            session.view = fitting[0] if session.view is not None else None
        else:
            self.model = fitting[0]
            self.committed([step])

    def count(self, do, ending):
        self.done[do, ending] = self.done.get((do, ending), 0) + 1

    def differences(self, expected, actual, path):
        if isinstance(expected, Wrong):
            yield f'{path}: {expected}'
        elif isinstance(expected, Refused) or isinstance(actual, Refused):
            if not (isinstance(expected, Refused) and isinstance(actual, Refused) and actual.words <= expected.words):
                yield f'{path}: expected {spelled(expected)}, got {spelled(actual)}'
        elif isinstance(expected, dict):
            if not isinstance(actual, dict):
                yield f'{path}: expected {expected}, got {actual}'
                return
            for key, value in expected.items():
                yield from self.differences(value, actual.get(key), f'{path}.{key}')
        elif isinstance(expected, list):
            yield from self.list_differences(expected, actual or [], path)
        elif expected is None and path in ('unblock_account', 'remove_contact', 'leave_account', 'close_account'):
            pass
        elif isinstance(expected, At):
            if abs(seconds_from_now(actual) - (expected - self.model.now)) > TOLERANCE:
                yield f'{path}: expected in {expected - self.model.now} s, got {actual}'
        else:
            if path.endswith('_at') and isinstance(expected, bool):
                actual = actual is not None
            actual = self.named(actual)
            if actual not in expected if isinstance(expected, set) else actual != expected:
                yield f'{path}: expected {expected!r}, got {actual!r}'

    def list_differences(self, expected, actual, path):
        if not any(isinstance(row, dict) for row in expected + actual):
            if expected != actual:
                yield f'{path}: expected {expected}, got {actual}'
            return
        wanted, found = ({self.named(row['id']): row for row in rows} for rows in (expected, actual))
        if sorted(map(str, wanted)) != sorted(map(str, found)) or len(found) != len(actual):
            yield f'{path}: expected the rows {sorted(map(str, wanted))}, got {sorted(self.named(row["id"]) for row in actual)}'
            return
        for key, row in wanted.items():
            yield from self.differences(row, found[key], f'{path}[{key}]')
        if path.endswith('invitations_received'):
            states = [row['status'] for row in actual]
            last = max((k for k, status in enumerate(states) if status == 'pending'), default=0)
            if set(states[:last]) - {'pending', 'expired'}:
                yield f'{path}: the pending ones do not come first: {states}'

    def named(self, value):
        if isinstance(value, str) and re.fullmatch(r'[0-9a-f-]{36}', value):
            return next((name for name, id in self.ids.items() if id == value), value)
        return value

    def check(self):
        """Compare all there is, with no transaction open."""
        session = self.sessions[0]
        for who in sorted({c.subject for c in self.model.contacts.values() if c.subject}):
            self.step({'n': -1, 's': 0, 'do': 'look', 'who': who})
        found = self.of_database(self.model, session)
        if found:
            raise Difference('\n'.join(found))

    def of_database(self, model, session):
        """What is different in the tables."""
        found = []
        for name, wanted, rows in (
                ('partnerships', [(*pair, p['invitation_id']) for pair, p in model.partnerships.items()],
                 self.query(session, PARTNERSHIPS)),
                ('workers', [(s.id, k + 1, name) for s in model.shifts.values() for k, name in enumerate(s.workers)],
                 self.query(session, WORKERS)),
                ('events', model.events, self.query(session, EVENTS)),
                ('mails', [(key, m.kind, m.recipient, m.state, m.attempt, m.leased, m.error) for key, m in model.mails.items()],
                 [{k: m[k] for k in ('key', 'kind', 'recipient', 'state', 'attempt', 'leased', 'error')}
                  for m in ({'key': key, **m} for key, m in self.mails(session, model).items())])):
            there = sorted((tuple(map(self.named, row.values())) for row in rows), key=repr)
            wanted = sorted(wanted, key=repr)
            if there != wanted:
                found.append(f'{name}: expected {[w for w in wanted if w not in there]} in addition'
                             f' and not {[t for t in there if t not in wanted]}')
        return found


def statement(step, ids, tokens, mails):
    """The SQL of a command and its parameters."""
    do, values = step['do'], {k: v for k, v in step.get('args', {}).items() if k not in ('claim', 'verified')}
    if do == 'look':
        return 'SELECT jsonb_build_object(' + ', '.join(
            f"'{view}', (SELECT jsonb_agg(v) FROM tempcloud.{view} v)" for view in VIEWS) + ')', {}
    if 'mail' in values:
        mail = mails.get(values.pop('mail'), {'id': NOBODY, 'message_id': '<unknown>'})
        values.update(message_id=mail['message_id']) if do == 'mail_bounced' else values.update(id=mail['id'])
    if 'mails' in values:
        values['ids'] = [mails[key]['id'] if key in mails else NOBODY for key in values.pop('mails')]
    for key in set(values) & {'id', 'contact_id', 'shift_id', 'request_id', 'a', 'b'} if do not in MAILER | ADMIN else ():
        values[key] = ids.get(values[key], NOBODY)
    if 'token' in values:
        prefix = 'tce_' if do == 'confirm_email' else 'tci_'
        values['token'] = {'malformed': 'tci_x'}.get(values['token']) or tokens.get(values['token'], prefix + UNKNOWN_TOKEN)
    if 'invitations' in values:
        values['invitations'] = json.dumps(values['invitations'])
    if 'requests' in values:
        values.update(name='Bestellung', requests=json.dumps([wish_as_json(wish, ids) for wish in values['requests']]))
    if 'shifts' in values:
        values['shifts'] = json.dumps([{'id': ids.get(shift, NOBODY), 'headcount': n} for shift, n in values['shifts']])
    if 'lease' in values:
        values['lease'] = f'{values["lease"]} s'
    types = {'ids': '::uuid[]', 'invitations': '::jsonb', 'lease': '::interval', 'requests': '::jsonb',
             'shifts': '::jsonb', 'workers': '::text[]'}
    arguments = ', '.join(f'{key} => %({key})s{types.get(key, "")}' for key in values)
    if do in ('invite_many', 'claim_mail', 'send_order', 'assign_workers'):
        return f"SELECT COALESCE(jsonb_agg(r), '[]') FROM tempcloud.{do}({arguments}) r", values
    return f'SELECT to_jsonb(tempcloud.{do}({arguments}))', values


def wish_as_json(wish, ids):
    """Shifts are on days of their own far ahead, so that the same order is the same whenever it is sent."""
    shifts = [{'starts_at': f'2100-01-{day + 1:02} 06:00Z', 'ends_at': f'2100-01-{day + 1:02} 14:00Z', 'headcount': n}
              for day, n in enumerate(wish['shifts'])]
    answer_by = {'answer_by': str(datetime.now(timezone.utc) + timedelta(seconds=wish['answer_in']))} if 'answer_in' in wish else {}
    return {'provider_id': ids.get(wish['provider_id'], NOBODY), 'profession': wish['profession'], 'location': 'Berlin',
            'shifts': shifts, **answer_by}


def apply(model, step):
    """Do a step to the model, as its method of the same name does."""
    do, arguments = step['do'], dict(step.get('args', {}))
    if do in CREATING:
        arguments['name'] = str(step['n'])
    if do == 'claim_mail':
        arguments['seen'] = step['seen']
    elif do not in MAILER | ADMIN:
        arguments['who'] = step.get('who')
    return getattr(model, do)(**arguments)


def outcome_of(model, step):
    try:
        return apply(model, step)
    except (Refused, Wrong) as answer:
        return answer


def spelled(outcome):
    return str(outcome) if isinstance(outcome, Refused) else 'success'


def seconds_from_now(timestamp):
    return (datetime.fromisoformat(timestamp) - datetime.now(timezone.utc)).total_seconds()
