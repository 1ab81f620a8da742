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
 * Lock the rows of accounts, which others may do at the same time: none of them is
 * closed until the transaction ends.  Returns whether all of them are open.
 */
extern bool tc_share_accounts(const pg_uuid_t *const *ids, int count);

/*
 * The same for the caller's account and others; PT403 no_account if the caller's has
 * been closed since.  Returns whether the others are open.
 */
extern bool tc_keep_open(const Caller *caller, const pg_uuid_t *const *others, int count);

#endif							/* TC_ACCOUNT_LOCK_H */
