"""Where commands can meet: what stands when they come, and which of them do.

Each case gets people of its own, by a suffix of all names. In a command {name} is
what the scene has made, and 'name~' somebody's name with the suffix.

A command is: who calls, the SQL, and what it locks, in the words of src/base/lock.h, those of
the scene's rows only; what it locks FOR SHARE has a question mark. A command that waits
for another one although they lock nothing in common is an error.
"""

SHIFTS = ('[{"starts_at": "2100-01-01 06:00", "ends_at": "2100-01-01 14:00", "headcount": 2},'
          ' {"starts_at": "2100-01-02 06:00", "ends_at": "2100-01-02 14:00", "headcount": 1}]')


def register(world, who, kind):
    return world.call(who, f"SELECT id FROM tempcloud.register_account('{kind}', '{who} ~', '{who}', 'X')")


def invite(world, who, address):
    return world.call(who, f"SELECT id FROM tempcloud.invite('{address}~@{address}.example')")


def add(world, who, colleague, role='owner'):
    """A colleague who has got a mail; returns the contact."""
    return world.call(who, f"SELECT id FROM tempcloud.add_contact('{colleague}', 'X', '{colleague}~@{colleague}.example', role => '{role}')")


def join(world, who, colleague, role='owner'):
    """A colleague who has a login; returns the contact."""
    contact = add(world, who, colleague, role)
    world['link'] = world.token(colleague)
    world.call(colleague, 'SELECT id FROM tempcloud.confirm_email({link})')
    return contact


def contact_of(world, who):
    return world.call(who, f"SELECT id FROM tempcloud.my_contacts WHERE given_name = '{who}'")


def strangers(world):
    """A customer and a provider, and a colleague of his who has a login, too."""
    register(world, 'anna', 'customer')
    register(world, 'bob', 'provider')
    world['colleague'] = add(world, 'bob', 'bernd')
    world['confirmation'] = world.token('bernd')
    world['contact'] = world.call('bernd', 'SELECT account_id FROM tempcloud.confirm_email({confirmation})') and world.call(
        'bob', "SELECT id FROM tempcloud.my_contacts WHERE given_name = 'bob'")
    world['other'] = add(world, 'bob', 'berta')
    world['other_confirmation'] = world.token('berta')


def partners(world):
    register(world, 'anna', 'customer')
    world['bob'] = register(world, 'bob', 'provider')
    join(world, 'anna', 'alma')
    join(world, 'bob', 'bernd')
    invite(world, 'anna', 'bob')
    world.call('bob', 'SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received')


def invited(world):
    """Anna, a customer, has invited Bob, a provider, who is there already."""
    register(world, 'anna', 'customer')
    world['bob'] = register(world, 'bob', 'provider')
    world['contact'] = world.call('bob', 'SELECT id FROM tempcloud.my_contacts')
    world['anna'] = world.call('anna', 'SELECT id FROM tempcloud.my_account')
    world['colleague'] = add(world, 'bob', 'bernd')
    world['confirmation'] = world.token('bernd')
    world['invitation'] = invite(world, 'anna', 'bob')
    world['token'] = world.token('bob')


def expired(world):
    """The same, but nobody has answered in time."""
    invited(world)
    world.as_superuser("UPDATE tempcloud_data.invitation SET created_at = created_at - interval '9 days',"
                       " sent_at = sent_at - interval '9 days', expires_at = now() - interval '1 s' WHERE id = {invitation}")


def replaced(world):
    """Anna has sent the invitation again: the link of the first mail has been replaced."""
    invited(world)
    world.as_superuser("UPDATE tempcloud_data.invitation SET sent_at = sent_at - interval '1 hour' WHERE id = {invitation}")
    world.call('anna', 'SELECT tempcloud.resend_invitation({invitation})')
    world.token('bob')
    world.as_superuser("UPDATE tempcloud_data.invitation SET sent_at = sent_at - interval '1 hour' WHERE id = {invitation}")
    world.as_superuser("UPDATE tempcloud_data.mail SET created_at = created_at - interval '1 hour' WHERE invitation_id = {invitation}")


