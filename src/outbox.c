/*
 * outbox.c
 *		What becomes of the mails that are queued: mailers claim and report.
 *
 * A row says that a mail is due and to whom.  Its text, and the secret in its
 * link, are made when a mailer claims it, for each attempt anew: neither is
 * stored, so that no copy of the database can open an invitation.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "notify.h"
#include "query.h"
#include "refusal.h"
#include "settings.h"
#include "template.h"
#include "text.h"
#include "token.h"

/* MATERIALIZED, or the planner may run the locking query more than once. */
static KeptQuery lease_due =
QUERY("WITH due AS MATERIALIZED ("
	  "   SELECT id, due_at FROM tempcloud_data.mail"
	  "    WHERE state = 'queued' AND due_at >= $3 AND due_at <= $4"
	  "    ORDER BY due_at, id LIMIT $1"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET attempt = attempt + 1, leased = true,"
	  "        due_at = pg_catalog.clock_timestamp() + $2"
	  "   FROM due WHERE m.id = due.id"
	  " RETURNING m.id, due.due_at, m.request_id IS NOT NULL", INT4OID, INTERVALOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

/* A day and a time as a mail in the language of m.locale writes them. */
#define MAIL_DATE(time) \
	"pg_catalog.to_char(" time ", CASE pg_catalog.split_part(m.locale, '-', 1)" \
	" WHEN 'de' THEN 'DD.MM.YYYY' WHEN 'en' THEN 'FMDD FMMonth YYYY' ELSE 'YYYY-MM-DD' END)"
#define MAIL_TIME(time) "pg_catalog.to_char(" time ", 'HH24:MI')"

/*
 * Where an answer to a mail goes, of the contact who acted: only to an address
 * that is proven, and of a contact who is still there.
 */
#define REPLY_TO(contact) \
	"CASE WHEN " contact ".email_verified_at IS NOT NULL AND " contact ".removed_at IS NULL" \
	" THEN " contact ".email END"

/*
 * A leased mail, and what the placeholders of its template stand for, in the
 * order of Placeholder (template.h) but for the link.  The company, person and
 * address a mail is about are the other side's: the inviter's for the invitee,
 * and for the inviter those who accepted or, before there is a partnership,
 * what the inviter typed.  It is obsolete when the invitation was closed or
 * sent again, or the address was proven, meanwhile.
 */
static KeptQuery describe_mail =
QUERY("SELECT m.kind, m.invitation_id, m.round, m.contact_id, m.recipient, m.recipient_name,"
	  "       m.locale, m.message_id, m.attempt,"
	  "       CASE WHEN m.kind = 'confirm_email'"
	  "            THEN c.removed_at IS NOT NULL OR c.email_verified_at IS NOT NULL"
	  "              OR pg_catalog.lower(c.email) IS DISTINCT FROM pg_catalog.lower(m.recipient)"
	  "            WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN m.round <> i.round OR i.status <> 'pending'"
	  "              OR i.expires_at <= pg_catalog.clock_timestamp()"
	  "            ELSE m.round <> i.round END AS obsolete,"
	  "       i.invitee_id IS NOT NULL AS registered,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder') THEN " REPLY_TO("host")
	  "            WHEN m.kind = 'invitation_accepted' THEN " REPLY_TO("guest") " END,"
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       CASE WHEN m.kind = 'confirm_email' THEN own.company_name"
	  "            WHEN m.kind IN ('invitation', 'reminder') THEN inviter.company_name"
	  "            WHEN m.kind = 'invitation_accepted' THEN invitee.company_name"
	  "            ELSE i.company_name END,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN pg_catalog.concat_ws(' ', host.given_name, host.family_name)"
	  "            WHEN m.kind = 'invitation_accepted'"
	  "            THEN pg_catalog.concat_ws(' ', guest.given_name, guest.family_name)"
	  "            ELSE pg_catalog.concat_ws(' ', i.given_name, i.family_name) END,"
	  "       CASE WHEN m.kind = 'invitation_accepted' THEN COALESCE(guest.email, i.email)"
	  "            ELSE COALESCE(i.email, m.recipient) END,"
	  "       i.message, i.reason, " MAIL_DATE("i.expires_at")
	  "  FROM tempcloud_data.mail m"
	  "  LEFT JOIN tempcloud_data.invitation i ON i.id = m.invitation_id"
	  "  LEFT JOIN tempcloud_data.account inviter ON inviter.id = i.inviter_id"
	  "  LEFT JOIN tempcloud_data.contact host ON host.id = i.invited_by"
	  "  LEFT JOIN tempcloud_data.account invitee ON invitee.id = i.invitee_id"
	  "  LEFT JOIN tempcloud_data.contact guest ON guest.id = i.decided_by"
	  "  LEFT JOIN tempcloud_data.contact c ON c.id = m.contact_id"
	  "  LEFT JOIN tempcloud_data.account own ON own.id = c.account_id"
	  " WHERE m.id = $1", INT8OID);

/*
 * The same of a mail about a request; the company and person are the other
 * side's.  It is obsolete when a request that was received is open no more, or
 * the names come in a later mail.
 */
static KeptQuery describe_request_mail =
QUERY("SELECT m.kind, NULL::uuid, NULL::integer, NULL::uuid, m.recipient, m.recipient_name,"
	  "       m.locale, m.message_id, m.attempt,"
	  "       CASE m.kind WHEN 'request_received'"
	  "            THEN r.status <> 'open' OR r.answer_by <= pg_catalog.clock_timestamp()"
	  "            WHEN 'request_filled'"
	  "            THEN r.status <> 'accepted' OR EXISTS ("
	  "                 SELECT FROM tempcloud_data.mail n"
	  "                  WHERE n.request_id = m.request_id AND n.kind = m.kind AND n.id > m.id)"
	  "            ELSE false END,"
	  "       true,"
	  "       " REPLY_TO("person") ","
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       other.company_name, pg_catalog.concat_ws(' ', person.given_name, person.family_name),"
	  "       person.email, r.requirements, r.reason,"
	  MAIL_DATE("r.answer_by") " || ' ' || " MAIL_TIME("r.answer_by") ","
	  "       o.name, r.profession, r.location, r.department,"
	  "       (SELECT pg_catalog.string_agg("
	  MAIL_DATE("s.starts_at") " || ' ' || " MAIL_TIME("s.starts_at") " || '-' || "
	  MAIL_TIME("s.ends_at") " || ': '"
	  "               || CASE WHEN s.offered < s.headcount THEN s.offered || '/' ELSE '' END"
	  "               || s.headcount"
	  "               || COALESCE(' (' || w.names || ')', ''), E'\n' ORDER BY s.starts_at)"
	  "          FROM tempcloud_data.shift s"
	  "         CROSS JOIN LATERAL ("
	  "           SELECT pg_catalog.string_agg(p.worker_name, ', ' ORDER BY p.place) AS names"
	  "             FROM tempcloud_data.assignment p WHERE p.shift_id = s.id AND p.replaced_at IS NULL) w"
	  "         WHERE s.request_id = r.id)"
	  "  FROM tempcloud_data.mail m"
	  "  JOIN tempcloud_data.request r ON r.id = m.request_id"
	  "  JOIN tempcloud_data.staff_order o ON o.id = r.order_id"
	  "  LEFT JOIN tempcloud_data.request_answer w ON w.request_id = r.id"
	  "  LEFT JOIN tempcloud_data.contact d ON d.id = r.decided_by"
	  "  JOIN tempcloud_data.account other"
	  "    ON other.id = CASE WHEN m.kind IN ('request_received', 'request_withdrawn')"
	  "                         OR (m.kind = 'request_cancelled' AND d.account_id = r.customer_id)"
	  "                       THEN r.customer_id ELSE r.provider_id END"
	  "  LEFT JOIN tempcloud_data.contact person"
	  "    ON person.id = CASE WHEN m.kind = 'request_received' THEN o.ordered_by"
	  "                        WHEN m.kind = 'request_filled' THEN w.answered_by"
	  "                        ELSE r.decided_by END"
	  " WHERE m.id = $1", INT8OID);

#define FIRST_PLACEHOLDER_COLUMN 13

static KeptQuery insert_invitation_token =
QUERY("INSERT INTO tempcloud_data.invitation_token (digest, invitation_id, round)"
	  " VALUES ($1, $2, $3)", BYTEAOID, UUIDOID, INT4OID);

static KeptQuery insert_confirmation_token =
QUERY("INSERT INTO tempcloud_data.confirmation_token (digest, contact_id, email)"
	  " VALUES ($1, $2, $3)", BYTEAOID, UUIDOID, TEXTOID);

static KeptQuery close_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = $2::tempcloud_data.mail_state, error = COALESCE($3, error),"
	  "       leased = false, closed_at = pg_catalog.clock_timestamp()"
	  " WHERE id = $1", INT8OID, TEXTOID, TEXTOID);

