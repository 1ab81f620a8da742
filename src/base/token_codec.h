/*
 * token_codec.h
 *		The text form of a token.
 *
 * Without the server: FRONTEND builds it, too, to be fuzzed.
 */
#ifndef TC_TOKEN_CODEC_H
#define TC_TOKEN_CODEC_H

#include "base/compat.h"

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

/*
 * The first token in len bytes at s, or what is left of one: its prefix and at
 * least 20 characters, or all that follows the prefix.  Returns where what
 * follows the prefix is, and in *length how long; NULL without one.
 */
extern const char *tc_find_token(const char *s, size_t len, size_t *length);

/*
 * Whether there is one, as it is or in a spelling that programs and protocols
 * have for characters: percent-encoding, quoted-printable, escapes of strings,
 * character references of HTML.
 */
extern bool tc_holds_token(const char *s, size_t len);

#endif							/* TC_TOKEN_CODEC_H */
