/*
 * token.h
 *		The secrets in links.
 */
#ifndef TC_TOKEN_H
#define TC_TOKEN_H

#include "postgres.h"

#include "fmgr.h"

#include "base/token_codec.h"

/*
 * Returns a new token, palloc'd, and sets *digest to the SHA-256 of its secret.
 * Only the digest may be stored.
 */
extern char *tc_mint_token(TokenKind kind, bytea **digest);

/* Returns argument n of an SQL-callable function, the token of a link; NULL for a null. */
static inline text *
tc_arg_token(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_TEXT_PP(n);
}

/*
 * Returns the digest by which a token from a client is looked up, palloc'd.
 * Raises PT400 invalid_token if the token is NULL or malformed, and PT405
 * post_only if it came in the address of an HTTP request.  Reads no table.
 */
extern bytea *tc_token_digest(const text *token, TokenKind kind);

#endif							/* TC_TOKEN_H */
