/*
 * invitation_lock.h
 *		The locks of commands that invite, and the rules on revealing the invitee.
 *
 * All need a frame (tc_enter_command).
 */
#ifndef TC_INVITATION_LOCK_H
#define TC_INVITATION_LOCK_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/caller.h"
#include "rule/contact.h"

/* The key of no account. */
extern const pg_uuid_t tc_nobody;

/*
 * Take the locks of a command that invites an address (lock.h), and return the
 * owner of the address.  routed is the account that an invitation to be sent again
 * has been routed to, or NULL; the owner may be another one by now.
 *
 * Without tempcloud.reveal_registered, an owner of the caller's own kind is left
 * out, as if no account owned the address: the invitation is made, and its reader
 * learns that the kind does not fit.
 *
 * Raises PT403 no_account if the caller's account has been closed since, and 40001
 * if the owner is newer than the transaction's snapshot: no row of this transaction
 * could refer to it.
 */
extern Owner tc_lock_for_inviting(const Caller *caller, const char *email,
								  const pg_uuid_t *routed);

/*
 * Lock the expired invitations of the caller that stand in the way of new ones to
 * addresses (folded) or to accounts, and the invitation that is sent again, which may
 * be NULL, in the order of their keys.  invite_many() and resend_invitation() lock
 * them all before they close or change any; invite() closes at most two, in that
 * order.  Reads the clock anew (clock.h).
 */
extern void tc_lock_sent(const Caller *caller, char *const *addresses, int naddresses,
						 const pg_uuid_t *const *accounts, int naccounts,
						 const pg_uuid_t *resent);

/*
 * Returns the account to pass to the queries about the owner of an address.  If no
 * account owns it, this is tc_nobody, so that the queries run all the same and the
 * time of the answer does not tell; or NULL with tempcloud.reveal_registered.
 */
extern const pg_uuid_t *tc_account_to_ask_about(const Owner *owner);

/*
 * Returns the account that owns an address, if an answer may depend on it: with
 * tempcloud.reveal_registered.  Otherwise NULL.
 */
extern const pg_uuid_t *tc_revealed_account(const Owner *owner);

#endif							/* TC_INVITATION_LOCK_H */
