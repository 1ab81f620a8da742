/*
 * probe.h
 *		Rows by a unique key, read without the executor.
 *
 * A probe does what a query by all columns of a unique index does, for a third of the
 * instructions.  It sees and locks the same: the mode says by which snapshot it reads,
 * as for queries (query.h), and in SERIALIZABLE it leaves the same predicate locks.
 *
 * Probes are for account, contact, invitation and partnership.  Orders and what belongs
 * to them are read by SQL, which can be spread over several servers.
 *
 * A file declares its probes as static variables beside its queries, and names the
 * columns in an enum, from 1.
 */
#ifndef TC_PROBE_H
#define TC_PROBE_H

#include "postgres.h"

#include "nodes/lockoptions.h"

#include "base/query.h"

#define PROBE_MAX_KEYS 2
#define PROBE_MAX_COLUMNS 16

typedef struct Probe
{
	const char *table;			/* of schema tempcloud_data, as the index */
	const char *index;			/* a unique one, of columns and not
								 * expressions */
	const char *keys[PROBE_MAX_KEYS];	/* its columns, of type uuid or text */
	const char *columns[PROBE_MAX_COLUMNS]; /* to read, up to a NULL */
} Probe;

/* PROBE("account", "account_pkey", PROBE_KEYS("id"), "kind", "locale") */
#define PROBE(t, i, k, ...)	{.table = (t), .index = (i), .keys = k, .columns = {__VA_ARGS__}}
#define PROBE_KEYS(...)		{__VA_ARGS__}

/*
 * The row with these keys, or none: also if a key is null.  It lives in the present
 * memory context.
 */
#define tc_probe(probe, mode, ...)	tc_probe_row(probe, mode, TC_ARGS(__VA_ARGS__))
extern Rows tc_probe_row(const Probe *probe, QueryMode mode, const Value *keys, int nkeys);

/*
 * The same, and lock the row until the transaction ends: wait for those who change it,
 * and return what they have made of it.  Its keys must be columns that never change.
 * Above READ COMMITTED, raises 40001 if it has changed since the snapshot.  A row that
 * this command is changing is none.
 */
#define tc_probe_lock(probe, mode, strength, ...) \
	tc_probe_locked_row(probe, mode, strength, TC_ARGS(__VA_ARGS__))
extern Rows tc_probe_locked_row(const Probe *probe, QueryMode mode, LockTupleMode strength,
								const Value *keys, int nkeys);

#endif							/* TC_PROBE_H */
