/*
 * request_send.c
 *		What a customer does with requests: order, withdraw.
 *
 * An order comes as JSON, as a whole; a single request is an order of one.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/crypto.h"
#include "base/input_check.h"
#include "base/json_input.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/rate_limit.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/event.h"
#include "rule/mail.h"
#include "rule/request.h"

#define MOST_REQUESTS 100		/* of an order */
#define MOST_PEOPLE 1000		/* of a shift, as shift_headcount has it */
#define LONGEST_SHIFT (24 * USECS_PER_HOUR) /* as shift_times has it */

static KeptQuery find_partner =
QUERY("SELECT a.closed_at IS NOT NULL"
	  "  FROM tempcloud_data.partnership p"
	  "  JOIN tempcloud_data.account a ON a.id = p.provider_id"
	  " WHERE p.customer_id = $1 AND p.provider_id = $2");

static KeptQuery find_order =
QUERY("SELECT id, digest = $3 FROM tempcloud_data.staff_order"
	  " WHERE customer_id = $1 AND reference = $2");

static KeptQuery insert_order =
QUERY("INSERT INTO tempcloud_data.staff_order"
	  " (customer_id, ordered_by, name, reference, digest)"
	  " VALUES ($1, $2, $3, $4, $5) RETURNING id");

static KeptQuery insert_request =
QUERY("INSERT INTO tempcloud_data.request"
	  " (order_id, customer_id, provider_id, profession, location, department,"
	  "  requirements, answer_by)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id");

static KeptQuery insert_shifts =
QUERY("INSERT INTO tempcloud_data.shift (request_id, starts_at, ends_at, headcount)"
	  " SELECT $1, s.starts_at, s.ends_at, s.headcount"
	  "   FROM ROWS FROM (unnest($2), unnest($3), unnest($4))"
	  "        WITH ORDINALITY AS s (starts_at, ends_at, headcount, n)"
	  "  ORDER BY n");

static KeptQuery select_requests =
QUERY("SELECT " REQUEST_RECORD " FROM tempcloud_data.request r"
	  " WHERE r.order_id = $1 ORDER BY r.id");

/* For tc_require_below(). */
static KeptQuery nth_newest_request =
QUERY("SELECT n.created_at + interval '24 hours'"
	  "  FROM (SELECT r.created_at FROM tempcloud_data.request r"
	  "         WHERE r.customer_id = $2 ORDER BY r.id DESC OFFSET $1 LIMIT 1) n"
	  " WHERE n.created_at > clock_timestamp() - interval '24 hours'");

typedef struct WishedShift
{
	TimestampTz starts_at;
	TimestampTz ends_at;
	int32		headcount;
	char	   *path;
} WishedShift;

/* What somebody asks for, as it will be stored. */
typedef struct Wish
{
	const char *path;			/* "requests[2]", or "" for a single one */
	pg_uuid_t  *provider_id;
	char	   *profession;
	char	   *location;
	char	   *department;
	char	   *requirements;
	TimestampTz answer_by;
	WishedShift *shifts;		/* in the order of time */
	int			nshifts;
} Wish;

static Caller *customer_calling(void);
static Rows place_order(const Caller *caller, const char *name, const char *reference,
						const Wish *wishes, int count);
static pg_uuid_t *find_same_order(const Caller *caller, const char *reference,
								  const bytea *digest);
static bytea *digest_of(const char *name, const Wish *wishes, int count);
static Wish *read_wishes(Jsonb *requests, int *count);
static void read_wish(const JsonbValue *request, Wish *wish);
static void read_shifts(const JsonbValue *shifts, Wish *wish);
static void read_shift(const JsonbValue *value, WishedShift *shift);
static int	compare_shifts(const void *a, const void *b);
static void read_answer_by(bool given, Wish *wish);
static void clean_wish(Wish *wish);
static void require_future(const Wish *wish);
static void keep_open(const Caller *caller, const Wish *wishes, int count);
static void send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish);
static void insert_wished_shifts(const pg_uuid_t *id, const Wish *wish);
static char *member(const Wish *wish, const char *name);
pg_noreturn static void refuse_shift(const WishedShift *shift, const char *problem);

PG_FUNCTION_INFO_V1(tempcloud_send_order);
PG_FUNCTION_INFO_V1(tempcloud_send_request);
PG_FUNCTION_INFO_V1(tempcloud_withdraw_request);

/*
 * send_order(name, requests jsonb, reference) returns setof tempcloud.request
 */
Datum
tempcloud_send_order(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	char	   *name;
	char	   *reference;
	Wish	   *wishes;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("send_order()");
	caller = customer_calling();
	name = tc_arg_required(fcinfo, 0, "name", FORM_LINE);
	reference = tc_arg(fcinfo, 2, "reference", FORM_LINE);
	wishes = read_wishes(PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), &count);
	tc_put_records(fcinfo, place_order(caller, name, reference, wishes, count));
	tc_leave();
	return (Datum) 0;
}

