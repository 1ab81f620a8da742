/*
 * maintenance.c
 *		What time does.
 *
 * The rules hold whether or not this runs: an invitation past its time is
 * expired for everybody at once, and so is a request.  Here it is written
 * down, and its sender told; invitees are reminded ahead of it; and what is done
 * with since long ago is purged: mails, links that prove an address, and
 * invitations that ended without being accepted.  New partnerships are sealed
 * last, since that holds a lock.
 *
 * One call of maintain() does a bounded amount of work and says whether there is
 * more.  Who calls it commits in between: maintain_all(), or the background
 * worker.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"

#include "base/query.h"
#include "base/settings.h"
#include "rule/event.h"
#include "rule/ledger.h"
#include "rule/mail.h"
#include "worker/maintain.h"

/*
 * Rows of each kind in one call.  Those that are closed or that people are told
 * of have an event and a mail each, and fit into an event buffer of the default
 * size; purging is quick.  All together: 10,000.
 */
#define BATCH		1000
#define MAIL_BATCH	4000

/*
 * Rows that a command holds are left to it, or to the next run.  Those that are
 * found are an array, so that the planner expects few and takes the index of
 * the key.
 */
static KeptQuery expire_invitations =
QUERY("UPDATE tempcloud_data.invitation i"
	  "    SET status = 'expired', decided_at = pg_catalog.clock_timestamp()"
	  "  WHERE i.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND expires_at <= pg_catalog.clock_timestamp()"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING i.id, i.inviter_id, NULL::uuid");

static KeptQuery expire_requests =
QUERY("UPDATE tempcloud_data.request r"
	  "    SET status = 'expired', decided_at = pg_catalog.clock_timestamp()"
	  "  WHERE r.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.request"
	  "    WHERE status = 'open' AND answer_by <= pg_catalog.clock_timestamp()"
	  "    ORDER BY answer_by LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING r.id, r.customer_id, r.provider_id");

/* Once a round, and not where the whole lifetime is shorter than the notice. */
static KeptQuery remind_invitations =
QUERY("UPDATE tempcloud_data.invitation i SET reminded_at = pg_catalog.clock_timestamp()"
	  "  WHERE i.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND reminded_at IS NULL"
	  "      AND expires_at > pg_catalog.clock_timestamp()"
	  "      AND expires_at <= pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $2)"
	  "      AND sent_at < expires_at - pg_catalog.make_interval(secs => $2)"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))"
	  " RETURNING i.id");

static KeptQuery purge_mails =
QUERY("DELETE FROM tempcloud_data.mail m"
	  "  WHERE m.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE state IN ('sent', 'failed', 'bounced', 'dropped', 'suppressed')"
	  "      AND closed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2)"
	  "    ORDER BY closed_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED))");

/*
 * A link that has expired is told from one that never was for as long as its
 * mail is kept; it holds the address.
 */
static KeptQuery purge_confirmations =
QUERY("DELETE FROM tempcloud_data.confirmation_token t"
	  "  WHERE t.digest = ANY (ARRAY ("
	  "   SELECT digest FROM tempcloud_data.confirmation_token"
	  "    WHERE issued_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2)"
	  "                      - pg_catalog.make_interval(secs => $3)"
	  "    ORDER BY issued_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED))");

/*
 * Neither a lease nor a pause between attempts is as long as this: the clock was
 * ahead when the time was written.
 */
static KeptQuery bring_back_mails =
QUERY("UPDATE tempcloud_data.mail m SET leased = false, due_at = pg_catalog.clock_timestamp()"
	  "  WHERE m.id = ANY (ARRAY ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE state = 'queued' AND due_at > pg_catalog.clock_timestamp() + interval '2 days'"
	  "    ORDER BY due_at DESC LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED))");

/*
 * Their tokens go along, and their mails: but not while one waits to be sent, or
 * is held by somebody.  A refusal counts as long as it is to be respected, and all
 * that was sent as long as limits count it.  Returns how many are gone, and how many
 * were due.
 */
static KeptQuery purge_invitations =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.status IN ('declined', 'withdrawn', 'expired', 'superseded')"
	  "      AND i.decided_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval("
	  "          secs => GREATEST($2, CASE i.status WHEN 'declined' THEN $3 END, 86400))"
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
	  " SELECT (SELECT pg_catalog.count(*) FROM gone), (SELECT pg_catalog.count(*) FROM due)");

static KeptQuery make_result =
QUERY("SELECT ROW($1, $2, $3, $4, $5, $6, $7, $8)::tempcloud.maintenance");

