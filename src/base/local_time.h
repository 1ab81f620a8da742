/*
 * local_time.h
 *		Times at a place, whatever the TimeZone and the DateStyle of the session.
 *
 * A place is given by the name of its time zone in the IANA database.
 */
#ifndef TC_LOCAL_TIME_H
#define TC_LOCAL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

/* Whether this server knows a time zone of exactly this name. */
extern bool tc_knows_zone(const char *name);

/*
 * The time that a text from outside says (iso_time.h); without an offset, it is
 * that of the zone, which this server must know.
 *
 * Raises PT400 invalid_argument, with a hint that has the path, for another form;
 * and for a time without an offset that the zone does not have, since its clocks are
 * put forward, or has twice, since they are put back.
 */
extern TimestampTz tc_read_time(const char *text, const char *path, const char *zone);

/*
 * The time in a zone, with its abbreviation.  A zone that this server does not know
 * counts as GMT: the row may come from a server with other zones.
 */
extern struct pg_tm tc_local_time(TimestampTz time, const char *zone);

/* The time in UTC, to the second, for an error: "2026-12-07 05:00:00 UTC".  palloc'd. */
extern char *tc_utc_text(TimestampTz time);

#endif							/* TC_LOCAL_TIME_H */
