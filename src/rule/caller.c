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
#include "base/probe.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_record.h"
#include "rule/caller.h"

#define CLAIMS_PARAMETER "request.jwt.claims"
#define SUBJECT_CHARACTERS 255	/* the limit of contact_subject_length */

static const Probe contact_of_login =
PROBE("contact", "contact_subject_key", PROBE_KEYS("subject"), "id", "account_id", "role");

enum
{
	CALLER_CONTACT_ID = 1, CALLER_ACCOUNT_ID, CALLER_ROLE
};

static const Probe account_of_caller =
PROBE("account", "account_pkey", PROBE_KEYS("id"), "kind", "locale");

enum
{
	CALLER_KIND = 1, CALLER_LOCALE
};

static const Probe contact_now =
PROBE("contact", "contact_pkey", PROBE_KEYS("id"), "role", "removed_at");

enum
{
	ROLE_NOW = 1, REMOVED_AT
};

/* The names of $3 people of account $1 who can sign in and have one of the roles $2. */
static KeptQuery find_permitted =
QUERY("SELECT concat_ws(' ', c.given_name, c.family_name) FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.subject IS NOT NULL"
	  "   AND c.role = ANY ($2::tempcloud.contact_role[])"
	  " ORDER BY c.role, c.id LIMIT $3");

enum
{
	PERMITTED_NAME = 1
};

#define MOST_NAMES 5			/* in a hint */

/*
 * Permissions are the rights of the role ($3), without leave_account for the last
 * owner, and without close_account if another contact can sign in.
 */
static KeptQuery make_identity =
QUERY("SELECT ROW((SELECT " ACCOUNT_RECORD ""
	  "              FROM tempcloud_data.account a WHERE a.id = $1),"
	  "           (SELECT " CONTACT_RECORD ""
	  "              FROM tempcloud_data.contact c WHERE c.id = $2),"
	  "           CASE WHEN $1 IS NULL THEN '{register_account,confirm_email}'::text[]"
	  "                ELSE ARRAY ("
	  "                  SELECT p.word FROM unnest($3) WITH ORDINALITY AS p (word, n)"
	  "                   WHERE p.word NOT IN ('leave_account', 'close_account')"
	  "                      OR p.word = 'leave_account' AND ($4 OR EXISTS ("
	  "                        SELECT FROM tempcloud_data.contact o"
	  "                         WHERE o.account_id = $1 AND o.subject IS NOT NULL"
	  "                           AND o.id <> $2 AND o.role = 'owner'))"
	  "                      OR p.word = 'close_account' AND NOT EXISTS ("
	  "                        SELECT FROM tempcloud_data.contact o"
	  "                         WHERE o.account_id = $1 AND o.subject IS NOT NULL AND o.id <> $2)"
	  "                   ORDER BY p.n)"
	  "           END)::tempcloud.identity");

static ArrayType *rights_of(ContactRole role);
static void find(Caller *caller, QueryMode mode);
pg_noreturn static void refuse_role(const Caller *caller, Right right);
static ArrayType *roles_with(Right right);
static char *list_roles(Right right);
static char *list_names(Rows rows);
static Datum key_of_caller(FunctionCallInfo fcinfo, int column);
static Claims read_claims(void);
static bool claims_are_local(void);

PG_FUNCTION_INFO_V1(tempcloud_whoami);
PG_FUNCTION_INFO_V1(tempcloud_current_account_id);
PG_FUNCTION_INFO_V1(tempcloud_current_contact_id);
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
				   ARRAY_VALUE(rights_of(caller->role)), BOOL_VALUE(caller->role != ROLE_OWNER));
	return tc_finish(rows);
}

/* The words for the rights of a role. */
static ArrayType *
rights_of(ContactRole role)
{
	const char *words[RIGHTS];
	int			count = 0;

	for (Right right = 0; right < RIGHTS; right++)
		if (tc_role_has_right(role, right))
			words[count++] = tc_right_word(right);
	return tc_text_array(words, count);
}

/*
 * current_account_id() returns uuid: the account of the caller; null if the caller
 * is not signed in or has no account.  The views show such a caller no rows.
 */
Datum
tempcloud_current_account_id(PG_FUNCTION_ARGS)
{
	return key_of_caller(fcinfo, CALLER_ACCOUNT_ID);
}

/*
 * current_contact_id() returns uuid: the same for the contact of the caller.
 */
