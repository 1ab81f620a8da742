/*
 * iso_time.c
 *		Times as ISO 8601 writes them.  Needs no server.
 */
#include "base/iso_time.h"

#define MICROSECOND_DIGITS 6

static bool read_date(const char **s, IsoTime *time);
static bool read_clock(const char **s, IsoTime *time);
static bool read_fraction(const char **s, int *microsecond);
static bool read_offset(const char **s, IsoTime *time);
static bool read_number(const char **s, int digits, int least, int most, int *number);
static bool skip(const char **s, char c);
static bool is_digit(char c);
static int	days_of_month(int year, int month);

bool
tc_parse_iso_time(const char *s, IsoTime *time)
{
	memset(time, 0, sizeof(*time));
	if (!read_date(&s, time) || !(skip(&s, 'T') || skip(&s, ' ')) ||
		!read_clock(&s, time))
		return false;
	time->has_offset = *s != '\0';
	return !time->has_offset || (read_offset(&s, time) && *s == '\0');
}

static bool
read_date(const char **s, IsoTime *time)
{
	return read_number(s, 4, 1, 9999, &time->year) && skip(s, '-') &&
		read_number(s, 2, 1, 12, &time->month) && skip(s, '-') &&
		read_number(s, 2, 1, days_of_month(time->year, time->month), &time->day);
}

static bool
read_clock(const char **s, IsoTime *time)
{
	if (!read_number(s, 2, 0, 24, &time->hour) || !skip(s, ':') ||
		!read_number(s, 2, 0, 59, &time->minute))
		return false;
	if (skip(s, ':') && (!read_number(s, 2, 0, 59, &time->second) ||
						 !read_fraction(s, &time->microsecond)))
		return false;
	return time->hour < 24 ||
		(time->minute == 0 && time->second == 0 && time->microsecond == 0);
}

/* Digits beyond microseconds are left out. */
static bool
read_fraction(const char **s, int *microsecond)
{
	int			digits = 0;

	if (!skip(s, '.') && !skip(s, ','))
		return true;
	for (; is_digit(**s); (*s)++, digits++)
	{
		if (digits < MICROSECOND_DIGITS)
			*microsecond = *microsecond * 10 + (**s - '0');
	}
	for (int i = digits; i < MICROSECOND_DIGITS; i++)
		*microsecond *= 10;
	return digits > 0;
}

/* PostgreSQL writes seconds, too, for times before there were time zones. */
static bool
read_offset(const char **s, IsoTime *time)
{
	bool		west = **s == '-';
	int			hours;
	int			minutes = 0;
	int			seconds = 0;

	if (skip(s, 'Z'))
		return true;
	if (!skip(s, '+') && !skip(s, '-'))
		return false;
	if (!read_number(s, 2, 0, 15, &hours))
		return false;
	if (skip(s, ':') || is_digit(**s))
	{
		if (!read_number(s, 2, 0, 59, &minutes))
			return false;
		if (skip(s, ':') && !read_number(s, 2, 0, 59, &seconds))
			return false;
	}
	time->offset = (hours * 60 + minutes) * 60 + seconds;
	if (west)
		time->offset = -time->offset;
	return true;
}

/* A number of just so many digits, in a range. */
static bool
read_number(const char **s, int digits, int least, int most, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (!is_digit(**s))
			return false;
		*number = *number * 10 + (*(*s)++ - '0');
	}
	return *number >= least && *number <= most;
}

static bool
skip(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}
