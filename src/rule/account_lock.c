/*
 * account_lock.c
 *		Keeping accounts, and who may act for them, until the transaction ends.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/probe.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"

static const Probe account = PROBE("account", "account_pkey", PROBE_KEYS("id"), "closed_at");

enum
{
	CLOSED_AT = 1
};

static KeptQuery lock_account =
QUERY("SELECT FROM tempcloud_data.account WHERE id = $1 FOR NO KEY UPDATE");

static int	compare_ids(const void *a, const void *b);

bool
tc_share_accounts(const pg_uuid_t *const *ids, int count)
{
	const pg_uuid_t **sorted = palloc(sizeof(pg_uuid_t *) * (count + 1));
	bool		open = true;

	memcpy(sorted, ids, sizeof(pg_uuid_t *) * count);
	qsort(sorted, count, sizeof(pg_uuid_t *), compare_ids);
	for (int i = 0; i < count; i++)
	{
		Rows		rows = tc_probe_lock(&account, QUERY_LATEST, LockTupleShare,
										 UUID_VALUE(sorted[i]));

		open &= rows.count == 0 || tc_time(rows, 0, CLOSED_AT) == 0;
	}
	tc_read_clock();
	return open;
}

/* In the order of uuid. */
static int
compare_ids(const void *a, const void *b)
{
	return memcmp(*(const pg_uuid_t *const *) a, *(const pg_uuid_t *const *) b, UUID_LEN);
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
