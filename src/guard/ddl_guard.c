/*
 * ddl_guard.c
 *		The promises against DDL.
 *
 * Constraints and triggers refuse the DML that would undo a partnership, but not
 * to be dropped or disabled themselves.  Where the library is preloaded, that is
 * refused too, for superusers as for all, while tempcloud.allow_destruction is
 * off.  The rule is the same for every object of the extension, and for those
 * of the extensions that it requires:
 *
 *	- It is not altered, whether or not there are partnerships: a trigger that was
 *	disabled before the first of them would not protect it.  - It is dropped by DROP
 *	EXTENSION only, while there are no partnerships.  - Scripts of its own extension may
 *	do what they have to.  - Statements that cannot break a promise are allowed: see
 *	is_harmless(). - Parts that others have added to it can be dropped: see
 *	tc_is_foreign_part().
 *
 * object_access_hook is called for each object that a command creates, alters or drops,
 * and ProcessUtility_hook for the command.  A change of a table of which
 * object_access_hook is not told is found by the command.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/catalog.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/extension_member.h"
#include "base/settings.h"
#include "guard/ddl_guard.h"

/* A utility statement that is running, maybe within others. */
typedef struct Statement
{
	const Node *tree;
	Oid			script_of;		/* the extension whose script it is part of */
	bool		found_none;		/* it holds the lock under which no
								 * partnership exists */
	struct Statement *outer;
} Statement;

static Statement *running = NULL;

static object_access_hook_type previous_object_access = NULL;
static ProcessUtility_hook_type previous_utility = NULL;

static void guard_object(ObjectAccessType access, Oid classId, Oid objectId,
						 int subId, void *arg);
static void guard_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
						  ProcessUtilityContext context, ParamListInfo params,
						  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static bool is_on(void);
static Oid	script_of_statement(bool readOnlyTree, ProcessUtilityContext context,
								QueryCompletion *qc);
static void guard_alter_table(AlterTableStmt *stmt);
static void guard_relation(Oid relid);
static bool is_allowed(ObjectAccessType access, Oid classId, Oid objectId, Oid extension);
static bool is_harmless(const Node *tree, Oid classId, Oid objectId, Oid extension);
static bool is_harmless_alter_table(const AlterTableStmt *stmt);
static bool is_harmless_subcommand(AlterTableType subtype);
static bool drops_own_extension(const Node *tree);
static bool found_no_partnerships(void);
pg_noreturn static void refuse(ObjectAccessType access, Oid classId, Oid objectId, int subId,
							   const ObjectAddress *member);

void
tc_install_ddl_guard(void)
{
	previous_object_access = object_access_hook;
	object_access_hook = guard_object;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = guard_utility;
}

static void
guard_object(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	ObjectAddress member;
	Oid			extension;

	if (previous_object_access)
		previous_object_access(access, classId, objectId, subId, arg);

	if (!(access == OAT_POST_CREATE || access == OAT_POST_ALTER || access == OAT_DROP) ||
		IsSharedRelation(classId) || !is_on())
		return;

	/* The object is a child, and arg has its parent. */
	if (classId == InheritsRelationId)
	{
		guard_relation(objectId);
		guard_relation(((ObjectAccessPostAlter *) arg)->auxiliary_id);
		return;
	}
	if (classId == IndexRelationId)
		classId = RelationRelationId;

	if (tc_find_member(classId, objectId, &member, &extension) &&
		!is_allowed(access, classId, objectId, extension))
		refuse(access, classId, objectId, subId, &member);
	if (access != OAT_DROP && tc_intrudes(classId, objectId, &member) &&
		!is_allowed(access, classId, objectId, tc_extension()))
		refuse(OAT_POST_CREATE, classId, objectId, subId, &member);
}

static void
guard_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			  ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	Statement	statement = {
		.tree = pstmt->utilityStmt,
		.script_of = script_of_statement(readOnlyTree, context, qc),
		.outer = running
	};

	running = &statement;
	PG_TRY();
	{
		if (IsA(pstmt->utilityStmt, AlterTableStmt))
			guard_alter_table((AlterTableStmt *) pstmt->utilityStmt);
		if (previous_utility)
			previous_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
							 dest, qc);
		else
			standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params,
									queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		running = statement.outer;
	}
	PG_END_TRY();
}

/* pg_upgrade puts an extension together piece by piece, before its rows. */
static bool
is_on(void)
{
	return !tc_allow_destruction && !IsBinaryUpgrade && OidIsValid(tc_extension());
}

/*
 * PostgreSQL executes the statements of an extension's script itself.  What
 * functions, DO blocks and event triggers execute meanwhile comes from a plan
 * cache or a function's cache, whose trees are read only, and is no part of it.
 */
static Oid
script_of_statement(bool readOnlyTree, ProcessUtilityContext context, QueryCompletion *qc)
{
	if (context == PROCESS_UTILITY_SUBCOMMAND)
		return running != NULL ? running->script_of : InvalidOid;
	if (creating_extension && context == PROCESS_UTILITY_QUERY && !readOnlyTree && qc == NULL)
		return CurrentExtensionObject;
	return InvalidOid;
}

/*
 * object_access_hook is not called for every change of a table.  The table is looked up
 * and locked here as the command itself does it, so that it is the same one.
 */
