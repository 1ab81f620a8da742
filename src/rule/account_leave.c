/*
 * account_leave.c
 *		How people leave an account, and how the last one closes it.
 *
 * A closed account stays as a partner, with its name and its history, and acts no
 * more: it has no people.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/array.h"

#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/request.h"

static KeptQuery find_colleague =
QUERY("SELECT FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.subject IS NOT NULL AND c.id <> $2");

/*
 * What is pending between the account ($1) and others, sent and received: routed to
 * it, or waiting for an address that it has proven.  What is past its time is left
 * to maintain().
 */
static KeptQuery lock_invitations =
QUERY("SELECT i.id, i.inviter_id, i.invitee_id FROM tempcloud_data.invitation i"
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
	  "   AND i.status = 'pending' AND i.expires_at > clock_timestamp()"
	  " ORDER BY i.id FOR NO KEY UPDATE");

/* What is open between the account and its partners, or agreed and not over yet. */
static KeptQuery lock_requests =
QUERY("SELECT r.id, r.customer_id, r.provider_id, r.status FROM tempcloud_data.request r"
	  " WHERE r.id IN ("
	  "   SELECT r.id FROM tempcloud_data.request r WHERE r.customer_id = $1"
	  "    UNION ALL "
	  "   SELECT r.id FROM tempcloud_data.request r WHERE r.provider_id = $1)"
	  "   AND (r.status = 'open' AND r.answer_by > clock_timestamp()"
	  "        OR r.status = 'accepted' AND EXISTS ("
	  "          SELECT FROM tempcloud_data.shift s"
	  "           WHERE s.request_id = r.id AND s.ends_at > clock_timestamp()))"
	  " ORDER BY r.id FOR NO KEY UPDATE");

/* How many of them a transaction above READ COMMITTED can see. */
static KeptQuery count_seen =
QUERY("SELECT (SELECT count(*) FROM tempcloud_data.invitation WHERE id = ANY ($1))"
	  "     + (SELECT count(*) FROM tempcloud_data.request WHERE id = ANY ($1))");

static KeptQuery close_account =
QUERY("UPDATE tempcloud_data.account SET closed_at = clock_timestamp()"
	  " WHERE id = $1");

typedef struct Pending
{
	pg_uuid_t  *id;
	pg_uuid_t  *inviter_id;
	pg_uuid_t  *invitee_id;
} Pending;

static Caller *lock_account(void);
static Pending *lock_pending(const Caller *caller, int *count);
static Request *lock_current(const Caller *caller, int *count);
static void require_seen(const Pending *pending, int npending, const Request *requests,
						 int nrequests);
static void close_pending(const Caller *caller, const Pending *pending, const char *reason);
static void close_request(const Caller *caller, const Request *request, const char *reason);

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
	caller = lock_account();
	tc_remove_contact(caller->contact_id, caller->account_id, caller->contact_id,
					  EVENT_CONTACT_LEFT);
	tc_leave();
	PG_RETURN_VOID();
}

/*
 * close_account(reason) returns void
 *
 * Under the lock of the account's row, which others share who count on its being
 * open (tc_keep_open): what they did is seen here, and who comes later finds it
 * closed.  All rows are locked before any is changed, in the order of lock.h.
 */
Datum
tempcloud_close_account(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	char	   *reason;
	Pending    *pending;
	Request    *requests;
	int			npending;
	int			nrequests;

	tc_enter_command("close_account()");
	caller = lock_account();
	reason = tc_arg(fcinfo, 0, "reason", FORM_PARAGRAPH);
	if (reason == NULL)
		reason = strncmp(caller->locale, "de", 2) == 0 ?
			"Die Firma hat ihr Konto geschlossen." : "The company has closed its account.";
	if (tc_run_latest(&find_colleague, UUID_VALUE(caller->account_id),
					  UUID_VALUE(caller->contact_id)).count > 0)
		tc_refuse(HAS_COLLEAGUES);

	pending = lock_pending(caller, &npending);
	requests = lock_current(caller, &nrequests);
	require_seen(pending, npending, requests, nrequests);
	tc_lock_people(caller->account_id);

	for (int i = 0; i < npending; i++)
		close_pending(caller, &pending[i], reason);
	for (int i = 0; i < nrequests; i++)
		close_request(caller, &requests[i], reason);
	tc_erase_people(caller->account_id);
	tc_run(&close_account, UUID_VALUE(caller->account_id));
	tc_event(EVENT_ACCOUNT_CLOSED, caller->account_id, caller->contact_id, NULL, NULL);
	tc_leave();
	PG_RETURN_VOID();
}

