/*
 * log.c
 *		One line an entry, on standard error: time, level, event, details.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

void
log_entry(const char *level, const char *event, const char *details,...)
{
	char		line[1024];
	char		at[32];
	time_t		now = time(NULL);
	struct tm	utc;
	va_list		args;

	va_start(args, details);
	vsnprintf(line, sizeof(line), details, args);
	va_end(args);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	fprintf(stderr, "%s level=%s event=%s %s\n", at, level, event, line);
}

/* A mail server may quote what it was sent: nothing after tci_ or tce_ passes. */
const char *
quoted(const char *text)
{
	static char buffers[2][512];
	static int	turn = 0;
	char	   *out = buffers[turn ^= 1];
	char	   *end = out + sizeof(buffers[0]) - 2;
	char	   *to = out;

	*to++ = '"';
	while (*text != '\0' && to < end)
	{
		if (strncmp(text, "tci_", 4) == 0 || strncmp(text, "tce_", 4) == 0)
			text += strcspn(text, " \t\r\n\"<>");
		else if (*text == '"' || *text == '\\' || (unsigned char) *text < ' ')
		{
			*to++ = ' ';
			text++;
		}
		else
			*to++ = *text++;
	}
	*to++ = '"';
	*to = '\0';
	return out;
}
