/*
 * request_answer.c
 *		The provider's answer to a request.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/json_input.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/caller.h"
#include "rule/request.h"

static KeptQuery insert_answer =
QUERY("INSERT INTO tempcloud_data.request_answer"
	  " (request_id, customer_id, provider_id, answered_by, accepted, reason, created_at)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7)");

/*
 * The first of the offers (keys of shifts $3 with numbers of people $4) that is
 * not possible: its place, from 0, and how many people the shift asks for, null
 * if the request has no such shift.
 */
static KeptQuery find_wrong_offer =
QUERY("SELECT o.n - 1, s.headcount"
	  "  FROM ROWS FROM (unnest($3), unnest($4))"
	  "       WITH ORDINALITY AS o (id, headcount, n)"
	  "  LEFT JOIN tempcloud_data.shift s"
	  "    ON s.id = o.id AND s.customer_id = $2 AND s.request_id = $1"
	  " WHERE s.id IS NULL OR o.headcount NOT BETWEEN 0 AND s.headcount"
	  " ORDER BY o.n LIMIT 1");

enum
{
	WRONG_OFFER_PLACE = 1, WRONG_OFFER_HEADCOUNT
};

/*
 * Offer for each shift what $4 and $5 say or, if they do not name it, all the people
 * it asks for, but at most $3 unless that is null.
 */
static KeptQuery set_offers =
QUERY("UPDATE tempcloud_data.shift s"
	  "   SET offered = COALESCE("
	  "         (SELECT o.headcount"
	  "            FROM ROWS FROM (unnest($4), unnest($5)) AS o (id, headcount)"
	  "           WHERE o.id = s.id), LEAST(s.headcount, $3))"
	  " WHERE s.request_id = $1 AND s.customer_id = $2 RETURNING s.offered > 0");

enum
{
	OFFER_IS_POSITIVE = 1
};

/* Offers for some of the shifts: arrays of the same length. */
typedef struct Offers
{
	ArrayType  *ids;
	ArrayType  *headcounts;
} Offers;

enum
{
	ARG_ID, ARG_ACCEPT, ARG_REASON, ARG_HEADCOUNT, ARG_SHIFTS
};

static Offers read_offers(Jsonb *shifts);
static void read_offer(const JsonbValue *value, const char *path, Datum *id, Datum *headcount);
static void set_offer(FunctionCallInfo fcinfo, const Request *request);

PG_FUNCTION_INFO_V1(tempcloud_answer_request);

/*
 * answer_request(id, accept, reason, headcount, shifts jsonb)
 *		returns tempcloud.request
 *
 * An answer and a withdrawal of the same request wait for each other at the lock
 * of its row; the second finds the status that the first has set.
 */
Datum
tempcloud_answer_request(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, ARG_ID, "id");
	bool		accept;
	RequestStatus answer;
	char	   *reason;
	Caller	   *caller;
	Request    *request;

	tc_enter_command("answer_request()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	if (PG_ARGISNULL(ARG_ACCEPT))
		tc_require(NULL, "accept");
	accept = PG_GETARG_BOOL(ARG_ACCEPT);
	answer = accept ? REQUEST_IS_ACCEPTED : REQUEST_IS_DECLINED;
	reason = tc_arg(fcinfo, ARG_REASON, "reason", FORM_PARAGRAPH);

	request = tc_lock_request(id, caller);
	tc_require_provider(request, caller);
	if (request->status == answer)
		return tc_finish_with_request(request);
	tc_require_status(request, REQUEST_IS_OPEN);
	if (accept)
		set_offer(fcinfo, request);
	else if (!PG_ARGISNULL(ARG_HEADCOUNT) || !PG_ARGISNULL(ARG_SHIFTS))
		tc_refuse_hint(INVALID_ARGUMENT, "Leave out \"headcount\" and \"shifts\" to decline.");
	return tc_finish_with(tc_answer_request(request, caller, accept, reason));
}

