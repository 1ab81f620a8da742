/*
 * mail_due.h
 *		How a session goes through the mails that are due.
 *
 * Mails that were sent leave dead entries at the beginning of the index.  While
 * an old snapshot is held, these entries cannot be removed, and a scan has to
 * look at the table for each of them.  So a session continues where its last
 * scan ended.  It begins anew from time to time, and sooner if it finds nothing,
 * to see mails that were committed late.
 *
 * If the clock is set back, what a session remembers lies ahead of now, and it
 * begins anew.  These functions need no server.
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
