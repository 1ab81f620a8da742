/*
 * answer.c
 *		What a provider says to a request.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "caller.h"
#include "query.h"
#include "refusal.h"
#include "request.h"
#include "text.h"

static KeptQuery insert_answer =
QUERY("INSERT INTO tempcloud_data.request_answer"
	  " (request_id, provider_id, answered_by, accepted, reason)"
	  " VALUES ($1, $2, $3, $4, $5)", UUIDOID, UUIDOID, UUIDOID, BOOLOID, TEXTOID);

/* The first offer, from 0, that cannot be, and why; null if its shift is not one. */
static KeptQuery find_wrong_offer =
QUERY("SELECT n - 1, problem"
	  "  FROM (SELECT n, CASE"
	  "          WHEN unknown IS NOT NULL"
	  "          THEN pg_catalog.concat('an offer has no member \"', unknown, '\"')"
	  "          WHEN o.id IS NULL OR o.headcount IS NULL"
	  "          THEN 'an offer needs \"id\" and \"headcount\"'"
	  "          WHEN s.id IS NULL THEN NULL"
	  "          WHEN o.headcount NOT BETWEEN 0 AND s.headcount"
	  "          THEN pg_catalog.concat('0 to ', s.headcount, ' people can be offered')"
	  "          WHEN pg_catalog.row_number() OVER (PARTITION BY o.id ORDER BY n) > 1"
	  "          THEN 'the shift is named twice' ELSE 'none' END AS problem"
	  "          FROM (SELECT n, (e ->> 'id')::uuid AS id,"
	  "                       (e ->> 'headcount')::integer AS headcount,"
	  "                       CASE pg_catalog.jsonb_typeof(e) WHEN 'object' THEN ("
	  "                         SELECT k FROM pg_catalog.jsonb_object_keys(e) k"
	  "                          WHERE k <> ALL ('{id,headcount}'::text[])"
	  "                          LIMIT 1) END AS unknown"
	  "                  FROM pg_catalog.jsonb_array_elements($2) WITH ORDINALITY AS a (e, n)) o"
	  "          LEFT JOIN tempcloud_data.shift s ON s.id = o.id AND s.request_id = $1) p"
	  " WHERE problem IS DISTINCT FROM 'none' ORDER BY n LIMIT 1", UUIDOID, JSONBOID);

/* What is said of a shift, else at most $2 of what is asked for. */
static KeptQuery set_offers =
QUERY("UPDATE tempcloud_data.shift s"
	  "   SET offered = COALESCE("
	  "         (SELECT (e ->> 'headcount')::integer FROM pg_catalog.jsonb_array_elements($3) e"
	  "           WHERE (e ->> 'id')::uuid = s.id), LEAST(s.headcount, $2))"
	  " WHERE s.request_id = $1 RETURNING s.offered > 0", UUIDOID, INT4OID, JSONBOID);

static void set_offer(FunctionCallInfo fcinfo, const Request *request);

PG_FUNCTION_INFO_V1(tempcloud_answer_request);

/*
 * answer_request(id, accept, reason, headcount, shifts jsonb)
 *		returns tempcloud.request
 *
 * Of an answer and a withdrawal that meet, the second waits for the lock of the
 * request's row and sees what the first has made of it.
 */
Datum
tempcloud_answer_request(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	bool		accept;
	const char *answer;
	char	   *reason;
	Caller	   *caller;
	Request    *request;

	tc_enter_command("answer_request()");
	caller = tc_caller_with_account(QUERY_RUN);
	if (PG_ARGISNULL(1))
		tc_require(NULL, "accept");
	accept = PG_GETARG_BOOL(1);
	answer = accept ? "accepted" : "declined";
	reason = tc_arg(fcinfo, 2, "reason", FORM_PARAGRAPH);

	request = tc_lock_request(id, caller, REQUEST_NOT_FOUND);
	tc_require_provider(request, caller);
	if (tc_request_is(request, answer))
		return tc_finish_with_request(request);
	tc_require_status(request, "open");
	if (accept)
		set_offer(fcinfo, request);
	else if (!PG_ARGISNULL(3) || !PG_ARGISNULL(4))
		tc_refuse_hint(INVALID_ARGUMENT, "Who declines offers nobody: leave out \"headcount\" "
					   "and \"shifts\".");
	tc_run(&insert_answer, UUID_VALUE(request->id), UUID_VALUE(request->provider_id),
		   UUID_VALUE(caller->contact_id), BOOL_VALUE(accept), TEXT_VALUE(reason));
	return tc_finish_with(tc_decide_request(request, caller, answer, reason));
}

/* How many people come to each shift; at least one comes at all. */
static void
set_offer(FunctionCallInfo fcinfo, const Request *request)
{
	NullableDatum headcount = fcinfo->args[3];
	NullableDatum shifts = fcinfo->args[4];
	uint64		count;

	if (!headcount.isnull && DatumGetInt32(headcount.value) < 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be at least 1.", "headcount");
	if (shifts.isnull)
		shifts = VALUE(DirectFunctionCall1(jsonb_in, CStringGetDatum("[]")));
	else if (!JB_ROOT_IS_ARRAY(DatumGetJsonbP(shifts.value)) ||
			 JB_ROOT_IS_SCALAR(DatumGetJsonbP(shifts.value)))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a JSON array of objects "
					   "with \"id\" and \"headcount\".", "shifts");
	if (tc_run_on_json("shifts", &find_wrong_offer, UUID_VALUE(request->id), shifts) > 0)
	{
		if (tc_text(0, 2) == NULL)
			tc_refuse(SHIFT_NOT_FOUND);
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"shifts[" INT64_FORMAT "]\" is refused: %s.",
					   tc_integer(0, 1), tc_text(0, 2));
	}

	count = tc_run(&set_offers, UUID_VALUE(request->id), headcount, shifts);
	for (uint64 i = 0; i < count; i++)
		if (tc_bool(i, 1))
			return;
	tc_refuse_hint(INVALID_ARGUMENT, "Who accepts offers at least one person; decline otherwise.");
}
