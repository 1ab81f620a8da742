/*
 * request.c
 *		Requests: what both sides do with them.
 *
 * The customer's commands are in request_send.c, those of the provider in
 * request_answer.c and request_assign.c.
 *
 * Every command on a request locks its row, which stands for the request's
 * shifts, its answer and its assignments.  The partnership needs no lock, since
 * it is irrevocable.
 *
 * Orders, requests and all that belongs to them are keyed by customer, too.  A
 * command finds the customer by the key that it is given, and names both from then
 * on.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/label.h"
#include "base/query.h"
#include "rule/account_lock.h"
#include "rule/event.h"
#include "rule/mail.h"
#include "rule/request.h"

static KeptQuery find_customer = QUERY("SELECT customer_id FROM tempcloud_data.request WHERE id = $1");

enum
{
	FOUND_CUSTOMER_ID = 1
};

static KeptQuery lock_request =
QUERY("SELECT r.id, r.customer_id, r.provider_id, r.status, r.answer_by"
	  "  FROM tempcloud_data.request r"
	  " WHERE r.id = $1 AND r.customer_id = $2 AND $3 IN (r.customer_id, r.provider_id)"
	  "   FOR NO KEY UPDATE");

enum
{
	LOCKED_ID = 1, LOCKED_CUSTOMER_ID, LOCKED_PROVIDER_ID, LOCKED_STATUS, LOCKED_ANSWER_BY
};

/* The end of the last shift of request r with fewer workers than were offered. */
#define UNFILLED_UNTIL \
	"(SELECT max(s.ends_at) FROM tempcloud_data.shift s" \
	"  WHERE s.request_id = r.id AND s.customer_id = r.customer_id" \
	"    AND s.offered > (SELECT count(*) FROM tempcloud_data.assignment p" \
	"                      WHERE p.shift_id = s.id AND p.customer_id = s.customer_id" \
	"                        AND p.replaced_at IS NULL))"

static KeptQuery decide_request =
QUERY("UPDATE tempcloud_data.request r"
	  "   SET status = $3::tempcloud.request_status, decided_by = $4, reason = $5,"
	  "       decided_at = $6,"
	  "       unfilled_until = CASE WHEN $3 = 'accepted' THEN " UNFILLED_UNTIL " END"
	  " WHERE r.id = $1 AND r.customer_id = $2 RETURNING " REQUEST_RECORD);

/* Changes the row only if it is to be changed: others above READ COMMITTED get 40001 then. */
static KeptQuery note_vacancies =
QUERY("WITH now AS ("
	  "   SELECT " UNFILLED_UNTIL " AS until FROM tempcloud_data.request r"
	  "    WHERE r.id = $1 AND r.customer_id = $2),"
	  " changed AS ("
	  "   UPDATE tempcloud_data.request r SET unfilled_until = now.until FROM now"
	  "    WHERE r.id = $1 AND r.customer_id = $2"
	  "      AND r.unfilled_until IS DISTINCT FROM now.until)"
	  " SELECT now.until IS NULL FROM now");

enum
{
	NOTED_IS_FILLED = 1
};

static KeptQuery select_request =
QUERY("SELECT " REQUEST_RECORD " FROM tempcloud_data.request r"
	  " WHERE r.id = $1 AND r.customer_id = $2");

static const char *const statuses[] = {
	[REQUEST_IS_OPEN] = "open",
	[REQUEST_IS_ACCEPTED] = "accepted",
	[REQUEST_IS_DECLINED] = "declined",
	[REQUEST_IS_WITHDRAWN] = "withdrawn",
	[REQUEST_IS_EXPIRED] = "expired",
	[REQUEST_IS_CANCELLED] = "cancelled"
};

/* The event and the mail of a decision. */
static const struct
{
	EventName	event;
	MailKind	mail;
}			decisions[] =

{
	[REQUEST_IS_ACCEPTED] = {EVENT_REQUEST_ACCEPTED, MAIL_REQUEST_ACCEPTED},
	[REQUEST_IS_DECLINED] = {EVENT_REQUEST_DECLINED, MAIL_REQUEST_DECLINED},
	[REQUEST_IS_WITHDRAWN] = {EVENT_REQUEST_WITHDRAWN, MAIL_REQUEST_WITHDRAWN},
	[REQUEST_IS_CANCELLED] = {EVENT_REQUEST_CANCELLED, MAIL_REQUEST_CANCELLED}
};

PG_FUNCTION_INFO_V1(tempcloud_cancel_request);

/*
 * cancel_request(id, reason) returns tempcloud.request
 */
