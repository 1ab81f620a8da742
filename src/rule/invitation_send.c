/*
 * invitation_send.c
 *		The inviter's commands: invite, send again, withdraw.
 *
 * They are the same for a customer that invites a provider and for a provider that
 * invites a customer.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/rate_limit.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/invitation_check.h"
#include "rule/invitation_lock.h"
#include "rule/invitation_send.h"
#include "rule/mail.h"

static KeptQuery close_as_expired =
QUERY("UPDATE tempcloud_data.invitation"
	  "   SET status = 'expired', decided_at = $2"
	  " WHERE id = $1 AND status = 'pending'");

static KeptQuery insert_invitation =
QUERY("INSERT INTO tempcloud_data.invitation AS i"
	  " (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, given_name,"
	  "  family_name, company_name, phone, message, locale, created_at, sent_at, expires_at)"
	  " VALUES ($1, $2::tempcloud.account_kind, $3, $4,"
	  "         CASE $2 WHEN 'customer' THEN 'provider'::tempcloud.account_kind"
	  "                 ELSE 'customer' END,"
	  "         $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)"
	  " RETURNING " INVITATION_RECORD ", i.id");

enum
{
	INSERTED_RECORD = 1, INSERTED_ID
};

static KeptQuery renew_invitation =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'pending', round = round + 1, invitee_id = $2, sent_at = $3,"
	  "       expires_at = $4, reminded_at = NULL, asked_at = NULL, decided_at = NULL"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

static KeptQuery withdraw_invitation =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'withdrawn', decided_at = $3, decided_by = $2"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

/* What the Invitation of invitation.h lacks. */
static KeptQuery find_words =
QUERY("SELECT i.phone, i.message FROM tempcloud_data.invitation i WHERE i.id = $1");

enum
{
	WORDS_PHONE = 1, WORDS_MESSAGE
};

static KeptQuery correct_invitation =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET email = $2, given_name = $3, family_name = $4, company_name = $5, phone = $6,"
	  "       message = $7, locale = $8"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

/* Those that a mailer holds are left out (lock.h). */
static KeptQuery correct_mails =
QUERY("WITH waiting AS MATERIALIZED ("
	  "   SELECT m.id FROM tempcloud_data.mail m"
	  "    WHERE m.invitation_id = $1 AND m.kind IN ('invitation', 'reminder')"
	  "      AND m.state = 'queued'"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.mail m SET recipient_name = concat_ws(' ', $2, $3)"
	  "   FROM waiting WHERE m.id = waiting.id");

static void clean(Invite *invite);
static Datum insert(const Caller *caller, const Invite *invite, const Owner *owner);
static Owner lock_for_resending(const Caller *caller, Invitation *invitation,
								const pg_uuid_t *routed);
static void require_resendable(const Invitation *invitation);
static void make_room(const Caller *caller, const char *email, const Owner *owner,
					  const pg_uuid_t *resent);
static void make_room_at_invitee(const Caller *caller, const Invitation *invitation,
								 const Owner *owner, const pg_uuid_t *routed);
static void close_expired(const Caller *caller, const Owner *owner, Rows pending);
static Datum renew(const Caller *caller, const Invitation *invitation,
				   const pg_uuid_t *invitee_id);
