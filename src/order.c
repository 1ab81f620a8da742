/*
 * order.c
 *		What a customer does with requests: order, withdraw.
 *
 * An order comes as JSON, as a whole; a single request is an order of one.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "caller.h"
#include "crypto.h"
#include "event.h"
#include "limit.h"
#include "lock.h"
#include "mail.h"
#include "query.h"
#include "refusal.h"
#include "request.h"
#include "settings.h"
#include "text.h"

#define MOST_REQUESTS 100		/* of an order */
#define MOST_SHIFTS 366			/* of a request */

static KeptQuery make_single =
QUERY("SELECT pg_catalog.jsonb_build_array(pg_catalog.jsonb_strip_nulls("
	  "         pg_catalog.jsonb_build_object('provider_id', $1, 'profession', $2,"
	  "             'location', $3, 'shifts', $4, 'department', $5, 'requirements', $6,"
	  "             'answer_by', $7)))",
	  UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

/* One row an element; the last column names a member that a request lacks. */
static KeptQuery read_requests =
QUERY("SELECT (e ->> 'provider_id')::uuid, e ->> 'profession', e ->> 'location',"
	  "       e ->> 'department', e ->> 'requirements', (e ->> 'answer_by')::timestamptz,"
	  "       e -> 'shifts',"
	  "       CASE pg_catalog.jsonb_typeof(e) WHEN 'object' THEN ("
	  "         SELECT k FROM pg_catalog.jsonb_object_keys(e) k"
	  "          WHERE k <> ALL ('{provider_id,profession,location,department,requirements,"
	  "answer_by,shifts}'::text[]) LIMIT 1) END"
	  "  FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY AS a (e, n)"
	  " ORDER BY n", JSONBOID);

/* The first shift, from 0, that cannot be, and why. */
static KeptQuery find_wrong_shift =
QUERY("SELECT n - 1, problem"
	  "  FROM (SELECT n, CASE"
	  "          WHEN unknown IS NOT NULL"
	  "          THEN pg_catalog.concat('has no member \"', unknown, '\"')"
	  "          WHEN starts_at IS NULL OR ends_at IS NULL OR headcount IS NULL"
	  "          THEN 'needs \"starts_at\", \"ends_at\" and \"headcount\"'"
	  "          WHEN NOT pg_catalog.isfinite(starts_at) OR NOT pg_catalog.isfinite(ends_at)"
	  "          THEN 'begins and ends at some time'"
	  "          WHEN ends_at <= starts_at OR ends_at - starts_at > interval '24 hours'"
	  "          THEN 'ends after it begins, at most 24 hours later'"
	  "          WHEN headcount NOT BETWEEN 1 AND 1000"
	  "          THEN 'asks for 1 to 1000 people'"
	  "          WHEN starts_at <= pg_catalog.clock_timestamp()"
	  "          THEN 'begins in the past'"
	  "          WHEN pg_catalog.lag(ends_at) OVER (ORDER BY starts_at, n) > starts_at"
	  "          THEN 'overlaps another one of the same request' END AS problem"
	  "          FROM (SELECT n, (e ->> 'starts_at')::timestamptz AS starts_at,"
	  "                       (e ->> 'ends_at')::timestamptz AS ends_at,"
	  "                       (e ->> 'headcount')::integer AS headcount,"
	  "                       CASE pg_catalog.jsonb_typeof(e) WHEN 'object' THEN ("
	  "                         SELECT k FROM pg_catalog.jsonb_object_keys(e) k"
	  "                          WHERE k <> ALL ('{starts_at,ends_at,headcount}'::text[])"
	  "                          LIMIT 1) END AS unknown"
	  "                  FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY AS a (e, n)) s) p"
	  " WHERE problem IS NOT NULL ORDER BY problem LIKE 'overlaps%', n LIMIT 1", JSONBOID);

/* When it must be answered ($1, or when the first shift begins), if that can be. */
static KeptQuery find_answer_by =
QUERY("SELECT COALESCE($1, first) FROM ("
	  "   SELECT pg_catalog.min((e ->> 'starts_at')::timestamptz) AS first"
	  "     FROM pg_catalog.jsonb_array_elements($2) e) s"
	  " WHERE $1 IS NULL OR ($1 > pg_catalog.clock_timestamp() AND $1 <= first)",
	  TIMESTAMPTZOID, JSONBOID);

static KeptQuery find_partner =
QUERY("SELECT FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2",
	  UUIDOID, UUIDOID);

static KeptQuery find_order =
QUERY("SELECT id, digest = $3 FROM tempcloud_data.staff_order"
	  " WHERE customer_id = $1 AND reference = $2", UUIDOID, TEXTOID, BYTEAOID);

static KeptQuery insert_order =
QUERY("INSERT INTO tempcloud_data.staff_order"
	  " (customer_id, ordered_by, name, reference, digest)"
	  " VALUES ($1, $2, $3, $4, $5) RETURNING id",
	  UUIDOID, UUIDOID, TEXTOID, TEXTOID, BYTEAOID);

static KeptQuery insert_request =
QUERY("INSERT INTO tempcloud_data.request"
	  " (order_id, customer_id, provider_id, profession, location, department,"
	  "  requirements, answer_by)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
	  UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

static KeptQuery insert_shifts =
QUERY("INSERT INTO tempcloud_data.shift (request_id, starts_at, ends_at, headcount)"
	  " SELECT $1, (e ->> 'starts_at')::timestamptz, (e ->> 'ends_at')::timestamptz,"
	  "        (e ->> 'headcount')::integer"
	  "   FROM pg_catalog.jsonb_array_elements($2) e"
	  "  ORDER BY (e ->> 'starts_at')::timestamptz", UUIDOID, JSONBOID);

static KeptQuery select_requests =
QUERY("SELECT " REQUEST_RECORD " FROM tempcloud_data.request r"
	  " WHERE r.order_id = $1 ORDER BY r.id", UUIDOID);

/* For tc_require_below(). */
static KeptQuery nth_newest_request =
QUERY("SELECT n.created_at + interval '24 hours'"
	  "  FROM (SELECT r.created_at FROM tempcloud_data.request r"
	  "         WHERE r.customer_id = $2 ORDER BY r.id DESC OFFSET $1 LIMIT 1) n"
	  " WHERE n.created_at > pg_catalog.clock_timestamp() - interval '24 hours'",
	  INT4OID, UUIDOID);

/* What somebody asks for. */
typedef struct Wish
{
	const char *path;			/* before the names of its members, in hints */
	pg_uuid_t  *provider_id;
	char	   *profession;
	char	   *location;
	char	   *department;
	char	   *requirements;
	NullableDatum answer_by;	/* timestamptz */
	Jsonb	   *shifts;
	char	   *unknown;		/* a member that there is not */
} Wish;

static Caller *customer_calling(void);
static void place_order(const Caller *caller, const char *name, const char *reference,
				 Jsonb *requests, bool single);
static pg_uuid_t *find_same_order(const Caller *caller, const char *reference, bytea *digest);
static bytea *digest_of(const char *name, Jsonb *requests);
static Wish *read_wishes(Jsonb *requests, bool single, int *count);
static void clean_wish(Wish *wish);
static void clean_shifts(Wish *wish);
static void send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish);
static char *member(const Wish *wish, const char *name);
static Jsonb *copy_jsonb(Datum value, bool isnull);

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

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("send_order()");
	caller = customer_calling();
	place_order(caller, tc_arg_required(fcinfo, 0, "name", FORM_LINE),
		 tc_arg(fcinfo, 2, "reference", FORM_LINE),
		 PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), false);
	tc_put_records(fcinfo);
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
	bool		isnull;
	NullableDatum args[7];
	Datum		requests;

	tc_enter_command("send_request()");
	caller = customer_calling();
	name = tc_arg(fcinfo, 7, "name", FORM_LINE);
	if (name == NULL)
		name = tc_arg_required(fcinfo, 1, "profession", FORM_LINE);
	for (int i = 0; i < lengthof(args); i++)
		args[i] = fcinfo->args[i];
	tc_query(&make_single, QUERY_RUN, args, lengthof(args));
	requests = tc_datum(0, 1, &isnull);
	place_order(caller, name, tc_arg(fcinfo, 8, "reference", FORM_LINE),
		 DatumGetJsonbP(requests), true);
	return tc_finish();
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
	if (tc_request_is(request, "withdrawn"))
		return tc_finish_with_request(request);
	tc_require_status(request, "open");
	return tc_finish_with(tc_decide_request(request, caller, "withdrawn", reason));
}

