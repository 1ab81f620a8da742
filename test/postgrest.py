"""What PostgREST does for a request, over a real connection, and the story of
an invitation told by such requests.

    postgrest.py <connection string>

One line of JSON a check goes to standard output: name, got, want. See
015_postgrest.pl.

As PostgREST 13 does, with examples/postgrest.conf: a transaction, read only for
GET and for functions that are not VOLATILE; search path, role, claims and what
the request was like by set_config(); the function of db-pre-request; arguments by
their names, from the JSON body, of an array its first object, or as literals from
the query string; embedded lists by LATERAL; the result as JSON; the status by
SQLSTATE.
"""
import json
import os
import re
import sys

import psycopg2
from psycopg2 import sql

ANONYMOUS = None
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'examples', 'postgrest.conf')


class Response:
    def __init__(self, status, body):
        self.status = status
        self.body = body

    def word(self):
        return [self.status, self.body.get('details') if isinstance(self.body, dict) else None]

    def code(self):
        return [self.status, self.body.get('code') if isinstance(self.body, dict) else None]


class PostgREST:
    """The server, with the schema cache that it reads at its start."""

    def __init__(self, dsn):
        with open(EXAMPLE, encoding='utf-8') as file:
            self.conf = dict(re.findall(r'^([a-z-]+) = "(.*)"', file.read(), re.M))
        self.connection = psycopg2.connect(dsn + ' user=authenticator')
        with self.connection.cursor() as cursor:
            # It offers no function whose only argument is an unnamed row.
            cursor.execute("""
                SELECT p.proname, p.proretset, p.provolatile,
                       (SELECT json_object_agg(name, format_type(t.type, NULL))
                          FROM unnest(p.proargnames[:p.pronargs], p.proargtypes) AS t(name, type)),
                       p.pronargs - p.pronargdefaults, c.relname
                  FROM pg_proc p LEFT JOIN pg_class c ON c.reltype = p.prorettype
                 WHERE p.pronamespace = 'tempcloud'::regnamespace AND p.prokind = 'f'
                   AND (p.pronargs = 0 OR p.proargnames IS NOT NULL)""")
            rows = cursor.fetchall()
            self.functions = {row[0]: row[1:] for row in rows}
            assert len(self.functions) == len(rows), 'a function is overloaded'
            # Relationships are the functions of a row that return rows.
            cursor.execute("""
                SELECT l.relname, p.proname, r.relname, NOT p.proretset OR p.prorows = 1
                  FROM pg_proc p
                  JOIN pg_class l ON l.reltype = p.proargtypes[0] AND l.relkind = 'v'
                  JOIN pg_class r ON r.reltype = p.prorettype AND r.relkind = 'v'
                 WHERE p.pronargs = 1""")
            self.relationships = {row[:2]: row[2:] for row in cursor.fetchall()}
            cursor.execute("""
                SELECT relname, pg_relation_is_updatable(oid, true)
                  FROM pg_class WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'""")
            self.writable = dict(cursor.fetchall())
            cursor.execute("""
                SELECT relname, json_object_agg(attname, format_type(atttypid, NULL))
                  FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
                 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v' GROUP BY relname""")
            self.columns = dict(cursor.fetchall())
        self.connection.rollback()

    def options(self, path):
        """What the header Allow says."""
        name = path.split('/')[-1]
        if path.startswith('/rpc/'):
            return ['POST'] if self.functions[name][1] == 'v' else ['GET', 'HEAD', 'POST']
        events = self.writable[name]
        return ['GET', 'HEAD'] + [method for method, bit in (('POST', 8), ('PATCH', 4), ('DELETE', 16))
                                  if events & bit]

    def request(self, method, path, claims=ANONYMOUS, body=None, **query):
        cursor = self.connection.cursor()
        name = path.split('/')[-1]
        is_rpc = path.startswith('/rpc/')
        reading = method in ('GET', 'HEAD') or is_rpc and self.functions.get(name, 'vv')[1] != 'v'
        try:
            cursor.execute('BEGIN ISOLATION LEVEL READ COMMITTED READ %s' % ('ONLY' if reading else 'WRITE'))
            role = (claims or {}).get('role', 'tempcloud_user') if claims else self.conf['db-anon-role']
            settings = {
                'search_path': '"%s", "public"' % self.conf['db-schemas'], 'role': role,
                'request.jwt.claims': json.dumps(dict(claims or {}, role=role)),
                'request.method': method, 'request.path': path,
                'request.headers': '{"accept":"*/*"}', 'request.cookies': '{}'}
            cursor.execute('SELECT ' + ', '.join(len(settings) * ['set_config(%s, %s, true)']),
                           [text for setting in settings.items() for text in setting])
            cursor.execute(sql.SQL('SELECT {}()').format(
                sql.Identifier(*self.conf['db-pre-request'].split('.'))))
            if is_rpc:
                result = self.rpc(cursor, method, name, body, query)
            elif reading:
                result = self.read(cursor, name, query)
            else:
                result = self.write(cursor, method, name, body, query)
            self.connection.commit()
            return Response(204 if result is None else 200, result)
        except LookupError as error:
            self.connection.rollback()
            return Response(400 if str(error) == 'PGRST200' else 404, {'code': str(error)})
        except psycopg2.Error as error:
            self.connection.rollback()
            diag = error.diag
            return Response(status_of(diag.sqlstate, claims), {
                'code': diag.sqlstate, 'message': diag.message_primary,
                'details': diag.message_detail, 'hint': diag.message_hint})

    def rpc(self, cursor, method, name, body, query):
        selected = query.pop('select', '*')
        if method == 'POST':
            first = (body or [{}])[0] if isinstance(body, list) else body or {}
            names = re.findall(r'"(\w+)":', body) if isinstance(body, str) else first
            given = dict.fromkeys(names)
        else:
            given = query
        if name not in self.functions:
            raise LookupError('PGRST202')
        retset, _, arguments, required, returned = self.functions[name]
        arguments = arguments or {}
        if set(given) - set(arguments) or set(list(arguments)[:required]) - set(given):
            raise LookupError('PGRST202')
        if method == 'POST' and given:
            source, values = self.payload(given, arguments, body)
            source += sql.SQL(', LATERAL ')
            passed = [sql.SQL('{0} := pgrst_body.{0}').format(sql.Identifier(a)) for a in given]
        else:
            source, values = sql.SQL(''), list(given.values())
            passed = [sql.SQL('{} := %s::{}').format(sql.Identifier(a), sql.SQL(arguments[a])) for a in given]
        call = sql.SQL('SELECT pgrst_call.* FROM {}tempcloud.{}({}) pgrst_call').format(
            source, sql.Identifier(name), sql.SQL(', ').join(passed))
        rows = self.fetch(cursor, call, self.select(
            sql.Identifier('pgrst_source'), returned, 'pgrst_source', parse_select(selected), 1), values)
        if retset:
            return rows
        if list(rows[0]) == ['pgrst_call']:         # a scalar, or void
            return rows[0]['pgrst_call'] or None
        return rows[0]

    @staticmethod
    def payload(names, types, body):
        """Rows of the names in a JSON body: of an object, or of an array's first one."""
        return sql.SQL(
            '(SELECT %s::json AS json_data) pgrst_payload, LATERAL (SELECT {} FROM json_to_{}(pgrst_payload.json_data)'
            ' AS _({}) LIMIT 1) pgrst_body').format(
                sql.SQL(', ').join(map(sql.Identifier, names)),
                sql.SQL('recordset' if isinstance(body, list) else 'record'),
                sql.SQL(', ').join(sql.SQL('{} {}').format(sql.Identifier(n), sql.SQL(types[n])) for n in names)), [body if isinstance(body, str) else json.dumps(body)]

    def select(self, source, table, alias, items, depth):
        """A query of the items from source, which has the rows of a table, with what is embedded."""
        columns, joins = [], []
        for item, embedded in items:
            if embedded is None:
                columns.append(sql.SQL('{}.{}').format(
                    sql.Identifier(alias), sql.SQL('*') if item == '*' else sql.Identifier(item)))
                continue
            if (table, item) not in self.relationships:
                raise LookupError('PGRST200')
            target, single = self.relationships[table, item]
            child = sql.Identifier('%s_%s_%d' % (table, item, depth))
            inner = self.select(
                sql.SQL('{}({}::{}) AS {}').format(
                    sql.Identifier('tempcloud', item), sql.Identifier(alias), sql.Identifier('tempcloud', table),
                    sql.Identifier('%s_%d' % (target, depth))),
                target, '%s_%d' % (target, depth), embedded, depth + 1)
            if single:
                columns.append(sql.SQL('row_to_json({}.*)::jsonb AS {}').format(child, sql.Identifier(item)))
                joins.append(sql.SQL(' LEFT JOIN LATERAL ({}) AS {} ON TRUE').format(inner, child))
            else:
                columns.append(sql.SQL("COALESCE({0}.{0}, '[]') AS {1}").format(child, sql.Identifier(item)))
                joins.append(sql.SQL(' LEFT JOIN LATERAL (SELECT json_agg({0})::jsonb AS {0} FROM ({1}) AS {0}) AS {0}'
                                     ' ON TRUE').format(child, inner))
        return sql.SQL('SELECT {} FROM {}').format(sql.SQL(', ').join(columns), source) + sql.SQL('').join(joins)

    def read(self, cursor, name, query):
        conditions, values, tail = [], [], sql.SQL('')
        for column, condition in query.items():
            if column in ('order', 'limit', 'select'):
                continue
            operator, value = condition.split('.', 1)
            conditions.append(sql.SQL('{} %s %%s' % {'eq': '=', 'gt': '>', 'lt': '<', 'ilike': 'ILIKE'}[operator])
                              .format(sql.Identifier(name, column)))
            values.append(value)
        if 'order' in query:
            tail += sql.SQL(' ORDER BY ') + sql.SQL(', ').join(
                sql.Identifier(name, part.split('.')[0]) + sql.SQL(' DESC' if part.endswith('.desc') else '')
                for part in query['order'].split(','))
        if 'limit' in query:
            tail += sql.SQL(' LIMIT ') + sql.Literal(int(query['limit']))
        source = self.select(sql.Identifier('tempcloud', name), name, name, parse_select(query.get('select', '*')), 1)
        if conditions:
            source += sql.SQL(' WHERE ') + sql.SQL(' AND ').join(conditions)
        return self.fetch(cursor, source + tail, sql.SQL('SELECT * FROM pgrst_source'), values)

    def write(self, cursor, method, name, body, query):
        view = sql.Identifier('tempcloud', name)
        columns = list(body or {})
        values = []
        if method == 'DELETE':
            command = sql.SQL('DELETE FROM {}').format(view)
        elif method == 'PATCH':
            source, values = self.payload(columns, self.columns[name], body)
            command = sql.SQL('UPDATE {} SET {} FROM {}').format(
                view, sql.SQL(', ').join(sql.SQL('{0} = pgrst_body.{0}').format(sql.Identifier(c)) for c in columns),
                source)
        else:
            source, values = self.payload(columns, self.columns[name], body)
            command = sql.SQL('INSERT INTO {} ({}) SELECT pgrst_body.* FROM {}').format(
                view, sql.SQL(', ').join(map(sql.Identifier, columns)), source)
        for column, condition in query.items():
            command += sql.SQL(' WHERE {} = %s').format(sql.Identifier(column))
            values.append(condition.split('.', 1)[1])
        cursor.execute(command + sql.SQL(' RETURNING 1'), values)

    @staticmethod
    def fetch(cursor, source, query, values):
        cursor.execute(
            sql.SQL("WITH pgrst_source AS ({}) SELECT coalesce(json_agg(_postgrest_t), '[]') FROM ({}) _postgrest_t")
            .format(source, query), values)
        return cursor.fetchone()[0]


