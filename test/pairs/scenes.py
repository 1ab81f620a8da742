"""Where commands can meet: what stands when they come, and which of them do.

Each case gets people of its own, by a suffix of all names. In a command {name} is
what the scene has made, and 'name~' somebody's name with the suffix.
"""

SHIFTS = ('[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2},'
          ' {"starts_at": "2100-01-02 06:00", "ends_at": "2100-01-02 14:00", "headcount": 1}]')


def register(world, who, kind):
    return world.call(who, f"SELECT id FROM tempcloud.register_account('{kind}', '{who} ~', '{who}', 'X')")


def invite(world, who, address):
    return world.call(who, f"SELECT id FROM tempcloud.invite('{address}~@{address}.example')")


def strangers(world):
    """A customer and a provider, and a colleague of his who has a login, too."""
    register(world, 'anna', 'customer')
    register(world, 'bob', 'provider')
    world['colleague'] = world.call('bob', "SELECT id FROM tempcloud.add_contact('Bernd', 'X', 'bernd~@bernd.example')")
    world.call('bob', 'SELECT tempcloud.send_confirmation({colleague})')
    world['confirmation'] = world.token('bernd')
    world['contact'] = world.call('bernd', 'SELECT account_id FROM tempcloud.confirm_email({confirmation})') and world.call(
        'bob', "SELECT id FROM tempcloud.my_contacts WHERE given_name = 'bob'")
    world['other'] = world.call('bob', "SELECT id FROM tempcloud.add_contact('Berta', 'X', 'berta~@berta.example')")
    world.call('bob', 'SELECT tempcloud.send_confirmation({other})')
    world['other_confirmation'] = world.token('berta')


def partners(world):
    register(world, 'anna', 'customer')
    world['bob'] = register(world, 'bob', 'provider')
    invite(world, 'anna', 'bob')
    world.call('bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received')


def invited(world):
    """Anna, a customer, has invited Bob, a provider, who is there already."""
    register(world, 'anna', 'customer')
    world['bob'] = register(world, 'bob', 'provider')
    world['contact'] = world.call('bob', 'SELECT id FROM tempcloud.my_contacts')
    world['anna'] = world.call('anna', 'SELECT id FROM tempcloud.my_account')
    world['colleague'] = world.call('bob', "SELECT id FROM tempcloud.add_contact('Bernd', 'X', 'bernd~@bernd.example')")
    world.call('bob', 'SELECT tempcloud.send_confirmation({colleague})')
    world['confirmation'] = world.token('bernd')
    world['invitation'] = invite(world, 'anna', 'bob')
    world['token'] = world.token('bob')


def expired(world):
    """The same, but nobody has answered in time."""
    invited(world)
    world.as_superuser("UPDATE tempcloud_data.invitation SET created_at = created_at - interval '9 days',"
                       " sent_at = sent_at - interval '9 days', expires_at = now() - interval '1 s' WHERE id = {invitation}")


def unknown(world):
    """Anna has invited the address of Nora, who has no account; Bob has typed the address, too."""
    register(world, 'anna', 'customer')
    register(world, 'carl', 'customer')
    register(world, 'bob', 'provider')
    world['colleague'] = world.call('bob', "SELECT id FROM tempcloud.add_contact('Nora', 'X', 'nora~@nora.example')")
    world.call('bob', 'SELECT tempcloud.send_confirmation({colleague})')
    world['confirmation'] = world.token('nora')
    world['invitation'] = invite(world, 'anna', 'nora')
    world['token'] = world.token('nora')


def requested(world):
    """Anna has an open request to Bob, her partner."""
    partners(world)
    world['request'] = world.call('anna', f"SELECT id FROM tempcloud.send_request({{bob}}, 'Koch', 'Bonn', '{SHIFTS}')")


