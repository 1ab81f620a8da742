/*
 * limit.h
 *		How often something may be done.
 */
#ifndef TC_LIMIT_H
#define TC_LIMIT_H

#include "postgres.h"

#include "query.h"
#include "refusal.h"

/*
 * Refuse if there are limit of something already; -1 means no limit.
 *
 * nth_newest takes whose they are and how many of the newest to pass over, and
 * returns when the one after these ceases to count: then one more may be done,
 * and the hint says so.  To be asked under a lock that keeps others from doing
 * one more meanwhile (lock.h).
 */
extern void tc_require_below(int limit, Refusal refusal, KeptQuery *nth_newest,
							 NullableDatum whose);

/* Raise the error with a hint that says from when on it is none. */
pg_noreturn extern void tc_refuse_until(Refusal refusal, TimestampTz time);

#endif							/* TC_LIMIT_H */
