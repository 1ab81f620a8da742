/*
 * caller.c
 *		Who is calling, and for which account.
 *
 * PostgREST puts the claims of a verified JWT into request.jwt.claims for each
 * transaction.  act_as() writes the same parameter, so that there is one
 * mechanism.  A role that can run arbitrary SQL can set the claims as well:
 * SQL logins are for trusted applications only.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/guc.h"
#include "utils/json.h"

#include "base/compat.h"
#include "base/input_check.h"
#include "base/jwt_claims.h"
#include "base/lock.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_record.h"
#include "rule/caller.h"

#define CLAIMS_PARAMETER "request.jwt.claims"
#define SUBJECT_CHARACTERS 255	/* the limit of contact_subject_length */

static KeptQuery find_caller =
QUERY("SELECT c.id, c.account_id, a.kind, a.locale"
	  "  FROM tempcloud_data.contact c"
	  "  JOIN tempcloud_data.account a ON a.id = c.account_id"
	  " WHERE c.subject = $1");

enum
{
	CALLER_CONTACT_ID = 1, CALLER_ACCOUNT_ID, CALLER_KIND, CALLER_LOCALE
};

static KeptQuery make_identity =
QUERY("SELECT ROW((SELECT " ACCOUNT_RECORD ""
	  "              FROM tempcloud_data.account a WHERE a.id = $1),"
	  "           (SELECT " CONTACT_RECORD ""
	  "              FROM tempcloud_data.contact c WHERE c.id = $2),"
	  "           CASE WHEN $1 IS NULL THEN '{register_account,confirm_email}'::text[]"
	  "                ELSE '{manage_account,manage_contacts,invite,decide}'::text[]"
	  "                     || CASE $3 WHEN 'customer' THEN 'order' ELSE 'answer' END"
	  "                     || CASE WHEN EXISTS ("
	  "                          SELECT FROM tempcloud_data.contact o"
	  "                           WHERE o.account_id = $1 AND o.subject IS NOT NULL AND o.id <> $2)"
	  "                        THEN 'leave_account' ELSE 'close_account' END"
	  "           END)::tempcloud.identity");

static void find(Caller *caller, QueryMode mode);
static Claims read_claims(void);
static bool claims_are_local(void);

PG_FUNCTION_INFO_V1(tempcloud_whoami);
PG_FUNCTION_INFO_V1(tempcloud_current_account_id);
PG_FUNCTION_INFO_V1(tempcloud_act_as);

/*
 * whoami() returns tempcloud.identity
 */
Datum
tempcloud_whoami(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;

	tc_enter();
	caller = tc_caller(QUERY_READ);
	rows = tc_read(&make_identity, UUID_VALUE(caller->account_id), UUID_VALUE(caller->contact_id),
				   KIND_VALUE(caller->kind));
	return tc_finish(rows);
}

/*
 * current_account_id() returns uuid: the account of the caller; null if the caller
 * is not signed in or has no account.  The views show such a caller no rows.
 */
