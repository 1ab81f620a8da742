"""The rules of tempcloud once more, in plain Python, to be compared with the extension.

Written from what the documentation promises, not from the C. Where several errors
apply, the rules do not say which one comes first: Refused holds all of them.
What is created gets its name from the caller; times are seconds of a clock of its own.
"""

from types import SimpleNamespace as Row

MINUTE, HOUR, DAY = 60, 3600, 86400
SETTINGS = {
    'invitation_lifetime': 30 * DAY, 'reinvite_after': 7 * DAY, 'resend_interval': 10 * MINUTE,
    'reminder_before': 7 * DAY, 'max_pending_invitations': 1000, 'max_daily_invitations': 500,
    'max_daily_mails_to_address': 3, 'max_daily_mails_to_address_of_all': 10, 'max_daily_confirmations': 50, 'max_resends': 10, 'max_daily_requests': 1000,
    'reveal_registered': True, 'mail_max_attempts': 10, 'mail_retry_delay': HOUR,
    'mail_retention': 30 * DAY, 'purge_invitations_after': 365 * DAY}
ROLES = ('owner', 'manager', 'member', 'viewer')
# What the first so many of the roles may
RIGHTS = {'read': 4, 'edit_own_contact': 4, 'leave_account': 4, 'handle_requests': 3, 'invite': 2, 'decline': 2, 'accept': 2,
          'manage_account': 1, 'manage_contacts': 1, 'close_account': 1}
OPPOSITE = {'customer': 'provider', 'provider': 'customer'}


class Refused(Exception):
    """A mistake of the caller's; words are the error words of which one is due."""

    def __init__(self, words):
        super().__init__(' or '.join(sorted(words)))
        self.words = words


class Wrong(Exception):
    """What the extension has chosen is not among what it may choose."""


class At(int):
    """A point of time, which is compared with some tolerance."""


def refuse_if(*more, **conditions):
    words = {word for each in (conditions, *more) for word, applies in each.items() if applies}
    if words:
        raise Refused(words)


def full_name(row):
    return ' '.join(name for name in (row.given_name, row.family_name) if name) or None


def same(address, other):
    return bool(address and other) and address.lower() == other.lower()


def is_email(text):
    return bool(text) and text.count('@') == 1 and '.' in text.split('@')[1]