Datum
tempcloud_current_contact_id(PG_FUNCTION_ARGS)
{
	return key_of_caller(fcinfo, CALLER_CONTACT_ID);
}

/* Returns a column of contact_of_login, or null. */
static Datum
key_of_caller(FunctionCallInfo fcinfo, int column)
{
	Claims		claims = read_claims();
	Rows		rows;

	if (claims.subject == NULL)
		PG_RETURN_NULL();
	rows = tc_probe(&contact_of_login, QUERY_READ, TEXT_VALUE(claims.subject));
	if (rows.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(tc_uuid(rows, 0, column));
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
	Rows		contact = tc_probe(&contact_of_login, mode, TEXT_VALUE(caller->subject));
	bool		found = contact.count == 1;
	Rows		account = {0};

	caller->contact_id = found ? tc_uuid(contact, 0, CALLER_CONTACT_ID) : NULL;
	caller->account_id = found ? tc_uuid(contact, 0, CALLER_ACCOUNT_ID) : NULL;
	caller->role = found ? tc_role(contact, 0, CALLER_ROLE) : ROLE_VIEWER;
	if (found)
		account = tc_probe(&account_of_caller, mode, UUID_VALUE(caller->account_id));
	caller->kind = found ? tc_kind(account, 0, CALLER_KIND) : CUSTOMER;
	caller->locale = found ? tc_text(account, 0, CALLER_LOCALE) : NULL;
}

Caller *
tc_caller_with_account(QueryMode mode)
{
	Caller	   *caller = tc_caller(mode);

	if (caller->account_id == NULL)
		tc_refuse(NO_ACCOUNT);
	return caller;
}

Caller *
tc_caller_with_right(QueryMode mode, Right right)
{
	Caller	   *caller = tc_caller_with_account(mode);

	tc_require_right(caller, right);
	return caller;
}

void
tc_require_right(Caller *caller, Right right)
{
	caller->right = right;
	if (!tc_role_has_right(caller->role, right))
		refuse_role(caller, right);
}

void
tc_require_still(const Caller *caller)
{
	Rows		rows = tc_probe(&contact_now, QUERY_LATEST, UUID_VALUE(caller->contact_id));

	if (rows.count == 0 || tc_time(rows, 0, REMOVED_AT) != 0)
		tc_refuse(NO_ACCOUNT);
	if (!tc_role_has_right(tc_role(rows, 0, ROLE_NOW), caller->right))
		refuse_role(caller, caller->right);
}

/*
 * Raises PT403 not_permitted, with the roles that have the right and the names of the
 * people in the caller's account who have one of these roles and can sign in.
 */
static void
refuse_role(const Caller *caller, Right right)
{
	Rows		rows = tc_run_latest(&find_permitted, UUID_VALUE(caller->account_id),
									 ARRAY_VALUE(roles_with(right)), INT_VALUE(MOST_NAMES + 1));

	if (rows.count == 0)
		tc_refuse(NOT_PERMITTED);
	tc_refuse_hint(NOT_PERMITTED, "Ask somebody with the role %s: %s.", list_roles(right),
				   list_names(rows));
}

static ArrayType *
roles_with(Right right)
{
	const char *labels[CONTACT_ROLES];
	int			count = 0;

	for (ContactRole role = 0; role < CONTACT_ROLES; role++)
		if (tc_role_has_right(role, right))
			labels[count++] = tc_role_label(role);
	return tc_text_array(labels, count);
}

/* Such as "owner, manager or member". */
static char *
list_roles(Right right)
{
	StringInfoData list;
	ContactRole last = ROLE_OWNER;

	initStringInfo(&list);
	for (ContactRole role = 0; role < CONTACT_ROLES; role++)
		if (tc_role_has_right(role, right))
			last = role;
	for (ContactRole role = 0; role <= last; role++)
		if (tc_role_has_right(role, right))
			appendStringInfo(&list, "%s%s", list.len == 0 ? "" : role == last ? " or " : ", ",
							 tc_role_label(role));
	return list.data;
}

/* At most MOST_NAMES names. */
static char *
list_names(Rows rows)
{
	StringInfoData list;

	initStringInfo(&list);
	for (uint64 i = 0; i < Min(rows.count, MOST_NAMES); i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", tc_text(rows, i, PERMITTED_NAME));
	if (rows.count > MOST_NAMES)
		appendStringInfoString(&list, ", and others");
	return list.data;
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
