/*
 * mail_claim.c
 *		What a mailer gets: mails that are due, ready to be sent.
 *
 * A row of the outbox says that a mail is due and to whom.  Its text, and the
 * secret in its link, are made when a mailer claims it, for each attempt anew:
 * neither is stored, so that no copy of the database can open an invitation.
 * So the rows that are returned must not spill to a file, wherever the caller's
 * query keeps them: a claim ends when they come near to work_mem.
 *
 * One mail does not keep others from being sent.  It has a bounded size, it is
 * made in memory that is freed before the next, and if that fails it is set
 * aside.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/mail_due.h"
#include "rule/mail_report.h"
#include "rule/mail_kind.h"
#include "rule/mail_template.h"
#include "rule/token.h"
#include "worker/notify.h"

/* In the order of the index, so that a session can go on from the last one. */
static KeptQuery lock_due =
QUERY("SELECT id, due_at, kind, request_id IS NOT NULL FROM tempcloud_data.mail"
	  " WHERE state = 'queued' AND due_at >= $2 AND due_at <= $3"
	  " ORDER BY due_at, id LIMIT $1"
	  "   FOR NO KEY UPDATE SKIP LOCKED");

static KeptQuery lease_mails =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET attempt = attempt + 1, leased = true,"
	  "       due_at = clock_timestamp() + $2"
	  " WHERE id = ANY ($1)");

/* A day and a time as a mail in the language of m.locale writes them. */
#define MAIL_DATE(time) \
	"to_char(" time ", CASE split_part(m.locale, '-', 1)" \
	" WHEN 'de' THEN 'DD.MM.YYYY' WHEN 'en' THEN 'FMDD FMMonth YYYY' ELSE 'YYYY-MM-DD' END)"
#define MAIL_TIME(time) "to_char(" time ", 'HH24:MI')"

/*
 * The shifts of a request, a line each, with their workers.  A mail tells so
 * many of either, and how many more there are: the query reads no more names
 * than that.
 */
#define TOLD_SHIFTS	"20"
#define TOLD_NAMES	"50"

#define AND_MORE(count) \
	"CASE split_part(m.locale, '-', 1)" \
	" WHEN 'de' THEN 'und ' || " count " || ' weitere'" \
	" WHEN 'en' THEN 'and ' || " count " || ' more' ELSE '+' || " count " END"

#define SHIFTS(request_id) \
	"(SELECT string_agg(" \
	MAIL_DATE("s.starts_at") " || ' ' || " MAIL_TIME("s.starts_at") " || '-' || " \
	MAIL_TIME("s.ends_at") " || ': '" \
	"        || CASE WHEN s.offered < s.headcount THEN s.offered || '/' ELSE '' END" \
	"        || s.headcount" \
	"        || CASE WHEN s.assigned = 0 THEN '' WHEN s.told = 0 THEN ' (...)'" \
	"                WHEN s.told = s.assigned THEN ' (' || w.names || ')'" \
	"                ELSE ' (' || w.names || ' ' || " AND_MORE("(s.assigned - s.told)") " || ')' END," \
	"        E'\n' ORDER BY s.starts_at)" \
	"   FROM (SELECT s.*, GREATEST(LEAST(s.assigned, " TOLD_NAMES " - COALESCE(sum(s.assigned)" \
	"                OVER (ORDER BY s.starts_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0)" \
	"                AS told" \
	"           FROM (SELECT s.starts_at, s.ends_at, s.headcount, s.offered, s.id," \
	"                        (SELECT count(*) FROM tempcloud_data.assignment p" \
	"                          WHERE p.shift_id = s.id AND p.replaced_at IS NULL) AS assigned" \
	"                   FROM tempcloud_data.shift s WHERE s.request_id = " request_id \
	"                  ORDER BY s.starts_at LIMIT " TOLD_SHIFTS ") s) s" \
	"  CROSS JOIN LATERAL (" \
	"   SELECT string_agg(p.worker_name, ', ' ORDER BY p.place) AS names" \
	"     FROM (SELECT p.worker_name, p.place FROM tempcloud_data.assignment p" \
	"            WHERE p.shift_id = s.id AND p.replaced_at IS NULL" \
	"            ORDER BY p.place LIMIT s.told) p) w)" \
	" || (SELECT CASE WHEN n.shifts > " TOLD_SHIFTS \
	"                 THEN E'\n' || " AND_MORE("(n.shifts - " TOLD_SHIFTS ")") " ELSE '' END" \
	"       FROM (SELECT count(*) AS shifts FROM tempcloud_data.shift s" \
	"              WHERE s.request_id = " request_id ") n)"

