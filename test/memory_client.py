#!/usr/bin/python3
"""Call the API again and again in one session, and watch the memory of its server process.

Argument: how many calls. Prints in kB what PostgreSQL says is used, after a tenth of them
and at the end, and what the process has of its own, after half of them and at the end:
malloc() keeps more at first, whatever is used.

The calls are those that change nothing: they read, are refused, or are rolled
back. Each is a transaction, as with most applications.
"""

import json
import sys
import uuid

import psycopg2

calls = int(sys.argv[1])
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
cursor.execute('SET tempcloud.allow_session_claims = on')


def memory():
    """Without what is shared, which grows with each page that is touched first."""
    used = once('SELECT sum(used_bytes)::bigint / 1024 FROM pg_backend_memory_contexts')
    with open(f'/proc/{connection.info.backend_pid}/status', encoding='ascii') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('RssAnon')), used


def act_as(subject):
    claims = {'sub': subject, 'email': f'{subject}@x.example', 'email_verified': True}
    cursor.execute("SELECT set_config('request.jwt.claims', %s, false)", (json.dumps(claims),))


def once(query):
    cursor.execute(query)
    return cursor.fetchone()[0]


act_as('anna')
once("SELECT tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt')")
act_as('bob')
once("SELECT tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg')")
act_as('anna')
waiting = once("SELECT (tempcloud.invite('bob@x.example', message => 'Guten Tag')).id")
token = once("SELECT substring(text_body FROM 'tci_[A-Za-z0-9_-]{48}') FROM tempcloud.claim_mail() WHERE text_body ~ 'tci_'")
once("SELECT (tempcloud.invite('ben@x.example')).id")

# Who calls, what, whether it is rolled back, and the SQLSTATE of a refusal.
KINDS = [
    ('anna', 'SELECT * FROM tempcloud.whoami()', False, None),
    ('anna', f"SELECT * FROM tempcloud.preview_invitation('{token}')", False, None),
    ('anna', "SELECT * FROM tempcloud.preview_invitation('tci_wrong')", False, 'PT400'),
    ('anna', f"SELECT * FROM tempcloud.accept_invitation_by_token('{token}')", False, 'PT409'),
    ('anna', f"SELECT * FROM tempcloud.accept_invitation('{uuid.uuid4()}')", False, 'PT404'),
    ('anna', "SELECT * FROM tempcloud.invite('new@x.example', message => 'Guten Tag')", True, None),
    ('anna', """SELECT * FROM tempcloud.invite_many('[{"email":"new@x.example"},{"email":"nobody"}]')""", True, None),
    ('anna', 'SELECT * FROM tempcloud.claim_mail()', True, None),
    ('anna', 'SELECT * FROM tempcloud.invitations_sent', False, None),
    ('anna', "SELECT * FROM tempcloud.update_account(city => 'Köln')", True, None),
    ('bob', f"SELECT * FROM tempcloud.accept_invitation('{waiting}')", True, None),
    ('bob', f"SELECT * FROM tempcloud.decline_invitation_by_token('{token}', block => true)", True, None),
    ('nobody', "SELECT * FROM tempcloud.register_account('provider', 'Neu GmbH', 'Nora', 'Neu')", True, None),
    ('nobody', "SELECT * FROM tempcloud.invite('new@x.example')", False, 'PT403'),
]
EACH = 50   # calls of one kind and caller in a row

done = 0
used = own = None
while done < calls:
    subject, query, rolled_back, refusal = KINDS[done // EACH % len(KINDS)]
    act_as(subject)
    for _ in range(EACH):
        try:
            cursor.execute(f'BEGIN; {query}; ROLLBACK' if rolled_back else query)
            assert refusal is None, query
        except psycopg2.Error as error:
            if error.pgcode != refusal:
                raise
    done += EACH
    if used is None and done >= calls / 10:
        used = memory()[1]
    if own is None and done >= calls / 2:
        own = memory()[0]
own_at_end, used_at_end = memory()
print(used, used_at_end, own, own_at_end)
