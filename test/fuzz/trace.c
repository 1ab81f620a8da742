/*
 * trace.c
 *		Whatever a text is, blotting out keeps its length and leaves no token.
 *
 * The input as it is; and the spelling of its first bytes as a secret, each
 * character written in a way that the bytes after them choose.
 */
#include "postgres_fe.h"

#include "../../src/base/token_codec.h"
#include "../../src/base/token_trace.h"
#include "fuzz.h"

static void
check(char *text)
{
	size_t		length = strlen(text);

	tc_blot_tokens(text);
	ALWAYS(strlen(text) == length);
	ALWAYS(!tc_has_token(text));
	tc_blot_random(text);
	ALWAYS(strlen(text) == length);
	ALWAYS(!tc_has_random(text));
	(void) tc_names_token_function(text);
}

static void
check_spelled(const uint8 *data, size_t size)
{
	static const char *const spellings[] = {
		"%c", "%%%02X", "\\x%02x", "\\%03o", "\\u%04x", "\\%04X", "!%04X", "%%25%02x", "\\U%08x",
		"\\+%06x", "=%02X", "' || '%c", "'\n  E'\\x%02x", "', '%c", "$$ || $$%c", "=\r\n%c"
	};
	char		token[TOKEN_LENGTH + 1];
	char	   *text = palloc(TOKEN_LENGTH * 16 + 2);
	char	   *to = text;

	tc_spell_token(data[0] % 2 == 0 ? INVITATION_TOKEN : CONFIRMATION_TOKEN, data, token);
	for (int i = 0; i < TOKEN_LENGTH; i++)
	{
		const char *spelling = spellings[data[SECRET_BYTES + i % (size - SECRET_BYTES)] % lengthof(spellings)];

		to += sprintf(to, spelling, token[i]);
	}
	ALWAYS(tc_has_token(text));
	tc_blot_tokens(text);
	ALWAYS(!tc_has_token(text));
	ALWAYS(strstr(text, token + 4) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *text = palloc(size + 1);

	memcpy(text, data, size);
	text[		size] = '\0';

	check(text);
	if (size > SECRET_BYTES)
		check_spelled(data, size);
	free_all();
	return 0;
}
