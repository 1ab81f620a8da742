/*
 * token.c
 *		A token from outside is one that we have spelled, or none.
 *
 * The input as it is; and, since no input comes upon a checksum by chance, the
 * spelling of its first bytes as a secret, with one character replaced.
 */
#include "postgres_fe.h"

#include "../../src/base/token_codec.h"
#include "fuzz.h"

static void
check(const char *token, size_t len)
{
	for (TokenKind kind = INVITATION_TOKEN; kind <= CONFIRMATION_TOKEN; kind++)
	{
		uint8		secret[SECRET_BYTES];
		char		spelled[TOKEN_LENGTH + 1];

		if (!tc_read_token(token, len, kind, secret))
			continue;
		tc_spell_token(kind, secret, spelled);
		ALWAYS(len == TOKEN_LENGTH);
		ALWAYS(memcmp(token, spelled, TOKEN_LENGTH) == 0);
	}
}

static void
check_replaced(const uint8 *data)
{
	TokenKind	kind = data[0] % 2 == 0 ? INVITATION_TOKEN : CONFIRMATION_TOKEN;
	size_t		position = data[1] % TOKEN_LENGTH;
	char		token[TOKEN_LENGTH + 1];
	char		percent[TOKEN_LENGTH + 2 + 1];
	uint8		secret[SECRET_BYTES];

	tc_spell_token(kind, data + 3, token);
	sprintf(percent, "%.3s%%5F%s", token, token + 4);
	ALWAYS(tc_holds_token(token, TOKEN_LENGTH));
	ALWAYS(tc_holds_token(token + 4, TOKEN_LENGTH - 4));
	ALWAYS(tc_holds_token(percent, strlen(percent)));
	ALWAYS(strlen(token) == TOKEN_LENGTH);
	ALWAYS(tc_read_token(token, TOKEN_LENGTH, kind, secret));
	ALWAYS(memcmp(secret, data + 3, SECRET_BYTES) == 0);
	ALWAYS(!tc_read_token(token, TOKEN_LENGTH, kind == INVITATION_TOKEN ? CONFIRMATION_TOKEN
						  : INVITATION_TOKEN, secret));
	if (token[position] == (char) data[2])
		return;
	token[position] = (char) data[2];
	ALWAYS(!tc_read_token(token, TOKEN_LENGTH, kind, secret));
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	/* Without a byte after it, as a text has none. */
	char	   *token = memcpy(palloc(size), data, size);

	check(token, size);
	(void) tc_holds_token(token, size);
	if (size >= 3 + SECRET_BYTES)
		check_replaced(data);
	free_all();
	return 0;
}
