/*
 * mail_template.c
 *		The texts of mails.
 *
 * A placeholder is a name in braces.  It is replaced once: a value that looks
 * like a placeholder is not replaced again.  A line whose placeholders are all
 * empty is left out together with the blank line after it, so that a mail
 * without a personal message has no gap.
 */
#include "postgres.h"

#include <ctype.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/query.h"
#include "base/settings.h"
#include "rule/mail_template.h"

static const char *const placeholders[PLACEHOLDERS] = {
	[PLACEHOLDER_RECIPIENT_NAME] = "recipient_name",
	[PLACEHOLDER_COMPANY] = "company",
	[PLACEHOLDER_PERSON] = "person",
	[PLACEHOLDER_EMAIL] = "email",
	[PLACEHOLDER_MESSAGE] = "message",
	[PLACEHOLDER_REASON] = "reason",
	[PLACEHOLDER_EXPIRES_ON] = "expires_on",
	[PLACEHOLDER_ORDER] = "order",
	[PLACEHOLDER_PROFESSION] = "profession",
	[PLACEHOLDER_LOCATION] = "location",
	[PLACEHOLDER_DEPARTMENT] = "department",
	[PLACEHOLDER_SHIFTS] = "shifts",
	[PLACEHOLDER_LINK] = "link",
};

/* The DBA's own template of a kind for a locale, and the shipped one. */
static KeptQuery find_templates =
QUERY("SELECT subject, text_body, html_body, true FROM tempcloud_data.mail_template"
	  " WHERE kind = $1::tempcloud.mail_kind AND locale = $2"
	  " UNION ALL "
	  "SELECT subject, text_body, html_body, false FROM tempcloud_data.shipped_mail_template"
	  " WHERE kind = $1::tempcloud.mail_kind AND locale = $2");

enum
{
	TEMPLATE_SUBJECT = 1, TEMPLATE_TEXT_BODY, TEMPLATE_HTML_BODY, TEMPLATE_IS_OWN
};

static Rows find_template(MailKind kind, const char *locale, uint64 *row);
static char *language_of(const char *locale);
static char *fill(const char *template, char *const *values, bool html, int limit);
static bool fill_line(StringInfo out, const char *line, const char *end,
					  char *const *values, bool html, int limit);
static void check_length(const StringInfoData *out, int limit);
static int	placeholder_at(const char *s, const char *end, int *length);
static void append_html(StringInfo out, const char *value);
static void make_one_line(char *s);

PG_FUNCTION_INFO_V1(tempcloud_has_known_placeholders);

/*
 * has_known_placeholders(template text) returns boolean
 *
 * For the CHECK of the tables of templates.
 */
Datum
tempcloud_has_known_placeholders(PG_FUNCTION_ARGS)
{
	enum
	{
		ARG_TEMPLATE
	};
	char	   *template = text_to_cstring(PG_GETARG_TEXT_PP(ARG_TEMPLATE));
	const char *end = template + strlen(template);

	for (const char *s = strchr(template, '{'); s != NULL; s = strchr(s + 1, '{'))
	{
		int			length;

		if (placeholder_at(s, end, &length) < 0 && length > 0)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}

Message
tc_render(MailKind kind, const char *locale, char *const values[PLACEHOLDERS])
{
	uint64		row;
	Rows		rows = find_template(kind, locale, &row);
	Message		message;
	char	   *html_body;

	message.subject = fill(tc_text(rows, row, TEMPLATE_SUBJECT), values, false, MAX_SUBJECT_BYTES);
	message.text_body = fill(tc_text(rows, row, TEMPLATE_TEXT_BODY), values, false, MAX_BODY_BYTES);
	html_body = tc_text(rows, row, TEMPLATE_HTML_BODY);
	message.html_body = html_body ? fill(html_body, values, true, MAX_BODY_BYTES) : NULL;
	make_one_line(message.subject);
	return message;
}

/*
 * Returns the templates for the first of these that has any: the locale wanted, its
 * language, the default locale, its language, and English; and in *row which to use.
 */
static Rows
find_template(MailKind kind, const char *locale, uint64 *row)
{
	const char *wanted[] = {
		locale, language_of(locale), tc_default_locale, language_of(tc_default_locale), "en"
	};

	for (int i = 0; i < lengthof(wanted); i++)
	{
		Rows		rows;

		if (i > 0 && strcmp(wanted[i], wanted[i - 1]) == 0)
			continue;
		rows = tc_run(&find_templates, MAIL_KIND_VALUE(kind), TEXT_VALUE(wanted[i]));
		if (rows.count == 0)
			continue;
		*row = rows.count == 2 && !tc_bool(rows, 0, TEMPLATE_IS_OWN) ? 1 : 0;
		return rows;
	}
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_OBJECT),
			errmsg("there is no mail template of kind \"%s\" for locale \"%s\"",
				   tc_mail_kind_label(kind), locale));
}