static TimestampTz end_of_lifetime(void);
static Invite corrected(FunctionCallInfo fcinfo, const Invitation *invitation);
static char *change(FunctionCallInfo fcinfo, int n, const char *name, Form form, char *present);
static Datum correct(const Caller *caller, const Invitation *invitation, const Invite *invite);
static Invitation *find_sent(const Caller *caller, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(tempcloud_invite);
PG_FUNCTION_INFO_V1(tempcloud_resend_invitation);
PG_FUNCTION_INFO_V1(tempcloud_withdraw_invitation);
PG_FUNCTION_INFO_V1(tempcloud_correct_invitation);

enum
{
	INVITE_EMAIL, INVITE_GIVEN_NAME, INVITE_FAMILY_NAME, INVITE_COMPANY_NAME, INVITE_PHONE,
	INVITE_MESSAGE, INVITE_LOCALE
};

/*
 * invite(email, given_name, family_name, company_name, phone, message, locale)
 *		returns tempcloud.invitation
 */
Datum
tempcloud_invite(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	Invite		invite;

	tc_enter_command("invite()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_INVITE);
	invite = (Invite)
	{
		.email = tc_arg_text(fcinfo, INVITE_EMAIL),
			.given_name = tc_arg_text(fcinfo, INVITE_GIVEN_NAME),
			.family_name = tc_arg_text(fcinfo, INVITE_FAMILY_NAME),
			.company_name = tc_arg_text(fcinfo, INVITE_COMPANY_NAME),
			.phone = tc_arg_text(fcinfo, INVITE_PHONE),
			.message = tc_arg_text(fcinfo, INVITE_MESSAGE),
			.locale = tc_arg_text(fcinfo, INVITE_LOCALE),
	};
	return tc_finish_with(tc_invite(caller, &invite));
}

Datum
tc_invite(const Caller *caller, Invite *invite)
{
	Owner		owner;

	clean(invite);
	owner = tc_lock_for_inviting(caller, invite->email, NULL);
	make_room(caller, invite->email, &owner, NULL);
	tc_require_within_limits(caller, invite->email, NULL);
	return insert(caller, invite, &owner);
}

/* Bring the arguments into their forms.  Raises PT400 invalid_email or invalid_argument. */
static void
clean(Invite *invite)
{
	invite->email = tc_clean(invite->email, "email", FORM_EMAIL);
	if (invite->email == NULL)
		tc_refuse(INVALID_EMAIL);
	invite->given_name = tc_clean(invite->given_name, "given_name", FORM_PERSON_NAME);
	invite->family_name = tc_clean(invite->family_name, "family_name", FORM_PERSON_NAME);
	invite->company_name = tc_clean(invite->company_name, "company_name", FORM_COMPANY_NAME);
	invite->phone = tc_clean(invite->phone, "phone", FORM_PHONE);
	invite->message = tc_clean(invite->message, "message", FORM_PARAGRAPH);
	invite->locale = tc_clean(invite->locale, "locale", FORM_LOCALE);
}

/* Make the invitation, with event and mail, and return it. */
static Datum
insert(const Caller *caller, const Invite *invite, const Owner *owner)
{
	Rows		rows;
	char	   *locale = invite->locale ? invite->locale : caller->locale;
	const pg_uuid_t *invitee_id = tc_account_to_route_to(caller, owner->account_id, NULL);
	Addressee	addressee = {
		.email = invite->email,
		.given_name = invite->given_name,
		.family_name = invite->family_name,
		.locale = owner->locale ? owner->locale : locale
	};
	pg_uuid_t  *id;

	rows = tc_run(&insert_invitation,
				  UUID_VALUE(caller->account_id), KIND_VALUE(caller->kind),
				  UUID_VALUE(caller->contact_id), UUID_VALUE(invitee_id),
				  TEXT_VALUE(invite->email),
				  TEXT_VALUE(invite->given_name), TEXT_VALUE(invite->family_name),
				  TEXT_VALUE(invite->company_name), TEXT_VALUE(invite->phone),
				  TEXT_VALUE(invite->message), TEXT_VALUE(locale),
				  TIME_VALUE(tc_now()), TIME_VALUE(end_of_lifetime()));
	id = tc_uuid(rows, 0, INSERTED_ID);
	tc_event(EVENT_INVITATION_CREATED, caller->account_id, caller->contact_id, invitee_id, id);
	tc_mail(MAIL_INVITATION, id, 1, addressee);
	return tc_record(rows);
}

enum
{
	RESEND_ID
};

/*
 * resend_invitation(id) returns tempcloud.invitation
 */
Datum
tempcloud_resend_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, RESEND_ID, "id");
	Caller	   *caller;
	Invitation *invitation;
	Owner		owner;
	const pg_uuid_t *routed;
	const pg_uuid_t *account;

	tc_enter_command("resend_invitation()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_INVITE);
	invitation = find_sent(caller, id);
	if (invitation->status == INVITATION_IS_ACCEPTED)
		tc_refuse(INVITATION_ACCEPTED); /* final, and maybe without an address */
	routed = invitation->invitee_id;
	owner = lock_for_resending(caller, invitation, routed);

	require_resendable(invitation);
	make_room(caller, invitation->email, &owner, id);
	make_room_at_invitee(caller, invitation, &owner, routed);
	tc_require_within_limits(caller, invitation->email, invitation);

	account = invitation->invitee_id ? invitation->invitee_id : owner.account_id;
	return tc_finish_with(renew(caller, invitation, tc_account_to_route_to(caller, account, id)));
}

/*
 * Take all locks of resend_invitation(), and read the invitation again.  routed is the
 * account that it was routed to before.  Returns the owner of the address, as
 * tc_lock_for_inviting() does.
 */
static Owner
lock_for_resending(const Caller *caller, Invitation *invitation, const pg_uuid_t *routed)
{
	Owner		owner = tc_lock_for_inviting(caller, invitation->email, routed);
	char	   *folded = tc_fold_email(invitation->email);
	const pg_uuid_t *accounts[2];
	int			naccounts = 0;

	if (owner.account_id != NULL)
		accounts[naccounts++] = owner.account_id;
	if (routed != NULL)
		accounts[naccounts++] = routed;
	tc_lock_sent(caller, &folded, 1, accounts, naccounts, invitation->id);
	tc_lock_invitation(invitation, caller);
	return owner;
}

/*
 * Raises PT410 unless the invitation is pending or expired, PT429 resend_too_soon, and
 * PT429 too_many_resends.
 */
static void
require_resendable(const Invitation *invitation)
{
	TimestampTz soonest = invitation->sent_at + tc_resend_interval * USECS_PER_SEC;

	if (invitation->status != INVITATION_IS_EXPIRED)
		tc_require_pending(invitation);
	if (soonest > tc_now())
		tc_refuse_until(RESEND_TOO_SOON, soonest);
	if (tc_max_resends >= 0 && invitation->round > tc_max_resends)
		tc_refuse_hint(TOO_MANY_RESENDS, "An invitation is sent again at most %d times; "
					   "invite anew once it is withdrawn or has expired.", tc_max_resends);
}

/*
 * Raises an error unless the caller may have an invitation to the address pending
 * (invitation_check.h), and closes the expired ones, which the unique indexes would
 * not permit beside it.
 */
static void
make_room(const Caller *caller, const char *email, const Owner *owner, const pg_uuid_t *resent)
{
	Rows		pending;

	tc_require_no_partner(caller, owner);
	pending = tc_find_pending(caller, email, owner, resent);
	tc_require_all_expired(pending);
	tc_require_not_declined(caller, email, owner);
	close_expired(caller, owner, pending);
}

/*
 * The same for the account that an invitation has been routed to, if the address
 * is no longer that account's: the invitation stays with it.  Raises 40001 if it was
 * routed only after the locks were chosen: then the pair is not locked.
 */
static void
make_room_at_invitee(const Caller *caller, const Invitation *invitation, const Owner *owner,
					 const pg_uuid_t *routed)
{
	Owner		invitee = {.account_id = invitation->invitee_id,.kind = invitation->invitee_kind};

	if (invitation->invitee_id == NULL ||
		(owner->account_id != NULL && tc_same(invitation->invitee_id, owner->account_id)))
		return;
	if (routed == NULL)
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent routing"));
	make_room(caller, invitation->email, &invitee, invitation->id);
}

/*
 * Close the invitations of tc_find_pending(), all expired, with events.  Waits for the
 * locks of their rows, hence reads the clock anew (clock.h).
 */
static void
close_expired(const Caller *caller, const Owner *owner, Rows pending)
{
	for (uint64 i = 0; i < pending.count; i++)
	{
		pg_uuid_t  *id = tc_uuid(pending, i, PENDING_ID);

		if (tc_run_latest(&close_as_expired, UUID_VALUE(id), TIME_VALUE(tc_now())).count > 0)
			tc_event(EVENT_INVITATION_EXPIRED, caller->account_id, NULL,
					 tc_revealed_account(owner), id);
	}
	tc_read_clock();
}

/* Send the invitation again, to the account or NULL, with event and mail; return it. */
static Datum
renew(const Caller *caller, const Invitation *invitation, const pg_uuid_t *invitee_id)
{
	Rows		rows;

	tc_drop_mails(invitation->id);
	rows = tc_run(&renew_invitation, UUID_VALUE(invitation->id), UUID_VALUE(invitee_id),
				  TIME_VALUE(tc_now()), TIME_VALUE(end_of_lifetime()));
	tc_event(EVENT_INVITATION_RESENT, caller->account_id, caller->contact_id, invitee_id,
			 invitation->id);
	tc_mail_invitee(MAIL_INVITATION, invitation->id);
	return tc_record(rows);
}

/* Returns when an invitation that is sent now expires. */
static TimestampTz
end_of_lifetime(void)
{
	return tc_now() + tc_invitation_lifetime * USECS_PER_SEC;
}

enum
{
	WITHDRAW_ID
};

/*
 * withdraw_invitation(id) returns tempcloud.invitation
 *
 * Locks the invitation's row, and waits for no lock after it.
 */
Datum
tempcloud_withdraw_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, WITHDRAW_ID, "id");
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("withdraw_invitation()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_INVITE);
	invitation = find_sent(caller, id);
	(void) tc_keep_open(caller, NULL, 0);
	tc_lock_invitation(invitation, caller);
	tc_require_pending(invitation);
	return tc_finish_with(tc_withdraw_invitation(id, caller, invitation->invitee_id));
}

