/*
 * due.c
 *		A session finds mails that are due, whatever the clock does.
 *
 * Each two bytes are a step of the clock, forwards or back, in 100 ms; the third
 * says how far the session comes.  It never looks from a time that is still to
 * come, where a mail that is queued now would be missed, and it has begun anew
 * not long ago.
 */
#include "postgres_fe.h"

#include "../../src/rule/mail_due.h"
#include "fuzz.h"

#define STEP_BYTES 3

static void
check(TimestampTz from, TimestampTz now, const DueCursor *cursor, int64 duration)
{
	if (TIMESTAMP_IS_NOBEGIN(from))
		return;
	ALWAYS(from <= now);
	ALWAYS(cursor->began_at <= now);
	ALWAYS(now - cursor->began_at <= duration);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	DueCursor	cursor = DUE_CURSOR;
	TimestampTz now = 0;

	ALWAYS(TIMESTAMP_IS_NOBEGIN(tc_due_from(&cursor, now)));
	for (; size >= STEP_BYTES; size -= STEP_BYTES, data += STEP_BYTES)
	{
		TimestampTz from;
		TimestampTz rest;

		now += (int16) (data[0] << 8 | data[1]) * (USECS_PER_SEC / 10);
		from = tc_due_from(&cursor, now);
		check(from, now, &cursor, DUE_BEGIN_ANEW);
		if (data[2] == 0)
		{
			from = tc_due_from_idle(&cursor, now);
			check(from, now, &cursor, DUE_BEGIN_ANEW_IDLE);
		}

		/* It has seen all, or part of what lay before it. */
		rest = DT_NOEND;
		if (data[2] > 1)
			rest = Max(from, now - 1000 * USECS_PER_SEC);
		tc_due_seen(&cursor, from, now, rest);
		ALWAYS(cursor.reached <= rest);
		ALWAYS(cursor.reached <= now);

		/*
		 * Commits may come late: it does not pass over what was queued just
		 * now.
		 */
		ALWAYS(cursor.reached <= now - DUE_LATE_COMMIT || cursor.reached <= from);
	}
	return 0;
}