Datum
tempcloud_current_account_id(PG_FUNCTION_ARGS)
{
	Claims		claims = read_claims();
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	Rows		rows;

	if (claims.subject == NULL)
		PG_RETURN_NULL();

	tc_enter();
	rows = tc_read(&find_caller, TEXT_VALUE(claims.subject));
	if (rows.count == 1)
		*id = *tc_uuid(rows, 0, CALLER_ACCOUNT_ID);
	tc_leave();

	if (rows.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(id);
}

enum
{
	ACT_AS_SUBJECT, ACT_AS_EMAIL
};

/*
 * act_as(subject text, email text) returns void: sets the claims until the
 * transaction ends.
 */
Datum
tempcloud_act_as(PG_FUNCTION_ARGS)
{
	char	   *subject = tc_arg_text(fcinfo, ACT_AS_SUBJECT);
	char	   *email = tc_arg(fcinfo, ACT_AS_EMAIL, "email", FORM_EMAIL);
	StringInfoData claims;

	if (subject == NULL || *subject == '\0')
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
	if (claims.email_verified)
		caller->email = tc_email(claims.email);

	find(caller, mode);
	if (mode == QUERY_RUN && caller->contact_id != NULL && IsolationUsesXactSnapshot())
	{
		Caller		now = *caller;

		find(&now, QUERY_LATEST);
		if (now.contact_id == NULL || !tc_same(now.contact_id, caller->contact_id))
			ereport(ERROR,
					errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("could not serialize access due to concurrent removal"));
	}
	return caller;
}

/* Set the contact and account of the login, to NULL if it has none. */
static void
find(Caller *caller, QueryMode mode)
{
	Rows		rows = tc_query(&find_caller, mode, TC_ARGS(TEXT_VALUE(caller->subject)));
	bool		found = rows.count == 1;

	caller->contact_id = found ? tc_uuid(rows, 0, CALLER_CONTACT_ID) : NULL;
	caller->account_id = found ? tc_uuid(rows, 0, CALLER_ACCOUNT_ID) : NULL;
	caller->kind = found ? tc_kind(rows, 0, CALLER_KIND) : CUSTOMER;
	caller->locale = found ? tc_text(rows, 0, CALLER_LOCALE) : NULL;
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
 * Returns the claims, all empty if the parameter is not set.  Raises PT401
 * session_claims if they would remain set after the transaction, and PT401
 * not_signed_in if they are not a JSON object, or not valid in the database's
 * encoding (which PostgreSQL does not check in a connection's options), or if the
 * login is not a string, is too long to be stored, or contains the token of a link.
 */
static Claims
read_claims(void)
{
	const char *value = GetConfigOption(CLAIMS_PARAMETER, true, false);
	ClaimNames	names = {tc_subject_claim, tc_email_claim, tc_email_verified_claim};
	Claims		claims = {0};

	if (value == NULL || *value == '\0')
		return claims;

	if (!tc_allow_session_claims && !claims_are_local())
		tc_refuse(SESSION_CLAIMS);
	if (!pg_verifymbstr(value, strlen(value), true))
		tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is not valid in the database's encoding.",
					   CLAIMS_PARAMETER);
	switch (tc_parse_claims(value, GetDatabaseEncoding(), &names, &claims))
	{
		case CLAIMS_GOOD:
			break;
		case CLAIMS_NOT_JSON:
			tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is not valid JSON.", CLAIMS_PARAMETER);
		case CLAIMS_NOT_OBJECT:
			tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is not a JSON object.", CLAIMS_PARAMETER);
		case CLAIMS_TOO_DEEP:
			tc_refuse_hint(NOT_SIGNED_IN, "The parameter %s is nested too deeply.", CLAIMS_PARAMETER);
	}
	if (claims.subject_is_no_string)
		tc_refuse_hint(NOT_SIGNED_IN, "The claim \"%s\" must be a string.", tc_subject_claim);
	if (claims.subject != NULL && pg_mbstrlen(claims.subject) > SUBJECT_CHARACTERS)
		tc_refuse_hint(NOT_SIGNED_IN, "The claim \"%s\" has more than %d characters.",
					   tc_subject_claim, SUBJECT_CHARACTERS);
	if (claims.subject != NULL &&
		!tc_has_form(claims.subject, strlen(claims.subject), FORM_FREE_TEXT))
		tc_refuse_hint(NOT_SIGNED_IN, "The claim \"%s\" must not hold the token of a link.",
					   tc_subject_claim);
	return claims;
}

/*
 * Whether the claims end with the transaction, or earlier.  A connection pooler
 * gives a session to another client after it.  PostgreSQL keeps what it will go
 * back to on a stack, which has nothing where the value comes from the options of
 * the connection, from ALTER ROLE, or from an earlier transaction.
 */
static bool
claims_are_local(void)
{
	const struct config_generic *parameter = tc_find_parameter(CLAIMS_PARAMETER);

	return parameter != NULL && parameter->stack != NULL &&
		parameter->stack->state != GUC_SET;
}
