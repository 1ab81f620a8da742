/*
 * mail_claim.c
 *		claim_mail(): gives mailers the mails that are due, ready to be sent.
 *
 * A row of the outbox says that a mail is due and to whom.  Its text
 * (mail_content.c), and the secret in its link, are made when a mailer claims it,
 * anew for each attempt.
 * Neither is stored, so that no copy of the database can open an invitation.
 * For the same reason the rows that are returned must not spill to a file,
 * wherever the caller's query keeps them: a claim ends before they fill
 * work_mem.
 *
 * One mail does not keep others from being sent.  Its size is bounded, it is
 * made in memory that is freed before the next one, and a mail that cannot be
 * rendered is given up.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "base/attempt.h"
#include "base/clock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "base/uuid.h"
#include "rule/mail_content.h"
#include "rule/mail_due.h"
#include "rule/mail_kind.h"
#include "rule/mail_report.h"
#include "rule/token.h"
#include "worker/notify.h"

/*
 * In the order of the index, so that a session can continue after the last one.
 * Of mails that are due at the same time, the key only makes the order definite.
 */
static KeptQuery lock_due =
QUERY("SELECT id, due_at, kind, request_id IS NOT NULL FROM tempcloud_data.mail"
	  " WHERE state = 'queued' AND due_at >= $2 AND due_at <= $3"
	  " ORDER BY due_at, id LIMIT $1"
	  "   FOR NO KEY UPDATE SKIP LOCKED");

enum
{
	DUE_ID = 1, DUE_AT, DUE_KIND, DUE_ABOUT_REQUEST
};

static KeptQuery lease_mails =
QUERY("UPDATE tempcloud_data.mail"
	  "   SET attempt = attempt + 1, leased = true, due_at = $3 + $2"
	  " WHERE id = ANY ($1)");

static KeptQuery insert_invitation_token =
QUERY("INSERT INTO tempcloud_data.invitation_token (digest, invitation_id, round, issued_at)"
	  " VALUES ($1, $2, $3, $4)");

static KeptQuery insert_confirmation_token =
QUERY("INSERT INTO tempcloud_data.confirmation_token (digest, contact_id, email, issued_at)"
	  " VALUES ($1, $2, $3, $4)");

/* Skips the row if another mailer is just writing it, which is as good. */
static KeptQuery note_claim =
QUERY("WITH stale AS MATERIALIZED ("
	  "   SELECT only_row FROM tempcloud_data.mailer"
	  "    WHERE last_claim_at IS NULL"
	  "       OR last_claim_at < $2 - make_interval(secs => $1)"
	  "       OR last_claim_at > $2"
	  "      FOR NO KEY UPDATE SKIP LOCKED)"
	  " UPDATE tempcloud_data.mailer m SET last_claim_at = $2"
	  "   FROM stale WHERE m.only_row = stale.only_row");

#define CLAIM_NOTE_SECONDS 5

/*
 * What a claim takes at most, whatever the caller asks for: a number of
 * messages, which is also that of the rows it looks at, a step at a time; and a
 * part of work_mem, which leaves room for one more message and for what a query
 * adds to its rows.
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
	pg_uuid_t  *id;
	TimestampTz due_at;
	MailKind	kind;
	bool		about_request;	/* or about an invitation, or an address */
} Due;

/* The mails that are looked at in one step, in the order in which they are due. */
typedef struct Step
{
	TimestampTz from;			/* they are due from this time */
	TimestampTz now;			/* up to this one */
	int			wanted;
	int			count;
	Due		   *mails;
} Step;

typedef struct Mail
{
	const Due  *due;
	char	   *token;			/* NULL for a mail without a secret */
	bytea	   *digest;			/* of the token */
	MailContent content;
} Mail;

/* The columns of tempcloud.outgoing_mail. */
enum
{
	OUTGOING_ID, OUTGOING_KIND, OUTGOING_RECIPIENT, OUTGOING_RECIPIENT_NAME, OUTGOING_LOCALE,
	OUTGOING_SUBJECT, OUTGOING_TEXT_BODY, OUTGOING_HTML_BODY, OUTGOING_MESSAGE_ID,
	OUTGOING_ATTEMPT, OUTGOING_REPLY_TO, OUTGOING_COLUMNS
};

/*
 * How far this session has come, and the transaction in which it last leased
 * mails.
 */
static DueCursor cursor = DUE_CURSOR;
static TransactionId leased_by = InvalidTransactionId;

static void require_work_mem(void);
static Interval *lease_of(FunctionCallInfo fcinfo, int n);
static bool claim_step(Claim *claim);
static void forget_rolled_back(void);
static Step find_step(int wanted);
static void lock_mails(Step *step, TimestampTz from);
static int	claim_mails(Claim *claim, const Step *step);
static void remember_step(const Step *step, int seen);
static bool claim_mail(Claim *claim, const Due *due);
static bool prepare_mail(Mail *mail);
static void render_mail(void *argument);
static void give_up(const Mail *mail, ErrorData *error);
static void mint_token(Mail *mail);
static void keep_token(const Mail *mail);
static void put_mail(Claim *claim, const Mail *mail);

