/*
 * invitation_many.c
 *		Many addresses are invited at once.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/attempt.h"
#include "base/input_check.h"
#include "base/json_input.h"
#include "base/lock.h"
#include "base/query.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/invitation_lock.h"
#include "rule/invitation_send.h"

#define MOST_INVITES 200		/* of one call */

/* An element of the array, and its result. */
typedef struct Attempt
{
	const Caller *caller;
	const JsonbValue *element;
	const char *path;			/* of the element */
	Invite		invite;			/* until it is read only the email, if any */
	Datum		invitation;		/* if it was invited */
} Attempt;

static Attempt *read_elements(const Caller *caller, Jsonb *invitations, int *count);
static void lock_for_all(const Caller *caller, const Attempt *attempts, int count);
static void invite_one(void *argument);
static void read_invite(Attempt *attempt);
static bool is_refusal(const ErrorData *error);
static void put_result(ReturnSetInfo *rsinfo, int position, const Attempt *attempt,
					   const ErrorData *error);
static NullableDatum text_column(const char *string);

PG_FUNCTION_INFO_V1(tempcloud_invite_many);

enum
{
	MANY_INVITATIONS
};

/*
 * invite_many(invitations jsonb) returns setof tempcloud.invitation_result
 *
 * Each element is invited in a subtransaction.  The locks of all are taken before,
 * class by class, so that two such commands cannot deadlock, whatever the order of
 * their elements.
 */
Datum
tempcloud_invite_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Caller	   *caller;
	Attempt    *attempts;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("invite_many()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_INVITE);
	attempts = read_elements(caller, PG_ARGISNULL(MANY_INVITATIONS) ? NULL :
							 PG_GETARG_JSONB_P(MANY_INVITATIONS), &count);
	lock_for_all(caller, attempts, count);

	for (int i = 0; i < count; i++)
	{
		ErrorData  *error = tc_attempt(invite_one, &attempts[i]);

		if (error != NULL && !is_refusal(error))
			ReThrowError(error);
		put_result(rsinfo, i + 1, &attempts[i], error);
	}
	tc_leave();
	return (Datum) 0;
}

/*
 * Returns the elements of the array, and their number.  Raises PT400 invalid_argument
 * unless it is an array of at most MOST_INVITES elements; these are not checked.
 */
static Attempt *
read_elements(const Caller *caller, Jsonb *invitations, int *count)
{
	JsonbValue	value = {.type = jbvNull};
	JsonbValue *elements;
	Attempt    *attempts;

	if (invitations != NULL)
		JsonbToJsonbValue(invitations, &value);
	elements = tc_json_elements(&value, "invitations", 0, MOST_INVITES,
								"objects with the arguments of tempcloud.invite()", count);
	attempts = palloc0(sizeof(Attempt) * (*count + 1));
	for (int i = 0; i < *count; i++)
		attempts[i] = (Attempt)
	{
		.caller = caller,
			.element = &elements[i],
			.path = tc_json_path("invitations", i),
			.invite.email = tc_json_peek(&elements[i], "email"),
	};
	return attempts;
}

/*
 * Take the locks that tc_invite() takes for each, in the order of lock.h.
 */
static void
lock_for_all(const Caller *caller, const Attempt *attempts, int count)
{
	uint64		keys[MOST_INVITES];
	char	   *addresses[MOST_INVITES];
	const pg_uuid_t *owners[MOST_INVITES];
	int			naddresses = 0;
	int			nowners = 0;

	for (int i = 0; i < count; i++)
	{
		char	   *email = tc_email(attempts[i].invite.email);

		if (email == NULL)
			continue;
		addresses[naddresses] = tc_fold_email(email);
		keys[naddresses] = tc_address_key(addresses[naddresses]);
		naddresses++;
	}
	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	tc_lock_all(LOCK_ADDRESS, keys, naddresses);

	for (int i = 0; i < naddresses; i++)
	{
		Owner		owner = tc_owner_of(addresses[i]);

		if (owner.account_id == NULL)
			continue;
		owners[nowners] = owner.account_id;
		keys[nowners] = tc_pair_key(caller->account_id, owner.account_id);
		nowners++;
	}
	tc_lock_all(LOCK_PAIR, keys, nowners);
	(void) tc_keep_open(caller, owners, nowners);
	tc_lock_sent(caller, addresses, naddresses, owners, nowners, NULL);
}

/* Invite one.  Called by tc_attempt(). */
static void
invite_one(void *argument)
{
	Attempt    *attempt = argument;

	read_invite(attempt);
	attempt->invitation = tc_invite(attempt->caller, &attempt->invite);
}

/*
 * Read the members of an element.  Raises PT400 invalid_argument unless it is an
 * object that has no others, with values that can be read as text.
 */
static void
read_invite(Attempt *attempt)
{
	static const char *const names[] = {"email", "given_name", "family_name", "company_name",
	"phone", "message", "locale"};
	Invite	   *invite = &attempt->invite;
	char	  **values[] = {&invite->email, &invite->given_name, &invite->family_name,
	&invite->company_name, &invite->phone, &invite->message, &invite->locale};
	JsonbValue *members = tc_json_members(attempt->element, attempt->path, names, lengthof(names));

	for (int i = 0; i < lengthof(names); i++)
		*values[i] = tc_json_text(&members[i], psprintf("%s.%s", attempt->path, names[i]));
}

/* Whether an error is a client's mistake (refusal.h). */
static bool
is_refusal(const ErrorData *error)
{
	return strncmp(unpack_sql_state(error->sqlerrcode), "PT", 2) == 0;
}

/*
 * Add a row of tempcloud.invitation_result.  error is NULL if the element was invited.
 */
static void
put_result(ReturnSetInfo *rsinfo, int position, const Attempt *attempt, const ErrorData *error)
{
	NullableDatum columns[] = {
		{.value = Int32GetDatum(position)},
		text_column(attempt->invite.email),
		{.value = attempt->invitation,.isnull = error != NULL},
		text_column(error ? error->detail : NULL),
		text_column(error ? error->message : NULL),
		text_column(error ? error->hint : NULL),
	};
	Datum		values[lengthof(columns)];
	bool		nulls[lengthof(columns)];

	for (int i = 0; i < lengthof(columns); i++)
	{
		values[i] = columns[i].value;
		nulls[i] = columns[i].isnull;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static NullableDatum
text_column(const char *string)
{
	return (NullableDatum)
	{
		.value = string ? CStringGetTextDatum(string) : (Datum) 0,.isnull = string == NULL
	};
}
