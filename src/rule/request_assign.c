/*
 * request_assign.c
 *		Assignments: the workers of each shift.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/caller.h"
#include "rule/event.h"
#include "rule/mail.h"
#include "rule/request.h"

static KeptQuery find_request =
QUERY("SELECT customer_id, request_id FROM tempcloud_data.shift WHERE id = $1");

enum
{
	SHIFT_CUSTOMER_ID = 1, SHIFT_REQUEST_ID
};

static KeptQuery find_offer =
QUERY("SELECT offered, ends_at FROM tempcloud_data.shift WHERE id = $1 AND customer_id = $2");

enum
{
	SHIFT_OFFERED = 1, SHIFT_ENDS_AT
};

/* Whether the current names of a shift are others than those in $3. */
static KeptQuery find_difference =
QUERY("SELECT FROM (SELECT p.place, p.worker_name FROM tempcloud_data.assignment p"
	  "               WHERE p.shift_id = $1 AND p.customer_id = $2 AND p.replaced_at IS NULL) p"
	  "  FULL JOIN unnest($3) WITH ORDINALITY AS w (name, place) ON w.place = p.place"
	  " WHERE p.worker_name IS DISTINCT FROM w.name OR p.worker_name IS NULL LIMIT 1");

/* End the current assignments whose place has another name, or none, in $3. */
static KeptQuery replace_workers =
QUERY("UPDATE tempcloud_data.assignment p"
	  "   SET replaced_by = $4, replaced_at = $5"
	  " WHERE p.shift_id = $1 AND p.customer_id = $2 AND p.replaced_at IS NULL"
	  "   AND (p.worker_name IS NULL OR p.worker_name IS DISTINCT FROM $3[p.place])");

static KeptQuery insert_workers =
QUERY("INSERT INTO tempcloud_data.assignment"
	  " (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at)"
	  " SELECT $1, $2, w.place, $3, $7, w.name, $5, $6"
	  "   FROM unnest($4) WITH ORDINALITY AS w (name, place)"
	  " ON CONFLICT (shift_id, customer_id, place) WHERE replaced_at IS NULL DO NOTHING");

static KeptQuery select_assignments =
QUERY("SELECT ROW(p.shift_id, p.place, p.worker_name, p.assigned_at,"
	  "           p.assigned_at >= s.starts_at)::tempcloud.assignment"
	  "  FROM tempcloud_data.shift s"
	  "  JOIN tempcloud_data.assignment p"
	  "    ON p.shift_id = s.id AND p.customer_id = s.customer_id"
	  " WHERE s.id = $1 AND s.customer_id = $2 AND p.replaced_at IS NULL ORDER BY p.place");

static KeptQuery erase_names =
QUERY("UPDATE tempcloud_data.assignment p SET worker_name = NULL"
	  " WHERE p.worker_name IS NOT NULL AND p.customer_id = $2"
	  "   AND p.shift_id = ANY (ARRAY ("
	  "     SELECT s.id FROM tempcloud_data.shift s WHERE s.request_id = $1 AND s.customer_id = $2))");

enum
{
	ARG_SHIFT_ID, ARG_WORKERS
};

static bool store_workers(const Caller *caller, const Request *request,
						  const pg_uuid_t *shift_id, ArrayType *workers, int count);
static ArrayType *clean_workers(FunctionCallInfo fcinfo, int *count);

PG_FUNCTION_INFO_V1(tempcloud_assign_workers);
PG_FUNCTION_INFO_V1(tempcloud_erase_workers);

/*
 * assign_workers(shift_id, workers text[]) returns setof tempcloud.assignment
 *
 * Runs under the lock of the request's row: the second of two calls replaces the
 * names that the first has written.  It sees them at any isolation level
 * (tc_run_latest); otherwise some names of the first could stay.
 */
