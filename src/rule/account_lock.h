/*
 * account_lock.h
 *		Keeping accounts open until the transaction ends.
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
 * caller's account has been closed since, or the caller was removed from it: a
 * command that removes a contact locks the account's row.  Returns whether the others are open.
 */
extern bool tc_keep_open(const Caller *caller, const pg_uuid_t *const *others, int count);

#endif							/* TC_ACCOUNT_LOCK_H */
