/*
 * log.c
 *		What must not get into the server log.
 *
 * No message of tempcloud has a token.  But PostgreSQL itself logs statements
 * and their parameters, as slow ones, or beside an error, and there a token is
 * as readable as in the mail.  Whatever looks like one is blotted out here.
 *
 * It works in every process that has loaded the library: in all of them if it
 * is preloaded, otherwise in a session after its first call of tempcloud.
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/elog.h"

#include "log.h"

#define SHORTEST_BODY 8			/* a part of a token is nearly the token */

static emit_log_hook_type next_emit_log_hook = NULL;

static void filter(ErrorData *edata);
static void blot_out(char *text);
static char *find_token(const char *text, size_t *body_length);

void
tc_install_log_filter(void)
{
	next_emit_log_hook = emit_log_hook;
	emit_log_hook = filter;
}

static void
filter(ErrorData *edata)
{
	size_t		length;

	blot_out(edata->message);
	blot_out(edata->detail);
	blot_out(edata->detail_log);
	blot_out(edata->hint);
	blot_out(edata->context);
	blot_out(edata->internalquery);

	/* The statement is not ours to change: it is left out. */
	if (debug_query_string != NULL && find_token(debug_query_string, &length) != NULL)
		edata->hide_stmt = true;

	if (next_emit_log_hook)
		next_emit_log_hook(edata);
}

/* Replace the secret in each token, in place. */
static void
blot_out(char *text)
{
	size_t		length;

	while (text != NULL && (text = find_token(text, &length)) != NULL)
	{
		memset(text, '*', length);
		text += length;
	}
}

/*
 * What follows the prefix of the first token in the text, and its length; NULL
 * without one.  The form is that of token.c.
 */
static char *
find_token(const char *text, size_t *body_length)
{
	while ((text = strstr(text, "tc")) != NULL)
	{
		text += 2;
		if ((*text == 'i' || *text == 'e') && text[1] == '_')
		{
			*body_length = strspn(text + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								  "abcdefghijklmnopqrstuvwxyz0123456789-_");
			if (*body_length >= SHORTEST_BODY)
				return unconstify(char *, text + 2);
		}
	}
	return NULL;
}