/*
 * Where an answer to a mail goes, of the contact who acted: only to an address
 * that is proven, and of a contact who is still there.
 */
#define REPLY_TO(contact) \
	"CASE WHEN " contact ".email_verified_at IS NOT NULL AND " contact ".removed_at IS NULL" \
	" THEN " contact ".email END"

/*
 * A mail, and what the placeholders of its template stand for, in the
 * order of Placeholder (mail_template.h) but for the link.  The company, person and
 * address a mail is about are the other side's: the inviter's for the invitee,
 * and for the inviter those who accepted or, before there is a partnership,
 * what the inviter typed.  It is obsolete when the invitation was closed or
 * sent again, or the address was proven, meanwhile.
 */
static KeptQuery describe_mail =
QUERY("SELECT COALESCE(m.invitation_id, m.contact_id), m.round, m.recipient, m.recipient_name,"
	  "       m.locale, m.message_id, m.attempt + 1,"
	  "       CASE WHEN m.kind = 'confirm_email'"
	  "            THEN c.removed_at IS NOT NULL OR c.email_verified_at IS NOT NULL"
	  "              OR lower(c.email) IS DISTINCT FROM lower(m.recipient)"
	  "            WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN m.round <> i.round OR i.status <> 'pending'"
	  "              OR i.expires_at <= clock_timestamp()"
	  "            ELSE m.round <> i.round END AS obsolete,"
	  "       m.kind IN ('invitation', 'reminder') AND EXISTS ("
	  "         SELECT FROM tempcloud_data.contact me"
	  "          CROSS JOIN LATERAL ("
	  "            SELECT FROM tempcloud_data.block b"
	  "             WHERE b.account_id = me.account_id AND b.inviter_id = i.inviter_id OFFSET 0) b"
	  "          WHERE lower(me.email) = lower(m.recipient)"
	  "            AND me.email_verified_at IS NOT NULL) AS blocked,"
	  "       i.invitee_id IS NOT NULL AS registered,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder') THEN " REPLY_TO("host")
	  "            WHEN m.kind = 'invitation_accepted' THEN " REPLY_TO("guest") " END,"
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       CASE WHEN m.kind = 'confirm_email' THEN own.company_name"
	  "            WHEN m.kind IN ('invitation', 'reminder') THEN inviter.company_name"
	  "            WHEN m.kind = 'invitation_accepted' THEN invitee.company_name"
	  "            ELSE i.company_name END,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN concat_ws(' ', host.given_name, host.family_name)"
	  "            WHEN m.kind = 'invitation_accepted'"
	  "            THEN concat_ws(' ', guest.given_name, guest.family_name)"
	  "            ELSE concat_ws(' ', i.given_name, i.family_name) END,"
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
	  " WHERE m.id = $1");

/*
 * The same of a mail about a request; the company and person are the other
 * side's.  It is obsolete when a request that was received is open no more, or
 * the names come in a later mail.
 */
static KeptQuery describe_request_mail =
QUERY("SELECT m.request_id, NULL::integer, m.recipient, m.recipient_name,"
	  "       m.locale, m.message_id, m.attempt + 1,"
	  "       CASE m.kind WHEN 'request_received'"
	  "            THEN r.status <> 'open' OR r.answer_by <= clock_timestamp()"
	  "            WHEN 'request_filled'"
	  "            THEN r.status <> 'accepted' OR EXISTS ("
	  "                 SELECT FROM tempcloud_data.mail n"
	  "                  WHERE n.request_id = m.request_id AND n.kind = m.kind AND n.id > m.id)"
	  "            ELSE false END,"
	  "       false, true,"
	  "       " REPLY_TO("person") ","
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       other.company_name, concat_ws(' ', person.given_name, person.family_name),"
	  "       person.email, r.requirements, r.reason,"
	  MAIL_DATE("r.answer_by") " || ' ' || " MAIL_TIME("r.answer_by") ","
	  "       o.name, r.profession, r.location, r.department,"
	  "       " SHIFTS("r.id")
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
	  " WHERE m.id = $1");

#define FIRST_PLACEHOLDER_COLUMN 12

static KeptQuery insert_invitation_token =
QUERY("INSERT INTO tempcloud_data.invitation_token (digest, invitation_id, round)"
	  " VALUES ($1, $2, $3)");

