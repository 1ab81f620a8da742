/*
 * mail_report.c
 *		The outcome of mails: mailers report it.
 *
 * mail_claim.c gives mails to mailers.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/settings.h"
#include "rule/event.h"
#include "rule/mail_report.h"
#include "worker/notify.h"

/* The invitation whose delivery a mail m is: invitations_sent shows it. */
#define DELIVERED_INVITATION \
	"CASE WHEN m.kind IN ('invitation', 'reminder') THEN m.invitation_id END"

enum
{
	DELIVERED_INVITATION_ID = 1
};

static KeptQuery close_mail =
QUERY("UPDATE tempcloud_data.mail m"
	  "   SET state = $2::tempcloud_data.mail_state, error = COALESCE($3, error),"
	  "       leased = false, closed_at = $4"
	  " WHERE id = $1 RETURNING " DELIVERED_INVITATION);

/* A report counts after the end of the lease, too, unless the mail was dropped. */
static KeptQuery close_as_sent =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND attempt > 0 AND state IN ('queued', 'failed')"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET state = 'sent', error = NULL, leased = false, closed_at = $2"
	  "   FROM held WHERE m.id = held.id RETURNING " DELIVERED_INVITATION);

static KeptQuery lock_failed =
QUERY("SELECT attempt FROM tempcloud_data.mail"
	  " WHERE id = $1 AND state = 'queued' AND leased FOR NO KEY UPDATE");

enum
{
	FAILED_ATTEMPT = 1
};

/* Doubling from the first delay, at most a day, a quarter more or less. */
static KeptQuery defer_mail =
QUERY("UPDATE tempcloud_data.mail m"
	  "   SET leased = false, error = $2,"
	  "       due_at = $4 + make_interval(secs =>"
	  "           LEAST($3 * 2.0 ^ LEAST(attempt - 1, 30), 86400)"
	  "           * (0.75 + random() / 2))"
	  " WHERE id = $1 RETURNING " DELIVERED_INVITATION);

static KeptQuery bounce_mail =
QUERY("UPDATE tempcloud_data.mail m"
	  "   SET state = 'bounced', error = $2, leased = false, closed_at = $3"
	  " WHERE id = $1 AND attempt > 0 RETURNING " DELIVERED_INVITATION);

static KeptQuery release_mails =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND state = 'queued' AND leased"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET leased = false, attempt = attempt - 1, due_at = $2"
	  "   FROM held WHERE m.id = held.id");

static KeptQuery reopen_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = 'queued', attempt = 0, closed_at = NULL, due_at = $2"
	  " WHERE id = $1 AND state = 'failed'");

static KeptQuery find_inviters =
QUERY("SELECT i.id, i.inviter_id FROM tempcloud_data.invitation i"
	  " WHERE i.id = ANY ($1) ORDER BY i.id");

enum
{
	INVITER_INVITATION_ID = 1, INVITER_ID
};

/*
 * A mail server may quote the mail in its reply, and no token, nor half of one,
 * may be stored.  The soft line ends of quoted-printable are joined first.  Of a
 * token that is broken in another way, no part of 20 characters is left.
 */
static KeptQuery clean_report =
QUERY("SELECT left(regexp_replace("
	  "         regexp_replace("
	  "             regexp_replace($1, '=[ \\t]*\\r?\\n', '', 'g'),"
	  "             'tc[ie]_[A-Za-z0-9_-]*|[A-Za-z0-9_-]{20,}', '[...]', 'g'),"
	  "         '[[:cntrl:]]+', ' ', 'g'), 500)");

enum
{
	CLEANED = 1
};

static const char *const states[] = {
	[MAIL_IS_QUEUED] = "queued",
	[MAIL_IS_SENT] = "sent",
	[MAIL_IS_FAILED] = "failed",
	[MAIL_IS_BOUNCED] = "bounced",
	[MAIL_IS_DROPPED] = "dropped",
	[MAIL_IS_SUPPRESSED] = "suppressed"
};

static uint64 tell_deliveries(Rows mails);
static pg_uuid_t *key_of_message_id(const char *message_id);

PG_FUNCTION_INFO_V1(tempcloud_mail_sent);
PG_FUNCTION_INFO_V1(tempcloud_mail_failed);
PG_FUNCTION_INFO_V1(tempcloud_mail_bounced);
PG_FUNCTION_INFO_V1(tempcloud_release_mail);
PG_FUNCTION_INFO_V1(tempcloud_retry_mail);

/*
 * mail_sent(ids uuid[]) returns integer
 */
Datum
tempcloud_mail_sent(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_IDS
	};
	uint64		count;

	tc_enter_command("mail_sent()");
	if (PG_ARGISNULL(ARG_IDS))
		tc_require(NULL, "ids");
	count = tell_deliveries(tc_run(&close_as_sent, ARG_VALUE(ARG_IDS, UUIDARRAYOID),
								   TIME_VALUE(tc_now())));
	tc_leave();
	PG_RETURN_INT32(count);
}

/*
 * mail_failed(id uuid, error text, permanent boolean) returns boolean
 */
