/*
 * invitation_check.h
 *		Whether an account may invite an address.
 *
 * All need a frame, and the locks of tc_lock_for_inviting(); they change nothing.
 * owner is the account that tc_lock_for_inviting() returned, or the one that an
 * invitation has been routed to.  resent is the invitation that is sent again,
 * which is left out of account, or NULL.
 *
 * Without tempcloud.reveal_registered, the answers depend on the address alone.  That
 * it belongs to an account that the caller has invited, or that has invited, declined
 * or blocked the caller, would reveal whose address it is.  Only partners know each
 * other, and the addresses of each other's people.
 */
#ifndef TC_INVITATION_CHECK_H
#define TC_INVITATION_CHECK_H

#include "postgres.h"

#include "utils/uuid.h"

#include "base/query.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/invitation.h"

/*
 * Raises PT409 own_account, same_kind, already_partners, or invited_you if an
 * invitation of the owner to the caller is pending.
 */
extern void tc_require_no_partner(const Caller *caller, const Owner *owner);

/*
 * Returns the invitations of the caller to the address or its owner whose status is
 * pending, in the order of their keys, also those that have expired.
 */
extern Rows tc_find_pending(const Caller *caller, const char *email, const Owner *owner,
							const pg_uuid_t *resent);

enum
{
	PENDING_ID = 1, PENDING_IS_EXPIRED
};

/* Raises PT409 already_invited if one of them has not expired. */
extern void tc_require_all_expired(Rows pending);

/*
 * Raises PT429 declined_recently if the address or its owner has declined an
 * invitation of the caller within tempcloud.reinvite_after, or has blocked the caller.
 */
extern void tc_require_not_declined(const Caller *caller, const char *email,
									const Owner *owner);

/*
 * Raises PT429 too_many_invitations if the caller has too many pending or has sent
 * too many in 24 hours, and too_many_mails if the address has been sent too many.
 */
extern void tc_require_within_limits(const Caller *caller, const char *email,
									 const Invitation *resent);

/* Raises the last one: too many mails of the inviter, or of all accounts. */
extern void tc_require_mails_within_limits(const pg_uuid_t *inviter_id, const char *email);

/*
 * Returns the account to which an invitation to one of its addresses is routed, or
 * NULL if it has to wait for the address: another one of the caller is pending there,
 * the account has blocked the caller, or it is closed.  With
 * tempcloud.reveal_registered the first two have been refused before; without it the
 * caller may not learn of them.  account may be NULL.
 */
extern const pg_uuid_t *tc_account_to_route_to(const Caller *caller, const pg_uuid_t *account,
											   const pg_uuid_t *resent);

#endif							/* TC_INVITATION_CHECK_H */