/* The caller, with an account of a customer; PT403 customers_only otherwise. */
static Caller *
customer_calling(void)
{
	Caller	   *caller = tc_caller_with_account(QUERY_RUN);

	if (strcmp(caller->kind, "customer") != 0)
		tc_refuse(CUSTOMERS_ONLY);
	return caller;
}

/*
 * Make an order, unless it was made already, and have its requests as the rows
 * of the last query.
 *
 * Under the lock of the sender: of two who send the same reference the second
 * waits, and returns what the first has made; and nobody else of the account
 * sends while the requests of the day are counted.
 */
static void
place_order(const Caller *caller, const char *name, const char *reference, Jsonb *requests,
			bool single)
{
	bytea	   *digest = reference ? digest_of(name, requests) : NULL;
	pg_uuid_t  *order_id;

	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	order_id = reference ? find_same_order(caller, reference, digest) : NULL;
	if (order_id == NULL)
	{
		int			count;
		Wish	   *wishes = read_wishes(requests, single, &count);

		for (int i = 0; i < count; i++)
			clean_wish(&wishes[i]);
		tc_run(&insert_order, UUID_VALUE(caller->account_id), UUID_VALUE(caller->contact_id),
			   TEXT_VALUE(name), TEXT_VALUE(reference), BYTEA_VALUE(digest));
		order_id = tc_uuid(0, 1);
		for (int i = 0; i < count; i++)
			send_wish(caller, order_id, &wishes[i]);
	}
	tc_run_latest(&select_requests, UUID_VALUE(order_id));
}