Datum
tempcloud_assign_workers(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *shift_id = tc_arg_uuid(fcinfo, ARG_SHIFT_ID, "shift_id");
	Caller	   *caller;
	Request    *request;
	ArrayType  *workers;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("assign_workers()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	workers = clean_workers(fcinfo, &count);
	rows = tc_run(&find_request, UUID_VALUE(shift_id));
	if (rows.count == 0)
		tc_refuse(SHIFT_NOT_FOUND);
	request = tc_lock_request_of(tc_uuid(rows, 0, SHIFT_CUSTOMER_ID),
								 tc_uuid(rows, 0, SHIFT_REQUEST_ID), caller, SHIFT_NOT_FOUND);
	tc_require_provider(request, caller);
	tc_require_status(request, REQUEST_IS_ACCEPTED);
	if (store_workers(caller, request, shift_id, workers, count))
	{
		bool		filled = tc_note_vacancies(request);

		tc_event(filled ? EVENT_REQUEST_FILLED : EVENT_REQUEST_ASSIGNED, caller->account_id,
				 caller->contact_id, request->customer_id, request->id);
		if (filled)
			tc_mail_customer(MAIL_REQUEST_FILLED, request->id, request->customer_id, true);
	}
	rows = tc_run_latest(&select_assignments, UUID_VALUE(shift_id),
						 UUID_VALUE(request->customer_id));
	tc_put_records(fcinfo, rows);
	tc_leave();
	return (Datum) 0;
}

/*
 * Make these the current names of a shift of the request, which is locked.  PT409
 * too_many_workers if they are more than were offered; PT410 shift_over if the shift has
 * ended, unless they are the names already.  Returns whether any name has changed.
 */
static bool
store_workers(const Caller *caller, const Request *request, const pg_uuid_t *shift_id,
			  ArrayType *workers, int count)
{
	Value		shift = UUID_VALUE(shift_id);
	Value		customer = UUID_VALUE(request->customer_id);
	Rows		rows = tc_run_latest(&find_offer, shift, customer);
	int			offered = tc_integer(rows, 0, SHIFT_OFFERED);
	TimestampTz ends_at = tc_time(rows, 0, SHIFT_ENDS_AT);
	Value		contact = UUID_VALUE(caller->contact_id);
	Value		now = TIME_VALUE(tc_now());
	uint64		changes;

	if (count > offered)
		tc_refuse_hint(TOO_MANY_WORKERS, "Name at most %d, the number offered for the shift.", offered);
	if (ends_at <= tc_now())
	{
		if (tc_run_latest(&find_difference, shift, customer, ARRAY_VALUE(workers)).count > 0)
			tc_refuse(SHIFT_OVER);
		return false;
	}
	changes = tc_run_latest(&replace_workers, shift, customer, ARRAY_VALUE(workers), contact,
							now).count;
	changes += tc_run_latest(&insert_workers, shift, customer, INT_VALUE(offered),
							 ARRAY_VALUE(workers), contact, now, TIME_VALUE(ends_at)).count;
	return changes > 0;
}

/* The names, each in its form; PT400 otherwise. */
static ArrayType *
clean_workers(FunctionCallInfo fcinfo, int *count)
{
	ArrayType  *workers;
	Datum	   *names;
	bool	   *nulls;

	if (PG_ARGISNULL(ARG_WORKERS))
		tc_require(NULL, "workers");
	workers = PG_GETARG_ARRAYTYPE_P(ARG_WORKERS);
	if (ARR_NDIM(workers) > 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a list of names.", "workers");
	deconstruct_array(workers, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, count);
	for (int i = 0; i < *count; i++)
	{
		char	   *argument = psprintf("workers[%d]", i + 1);
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(names[i]);

		name = tc_clean(name, argument, FORM_PERSON_NAME);
		tc_require(name, argument);
		names[i] = CStringGetTextDatum(name);
	}
	return construct_array(names, *count, TEXTOID, -1, false, TYPALIGN_INT);
}

enum
{
	ERASE_REQUEST_ID
};

/*
 * erase_workers(request_id) returns integer
 */
Datum
tempcloud_erase_workers(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, ERASE_REQUEST_ID, "request_id");
	Caller	   *caller;
	Request    *request;
	int			erased;

	tc_enter_command("erase_workers()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	request = tc_lock_request(id, caller);
	tc_require_provider(request, caller);
	tc_require_status(request, REQUEST_IS_CANCELLED);
	erased = tc_run_latest(&erase_names, UUID_VALUE(request->id),
						   UUID_VALUE(request->customer_id)).count;
	tc_leave();
	PG_RETURN_INT32(erased);
}
