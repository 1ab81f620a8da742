/*
 * dsn.c
 *		Delivery status notifications, as RFC 3464 and RFC 6522 define them.
 *
 * The message is read line by line in constant memory.  There is no MIME library
 * here: the parts that count, the status and the header of the returned message,
 * are sent without an encoding (RFC 3464, 2.1; RFC 2046, 5.2.1), so that their
 * boundaries are all that is needed.  GMime would bring GLib and GPGME along.
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "dsn.h"

#define LINE_SIZE 1024			/* RFC 5322, 2.1.1: 998 without its end */
#define FIELD_SIZE 4096			/* an unfolded field; the rest is dropped */
#define BOUNDARY_SIZE 71		/* RFC 2046, 5.1.1: 70 */

typedef enum Place
{
	MESSAGE_HEADER,
	PART_HEADER,
	STATUS_FIELDS,				/* those of the message, then of each
								 * recipient */
	RETURNED_HEADER,
	IGNORED,					/* preamble, texts, the returned body */
	AFTER_LAST_PART
} Place;

typedef struct Reader
{
	Dsn		   *dsn;
	Place		place;
	Place		part;			/* what follows the header of this part */
	char		boundary[BOUNDARY_SIZE];	/* "" before it is known */
	char		field[FIELD_SIZE];	/* the one being read; "" for none */
	Dsn			recipient;		/* what is said about this one so far */
} Reader;

static bool read_line(FILE *in, char *line);
static void take_line(Reader *reader, const char *line);
static bool take_boundary(Reader *reader, const char *line);
static void end_block(Reader *reader);
static void end_field(Reader *reader);
static void take_field(Reader *reader, const char *name, const char *value);
static void take_message_type(Reader *reader, const char *type);
static Place place_of_part(const char *type);
static void take_status_field(Dsn *recipient, const char *name, const char *value);
static void end_recipient(Reader *reader);
static void take_message_id(Dsn *dsn, const char *value);
static bool is_type(const char *type, const char *wanted);
static void copy_parameter(char *to, size_t size, const char *type, const char *name);
static const char *copy_parameter_value(char *to, size_t size, const char *from);
static void copy_text(char *to, size_t size, const char *from);
static void copy_word(char *to, size_t size, const char *from);
static const char *skip_space(const char *s);

bool
dsn_read(FILE *in, Dsn *dsn)
{
	Reader		reader = {.dsn = dsn};
	char		line[LINE_SIZE];

	memset(dsn, 0, sizeof(*dsn));
	while (read_line(in, line))
		take_line(&reader, line);
	end_block(&reader);
	return !ferror(in);
}

bool
dsn_is_failure(const Dsn *dsn)
{
	return strcmp(dsn->action, "failed") == 0 &&
		(dsn->status[0] == '5' || dsn->status[0] == '4');
}

/*
 * The next line without its end; what is beyond LINE_SIZE is dropped.  Null bytes
 * become question marks.  Returns false at the end of the input.
 */
static bool
read_line(FILE *in, char *line)
{
	size_t		length = 0;
	int			c;

	while ((c = getc(in)) != EOF && c != '\n')
	{
		if (length < LINE_SIZE - 1)
			line[length++] = c == '\0' ? '?' : (char) c;
	}
	if (c == EOF && length == 0)
		return false;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	return true;
}

static void
take_line(Reader *reader, const char *line)
{
	size_t		length = strlen(reader->field);

	if (take_boundary(reader, line))
		return;
	if (reader->place == IGNORED || reader->place == AFTER_LAST_PART)
		return;
	if (*line == '\0')
		end_block(reader);
	else if (*line == ' ' || *line == '\t')
	{
		if (length > 0)
			snprintf(reader->field + length, FIELD_SIZE - length, " %s", skip_space(line));
	}
	else
	{
		end_field(reader);
		snprintf(reader->field, FIELD_SIZE, "%s", line);
	}
}

/* Blanks may follow a boundary (RFC 2046, 5.1.1). */
static bool
take_boundary(Reader *reader, const char *line)
{
	size_t		length = strlen(reader->boundary);
	bool		last;

	if (length == 0 || reader->place == MESSAGE_HEADER || reader->place == AFTER_LAST_PART ||
		strncmp(line, "--", 2) != 0 || strncmp(line + 2, reader->boundary, length) != 0)
		return false;
	line += 2 + length;
	last = strncmp(line, "--", 2) == 0;
	if (*skip_space(last ? line + 2 : line) != '\0')
		return false;

	end_block(reader);
	reader->place = last ? AFTER_LAST_PART : PART_HEADER;
	reader->part = IGNORED;
	return true;
}

/* At an empty line, and at the end of a part */
static void
end_block(Reader *reader)
{
	end_field(reader);
	switch (reader->place)
	{
		case MESSAGE_HEADER:
			reader->place = reader->boundary[0] ? IGNORED : AFTER_LAST_PART;
			break;
		case PART_HEADER:
			reader->place = reader->part;
			break;
		case STATUS_FIELDS:
			end_recipient(reader);
			break;
		case RETURNED_HEADER:
			reader->place = IGNORED;
			break;
		case IGNORED:
		case AFTER_LAST_PART:
			break;
	}
}

static void
end_field(Reader *reader)
{
	char	   *colon = strchr(reader->field, ':');

	if (colon != NULL)
	{
		*colon = '\0';
		take_field(reader, reader->field, skip_space(colon + 1));
	}
	reader->field[0] = '\0';
}

