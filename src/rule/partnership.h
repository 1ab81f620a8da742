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
 * Whether two accounts are partners, as it is committed now.  Stays true for
 * the transaction if their pair is locked (LOCK_PAIR).
 */
extern bool tc_partners(const pg_uuid_t *a, const pg_uuid_t *b);

/*
 * Make inviter and accepting caller partners, and the invitation accepted.
 * The pair must be locked and not be partners yet.  Returns the partnership.
 */
extern Datum tc_make_partnership(const Invitation *invitation, const Caller *acceptor);

/* End the frame and return the partnership that came of the invitation. */
extern Datum tc_finish_with_partnership(const pg_uuid_t *invitation_id);

#endif							/* TC_PARTNERSHIP_H */
