/*
 * event.h
 *		Events: stored in the history, and notified.
 */
#ifndef TC_EVENT_H
#define TC_EVENT_H

#include "postgres.h"

#include "utils/uuid.h"

typedef enum EventName
{
	EVENT_ACCOUNT_REGISTERED,
	EVENT_ACCOUNT_CLOSED,
	EVENT_CONTACT_ADDED,
	EVENT_CONTACT_CONFIRMED,
	EVENT_CONTACT_LEFT,
	EVENT_CONTACT_REMOVED,
	EVENT_CONTACT_ROLE_CHANGED,
	EVENT_INVITATION_CREATED,
	EVENT_INVITATION_RESENT,
	EVENT_INVITATION_CORRECTED,
	EVENT_INVITATION_ROUTED,
	EVENT_INVITATION_WITHDRAWN,
	EVENT_INVITATION_DECLINED,
	EVENT_INVITATION_ACCEPTED,
	EVENT_INVITATION_EXPIRED,
	EVENT_INVITATION_ASKED,
	EVENT_INVITATION_SUPERSEDED,
	EVENT_INVITATION_ERASED,
	EVENT_ACCOUNT_CHANGED,
	EVENT_CONTACT_CHANGED,
	EVENT_INVITATION_DELIVERY,
	EVENT_PARTNER_NOTED,
	EVENT_REQUEST_SENT,
	EVENT_REQUEST_WITHDRAWN,
	EVENT_REQUEST_DECLINED,
	EVENT_REQUEST_ACCEPTED,
	EVENT_REQUEST_EXPIRED,
	EVENT_REQUEST_CANCELLED,
	EVENT_REQUEST_ASSIGNED,
	EVENT_REQUEST_FILLED
} EventName;

/*
 * Store an event in the history, and notify channel tempcloud_event when the
 * transaction commits.  account did it, by contact; partner is the other side;
 * topic is the invitation or request that it is about.  Each may be NULL.  Needs a
 * frame (tc_enter_command).
 */
extern void tc_event(EventName name, const pg_uuid_t *account, const pg_uuid_t *contact,
					 const pg_uuid_t *partner, const pg_uuid_t *topic);

/*
 * The same of an event about a contact of the account, with the label of the role that
 * the contact has been given, or NULL.
 */
extern void tc_event_of_contact(EventName name, const pg_uuid_t *account,
								const pg_uuid_t *contact, const pg_uuid_t *person,
								const char *role);

/*
 * Notify an event of one account alone, which is not stored in the history.  Needs a
 * frame (tc_enter_command).
 */
extern void tc_tell(EventName name, const pg_uuid_t *account, const pg_uuid_t *topic);

#endif							/* TC_EVENT_H */
