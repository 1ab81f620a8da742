/*
 * token.c
 *		The secrets in links.
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/crypto.h"
#include "base/refusal.h"
#include "rule/http.h"
#include "rule/token.h"

char *
tc_mint_token(TokenKind kind, bytea **digest)
{
	uint8	   *secret = tc_random_bytes(SECRET_BYTES);
	char	   *token = palloc(TOKEN_LENGTH + 1);

	tc_spell_token(kind, secret, token);
	*digest = tc_sha256(secret, SECRET_BYTES);
	return token;
}

bytea *
tc_token_digest(const text *token, TokenKind kind)
{
	uint8		secret[SECRET_BYTES];

	tc_require_post();
	if (token == NULL ||
		!tc_read_token(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), kind, secret))
		tc_refuse(INVALID_TOKEN);
	return tc_sha256(secret, SECRET_BYTES);
}