def unknown(world):
    """Anna has invited the address of Nora, who has no account; Bob has typed the address, too."""
    register(world, 'anna', 'customer')
    register(world, 'carl', 'customer')
    register(world, 'bob', 'provider')
    world['colleague'] = add(world, 'bob', 'nora')
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


def led(world):
    """Anna has invited Bob's company, which has another owner, Berta, and a manager, Max."""
    register(world, 'anna', 'customer')
    register(world, 'bob', 'provider')
    world['berta'] = join(world, 'bob', 'berta')
    world['max'] = join(world, 'bob', 'max', 'manager')
    world['bob'] = contact_of(world, 'bob')
    world['invitation'] = invite(world, 'anna', 'max')
    world['token'] = world.token('max')


def cancelled(world):
    """And cancelled it, after workers were named."""
    accepted(world)
    world.call('bob', "SELECT tempcloud.assign_workers({shift}, '{Paul,Petra}')")
    world.call('bob', "SELECT tempcloud.assign_workers({shift}, '{Paul,Pia}')")
    world.call('bob', "SELECT status FROM tempcloud.cancel_request({request}, 'Grippe')")


def busy(world):
    """Two companies of two people each, and all that maintain() and mailers have to do.

    Anna has invited Bob long ago, withdrawn it, and invites him again, and Carla, who has not
    answered in time. Of the mails one is held by a mailer (Bob's), two are due (Berta's and
    Carla's), one was given up (Bernd's), and two are to be purged (Alma's and the first one
    to Bob).
    """
    world['anna'] = register(world, 'anna', 'customer')
    register(world, 'bob', 'provider')
    world['alma_contact'] = join(world, 'anna', 'alma')
    world['bernd_contact'] = join(world, 'bob', 'bernd')
    world['anna_contact'] = contact_of(world, 'anna')
    world['bob_contact'] = contact_of(world, 'bob')
    world['berta_contact'] = add(world, 'bob', 'berta')
    world['confirmation'] = world.token('berta')
    world['old'] = invite(world, 'anna', 'bob')
    world.token('bob')
    world.call('anna', 'SELECT status FROM tempcloud.withdraw_invitation({old})')
    invitation = invite(world, 'anna', 'carla')
    world.token('carla')
    world['invitation'] = invite(world, 'anna', 'bob')
    world['token'] = world.token('bob')
    world.as_superuser("""UPDATE tempcloud_data.invitation SET created_at = created_at - interval '2 years',
        sent_at = sent_at - interval '2 years', decided_at = decided_at - interval '2 years' WHERE id = {old}""")
    world.as_superuser(f"UPDATE tempcloud_data.invitation SET expires_at = now() - interval '1 s' WHERE id = '{invitation}'")
    world.as_superuser("""UPDATE tempcloud_data.invitation SET sent_at = sent_at - interval '28 days',
        expires_at = expires_at - interval '28 days' WHERE id = {invitation}""")
    for who, change in {'alma': "state = 'sent', closed_at = now() - interval '2 years'", 'bernd': "state = 'failed', closed_at = now()",
                        'berta': "due_at = now() - interval '1 s'", 'carla': "due_at = now() - interval '1 s'"}.items():
        world.as_superuser(f"UPDATE tempcloud_data.mail SET {change}, leased = false WHERE recipient = '{who}~@{who}.example'")
    world.as_superuser("UPDATE tempcloud_data.mail SET state = 'sent', closed_at = now() - interval '2 years', leased = false WHERE invitation_id = {old}")
    for name, who in {'held': "invitation_id = {invitation}", 'given_up': "recipient = 'bernd~@bernd.example'"}.items():
        world[name] = world.value(f'SELECT id FROM tempcloud_data.mail WHERE {who}')
    world['reported'] = f"{{{world.values['held']},{world.values['given_up']}}}"
    world['old_mail'] = world.value("SELECT id FROM tempcloud_data.mail WHERE recipient = 'alma~@alma.example'")


