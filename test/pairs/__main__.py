#!/usr/bin/python3
"""Every two commands that can meet, at every isolation level.

Makes a database of its own on the server that PGHOST and so on name, as superuser. Of
each two commands of a scene (scenes.py) the first is done in an open transaction, then
the second in another, whose snapshot is older; then the first one commits, or rolls back;
or it commits in between; or both come at once; or the first one is stopped in its midst,
at each of the rows that it locks, while the second begins. What comes of it, all results and
all rows, must be what comes of one after the other, in either order; and whoever got 40001
tries again. There must be no other error than the API's, and no deadlock, and nobody waits
for who locks nothing that they lock. With a server of its own:

    scripts/with-cluster -c fsync=off -c deadlock_timeout=100ms /usr/bin/python3 test/pairs ...

    --scene NAME        only that one
    --sample 200        so many cases, chosen by --seed, and all of the dangerous pairs;
                        all otherwise
"""

import argparse
import collections
import concurrent.futures
import itertools
import random
import re
import sys
import time

import psycopg2

from scenes import DANGEROUS, SCENES, SKIPPING

DATABASE = 'tempcloud_pairs'
LEVELS = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
WAYS = ('commit', 'rollback', 'commit between', 'at once')
DEADLOCK = '40P01'
ROLES = {'admin': 'tempcloud_admin', 'mailer': 'tempcloud_mailer', None: 'tempcloud_anonymous'}
SETTINGS = {'resend_interval': '0', 'reinvite_after': '0', 'max_daily_requests': '-1'}

# All that there is of the people of a case, without keys, times and secrets
STATE = r"""
WITH company AS (SELECT id, kind, closed_at, company_name::text AS name FROM tempcloud_data.account WHERE id >= %(since)s AND company_name LIKE '%%' || %(suffix)s),
sent AS (SELECT i.*, c.name AS inviter FROM tempcloud_data.invitation i JOIN company c ON c.id = inviter_id),
asked AS (SELECT r.*, o.name AS order_name, o.reference FROM tempcloud_data.request r JOIN tempcloud_data.staff_order o ON o.id = order_id
			JOIN company c ON c.id = r.customer_id)
SELECT concat_ws(' ', 'account', kind, name, closed_at IS NOT NULL) FROM company
 UNION ALL
SELECT concat_ws(' ', 'contact', name, given_name, email, email_verified_at IS NOT NULL, subject, role, removed_at IS NOT NULL)
  FROM tempcloud_data.contact c JOIN company ON company.id = account_id
 UNION ALL
SELECT concat_ws(' ', 'invitation', inviter, email, 'to', name, invitee_kind, status, round, reason, decided_at IS NOT NULL, expires_at > now(), decided_by IS NOT NULL)
  FROM sent LEFT JOIN company c ON c.id = invitee_id
 UNION ALL
SELECT concat_ws(' ', 'partnership', a.name, b.name, i.inviter)
  FROM tempcloud_data.partnership p JOIN company a ON a.id = customer_id JOIN company b ON b.id = provider_id LEFT JOIN sent i ON i.id = invitation_id
 UNION ALL
SELECT concat_ws(' ', 'block of', a.name, email, 'by', b.name)
  FROM tempcloud_data.block x JOIN company a ON a.id = inviter_id LEFT JOIN company b ON b.id = account_id
 UNION ALL
SELECT concat_ws(' ', 'mail', kind, recipient, state, m.round, leased, attempt, error) FROM tempcloud_data.mail m WHERE id >= %(since)s AND recipient LIKE '%%' || %(suffix)s || '%%'
 UNION ALL
SELECT concat_ws(' ', 'event', event, 'of', a.name, 'to', b.name, role)
  FROM tempcloud_data.event e JOIN company a ON a.id = e.account_id LEFT JOIN company b ON b.id = e.partner_id
 UNION ALL
SELECT concat_ws(' ', 'link of', email, count(*)) FROM tempcloud_data.invitation_token JOIN sent ON sent.id = invitation_id GROUP BY sent.id, email
 UNION ALL
SELECT concat_ws(' ', 'request', order_name, reference, profession, r.status, r.reason, w.accepted) FROM asked r LEFT JOIN tempcloud_data.request_answer w ON w.request_id = r.id
 UNION ALL
SELECT concat_ws(' ', 'shift', profession, starts_at, headcount, offered, (SELECT string_agg(concat(worker_name, CASE WHEN replaced_at IS NOT NULL THEN ' (replaced)' END), ',' ORDER BY replaced_at IS NOT NULL, place, worker_name) FROM tempcloud_data.assignment a WHERE a.shift_id = s.id))
  FROM tempcloud_data.shift s JOIN asked r ON r.id = s.request_id
"""

