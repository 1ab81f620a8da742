/*
 * request.h
 *		Requests, as other subjects see them.
 */
#ifndef TC_REQUEST_H
#define TC_REQUEST_H

#include "postgres.h"

#include "utils/uuid.h"

#include "base/query.h"
#include "base/refusal.h"
#include "rule/caller.h"

/* In the order of tempcloud.request_status. */
typedef enum RequestStatus
{
	REQUEST_IS_OPEN,
	REQUEST_IS_ACCEPTED,
	REQUEST_IS_DECLINED,
	REQUEST_IS_WITHDRAWN,
	REQUEST_IS_EXPIRED,
	REQUEST_IS_CANCELLED
} RequestStatus;

typedef struct Request
{
	pg_uuid_t  *id;
	pg_uuid_t  *customer_id;
	pg_uuid_t  *provider_id;
	RequestStatus status;		/* REQUEST_IS_EXPIRED also if it is open past
								 * its time */
} Request;

#define MOST_SHIFTS 366			/* of a request */

/* All need a frame (tc_enter_command). */

/*
 * The request, its row locked until the transaction ends.  The caller must
 * have an account, and it must be one of the request's two sides: else PT404
 * request_not_found, as if there were none.  40001 above READ COMMITTED if others
 * have changed it.
 */
extern Request *tc_lock_request(const pg_uuid_t *id, const Caller *caller);

/* The same of a customer that is known; PT404 with the refusal given. */
extern Request *tc_lock_request_of(const pg_uuid_t *customer_id, const pg_uuid_t *id,
								   const Caller *caller, Refusal not_found);

/* PT403 not_your_request unless the caller is its customer, or its provider. */
extern void tc_require_customer(const Request *request, const Caller *caller);
extern void tc_require_provider(const Request *request, const Caller *caller);

/* PT409 or PT410 with what became of it, unless it has the status. */
extern void tc_require_status(const Request *request, RequestStatus status);

/* A status by its label. */
extern RequestStatus tc_request_status(const char *label);

/*
 * Give the request a status that somebody decides on, on behalf of the caller,
 * with its event, and tell the other side by mail.  reason may be NULL.
 * Returns the request, as REQUEST_RECORD has it.
 */
extern Datum tc_decide_request(const Request *request, const Caller *caller,
							   RequestStatus status, const char *reason);

/* Decide it as its provider, with an answer; otherwise the same. */
extern Datum tc_answer_request(const Request *request, const Caller *caller, bool accept,
							   const char *reason);

/*
 * Keep in the row until when the request, which is accepted, lacks workers, after their
 * names have changed.  Returns whether it lacks none.
 */
extern bool tc_note_vacancies(const Request *request);

/* End the frame and return the request unchanged. */
extern Datum tc_finish_with_request(const Request *request);

/* A row r of tempcloud_data.request as the API shows it. */
#define REQUEST_RECORD \
	"ROW(r.id, r.order_id, r.customer_id, r.provider_id, r.profession, r.location," \
	" r.department, r.requirements, r.time_zone, r.status, r.answer_by, r.created_at," \
	" r.decided_at, r.reason)::tempcloud.request"

#endif							/* TC_REQUEST_H */