/* A report that comes after the lease is over is still true. */
static KeptQuery close_as_sent =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND attempt > 0 AND state IN ('queued', 'failed')"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET state = 'sent', error = NULL, leased = false,"
	  "        closed_at = pg_catalog.clock_timestamp()"
	  "   FROM held WHERE m.id = held.id", INT8ARRAYOID);

static KeptQuery lock_failed =
QUERY("SELECT attempt FROM tempcloud_data.mail"
	  " WHERE id = $1 AND state = 'queued' AND leased FOR NO KEY UPDATE", INT8OID);

/* Doubling from the first delay, at most a day, a quarter more or less. */
static KeptQuery defer_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET leased = false, error = $2,"
	  "       due_at = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs =>"
	  "           LEAST($3 * 2.0 ^ LEAST(attempt - 1, 30), 86400)"
	  "           * (0.75 + pg_catalog.random() / 2))"
	  " WHERE id = $1", INT8OID, TEXTOID, INT4OID);

static KeptQuery bounce_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = 'bounced', error = $2, leased = false,"
	  "       closed_at = pg_catalog.clock_timestamp()"
	  " WHERE message_id = $1 AND attempt > 0", TEXTOID, TEXTOID);

static KeptQuery release_mails =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail"
	  "    WHERE id = ANY ($1) AND state = 'queued' AND leased"
	  "    ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "    SET leased = false, attempt = attempt - 1, due_at = pg_catalog.clock_timestamp()"
	  "   FROM held WHERE m.id = held.id", INT8ARRAYOID);

