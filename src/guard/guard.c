/*
 * guard.c
 *		The promises that constraints cannot make.
 *
 * Constraints say which pairs can exist; these triggers say that what exists
 * stays.  They fire ALWAYS, for every role and also while
 * session_replication_role is replica, when foreign keys are not checked.
 *
 * A guard fires BEFORE, to give its own error rather than that of a constraint,
 * and AFTER an INSERT or UPDATE, since another BEFORE trigger can still change
 * the row.
 *
 * Direct DML that breaks a promise gets a standard code of class 23:
 * restrict_violation (23001) for what would undo a partnership, an accepted
 * invitation or an accepted request, check_violation (23514) for a row that
 * may not exist.
 *
 * Guards use the latest snapshot (tc_run_latest), not the one of a REPEATABLE
 * READ transaction.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/input_check.h"
#include "base/query.h"

static KeptQuery find_partnership_of_account =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 LIMIT 1");

static KeptQuery find_partnership_of_other_kind =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 AND $2 <> 'customer' UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 AND $2 <> 'provider' LIMIT 1");

static KeptQuery find_any_partnership = QUERY("SELECT FROM tempcloud_data.partnership LIMIT 1");

static KeptQuery find_any_accepted_request =
QUERY("SELECT FROM tempcloud_data.request WHERE status IN ('accepted', 'cancelled') LIMIT 1");

/* What was accepted by, on behalf of, or from the contact $1. */
static KeptQuery find_acceptance_of_contact =
QUERY("SELECT FROM tempcloud_data.partnership WHERE accepted_by = $1"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.invitation"
	  " WHERE $1 IN (invited_by, decided_by) AND status = 'accepted'"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.staff_order o"
	  "  JOIN tempcloud_data.request r ON r.order_id = o.id"
	  " WHERE o.ordered_by = $1 AND r.status IN ('accepted', 'cancelled')"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.request"
	  " WHERE decided_by = $1 AND status IN ('accepted', 'cancelled')"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.request_answer WHERE answered_by = $1"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.assignment WHERE $1 IN (assigned_by, replaced_by)"
	  " LIMIT 1");

static KeptQuery find_acceptance =
QUERY("SELECT i.status = 'accepted'"
	  "       AND (p.customer_id, p.provider_id)"
	  "        IN ((i.inviter_id, i.invitee_id), (i.invitee_id, i.inviter_id))"
	  "  FROM tempcloud_data.invitation i"
	  "  JOIN tempcloud_data.partnership p ON p.invitation_id = i.id"
	  " WHERE i.id = $1");

static KeptQuery find_accepted_request_of_order =
QUERY("SELECT FROM tempcloud_data.request"
	  " WHERE order_id = $1 AND status IN ('accepted', 'cancelled') LIMIT 1");

static KeptQuery find_accepted_request =
QUERY("SELECT FROM tempcloud_data.request"
	  " WHERE id = $1 AND status IN ('accepted', 'cancelled')");

static KeptQuery find_kinds =
QUERY("SELECT (SELECT kind FROM tempcloud_data.account WHERE id = $1),"
	  "       (SELECT kind FROM tempcloud_data.account WHERE id = $2)");

static KeptQuery lock_accounts = QUERY("LOCK TABLE tempcloud_data.account IN SHARE MODE");

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

/* A table that has a guard, and its OID once the guard has fired for it. */
typedef struct Guarded
{
	const char *table;
	Oid			relid;
} Guarded;

static Guarded account = {"account"};
static Guarded contact = {"contact"};
static Guarded invitation = {"invitation"};
static Guarded partnership = {"partnership"};
static Guarded staff_order = {"staff_order"};
static Guarded request = {"request"};
static Guarded shift = {"shift"};
static Guarded assignment = {"assignment"};

