/*
 * maintenance.c
 *		What time does.
 *
 * The rules hold whether or not this runs: an invitation past its time is
 * expired for everybody at once, and so is a request.  Here it is written
 * down, and its sender told; invitees are reminded ahead of it; and mails long sent, and invitations
 * that came to nothing long ago, are purged.
 */
#include "postgres.h"

#include "fmgr.h"

#include "event.h"
#include "mail.h"
#include "query.h"
#include "settings.h"

#define BATCH 1000

/* Rows that a command holds are left to it, or to the next run. */
static KeptQuery expire_invitations =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND expires_at <= pg_catalog.clock_timestamp()"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.invitation i"
	  "    SET status = 'expired', decided_at = pg_catalog.clock_timestamp()"
	  "   FROM due WHERE i.id = due.id"
	  " RETURNING i.id, i.inviter_id, NULL::uuid", INT4OID);

static KeptQuery expire_requests =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.request"
	  "    WHERE status = 'open' AND answer_by <= pg_catalog.clock_timestamp()"
	  "    ORDER BY answer_by LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.request r"
	  "    SET status = 'expired', decided_at = pg_catalog.clock_timestamp()"
	  "   FROM due WHERE r.id = due.id"
	  " RETURNING r.id, r.customer_id, r.provider_id", INT4OID);

/* Once a round, and not where the whole lifetime is shorter than the notice. */
static KeptQuery remind_invitations =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.invitation"
	  "    WHERE status = 'pending' AND reminded_at IS NULL"
	  "      AND expires_at > pg_catalog.clock_timestamp()"
	  "      AND expires_at <= pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $2)"
	  "      AND sent_at < expires_at - pg_catalog.make_interval(secs => $2)"
	  "    ORDER BY expires_at LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.invitation i SET reminded_at = pg_catalog.clock_timestamp()"
	  "   FROM due WHERE i.id = due.id"
	  " RETURNING i.id", INT4OID, INT4OID);

static KeptQuery purge_mails =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE state IN ('sent', 'bounced', 'dropped')"
	  "      AND closed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1)"
	  "      FOR UPDATE SKIP LOCKED)"
	  " DELETE FROM tempcloud_data.mail m USING due WHERE m.id = due.id", INT4OID);

/*
 * Their tokens go along, and their mails: but not while one waits to be sent, or
 * is held by somebody.  A refusal counts as long as it is to be respected.
 */
static KeptQuery purge_invitations =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.status IN ('declined', 'withdrawn', 'expired', 'superseded')"
	  "      AND i.decided_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval("
	  "          secs => CASE i.status WHEN 'declined' THEN GREATEST($2, $3) ELSE $2 END)"
	  "      AND NOT EXISTS (SELECT FROM tempcloud_data.mail m"
	  "                       WHERE m.invitation_id = i.id AND m.state = 'queued')"
	  "    ORDER BY i.decided_at LIMIT $1"
	  "      FOR UPDATE SKIP LOCKED),"
	  " held AS MATERIALIZED ("
	  "   SELECT m.id FROM due"
	  "     JOIN tempcloud_data.mail m ON m.invitation_id = due.id"
	  "      FOR UPDATE OF m SKIP LOCKED)"
	  " DELETE FROM tempcloud_data.invitation i USING due"
	  "  WHERE i.id = due.id"
	  "    AND NOT EXISTS (SELECT FROM tempcloud_data.mail m"
	  "                     WHERE m.invitation_id = i.id"
	  "                       AND m.id NOT IN (SELECT held.id FROM held))",
	  INT4OID, INT4OID, INT4OID);

static KeptQuery make_result =
QUERY("SELECT ROW($1, $2, $3, $4, $5)::tempcloud.maintenance",
	  INT4OID, INT4OID, INT4OID, INT4OID, INT4OID);

static int	expire(KeptQuery *due, const char *event,
				   void (*mail) (const char *kind, const pg_uuid_t *id), const char *kind);
static int	remind(void);
static int	purge(void);

PG_FUNCTION_INFO_V1(tempcloud_maintain);

/*
 * maintain() returns tempcloud.maintenance
 */
Datum
tempcloud_maintain(PG_FUNCTION_ARGS)
{
	int			expired;
	int			reminded;
	int			mails;
	int			invitations;
	int			requests;

	tc_enter_command("maintain()");
	expired = expire(&expire_invitations, "invitation.expired",
					 tc_mail_inviter, "invitation_expired");
	requests = expire(&expire_requests, "request.expired",
					  tc_mail_customer, "request_expired");
	reminded = tc_reminder_before > 0 ? remind() : 0;
	mails = tc_run(&purge_mails, INT_VALUE(tc_mail_retention));
	invitations = tc_purge_invitations_after >= 0 ? purge() : 0;
	tc_run(&make_result, INT_VALUE(expired), INT_VALUE(reminded), INT_VALUE(mails),
		   INT_VALUE(invitations), INT_VALUE(requests));
	return tc_finish();
}

/*
 * Close what is due, with its event, and tell who sent it.  Returns how many
 * there were.
 */
static int
expire(KeptQuery *due, const char *event,
	   void (*mail) (const char *kind, const pg_uuid_t *id), const char *kind)
{
	pg_uuid_t  *ids[BATCH];
	pg_uuid_t  *senders[BATCH];
	pg_uuid_t  *partners[BATCH];
	int			total = 0;
	int			count;

	while ((count = tc_run(due, INT_VALUE(BATCH))) > 0)
	{
		for (int i = 0; i < count; i++)
		{
			ids[i] = tc_uuid(i, 1);
			senders[i] = tc_uuid(i, 2);
			partners[i] = tc_uuid(i, 3);
		}
		for (int i = 0; i < count; i++)
		{
			tc_event(event, senders[i], NULL, partners[i], ids[i]);
			mail(kind, ids[i]);
		}
		total += count;
	}
	return total;
}

/* Returns how many invitees are reminded. */
static int
remind(void)
{
	pg_uuid_t  *ids[BATCH];
	int			total = 0;
	int			count;

	while ((count = tc_run(&remind_invitations, INT_VALUE(BATCH),
						   INT_VALUE(tc_reminder_before))) > 0)
	{
		for (int i = 0; i < count; i++)
			ids[i] = tc_uuid(i, 1);
		for (int i = 0; i < count; i++)
			tc_mail_invitee("reminder", ids[i]);
		total += count;
	}
	return total;
}

/* Returns how many invitations are gone. */
static int
purge(void)
{
	int			total = 0;
	int			count;

	while ((count = tc_run(&purge_invitations, INT_VALUE(BATCH),
						   INT_VALUE(tc_purge_invitations_after),
						   INT_VALUE(tc_reinvite_after))) > 0)
		total += count;
	return total;
}
