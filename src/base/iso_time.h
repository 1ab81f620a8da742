/*
 * iso_time.h
 *		Times as ISO 8601 writes them.
 *
 * PostgreSQL's own input takes other forms as well, and reads some of them by
 * the DateStyle, the TimeZone and the abbreviations of the session.
 */
#ifndef TC_ISO_TIME_H
#define TC_ISO_TIME_H

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

typedef struct IsoTime
{
	int			year;			/* 1 to 9999 */
	int			month;
	int			day;
	int			hour;			/* up to 24, which ends the day */
	int			minute;
	int			second;
	int			microsecond;
	bool		has_offset;
	int			offset;			/* seconds east of UTC, less than 16 hours */
} IsoTime;

/*
 * Read a time: "2026-12-07T06:00", with a blank for the T, seconds and fractions
 * of them, and the offset Z, +01, +0100 or +01:00 if wanted.  Returns whether the
 * text is one; it raises nothing.
 */
extern bool tc_parse_iso_time(const char *s, IsoTime *time);

#endif							/* TC_ISO_TIME_H */
