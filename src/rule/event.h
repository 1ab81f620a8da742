/*
 * event.h
 *		What happened: kept, and told to those who LISTEN.
 */
#ifndef TC_EVENT_H
#define TC_EVENT_H

#include "postgres.h"

#include "utils/uuid.h"

/*
 * Write an event into the history and tell it on channel tempcloud_event when
 * the transaction commits.  account did it, by contact; partner is the other
 * side; topic is the invitation or request that the name, like
 * "invitation.accepted", begins with; each may be NULL.  Needs a frame
 * (tc_enter_command).
 */
extern void tc_event(const char *name, const pg_uuid_t *account, const pg_uuid_t *contact,
					 const pg_uuid_t *partner, const pg_uuid_t *topic);

#endif							/* TC_EVENT_H */
