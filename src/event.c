/*
 * event.c
 *		What happened: kept, and told to those who LISTEN.
 *
 * Any role may LISTEN, so that a notification holds keys and nothing else.
 * NOTIFY takes part in the transaction: what rolls back was never told.
 */
#include "postgres.h"

#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "event.h"
#include "query.h"

#define EVENT_CHANNEL	"tempcloud_event"
#define MAIL_CHANNEL	"tempcloud_mail"

static KeptQuery insert_event =
QUERY("INSERT INTO tempcloud_data.event"
	  " (at, event, account_id, contact_id, partner_id, invitation_id)"
	  " VALUES ($1, $2, $3, $4, $5, $6)",
	  TIMESTAMPTZOID, TEXTOID, UUIDOID, UUIDOID, UUIDOID, UUIDOID);

static char *format_uuid(const pg_uuid_t *id);

void
tc_event(const char *event, const pg_uuid_t *account, const pg_uuid_t *contact,
		 const pg_uuid_t *partner, const pg_uuid_t *invitation)
{
	TimestampTz now = GetCurrentTimestamp();
	char		at[MAXDATELEN + 1];
	StringInfoData payload;

	tc_run(&insert_event, TIME_VALUE(now), TEXT_VALUE(event), UUID_VALUE(account),
		   UUID_VALUE(contact), UUID_VALUE(partner), UUID_VALUE(invitation));

	JsonEncodeDateTime(at, TimestampTzGetDatum(now), TIMESTAMPTZOID, NULL);
	initStringInfo(&payload);
	appendStringInfo(&payload, "{\"event\":\"%s\",\"at\":\"%s\",\"accounts\":[", event, at);
	if (account != NULL)
		appendStringInfo(&payload, "\"%s\"", format_uuid(account));
	if (partner != NULL)
		appendStringInfo(&payload, "%s\"%s\"", account ? "," : "", format_uuid(partner));
	appendStringInfoChar(&payload, ']');
	if (invitation != NULL)
		appendStringInfo(&payload, ",\"invitation\":\"%s\"", format_uuid(invitation));
	appendStringInfoChar(&payload, '}');
	Async_Notify(EVENT_CHANNEL, payload.data);
}

/* Equal notifications of one transaction are one. */
void
tc_wake_mailers(void)
{
	Async_Notify(MAIL_CHANNEL, "");
}

static char *
format_uuid(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}
