/*
 * token_codec.c
 *		The text form of a token.
 *
 * A prefix that secret scanners can recognise, and the base64url (RFC 4648, 5) of 32
 * random bytes, the secret, with their CRC-32C: a typo is found without a look-up.  36
 * bytes make 48 characters, so that there is neither padding nor a spare bit, and one
 * secret has one spelling.
 */
#include "base/token_codec.h"

#include <ctype.h>

#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"

#define TOKEN_BYTES		(SECRET_BYTES + sizeof(uint32))
#define PREFIX_LENGTH	4
#define BODY_LENGTH		(TOKEN_LENGTH - PREFIX_LENGTH)
#define SHORTEST_BODY	20		/* of a token that was cut off */

static const char *const prefixes[] = {
	[INVITATION_TOKEN] = "tci_",
	[CONFIRMATION_TOKEN] = "tce_",
};

/* Prefixes of a character's code, and its number of digits; 0 for any number. */
static const struct
{
	const char *lead;
	int			base;
	int			digits;
	const char *trail;
}			spellings[] =

{
	{"%", 16, 2, ""},
	{"=", 16, 2, ""},
	{"\\x", 16, 2, ""},
	{"\\u", 16, 4, ""},
	{"&#x", 16, 0, ";"},
	{"&#", 10, 0, ";"},
};

static const char *find_body(const char *run, size_t i, size_t count, size_t *length);
static bool read_body(const char *body, const char *alphabet, uint8 *secret);
static bool is_body_character(char c);
static bool has_spelling(const char *s, size_t len);
static size_t decode_all(const char *s, size_t len, char *decoded);
static size_t decode_one(const char *s, size_t len, char *decoded);
static uint32 checksum(const uint8 *secret);
static void replace_characters(char *s, int len, const char *from, const char *to);

void
tc_spell_token(TokenKind kind, const uint8 *secret, char *token)
{
	uint8		bytes[TOKEN_BYTES];
	uint32		crc = pg_hton32(checksum(secret));
	int			length PG_USED_FOR_ASSERTS_ONLY;

	memcpy(bytes, secret, SECRET_BYTES);
	memcpy(bytes + SECRET_BYTES, &crc, sizeof(crc));
	memcpy(token, prefixes[kind], PREFIX_LENGTH);
	length = tc_b64_encode(bytes, TOKEN_BYTES, token + PREFIX_LENGTH, BODY_LENGTH);
	Assert(length == BODY_LENGTH);
	replace_characters(token + PREFIX_LENGTH, BODY_LENGTH, "+/", "-_");
	token[TOKEN_LENGTH] = '\0';
}

bool
tc_read_token(const char *token, size_t len, TokenKind kind, uint8 *secret)
{
	return len == TOKEN_LENGTH && memcmp(token, prefixes[kind], PREFIX_LENGTH) == 0 &&
		read_body(token + PREFIX_LENGTH, "!!+/", secret);
}

const char *
tc_find_token(const char *s, size_t len, size_t *length)
{
	for (size_t start = 0; start < len;)
	{
		size_t		count = 0;

		while (start + count < len && is_body_character(s[start + count]))
			count++;
		for (size_t i = 0; i < count; i++)
		{
			const char *body = find_body(s + start, i, count, length);

			if (body != NULL)
				return body;
		}
		start += count + 1;
	}
	return NULL;
}

bool
tc_holds_token(const char *s, size_t len)
{
	char	   *decoded;
	size_t		length;

	if (len < PREFIX_LENGTH + SHORTEST_BODY)
		return false;
	if (tc_find_token(s, len, &length) != NULL)
		return true;
	if (!has_spelling(s, len))
		return false;
	decoded = palloc(len + 1);
	len = decode_all(s, len, decoded);
	return tc_find_token(decoded, len, &length) != NULL;
}

/*
 * The same in a run of characters that a body can have, where it begins with
 * the i-th: a prefix with much after it, or a body as a whole, whatever is
 * before it.
 */
static const char *
find_body(const char *run, size_t i, size_t count, size_t *length)
{
	uint8		secret[SECRET_BYTES];

	if (count - i >= PREFIX_LENGTH + SHORTEST_BODY &&
		(i == 0 || !isalnum((unsigned char) run[i - 1])))
	{
		*length = count - i - PREFIX_LENGTH;
		for (int kind = 0; kind < lengthof(prefixes); kind++)
		{
			if (memcmp(run + i, prefixes[kind], PREFIX_LENGTH) == 0)
				return run + i + PREFIX_LENGTH;
		}
	}
	*length = BODY_LENGTH;
	return count - i >= BODY_LENGTH && read_body(run + i, "+/+/", secret) ? run + i : NULL;
}

/*
 * Whether BODY_LENGTH characters are what follows the prefix of a token; then
 * *secret gets its SECRET_BYTES.  The decoder wants + and /: alphabet says
 * what becomes of +, /, - and _.
 */
static bool
read_body(const char *body, const char *alphabet, uint8 *secret)
{
	char		standard[BODY_LENGTH];
	uint8		bytes[TOKEN_BYTES];
	uint32		crc;

	memcpy(standard, body, BODY_LENGTH);
	replace_characters(standard, BODY_LENGTH, "+/-_", alphabet);
	if (tc_b64_decode(standard, BODY_LENGTH, bytes, TOKEN_BYTES) != TOKEN_BYTES)
		return false;

	memcpy(&crc, bytes + SECRET_BYTES, sizeof(crc));
	if (pg_ntoh32(crc) != checksum(bytes))
		return false;
	memcpy(secret, bytes, SECRET_BYTES);
	return true;
}

static bool
is_body_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_' || c == '+' || c == '/';
}

/* Whether there is the first character of a spelling. */
static bool
has_spelling(const char *s, size_t len)
{
	for (int i = 0; i < lengthof(spellings); i++)
	{
		if (memchr(s, spellings[i].lead[0], len) != NULL)
			return true;
	}
	return false;
}

/* Returns how long the text is that is left of len bytes at s. */
static size_t
decode_all(const char *s, size_t len, char *decoded)
{
	size_t		length = 0;

	while (len > 0)
	{
		size_t		taken = decode_one(s, len, &decoded[length++]);

		s += taken;
		len -= taken;
	}
	return length;
}

/* The first character, and how many bytes spell it. */
static size_t
decode_one(const char *s, size_t len, char *decoded)
{
	for (int i = 0; i < lengthof(spellings); i++)
	{
		size_t		used = strlen(spellings[i].lead);
		char		digits[8] = "";
		int			count = 0;
		int			most = spellings[i].digits ? spellings[i].digits : lengthof(digits) - 1;
		long		code;

		if (used >= len || memcmp(s, spellings[i].lead, used) != 0)
			continue;
		while (used < len && count < most && isxdigit((unsigned char) s[used]))
			digits[count++] = s[used++];
		code = strtol(digits, NULL, spellings[i].base);
		if (count == 0 || count < spellings[i].digits || code <= ' ' || code >= 0x7F)
			continue;
		if (used < len && s[used] == *spellings[i].trail)
			used++;
		*decoded = (char) code;
		return used;
	}
	*decoded = *s;
	return 1;
}

static uint32
checksum(const uint8 *secret)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, secret, SECRET_BYTES);
	FIN_CRC32C(crc);
	return crc;
}

static void
replace_characters(char *s, int len, const char *from, const char *to)
{
	for (int i = 0; i < len; i++)
	{
		const char *found = s[i] == '\0' ? NULL : strchr(from, s[i]);

		if (found != NULL)
			s[i] = to[found - from];
	}
}
