/*
 * maintenance.c
 *		What time does.
 *
 * The rules hold whether or not this runs: an invitation past its time is
 * expired for everybody at once.  Here it is written down, and its inviter
 * told.
 */
#include "postgres.h"

#include "fmgr.h"

#include "event.h"
#include "mail.h"
#include "query.h"

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
	  " RETURNING i.id, i.inviter_id", INT4OID);

static KeptQuery make_result =
QUERY("SELECT ROW($1)::tempcloud.maintenance", INT4OID);

static int	expire(void);

PG_FUNCTION_INFO_V1(tempcloud_maintain);

/*
 * maintain() returns tempcloud.maintenance
 */
Datum
tempcloud_maintain(PG_FUNCTION_ARGS)
{
	int			expired;

	tc_enter_command("maintain()");
	expired = expire();
	tc_run(&make_result, INT_VALUE(expired));
	return tc_finish();
}

/* Returns how many invitations have expired. */
static int
expire(void)
{
	pg_uuid_t  *ids[BATCH];
	pg_uuid_t  *inviters[BATCH];
	int			total = 0;
	int			count;

	while ((count = tc_run(&expire_invitations, INT_VALUE(BATCH))) > 0)
	{
		for (int i = 0; i < count; i++)
		{
			ids[i] = tc_uuid(i, 1);
			inviters[i] = tc_uuid(i, 2);
		}
		for (int i = 0; i < count; i++)
		{
			tc_event("invitation.expired", inviters[i], NULL, NULL, ids[i]);
			tc_mail_inviter("invitation_expired", ids[i]);
		}
		total += count;
	}
	return total;
}