# The rows of a case at which a command can be stopped, in the order in which they came
ROWS = r"""
WITH company AS (SELECT id FROM tempcloud_data.account WHERE id >= %(since)s AND company_name LIKE '%%' || %(suffix)s)
SELECT name, id FROM (
	SELECT 'account', id::text FROM company
	 UNION ALL
	SELECT 'contact', c.id::text FROM tempcloud_data.contact c JOIN company ON company.id = account_id
	 UNION ALL
	SELECT 'invitation', i.id::text FROM tempcloud_data.invitation i JOIN company c ON c.id = inviter_id
	 UNION ALL
	SELECT 'request', r.id::text FROM tempcloud_data.request r JOIN company c ON c.id = customer_id
	 UNION ALL
	SELECT 'mail', id::text FROM tempcloud_data.mail WHERE id >= %(since)s AND recipient LIKE '%%' || %(suffix)s || '%%') AS r (name, id)
 ORDER BY name, id
"""


def connect():
    connection = psycopg2.connect(dbname=DATABASE)
    connection.autocommit = True
    return connection


class World:
    """The people of a case, and what the scene has made of them."""
    numbers = itertools.count(1)

    def __init__(self, connection):
        self.suffix = f'z{next(self.numbers)}z'
        self.cursor = connection.cursor()
        self.values = {}
        # Keys grow: what is older is none of its rows.
        self.cursor.execute("SELECT tempcloud_data.new_id()")
        self.names = dict(since=self.cursor.fetchone()[0], suffix=self.suffix)

    def __setitem__(self, name, value):
        self.values[name] = value

    def sql(self, text):
        text = re.sub(r'\{(\w+)\}', lambda m: f"'{self.values[m[1]]}'" if m[1] in self.values else m[0], text)
        return text.replace('~', self.suffix)

    def claims(self, who):
        name = f'{who}{self.suffix}'
        return f'{{"sub":"{name}","email":"{name}@{who}.example","email_verified":true}}'

    def statements(self, who, text):
        role = ROLES.get(who, 'tempcloud_user')
        claims = '' if who in ROLES else self.claims(who)
        return f"SET LOCAL ROLE {role}; SET LOCAL request.jwt.claims = '{claims}'; {self.sql(text)}"

    def call(self, who, text):
        self.cursor.execute(f'BEGIN; {self.statements(who, text)}')
        value = self.cursor.fetchone()[0] if self.cursor.description else None
        self.cursor.execute('COMMIT')
        return value

    def as_superuser(self, text):
        self.cursor.execute(self.sql(text))

    def value(self, text):
        self.as_superuser(text)
        return self.cursor.fetchone()[0]

    def token(self, who):
        self.cursor.execute('SELECT recipient, text_body FROM tempcloud.claim_mail(1000)')
        return next(re.search('tc[ie]_[A-Za-z0-9_-]{48}', body)[0] for recipient, body in self.cursor.fetchall()
                    if recipient == f'{who}{self.suffix}@{who}.example')

    def state(self):
        self.cursor.execute(STATE, self.names)
        return sorted(line.replace(self.suffix, '') for line, in self.cursor.fetchall())

    def rows(self):
        self.cursor.execute(ROWS, self.names)
        return self.cursor.fetchall()


class Session:
    """A connection with a thread, so that it can wait for another one's lock."""

    def __init__(self, watcher):
        self.connection = connect()
        self.cursor = self.connection.cursor()
        self.watcher = watcher.cursor()
        self.pid = self.connection.get_backend_pid()
        self.thread = concurrent.futures.ThreadPoolExecutor(1)

    def begin(self, level):
        """With a snapshot, which a transaction above READ COMMITTED keeps."""
        self.cursor.execute(f'BEGIN ISOLATION LEVEL {level}; SELECT 1')

    def end(self, how):
        """Returns None, or 40001 where it could not commit."""
        try:
            self.cursor.execute(how)
        except psycopg2.Error as error:
            return outcome_of(error)
        return None

    def do(self, world, command):
        try:
            self.cursor.execute(world.statements(*command[:2]))
            return str(self.cursor.fetchone()[0]).replace(world.suffix, '')
        except psycopg2.Error as error:
            return outcome_of(error)

    def start(self, *args):
        return self.thread.submit(self.do, *args)

    def waits(self, future):
        """Wait until it is done, or waits itself; returns whether it does."""
        while not future.done():
            self.watcher.execute('SELECT cardinality(pg_blocking_pids(%s)) > 0', (self.pid,))
            if self.watcher.fetchone()[0]:
                return True
        return False


def outcome_of(error):
    """A refusal by its word, anything else by its SQLSTATE."""
    word = error.diag.message_detail if (error.pgcode or '').startswith('PT') else error.diag.message_primary
    return f'{error.pgcode} {word}'