static const TriggerData *guard_trigger(FunctionCallInfo fcinfo, Guarded *guarded);
static const TriggerData *any_trigger(FunctionCallInfo fcinfo);
static bool is_guarded(Guarded *guarded, Relation table, Oid function);
static HeapTuple result_of(const TriggerData *trigger);
static bool is_replica(void);
static void require_kind_of_partnerships(const TriggerData *trigger);
static bool erases_person(const TriggerData *trigger);
static bool is_same(const TriggerData *trigger, const char *column);
static void require_same(const TriggerData *trigger, const char *column);
static void require_all_same(const TriggerData *trigger, const char *const *columns, int count);
static void require_transition(const TriggerData *trigger, const char *table);
static int	column_number(const TriggerData *trigger, const char *column);
static Datum attribute(const TriggerData *trigger, HeapTuple tuple, const char *column,
					   bool *isnull);
static Value key(const TriggerData *trigger, HeapTuple tuple, const char *column);
static char *label(const TriggerData *trigger, HeapTuple tuple, const char *column);
static bool finds(KeptQuery *query, Value key);
pg_noreturn static void refuse_pair(const TriggerData *trigger);
pg_noreturn static void refuse_undoing(const TriggerData *trigger, const char *message);

PG_FUNCTION_INFO_V1(tempcloud_guard_account);
PG_FUNCTION_INFO_V1(tempcloud_guard_contact);
PG_FUNCTION_INFO_V1(tempcloud_guard_invitation);
PG_FUNCTION_INFO_V1(tempcloud_guard_partnership);
PG_FUNCTION_INFO_V1(tempcloud_guard_acceptance);
PG_FUNCTION_INFO_V1(tempcloud_guard_order);
PG_FUNCTION_INFO_V1(tempcloud_guard_request);
PG_FUNCTION_INFO_V1(tempcloud_guard_shift);
PG_FUNCTION_INFO_V1(tempcloud_guard_assignment);
PG_FUNCTION_INFO_V1(tempcloud_guard_truncate);
PG_FUNCTION_INFO_V1(tempcloud_refuse_change);

/*
 * guard_account(): before UPDATE or DELETE, after INSERT or UPDATE.
 */
Datum
tempcloud_guard_account(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &account);
	HeapTuple	row = trigger->tg_trigtuple;
	bool		open;

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		require_kind_of_partnerships(trigger);
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_same(trigger, "id");
		require_same(trigger, "kind");
		(void) attribute(trigger, row, "closed_at", &open);
		if (!open)
			require_same(trigger, "closed_at");
	}
	else if (finds(&find_partnership_of_account, key(trigger, row, "id")))
		refuse_undoing(trigger, "cannot delete an account that has partnerships");
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_contact(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_contact(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &contact);
	HeapTuple	row = trigger->tg_trigtuple;

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_same(trigger, "id");
		require_same(trigger, "account_id");
	}
	else if (finds(&find_acceptance_of_contact, key(trigger, row, "id")))
		refuse_undoing(trigger, "cannot delete a contact that an acceptance refers to");
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_invitation(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_invitation(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &invitation);
	HeapTuple	row = trigger->tg_trigtuple;
	bool		unrouted;
	bool		waits;

	if (strcmp(label(trigger, row, "status"), "accepted") == 0)
	{
		if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || !erases_person(trigger))
			refuse_undoing(trigger, "cannot change or delete an accepted invitation");
	}
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_same(trigger, "id");
		require_same(trigger, "inviter_id");
		require_same(trigger, "inviter_kind");
		(void) attribute(trigger, row, "invitee_id", &unrouted);
		(void) attribute(trigger, trigger->tg_newtuple, "invitee_id", &waits);
		/* One that is sent again may wait for its address anew. */
		if (!unrouted && (!waits || is_same(trigger, "round")))
			require_same(trigger, "invitee_id");
		require_transition(trigger, "invitation");
	}
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_partnership(): before and after INSERT.
 *
 * Foreign keys and checks guarantee the pair too, after all triggers; the guard
 * gives an error that says what is wrong.  While foreign keys are not checked,
 * the guard alone does it.  Then the tables are filled in any order: an account
 * that is missing here is checked when it is inserted.  The table lock keeps
 * one from being inserted, or deleted, unseen at the same time; see
 * require_kind_of_partnerships().
 */
