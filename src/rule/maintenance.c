/*
 * maintenance.c
 *		What is due by time alone.
 *
 * The rules hold whether or not this runs: an invitation or a request past its
 * time is expired for all readers at once.  Maintenance stores that and tells
 * the sender.  It reminds invitees, purges old mails, links that prove an
 * address, and invitations that ended without being accepted, erases the names
 * of workers of old shifts, and seals new partnerships.  Sealing comes last,
 * since it holds a lock.
 *
 * One call of maintain() does a bounded amount of work and returns whether there
 * may be more.  maintain_all() and the background worker commit between calls.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"

#include "base/clock.h"
#include "base/query.h"
#include "base/settings.h"
#include "rule/event.h"
#include "rule/ledger.h"
#include "rule/mail.h"
#include "worker/maintain.h"

/*
 * Rows of each kind in one call.  Those that are closed, or that somebody is told
 * of, have an event and a mail each, and fit into an event buffer of the default
 * size; purging is fast.  Together they are 10,000.
 */
#define BATCH		1000
#define MAIL_BATCH	3000

/*
 * Rows that a command has locked are left to it, or to the next run.  The keys
 * found are an array, so that the planner expects few and takes the index of
 * the key.  In all queries, $1 is the maximum number of rows and $2 the instant.
 */
