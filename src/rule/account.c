/*
 * account.c
 *		Registration of a company, and its profile.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/account_record.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/token.h"

static KeptQuery insert_account =
QUERY("INSERT INTO tempcloud_data.account"
	  " (kind, company_name, locale, phone, website, street, postal_code, city, country,"
	  "  created_at, time_zone)"
	  " VALUES ($1::tempcloud.account_kind, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	  " RETURNING id");

static KeptQuery insert_first_contact =
QUERY("INSERT INTO tempcloud_data.contact"
	  " (account_id, given_name, family_name, \"position\", email, email_verified_at,"
	  "  role, subject, created_at)"
	  " VALUES ($1, $2, $3, $4, $5, $7, 'owner', $6, $7)"
	  " RETURNING id");

/* Of both. */
enum
{
	INSERTED_ID = 1
};

static KeptQuery select_account =
QUERY("SELECT " ACCOUNT_RECORD " FROM tempcloud_data.account a WHERE a.id = $1");

/* Assigns parameter n to a column: an empty text clears it, a null leaves it unchanged. */
#define SET_TEXT(column, n) \
	column " = CASE WHEN $" #n " IS NULL THEN " column " ELSE NULLIF($" #n ", '') END"

static KeptQuery update_account =
QUERY("UPDATE tempcloud_data.account a SET"
	  " company_name = COALESCE($2, company_name), locale = COALESCE($3, locale),"
	  SET_TEXT("phone", 4) "," SET_TEXT("website", 5) "," SET_TEXT("street", 6) ","
	  SET_TEXT("postal_code", 7) "," SET_TEXT("city", 8) "," SET_TEXT("country", 9) ","
	  " time_zone = COALESCE($10, time_zone)"
	  " WHERE a.id = $1 RETURNING " ACCOUNT_RECORD);

typedef struct Registration
{
	const char *kind;			/* a label; NULL until it is known */
	char	   *company_name;
	char	   *given_name;
	char	   *family_name;
	char	   *locale;
	char	   *time_zone;
	char	   *email;			/* proven */
	Invitation *invitation;		/* whose token proves it, or NULL */
} Registration;

static void start_registration(FunctionCallInfo fcinfo, const Caller *caller, Registration *reg);
static void complete_by_invitation(Registration *reg, text *token);

PG_FUNCTION_INFO_V1(tempcloud_register_account);
PG_FUNCTION_INFO_V1(tempcloud_update_account);

enum
{
	REGISTER_KIND, REGISTER_COMPANY_NAME, REGISTER_GIVEN_NAME, REGISTER_FAMILY_NAME,
	REGISTER_TOKEN, REGISTER_LOCALE, REGISTER_PHONE, REGISTER_WEBSITE, REGISTER_STREET,
	REGISTER_POSTAL_CODE, REGISTER_CITY, REGISTER_COUNTRY, REGISTER_POSITION,
	REGISTER_TIME_ZONE
};

/*
 * register_account(kind, company_name, given_name, family_name, token, locale,
 *					phone, website, street, postal_code, city, country,
 *					position, time_zone) returns tempcloud.account
 *
 * The login and the address are locked before they are looked up and until the
 * transaction ends.  Of two registrations with one login or address the second
 * waits, and raises an error.  An invitation to the address is either seen here and
 * routed, or the command that sends it sees the new account.
 */
Datum
tempcloud_register_account(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;
	Registration reg;
	pg_uuid_t  *account_id;
	pg_uuid_t  *contact_id;
	char	   *folded;
	ArrayType  *waiting;

	tc_enter_command("register_account()");
	caller = tc_caller_to_bind();
	if (caller->account_id != NULL)
		tc_refuse(ALREADY_REGISTERED);
	start_registration(fcinfo, caller, &reg);
	folded = tc_fold_email(reg.email);

	tc_lock(LOCK_ADDRESS, tc_address_key(folded));
	if (tc_owner_of(folded).account_id != NULL)
		tc_refuse(EMAIL_TAKEN);

	rows = tc_run(&insert_account,
				  TEXT_VALUE(reg.kind),
				  TEXT_VALUE(reg.company_name),
				  TEXT_VALUE(reg.locale),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_PHONE, "phone", FORM_PHONE)),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_WEBSITE, "website", FORM_WEBSITE)),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_STREET, "street", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_POSTAL_CODE, "postal_code", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_CITY, "city", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_COUNTRY, "country", FORM_COUNTRY)),
				  TIME_VALUE(tc_now()),
				  TEXT_VALUE(reg.time_zone));
	account_id = tc_uuid(rows, 0, INSERTED_ID);

	rows = tc_run(&insert_first_contact,
				  UUID_VALUE(account_id),
				  TEXT_VALUE(reg.given_name),
				  TEXT_VALUE(reg.family_name),
				  TEXT_VALUE(tc_arg(fcinfo, REGISTER_POSITION, "position", FORM_LINE)),
				  TEXT_VALUE(reg.email),
				  TEXT_VALUE(caller->subject),
				  TIME_VALUE(tc_now()));
	contact_id = tc_uuid(rows, 0, INSERTED_ID);

	tc_event(EVENT_ACCOUNT_REGISTERED, account_id, contact_id, NULL, NULL);
	waiting = tc_lock_waiting(account_id, tc_kind_of_label(reg.kind), folded);
	tc_route_invitations(account_id, waiting);
	if (reg.invitation != NULL)
	{
		/* It may have been decided or sent again since. */
		tc_lock_invitation(reg.invitation, NULL);
		tc_require_open_link(reg.invitation);
	}

	rows = tc_run(&select_account, UUID_VALUE(account_id));
	return tc_finish(rows);
}

