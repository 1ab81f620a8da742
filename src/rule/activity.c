/*
 * activity.c
 *		What has happened, what of it a person has read, and what waits for them.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"
#include "rule/caller.h"

static KeptQuery find_own_event =
QUERY("SELECT FROM tempcloud_data.event e"
	  " WHERE e.id = $2 AND $1 IN (e.account_id, e.partner_id)");

static KeptQuery set_mark =
QUERY("INSERT INTO tempcloud_data.read_mark AS m (contact_id, event_id) VALUES ($1, $2)"
	  " ON CONFLICT (contact_id) DO UPDATE SET event_id = GREATEST(m.event_id, $2)"
	  " RETURNING event_id");

enum
{
	MARKED_EVENT_ID = 1
};

/*
 * Each count reads an index up to its limit, in an order in which all that is read
 * counts.  There are no stored counts: time alone ends what is open, and a count that a
 * command keeps would have all who invite or ask one account wait for each other.
 */
#define MOST_COUNTED	"100"

#define COUNT(rows)	"(SELECT count(*) FROM (" rows " LIMIT " MOST_COUNTED ") n)::integer"

/*
 * $1 is the account, $2 the contact, $3 the instant, $4 the contact's mark.  Of
 * the activity, at most as many are looked at as the inner limits say, since the
 * caller's own does not count.
 */
static KeptQuery count_badges =
QUERY("SELECT ROW("
	  COUNT("SELECT FROM ((SELECT FROM tempcloud_data.invitation i"
			"               WHERE i.invitee_id = $1 AND (i.status = 'pending') AND i.expires_at > $3"
			"               ORDER BY i.created_at DESC, i.id DESC LIMIT " MOST_COUNTED ")"
			"              UNION ALL "
			"             (SELECT FROM tempcloud_data.contact me"
			"               CROSS JOIN LATERAL ("
			"                SELECT FROM tempcloud_data.invitation w"
			"                 WHERE lower(w.email) = lower(me.email) AND w.status = 'pending'"
			"                   AND w.invitee_id IS NULL AND w.expires_at > $3"
			"                   AND NOT EXISTS (SELECT FROM tempcloud_data.block b"
			"                                    WHERE b.inviter_id = w.inviter_id AND b.account_id = $1)"
			"                OFFSET 0) w"
			"               WHERE me.account_id = $1 AND me.email_verified_at IS NOT NULL"
			"               LIMIT " MOST_COUNTED ")) i") ","
	  COUNT("SELECT FROM ((SELECT FROM tempcloud_data.request r"
			"               WHERE r.customer_id = $1 AND r.status = 'open' AND r.answer_by > $3"
			"               ORDER BY r.answer_by LIMIT " MOST_COUNTED ")"
			"              UNION ALL "
			"             (SELECT FROM tempcloud_data.request r"
			"               WHERE r.provider_id = $1 AND r.status = 'open' AND r.answer_by > $3"
			"               ORDER BY r.answer_by LIMIT " MOST_COUNTED ")) r") ","
	  COUNT("SELECT FROM ((SELECT FROM tempcloud_data.request r"
			"               WHERE r.customer_id = $1 AND r.unfilled_until > $3"
			"               ORDER BY r.unfilled_until LIMIT " MOST_COUNTED ")"
			"              UNION ALL "
			"             (SELECT FROM tempcloud_data.request r"
			"               WHERE r.provider_id = $1 AND r.unfilled_until > $3"
			"               ORDER BY r.unfilled_until LIMIT " MOST_COUNTED ")) r") ","
	  COUNT("SELECT FROM (SELECT e.contact_id"
			"               FROM ((SELECT e.id, e.contact_id FROM tempcloud_data.event e"
			"                       WHERE e.account_id = $1 AND e.id > $4"
			"                       ORDER BY e.id DESC LIMIT 200)"
			"                     UNION ALL "
			"                     (SELECT e.id, e.contact_id FROM tempcloud_data.event e"
			"                       WHERE e.partner_id = $1 AND e.id > $4"
			"                       ORDER BY e.id DESC LIMIT 200)) e"
			"              ORDER BY e.id DESC LIMIT 200) e"
			" WHERE e.contact_id IS DISTINCT FROM $2")
	  ")::tempcloud.badge_counts");

static KeptQuery find_mark =
QUERY("SELECT m.event_id FROM tempcloud_data.read_mark m WHERE m.contact_id = $1");

PG_FUNCTION_INFO_V1(tempcloud_mark_read);
PG_FUNCTION_INFO_V1(tempcloud_badge_counts);

enum
{
	MARK_READ_UP_TO
};

/*
 * mark_read(up_to uuid) returns uuid
 */
Datum
tempcloud_mark_read(PG_FUNCTION_ARGS)
{
	Value		event = UUID_VALUE(tc_arg_uuid(fcinfo, MARK_READ_UP_TO, "up_to"));
	Caller	   *caller;
	pg_uuid_t  *marked = palloc(sizeof(pg_uuid_t));

	tc_enter_command("mark_read()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_READ);
	(void) tc_keep_open(caller, NULL, 0);
	if (tc_run(&find_own_event, UUID_VALUE(caller->account_id), event).count == 0)
		tc_refuse(EVENT_NOT_FOUND);
	*marked = *tc_uuid(tc_run(&set_mark, UUID_VALUE(caller->contact_id), event), 0,
					   MARKED_EVENT_ID);
	tc_leave();
	PG_RETURN_UUID_P(marked);
}

/*
 * badge_counts() returns tempcloud.badge_counts
 */
Datum
tempcloud_badge_counts(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	Rows		mark;
	pg_uuid_t  *read_up_to;

	tc_enter();
	caller = tc_caller_with_right(QUERY_READ, RIGHT_READ);
	mark = tc_read(&find_mark, UUID_VALUE(caller->contact_id));

	/*
	 * Keys are in the order of time: what is older than the contact was never
	 * unread.
	 */
	read_up_to = mark.count > 0 ? tc_uuid(mark, 0, MARKED_EVENT_ID) : caller->contact_id;
	return tc_finish(tc_read(&count_badges, UUID_VALUE(caller->account_id),
							 UUID_VALUE(caller->contact_id), TIME_VALUE(tc_now()),
							 UUID_VALUE(read_up_to)));
}
