/*
 * invitation_send.h
 *		An account invites an address.
 */
#ifndef TC_INVITATION_SEND_H
#define TC_INVITATION_SEND_H

#include "postgres.h"

#include "rule/caller.h"

/* The arguments of tempcloud.invite(), palloc'd; each may be NULL. */
typedef struct Invite
{
	char	   *email;
	char	   *given_name;
	char	   *family_name;
	char	   *company_name;
	char	   *phone;
	char	   *message;
	char	   *locale;
} Invite;

/*
 * Bring the arguments into their forms, in place, and invite the address, with event
 * and mail.  Needs a frame (tc_enter_command).  Returns the tempcloud.invitation,
 * which lives until the frame ends.
 *
 * Raises PT400 invalid_email or invalid_argument, and the errors of
 * tc_lock_for_inviting() and the functions of invitation_check.h.
 */
extern Datum tc_invite(const Caller *caller, Invite *invite);

#endif							/* TC_INVITATION_SEND_H */