Datum
tempcloud_guard_partnership(PG_FUNCTION_ARGS)
{
	Rows		rows;
	const TriggerData *trigger = guard_trigger(fcinfo, &partnership);
	HeapTuple	new = trigger->tg_trigtuple;
	char	   *customer_kind;
	char	   *provider_kind;

	if (TRIGGER_FIRED_AFTER(trigger->tg_event) && !is_replica())
		return PointerGetDatum(NULL);
	tc_enter_trigger();
	if (is_replica())
		tc_query(&lock_accounts, QUERY_RUN, NULL, 0);
	rows = tc_run_latest(&find_kinds, key(trigger, new, "customer_id"), key(trigger, new, "provider_id"));
	customer_kind = tc_text(rows, 0, 1);
	provider_kind = tc_text(rows, 0, 2);
	if (!is_replica() && (customer_kind == NULL || provider_kind == NULL))
		ereport(ERROR,
				errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				errmsg("a partnership requires two existing accounts"),
				errtable(trigger->tg_relation));
	if ((customer_kind != NULL && strcmp(customer_kind, "customer") != 0) ||
		(provider_kind != NULL && strcmp(provider_kind, "provider") != 0))
		refuse_pair(trigger);
	tc_leave();
	return PointerGetDatum(new);
}

/*
 * guard_acceptance(): after UPDATE of an invitation to accepted, and after
 * INSERT of a partnership.  A replica may not have all rows of its origin, or
 * not yet.
 */
Datum
tempcloud_guard_acceptance(PG_FUNCTION_ARGS)
{
	Rows		rows;
	bool		of_invitation = CALLED_AS_TRIGGER(fcinfo) &&
	TRIGGER_FIRED_BY_UPDATE(((TriggerData *) fcinfo->context)->tg_event);
	const TriggerData *trigger = guard_trigger(fcinfo, of_invitation ? &invitation : &partnership);
	bool		complete;

	if (is_replica())
		return PointerGetDatum(NULL);
	tc_enter_trigger();
	rows = tc_run_latest(&find_acceptance,
						 of_invitation ? key(trigger, trigger->tg_newtuple, "id") :
						 key(trigger, trigger->tg_trigtuple, "invitation_id"));
	complete = rows.count > 0 && tc_bool(rows, 0, 1);
	tc_leave();
	if (!complete)
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("%s", of_invitation ?
					   "an accepted invitation requires its partnership" :
					   "a partnership requires an accepted invitation between its two accounts"),
				errhint("Use tempcloud.accept_invitation()."),
				errtable(trigger->tg_relation));
	return PointerGetDatum(NULL);
}

/*
 * guard_order(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_order(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &staff_order);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {
		"id", "customer_id", "ordered_by", "name", "reference", "digest", "created_at"
	};

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		require_all_same(trigger, asked, lengthof(asked));
	else if (finds(&find_accepted_request_of_order, key(trigger, row, "id")))
		refuse_undoing(trigger, "cannot delete an order that has an accepted request");
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_request(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_request(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &request);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {
		"id", "order_id", "customer_id", "provider_id", "profession", "location",
		"department", "requirements", "answer_by", "created_at"
	};

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_all_same(trigger, asked, lengthof(asked));
		require_transition(trigger, "request");
	}
	else if (finds(&find_accepted_request, key(trigger, row, "id")))
		refuse_undoing(trigger, "cannot delete a request that was accepted");
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_shift(): before UPDATE or DELETE, after UPDATE.  The number of people
 * offered is set once.
 */