PG_FUNCTION_INFO_V1(tempcloud_claim_mail);

/*
 * claim_mail(max_messages integer, lease interval)
 *		returns setof tempcloud.outgoing_mail
 *
 * No two mailers hold the same row: rows that another one is claiming are
 * skipped, and leased ones are not due.
 */
Datum
tempcloud_claim_mail(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_MAX_MESSAGES, ARG_LEASE
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			wanted = PG_ARGISNULL(ARG_MAX_MESSAGES) ? 0 : PG_GETARG_INT32(ARG_MAX_MESSAGES);
	Claim		claim;

	require_work_mem();
	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("claim_mail()");
	if (wanted < 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be at least 1.", "max_messages");
	claim = (Claim)
	{
		.result = rsinfo->setResult,
			.columns = TupleDescGetAttInMetadata(rsinfo->setDesc),
			.lease = lease_of(fcinfo, ARG_LEASE),
			.wanted = Min(wanted, MAX_MESSAGES),
			.looks = MAX_MESSAGES,
			.room = Min(work_mem * INT64CONST(1024) / WORK_MEM_PART, MAX_ROOM)
	};

	tc_run(&note_claim, INT_VALUE(CLAIM_NOTE_SECONDS), TIME_VALUE(tc_now()));
	while (claim.wanted > 0 && claim.looks > 0 && claim.room > 0 && claim_step(&claim))
		;

	/* A mailer that gets nothing waits: others may be due behind those. */
	if (claim.looks == 0 && tuplestore_tuple_count(claim.result) == 0)
		tc_notify_mail();
	tc_leave();
	return (Datum) 0;
}

static void
require_work_mem(void)
{
	if (work_mem < MIN_WORK_MEM)
		ereport(ERROR,
				errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("claim_mail() needs a work_mem of at least %d kB", MIN_WORK_MEM),
				errdetail("The messages hold secrets, which must not spill to a file."));
}

/* Argument n, or PT400. */
static Interval *
lease_of(FunctionCallInfo fcinfo, int n)
{
	Interval   *lease = PG_ARGISNULL(n) ? NULL : PG_GETARG_INTERVAL_P(n);
	Interval	longest = {.day = 1};

	if (lease == NULL || lease->month < 0 || lease->day < 0 || lease->time < 0 ||
		(lease->month | lease->day | lease->time) == 0 ||
		DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(lease),
										  IntervalPGetDatum(&longest))) > 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be positive and at most a day.",
					   "lease");
	return lease;
}

/*
 * Claim some mails.  Returns whether any were due; obsolete ones are closed and
 * make room for others.
 */
static bool
claim_step(Claim *claim)
{
	Step		step;

	forget_rolled_back();
	tc_enter();
	step = find_step(Min(Min(claim->wanted, claim->looks), STEP));
	remember_step(&step, claim_mails(claim, &step));
	tc_leave();
	return step.count > 0;
}

/* Begin anew if what this session leased was rolled back: it is due again. */
static void
forget_rolled_back(void)
{
	if (TransactionIdIsValid(leased_by) &&
		!TransactionIdIsCurrentTransactionId(leased_by) && !TransactionIdDidCommit(leased_by))
		cursor = (DueCursor) DUE_CURSOR;
}

/* The mails to look at next, locked. */
static Step
find_step(int wanted)
{
	Step		step = {.now = tc_now(),.wanted = wanted};

	lock_mails(&step, tc_due_from(&cursor, step.now));
	if (step.count == 0 && !TIMESTAMP_IS_NOBEGIN(step.from))
	{
		TimestampTz from = tc_due_from_idle(&cursor, step.now);

		if (TIMESTAMP_IS_NOBEGIN(from))
			lock_mails(&step, from);
	}
	return step;
}

static void
lock_mails(Step *step, TimestampTz from)
{
	Rows		rows = tc_run(&lock_due, INT_VALUE(step->wanted), TIME_VALUE(from),
							  TIME_VALUE(step->now));

	step->from = from;
	step->count = rows.count;
	step->mails = palloc(sizeof(Due) * (step->count + 1));
	for (int i = 0; i < step->count; i++)
		step->mails[i] = (Due)
	{
		.id = tc_uuid(rows, i, DUE_ID),
			.due_at = tc_time(rows, i, DUE_AT),
			.kind = tc_mail_kind(rows, i, DUE_KIND),
			.about_request = tc_bool(rows, i, DUE_ABOUT_REQUEST)
	};
}

