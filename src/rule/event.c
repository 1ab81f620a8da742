/*
 * event.c
 *		Events: stored in the history, and notified.
 *
 * Any role may LISTEN, so a notification holds keys and nothing else.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/query.h"
#include "base/settings.h"
#include "rule/event.h"
#include "worker/notify.h"

static KeptQuery insert_event =
QUERY("INSERT INTO tempcloud_data.event"
	  " (at, event, account_id, contact_id, partner_id, invitation_id, request_id,"
	  "  person_id, role)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::tempcloud.contact_role)");

static const char *const names[] = {
	[EVENT_ACCOUNT_REGISTERED] = "account.registered",
	[EVENT_ACCOUNT_CLOSED] = "account.closed",
	[EVENT_CONTACT_ADDED] = "contact.added",
	[EVENT_CONTACT_CONFIRMED] = "contact.confirmed",
	[EVENT_CONTACT_LEFT] = "contact.left",
	[EVENT_CONTACT_REMOVED] = "contact.removed",
	[EVENT_CONTACT_ROLE_CHANGED] = "contact.role_changed",
	[EVENT_INVITATION_CREATED] = "invitation.created",
	[EVENT_INVITATION_RESENT] = "invitation.resent",
	[EVENT_INVITATION_ROUTED] = "invitation.routed",
	[EVENT_INVITATION_WITHDRAWN] = "invitation.withdrawn",
	[EVENT_INVITATION_DECLINED] = "invitation.declined",
	[EVENT_INVITATION_ACCEPTED] = "invitation.accepted",
	[EVENT_INVITATION_EXPIRED] = "invitation.expired",
	[EVENT_INVITATION_SUPERSEDED] = "invitation.superseded",
	[EVENT_INVITATION_ERASED] = "invitation.erased",
	[EVENT_REQUEST_SENT] = "request.sent",
	[EVENT_REQUEST_WITHDRAWN] = "request.withdrawn",
	[EVENT_REQUEST_DECLINED] = "request.declined",
	[EVENT_REQUEST_ACCEPTED] = "request.accepted",
	[EVENT_REQUEST_EXPIRED] = "request.expired",
	[EVENT_REQUEST_CANCELLED] = "request.cancelled",
	[EVENT_REQUEST_ASSIGNED] = "request.assigned",
	[EVENT_REQUEST_FILLED] = "request.filled"
};

/* What an event is about, apart from the accounts. */
typedef enum Topic
{
	NO_TOPIC,
	INVITATION_TOPIC,
	REQUEST_TOPIC
} Topic;

static void store(EventName name, const pg_uuid_t *account, const pg_uuid_t *contact,
				  const pg_uuid_t *partner, const pg_uuid_t *topic,
				  const pg_uuid_t *person, const char *role);
static void notify(Event event);
static Topic topic_of(EventName name);

void
tc_event(EventName name, const pg_uuid_t *account, const pg_uuid_t *contact,
		 const pg_uuid_t *partner, const pg_uuid_t *topic)
{
	store(name, account, contact, partner, topic, NULL, NULL);
}

void
tc_event_of_contact(EventName name, const pg_uuid_t *account, const pg_uuid_t *contact,
					const pg_uuid_t *person, const char *role)
{
	store(name, account, contact, NULL, NULL, person, role);
}

/* Store an event, and notify it. */
static void
store(EventName name, const pg_uuid_t *account, const pg_uuid_t *contact,
	  const pg_uuid_t *partner, const pg_uuid_t *topic,
	  const pg_uuid_t *person, const char *role)
{
	Topic		about = topic_of(name);
	Event		event = {
		.at = tc_now(),
		.has_account = account != NULL,
		.has_partner = partner != NULL,
		.has_topic = topic != NULL
	};

	Assert(strlen(names[name]) < EVENT_NAME_SIZE);
	strlcpy(event.name, names[name], EVENT_NAME_SIZE);
	if (account != NULL)
		event.account = *account;
	if (partner != NULL)
		event.partner = *partner;
	if (topic != NULL)
		event.topic = *topic;

	tc_run(&insert_event, TIME_VALUE(event.at), TEXT_VALUE(names[name]), UUID_VALUE(account),
		   UUID_VALUE(contact), UUID_VALUE(partner),
		   UUID_VALUE(about == INVITATION_TOPIC ? topic : NULL),
		   UUID_VALUE(about == REQUEST_TOPIC ? topic : NULL),
		   UUID_VALUE(person), TEXT_VALUE(role));
	notify(event);
}

/*
 * If it is not to be revealed which account an address belongs to, each side gets
 * a notification with its own key alone.
 */
static void
notify(Event event)
{
	if (!tc_reveal_registered && event.has_account && event.has_partner)
	{
		event.has_partner = false;
		tc_notify_event(&event);
		event.has_account = false;
		event.has_partner = true;
	}
	tc_notify_event(&event);
}

static Topic
topic_of(EventName name)
{
	switch (name)
	{
		case EVENT_ACCOUNT_REGISTERED:
		case EVENT_ACCOUNT_CLOSED:
		case EVENT_CONTACT_ADDED:
		case EVENT_CONTACT_CONFIRMED:
		case EVENT_CONTACT_LEFT:
		case EVENT_CONTACT_REMOVED:
		case EVENT_CONTACT_ROLE_CHANGED:
			return NO_TOPIC;
		case EVENT_INVITATION_CREATED:
		case EVENT_INVITATION_RESENT:
		case EVENT_INVITATION_ROUTED:
		case EVENT_INVITATION_WITHDRAWN:
		case EVENT_INVITATION_DECLINED:
		case EVENT_INVITATION_ACCEPTED:
		case EVENT_INVITATION_EXPIRED:
		case EVENT_INVITATION_SUPERSEDED:
		case EVENT_INVITATION_ERASED:
			return INVITATION_TOPIC;
		case EVENT_REQUEST_SENT:
		case EVENT_REQUEST_WITHDRAWN:
		case EVENT_REQUEST_DECLINED:
		case EVENT_REQUEST_ACCEPTED:
		case EVENT_REQUEST_EXPIRED:
		case EVENT_REQUEST_CANCELLED:
		case EVENT_REQUEST_ASSIGNED:
		case EVENT_REQUEST_FILLED:
			return REQUEST_TOPIC;
	}
	return NO_TOPIC;			/* not reached */
}
