/*
 * watch.c
 *		Tells the worker when a database or the extension in it is created or dropped.
 *
 * An extension that was created or dropped is looked for once that is
 * committed, maybe as a prepared transaction, whose commit does not tell what it
 * has done.  A database goes at once: DROP DATABASE calls the hook after it has
 * made sure that it may, and before it waits some seconds for those who are
 * connected.
 */
#include "postgres.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"

#include "worker/notify.h"
#include "worker/ring.h"
#include "worker/watch.h"

static object_access_hook_type previous_object_access = NULL;
static ProcessUtility_hook_type previous_utility = NULL;

static void watch_objects(ObjectAccessType access, Oid classId, Oid objectId,
						  int subId, void *arg);
static void watch_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
						  ProcessUtilityContext context, ParamListInfo params,
						  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);

void
tc_install_watch(void)
{
	previous_object_access = object_access_hook;
	object_access_hook = watch_objects;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = watch_utility;
}

static void
watch_objects(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	if (previous_object_access)
		previous_object_access(access, classId, objectId, subId, arg);

	if (classId == ExtensionRelationId && (access == OAT_POST_CREATE || access == OAT_DROP))
		tc_notify_extension();
	else if (classId == DatabaseRelationId && access == OAT_DROP)
		tc_evict(objectId);
}

/* COMMIT PREPARED has a transaction of its own, which ends after the other. */
static void
watch_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			  ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	Node	   *statement = pstmt->utilityStmt;

	if (IsA(statement, TransactionStmt) &&
		((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT_PREPARED)
		tc_notify_extension();
	if (previous_utility)
		previous_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
								dest, qc);
}
