/*
 * account_leave.c
 *		People leave an account, and the last one closes it.
 *
 * A closed account remains a partner, with its name and its history.  It has no
 * people, so nobody acts for it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/request.h"

static KeptQuery find_colleague =
QUERY("SELECT FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.subject IS NOT NULL AND c.id <> $2");

/*
 * Locks the pending invitations that the account ($1) has sent, that are routed to it,
 * and that wait for an address that it has proven.  Those that have expired ($3) are
 * left to maintain().
 */
static KeptQuery lock_invitations =
QUERY("SELECT i.id, i.inviter_id, i.invitee_id, i.expires_at FROM tempcloud_data.invitation i"
	  " WHERE i.id IN ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND i.status = 'pending'"
	  "    UNION ALL "
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.invitee_id = $1 AND i.status = 'pending'"
	  "    UNION ALL "
	  "   SELECT i.id FROM tempcloud_data.contact c"
	  "    CROSS JOIN LATERAL ("
	  "      SELECT i.id FROM tempcloud_data.invitation i"
	  "       WHERE lower(i.email) = lower(c.email)"
	  "         AND i.status = 'pending' AND i.invitee_id IS NULL"
	  "         AND i.invitee_kind = $2::tempcloud.account_kind OFFSET 0) i"
	  "    WHERE c.account_id = $1 AND c.email_verified_at IS NOT NULL)"
	  "   AND i.status = 'pending' AND i.expires_at > $3"
	  " ORDER BY i.id FOR NO KEY UPDATE");

enum
{
	INVITATION_ID = 1, INVITATION_INVITER_ID, INVITATION_INVITEE_ID, INVITATION_EXPIRES_AT
};

/*
 * Locks the requests between the account ($1) and its partners that are open, or
 * accepted with a shift that has not ended ($2).
 */
static KeptQuery lock_requests =
QUERY("SELECT r.id, r.customer_id, r.provider_id, r.status,"
	  "       CASE r.status WHEN 'open' THEN r.answer_by ELSE ("
	  "         SELECT max(s.ends_at) FROM tempcloud_data.shift s"
	  "          WHERE s.request_id = r.id AND s.customer_id = r.customer_id) END"
	  "  FROM tempcloud_data.request r"
	  " WHERE (r.id, r.customer_id) IN ("
	  "   SELECT r.id, r.customer_id FROM tempcloud_data.request r WHERE r.customer_id = $1"
	  "    UNION ALL "
	  "   SELECT r.id, r.customer_id FROM tempcloud_data.request r WHERE r.provider_id = $1)"
	  "   AND (r.status = 'open' AND r.answer_by > $2"
	  "        OR r.status = 'accepted' AND EXISTS ("
	  "          SELECT FROM tempcloud_data.shift s"
	  "           WHERE s.request_id = r.id AND s.customer_id = r.customer_id"
	  "             AND s.ends_at > $2))"
	  " ORDER BY r.id FOR NO KEY UPDATE");

enum
{
	REQUEST_ID = 1, REQUEST_CUSTOMER_ID, REQUEST_PROVIDER_ID, REQUEST_STATUS, REQUEST_OVER_AT
};

/* How many of the invitations and requests ($1) the transaction's snapshot contains. */
static KeptQuery count_seen =
QUERY("SELECT (SELECT count(*) FROM tempcloud_data.invitation WHERE id = ANY ($1))"
	  "     + (SELECT count(*) FROM tempcloud_data.request WHERE id = ANY ($1))");

enum
{
	SEEN_COUNT = 1
};

static KeptQuery close_account =
QUERY("UPDATE tempcloud_data.account SET closed_at = $2 WHERE id = $1");

static Caller *lock_account(Right right);
static Rows lock_pending(const Caller *caller);
static Rows lock_current(const Caller *caller);
static void require_seen(Rows invitations, Rows requests);
static void close_invitation(const Caller *caller, Rows invitations, uint64 row,
							 const char *reason);
static void close_request(const Caller *caller, Rows requests, uint64 row, const char *reason);

PG_FUNCTION_INFO_V1(tempcloud_leave_account);
PG_FUNCTION_INFO_V1(tempcloud_close_account);

/*
 * leave_account() returns void
 */
Datum
tempcloud_leave_account(PG_FUNCTION_ARGS)
{
	Caller	   *caller;

	tc_enter_command("leave_account()");
	caller = lock_account(RIGHT_LEAVE_ACCOUNT);
	tc_remove_contact(caller->contact_id, caller->account_id, caller->contact_id,
					  EVENT_CONTACT_LEFT);
	tc_leave();
	PG_RETURN_VOID();
}

enum
{
	CLOSE_REASON
};

/*
 * close_account(reason) returns void
 *
 * Locks the account's row, which commands that need the account open lock FOR SHARE
 * (tc_keep_open): rows that earlier ones have written are seen here, and later ones
 * find the account closed.  All rows are locked before any is changed, in the order of
 * lock.h.
 *
 * Raises PT409 has_colleagues if the account has another login.
 */
