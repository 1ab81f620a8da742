/*
 * right.c
 *		Rights, and which role has which: one table of all of them.
 */
#include "postgres.h"

#include "rule/right.h"

#define OWNER	[ROLE_OWNER] = true
#define MANAGER	[ROLE_MANAGER] = true
#define MEMBER	[ROLE_MEMBER] = true
#define VIEWER	[ROLE_VIEWER] = true

static const struct
{
	const char *word;
	bool		has[CONTACT_ROLES];
}			rights[RIGHTS] =

{
	[RIGHT_READ] = {"read", {OWNER, MANAGER, MEMBER, VIEWER}},
	[RIGHT_EDIT_OWN_CONTACT] = {"edit_own_contact", {OWNER, MANAGER, MEMBER, VIEWER}},
	[RIGHT_LEAVE_ACCOUNT] = {"leave_account", {OWNER, MANAGER, MEMBER, VIEWER}},
	[RIGHT_HANDLE_REQUESTS] = {"handle_requests", {OWNER, MANAGER, MEMBER}},
	[RIGHT_INVITE] = {"invite", {OWNER, MANAGER}},
	[RIGHT_DECLINE] = {"decline", {OWNER, MANAGER}},
	[RIGHT_ACCEPT] = {"accept", {OWNER, MANAGER}},
	[RIGHT_MANAGE_ACCOUNT] = {"manage_account", {OWNER}},
	[RIGHT_MANAGE_CONTACTS] = {"manage_contacts", {OWNER}},
	[RIGHT_CLOSE_ACCOUNT] = {"close_account", {OWNER}},
};

bool
tc_role_has_right(ContactRole role, Right right)
{
	return rights[right].has[role];
}

const char *
tc_right_word(Right right)
{
	return rights[right].word;
}
