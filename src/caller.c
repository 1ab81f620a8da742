/*
 * caller.c
 *		Who is calling, and for which account.
 *
 * PostgREST puts the claims of a verified JWT into request.jwt.claims for each
 * transaction.  act_as() writes the same parameter, so that there is one
 * mechanism: whoever may run arbitrary SQL may set the claims as well, and
 * that is why SQL logins are for trusted applications only.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"

#include "account.h"
#include "caller.h"
#include "compat.h"
#include "contact.h"
#include "lock.h"
#include "refusal.h"
#include "settings.h"
#include "text.h"

#define CLAIMS_PARAMETER "request.jwt.claims"
#define CLAIMS_LEVELS 100		/* of objects and arrays in each other */
#define SUBJECT_CHARACTERS 255	/* as contact_subject_length has it */

static KeptQuery find_caller =
QUERY("SELECT c.id, c.account_id, a.kind, a.locale"
	  "  FROM tempcloud_data.contact c"
	  "  JOIN tempcloud_data.account a ON a.id = c.account_id"
	  " WHERE c.subject = $1", TEXTOID);

static KeptQuery make_identity =
QUERY("SELECT ROW((SELECT " ACCOUNT_RECORD ""
	  "              FROM tempcloud_data.account a WHERE a.id = $1),"
	  "           (SELECT " CONTACT_RECORD ""
	  "              FROM tempcloud_data.contact c WHERE c.id = $2),"
	  "           CASE WHEN $1 IS NULL THEN '{register_account,confirm_email}'::text[]"
	  "                ELSE '{manage_account,manage_contacts,invite,decide}'::text[]"
	  "                     || CASE $3 WHEN 'customer' THEN 'order' ELSE 'answer' END"
	  "           END)::tempcloud.identity", UUIDOID, UUIDOID, TEXTOID);

/* What the claims say; strings are NULL where a claim is not there, or empty. */
typedef struct Claims
{
	char	   *subject;
	char	   *email;
	bool		email_verified;

	/* while they are read */
	JsonLexContext *lex;
	bool		is_object;
	const char *name;			/* of the claim whose value comes */
} Claims;

static Claims read_claims(void);
static tc_json_result begin_object(void *claims);
static tc_json_result begin_array(void *claims);
static tc_json_result begin_claim(void *claims, char *name, bool isnull);
static tc_json_result take_value(void *claims, char *value, JsonTokenType type);

PG_FUNCTION_INFO_V1(tempcloud_whoami);
PG_FUNCTION_INFO_V1(tempcloud_current_account_id);
PG_FUNCTION_INFO_V1(tempcloud_act_as);

/*
 * whoami() returns tempcloud.identity
 */
Datum
tempcloud_whoami(PG_FUNCTION_ARGS)
{
	Caller	   *caller;

	tc_enter();
	caller = tc_caller(QUERY_READ);
	tc_read(&make_identity, UUID_VALUE(caller->account_id), UUID_VALUE(caller->contact_id),
			TEXT_VALUE(caller->kind));
	return tc_finish();
}

/*
 * current_account_id() returns uuid: null where nobody is signed in or the
 * login has no account.  The views rest on it: they show such a caller nothing.
 */
Datum
tempcloud_current_account_id(PG_FUNCTION_ARGS)
{
	Claims		claims = read_claims();
	pg_uuid_t  *result = NULL;

	if (claims.subject == NULL)
		PG_RETURN_NULL();

	tc_enter();
	if (tc_read(&find_caller, TEXT_VALUE(claims.subject)) == 1)
	{
		bool		isnull;

		result = (pg_uuid_t *) DatumGetPointer(SPI_datumTransfer(tc_datum(0, 2, &isnull),
																 false, UUID_LEN));
	}
	tc_leave();

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(result);
}

/*
 * act_as(subject text, email text) returns void: until the transaction ends.
 */
