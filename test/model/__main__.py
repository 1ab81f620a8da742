#!/usr/bin/python3
"""Random commands against the extension and against a model of its rules.

Makes databases of its own on the server that PGHOST and so on name, as superuser.
A run is a sequence of steps that a seed decides, in a new database. Where the two
differ, the shortest failing sequence that can be found is printed, and nothing more
is done. With a server of its own:

    scripts/with-cluster -c fsync=off -c autovacuum=off /usr/bin/python3 test/model ...

    --seeds 1-20        the runs of these seeds
    --seconds 3600      and then those of random seeds, for so long
    --replay FILE       the sequence that was printed, in a file
"""

import argparse
import collections
import json
import random
import re
import sys
import time

import psycopg2

from generator import Generator, random_settings
from model import SETTINGS
from runner import Difference, Runner

TEMPLATE, DATABASE = 'tempcloud_model', 'tempcloud_model_run'


def execute(*commands, database='postgres'):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for command in commands:
            cursor.execute(command)
    connection.close()


def new_runner(settings):
    execute(f'DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)', f'CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}')
    return Runner(f'dbname={DATABASE}', settings)


def finish(runner):
    """End what is open, and compare everything."""
    for s, session in enumerate(runner.sessions):
        if session.open:
            runner.step({'s': s, 'do': 'commit'})
    runner.check()


def generated(seed, length, done):
    """A run; returns its settings, the steps up to the failing one, and how that differs, if one did."""
    rng = random.Random(seed)
    settings, steps = random_settings(rng), []
    runner, generator = new_runner(settings), Generator(rng)
    try:
        while len(steps) < length:
            step = generator.step(runner)
            steps.append(step)
            runner.step(step)
        finish(runner)
    except Difference as difference:
        return settings, steps, str(difference)
    finally:
        runner.close()
        done.update(runner.done)
    return settings, steps, None


def replayed(settings, steps):
    """The same with given steps; returns as many as were done, and the difference."""
    runner = new_runner(settings)
    try:
        for count, step in enumerate(steps, 1):
            runner.step(step)
        finish(runner)
    except Difference as difference:
        return steps[:count], str(difference)
    finally:
        runner.close()
    return steps, None


def shortest(settings, steps):
    """Leave steps out, ever fewer at once, as long as it still fails."""
    steps, difference = replayed(settings, steps)
    size = len(steps) // 2
    while difference and size > 0:
        before, start = len(steps), 0
        while start < len(steps):
            fewer, found = replayed(settings, steps[:start] + steps[start + size:])
            if found:
                steps, difference = fewer, found
            else:
                start += size
        size = size // 2 if size > 1 or len(steps) == before else 1
    return steps, difference


def report(seed, settings, steps, difference):
    changed = {name: value for name, value in settings.items() if value != SETTINGS[name]}
    print(f'Seed {seed}: {difference}', f'after these {len(steps)} steps; test/model --replay takes them out of any file:',
          json.dumps({'settings': changed}),
          *(json.dumps({k: v for k, v in step.items() if k != 'seen'}) for step in steps), sep='\n')


def read_report(path):
    with open(path, encoding='utf-8') as file:
        lines = [json.loads(line[line.index('{'):]) for line in file if re.match(r'[# ]*\{"(settings|n)"', line)]
    return {**SETTINGS, **lines[0]['settings']}, lines[1:]


def chosen_seeds(options):
    first, _, last = options.seeds.partition('-')
    yield from range(int(first), int(last or first) + 1) if first else ()
    end = time.monotonic() + options.seconds
    while options.seconds and time.monotonic() < end:
        yield random.SystemRandom().randrange(10 ** 9)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', default='', help='from-to')
    parser.add_argument('--seconds', type=float, default=0)
    parser.add_argument('--steps', type=int, default=150, help='of a run')
    parser.add_argument('--replay')
    options = parser.parse_args()

    execute(f'DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)', f'CREATE DATABASE {TEMPLATE}')
    execute('SET client_min_messages = warning', 'CREATE EXTENSION tempcloud CASCADE', database=TEMPLATE)
    if options.replay:
        difference = replayed(*read_report(options.replay))[1]
        print(difference or 'The extension does what the model does.')
        return 1 if difference else 0

    count, done = 0, collections.Counter()
    for seed in chosen_seeds(options):
        print(f'seed {seed}', flush=True)
        settings, steps, difference = generated(seed, options.steps, done)
        count += len(steps)
        if difference:
            report(seed, settings, *shortest(settings, steps))
            return 1
    for (do, ending), times in sorted(done.items()):
        print(f'{times:7} {do}: {ending}')
    print(f'{count} steps')
    return 0


sys.exit(main())
