/*
 * request_send.c
 *		The customer's commands on requests: send and withdraw.
 *
 * A single request is an order of one.  How requests are read is in
 * request_wish.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"

#include "base/clock.h"
#include "base/input_check.h"
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
#include "rule/request_wish.h"

static KeptQuery find_partner =
QUERY("SELECT a.closed_at IS NOT NULL"
	  "  FROM tempcloud_data.partnership p"
	  "  JOIN tempcloud_data.account a ON a.id = p.provider_id"
	  " WHERE p.customer_id = $1 AND p.provider_id = $2");

enum
{
	PARTNER_IS_CLOSED = 1
};

static KeptQuery find_time_zone = QUERY("SELECT time_zone FROM tempcloud_data.account WHERE id = $1");

enum
{
	TIME_ZONE = 1
};

static KeptQuery find_order =
QUERY("SELECT id, digest = $3 FROM tempcloud_data.staff_order"
	  " WHERE customer_id = $1 AND reference = $2");

enum
{
	ORDER_ID = 1, ORDER_IS_SAME
};

static KeptQuery insert_order =
QUERY("INSERT INTO tempcloud_data.staff_order"
	  " (customer_id, ordered_by, name, reference, digest, created_at)"
	  " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id");

static KeptQuery insert_request =
QUERY("INSERT INTO tempcloud_data.request"
	  " (order_id, customer_id, provider_id, profession, location, department,"
	  "  requirements, time_zone, answer_by, created_at)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id");

enum
{
	NEW_ID = 1					/* of insert_order and insert_request */
};

static KeptQuery insert_shifts =
QUERY("INSERT INTO tempcloud_data.shift (request_id, customer_id, starts_at, ends_at, headcount)"
	  " SELECT $1, $2, s.starts_at, s.ends_at, s.headcount"
	  "   FROM ROWS FROM (unnest($3), unnest($4), unnest($5))"
	  "        WITH ORDINALITY AS s (starts_at, ends_at, headcount, n)"
	  "  ORDER BY n");

static KeptQuery select_requests =
QUERY("SELECT " REQUEST_RECORD " FROM tempcloud_data.request r"
	  " WHERE r.order_id = $1 AND r.customer_id = $2 ORDER BY r.id");

/* For tc_require_below(): requests that the account $2 sent in the 24 hours before $3. */
static KeptQuery nth_newest_request =
QUERY("SELECT n.created_at + interval '24 hours'"
	  "  FROM (SELECT r.created_at FROM tempcloud_data.request r"
	  "         WHERE r.customer_id = $2 ORDER BY r.id DESC OFFSET $1 LIMIT 1) n"
	  " WHERE n.created_at > $3 - interval '24 hours'");

static Caller *customer_calling(void);
static char *time_zone_of(const Caller *caller);
static Rows place_order(const Caller *caller, const char *name, const char *reference,
						const Wish *wishes, int count);
static pg_uuid_t *find_same_order(const Caller *caller, const char *reference,
								  const bytea *digest);
static void keep_open(const Caller *caller, const Wish *wishes, int count);
static void send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish,
					  TimestampTz now);
static void insert_wished_shifts(const pg_uuid_t *id, const Caller *customer, const Wish *wish);

PG_FUNCTION_INFO_V1(tempcloud_send_order);
PG_FUNCTION_INFO_V1(tempcloud_send_request);
PG_FUNCTION_INFO_V1(tempcloud_withdraw_request);

/*
 * send_order(name, requests jsonb, reference) returns setof tempcloud.request
 */
Datum
tempcloud_send_order(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_NAME, ARG_REQUESTS, ARG_REFERENCE
	};
	Caller	   *caller;
	char	   *name;
	char	   *reference;
	Wish	   *wishes;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("send_order()");
	caller = customer_calling();
	name = tc_arg_required(fcinfo, ARG_NAME, "name", FORM_LINE);
	reference = tc_arg(fcinfo, ARG_REFERENCE, "reference", FORM_LINE);
	wishes = tc_read_wishes(PG_ARGISNULL(ARG_REQUESTS) ? NULL : PG_GETARG_JSONB_P(ARG_REQUESTS),
							time_zone_of(caller), &count);
	tc_put_records(fcinfo, place_order(caller, name, reference, wishes, count));
	tc_leave();
	return (Datum) 0;
}

