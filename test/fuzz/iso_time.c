/*
 * iso_time.c
 *		A text is a time, or none; a time that is written again is the same.
 */
#include "postgres_fe.h"

#include "../../src/base/iso_time.h"
#include "fuzz.h"

#define LONGEST_OFFSET (16 * 60 * 60)

static void
check_ranges(const IsoTime *time)
{
	ALWAYS(time->year >= 1 && time->year <= 9999);
	ALWAYS(time->month >= 1 && time->month <= 12);
	ALWAYS(time->day >= 1 && time->day <= 31);
	ALWAYS(time->hour >= 0 && time->minute >= 0 && time->second >= 0 && time->microsecond >= 0);
	ALWAYS(time->hour < 24 || time->minute + time->second + time->microsecond == 0);
	ALWAYS(time->hour <= 24 && time->minute < 60 && time->second < 60 && time->microsecond < 1000000);
	ALWAYS(abs(time->offset) < LONGEST_OFFSET);
	ALWAYS(time->has_offset || time->offset == 0);
}

static const char *
spell(const IsoTime *time)
{
	static char result[100];
	int			offset = abs(time->offset);
	int			len;

	len = snprintf(result, sizeof(result), "%04d-%02d-%02dT%02d:%02d:%02d.%06d", time->year, time->month,
				   time->day, time->hour, time->minute, time->second, time->microsecond);
	if (time->has_offset)
		snprintf(result + len, sizeof(result) - len, "%c%02d:%02d:%02d", time->offset < 0 ? '-' : '+',
				 offset / 3600, offset / 60 % 60, offset % 60);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *text = memcpy(palloc0(size + 1), data, size);
	IsoTime		time;
	IsoTime		again;

	if (tc_parse_iso_time(text, &time))
	{
		check_ranges(&time);
		ALWAYS(strspn(text, "0123456789-:.,+ TZ") == strlen(text));
		ALWAYS(tc_parse_iso_time(spell(&time), &again));
		ALWAYS(memcmp(&time, &again, sizeof(time)) == 0);
	}
	free_all();
	return 0;
}
