/*
 * contact_role.c
 *		The roles of people in an account.
 */
#include "postgres.h"

#include "base/label.h"
#include "rule/contact_role.h"

static const char *const roles[CONTACT_ROLES] = {
	[ROLE_OWNER] = "owner",
	[ROLE_MANAGER] = "manager",
	[ROLE_MEMBER] = "member",
	[ROLE_VIEWER] = "viewer"
};

const char *
tc_role_label(ContactRole role)
{
	return roles[role];
}

ContactRole
tc_role_of_label(const char *label)
{
	return tc_label_place(label, roles, lengthof(roles));
}

ContactRole
tc_role(Rows rows, uint64 row, int column)
{
	return tc_role_of_label(tc_text(rows, row, column));
}