Datum
tc_withdraw_invitation(const pg_uuid_t *id, const Caller *caller, const pg_uuid_t *invitee_id)
{
	Rows		rows = tc_run(&withdraw_invitation, UUID_VALUE(id),
							  UUID_VALUE(caller->contact_id), TIME_VALUE(tc_now()));

	tc_drop_mails(id);
	tc_event(EVENT_INVITATION_WITHDRAWN, caller->account_id, caller->contact_id, invitee_id, id);
	return tc_record(rows);
}

enum
{
	CORRECT_ID, CORRECT_EMAIL, CORRECT_GIVEN_NAME, CORRECT_FAMILY_NAME, CORRECT_COMPANY_NAME,
	CORRECT_PHONE, CORRECT_MESSAGE, CORRECT_LOCALE
};

/*
 * correct_invitation(id, email, given_name, family_name, company_name, phone, message,
 *					  locale) returns tempcloud.invitation
 *
 * With another address, it is what withdraw_invitation() and invite() are one after the
 * other, with their limits, and with their locks in the order of resend_invitation().
 */
Datum
tempcloud_correct_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, CORRECT_ID, "id");
	Caller	   *caller;
	Invitation *invitation;
	char	   *email;
	Owner		owner = {0};
	bool		elsewhere;
	Invite		invite;

	tc_enter_command("correct_invitation()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_INVITE);
	invitation = find_sent(caller, id);
	if (invitation->status == INVITATION_IS_ACCEPTED)
		tc_refuse(INVITATION_ACCEPTED); /* final, and maybe without an address */
	email = tc_arg(fcinfo, CORRECT_EMAIL, "email", FORM_EMAIL);
	elsewhere = email != NULL &&
		strcmp(tc_fold_email(email), tc_fold_email(invitation->email)) != 0;
	if (elsewhere)
	{
		char	   *folded = tc_fold_email(email);
		const pg_uuid_t *accounts[1];

		owner = tc_lock_for_inviting(caller, email, NULL);
		accounts[0] = owner.account_id;
		tc_lock_sent(caller, &folded, 1, accounts, owner.account_id ? 1 : 0, id);
	}
	else
		(void) tc_keep_open(caller, NULL, 0);
	tc_lock_invitation(invitation, caller);
	tc_require_pending(invitation);
	invite = corrected(fcinfo, invitation);
	if (!elsewhere)
		return tc_finish_with(correct(caller, invitation, &invite));

	(void) tc_withdraw_invitation(id, caller, invitation->invitee_id);
	make_room(caller, invite.email, &owner, id);
	tc_require_within_limits(caller, invite.email, NULL);
	return tc_finish_with(insert(caller, &invite, &owner));
}

