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
#include "rule/contact_role.h"
#include "rule/right.h"

typedef struct Caller
{
	char	   *subject;		/* the login */
	char	   *email;			/* proven by the login provider; or NULL */
	pg_uuid_t  *contact_id;		/* NULL without an account, as account_id and
								 * locale */
	pg_uuid_t  *account_id;
	AccountKind kind;			/* with an account only, as the next */
	ContactRole role;
	char	   *locale;			/* the account's */
	Right		right;			/* what tc_require_right() has found */
} Caller;

/*
 * All return the caller, palloc'd, and need a frame (tc_enter).  mode is QUERY_READ
 * in functions that are STABLE.  With QUERY_RUN, above READ COMMITTED, they raise
 * 40001 if the login has been removed from its account, or has got another contact,
 * since the transaction's snapshot.  All raise PT401 not_signed_in if the claims are
 * not valid.
 */

/* Raises PT401 not_signed_in if the caller is not signed in. */
extern Caller *tc_caller(QueryMode mode);

/*
 * The same.  If the login has no account, it gets none from another transaction
 * until this one ends (LOCK_LOGIN).
 */
extern Caller *tc_caller_to_bind(void);

/* Returns NULL if the caller is not signed in. */
extern Caller *tc_caller_if_any(QueryMode mode);

/*
 * Raises PT401 not_signed_in, or PT403 no_account if the caller has no account.
 */
extern Caller *tc_caller_with_account(QueryMode mode);

/*
 * The same for a command that needs a right, or for a function that reads.  Raises
 * PT403 not_permitted, too.
 */
extern Caller *tc_caller_with_right(QueryMode mode, Right right);

/*
 * Raises PT403 not_permitted unless the caller, who has an account, has the right;
 * keeps in mind that the command needs it.
 */
extern void tc_require_right(Caller *caller, Right right);

/*
 * The same again, by a new snapshot: raises PT403 no_account if the caller was removed
 * from the account since, and not_permitted if they have got another role.  The answer
 * holds until the transaction ends if the account's row is locked (account_lock.h).
 */
extern void tc_require_still(const Caller *caller);

#endif							/* TC_CALLER_H */