Datum
tempcloud_act_as(PG_FUNCTION_ARGS)
{
	char	   *subject = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *email = tc_arg(fcinfo, 1, "email", FORM_EMAIL);
	StringInfoData claims;

	if (*subject == '\0')
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is required.", "subject");

	initStringInfo(&claims);
	appendStringInfoChar(&claims, '{');
	escape_json(&claims, tc_subject_claim);
	appendStringInfoChar(&claims, ':');
	escape_json(&claims, subject);
	if (email != NULL)
	{
		appendStringInfoChar(&claims, ',');
		escape_json(&claims, tc_email_claim);
		appendStringInfoChar(&claims, ':');
		escape_json(&claims, email);
		appendStringInfoChar(&claims, ',');
		escape_json(&claims, tc_email_verified_claim);
		appendStringInfoString(&claims, ":true");
	}
	appendStringInfoChar(&claims, '}');

	(void) set_config_option(CLAIMS_PARAMETER, claims.data, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	PG_RETURN_VOID();
}

Caller *
tc_caller(QueryMode mode)
{
	Caller	   *caller = tc_caller_if_any(mode);

	if (caller == NULL)
		tc_refuse(NOT_SIGNED_IN);
	return caller;
}

Caller *
tc_caller_to_bind(void)
{
	Caller	   *caller = tc_caller(QUERY_RUN);

	if (caller->account_id != NULL)
		return caller;
	tc_lock(LOCK_LOGIN, tc_login_key(caller->subject));
	return tc_caller(QUERY_LATEST);
}

Caller *
tc_caller_if_any(QueryMode mode)
{
	Caller	   *caller = palloc0(sizeof(Caller));
	Claims		claims = read_claims();

	if (claims.subject == NULL)
		return NULL;
	caller->subject = claims.subject;
	if (claims.email != NULL && claims.email_verified &&
		tc_has_form(claims.email, strlen(claims.email), FORM_EMAIL))
		caller->email = claims.email;

	if (tc_query(&find_caller, mode, TC_ARGS(TEXT_VALUE(caller->subject))) == 1)
	{
		caller->contact_id = tc_uuid(0, 1);
		caller->account_id = tc_uuid(0, 2);
		caller->kind = tc_text(0, 3);
		caller->locale = tc_text(0, 4);
	}
	return caller;
}

Caller *
tc_caller_with_account(QueryMode mode)
{
	Caller	   *caller = tc_caller(mode);

	if (caller->account_id == NULL)
		tc_refuse(NO_ACCOUNT);
	return caller;
}

/*
 * The claims, all empty where there are none.  PT401 where they are not a JSON
 * object, or the login is longer than any that could register: a gateway that
 * sets such claims has authenticated nobody.
 *
 * Only three of them are of interest.  The rest is passed over and not
 * converted, so that no number is too large.  Of a name that comes twice the
 * last one counts, as in jsonb.
 */
static Claims
read_claims(void)
{
	const char *value = GetConfigOption(CLAIMS_PARAMETER, true, false);
	Claims		claims = {0};
	JsonSemAction actions = {
		.semstate = &claims,
		.object_start = begin_object,
		.array_start = begin_array,
		.object_field_start = begin_claim,
		.scalar = take_value
	};

	if (value == NULL || *value == '\0')
		return claims;

	claims.lex = tc_json_lexer(pstrdup(value), strlen(value));
	if (pg_parse_json(claims.lex, &actions) != JSON_SUCCESS)
		tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is not valid JSON.", CLAIMS_PARAMETER);
	if (!claims.is_object)
		tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is not a JSON object.", CLAIMS_PARAMETER);
	if (claims.subject != NULL &&
		pg_mbstrlen(claims.subject) > SUBJECT_CHARACTERS)
		tc_refuse_hint(NOT_SIGNED_IN, "The claim \"%s\" has more than %d characters.",
					   tc_subject_claim, SUBJECT_CHARACTERS);
	return claims;
}

static tc_json_result
begin_object(void *state)
{
	Claims	   *claims = state;

	claims->is_object |= claims->lex->lex_level == 0;
	return begin_array(state);
}

/* The parser calls itself for each level. */
static tc_json_result
begin_array(void *state)
{
	Claims	   *claims = state;

	if (claims->lex->lex_level >= CLAIMS_LEVELS)
		tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is nested too deeply.", CLAIMS_PARAMETER);
	TC_JSON_CONTINUE;
}

static tc_json_result
begin_claim(void *state, char *name, bool isnull)
{
	Claims	   *claims = state;

	if (claims->lex->lex_level != 1)
		TC_JSON_CONTINUE;
	claims->name = name;

	/* It may come again, as something else. */
	if (strcmp(name, tc_subject_claim) == 0)
		claims->subject = NULL;
	if (strcmp(name, tc_email_claim) == 0)
		claims->email = NULL;
	if (strcmp(name, tc_email_verified_claim) == 0)
		claims->email_verified = false;
	TC_JSON_CONTINUE;
}

static tc_json_result
take_value(void *state, char *value, JsonTokenType type)
{
	Claims	   *claims = state;

	if (claims->lex->lex_level != 1 || !claims->is_object)
		TC_JSON_CONTINUE;
	if (type == JSON_TOKEN_STRING && *value != '\0')
	{
		if (strcmp(claims->name, tc_subject_claim) == 0)
			claims->subject = pstrdup(value);
		if (strcmp(claims->name, tc_email_claim) == 0)
			claims->email = pstrdup(value);
	}
	if (type == JSON_TOKEN_TRUE && strcmp(claims->name, tc_email_verified_claim) == 0)
		claims->email_verified = true;
	TC_JSON_CONTINUE;
}
