/*
 * guard.c
 *		Common parts of the triggers that keep the promises.
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

#include "base/input_check.h"
#include "base/query.h"
#include "guard/guard.h"

static KeptQuery find_any_partnership = QUERY("SELECT FROM tempcloud_data.partnership LIMIT 1");

static KeptQuery find_any_accepted_request =
QUERY("SELECT FROM tempcloud_data.request WHERE status IN ('accepted', 'cancelled') LIMIT 1");

static const TriggerData *any_trigger(FunctionCallInfo fcinfo);
static bool is_guarded(Guarded *guarded, Relation table, Oid function);
static int	column_number(const TriggerData *trigger, const char *column);
static Datum attribute(const TriggerData *trigger, HeapTuple tuple, const char *column,
					   bool *isnull);

PG_FUNCTION_INFO_V1(tempcloud_guard_truncate);
PG_FUNCTION_INFO_V1(tempcloud_refuse_change);

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
		tc_refuse_undoing(trigger, psprintf("cannot truncate table \"%s\" while partnerships exist",
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

	tc_refuse_undoing(trigger, psprintf("cannot change or delete rows of table \"%s\"",
										RelationGetRelationName(trigger->tg_relation)));
}

const TriggerData *
tc_guard_trigger(FunctionCallInfo fcinfo, Guarded *guarded)
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

const TriggerData *
tc_statement_trigger(FunctionCallInfo fcinfo)
{
	const TriggerData *trigger = any_trigger(fcinfo);

	if (!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("trigger \"%s\" of relation \"%s\" must fire for each statement",
					   trigger->tg_trigger->tgname,
					   RelationGetRelationName(trigger->tg_relation)));
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

HeapTuple
tc_guard_result(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
}

bool
tc_is_replica(void)
{
	return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

/* Compares the values by datum_image_eq(), which decompresses them. */
bool
tc_is_same(const TriggerData *trigger, const char *column)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			number = column_number(trigger, column);
	Form_pg_attribute att = TupleDescAttr(desc, number - 1);
	bool		old_null;
	bool		new_null;
	Datum		old = heap_getattr(trigger->tg_trigtuple, number, desc, &old_null);
	Datum		new = heap_getattr(trigger->tg_newtuple, number, desc, &new_null);

	return old_null == new_null &&
		(old_null || datum_image_eq(old, new, att->attbyval, att->attlen));
}

void
tc_require_same(const TriggerData *trigger, const char *column)
{
	if (!tc_is_same(trigger, column))
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("cannot change column \"%s\" of table \"%s\"", column,
					   RelationGetRelationName(trigger->tg_relation)),
				errtablecol(trigger->tg_relation, column_number(trigger, column)));
}

void
tc_require_all_same(const TriggerData *trigger, const char *const *columns, int count)
{
	for (int i = 0; i < count; i++)
		tc_require_same(trigger, columns[i]);
}

void
tc_require_transition(const TriggerData *trigger, const Transition *transitions, int count)
{
	const char *table = RelationGetRelationName(trigger->tg_relation);
	char	   *from = tc_row_label(trigger, trigger->tg_trigtuple, "status");
	char	   *to = tc_row_label(trigger, trigger->tg_newtuple, "status");
	bool		legal = strcmp(from, to) == 0;

	for (int i = 0; i < count; i++)
		legal |= strcmp(from, transitions[i].from) == 0 && strcmp(to, transitions[i].to) == 0;
	if (!legal)
		ereport(ERROR,
				errcode(ERRCODE_CHECK_VIOLATION),
				errmsg("cannot change the status of %s %s from %s to %s",
					   strchr("aeiou", table[0]) ? "an" : "a", table, from, to),
				errtable(trigger->tg_relation));
}

bool
tc_is_null(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool		isnull;

	(void) attribute(trigger, tuple, column, &isnull);
	return isnull;
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

Value
tc_row_key(const TriggerData *trigger, HeapTuple tuple, const char *column)
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

char *
tc_row_label(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool		isnull;

	return tc_enum_label(attribute(trigger, tuple, column, &isnull));
}

bool
tc_guard_query(KeptQuery *query, const Value *args, int nargs)
{
	bool		found;

	tc_enter_trigger();
	found = tc_query(query, QUERY_LATEST, args, nargs).count > 0;
	tc_leave();
	return found;
}

void
tc_refuse_undoing(const TriggerData *trigger, const char *message)
{
	ereport(ERROR,
			errcode(ERRCODE_RESTRICT_VIOLATION),
			errmsg("%s", message),
			errtable(trigger->tg_relation));
}