/* Until there is no more room.  Returns how many of the step it has looked at. */
static int
claim_mails(Claim *claim, const Step *step)
{
	const pg_uuid_t *leased[STEP];
	int			nleased = 0;
	int			seen;

	for (seen = 0; seen < step->count && claim->room > 0; seen++)
	{
		claim->looks--;
		if (claim_mail(claim, &step->mails[seen]))
			leased[nleased++] = step->mails[seen].id;
	}
	if (nleased > 0)
		tc_run(&lease_mails, ARRAY_VALUE(tc_uuid_array(leased, nleased)),
			   INTERVAL_VALUE(claim->lease), TIME_VALUE(tc_now()));
	return seen;
}

/* Mails that were locked and not looked at are left to a later claim. */
static void
remember_step(const Step *step, int seen)
{
	TimestampTz rest = DT_NOEND;

	if (seen < step->count)
		rest = step->mails[seen].due_at;
	else if (step->count == step->wanted)
		rest = step->mails[step->count - 1].due_at;
	tc_due_seen(&cursor, step->from, step->now, rest);
	leased_by = GetCurrentTransactionIdIfAny();
}

/*
 * Add a mail to the result, or close it if it is not to be sent.  It is done in
 * a frame of its own, whose memory is freed.
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
 * Make a mail ready to be sent.  Close it and return false if it is obsolete, its
 * recipient has blocked the sender, its last attempt ended without a report, or
 * it cannot be rendered.
 */
static bool
prepare_mail(Mail *mail)
{
	ErrorData  *error;

	mint_token(mail);
	error = tc_attempt(render_mail, mail);
	if (error != NULL)
		give_up(mail, error);
	else if (mail->content.obsolete)
		tc_close_mail(mail->due->id, MAIL_IS_DROPPED, NULL);
	else if (mail->content.blocked)
		tc_close_mail(mail->due->id, MAIL_IS_SUPPRESSED, NULL);
	else if (mail->content.attempt > tc_mail_max_attempts)
		tc_close_mail(mail->due->id, MAIL_IS_FAILED, "no mailer reported the outcome");
	else
	{
		keep_token(mail);
		return true;
	}
	return false;
}

/* It only reads: a subtransaction that writes nothing is cheap. */
static void
render_mail(void *argument)
{
	Mail	   *mail = argument;

	mail->content = tc_mail_content(mail->due->id, mail->due->kind, mail->due->about_request,
									mail->token);
}

/*
 * Give up a mail that could not be rendered.  An error that is not about the
 * mail, and may not occur at the next attempt, is raised again.
 */
static void
give_up(const Mail *mail, ErrorData *error)
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
			errmsg("mail %s cannot be rendered: %s", tc_uuid_text(mail->due->id), error->message));
	tc_close_mail(mail->due->id, MAIL_IS_FAILED,
				  tc_clean_report(psprintf("cannot be rendered: %s", error->message)));
}

/* Mint a secret for the link, if this kind of mail has one. */
static void
mint_token(Mail *mail)
{
	if (tc_mail_proves_address(mail->due->kind))
		mail->token = tc_mint_token(CONFIRMATION_TOKEN, &mail->digest);
	else if (tc_mail_invites(mail->due->kind))
		mail->token = tc_mint_token(INVITATION_TOKEN, &mail->digest);
}

/* Store the digest of its secret. */
static void
keep_token(const Mail *mail)
{
	if (tc_mail_proves_address(mail->due->kind))
		tc_run(&insert_confirmation_token, BYTEA_VALUE(mail->digest), UUID_VALUE(mail->content.topic),
			   TEXT_VALUE(mail->content.recipient), TIME_VALUE(tc_now()));
	else if (tc_mail_invites(mail->due->kind))
		tc_run(&insert_invitation_token, BYTEA_VALUE(mail->digest), UUID_VALUE(mail->content.topic),
			   INT_VALUE(mail->content.round), TIME_VALUE(tc_now()));
}

/* Add a row of tempcloud.outgoing_mail. */
static void
put_mail(Claim *claim, const Mail *mail)
{
	char	   *strings[OUTGOING_COLUMNS] = {
		[OUTGOING_ID] = tc_uuid_text(mail->due->id),
		[OUTGOING_KIND] = (char *) tc_mail_kind_label(mail->due->kind),
		[OUTGOING_RECIPIENT] = mail->content.recipient,
		[OUTGOING_RECIPIENT_NAME] = mail->content.recipient_name,
		[OUTGOING_LOCALE] = mail->content.locale,
		[OUTGOING_SUBJECT] = mail->content.message.subject,
		[OUTGOING_TEXT_BODY] = mail->content.message.text_body,
		[OUTGOING_HTML_BODY] = mail->content.message.html_body,
		[OUTGOING_MESSAGE_ID] = mail->content.message_id,
		[OUTGOING_ATTEMPT] = psprintf("%d", mail->content.attempt),
		[OUTGOING_REPLY_TO] = mail->content.reply_to
	};
	HeapTuple	row = BuildTupleFromCStrings(claim->columns, strings);

	tuplestore_puttuple(claim->result, row);
	claim->wanted--;
	claim->room -= row->t_len;
}
