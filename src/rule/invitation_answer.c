/*
 * invitation_answer.c
 *		What an invitee does with an invitation: accept, decline, unblock.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

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

static KeptQuery select_company =
QUERY("SELECT company_name FROM tempcloud_data.account WHERE id = $1");

/*
 * Whatever else is pending between two accounts ($1, $2), in either direction,
 * has become pointless, whether it is routed or waits for an address that one
 * of them has proven.
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

static KeptQuery find_others = QUERY(FIND_OTHERS);

/* These, and the one that is accepted ($3). */
static KeptQuery lock_all =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.id = ANY (ARRAY(" FIND_OTHERS ") || $3) ORDER BY i.id FOR NO KEY UPDATE");

static KeptQuery supersede =
QUERY("UPDATE tempcloud_data.invitation"
	  "   SET status = 'superseded', decided_at = clock_timestamp()"
	  " WHERE id = $1 AND status = 'pending' AND expires_at > clock_timestamp()");

static KeptQuery close_as_declined =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'declined', reason = $3, decided_by = $2,"
	  "       invitee_id = COALESCE(invitee_id, $4),"
	  "       decided_at = clock_timestamp()"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

static KeptQuery insert_block =
QUERY("INSERT INTO tempcloud_data.block (inviter_id, email, account_id)"
	  " SELECT i.inviter_id, i.email, COALESCE(i.invitee_id, $2)"
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
static void supersede_others(const Caller *caller, const Invitation *invitation);
static Datum decline(FunctionCallInfo fcinfo, const Caller *caller, Invitation *invitation,
					 bool by_token);
static Invitation *find_received(const Caller *caller, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(tempcloud_accept_invitation);
PG_FUNCTION_INFO_V1(tempcloud_accept_invitation_by_token);
PG_FUNCTION_INFO_V1(tempcloud_decline_invitation);
PG_FUNCTION_INFO_V1(tempcloud_decline_invitation_by_token);
PG_FUNCTION_INFO_V1(tempcloud_unblock_account);

/*
 * accept_invitation(id) returns tempcloud.partnership
 */
Datum
tempcloud_accept_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;

	tc_enter_command("accept_invitation()");
	caller = tc_caller_with_account(QUERY_RUN);
	return accept(caller, find_received(caller, id), false, false);
}

/*
 * accept_invitation_by_token(token, use_this_account)
 *		returns tempcloud.partnership
 */
Datum
tempcloud_accept_invitation_by_token(PG_FUNCTION_ARGS)
{
	bool		use_this_account = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("accept_invitation_by_token()");
	invitation = tc_find_invitation_by_token(PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0),
											 QUERY_RUN);
	caller = tc_caller_with_account(QUERY_RUN);
	return accept(caller, invitation, true, use_this_account);
}

/*
 * decline_invitation(id, reason, block) returns tempcloud.invitation
 */
Datum
tempcloud_decline_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("decline_invitation()");
	caller = tc_caller_with_account(QUERY_RUN);
	invitation = find_received(caller, id);
	(void) tc_keep_open(caller, NULL, 0);
	return decline(fcinfo, caller, invitation, false);
}

/*
 * decline_invitation_by_token(token, reason, block)
 *		returns tempcloud.invitation
 *
 * Who holds the token reads the mails to the address; that is enough to say no.
 */
Datum
tempcloud_decline_invitation_by_token(PG_FUNCTION_ARGS)
{
	Invitation *invitation;

	tc_enter_command("decline_invitation_by_token()");
	invitation = tc_find_invitation_by_token(PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0),
											 QUERY_RUN);
	return decline(fcinfo, tc_caller_if_any(QUERY_RUN), invitation, true);
}

/*
 * unblock_account(id) returns void
 */
