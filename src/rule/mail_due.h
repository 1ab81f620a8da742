/*
 * mail_due.h
 *		How a session goes through the mails that are due.
 *
 * Mails that were sent leave dead entries at the due end of the index, and while
 * anybody holds an old snapshot these can neither be removed nor told from
 * live ones without a look at the table.  So a session goes on from where it
 * has been.  It begins anew from time to time, and sooner when it finds
 * nothing: then it comes upon what was committed late.
 *
 * Times are those of the clock, which may be set back: what a session remembers
 * that lies ahead of now tells it nothing, and it begins anew.  These functions
 * need no server.
 */
#ifndef TC_MAIL_DUE_H
#define TC_MAIL_DUE_H

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include "datatype/timestamp.h"

#define DUE_BEGIN_ANEW			(30 * USECS_PER_SEC)
#define DUE_BEGIN_ANEW_IDLE		(5 * USECS_PER_SEC)
#define DUE_LATE_COMMIT			(2 * USECS_PER_SEC)

typedef struct DueCursor
{
	TimestampTz reached;		/* mails that were due before it have been
								 * seen */
	TimestampTz began_at;		/* when those from the beginning were last
								 * seen */
} DueCursor;

/* One that has seen nothing. */
#define DUE_CURSOR {DT_NOBEGIN, DT_NOBEGIN}

/* From which time on to look now, DT_NOBEGIN for the beginning. */
extern TimestampTz tc_due_from(const DueCursor *cursor, TimestampTz now);

/* The same for a session that has just found nothing from there on. */
extern TimestampTz tc_due_from_idle(const DueCursor *cursor, TimestampTz now);

/*
 * Mails due from one time up to now were seen, but for those due at rest or
 * later (DT_NOEND if there are none).
 */
extern void tc_due_seen(DueCursor *cursor, TimestampTz from, TimestampTz now, TimestampTz rest);

#endif							/* TC_MAIL_DUE_H */