static KeptQuery insert_confirmation_token =
QUERY("INSERT INTO tempcloud_data.confirmation_token (digest, contact_id, email)"
	  " VALUES ($1, $2, $3)");

/* Skips the row if another mailer is just writing it: any of them will do. */
static KeptQuery note_claim =
QUERY("WITH stale AS MATERIALIZED ("
	  "   SELECT only_row FROM tempcloud_data.mailer"
	  "    WHERE last_claim_at IS NULL"
	  "       OR last_claim_at < clock_timestamp() - make_interval(secs => $1)"
	  "       OR last_claim_at > clock_timestamp()"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.mailer m SET last_claim_at = clock_timestamp()"
	  "   FROM stale WHERE m.only_row = stale.only_row");

#define CLAIM_NOTE_SECONDS 5

/*
 * What a claim takes at most, whatever is asked for: messages, which are also
 * the rows it looks at, a step at a time; and a part of work_mem, which leaves
 * room for one more message and for what a query adds to its rows.
 */
#define MAX_MESSAGES			1000
#define STEP					50
#define WORK_MEM_PART			4
#define MIN_WORK_MEM			2048	/* kB; four messages of the greatest
										 * size */
#define MAX_ROOM				(8 * 1024 * 1024)

StaticAssertDecl(MAX_MESSAGE_BYTES <= MIN_WORK_MEM * 1024 / 4,
				 "a message must fit into work_mem with room to spare");

typedef struct Claim
{
	Tuplestorestate *result;
	AttInMetadata *columns;
	Interval   *lease;
	int			wanted;			/* messages */
	int			looks;			/* rows to look at */
	int64		room;			/* bytes */
} Claim;

typedef struct Due
{
	int64		id;
	TimestampTz due_at;
	MailKind	kind;
	bool		about_request;	/* or about an invitation, or an address */
} Due;

typedef struct Mail
{
	const Due  *due;
	pg_uuid_t  *topic;			/* request, invitation or contact */
	int			round;
	char	   *recipient;
	char	   *recipient_name;
	char	   *locale;
	char	   *message_id;
	int			attempt;		/* this one included */
	bool		obsolete;
	bool		blocked;		/* the recipient's account has blocked the
								 * inviter */
	bool		registered;		/* whether the address invited has an account */
	char	   *reply_to;		/* NULL for nobody */
	char	   *values[PLACEHOLDERS];
	char	   *token;			/* NULL for a mail without a secret */
	bytea	   *digest;
	Message		message;
} Mail;

static bool claim_step(Claim *claim);
static Due *lock_mails(TimestampTz from, TimestampTz to, int wanted, int *count);
static bool claim_mail(Claim *claim, const Due *due);
static bool prepare_mail(Mail *mail);
static void render_mail(void *argument);
static void load_mail(Mail *mail);
static void set_aside(const Mail *mail, ErrorData *error);
static bool proves_address(const Mail *mail);
static bool invites(const Mail *mail);
static void mint_token(Mail *mail);
static void keep_token(const Mail *mail);
static char *link_of(const Mail *mail);
static MailKind template_kind(const Mail *mail);
static void put_mail(Claim *claim, const Mail *mail);

PG_FUNCTION_INFO_V1(tempcloud_claim_mail);

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
	Interval	longest = {.day = 1};
	Claim		claim;

	if (work_mem < MIN_WORK_MEM)
		ereport(ERROR,
				errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("claim_mail() needs a work_mem of at least %d kB", MIN_WORK_MEM),
				errdetail("The messages hold secrets, which must not spill to a file."));
	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("claim_mail()");
	if (wanted < 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be at least 1.", "max_messages");
	if (lease == NULL || lease->month < 0 || lease->day < 0 || lease->time < 0 ||
		(lease->month | lease->day | lease->time) == 0 ||
		DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(lease),
										  IntervalPGetDatum(&longest))) > 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be positive and at most a day.",
					   "lease");

	tc_run(&note_claim, INT_VALUE(CLAIM_NOTE_SECONDS));

	claim = (Claim)
	{
		.result = rsinfo->setResult,
			.columns = TupleDescGetAttInMetadata(rsinfo->setDesc),
			.lease = lease,
			.wanted = Min(wanted, MAX_MESSAGES),
			.looks = MAX_MESSAGES,
			.room = Min(work_mem * INT64CONST(1024) / WORK_MEM_PART, MAX_ROOM)
	};
	while (claim.wanted > 0 && claim.looks > 0 && claim.room > 0 && claim_step(&claim))
		;

	/* A mailer that gets nothing waits: others may be due behind those. */
	if (claim.looks == 0 && tuplestore_tuple_count(claim.result) == 0)
		tc_notify_mail();
	tc_leave();
	return (Datum) 0;
}

