/*
 * text.c
 *		The forms that text from outside must have.
 *
 * Each form is a domain in schema tempcloud_data whose CHECK calls
 * tempcloud_data.has_form(); functions of the API ask the same question here
 * before they write, so that their callers get an error that names the
 * argument.  The rule itself stands in one place.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include "compat.h"
#include "refusal.h"
#include "text.h"

#define LINE_CHARACTERS			200
#define PARAGRAPH_CHARACTERS	2000
#define EMAIL_BYTES				254 /* RFC 5321, 4.5.3.1.3 less the brackets */
#define EMAIL_LOCAL_BYTES		64	/* RFC 5321, 4.5.3.1.1 */
#define DOMAIN_LABEL_BYTES		63	/* RFC 1035, 2.3.4 */

static bool is_line(const char *s, size_t len);
static bool is_person_name(const char *s, size_t len);
static bool is_company_name(const char *s, size_t len);
static bool is_paragraph(const char *s, size_t len);
static bool is_email(const char *s, size_t len);
static bool is_locale(const char *s, size_t len);
static bool is_country(const char *s, size_t len);
static bool is_website(const char *s, size_t len);

static const struct
{
	const char *name;			/* as the domains call it */
	bool		(*matches) (const char *s, size_t len);
	const char *expectation;
}			forms[] =
{
	[FORM_LINE] = {"line", is_line,
	"one line of at most 200 characters, without control or bidirectional formatting characters"},
	[FORM_PERSON_NAME] = {"person_name", is_person_name,
	"one line of at most 200 characters, without addresses of pages or mailboxes, control or bidirectional formatting characters"},
	[FORM_COMPANY_NAME] = {"company_name", is_company_name,
	"one line of at most 200 characters, without addresses of pages or mailboxes, control or bidirectional formatting characters"},
	[FORM_PARAGRAPH] = {"paragraph", is_paragraph,
	"at most 2000 characters, without control or bidirectional formatting characters"},
	[FORM_EMAIL] = {"email", is_email,
	"an e-mail address like name@example.com"},
	[FORM_LOCALE] = {"locale", is_locale,
	"a locale like \"de\" or \"de-AT\""},
	[FORM_COUNTRY] = {"country", is_country,
	"a country code of two capital letters like \"DE\""},
	[FORM_WEBSITE] = {"website", is_website,
	"an address that starts with http:// or https://, without spaces"},
};

PG_FUNCTION_INFO_V1(tempcloud_has_form);

/*
 * has_form(value text, form text) returns boolean: what the domains check.
 */
Datum
tempcloud_has_form(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));

	for (Form form = 0; form < lengthof(forms); form++)
	{
		if (strcmp(name, forms[form].name) == 0)
			PG_RETURN_BOOL(tc_has_form(VARDATA_ANY(value),
									   VARSIZE_ANY_EXHDR(value), form));
	}
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("there is no form \"%s\"", name));
}

bool
tc_has_form(const char *s, size_t len, Form form)
{
	return forms[form].matches(s, len);
}

char *
tc_trim(char *value)
{
	size_t		len;

	if (value == NULL)
		return NULL;
	value += strspn(value, " \t\r\n");
	len = strlen(value);
	while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
		len--;
	value[len] = '\0';
	return len > 0 ? value : NULL;
}

char *
tc_clean(char *value, const char *name, Form form)
{
	value = tc_trim(value);
	if (value == NULL || tc_has_form(value, strlen(value), form))
		return value;
	if (form == FORM_EMAIL)
		tc_refuse(INVALID_EMAIL);
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be %s.",
				   name, forms[form].expectation);
}

char *
tc_arg_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

char *
tc_arg(FunctionCallInfo fcinfo, int n, const char *name, Form form)
{
	return tc_clean(tc_arg_text(fcinfo, n), name, form);
}

char *
tc_arg_required(FunctionCallInfo fcinfo, int n, const char *name, Form form)
{
	char	   *value = tc_arg(fcinfo, n, name, form);

	if (value == NULL && form == FORM_EMAIL)
		tc_refuse(INVALID_EMAIL);
	tc_require(value, name);
	return value;
}

char *
tc_arg_change(FunctionCallInfo fcinfo, int n, const char *name, Form form, bool clearable)
{
	char	   *value = tc_arg(fcinfo, n, name, form);

	if (value != NULL || PG_ARGISNULL(n))
		return value;
	if (!clearable)
		tc_require(NULL, name);
	return "";
}

void
tc_require(const void *value, const char *name)
{
	if (value == NULL)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is required.", name);
}

pg_uuid_t *
tc_arg_uuid(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		tc_require(NULL, name);
	return PG_GETARG_UUID_P(n);
}

char *
tc_enum_label(Datum value)
{
	return DatumGetCString(DirectFunctionCall1(enum_out, value));
}

/* An address is ASCII (is_email), so that no locale's rules can interfere. */
char *
tc_fold_email(const char *email)
{
	return asc_tolower(email, strlen(email));
}

/*
 * Controls would break header fields and layouts; bidirectional formatting
 * lets a text read as what it is not (CVE-2021-42574 lists the characters);
 * line and paragraph separators are line ends in disguise.
 */