def is_retry(outcome):
    return outcome.startswith('40001')


def locks_of(scene, name):
    return set(SCENES[scene][1][name][2].split())


def meet(scene, names):
    """Whether two commands lock the same, not both FOR SHARE."""
    first, second = (locks_of(scene, name) for name in names)
    shared = {lock + '?' for lock in first} & second or {lock + '?' for lock in second} & first
    return bool(shared or {lock for lock in first & second if not lock.endswith('?')})


def skips_reader(scene, names):
    """Whether the second one writes to a colleague of whom the first one changes."""
    first, second = (locks_of(scene, name) for name in names)
    return names[1] in SKIPPING and any(lock + '?' in second for lock in first)


def may_wait(scene, names):
    """Whether the second one may wait for the first."""
    return names[1] not in SKIPPING and meet(scene, names)


class Cases:
    def __init__(self):
        self.watcher = connect()
        # Nobody has analyzed the tables, but each look is for a few rows.
        self.watcher.cursor().execute('SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off')
        self.sessions = [Session(self.watcher), Session(self.watcher)]
        self.stopper = connect().cursor()
        self.serial_outcomes = {}
        self.stops = {}
        self.counts = collections.Counter()

    def new_world(self, scene):
        world = World(self.watcher)
        SCENES[scene][0](world)
        return world

    def alone(self, world, command, session=0):
        """In a transaction of its own."""
        session = self.sessions[session]
        session.begin('READ COMMITTED')
        outcome = session.do(world, command)
        session.end('COMMIT')
        return outcome

    def finish(self, world, scene, names):
        """What comes of the world in the end, when who skips has come again."""
        for name in SKIPPING:
            if name in names:
                self.alone(world, SCENES[scene][1][name])
        return world.state()

    def serial(self, scene, names, which):
        """What comes of commands one after the other: their outcomes, and the state."""
        if (scene, names, which) not in self.serial_outcomes:
            world = self.new_world(scene)
            outcomes = [self.alone(world, SCENES[scene][1][names[i]]) for i in which]
            self.serial_outcomes[scene, names, which] = (outcomes, self.finish(world, scene, names))
        return self.serial_outcomes[scene, names, which]

    def stop(self, world, number):
        """Lock one of the world's rows."""
        name, key = world.rows()[number]
        self.stopper.execute('BEGIN')
        self.stopper.execute(f'SELECT FROM tempcloud_data.{name} WHERE id = %s FOR UPDATE', (key,))

    def stops_of(self, scene, name):
        """The rows for which a command waits if somebody else has locked them: number and table."""
        if (scene, name) not in self.stops:
            self.stops[scene, name] = []
            for number, (table, _) in enumerate(self.new_world(scene).rows()):
                world, session = self.new_world(scene), self.sessions[0]
                self.stop(world, number)
                session.begin('READ COMMITTED')
                future = session.start(world, SCENES[scene][1][name])
                if session.waits(future):
                    self.stops[scene, name].append((number, table))
                self.stopper.execute('ROLLBACK')
                future.result()
                session.end('ROLLBACK')
        return self.stops[scene, name]

    def run(self, scene, names, level, way):
        """A case; returns what is wrong with it, or None."""
        world = self.new_world(scene)
        commands = [SCENES[scene][1][name] for name in names]
        waited = False
        for session in self.sessions:
            session.begin(level)
        if way in ('commit', 'rollback', 'commit between'):
            outcomes, waited = self.one_then_other(world, commands, way)
        else:
            outcomes = self.both(world, commands, None if way == 'at once' else way)
        wrong = [o for o in outcomes if not re.match('40001|PT4|(?![0-9A-Z]{5} )', o)]
        self.counts['deadlocks'] += sum(o.startswith(DEADLOCK) for o in outcomes)
        for n, outcome in enumerate(outcomes):
            if is_retry(outcome):
                self.counts['tried again'] += 1
                outcomes[n] = self.alone(world, commands[n])
        state = self.finish(world, scene, names)     # before another world's mails are claimed, and these with them
        expected = list(self.possible(scene, names, way, outcomes))
        if waited and not may_wait(scene, names):
            return f'{scene}: {names[0]}; {names[1]}, {level}, {way}\n  the second waits for the first, but should not'
        if not wrong and any(outcomes == o and state == s for o, s in expected):
            return None
        return describe(scene, names, level, way, outcomes, state, expected)

    def one_then_other(self, world, commands, way):
        """The second begins while the first has not ended; also tells whether it waits."""
        first, second = self.sessions
        outcomes = [first.do(world, commands[0])]
        failed = first.end('COMMIT') if way == 'commit between' else None
        future = second.start(world, commands[1])
        waited = second.waits(future)
        self.counts['waited'] += waited
        if way != 'commit between':
            failed = first.end('ROLLBACK' if way == 'rollback' else 'COMMIT')
        outcomes = [failed or outcomes[0], future.result()]
        outcomes[1] = second.end('COMMIT') or outcomes[1]
        return outcomes, waited

    def both(self, world, commands, stop):
        """Both at once, or when the first has come to a row that is locked."""
        first, second = self.sessions
        if stop is not None:
            self.stop(world, stop)
        futures = {first.start(world, commands[0]): first}
        if stop is not None:
            first.waits(next(iter(futures)))
        futures[second.start(world, commands[1])] = second
        if stop is not None:
            second.waits(list(futures)[1])
            self.stopper.execute('ROLLBACK')
            self.counts['stopped'] += 1
        # Who is done ends: the other one may wait for that.
        done = {future: futures[future].end('COMMIT') or future.result() for future in concurrent.futures.as_completed(futures)}
        return [done[future] for future in futures]

    def possible(self, scene, names, way, outcomes):
        """What may come of it: the outcomes and the state of each order."""
        for order in [(1,)] if way == 'rollback' else [(0, 1), (1, 0)]:
            done, state = self.serial(scene, names, order)
            yield [done[order.index(i)] if i in order else outcomes[i] for i in (0, 1)], state

    def stopped_cases(self, scene, names):
        """For what two commands could wait in a circle: only where they meet.

        Not at a contact if maintain() comes: it would write to a colleague of who is locked.
        """
        if meet(scene, names):
            for number, table in self.stops_of(scene, names[0]):
                if (names[1], table) != ('maintain', 'contact'):
                    yield scene, names, 'READ COMMITTED', number