Datum
tempcloud_cancel_request(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_ID, ARG_REASON
	};
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, ARG_ID, "id");
	Caller	   *caller;
	char	   *reason;
	Request    *request;

	tc_enter_command("cancel_request()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	reason = tc_arg_required(fcinfo, ARG_REASON, "reason", FORM_PARAGRAPH);
	request = tc_lock_request(id, caller);
	if (request->status == REQUEST_IS_CANCELLED)
		return tc_finish_with_request(request);
	tc_require_status(request, REQUEST_IS_ACCEPTED);
	return tc_finish_with(tc_decide_request(request, caller, REQUEST_IS_CANCELLED, reason));
}

Request *
tc_lock_request(const pg_uuid_t *id, const Caller *caller)
{
	Rows		rows = tc_run(&find_customer, UUID_VALUE(id));

	if (rows.count == 0)
		tc_refuse(REQUEST_NOT_FOUND);
	return tc_lock_request_of(tc_uuid(rows, 0, FOUND_CUSTOMER_ID), id, caller, REQUEST_NOT_FOUND);
}

Request *
tc_lock_request_of(const pg_uuid_t *customer_id, const pg_uuid_t *id, const Caller *caller,
				   Refusal not_found)
{
	Rows		rows;
	Request    *request = palloc(sizeof(Request));

	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&lock_request, UUID_VALUE(id), UUID_VALUE(customer_id),
				  UUID_VALUE(caller->account_id));
	if (rows.count == 0)
		tc_refuse(not_found);
	tc_read_clock();
	request->id = tc_uuid(rows, 0, LOCKED_ID);
	request->customer_id = tc_uuid(rows, 0, LOCKED_CUSTOMER_ID);
	request->provider_id = tc_uuid(rows, 0, LOCKED_PROVIDER_ID);
	request->status = tc_request_status(tc_text(rows, 0, LOCKED_STATUS));
	if (request->status == REQUEST_IS_OPEN && tc_time(rows, 0, LOCKED_ANSWER_BY) <= tc_now())
		request->status = REQUEST_IS_EXPIRED;
	return request;
}

void
tc_require_customer(const Request *request, const Caller *caller)
{
	if (!tc_same(request->customer_id, caller->account_id))
		tc_refuse(NOT_YOUR_REQUEST);
}

void
tc_require_provider(const Request *request, const Caller *caller)
{
	if (!tc_same(request->provider_id, caller->account_id))
		tc_refuse(NOT_YOUR_REQUEST);
}

RequestStatus
tc_request_status(const char *label)
{
	return tc_label_place(label, statuses, lengthof(statuses));
}

void
tc_require_status(const Request *request, RequestStatus status)
{
	if (request->status == status)
		return;
	switch (request->status)
	{
		case REQUEST_IS_OPEN:
			tc_refuse(REQUEST_OPEN);
		case REQUEST_IS_ACCEPTED:
			tc_refuse(REQUEST_ACCEPTED);
		case REQUEST_IS_DECLINED:
			tc_refuse(REQUEST_DECLINED);
		case REQUEST_IS_WITHDRAWN:
			tc_refuse(REQUEST_WITHDRAWN);
		case REQUEST_IS_EXPIRED:
			tc_refuse(REQUEST_EXPIRED);
		case REQUEST_IS_CANCELLED:
			tc_refuse(REQUEST_CANCELLED);
	}
}

Datum
tc_decide_request(const Request *request, const Caller *caller, RequestStatus status,
				  const char *reason)
{
	bool		by_customer = tc_same(request->customer_id, caller->account_id);
	EventName	event = decisions[status].event;
	MailKind	mail = decisions[status].mail;
	Rows		rows;
	Datum		record;

	Assert(status != REQUEST_IS_OPEN && status != REQUEST_IS_EXPIRED);
	rows = tc_run(&decide_request, UUID_VALUE(request->id), UUID_VALUE(request->customer_id),
				  TEXT_VALUE(statuses[status]), UUID_VALUE(caller->contact_id),
				  TEXT_VALUE(reason), TIME_VALUE(tc_now()));
	record = tc_record(rows);
	tc_event(event, caller->account_id, caller->contact_id,
			 by_customer ? request->provider_id : request->customer_id, request->id);
	if (by_customer)
		tc_mail_provider(mail, request->id, request->customer_id, true);
	else
		tc_mail_customer(mail, request->id, request->customer_id, true);
	return record;
}

bool
tc_note_vacancies(const Request *request)
{
	return tc_bool(tc_run_latest(&note_vacancies, UUID_VALUE(request->id),
								 UUID_VALUE(request->customer_id)), 0, NOTED_IS_FILLED);
}

Datum
tc_finish_with_request(const Request *request)
{
	Rows		rows = tc_run(&select_request, UUID_VALUE(request->id),
							  UUID_VALUE(request->customer_id));

	return tc_finish(rows);
}
