/*
 * invitation_answer.c
 *		The invitee's commands on an invitation: accept, decline, unblock.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/mail.h"
#include "rule/partnership.h"
#include "rule/token.h"

static KeptQuery select_company =
QUERY("SELECT company_name FROM tempcloud_data.account WHERE id = $1");

enum
{
	COMPANY_NAME = 1
};

/*
 * The invitations that are pending between two accounts ($1, $2), in either
 * direction: routed, or waiting for an address that one of them has proven.
 */
#define FIND_OTHERS \
	"SELECT i.id FROM tempcloud_data.invitation i" \
	" WHERE i.inviter_id = $1 AND i.invitee_id = $2 AND i.status = 'pending'" \
	" UNION ALL " \
	"SELECT i.id FROM tempcloud_data.invitation i" \
	" WHERE i.inviter_id = $2 AND i.invitee_id = $1 AND i.status = 'pending'" \
	" UNION ALL " \
	"SELECT i.id FROM tempcloud_data.contact c" \
	" CROSS JOIN LATERAL (" \
	"   SELECT i.id FROM tempcloud_data.invitation i" \
	"    WHERE i.inviter_id = CASE c.account_id WHEN $1 THEN $2 ELSE $1 END" \
	"      AND lower(i.email) = lower(c.email)" \
	"      AND i.status = 'pending' AND i.invitee_id IS NULL OFFSET 0) i" \
	" WHERE c.account_id IN ($1, $2) AND c.email_verified_at IS NOT NULL"

/* Locks these, and the one that is accepted ($3). */
static KeptQuery lock_all =
QUERY("SELECT i.id FROM tempcloud_data.invitation i"
	  " WHERE i.id = ANY (ARRAY(" FIND_OTHERS ") || $3) ORDER BY i.id FOR NO KEY UPDATE");

enum
{
	LOCKED_ID = 1
};

static KeptQuery supersede =
QUERY("UPDATE tempcloud_data.invitation"
	  "   SET status = 'superseded', decided_at = $2"
	  " WHERE id = $1 AND status = 'pending' AND expires_at > $2");

static KeptQuery close_as_declined =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'declined', reason = $3, decided_by = $2,"
	  "       invitee_id = COALESCE(invitee_id, $4), decided_at = $5"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

static KeptQuery insert_block =
QUERY("INSERT INTO tempcloud_data.block (inviter_id, email, account_id, created_at)"
	  " SELECT i.inviter_id, i.email, COALESCE(i.invitee_id, $2), $3"
	  "   FROM tempcloud_data.invitation i WHERE i.id = $1"
	  " ON CONFLICT DO NOTHING");

static KeptQuery delete_block =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT lower(b.email) AS email FROM tempcloud_data.block b"
	  "    WHERE b.inviter_id = $1"
	  "      AND (b.account_id = $2"
	  "           OR lower(b.email) IN ("
	  "               SELECT lower(c.email) FROM tempcloud_data.contact c"
	  "                WHERE c.account_id = $2 AND c.email_verified_at IS NOT NULL))"
	  "    ORDER BY lower(b.email) FOR UPDATE)"
	  " DELETE FROM tempcloud_data.block b USING held"
	  "  WHERE b.inviter_id = $1 AND lower(b.email) = held.email");

static Datum accept(const Caller *caller, Invitation *invitation, bool by_token,
					bool use_this_account);
static void require_pair(const Caller *caller, const Invitation *invitation);
static void require_right_account(const Caller *caller, const Invitation *invitation,
								  bool use_this_account);
static void supersede_others(const Caller *caller, const Invitation *invitation, Rows locked);
static Caller *keep_reader(void);
static Datum decline(FunctionCallInfo fcinfo, Caller *caller, Invitation *invitation,
					 bool by_token);
static Datum close_declined(const pg_uuid_t *id, const Caller *invitee, const char *reason,
							const pg_uuid_t *account_id);