/*
 * send_request(provider_id, profession, location, shifts jsonb, department,
 *				requirements, answer_by, name, reference, time_zone)
 *		returns tempcloud.request
 */
Datum
tempcloud_send_request(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_PROVIDER_ID, ARG_PROFESSION, ARG_LOCATION, ARG_SHIFTS, ARG_DEPARTMENT,
		ARG_REQUIREMENTS, ARG_ANSWER_BY, ARG_NAME, ARG_REFERENCE, ARG_TIME_ZONE
	};
	Caller	   *caller;
	char	   *name;
	char	   *reference;
	Wish		wish = {.path = ""};

	tc_enter_command("send_request()");
	caller = customer_calling();
	name = tc_arg(fcinfo, ARG_NAME, "name", FORM_LINE);
	if (name == NULL)
		name = tc_arg_required(fcinfo, ARG_PROFESSION, "profession", FORM_LINE);
	reference = tc_arg(fcinfo, ARG_REFERENCE, "reference", FORM_LINE);
	wish.provider_id = PG_ARGISNULL(ARG_PROVIDER_ID) ? NULL : PG_GETARG_UUID_P(ARG_PROVIDER_ID);
	wish.profession = tc_arg_text(fcinfo, ARG_PROFESSION);
	wish.location = tc_arg_text(fcinfo, ARG_LOCATION);
	wish.department = tc_arg_text(fcinfo, ARG_DEPARTMENT);
	wish.requirements = tc_arg_text(fcinfo, ARG_REQUIREMENTS);
	wish.time_zone = tc_arg_text(fcinfo, ARG_TIME_ZONE);
	tc_complete_wish(&wish, time_zone_of(caller), tc_arg_text(fcinfo, ARG_ANSWER_BY),
					 PG_ARGISNULL(ARG_SHIFTS) ? NULL : PG_GETARG_JSONB_P(ARG_SHIFTS));
	return tc_finish(place_order(caller, name, reference, &wish, 1));
}

/*
 * withdraw_request(id, reason) returns tempcloud.request
 */
Datum
tempcloud_withdraw_request(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_ID, ARG_REASON
	};
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, ARG_ID, "id");
	Caller	   *caller;
	char	   *reason;
	Request    *request;

	tc_enter_command("withdraw_request()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	reason = tc_arg(fcinfo, ARG_REASON, "reason", FORM_PARAGRAPH);
	request = tc_lock_request(id, caller);
	tc_require_customer(request, caller);
	if (request->status == REQUEST_IS_WITHDRAWN)
		return tc_finish_with_request(request);
	tc_require_status(request, REQUEST_IS_OPEN);
	return tc_finish_with(tc_decide_request(request, caller, REQUEST_IS_WITHDRAWN, reason));
}

/* The caller.  PT403 customers_only unless their account is a customer's. */
static Caller *
customer_calling(void)
{
	Caller	   *caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);

	if (caller->kind != CUSTOMER)
		tc_refuse(CUSTOMERS_ONLY);
	return caller;
}

/* The time zone of the caller's account, whose times they order in. */
static char *
time_zone_of(const Caller *caller)
{
	Rows		rows = tc_run(&find_time_zone, UUID_VALUE(caller->account_id));

	return tc_text(rows, 0, TIME_ZONE);
}

/*
 * Create an order, unless the account has sent the same one with this reference
 * before.  Returns its requests.
 *
 * Runs under the lock of the sender.  So the second of two calls with the same
 * reference returns the requests of the first, and no other command of the
 * account adds requests while those of the day are counted.  The order is sent at
 * one instant, at which all its requests were found to be in the future.
 */