/*
 * send_request(provider_id, profession, location, shifts jsonb, department,
 *				requirements, answer_by, name, reference)
 *		returns tempcloud.request
 */
Datum
tempcloud_send_request(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	char	   *name;
	char	   *reference;
	Wish		wish = {.path = ""};
	JsonbValue	shifts = {.type = jbvNull};

	tc_enter_command("send_request()");
	caller = customer_calling();
	name = tc_arg(fcinfo, 7, "name", FORM_LINE);
	if (name == NULL)
		name = tc_arg_required(fcinfo, 1, "profession", FORM_LINE);
	reference = tc_arg(fcinfo, 8, "reference", FORM_LINE);
	wish.provider_id = PG_ARGISNULL(0) ? NULL : PG_GETARG_UUID_P(0);
	wish.profession = tc_arg_text(fcinfo, 1);
	wish.location = tc_arg_text(fcinfo, 2);
	if (!PG_ARGISNULL(3))
		JsonbToJsonbValue(PG_GETARG_JSONB_P(3), &shifts);
	wish.department = tc_arg_text(fcinfo, 4);
	wish.requirements = tc_arg_text(fcinfo, 5);
	clean_wish(&wish);
	read_shifts(&shifts, &wish);
	wish.answer_by = PG_ARGISNULL(6) ? 0 : PG_GETARG_TIMESTAMPTZ(6);
	read_answer_by(!PG_ARGISNULL(6), &wish);
	return tc_finish(place_order(caller, name, reference, &wish, 1));
}

/*
 * withdraw_request(id, reason) returns tempcloud.request
 */
Datum
tempcloud_withdraw_request(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	char	   *reason;
	Request    *request;

	tc_enter_command("withdraw_request()");
	caller = tc_caller_with_account(QUERY_RUN);
	reason = tc_arg(fcinfo, 1, "reason", FORM_PARAGRAPH);
	request = tc_lock_request(id, caller, REQUEST_NOT_FOUND);
	tc_require_customer(request, caller);
	if (request->status == REQUEST_IS_WITHDRAWN)
		return tc_finish_with_request(request);
	tc_require_status(request, REQUEST_IS_OPEN);
	return tc_finish_with(tc_decide_request(request, caller, REQUEST_IS_WITHDRAWN, reason));
}

/* The caller, with an account of a customer; PT403 customers_only otherwise. */
static Caller *
customer_calling(void)
{
	Caller	   *caller = tc_caller_with_account(QUERY_RUN);

	if (caller->kind != CUSTOMER)
		tc_refuse(CUSTOMERS_ONLY);
	return caller;
}

/*
 * Make an order, unless it was made already.  Returns its requests.
 *
 * Under the lock of the sender: of two who send the same reference the second
 * waits, and returns what the first has made; and nobody else of the account
 * sends while the requests of the day are counted.
 *
 * What was made already may be in the past by now.
 */
static Rows
place_order(const Caller *caller, const char *name, const char *reference, const Wish *wishes,
			int count)
{
	Rows		rows;
	bytea	   *digest = reference ? digest_of(name, wishes, count) : NULL;
	pg_uuid_t  *order_id;

	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	order_id = reference ? find_same_order(caller, reference, digest) : NULL;
	if (order_id == NULL)
	{
		for (int i = 0; i < count; i++)
			require_future(&wishes[i]);
		keep_open(caller, wishes, count);
		rows = tc_run(&insert_order, UUID_VALUE(caller->account_id), UUID_VALUE(caller->contact_id),
					  TEXT_VALUE(name), TEXT_VALUE(reference), BYTEA_VALUE(digest));
		order_id = tc_uuid(rows, 0, 1);
		for (int i = 0; i < count; i++)
			send_wish(caller, order_id, &wishes[i]);
	}
	return tc_run_latest(&select_requests, UUID_VALUE(order_id));
}

/* The order that was sent before with the reference; PT409 if it is another one. */
static pg_uuid_t *
find_same_order(const Caller *caller, const char *reference, const bytea *digest)
{
	Rows		rows = tc_run_latest(&find_order, UUID_VALUE(caller->account_id), TEXT_VALUE(reference),
									 BYTEA_VALUE(digest));

	if (rows.count == 0)
		return NULL;
	if (!tc_bool(rows, 0, 2))
		tc_refuse(REFERENCE_TAKEN);
	return tc_uuid(rows, 0, 1);
}

/*
 * Of what is stored, in one spelling: the same order has the same digest,
 * however its times and numbers were written.  No text has a NUL, which ends
 * each.  The order of the requests counts, as the result has it.
 */