static KeptQuery reopen_mail =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET state = 'queued', attempt = 0, closed_at = NULL,"
	  "       due_at = pg_catalog.clock_timestamp()"
	  " WHERE id = $1 AND state = 'failed'", INT8OID);

/* Skips the row if another mailer is just writing it: any of them will do. */
static KeptQuery note_claim =
QUERY("WITH stale AS MATERIALIZED ("
	  "   SELECT only_row FROM tempcloud_data.mailer"
	  "    WHERE last_claim_at IS NULL"
	  "       OR last_claim_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1)"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.mailer m SET last_claim_at = pg_catalog.clock_timestamp()"
	  "   FROM stale WHERE m.only_row = stale.only_row", INT4OID);

#define CLAIM_NOTE_SECONDS 5

/* How a session goes through the outbox, see lease_mails(). */
#define BEGIN_ANEW_SECONDS		30
#define BEGIN_ANEW_IDLE_SECONDS	5
#define COMMIT_SECONDS			2

/*
 * A mail server's words may quote the mail: no token may get into a table, nor
 * half of one.  The soft line ends of quoted-printable are joined first; of a
 * token that is broken in another way, no half as long as this is left.
 */
static KeptQuery clean_report =
QUERY("SELECT pg_catalog.left(pg_catalog.regexp_replace("
	  "         pg_catalog.regexp_replace("
	  "             pg_catalog.regexp_replace($1, '=[ \\t]*\\r?\\n', '', 'g'),"
	  "             'tc[ie]_[A-Za-z0-9_-]*|[A-Za-z0-9_-]{20,}', '[...]', 'g'),"
	  "         '[[:cntrl:]]+', ' ', 'g'), 500)", TEXTOID);

typedef struct Mail
{
	int64		id;
	bool		about_request;	/* or about an invitation, or an address */
	char	   *kind;
	pg_uuid_t  *invitation_id;
	int			round;
	pg_uuid_t  *contact_id;
	char	   *recipient;
	char	   *recipient_name;
	char	   *locale;
	char	   *message_id;
	int			attempt;
	bool		obsolete;
	bool		registered;		/* whether the address invited has an account */
	char	   *reply_to;		/* NULL for nobody */
	char	   *values[PLACEHOLDERS];
} Mail;

static int	lease_mails(int wanted, Interval *lease);
static int	lease_from(TimestampTz from, TimestampTz to, int wanted, Interval *lease);
static bool prepare_mail(Mail *mail);
static void load_mail(Mail *mail);
static void put_link(Mail *mail);
static void put_mail(ReturnSetInfo *rsinfo, const Mail *mail);
static const char *template_kind(const Mail *mail);
static char *clean(const char *report);

PG_FUNCTION_INFO_V1(tempcloud_claim_mail);
PG_FUNCTION_INFO_V1(tempcloud_mail_sent);
PG_FUNCTION_INFO_V1(tempcloud_mail_failed);
PG_FUNCTION_INFO_V1(tempcloud_mail_bounced);
PG_FUNCTION_INFO_V1(tempcloud_release_mail);
PG_FUNCTION_INFO_V1(tempcloud_retry_mail);

/*
 * claim_mail(max_messages integer, lease interval)
 *		returns setof tempcloud.outgoing_mail
 *
 * Two mailers never hold the same row: rows that another is claiming are
 * skipped, and leased ones are not due.
 */
