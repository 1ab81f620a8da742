/*
 * token_trace.h
 *		Tokens in text that somebody else wrote, however they are spelled there.
 *
 * For log_redact.c.  Nothing here allocates memory or raises an error, and the time it
 * takes grows with the length of the text only.
 *
 * Without the server: FRONTEND builds it, too, to be fuzzed.
 */
#ifndef TC_TOKEN_TRACE_H
#define TC_TOKEN_TRACE_H

#include "base/compat.h"

/*
 * Whether the text has a token: as it is, with characters in escapes (%5F, =5F,
 * \x5f, \137, \u005f, \005f, or \005f with another escape character), in pieces
 * that are literals of their own, or as bytes in hexadecimal; or what can be one in
 * the dump of a parse tree.
 */
extern bool tc_has_token(const char *text);

/* Replace the secret of each token in the text by asterisks. */
extern void tc_blot_tokens(char *text);

/*
 * Where a call of a function that takes a token is written, anything that looks
 * random may be one, in a spelling that is not known here.
 */
extern bool tc_names_token_function(const char *text);
extern bool tc_has_random(const char *text);
extern void tc_blot_random(char *text);

#endif							/* TC_TOKEN_TRACE_H */
