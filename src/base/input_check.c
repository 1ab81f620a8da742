/*
 * input_check.c
 *		The forms that text from outside must have.
 *
 * Each form is a domain in schema tempcloud_data whose CHECK calls
 * tempcloud_data.has_form(); functions of the API make the same check here before they
 * write, so that their errors name the argument.  Each rule is in one place.
 *
 * Databases with the extension are in UTF8, and so is all text here.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/character.h"
#include "base/compat.h"
#include "base/input_check.h"
#include "base/link.h"
#include "base/local_time.h"
#include "base/refusal.h"
#include "base/token_codec.h"

#define LINE_CHARACTERS			200
#define PARAGRAPH_CHARACTERS	2000
#define PHONE_CHARACTERS		60
#define PHONE_DIGITS			3	/* at least */
#define TIME_ZONE_CHARACTERS	60

static bool is_line(const char *s, size_t len);
static bool is_person_name(const char *s, size_t len);
static bool is_company_name(const char *s, size_t len);
static bool is_paragraph(const char *s, size_t len);
static bool is_free_text(const char *s, size_t len);
static bool is_phone(const char *s, size_t len);
static bool is_locale(const char *s, size_t len);
static bool is_country(const char *s, size_t len);
static bool is_website(const char *s, size_t len);
static bool is_time_zone(const char *s, size_t len);

static const struct
{
	const char *name;			/* as the domains call it */
	bool		(*matches) (const char *s, size_t len);
	const char *expectation;
}			forms[] =

{
	[FORM_LINE] = {"line", is_line,
	"one line of at most 200 characters, without control or invisible characters"},
	[FORM_PERSON_NAME] = {"person_name", is_person_name,
		"one line of at most 200 characters, without addresses of pages or mailboxes, control or "
	"invisible characters; write a space after a full stop"},
	[FORM_COMPANY_NAME] = {"company_name", is_company_name,
		"one line of at most 200 characters, without addresses of pages or mailboxes, control or "
	"invisible characters"},
	[FORM_PARAGRAPH] = {"paragraph", is_paragraph,
	"at most 2000 characters, without control or invisible characters"},
	[FORM_FREE_TEXT] = {"free_text", is_free_text,
	"any text"},
	[FORM_PHONE] = {"phone", is_phone,
	"a telephone number like \"+49 30 123456\" or \"030 123456 ext. 78\""},
	[FORM_EMAIL] = {"email", tc_is_email,
	"an e-mail address like name@example.com"},
	[FORM_LOCALE] = {"locale", is_locale,
	"a locale like \"de\" or \"de-AT\""},
	[FORM_COUNTRY] = {"country", is_country,
	"a country code of two capital letters like \"DE\""},
	[FORM_WEBSITE] = {"website", is_website,
	"an address that starts with http:// or https://, without spaces"},
	[FORM_TIME_ZONE] = {"time_zone", is_time_zone,
	"the name of a time zone in the IANA database like \"Europe/Berlin\", or \"UTC\""},
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

/*
 * No form accepts the token of a link: it would be stored in a table and in all copies of
 * it.
 */
bool
tc_has_form(const char *s, size_t len, Form form)
{
	return forms[form].matches(s, len) && !tc_holds_token(s, len);
}

char *
tc_trim(char *value)
{
	size_t		len;

	if (value == NULL)
		return NULL;
	value += tc_space_at_start(value, strlen(value));
	len = strlen(value);
	len -= tc_space_at_end(value, len);
	value[len] = '\0';
	return len > 0 ? value : NULL;
}

char *
tc_clean(char *value, const char *name, Form form)
{
	value = tc_trim(value);
	if (value != NULL && form == FORM_EMAIL)
		value = tc_ascii_email(value);
	if (value == NULL || (tc_has_form(value, strlen(value), form) &&
						  (form != FORM_TIME_ZONE || tc_knows_zone(value))))
		return value;
	if (tc_holds_token(value, strlen(value)))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must not hold the token of a link: "
					   "who can read it could use the link.", name);
	if (form == FORM_EMAIL)
		tc_refuse(INVALID_EMAIL);
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be %s.",
				   name, forms[form].expectation);
}

char *
tc_email(char *value)
{
	value = tc_trim(value);
	if (value == NULL)
		return NULL;
	value = tc_ascii_email(value);
	return tc_has_form(value, strlen(value), FORM_EMAIL) ? value : NULL;
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

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_line(const char *s, size_t len)
{
	return tc_is_legible(s, len, LINE_CHARACTERS, "");
}

static bool
is_paragraph(const char *s, size_t len)
{
	return tc_is_legible(s, len, PARAGRAPH_CHARACTERS, "\t\r\n");
}


static bool
is_person_name(const char *s, size_t len)
{
	return is_line(s, len) && !tc_has_link(s, len, true);
}

static bool
is_company_name(const char *s, size_t len)
{
	return is_line(s, len) && !tc_has_link(s, len, false);
}

static bool
is_free_text(const char *s, size_t len)
{
	return true;
}

/*
 * A number as in ITU-T E.123: a plus sign, digits with separators between them, and
 * optionally an extension, after a word for it or a sign.
 */
static bool
is_phone(const char *s, size_t len)
{
	size_t		n = 0;
	size_t		word;
	int			digits = 0;

	if (len > PHONE_CHARACTERS)
		return false;
	while (n < len && (is_digit(s[n]) || (s[n] == '+' && digits == 0 && memchr(s, '+', n) == NULL) ||
					   (s[n] != '\0' && strchr(" ()-/.", s[n]) != NULL)))
		digits += is_digit(s[n++]);
	if (digits < PHONE_DIGITS)
		return false;
	if (n == len)
		return is_digit(s[n - 1]) || s[n - 1] == ')';

	for (word = n; n < len && is_letter(s[n]); n++)
		;
	if (n == word && s[n] == '#')
		n++;
	while (n > word && n < len && (s[n] == '.' || s[n] == ':' || s[n] == ' '))
		n++;
	if (n == word || n == len)
		return false;
	while (n < len && is_digit(s[n]))
		n++;
	return n == len;
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
		else if (language ? s[i] >= 'a' && s[i] <= 'z' : is_letter(s[i]) || is_digit(s[i]))
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

/* Pages link to it, so that no other scheme (javascript:) is accepted. */
static bool
is_website(const char *s, size_t len)
{
	size_t		scheme = len > 8 && pg_strncasecmp(s, "https://", 8) == 0 ? 8 :
	len > 7 && pg_strncasecmp(s, "http://", 7) == 0 ? 7 : 0;

	return scheme > 0 && is_line(s, len) &&
		memchr(s, ' ', len) == NULL && memchr(s, '"', len) == NULL &&
		memchr(s, '<', len) == NULL && memchr(s, '>', len) == NULL;
}

/*
 * An area and a place in it, or UTC.  Names with digits are left out: they are not
 * of places, and PostgreSQL reads some as descriptions of a zone.  Whether a server
 * knows the zone is not part of the form, as a dump may be restored by another one.
 */
static bool
is_time_zone(const char *s, size_t len)
{
	bool		has_place = false;

	if (len == 3 && memcmp(s, "UTC", len) == 0)
		return true;
	if (len > TIME_ZONE_CHARACTERS || s[0] < 'A' || s[0] > 'Z')
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (s[i] == '/')
		{
			has_place = true;
			if (i + 1 == len || !is_letter(s[i + 1]))
				return false;
		}
		else if (!is_letter(s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	}
	return has_place;
}
