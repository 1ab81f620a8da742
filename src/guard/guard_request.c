/*
 * guard_request.c
 *		Guards of requests: what was asked, offered and assigned.
 */
#include "postgres.h"

#include "guard/guard.h"

static KeptQuery find_accepted_request_of_order =
QUERY("SELECT FROM tempcloud_data.request"
	  " WHERE order_id = $1 AND customer_id = $2 AND status IN ('accepted', 'cancelled') LIMIT 1");

static KeptQuery find_accepted_request =
QUERY("SELECT FROM tempcloud_data.request"
	  " WHERE id = $1 AND customer_id = $2 AND status IN ('accepted', 'cancelled')");

static const Transition transitions[] = {
	{"open", "accepted"},
	{"open", "declined"},
	{"open", "withdrawn"},
	{"open", "expired"},
	{"accepted", "cancelled"}
};

static Guarded staff_order = {"staff_order"};
static Guarded request = {"request"};
static Guarded shift = {"shift"};
static Guarded assignment = {"assignment"};

PG_FUNCTION_INFO_V1(tempcloud_guard_order);
PG_FUNCTION_INFO_V1(tempcloud_guard_request);
PG_FUNCTION_INFO_V1(tempcloud_guard_shift);
PG_FUNCTION_INFO_V1(tempcloud_guard_assignment);

/*
 * guard_order(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_order(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &staff_order);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {
		"id", "customer_id", "ordered_by", "name", "reference", "digest", "created_at"
	};

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		tc_require_all_same(trigger, asked, lengthof(asked));
	else if (tc_guard_finds(&find_accepted_request_of_order, tc_row_key(trigger, row, "id"),
							tc_row_key(trigger, row, "customer_id")))
		tc_refuse_undoing(trigger, "cannot delete an order that has an accepted request");
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * guard_request(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_request(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &request);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {
		"id", "order_id", "customer_id", "provider_id", "profession", "location",
		"department", "requirements", "time_zone", "answer_by", "created_at"
	};

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		tc_require_all_same(trigger, asked, lengthof(asked));
		tc_require_transition(trigger, transitions, lengthof(transitions));
	}
	else if (tc_guard_finds(&find_accepted_request, tc_row_key(trigger, row, "id"),
							tc_row_key(trigger, row, "customer_id")))
		tc_refuse_undoing(trigger, "cannot delete a request that was accepted");
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * guard_shift(): before UPDATE or DELETE, after UPDATE.  The number of people
 * offered is set once.
 */
Datum
tempcloud_guard_shift(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &shift);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {
		"id", "request_id", "customer_id", "starts_at", "ends_at", "headcount"
	};

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		tc_require_all_same(trigger, asked, lengthof(asked));
		if (!tc_is_null(trigger, row, "offered"))
			tc_require_same(trigger, "offered");
	}
	else if (tc_guard_finds(&find_accepted_request, tc_row_key(trigger, row, "request_id"),
							tc_row_key(trigger, row, "customer_id")))
		tc_refuse_undoing(trigger, "cannot delete a shift of a request that was accepted");
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * guard_assignment(): before and after UPDATE.  An assignment is replaced once, its
 * name can be erased, and otherwise it stays.
 */
Datum
tempcloud_guard_assignment(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &assignment);
	static const char *const assigned[] = {
		"id", "shift_id", "customer_id", "place", "places", "ends_at", "assigned_by", "assigned_at"
	};

	tc_require_all_same(trigger, assigned, lengthof(assigned));
	if (!tc_is_null(trigger, trigger->tg_newtuple, "worker_name"))
		tc_require_same(trigger, "worker_name");
	if (!tc_is_null(trigger, trigger->tg_trigtuple, "replaced_at"))
	{
		tc_require_same(trigger, "replaced_at");
		tc_require_same(trigger, "replaced_by");
	}
	return PointerGetDatum(tc_guard_result(trigger));
}
