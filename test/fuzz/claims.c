/*
 * claims.c
 *		Claims are read, or refused, whatever they are.
 *
 * The first byte chooses an encoding of the server.  What is valid in it comes
 * to the parser, as in the server.
 */
#include "postgres_fe.h"

#include "mb/pg_wchar.h"

#include "../../src/base/jwt_claims.h"
#include "fuzz.h"

static const int encodings[] = {
	PG_UTF8, PG_LATIN1, PG_SQL_ASCII, PG_EUC_JP, PG_EUC_TW,
#if PG_VERSION_NUM < 190000
	PG_MULE_INTERNAL
#endif
};

/* How deeply it is nested, if it is JSON. */
static int
levels(const char *json)
{
	int			now = 0;
	int			most = 0;
	bool		in_string = false;

	for (; *json != '\0'; json++)
	{
		if (in_string && *json == '\\' && json[1] != '\0')
			json++;
		else if (*json == '"')
			in_string = !in_string;
		else if (!in_string && (*json == '{' || *json == '['))
		{
			now++;
			most = Max(most, now);
		}
		else if (!in_string && (*json == '}' || *json == ']'))
			now--;
	}
	return most;
}

/* The same, read again, says the same. */
static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	ClaimNames	names = {"sub", "email", "email_verified"};
	Claims		claims;
	Claims		again;
	ClaimsFault fault;
	int			encoding;
	char	   *json;

	if (size == 0)
		return 0;
	encoding = encodings[data[0] % lengthof(encodings)];
	json = memcpy(palloc0(size), data + 1, size - 1);
	if (pg_encoding_verifymbstr(encoding, json, strlen(json)) == (int) strlen(json))
	{
		fault = tc_parse_claims(json, encoding, &names, &claims);
		if (fault == CLAIMS_GOOD)
		{
			ALWAYS(strspn(json, " \t\r\n") == (size_t) (strchr(json, '{') - json));
			ALWAYS(levels(json) <= CLAIMS_LEVELS);
			ALWAYS(claims.subject == NULL || *claims.subject != '\0');
			ALWAYS(claims.subject == NULL || !claims.subject_is_no_string);
			ALWAYS(claims.email == NULL || *claims.email != '\0');
			ALWAYS(!claims.email_verified || strstr(json, "true") != NULL);
		}
		if (fault == CLAIMS_TOO_DEEP)
			ALWAYS(levels(json) > CLAIMS_LEVELS);
		ALWAYS(tc_parse_claims(json, encoding, &names, &again) == fault);
		if (fault == CLAIMS_GOOD)
			ALWAYS(same(claims.subject, again.subject) && same(claims.email, again.email) &&
				   claims.email_verified == again.email_verified &&
				   claims.subject_is_no_string == again.subject_is_no_string);
	}
	free_all();
	return 0;
}
