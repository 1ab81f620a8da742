/*
 * right.h
 *		Rights, and which role has which.
 *
 * A command names the right that it needs by tc_caller_with_right() or
 * tc_require_right() (caller.h).
 */
#ifndef TC_RIGHT_H
#define TC_RIGHT_H

#include "postgres.h"

#include "rule/contact_role.h"

typedef enum Right
{
	RIGHT_READ,
	RIGHT_EDIT_OWN_CONTACT,
	RIGHT_LEAVE_ACCOUNT,
	RIGHT_HANDLE_REQUESTS,		/* send, withdraw, answer, cancel; name
								 * workers */
	RIGHT_INVITE,				/* and send again, withdraw */
	RIGHT_DECLINE,				/* and block, unblock */
	RIGHT_ACCEPT,				/* binds the company irrevocably */
	RIGHT_MANAGE_ACCOUNT,
	RIGHT_MANAGE_CONTACTS,
	RIGHT_CLOSE_ACCOUNT
} Right;

#define RIGHTS (RIGHT_CLOSE_ACCOUNT + 1)

extern bool tc_role_has_right(ContactRole role, Right right);

/* The word for the right in the permissions of whoami(). */
extern const char *tc_right_word(Right right);

#endif							/* TC_RIGHT_H */
