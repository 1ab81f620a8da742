/*
 * extension_member.c
 *		What belongs to the extension.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/extension_member.h"

typedef struct Dependency
{
	ObjectAddress on;
	char		type;
} Dependency;

static bool is_member(Oid classId, Oid objectId);
static Oid	extension_among(List *dependencies);
static List *dependencies_of(Oid classId, Oid objectId);
static bool is_independent(Oid classId, Oid objectId);
static bool enforces_nothing(Oid relid);
static bool is_invalid_index(Oid relid);
static bool is_foreign_trigger(Oid trigger);
static bool is_foreign_constraint(Oid constraint);
static bool is_rule_of_others(Oid rule);
static List *partnership_tables(void);
static HeapTuple copy_catalog_row(Oid catalog, Oid index, AttrNumber key, Oid value);

/* An extension cannot be renamed, and its name is unique. */
Oid
tc_extension(void)
{
	return get_extension_oid("tempcloud", true);
}

bool
tc_is_own_extension(Oid extension)
{
	Oid			tempcloud = tc_extension();
	ListCell   *cell;

	if (extension == tempcloud)
		return OidIsValid(extension);
	foreach(cell, dependencies_of(ExtensionRelationId, tempcloud))
	{
		Dependency *dependency = lfirst(cell);

		if (dependency->on.classId == ExtensionRelationId && dependency->on.objectId == extension)
			return true;
	}
	return false;
}

/*
 * A part depends on its whole automatically or internally, and the whole on
 * its extension.
 */
bool
tc_find_member(Oid classId, Oid objectId, ObjectAddress *member, Oid *extension)
{
	List	   *dependencies;
	ListCell   *cell;

	check_stack_depth();
	dependencies = dependencies_of(classId, objectId);
	*extension = classId == ExtensionRelationId ? objectId : extension_among(dependencies);
	if (OidIsValid(*extension))
	{
		ObjectAddressSet(*member, classId, objectId);
		return tc_is_own_extension(*extension);
	}
	if (is_independent(classId, objectId))
		return false;

	foreach(cell, dependencies)
	{
		Dependency *dependency = lfirst(cell);

		/* a generated column depends on another one of the same table */
		if ((dependency->type == DEPENDENCY_AUTO || dependency->type == DEPENDENCY_INTERNAL) &&
			!(dependency->on.classId == classId && dependency->on.objectId == objectId) &&
			tc_find_member(dependency->on.classId, dependency->on.objectId, member, extension))
			return true;
	}
	return false;
}

/*
 * What is in pg_catalog depends on no schema.
 */
bool
tc_intrudes(Oid classId, Oid objectId, ObjectAddress *member)
{
	bool		in_pg_catalog = true;
	const Dependency *own_type = NULL;
	ListCell   *cell;

	foreach(cell, dependencies_of(classId, objectId))
	{
		Dependency *dependency = lfirst(cell);

		if (dependency->type != DEPENDENCY_NORMAL)
			continue;
		if (dependency->on.classId == NamespaceRelationId)
		{
			in_pg_catalog = false;
			if (is_member(NamespaceRelationId, dependency->on.objectId))
			{
				*member = dependency->on;
				return true;
			}
		}
		else if (dependency->on.classId == TypeRelationId)
		{
			ObjectAddress ignored;
			Oid			extension;

			if (tc_find_member(TypeRelationId, dependency->on.objectId, &ignored, &extension) &&
				extension == tc_extension())
				own_type = dependency;
		}
	}

	if (own_type == NULL ||
		!(classId == CastRelationId || classId == OperatorClassRelationId ||
		  (in_pg_catalog && (classId == ProcedureRelationId || classId == OperatorRelationId))))
		return false;
	*member = own_type->on;
	return true;
}

bool
tc_is_foreign_part(Oid classId, Oid objectId)
{
	switch (classId)
	{
		case TriggerRelationId:
			return is_foreign_trigger(objectId);
		case ConstraintRelationId:
			return is_foreign_constraint(objectId);
		case RewriteRelationId:
			return is_rule_of_others(objectId);
		case RelationRelationId:
			return is_invalid_index(objectId);
		case PolicyRelationId:
		case DefaultAclRelationId:
			return true;
		default:
			return false;
	}
}

/* Look first without a lock that others would have to wait for. */
bool
tc_partnerships_exist(void)
{
	List	   *tables = partnership_tables();
	ListCell   *cell;

	if (tables == NIL)
		return true;
	foreach(cell, tables)
	{
		if (tc_has_row(lfirst_oid(cell), AccessShareLock) || tc_has_row(lfirst_oid(cell), ShareLock))
			return true;
	}
	return false;
}

static bool
is_member(Oid classId, Oid objectId)
{
	Oid			extension = extension_among(dependencies_of(classId, objectId));

	return OidIsValid(extension) && extension == tc_extension();
}