def parse_select(text):
    """*,contacts(given_name,partner(*)): names, each with what is embedded by it or None."""
    def items():
        result = []
        while True:
            name = next(tokens)
            token = next(tokens, ')')
            if token == '(':
                result.append((name, items()))
                token = next(tokens, ')')
            else:
                result.append((name, None))
            if token == ')':
                return result
    tokens = iter(re.findall(r'[*\w]+|[(),]', text))
    return items()


def status_of(sqlstate, claims):
    """PostgREST's Error.hs, for what is not its own."""
    if sqlstate.startswith('PT'):
        return int(sqlstate[2:])
    if sqlstate == '42501':
        return 403 if claims else 401
    if sqlstate in ('42883', '42P01'):
        return 404
    if sqlstate == '25006':
        return 405
    if sqlstate in ('23503', '23505'):
        return 409
    if sqlstate.startswith(('08', '53')) and sqlstate != '53400':
        return 503
    return 500 if sqlstate[:2] in ('09', '21', '25', '2D', '38', '39', '3B', '40', '53', '54', '55', '57', '58',
                                   'F0', 'HV', 'P0', 'XX') else 400


def check(name, got, want):
    print(json.dumps({'name': name, 'got': got, 'want': want}, default=str), flush=True)


def person(name, domain, verified=True):
    return {'sub': name, 'email': '%s@%s' % (name, domain), 'email_verified': verified}