Datum
tempcloud_guard_shift(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &shift);
	HeapTuple	row = trigger->tg_trigtuple;
	static const char *const asked[] = {"id", "request_id", "starts_at", "ends_at", "headcount"};
	bool		unanswered;

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		require_all_same(trigger, asked, lengthof(asked));
		(void) attribute(trigger, row, "offered", &unanswered);
		if (!unanswered)
			require_same(trigger, "offered");
	}
	else if (finds(&find_accepted_request, key(trigger, row, "request_id")))
		refuse_undoing(trigger, "cannot delete a shift of a request that was accepted");
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_assignment(): before and after UPDATE.  An assignment is replaced once,
 * and otherwise stays.
 */
Datum
tempcloud_guard_assignment(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = guard_trigger(fcinfo, &assignment);
	static const char *const assigned[] = {
		"id", "shift_id", "place", "places", "worker_name", "assigned_by", "assigned_at"
	};
	bool		current;

	require_all_same(trigger, assigned, lengthof(assigned));
	(void) attribute(trigger, trigger->tg_trigtuple, "replaced_at", &current);
	if (!current)
	{
		require_same(trigger, "replaced_at");
		require_same(trigger, "replaced_by");
	}
	return PointerGetDatum(result_of(trigger));
}

/*
 * guard_truncate(): before TRUNCATE of a table that partnerships or accepted
 * requests refer to.
 */
Datum
tempcloud_guard_truncate(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = any_trigger(fcinfo);
	bool		any;

	tc_enter_trigger();
	any = tc_query(&find_any_partnership, QUERY_LATEST, NULL, 0).count > 0 ||
		tc_query(&find_any_accepted_request, QUERY_LATEST, NULL, 0).count > 0;
	tc_leave();
	if (any)
		refuse_undoing(trigger, psprintf("cannot truncate table \"%s\" while partnerships exist",
										 RelationGetRelationName(trigger->tg_relation)));
	return PointerGetDatum(NULL);
}

/*
 * refuse_change(): before UPDATE, DELETE or TRUNCATE of a table whose rows are
 * written once.
 */
Datum
tempcloud_refuse_change(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = any_trigger(fcinfo);

	refuse_undoing(trigger, psprintf("cannot change or delete rows of table \"%s\"",
									 RelationGetRelationName(trigger->tg_relation)));
}

/*
 * The trigger data of a guard.  Raises 39P01 unless the trigger fires for each
 * row and is on the table that the guard is for: a guard reads the columns of
 * that table.
 */
static const TriggerData *
guard_trigger(FunctionCallInfo fcinfo, Guarded *guarded)
{
	const TriggerData *trigger = any_trigger(fcinfo);

	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!is_guarded(guarded, trigger->tg_relation, fcinfo->flinfo->fn_oid))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("trigger \"%s\" of relation \"%s\" cannot call the guard of table \"%s\"",
					   trigger->tg_trigger->tgname,
					   RelationGetRelationName(trigger->tg_relation), guarded->table),
				errdetail("The guards of tempcloud belong to the triggers that the extension creates."));
	return trigger;
}

static const TriggerData *
any_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("this function can only be called as a trigger"));
	return (const TriggerData *) fcinfo->context;
}

/*
 * Whether a table is the guarded one: the table of that name that belongs to
 * the same extension as the function.  This is looked up once for each OID.
 */
static bool
is_guarded(Guarded *guarded, Relation table, Oid function)
{
	Oid			relid = RelationGetRelid(table);
	Oid			extension;

	if (guarded->relid == relid)
		return true;
	if (table->rd_rel->relkind != RELKIND_RELATION ||
		strcmp(RelationGetRelationName(table), guarded->table) != 0)
		return false;
	extension = getExtensionOfObject(ProcedureRelationId, function);
	if (!OidIsValid(extension) ||
		getExtensionOfObject(RelationRelationId, relid) != extension)
		return false;
	guarded->relid = relid;
	return true;
}

/* The row that a trigger lets pass; ignored after the event. */
static HeapTuple
result_of(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
}

