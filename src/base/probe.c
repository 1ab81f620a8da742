/*
 * probe.c
 *		Rows by a unique key, read without the executor.
 *
 * Tables, indexes and columns are found by name at each probe, through the caches of
 * the catalogs: nothing is kept that could become invalid when the extension is dropped
 * and created again.  The table is locked before its index is looked for, so that
 * REINDEX CONCURRENTLY does not drop that index meanwhile.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/probe.h"

static Relation open_table(const Probe *probe, LOCKMODE lock);
static Snapshot take_snapshot(QueryMode mode);
static HeapTuple find(const Probe *probe, Relation table, Snapshot snapshot, const Value *keys,
					  int nkeys);
static void set_key(ScanKey entry, Relation table, const char *column, Value key);
static bool lock_row(Relation table, Snapshot snapshot, LockTupleMode strength,
					 TupleTableSlot *slot, ItemPointer tid);
static Rows make_rows(const Probe *probe, Relation table, HeapTuple tuple);
static int	column_number(Relation table, const char *column);

Rows
tc_probe_row(const Probe *probe, QueryMode mode, const Value *keys, int nkeys)
{
	Relation	table = open_table(probe, AccessShareLock);
	Snapshot	snapshot = take_snapshot(mode);
	HeapTuple	tuple = find(probe, table, snapshot, keys, nkeys);
	Rows		rows = {0};

	if (tuple != NULL)
		rows = make_rows(probe, table, tuple);
	UnregisterSnapshot(snapshot);
	table_close(table, NoLock);
	return rows;
}

Rows
tc_probe_locked_row(const Probe *probe, QueryMode mode, LockTupleMode strength,
					const Value *keys, int nkeys)
{
	Relation	table = open_table(probe, RowShareLock);
	Snapshot	snapshot = take_snapshot(mode);
	HeapTuple	tuple = find(probe, table, snapshot, keys, nkeys);
	Rows		rows = {0};

	if (tuple != NULL)
	{
		TupleTableSlot *slot = table_slot_create(table, NULL);

		if (lock_row(table, snapshot, strength, slot, &tuple->t_self))
			rows = make_rows(probe, table, ExecFetchSlotHeapTuple(slot, false, NULL));
		ExecDropSingleTupleTableSlot(slot);
	}
	UnregisterSnapshot(snapshot);
	table_close(table, NoLock);
	return rows;
}

/* Locked until the transaction ends, as by a query. */
static Relation
open_table(const Probe *probe, LOCKMODE lock)
{
	Oid			schema = get_namespace_oid("tempcloud_data", false);
	Oid			relid = get_relname_relid(probe->table, schema);

	if (!OidIsValid(relid))
		elog(ERROR, "there is no table \"%s\"", probe->table);
	return table_open(relid, lock);
}

/* The snapshot that a query would use, registered. */
static Snapshot
take_snapshot(QueryMode mode)
{
	if (mode == QUERY_READ)
		return RegisterSnapshot(GetActiveSnapshot());
	CommandCounterIncrement();	/* see what this transaction has done */
	return RegisterSnapshot(mode == QUERY_RUN ? GetTransactionSnapshot() : GetLatestSnapshot());
}

/* Returns a copy of the row, or NULL. */
static HeapTuple
find(const Probe *probe, Relation table, Snapshot snapshot, const Value *keys, int nkeys)
{
	Oid			index = get_relname_relid(probe->index, RelationGetNamespace(table));
	ScanKeyData entries[PROBE_MAX_KEYS];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(index))
		elog(ERROR, "there is no index \"%s\"", probe->index);
	for (int i = 0; i < nkeys; i++)
	{
		if (keys[i].isnull)
			return NULL;
		set_key(&entries[i], table, probe->keys[i], keys[i]);
	}
	scan = systable_beginscan(table, index, true, snapshot, nkeys, entries);
	tuple = systable_getnext(scan);
	if (tuple != NULL)
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

static void
set_key(ScanKey entry, Relation table, const char *column, Value key)
{
	int			number = column_number(table, column);
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), number - 1);

	if (getBaseType(attribute->atttypid) != key.type || (key.type != UUIDOID && key.type != TEXTOID))
		elog(ERROR, "key \"%s\" of table \"%s\" is of another type", column,
			 RelationGetRelationName(table));
	ScanKeyInit(entry, number, BTEqualStrategyNumber, key.type == UUIDOID ? F_UUID_EQ : F_TEXTEQ,
				key.datum);
	entry->sk_collation = attribute->attcollation;
}

/*
 * As SELECT with a locking clause does.  Returns whether there is such a row, and sets the slot to
 * its present version.
 */
static bool
lock_row(Relation table, Snapshot snapshot, LockTupleMode strength, TupleTableSlot *slot,
		 ItemPointer tid)
{
	int			flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	TM_FailureData failure;
	TM_Result	result;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	result = table_tuple_lock(table, tid, snapshot, slot, GetCurrentCommandId(true),
							  strength, LockWaitBlock, flags, &failure);
	if (result == TM_Ok)
		return true;
	if (result == TM_SelfModified)
		return false;
	if (result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "unexpected result %d of locking a row of table \"%s\"", result,
			 RelationGetRelationName(table));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent update"));
	return false;
}

/* The columns of the row, in the form in which a query returns rows. */
static Rows
make_rows(const Probe *probe, Relation table, HeapTuple tuple)
{
	TupleDesc	from = RelationGetDescr(table);
	TupleDesc	desc;
	SPITupleTable *rows = palloc0(sizeof(SPITupleTable));
	Datum		values[PROBE_MAX_COLUMNS];
	bool		nulls[PROBE_MAX_COLUMNS];
	int			count = 0;

	while (count < PROBE_MAX_COLUMNS && probe->columns[count] != NULL)
		count++;
	desc = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
	{
		int			number = column_number(table, probe->columns[i]);

		TupleDescCopyEntry(desc, i + 1, from, number);
		values[i] = heap_getattr(tuple, number, from, &nulls[i]);
	}
	rows->tupdesc = desc;
	rows->vals = palloc(sizeof(HeapTuple));
	rows->vals[0] = heap_form_tuple(desc, values, nulls);
	rows->numvals = 1;
	return (Rows)
	{
		.count = 1,.table = rows
	};
}

static int
column_number(Relation table, const char *column)
{
	int			number = SPI_fnumber(RelationGetDescr(table), column);

	if (number <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"", RelationGetRelationName(table), column);
	return number;
}