Datum
tempcloud_mail_failed(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_ID, ARG_ERROR, ARG_PERMANENT
	};
	Rows		rows;
	bool		permanent = !PG_ARGISNULL(ARG_PERMANENT) && PG_GETARG_BOOL(ARG_PERMANENT);
	pg_uuid_t  *id;
	char	   *error;
	bool		again = false;

	tc_enter_command("mail_failed()");
	id = tc_arg_uuid(fcinfo, ARG_ID, "id");
	error = tc_trim(tc_arg_text(fcinfo, ARG_ERROR));
	error = error ? tc_clean_report(error) : "unknown error";

	rows = tc_run(&lock_failed, UUID_VALUE(id));
	tc_read_clock();
	if (rows.count > 0)
	{
		again = !permanent && tc_integer(rows, 0, FAILED_ATTEMPT) < tc_mail_max_attempts;
		if (again)
			tell_deliveries(tc_run(&defer_mail, UUID_VALUE(id), TEXT_VALUE(error),
								   INT_VALUE(tc_mail_retry_delay), TIME_VALUE(tc_now())));
		else
			tc_close_mail(id, MAIL_IS_FAILED, error);
	}
	tc_leave();
	PG_RETURN_BOOL(again);
}

/*
 * mail_bounced(message_id text, reason text) returns boolean
 */
Datum
tempcloud_mail_bounced(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_MESSAGE_ID, ARG_REASON
	};
	pg_uuid_t  *id;
	char	   *reason;
	bool		found = false;

	tc_enter_command("mail_bounced()");
	if (PG_ARGISNULL(ARG_MESSAGE_ID))
		tc_require(NULL, "message_id");
	id = key_of_message_id(tc_arg_text(fcinfo, ARG_MESSAGE_ID));
	reason = tc_trim(tc_arg_text(fcinfo, ARG_REASON));
	reason = reason ? tc_clean_report(reason) : "unknown reason";
	if (id != NULL)
		found = tell_deliveries(tc_run(&bounce_mail, UUID_VALUE(id), TEXT_VALUE(reason),
									   TIME_VALUE(tc_now()))) > 0;
	tc_leave();
	PG_RETURN_BOOL(found);
}

/*
 * release_mail(ids uuid[]) returns integer
 */
Datum
tempcloud_release_mail(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_IDS
	};
	uint64		count;

	tc_enter_command("release_mail()");
	if (PG_ARGISNULL(ARG_IDS))
		tc_require(NULL, "ids");
	count = tc_run(&release_mails, ARG_VALUE(ARG_IDS, UUIDARRAYOID), TIME_VALUE(tc_now())).count;
	if (count > 0)
		tc_notify_mail();
	tc_leave();
	PG_RETURN_INT32(count);
}

/*
 * retry_mail(id uuid) returns boolean
 */
Datum
tempcloud_retry_mail(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_ID
	};
	pg_uuid_t  *id;
	bool		found;

	tc_enter_command("retry_mail()");
	id = tc_arg_uuid(fcinfo, ARG_ID, "id");
	found = tc_run(&reopen_mail, UUID_VALUE(id), TIME_VALUE(tc_now())).count > 0;
	if (found)
		tc_notify_mail();
	tc_leave();
	PG_RETURN_BOOL(found);
}

void
tc_close_mail(const pg_uuid_t *id, MailState state, const char *error)
{
	tell_deliveries(tc_run(&close_mail, UUID_VALUE(id), TEXT_VALUE(states[state]),
						   TEXT_VALUE(error), TIME_VALUE(tc_now())));
}

/*
 * Tell the inviters that the delivery of these mails has changed, those that are about
 * an invitation.  One that is suppressed is told as any other: who is blocked is not to
 * notice.  Returns the number of mails.
 */
static uint64
tell_deliveries(Rows mails)
{
	const pg_uuid_t **ids = palloc(sizeof(pg_uuid_t *) * (mails.count + 1));
	int			count = 0;
	Rows		inviters;

	for (uint64 i = 0; i < mails.count; i++)
	{
		ids[count] = tc_uuid(mails, i, DELIVERED_INVITATION_ID);
		count += ids[count] != NULL;
	}
	if (count == 0)
		return mails.count;
	inviters = tc_run(&find_inviters, ARRAY_VALUE(tc_uuid_array(ids, count)));
	for (uint64 i = 0; i < inviters.count; i++)
		tc_tell(EVENT_INVITATION_DELIVERY, tc_uuid(inviters, i, INVITER_ID),
				tc_uuid(inviters, i, INVITER_INVITATION_ID));
	return mails.count;
}

char *
tc_clean_report(const char *report)
{
	Rows		rows = tc_run(&clean_report, TEXT_VALUE(report));
	char	   *cleaned = tc_text(rows, 0, CLEANED);

	/* A token in another spelling must not keep a mailer from reporting. */
	return tc_has_form(cleaned, strlen(cleaned), FORM_FREE_TEXT) ? cleaned : "[...]";
}

/*
 * The key of a mail: the local part of its Message-ID, with or without angle
 * brackets and domain.  A bounce may come after the setting of the domain has
 * changed.  NULL if it is no key.
 */
static pg_uuid_t *
key_of_message_id(const char *message_id)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *key = message_id + strspn(message_id, " \t\r\n<");
	size_t		length = strcspn(key, "@> \t\r\n");

	if (length != strlen(pattern))
		return NULL;
	for (size_t i = 0; i < length; i++)
	{
		if (pattern[i] == '-' ? key[i] != '-' : !isxdigit((unsigned char) key[i]))
			return NULL;
	}
	return DatumGetUUIDP(DirectFunctionCall1(uuid_in, CStringGetDatum(pnstrdup(key, length))));
}
