"""What PostgREST does for a request, over a real connection, and the story of
an invitation told by such requests.

    postgrest.py <connection string>

One line of JSON a check goes to standard output: name, got, want. See
015_postgrest.pl.

PostgREST 12: a transaction, read only for GET; role, claims and what the
request was like by set_config(); arguments by their names, taken from the
JSON body or the query string; the result as JSON; SQLSTATE PTnnn as status.
"""
import json
import re
import sys

import psycopg2
from psycopg2 import sql

ANONYMOUS = None


class Response:
    def __init__(self, status, body):
        self.status = status
        self.body = body

    def word(self):
        return [self.status, self.body.get('details') if isinstance(self.body, dict) else None]


class PostgREST:
    """The server, with the schema cache that it reads at its start."""

    def __init__(self, dsn):
        self.connection = psycopg2.connect(dsn + ' user=authenticator')
        with self.connection.cursor() as cursor:
            cursor.execute("""
                SELECT p.proname, p.proretset, p.provolatile,
                       (SELECT json_object_agg(name, format_type(t.type, NULL))
                          FROM unnest(p.proargnames[:p.pronargs], p.proargtypes) AS t(name, type)),
                       p.pronargs - p.pronargdefaults
                  FROM pg_proc p WHERE p.pronamespace = 'tempcloud'::regnamespace""")
            rows = cursor.fetchall()
            self.functions = {row[0]: row[1:] for row in rows}
            assert len(self.functions) == len(rows), 'a function is overloaded'
        self.connection.rollback()

    def request(self, method, path, claims=ANONYMOUS, body=None, **query):
        cursor = self.connection.cursor()
        try:
            cursor.execute('BEGIN ISOLATION LEVEL READ COMMITTED READ %s'
                           % ('ONLY' if method == 'GET' else 'WRITE'))
            role = 'tempcloud_user' if claims else 'tempcloud_anonymous'
            for name, value in {
                    'search_path': '"tempcloud", "public"', 'role': role,
                    'request.jwt.claims': json.dumps(dict(claims or {}, role=role)),
                    'request.method': method, 'request.path': path,
                    'request.headers': '{"accept":"*/*"}', 'request.cookies': '{}'}.items():
                cursor.execute('SELECT set_config(%s, %s, true)', (name, value))
            call = self.rpc if path.startswith('/rpc/') else self.read
            result = call(cursor, method, path.split('/')[-1], body or {}, query)
            self.connection.commit()
            return Response(204 if result is None else 200, result)
        except psycopg2.Error as error:
            self.connection.rollback()
            diag = error.diag
            return Response(status_of(diag.sqlstate, claims), {
                'code': diag.sqlstate, 'message': diag.message_primary,
                'details': diag.message_detail, 'hint': diag.message_hint})

    def rpc(self, cursor, method, name, body, query):
        retset, volatility, arguments, required = self.functions[name]
        given = body if method == 'POST' else query
        if method == 'GET' and volatility == 'v':
            pass        # it is run, and fails in a transaction that is read only
        arguments = arguments or {}
        if set(given) - set(arguments) or set(list(arguments)[:required]) - set(given):
            raise LookupError('PGRST202: %s(%s)' % (name, ', '.join(given)))
        columns = sql.SQL(', ').join(map(sql.Identifier, given))
        types = sql.SQL(', ').join(sql.SQL('{} {}').format(sql.Identifier(a), sql.SQL(arguments[a]))
                                   for a in given)
        passed = sql.SQL(', ').join(sql.SQL('{0} := pgrst_body.{0}').format(sql.Identifier(a))
                                    for a in given)
        source = sql.SQL('LATERAL (SELECT {} FROM json_to_record(pgrst_payload.json_data) AS _({})'
                         ' LIMIT 1) pgrst_body, ').format(columns, types) if given else sql.SQL('')
        cursor.execute(sql.SQL(
            'WITH pgrst_source AS (SELECT pgrst_call.* FROM (SELECT %s::json AS json_data) pgrst_payload,'
            ' {} LATERAL tempcloud.{}({}) pgrst_call)'
            " SELECT coalesce(json_agg(_postgrest_t), '[]') FROM (SELECT * FROM pgrst_source) _postgrest_t"
        ).format(source, sql.Identifier(name), passed), (json.dumps(given),))
        rows = cursor.fetchone()[0]
        if retset:
            return rows
        if list(rows[0]) == ['pgrst_call']:         # a scalar, or void
            return rows[0]['pgrst_call'] or None
        return rows[0]

    def read(self, cursor, method, name, body, query):
        assert method == 'GET'
        conditions, values, tail = [], [], sql.SQL('')
        for column, condition in query.items():
            if column in ('order', 'limit', 'select'):
                continue
            operator, value = condition.split('.', 1)
            conditions.append(sql.SQL('{} %s %%s' % {'eq': '=', 'gt': '>', 'lt': '<', 'ilike': 'ILIKE'}[operator])
                              .format(sql.Identifier(column)))
            values.append(value)
        if 'order' in query:
            tail += sql.SQL(' ORDER BY ') + sql.SQL(', ').join(
                sql.Identifier(part.split('.')[0]) + sql.SQL(' DESC' if part.endswith('.desc') else '')
                for part in query['order'].split(','))
        if 'limit' in query:
            tail += sql.SQL(' LIMIT ') + sql.Literal(int(query['limit']))
        selected = sql.SQL(', ').join(map(sql.Identifier, query['select'].split(','))) \
            if 'select' in query else sql.SQL('*')
        cursor.execute(
            sql.SQL('WITH pgrst_source AS (SELECT {} FROM tempcloud.{}').format(selected, sql.Identifier(name))
            + (sql.SQL(' WHERE ') + sql.SQL(' AND ').join(conditions) if conditions else sql.SQL(''))
            + tail + sql.SQL(") SELECT coalesce(json_agg(_postgrest_t), '[]') FROM"
                             ' (SELECT * FROM pgrst_source) _postgrest_t'), values)
        return cursor.fetchone()[0]


