/*
 * query.c
 *		Queries that are prepared once a backend and kept.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/query.h"
#include "worker/notify.h"

#define FIRST_RENEWAL	64

static SPIPlanPtr prepare(const KeptQuery *query);
static void renew(KeptQuery *query);

uint64
tc_query(KeptQuery *query, QueryMode mode, const NullableDatum *args, int nargs)
{
	Datum		values[QUERY_MAX_ARGS];
	char		nulls[QUERY_MAX_ARGS];
	Snapshot	snapshot = mode == QUERY_LATEST ? GetLatestSnapshot() : InvalidSnapshot;
	int			result;

	Assert(nargs == query->nargs);
	if (query->plan == NULL)
	{
		query->plan = prepare(query);
		query->renew_at = FIRST_RENEWAL;
	}
	else if (query->runs >= query->renew_at && query->running == 0)
		renew(query);
	query->runs++;

	for (int i = 0; i < nargs; i++)
	{
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
	query->running++;
	PG_TRY();
	{
		result = SPI_execute_snapshot(query->plan, values, nulls, snapshot, InvalidSnapshot,
									  mode == QUERY_READ, true, 0);
	}
	PG_FINALLY();
	{
		query->running--;
	}
	PG_END_TRY();
	if (result < 0)
		elog(ERROR, "tempcloud query failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * One generic plan: each query finds its few rows by an index whatever the
 * values are, so that planning for them would only cost.
 */
static SPIPlanPtr
prepare(const KeptQuery *query)
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

	query->plan = prepare(query);
	query->renew_at *= 4;
	SPI_freeplan(old);
}

NullableDatum
tc_pointer_value(const void *pointer)
{
	return (NullableDatum)
	{
		.value = PointerGetDatum(pointer), .isnull = pointer == NULL
	};
}

NullableDatum
tc_text_value(const char *string)
{
	return tc_pointer_value(string ? cstring_to_text(string) : NULL);
}

/* Without it, a row that somebody has just deleted would be one of memory. */
static void
require_row(uint64 row)
{
	if (SPI_tuptable == NULL || row >= SPI_tuptable->numvals)
		elog(ERROR, "tempcloud query returned no row " UINT64_FORMAT, row);
}

Datum
tc_datum(uint64 row, int column, bool *isnull)
{
	require_row(row);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

char *
tc_text(uint64 row, int column)
{
	require_row(row);
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

pg_uuid_t *
tc_uuid(uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(row, column, &isnull);
	pg_uuid_t  *copy;

	if (isnull)
		return NULL;
	copy = palloc(sizeof(pg_uuid_t));
	*copy = *DatumGetUUIDP(value);
	return copy;
}

bool
tc_bool(uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

TimestampTz
tc_time(uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

int64
tc_integer(uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(row, column, &isnull);

	if (isnull)
		return 0;
	return SPI_gettypeid(SPI_tuptable->tupdesc, column) == INT4OID ?
		DatumGetInt32(value) : DatumGetInt64(value);
}

void
tc_enter(void)
{
	SPI_connect();
}

void
tc_enter_command(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandDuringRecovery(function);
	tc_notify_command();
	SPI_connect();
}

void
tc_leave(void)
{
	SPI_finish();
}

void
tc_forget_rows(void)
{
	SPI_freetuptable(SPI_tuptable);
	SPI_tuptable = NULL;
}

Datum
tc_record(void)
{
	bool		isnull;
	Datum		record = tc_datum(0, 1, &isnull);

	if (isnull || SPI_processed != 1)
		elog(ERROR, "tempcloud query returned no record");
	return record;
}

void
tc_put_records(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTupleHeader record = DatumGetHeapTupleHeader(tc_datum(i, 1, &isnull));
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
tc_finish(void)
{
	return tc_finish_with(tc_record());
}