enum
{
	UPDATE_COMPANY_NAME, UPDATE_LOCALE, UPDATE_PHONE, UPDATE_WEBSITE, UPDATE_STREET,
	UPDATE_POSTAL_CODE, UPDATE_CITY, UPDATE_COUNTRY, UPDATE_TIME_ZONE
};

/*
 * update_account(company_name, locale, phone, website, street, postal_code,
 *				  city, country, time_zone) returns tempcloud.account
 */
Datum
tempcloud_update_account(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;

	tc_enter_command("update_account()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_MANAGE_ACCOUNT);
	tc_lock_account(caller);
	rows = tc_run(&update_account,
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_COMPANY_NAME, "company_name", FORM_COMPANY_NAME, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_LOCALE, "locale", FORM_LOCALE, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_PHONE, "phone", FORM_PHONE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_WEBSITE, "website", FORM_WEBSITE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_STREET, "street", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_POSTAL_CODE, "postal_code", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_CITY, "city", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_COUNTRY, "country", FORM_COUNTRY, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_TIME_ZONE, "time_zone", FORM_TIME_ZONE, false)));
	tc_tell(EVENT_ACCOUNT_CHANGED, caller->account_id, NULL);
	return tc_finish(rows);
}

/*
 * Read what is to be registered from the arguments, completed by the invitation of
 * the token, or by the caller's claims.  Raises PT400 invalid_argument for an argument
 * that is missing or malformed, PT403 email_unverified if neither proves an address,
 * and the errors of complete_by_invitation().
 */
static void
start_registration(FunctionCallInfo fcinfo, const Caller *caller, Registration *reg)
{
	reg->kind = PG_ARGISNULL(REGISTER_KIND) ? NULL :
		tc_enum_label(PG_GETARG_DATUM(REGISTER_KIND));
	reg->company_name = tc_arg(fcinfo, REGISTER_COMPANY_NAME, "company_name", FORM_COMPANY_NAME);
	reg->given_name = tc_arg(fcinfo, REGISTER_GIVEN_NAME, "given_name", FORM_PERSON_NAME);
	reg->family_name = tc_arg(fcinfo, REGISTER_FAMILY_NAME, "family_name", FORM_PERSON_NAME);
	reg->locale = tc_arg(fcinfo, REGISTER_LOCALE, "locale", FORM_LOCALE);
	reg->time_zone = tc_arg(fcinfo, REGISTER_TIME_ZONE, "time_zone", FORM_TIME_ZONE);
	reg->invitation = NULL;

	if (!PG_ARGISNULL(REGISTER_TOKEN))
		complete_by_invitation(reg, tc_arg_token(fcinfo, REGISTER_TOKEN));
	else if (caller->email == NULL)
		tc_refuse(EMAIL_UNVERIFIED);
	else
		reg->email = caller->email;

	if (reg->locale == NULL)
		reg->locale = tc_default_locale;
	if (reg->time_zone == NULL)
		reg->time_zone = tc_default_time_zone;
	tc_require(reg->kind, "kind");
	tc_require(reg->company_name, "company_name");
	tc_require(reg->given_name, "given_name");
	tc_require(reg->family_name, "family_name");
}

/*
 * Complete a registration by the invitation of the token.  The token was mailed to
 * the invited address, so it proves that address.  Raises PT409 same_kind for an
 * argument "kind" that is not the invited one, and the errors of
 * tc_find_invitation_by_token() and tc_require_open_link().
 */
static void
complete_by_invitation(Registration *reg, text *token)
{
	Invitation *invitation = tc_find_invitation_by_token(token, QUERY_RUN);

	tc_require_open_link(invitation);
	reg->invitation = invitation;
	if (reg->kind != NULL && tc_kind_of_label(reg->kind) != invitation->invitee_kind)
		tc_refuse_hint(SAME_KIND, "This invitation is for a %s; leave out \"kind\", "
					   "or register without the token.", tc_kind_label(invitation->invitee_kind));

	reg->kind = tc_kind_label(invitation->invitee_kind);
	reg->email = invitation->email;
	if (reg->company_name == NULL)
		reg->company_name = invitation->company_name;
	if (reg->given_name == NULL)
		reg->given_name = invitation->given_name;
	if (reg->family_name == NULL)
		reg->family_name = invitation->family_name;
	if (reg->locale == NULL)
		reg->locale = invitation->locale;
}
