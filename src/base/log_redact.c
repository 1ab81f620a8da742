/*
 * log_redact.c
 *		Removes tokens from the server log.
 *
 * No message of tempcloud has a token.  But PostgreSQL itself logs statements and their
 * parameters, because they are slow or with an error, and these can have tokens.
 * Everything that looks like a token is replaced here, and in a call of a function that
 * takes a token, everything that looks random.
 *
 * It works in every process that has loaded the library: in all of them if it
 * is preloaded, otherwise in a session after its first call of tempcloud.
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/elog.h"

#include "base/log_redact.h"
#include "base/token_trace.h"

static emit_log_hook_type next_emit_log_hook = NULL;

static void filter(ErrorData *edata);

void
tc_install_log_filter(void)
{
	next_emit_log_hook = emit_log_hook;
	emit_log_hook = filter;
}

/*
 * Runs for every message that goes to the log, also within a critical section.  Fields
 * are changed in place, and the statement, which must not be changed, is hidden.
 */
static void
filter(ErrorData *edata)
{
	char	   *fields[] = {
		edata->message, edata->detail, edata->detail_log, edata->context, edata->internalquery
	};
	const char *statement = debug_query_string;
	bool		suspicious = statement != NULL && tc_names_token_function(statement);

	for (int i = 0; i < lengthof(fields) && !suspicious; i++)
		suspicious = fields[i] != NULL && tc_names_token_function(fields[i]);
	for (int i = 0; i < lengthof(fields); i++)
	{
		if (fields[i] == NULL)
			continue;
		tc_blot_tokens(fields[i]);
		if (suspicious)
			tc_blot_random(fields[i]);
	}
	if (edata->hint != NULL)
		tc_blot_tokens(edata->hint);	/* no statement, and no parameter */

	if (!edata->hide_stmt && statement != NULL)
		edata->hide_stmt = tc_has_token(statement) || (suspicious && tc_has_random(statement));

	if (next_emit_log_hook)
		next_emit_log_hook(edata);
}
