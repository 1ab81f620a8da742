/*
 * refusal.h
 *		The errors that answer a caller's mistake.
 */
#ifndef TC_REFUSAL_H
#define TC_REFUSAL_H

#include "postgres.h"

#include "base/compat.h"

/* In the order of the table in refusal.c, which gives SQLSTATE and word. */
typedef enum Refusal
{
	INVALID_TOKEN,
	INVALID_EMAIL,
	INVALID_ARGUMENT,
	NOT_SIGNED_IN,
	SESSION_CLAIMS,
	NO_ACCOUNT,
	NOT_PERMITTED,
	EMAIL_UNVERIFIED,
	NOT_YOUR_INVITATION,
	CUSTOMERS_ONLY,
	NOT_YOUR_REQUEST,
	INVITATION_NOT_FOUND,
	CONTACT_NOT_FOUND,
	PARTNER_NOT_FOUND,
	REQUEST_NOT_FOUND,
	SHIFT_NOT_FOUND,
	EVENT_NOT_FOUND,
	POST_ONLY,
	READ_ONLY,
	SAME_KIND,
	OWN_ACCOUNT,
	OTHER_ADDRESS,
	ALREADY_PARTNERS,
	ALREADY_INVITED,
	INVITED_YOU,
	ALREADY_REGISTERED,
	ALREADY_JOINED,
	EMAIL_TAKEN,
	LAST_OWNER,
	HAS_COLLEAGUES,
	PARTNER_CLOSED,
	REFERENCE_TAKEN,
	REQUEST_OPEN,
	NOT_SEALED,
	TOO_MANY_WORKERS,
	STILL_ASSIGNED,
	INVITATION_EXPIRED,
	INVITATION_WITHDRAWN,
	INVITATION_DECLINED,
	INVITATION_ACCEPTED,
	INVITATION_SUPERSEDED,
	LINK_REPLACED,
	LINK_EXPIRED,
	ADDRESS_CHANGED,
	REQUEST_ACCEPTED,
	REQUEST_DECLINED,
	REQUEST_WITHDRAWN,
	REQUEST_EXPIRED,
	REQUEST_CANCELLED,
	SHIFT_OVER,
	TOO_MANY_INVITATIONS,
	TOO_MANY_RESENDS,
	TOO_MANY_MAILS,
	TOO_MANY_CONFIRMATIONS,
	TOO_MANY_REQUESTS,
	RESEND_TOO_SOON,
	ASKED_RECENTLY,
	DECLINED_RECENTLY
} Refusal;

/*
 * Raise the error with the hint of the table.
 */
pg_noreturn extern void tc_refuse(Refusal refusal);

/*
 * Raise the error with a hint that knows more than the table does.  Never
 * pass a token: the hint reaches clients and the server log.
 */
pg_noreturn extern void tc_refuse_hint(Refusal refusal, const char *hint,...)
			pg_attribute_printf(2, 3);

#endif							/* TC_REFUSAL_H */