static int	expire(KeptQuery *due, EventName event,
				   void (*mail) (MailKind kind, const pg_uuid_t *id, bool wait),
				   MailKind kind, bool *more);
static int	remind(bool *more);
static int	purge(bool *more);
static int	note(int count, int limit, bool *more);

PG_FUNCTION_INFO_V1(tempcloud_maintain);
PG_FUNCTION_INFO_V1(tempcloud_maintain_all);

/*
 * maintain() returns tempcloud.maintenance
 */
Datum
tempcloud_maintain(PG_FUNCTION_ARGS)
{
	Rows		rows;
	bool		more = false;
	int			expired;
	int			reminded;
	int			mails;
	int			invitations;
	int			requests;
	int			confirmations;
	int			sealed;

	tc_enter_command("maintain()");
	expired = expire(&expire_invitations, EVENT_INVITATION_EXPIRED,
					 tc_mail_inviter, MAIL_INVITATION_EXPIRED, &more);
	requests = expire(&expire_requests, EVENT_REQUEST_EXPIRED,
					  tc_mail_customer, MAIL_REQUEST_EXPIRED, &more);
	reminded = tc_reminder_before > 0 ? remind(&more) : 0;
	mails = note(tc_run(&purge_mails, INT_VALUE(MAIL_BATCH), INT_VALUE(tc_mail_retention)).count,
				 MAIL_BATCH, &more);
	confirmations = note(tc_run(&purge_confirmations, INT_VALUE(BATCH),
								INT_VALUE(tc_invitation_lifetime), INT_VALUE(tc_mail_retention)).count,
						 BATCH, &more);
	invitations = tc_purge_invitations_after >= 0 ? purge(&more) : 0;
	note(tc_run(&bring_back_mails, INT_VALUE(BATCH)).count, BATCH, &more);
	sealed = note(tc_seal_ledger(), MOST_SEALED, &more);
	rows = tc_run(&make_result, INT_VALUE(expired), INT_VALUE(reminded), INT_VALUE(mails),
				  INT_VALUE(invitations), INT_VALUE(requests), INT_VALUE(confirmations),
				  INT_VALUE(sealed), BOOL_VALUE(more));
	return tc_finish(rows);
}

/*
 * maintain_all(): a procedure
 *
 * It runs as its caller, and so does the statement: a procedure that commits
 * cannot be SECURITY DEFINER.  The first commit ends a transaction in which
 * nothing was done; inside a transaction block it is refused.
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
expire(KeptQuery *due, EventName event,
	   void (*mail) (MailKind kind, const pg_uuid_t *id, bool wait),
	   MailKind kind, bool *more)
{
	Rows		rows;
	pg_uuid_t  *ids[BATCH];
	pg_uuid_t  *senders[BATCH];
	pg_uuid_t  *partners[BATCH];
	int			count = (rows = tc_run(due, INT_VALUE(BATCH))).count;

	for (int i = 0; i < count; i++)
	{
		ids[i] = tc_uuid(rows, i, 1);
		senders[i] = tc_uuid(rows, i, 2);
		partners[i] = tc_uuid(rows, i, 3);
	}
	for (int i = 0; i < count; i++)
	{
		tc_event(event, senders[i], NULL, partners[i], ids[i]);
		mail(kind, ids[i], false);
	}
	return note(count, BATCH, more);
}

/* Returns how many invitees are reminded. */
static int
remind(bool *more)
{
	Rows		rows;
	pg_uuid_t  *ids[BATCH];
	int			count = (rows = tc_run(&remind_invitations, INT_VALUE(BATCH),
									   INT_VALUE(tc_reminder_before))).count;

	for (int i = 0; i < count; i++)
		ids[i] = tc_uuid(rows, i, 1);
	for (int i = 0; i < count; i++)
		tc_mail_invitee(MAIL_REMINDER, ids[i]);
	return note(count, BATCH, more);
}

/* Returns how many invitations are gone. */
static int
purge(bool *more)
{
	Rows		rows;
	int			gone;

	rows = tc_run(&purge_invitations, INT_VALUE(BATCH), INT_VALUE(tc_purge_invitations_after),
				  INT_VALUE(tc_reinvite_after));
	gone = tc_integer(rows, 0, 1);
	if (gone > 0)
		note(tc_integer(rows, 0, 2), BATCH, more);
	return gone;
}

/* There may be more where as many were found as were looked for. */
static int
note(int count, int limit, bool *more)
{
	*more = *more || count == limit;
	return count;
}