/* Returns what the invitation, which is locked, is to have.  Raises the errors of tc_arg_change(). */
static Invite
corrected(FunctionCallInfo fcinfo, const Invitation *invitation)
{
	Rows		words = tc_run(&find_words, UUID_VALUE(invitation->id));

	return (Invite)
	{
		.email = change(fcinfo, CORRECT_EMAIL, "email", FORM_EMAIL, invitation->email),
			.given_name = change(fcinfo, CORRECT_GIVEN_NAME, "given_name", FORM_PERSON_NAME,
								 invitation->given_name),
			.family_name = change(fcinfo, CORRECT_FAMILY_NAME, "family_name", FORM_PERSON_NAME,
								  invitation->family_name),
			.company_name = change(fcinfo, CORRECT_COMPANY_NAME, "company_name",
								   FORM_COMPANY_NAME, invitation->company_name),
			.phone = change(fcinfo, CORRECT_PHONE, "phone", FORM_PHONE,
							tc_text(words, 0, WORDS_PHONE)),
			.message = change(fcinfo, CORRECT_MESSAGE, "message", FORM_PARAGRAPH,
							  tc_text(words, 0, WORDS_MESSAGE)),
			.locale = change(fcinfo, CORRECT_LOCALE, "locale", FORM_LOCALE, invitation->locale)
	};
}

