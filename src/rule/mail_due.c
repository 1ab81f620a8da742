/*
 * mail_due.c
 *		How a session goes through the mails that are due.
 */
#include "rule/mail_due.h"

static TimestampTz from(const DueCursor *cursor, TimestampTz now, int64 duration);

TimestampTz
tc_due_from(const DueCursor *cursor, TimestampTz now)
{
	return from(cursor, now, DUE_BEGIN_ANEW);
}

TimestampTz
tc_due_from_idle(const DueCursor *cursor, TimestampTz now)
{
	return from(cursor, now, DUE_BEGIN_ANEW_IDLE);
}

/* Of the last two seconds, commits may still come: they are looked at again. */
void
tc_due_seen(DueCursor *cursor, TimestampTz from, TimestampTz now, TimestampTz rest)
{
	if (TIMESTAMP_IS_NOBEGIN(from))
		cursor->began_at = now;
	cursor->reached = Min(Max(from, now - DUE_LATE_COMMIT), rest);
}

static TimestampTz
from(const DueCursor *cursor, TimestampTz now, int64 duration)
{
	bool		set_back = now < cursor->began_at || now < cursor->reached;

	return set_back || cursor->began_at + duration < now ? DT_NOBEGIN : cursor->reached;
}
