/*
 * rate_limit.c
 *		How often something may be done.
 */
#include "postgres.h"

#include "base/local_time.h"
#include "base/rate_limit.h"

void
tc_check_limit(int limit, Refusal refusal, KeptQuery *nth_newest,
			   const Value *args, int nargs)
{
	Rows		rows;

	if (limit < 0)
		return;
	if (limit == 0)
		tc_refuse_hint(refusal, "This is not permitted here.");
	rows = tc_query(nth_newest, QUERY_LATEST, args, nargs);
	if (rows.count > 0)
		tc_refuse_until(refusal, tc_time(rows, 0, 1));
}

void
tc_refuse_until(Refusal refusal, TimestampTz time)
{
	tc_refuse_hint(refusal, "Try again after %s.", tc_utc_text(time));
}
