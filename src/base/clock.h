/*
 * clock.h
 *		The instant of a command.
 *
 * Queries get the time from here rather than from clock_timestamp(), so that a command
 * decides and writes by one instant.  The clock is read at the first tc_now(), and again
 * after a lock: while this transaction waited, another one may have written a later time.
 * Decisions made before a lock are made again after it.
 */
#ifndef TC_CLOCK_H
#define TC_CLOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* The instant of the present command. */
extern TimestampTz tc_now(void);

/*
 * Have the next tc_now() read the clock.  tc_enter() and tc_lock() call it; a rule
 * calls it after it has locked rows by a query.
 */
extern void tc_read_clock(void);

#endif							/* TC_CLOCK_H */