Datum
tc_answer_request(const Request *request, const Caller *caller, bool accept, const char *reason)
{
	tc_run(&insert_answer, UUID_VALUE(request->id), UUID_VALUE(request->customer_id),
		   UUID_VALUE(request->provider_id), UUID_VALUE(caller->contact_id), BOOL_VALUE(accept), TEXT_VALUE(reason),
		   TIME_VALUE(tc_now()));
	return tc_decide_request(request, caller, accept ? REQUEST_IS_ACCEPTED : REQUEST_IS_DECLINED, reason);
}

/* Store the offer for each shift; PT400 unless it is at least one person in all. */
static void
set_offer(FunctionCallInfo fcinfo, const Request *request)
{
	Rows		rows;
	Value		headcount = ARG_VALUE(ARG_HEADCOUNT, INT4OID);
	Offers		offers;

	if (!headcount.isnull && DatumGetInt32(headcount.datum) < 1)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be at least 1.", "headcount");
	offers = read_offers(PG_ARGISNULL(ARG_SHIFTS) ? NULL : PG_GETARG_JSONB_P(ARG_SHIFTS));
	rows = tc_run(&find_wrong_offer, UUID_VALUE(request->id), UUID_VALUE(request->customer_id),
				  ARRAY_VALUE(offers.ids), ARRAY_VALUE(offers.headcounts));
	if (rows.count > 0)
	{
		bool		isnull;

		(void) tc_datum(rows, 0, WRONG_OFFER_HEADCOUNT, &isnull);
		if (isnull)
			tc_refuse(SHIFT_NOT_FOUND);
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: 0 to " INT64_FORMAT
					   " people can be offered.",
					   tc_json_path("shifts", tc_integer(rows, 0, WRONG_OFFER_PLACE)),
					   tc_integer(rows, 0, WRONG_OFFER_HEADCOUNT));
	}

	rows = tc_run(&set_offers, UUID_VALUE(request->id), UUID_VALUE(request->customer_id),
				  headcount, ARRAY_VALUE(offers.ids), ARRAY_VALUE(offers.headcounts));
	for (uint64 i = 0; i < rows.count; i++)
		if (tc_bool(rows, i, OFFER_IS_POSITIVE))
			return;
	tc_refuse_hint(INVALID_ARGUMENT, "Offer at least one person, or decline.");
}

/* The elements of the array, no shift twice; none for NULL. */
static Offers
read_offers(Jsonb *shifts)
{
	JsonbValue	value;
	JsonbValue *elements = NULL;
	int			count = 0;
	Datum	   *ids;
	Datum	   *headcounts;

	if (shifts != NULL)
	{
		JsonbToJsonbValue(shifts, &value);
		elements = tc_json_elements(&value, "shifts", 0, MOST_SHIFTS,
									"objects with \"id\" and \"headcount\"", &count);
	}
	ids = palloc(sizeof(Datum) * (count + 1));
	headcounts = palloc(sizeof(Datum) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		char	   *path = tc_json_path("shifts", i);

		read_offer(&elements[i], path, &ids[i], &headcounts[i]);
		for (int before = 0; before < i; before++)
		{
			if (tc_same(DatumGetUUIDP(ids[before]), DatumGetUUIDP(ids[i])))
				tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: the shift is named twice.",
							   path);
		}
	}
	return (Offers)
	{
		.ids = construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR),
			.headcounts = construct_array(headcounts, count, INT4OID, sizeof(int32), true,
										  TYPALIGN_INT)
	};
}

static void
read_offer(const JsonbValue *value, const char *path, Datum *id, Datum *headcount)
{
	static const char *const names[] = {"id", "headcount"};
	JsonbValue *members = tc_json_members(value, path, names, lengthof(names));
	pg_uuid_t  *shift = tc_json_uuid(&members[0], psprintf("%s.%s", path, names[0]));
	int32		people;

	if (!tc_json_integer(&members[1], psprintf("%s.%s", path, names[1]), &people) || shift == NULL)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: an offer needs \"id\" and "
					   "\"headcount\".", path);
	*id = UUIDPGetDatum(shift);
	*headcount = Int32GetDatum(people);
}
