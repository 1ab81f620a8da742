/*
 * event.c
 *		What happened: kept, and told to those who LISTEN.
 *
 * Any role may LISTEN, so that a notification holds keys and nothing else.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/query.h"
#include "base/settings.h"
#include "rule/event.h"
#include "worker/notify.h"

static KeptQuery insert_event =
QUERY("INSERT INTO tempcloud_data.event"
	  " (at, event, account_id, contact_id, partner_id, invitation_id, request_id)"
	  " VALUES ($1, $2, $3, $4, $5,"
	  "         CASE WHEN $2 LIKE 'invitation.%' THEN $6 END,"
	  "         CASE WHEN $2 LIKE 'request.%' THEN $6 END)");

void
tc_event(const char *name, const pg_uuid_t *account, const pg_uuid_t *contact,
		 const pg_uuid_t *partner, const pg_uuid_t *topic)
{
	Event		event = {
		.at = GetCurrentTimestamp(),
		.has_account = account != NULL,
		.has_partner = partner != NULL,
		.has_topic = topic != NULL
	};

	Assert(strlen(name) < EVENT_NAME_SIZE);
	strlcpy(event.name, name, EVENT_NAME_SIZE);
	if (account != NULL)
		event.account = *account;
	if (partner != NULL)
		event.partner = *partner;
	if (topic != NULL)
		event.topic = *topic;

	tc_run(&insert_event, TIME_VALUE(event.at), TEXT_VALUE(name), UUID_VALUE(account),
		   UUID_VALUE(contact), UUID_VALUE(partner), UUID_VALUE(topic));
	if (tc_reveal_registered || account == NULL || partner == NULL)
		tc_notify_event(&event);
	else
	{
		/*
		 * Each side hears of itself alone: who belongs to an address is not
		 * told.
		 */
		event.has_partner = false;
		tc_notify_event(&event);
		event.has_account = false;
		event.has_partner = true;
		tc_notify_event(&event);
	}
}