/* Whether foreign keys are not checked. */
static bool
is_replica(void)
{
	return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

/*
 * Refuse a new account whose kind is not what a partnership says that was
 * inserted before it, while foreign keys were not checked.  An INSERT of an
 * account locks the table ROW EXCLUSIVE, and guard_partnership() locks it
 * SHARE: of the two rows, the one that is written second is checked against
 * the first.
 */
static void
require_kind_of_partnerships(const TriggerData *trigger)
{
	HeapTuple	new = trigger->tg_trigtuple;
	uint64		wrong;

	tc_enter_trigger();
	wrong = tc_run_latest(&find_partnership_of_other_kind, key(trigger, new, "id"),
						  TEXT_VALUE(label(trigger, new, "kind"))).count;
	tc_leave();
	if (wrong > 0)
		refuse_pair(trigger);
}

/*
 * Whether an update of an invitation only erases what the inviter typed, as
 * erase_person() does.
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

/* The images of the values are compared as they are uncompressed. */
static bool
is_same(const TriggerData *trigger, const char *column)
{
	bool		old_null;
	bool		new_null;
	Datum		old = attribute(trigger, trigger->tg_trigtuple, column, &old_null);
	Datum		new = attribute(trigger, trigger->tg_newtuple, column, &new_null);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(trigger->tg_relation),
										  column_number(trigger, column) - 1);

	return old_null == new_null &&
		(old_null || datum_image_eq(old, new, att->attbyval, att->attlen));
}

static void
require_same(const TriggerData *trigger, const char *column)
{
	if (!is_same(trigger, column))
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("cannot change column \"%s\" of table \"%s\"", column,
					   RelationGetRelationName(trigger->tg_relation)),
				errtablecol(trigger->tg_relation, column_number(trigger, column)));
}

static void
require_all_same(const TriggerData *trigger, const char *const *columns, int count)
{
	for (int i = 0; i < count; i++)
		require_same(trigger, columns[i]);
}

/* table chooses among the transitions. */
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
				errmsg("cannot change the status of %s %s from %s to %s",
					   strchr("aeiou", table[0]) ? "an" : "a", table, from, to),
				errtable(trigger->tg_relation));
}

/* The number of a column, which is not a system column. */
static int
column_number(const TriggerData *trigger, const char *column)
{
	int			number = SPI_fnumber(RelationGetDescr(trigger->tg_relation), column);

	if (number <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"",
			 RelationGetRelationName(trigger->tg_relation), column);
	return number;
}

static Datum
attribute(const TriggerData *trigger, HeapTuple tuple, const char *column, bool *isnull)
{
	return heap_getattr(tuple, column_number(trigger, column),
						RelationGetDescr(trigger->tg_relation), isnull);
}

/* A column of type uuid as the argument of a query. */
static Value
key(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Value		result;

	if (SPI_gettypeid(desc, column_number(trigger, column)) != UUIDOID)
		elog(ERROR, "column \"%s\" of table \"%s\" is not of type uuid", column,
			 RelationGetRelationName(trigger->tg_relation));
	result.type = UUIDOID;
	result.datum = attribute(trigger, tuple, column, &result.isnull);
	return result;
}

/* A column of an enum type that is not null. */
static char *
label(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool		isnull;

	return tc_enum_label(attribute(trigger, tuple, column, &isnull));
}

/* Whether a query of one key finds a row now. */
static bool
finds(KeptQuery *query, Value key)
{
	bool		found;

	tc_enter_trigger();
	found = tc_run_latest(query, key).count > 0;
	tc_leave();
	return found;
}

static void
refuse_pair(const TriggerData *trigger)
{
	ereport(ERROR,
			errcode(ERRCODE_CHECK_VIOLATION),
			errmsg("a partnership requires a customer and a provider"),
			errtable(trigger->tg_relation));
}

static void
refuse_undoing(const TriggerData *trigger, const char *message)
{
	ereport(ERROR,
			errcode(ERRCODE_RESTRICT_VIOLATION),
			errmsg("%s", message),
			errtable(trigger->tg_relation));
}