static bytea *
digest_of(const char *name, const Wish *wishes, int count)
{
	StringInfoData content;

	initStringInfo(&content);
	appendBinaryStringInfo(&content, name, strlen(name) + 1);
	for (int i = 0; i < count; i++)
	{
		const Wish *wish = &wishes[i];
		const char *texts[] = {wish->profession, wish->location, wish->department,
		wish->requirements};

		appendBinaryStringInfo(&content, (const char *) wish->provider_id, UUID_LEN);
		for (int t = 0; t < lengthof(texts); t++)
			appendBinaryStringInfo(&content, texts[t] ? texts[t] : "",
								   (texts[t] ? strlen(texts[t]) : 0) + 1);
		appendStringInfo(&content, INT64_FORMAT " %d\n", wish->answer_by, wish->nshifts);
		for (int n = 0; n < wish->nshifts; n++)
			appendStringInfo(&content, INT64_FORMAT " " INT64_FORMAT " %d\n",
							 wish->shifts[n].starts_at, wish->shifts[n].ends_at,
							 wish->shifts[n].headcount);
	}
	return tc_sha256((uint8 *) content.data, content.len);
}

/* The elements of the array, each in its form. */
static Wish *
read_wishes(Jsonb *requests, int *count)
{
	JsonbValue	value = {.type = jbvNull};
	JsonbValue *elements;
	Wish	   *wishes;

	if (requests != NULL)
		JsonbToJsonbValue(requests, &value);
	elements = tc_json_elements(&value, "requests", 1, MOST_REQUESTS, "objects", count);
	wishes = palloc0(sizeof(Wish) * *count);
	for (int i = 0; i < *count; i++)
	{
		wishes[i].path = tc_json_path("requests", i);
		read_wish(&elements[i], &wishes[i]);
	}
	return wishes;
}

static void
read_wish(const JsonbValue *request, Wish *wish)
{
	static const char *const names[] = {"provider_id", "profession", "location", "department",
	"requirements", "answer_by", "shifts"};
	JsonbValue *members = tc_json_members(request, wish->path, names, lengthof(names));

	wish->provider_id = tc_json_uuid(&members[0], member(wish, names[0]));
	wish->profession = tc_json_text(&members[1], member(wish, names[1]));
	wish->location = tc_json_text(&members[2], member(wish, names[2]));
	wish->department = tc_json_text(&members[3], member(wish, names[3]));
	wish->requirements = tc_json_text(&members[4], member(wish, names[4]));
	clean_wish(wish);
	read_shifts(&members[6], wish);
	read_answer_by(tc_json_time(&members[5], member(wish, names[5]), &wish->answer_by), wish);
}

static void
clean_wish(Wish *wish)
{
	tc_require(wish->provider_id, member(wish, "provider_id"));
	wish->profession = tc_clean(wish->profession, member(wish, "profession"), FORM_LINE);
	tc_require(wish->profession, member(wish, "profession"));
	wish->location = tc_clean(wish->location, member(wish, "location"), FORM_LINE);
	tc_require(wish->location, member(wish, "location"));
	wish->department = tc_clean(wish->department, member(wish, "department"), FORM_LINE);
	wish->requirements = tc_clean(wish->requirements, member(wish, "requirements"),
								  FORM_PARAGRAPH);
}

/* The shifts in the order of time, which do not overlap. */
static void
read_shifts(const JsonbValue *shifts, Wish *wish)
{
	char	   *path = member(wish, "shifts");
	JsonbValue *elements = tc_json_elements(shifts, path, 1, MOST_SHIFTS,
											"objects with \"starts_at\", \"ends_at\" and "
											"\"headcount\"", &wish->nshifts);

	wish->shifts = palloc(sizeof(WishedShift) * wish->nshifts);
	for (int i = 0; i < wish->nshifts; i++)
	{
		wish->shifts[i].path = tc_json_path(path, i);
		read_shift(&elements[i], &wish->shifts[i]);
	}
	qsort(wish->shifts, wish->nshifts, sizeof(WishedShift), compare_shifts);
	for (int i = 1; i < wish->nshifts; i++)
	{
		if (wish->shifts[i].starts_at < wish->shifts[i - 1].ends_at)
			refuse_shift(&wish->shifts[i], "overlaps another one of the same request");
	}
}