/* What is before the first hyphen. */
static char *
language_of(const char *locale)
{
	return pnstrdup(locale, strcspn(locale, "-"));
}

char *
tc_replace(const char *text, const char *from, const char *to)
{
	StringInfoData out;
	const char *found;

	initStringInfo(&out);
	while ((found = strstr(text, from)) != NULL)
	{
		appendBinaryStringInfo(&out, text, found - text);
		appendStringInfoString(&out, to);
		text = found + strlen(from);
	}
	appendStringInfoString(&out, text);
	return out.data;
}

static char *
fill(const char *template, char *const *values, bool html, int limit)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *line = template; *line != '\0';)
	{
		const char *end = strchr(line, '\n');

		end = end ? end + 1 : line + strlen(line);
		if (!fill_line(&out, line, end, values, html, limit) && *end == '\n')
			end++;				/* and the blank line after it */
		check_length(&out, limit);
		line = end;
	}
	while (out.len >= 2 && strcmp(out.data + out.len - 2, "\n\n") == 0)
		out.data[--out.len] = '\0';
	return out.data;
}

/* Returns whether the line was kept. */
static bool
fill_line(StringInfo out, const char *line, const char *end, char *const *values, bool html,
		  int limit)
{
	int			start = out->len;
	bool		any = false;
	bool		empty = true;

	while (line < end)
	{
		int			length;
		int			which = placeholder_at(line, end, &length);
		const char *value = which < 0 ? NULL : values[which];

		check_length(out, limit);
		if (which < 0)
		{
			appendStringInfoChar(out, *line++);
			continue;
		}
		any = true;
		line += length;
		if (value == NULL || *value == '\0')
			continue;
		empty = false;
		if (html)
			append_html(out, value);
		else
			appendStringInfoString(out, value);
	}
	if (!any || !empty)
		return true;
	out->len = start;
	out->data[start] = '\0';
	return false;
}

static void
check_length(const StringInfoData *out, int limit)
{
	if (out->len > limit)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("subject or body is longer than %d bytes", limit));
}

/*
 * The placeholder that starts at s, or -1.  *length is set to its length, with
 * braces; to that of a name in braces that is no placeholder; or to 0 if there is
 * none either.
 */
static int
placeholder_at(const char *s, const char *end, int *length)
{
	const char *stop = s + 1;

	*length = 0;
	if (*s != '{')
		return -1;
	while (stop < end && (isalnum((unsigned char) *stop) || *stop == '_'))
		stop++;
	if (stop == end || *stop != '}' || stop == s + 1)
		return -1;

	*length = stop + 1 - s;
	for (int i = 0; i < PLACEHOLDERS; i++)
	{
		if (strlen(placeholders[i]) == *length - 2 &&
			strncmp(placeholders[i], s + 1, *length - 2) == 0)
			return i;
	}
	return -1;
}

static void
append_html(StringInfo out, const char *value)
{
	for (; *value != '\0'; value++)
	{
		switch (*value)
		{
			case '&':
				appendStringInfoString(out, "&amp;");
				break;
			case '<':
				appendStringInfoString(out, "&lt;");
				break;
			case '>':
				appendStringInfoString(out, "&gt;");
				break;
			case '"':
				appendStringInfoString(out, "&quot;");
				break;
			case '\'':
				appendStringInfoString(out, "&#39;");
				break;
			case '\n':
				appendStringInfoString(out, "<br>\n");
				break;
			default:
				appendStringInfoCharMacro(out, *value);
		}
	}
}

/* Replace control characters: a header field must not contain a line end. */
static void
make_one_line(char *s)
{
	for (; *s != '\0'; s++)
	{
		if ((unsigned char) *s < ' ' || *s == 0x7F)
			*s = ' ';
	}
}
