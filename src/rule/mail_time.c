/*
 * mail_time.c
 *		Times in mails, for people.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/local_time.h"
#include "rule/mail_time.h"

static char *date_text(const struct pg_tm *time, const char *locale);
static char *clock_text(const struct pg_tm *time);
static char *zone_text(const struct pg_tm *time);

char *
tc_mail_date(TimestampTz time, const char *zone, const char *locale)
{
	struct pg_tm local = tc_local_time(time, zone);

	return date_text(&local, locale);
}

char *
tc_mail_time(TimestampTz time, const char *zone, const char *locale)
{
	struct pg_tm local = tc_local_time(time, zone);

	return psprintf("%s %s %s", date_text(&local, locale), clock_text(&local), zone_text(&local));
}

char *
tc_mail_span(TimestampTz from, TimestampTz to, const char *zone, const char *locale)
{
	struct pg_tm start = tc_local_time(from, zone);
	struct pg_tm end = tc_local_time(to, zone);
	bool		same_day = strcmp(date_text(&start, locale), date_text(&end, locale)) == 0;
	bool		same_offset = strcmp(zone_text(&start), zone_text(&end)) == 0;

	return psprintf("%s %s%s%s%s%s%s%s %s",
					date_text(&start, locale), clock_text(&start),
					same_offset ? "" : " ", same_offset ? "" : zone_text(&start),
					same_day && same_offset ? "-" : " - ",
					same_day ? "" : date_text(&end, locale), same_day ? "" : " ",
					clock_text(&end), zone_text(&end));
}

bool
tc_is_language(const char *locale, const char *language)
{
	size_t		length = strlen(language);

	return strncmp(locale, language, length) == 0 &&
		(locale[length] == '\0' || locale[length] == '-');
}

static char *
date_text(const struct pg_tm *time, const char *locale)
{
	static const char *const months[] = {
		"January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December"
	};
	int			year = time->tm_year + 1900;

	if (tc_is_language(locale, "de"))
		return psprintf("%02d.%02d.%04d", time->tm_mday, time->tm_mon + 1, year);
	if (tc_is_language(locale, "en"))
		return psprintf("%d %s %d", time->tm_mday, months[time->tm_mon], year);
	return psprintf("%04d-%02d-%02d", year, time->tm_mon + 1, time->tm_mday);
}

static char *
clock_text(const struct pg_tm *time)
{
	return psprintf("%02d:%02d", time->tm_hour, time->tm_min);
}

/* The abbreviation; where people use none, the database has the offset: "-03". */
static char *
zone_text(const struct pg_tm *time)
{
	return psprintf("%s%s", isalpha((unsigned char) time->tm_zone[0]) ? "" : "UTC", time->tm_zone);
}