Datum
tempcloud_claim_mail(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			wanted = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
	Interval   *lease = PG_ARGISNULL(1) ? NULL : PG_GETARG_INTERVAL_P(1);
	int			leased;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("claim_mail()");
	if (wanted < 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be at least 1.", "max_messages");
	if (lease == NULL || lease->month < 0 || lease->day < 0 || lease->time < 0 ||
		(lease->month | lease->day | lease->time) == 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be positive.", "lease");

	tc_run(&note_claim, INT_VALUE(CLAIM_NOTE_SECONDS));

	/* Mails that turn out to be obsolete make room for others. */
	while (wanted > 0 && (leased = lease_mails(wanted, lease)) > 0)
	{
		Mail	   *mails = palloc0(sizeof(Mail) * leased);

		for (int i = 0; i < leased; i++)
		{
			mails[i].id = tc_integer(i, 1);
			mails[i].about_request = tc_bool(i, 3);
		}
		for (int i = 0; i < leased; i++)
		{
			if (!prepare_mail(&mails[i]))
				continue;
			put_mail(rsinfo, &mails[i]);
			wanted--;
		}
	}
	tc_leave();
	return (Datum) 0;
}

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
	count = tc_run(&close_as_sent, VALUE(PG_GETARG_DATUM(0)));
	tc_leave();
	PG_RETURN_INT32(count);
}

/*
 * mail_failed(id bigint, error text, permanent boolean) returns boolean
 */
Datum
tempcloud_mail_failed(PG_FUNCTION_ARGS)
{
	bool		permanent = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	int64		id;
	char	   *error;
	bool		again = false;

	tc_enter_command("mail_failed()");
	if (PG_ARGISNULL(0))
		tc_require(NULL, "id");
	id = PG_GETARG_INT64(0);
	error = tc_trim(tc_arg_text(fcinfo, 1));
	error = error ? clean(error) : "unknown error";

	if (tc_run(&lock_failed, BIGINT_VALUE(id)) > 0)
	{
		again = !permanent && tc_integer(0, 1) < tc_mail_max_attempts;
		if (again)
			tc_run(&defer_mail, BIGINT_VALUE(id), TEXT_VALUE(error),
				   INT_VALUE(tc_mail_retry_delay));
		else
			tc_run(&close_mail, BIGINT_VALUE(id), TEXT_VALUE("failed"), TEXT_VALUE(error));
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
	found = tc_run(&bounce_mail, VALUE(PG_GETARG_DATUM(0)),
				   TEXT_VALUE(reason ? clean(reason) : "unknown reason")) > 0;
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
	count = tc_run(&release_mails, VALUE(PG_GETARG_DATUM(0)));
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
	found = tc_run(&reopen_mail, VALUE(PG_GETARG_DATUM(0))) > 0;
	if (found)
		tc_notify_mail();
	tc_leave();
	PG_RETURN_BOOL(found);
}

/*
 * Lease at most so many mails that are due; their ids are what the query
 * returned.
 *
 * Mails that were sent leave dead entries at the due end of the index, and while
 * anybody holds an old snapshot these can neither be removed nor told from
 * live ones without a look at the table.  So a session goes on from where it
 * has been.  It begins anew from time to time, and sooner when it finds
 * nothing: then it comes upon what was committed late.  It also does after a
 * rollback of what it leased.
 */
static int
lease_mails(int wanted, Interval *lease)
{
	static TimestampTz reached = DT_NOBEGIN;
	static TimestampTz began_at = DT_NOBEGIN;
	static TransactionId leased_by = InvalidTransactionId;
	TimestampTz now = GetCurrentTimestamp();
	int			leased;

	if (TimestampDifferenceExceeds(began_at, now, BEGIN_ANEW_SECONDS * 1000) ||
		(TransactionIdIsValid(leased_by) &&
		 !TransactionIdIsCurrentTransactionId(leased_by) &&
		 !TransactionIdDidCommit(leased_by)))
		reached = DT_NOBEGIN;
	leased = lease_from(reached, now, wanted, lease);
	if (leased == 0 && !TIMESTAMP_IS_NOBEGIN(reached) &&
		TimestampDifferenceExceeds(began_at, now, BEGIN_ANEW_IDLE_SECONDS * 1000))
	{
		reached = DT_NOBEGIN;
		leased = lease_from(reached, now, wanted, lease);
	}
	if (TIMESTAMP_IS_NOBEGIN(reached))
		began_at = now;
	leased_by = GetCurrentTransactionIdIfAny();

	/* Where commits may still come late, it does not go on yet. */
	reached = Max(reached, now - COMMIT_SECONDS * USECS_PER_SEC);
	if (leased == wanted)
	{
		TimestampTz last = DT_NOBEGIN;

		for (int i = 0; i < leased; i++)
			last = Max(last, tc_time(i, 2));
		reached = Min(reached, last);
	}
	return leased;
}

static int
lease_from(TimestampTz from, TimestampTz to, int wanted, Interval *lease)
{
	return tc_run(&lease_due, INT_VALUE(wanted), VALUE(IntervalPGetDatum(lease)),
				  TIME_VALUE(from), TIME_VALUE(to));
}

/*
 * Make a leased mail ready to be sent, or close it if it is not to be sent:
 * because it has become pointless, or because each of its attempts ended
 * without a report.
 */
static bool
prepare_mail(Mail *mail)
{
	load_mail(mail);
	if (mail->obsolete)
	{
		tc_run(&close_mail, BIGINT_VALUE(mail->id), TEXT_VALUE("dropped"), TEXT_VALUE(NULL));
		return false;
	}
	if (mail->attempt > tc_mail_max_attempts)
	{
		tc_run(&close_mail, BIGINT_VALUE(mail->id), TEXT_VALUE("failed"),
			   TEXT_VALUE("no mailer reported what became of it"));
		return false;
	}
	put_link(mail);
	return true;
}

static void
load_mail(Mail *mail)
{
	int			nvalues = mail->about_request ? PLACEHOLDER_LINK : PLACEHOLDER_ORDER;

	tc_run(mail->about_request ? &describe_request_mail : &describe_mail,
		   BIGINT_VALUE(mail->id));
	mail->kind = tc_text(0, 1);
	mail->invitation_id = tc_uuid(0, 2);
	mail->round = tc_integer(0, 3);
	mail->contact_id = tc_uuid(0, 4);
	mail->recipient = tc_text(0, 5);
	mail->recipient_name = tc_text(0, 6);
	mail->locale = tc_text(0, 7);
	mail->message_id = tc_text(0, 8);
	mail->attempt = tc_integer(0, 9);
	mail->obsolete = tc_bool(0, 10);
	mail->registered = tc_bool(0, 11);
	mail->reply_to = tc_text(0, 12);
	for (int i = 0; i < nvalues; i++)
		mail->values[i] = tc_text(0, FIRST_PLACEHOLDER_COLUMN + i);
}

/*
 * Mint a secret for the link, if this kind of mail has one, and keep its
 * digest.
 */
static void
put_link(Mail *mail)
{
	bytea	   *digest;
	char	   *token;
	char	   *url;

	if (strcmp(mail->kind, "confirm_email") == 0)
	{
		token = tc_mint_token(CONFIRMATION_TOKEN, &digest);
		url = tc_confirmation_url;
		tc_run(&insert_confirmation_token, BYTEA_VALUE(digest),
			   UUID_VALUE(mail->contact_id), TEXT_VALUE(mail->recipient));
	}
	else if (strcmp(mail->kind, "invitation") == 0 || strcmp(mail->kind, "reminder") == 0)
	{
		token = tc_mint_token(INVITATION_TOKEN, &digest);
		url = tc_invitation_url;
		tc_run(&insert_invitation_token, BYTEA_VALUE(digest),
			   UUID_VALUE(mail->invitation_id), INT_VALUE(mail->round));
	}
	else
		return;
	mail->values[PLACEHOLDER_LINK] = tc_replace(url, "{token}", token);
}

/*
 * Add a row of tempcloud.outgoing_mail.
 */
static void
put_mail(ReturnSetInfo *rsinfo, const Mail *mail)
{
	Message		message = tc_render(template_kind(mail), mail->locale, mail->values);
	char	   *strings[] = {
		psprintf(INT64_FORMAT, mail->id), mail->kind, mail->recipient, mail->recipient_name,
		mail->locale, message.subject, message.text_body, message.html_body,
		mail->message_id, psprintf("%d", mail->attempt), mail->reply_to
	};
	HeapTuple	row = BuildTupleFromCStrings(TupleDescGetAttInMetadata(rsinfo->setDesc), strings);

	tuplestore_puttuple(rsinfo->setResult, row);
}

/* Who has no account yet is asked to make one. */
static const char *
template_kind(const Mail *mail)
{
	if (strcmp(mail->kind, "invitation") == 0 && !mail->registered)
		return "invitation_to_register";
	return mail->kind;
}

static char *
clean(const char *report)
{
	tc_run(&clean_report, TEXT_VALUE(report));
	return tc_text(0, 1);
}
