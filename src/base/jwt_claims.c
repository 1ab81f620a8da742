/*
 * jwt_claims.c
 *		Who is calling, by the claims of a JWT.
 */
#include "base/jwt_claims.h"

/* Where the parser is, and what it has found. */
typedef struct Reading
{
	JsonLexContext *lex;
	const ClaimNames *names;
	Claims	   *claims;
	const char *name;			/* of the claim whose value comes */
	bool		is_object;
	bool		is_too_deep;
} Reading;

static tc_json_result begin_object(void *reading);
static tc_json_result begin_array(void *reading);
static tc_json_result begin_claim(void *reading, char *name, bool isnull);
static tc_json_result take_value(void *reading, char *value, JsonTokenType type);

ClaimsFault
tc_parse_claims(const char *json, int encoding, const ClaimNames *names, Claims *claims)
{
	Reading		reading = {.names = names,.claims = claims};
	JsonSemAction actions = {
		.semstate = &reading,
		.object_start = begin_object,
		.array_start = begin_array,
		.object_field_start = begin_claim,
		.scalar = take_value
	};
	JsonParseErrorType error;

	memset(claims, 0, sizeof(*claims));
	reading.lex = tc_json_lexer(pstrdup(json), strlen(json), encoding);
	error = pg_parse_json(reading.lex, &actions);
	if (reading.is_too_deep)
		return CLAIMS_TOO_DEEP;
	if (error != JSON_SUCCESS)
		return CLAIMS_NOT_JSON;
	return reading.is_object ? CLAIMS_GOOD : CLAIMS_NOT_OBJECT;
}

static tc_json_result
begin_object(void *state)
{
	Reading    *reading = state;

	reading->is_object |= reading->lex->lex_level == 0;
	return begin_array(state);
}

/*
 * The parser recurses for each level.  In 15, an action can stop it only by ending the
 * input here.
 */
static tc_json_result
begin_array(void *state)
{
	Reading    *reading = state;

	if (reading->lex->lex_level >= CLAIMS_LEVELS)
	{
		reading->is_too_deep = true;
		reading->lex->input_length = reading->lex->token_terminator - reading->lex->input;
	}
	TC_JSON_CONTINUE;
}

static tc_json_result
begin_claim(void *state, char *name, bool isnull)
{
	Reading    *reading = state;

	if (reading->lex->lex_level != 1)
		TC_JSON_CONTINUE;
	reading->name = name;

	/* It may come again, as something else. */
	if (strcmp(name, reading->names->subject) == 0)
	{
		reading->claims->subject = NULL;
		reading->claims->subject_is_no_string = !isnull;
	}
	if (strcmp(name, reading->names->email) == 0)
		reading->claims->email = NULL;
	if (strcmp(name, reading->names->email_verified) == 0)
		reading->claims->email_verified = false;
	TC_JSON_CONTINUE;
}

static tc_json_result
take_value(void *state, char *value, JsonTokenType type)
{
	Reading    *reading = state;

	if (reading->lex->lex_level != 1 || !reading->is_object)
		TC_JSON_CONTINUE;
	if (type == JSON_TOKEN_STRING && strcmp(reading->name, reading->names->subject) == 0)
		reading->claims->subject_is_no_string = false;
	if (type == JSON_TOKEN_STRING && *value != '\0')
	{
		if (strcmp(reading->name, reading->names->subject) == 0)
			reading->claims->subject = pstrdup(value);
		if (strcmp(reading->name, reading->names->email) == 0)
			reading->claims->email = pstrdup(value);
	}
	if (type == JSON_TOKEN_TRUE && strcmp(reading->name, reading->names->email_verified) == 0)
		reading->claims->email_verified = true;
	TC_JSON_CONTINUE;
}
