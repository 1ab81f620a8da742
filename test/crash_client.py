#!/usr/bin/python3
"""Invite, accept and send without end; write down what was acknowledged.

Arguments: a number that is this client's own, the file to write into, and how many
providers there are. Each line is "invited <invitation>", "accepted <invitation>" or "sent <mail>", written
once the server has acknowledged the commit. Ends when the connection does.
"""

import random
import sys

import psycopg2

number, path, providers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
waiting = []

with open(path, 'a', encoding='utf-8', buffering=1) as log:
    try:
        while True:
            what = random.random()
            if what < 0.5:
                # to an account of the other kind, which may be anybody's partner already
                cursor.execute('SELECT coalesce((r.invitation).id::text, r.error)'
                               '  FROM tempcloud.act_as(%s), tempcloud.invite_many(%s::jsonb) r',
                               (f'a{number}', f'[{{"email":"b{random.randrange(1000000)}@anbieter.example"}},'
                                              f'{{"email":"b{random.randrange(providers)}@anbieter.example"}}]'))
                new = [id for id, in cursor.fetchall() if '-' in id]
                for id in new:
                    log.write(f'invited {id}\n')
                waiting += new
            elif what < 0.9 and waiting:
                id = waiting.pop(random.randrange(len(waiting)))
                # whoever is invited; not everybody has an account
                cursor.execute('SELECT c.subject FROM tempcloud_data.invitation i'
                               '  JOIN tempcloud_data.contact c ON c.account_id = i.invitee_id'
                               ' WHERE i.id = %s', (id,))
                subject = cursor.fetchone()
                if subject:
                    cursor.execute('SELECT (tempcloud.accept_invitation(%s)).invitation_id'
                                   '  FROM tempcloud.act_as(%s)', (id, subject[0]))
                    log.write(f'accepted {id}\n')
            else:
                cursor.execute('SELECT id FROM tempcloud.claim_mail(20)')
                ids = [id for id, in cursor.fetchall()]
                cursor.execute('SELECT tempcloud.mail_sent(%s::bigint[])', (ids,))
                for id in ids:
                    log.write(f'sent {id}\n')
    except psycopg2.OperationalError:
        pass
