/*
 * request.c
 *		What a customer asks a partner for: what a request is to both sides.
 *
 * What its customer does is in request_send.c, what its provider does in request_answer.c and
 * request_assign.c.
 *
 * Every command on a request locks its row first and nothing after it: the row
 * stands for the request's shifts, its answer and the workers in it.  That the
 * two are partners needs no lock: it is for ever.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/input_check.h"
#include "base/query.h"
#include "rule/account.h"
#include "rule/event.h"
#include "rule/mail.h"
#include "rule/request.h"

static KeptQuery lock_request =
QUERY("SELECT r.id, r.customer_id, r.provider_id,"
	  "       CASE WHEN r.status = 'open' AND r.answer_by <= clock_timestamp()"
	  "            THEN 'expired' ELSE r.status::text END"
	  "  FROM tempcloud_data.request r"
	  " WHERE r.id = $1 AND $2 IN (r.customer_id, r.provider_id)"
	  "   FOR NO KEY UPDATE");

static KeptQuery decide_request =
QUERY("UPDATE tempcloud_data.request r"
	  "   SET status = $2::tempcloud.request_status, decided_by = $3, reason = $4,"
	  "       decided_at = clock_timestamp()"
	  " WHERE r.id = $1 RETURNING " REQUEST_RECORD);

static KeptQuery select_request =
QUERY("SELECT " REQUEST_RECORD " FROM tempcloud_data.request r WHERE r.id = $1");

PG_FUNCTION_INFO_V1(tempcloud_cancel_request);

/*
 * cancel_request(id, reason) returns tempcloud.request
 */
Datum
tempcloud_cancel_request(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	char	   *reason;
	Request    *request;

	tc_enter_command("cancel_request()");
	caller = tc_caller_with_account(QUERY_RUN);
	reason = tc_arg_required(fcinfo, 1, "reason", FORM_PARAGRAPH);
	request = tc_lock_request(id, caller, REQUEST_NOT_FOUND);
	if (tc_request_is(request, "cancelled"))
		return tc_finish_with_request(request);
	tc_require_status(request, "accepted");
	return tc_finish_with(tc_decide_request(request, caller, "cancelled", reason));
}

Request *
tc_lock_request(const pg_uuid_t *id, const Caller *caller, Refusal not_found)
{
	Rows		rows;
	Request    *request = palloc(sizeof(Request));

	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&lock_request, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	if (rows.count == 0)
		tc_refuse(not_found);
	request->id = tc_uuid(rows, 0, 1);
	request->customer_id = tc_uuid(rows, 0, 2);
	request->provider_id = tc_uuid(rows, 0, 3);
	request->status = tc_text(rows, 0, 4);
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

bool
tc_request_is(const Request *request, const char *status)
{
	return strcmp(request->status, status) == 0;
}

void
tc_require_status(const Request *request, const char *status)
{
	static const struct
	{
		const char *status;
		Refusal		refusal;
	}			others[] =
	{
		{"open", REQUEST_OPEN},
		{"accepted", REQUEST_ACCEPTED},
		{"declined", REQUEST_DECLINED},
		{"withdrawn", REQUEST_WITHDRAWN},
		{"expired", REQUEST_EXPIRED},
		{"cancelled", REQUEST_CANCELLED},
	};

	if (tc_request_is(request, status))
		return;
	for (int i = 0; i < lengthof(others); i++)
	{
		if (tc_request_is(request, others[i].status))
			tc_refuse(others[i].refusal);
	}
}

Datum
tc_decide_request(const Request *request, const Caller *caller, const char *status,
				  const char *reason)
{
	Rows		rows;
	bool		by_customer = tc_same(request->customer_id, caller->account_id);
	Datum		record;

	rows = tc_run(&decide_request, UUID_VALUE(request->id), TEXT_VALUE(status),
				  UUID_VALUE(caller->contact_id), TEXT_VALUE(reason));
	record = tc_record(rows);
	tc_event(psprintf("request.%s", status), caller->account_id, caller->contact_id,
			 by_customer ? request->provider_id : request->customer_id, request->id);
	if (by_customer)
		tc_mail_provider(psprintf("request_%s", status), request->id, true);
	else
		tc_mail_customer(psprintf("request_%s", status), request->id, true);
	return record;
}

Datum
tc_finish_with_request(const Request *request)
{
	Rows		rows = tc_run(&select_request, UUID_VALUE(request->id));

	return tc_finish(rows);
}