static Oid
extension_among(List *dependencies)
{
	ListCell   *cell;

	foreach(cell, dependencies)
	{
		Dependency *dependency = lfirst(cell);

		if (dependency->type == DEPENDENCY_EXTENSION)
			return dependency->on.objectId;
	}
	return InvalidOid;
}

/* The dependencies of an object and its columns, by the latest catalog contents. */
static List *
dependencies_of(Oid classId, Oid objectId)
{
	List	   *result = NIL;
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(objectId));
	scan = systable_beginscan(depend, DependDependerIndexId, true, SnapshotSelf, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		Dependency *dependency = palloc(sizeof(Dependency));

		ObjectAddressSubSet(dependency->on, form->refclassid, form->refobjid, form->refobjsubid);
		dependency->type = form->deptype;
		result = lappend(result, dependency);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/* Objects that are dropped with a table but do not restrict its rows. */
static bool
is_independent(Oid classId, Oid objectId)
{
	switch (classId)
	{
		case StatisticExtRelationId:
		case PublicationRelRelationId:
		case PublicationNamespaceRelationId:
			return true;
		case RelationRelationId:
			return enforces_nothing(objectId);
		default:
			return false;
	}
}

/* Whether a relation is an index that enforces no constraint. */
static bool
enforces_nothing(Oid relid)
{
	HeapTuple	tuple = copy_catalog_row(IndexRelationId, IndexRelidIndexId,
										 Anum_pg_index_indexrelid, relid);
	Form_pg_index form;

	if (tuple == NULL)
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	return !form->indisunique && !form->indisexclusion;
}

/* Whether a relation is an index that a failed REINDEX CONCURRENTLY left. */
static bool
is_invalid_index(Oid relid)
{
	HeapTuple	tuple = copy_catalog_row(IndexRelationId, IndexRelidIndexId,
										 Anum_pg_index_indexrelid, relid);

	return tuple != NULL && !((Form_pg_index) GETSTRUCT(tuple))->indisvalid;
}

static bool
is_foreign_trigger(Oid trigger)
{
	HeapTuple	tuple = copy_catalog_row(TriggerRelationId, TriggerOidIndexId,
										 Anum_pg_trigger_oid, trigger);
	Form_pg_trigger form;

	if (tuple == NULL)
		return false;
	form = (Form_pg_trigger) GETSTRUCT(tuple);
	return !form->tgisinternal && !is_member(ProcedureRelationId, form->tgfoid);
}

/* CREATE CONSTRAINT TRIGGER makes a constraint that is part of the trigger. */
static bool
is_foreign_constraint(Oid constraint)
{
	ListCell   *cell;

	foreach(cell, dependencies_of(ConstraintRelationId, constraint))
	{
		Dependency *dependency = lfirst(cell);

		if (dependency->type == DEPENDENCY_INTERNAL && dependency->on.classId == TriggerRelationId)
			return is_foreign_trigger(dependency->on.objectId);
	}
	return false;
}

static bool
is_rule_of_others(Oid rule)
{
	HeapTuple	tuple = copy_catalog_row(RewriteRelationId, RewriteOidIndexId,
										 Anum_pg_rewrite_oid, rule);

	return tuple != NULL &&
		((Form_pg_rewrite) GETSTRUCT(tuple))->ev_type - '0' != CMD_SELECT;
}

/*
 * The member tables of this name, in any schema: one, unless somebody renamed it and
 * created another.
 */
static List *
partnership_tables(void)
{
	List	   *result = NIL;
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(tc_extension()));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		char	   *name;

		if (form->deptype != DEPENDENCY_EXTENSION || form->classid != RelationRelationId ||
			get_rel_relkind(form->objid) != RELKIND_RELATION)
			continue;
		name = get_rel_name(form->objid);
		if (name != NULL && strcmp(name, "partnership") == 0)
			result = lappend_oid(result, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

bool
tc_has_row(Oid relid, LOCKMODE lock)
{
	Relation	relation = table_open(relid, lock);
	Snapshot	snapshot;
	TupleTableSlot *slot;
	TableScanDesc scan;
	bool		found;

	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		table_close(relation, NoLock);
		return true;
	}
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(relation, NULL);
	scan = tc_beginscan(relation, snapshot);
	found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(relation, NoLock);
	return found;
}

/* The row of a catalog with a key, by its latest contents, or NULL. */
static HeapTuple
copy_catalog_row(Oid catalog, Oid index, AttrNumber key, Oid value)
{
	Relation	relation = table_open(catalog, AccessShareLock);
	HeapTuple	tuple;
	ScanKeyData scankey;
	SysScanDesc scan;

	ScanKeyInit(&scankey, key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	scan = systable_beginscan(relation, index, true, SnapshotSelf, 1, &scankey);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return tuple;
}