/* The order that was sent before with the reference; PT409 if it is another one. */
static pg_uuid_t *
find_same_order(const Caller *caller, const char *reference, bytea *digest)
{
	if (tc_run_latest(&find_order, UUID_VALUE(caller->account_id), TEXT_VALUE(reference),
					  BYTEA_VALUE(digest)) == 0)
		return NULL;
	if (!tc_bool(0, 2))
		tc_refuse(REFERENCE_TAKEN);
	return tc_uuid(0, 1);
}

/* jsonb has one way to write a value: the same order has the same digest. */
static bytea *
digest_of(const char *name, Jsonb *requests)
{
	char	   *content = psprintf("%s\n%s", name, requests == NULL ? "" :
								   JsonbToCString(NULL, &requests->root, VARSIZE(requests)));

	return tc_sha256((uint8 *) content, strlen(content));
}

/*
 * The elements of the array, as they came.  PT400 unless it is an array of 1
 * to MOST_REQUESTS.  A single one is known by the names of arguments.
 */
static Wish *
read_wishes(Jsonb *requests, bool single, int *count)
{
	Wish	   *wishes;

	if (requests == NULL || !JB_ROOT_IS_ARRAY(requests) || JB_ROOT_IS_SCALAR(requests) ||
		JB_ROOT_COUNT(requests) < 1 || JB_ROOT_COUNT(requests) > MOST_REQUESTS)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"requests\" must be a JSON array "
					   "of 1 to %d objects.", MOST_REQUESTS);

	*count = tc_run_on_json("requests", &read_requests, VALUE(JsonbPGetDatum(requests)));
	wishes = palloc0(sizeof(Wish) * *count);
	for (int i = 0; i < *count; i++)
	{
		Wish	   *wish = &wishes[i];
		bool		isnull;
		Datum		shifts = tc_datum(i, 7, &isnull);

		wish->path = single ? "" : psprintf("requests[%d].", i);
		wish->provider_id = tc_uuid(i, 1);
		wish->profession = tc_text(i, 2);
		wish->location = tc_text(i, 3);
		wish->department = tc_text(i, 4);
		wish->requirements = tc_text(i, 5);
		wish->answer_by.value = tc_datum(i, 6, &wish->answer_by.isnull);
		wish->shifts = copy_jsonb(shifts, isnull);
		wish->unknown = tc_text(i, 8);
	}
	return wishes;
}

