/*
 * guard.h
 *		Triggers for rules that constraints cannot express.
 *
 * Constraints say which pairs can exist; guards keep rows that exist.  They are
 * enabled ALWAYS: they fire for every role, and also while
 * session_replication_role is replica, when foreign keys are not checked.
 *
 * A guard fires BEFORE, to raise its own error rather than that of a constraint,
 * and AFTER an INSERT or UPDATE, since another BEFORE trigger can still change
 * the row.
 *
 * Direct DML that breaks a promise gets a standard SQLSTATE of class 23:
 * restrict_violation (23001) for what would undo a partnership, an accepted
 * invitation or an accepted request, check_violation (23514) for a row that
 * must not exist.
 *
 * Guards use the latest snapshot (tc_run_latest), not the one of a REPEATABLE
 * READ transaction.
 */
#ifndef TC_GUARD_H
#define TC_GUARD_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

#include "base/compat.h"
#include "base/query.h"

/* A table that has a guard, and its OID once the guard has fired for it. */
typedef struct Guarded
{
	const char *table;
	Oid			relid;
} Guarded;

/* A change of status that is permitted. */
typedef struct Transition
{
	const char *from;
	const char *to;
} Transition;

/*
 * The trigger data of a guard.  Raises 39P01 unless the trigger fires for each
 * row and is on the table that the guard is for: a guard reads the columns of
 * that table.
 */
extern const TriggerData *tc_guard_trigger(FunctionCallInfo fcinfo, Guarded *guarded);

/* The trigger data of a trigger that fires for each statement, or raises 39P01. */
extern const TriggerData *tc_statement_trigger(FunctionCallInfo fcinfo);

/* The row to return from a BEFORE trigger; AFTER, it is ignored. */
extern HeapTuple tc_guard_result(const TriggerData *trigger);

/* Whether foreign keys are not checked. */
extern bool tc_is_replica(void);

/* Whether an update leaves a column unchanged; the next two raise 23514 if not. */
extern bool tc_is_same(const TriggerData *trigger, const char *column);
extern void tc_require_same(const TriggerData *trigger, const char *column);
extern void tc_require_all_same(const TriggerData *trigger, const char *const *columns, int count);

/* 23514 unless an update leaves the status unchanged or makes one of the transitions. */
extern void tc_require_transition(const TriggerData *trigger, const Transition *transitions,
								  int count);

/*
 * A column of a row: whether it is null, its value of type uuid as the argument of
 * a query, and its label of an enum type, which must not be null.
 */
extern bool tc_is_null(const TriggerData *trigger, HeapTuple tuple, const char *column);
extern Value tc_row_key(const TriggerData *trigger, HeapTuple tuple, const char *column);
extern char *tc_row_label(const TriggerData *trigger, HeapTuple tuple, const char *column);

/* Whether a query with these arguments finds a row. */
#define tc_guard_finds(query, ...)	tc_guard_query(query, TC_ARGS(__VA_ARGS__))
extern bool tc_guard_query(KeptQuery *query, const Value *args, int nargs);

/* Raise 23514 for an acceptance without a partnership, or the reverse. */
pg_noreturn extern void tc_refuse_acceptance(const TriggerData *trigger, bool of_invitation);

/* Raise 23001. */
pg_noreturn extern void tc_refuse_undoing(const TriggerData *trigger, const char *message);

#endif							/* TC_GUARD_H */
