/*
 * mail_template.h
 *		The texts of mails.
 */
#ifndef TC_MAIL_TEMPLATE_H
#define TC_MAIL_TEMPLATE_H

#include "postgres.h"

#include "rule/mail_kind.h"

/* The placeholders of templates; mail_template.c has their names. */
typedef enum Placeholder
{
	PLACEHOLDER_RECIPIENT_NAME,
	PLACEHOLDER_COMPANY,
	PLACEHOLDER_PERSON,
	PLACEHOLDER_EMAIL,
	PLACEHOLDER_MESSAGE,
	PLACEHOLDER_REASON,
	PLACEHOLDER_EXPIRES_ON,
	PLACEHOLDER_ORDER,			/* of mails about a request, as the next ones */
	PLACEHOLDER_PROFESSION,
	PLACEHOLDER_LOCATION,
	PLACEHOLDER_DEPARTMENT,
	PLACEHOLDER_SHIFTS,
	PLACEHOLDER_LINK,
	PLACEHOLDERS				/* how many there are */
} Placeholder;

/*
 * The limits of texts, in bytes; the shipped templates stay below them whatever
 * the values are.  A row of tempcloud.outgoing_mail has less than
 * MAX_MESSAGE_BYTES.
 */
#define MAX_SUBJECT_BYTES	(8 * 1024)
#define MAX_BODY_BYTES		(128 * 1024)
#define MAX_MESSAGE_BYTES	(MAX_SUBJECT_BYTES + 2 * MAX_BODY_BYTES + 8 * 1024)

typedef struct Message
{
	char	   *subject;		/* one line */
	char	   *text_body;
	char	   *html_body;		/* NULL if the template has none */
} Message;

/*
 * The message of a kind in the language nearest to locale, palloc'd.  A NULL
 * value counts as empty.  Needs a frame (tc_enter).  Raises undefined_object if
 * no template of the kind is in a language that may be used, and
 * program_limit_exceeded if a text becomes too long.
 */
extern Message tc_render(MailKind kind, const char *locale,
						 char *const values[PLACEHOLDERS]);

/* A palloc'd copy of text with each occurrence of from replaced. */
extern char *tc_replace(const char *text, const char *from, const char *to);

#endif							/* TC_MAIL_TEMPLATE_H */