def describe(scene, names, level, way, outcomes, state, expected):
    way = f'stopped at row {way}' if isinstance(way, int) else way
    lines = [f'{scene}: {names[0]}; {names[1]}, {level}, {way}', f'  outcomes: {outcomes}']
    for o, s in expected:
        lines.append(f'  not as one after the other: {o}')
        lines += [f'    only here: {line}' for line in (collections.Counter(state) - collections.Counter(s)).elements()]
        lines += [f'    only there: {line}' for line in (collections.Counter(s) - collections.Counter(state)).elements()]
    return '\n'.join(lines)


def all_pairs(scene):
    for name, (_, commands) in SCENES.items():
        if scene in (None, name):
            for names in itertools.product(commands, repeat=2):
                yield name, names


def cases_of(scene, names):
    """Who locks nothing in common cannot wait for each other, at once or not, whoever rolls back."""
    ways = WAYS if meet(scene, names) else ('commit', 'commit between')
    if skips_reader(scene, names):      # also where the change does not come about
        ways = [way for way in ways if way != 'rollback']
    return [(scene, names, level, way) for level, way in itertools.product(LEVELS, ways)]


def is_dangerous(scene, names):
    return any((scene, *order) in DANGEROUS for order in (names, names[::-1]))


def make_database():
    connection = psycopg2.connect(dbname='postgres')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f'DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE {DATABASE}')
    for name, value in SETTINGS.items():
        cursor.execute(f'ALTER DATABASE {DATABASE} SET tempcloud.{name} = {value}')
    connect().cursor().execute('SET client_min_messages = warning; CREATE EXTENSION tempcloud CASCADE')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--scene', choices=SCENES)
    parser.add_argument('--sample', type=int)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument('--find', help='only pairs whose description has this: scene: first; second')
    options = parser.parse_args()

    make_database()
    runner, start, wrong = Cases(), time.monotonic(), 0
    pairs = [pair for pair in all_pairs(options.scene) if (options.find or '') in f'{pair[0]}: {pair[1][0]}; {pair[1][1]}']
    cases = [case for pair in pairs for case in cases_of(*pair)]
    if options.sample:
        print(f'seed {options.seed}')
        dangerous = [pair for pair in pairs if is_dangerous(*pair)]
        cases = random.Random(options.seed).sample(cases, min(options.sample, len(cases)))
        cases += [case for pair in dangerous for case in cases_of(*pair)]
        pairs = dangerous
    for case in itertools.chain(cases, *(runner.stopped_cases(*pair) for pair in pairs)):
        runner.counts['cases'] += 1
        problem = runner.run(*case)
        if problem:
            wrong += 1
            print(problem, flush=True)
    counts = runner.counts
    if options.sample:
        print(f'{len(dangerous)} dangerous pairs among them')
    print(f'{counts["cases"]} cases of {len({case[:2] for case in cases})} pairs in {time.monotonic() - start:.0f} s:'
          f' {counts["stopped"]} stopped, {counts["waited"]} waited, {counts["tried again"]} tried again,'
          f' {counts["deadlocks"]} deadlocks, {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
