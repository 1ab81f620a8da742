"""Commands without end, for 036_failover.pl, at whichever server is the primary.

    failover_client.py conninfo name

Each round registers a provider, invites it and has it accept, each in a transaction. What the
server has acknowledged goes to standard output, as a kind and a key; what failed is left as it
is, and the next round begins. Runs until SIGTERM.
"""
import json
import signal
import sys
import time

import psycopg2

conninfo, name = sys.argv[1:]
going = True


def end(*_):
    global going
    going = False


def call(connection, subject, query, *values):
    domain = 'kunde' if subject.startswith('a') else 'anbieter'
    claims = {'sub': subject, 'email': f'{subject}@{domain}.example', 'email_verified': True}
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('request.jwt.claims', %s, true)", (json.dumps(claims),))
        cursor.execute(query, values)
        key = cursor.fetchone()[0]
    return key


def acknowledged(kind, key):
    print(f'{time.time():.3f} {kind} {key}', flush=True)


def play(connection, customer, provider):
    kind = call(connection, provider, "SELECT id FROM tempcloud.register_account('provider', %s, 'Bob', 'Berg')", provider)
    acknowledged('account', kind)
    invitation = call(connection, customer, 'SELECT id FROM tempcloud.invite(%s)', f'{provider}@anbieter.example')
    acknowledged('invitation', invitation)
    call(connection, provider, 'SELECT provider_id FROM tempcloud.accept_invitation(%s)', invitation)
    acknowledged('partnership', invitation)


signal.signal(signal.SIGTERM, end)
number = 0
customer = None
connection = None
while going:
    number += 1
    try:
        if connection is None:
            connection = psycopg2.connect(conninfo)
        if customer is None:
            subject = f'a{name}-{number}'
            acknowledged('account', call(connection, subject,
                                         "SELECT id FROM tempcloud.register_account('customer', %s, 'Anna', 'Alt')", subject))
            customer = subject
        play(connection, customer, f'b{name}-{number}')
    except psycopg2.Error as error:
        print(f'{time.time():.3f} error {str(error).splitlines()[0] if str(error) else "?"}', flush=True)
        if connection is not None:
            connection.close()
        connection = None
        time.sleep(0.2)
