/*
 * kept_check.c
 *		CHECK constraints, read once a session.
 *
 * The executor keeps the expressions of a table's CHECK constraints for one statement:
 * each statement that writes a row reads them again from their text and plans them.
 * Statements of commands write one row each, and this was a seventh of their cost.
 * Here the expressions are kept, and each statement of a command gets its own copy
 * before it writes.  Which constraints there are, and when they are checked, is the
 * executor's business as ever.
 *
 * An expression is kept with the text that it was made of, and is made anew if the
 * table has another one.  The text names functions, types and labels of enums by their
 * OIDs.  What else planning depends on is the definition of functions.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/kept_check.h"
#include "base/query.h"

typedef struct CheckKey
{
	Oid			relid;
	int			number;			/* in the table's descriptor */
} CheckKey;

typedef struct KeptCheck
{
	CheckKey	key;
	char	   *source;			/* NULL until the expression is made */
	Expr	   *expression;
} KeptCheck;

static ExecutorStart_hook_type next_executor_start = NULL;

/* All that is kept, and whether it must be forgotten before the next use. */
static MemoryContext kept_context = NULL;
static HTAB *kept = NULL;
static bool outdated = false;

static void start(QueryDesc *query, int eflags);
static void put_checks(ResultRelInfo *target, EState *estate);
static Expr *expression_of(Oid relid, int number, const char *source);
static KeptCheck *find(Oid relid, int number);
static void forget_all(void);
static void note_change(Datum arg, int cacheid, uint32 hashvalue);

void
tc_install_kept_checks(void)
{
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = start;
	CacheRegisterSyscacheCallback(PROCOID, note_change, (Datum) 0);
}

static void
note_change(Datum arg, int cacheid, uint32 hashvalue)
{
	outdated = true;
}

/* Of statements that a command runs, and of those that they run in turn. */
static void
start(QueryDesc *query, int eflags)
{
	ListCell   *cell;

	if (next_executor_start)
		next_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);

	if (!tc_is_in_query() || (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0)
		return;
	foreach(cell, query->estate->es_opened_result_relations)
		put_checks(lfirst(cell), query->estate);
}

/* Set what the executor would set before it checks the first row. */
static void
put_checks(ResultRelInfo *target, EState *estate)
{
	TupleConstr *constraints = RelationGetDescr(target->ri_RelationDesc)->constr;
	int			count = constraints ? constraints->num_check : 0;
	MemoryContext old_context;
	ExprState **states;

	if (count == 0 || target->TC_RI_CHECKS != NULL)
		return;
	old_context = MemoryContextSwitchTo(estate->es_query_cxt);
	states = palloc0(sizeof(ExprState *) * count);
	for (int i = 0; i < count; i++)
	{
		if (TC_IS_ENFORCED(&constraints->check[i]))
			states[i] = ExecInitExpr(expression_of(RelationGetRelid(target->ri_RelationDesc), i,
												   constraints->check[i].ccbin), NULL);
	}
	target->TC_RI_CHECKS = states;
	MemoryContextSwitchTo(old_context);
}

/* Returns a copy in the present memory context: what is kept may be forgotten meanwhile. */
static Expr *
expression_of(Oid relid, int number, const char *source)
{
	KeptCheck  *check = find(relid, number);
	MemoryContext old_context;
	Expr	   *expression;

	if (check->source != NULL && strcmp(check->source, source) == 0)
		return copyObject(check->expression);

	expression = expression_planner(stringToNode(source));
	if (check->source != NULL)
		outdated = true;		/* the table was altered */
	old_context = MemoryContextSwitchTo(kept_context);
	check->expression = copyObject(expression);
	check->source = pstrdup(source);
	MemoryContextSwitchTo(old_context);
	return expression;
}

/* Returns what is kept of a constraint, which may be nothing yet. */
static KeptCheck *
find(Oid relid, int number)
{
	CheckKey	key = {relid, number};
	KeptCheck  *check;
	bool		found;

	if (kept == NULL || outdated)
		forget_all();
	check = hash_search(kept, &key, HASH_ENTER, &found);
	if (!found)
		check->source = NULL;
	return check;
}

static void
forget_all(void)
{
	HASHCTL		control = {.keysize = sizeof(CheckKey),.entrysize = sizeof(KeptCheck)};

	if (kept_context == NULL)
		kept_context = AllocSetContextCreate(TopMemoryContext, "tempcloud CHECK constraints",
											 ALLOCSET_SMALL_SIZES);
	kept = NULL;
	MemoryContextReset(kept_context);
	control.hcxt = kept_context;
	kept = hash_create("tempcloud CHECK constraints", 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	outdated = false;
}
