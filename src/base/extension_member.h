/*
 * extension_member.h
 *		What belongs to the extension.
 *
 * Members are found by OID in pg_depend, whatever their names, including those that the
 * running command has just created.
 */
#ifndef TC_EXTENSION_MEMBER_H
#define TC_EXTENSION_MEMBER_H

#include "postgres.h"

#include "catalog/objectaddress.h"

/* The OID of extension tempcloud in this database, or InvalidOid. */
extern Oid	tc_extension(void);

/* Whether an extension is tempcloud, or one that it requires. */
extern bool tc_is_own_extension(Oid extension);

/*
 * Whether an object is a member of tempcloud or of an extension that it
 * requires, or a part of such a member: a column, constraint, trigger, rule,
 * policy or default of a table, an index that enforces something, an operator
 * of an operator family and so on.
 */
extern bool tc_find_member(Oid classId, Oid objectId, ObjectAddress *member, Oid *extension);

/*
 * Whether an object that is no part of tempcloud changes what its queries
 * mean: it is in a schema of tempcloud, or it is a cast, an operator class, or
 * a function or operator in pg_catalog for a type of tempcloud.
 */
extern bool tc_intrudes(Oid classId, Oid objectId, ObjectAddress *member);

/*
 * Whether a part of a member was added by somebody else, as far as this can be
 * determined: a trigger with a function of others, a rule that is not a view's query, a
 * policy, default privileges, or an index that is not valid.  The extension itself has
 * none of them.
 */
extern bool tc_is_foreign_part(Oid classId, Oid objectId);

/*
 * Whether there are partnerships.  If there are none, the transaction holds a lock that
 * keeps others from creating one.  True if their table is not found.
 */
extern bool tc_partnerships_exist(void);

/*
 * Whether a table has a row, as of this very moment.  True for a partitioned table, whose
 * partitions are not looked at.  The lock is kept.
 */
extern bool tc_has_row(Oid relid, LOCKMODE lock);

#endif							/* TC_EXTENSION_MEMBER_H */
