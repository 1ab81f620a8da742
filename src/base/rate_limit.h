/*
 * rate_limit.h
 *		How often something may be done.
 */
#ifndef TC_RATE_LIMIT_H
#define TC_RATE_LIMIT_H

#include "postgres.h"

#include "base/query.h"
#include "base/refusal.h"

/*
 * Refuse if there are limit of something already; -1 means no limit.
 *
 * nth_newest takes how many of the newest to pass over, and then the arguments
 * that say of which; it returns when the one after these ceases to count: then one
 * more may be done, and the hint says so.  To be asked under a lock that keeps others from doing
 * one more meanwhile (lock.h).
 */
#define tc_require_below(limit, refusal, nth_newest, ...) \
	tc_check_limit(limit, refusal, nth_newest, TC_ARGS(INT_VALUE((limit) - 1), __VA_ARGS__))
extern void tc_check_limit(int limit, Refusal refusal, KeptQuery *nth_newest,
						   const Value *args, int nargs);

/* Raise the error with a hint that says from when on it is none. */
pg_noreturn extern void tc_refuse_until(Refusal refusal, TimestampTz time);

#endif							/* TC_RATE_LIMIT_H */