class Model:
    def __init__(self, settings):
        self.settings = settings
        self.now = 0
        self.accounts, self.contacts, self.invitations = {}, {}, {}
        self.mails, self.mails_about, self.tokens = {}, {}, {}
        self.partnerships = {}      # (customer, provider): how it came about
        self.sealed = 0             # how many of them are in the ledger
        self.blocks = []            # inviter, address, account or None
        self.confirmations = []     # account, address, when one was asked for
        self.requests, self.shifts = {}, {}
        self.references = {}        # (customer, reference): what was sent, and the requests it became
        self.events = []            # event, account, invitation or request

    # -- time

    def deadlines(self):
        """Around these the answer depends on fractions of a second: from, to."""
        s = self.settings
        for i in self.invitations.values():
            yield from ((t, t) for t in (i.sent + s['resend_interval'], i.sent + DAY, i.expires,
                                         i.expires - s['reminder_before']))
            if i.asked is not None:
                yield i.asked + DAY, i.asked + DAY
            if i.decided is not None:
                yield from ((i.decided + t, i.decided + t) for t in (s['reinvite_after'], s['purge_invitations_after'], DAY))
        for r in self.requests.values():
            yield r.created + DAY, r.created + DAY
            if r.answer_by is not None:
                yield r.answer_by, r.answer_by
        for t in self.tokens.values():
            yield t.issued + s['invitation_lifetime'], t.issued + s['invitation_lifetime']
            gone = t.issued + s['invitation_lifetime'] + s['mail_retention']
            yield gone, gone
        for c in self.confirmations:
            yield c.at + DAY, c.at + DAY
        for m in self.mails.values():
            yield m.due
            yield from ((m.created + t, m.created + t) for t in (s['resend_interval'], DAY))
            if m.closed is not None:
                yield m.closed + s['mail_retention'], m.closed + s['mail_retention']

    def pass_time(self, seconds):
        """At least so many seconds pass; returns how many did."""
        before, margin = self.now, 5 * MINUTE
        self.now += seconds
        deadlines = sorted(self.deadlines())
        while True:
            near = [high for low, high in deadlines if low - margin <= self.now <= high + margin]
            if not near:
                return self.now - before
            self.now = max(near) + margin + 1

    # -- who is who

    def person(self, who):
        return next((c for c in self.contacts.values() if who and c.subject == who), None)

    def caller(self, who):
        refuse_if(not_signed_in=who is None)
        me = self.person(who)
        refuse_if(no_account=me is None)
        return me

    def may(self, c, right):
        return ROLES.index(c.role) < RIGHTS[right]

    def permitted(self, who, right):
        me = self.caller(who)
        refuse_if(not_permitted=not self.may(me, right))
        return me

    def people(self, account):
        return [c for c in self.contacts.values() if c.account == account and not c.removed]

    def owner(self, address):
        """The account that has proven the address."""
        return next((c.account for c in self.contacts.values()
                     if c.verified and same(c.email, address)), None)

    def kind(self, account):
        return self.accounts[account].kind

    def paired(self, a, b):
        return (a, b) in self.partnerships or (b, a) in self.partnerships

    def blocked(self, inviter, address, account):
        return any(b.inviter == inviter and (same(b.address, address) or account and b.account == account)
                   for b in self.blocks)

    # -- what an invitation is

    def status(self, i):
        return 'expired' if i.status == 'pending' and i.expires <= self.now else i.status

    def is_for(self, i, account):
        return i.invitee == account if i.invitee else self.owner(i.email) == account

    def close(self, i, status, by=None):
        i.status, i.decided, i.decided_by = status, self.now, by

    def event(self, event, account, invitation=None):
        self.events.append((f'{"invitation." if invitation else ""}{event}', account, invitation))

    def request_event(self, event, account, r):
        self.events.append((f'request.{event}', account, r.id))

    def closed(self, i):
        """The error that what became of the invitation is."""
        status = self.status(i)
        return {f'invitation_{status}': status != 'pending'}

    def link(self, token):
        """The invitation, and whether no newer mail has replaced the link."""
        refuse_if(invalid_token=token == 'malformed')
        link = self.tokens.get(token)
        refuse_if(invalid_token=link and not link.invitation, invitation_not_found=link is None)
        i = self.invitations[link.invitation]
        return i, link.round == i.round

    def by_token(self, token):
        i, current = self.link(token)
        return i, {**self.closed(i), 'link_replaced': not current and self.status(i) == 'pending'}

    def shown(self, i):
        return dict(id=i.id, inviter_id=i.inviter, inviter_kind=self.kind(i.inviter), invitee_kind=i.kind,
                    invitee_id=i.invitee if i.status == 'accepted' else None, email=i.email,
                    given_name=i.given_name, family_name=i.family_name, company_name=i.company_name,
                    message=i.message, locale=i.locale, status=i.status, expires_at=At(i.expires), reason=i.reason)

    # -- mails

    def mail(self, kind, recipient, name, locale, invitation=None, contact=None, request=None):
        about = (invitation or contact or request).id
        self.mails_about[about] = self.mails_about.get(about, 0) + 1
        self.mails[f'{about}m{self.mails_about[about]}'] = Row(
            kind=kind, about=about, round=invitation.round if invitation else None, recipient=recipient,
            recipient_name=name or '', locale=locale, state='queued', attempt=0, due=(self.now, self.now),
            leased=False, error=None, created=self.now, closed=None)

    def mail_invitee(self, kind, i):
        account = i.invitee or self.owner(i.email)
        self.mail(kind, i.email, full_name(i), self.accounts[account].locale if account else i.locale, i)

    def mail_inviter(self, kind, i):
        """To whoever has invited or, if they cannot be reached, a colleague, best one with a login."""
        reader = self.reader(i.inviter, i.invited_by)
        if reader:
            self.mail(kind, reader.email, full_name(reader), self.accounts[i.inviter].locale, i)

    def reader(self, account, *preferred):
        proven = [c for c in self.people(account) if c.verified]
        proven.sort(key=lambda c: ([c.id != p for p in preferred], c.subject is None, c.number))
        return proven[0] if proven else None

    def mail_partner(self, kind, r, account):
        """About a request, to who ordered or, of a provider, who answered or made the partnership; or a colleague."""
        if account == r.customer:
            reader = self.reader(account, r.ordered_by)
        else:
            i = self.invitations[self.partnerships[r.customer, r.provider]['invitation_id']]
            reader = self.reader(account, r.answered_by, i.invited_by if i.inviter == account else i.decided_by)
        if reader:
            self.mail(kind, reader.email, full_name(reader), self.accounts[account].locale, request=r)

    def obsolete(self, m):
        if m.kind == 'confirm_email':
            c = self.contacts[m.about]
            return c.verified or not same(c.email, m.recipient)
        if m.kind.startswith('request'):
            return self.obsolete_about_request(m)
        i = self.invitations[m.about]
        return m.round != i.round or m.kind in ('invitation', 'reminder') and self.status(i) != 'pending'

    def withheld(self, m):
        """Whoever has blocked the inviter gets no mail, at whatever address of theirs."""
        owner = self.owner(m.recipient)
        return m.kind in ('invitation', 'reminder') and bool(owner) and any(
            b.inviter == self.invitations[m.about].inviter and b.account == owner for b in self.blocks)

    def drop_mails(self, i):
        """What no mailer has taken goes nowhere."""
        for m in self.mails.values():
            if m.about == i.id and m.kind in ('invitation', 'reminder') and m.state == 'queued' and m.attempt == 0:
                m.state, m.closed = 'dropped', self.now

    def mails_to(self, address, inviter=None):
        """Those with a link that went or will go there, within a day, from one account or all."""
        return [m for m in self.mails.values() if m.kind in ('invitation', 'reminder') and same(m.recipient, address)
                and m.created > self.now - DAY and (m.attempt > 0 or m.state in ('queued', 'suppressed'))
                and inviter in (None, self.invitations[m.about].inviter)]

    def too_many_mails(self, email, inviter):
        s = self.settings
        return len(self.mails_to(email, inviter)) >= s['max_daily_mails_to_address'] or self.mails_to(email, inviter) \
            and len(self.mails_to(email)) >= s['max_daily_mails_to_address_of_all']

    def obsolete_about_request(self, m):
        status = self.request_status(self.requests[m.about])
        if m.kind == 'request_received':
            return status != 'open'
        return m.kind == 'request_filled' and status != 'accepted'

    # -- accounts and contacts

    def are_partners(self, who, a, b):
        me = self.person(who)
        return bool(me and me.account in (a, b) and self.paired(a, b))

    def whoami(self, who):
        refuse_if(not_signed_in=who is None)
        me = self.person(who)
        return dict(account=self.accounts[me.account].profile if me else None,
                    contact=self.shown_contact(me) if me else None,
                    permissions=[right for right in RIGHTS if self.may(me, right) and not (
                        right == 'leave_account' and self.is_last_owner(me) or right == 'close_account' and self.others(me))]
                    if me else ['register_account', 'confirm_email'])

    def register_account(self, name, who, claim=None, verified=True, kind=None, company_name=None, given_name=None,
                         family_name=None, token=None, locale=None):
        refuse_if(not_signed_in=who is None, already_registered=self.person(who))
        if token:
            i, closed = self.by_token(token)
            refuse_if(**closed, same_kind=kind and kind != i.kind)
            kind, email, locale = i.kind, i.email, locale or i.locale
            company_name = company_name or i.company_name
            given_name, family_name = given_name or i.given_name, family_name or i.family_name
        else:
            refuse_if(email_unverified=not (claim and verified),
                      invalid_argument=not kind)
            email = claim
        refuse_if(email_taken=self.owner(email), invalid_argument=not (company_name and given_name and family_name))
        self.accounts[name] = Row(kind=kind, locale=locale or 'de', closed=False, profile=dict(
            id=name, kind=kind, company_name=company_name, locale=locale or 'de', city=None))
        self.contacts[name + 'c'] = self.new_contact(name + 'c', name, given_name, family_name, email, who, True, 'owner')
        self.event('account.registered', name)
        self.route(name, email)
        return self.accounts[name].profile

    def new_contact(self, name, account, given_name, family_name, email, subject, verified, role):
        return Row(id=name, number=len(self.contacts), account=account, given_name=given_name, family_name=family_name,
                   email=email, subject=subject, verified=verified, role=role, removed=False)

    def shown_contact(self, c):
        return dict(id=c.id, given_name=c.given_name, family_name=c.family_name, email=c.email,
                    email_verified_at=c.verified, role=c.role, has_login=c.subject is not None)

    def route(self, account, address):
        """A newly proven address gets the invitations that wait for it."""
        for i in self.invitations.values():
            if (self.status(i) != 'pending' or i.invitee or not same(i.email, address)
                    or i.kind != self.kind(account) or self.blocked(i.inviter, None, account)):
                continue
            if self.paired(i.inviter, account):
                i.invitee = account
                self.close(i, 'superseded')
                self.event('superseded', account, i.id)
            elif not any(o.inviter == i.inviter and o.invitee == account and o.status == 'pending'
                         for o in self.invitations.values()):   # even past its time, until that is written down
                i.invitee = account
                self.event('routed', account, i.id)

    def update_account(self, who, company_name=None, city=None, locale=None):
        account = self.accounts[self.permitted(who, 'manage_account').account]
        refuse_if(invalid_argument=company_name == '' or locale == '')
        account.locale = locale or account.locale
        account.profile.update(locale=account.locale, company_name=company_name or account.profile['company_name'],
                               city=account.profile['city'] if city is None else city or None)
        return account.profile

    def own_contact(self, who, id):
        me = self.caller(who)
        me = self.permitted(who, 'edit_own_contact' if id == me.id else 'manage_contacts')
        c = self.contacts.get(id)
        refuse_if(contact_not_found=c is None or c.removed or c.account != me.account)
        return c

    def add_contact(self, name, who, given_name, family_name, email=None, role='member'):
        me = self.permitted(who, 'manage_contacts')
        c = self.new_contact(name, me.account, given_name, family_name, email or None, None, False, role)
        refuse_if(self.too_many_confirmations(c), invalid_argument=not given_name or not family_name,
                  invalid_email=email and not is_email(email))
        self.contacts[name] = c
        self.event('contact.added', me.account)
        self.mail_confirmation(c)
        return self.shown_contact(c)

    def update_contact(self, who, id, given_name=None, email=None):
        me = self.caller(who)
        self.permitted(who, 'edit_own_contact' if id == me.id else 'manage_contacts')
        refuse_if(invalid_argument=given_name == '', invalid_email=email and not is_email(email))
        c = self.own_contact(who, id)
        c.given_name = given_name or c.given_name
        if email is not None:
            c.verified = c.verified and same(email, c.email)
            c.email = email or None
        return self.shown_contact(c)

    def colleague(self, who, id):
        self.permitted(who, 'manage_contacts')
        return self.own_contact(who, id)

    def set_role(self, who, contact_id, role):
        c = self.colleague(who, contact_id)
        refuse_if(last_owner=role != 'owner' and self.is_last_owner(c))
        if c.role != role:
            c.role = role
            self.event('contact.role_changed', c.account)
        return self.shown_contact(c)

    def remove_contact(self, who, id):
        self.remove(self.colleague(who, id))

    def remove(self, c, event='contact.removed'):
        refuse_if(last_owner=self.is_last_owner(c))
        self.erase(c)
        self.event(event, c.account)

    def is_last_owner(self, c):
        return c.subject and c.role == 'owner' and all(o.role != 'owner' for o in self.others(c))

    def others(self, c):
        """Colleagues who can sign in."""
        return [o for o in self.people(c.account) if o.subject and o is not c]

    def erase(self, c):
        c.given_name = c.family_name = c.email = c.subject = None
        c.verified, c.removed = False, True
        for m in self.mails.values():
            if m.about == c.id:      # that it was sent still counts
                m.recipient, m.error, m.leased = 'erased@tempcloud.invalid', None, False
                m.state = 'dropped' if m.state == 'queued' else m.state
                m.closed = self.now if m.closed is None else m.closed
        self.tokens = {name: t for name, t in self.tokens.items() if t.contact != c.id}

    def leave_account(self, who):
        self.remove(self.caller(who), 'contact.left')

    def close_account(self, who, reason=None):
        me = self.permitted(who, 'close_account')
        refuse_if(has_colleagues=self.others(me))
        reason = reason or ('Die Firma hat ihr Konto geschlossen.' if self.accounts[me.account].locale.startswith('de')
                            else 'The company has closed its account.')
        for i in list(self.invitations.values()):
            if self.status(i) == 'pending' and i.inviter == me.account:
                self.withdraw(me, i)
            elif self.status(i) == 'pending' and self.is_for(i, me.account) and i.kind == self.kind(me.account):
                self.decline(me, i, reason, False)
        for r in self.requests.values():
            status, mine = self.request_status(r), r.customer == me.account
            if me.account in (r.customer, r.provider) and status in ('open', 'accepted'):
                if status == 'open' and not mine:
                    r.answered_by, r.answer = me.id, reason
                self.decide(me, r, 'cancelled' if status == 'accepted' else 'withdrawn' if mine else 'declined', reason)
        for c in self.people(me.account):
            self.erase(c)
        self.accounts[me.account].closed = True
        self.event('account.closed', me.account)

    def send_confirmation(self, who, contact_id):
        c = self.own_contact(who, contact_id)
        refuse_if(invalid_argument=not c.email)
        sent = [m for m in self.mails.values() if m.kind == 'confirm_email']
        refuse_if(self.too_many_confirmations(c), resend_too_soon=not c.verified and any(
            m.about == c.id and m.created > self.now - self.settings['resend_interval'] for m in sent))
        self.mail_confirmation(c)
        return self.shown_contact(c)

    def too_many_confirmations(self, c):
        today = [o for o in self.confirmations if o.account == c.account and o.at > self.now - DAY]
        return dict(too_many_confirmations=c.email and not c.verified and len(today) >= self.settings['max_daily_confirmations'])

    def mail_confirmation(self, c):
        if c.email and not c.verified:
            self.confirmations.append(Row(account=c.account, address=c.email, at=self.now))
            self.mail('confirm_email', c.email, full_name(c), self.accounts[c.account].locale, contact=c)

    def confirm_email(self, who, token):
        refuse_if(invalid_token=token == 'malformed')
        link = self.tokens.get(token)
        refuse_if(invalid_token=link and link.invitation, contact_not_found=link is None)
        c, me = self.contacts[link.contact], self.person(who)
        changed = not same(c.email, link.email)
        refuse_if(not_signed_in=who is None,
                  address_changed=changed, link_expired=link.issued + self.settings['invitation_lifetime'] <= self.now,
                  already_registered=me and me.account != c.account,
                  already_joined=not me and c.subject,
                  email_taken=not c.verified and not changed and self.owner(c.email))
        if not c.verified or not me:
            c.verified, c.subject = True, c.subject if me else who
            self.event('contact.confirmed', c.account)
            self.route(c.account, c.email)
        return self.shown_contact(c)

    # -- inviting

    def invitee_of(self, me, email, resent=None, **refusals):
        """For whom an invitation to the address would be; refused if the caller may have none pending."""
        inviter, owner, s = me.account, self.owner(email), self.settings
        same_kind = owner and owner != inviter and self.kind(owner) == self.kind(inviter)
        if same_kind and not s['reveal_registered']:
            owner, same_kind = None, False
        invitee = resent and resent.invitee or owner
        sides = {a for a in (owner, invitee) if a}
        known = sides if s['reveal_registered'] else set()     # whom the caller may hear of by the address
        others = [i for i in self.invitations.values() if i is not resent]
        mine = [i for i in others if i.inviter == inviter]
        pending = [i for i in mine if self.status(i) == 'pending']
        refuse_if(
            refusals,
            own_account=owner == inviter, same_kind=same_kind,
            already_partners=any(self.paired(inviter, a) for a in sides),
            invited_you=any(i.inviter in known and self.status(i) == 'pending' and self.is_for(i, inviter) for i in others),
            already_invited=any(same(i.email, email) or i.invitee in known for i in pending),
            declined_recently=any(self.blocked(inviter, email, a) for a in known | {None}) or any(
                i.status == 'declined' and i.decided > self.now - s['reinvite_after']
                and (same(i.email, email) or i.invitee in known or i.declined_for in known) for i in mine),
            too_many_resends=resent and resent.round > s['max_resends'],
            too_many_invitations=len(pending) >= s['max_pending_invitations']
            or sum(i.sent > self.now - DAY for i in mine) >= s['max_daily_invitations'],
            too_many_mails=self.too_many_mails(email, inviter))
        for i in mine:      # past its time; the new one takes its place
            if i.status == 'pending' and self.status(i) == 'expired' and (
                    same(i.email, email) or i.invitee in known):
                self.close(i, 'expired')
                self.event('expired', inviter, i.id)
        obstructed = self.blocked(inviter, None, invitee) or invitee and self.accounts[invitee].closed or any(i.status == 'pending' and i.invitee == invitee for i in mine)
        return None if obstructed else invitee

    def invite(self, name, who, email=None, given_name=None, family_name=None, company_name=None, message=None, locale=None):
        me = self.permitted(who, 'invite')
        refuse_if(invalid_email=not is_email(email), invalid_argument=not email)
        owner = self.invitee_of(me, email)
        i = Row(id=name, inviter=me.account, invited_by=me.id, invitee=owner, kind=OPPOSITE[self.kind(me.account)],
                email=email, given_name=given_name, family_name=family_name, company_name=company_name, message=message,
                locale=locale or self.accounts[me.account].locale, status='pending', round=1, created=self.now,
                sent=self.now, expires=self.now + self.settings['invitation_lifetime'], reminded=False, asked=None,
                decided=None, decided_by=None, declined_for=None, reason=None)
        self.invitations[name] = i
        self.event('created', me.account, name)
        self.mail_invitee('invitation', i)
        return self.shown(i)

    def invite_many(self, name, who, invitations):
        self.permitted(who, 'invite')
        return [self.row_of_many(f'{name}.{k}', who, row, k + 1) for k, row in enumerate(invitations)]

    def row_of_many(self, name, who, row, position):
        try:
            return dict(id=position, position=position, invitation=self.invite(name, who, **row), error=None)
        except Refused as refused:
            return dict(id=position, position=position, invitation=None, error=refused.words)

    def sent(self, who, id):
        me, i = self.permitted(who, 'invite'), self.invitations.get(id)
        refuse_if(not_your_invitation=i and i.inviter != me.account and self.is_for(i, me.account),
                  invitation_not_found=not i or i.inviter != me.account and not self.is_for(i, me.account))
        return me, i

    def resend_invitation(self, who, id):
        me, i = self.sent(who, id)
        refuse_if(**{**self.closed(i), 'invitation_expired': False})
        i.invitee = self.invitee_of(me, i.email, i, resend_too_soon=i.sent + self.settings['resend_interval'] > self.now)
        self.drop_mails(i)
        i.status, i.round, i.sent, i.reminded, i.asked, i.decided = 'pending', i.round + 1, self.now, False, None, None
        i.expires = self.now + self.settings['invitation_lifetime']
        self.event('resent', me.account, id)
        self.mail_invitee('invitation', i)
        return self.shown(i)

    def withdraw_invitation(self, who, id):
        me, i = self.sent(who, id)
        refuse_if(**self.closed(i))
        return self.withdraw(me, i)

    def withdraw(self, me, i):
        self.close(i, 'withdrawn', me.id)
        self.drop_mails(i)
        self.event('withdrawn', me.account, i.id)
        return self.shown(i)

    # -- deciding

    def preview_invitation(self, who, token):
        return self.preview(*self.link(token))

    def preview(self, i, current):
        profile = self.accounts[i.inviter].profile
        return dict(inviter_kind=profile['kind'], inviter_company=profile['company_name'],
                    inviter_name=full_name(self.contacts[i.invited_by]) or '', message=i.message, kind=i.kind, email=i.email,
                    status=self.status(i), expires_at=At(i.expires), given_name=i.given_name, company_name=i.company_name,
                    needs_account=not i.invitee and not self.owner_of_kind(i), link_is_current=current)

    def ask_again(self, who, token):
        i, current = self.link(token)
        refuse_if(**{**self.closed(i), 'invitation_expired': False})
        if self.status(i) == 'expired':
            refuse_if(invitation_expired=self.accounts[i.inviter].closed, asked_recently=i.asked is not None and i.asked > self.now - DAY)
            i.asked = self.now
            self.event('asked', i.invitee, i.id)
            self.mail_inviter('invitation_asked', i)
        elif not current:
            refuse_if(resend_too_soon=any(m.about == i.id and m.kind in ('invitation', 'reminder') and m.created > self.now - self.settings['resend_interval']
                                          for m in self.mails.values()),
                      too_many_mails=self.too_many_mails(i.email, i.inviter))
            self.mail_invitee('invitation', i)
        return self.preview(i, current)

    def owner_of_kind(self, i):
        owner = self.owner(i.email)
        return owner and self.kind(owner) == i.kind

    def received(self, who, id, right):
        me, i = self.permitted(who, right), self.invitations.get(id)
        refuse_if(invitation_not_found=not i or not self.is_for(i, me.account) and i.inviter != me.account,
                  not_your_invitation=i and not self.is_for(i, me.account) and i.inviter == me.account)
        return me, i

    def accept(self, me, i, **refusals):
        partnership = next((p for p in self.partnerships.values() if p['invitation_id'] == i.id), None)
        if partnership and i.invitee == me.account:
            return partnership      # again
        refuse_if(refusals, self.closed(i), same_kind=self.kind(me.account) != i.kind, own_account=i.inviter == me.account,
                  already_partners=self.paired(i.inviter, me.account))
        pair = (i.inviter, me.account) if i.kind == 'provider' else (me.account, i.inviter)
        self.close(i, 'accepted', me.id)
        i.invitee = me.account
        self.event('accepted', me.account, i.id)
        self.partnerships[pair] = dict(customer_id=pair[0], provider_id=pair[1], invitation_id=i.id, accepted_by=me.id)
        for o in self.invitations.values():
            if self.status(o) == 'pending' and o.inviter in pair and any(
                    self.is_for(o, a) for a in pair if a != o.inviter):
                self.close(o, 'superseded')
                self.event('superseded', me.account, o.id)
        self.mail_inviter('invitation_accepted', i)
        return self.partnerships[pair]

    def accept_invitation(self, who, id):
        return self.accept(*self.received(who, id, 'accept'))

    def accept_invitation_by_token(self, who, token, use_this_account=False):
        i, closed = self.by_token(token)
        me = self.permitted(who, 'accept')
        return self.accept(me, i, link_replaced=closed['link_replaced'],
                           not_your_invitation=i.invitee not in (None, me.account),
                           other_address=not use_this_account and self.owner(i.email) != me.account)

    def decline(self, me, i, reason, block):
        invitee = me if me and self.is_for(i, me.account) else None
        i.declined_for = i.invitee or invitee and invitee.account
        i.invitee = i.declined_for if i.declined_for and self.kind(i.declined_for) == i.kind else None
        self.close(i, 'declined', invitee and invitee.id)
        i.reason = reason
        if block and not any(b.inviter == i.inviter and same(b.address, i.email) for b in self.blocks):
            self.blocks.append(Row(inviter=i.inviter, address=i.email, account=i.declined_for))
        self.event('declined', i.declined_for, i.id)
        self.mail_inviter('invitation_declined', i)
        return self.shown(i)

    def decline_invitation(self, who, id, reason=None, block=False):
        me, i = self.received(who, id, 'decline')
        refuse_if(**self.closed(i))
        return self.decline(me, i, reason, block)

    def decline_invitation_by_token(self, who, token, reason=None, block=False):
        i, closed = self.by_token(token)
        me = self.person(who)
        refuse_if(**closed, not_permitted=me and self.is_for(i, me.account) and not self.may(me, 'decline'))
        return self.decline(me, i, reason, block)

    def unblock_account(self, who, id):
        me = self.permitted(who, 'decline')
        mine = {c.email.lower() for c in self.people(me.account) if c.verified}
        self.blocks = [b for b in self.blocks
                       if b.inviter != id or b.account != me.account and b.address.lower() not in mine]

    # -- requests

    def request_status(self, r):
        return 'expired' if r.status == 'open' and r.answer_by is not None and r.answer_by <= self.now else r.status

    def send_order(self, name, who, requests, reference=None):
        me = self.permitted(who, 'handle_requests')
        refuse_if(customers_only=self.kind(me.account) != 'customer')
        before = reference and self.references.get((me.account, reference))
        wrong = not requests or any(not w['shifts'] or min(w['shifts']) < 1 or w.get('answer_in', 1) < 0 for w in requests)
        if before:
            repeatable = all('answer_in' not in wish for wish in requests)      # or its time is another one
            refuse_if(reference_taken=before.sent != requests or not repeatable, invalid_argument=wrong)
            return [self.shown_request(self.requests[id]) for id in before.ids]
        today = sum(r.created > self.now - DAY for r in self.requests.values() if r.customer == me.account)
        refuse_if(
            invalid_argument=wrong,
            partner_not_found=any(not self.paired(me.account, w['provider_id']) for w in requests),
            partner_closed=any(self.paired(me.account, w['provider_id']) and self.accounts[w['provider_id']].closed for w in requests),
            too_many_requests=today + len(requests) > self.settings['max_daily_requests'])
        sent = [self.send(f'{name}.{k}', me, wish) for k, wish in enumerate(requests)]
        if reference:
            self.references[me.account, reference] = Row(sent=requests, ids=[r.id for r in sent])
        return [self.shown_request(r) for r in sent]

    def send(self, id, me, wish):
        r = Row(id=id, customer=me.account, provider=wish['provider_id'], ordered_by=me.id, profession=wish['profession'],
                status='open', created=self.now, answered_by=None, answer=None, reason=None, decided=None,
                answer_by=self.now + wish['answer_in'] if 'answer_in' in wish else None,
                shifts=[f'{id}.s{k}' for k in range(len(wish['shifts']))])
        self.requests[id] = r
        for shift, headcount in zip(r.shifts, wish['shifts']):
            self.shifts[shift] = Row(id=shift, request=id, headcount=headcount, offered=None, workers=[], named=0)
        self.request_event('sent', me.account, r)
        self.mail_partner('request_received', r, r.provider)
        return r

    def shown_request(self, r):
        return dict(id=r.id, customer_id=r.customer, provider_id=r.provider, profession=r.profession,
                    status=r.status, reason=r.reason, decided_at=r.decided is not None)

    def request(self, who, id, side=None, missing='request_not_found'):
        """A request of the caller's, who must be on that side of it."""
        me, r = self.permitted(who, 'handle_requests'), self.requests.get(id)
        found = r and me.account in (r.customer, r.provider)
        refuse_if({missing: not found}, not_your_request=found and side and getattr(r, side) != me.account)
        return me, r

    def decide(self, me, r, status, reason):
        r.status, r.reason, r.decided = status, reason, self.now
        self.request_event(status, me.account, r)
        self.mail_partner(f'request_{status}', r, r.provider if me.account == r.customer else r.customer)
        return self.shown_request(r)

    def other_status(self, r, *wanted):
        return {f'request_{self.request_status(r)}': self.request_status(r) not in wanted}

    def withdraw_request(self, who, id, reason=None):
        me, r = self.request(who, id, 'customer')
        refuse_if(self.other_status(r, 'open', 'withdrawn'))
        return self.decide(me, r, 'withdrawn', reason) if r.status == 'open' else self.shown_request(r)

    def cancel_request(self, who, id, reason):
        self.permitted(who, 'handle_requests')
        refuse_if(invalid_argument=not reason)
        me, r = self.request(who, id)
        refuse_if(self.other_status(r, 'accepted', 'cancelled'))
        return self.decide(me, r, 'cancelled', reason) if r.status == 'accepted' else self.shown_request(r)

    def answer_request(self, who, id, accept, reason=None, headcount=None, shifts=None):
        me, r = self.request(who, id, 'provider')
        answer = 'accepted' if accept else 'declined'
        refuse_if(self.other_status(r, 'open', answer))
        if r.status == answer:
            return self.shown_request(r)
        if accept:
            self.offer(r, headcount, {shift: n for shift, n in shifts or []})
        else:
            refuse_if(invalid_argument=headcount is not None or shifts is not None)
        r.answered_by, r.answer = me.id, reason
        return self.decide(me, r, answer, reason)

    def offer(self, r, headcount, single):
        mine = [self.shifts[s] for s in r.shifts]
        offers = [single.get(s.id, s.headcount if headcount is None else min(headcount, s.headcount)) for s in mine]
        refuse_if(shift_not_found=any(s not in r.shifts for s in single),
                  invalid_argument=headcount is not None and headcount < 1 or sum(offers) < 1
                  or any(not 0 <= n <= s.headcount for s, n in zip(mine, offers)))
        for s, n in zip(mine, offers):
            s.offered = n

    def assign_workers(self, who, shift_id, workers):
        self.permitted(who, 'handle_requests')
        s = self.shifts.get(shift_id)
        refuse_if(invalid_argument='' in workers)
        me, r = self.request(who, s and s.request, 'provider', 'shift_not_found')
        refuse_if(self.other_status(r, 'accepted'))
        refuse_if(too_many_workers=len(workers) > s.offered)
        if workers != s.workers:
            s.named += sum(name != old for name, old in zip(workers, s.workers + [None] * len(workers)))
            s.workers = workers
            filled = all(len(self.shifts[o].workers) == self.shifts[o].offered for o in r.shifts)
            self.request_event('filled' if filled else 'assigned', me.account, r)
            if filled:
                for m in self.mails.values():
                    if m.about == r.id and m.kind == 'request_filled' and m.state == 'queued' and (not m.leased or m.due[1] <= self.now):
                        m.state, m.leased, m.closed = 'dropped', False, self.now
                self.mail_partner('request_filled', r, r.customer)
        return [dict(id=k + 1, worker_name=name) for k, name in enumerate(workers)]

    def erase_workers(self, who, request_id):
        """Of a cancelled request, those replaced, too; which stand in the record."""
        me, r = self.request(who, request_id, 'provider')
        refuse_if(self.other_status(r, 'cancelled'))
        shifts = [self.shifts[s] for s in r.shifts]
        erased = sum(s.named for s in shifts)
        for s in shifts:
            s.workers, s.named = [None] * len(s.workers), 0
        return erased

    def seen_request(self, r):
        shifts = [self.shifts[s] for s in r.shifts]
        return dict(id=r.id, profession=r.profession, status=self.request_status(r), reason=r.reason, answer=r.answer,
                    headcount=sum(s.headcount for s in shifts), assigned=sum(len(s.workers) for s in shifts),
                    offered=None if shifts[0].offered is None else sum(s.offered for s in shifts))

    # -- what the outbox and time do

    def claim_mail(self, name, max_messages, lease, seen):
        """Of what is due a mailer may get any; seen says which it was, and which were closed on the way."""
        due = {k for k, m in self.mails.items() if m.state == 'queued' and m.due[1] <= self.now}
        dropped = {k for k in due if self.obsolete(self.mails[k])}
        withheld = {k for k in due - dropped if self.withheld(self.mails[k])}
        failed = {k for k in due - dropped - withheld if self.mails[k].attempt >= self.settings['mail_max_attempts']}
        live = due - dropped - withheld - failed
        given, closed = set(seen['given']), set(seen['dropped']) | set(seen['suppressed']) | set(seen['failed'])
        if not given <= live or len(given) != min(max_messages, len(live)):
            raise Wrong(f'{max_messages} of {sorted(live)} are due, given were {sorted(given)}')
        if not set(seen['dropped']) <= dropped or not set(seen['suppressed']) <= withheld or not set(seen['failed']) <= failed or (
                len(given) < max_messages and closed != dropped | withheld | failed):
            raise Wrong(f'dropped should be {sorted(dropped)}, suppressed {sorted(withheld)}, failed {sorted(failed)}; they are {seen}')
        for key in closed:
            m = self.mails[key]
            m.state = 'dropped' if key in dropped else 'suppressed' if key in withheld else 'failed'
            m.leased, m.closed = False, self.now
            m.error = m.error if key not in failed else 'no mailer reported the outcome'
        rows = []
        for key in sorted(given):
            m = self.mails[key]
            m.attempt, m.leased, m.due = m.attempt + 1, True, (self.now + lease, self.now + lease)
            link = m.kind in ('invitation', 'reminder', 'confirm_email')
            if link:
                confirm = m.kind == 'confirm_email'
                self.tokens[f'{name}/{key}'] = Row(invitation=None if confirm else m.about, round=m.round, issued=self.now,
                                                 contact=m.about if confirm else None, email=m.recipient)
            rows.append(dict(id=key, kind=m.kind, recipient=m.recipient, recipient_name=m.recipient_name,
                             locale=m.locale, attempt=m.attempt, token=f'{name}/{key}' if link else None))
        return rows

    def known(self, mails):
        return [self.mails[key] for key in mails if key in self.mails]

    def mail_sent(self, mails):
        sent = [m for m in self.known(mails) if m.attempt > 0 and m.state in ('queued', 'failed')]
        for m in sent:
            m.state, m.error, m.leased, m.closed = 'sent', None, False, self.now
        return len(sent)

    def mail_failed(self, mail, error, permanent=False):
        m = self.mails.get(mail)
        if not m or m.state != 'queued' or not m.leased:
            return False
        m.leased, m.error = False, error
        if permanent or m.attempt >= self.settings['mail_max_attempts']:
            m.state, m.closed = 'failed', self.now
            return False
        delay = min(self.settings['mail_retry_delay'] * 2 ** (m.attempt - 1), DAY)
        m.due = self.now + delay * 3 // 4, self.now + delay * 5 // 4
        return True

    def mail_bounced(self, mail, reason):
        m = self.mails.get(mail)
        if not m or m.attempt == 0:
            return False
        m.state, m.error, m.leased, m.closed = 'bounced', reason, False, self.now
        return True

    def release_mail(self, mails):
        held = [m for m in self.known(mails) if m.state == 'queued' and m.leased]
        for m in held:
            m.leased, m.attempt, m.due = False, m.attempt - 1, (self.now, self.now)
        return len(held)

    def retry_mail(self, mail):
        m = self.mails.get(mail)
        if not m or m.state != 'failed':
            return False
        m.state, m.attempt, m.due, m.closed = 'queued', 0, (self.now, self.now), None
        return True

    def maintain(self):
        s = self.settings
        pending = [i for i in self.invitations.values() if i.status == 'pending']
        expired = [i for i in pending if self.status(i) == 'expired']
        reminded = [i for i in pending if s['reminder_before'] < s['invitation_lifetime'] and not i.reminded
                    and i not in expired and i.expires <= self.now + s['reminder_before']]
        purged = [k for k, m in self.mails.items() if m.state in ('sent', 'failed', 'bounced', 'dropped', 'suppressed')
                  and m.closed < self.now - s['mail_retention']]
        for i in expired:
            self.close(i, 'expired')
            self.event('expired', i.inviter, i.id)
            self.mail_inviter('invitation_expired', i)
        late = [r for r in self.requests.values() if r.status == 'open' and self.request_status(r) == 'expired']
        for r in late:
            r.status, r.decided = 'expired', self.now
            self.request_event('expired', r.customer, r)
            self.mail_partner('request_expired', r, r.customer)
        for i in reminded:
            i.reminded = True
            self.mail_invitee('reminder', i)
        for key in purged:
            del self.mails[key]
        waiting = {m.about for m in self.mails.values() if m.state == 'queued'}
        lapsed = [k for k, t in self.tokens.items() if t.contact is not None
                  and t.issued < self.now - s['invitation_lifetime'] - s['mail_retention']]
        for key in lapsed:
            del self.tokens[key]
        old = [i for i in self.invitations.values() if i.status not in ('pending', 'accepted') and i.id not in waiting
               and i.decided < self.now - max(s['purge_invitations_after'], DAY,
                                              s['reinvite_after'] if i.status == 'declined' else 0)]
        self.forget(old)
        sealed, self.sealed = len(self.partnerships) - self.sealed, len(self.partnerships)
        return dict(expired=len(expired), reminded=len(reminded), purged=len(purged), purged_invitations=len(old),
                    expired_requests=len(late), purged_confirmations=len(lapsed), sealed=sealed,
                    more=False)

    def forget(self, invitations):
        """With their mails and links."""
        ids = {i.id for i in invitations}
        self.invitations = {id: i for id, i in self.invitations.items() if id not in ids}
        self.mails = {key: m for key, m in self.mails.items() if m.about not in ids}
        self.tokens = {name: t for name, t in self.tokens.items() if t.invitation not in ids}

    def erase_person(self, email):
        refuse_if(invalid_email=not is_email(email))
        contacts = [c for c in self.contacts.values() if same(c.email, email)]
        invitations = [i for i in self.invitations.values() if same(i.email, email)]
        gone = [i for i in invitations if i.status != 'accepted']
        about = {i.id for i in gone}
        mails = [key for key, m in self.mails.items() if same(m.recipient, email) or m.about in about]
        blocks = [b for b in self.blocks if same(b.address, email)]
        for key in mails:
            del self.mails[key]
        for c in contacts:
            self.remove(c)
        for i in invitations:
            i.email = i.given_name = i.family_name = i.company_name = i.message = None
        for i in gone:
            self.event('erased', i.inviter, i.id)
        self.forget(gone)
        self.blocks = [b for b in self.blocks if b not in blocks]
        self.confirmations = [c for c in self.confirmations if not same(c.address, email)]
        return dict(contacts=len(contacts), invitations=len(invitations), mails=len(mails), blocks=len(blocks))

    # -- what everybody sees

    def look(self, who):
        me = self.person(who)
        if not me:
            return {}
        mine = me.account
        partners = sorted({a for pair in self.partnerships if mine in pair for a in pair} - {mine})
        profiles = [dict(self.accounts[a].profile, closed_at=self.accounts[a].closed) for a in partners]
        return dict(
            my_account=[self.accounts[mine].profile],
            my_contacts=[self.shown_contact(c) for c in self.people(mine)],
            partners=profiles,
            customers=[p for p in profiles if p['kind'] == 'customer'],
            providers=[p for p in profiles if p['kind'] == 'provider'],
            partner_contacts=[dict(id=c.id, account_id=a, given_name=c.given_name, family_name=c.family_name, email=c.email)
                              for a in partners for c in self.people(a)],
            invitations_sent=[self.seen_by_inviter(i) for i in self.invitations.values() if i.inviter == mine],
            invitations_received=[self.seen_by_invitee(i, mine) for i in self.invitations.values()
                                  if i.invitee == mine or self.waits_for(i, mine)],
            requests_sent=[self.seen_request(r) for r in self.requests.values() if r.customer == mine],
            requests_received=[self.seen_request(r) for r in self.requests.values() if r.provider == mine],
            shifts=[dict(id=s.id, request_id=s.request, headcount=s.headcount, offered=s.offered, assigned=len(s.workers))
                    for s in self.shifts.values()
                    if mine in (self.requests[s.request].customer, self.requests[s.request].provider)])

    def waits_for(self, i, account):
        return (not i.invitee and self.status(i) == 'pending' and self.owner(i.email) == account
                and not self.blocked(i.inviter, None, account))

    def seen_by_inviter(self, i):
        by = self.contacts[i.decided_by] if i.status == 'accepted' else None
        links = [m for m in self.mails.values() if m.about == i.id and m.kind in ('invitation', 'reminder')]
        newest = links[-1] if links else None
        return dict(id=i.id, email=i.email, status=self.status(i), expires_at=At(i.expires), decided_at=i.decided is not None,
                    reason=i.reason, company_name=i.company_name, invited_by=full_name(self.contacts[i.invited_by]),
                    partner_id=by and by.account, accepted_by_name=by and full_name(by), accepted_by_email=by and by.email,
                    delivery=newest and ('deferred' if newest.state == 'queued' and newest.error else
                                         'sent' if newest.state == 'suppressed' else newest.state),
                    delivery_error=newest and newest.error)

    def seen_by_invitee(self, i, account):
        pending = self.status(i) == 'pending'
        obstacle = 'same_kind' if pending and self.kind(account) != i.kind else None
        return dict(id=i.id, inviter_id=i.inviter, inviter_company=self.accounts[i.inviter].profile['company_name'],
                    inviter_name=full_name(self.contacts[i.invited_by]), email=i.email, status=self.status(i),
                    expires_at=At(i.expires), reason=i.reason, obstacle=obstacle,
                    can_accept=pending and not obstacle and not self.paired(i.inviter, account),
                    blocked=any(b.inviter == i.inviter and b.account == account for b in self.blocks))