# For each right: who has it, and calls that need it. Their ids are nobody's, so that none
# changes anything, and the word that those who have the right get.
NOBODY = '00000000-0000-7000-8000-000000000000'
RIGHTS = {
    'read': ('owner manager member viewer', [
        ('partnership_receipt', dict(partner_id=NOBODY), [404, 'partner_not_found'])]),
    'handle_requests': ('owner manager member', [
        ('send_order', dict(name='', requests=[]), [400, 'invalid_argument']),
        ('send_request', dict(provider_id=NOBODY, profession='', location='', shifts=[]), [400, 'invalid_argument']),
        ('withdraw_request', dict(id=NOBODY), [404, 'request_not_found']),
        ('answer_request', dict(id=NOBODY, accept=True), [404, 'request_not_found']),
        ('cancel_request', dict(id=NOBODY, reason='x'), [404, 'request_not_found']),
        ('assign_workers', dict(shift_id=NOBODY, workers=[]), [404, 'shift_not_found'])]),
    'invite': ('owner manager', [
        ('invite', dict(email='x'), [400, 'invalid_email']),
        ('invite_many', dict(invitations={}), [400, 'invalid_argument']),
        ('resend_invitation', dict(id=NOBODY), [404, 'invitation_not_found']),
        ('withdraw_invitation', dict(id=NOBODY), [404, 'invitation_not_found'])]),
    'decline': ('owner manager', [
        ('decline_invitation', dict(id=NOBODY), [404, 'invitation_not_found']),
        ('unblock_account', dict(id=NOBODY), [204, None])]),
    'accept': ('owner manager', [
        ('accept_invitation', dict(id=NOBODY), [404, 'invitation_not_found'])]),
    'manage_account': ('owner', [
        ('update_account', dict(city='Bonn'), [200, None])]),
    'manage_contacts': ('owner', [
        ('add_contact', dict(given_name='', family_name=''), [400, 'invalid_argument']),
        ('set_role', dict(contact_id=NOBODY, role='owner'), [404, 'contact_not_found']),
        ('update_contact', dict(id=NOBODY), [404, 'contact_not_found']),
        ('send_confirmation', dict(contact_id=NOBODY), [404, 'contact_not_found']),
        ('remove_contact', dict(id=NOBODY), [404, 'contact_not_found'])]),
    'close_account': ('owner', [
        ('close_account', {}, [409, 'has_colleagues'])])}


