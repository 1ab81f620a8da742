/*
 * partnership.h
 *		Partnerships, as other subjects see them.
 */
#ifndef TC_PARTNERSHIP_H
#define TC_PARTNERSHIP_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/caller.h"
#include "rule/invitation.h"

/*
 * Returns whether the caller's account and another one are partners, by a snapshot of
 * its own.  The answer holds until the transaction ends if their pair is locked
 * (LOCK_PAIR).
 */
extern bool tc_has_partner(const Caller *caller, const pg_uuid_t *other);

/*
 * Make the inviter and the accepting caller partners, and the invitation accepted.
 * The pair must be locked and not be partners yet.  Returns a
 * tempcloud.partnership, which lives until the frame ends.
 */
extern Datum tc_make_partnership(const Invitation *invitation, const Caller *acceptor);

/*
 * End the frame and return the tempcloud.partnership that was made by accepting the
 * invitation, copied to the caller's memory.
 */
extern Datum tc_finish_with_partnership(const pg_uuid_t *invitation_id);

#endif							/* TC_PARTNERSHIP_H */