NOTHING = ''
READING = {
    'preview': (None, 'SELECT status FROM tempcloud.preview_invitation({token})', NOTHING),
    'export': ('admin', "SELECT jsonb_array_length(tempcloud.export_person('bob~@bob.example') -> 'contacts') >= 0", NOTHING),
}
DECISIONS = {
    'accept': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation({invitation})', 'pair invitation anna?'),
    'accept by token': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation_by_token({token}, true)', 'pair invitation anna?'),
    'decline': ('bob', 'SELECT status FROM tempcloud.decline_invitation({invitation})', 'invitation anna?'),
    'decline by token': (None, 'SELECT status FROM tempcloud.decline_invitation_by_token({token})', 'invitation anna?'),
    'block by token': (None, "SELECT status FROM tempcloud.decline_invitation_by_token({token}, 'Nein', true)", 'invitation anna? block'),
    **READING,
    'ask again': (None, 'SELECT status FROM tempcloud.ask_again({token})', 'address anna.account? invitation anna?'),
    'withdraw': ('anna', 'SELECT status FROM tempcloud.withdraw_invitation({invitation})', 'invitation'),
    'resend': ('anna', 'SELECT status FROM tempcloud.resend_invitation({invitation})', 'anna.sender address pair invitation'),
    'correct': ('anna', "SELECT message FROM tempcloud.correct_invitation({invitation}, message => 'Hallo')", 'invitation'),
    'correct the address': ('anna', "SELECT status FROM tempcloud.correct_invitation({invitation}, 'emil~@emil.example')", 'anna.sender invitation'),
    'maintain': ('admin', 'SELECT 1 FROM tempcloud.maintain()', 'invitation carla.invitation old.mail mail anna?'),
    'claim mail': ('mailer', 'SELECT count(*) >= 0 FROM tempcloud.claim_mail(1000)', 'berta.mail carla.mail mail'),
}
MEMBERS = {
    **DECISIONS,
    'invite again': ('anna', "SELECT status FROM tempcloud.invite('bob~@bob.example')", 'anna.sender address pair invitation'),
    'invite back': ('bob', "SELECT status FROM tempcloud.invite('anna~@anna.example')", 'bob.sender anna.address pair'),
    'invite many': ('anna', """SELECT string_agg(concat((r.invitation).status, r.error), ' ') FROM
        tempcloud.invite_many('[{"email": "bob~@bob.example"}, {"email": "bernd~@bernd.example"}]') r""",
                    'anna.sender address colleague.address pair invitation'),
    'unblock': ('bob', 'SELECT tempcloud.unblock_account({anna}) IS NULL', 'block'),
    'change address': ('bob', "SELECT email FROM tempcloud.update_contact({contact}, email => 'bo~@bo.example')", 'bob'),
    'remove colleague': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL', 'account colleague mail'),
    'confirm colleague': ('bernd', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})', 'colleague.address pair colleague'),
    'send confirmation': ('bob', 'SELECT tempcloud.send_confirmation({colleague}) IS NULL', 'bob.sender colleague'),
    'erase invitee': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')", 'address account invitation bob mail block'),
    'invite the colleague': ('anna', "SELECT status FROM tempcloud.invite('bernd~@bernd.example')", 'anna.sender colleague.address pair'),
    'close': ('bob', 'SELECT tempcloud.close_account() IS NULL', 'account invitation anna? bob colleague colleague.mail'),
    'close as the inviter': ('anna', 'SELECT tempcloud.close_account() IS NULL', 'anna.account invitation anna mail'),
}
ADDRESS = {
    **{name: (None if who == 'bob' else who, sql, locks) for name, (who, sql, locks) in DECISIONS.items()
       if name not in ('accept', 'accept by token', 'decline')},
    'register by link': ('nora', "SELECT kind FROM tempcloud.register_account(token => {token}, company_name => 'nora ~',"
                                 " given_name => 'nora', family_name => 'X')", 'nora.login address invitation'),
    'register': ('nora', "SELECT kind FROM tempcloud.register_account('provider', 'nora ~', 'nora', 'X')", 'nora.login address invitation'),
    'register as the other kind': ('nora', "SELECT kind FROM tempcloud.register_account('customer', 'nora ~', 'nora', 'X')", 'nora.login address'),
    'register by the link of another': ('nico', "SELECT kind FROM tempcloud.register_account(token => {token}, company_name => 'nico ~',"
                                                " given_name => 'nico', family_name => 'X')", 'address invitation'),
    'accept as another': ('bob', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation_by_token({token}, true)', 'bob.pair invitation anna?'),
    'invite again': ('anna', "SELECT status FROM tempcloud.invite('nora~@nora.example')", 'anna.sender address invitation'),
    'invite, too': ('carl', "SELECT status FROM tempcloud.invite('nora~@nora.example')", 'address'),
    'invite as the same kind': ('bob', "SELECT status FROM tempcloud.invite('nora~@nora.example')", 'address'),
    'prove the address': ('nina', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})', 'address bob.pair invitation colleague'),
    'prove it as who has typed it': ('bob', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})', 'address bob.pair invitation colleague'),
    'remove who has typed it': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL', 'account colleague mail'),
    'type it, too': ('carl', "SELECT email FROM tempcloud.add_contact('Nora', 'Y', 'nora~@nora.example')", 'address'),
    'erase': ('admin', "SELECT count(*) FROM tempcloud.erase_person('nora~@nora.example')", 'address account invitation colleague mail block'),
    'close': ('anna', 'SELECT tempcloud.close_account() IS NULL', 'anna.account invitation anna mail'),
    'close as who has typed it': ('bob', 'SELECT tempcloud.close_account() IS NULL', 'account bob colleague colleague.mail'),
}
MAINTENANCE = {name: DECISIONS[name] for name in ('maintain', 'claim mail')}
REQUESTS = {
    'answer': ('bob', 'SELECT status FROM tempcloud.answer_request({request}, true, headcount => 1)', 'request anna?'),
    'decline': ('bob', "SELECT status FROM tempcloud.answer_request({request}, false, 'Nein')", 'request anna?'),
    'withdraw': ('anna', "SELECT status FROM tempcloud.withdraw_request({request}, 'Irrtum')", 'request bob?'),
    'cancel': ('anna', "SELECT status FROM tempcloud.cancel_request({request}, 'Streik')", 'request bob?'),
    'cancel as the provider': ('bob', "SELECT status FROM tempcloud.cancel_request({request}, 'Grippe')", 'request anna?'),
    'order': ('anna', f"""SELECT count(*) FROM tempcloud.send_order('Inventur', jsonb_build_array(jsonb_build_object(
        'provider_id', {{bob}}, 'profession', 'Koch', 'location', 'Bonn', 'shifts', '{SHIFTS}'::jsonb)), 'R1')""", 'anna.sender bob?'),
    **MAINTENANCE,
    'erase provider': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')", 'address account bob mail'),
    'erase customer': ('admin', "SELECT count(*) FROM tempcloud.erase_person('anna~@anna.example')", 'anna.address anna.account anna mail'),
    'note': ('anna', "SELECT own_number FROM tempcloud.set_partner_note({bob}, 'K-1')", 'bob.note'),
    'rename': ('bob', "SELECT city FROM tempcloud.update_account('bob ~', city => 'Bonn')", 'account bob.note'),
    'leave': ('bernd', 'SELECT tempcloud.leave_account() IS NULL', 'account bernd'),
    'close': ('bob', 'SELECT tempcloud.close_account() IS NULL', 'account request anna? bob'),
}
NAMES = {
    **{name: command for name, command in REQUESTS.items()
       if name in ('answer', 'cancel', 'cancel as the provider', 'erase provider', 'erase customer', 'claim mail')},
    'name two': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{Paul,Petra}')", 'request anna?'),
    'name one': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{Pia}')", 'request anna?'),
    'name none': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({shift}, '{}')", 'request anna?'),
    'erase a worker': ('admin', "SELECT workers FROM tempcloud.erase_person(worker_name => 'Paul', provider_id => {bob})", NOTHING),
    'name for the other shift': ('bob', "SELECT count(*) FROM tempcloud.assign_workers({other_shift}, '{Pit}')", 'request anna?'),
}
CANCELLED = {
    'erase the names': ('bob', 'SELECT tempcloud.erase_workers({request})', 'request'),
    'erase a worker': ('admin', "SELECT workers FROM tempcloud.erase_person(worker_name => 'Paul', provider_id => {bob})", NOTHING),
    **{name: command for name, command in NAMES.items() if name in ('cancel', 'erase provider', 'claim mail')},
    'maintain': DECISIONS['maintain'],
    'leave': REQUESTS['leave'],
}
STRANGERS = {
    'invite': ('anna', "SELECT status FROM tempcloud.invite('bob~@bob.example')", 'anna.sender address pair'),
    'invite the colleague': ('anna', "SELECT status FROM tempcloud.invite('bernd~@bernd.example')", 'anna.sender colleague.address pair'),
    'invite back': ('bob', "SELECT status FROM tempcloud.invite('anna~@anna.example')", 'bob.sender anna.address pair'),
    'invite back as the colleague': ('bernd', "SELECT status FROM tempcloud.invite('anna~@anna.example')", 'bob.sender anna.address pair'),
    'invite whom he has typed': ('anna', "SELECT status FROM tempcloud.invite('berta~@berta.example')", 'anna.sender berta.address pair'),
    'invite a stranger': ('anna', "SELECT status FROM tempcloud.invite('nora~@nora.example')", 'anna.sender'),
    'remove the colleague': ('bob', 'SELECT tempcloud.remove_contact({colleague}) IS NULL', 'account colleague mail'),
    'remove him': ('bernd', 'SELECT tempcloud.remove_contact({contact}) IS NULL', 'account bob'),
    'leave': ('bob', 'SELECT tempcloud.remove_contact({contact}) IS NULL', 'account bob'),
    'leave as the colleague': ('bernd', 'SELECT tempcloud.leave_account() IS NULL', 'account colleague colleague.mail'),
    'close': ('bob', 'SELECT tempcloud.close_account() IS NULL', 'account bob colleague berta berta.mail'),
    'close as the inviter': ('anna', 'SELECT tempcloud.close_account() IS NULL', 'anna.account anna'),
    'change address': ('bernd', "SELECT email FROM tempcloud.update_contact({colleague}, email => 'bo~@bo.example')", 'colleague'),
    'change what is typed': ('bob', "SELECT email FROM tempcloud.update_contact({other}, email => 'bea~@bea.example')", 'berta'),
    'confirm': ('berta', 'SELECT has_login FROM tempcloud.confirm_email({other_confirmation})', 'berta.login berta.address berta'),
    'confirm as the colleague': ('bernd', 'SELECT has_login FROM tempcloud.confirm_email({other_confirmation})', 'berta.address berta'),
    'confirm again': ('bob', 'SELECT tempcloud.send_confirmation({other}) IS NULL', 'bob.sender berta'),
    'register instead': ('berta', "SELECT kind FROM tempcloud.register_account('provider', 'berta ~', 'berta', 'X')", 'berta.login berta.address'),
    'register as a customer': ('berta', "SELECT kind FROM tempcloud.register_account('customer', 'berta ~', 'berta', 'X')", 'berta.login berta.address'),
    'update the account': ('bob', "SELECT city FROM tempcloud.update_account(city => 'Bonn')", 'account'),
    'erase': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')", 'address account bob mail'),
    'erase the colleague': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bernd~@bernd.example')", 'colleague.address account colleague mail'),
    'claim mail': DECISIONS['claim mail'],
}
LED = {
    'accept as the manager': ('max', 'SELECT customer_id IS NOT NULL FROM tempcloud.accept_invitation({invitation})', 'pair invitation anna?'),
    'decline as the manager': ('max', 'SELECT status FROM tempcloud.decline_invitation({invitation})', 'invitation anna?'),
    'decline by token as the manager': ('max', 'SELECT status FROM tempcloud.decline_invitation_by_token({token})', 'invitation anna?'),
    'invite as the manager': ('max', "SELECT status FROM tempcloud.invite('nora~@nora.example')", 'bob.sender'),
    'demote the manager': ('bob', "SELECT role FROM tempcloud.set_role({max}, 'member')", 'account max'),
    'promote the manager': ('bob', "SELECT role FROM tempcloud.set_role({max}, 'owner')", 'account max'),
    'remove the manager': ('bob', 'SELECT tempcloud.remove_contact({max}) IS NULL', 'account max'),
    'leave as the manager': ('max', 'SELECT tempcloud.leave_account() IS NULL', 'account max'),
    'demote bob': ('berta', "SELECT role FROM tempcloud.set_role({bob}, 'viewer')", 'account bob'),
    'demote berta': ('bob', "SELECT role FROM tempcloud.set_role({berta}, 'manager')", 'account berta'),
    'step down': ('bob', "SELECT role FROM tempcloud.set_role({bob}, 'manager')", 'account bob'),
    'step down as berta': ('berta', "SELECT role FROM tempcloud.set_role({berta}, 'manager')", 'account berta'),
    'leave': ('bob', 'SELECT tempcloud.leave_account() IS NULL', 'account bob'),
    'leave as berta': ('berta', 'SELECT tempcloud.leave_account() IS NULL', 'account berta'),
    'remove berta': ('bob', 'SELECT tempcloud.remove_contact({berta}) IS NULL', 'account berta'),
    'erase bob': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')", 'bob.address account bob'),
    'erase berta': ('admin', "SELECT count(*) FROM tempcloud.erase_person('berta~@berta.example')", 'berta.address account berta'),
    'add a colleague': ('berta', "SELECT role FROM tempcloud.add_contact('Nina', 'X', 'nina~@nina.example')", 'bob.sender'),
    'update the account': ('berta', "SELECT city FROM tempcloud.update_account(city => 'Bonn')", 'account'),
    'change the manager': ('bob', "SELECT phone FROM tempcloud.update_contact({max}, phone => '+49 30 1')", 'max'),
    'change oneself': ('max', "SELECT phone FROM tempcloud.update_contact({max}, phone => '+49 30 2')", 'max'),
    'close': ('bob', 'SELECT tempcloud.close_account() IS NULL', 'account'),
}
BUSY = {
    **{name: command for name, command in DECISIONS.items() if name not in ('accept by token', 'maintain', 'claim mail')},
    'invite back': MEMBERS['invite back'],
    'invite many': ('anna', """SELECT string_agg(concat((r.invitation).status, r.error), ' ') FROM
        tempcloud.invite_many('[{"email": "carla~@carla.example"}, {"email": "bob~@bob.example"}]') r""",
                    'anna.sender address carla.address pair carla.invitation'),
    'unblock': MEMBERS['unblock'],
    'mark read': ('bob', 'SELECT count(tempcloud.mark_read(id)) FROM (SELECT id FROM tempcloud.activity LIMIT 1) a', 'bob.mark'),
    'remove bob': ('bernd', 'SELECT tempcloud.remove_contact({bob_contact}) IS NULL', 'account bob'),
    'remove anna': ('alma', 'SELECT tempcloud.remove_contact({anna_contact}) IS NULL', 'anna.account anna'),
    'remove whom he has typed': ('bob', 'SELECT tempcloud.remove_contact({berta_contact}) IS NULL', 'account berta berta.mail'),
    'change address': ('bob', "SELECT email FROM tempcloud.update_contact({bob_contact}, email => 'bo~@bo.example')", 'bob'),
    'update the account': ('anna', "SELECT city FROM tempcloud.update_account(city => 'Bonn')", 'anna.account'),
    'confirm': ('berta', 'SELECT has_login FROM tempcloud.confirm_email({confirmation})', 'berta.address berta'),
    'confirm again': ('bob', 'SELECT tempcloud.send_confirmation({berta_contact}) IS NULL', 'bob.sender berta'),
    'erase bob': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bob~@bob.example')", 'address account invitation bob held.mail old.mail block'),
    'erase anna': ('admin', "SELECT count(*) FROM tempcloud.erase_person('anna~@anna.example')", 'anna.address anna.account anna'),
    'erase bernd': ('admin', "SELECT count(*) FROM tempcloud.erase_person('bernd~@bernd.example')", 'account bernd bernd.mail'),
    'erase berta': ('admin', "SELECT count(*) FROM tempcloud.erase_person('berta~@berta.example')", 'berta.address account berta berta.mail'),
    'erase carla': ('admin', "SELECT count(*) FROM tempcloud.erase_person('carla~@carla.example')", 'carla.address carla.invitation carla.mail'),
    'maintain': ('admin', 'SELECT 1 FROM tempcloud.maintain()', 'invitation carla.invitation alma.mail old.mail anna?'),
    'claim mail': ('mailer', 'SELECT count(*) >= 0 FROM tempcloud.claim_mail(1000)', 'berta.mail carla.mail'),
    'mails sent': ('mailer', 'SELECT tempcloud.mail_sent({reported})', 'held.mail bernd.mail'),
    'mail failed': ('mailer', "SELECT tempcloud.mail_failed({held}, '450 later')", 'held.mail'),
    'mail failed for good': ('mailer', "SELECT tempcloud.mail_failed({held}, '550 no', true)", 'held.mail'),
    'mail bounced': ('mailer', "SELECT tempcloud.mail_bounced({held}, 'full')", 'held.mail'),
    'old mail bounced': ('mailer', "SELECT tempcloud.mail_bounced({old_mail}, 'full')", 'alma.mail'),
    'release mails': ('mailer', 'SELECT tempcloud.release_mail({reported})', 'held.mail'),
    'retry mail': ('admin', 'SELECT tempcloud.retry_mail({given_up})', 'bernd.mail'),
}


