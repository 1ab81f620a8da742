/*
 * caller.h
 *		Who is calling, and for which account.
 */
#ifndef TC_CALLER_H
#define TC_CALLER_H

#include "postgres.h"

#include "utils/uuid.h"

#include "base/query.h"
#include "rule/account_kind.h"

typedef struct Caller
{
	char	   *subject;		/* the login */
	char	   *email;			/* proven by the login provider; or NULL */
	pg_uuid_t  *contact_id;		/* NULL without an account, as account_id and
								 * locale */
	pg_uuid_t  *account_id;
	AccountKind kind;			/* with an account only */
	char	   *locale;			/* the account's */
} Caller;

/*
 * The caller, signed in; PT401 not_signed_in otherwise.  Needs a frame
 * (tc_enter).  mode is QUERY_READ in functions that are STABLE.
 */
extern Caller *tc_caller(QueryMode mode);

/*
 * The same; if the login has no account yet, nobody gives it one until this
 * transaction ends (LOCK_LOGIN).
 */
extern Caller *tc_caller_to_bind(void);

/* The same as tc_caller(), but NULL for who is not signed in. */
extern Caller *tc_caller_if_any(QueryMode mode);

/* The caller, with an account; PT401, or PT403 no_account otherwise. */
extern Caller *tc_caller_with_account(QueryMode mode);

#endif							/* TC_CALLER_H */
