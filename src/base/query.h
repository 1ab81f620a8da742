/*
 * query.h
 *		Queries that are prepared once a backend and kept.
 *
 * A file declares its queries as static KeptQuery variables at its top, so that
 * a reader sees at once which SQL it runs, and names the columns of a query in
 * an enum beside it.  Tables and functions of tempcloud are qualified by their
 * schema; the functions that run queries set search_path to pg_catalog.
 *
 * A query runs in one of three ways:
 *
 *	tc_read		uses the snapshot of the caller's statement and writes nothing.
 *				For functions that are STABLE, also on a hot standby.
 *	tc_run		uses the snapshot that the transaction's isolation level gives
 *				it: in READ COMMITTED a new one, above it that of the
 *				transaction; there, to lock or change a row that another
 *				transaction has changed since raises 40001.
 *	tc_run_latest	uses a new snapshot at every isolation level, as the checks
 *				of foreign keys do.  For decisions about rows that may not
 *				exist ("no partnership yet"), taken under a lock (lock.h) that
 *				keeps them true until the transaction ends.
 *
 * How queries are written: each table is found by equality on the leading
 * columns of an index, alternatives are arms of a UNION ALL, and where one
 * table leads to another, LATERAL with OFFSET 0 keeps it so.  Then there is one
 * good plan, whatever the planner knows of tables that are new or have grown
 * since they were analyzed.
 */
#ifndef TC_QUERY_H
#define TC_QUERY_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#define QUERY_MAX_ARGS 16

typedef struct KeptQuery
{
	const char *sql;
	SPIPlanPtr	plan;			/* NULL until first used */
	int			nargs;			/* set with the plan, as the next */
	Oid			argtypes[QUERY_MAX_ARGS];
	uint64		runs;
	uint64		renew_at;		/* number of the run that prepares it anew */
	int			running;		/* runs that have not ended, one inside
								 * another */
} KeptQuery;

#define QUERY(text)	{.sql = (text)}

/* An argument of a query, with its type.  A NULL pointer makes a null. */
typedef struct Value
{
	Datum		datum;
	Oid			type;
	bool		isnull;
} Value;

#define UUID_VALUE(u)		tc_pointer_value(UUIDOID, u)
#define TEXT_VALUE(s)		tc_text_value(s)	/* of a C string */
#define BYTEA_VALUE(b)		tc_pointer_value(BYTEAOID, b)
#define JSONB_VALUE(j)		tc_pointer_value(JSONBOID, j)
#define INTERVAL_VALUE(i)	tc_pointer_value(INTERVALOID, i)
#define ARRAY_VALUE(a)		tc_array_value(a)
#define INT_VALUE(i)		tc_value(INT4OID, Int32GetDatum(i))
#define BIGINT_VALUE(i)		tc_value(INT8OID, Int64GetDatum(i))
#define BOOL_VALUE(b)		tc_value(BOOLOID, BoolGetDatum(b))
#define TIME_VALUE(t)		tc_value(TIMESTAMPTZOID, TimestampTzGetDatum(t))
#define NULL_VALUE(type)	tc_null_value(type)

/* Argument n of an SQL-callable function, of a given type. */
#define ARG_VALUE(n, type)	tc_arg_value(fcinfo, n, type)

static inline Value
tc_value(Oid type, Datum datum)
{
	return (Value)
	{
		.datum = datum,.type = type
	};
}

static inline Value
tc_null_value(Oid type)
{
	return (Value)
	{
		.type = type,.isnull = true
	};
}

static inline Value
tc_pointer_value(Oid type, const void *pointer)
{
	return (Value)
	{
		.datum = PointerGetDatum(pointer),.type = type,.isnull = pointer == NULL
	};
}

static inline Value
tc_arg_value(FunctionCallInfo fcinfo, int n, Oid type)
{
	return (Value)
	{
		.datum = fcinfo->args[n].value,.type = type,.isnull = fcinfo->args[n].isnull
	};
}

extern Value tc_text_value(const char *string);
extern Value tc_array_value(const ArrayType *array);

/* Arrays of uuid and text, palloc'd. */
extern ArrayType *tc_uuid_array(const pg_uuid_t *const *ids, int count);
extern ArrayType *tc_text_array(const char *const *strings, int count);

/*
 * What a query returned: its rows or, of a command without RETURNING, only how
 * many it changed.  Rows live until the frame ends (tc_leave, tc_finish).
 */
typedef struct Rows
{
	uint64		count;
	SPITupleTable *table;
} Rows;

typedef enum QueryMode
{
	QUERY_READ,
	QUERY_RUN,
	QUERY_LATEST
} QueryMode;

extern Rows tc_query(KeptQuery *query, QueryMode mode, const Value *args, int nargs);

/* Whether such a query is running. */
extern bool tc_is_in_query(void);

#define TC_ARGS(...) \
	(Value[]) {__VA_ARGS__}, sizeof((Value[]) {__VA_ARGS__}) / sizeof(Value)

#define tc_read(query, ...)			tc_query(query, QUERY_READ, TC_ARGS(__VA_ARGS__))
#define tc_run(query, ...)			tc_query(query, QUERY_RUN, TC_ARGS(__VA_ARGS__))
#define tc_run_latest(query, ...)	tc_query(query, QUERY_LATEST, TC_ARGS(__VA_ARGS__))

/*
 * A column (from 1) of a row (from 0).  Text and uuid are copied, NULL for a
 * null.  Raises an internal error where there is no such row, or the column is
 * of another type.
 */
extern Datum tc_datum(Rows rows, uint64 row, int column, bool *isnull);
extern char *tc_text(Rows rows, uint64 row, int column);	/* of any type, by its
															 * output function */
extern pg_uuid_t *tc_uuid(Rows rows, uint64 row, int column);
extern bool tc_bool(Rows rows, uint64 row, int column); /* false for a null */
extern TimestampTz tc_time(Rows rows, uint64 row, int column);	/* 0 for a null */
extern int64 tc_integer(Rows rows, uint64 row, int column); /* integer or bigint; 0
															 * for a null */

/*
 * Begin the frame of an SQL-callable function that runs queries.  A command writes:
 * tc_enter_command() raises 25006 in a read-only transaction or on a standby,
 * naming the function, and keeps the transaction from being prepared.  A trigger
 * function is part of the command that fires it: tc_enter_trigger() does not have
 * the clock read anew (clock.h).
 */
extern void tc_enter(void);
extern void tc_enter_command(const char *function);
extern void tc_enter_trigger(void);

/* End the frame and free its memory. */
extern void tc_leave(void);

/* Called by tc_enter_command(), unless it is NULL. */
extern void (*tc_command_hook) (void);

/* Free rows before the frame ends, where there are many. */
extern void tc_free_rows(Rows rows);

/*
 * The first column, which must not be null, of the only row; and the first column, of
 * a composite type, of all rows as the result of a function that returns a set.
 */
extern Datum tc_record(Rows rows);
extern void tc_put_records(FunctionCallInfo fcinfo, Rows rows);

/* End the frame and return the former, copied to the caller's memory. */
extern Datum tc_finish_with(Datum record);
extern Datum tc_finish(Rows rows);

static inline bool
tc_same(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return memcmp(a, b, sizeof(pg_uuid_t)) == 0;
}

#endif							/* TC_QUERY_H */