def accepted(world):
    """And he has accepted it."""
    requested(world)
    world.call('bob', 'SELECT tempcloud.answer_request({request}, true)')
    world['shift'] = world.call('bob', 'SELECT id FROM tempcloud.shifts WHERE headcount = 2')
    world['other_shift'] = world.call('bob', 'SELECT id FROM tempcloud.shifts WHERE headcount = 1')


DECISIONS = {
    'accept': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation({invitation})'),
    'accept by token': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation_by_token({token}, true)'),
    'decline': ('bob', 'SELECT status FROM tempcloud.decline_invitation({invitation})'),
    'decline by token': (None, 'SELECT status FROM tempcloud.decline_invitation_by_token({token})'),
    'block by token': (None, "SELECT status FROM tempcloud.decline_invitation_by_token({token}, 'Nein', true)"),
    'preview': (None, 'SELECT status FROM tempcloud.preview_invitation({token})'),
    'withdraw': ('anna', 'SELECT status FROM tempcloud.withdraw_invitation({invitation})'),
    'resend': ('anna', 'SELECT status FROM tempcloud.resend_invitation({invitation})'),
    'maintain': ('admin', 'SELECT 1 FROM tempcloud.maintain()'),
    'claim mail': ('mailer', 'SELECT count(*) >= 0 FROM tempcloud.claim_mail(1000)'),
}
MEMBERS = {
    **DECISIONS,
    'invite again': ('anna', "SELECT status FROM tempcloud.invite('bob~@bob.example')"),
    'invite back': ('bob', "SELECT status FROM tempcloud.invite('anna~@anna.example')"),
    'invite many': ('anna', """SELECT string_agg(concat((r.invitation).status, r.error), ' ') FROM
        tempcloud.invite_many('[{"email": "bob~@bob.example"}, {"email": "bernd~@bernd.example"}]') r"""),
    'unblock': ('bob', 'SELECT tempcloud.unblock_account({anna}) IS NULL'),
    'change address': ('bob', "SELECT email FROM tempcloud.update_contact({contact}, email => 'bo~@bo.example')"),
    'remove colleague': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL'),
    'confirm colleague': ('bernd', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})'),
    'send confirmation': ('bob', 'SELECT tempcloud.send_confirmation({colleague}) IS NULL'),
    'erase invitee': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')"),
    'invite the colleague': ('anna', "SELECT status FROM tempcloud.invite('bernd~@bernd.example')"),
}
ADDRESS = {
    **{name: (None if who == 'bob' else who, sql) for name, (who, sql) in DECISIONS.items()
       if name not in ('accept', 'accept by token', 'decline')},
    'register by link': ('nora', "SELECT kind FROM tempcloud.register_account(token => {token}, company_name => 'nora ~',"
                                 " given_name => 'nora', family_name => 'X')"),
    'register': ('nora', "SELECT kind FROM tempcloud.register_account('provider', 'nora ~', 'nora', 'X')"),
    'register as the other kind': ('nora', "SELECT kind FROM tempcloud.register_account('customer', 'nora ~', 'nora', 'X')"),
    'register by the link of another': ('nico', "SELECT kind FROM tempcloud.register_account(token => {token}, company_name => 'nico ~',"
                                                " given_name => 'nico', family_name => 'X')"),
    'accept as another': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation_by_token({token}, true)'),
    'invite again': ('anna', "SELECT status FROM tempcloud.invite('nora~@nora.example')"),
    'invite, too': ('carl', "SELECT status FROM tempcloud.invite('nora~@nora.example')"),
    'invite as the same kind': ('bob', "SELECT status FROM tempcloud.invite('nora~@nora.example')"),
    'prove the address': ('nina', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})'),
    'prove it as who has typed it': ('bob', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})'),
    'remove who has typed it': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL'),
    'type it, too': ('carl', "SELECT email FROM tempcloud.add_contact('Nora', 'Y', 'nora~@nora.example')"),
    'erase': ('admin', "SELECT count(*) FROM tempcloud.erase_person('nora~@nora.example')"),
}
REQUESTS = {
    'answer': ('bob', 'SELECT status FROM tempcloud.answer_request({request}, true, headcount => 1)'),
    'decline': ('bob', "SELECT status FROM tempcloud.answer_request({request}, false, 'Nein')"),
    'withdraw': ('anna', "SELECT status FROM tempcloud.withdraw_request({request}, 'Irrtum')"),
    'cancel': ('anna', "SELECT status FROM tempcloud.cancel_request({request}, 'Streik')"),
    'cancel as the provider': ('bob', "SELECT status FROM tempcloud.cancel_request({request}, 'Grippe')"),
    'order': ('anna', f"""SELECT count(*) FROM tempcloud.send_order('Inventur', jsonb_build_array(jsonb_build_object(
        'provider_id', {{bob}}, 'profession', 'Koch', 'location', 'Bonn', 'shifts', '{SHIFTS}'::jsonb)), 'R1')"""),
    'maintain': ('admin', 'SELECT 1 FROM tempcloud.maintain()'),
    'claim mail': ('mailer', 'SELECT count(*) >= 0 FROM tempcloud.claim_mail(1000)'),
    'erase provider': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')"),
}
NAMES = {
    **{name: command for name, command in REQUESTS.items() if name in ('answer', 'cancel', 'cancel as the provider', 'erase provider')},
    'name two': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{Paul,Petra}')"),
    'name one': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{Pia}')"),
    'name none': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{}')"),
    'name for the other shift': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({other_shift}, '{Pit}')"),
}
STRANGERS = {
    'invite': ('anna', "SELECT status FROM tempcloud.invite('bob~@bob.example')"),
    'invite the colleague': ('anna', "SELECT status FROM tempcloud.invite('bernd~@bernd.example')"),
    'invite back': ('bob', "SELECT status FROM tempcloud.invite('anna~@anna.example')"),
    'invite back as the colleague': ('bernd', "SELECT status FROM tempcloud.invite('anna~@anna.example')"),
    'invite whom he has typed': ('anna', "SELECT status FROM tempcloud.invite('berta~@berta.example')"),
    'invite a stranger': ('anna', "SELECT status FROM tempcloud.invite('nora~@nora.example')"),
    'remove the colleague': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL'),
    'remove him': ('bernd', 'SELECT tempcloud.remove_contact({contact}) IS NULL'),
    'leave': ('bob', 'SELECT tempcloud.remove_contact({contact}) IS NULL'),
    'change address': ('bernd', "SELECT email FROM tempcloud.update_contact({colleague}, email => 'bo~@bo.example')"),
    'change what is typed': ('bob', "SELECT email FROM tempcloud.update_contact({other}, email => 'bea~@bea.example')"),
    'confirm': ('berta', 'SELECT has_login FROM tempcloud.confirm_email({other_confirmation})'),
    'confirm as the colleague': ('bernd', 'SELECT has_login FROM tempcloud.confirm_email({other_confirmation})'),
    'confirm again': ('bob', 'SELECT tempcloud.send_confirmation({other}) IS NULL'),
    'register instead': ('berta', "SELECT kind FROM tempcloud.register_account('provider', 'berta ~', 'berta', 'X')"),
    'register as a customer': ('berta', "SELECT kind FROM tempcloud.register_account('customer', 'berta ~', 'berta', 'X')"),
    'update the account': ('bob', "SELECT city FROM tempcloud.update_account(city => 'Bonn')"),
    'erase': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')"),
    'erase the colleague': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bernd~@bernd.example')"),
    'claim mail': ('mailer', 'SELECT count(*) >= 0 FROM tempcloud.claim_mail(1000)'),
}
SCENES = {'strangers': (strangers, STRANGERS), 'invited': (invited, MEMBERS), 'expired': (expired, MEMBERS), 'unknown': (unknown, ADDRESS),
          'requested': (requested, REQUESTS), 'accepted': (accepted, NAMES)}
