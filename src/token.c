/*
 * token.c
 *		The secrets in links.
 *
 * A token is a prefix that secret scanners can recognise, and the base64url
 * (RFC 4648, 5) of 32 random bytes, the secret, with their CRC-32C: a typo is
 * found without looking anywhere.  36 bytes make 48 characters, so that there
 * is neither padding nor a spare bit, and one secret has one spelling.
 */
#include "postgres.h"

#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"

#include "compat.h"
#include "crypto.h"
#include "refusal.h"
#include "token.h"

#define SECRET_BYTES	32
#define TOKEN_BYTES		(SECRET_BYTES + sizeof(uint32))
#define PREFIX_LENGTH	4
#define BODY_LENGTH		48

static const char *const prefixes[] = {
	[INVITATION_TOKEN] = "tci_",
	[CONFIRMATION_TOKEN] = "tce_",
};

static uint32 checksum(const uint8 *secret);
static void replace_characters(char *s, int len, const char *from, const char *to);

char *
tc_mint_token(TokenKind kind, bytea **digest)
{
	uint8		bytes[TOKEN_BYTES];
	uint32		crc;
	char	   *token = palloc(PREFIX_LENGTH + BODY_LENGTH + 1);

	memcpy(bytes, tc_random_bytes(SECRET_BYTES), SECRET_BYTES);
	crc = pg_hton32(checksum(bytes));
	memcpy(bytes + SECRET_BYTES, &crc, sizeof(crc));

	memcpy(token, prefixes[kind], PREFIX_LENGTH);
	if (tc_b64_encode(bytes, TOKEN_BYTES, token + PREFIX_LENGTH, BODY_LENGTH) != BODY_LENGTH)
		elog(ERROR, "could not encode a token");
	token[PREFIX_LENGTH + BODY_LENGTH] = '\0';
	replace_characters(token + PREFIX_LENGTH, BODY_LENGTH, "+/", "-_");

	*digest = tc_sha256(bytes, SECRET_BYTES);
	return token;
}

bytea *
tc_token_digest(const text *token, TokenKind kind)
{
	char		body[BODY_LENGTH];
	uint8		bytes[TOKEN_BYTES];
	uint32		crc;

	if (token == NULL ||
		VARSIZE_ANY_EXHDR(token) != PREFIX_LENGTH + BODY_LENGTH ||
		memcmp(VARDATA_ANY(token), prefixes[kind], PREFIX_LENGTH) != 0)
		tc_refuse(INVALID_TOKEN);

	/* The decoder knows neither - and _, nor that + and / are wrong here. */
	memcpy(body, VARDATA_ANY(token) + PREFIX_LENGTH, BODY_LENGTH);
	replace_characters(body, BODY_LENGTH, "+/-_", "!!+/");
	if (tc_b64_decode(body, BODY_LENGTH, bytes, TOKEN_BYTES) != TOKEN_BYTES)
		tc_refuse(INVALID_TOKEN);

	memcpy(&crc, bytes + SECRET_BYTES, sizeof(crc));
	if (pg_ntoh32(crc) != checksum(bytes))
		tc_refuse(INVALID_TOKEN);
	return tc_sha256(bytes, SECRET_BYTES);
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