static void
guard_alter_table(AlterTableStmt *stmt)
{
	if (!RecoveryInProgress() && !is_harmless_alter_table(stmt) && is_on())
		guard_relation(AlterTableLookupRelation(stmt, AlterTableGetLockLevel(stmt->cmds)));
}

static void
guard_relation(Oid relid)
{
	ObjectAddress member;
	Oid			extension;

	if (OidIsValid(relid) && tc_find_member(RelationRelationId, relid, &member, &extension) &&
		!is_allowed(OAT_POST_ALTER, RelationRelationId, relid, extension))
		refuse(OAT_POST_ALTER, RelationRelationId, relid, 0, &member);
}

/* Whether the running statement may do this with an object of an extension. */
static bool
is_allowed(ObjectAccessType access, Oid classId, Oid objectId, Oid extension)
{
	if (access == OAT_DROP && tc_is_foreign_part(classId, objectId))
		return true;
	if (running == NULL)
		return false;
	return running->script_of == extension ||
		is_harmless(running->tree, classId, objectId, extension) ||
		(access == OAT_DROP && drops_own_extension(running->tree) && found_no_partnerships());
}

/*
 * Whether a statement can neither undo a partnership nor prepare for it: it
 * changes where and how rows are stored, found and counted, and not which
 * there can be.  GRANT, REVOKE, COMMENT and SECURITY LABEL are not told to
 * object_access_hook; LOCK alters nothing, and TRUNCATE is left to triggers.
 */
static bool
is_harmless(const Node *tree, Oid classId, Oid objectId, Oid extension)
{
	switch (nodeTag(tree))
	{
		case T_IndexStmt:
			return !((const IndexStmt *) tree)->unique;
		case T_AlterTableStmt:
			/* the options of a view say what it shows to whom */
			return is_harmless_alter_table((const AlterTableStmt *) tree) &&
				get_rel_relkind(objectId) != RELKIND_VIEW;
		case T_AlterTableMoveAllStmt:	/* to another tablespace */
		case T_VacuumStmt:
		case T_ReindexStmt:
		case TC_T_ClusterStmt:
		case T_TruncateStmt:
		case T_CreateStatsStmt:
		case T_AlterStatsStmt:
		case T_CreatePublicationStmt:
		case T_AlterPublicationStmt:
			return true;
		case T_AlterExtensionStmt:	/* the update; its script is looked at by
									 * itself */
			return classId == ExtensionRelationId;
		case T_AlterObjectSchemaStmt:

			/*
			 * tempcloud itself cannot be moved, and finds what it requires
			 * anywhere
			 */
			return ((const AlterObjectSchemaStmt *) tree)->objectType == OBJECT_EXTENSION &&
				extension != tc_extension();
		default:
			return false;
	}
}

static bool
is_harmless_alter_table(const AlterTableStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->cmds)
	{
		if (!is_harmless_subcommand(((const AlterTableCmd *) lfirst(cell))->subtype))
			return false;
	}
	return true;
}

/*
 * The last ones undo what somebody did before the library was preloaded.
 */
static bool
is_harmless_subcommand(AlterTableType subtype)
{
	switch (subtype)
	{
		case AT_SetStatistics:
		case AT_SetOptions:
		case AT_ResetOptions:
		case AT_SetStorage:
		case AT_SetCompression:
		case AT_ClusterOn:
		case AT_DropCluster:
		case AT_SetTableSpace:
		case AT_SetRelOptions:
		case AT_ResetRelOptions:
		case AT_ReplaceRelOptions:
		case AT_ReplicaIdentity:
		case AT_ValidateConstraint:
		case AT_SetLogged:
		case AT_DropInherit:
		case AT_DisableRowSecurity:
		case AT_NoForceRowSecurity:
			return true;
		default:
			return false;
	}
}

static bool
drops_own_extension(const Node *tree)
{
	const DropStmt *stmt = (const DropStmt *) tree;
	ListCell   *cell;

	if (!IsA(tree, DropStmt) || stmt->removeType != OBJECT_EXTENSION)
		return false;
	foreach(cell, stmt->objects)
	{
		Oid			extension = get_extension_oid(strVal(lfirst(cell)), true);

		if (OidIsValid(extension) && tc_is_own_extension(extension))
			return true;
	}
	return false;
}

/*
 * While one statement drops all, the table of partnerships goes before the rest.
 * The lock under which it was empty is the statement's own and lasts longer.
 */
static bool
found_no_partnerships(void)
{
	if (!running->found_none)
		running->found_none = !tc_partnerships_exist();
	return running->found_none;
}

static void
refuse(ObjectAccessType access, Oid classId, Oid objectId, int subId,
	   const ObjectAddress *member)
{
	ObjectAddress object;
	char	   *description = NULL;

	/* a new object cannot be described yet */
	ObjectAddressSubSet(object, classId, objectId, subId);
	if (access != OAT_POST_CREATE)
		description = getObjectDescription(&object, true);
	if (description == NULL)
		description = getObjectDescription(member, false);
	ereport(ERROR,
			errcode(ERRCODE_RESTRICT_VIOLATION),
			access != OAT_DROP ? errmsg("cannot alter %s", description) :
			running != NULL && drops_own_extension(running->tree) ?
			errmsg("cannot drop %s while partnerships exist", description) :
			errmsg("cannot drop %s", description),
			errdetail("Partnerships rest on extension \"tempcloud\" and on those that it requires."),
			errhint("It is allowed after a restart of the server with tempcloud.allow_destruction set in its configuration file."));
}
