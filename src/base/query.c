/*
 * query.c
 *		Queries that are prepared once a backend and kept.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "base/clock.h"
#include "base/query.h"

#define FIRST_RENEWAL	64

void		(*tc_command_hook) (void) = NULL;

/* Queries that are running, one inside another. */
static int	depth = 0;

static void prepare(KeptQuery *query, const Value *args, int nargs);
static SPIPlanPtr make_plan(const KeptQuery *query);
static void renew(KeptQuery *query);
static void require_types(const KeptQuery *query, const Value *args, int nargs);
static void require_type(Rows rows, int column, Oid type);

Rows
tc_query(KeptQuery *query, QueryMode mode, const Value *args, int nargs)
{
	Datum		values[QUERY_MAX_ARGS];
	char		nulls[QUERY_MAX_ARGS];
	Snapshot	snapshot = mode == QUERY_LATEST ? GetLatestSnapshot() : InvalidSnapshot;
	MemoryContext context = CurrentMemoryContext;
	int			result;

	if (query->plan == NULL)
		prepare(query, args, nargs);
	else if (query->runs >= query->renew_at && query->running == 0)
		renew(query);
	query->runs++;

	require_types(query, args, nargs);
	for (int i = 0; i < nargs; i++)
	{
		values[i] = args[i].datum;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
	query->running++;
	depth++;
	PG_TRY();
	{
		result = SPI_execute_snapshot(query->plan, values, nulls, snapshot, InvalidSnapshot,
									  mode == QUERY_READ, true, 0);
	}
	PG_FINALLY();
	{
		query->running--;
		depth--;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context); /* SPI has switched to that of the frame */
	if (result < 0)
		elog(ERROR, "tempcloud query failed: %s", SPI_result_code_string(result));
	return (Rows)
	{
		.count = SPI_processed,.table = SPI_tuptable
	};
}

bool
tc_is_in_query(void)
{
	return depth > 0;
}

/* The first run decides of which types the arguments are. */
static void
prepare(KeptQuery *query, const Value *args, int nargs)
{
	if (nargs > QUERY_MAX_ARGS)
		elog(ERROR, "tempcloud query has more than %d arguments", QUERY_MAX_ARGS);
	query->nargs = nargs;
	for (int i = 0; i < nargs; i++)
		query->argtypes[i] = args[i].type;
	query->plan = make_plan(query);
	query->renew_at = FIRST_RENEWAL;
}

/*
 * One generic plan: each query finds its few rows by an index whatever the values are, so
 * that custom plans would not be better.
 */
static SPIPlanPtr
make_plan(const KeptQuery *query)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(query->sql, query->nargs, (Oid *) query->argtypes,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "tempcloud query failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * On small tables all indexes look alike, and a plan made then may scan the
 * wrong one whole when they have grown.  ANALYZE would have it planned anew, but
 * may come late; the sizes of tables and indexes are known at any time.
 *
 * A plan that is running, because a trigger runs the query that fired it, is not
 * freed: the next run comes here again.
 */
static void
renew(KeptQuery *query)
{
	SPIPlanPtr	old = query->plan;

	query->plan = make_plan(query);
	query->renew_at *= 4;
	SPI_freeplan(old);
}

/* Otherwise a value of another type would be misread. */
static void
require_types(const KeptQuery *query, const Value *args, int nargs)
{
	bool		same = nargs == query->nargs;

	for (int i = 0; same && i < nargs; i++)
		same = args[i].type == query->argtypes[i];
	if (!same)
		elog(ERROR, "tempcloud query has arguments of other types than before: %s", query->sql);
}

Value
tc_text_value(const char *string)
{
	return tc_pointer_value(TEXTOID, string ? cstring_to_text(string) : NULL);
}

Value
tc_array_value(const ArrayType *array)
{
	return tc_pointer_value(get_array_type(ARR_ELEMTYPE(array)), array);
}

ArrayType *
tc_uuid_array(const pg_uuid_t *const *ids, int count)
{
	Datum	   *values = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		values[i] = UUIDPGetDatum(ids[i]);
	return construct_array(values, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

ArrayType *
tc_text_array(const char *const *strings, int count)
{
	Datum	   *values = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(strings[i]);
	return construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Otherwise we would read past the end of the tuple table. */
static HeapTuple
row_of(Rows rows, uint64 row)
{
	if (rows.table == NULL || row >= rows.table->numvals)
		elog(ERROR, "tempcloud query returned no row " UINT64_FORMAT, row);
	return rows.table->vals[row];
}

static void
require_type(Rows rows, int column, Oid type)
{
	if (SPI_gettypeid(rows.table->tupdesc, column) != type)
		elog(ERROR, "column %d of a tempcloud query is not of type %s", column,
			 format_type_be(type));
}

Datum
tc_datum(Rows rows, uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(row_of(rows, row), rows.table->tupdesc, column, isnull);
}

char *
tc_text(Rows rows, uint64 row, int column)
{
	return SPI_getvalue(row_of(rows, row), rows.table->tupdesc, column);
}

pg_uuid_t *
tc_uuid(Rows rows, uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(rows, row, column, &isnull);
	pg_uuid_t  *copy;

	require_type(rows, column, UUIDOID);
	if (isnull)
		return NULL;
	copy = palloc(sizeof(pg_uuid_t));
	*copy = *DatumGetUUIDP(value);
	return copy;
}

bool
tc_bool(Rows rows, uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(rows, row, column, &isnull);

	require_type(rows, column, BOOLOID);
	return !isnull && DatumGetBool(value);
}

TimestampTz
tc_time(Rows rows, uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(rows, row, column, &isnull);

	require_type(rows, column, TIMESTAMPTZOID);
	return isnull ? 0 : DatumGetTimestampTz(value);
}

int64
tc_integer(Rows rows, uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(rows, row, column, &isnull);

	if (SPI_gettypeid(rows.table->tupdesc, column) == INT4OID)
		return isnull ? 0 : DatumGetInt32(value);
	require_type(rows, column, INT8OID);
	return isnull ? 0 : DatumGetInt64(value);
}

void
tc_enter(void)
{
	tc_read_clock();
	SPI_connect();
}

void
tc_enter_trigger(void)
{
	SPI_connect();
}

void
tc_enter_command(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandDuringRecovery(function);
	if (tc_command_hook)
		tc_command_hook();
	tc_enter();
}

void
tc_leave(void)
{
	SPI_finish();
}

void
tc_free_rows(Rows rows)
{
	SPI_freetuptable(rows.table);
}

Datum
tc_record(Rows rows)
{
	bool		isnull;
	Datum		record = tc_datum(rows, 0, 1, &isnull);

	if (isnull || rows.count != 1)
		elog(ERROR, "tempcloud query returned no record");
	return record;
}

void
tc_put_records(FunctionCallInfo fcinfo, Rows rows)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 i = 0; i < rows.count; i++)
	{
		bool		isnull;
		HeapTupleHeader record = DatumGetHeapTupleHeader(tc_datum(rows, i, 1, &isnull));
		HeapTupleData row = {
			.t_len = HeapTupleHeaderGetDatumLength(record),
			.t_data = record
		};

		tuplestore_puttuple(rsinfo->setResult, &row);
	}
}

Datum
tc_finish_with(Datum record)
{
	record = SPI_datumTransfer(record, false, -1);
	SPI_finish();
	return record;
}

Datum
tc_finish(Rows rows)
{
	return tc_finish_with(tc_record(rows));
}