/*
 * Claim some mails.  Returns whether there were any; those that turn out to
 * be obsolete make room for others.
 *
 * Rows that are locked and not returned stay as they are.  After a rollback of
 * what it leased a session begins anew.
 */
static bool
claim_step(Claim *claim)
{
	static DueCursor cursor = DUE_CURSOR;
	static TransactionId leased_by = InvalidTransactionId;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from;
	TimestampTz rest = DT_NOEND;
	int			wanted = Min(Min(claim->wanted, claim->looks), STEP);
	int			count;
	int			nleased = 0;
	int			i;
	Due		   *due;
	Datum	   *leased;

	if (TransactionIdIsValid(leased_by) &&
		!TransactionIdIsCurrentTransactionId(leased_by) && !TransactionIdDidCommit(leased_by))
		cursor = (DueCursor) DUE_CURSOR;

	tc_enter();
	from = tc_due_from(&cursor, now);
	due = lock_mails(from, now, wanted, &count);
	if (count == 0 && !TIMESTAMP_IS_NOBEGIN(from))
	{
		from = tc_due_from_idle(&cursor, now);
		if (TIMESTAMP_IS_NOBEGIN(from))
			due = lock_mails(from, now, wanted, &count);
	}

	leased = palloc(sizeof(Datum) * (count + 1));
	for (i = 0; i < count && claim->room > 0; i++)
	{
		claim->looks--;
		if (claim_mail(claim, &due[i]))
			leased[nleased++] = Int64GetDatum(due[i].id);
	}
	if (nleased > 0)
		tc_run(&lease_mails,
			   ARRAY_VALUE(construct_array(leased, nleased, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
			   INTERVAL_VALUE(claim->lease));

	if (i < count)
		rest = due[i].due_at;
	else if (count == wanted)
		rest = due[count - 1].due_at;
	tc_due_seen(&cursor, from, now, rest);
	leased_by = GetCurrentTransactionIdIfAny();
	tc_leave();
	return count > 0;
}

/* In the order in which they are due. */
static Due *
lock_mails(TimestampTz from, TimestampTz to, int wanted, int *count)
{
	Rows		rows;
	Due		   *due;

	rows = tc_run(&lock_due, INT_VALUE(wanted), TIME_VALUE(from), TIME_VALUE(to));
	*count = rows.count;
	due = palloc(sizeof(Due) * (*count + 1));
	for (int i = 0; i < *count; i++)
		due[i] = (Due)
	{
		.id = tc_integer(rows, i, 1),
			.due_at = tc_time(rows, i, 2),
			.kind = tc_mail_kind(rows, i, 3),
			.about_request = tc_bool(rows, i, 4)
	};
	return due;
}

/*
 * Add a mail to the result, or close it if it is not to be sent, in a frame of
 * its own: what it took is freed.
 */
static bool
claim_mail(Claim *claim, const Due *due)
{
	Mail		mail = {.due = due};
	bool		ready;

	tc_enter();
	ready = prepare_mail(&mail);
	if (ready)
		put_mail(claim, &mail);
	tc_leave();
	return ready;
}

/*
 * Make a mail ready to be sent, or close it if it is not to be sent: because it
 * has become pointless, because its reader has blocked the sender, because each of its attempts ended without a report, or
 * because it cannot be rendered.
 */
static bool
prepare_mail(Mail *mail)
{
	ErrorData  *error;

	mint_token(mail);
	error = tc_attempt(render_mail, mail);
	if (error != NULL)
		set_aside(mail, error);
	else if (mail->obsolete)
		tc_close_mail(mail->due->id, "dropped", NULL);
	else if (mail->blocked)
		tc_close_mail(mail->due->id, "suppressed", NULL);
	else if (mail->attempt > tc_mail_max_attempts)
		tc_close_mail(mail->due->id, "failed", "no mailer reported what became of it");
	else
	{
		keep_token(mail);
		return true;
	}
	return false;
}

/* Reads only, so that the subtransaction of each mail costs next to nothing. */
static void
render_mail(void *argument)
{
	Mail	   *mail = argument;

	load_mail(mail);
	if (!mail->obsolete && !mail->blocked)
		mail->message = tc_render(template_kind(mail), mail->locale, mail->values);
}

static void
load_mail(Mail *mail)
{
	Rows		rows;
	int			nvalues = mail->due->about_request ? PLACEHOLDER_LINK : PLACEHOLDER_ORDER;

	rows = tc_run(mail->due->about_request ? &describe_request_mail : &describe_mail,
				  BIGINT_VALUE(mail->due->id));
	mail->topic = tc_uuid(rows, 0, 1);
	mail->round = tc_integer(rows, 0, 2);
	mail->recipient = tc_text(rows, 0, 3);
	mail->recipient_name = tc_text(rows, 0, 4);
	mail->locale = tc_text(rows, 0, 5);
	mail->message_id = tc_text(rows, 0, 6);
	mail->attempt = tc_integer(rows, 0, 7);
	mail->obsolete = tc_bool(rows, 0, 8);
	mail->blocked = tc_bool(rows, 0, 9);
	mail->registered = tc_bool(rows, 0, 10);
	mail->reply_to = tc_text(rows, 0, 11);
	for (int i = 0; i < nvalues; i++)
		mail->values[i] = tc_text(rows, 0, FIRST_PLACEHOLDER_COLUMN + i);
	mail->values[PLACEHOLDER_LINK] = link_of(mail);
}

/*
 * Give up a mail that could not be rendered.  An error that is not about the
 * mail, and may be gone at the next attempt, goes on.
 */
static void
set_aside(const Mail *mail, ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
			ReThrowError(error);
	}
	ereport(LOG,
			errcode(error->sqlerrcode),
			errmsg("mail %lld cannot be rendered: %s", (long long) mail->due->id, error->message));
	tc_close_mail(mail->due->id, "failed",
				  tc_clean_report(psprintf("cannot be rendered: %s", error->message)));
}

static bool
proves_address(const Mail *mail)
{
	return mail->due->kind == MAIL_CONFIRM_EMAIL;
}

static bool
invites(const Mail *mail)
{
	return mail->due->kind == MAIL_INVITATION || mail->due->kind == MAIL_REMINDER;
}

/* Mint a secret for the link, if this kind of mail has one. */
static void
mint_token(Mail *mail)
{
	if (proves_address(mail))
		mail->token = tc_mint_token(CONFIRMATION_TOKEN, &mail->digest);
	else if (invites(mail))
		mail->token = tc_mint_token(INVITATION_TOKEN, &mail->digest);
}

/* Keep the digest of its secret. */
static void
keep_token(const Mail *mail)
{
	if (proves_address(mail))
		tc_run(&insert_confirmation_token, BYTEA_VALUE(mail->digest), UUID_VALUE(mail->topic),
			   TEXT_VALUE(mail->recipient));
	else if (invites(mail))
		tc_run(&insert_invitation_token, BYTEA_VALUE(mail->digest), UUID_VALUE(mail->topic),
			   INT_VALUE(mail->round));
}

static char *
link_of(const Mail *mail)
{
	if (mail->due->about_request)
		return tc_replace(tc_request_url, "{id}",
						  DatumGetCString(DirectFunctionCall1(uuid_out,
															  UUIDPGetDatum(mail->topic))));
	if (mail->token == NULL)
		return NULL;
	return tc_replace(proves_address(mail) ? tc_confirmation_url : tc_invitation_url,
					  "{token}", mail->token);
}

/* Who has no account yet is asked to make one. */
static MailKind
template_kind(const Mail *mail)
{
	if (mail->due->kind == MAIL_INVITATION && !mail->registered)
		return MAIL_INVITATION_TO_REGISTER;
	return mail->due->kind;
}

/* Add a row of tempcloud.outgoing_mail. */
static void
put_mail(Claim *claim, const Mail *mail)
{
	char	   *strings[] = {
		psprintf(INT64_FORMAT, mail->due->id), (char *) tc_mail_kind_label(mail->due->kind), mail->recipient,
		mail->recipient_name, mail->locale, mail->message.subject, mail->message.text_body,
		mail->message.html_body, mail->message_id, psprintf("%d", mail->attempt), mail->reply_to
	};
	HeapTuple	row = BuildTupleFromCStrings(claim->columns, strings);

	tuplestore_puttuple(claim->result, row);
	claim->wanted--;
	claim->room -= row->t_len;
}
