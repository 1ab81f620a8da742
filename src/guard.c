/*
 * guard.c
 *		The promises that constraints cannot make.
 *
 * Constraints say which pairs can exist; these triggers say that what exists
 * stays.  They fire ALWAYS, for every role and also while
 * session_replication_role is replica, when foreign keys sleep.
 *
 * What breaks a promise by direct DML gets a standard code of class 23:
 * restrict_violation (23001) for what would undo a partnership or an accepted
 * invitation, check_violation (23514) for what may not be.
 *
 * A guard looks at what is (tc_run_latest), and not at what was when a
 * REPEATABLE READ transaction began.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/rel.h"

#include "compat.h"
#include "query.h"
#include "text.h"

static KeptQuery find_partnership_of_account =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 LIMIT 1", UUIDOID);

static KeptQuery find_partnership_of_other_kind =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 AND $2 <> 'customer' UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 AND $2 <> 'provider' LIMIT 1", UUIDOID, TEXTOID);

static KeptQuery find_any_partnership = {.sql = "SELECT FROM tempcloud_data.partnership LIMIT 1"};

static KeptQuery find_partnership_accepted_by =
QUERY("SELECT FROM tempcloud_data.partnership WHERE accepted_by = $1 LIMIT 1", UUIDOID);

static KeptQuery find_acceptance =
QUERY("SELECT i.status = 'accepted'"
	  "       AND (p.customer_id, p.provider_id)"
	  "        IN ((i.inviter_id, i.invitee_id), (i.invitee_id, i.inviter_id))"
	  "  FROM tempcloud_data.invitation i"
	  "  JOIN tempcloud_data.partnership p ON p.invitation_id = i.id"
	  " WHERE i.id = $1", UUIDOID);

static KeptQuery find_kinds =
QUERY("SELECT (SELECT kind FROM tempcloud_data.account WHERE id = $1),"
	  "       (SELECT kind FROM tempcloud_data.account WHERE id = $2)", UUIDOID, UUIDOID);

/* The lives of invitations and requests: the only ways out of a status. */
static const struct
{
	const char *table;
	const char *from;
	const char *to;
}			transitions[] =
{
	{"invitation", "pending", "accepted"},
	{"invitation", "pending", "declined"},
	{"invitation", "pending", "withdrawn"},
	{"invitation", "pending", "expired"},
	{"invitation", "pending", "superseded"},
	{"invitation", "expired", "pending"},
	{"request", "open", "accepted"},
	{"request", "open", "declined"},
	{"request", "open", "withdrawn"},
	{"request", "open", "expired"},
	{"request", "accepted", "cancelled"},
};

static const TriggerData *trigger_data(FunctionCallInfo fcinfo);
static bool is_replica(void);
static void require_kind_of_partnerships(const TriggerData *trigger);
static bool erases_person(const TriggerData *trigger);
static bool is_same(const TriggerData *trigger, const char *column);
static void require_same(const TriggerData *trigger, const char *column);
static void require_transition(const TriggerData *trigger, const char *table);
static Datum attribute(const TriggerData *trigger, HeapTuple tuple, const char *column,
					   bool *isnull);
static NullableDatum key(const TriggerData *trigger, HeapTuple tuple, const char *column);
static char *label(const TriggerData *trigger, HeapTuple tuple, const char *column);
pg_noreturn static void refuse_pair(const TriggerData *trigger);
pg_noreturn static void refuse_undoing(const TriggerData *trigger, const char *what);

PG_FUNCTION_INFO_V1(tempcloud_guard_account);
PG_FUNCTION_INFO_V1(tempcloud_guard_contact);
PG_FUNCTION_INFO_V1(tempcloud_guard_invitation);
PG_FUNCTION_INFO_V1(tempcloud_guard_partnership);
PG_FUNCTION_INFO_V1(tempcloud_guard_acceptance);
PG_FUNCTION_INFO_V1(tempcloud_guard_request);
PG_FUNCTION_INFO_V1(tempcloud_guard_shift);
PG_FUNCTION_INFO_V1(tempcloud_guard_truncate);
PG_FUNCTION_INFO_V1(tempcloud_refuse_change);

/*
 * Before INSERT, UPDATE or DELETE of an account.
 */
Datum
tempcloud_guard_account(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	uint64		partnerships;

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (is_replica())
			require_kind_of_partnerships(trigger);
		return PointerGetDatum(trigger->tg_trigtuple);
	}
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_same(trigger, "id");
		require_same(trigger, "kind");
		return PointerGetDatum(trigger->tg_newtuple);
	}

	tc_enter();
	partnerships = tc_run_latest(&find_partnership_of_account,
								 key(trigger, trigger->tg_trigtuple, "id"));
	tc_leave();
	if (partnerships > 0)
		refuse_undoing(trigger, "an account with partnerships is never deleted");
	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * Before UPDATE or DELETE of a contact.
 */
