/*
 * account_lock.c
 *		Keeping accounts, and who may act for them, until the transaction ends.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"

static KeptQuery share_accounts =
QUERY("SELECT a.closed_at IS NULL FROM tempcloud_data.account a"
	  " WHERE a.id = ANY ($1) ORDER BY a.id FOR SHARE");

enum
{
	SHARED_IS_OPEN = 1
};

static KeptQuery lock_account =
QUERY("SELECT FROM tempcloud_data.account WHERE id = $1 FOR NO KEY UPDATE");

bool
tc_share_accounts(const pg_uuid_t *const *ids, int count)
{
	Rows		rows = tc_run_latest(&share_accounts, ARRAY_VALUE(tc_uuid_array(ids, count)));
	bool		open = true;

	tc_read_clock();
	for (uint64 i = 0; i < rows.count; i++)
		open &= tc_bool(rows, i, SHARED_IS_OPEN);
	return open;
}

bool
tc_keep_open(const Caller *caller, const pg_uuid_t *const *others, int count)
{
	const pg_uuid_t **ids = palloc(sizeof(pg_uuid_t *) * (count + 1));
	bool		all_open;

	ids[0] = caller->account_id;
	for (int i = 0; i < count; i++)
		ids[i + 1] = others[i];
	all_open = tc_share_accounts(ids, count + 1);
	tc_require_still(caller);
	if (!all_open && !tc_share_accounts(ids, 1))
		tc_refuse(NO_ACCOUNT);
	return all_open;
}

void
tc_lock_account(const Caller *caller)
{
	tc_run(&lock_account, UUID_VALUE(caller->account_id));
	tc_read_clock();
	tc_require_still(caller);
}
