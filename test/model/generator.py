"""Random steps: mostly such as make sense where the model stands, sometimes not."""

from model import DAY, HOUR, MINUTE, OPPOSITE, ROLES, SETTINGS
from runner import SESSIONS

PEOPLE = [f'p{n}' for n in range(8)]
NAMES = ['Anna', 'Bob', 'Carla', 'Dora']
COMPANIES = ['Alt AG', 'Berg KG', 'Cohn GmbH']


def random_settings(rng):
    """The defaults, or limits that are soon reached."""
    few = {'max_pending_invitations': 3, 'max_daily_invitations': 3, 'max_daily_mails_to_address': 2, 'max_daily_mails_to_address_of_all': 2,
           'max_daily_confirmations': 2, 'max_resends': 1, 'max_daily_requests': 3, 'mail_max_attempts': 2, 'invitation_lifetime': 3 * DAY,
           'reveal_registered': False, 'reinvite_after': rng.choice([0, 40 * DAY]), 'reminder_before': 0, 'purge_invitations_after': rng.choice([0, 10 * DAY])}
    return {**SETTINGS, **{name: value for name, value in few.items() if rng.random() < 0.3}}


# What half of the runs begin with, as partners have more to say to each other.
FOUNDING = [
    {'do': 'register_account', 'who': 'p0', 'args': {
        'kind': 'customer', 'company_name': 'Alt AG', 'given_name': 'Anna', 'family_name': 'Alt',
        'claim': 'p0@p0.example', 'verified': True}},
    {'do': 'register_account', 'who': 'p1', 'args': {
        'kind': 'provider', 'company_name': 'Berg KG', 'given_name': 'Bob', 'family_name': 'Alt',
        'claim': 'p1@p1.example', 'verified': True}},
    {'do': 'invite', 'who': 'p0', 'args': {'email': 'p1@p1.example'}},
    {'do': 'accept_invitation', 'who': 'p1', 'args': {}}]


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.number = 0
        self.founding = FOUNDING if rng.random() < 0.5 else []
        self.people = PEOPLE[:rng.choice([4, 6, 8])]      # where there are few, they meet more often
        self.addresses = [f'{who}@{who}.example' for who in self.people] + [f'q{n}@office.example' for n in range(4)]
        self.choices = [(weight, getattr(self, name)) for name, weight in (
            ('register_account', 8), ('invite', 14), ('invite_many', 2), ('resend_invitation', 4),
            ('withdraw_invitation', 3), ('preview_invitation', 2), ('ask_again', 3), ('accept_invitation', 4),
            ('accept_invitation_by_token', 7), ('decline_invitation', 3), ('decline_invitation_by_token', 3),
            ('unblock_account', 2), ('add_contact', 5), ('update_contact', 3), ('set_role', 4), ('remove_contact', 3), ('leave_account', 12), ('close_account', 0.5),
            ('send_confirmation', 7), ('confirm_email', 8), ('update_account', 1), ('whoami', 1),
            ('send_order', 10), ('withdraw_request', 3), ('answer_request', 10), ('assign_workers', 8), ('cancel_request', 3), ('erase_workers', 1),
            ('are_partners', 1), ('claim_mail', 9), ('mail_sent', 3), ('mail_failed', 3), ('mail_bounced', 1),
            ('release_mail', 1), ('retry_mail', 1), ('maintain', 3), ('erase_person', 0.4), ('look', 10), ('pass_time', 7), ('begin', 5))]

    def step(self, runner):
        """The next step, in some session."""
        rng = self.rng
        self.number += 1
        s = rng.choice([0, 0, 0, *range(1, SESSIONS)])
        session = runner.sessions[s]
        self.model = (runner.views(session) or [runner.model])[0]
        if self.number <= len(self.founding):
            return self.found()
        if session.open and rng.random() < 0.3:
            do = rng.choices(['commit', 'rollback', 'savepoint', 'rollback_to'], [4, 3, 2, 2])[0]
            return {'n': self.number, 's': s, 'do': do}
        weights, makers = zip(*self.choices)
        make = rng.choices(makers, weights)[0]
        while self.idle(make.__name__) and rng.random() < 0.9:
            make = rng.choices(makers, weights)[0]
        return {'n': self.number, 's': s, 'do': make.__name__, **make()}

    def found(self):
        """A step of the founding; what is accepted is the only invitation."""
        step = self.founding[self.number - 1]
        ids = {'id': next(iter(self.model.invitations), 'none')} if step['do'] == 'accept_invitation' else {}
        return {'n': self.number, 's': 0, **step, 'args': {**step['args'], **ids}}

    def idle(self, command):
        """Whether there is nothing yet that the command could do."""
        if command == 'send_order':
            return not self.model.partnerships
        if command == 'leave_account':
            return not self.leaving()
        return (command.endswith('_request') or command == 'erase_workers') and not self.model.requests or command == 'assign_workers' and not any(
            r.status == 'accepted' for r in self.model.requests.values())

    # -- what to speak of: mostly what there is

    def any_of(self, names, otherwise='none'):
        names = list(names)
        return self.rng.choice(names) if names and self.rng.random() < 0.95 else otherwise

    def who(self, account=None):
        """Somebody of the account, or anybody."""
        logins = [c for c in self.model.contacts.values() if c.subject]
        theirs = [c for c in logins if c.account == account] or logins
        if self.rng.random() < 0.6:     # who may do most
            theirs = [c for c in theirs if c.role in ('owner', 'manager')] or theirs
        if theirs and self.rng.random() < 0.9:
            return self.rng.choice(theirs).subject
        return self.rng.choice(self.people + [None])

    def address(self, kind=None):
        """Of somebody of that kind, or any."""
        proven = [c.email for c in self.model.contacts.values() if c.verified and self.model.kind(c.account) == kind]
        address = self.rng.choice(proven if proven and self.rng.random() < 0.5 else self.addresses)
        return address.title() if self.rng.random() < 0.15 else 'nonsense' if self.rng.random() < 0.02 else address

    def some(self, **values):
        """Some of the arguments."""
        return {key: value for key, value in values.items() if self.rng.random() < 0.4}

    def invitation(self, those=lambda i: True):
        """Better a pending one, of those."""
        every = self.model.invitations.values()
        pending = [i.id for i in every if self.model.status(i) == 'pending' and those(i)]
        return self.any_of(pending if pending and self.rng.random() < 0.7 else [i.id for i in every])

    def token(self, good):
        """Better a new one that is good."""
        tokens = self.model.tokens
        if self.rng.random() < 0.1:
            return self.rng.choice(['malformed', *tokens])
        best = [name for name, token in tokens.items() if good(token)]
        return self.any_of(best[-6:] if best and self.rng.random() < 0.9 else tokens)

    def invitation_token(self):
        def pending(token):
            i = self.model.invitations.get(token.invitation)
            return i and self.model.status(i) == 'pending'
        return self.token(pending if self.rng.random() < 0.8 else lambda token: token.invitation)

    def contact(self, who):
        me = self.model.person(who)
        mine = [c.id for c in self.model.people(me.account)] if me else []
        return self.any_of(mine if self.rng.random() < 0.9 else self.model.contacts)

    def received(self):
        """An invitation, and who has received it."""
        id = self.invitation(lambda i: i.invitee or self.model.owner(i.email))
        i = self.model.invitations.get(id)
        return id, self.who(i and (i.invitee or self.model.owner(i.email)))

    def mail(self):
        leased = [key for key, m in self.model.mails.items() if m.leased]
        return self.any_of(leased if leased and self.rng.random() < 0.8 else self.model.mails)

    # -- the commands

    def register_account(self):
        new = [p for p in self.people if not self.model.person(p)]
        who = self.rng.choice(new) if new and self.rng.random() < 0.95 else self.who()
        arguments = {'kind': self.rng.choice(['customer', 'provider']), 'company_name': self.rng.choice(COMPANIES),
                     'given_name': self.rng.choice(NAMES), 'family_name': 'Alt', **self.some(locale='en')}
        if self.rng.random() < 0.3:
            arguments['token'] = self.invitation_token()
            for key in ('kind', 'company_name', 'given_name'):
                if self.rng.random() < 0.6:
                    del arguments[key]
        elif who and self.rng.random() < 0.95:
            arguments['claim'] = f'{who}@{who}.example' if self.rng.random() < 0.9 else self.rng.choice(self.addresses)
            arguments['verified'] = self.rng.random() < 0.95
        return {'who': who, 'args': arguments}

    def invited(self, who):
        me = self.model.person(who)
        declined = {i.declined_for for i in self.model.invitations.values() if me and i.inviter == me.account}
        again = [c.email for c in self.model.contacts.values() if c.verified and c.account in declined]
        return {'email': self.rng.choice(again) if again and self.rng.random() < 0.2 else
                self.address(me and OPPOSITE[self.model.kind(me.account)]), **self.some(given_name=self.rng.choice(NAMES), family_name='Berg'),
                **self.some(company_name=self.rng.choice(COMPANIES), message='Guten Tag', locale='en')}

    def invite(self):
        who = self.who()
        return {'who': who, 'args': self.invited(who)}

    def invite_many(self):
        who = self.who()
        return {'who': who, 'args': {'invitations': [self.invited(who) for _ in range(self.rng.randrange(5))]}}

    def resend_invitation(self):
        id = self.invitation()
        i = self.model.invitations.get(id)
        return {'who': self.who(i and i.inviter), 'args': {'id': id}}

    def withdraw_invitation(self):
        return self.resend_invitation()

    def preview_invitation(self):
        return {'who': self.rng.choice([None, self.who()]), 'args': {'token': self.invitation_token()}}

    def ask_again(self):
        def ended(token):
            i = self.model.invitations.get(token.invitation)
            return i and (self.model.status(i) == 'expired' or self.model.status(i) == 'pending' and token.round != i.round)
        token = self.token(ended) if self.rng.random() < 0.7 else self.invitation_token()
        return {'who': self.rng.choice([None, self.who()]), 'args': {'token': token}}

    def accept_invitation(self):
        id, who = self.received()
        return {'who': who, 'args': {'id': id}}

    def accept_invitation_by_token(self):
        token = self.invitation_token()
        link = self.model.tokens.get(token)
        i = link and self.model.invitations.get(link.invitation)
        right = [a for a in self.model.accounts if i and self.model.kind(a) == i.kind]
        return {'who': self.who(i and (i.invitee if self.rng.random() < 0.5 else self.any_of(right, None))),
                'args': {'token': token, **self.some(use_this_account=self.rng.random() < 0.8)}}

    def decline_invitation(self):
        id, who = self.received()
        return {'who': who, 'args': {'id': id, **self.some(reason='Kein Bedarf', block=self.rng.random() < 0.7)}}

    def decline_invitation_by_token(self):
        return {'who': self.rng.choice([None, self.who()]), 'args': {
            'token': self.invitation_token(), **self.some(reason='Nein', block=self.rng.random() < 0.7)}}

    def unblock_account(self):
        block = self.rng.choice(self.model.blocks) if self.model.blocks else None
        return {'who': self.who(block and block.account),
                'args': {'id': block.inviter if block else self.any_of(self.model.accounts)}}

    def claimed(self):
        """An address that an invitation waits for, or any."""
        waiting = [i.email for i in self.model.invitations.values() if i.status == 'pending' and not i.invitee]
        return self.rng.choice(waiting) if waiting and self.rng.random() < 0.5 else self.address()

    def add_contact(self):
        return {'who': self.who(), 'args': {'given_name': self.rng.choice([*NAMES, *NAMES, '']), 'family_name': 'Cohn',
                                            **self.some(role=self.role()), **({'email': self.claimed()} if self.rng.random() < 0.8 else {})}}

    def update_contact(self):
        who = self.who()
        return {'who': who, 'args': {'id': self.contact(who), **self.some(
            given_name=self.rng.choice([*NAMES, '']), email=self.rng.choice([self.claimed(), self.claimed(), '']))}}

    def role(self):
        return self.rng.choice([*ROLES, 'owner', 'manager'])

    def set_role(self):
        who = self.who()
        return {'who': who, 'args': {'contact_id': self.contact(who), 'role': self.role()}}

    def remove_contact(self):
        who = self.who()
        return {'who': who, 'args': {'id': self.contact(who)}}

    def leaving(self):
        """Who is not the last owner."""
        return [c.subject for c in self.model.contacts.values() if c.subject and not self.model.is_last_owner(c)]

    def leave_account(self):
        several = self.leaving()
        return {'who': self.rng.choice(several) if several and self.rng.random() < 0.8 else self.who()}

    def close_account(self):
        return {'who': self.who(), 'args': self.some(reason='Ende')}

    def send_confirmation(self):
        unproven = [c.id for c in self.model.contacts.values() if c.email and not c.verified]
        c = self.model.contacts.get(self.any_of(unproven))
        who = self.who(c and c.account)
        return {'who': who, 'args': {'contact_id': c.id if c and self.rng.random() < 0.8 else self.contact(who)}}

    def confirm_email(self):
        token = self.token(lambda token: token.contact)
        link = self.model.tokens.get(token)
        c = link and self.model.contacts.get(link.contact)
        new = [p for p in self.people if not self.model.person(p)]
        joins = new and c and not c.subject and self.rng.random() < 0.6
        return {'who': self.rng.choice(new) if joins else self.who(c and c.account), 'args': {'token': token}}

    def update_account(self):
        return {'who': self.who(), 'args': self.some(company_name=self.rng.choice([*COMPANIES, '']), locale='en',
                                                     city=self.rng.choice(['Bonn', '']))}

    def whoami(self):
        return {'who': self.who()}

    def are_partners(self):
        pairs = self.model.partnerships
        a, b = self.rng.choice(list(pairs)) if pairs and self.rng.random() < 0.7 else [self.any_of(self.model.accounts) for _ in 'ab']
        return {'who': self.who(a), 'args': {'a': a, 'b': b}}

    def wish(self, customer):
        partners = [p for c, p in self.model.partnerships if c == customer]
        return {'provider_id': self.any_of(partners or self.model.accounts), 'profession': self.rng.choice(['Koch', 'Maurer']),
                'shifts': [self.rng.choice([1, 2, 3]) for _ in range(self.rng.choice([1, 1, 2, 3]))] if self.rng.random() < 0.97 else [0],
                **({'answer_in': self.rng.choice([2 * HOUR, DAY, -HOUR])} if self.rng.random() < 0.3 else {})}

    def send_order(self):
        customers = [c for c, _ in self.model.partnerships]
        who = self.who(self.any_of(customers, None))
        me = self.model.person(who)
        before = [(reference, o.sent) for (account, reference), o in self.model.references.items() if me and account == me.account]
        if before and self.rng.random() < 0.3:
            reference, requests = self.rng.choice(before)
            return {'who': who, 'args': {'requests': requests, 'reference': reference}}
        return {'who': who, 'args': {'requests': [self.wish(me and me.account) for _ in range(self.rng.choice([1, 1, 2, 3]))],
                                     **self.some(reference=self.rng.choice(['R1', 'R2', 'R3']))}}

    def request(self, side, *statuses):
        """A request, better one of that status, and who is on that side of it."""
        every = self.model.requests.values()
        fitting = [r.id for r in every if self.model.request_status(r) in statuses]
        id = self.any_of(fitting if fitting and self.rng.random() < 0.8 else [r.id for r in every])
        r = self.model.requests.get(id)
        return id, self.who(r and getattr(r, side))

    def withdraw_request(self):
        id, who = self.request('customer', 'open')
        return {'who': who, 'args': {'id': id, **self.some(reason='Irrtum')}}

    def answer_request(self):
        id, who = self.request('provider', 'open')
        shifts = self.model.requests[id].shifts if id in self.model.requests else []
        single = [[self.any_of(shifts if self.rng.random() < 0.95 else self.model.shifts), self.rng.randrange(4)]]
        return {'who': who, 'args': {'id': id, 'accept': self.rng.random() < 0.7, **self.some(reason='Gern'), **(
            self.some(headcount=self.rng.randrange(4), shifts=single) if self.rng.random() < 0.4 else {})}}

    def assign_workers(self):
        id, who = self.request('provider', 'accepted')
        r = self.model.requests.get(id)
        shift = self.model.shifts.get(self.any_of(r.shifts if r else []))
        places = shift and shift.offered or 1
        count = places if self.rng.random() < 0.7 else self.rng.randrange(places + 2)
        return {'who': who, 'args': {'shift_id': shift.id if shift else 'none', 'workers': [
            self.rng.choice(NAMES) if self.rng.random() < 0.98 else '' for _ in range(count)]}}

    def erase_workers(self):
        id, who = self.request('provider', 'cancelled')
        return {'who': who, 'args': {'request_id': id}}

    def cancel_request(self):
        id, who = self.request(self.rng.choice(['customer', 'provider']), 'accepted')
        return {'who': who, 'args': {'id': id, 'reason': self.rng.choice(['Grippe', 'Grippe', 'Streik', ''])}}

    def claim_mail(self):
        return {'args': {'max_messages': self.rng.choice([1, 3, 1000, 1000]), 'lease': self.rng.choice([HOUR, DAY])}}

    def mail_sent(self):
        return {'args': {'mails': sorted({self.mail() for _ in range(self.rng.randrange(4))})}}

    def mail_failed(self):
        return {'args': {'mail': self.mail(), 'error': '450 busy', **self.some(permanent=self.rng.random() < 0.5)}}

    def mail_bounced(self):
        return {'args': {'mail': self.mail(), 'reason': 'no such user'}}

    def release_mail(self):
        return self.mail_sent()

    def retry_mail(self):
        dead = [key for key, m in self.model.mails.items() if m.state == 'failed']
        return {'args': {'mail': self.any_of(dead or self.model.mails)}}

    def maintain(self):
        return {}

    def erase_person(self):
        return {'args': {'email': self.address()}}

    def look(self):
        return {'who': self.who()}

    def pass_time(self):
        return {'seconds': self.rng.choices([20 * MINUTE, 2 * HOUR, DAY, 8 * DAY, 31 * DAY], [4, 3, 3, 2, 1])[0]}

    def begin(self):
        return {}
