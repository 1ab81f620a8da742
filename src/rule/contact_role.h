/*
 * contact_role.h
 *		The roles of people in an account.
 */
#ifndef TC_CONTACT_ROLE_H
#define TC_CONTACT_ROLE_H

#include "postgres.h"

#include "base/query.h"

/* In the order of tempcloud.contact_role. */
typedef enum ContactRole
{
	ROLE_OWNER,
	ROLE_MANAGER,
	ROLE_MEMBER,
	ROLE_VIEWER
} ContactRole;

#define CONTACT_ROLES (ROLE_VIEWER + 1)

/* An argument of a query; the query casts it to tempcloud.contact_role. */
#define ROLE_VALUE(role)	TEXT_VALUE(tc_role_label(role))

extern const char *tc_role_label(ContactRole role);
extern ContactRole tc_role_of_label(const char *label);

/* Returns a column of a row; raises an internal error if it is null. */
extern ContactRole tc_role(Rows rows, uint64 row, int column);

#endif							/* TC_CONTACT_ROLE_H */