Datum
tempcloud_close_account(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	char	   *reason;
	Rows		invitations;
	Rows		requests;

	tc_enter_command("close_account()");
	caller = lock_account(RIGHT_CLOSE_ACCOUNT);
	reason = tc_arg(fcinfo, CLOSE_REASON, "reason", FORM_PARAGRAPH);
	if (reason == NULL)
		reason = strncmp(caller->locale, "de", 2) == 0 ?
			"Die Firma hat ihr Konto geschlossen." : "The company has closed its account.";
	if (tc_run_latest(&find_colleague, UUID_VALUE(caller->account_id),
					  UUID_VALUE(caller->contact_id)).count > 0)
		tc_refuse(HAS_COLLEAGUES);

	invitations = lock_pending(caller);
	requests = lock_current(caller);
	require_seen(invitations, requests);
	tc_lock_people(caller->account_id);

	for (uint64 i = 0; i < invitations.count; i++)
		close_invitation(caller, invitations, i, reason);
	for (uint64 i = 0; i < requests.count; i++)
		close_request(caller, requests, i, reason);
	tc_erase_people(caller->account_id);
	tc_run(&close_account, UUID_VALUE(caller->account_id), TIME_VALUE(tc_now()));
	tc_event(EVENT_ACCOUNT_CLOSED, caller->account_id, caller->contact_id, NULL, NULL);
	tc_leave();
	PG_RETURN_VOID();
}

/*
 * Lock the account of a caller who needs a right, so that nobody else leaves or joins it
 * until the transaction ends.  Returns the caller; raises the errors of
 * tc_lock_account().
 */
static Caller *
lock_account(Right right)
{
	Caller	   *caller = tc_caller_with_right(QUERY_RUN, right);

	tc_lock_account(caller);
	return tc_caller_with_account(QUERY_LATEST);
}

/* Lock the invitations to be closed, and return them. */
static Rows
lock_pending(const Caller *caller)
{
	Rows		rows = tc_run_latest(&lock_invitations, UUID_VALUE(caller->account_id),
									 KIND_VALUE(caller->kind), TIME_VALUE(tc_now()));

	tc_read_clock();
	return rows;
}

/* Lock the requests to be closed, and return them. */
static Rows
lock_current(const Caller *caller)
{
	Rows		rows = tc_run_latest(&lock_requests, UUID_VALUE(caller->account_id),
									 TIME_VALUE(tc_now()));

	tc_read_clock();
	return rows;
}

/*
 * Raises 40001 if one of the invitations or requests is newer than the transaction's
 * snapshot: the queries that close it would not find it.
 */
static void
require_seen(Rows invitations, Rows requests)
{
	Rows		rows;
	int			count = invitations.count + requests.count;
	pg_uuid_t **ids;

	if (!IsolationUsesXactSnapshot())
		return;
	ids = palloc(sizeof(pg_uuid_t *) * (count + 1));
	for (uint64 i = 0; i < invitations.count; i++)
		ids[i] = tc_uuid(invitations, i, INVITATION_ID);
	for (uint64 i = 0; i < requests.count; i++)
		ids[invitations.count + i] = tc_uuid(requests, i, REQUEST_ID);
	rows = tc_run(&count_seen, ARRAY_VALUE(tc_uuid_array((const pg_uuid_t *const *) ids, count)));
	if (tc_integer(rows, 0, SEEN_COUNT) != count)
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent invitation or request"));
}

/*
 * Withdraw an invitation that the account has sent, decline one that it has received,
 * and leave one that has expired while this transaction waited for a lock.
 */
static void
close_invitation(const Caller *caller, Rows invitations, uint64 row, const char *reason)
{
	pg_uuid_t  *id = tc_uuid(invitations, row, INVITATION_ID);
	pg_uuid_t  *inviter_id = tc_uuid(invitations, row, INVITATION_INVITER_ID);
	pg_uuid_t  *invitee_id = tc_uuid(invitations, row, INVITATION_INVITEE_ID);

	if (tc_time(invitations, row, INVITATION_EXPIRES_AT) <= tc_now())
		return;
	if (tc_same(inviter_id, caller->account_id))
		(void) tc_withdraw_invitation(id, caller, invitee_id);
	else
		(void) tc_decline_invitation(id, caller, inviter_id, reason);
}

/*
 * Cancel a request that was accepted, withdraw or decline an open one, and leave one
 * that has become over while this transaction waited for a lock.
 */
static void
close_request(const Caller *caller, Rows requests, uint64 row, const char *reason)
{
	Request		request = {
		.id = tc_uuid(requests, row, REQUEST_ID),
		.customer_id = tc_uuid(requests, row, REQUEST_CUSTOMER_ID),
		.provider_id = tc_uuid(requests, row, REQUEST_PROVIDER_ID),
		.status = tc_request_status(tc_text(requests, row, REQUEST_STATUS))
	};

	if (tc_time(requests, row, REQUEST_OVER_AT) <= tc_now())
		return;
	if (request.status == REQUEST_IS_ACCEPTED)
		(void) tc_decide_request(&request, caller, REQUEST_IS_CANCELLED, reason);
	else if (tc_same(request.customer_id, caller->account_id))
		(void) tc_decide_request(&request, caller, REQUEST_IS_WITHDRAWN, reason);
	else
		(void) tc_answer_request(&request, caller, false, reason);
}