static Rows
place_order(const Caller *caller, const char *name, const char *reference, const Wish *wishes,
			int count)
{
	Rows		rows;
	bytea	   *digest = reference ? tc_digest_wishes(name, wishes, count) : NULL;
	pg_uuid_t  *order_id;
	TimestampTz now;

	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	order_id = reference ? find_same_order(caller, reference, digest) : NULL;
	if (order_id == NULL)
	{
		keep_open(caller, wishes, count);
		for (int i = 0; i < count; i++)
			tc_require_future(&wishes[i]);
		now = tc_now();
		rows = tc_run(&insert_order, UUID_VALUE(caller->account_id), UUID_VALUE(caller->contact_id),
					  TEXT_VALUE(name), TEXT_VALUE(reference), BYTEA_VALUE(digest),
					  TIME_VALUE(now));
		order_id = tc_uuid(rows, 0, NEW_ID);
		for (int i = 0; i < count; i++)
			send_wish(caller, order_id, &wishes[i], now);
	}
	return tc_run_latest(&select_requests, UUID_VALUE(order_id), UUID_VALUE(caller->account_id));
}

/*
 * The order with the reference, NULL if there is none; PT409 reference_taken if
 * its digest is another one.
 */
static pg_uuid_t *
find_same_order(const Caller *caller, const char *reference, const bytea *digest)
{
	Rows		rows = tc_run_latest(&find_order, UUID_VALUE(caller->account_id), TEXT_VALUE(reference),
									 BYTEA_VALUE(digest));

	if (rows.count == 0)
		return NULL;
	if (!tc_bool(rows, 0, ORDER_IS_SAME))
		tc_refuse(REFERENCE_TAKEN);
	return tc_uuid(rows, 0, ORDER_ID);
}

/* Keep the accounts of the customer and the providers from being closed. */
static void
keep_open(const Caller *caller, const Wish *wishes, int count)
{
	const pg_uuid_t **providers = palloc(sizeof(pg_uuid_t *) * count);

	for (int i = 0; i < count; i++)
		providers[i] = wishes[i].provider_id;
	(void) tc_keep_open(caller, providers, count);
}

/* Create one request, with its event and mail. */
static void
send_wish(const Caller *caller, const pg_uuid_t *order_id, const Wish *wish, TimestampTz now)
{
	Rows		rows;
	pg_uuid_t  *id;

	rows = tc_run_latest(&find_partner, UUID_VALUE(caller->account_id),
						 UUID_VALUE(wish->provider_id));
	if (rows.count == 0)
		tc_refuse_hint(PARTNER_NOT_FOUND, "Argument \"%s\" must be the id of a "
					   "partner in tempcloud.partners.", tc_wish_member(wish, "provider_id"));
	if (tc_bool(rows, 0, PARTNER_IS_CLOSED))
		tc_refuse(PARTNER_CLOSED);
	tc_require_below(tc_max_daily_requests, TOO_MANY_REQUESTS, &nth_newest_request,
					 UUID_VALUE(caller->account_id), TIME_VALUE(now));
	rows = tc_run(&insert_request, UUID_VALUE(order_id), UUID_VALUE(caller->account_id),
				  UUID_VALUE(wish->provider_id), TEXT_VALUE(wish->profession),
				  TEXT_VALUE(wish->location), TEXT_VALUE(wish->department),
				  TEXT_VALUE(wish->requirements), TEXT_VALUE(wish->time_zone),
				  TIME_VALUE(wish->answer_by), TIME_VALUE(now));
	id = tc_uuid(rows, 0, NEW_ID);
	insert_wished_shifts(id, caller, wish);
	tc_event(EVENT_REQUEST_SENT, caller->account_id, caller->contact_id, wish->provider_id, id);
	tc_mail_provider(MAIL_REQUEST_RECEIVED, id, caller->account_id, true);
}

static void
insert_wished_shifts(const pg_uuid_t *id, const Caller *customer, const Wish *wish)
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
	tc_run(&insert_shifts, UUID_VALUE(id), UUID_VALUE(customer->account_id),
		   ARRAY_VALUE(construct_array(starts, count, TIMESTAMPTZOID, sizeof(TimestampTz),
									   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
		   ARRAY_VALUE(construct_array(ends, count, TIMESTAMPTZOID, sizeof(TimestampTz),
									   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
		   ARRAY_VALUE(construct_array(headcounts, count, INT4OID, sizeof(int32), true,
									   TYPALIGN_INT)));
}
