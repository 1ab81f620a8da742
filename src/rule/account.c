/*
 * account.c
 *		A company registers and keeps its profile.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_record.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"

static KeptQuery insert_account =
QUERY("INSERT INTO tempcloud_data.account"
	  " (kind, company_name, locale, phone, website, street, postal_code, city, country)"
	  " VALUES ($1::tempcloud.account_kind, $2, $3, $4, $5, $6, $7, $8, $9)"
	  " RETURNING id");

static KeptQuery insert_first_contact =
QUERY("INSERT INTO tempcloud_data.contact"
	  " (account_id, given_name, family_name, \"position\", email, email_verified_at, subject)"
	  " VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6)"
	  " RETURNING id");

static KeptQuery select_account =
QUERY("SELECT " ACCOUNT_RECORD " FROM tempcloud_data.account a WHERE a.id = $1");

/* An empty text clears a value, a null one leaves it. */
#define SET_TEXT(column, n) \
	column " = CASE WHEN $" #n " IS NULL THEN " column " ELSE NULLIF($" #n ", '') END"

static KeptQuery update_account =
QUERY("UPDATE tempcloud_data.account a SET"
	  " company_name = COALESCE($2, company_name), locale = COALESCE($3, locale),"
	  SET_TEXT("phone", 4) "," SET_TEXT("website", 5) "," SET_TEXT("street", 6) ","
	  SET_TEXT("postal_code", 7) "," SET_TEXT("city", 8) "," SET_TEXT("country", 9)
	  " WHERE a.id = $1 AND a.closed_at IS NULL RETURNING " ACCOUNT_RECORD);

typedef struct Registration
{
	const char *kind;			/* a label; NULL until it is known */
	char	   *company_name;
	char	   *given_name;
	char	   *family_name;
	char	   *locale;
	char	   *email;			/* proven */
	Invitation *invitation;		/* whose token proves it, or NULL */
} Registration;

static void start_registration(FunctionCallInfo fcinfo, const Caller *caller, Registration *reg);
static void complete_by_invitation(Registration *reg, text *token);

PG_FUNCTION_INFO_V1(tempcloud_register_account);
PG_FUNCTION_INFO_V1(tempcloud_update_account);

/*
 * register_account(kind, company_name, given_name, family_name, token, locale,
 *					phone, website, street, postal_code, city, country,
 *					position) returns tempcloud.account
 *
 * The login and the address are locked before they are looked up and until the
 * end: of two who register with one of them the second waits and is refused, and
 * an invitation to the address is either seen here and routed, or sees the new account.
 */
Datum
tempcloud_register_account(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;
	Registration reg;
	pg_uuid_t  *account_id;
	pg_uuid_t  *contact_id;

	tc_enter_command("register_account()");
	caller = tc_caller_to_bind();
	if (caller->account_id != NULL)
		tc_refuse(ALREADY_REGISTERED);
	start_registration(fcinfo, caller, &reg);

	tc_lock(LOCK_ADDRESS, tc_address_key(tc_fold_email(reg.email)));
	if (tc_owner_of(tc_fold_email(reg.email)).account_id != NULL)
		tc_refuse(EMAIL_TAKEN);

	rows = tc_run(&insert_account,
				  TEXT_VALUE(reg.kind),
				  TEXT_VALUE(reg.company_name),
				  TEXT_VALUE(reg.locale),
				  TEXT_VALUE(tc_arg(fcinfo, 6, "phone", FORM_PHONE)),
				  TEXT_VALUE(tc_arg(fcinfo, 7, "website", FORM_WEBSITE)),
				  TEXT_VALUE(tc_arg(fcinfo, 8, "street", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, 9, "postal_code", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, 10, "city", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, 11, "country", FORM_COUNTRY)));
	account_id = tc_uuid(rows, 0, 1);

	rows = tc_run(&insert_first_contact,
				  UUID_VALUE(account_id),
				  TEXT_VALUE(reg.given_name),
				  TEXT_VALUE(reg.family_name),
				  TEXT_VALUE(tc_arg(fcinfo, 12, "position", FORM_LINE)),
				  TEXT_VALUE(reg.email),
				  TEXT_VALUE(caller->subject));
	contact_id = tc_uuid(rows, 0, 1);

	tc_event(EVENT_ACCOUNT_REGISTERED, account_id, contact_id, NULL, NULL);
	tc_route_invitations(account_id,
						 tc_lock_waiting(account_id, tc_kind_of_label(reg.kind), tc_fold_email(reg.email)));
	if (reg.invitation != NULL)
	{
		/*
		 * Somebody may have decided or resent it since: then the link was
		 * none.
		 */
		tc_lock_invitation(reg.invitation, NULL);
		tc_require_open_link(reg.invitation);
	}

	rows = tc_run(&select_account, UUID_VALUE(account_id));
	return tc_finish(rows);
}

/*
 * update_account(company_name, locale, phone, website, street, postal_code,
 *				  city, country) returns tempcloud.account
 */
Datum
tempcloud_update_account(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;

	tc_enter_command("update_account()");
	caller = tc_caller_with_account(QUERY_RUN);
	rows = tc_run(&update_account,
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_change(fcinfo, 0, "company_name", FORM_COMPANY_NAME, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 1, "locale", FORM_LOCALE, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 2, "phone", FORM_PHONE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 3, "website", FORM_WEBSITE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 4, "street", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 5, "postal_code", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 6, "city", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 7, "country", FORM_COUNTRY, true)));
	if (rows.count == 0)
		tc_refuse(NO_ACCOUNT);	/* closed since */
	return tc_finish(rows);
}

/*
 * What is registered: what the caller says, completed by the invitation whose
 * token they hold, or by the claims.
 */
static void
start_registration(FunctionCallInfo fcinfo, const Caller *caller, Registration *reg)
{
	reg->kind = PG_ARGISNULL(0) ? NULL : tc_enum_label(PG_GETARG_DATUM(0));
	reg->company_name = tc_arg(fcinfo, 1, "company_name", FORM_COMPANY_NAME);
	reg->given_name = tc_arg(fcinfo, 2, "given_name", FORM_PERSON_NAME);
	reg->family_name = tc_arg(fcinfo, 3, "family_name", FORM_PERSON_NAME);
	reg->locale = tc_arg(fcinfo, 5, "locale", FORM_LOCALE);
	reg->invitation = NULL;

	if (!PG_ARGISNULL(4))
		complete_by_invitation(reg, PG_GETARG_TEXT_PP(4));
	else if (caller->email == NULL)
		tc_refuse(EMAIL_UNVERIFIED);
	else
		reg->email = caller->email;

	if (reg->locale == NULL)
		reg->locale = tc_default_locale;
	tc_require(reg->kind, "kind");
	tc_require(reg->company_name, "company_name");
	tc_require(reg->given_name, "given_name");
	tc_require(reg->family_name, "family_name");
}

/*
 * Who holds the token reads the mails to the address: it is proven.
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
