#!/usr/bin/python3
"""Invite, accept, order, answer and send without end; write down what was acknowledged.

Arguments: a number that is this client's own, the file to write into, and how many
providers there are. Each line is "invited <invitation>", "accepted <invitation>",
"ordered <request>", "answered <request>", "named <shift>" or "sent <mail>", written once
the server has acknowledged the commit. Ends when the connection does.
"""

import random
import sys

import psycopg2

number, path, providers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
waiting = []
partners = []
SHIFTS = ('[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2},'
          ' {"starts_at": "2100-01-02 06:00", "ends_at": "2100-01-02 14:00", "headcount": 1}]')


def order(provider_id, provider, log):
    """Two requests, of which one is accepted and filled."""
    cursor.execute('SELECT r.id FROM tempcloud.act_as(%s), tempcloud.send_order(%s, jsonb_build_array('
                   '  jsonb_build_object(\'provider_id\', %s, \'profession\', \'Koch\', \'location\', \'Bonn\', \'shifts\', %s::jsonb),'
                   '  jsonb_build_object(\'provider_id\', %s, \'profession\', \'Pilot\', \'location\', \'Bonn\', \'shifts\', %s::jsonb))) r',
                   (f'a{number}', 'Inventur', provider_id, SHIFTS, provider_id, SHIFTS))
    ids = [id for id, in cursor.fetchall()]
    for id in ids:
        log.write(f'ordered {id}\n')
    cursor.execute('SELECT (tempcloud.answer_request(%s, true)).id FROM tempcloud.act_as(%s)', (ids[0], provider))
    log.write(f'answered {ids[0]}\n')
    cursor.execute('SELECT id, headcount FROM tempcloud_data.shift WHERE request_id = %s', (ids[0],))
    for shift, headcount in cursor.fetchall():
        cursor.execute('SELECT count(*) FROM tempcloud.act_as(%s), tempcloud.assign_workers(%s, %s)',
                       (provider, shift, [f'Petra Pfeil {n}' for n in range(headcount)]))
        log.write(f'named {shift}\n')


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
            elif what < 0.65 and partners:
                order(*random.choice(partners), log)
            elif what < 0.9 and waiting:
                id = waiting.pop(random.randrange(len(waiting)))
                # whoever is invited; not everybody has an account
                cursor.execute('SELECT i.invitee_id, c.subject FROM tempcloud_data.invitation i'
                               '  JOIN tempcloud_data.contact c ON c.account_id = i.invitee_id'
                               ' WHERE i.id = %s', (id,))
                invitee = cursor.fetchone()
                if invitee:
                    cursor.execute('SELECT (tempcloud.accept_invitation(%s)).invitation_id'
                                   '  FROM tempcloud.act_as(%s)', (id, invitee[1]))
                    log.write(f'accepted {id}\n')
                    partners.append(invitee)
            else:
                cursor.execute('SELECT id FROM tempcloud.claim_mail(20)')
                ids = [id for id, in cursor.fetchall()]
                cursor.execute('SELECT tempcloud.mail_sent(%s::uuid[])', (ids,))
                for id in ids:
                    log.write(f'sent {id}\n')
    except psycopg2.OperationalError:
        pass