static void
take_field(Reader *reader, const char *name, const char *value)
{
	bool		is_content_type = strcasecmp(name, "Content-Type") == 0;

	if (reader->place == MESSAGE_HEADER && is_content_type)
		take_message_type(reader, value);
	else if (reader->place == PART_HEADER && is_content_type)
		reader->part = place_of_part(value);
	else if (reader->place == STATUS_FIELDS)
		take_status_field(&reader->recipient, name, value);
	else if (reader->place == RETURNED_HEADER && strcasecmp(name, "Message-ID") == 0)
		take_message_id(reader->dsn, value);
}

/* Only a report on delivery gets a boundary, and so parts. */
static void
take_message_type(Reader *reader, const char *type)
{
	char		report[32];

	copy_parameter(report, sizeof(report), type, "report-type");
	if (is_type(type, "multipart/report") && strcasecmp(report, "delivery-status") == 0)
		copy_parameter(reader->boundary, BOUNDARY_SIZE, type, "boundary");
}

/* The types with "global" are those of RFC 6533. */
static Place
place_of_part(const char *type)
{
	if (is_type(type, "message/delivery-status") || is_type(type, "message/global-delivery-status"))
		return STATUS_FIELDS;
	if (is_type(type, "message/rfc822") || is_type(type, "text/rfc822-headers") ||
		is_type(type, "message/global") || is_type(type, "message/global-headers"))
		return RETURNED_HEADER;
	return IGNORED;
}

static void
take_status_field(Dsn *recipient, const char *name, const char *value)
{
	if (strcasecmp(name, "Action") == 0)
	{
		copy_word(recipient->action, DSN_ACTION_SIZE, value);
		for (char *s = recipient->action; *s != '\0'; s++)
			*s = (char) tolower((unsigned char) *s);
	}
	else if (strcasecmp(name, "Status") == 0)
		copy_word(recipient->status, DSN_STATUS_SIZE, value);
	else if (strcasecmp(name, "Diagnostic-Code") == 0)
	{
		const char *type_end = strchr(value, ';');

		copy_text(recipient->diagnostic, DSN_DIAGNOSTIC_SIZE,
				  skip_space(type_end ? type_end + 1 : value));
	}
}

/* The fields about the message as a whole have no Action. */
static void
end_recipient(Reader *reader)
{
	Dsn		   *dsn = reader->dsn;
	const Dsn  *recipient = &reader->recipient;

	if (recipient->action[0] != '\0' && !dsn_is_failure(dsn))
	{
		dsn->is_dsn = true;
		strcpy(dsn->action, recipient->action);
		strcpy(dsn->status, recipient->status);
		strcpy(dsn->diagnostic, recipient->diagnostic);
	}
	memset(&reader->recipient, 0, sizeof(reader->recipient));
}

static void
take_message_id(Dsn *dsn, const char *value)
{
	const char *start = strchr(value, '<');
	size_t		length = start ? strcspn(start, "> \t") : 0;

	if (start == NULL || start[length] != '>' || length + 2 > DSN_MESSAGE_ID_SIZE)
		return;
	for (size_t i = 0; i <= length; i++)
	{
		if (start[i] <= ' ' || start[i] > '~')
			return;
	}
	memcpy(dsn->message_id, start, length + 1);
	dsn->message_id[length + 1] = '\0';
}

static bool
is_type(const char *type, const char *wanted)
{
	size_t		length = strlen(wanted);

	return strncasecmp(type, wanted, length) == 0 &&
		(type[length] == '\0' || strchr("; \t", type[length]) != NULL);
}

/* A parameter of a Content-Type; empty if it is missing or too long. */
static void
copy_parameter(char *to, size_t size, const char *type, const char *name)
{
	size_t		length = strlen(name);
	const char *s = strchr(type, ';');

	while (s != NULL)
	{
		const char *start = skip_space(s + 1);
		size_t		name_length = strcspn(start, "=; \t");

		s = skip_space(start + name_length);
		if (*s == '=')
			s = copy_parameter_value(to, size, skip_space(s + 1));
		else
			*to = '\0';
		if (name_length == length && strncasecmp(start, name, length) == 0)
			return;
		s = strchr(s, ';');
	}
	*to = '\0';
}

/* A token or a quoted string; returns its end. */
static const char *
copy_parameter_value(char *to, size_t size, const char *from)
{
	bool		is_quoted = *from == '"';
	const char *end = is_quoted ? "\"" : "; \t";
	size_t		length = 0;

	if (is_quoted)
		from++;
	while (*from != '\0' && strchr(end, *from) == NULL)
	{
		if (is_quoted && *from == '\\' && from[1] != '\0')
			from++;
		if (length < size)
			to[length] = *from;
		length++;
		from++;
	}
	to[length < size ? length : 0] = '\0';
	return from;
}

/* A text in printable ASCII, as far as there is room. */
static void
copy_text(char *to, size_t size, const char *from)
{
	size_t		length = 0;

	for (; *from != '\0' && length < size - 1; from++)
		to[length++] = *from == '\t' ? ' ' : *from < ' ' || *from > '~' ? '?' : *from;
	to[length] = '\0';
}

/* The first word of a text; empty if it is too long. */
static void
copy_word(char *to, size_t size, const char *from)
{
	size_t		length = strcspn(from, " \t(");

	copy_text(to, length < size ? length + 1 : 1, from);
}

static const char *
skip_space(const char *s)
{
	return s + strspn(s, " \t");
}