static bool
is_harmful(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) ||
		c == 0x061C || c == 0x200B || c == 0x200E || c == 0x200F ||
		c == 0x2028 || c == 0x2029 ||
		(c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
		c == 0xFEFF;
}

/*
 * Whether the text is not blank, has at most max characters, and none that is
 * harmful but those in allowed.
 */
static bool
is_clean(const char *s, size_t len, int max, const char *allowed)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	bool		blank = true;
	int			count = 0;

	for (const char *end = s + len; s < end; s += pg_mblen(s))
	{
		unsigned char byte = (unsigned char) *s;
		pg_wchar	c = byte;

		if (IS_HIGHBIT_SET(byte))
			c = utf8 ? utf8_to_unicode((const unsigned char *) s) : 0xFFFD;
		if (++count > max)
			return false;
		if (is_harmful(c) && (byte == '\0' || strchr(allowed, byte) == NULL))
			return false;
		if (c != ' ' && c != 0xA0)
			blank = false;
	}
	return !blank;
}

static bool
is_line(const char *s, size_t len)
{
	return is_clean(s, len, LINE_CHARACTERS, "");
}

static bool
is_paragraph(const char *s, size_t len)
{
	return is_clean(s, len, PARAGRAPH_CHARACTERS, "\t\r\n");
}

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * A domain of at least two labels (RFC 1035, 2.3.1), the last not a number.
 */
static bool
is_domain(const char *s, size_t len)
{
	const char *end = s + len;
	int			labels = 0;
	bool		letter = false;

	for (const char *label = s; label <= end;)
	{
		const char *dot = memchr(label, '.', end - label);
		const char *stop = dot ? dot : end;

		if (stop == label || stop - label > DOMAIN_LABEL_BYTES ||
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
 * An address as people write it: dot-atom @ domain (RFC 5322, 3.4.1), without
 * the quoted local parts, comments and literals that nobody has.
 */
static bool
is_email(const char *s, size_t len)
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
	return is_domain(at + 1, s + len - (at + 1));
}

/*
 * Whether a word is what mail programs make a link of: a mailbox, or a page by
 * its scheme, its www or its path; with hosts, also the bare name of a host.
 * That ends in small letters, or else "Dr.Meyer" and "Co.KG" would be ones.
 */
static bool
is_link(const char *s, size_t len, bool hosts)
{
	const char *at = memchr(s, '@', len);
	size_t		host = 0;
	size_t		top;

	if (len > 4 && pg_strncasecmp(s, "www.", 4) == 0)
		return true;
	if (at != NULL)
		return is_domain(at + 1, s + len - (at + 1));
	while (host < len && s[host] != '/' && s[host] != '?' && s[host] != '#' && s[host] != ':')
		host++;
	if (host + 2 < len && memcmp(s + host, "://", 3) == 0)
		return true;
	if (!is_domain(s, host))
		return false;
	top = host;
	while (top > 0 && s[top - 1] >= 'a' && s[top - 1] <= 'z')
		top--;
	return host < len || (hosts && host - top >= 2 && s[top - 1] == '.');
}

/*
 * Whether one of the words is a link.  Addresses are ASCII, so that every other
 * character parts words, and so do the marks that people put around them.
 */
static bool
has_link(const char *s, size_t len, bool hosts)
{
	const char *end = s + len;

	while (s < end)
	{
		const char *word;

		while (s < end && !is_alphanumeric(*s))
			s++;
		word = s;
		while (s < end && (is_alphanumeric(*s) || strchr("-._~:/?#@%&=+", *s) != NULL))
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
is_person_name(const char *s, size_t len)
{
	return is_line(s, len) && !has_link(s, len, true);
}

static bool
is_company_name(const char *s, size_t len)
{
	return is_line(s, len) && !has_link(s, len, false);
}

/*
 * A language of two or three small letters, then subtags of two to eight
 * letters and digits (a subset of RFC 5646).
 */
static bool
is_locale(const char *s, size_t len)
{
	size_t		run = 0;
	bool		language = true;

	if (len > 35)				/* RFC 5646, 4.4.1 */
		return false;
	for (size_t i = 0; i <= len; i++)
	{
		if (i == len || s[i] == '-')
		{
			if (run < 2 || run > (language ? 3 : 8))
				return false;
			language = false;
			run = 0;
		}
		else if (language ? s[i] >= 'a' && s[i] <= 'z' : is_alphanumeric(s[i]))
			run++;
		else
			return false;
	}
	return true;
}

static bool
is_country(const char *s, size_t len)
{
	return len == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z';
}

/* Pages make links of it: no other scheme (javascript:) may get through. */
static bool
is_website(const char *s, size_t len)
{
	size_t		scheme = len > 8 && pg_strncasecmp(s, "https://", 8) == 0 ? 8 :
		len > 7 && pg_strncasecmp(s, "http://", 7) == 0 ? 7 : 0;

	return scheme > 0 && is_line(s, len) &&
		memchr(s, ' ', len) == NULL && memchr(s, '"', len) == NULL &&
		memchr(s, '<', len) == NULL && memchr(s, '>', len) == NULL;
}
