/*
 * token_form.c
 *		How a token is spelled.
 *
 * A prefix that secret scanners can recognise, and the base64url (RFC 4648, 5)
 * of 32 random bytes, the secret, with their CRC-32C: a typo is found without
 * looking anywhere.  36 bytes make 48 characters, so that there is neither
 * padding nor a spare bit, and one secret has one spelling.
 */
#include "token_form.h"

#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"

#define TOKEN_BYTES		(SECRET_BYTES + sizeof(uint32))
#define PREFIX_LENGTH	4
#define BODY_LENGTH		(TOKEN_LENGTH - PREFIX_LENGTH)

static const char *const prefixes[] = {
	[INVITATION_TOKEN] = "tci_",
	[CONFIRMATION_TOKEN] = "tce_",
};

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
	char		body[BODY_LENGTH];
	uint8		bytes[TOKEN_BYTES];
	uint32		crc;

	if (len != TOKEN_LENGTH || memcmp(token, prefixes[kind], PREFIX_LENGTH) != 0)
		return false;

	/* The decoder knows neither - and _, nor that + and / are wrong here. */
	memcpy(body, token + PREFIX_LENGTH, BODY_LENGTH);
	replace_characters(body, BODY_LENGTH, "+/-_", "!!+/");
	if (tc_b64_decode(body, BODY_LENGTH, bytes, TOKEN_BYTES) != TOKEN_BYTES)
		return false;

	memcpy(&crc, bytes + SECRET_BYTES, sizeof(crc));
	if (pg_ntoh32(crc) != checksum(bytes))
		return false;
	memcpy(secret, bytes, SECRET_BYTES);
	return true;
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
