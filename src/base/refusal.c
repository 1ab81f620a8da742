/*
 * refusal.c
 *		The errors that answer a caller's mistake: one table of all of them.
 *
 * PostgREST turns SQLSTATE PTnnn into HTTP status nnn and the primary message
 * into the reason phrase, so that a message is one line of ASCII.  DETAIL is
 * one word that programs can rely on; HINT tells a person what to do.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/refusal.h"

#define PT400 MAKE_SQLSTATE('P', 'T', '4', '0', '0')
#define PT401 MAKE_SQLSTATE('P', 'T', '4', '0', '1')
#define PT403 MAKE_SQLSTATE('P', 'T', '4', '0', '3')
#define PT404 MAKE_SQLSTATE('P', 'T', '4', '0', '4')
#define PT405 MAKE_SQLSTATE('P', 'T', '4', '0', '5')
#define PT409 MAKE_SQLSTATE('P', 'T', '4', '0', '9')
#define PT410 MAKE_SQLSTATE('P', 'T', '4', '1', '0')
#define PT429 MAKE_SQLSTATE('P', 'T', '4', '2', '9')

static const struct
{
	int			sqlstate;
	const char *word;
	const char *message;
	const char *hint;
}			refusals[] =

{
	[INVALID_TOKEN] = {PT400, "invalid_token",
		"the token is malformed",
	"Open the link exactly as the mail contains it."},
	[INVALID_EMAIL] = {PT400, "invalid_email",
		"the e-mail address is not valid",
	"Write the address like name@example.com; before the @, only ASCII characters can be used."},
	[INVALID_ARGUMENT] = {PT400, "invalid_argument",
		"an argument is not valid",
	"Correct the argument and call again."},
	[NOT_SIGNED_IN] = {PT401, "not_signed_in",
		"the caller is not signed in",
	"Sign in; the login is read from request.jwt.claims, or set by tempcloud.act_as()."},
	[SESSION_CLAIMS] = {PT401, "session_claims",
		"the claims are not limited to the transaction",
	"Call tempcloud.act_as(), or use SET LOCAL, in the transaction that needs them."},
	[NO_ACCOUNT] = {PT403, "no_account",
		"the caller has no account",
	"Call tempcloud.register_account() first."},
	[NOT_PERMITTED] = {PT403, "not_permitted",
		"the caller's role does not permit this",
	"Ask the owner of the account; tempcloud.whoami() tells the caller's role and permissions."},
	[EMAIL_UNVERIFIED] = {PT403, "email_unverified",
		"the caller's e-mail address is not verified",
	"Verify the address with the login provider, or register with the token of an invitation."},
	[NOT_YOUR_INVITATION] = {PT403, "not_your_invitation",
		"the invitation is not for the caller's account to act on in this way",
	"An invitation is accepted or declined by its invitee, resent or withdrawn by its inviter."},
	[CUSTOMERS_ONLY] = {PT403, "customers_only",
		"only customers send requests",
	"Providers answer the requests in tempcloud.requests_received."},
	[NOT_YOUR_REQUEST] = {PT403, "not_your_request",
		"the request is not for the caller's account to act on in this way",
	"A request is withdrawn by its customer, answered and filled by its provider."},
	[INVITATION_NOT_FOUND] = {PT404, "invitation_not_found",
		"there is no such invitation",
	"Check the id, or ask the inviter to invite again."},
	[CONTACT_NOT_FOUND] = {PT404, "contact_not_found",
		"there is no such contact",
	"Check the id; the contacts of the caller's account are in tempcloud.my_contacts."},
	[PARTNER_NOT_FOUND] = {PT404, "partner_not_found",
		"there is no such partner",
	"Requests go to partners; those of the caller are in tempcloud.partners."},
	[REQUEST_NOT_FOUND] = {PT404, "request_not_found",
		"there is no such request",
	"Check the id; the caller's are in tempcloud.requests_sent and tempcloud.requests_received."},
	[SHIFT_NOT_FOUND] = {PT404, "shift_not_found",
		"there is no such shift",
	"Check the id; the shifts of the caller's requests are in tempcloud.shifts."},
	[EVENT_NOT_FOUND] = {PT404, "event_not_found",
		"there is no such event",
	"Take the key of an event that tempcloud.activity shows, or tempcloud.events_since() has returned."},
	[POST_ONLY] = {PT405, "post_only",
		"a token must be sent by POST",
	"Send it in the body of a POST request; the address of a request is written into logs."},
	[READ_ONLY] = {PT405, "read_only",
		"the view cannot be written to",
	"Views are for reading; call a function to change something."},
	[SAME_KIND] = {PT409, "same_kind",
		"both accounts are of the same kind",
	"Customers become partners of providers, and providers of customers."},
	[OWN_ACCOUNT] = {PT409, "own_account",
		"an account cannot become its own partner",
	"Use the address of another company."},
	[OTHER_ADDRESS] = {PT409, "other_address",
		"the invited address is not one of the caller's account",
	"Pass use_this_account => true to accept with the caller's account all the same."},
	[ALREADY_PARTNERS] = {PT409, "already_partners",
		"the two accounts are partners already",
	"No action is needed: a partnership is permanent."},
	[ALREADY_INVITED] = {PT409, "already_invited",
		"an invitation to this partner is pending already",
	"Wait for the answer, or send the invitation again with tempcloud.resend_invitation()."},
	[INVITED_YOU] = {PT409, "invited_you",
		"this partner has invited the caller's account already",
	"Accept the invitation: it is listed in tempcloud.invitations_received."},
	[ALREADY_REGISTERED] = {PT409, "already_registered",
		"the login belongs to an account already",
	"A login belongs to one account, which tempcloud.whoami() tells; tempcloud.leave_account() frees it."},
	[ALREADY_JOINED] = {PT409, "already_joined",
		"the contact has a login already",
	"Sign in with that login to prove the address."},
	[EMAIL_TAKEN] = {PT409, "email_taken",
		"the e-mail address is proven by a contact already",
	"A proven address belongs to one contact; use another address."},
	[LAST_OWNER] = {PT409, "last_owner",
		"the contact is the account's last owner with a login",
	"Make a colleague with a login an owner with tempcloud.set_role(); who is alone can close the account with tempcloud.close_account()."},
	[HAS_COLLEAGUES] = {PT409, "has_colleagues",
		"the account has other logins",
	"Make a colleague an owner and leave with tempcloud.leave_account(), or remove the colleagues first."},
	[PARTNER_CLOSED] = {PT409, "partner_closed",
		"the partner has closed their account",
	"Choose another partner; those in tempcloud.partners without closed_at are open."},
	[REFERENCE_TAKEN] = {PT409, "reference_taken",
		"another order has the reference already",
	"Give each order a reference of its own; only the same order can be sent again with it."},
	[REQUEST_OPEN] = {PT409, "request_open",
		"the request is not accepted yet",
	"Accept it with tempcloud.answer_request(), or withdraw it with tempcloud.withdraw_request()."},
	[NOT_SEALED] = {PT409, "not_sealed",
		"the partnership is not sealed yet",
	"Try again in a minute; tempcloud.seal_ledger() seals it."},
	[TOO_MANY_WORKERS] = {PT409, "too_many_workers",
		"there are more workers than were offered",
	"Name at most as many as the shift has places."},
	[STILL_ASSIGNED] = {PT409, "still_assigned",
		"the worker is named for a shift that has not ended",
	"Wait until the shift has ended, or let the provider name somebody else."},
	[INVITATION_EXPIRED] = {PT410, "invitation_expired",
		"the invitation has expired",
	"The inviter can send it again with tempcloud.resend_invitation()."},
	[INVITATION_WITHDRAWN] = {PT410, "invitation_withdrawn",
		"the invitation has been withdrawn",
	"The inviter may invite again."},
	[INVITATION_DECLINED] = {PT410, "invitation_declined",
		"the invitation has been declined",
	"Either side may invite again later."},
	[INVITATION_ACCEPTED] = {PT410, "invitation_accepted",
		"the invitation has been accepted",
	"An acceptance is final; the partner is listed in tempcloud.partners."},
	[INVITATION_SUPERSEDED] = {PT410, "invitation_superseded",
		"the two accounts have become partners by another invitation",
	"The partner is listed in tempcloud.partners."},
	[LINK_REPLACED] = {PT410, "link_replaced",
		"the link has been replaced by a newer mail",
	"Open the link in the newest mail, or ask for another one."},
	[LINK_EXPIRED] = {PT410, "link_expired",
		"the link has expired",
	"Ask for another mail, which a colleague sends with tempcloud.send_confirmation()."},
	[ADDRESS_CHANGED] = {PT410, "address_changed",
		"the contact's e-mail address has changed",
	"Ask for a mail to the present address, which a colleague sends with tempcloud.send_confirmation()."},
	[REQUEST_ACCEPTED] = {PT410, "request_accepted",
		"the request has been accepted",
	"What was accepted can be cancelled with tempcloud.cancel_request()."},
	[REQUEST_DECLINED] = {PT410, "request_declined",
		"the request has been declined",
	"The customer may send another request."},
	[REQUEST_WITHDRAWN] = {PT410, "request_withdrawn",
		"the request has been withdrawn",
	"The customer may send another request."},
	[REQUEST_EXPIRED] = {PT410, "request_expired",
		"the request has expired",
	"The customer may send another request."},
	[REQUEST_CANCELLED] = {PT410, "request_cancelled",
		"the request has been cancelled",
	"The customer may send another request."},
	[SHIFT_OVER] = {PT410, "shift_over",
		"the shift has ended",
	"The names of a shift are final once it has ended."},
	[TOO_MANY_INVITATIONS] = {PT429, "too_many_invitations",
		"too many invitations",
	"Wait until some have been answered, or withdraw some."},
	[TOO_MANY_RESENDS] = {PT429, "too_many_resends",
		"the invitation has been sent again too often",
	"Withdraw it, and invite anew."},
	[TOO_MANY_MAILS] = {PT429, "too_many_mails",
		"too many mails to this address",
	"Wait until some time has passed."},
	[TOO_MANY_CONFIRMATIONS] = {PT429, "too_many_confirmations",
		"too many mails to prove an address",
	"Wait until some time has passed."},
	[TOO_MANY_REQUESTS] = {PT429, "too_many_requests",
		"too many requests",
	"Wait until some time has passed."},
	[RESEND_TOO_SOON] = {PT429, "resend_too_soon",
		"the mail was sent only a moment ago",
	"Wait a while before sending it again."},
	[ASKED_RECENTLY] = {PT429, "asked_recently",
		"the inviter has been asked within the last day",
	"Wait a day before asking again."},
	[DECLINED_RECENTLY] = {PT429, "declined_recently",
		"the address does not accept an invitation now",
	"Wait, or agree with the partner by other means that they invite you."},
};

void
tc_refuse(Refusal refusal)
{
	tc_refuse_hint(refusal, "%s", refusals[refusal].hint);
}

void
tc_refuse_hint(Refusal refusal, const char *hint,...)
{
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, hint);
		needed = appendStringInfoVA(&text, hint, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}

	ereport(ERROR,
			errcode(refusals[refusal].sqlstate),
			errmsg_internal("%s", refusals[refusal].message),
			errdetail_internal("%s", refusals[refusal].word),
			errhint("%s", text.data));
}
