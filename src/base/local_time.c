/*
 * local_time.c
 *		Times at a place, whatever the TimeZone and the DateStyle of the session.
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/iso_time.h"
#include "base/local_time.h"
#include "base/refusal.h"

/* No zone changes its offset twice within this time. */
#define MOMENT (24 * 60 * 60)

static pg_time_t seconds_of(const IsoTime *time);
static int	offset_of_zone(pg_time_t local, const char *path, const char *zone);
static int	possible_offsets(pg_time_t local, const pg_tz *zone, int offsets[2]);
static int	offset_at(pg_time_t instant, const pg_tz *zone);
static char *offset_text(int offset);

bool
tc_knows_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	return zone != NULL && pg_tz_acceptable(zone) &&
		strcmp(pg_get_timezone_name(zone), name) == 0;
}

TimestampTz
tc_read_time(const char *text, const char *path, const char *zone)
{
	IsoTime		time;
	pg_time_t	local;
	int			offset;

	if (!tc_parse_iso_time(text, &time))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a time like 2100-12-31T06:00+01, "
					   "or 2100-12-31T06:00 in the time zone of the request.", path);
	local = seconds_of(&time);
	offset = time.has_offset ? time.offset : offset_of_zone(local, path, zone);
	return time_t_to_timestamptz(local - offset) + time.microsecond;
}

/* The seconds from 1970 that the clock shows. */
static pg_time_t
seconds_of(const IsoTime *time)
{
	pg_time_t	days = date2j(time->year, time->month, time->day) - UNIX_EPOCH_JDATE;

	return ((days * HOURS_PER_DAY + time->hour) * MINS_PER_HOUR + time->minute) * SECS_PER_MINUTE +
		time->second;
}

/* The offset of the zone when its clocks show a time, or PT400. */
static int
offset_of_zone(pg_time_t local, const char *path, const char *zone)
{
	int			offsets[2];
	int			count = possible_offsets(local, pg_tzset(zone), offsets);

	if (count == 0)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: there is no such time in %s, "
					   "where the clocks are put forward.", path, zone);
	if (count == 2)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: this time comes twice in %s, "
					   "where the clocks are put back; write %s or %s after it.",
					   path, zone, offset_text(offsets[0]), offset_text(offsets[1]));
	return offsets[0];
}

/*
 * The offsets that the zone has when its clocks show a time: one, none if the
 * clocks skip the time, or two if they show it twice.
 */
static int
possible_offsets(pg_time_t local, const pg_tz *zone, int offsets[2])
{
	int			before = offset_at(local - MOMENT, zone);
	int			after = offset_at(local + MOMENT, zone);
	int			count = 0;

	if (offset_at(local - before, zone) == before)
		offsets[count++] = before;
	if (after != before && offset_at(local - after, zone) == after)
		offsets[count++] = after;
	return count;
}

static int
offset_at(pg_time_t instant, const pg_tz *zone)
{
	return pg_localtime(&instant, zone)->tm_gmtoff;
}

static char *
offset_text(int offset)
{
	int			minutes = abs(offset) / SECS_PER_MINUTE;

	return psprintf("%c%02d:%02d", offset < 0 ? '-' : '+', minutes / MINS_PER_HOUR,
					minutes % MINS_PER_HOUR);
}

struct pg_tm
tc_local_time(TimestampTz time, const char *zone)
{
	pg_time_t	instant = timestamptz_to_time_t(time);
	const pg_tz *known = tc_knows_zone(zone) ? pg_tzset(zone) : pg_tzset("GMT");

	return *pg_localtime(&instant, known);
}

char *
tc_utc_text(TimestampTz time)
{
	pg_time_t	instant = timestamptz_to_time_t(time);
	char		result[MAXDATELEN + 1];

	pg_strftime(result, sizeof(result), "%Y-%m-%d %H:%M:%S UTC", pg_gmtime(&instant));
	return pstrdup(result);
}