Datum
tempcloud_guard_contact(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	uint64		partnerships;

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_same(trigger, "id");
		require_same(trigger, "account_id");
		return PointerGetDatum(trigger->tg_newtuple);
	}

	tc_enter();
	partnerships = tc_run_latest(&find_partnership_accepted_by,
								 key(trigger, trigger->tg_trigtuple, "id"));
	tc_leave();
	if (partnerships > 0)
		refuse_undoing(trigger, "a contact who accepted an invitation is never deleted");
	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * Before UPDATE or DELETE of an invitation.
 */
Datum
tempcloud_guard_invitation(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	HeapTuple	old = trigger->tg_trigtuple;
	HeapTuple	new = trigger->tg_newtuple;
	bool		unrouted;

	if (strcmp(label(trigger, old, "status"), "accepted") == 0)
	{
		if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && erases_person(trigger))
			return PointerGetDatum(new);
		refuse_undoing(trigger, "an accepted invitation is never changed or deleted");
	}
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return PointerGetDatum(old);

	require_same(trigger, "id");
	require_same(trigger, "inviter_id");
	require_same(trigger, "inviter_kind");
	(void) attribute(trigger, old, "invitee_id", &unrouted);
	if (!unrouted)
		require_same(trigger, "invitee_id");

	require_transition(trigger, "invitation");
	return PointerGetDatum(new);
}

/*
 * Before INSERT of a partnership.
 *
 * Foreign keys and checks guarantee the pair too; here a wrong one gets an
 * error that says what is wrong, and is refused also while foreign keys sleep.
 * Then tables are copied in an order that nobody knows, and an account that is
 * not there yet is looked at when it comes.
 */
Datum
tempcloud_guard_partnership(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	HeapTuple	new = trigger->tg_trigtuple;
	char	   *customer_kind;
	char	   *provider_kind;

	tc_enter();
	tc_run_latest(&find_kinds, key(trigger, new, "customer_id"), key(trigger, new, "provider_id"));
	customer_kind = tc_text(0, 1);
	provider_kind = tc_text(0, 2);
	if (!is_replica() && (customer_kind == NULL || provider_kind == NULL))
		ereport(ERROR,
				errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				errmsg("a partnership needs two accounts that exist"),
				errtable(trigger->tg_relation));
	if ((customer_kind != NULL && strcmp(customer_kind, "customer") != 0) ||
		(provider_kind != NULL && strcmp(provider_kind, "provider") != 0))
		refuse_pair(trigger);
	tc_leave();
	return PointerGetDatum(new);
}

/*
 * After UPDATE of an invitation to accepted, and after INSERT of a
 * partnership.  A replica has what its origin has, but maybe not all of it or
 * not yet.
 */
Datum
tempcloud_guard_acceptance(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	bool		of_invitation = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	bool		complete;

	if (is_replica())
		return PointerGetDatum(NULL);
	tc_enter();
	complete = tc_run_latest(&find_acceptance,
							 of_invitation ? key(trigger, trigger->tg_newtuple, "id") :
							 key(trigger, trigger->tg_trigtuple, "invitation_id")) > 0 && tc_bool(0, 1);
	tc_leave();
	if (!complete)
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("%s", of_invitation ?
					   "an invitation is not accepted without its partnership" :
					   "a partnership comes of an accepted invitation between the two accounts"),
				errhint("Partnerships are made by tempcloud.accept_invitation()."),
				errtable(trigger->tg_relation));
	return PointerGetDatum(NULL);
}

/*
 * Before UPDATE or DELETE of a request.
 */
Datum
tempcloud_guard_request(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	static const char *const asked[] = {
		"id", "order_id", "customer_id", "provider_id", "profession", "location",
		"department", "requirements", "answer_by", "created_at"
	};
	char	   *from = label(trigger, trigger->tg_trigtuple, "status");

	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		if (strcmp(from, "accepted") == 0 || strcmp(from, "cancelled") == 0)
			refuse_undoing(trigger, "a request that was accepted is never deleted");
		return PointerGetDatum(trigger->tg_trigtuple);
	}
	for (int i = 0; i < lengthof(asked); i++)
		require_same(trigger, asked[i]);
	require_transition(trigger, "request");
	return PointerGetDatum(trigger->tg_newtuple);
}

/*
 * Before UPDATE of a shift: what is offered is said once.
 */
Datum
tempcloud_guard_shift(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	static const char *const asked[] = {"id", "request_id", "starts_at", "ends_at", "headcount"};
	bool		unanswered;

	for (int i = 0; i < lengthof(asked); i++)
		require_same(trigger, asked[i]);
	(void) attribute(trigger, trigger->tg_trigtuple, "offered", &unanswered);
	if (!unanswered)
		require_same(trigger, "offered");
	return PointerGetDatum(trigger->tg_newtuple);
}

