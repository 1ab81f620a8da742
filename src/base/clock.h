/*
 * clock.h
 *		The instant of a command.
 *
 * A command passes one instant to all its queries, so that what it decides and
 * what it writes agree.  The instant is read when it is first asked for, and read
 * again after a lock: another transaction may have written a later one while this
 * one waited.  So a command asks for it under its locks.
 */
#ifndef TC_CLOCK_H
#define TC_CLOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* The instant of the present command. */
extern TimestampTz tc_now(void);

/*
 * Have the next tc_now() read the clock.  Called when a command begins and by all
 * that lock (lock.h); rules call it after they have locked rows by a query.
 */
extern void tc_read_clock(void);

#endif							/* TC_CLOCK_H */
