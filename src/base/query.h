/*
 * query.h
 *		Queries that are prepared once a backend and kept.
 *
 * A file declares its queries as static KeptQuery variables at its top, so that a
 * reader sees at once which SQL it runs.  Every name in them is qualified by
 * its schema.
 *
 * A query runs in one of three ways:
 *
 *	tc_read		sees what the caller's statement sees, writes nothing.  For
 *				functions that are STABLE, also on a hot standby.
 *	tc_run		sees what the transaction's isolation level lets it see now: in
 *				READ COMMITTED all that is committed by now, above it the
 *				transaction's snapshot; there, locking or changing a row that
 *				others changed since raises 40001.
 *	tc_run_latest	sees all that is committed by now, at every isolation level,
 *				as the checks of foreign keys do.  For decisions about rows
 *				that may not exist ("no partnership yet"), taken under a lock
 *				(lock.h) that keeps them true until the transaction ends.
 *
 * All return the number of rows returned or changed.  The rows can be asked for
 * until the next query; values of them live until tc_leave() or tc_finish().
 */
#ifndef TC_QUERY_H
#define TC_QUERY_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/uuid.h"

#define QUERY_MAX_ARGS 16

typedef struct KeptQuery
{
	const char *sql;
	int			nargs;
	Oid			argtypes[QUERY_MAX_ARGS];
	SPIPlanPtr	plan;			/* NULL until first used */
	uint64		runs;
	uint64		renew_at;		/* number of the run that prepares it anew */
	int			running;		/* runs that have not ended, one inside another */
} KeptQuery;

/* QUERY("SELECT ... $1, $2", UUIDOID, TEXTOID) */
#define QUERY(text, ...) \
	{.sql = (text), .argtypes = {__VA_ARGS__}, \
	 .nargs = sizeof((Oid[]) {__VA_ARGS__}) / sizeof(Oid)}

/* Arguments of a query; a NULL pointer makes a null. */
#define VALUE(datum)	((NullableDatum) {.value = (datum)})
#define NO_VALUE		((NullableDatum) {.isnull = true})
#define INT_VALUE(i)	VALUE(Int32GetDatum(i))
#define BIGINT_VALUE(i) VALUE(Int64GetDatum(i))
#define BOOL_VALUE(b)	VALUE(BoolGetDatum(b))
#define TIME_VALUE(t)	VALUE(TimestampTzGetDatum(t))
#define UUID_VALUE(u)	tc_pointer_value(u)
#define BYTEA_VALUE(b)	tc_pointer_value(b)
#define TEXT_VALUE(s)	tc_text_value(s)

extern NullableDatum tc_pointer_value(const void *pointer);
extern NullableDatum tc_text_value(const char *string);

typedef enum QueryMode
{
	QUERY_READ,
	QUERY_RUN,
	QUERY_LATEST
} QueryMode;

extern uint64 tc_query(KeptQuery *query, QueryMode mode, const NullableDatum *args, int nargs);

#define TC_ARGS(...) \
	(NullableDatum[]) {__VA_ARGS__}, sizeof((NullableDatum[]) {__VA_ARGS__}) / sizeof(NullableDatum)

#define tc_read(query, ...)			tc_query(query, QUERY_READ, TC_ARGS(__VA_ARGS__))
#define tc_run(query, ...)			tc_query(query, QUERY_RUN, TC_ARGS(__VA_ARGS__))
#define tc_run_latest(query, ...)	tc_query(query, QUERY_LATEST, TC_ARGS(__VA_ARGS__))

/*
 * Column (from 1) of row (from 0) of the last query.  Text and uuid are
 * copied, NULL for a null.
 */
extern Datum tc_datum(uint64 row, int column, bool *isnull);
extern char *tc_text(uint64 row, int column);
extern pg_uuid_t *tc_uuid(uint64 row, int column);
extern bool tc_bool(uint64 row, int column);	/* false for a null */
extern TimestampTz tc_time(uint64 row, int column); /* 0 for a null */
extern int64 tc_integer(uint64 row, int column);	/* integer or bigint; 0 for a null */

/*
 * Frame of an SQL-callable function that runs queries.  A command writes:
 * tc_enter_command() raises 25006 in a read-only transaction or on a standby,
 * naming the function, and keeps the transaction from being prepared.
 */
extern void tc_enter(void);
extern void tc_enter_command(const char *function);
extern void tc_leave(void);

/* Free the rows of the last query before the frame ends, where there are many. */
extern void tc_forget_rows(void);

/*
 * The first column, of a composite type, of the last query's only row, and of
 * all its rows as the result of a function that returns a set.
 */
extern Datum tc_record(void);
extern void tc_put_records(FunctionCallInfo fcinfo);

/*
 * End the frame and return such a value, of any query since it began or of the
 * last one, copied to the caller's memory.
 */
extern Datum tc_finish_with(Datum record);
extern Datum tc_finish(void);

/*
 * How queries are written: each table of one is found by equality on the leading
 * columns of an index, alternatives are arms of a UNION ALL, and where one table
 * leads to another, LATERAL with OFFSET 0 keeps it so.  Then there is one plan
 * that is good, whatever the planner knows of tables that are new or have
 * grown since they were analyzed.
 */

static inline bool
tc_same(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return memcmp(a, b, sizeof(pg_uuid_t)) == 0;
}

#endif							/* TC_QUERY_H */