/* The caller, whose account nobody else leaves or joins until the transaction ends. */
static Caller *
lock_account(void)
{
	Caller	   *caller = tc_caller_with_account(QUERY_RUN);

	tc_lock_account(caller->account_id);
	return tc_caller_with_account(QUERY_LATEST);	/* a colleague may have
													 * removed them */
}

static Pending *
lock_pending(const Caller *caller, int *count)
{
	Rows		rows;
	Pending    *pending;

	rows = tc_run_latest(&lock_invitations, UUID_VALUE(caller->account_id),
						 KIND_VALUE(caller->kind));
	*count = rows.count;
	pending = palloc(sizeof(Pending) * (*count + 1));
	for (int i = 0; i < *count; i++)
		pending[i] = (Pending)
	{
		.id = tc_uuid(rows, i, 1),.inviter_id = tc_uuid(rows, i, 2),.invitee_id = tc_uuid(rows, i, 3)
	};
	return pending;
}

static Request *
lock_current(const Caller *caller, int *count)
{
	Rows		rows;
	Request    *requests;

	rows = tc_run_latest(&lock_requests, UUID_VALUE(caller->account_id));
	*count = rows.count;
	requests = palloc(sizeof(Request) * (*count + 1));
	for (int i = 0; i < *count; i++)
		requests[i] = (Request)
	{
		.id = tc_uuid(rows, i, 1),.customer_id = tc_uuid(rows, i, 2),.provider_id = tc_uuid(rows, i, 3),
			.status = tc_request_status(tc_text(rows, i, 4))
	};
	return requests;
}

/* 40001 where some came after the transaction's snapshot: their sides could not be told. */
static void
require_seen(const Pending *pending, int npending, const Request *requests, int nrequests)
{
	Rows		rows;
	int			count = npending + nrequests;
	pg_uuid_t **ids;

	if (!IsolationUsesXactSnapshot())
		return;
	ids = palloc(sizeof(pg_uuid_t *) * (count + 1));
	for (int i = 0; i < npending; i++)
		ids[i] = pending[i].id;
	for (int i = 0; i < nrequests; i++)
		ids[npending + i] = requests[i].id;
	rows = tc_run(&count_seen, ARRAY_VALUE(tc_uuid_array((const pg_uuid_t *const *) ids, count)));
	if (tc_integer(rows, 0, 1) != count)
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent invitation or request"));
}

/* What the account has sent is withdrawn, what it has received declined. */
static void
close_pending(const Caller *caller, const Pending *pending, const char *reason)
{
	if (tc_same(pending->inviter_id, caller->account_id))
		(void) tc_withdraw_invitation(pending->id, caller, pending->invitee_id);
	else
		(void) tc_decline_invitation(pending->id, caller, pending->inviter_id, reason);
}

static void
close_request(const Caller *caller, const Request *request, const char *reason)
{
	if (request->status == REQUEST_IS_ACCEPTED)
		(void) tc_decide_request(request, caller, REQUEST_IS_CANCELLED, reason);
	else if (tc_same(request->customer_id, caller->account_id))
		(void) tc_decide_request(request, caller, REQUEST_IS_WITHDRAWN, reason);
	else
		(void) tc_answer_request(request, caller, false, reason);
}