def status_of(sqlstate, claims):
    """https://docs.postgrest.org, Errors: what is of interest here."""
    if sqlstate.startswith('PT'):
        return int(sqlstate[2:])
    if sqlstate == '42501':
        return 403 if claims else 401
    if sqlstate == '25006':
        return 405
    if sqlstate in ('23503', '23505'):
        return 409
    return 404 if sqlstate == '42883' else 400 if sqlstate[:2] in ('22', '23') else 500


def check(name, got, want):
    print(json.dumps({'name': name, 'got': got, 'want': want}, default=str), flush=True)


def person(name, domain, verified=True):
    return {'sub': name, 'email': '%s@%s' % (name, domain), 'email_verified': verified}


def tell(dsn):
    api = PostgREST(dsn)
    mailer = psycopg2.connect(dsn + ' user=mailer')
    mailer.autocommit = True
    anna, adam = person('anna', 'kunde.example'), person('adam', 'kunde.example')
    bob, bea = person('bob', 'anbieter.example'), person('bea', 'personal.example')
    unproven = person('udo', 'anbieter.example', verified=False)
    messages = []

    def call(name, claims=ANONYMOUS, /, **arguments):
        return seen(api.request('POST', '/rpc/' + name, claims, arguments))

    def get(path, claims=ANONYMOUS, **query):
        return seen(api.request('GET', path, claims, **query))

    def seen(response):
        if isinstance(response.body, dict) and 'message' in response.body and response.status >= 400:
            messages.append(response.body['message'])
        return response

    def token_to(address):
        with mailer.cursor() as cursor:
            cursor.execute('SELECT id, recipient, text_body FROM tempcloud.claim_mail(100)')
            mails = cursor.fetchall()
            cursor.execute('SELECT tempcloud.mail_sent(%s)', ([mail[0] for mail in mails],))
        return [re.search('tc[ie]_[A-Za-z0-9_-]{48}', mail[2]).group()
                for mail in mails if mail[1] == address][-1]

    # Without a login
    check('anonymous: whoami', call('whoami').status, 401)
    check('anonymous: partners', get('/partners').status, 401)
    check('anonymous: invite', call('invite', email='bob@anbieter.example').status, 401)
    check('anonymous: a malformed link', get('/rpc/preview_invitation', token='x').word(), [400, 'invalid_token'])

    # Without an account
    check('no account: whoami', get('/rpc/whoami', anna).body['account'], None)
    check('no account: lists', get('/partners', anna).body, [])
    check('no account: invite', call('invite', anna, email='bob@anbieter.example').word(), [403, 'no_account'])
    check('no proof: register', call('register_account', unproven, kind='provider', company_name='U',
                                     given_name='U', family_name='U').word(), [403, 'email_unverified'])
    check('register', {key: value for key, value in call(
        'register_account', anna, kind='customer', company_name='Kunde AG', given_name='Anna',
        family_name='Alt', city='Berlin').body.items() if key in ('kind', 'company_name', 'city')},
        {'kind': 'customer', 'company_name': 'Kunde AG', 'city': 'Berlin'})
    check('register twice', call('register_account', anna, kind='customer', company_name='K',
                                 given_name='A', family_name='A').word(), [409, 'already_registered'])
    check('whoami', get('/rpc/whoami', anna).body['contact']['email'], 'anna@kunde.example')

    # Invite, preview, register, accept
    invitation = call('invite', anna, email='bob@anbieter.example', given_name='Bob', company_name='Anbieter GmbH',
                      message='Guten Tag').body
    check('invite', [invitation['status'], invitation['invitee_id']], ['pending', None])
    check('invite again', call('invite', anna, email='BOB@anbieter.example').word(), [409, 'already_invited'])
    token = token_to('bob@anbieter.example')
    for _ in range(2):      # reading uses nothing up
        preview = get('/rpc/preview_invitation', token=token).body
        check('preview', [preview['inviter_company'], preview['kind'], preview['needs_account'], preview['status']],
              ['Kunde AG', 'provider', True, 'pending'])
    check('accept without account', call('accept_invitation_by_token', bob, token=token).word(), [403, 'no_account'])
    check('register by the link', call('register_account', bob, token=token, family_name='Berg').body['kind'],
          'provider')
    check('preview has an account', get('/rpc/preview_invitation', token=token).body['needs_account'], False)
    received = get('/invitations_received', bob).body
    check('received', [(r['inviter_company'], r['status'], r['can_accept']) for r in received],
          [('Kunde AG', 'pending', True)])
    for method in ('accept_invitation', 'decline_invitation', 'resend_invitation', 'withdraw_invitation'):
        check(method + ' by GET', get('/rpc/' + method, bob, id=invitation['id']).status, 405)
    check('accept of one\'s own', call('accept_invitation', anna, id=invitation['id']).word(),
          [403, 'not_your_invitation'])
    partnership = call('accept_invitation_by_token', bob, token=token).body
    check('accept', partnership['invitation_id'], invitation['id'])
    check('accept again', call('accept_invitation', bob, id=invitation['id']).body, partnership)
    check('decline what is accepted', call('decline_invitation', bob, id=invitation['id']).word(),
          [410, 'invitation_accepted'])
    check('preview what is accepted', get('/rpc/preview_invitation', token=token).word(),
          [410, 'invitation_accepted'])

    # What both see
    check('partners', [get('/partners', who, select='company_name').body for who in (anna, bob)],
          [[{'company_name': 'Anbieter GmbH'}], [{'company_name': 'Kunde AG'}]])
    check('customers', [len(get('/customers', who).body) for who in (anna, bob)], [0, 1])
    check('providers', [len(get('/providers', who).body) for who in (anna, bob)], [1, 0])
    check('partner_contacts', get('/partner_contacts', bob, select='given_name,email').body,
          [{'given_name': 'Anna', 'email': 'anna@kunde.example'}])
    check('invitations_sent', get('/invitations_sent', anna, select='status,accepted_by_email').body,
          [{'status': 'accepted', 'accepted_by_email': 'bob@anbieter.example'}])
    check('search_partners', [p['company_name'] for p in get('/rpc/search_partners', anna, name='ANBIETER').body],
          ['Anbieter GmbH'])
    ids = [partnership['customer_id'], partnership['provider_id']]
    check('are_partners', get('/rpc/are_partners', anna, a=ids[0], b=ids[1]).body, True)
    check('current_account_id', get('/rpc/current_account_id', anna).body, ids[0])
    check('my_account', get('/my_account', bob, select='company_name').body, [{'company_name': 'Anbieter GmbH'}])

    # For another address: both answers
    call('register_account', bea, kind='provider', company_name='Personal KG', given_name='Bea', family_name='B')
    call('invite', anna, email='info@personal.example')
    token = token_to('info@personal.example')
    check('other address', call('accept_invitation_by_token', bea, token=token).word(), [409, 'other_address'])
    check('nothing came of it', len(get('/partners', bea).body), 0)
    check('use_this_account', call('accept_invitation_by_token', bea, token=token, use_this_account=True)
          .body['provider_id'], get('/rpc/current_account_id', bea).body)

    # Resend, withdraw, decline, block
    invitation = call('invite', anna, email='carla@personal.example').body['id']
    check('resend at once', call('resend_invitation', anna, id=invitation).word(), [429, 'resend_too_soon'])
    check('withdraw', call('withdraw_invitation', anna, id=invitation).body['status'], 'withdrawn')
    check('withdraw another\'s', call('withdraw_invitation', bea, id=invitation).word(),
          [404, 'invitation_not_found'])
    call('invite', anna, email='dora@personal.example')
    token = token_to('dora@personal.example')
    check('decline without a login',
          call('decline_invitation_by_token', token=token, reason='Kein Bedarf', block=True).body['status'],
          'declined')
    check('declined', call('invite', anna, email='dora@personal.example').word(), [429, 'declined_recently'])
    check('decline by id', call('decline_invitation', bob, id=invitation).word(), [404, 'invitation_not_found'])
    check('unblock_account', call('unblock_account', bob, id=ids[0]).status, 204)

    # Colleagues
    colleague = call('add_contact', anna, given_name='Adam', family_name='Auer', email='adam@kunde.example').body
    check('send_confirmation', call('send_confirmation', anna, contact_id=colleague['id']).body['has_login'], False)
    check('confirm_email', call('confirm_email', adam, token=token_to('adam@kunde.example')).body['has_login'], True)
    check('update_contact', call('update_contact', anna, id=colleague['id'], position='Einkauf').body['position'],
          'Einkauf')
    check('update_account', call('update_account', anna, city='Bonn').body['city'], 'Bonn')
    check('my_contacts', len(get('/my_contacts', anna).body), 2)
    check('remove_contact', call('remove_contact', anna, id=colleague['id']).status, 204)
    check('last login', call('remove_contact', anna, id=get('/my_contacts', anna).body[0]['id']).word(),
          [409, 'last_login'])

    # Fifty at once, each with its own result; and lists in pages by key
    results = call('invite_many', anna, invitations=[{'email': 'p%d@viele.example' % n} for n in range(49)]
                   + [{'email': 'no address'}]).body
    check('invite_many', [len(results), sum(r['invitation'] is not None for r in results), results[49]['error']],
          [50, 49, 'invalid_email'])
    pages, last = [], {}
    while True:
        page = get('/invitations_sent', anna, order='id', limit='20', select='id', **last).body
        if not page:
            break
        pages.append(len(page))
        last = {'id': 'gt.' + page[-1]['id']}
    check('pages of invitations_sent', pages, [20, 20, 13])
    check('filter on status', len(get('/invitations_sent', anna, status='eq.declined').body), 1)

    # An order, its answer, the names; both sides cancel
    provider = partnership['provider_id']
    shifts = [{'starts_at': '2100-01-01T06:00Z', 'ends_at': '2100-01-01T14:00Z', 'headcount': 2}]
    wish = {'provider_id': provider, 'profession': 'Koch', 'location': 'Berlin', 'shifts': shifts}
    order = call('send_order', anna, name='Inventur', requests=[wish, wish], reference='B-1')
    check('send_order', [(r['profession'], r['status']) for r in order.body], 2 * [('Koch', 'open')])
    check('send_order again', call('send_order', anna, name='Inventur', requests=[wish, wish], reference='B-1').body,
          order.body)
    check('send another one', call('send_order', anna, name='Inventur', requests=[wish], reference='B-1').word(),
          [409, 'reference_taken'])
    check('send_order to a stranger', call('send_order', anna, name='x', requests=[{**wish, 'provider_id': ids[0]}])
          .word(), [404, 'partner_not_found'])
    check('send_order of a provider', call('send_order', bob, name='x', requests=[wish]).word(), [403, 'customers_only'])
    check('send_order by GET', get('/rpc/send_order', anna, name='x', requests='[]').status, 405)
    single = call('send_request', anna, provider_id=provider, profession='Pilot', location='Bonn', shifts=shifts).body
    check('requests_sent', [r['profession'] for r in get('/requests_sent', anna).body], ['Pilot', 'Koch', 'Koch'])
    check('requests_received', len(get('/requests_received', bob, status='eq.open').body), 3)
    check('withdraw_request', call('withdraw_request', anna, id=single['id']).body['status'], 'withdrawn')
    check('answer what is withdrawn', call('answer_request', bob, id=single['id'], accept=True).word(),
          [410, 'request_withdrawn'])
    first, second = (r['id'] for r in order.body)
    check('answer of another', call('answer_request', bea, id=first, accept=True).word(), [404, 'request_not_found'])
    check('answer_request', call('answer_request', bob, id=first, accept=True, headcount=1).body['status'], 'accepted')
    check('decline', call('answer_request', bob, id=second, accept=False, reason='Leider nein').body['reason'],
          'Leider nein')
    shift = get('/shifts', bob, request_id='eq.' + first).body[0]
    check('shifts', [shift['headcount'], shift['offered'], shift['assigned']], [2, 1, 0])
    check('too many', call('assign_workers', bob, shift_id=shift['id'], workers=['Paul Pack', 'Petra Pfeil']).word(),
          [409, 'too_many_workers'])
    check('assign_workers', [w['worker_name'] for w in
                             call('assign_workers', bob, shift_id=shift['id'], workers=['Petra Pfeil']).body],
          ['Petra Pfeil'])
    check('assignments', [w['worker_name'] for w in get('/assignments', anna, request_id='eq.' + first).body],
          ['Petra Pfeil'])
    check('cancel_request', call('cancel_request', anna, id=first, reason='Streik').body['status'], 'cancelled')
    check('assign what is cancelled', call('assign_workers', bob, shift_id=shift['id'], workers=[]).word(),
          [410, 'request_cancelled'])
    check('withdraw what is declined', call('withdraw_request', anna, id=second).word(), [410, 'request_declined'])

    # What is not for them
    check('act_as', call('act_as', anna, subject='bob').status, 403)
    check('claim_mail', call('claim_mail', anna).status, 403)
    check('maintain', call('maintain', anna).status, 403)
    check('export_person', get('/rpc/export_person', anna, email='bob@anbieter.example').status, 403)
    check('mail_stats', get('/mail_stats', anna).status, 403)

    check('messages are reason phrases', [m for m in messages if not re.fullmatch('[ -~]+', m)], [])


if __name__ == '__main__':
    tell(sys.argv[1])