def tell_roles(check, call, get, token_to):
    """A company of four people: what each may do."""
    people = {role: person(role, 'leute.example') for role in ('owner', 'manager', 'member', 'viewer')}
    call('register_account', people['owner'], kind='customer', company_name='Leute AG', given_name='Olaf', family_name='Ott')
    for role in ('manager', 'member', 'viewer'):
        call('add_contact', people['owner'], given_name=role, family_name='Leute', email=role + '@leute.example', role=role)
        call('confirm_email', people[role], token=token_to(role + '@leute.example'))
    check('the hint says who may', call('invite', people['viewer'], email='x@y.example').body['hint'],
          'Ask somebody with the role owner or manager: Olaf Ott, manager Leute.')
    for role, claims in people.items():
        me = get('/rpc/whoami', claims).body
        check('whoami of a ' + role, [me['contact']['role'], sorted(me['permissions'])], [role, sorted(
            {right for right, (roles, _) in RIGHTS.items() if role in roles.split() and right != 'close_account'}
            | {'edit_own_contact'} | ({'leave_account'} if role != 'owner' else set()))])
        check(role + ': their own contact', call('update_contact', claims, id=me['contact']['id'], position='x').status, 200)
        check(role + ': lists', len(get('/my_contacts', claims).body), 4)
        for right, (roles, calls) in RIGHTS.items():
            for name, arguments, word in calls:
                check('%s: %s' % (role, name), call(name, claims, **arguments).word(),
                      word if role in roles.split() else [403, 'not_permitted'])
    check('who is no owner may leave', call('leave_account', people['viewer']).status, 204)