static Invitation *find_received(const Caller *caller, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(tempcloud_accept_invitation);
PG_FUNCTION_INFO_V1(tempcloud_accept_invitation_by_token);
PG_FUNCTION_INFO_V1(tempcloud_decline_invitation);
PG_FUNCTION_INFO_V1(tempcloud_decline_invitation_by_token);
PG_FUNCTION_INFO_V1(tempcloud_unblock_account);

enum
{
	ACCEPT_ID
};

/*
 * accept_invitation(id) returns tempcloud.partnership
 */
Datum
tempcloud_accept_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, ACCEPT_ID, "id");
	Caller	   *caller;

	tc_enter_command("accept_invitation()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_ACCEPT);
	return accept(caller, find_received(caller, id), false, false);
}

enum
{
	ACCEPT_TOKEN, ACCEPT_USE_THIS_ACCOUNT
};

/*
 * accept_invitation_by_token(token, use_this_account)
 *		returns tempcloud.partnership
 */
Datum
tempcloud_accept_invitation_by_token(PG_FUNCTION_ARGS)
{
	bool		use_this_account = !PG_ARGISNULL(ACCEPT_USE_THIS_ACCOUNT) &&
	PG_GETARG_BOOL(ACCEPT_USE_THIS_ACCOUNT);
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("accept_invitation_by_token()");
	invitation = tc_find_invitation_by_token(tc_arg_token(fcinfo, ACCEPT_TOKEN), QUERY_RUN);
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_ACCEPT);
	return accept(caller, invitation, true, use_this_account);
}

/* Of both functions that decline; the first argument is one or the other. */
enum
{
	DECLINE_ID = 0, DECLINE_TOKEN = 0, DECLINE_REASON, DECLINE_BLOCK
};

/*
 * decline_invitation(id, reason, block) returns tempcloud.invitation
 */
Datum
tempcloud_decline_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, DECLINE_ID, "id");
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("decline_invitation()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_DECLINE);
	invitation = find_received(caller, id);
	(void) tc_keep_open(caller, NULL, 0);
	return decline(fcinfo, caller, invitation, false);
}

/*
 * decline_invitation_by_token(token, reason, block)
 *		returns tempcloud.invitation
 *
 * The token was mailed to the invited address; to decline, the caller need not sign
 * in.  A contact of the invitee who has signed in needs the right to decline.
 */
Datum
tempcloud_decline_invitation_by_token(PG_FUNCTION_ARGS)
{
	Invitation *invitation;

	tc_enter_command("decline_invitation_by_token()");
	invitation = tc_find_invitation_by_token(tc_arg_token(fcinfo, DECLINE_TOKEN), QUERY_RUN);
	return decline(fcinfo, keep_reader(), invitation, true);
}

enum
{
	UNBLOCK_ID
};

/*
 * unblock_account(id) returns void
 */
