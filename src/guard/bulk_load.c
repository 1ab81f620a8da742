/*
 * bulk_load.c
 *		COPY into the tables of the extension, as pg_restore does.
 *
 * When pg_restore loads rows, the tables of an extension already have their
 * foreign keys; others get theirs afterwards.  Each row would be checked by itself,
 * which takes most of the time.  And parallel pg_restore loads tables in any
 * order, because a dump says nothing of the foreign keys of an extension.
 *
 * So, when a superuser loads an empty table by COPY, its foreign keys are checked once,
 * at the end of the statement, as ALTER TABLE ADD FOREIGN KEY does.  One that refers to
 * a table that is still empty is not checked: it is when that table is loaded.  What
 * writes to a table in question at the same time is waited for, so that of two
 * that are loaded together the later one is checked with the rows of both.
 *
 * While it runs, COPY has session_replication_role = replica, so that the triggers
 * of foreign keys are not queued.  The guards fire ALWAYS.  No code of others may run
 * meanwhile, since what it writes would not be checked.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "base/extension_member.h"
#include "base/query.h"
#include "guard/bulk_load.h"
#include "guard/guard.h"

#define ROLE	"session_replication_role"

typedef struct ForeignKey
{
	Oid			constraint;
	NameData	name;
	Oid			table;
	Oid			referenced;
	Oid			index;
}			ForeignKey;

static KeptQuery find_partnership_without_acceptance =
QUERY("SELECT FROM tempcloud_data.partnership p"
	  "  LEFT JOIN tempcloud_data.invitation i ON i.id = p.invitation_id"
	  " WHERE (i.status = 'accepted'"
	  "        AND (p.customer_id, p.provider_id)"
	  "         IN ((i.inviter_id, i.invitee_id), (i.invitee_id, i.inviter_id))) IS NOT TRUE"
	  "   AND EXISTS (SELECT FROM tempcloud_data.invitation)"
	  " LIMIT 1");

/*
 * The table that COPY loads, and the role before.  What is left of a statement that
 * failed does no harm: the next COPY sets it anew, and nothing else asks.
 */
static Oid	loading = InvalidOid;
static int	role_before;

static const CopyStmt *copy_of(const TriggerData *trigger);
static bool is_ready(const TriggerData *trigger, const CopyStmt * copy, Oid function);
static bool has_trigger_of_others(const TriggerData *trigger, Oid extension);
static void set_role(int role);
static void check_foreign_keys(Oid table);
static List *foreign_keys_of(Oid table);
static void check_foreign_key(const ForeignKey * key);
static void check_acceptances(const TriggerData *trigger);

PG_FUNCTION_INFO_V1(tempcloud_begin_load);
PG_FUNCTION_INFO_V1(tempcloud_end_load);

/*
 * begin_load(): before INSERT, for each statement.
 */
Datum
tempcloud_begin_load(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_statement_trigger(fcinfo);
	const		CopyStmt *copy = copy_of(trigger);

	if (copy != NULL)
	{
		loading = InvalidOid;
		if (is_ready(trigger, copy, fcinfo->flinfo->fn_oid))
		{
			role_before = SessionReplicationRole;
			set_role(SESSION_REPLICATION_ROLE_REPLICA);
			loading = RelationGetRelid(trigger->tg_relation);
		}
	}
	return PointerGetDatum(NULL);
}

/*
 * end_load(): after INSERT, for each statement.  Raises the error of a foreign key,
 * or 23514 for a partnership without an accepted invitation.
 */
Datum
tempcloud_end_load(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_statement_trigger(fcinfo);

	if (tc_is_bulk_load(trigger))
	{
		loading = InvalidOid;
		set_role(role_before);
		CommandCounterIncrement();	/* to see the rows */
		check_foreign_keys(RelationGetRelid(trigger->tg_relation));
		check_acceptances(trigger);
	}
	return PointerGetDatum(NULL);
}

bool
tc_is_bulk_load(const TriggerData *trigger)
{
	return loading == RelationGetRelid(trigger->tg_relation) && copy_of(trigger) != NULL;
}

/* The COPY that is the statement of the trigger, or NULL; not one that calls it. */
static const CopyStmt *
copy_of(const TriggerData *trigger)
{
	const PlannedStmt *statement;
	const		CopyStmt *copy;

	if (ActivePortal == NULL || ActivePortal->commandTag != CMDTAG_COPY ||
		DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0)) != 1)
		return NULL;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (statement->utilityStmt == NULL || !IsA(statement->utilityStmt, CopyStmt))
		return NULL;
	copy = castNode(CopyStmt, statement->utilityStmt);
	if (!copy->is_from ||
		RangeVarGetRelid(copy->relation, NoLock, true) != RelationGetRelid(trigger->tg_relation))
		return NULL;
	return copy;
}