def tell(dsn):
    api = PostgREST(dsn)
    mailer = psycopg2.connect(dsn + ' user=mailer')
    mailer.autocommit = True
    anna, adam = person('anna', 'kunde.example'), person('adam', 'kunde.example')
    bob, bea = person('bob', 'anbieter.example'), person('bea', 'personal.example')
    admin = dict(person('ute', 'betrieb.example'), role='tempcloud_admin')
    unproven = person('udo', 'anbieter.example', verified=False)
    messages = []

    def call(name, claims=ANONYMOUS, /, **arguments):
        return seen(api.request('POST', '/rpc/' + name, claims, arguments))

    def get(path, claims=ANONYMOUS, /, **query):
        return seen(api.request('GET', path, claims, **query))

    def seen(response):
        if isinstance(response.body, dict) and 'message' in response.body and response.status >= 400:
            messages.append(response.body['message'])
        return response

    def token_to(address):
        with mailer.cursor() as cursor:
            cursor.execute('SELECT id, recipient, text_body FROM tempcloud.claim_mail(100)')
            mails = cursor.fetchall()
            cursor.execute('SELECT tempcloud.mail_sent(%s::uuid[])', ([mail[0] for mail in mails],))
        return [re.search('tc[ie]_[A-Za-z0-9_-]{48}', mail[2]).group()
                for mail in mails if mail[1] == address][-1]

    # Without a login
    check('anonymous: whoami', call('whoami').status, 401)
    check('anonymous: partners', get('/partners').status, 401)
    check('anonymous: invite', call('invite', email='bob@anbieter.example').status, 401)
    check('anonymous: a malformed link', call('preview_invitation', token='x').word(), [400, 'invalid_token'])

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
        preview = call('preview_invitation', token=token).body
        check('preview', [preview['inviter_company'], preview['kind'], preview['needs_account'], preview['status']],
              ['Kunde AG', 'provider', True, 'pending'])
    # A token has no business in an address, which is written into logs.
    for name in ('preview_invitation', 'ask_again', 'decline_invitation_by_token', 'accept_invitation_by_token',
                 'register_account', 'confirm_email'):
        check(name + ' by GET', [get('/rpc/' + name, bob, token=token).status, api.options('/rpc/' + name)],
              [405, ['POST']])
    check('preview_invitation by HEAD', api.request('HEAD', '/rpc/preview_invitation', token=token).word(),
          [405, 'post_only'])
    check('accept without account', call('accept_invitation_by_token', bob, token=token).word(), [403, 'no_account'])
    check('register by the link', call('register_account', bob, token=token, family_name='Berg').body['kind'],
          'provider')
    check('preview has an account', call('preview_invitation', token=token).body['needs_account'], False)
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
    preview = call('preview_invitation', token=token).body
    check('preview what is accepted', [preview['status'], preview['link_is_current']], ['accepted', True])
    check('ask again for what is accepted', call('ask_again', token=token).word(), [410, 'invitation_accepted'])

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

    # Lists embed what belongs to their rows.
    check('partners with contacts', get('/partners', anna, select='company_name,contacts(given_name)', order='id',
                                        limit='1').body,
          [{'company_name': 'Anbieter GmbH', 'contacts': [{'given_name': 'Bob'}]}])
    check('customers with contacts', get('/customers', bob, select='company_name,contacts(given_name)').body,
          [{'company_name': 'Kunde AG', 'contacts': [{'given_name': 'Anna'}]}])
    check('providers with contacts', [p['contacts'] for p in get('/providers', anna, select='*,contacts(email)',
                                                                company_name='eq.Anbieter GmbH').body],
          [[{'email': 'bob@anbieter.example'}]])
    check('partner_contacts with partner', get('/partner_contacts', bob, select='email,partner(company_name)').body,
          [{'email': 'anna@kunde.example', 'partner': {'company_name': 'Kunde AG'}}])
    check('invitations_sent with partner', get('/invitations_sent', anna, order='id',
                                               select='status,partner(company_name,contacts(given_name))').body[0],
          {'status': 'accepted', 'partner': {'company_name': 'Anbieter GmbH', 'contacts': [{'given_name': 'Bob'}]}})
    check('invitations_received with partner', get('/invitations_received', bob, select='partner(company_name)').body,
          [{'partner': {'company_name': 'Kunde AG'}}])
    check('search_partners with contacts', get('/rpc/search_partners', anna, name='anbieter',
                                               select='company_name,contacts(given_name)').body,
          [{'company_name': 'Anbieter GmbH', 'contacts': [{'given_name': 'Bob'}]}])
    check('no relationship', get('/partners', anna, select='*,mails(*)').code(), [400, 'PGRST200'])
    check('nothing without a login', get('/partners', select='*,contacts(*)').status, 401)
    call('invite', anna, email='nobody@nowhere.example')
    check('an invitation without a partner', get('/invitations_sent', anna, order='id.desc', limit='1',
                                                 select='status,partner(company_name)').body,
          [{'status': 'pending', 'partner': None}])
    call('withdraw_invitation', anna, id=get('/invitations_sent', anna, order='id.desc', limit='1').body[0]['id'])

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
    check('add_contact', [colleague['role'], colleague['has_login']], ['member', False])
    check('confirm_email', call('confirm_email', adam, token=token_to('adam@kunde.example')).body['has_login'], True)
    check('send_confirmation', call('send_confirmation', anna, contact_id=colleague['id']).body['has_login'], True)
    check('set_role', call('set_role', anna, contact_id=colleague['id'], role='viewer').body['role'], 'viewer')
    check('no such role', call('set_role', anna, contact_id=colleague['id'], role='king').code(), [400, '22P02'])
    check('update_contact', call('update_contact', anna, id=colleague['id'], position='Einkauf').body['position'],
          'Einkauf')
    check('update_account', call('update_account', anna, city='Bonn').body['city'], 'Bonn')
    check('my_contacts', len(get('/my_contacts', anna).body), 2)
    check('remove_contact', call('remove_contact', anna, id=colleague['id']).status, 204)
    check('last owner', call('remove_contact', anna, id=get('/my_contacts', anna).body[0]['id']).word(),
          [409, 'last_owner'])
    check('leave_account', call('leave_account', anna).word(), [409, 'last_owner'])
    tell_roles(check, call, get, token_to)

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
    check('pages of invitations_sent', pages, [20, 20, 14])
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
    check('requests_sent with all', get('/requests_sent', anna, id='eq.' + first, select=(
        'profession,provider(company_name),assignments(worker_name),'
        'shifts(offered,assignments(worker_name,shift(headcount)),request_sent(status),request_received(status))')).body,
          [{'profession': 'Koch', 'provider': {'company_name': 'Anbieter GmbH'},
            'assignments': [{'worker_name': 'Petra Pfeil'}],
            'shifts': [{'offered': 1, 'assignments': [{'worker_name': 'Petra Pfeil', 'shift': {'headcount': 2}}],
                        'request_sent': {'status': 'accepted'}, 'request_received': None}]}])
    check('requests_received with all', get('/requests_received', bob, id='eq.' + first, select=(
        'profession,customer(company_name,contacts(given_name)),assignments(worker_name),'
        'shifts(offered,request_sent(status),request_received(status))')).body,
          [{'profession': 'Koch', 'customer': {'company_name': 'Kunde AG', 'contacts': [{'given_name': 'Anna'}]},
            'assignments': [{'worker_name': 'Petra Pfeil'}],
            'shifts': [{'offered': 1, 'request_sent': None, 'request_received': {'status': 'accepted'}}]}])
    check('of a request without an answer', get('/requests_sent', anna, id='eq.' + second,
                                                select='shifts(assigned),assignments(*)').body,
          [{'shifts': [{'assigned': 0}], 'assignments': []}])
    check('cancel_request', call('cancel_request', anna, id=first, reason='Streik').body['status'], 'cancelled')
    check('assign what is cancelled', call('assign_workers', bob, shift_id=shift['id'], workers=[]).word(),
          [410, 'request_cancelled'])
    check('withdraw what is declined', call('withdraw_request', anna, id=second).word(), [410, 'request_declined'])

    # Views are for reading, whoever asks, and nothing else is offered.
    for view in sorted(api.writable):
        if view == 'mail_template':
            continue
        column = list(api.columns[view])[0]
        row = {column: None}
        check(view + ' offers reading', api.options('/' + view), ['GET', 'HEAD'])
        check(view + ' cannot be written to',
              [api.request(method, '/' + view, who, body, **query).word()
               for who in (ANONYMOUS, anna, admin)
               for method, body, query in (('POST', row, {}), ('PATCH', row, {column: 'eq.1'}), ('PUT', row, {}),
                                           ('DELETE', None, {}))],
              12 * [[405, 'read_only']])
    check('mail_template offers writing', api.options('/mail_template'), ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'])
    template = {'kind': 'reminder', 'locale': 'fr', 'subject': 'Rappel', 'text_body': '{link}'}
    check('mail_template is for the admin',
          [api.request('POST', '/mail_template', who, template).status for who in (ANONYMOUS, anna, admin)], [401, 403, 204])
    check('DELETE of mail_template', api.request('DELETE', '/mail_template', admin, locale='eq.fr').status, 204)

    # What PostgREST and PostgreSQL answer to what is no request of ours
    check('a misspelt argument', call('invite', anna, mail='x@y.example').code(), [404, 'PGRST202'])
    check('no such function', call('invit', anna, email='x@y.example').code(), [404, 'PGRST202'])
    check('no id', call('withdraw_invitation', anna, id='7').code(), [400, '22P02'])
    check('no kind', call('register_account', anna, kind='both').code(), [400, '22P02'])
    check('a number too large', call('answer_request', bob, id=first, accept=True, headcount=99999999999).code(),
          [400, '22003'])
    check('no time', call('send_request', anna, provider_id=provider, profession='Koch', location='Bonn', shifts=shifts,
                          answer_by='bald').word(), [400, 'invalid_argument'])
    check('a NUL', call('invite', anna, email='x@y.example', message='\0').code(), [400, '22P05'])
    deep = '{"name": "x", "requests": %s%s}'
    check('a body nested deeply', api.request('POST', '/rpc/send_order', anna, deep % (5000 * '[', 5000 * ']')).word(),
          [400, 'invalid_argument'])
    check('so deeply that PostgreSQL cannot read it',
          api.request('POST', '/rpc/send_order', anna, deep % (50000 * '[', 50000 * ']')).code(), [500, '54001'])
    check('no JWT', call('invite', email='x@y.example').code(), [401, '42501'])
    check('a login that is a number', [call('whoami', {'sub': 7}).word(), call('whoami', {'sub': 7}).body['hint']],
          [[401, 'not_signed_in'], 'The claim "sub" must be a string.'])
    two = [{'email': 'erna@array.example'}, {'email': 'emma@array.example'}]
    check('of an array as body, the first object', api.request('POST', '/rpc/invite', anna, two).body['email'],
          'erna@array.example')
    check('and no other', [i['email'] for i in get('/invitations_sent', anna, order='id.desc', limit='2').body
                           if i['email'].endswith('@array.example')], ['erna@array.example'])

    # What is not for them
    check('act_as', call('act_as', anna, subject='bob').status, 403)
    check('claim_mail', call('claim_mail', anna).status, 403)
    check('maintain', call('maintain', anna).status, 403)
    check('export_person', get('/rpc/export_person', anna, email='bob@anbieter.example').status, 403)
    check('mail_stats', get('/mail_stats', anna).status, 403)

    check('messages are reason phrases', [m for m in messages if not re.fullmatch('[ -~]+', m)], [])


if __name__ == '__main__':
    tell(sys.argv[1])