/*
 * Before TRUNCATE of a table that partnerships rest on.
 */
Datum
tempcloud_guard_truncate(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);
	uint64		partnerships;

	tc_enter();
	partnerships = tc_query(&find_any_partnership, QUERY_LATEST, NULL, 0);
	tc_leave();
	if (partnerships > 0)
		refuse_undoing(trigger, "partnerships are never undone");
	return PointerGetDatum(NULL);
}

/*
 * Before UPDATE, DELETE or TRUNCATE of what is written once.
 */
Datum
tempcloud_refuse_change(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = trigger_data(fcinfo);

	refuse_undoing(trigger, psprintf("rows of table \"%s\" are never changed or deleted",
									 RelationGetRelationName(trigger->tg_relation)));
}

static const TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("this function can only be called as a trigger"));
	return (const TriggerData *) fcinfo->context;
}

/* Whether foreign keys sleep. */
static bool
is_replica(void)
{
	return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

/* A new account must be what partnerships that came before it say it is. */
static void
require_kind_of_partnerships(const TriggerData *trigger)
{
	HeapTuple	new = trigger->tg_trigtuple;
	uint64		wrong;

	tc_enter();
	wrong = tc_run_latest(&find_partnership_of_other_kind, key(trigger, new, "id"),
						  TEXT_VALUE(label(trigger, new, "kind")));
	tc_leave();
	if (wrong > 0)
		refuse_pair(trigger);
}

/*
 * Whether an update of an invitation does nothing but forget what the inviter
 * typed: the right of a person, and nothing that partnerships rest on.
 */
static bool
erases_person(const TriggerData *trigger)
{
	static const char *const personal[] = {
		"email", "given_name", "family_name", "company_name", "phone", "message"
	};
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	for (int i = 0; i < desc->natts; i++)
	{
		const char *column = NameStr(TupleDescAttr(desc, i)->attname);
		bool		erasable = false;
		bool		erased;

		for (int p = 0; p < lengthof(personal); p++)
			erasable |= strcmp(column, personal[p]) == 0;
		(void) attribute(trigger, trigger->tg_newtuple, column, &erased);
		if (!(erasable && erased) && !is_same(trigger, column))
			return false;
	}
	return true;
}

static bool
is_same(const TriggerData *trigger, const char *column)
{
	bool		old_null;
	bool		new_null;
	Datum		old = attribute(trigger, trigger->tg_trigtuple, column, &old_null);
	Datum		new = attribute(trigger, trigger->tg_newtuple, column, &new_null);
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Form_pg_attribute att = TupleDescAttr(desc, SPI_fnumber(desc, column) - 1);

	return old_null == new_null &&
		(old_null || datumIsEqual(old, new, att->attbyval, att->attlen));
}

static void
require_same(const TriggerData *trigger, const char *column)
{
	if (!is_same(trigger, column))
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("column \"%s\" of table \"%s\" never changes", column,
					   RelationGetRelationName(trigger->tg_relation)),
				errtablecol(trigger->tg_relation,
							SPI_fnumber(RelationGetDescr(trigger->tg_relation), column)));
}

/*
 * Each names its life itself: the table may have been renamed.
 */
static void
require_transition(const TriggerData *trigger, const char *table)
{
	char	   *from = label(trigger, trigger->tg_trigtuple, "status");
	char	   *to = label(trigger, trigger->tg_newtuple, "status");
	bool		legal = strcmp(from, to) == 0;

	for (int i = 0; i < lengthof(transitions); i++)
		legal |= strcmp(table, transitions[i].table) == 0 &&
			strcmp(from, transitions[i].from) == 0 && strcmp(to, transitions[i].to) == 0;
	if (!legal)
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("%s %s does not change from %s to %s",
					   strchr("aeiou", table[0]) ? "an" : "a", table, from, to),
				errtable(trigger->tg_relation));
}

static Datum
attribute(const TriggerData *trigger, HeapTuple tuple, const char *column, bool *isnull)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	return heap_getattr(tuple, SPI_fnumber(desc, column), desc, isnull);
}

/* A column as the argument of a query. */
static NullableDatum
key(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	NullableDatum result;

	result.value = attribute(trigger, tuple, column, &result.isnull);
	return result;
}

/* A column of an enum type that is not null. */
static char *
label(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool		isnull;

	return tc_enum_label(attribute(trigger, tuple, column, &isnull));
}

static void
refuse_pair(const TriggerData *trigger)
{
	ereport(ERROR,
			errcode(ERRCODE_CHECK_VIOLATION),
			errmsg("a partnership joins a customer with a provider"),
			errtable(trigger->tg_relation));
}

static void
refuse_undoing(const TriggerData *trigger, const char *what)
{
	ereport(ERROR,
			errcode(ERRCODE_RESTRICT_VIOLATION),
			errmsg("%s", what),
			errtable(trigger->tg_relation));
}
