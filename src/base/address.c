/*
 * address.c
 *		E-mail addresses and the names of hosts.
 */
#include "postgres.h"

#include <idn2.h>

#include "common/string.h"
#include "utils/formatting.h"

#include "base/address.h"
#include "base/character.h"

#define EMAIL_BYTES				254 /* RFC 5321, 4.5.3.1.3 less the brackets */
#define EMAIL_LOCAL_BYTES		64	/* RFC 5321, 4.5.3.1.1 */
#define LABEL_BYTES				63	/* RFC 1035, 2.3.4 */

static bool is_alphanumeric(char c);

/*
 * A domain of at least two labels (RFC 1035, 2.3.1), the last not a number.
 */
bool
tc_is_host(const char *s, size_t len)
{
	const char *end = s + len;
	int			labels = 0;
	bool		letter = false;

	for (const char *label = s; label <= end;)
	{
		const char *dot = memchr(label, '.', end - label);
		const char *stop = dot ? dot : end;

		if (stop == label || stop - label > LABEL_BYTES ||
			*label == '-' || stop[-1] == '-')
			return false;
		letter = false;
		for (const char *p = label; p < stop; p++)
		{
			if (!is_alphanumeric(*p) && *p != '-')
				return false;
			letter |= *p > '9';
		}
		labels++;
		label = stop + 1;
	}
	return labels >= 2 && letter;
}

/*
 * An address as people write it: dot-atom @ domain (RFC 5322, 3.4.1), without quoted
 * local parts, comments and literals, which are not in use.
 */
bool
tc_is_email(const char *s, size_t len)
{
	const char *at = memchr(s, '@', len);

	if (at == NULL || at == s || at - s > EMAIL_LOCAL_BYTES || len > EMAIL_BYTES)
		return false;
	for (const char *p = s; p < at; p++)
	{
		if (*p == '.')
		{
			if (p == s || p[1] == '.' || p + 1 == at)
				return false;
		}
		else if (!is_alphanumeric(*p) &&
				 (*p == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", *p) == NULL))
			return false;
	}
	return tc_is_host(at + 1, s + len - (at + 1));
}

char *
tc_ascii_email(char *email)
{
	char	   *at = strchr(email, '@');
	char	   *ascii;
	char		kept[IDN2_DOMAIN_MAX_LENGTH + 1];

	if (at == NULL || pg_is_ascii(at))
		return email;

	/* IDNA drops invisible characters, which would give another domain. */
	if (!tc_is_legible(at + 1, strlen(at + 1), EMAIL_BYTES, "") ||
		idn2_lookup_u8((const uint8_t *) (at + 1), (uint8_t **) &ascii,
					   IDN2_NONTRANSITIONAL) != IDN2_OK)
		return email;
	strlcpy(kept, ascii, sizeof(kept)); /* an error must not leak what is not
										 * palloc'd */
	idn2_free(ascii);
	return psprintf("%.*s@%s", (int) (at - email), email, kept);
}

/* An address is ASCII, so that no locale's rules can interfere. */
char *
tc_fold_email(const char *email)
{
	return asc_tolower(email, strlen(email));
}

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