static KeptQuery expire_invitations =
QUERY("UPDATE tempcloud_data.invitation i"
	  "    SET status = 'expired', decided_at = $2"
	  "  WHERE i.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND expires_at <= $2"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING i.id, i.inviter_id, NULL::uuid");

static KeptQuery expire_requests =
QUERY("UPDATE tempcloud_data.request r"
	  "    SET status = 'expired', decided_at = $2"
	  "  WHERE r.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.request"
	  "    WHERE status = 'open' AND answer_by <= $2"
	  "    ORDER BY answer_by LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING r.id, r.customer_id, r.provider_id");

enum
{
	EXPIRED_ID = 1, EXPIRED_SENDER_ID, EXPIRED_PARTNER_ID
};

/* Once a round, and not if the lifetime is shorter than the notice, $3. */
static KeptQuery remind_invitations =
QUERY("UPDATE tempcloud_data.invitation i SET reminded_at = $2"
	  "  WHERE i.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND reminded_at IS NULL"
	  "      AND expires_at > $2"
	  "      AND expires_at <= $2 + make_interval(secs => $3)"
	  "      AND sent_at < expires_at - make_interval(secs => $3)"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING i.id");

enum
{
	REMINDED_ID = 1
};

static KeptQuery purge_mails =
QUERY("DELETE FROM tempcloud_data.mail m"
	  "  WHERE m.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE state IN ('sent', 'failed', 'bounced', 'dropped', 'suppressed')"
	  "      AND closed_at < $2 - make_interval(secs => $3)"
	  "    ORDER BY closed_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED))");

/*
 * The digest of a link, with the address, is kept after the link has expired ($3)
 * for as long as mails are kept ($4): until then, the answer to the link is that it
 * has expired.
 */
static KeptQuery purge_confirmations =
QUERY("DELETE FROM tempcloud_data.confirmation_token t"
	  "  WHERE t.digest = ANY (ARRAY ("
	  "   SELECT digest FROM tempcloud_data.confirmation_token"
	  "    WHERE issued_at < $2 - make_interval(secs => $3) - make_interval(secs => $4)"
	  "    ORDER BY issued_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED))");

/*
 * No lease and no pause between attempts is as long as this: the clock was ahead
 * when the time was stored.
 */
static KeptQuery bring_back_mails =
QUERY("UPDATE tempcloud_data.mail m SET leased = false, due_at = $2"
	  "  WHERE m.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE state = 'queued' AND due_at > $2 + interval '2 days'"
	  "    ORDER BY due_at DESC LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))");

/* When who named the worker stays as a record. */
static KeptQuery erase_workers =
QUERY("UPDATE tempcloud_data.assignment p SET worker_name = NULL"
	  "  WHERE p.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.assignment"
	  "    WHERE worker_name IS NOT NULL AND ends_at < $2 - make_interval(secs => $3)"
	  "    ORDER BY ends_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))");

/*
 * Their tokens and mails are deleted with them, but not while a mail is queued, or
 * locked by another transaction.  A declined invitation is kept for as long as it
 * keeps the inviter from inviting again ($4), and each for as long as limits
 * count it.  Returns how many were deleted, and how many were due.
 */
static KeptQuery purge_invitations =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.status IN ('declined', 'withdrawn', 'expired', 'superseded')"
	  "      AND i.decided_at < $2 - make_interval("
	  "          secs => GREATEST($3, CASE i.status WHEN 'declined' THEN $4 END, 86400))"
	  "      AND NOT EXISTS (SELECT FROM tempcloud_data.mail m"
	  "                       WHERE m.invitation_id = i.id AND m.state = 'queued' OFFSET 0)"
	  "    ORDER BY i.decided_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED),"
	  " held AS MATERIALIZED ("
	  "   SELECT m.id FROM due"
	  "    CROSS JOIN LATERAL ("
	  "     SELECT m.id FROM tempcloud_data.mail m WHERE m.invitation_id = due.id OFFSET 0"
	  "        FOR UPDATE SKIP LOCKED) m),"
	  " gone AS ("
	  "   DELETE FROM tempcloud_data.invitation i"
	  "    WHERE i.id = ANY (ARRAY (SELECT due.id FROM due))"
	  "      AND NOT EXISTS (SELECT FROM tempcloud_data.mail m"
	  "                       WHERE m.invitation_id = i.id"
	  "                         AND m.id NOT IN (SELECT held.id FROM held) OFFSET 0)"
	  "   RETURNING 1)"
	  " SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM due)");

enum
{
	PURGED_GONE = 1, PURGED_DUE
};

static KeptQuery make_result =
QUERY("SELECT ROW($1, $2, $3, $4, $5, $6, $7, $8, $9)::tempcloud.maintenance");

/* Tells the sender of what has expired, without waiting. */
typedef void (*TellSender) (const pg_uuid_t *id, const pg_uuid_t *sender_id);

static int	expire(KeptQuery *due, EventName event, TellSender tell, bool *more);
static void tell_inviter(const pg_uuid_t *invitation_id, const pg_uuid_t *inviter_id);
static void tell_customer(const pg_uuid_t *request_id, const pg_uuid_t *customer_id);
static int	remind(bool *more);
static int	purge_mails_by_age(bool *more);
static int	purge_links(bool *more);
static int	purge_ended_invitations(bool *more);
static int	erase_old_workers(bool *more);
static int	note(int count, int limit, bool *more);

PG_FUNCTION_INFO_V1(tempcloud_maintain);
PG_FUNCTION_INFO_V1(tempcloud_maintain_all);

/*
 * maintain() returns tempcloud.maintenance
 */
Datum
tempcloud_maintain(PG_FUNCTION_ARGS)
{
	bool		more = false;
	int			expired;
	int			reminded;
	int			mails;
	int			invitations;
	int			requests;
	int			links;
	int			workers;
	int			sealed;

	tc_enter_command("maintain()");
	expired = expire(&expire_invitations, EVENT_INVITATION_EXPIRED, tell_inviter, &more);
	requests = expire(&expire_requests, EVENT_REQUEST_EXPIRED, tell_customer, &more);
	reminded = remind(&more);
	mails = purge_mails_by_age(&more);
	links = purge_links(&more);
	invitations = purge_ended_invitations(&more);
	workers = erase_old_workers(&more);
	note(tc_run(&bring_back_mails, INT_VALUE(BATCH), TIME_VALUE(tc_now())).count, BATCH, &more);
	sealed = note(tc_seal_ledger(), MOST_SEALED, &more);
	return tc_finish(tc_run(&make_result, INT_VALUE(expired), INT_VALUE(reminded),
							INT_VALUE(mails), INT_VALUE(invitations), INT_VALUE(requests),
							INT_VALUE(links), INT_VALUE(workers), INT_VALUE(sealed),
							BOOL_VALUE(more)));
}

/*
 * maintain_all(), a procedure
 *
 * A procedure that commits cannot be SECURITY DEFINER, so it and its statements
 * run as the caller.  The first commit ends a transaction in which nothing was
 * done; inside a transaction block it is refused.
 */
Datum
tempcloud_maintain_all(PG_FUNCTION_ARGS)
{
	bool		atomic = !fcinfo->context || !IsA(fcinfo->context, CallContext) ||
	castNode(CallContext, fcinfo->context)->atomic;
	bool		more;

	if (SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	do
	{
		SPI_commit();
		more = tc_do_part(MAINTAIN);
	} while (more);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * Close what is due, with its event, and tell who sent it.  Returns how many
 * there were.
 */
static int
expire(KeptQuery *due, EventName event, TellSender tell, bool *more)
{
	Rows		rows = tc_run(due, INT_VALUE(BATCH), TIME_VALUE(tc_now()));

	for (uint64 i = 0; i < rows.count; i++)
	{
		pg_uuid_t  *id = tc_uuid(rows, i, EXPIRED_ID);
		pg_uuid_t  *sender_id = tc_uuid(rows, i, EXPIRED_SENDER_ID);

		tc_event(event, sender_id, NULL, tc_uuid(rows, i, EXPIRED_PARTNER_ID), id);
		tell(id, sender_id);
	}
	return note(rows.count, BATCH, more);
}

static void
tell_inviter(const pg_uuid_t *invitation_id, const pg_uuid_t *inviter_id)
{
	tc_mail_inviter(MAIL_INVITATION_EXPIRED, invitation_id, false);
}

static void
tell_customer(const pg_uuid_t *request_id, const pg_uuid_t *customer_id)
{
	tc_mail_customer(MAIL_REQUEST_EXPIRED, request_id, customer_id, false);
}

/* Returns how many invitees are reminded. */
static int
remind(bool *more)
{
	Rows		rows;

	if (tc_reminder_before <= 0)
		return 0;
	rows = tc_run(&remind_invitations, INT_VALUE(BATCH), TIME_VALUE(tc_now()),
				  INT_VALUE(tc_reminder_before));
	for (uint64 i = 0; i < rows.count; i++)
		tc_mail_invitee(MAIL_REMINDER, tc_uuid(rows, i, REMINDED_ID));
	return note(rows.count, BATCH, more);
}

/* Returns how many, as the next do. */
static int
purge_mails_by_age(bool *more)
{
	return note(tc_run(&purge_mails, INT_VALUE(MAIL_BATCH), TIME_VALUE(tc_now()),
					   INT_VALUE(tc_mail_retention)).count,
				MAIL_BATCH, more);
}

static int
purge_links(bool *more)
{
	return note(tc_run(&purge_confirmations, INT_VALUE(BATCH), TIME_VALUE(tc_now()),
					   INT_VALUE(tc_invitation_lifetime), INT_VALUE(tc_mail_retention)).count,
				BATCH, more);
}

static int
erase_old_workers(bool *more)
{
	if (tc_purge_workers_after < 0)
		return 0;
	return note(tc_run(&erase_workers, INT_VALUE(BATCH), TIME_VALUE(tc_now()),
					   INT_VALUE(tc_purge_workers_after)).count,
				BATCH, more);
}

static int
purge_ended_invitations(bool *more)
{
	Rows		rows;
	int			gone;

	if (tc_purge_invitations_after < 0)
		return 0;
	rows = tc_run(&purge_invitations, INT_VALUE(BATCH), TIME_VALUE(tc_now()),
				  INT_VALUE(tc_purge_invitations_after), INT_VALUE(tc_reinvite_after));
	gone = tc_integer(rows, 0, PURGED_GONE);
	if (gone > 0)
		note(tc_integer(rows, 0, PURGED_DUE), BATCH, more);
	return gone;
}

/* There may be more where as many were found as were looked for. */
static int
note(int count, int limit, bool *more)
{
	*more = *more || count == limit;
	return count;
}
