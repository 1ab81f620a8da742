/*
 * mail_report.c
 *		What becomes of the mails that are queued: mailers report.
 *
 * How they get them is in claim.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/mail_report.h"
#include "worker/notify.h"

static KeptQuery close_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = $2::tempcloud_data.mail_state, error = COALESCE($3, error),"
	  "       leased = false, closed_at = clock_timestamp()"
	  " WHERE id = $1");

/* A report that comes after the lease is over is still true. */
static KeptQuery close_as_sent =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND attempt > 0 AND state IN ('queued', 'failed')"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET state = 'sent', error = NULL, leased = false,"
	  "        closed_at = clock_timestamp()"
	  "   FROM held WHERE m.id = held.id");

static KeptQuery lock_failed =
QUERY("SELECT attempt FROM tempcloud_data.mail"
	  " WHERE id = $1 AND state = 'queued' AND leased FOR NO KEY UPDATE");

/* Doubling from the first delay, at most a day, a quarter more or less. */
static KeptQuery defer_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET leased = false, error = $2,"
	  "       due_at = clock_timestamp() + make_interval(secs =>"
	  "           LEAST($3 * 2.0 ^ LEAST(attempt - 1, 30), 86400)"
	  "           * (0.75 + random() / 2))"
	  " WHERE id = $1");

static KeptQuery bounce_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = 'bounced', error = $2, leased = false,"
	  "       closed_at = clock_timestamp()"
	  " WHERE message_id = $1 AND attempt > 0");

static KeptQuery release_mails =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND state = 'queued' AND leased"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET leased = false, attempt = attempt - 1, due_at = clock_timestamp()"
	  "   FROM held WHERE m.id = held.id");

static KeptQuery reopen_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = 'queued', attempt = 0, closed_at = NULL,"
	  "       due_at = clock_timestamp()"
	  " WHERE id = $1 AND state = 'failed'");

/*
 * A mail server's words may quote the mail: no token may get into a table, nor
 * half of one.  The soft line ends of quoted-printable are joined first; of a
 * token that is broken in another way, no half as long as this is left.
 */
static KeptQuery clean_report =
QUERY("SELECT left(regexp_replace("
	  "         regexp_replace("
	  "             regexp_replace($1, '=[ \\t]*\\r?\\n', '', 'g'),"
	  "             'tc[ie]_[A-Za-z0-9_-]*|[A-Za-z0-9_-]{20,}', '[...]', 'g'),"
	  "         '[[:cntrl:]]+', ' ', 'g'), 500)");

PG_FUNCTION_INFO_V1(tempcloud_mail_sent);
PG_FUNCTION_INFO_V1(tempcloud_mail_failed);
PG_FUNCTION_INFO_V1(tempcloud_mail_bounced);
PG_FUNCTION_INFO_V1(tempcloud_release_mail);
PG_FUNCTION_INFO_V1(tempcloud_retry_mail);

/*
 * mail_sent(ids bigint[]) returns integer
 */
Datum
tempcloud_mail_sent(PG_FUNCTION_ARGS)
{
	uint64		count;

	tc_enter_command("mail_sent()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "ids");
	count = tc_run(&close_as_sent, ARG_VALUE(0, INT8ARRAYOID)).count;
	tc_leave();
	PG_RETURN_INT32(count);
}

/*
 * mail_failed(id bigint, error text, permanent boolean) returns boolean
 */
Datum
tempcloud_mail_failed(PG_FUNCTION_ARGS)
{
	Rows		rows;
	bool		permanent = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	int64		id;
	char	   *error;
	bool		again = false;

	tc_enter_command("mail_failed()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "id");
	id = PG_GETARG_INT64(0);
	error = tc_trim(tc_arg_text(fcinfo, 1));
	error = error ? tc_clean_report(error) : "unknown error";

	rows = tc_run(&lock_failed, BIGINT_VALUE(id));
	if (rows.count > 0)
	{
		again = !permanent && tc_integer(rows, 0, 1) < tc_mail_max_attempts;
		if (again)
			tc_run(&defer_mail, BIGINT_VALUE(id), TEXT_VALUE(error),
				   INT_VALUE(tc_mail_retry_delay));
		else
			tc_close_mail(id, "failed", error);
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
	char	   *reason;
	bool		found;

	tc_enter_command("mail_bounced()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "message_id");
	reason = tc_trim(tc_arg_text(fcinfo, 1));
	found = tc_run(&bounce_mail, ARG_VALUE(0, TEXTOID),
				   TEXT_VALUE(reason ? tc_clean_report(reason) : "unknown reason")).count > 0;
	tc_leave();
	PG_RETURN_BOOL(found);
}

/*
 * release_mail(ids bigint[]) returns integer
 */
Datum
tempcloud_release_mail(PG_FUNCTION_ARGS)
{
	uint64		count;

	tc_enter_command("release_mail()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "ids");
	count = tc_run(&release_mails, ARG_VALUE(0, INT8ARRAYOID)).count;
	if (count > 0)
		tc_notify_mail();
	tc_leave();
	PG_RETURN_INT32(count);
}

/*
 * retry_mail(id bigint) returns boolean
 */
Datum
tempcloud_retry_mail(PG_FUNCTION_ARGS)
{
	bool		found;

	tc_enter_command("retry_mail()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "id");
	found = tc_run(&reopen_mail, ARG_VALUE(0, INT8OID)).count > 0;
	if (found)
		tc_notify_mail();
	tc_leave();
	PG_RETURN_BOOL(found);
}

void
tc_close_mail(int64 id, const char *state, const char *error)
{
	tc_run(&close_mail, BIGINT_VALUE(id), TEXT_VALUE(state), TEXT_VALUE(error));
}

char *
tc_clean_report(const char *report)
{
	Rows		rows = tc_run(&clean_report, TEXT_VALUE(report));
	char	   *cleaned = tc_text(rows, 0, 1);

	/* A token in another spelling must not keep a mailer from reporting. */
	return tc_has_form(cleaned, strlen(cleaned), FORM_FREE_TEXT) ? cleaned : "[...]";
}
