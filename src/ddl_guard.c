/*
 * ddl_guard.c
 *		The promises against DDL.
 *
 * Constraints and triggers refuse the DML that would undo a partnership, but not
 * to be dropped or disabled themselves.  Where the library is preloaded, that is
 * refused too, for superusers as for all, while there are partnerships and
 * tempcloud.allow_destruction is off.  An update of the extension may do what
 * it has to.
 *
 * What is guarded is found by its membership in the extension, whatever it may
 * have been renamed to.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "ddl_guard.h"
#include "settings.h"

#define EXTENSION	"tempcloud"

static object_access_hook_type previous_object_access = NULL;
static ProcessUtility_hook_type previous_utility = NULL;

static void guard_object(ObjectAccessType access, Oid classId, Oid objectId,
						 int subId, void *arg);
static void guard_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
						  ProcessUtilityContext context, ParamListInfo params,
						  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static bool is_guarded(ObjectAccessType access, Oid classId, Oid objectId);
static bool is_member(Oid classId, Oid objectId);
static bool is_member_table(Oid relid);
static Oid	table_of_constraint(Oid constraint);
static Oid	table_of_trigger(Oid trigger);
static bool partnerships_exist(void);
static void refuse_destruction(Oid classId, Oid objectId, int subId);

void
tc_install_ddl_guard(void)
{
	previous_object_access = object_access_hook;
	object_access_hook = guard_object;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = guard_utility;
}

static void
guard_object(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	if (previous_object_access)
		previous_object_access(access, classId, objectId, subId, arg);

	if (!tc_allow_destruction && !creating_extension &&
		is_guarded(access, classId, objectId) && partnerships_exist())
		refuse_destruction(classId, objectId, subId);
}

/* What leaves the extension would be guarded no longer. */
static void
guard_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			  ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	if (IsA(pstmt->utilityStmt, AlterExtensionContentsStmt) && !tc_allow_destruction &&
		!creating_extension)
	{
		AlterExtensionContentsStmt *stmt = (AlterExtensionContentsStmt *) pstmt->utilityStmt;

		if (strcmp(stmt->extname, EXTENSION) == 0 && stmt->action < 0 &&
			OidIsValid(get_extension_oid(EXTENSION, true)) && partnerships_exist())
			refuse_destruction(ExtensionRelationId, get_extension_oid(EXTENSION, false), 0);
	}
	if (previous_utility)
		previous_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
								dest, qc);
}

/*
 * Whether the promises rest on an object.  A function that is replaced is
 * created, and one that is new is not yet a member.
 */
static bool
is_guarded(ObjectAccessType access, Oid classId, Oid objectId)
{
	bool		dropped = access == OAT_DROP;
	bool		altered = access == OAT_POST_ALTER;

	switch (classId)
	{
		case TriggerRelationId:
			return (dropped || altered) && is_member_table(table_of_trigger(objectId));
		case ConstraintRelationId:
			return (dropped || altered) && is_member_table(table_of_constraint(objectId));
		case ProcedureRelationId:
			return (dropped || altered || access == OAT_POST_CREATE) &&
				is_member(classId, objectId) && get_func_rettype(objectId) == TRIGGEROID;
		case RelationRelationId:
			return dropped && is_member_table(objectId);
		case NamespaceRelationId:
			return dropped && is_member(classId, objectId);
		case ExtensionRelationId:
			return dropped && objectId == get_extension_oid(EXTENSION, true);
		default:
			return false;
	}
}

static bool
is_member(Oid classId, Oid objectId)
{
	Oid			extension = get_extension_oid(EXTENSION, true);

	return OidIsValid(extension) && getExtensionOfObject(classId, objectId) == extension;
}

static bool
is_member_table(Oid relid)
{
	return OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_RELATION &&
		is_member(RelationRelationId, relid);
}

static Oid
table_of_constraint(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Oid			relid = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		relid = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
		ReleaseSysCache(tuple);
	}
	return relid;
}

/*
 * The triggers of a foreign key belong to the table that has it: an application
 * may let go of its own.
 */
static Oid
table_of_trigger(Oid trigger)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	Oid			relid = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		relid = form->tgisinternal ? table_of_constraint(form->tgconstraint) : form->tgrelid;
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return relid;
}

/*
 * Under a lock that lets nobody make the first one meanwhile.  A table that is
 * not there was dropped by this very command after it was found empty; or it
 * was renamed, and somebody had a reason for that.
 */
static bool
partnerships_exist(void)
{
	static FullTransactionId found_none_in;
	Oid			schema = get_namespace_oid("tempcloud_data", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid("partnership", schema) : InvalidOid;
	Relation	partnerships;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	bool		any;

	if (!OidIsValid(relid))
		return !FullTransactionIdEquals(found_none_in, GetTopFullTransactionId());
	partnerships = table_open(relid, ShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(partnerships, NULL);
	scan = table_beginscan(partnerships, snapshot, 0, NULL);
	any = table_scan_getnextslot(scan, ForwardScanDirection, slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(partnerships, NoLock);
	if (!any)
		found_none_in = GetTopFullTransactionId();
	return any;
}

static void
refuse_destruction(Oid classId, Oid objectId, int subId)
{
	ObjectAddress object;

	ObjectAddressSubSet(object, classId, objectId, subId);
	ereport(ERROR,
			errcode(ERRCODE_RESTRICT_VIOLATION),
			errmsg("partnerships are never undone, nor is what guards them"),
			errdetail("There are partnerships, and the command would drop or change %s.",
					  getObjectDescription(&object, false)),
			errhint("It would pass after a restart of the server with tempcloud.allow_destruction in its configuration file."));
}