def acting(commands):
    """Who acts for an account, or with one, shares the lock of its row, so that nobody closes it."""
    shared = ('account', 'anna.account')
    return {name: (who, sql, ' '.join([locks, *(f'{lock}?' for lock in shared if lock not in locks.split())])
                   if who not in (None, 'admin', 'mailer') else locks) for name, (who, sql, locks) in commands.items()}


SCENES = {'strangers': (strangers, acting(STRANGERS)), 'invited': (invited, acting(MEMBERS)), 'expired': (expired, acting(MEMBERS)), 'replaced': (replaced, acting(MEMBERS)), 'unknown': (unknown, acting(ADDRESS)),
          'requested': (requested, acting(REQUESTS)), 'accepted': (accepted, acting(NAMES)), 'cancelled': (cancelled, acting(CANCELLED)), 'led': (led, acting(LED)), 'busy': (busy, acting(BUSY))}

# They wait for no row, but leave what others hold for the next time.
SKIPPING = ('maintain', 'claim mail')

# Pairs that were wrong once, or waited for each other: they are never left out.
DANGEROUS = (
    ('invited', 'accept', 'erase invitee'),
    ('invited', 'decline', 'erase invitee'),
    ('invited', 'send confirmation', 'remove colleague'),
    ('invited', 'remove colleague', 'confirm colleague'),
    ('invited', 'change address', 'erase invitee'),
    ('expired', 'maintain', 'invite again'),
    ('expired', 'ask again', 'ask again'),
    ('expired', 'ask again', 'close as the inviter'),
    ('replaced', 'ask again', 'ask again'),
    ('replaced', 'ask again', 'resend'),
    ('unknown', 'withdraw', 'register by link'),
    ('unknown', 'resend', 'register by link'),
    ('unknown', 'accept as another', 'erase'),
    ('unknown', 'type it, too', 'erase'),
    ('strangers', 'leave', 'leave'),
    ('strangers', 'leave as the colleague', 'close'),
    ('invited', 'accept', 'close as the inviter'),
    ('invited', 'close', 'close as the inviter'),
    ('expired', 'close', 'resend'),
    ('requested', 'leave', 'close'),
    ('led', 'accept as the manager', 'demote the manager'),
    ('led', 'decline by token as the manager', 'demote the manager'),
    ('led', 'demote bob', 'demote berta'),
    ('led', 'step down', 'step down as berta'),
    ('led', 'step down', 'leave as berta'),
    ('led', 'demote bob', 'remove berta'),
    ('led', 'step down as berta', 'erase bob'),
    ('led', 'erase bob', 'erase berta'),
    ('requested', 'withdraw', 'erase provider'),
    ('requested', 'answer', 'erase provider'),
    ('busy', 'accept', 'erase bob'),
    ('busy', 'erase bob', 'invite back'),
    ('busy', 'decline', 'erase bob'),
    ('busy', 'accept', 'erase anna'),
    ('busy', 'maintain', 'erase bob'),
    ('busy', 'maintain', 'old mail bounced'),
    ('busy', 'maintain', 'erase anna'),
    ('busy', 'claim mail', 'remove whom he has typed'),
    ('busy', 'claim mail', 'erase berta'),
    ('busy', 'mails sent', 'erase bernd'),
    ('busy', 'mails sent', 'release mails'),
)
