/*
 * log.c
 *		The log on standard error; a line has time, level, event and details.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

#define SHORTEST_RANDOM 20
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

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

/*
 * The length of the run that begins here, if it is long and has letters of both
 * cases; otherwise 0.  A part of a token is such a run; the name of a host is not.
 */
static size_t
random_run(const char *text)
{
	size_t		length = strspn(text, UPPER LOWER "0123456789-_");

	return length >= SHORTEST_RANDOM && strcspn(text, UPPER) < length &&
		strcspn(text, LOWER) < length ? length : 0;
}

/*
 * A mail server may quote the mail.  Remove what follows tci_ or tce_, and other
 * parts of tokens, since the encoding may have broken one at a line end.
 */
const char *
quoted(const char *text)
{
	static char buffers[2][512];
	static int	turn = 0;
	char	   *out = buffers[turn ^= 1];
	char	   *end = out + sizeof(buffers[0]) - 2;
	char	   *to = out;

	*to++ = '"';
	while (*text !='\0' && to < end)
	{
		size_t		run = random_run(text);

		if (run > 0)
			text	  +=run;

		else if (strncmp(text, "tci_", 4) == 0 || strncmp(text, "tce_", 4) == 0)
			text	  +=strcspn(text, " \t\r\n\"<>");

		else if (*text == '"' || *text == '\\' || (unsigned char) *text <' ')
		{
			*to++ = ' ';
			text	  ++;
		}
		else
			*to++ = *text ++;
	}
	*to++ = '"';
	*to = '\0';
	return out;
}
