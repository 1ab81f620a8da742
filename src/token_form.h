/*
 * token_form.h
 *		How a token is spelled.
 *
 * Without the server: FRONTEND builds it, too, to be fuzzed.
 */
#ifndef TC_TOKEN_FORM_H
#define TC_TOKEN_FORM_H

#include "compat.h"

typedef enum TokenKind
{
	INVITATION_TOKEN,			/* tci_ */
	CONFIRMATION_TOKEN			/* tce_ */
} TokenKind;

#define SECRET_BYTES	32
#define TOKEN_LENGTH	52

/* Spell a secret of SECRET_BYTES, into TOKEN_LENGTH + 1 bytes. */
extern void tc_spell_token(TokenKind kind, const uint8 *secret, char *token);

/* Whether it is a token of that kind, well-formed; then *secret gets its SECRET_BYTES. */
extern bool tc_read_token(const char *token, size_t len, TokenKind kind, uint8 *secret);

#endif							/* TC_TOKEN_FORM_H */
