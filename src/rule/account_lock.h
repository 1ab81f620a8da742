/*
 * account_lock.h
 *		Keeping accounts, and who may act for them, until the transaction ends.
 */
#ifndef TC_ACCOUNT_LOCK_H
#define TC_ACCOUNT_LOCK_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/caller.h"

/*
 * Lock the rows of accounts FOR SHARE, so that none of them is closed until the
 * transaction ends.  Reads the clock anew (clock.h).  Returns whether all of them
 * are open; an id without an account counts as open.
 */
extern bool tc_share_accounts(const pg_uuid_t *const *ids, int count);

/*
 * The same for the caller's account and others.  Raises PT403 no_account if the
 * caller's account has been closed since, and the errors of tc_require_still(): a
 * command that removes a contact or gives a role locks the account's row.  So the
 * caller keeps their right until the transaction ends.  Returns whether the others are
 * open.
 */
extern bool tc_keep_open(const Caller *caller, const pg_uuid_t *const *others, int count);

/*
 * Lock the row of the caller's account, so that no other transaction removes people of
 * it, gives them roles or acts for it.  Reads the clock anew.  Raises the errors of
 * tc_require_still().
 */
extern void tc_lock_account(const Caller *caller);

#endif							/* TC_ACCOUNT_LOCK_H */