Datum
tempcloud_unblock_account(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, UNBLOCK_ID, "id");
	Caller	   *caller;

	tc_enter_command("unblock_account()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_DECLINE);
	(void) tc_keep_open(caller, NULL, 0);
	tc_run(&delete_block, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	tc_leave();
	PG_RETURN_VOID();
}

/*
 * Accept, under the lock of the pair and then of the rows (lock.h).  Ends the frame
 * and returns the tempcloud.partnership.
 *
 * Of two commands that accept crossing invitations, the second waits here and finds
 * its invitation superseded.  Of two that accept the same one, the second finds it
 * accepted and returns the same partnership.
 *
 * Raises PT409 own_account, same_kind, already_partners, other_address; PT403
 * not_your_invitation if it is routed to another account, no_account; and the errors
 * of tc_lock_invitation(), tc_require_pending() and, by token,
 * tc_require_open_link().
 */
static Datum
accept(const Caller *caller, Invitation *invitation, bool by_token, bool use_this_account)
{
	Datum		partnership;
	Rows		locked;

	require_pair(caller, invitation);
	tc_lock(LOCK_PAIR, tc_pair_key(invitation->inviter_id, caller->account_id));
	(void) tc_keep_open(caller, (const pg_uuid_t *const *) &invitation->inviter_id, 1);
	locked = tc_run_latest(&lock_all, UUID_VALUE(invitation->inviter_id),
						   UUID_VALUE(caller->account_id), UUID_VALUE(invitation->id));
	tc_lock_invitation(invitation, caller);

	if (invitation->invitee_id != NULL &&
		!tc_same(invitation->invitee_id, caller->account_id))
		tc_refuse(NOT_YOUR_INVITATION);
	if (invitation->status == INVITATION_IS_ACCEPTED)
		return tc_finish_with_partnership(invitation->id);
	if (by_token)
	{
		tc_require_open_link(invitation);
		require_right_account(caller, invitation, use_this_account);
	}
	else
		tc_require_pending(invitation);
	if (tc_has_partner(caller, invitation->inviter_id))
		tc_refuse(ALREADY_PARTNERS);

	partnership = tc_make_partnership(invitation, caller);
	tc_event(EVENT_INVITATION_ACCEPTED, caller->account_id, caller->contact_id,
			 invitation->inviter_id, invitation->id);
	supersede_others(caller, invitation, locked);
	tc_mail_inviter(MAIL_INVITATION_ACCEPTED, invitation->id, true);
	return tc_finish_with(partnership);
}

/*
 * Raises PT409 own_account or same_kind unless inviter and caller can be partners.
 * Needs no lock: the inviter of an invitation and the two kinds never change.
 */
static void
require_pair(const Caller *caller, const Invitation *invitation)
{
	if (tc_same(invitation->inviter_id, caller->account_id))
		tc_refuse(OWN_ACCOUNT);
	if (invitation->invitee_kind != caller->kind)
		tc_refuse(SAME_KIND);
}

/*
 * Raises PT409 other_address unless the caller's account has proven the invited
 * address, or use_this_account confirms that the account is meant: an acceptance is
 * final, and the address may belong to another company.
 */
static void
require_right_account(const Caller *caller, const Invitation *invitation,
					  bool use_this_account)
{
	Rows		rows;
	Owner		owner;

	if (use_this_account)
		return;
	owner = tc_owner_of(tc_fold_email(invitation->email));
	if (owner.account_id != NULL && tc_same(owner.account_id, caller->account_id))
		return;

	rows = tc_run(&select_company, UUID_VALUE(caller->account_id));
	tc_refuse_hint(OTHER_ADDRESS, "Pass use_this_account => true to bind \"%s\" permanently, "
				   "or sign in with the account that the address belongs to.",
				   tc_text(rows, 0, COMPANY_NAME));
}

/*
 * Supersede the other pending invitations between the two accounts, with events: those
 * that were locked.  While the pair is locked, there are no more of them.
 */
static void
supersede_others(const Caller *caller, const Invitation *invitation, Rows locked)
{
	for (uint64 i = 0; i < locked.count; i++)
	{
		pg_uuid_t  *id = tc_uuid(locked, i, LOCKED_ID);

		if (!tc_same(id, invitation->id) &&
			tc_run_latest(&supersede, UUID_VALUE(id), TIME_VALUE(tc_now())).count > 0)
			tc_event(EVENT_INVITATION_SUPERSEDED, caller->account_id, caller->contact_id,
					 invitation->inviter_id, id);
	}
}

/*
 * Returns the caller, or NULL if the caller is not signed in.  A caller with an account
 * keeps it and their role until the transaction ends: the account is locked FOR SHARE.
 */
static Caller *
keep_reader(void)
{
	Caller	   *caller = tc_caller_if_any(QUERY_RUN);

	if (caller == NULL || caller->account_id == NULL)
		return caller;
	tc_share_accounts((const pg_uuid_t *const *) &caller->account_id, 1);
	return tc_caller_if_any(QUERY_LATEST);
}

/*
 * Decline, with the arguments DECLINE_REASON and DECLINE_BLOCK.  Locks the row of the
 * invitation, then that of a contact of the inviter, to whom a mail goes.  Ends the
 * frame and returns the tempcloud.invitation.
 *
 * caller may be NULL or without an account.  Raises PT403 not_permitted for a contact
 * of the invitee without the right, and the errors of tc_lock_invitation(),
 * tc_require_pending() and, by token, tc_require_open_link().
 */
static Datum
decline(FunctionCallInfo fcinfo, Caller *caller, Invitation *invitation, bool by_token)
{
	char	   *reason = tc_arg(fcinfo, DECLINE_REASON, "reason", FORM_PARAGRAPH);
	bool		block = !PG_ARGISNULL(DECLINE_BLOCK) && PG_GETARG_BOOL(DECLINE_BLOCK);
	const Caller *invitee;
	Datum		record;

	tc_lock_invitation(invitation, caller);
	if (by_token)
		tc_require_open_link(invitation);
	else
		tc_require_pending(invitation);

	/* By token anybody may decline, but only the invitee is recorded. */
	invitee = caller != NULL && caller->account_id != NULL &&
		tc_is_invitee(invitation, caller) ? caller : NULL;
	if (invitee != NULL)
		tc_require_right(caller, RIGHT_DECLINE);
	record = close_declined(invitation->id, invitee, reason,
							invitee && invitee->kind == invitation->invitee_kind ?
							invitee->account_id : NULL);
	if (block)
		tc_run(&insert_block, UUID_VALUE(invitation->id),
			   UUID_VALUE(invitee ? invitee->account_id : NULL), TIME_VALUE(tc_now()));
	tc_event(EVENT_INVITATION_DECLINED,
			 invitee ? invitee->account_id : invitation->invitee_id,
			 invitee ? invitee->contact_id : NULL,
			 invitation->inviter_id, invitation->id);
	tc_mail_inviter(MAIL_INVITATION_DECLINED, invitation->id, true);
	return tc_finish_with(record);
}

Datum
tc_decline_invitation(const pg_uuid_t *id, const Caller *caller, const pg_uuid_t *inviter_id,
					  const char *reason)
{
	Datum		record = close_declined(id, caller, reason, caller->account_id);

	tc_event(EVENT_INVITATION_DECLINED, caller->account_id, caller->contact_id, inviter_id, id);
	tc_mail_inviter(MAIL_INVITATION_DECLINED, id, true);
	return record;
}

/*
 * Make an invitation declined, by a contact of the invitee, or NULL if that is not
 * known; account_id is the account that it is routed to if it is not yet, or NULL.
 * Returns a tempcloud.invitation, which lives until the frame ends.
 */
static Datum
close_declined(const pg_uuid_t *id, const Caller *invitee, const char *reason,
			   const pg_uuid_t *account_id)
{
	return tc_record(tc_run(&close_as_declined, UUID_VALUE(id),
							UUID_VALUE(invitee ? invitee->contact_id : NULL), TEXT_VALUE(reason),
							UUID_VALUE(account_id), TIME_VALUE(tc_now())));
}

/*
 * Returns an invitation that the caller's account has received.  Raises PT403
 * not_your_invitation if the account has sent it, and PT404 invitation_not_found if
 * it is another's: this does not tell whether it exists.
 */
static Invitation *
find_received(const Caller *caller, const pg_uuid_t *id)
{
	Invitation *invitation = tc_find_invitation(id);

	if (invitation != NULL && tc_is_invitee(invitation, caller))
		return invitation;
	if (invitation != NULL && tc_same(invitation->inviter_id, caller->account_id))
		tc_refuse(NOT_YOUR_INVITATION);
	tc_refuse(INVITATION_NOT_FOUND);
}
