/*
 * clock.c
 *		The instant of a command.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/clock.h"

static bool is_read = false;
static TimestampTz instant;

TimestampTz
tc_now(void)
{
	if (!is_read)
		instant = GetCurrentTimestamp();
	is_read = true;
	return instant;
}

void
tc_read_clock(void)
{
	is_read = false;
}