Datum
tempcloud_unblock_account(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;

	tc_enter_command("unblock_account()");
	caller = tc_caller_with_account(QUERY_RUN);
	tc_run(&delete_block, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	tc_leave();
	PG_RETURN_VOID();
}

/*
 * Accept, under the lock of the pair and then of the rows (lock.h): of two who
 * accept crossing invitations the second waits here, and finds its invitation
 * superseded; of two who accept the same one, the second finds it accepted and
 * returns the same partnership.
 */
static Datum
accept(const Caller *caller, Invitation *invitation, bool by_token, bool use_this_account)
{
	Datum		partnership;

	require_pair(caller, invitation);
	tc_lock(LOCK_PAIR, tc_pair_key(invitation->inviter_id, caller->account_id));
	(void) tc_keep_open(caller, (const pg_uuid_t *const *) &invitation->inviter_id, 1);
	tc_run_latest(&lock_all, UUID_VALUE(invitation->inviter_id),
				  UUID_VALUE(caller->account_id), UUID_VALUE(invitation->id));
	tc_lock_invitation(invitation, caller);

	if (invitation->invitee_id != NULL &&
		!tc_same(invitation->invitee_id, caller->account_id))
		tc_refuse(NOT_YOUR_INVITATION);
	if (invitation->status == INVITATION_IS_ACCEPTED)
		return tc_finish_with_partnership(invitation->id);
	tc_require_pending(invitation);
	if (by_token)
	{
		tc_require_open_link(invitation);
		require_right_account(caller, invitation, use_this_account);
	}
	if (tc_partners(invitation->inviter_id, caller->account_id))
		tc_refuse(ALREADY_PARTNERS);

	partnership = tc_make_partnership(invitation, caller);
	tc_event(EVENT_INVITATION_ACCEPTED, caller->account_id, caller->contact_id,
			 invitation->inviter_id, invitation->id);
	supersede_others(caller, invitation);
	tc_mail_inviter(MAIL_INVITATION_ACCEPTED, invitation->id, true);
	return tc_finish_with(partnership);
}

/* What no change of the invitation can mend. */
static void
require_pair(const Caller *caller, const Invitation *invitation)
{
	if (tc_same(invitation->inviter_id, caller->account_id))
		tc_refuse(OWN_ACCOUNT);
	if (invitation->invitee_kind != caller->kind)
		tc_refuse(SAME_KIND);
}

/*
 * Nobody binds the wrong company by accident: an address that the caller's
 * account has not proven may have been meant for another one.
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
	tc_refuse_hint(OTHER_ADDRESS, "Pass use_this_account => true to bind \"%s\" for ever, "
				   "or sign in with the account that the address belongs to.", tc_text(rows, 0, 1));
}

static void
supersede_others(const Caller *caller, const Invitation *invitation)
{
	Rows		rows = tc_run_latest(&find_others, UUID_VALUE(invitation->inviter_id),
									 UUID_VALUE(caller->account_id));
	uint64		count = rows.count;
	pg_uuid_t **ids = palloc(sizeof(pg_uuid_t *) * (count + 1));

	for (uint64 i = 0; i < count; i++)
		ids[i] = tc_uuid(rows, i, 1);
	for (uint64 i = 0; i < count; i++)
		if (tc_run_latest(&supersede, UUID_VALUE(ids[i])).count > 0)
			tc_event(EVENT_INVITATION_SUPERSEDED, caller->account_id, caller->contact_id,
					 invitation->inviter_id, ids[i]);
}

/*
 * Decline.  Locks the invitation's row and nothing after it.
 */
static Datum
decline(FunctionCallInfo fcinfo, const Caller *caller, Invitation *invitation, bool by_token)
{
	Rows		rows;
	char	   *reason = tc_arg(fcinfo, 1, "reason", FORM_PARAGRAPH);
	bool		block = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	const Caller *invitee;
	Datum		record;

	tc_lock_invitation(invitation, caller);
	tc_require_pending(invitation);
	if (by_token)
		tc_require_open_link(invitation);

	/* By token anybody may decline, but only the invitee does so by name. */
	invitee = caller != NULL && caller->account_id != NULL &&
		tc_is_invitee(invitation, caller) ? caller : NULL;
	rows = tc_run(&close_as_declined, UUID_VALUE(invitation->id),
				  UUID_VALUE(invitee ? invitee->contact_id : NULL), TEXT_VALUE(reason),
				  UUID_VALUE(invitee && invitee->kind == invitation->invitee_kind ?
							 invitee->account_id : NULL));
	record = tc_record(rows);
	if (block)
		tc_run(&insert_block, UUID_VALUE(invitation->id),
			   UUID_VALUE(invitee ? invitee->account_id : NULL));
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
	Rows		rows = tc_run(&close_as_declined, UUID_VALUE(id), UUID_VALUE(caller->contact_id),
							  TEXT_VALUE(reason), UUID_VALUE(caller->account_id));
	Datum		record = tc_record(rows);

	tc_event(EVENT_INVITATION_DECLINED, caller->account_id, caller->contact_id, inviter_id, id);
	tc_mail_inviter(MAIL_INVITATION_DECLINED, id, true);
	return record;
}

/*
 * An invitation that the caller's account has received.  PT403 if they sent it
 * themselves, PT404 if it does not concern them: they need not know of it.
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