static void
read_shift(const JsonbValue *value, WishedShift *shift)
{
	static const char *const names[] = {"starts_at", "ends_at", "headcount"};
	JsonbValue *members = tc_json_members(value, shift->path, names, lengthof(names));

	if (!tc_json_time(&members[0], psprintf("%s.%s", shift->path, names[0]), &shift->starts_at) ||
		!tc_json_time(&members[1], psprintf("%s.%s", shift->path, names[1]), &shift->ends_at) ||
		!tc_json_integer(&members[2], psprintf("%s.%s", shift->path, names[2]), &shift->headcount))
		refuse_shift(shift, "needs \"starts_at\", \"ends_at\" and \"headcount\"");
	if (TIMESTAMP_NOT_FINITE(shift->starts_at) || TIMESTAMP_NOT_FINITE(shift->ends_at))
		refuse_shift(shift, "begins and ends at some time");
	if (shift->ends_at <= shift->starts_at ||
		shift->ends_at - shift->starts_at > LONGEST_SHIFT)
		refuse_shift(shift, "ends after it begins, at most 24 hours later");
	if (shift->headcount < 1 || shift->headcount > MOST_PEOPLE)
		refuse_shift(shift, "asks for 1 to 1000 people");
}

static int
compare_shifts(const void *a, const void *b)
{
	TimestampTz first = ((const WishedShift *) a)->starts_at;
	TimestampTz second = ((const WishedShift *) b)->starts_at;

	return first < second ? -1 : first > second ? 1 : 0;
}

/* When it must be answered: when the first shift begins, or before. */
static void
read_answer_by(bool given, Wish *wish)
{
	if (!given)
		wish->answer_by = wish->shifts[0].starts_at;
	if (wish->answer_by > wish->shifts[0].starts_at)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a time from now to the "
					   "start of the first shift.", member(wish, "answer_by"));
}

static void
require_future(const Wish *wish)
{
	TimestampTz now = GetCurrentTimestamp();

	if (wish->shifts[0].starts_at <= now)
		refuse_shift(&wish->shifts[0], "begins in the past");
	if (wish->answer_by <= now)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a time from now to the "
					   "start of the first shift.", member(wish, "answer_by"));
}

/* Neither the customer nor one of the providers closes its account meanwhile. */
static void
keep_open(const Caller *caller, const Wish *wishes, int count)
{
	const pg_uuid_t **providers = palloc(sizeof(pg_uuid_t *) * count);

	for (int i = 0; i < count; i++)
		providers[i] = wishes[i].provider_id;
	(void) tc_keep_open(caller, providers, count);
}

/* Make one request, with its event and mail. */
static void
send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish)
{
	Rows		rows;
	pg_uuid_t  *id;

	rows = tc_run_latest(&find_partner, UUID_VALUE(caller->account_id),
						 UUID_VALUE(wish->provider_id));
	if (rows.count == 0)
		tc_refuse_hint(PARTNER_NOT_FOUND, "Argument \"%s\" must be one of the caller's "
					   "partners, who are in tempcloud.partners.", member(wish, "provider_id"));
	if (tc_bool(rows, 0, 1))
		tc_refuse(PARTNER_CLOSED);
	tc_require_below(tc_max_daily_requests, TOO_MANY_REQUESTS, &nth_newest_request,
					 UUID_VALUE(caller->account_id));
	rows = tc_run(&insert_request, UUID_VALUE(order_id), UUID_VALUE(caller->account_id),
				  UUID_VALUE(wish->provider_id), TEXT_VALUE(wish->profession),
				  TEXT_VALUE(wish->location), TEXT_VALUE(wish->department),
				  TEXT_VALUE(wish->requirements), TIME_VALUE(wish->answer_by));
	id = tc_uuid(rows, 0, 1);
	insert_wished_shifts(id, wish);
	tc_event(EVENT_REQUEST_SENT, caller->account_id, caller->contact_id, wish->provider_id, id);
	tc_mail_provider(MAIL_REQUEST_RECEIVED, id, true);
}

static void
insert_wished_shifts(const pg_uuid_t *id, const Wish *wish)
{
	int			count = wish->nshifts;
	Datum	   *starts = palloc(sizeof(Datum) * count);
	Datum	   *ends = palloc(sizeof(Datum) * count);
	Datum	   *headcounts = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
	{
		starts[i] = TimestampTzGetDatum(wish->shifts[i].starts_at);
		ends[i] = TimestampTzGetDatum(wish->shifts[i].ends_at);
		headcounts[i] = Int32GetDatum(wish->shifts[i].headcount);
	}
	tc_run(&insert_shifts, UUID_VALUE(id),
		   ARRAY_VALUE(construct_array(starts, count, TIMESTAMPTZOID, sizeof(TimestampTz),
									   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
		   ARRAY_VALUE(construct_array(ends, count, TIMESTAMPTZOID, sizeof(TimestampTz),
									   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
		   ARRAY_VALUE(construct_array(headcounts, count, INT4OID, sizeof(int32), true,
									   TYPALIGN_INT)));
}

/* How a hint calls a member: "profession", or "requests[2].profession". */
static char *
member(const Wish *wish, const char *name)
{
	return psprintf("%s%s%s", wish->path, *wish->path == '\0' ? "" : ".", name);
}

static void
refuse_shift(const WishedShift *shift, const char *problem)
{
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: a shift %s.",
				   shift->path, problem);
}