/* Returns the present value unless argument n has another one; NULL if that is blank. */
static char *
change(FunctionCallInfo fcinfo, int n, const char *name, Form form, char *present)
{
	bool		clearable = form != FORM_EMAIL && form != FORM_LOCALE;
	char	   *value = tc_arg_change(fcinfo, n, name, form, clearable);

	if (value == NULL)
		return present;
	return *value == '\0' ? NULL : value;
}

/* Store it, with event, also in the mails that wait to be sent; return the invitation. */
static Datum
correct(const Caller *caller, const Invitation *invitation, const Invite *invite)
{
	Rows		rows = tc_run(&correct_invitation, UUID_VALUE(invitation->id),
							  TEXT_VALUE(invite->email), TEXT_VALUE(invite->given_name),
							  TEXT_VALUE(invite->family_name), TEXT_VALUE(invite->company_name),
							  TEXT_VALUE(invite->phone), TEXT_VALUE(invite->message),
							  TEXT_VALUE(invite->locale));

	tc_run_latest(&correct_mails, UUID_VALUE(invitation->id), TEXT_VALUE(invite->given_name),
				  TEXT_VALUE(invite->family_name));
	tc_event(EVENT_INVITATION_CORRECTED, caller->account_id, caller->contact_id,
			 invitation->invitee_id, invitation->id);
	return tc_record(rows);
}

/*
 * Returns an invitation that the caller's account has sent.  Raises PT403
 * not_your_invitation if the account has received it, and PT404 invitation_not_found
 * if it is another's: this does not tell whether it exists.
 */
static Invitation *
find_sent(const Caller *caller, const pg_uuid_t *id)
{
	Invitation *invitation = tc_find_invitation(id);

	if (invitation != NULL && tc_same(invitation->inviter_id, caller->account_id))
		return invitation;
	if (invitation != NULL && tc_is_invitee(invitation, caller))
		tc_refuse(NOT_YOUR_INVITATION);
	tc_refuse(INVITATION_NOT_FOUND);
}
