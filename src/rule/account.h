/*
 * account.h
 *		Accounts, as other subjects see them.
 */
#ifndef TC_ACCOUNT_H
#define TC_ACCOUNT_H

#include "postgres.h"

#include "utils/uuid.h"

#include "caller.h"

/* SQL that makes a tempcloud.account of the row aliased a. */
#define ACCOUNT_RECORD \
	"ROW(a.id, a.kind, a.company_name, a.locale, a.phone, a.website, a.street," \
	" a.postal_code, a.city, a.country, a.created_at)::tempcloud.account"

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

#endif							/* TC_ACCOUNT_H */