/* Give each value its form, or refuse it. */
static void
clean_wish(Wish *wish)
{
	if (wish->unknown != NULL)
		tc_refuse_hint(INVALID_ARGUMENT, "A request has no member \"%s\".", wish->unknown);
	tc_require(wish->provider_id, member(wish, "provider_id"));
	wish->profession = tc_clean(wish->profession, member(wish, "profession"), FORM_LINE);
	tc_require(wish->profession, member(wish, "profession"));
	wish->location = tc_clean(wish->location, member(wish, "location"), FORM_LINE);
	tc_require(wish->location, member(wish, "location"));
	wish->department = tc_clean(wish->department, member(wish, "department"), FORM_LINE);
	wish->requirements = tc_clean(wish->requirements, member(wish, "requirements"),
								  FORM_PARAGRAPH);
	clean_shifts(wish);
}

static void
clean_shifts(Wish *wish)
{
	NullableDatum shifts = VALUE(JsonbPGetDatum(wish->shifts));

	if (wish->shifts == NULL || !JB_ROOT_IS_ARRAY(wish->shifts) ||
		JB_ROOT_IS_SCALAR(wish->shifts) || JB_ROOT_COUNT(wish->shifts) < 1 ||
		JB_ROOT_COUNT(wish->shifts) > MOST_SHIFTS)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a JSON array of 1 to %d "
					   "objects with \"starts_at\", \"ends_at\" and \"headcount\".",
					   member(wish, "shifts"), MOST_SHIFTS);
	if (tc_run_on_json(member(wish, "shifts"), &find_wrong_shift, shifts) > 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s[" INT64_FORMAT "]\" is refused: "
					   "a shift %s.", member(wish, "shifts"), tc_integer(0, 1), tc_text(0, 2));
	if (tc_run(&find_answer_by, wish->answer_by, shifts) == 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a time from now to the "
					   "start of the first shift.", member(wish, "answer_by"));
	wish->answer_by = TIME_VALUE(tc_time(0, 1));
}

/* Make one request, with its event and mail. */
static void
send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish)
{
	pg_uuid_t  *id;

	if (tc_run_latest(&find_partner, UUID_VALUE(caller->account_id),
					  UUID_VALUE(wish->provider_id)) == 0)
		tc_refuse_hint(PARTNER_NOT_FOUND, "Argument \"%s\" must be one of the caller's "
					   "partners, who are in tempcloud.partners.", member(wish, "provider_id"));
	tc_require_below(tc_max_daily_requests, TOO_MANY_REQUESTS, &nth_newest_request,
					 UUID_VALUE(caller->account_id));
	tc_run(&insert_request, UUID_VALUE(order_id), UUID_VALUE(caller->account_id),
		   UUID_VALUE(wish->provider_id), TEXT_VALUE(wish->profession),
		   TEXT_VALUE(wish->location), TEXT_VALUE(wish->department),
		   TEXT_VALUE(wish->requirements), wish->answer_by);
	id = tc_uuid(0, 1);
	tc_run(&insert_shifts, UUID_VALUE(id), VALUE(JsonbPGetDatum(wish->shifts)));
	tc_event("request.sent", caller->account_id, caller->contact_id, wish->provider_id, id);
	tc_mail_provider("request_received", id);
}

/* How a hint calls a member: "profession", or "requests[2].profession". */
static char *
member(const Wish *wish, const char *name)
{
	return psprintf("%s%s", wish->path, name);
}

static Jsonb *
copy_jsonb(Datum value, bool isnull)
{
	return isnull ? NULL : DatumGetJsonbPCopy(value);
}
