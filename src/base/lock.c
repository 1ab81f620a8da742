/*
 * lock.c
 *		Locks on what has no row to lock; lock.h has the order.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "base/clock.h"
#include "base/lock.h"

static int	compare_keys(const void *a, const void *b);

uint64
tc_account_key(const pg_uuid_t *account)
{
	return hash_bytes_extended(account->data, UUID_LEN, 0);
}

uint64
tc_login_key(const char *subject)
{
	return hash_bytes_extended((const unsigned char *) subject, strlen(subject), 0);
}

uint64
tc_address_key(const char *folded_email)
{
	return hash_bytes_extended((const unsigned char *) folded_email,
							   strlen(folded_email), 0);
}

uint64
tc_pair_key(const pg_uuid_t *a, const pg_uuid_t *b)
{
	const pg_uuid_t *first = memcmp(a, b, sizeof(*a)) < 0 ? a : b;
	const pg_uuid_t *second = first == a ? b : a;

	return hash_bytes_extended(second->data, UUID_LEN, tc_account_key(first));
}

void
tc_lock(LockClass lock, uint64 key)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, lock);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	tc_read_clock();
}

bool
tc_try_lock(LockClass lock, uint64 key)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, lock);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
tc_lock_all(LockClass lock, uint64 *keys, int count)
{
	qsort(keys, count, sizeof(uint64), compare_keys);
	for (int i = 0; i < count; i++)
		tc_lock(lock, keys[i]);
}

static int
compare_keys(const void *a, const void *b)
{
	uint64		left = *(const uint64 *) a;
	uint64		right = *(const uint64 *) b;

	return left < right ? -1 : left > right;
}
