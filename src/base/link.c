/*
 * link.c
 *		Text that mail programs turn into links.
 *
 * Names of people and companies reach mails that invite, and must not be used
 * to advertise.  A page is known by its scheme, its www or its path.  The bare
 * name of a host is harder to tell from a name that lacks a space after a full
 * stop, as "Dr.Meyer".  It is taken for a host if its last label is in small
 * letters only, or is a top-level domain in whatever letters ("EVIL.Com"), or the
 * ASCII form of an international one.
 *
 * Not found are a host under a top-level domain that is newer than the table and is
 * written with capitals, and one under a top-level domain that is not ASCII.
 */
#include "postgres.h"

#include "base/address.h"
#include "base/link.h"

#include "base/top_level_table.h"

/*
 * Titles and legal forms that look like hosts.  Each is one fixed word, which is of no
 * use for advertising.
 */
static const char *const titles[] = {
	"b.sc", "m.sc", "co.kg", "dipl.ing", "dipl.kfm", "dr.ing", "dr.jur", "dr.med", "dr.phil",
	"dr.rer.nat", "dr.rer.pol",
};

static bool is_link(const char *s, size_t len, bool hosts);
static bool ends_like_host(const char *s, size_t len);
static bool is_title(const char *s, size_t len);
static bool is_top_level_domain(const char *s, size_t len);
static int	compare_word(const char *s, size_t len, const char *word);
static bool is_alphanumeric(char c);

/*
 * Hosts are ASCII, so that every other character separates words, as punctuation around
 * them does.
 */
bool
tc_has_link(const char *s, size_t len, bool hosts)
{
	const char *end = s + len;

	while (s < end)
	{
		const char *word;

		while (s < end && !is_alphanumeric(*s))
			s++;
		word = s;
		while (s < end && (is_alphanumeric(*s) ||
						   (*s != '\0' && strchr("-._~:/?#@%&=+", *s) != NULL)))
			s++;
		len = s - word;
		while (len > 0 && strchr(".-", word[len - 1]) != NULL)
			len--;
		if (is_link(word, len, hosts))
			return true;
	}
	return false;
}

static bool
is_link(const char *s, size_t len, bool hosts)
{
	const char *at = memchr(s, '@', len);
	size_t		host = 0;

	if (len > 4 && pg_strncasecmp(s, "www.", 4) == 0)
		return true;
	if (at != NULL)
		return tc_is_host(at + 1, s + len - (at + 1));
	while (host < len && s[host] != '/' && s[host] != '?' && s[host] != '#' && s[host] != ':')
		host++;
	if (host + 2 < len && memcmp(s + host, "://", 3) == 0)
		return true;
	if (!tc_is_host(s, host))
		return false;
	return host < len || (hosts && ends_like_host(s, len) && !is_title(s, len));
}

/* Whether this can be the last label of a real host. */
static bool
ends_like_host(const char *s, size_t len)
{
	size_t		top = len;
	bool		small = true;

	while (s[top - 1] != '.')
	{
		top--;
		small &= s[top] >= 'a' && s[top] <= 'z';
	}
	len -= top;
	s += top;
	return (small && len >= 2) || (len > 4 && pg_strncasecmp(s, "xn--", 4) == 0) ||
		is_top_level_domain(s, len);
}

static bool
is_title(const char *s, size_t len)
{
	for (int i = 0; i < lengthof(titles); i++)
	{
		if (compare_word(s, len, titles[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_top_level_domain(const char *s, size_t len)
{
	int			low = 0;
	int			high = lengthof(top_level_domains) - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = compare_word(s, len, top_level_domains[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return false;
}

/* Like strcmp(), compares the len bytes at s, in lower case, with a word. */
static int
compare_word(const char *s, size_t len, const char *word)
{
	int			order = pg_strncasecmp(s, word, len);

	if (order != 0)
		return order;
	return word[len] == '\0' ? 0 : -1;
}

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