/*
 * Whether the table can be loaded in bulk: a superuser does, who could disable
 * foreign keys as well; it belongs to the extension; no code of others runs, in a
 * trigger or a WHERE clause; and the table is empty, as when a dump is restored.  On a
 * system in use, checking all rows for a few new ones would take long, and the locks
 * would stop it.
 */
static bool
is_ready(const TriggerData *trigger, const CopyStmt * copy, Oid function)
{
	Oid			table = RelationGetRelid(trigger->tg_relation);
	Oid			extension = getExtensionOfObject(ProcedureRelationId, function);

	return !tc_is_replica() && superuser() && OidIsValid(extension) &&
		getExtensionOfObject(RelationRelationId, table) == extension &&
		copy->whereClause == NULL && !has_trigger_of_others(trigger, extension) &&
		!tc_has_row(table, AccessShareLock);
}

/* Whether INSERT fires a trigger that the extension has not made. */
static bool
has_trigger_of_others(const TriggerData *trigger, Oid extension)
{
	const		TriggerDesc *triggers = trigger->tg_relation->trigdesc;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const		Trigger *other = &triggers->triggers[i];

		if (!other->tgisinternal && TRIGGER_FOR_INSERT(other->tgtype) &&
			other->tgenabled != TRIGGER_DISABLED &&
			(other->tgenabled != TRIGGER_FIRES_ALWAYS ||
			 getExtensionOfObject(ProcedureRelationId, other->tgfoid) != extension))
			return true;
	}
	return false;
}

/* Until the transaction ends, or this is called again. */
static void
set_role(int role)
{
	const char *label = role == SESSION_REPLICATION_ROLE_REPLICA ? "replica" :
	role == SESSION_REPLICATION_ROLE_LOCAL ? "local" : "origin";

	(void) set_config_option(ROLE, label, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/* Raises 23503. */
static void
check_foreign_keys(Oid table)
{
	List	   *keys = foreign_keys_of(table);
	ListCell   *cell;

	foreach(cell, keys)
	{
		const		ForeignKey *key = lfirst(cell);

		/* Of two tables that are loaded together, the one that refers waits. */
		if (key->table == table && key->referenced != table)
			LockRelationOid(key->referenced, ShareLock);
	}
	foreach(cell, keys)
	{
		const		ForeignKey *key = lfirst(cell);

		if (tc_has_row(key->referenced, AccessShareLock) && tc_has_row(key->table, AccessShareLock))
			check_foreign_key(key);
	}
}

/* The foreign keys from a table and to it, without those that were never checked. */
static List *
foreign_keys_of(Oid table)
{
	List	   *keys = NIL;
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint row = (Form_pg_constraint) GETSTRUCT(tuple);

		if (row->contype == CONSTRAINT_FOREIGN && row->convalidated && !OidIsValid(row->conparentid) &&
			(row->conrelid == table || row->confrelid == table))
		{
			ForeignKey *key = palloc_object(ForeignKey);

			*key = (ForeignKey)
			{
				.constraint = row->oid,.name = row->conname,
					.table = row->conrelid,.referenced = row->confrelid,.index = row->conindid
			};
			keys = lappend(keys, key);
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return keys;
}

/* As ALTER TABLE ADD FOREIGN KEY does.  A superuser may read both tables. */
static void
check_foreign_key(const ForeignKey * key)
{
	Relation	table = table_open(key->table, AccessShareLock);
	Relation	referenced = table_open(key->referenced, AccessShareLock);
	Trigger		trigger = {
		.tgname = pstrdup(NameStr(key->name)),
		.tgenabled = TRIGGER_FIRES_ON_ORIGIN,
		.tgisinternal = true,
		.tgconstrrelid = key->referenced,
		.tgconstrindid = key->index,
		.tgconstraint = key->constraint
	};

	if (!RI_Initial_Check(&trigger, table, referenced))
		elog(ERROR, "cannot check constraint \"%s\"", NameStr(key->name));
	table_close(referenced, NoLock);
	table_close(table, NoLock);
}

/* As guard_acceptance() does for each row. */
static void
check_acceptances(const TriggerData *trigger)
{
	int			nesting;
	const char *table = RelationGetRelationName(trigger->tg_relation);
	bool		missing;

	if (strcmp(table, "partnership") != 0 && strcmp(table, "invitation") != 0)
		return;
	nesting = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	tc_enter_trigger();
	missing = tc_query(&find_partnership_without_acceptance, QUERY_LATEST, NULL, 0).count > 0;
	tc_leave();
	AtEOXact_GUC(true, nesting);
	if (missing)
		tc_refuse_acceptance(trigger, false);
}
