/*
 * token.h
 *		The secrets in links.
 */
#ifndef TC_TOKEN_H
#define TC_TOKEN_H

#include "postgres.h"

#include "base/token_codec.h"

/*
 * A new token, palloc'd; *digest becomes the SHA-256 of its secret, which is
 * all that may be stored.
 */
extern char *tc_mint_token(TokenKind kind, bytea **digest);

/*
 * The digest by which a token from outside is looked up, palloc'd.  PT400
 * invalid_token unless it is well-formed (NULL is not), PT405 post_only if it
 * came in the address of an HTTP request; reads no table.
 */
extern bytea *tc_token_digest(const text *token, TokenKind kind);

#endif							/* TC_TOKEN_H */
