/*
 * event.c
 *		Events: stored in the history, and notified.
 *
 * Any role may LISTEN, so a notification holds keys and nothing else.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/rel.h"
#include "utils/xid8.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/event.h"
#include "worker/notify.h"

#define MOST_EVENTS			10000
#define MOST_EVENTS_TEXT	"10000"

static KeptQuery insert_event =
QUERY("INSERT INTO tempcloud_data.event"
	  " (at, event, account_id, contact_id, partner_id, invitation_id, request_id,"
	  "  person_id, role)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::tempcloud.contact_role)");

/*
 * Events that no transaction which is still running, or is yet to begin, can come
 * before.  Both queries take them in the order of event_transaction_id_idx.  The inner
 * LIMIT is a constant, so that the planner never prefers to sort all.
 */
#define SETTLED	"e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())"

static KeptQuery select_events =
QUERY("SELECT ROW(e.id, e.at, e.event, e.account_id, e.contact_id, e.partner_id,"
	  "           e.invitation_id, e.request_id, e.person_id, e.role)::tempcloud.event"
	  "  FROM (SELECT e.* FROM tempcloud_data.event e"
	  "         WHERE (e.transaction_id, e.id) > ($1, $2) AND " SETTLED
	  "         ORDER BY e.transaction_id, e.id LIMIT " MOST_EVENTS_TEXT ") e"
	  " ORDER BY e.transaction_id, e.id LIMIT $3");

static KeptQuery select_last_event =
QUERY("SELECT e.id FROM tempcloud_data.event e WHERE " SETTLED
	  " ORDER BY e.transaction_id DESC, e.id DESC LIMIT 1");

enum
{
	LAST_EVENT_ID = 1
};

static KeptQuery find_event =
QUERY("SELECT e.transaction_id FROM tempcloud_data.event e WHERE e.id = $1");

enum
{
	FOUND_TRANSACTION_ID = 1
};

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
	[EVENT_INVITATION_CORRECTED] = "invitation.corrected",
	[EVENT_INVITATION_ROUTED] = "invitation.routed",
	[EVENT_INVITATION_WITHDRAWN] = "invitation.withdrawn",
	[EVENT_INVITATION_DECLINED] = "invitation.declined",
	[EVENT_INVITATION_ACCEPTED] = "invitation.accepted",
	[EVENT_INVITATION_EXPIRED] = "invitation.expired",
	[EVENT_INVITATION_ASKED] = "invitation.asked",
	[EVENT_INVITATION_SUPERSEDED] = "invitation.superseded",
	[EVENT_INVITATION_ERASED] = "invitation.erased",
	[EVENT_ACCOUNT_CHANGED] = "account.changed",
	[EVENT_CONTACT_CHANGED] = "contact.changed",
	[EVENT_INVITATION_DELIVERY] = "invitation.delivery",
	[EVENT_PARTNER_NOTED] = "partner.noted",
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
static Event make(EventName name, const pg_uuid_t *account, const pg_uuid_t *partner,
				  const pg_uuid_t *topic);
static void notify(Event event);
static Topic topic_of(EventName name);
static Datum transaction_of(const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(tempcloud_stamp_event);
PG_FUNCTION_INFO_V1(tempcloud_events_since);
PG_FUNCTION_INFO_V1(tempcloud_last_event_id);

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
	Event		event = make(name, account, partner, topic);

	tc_run(&insert_event, TIME_VALUE(event.at), TEXT_VALUE(names[name]), UUID_VALUE(account),
		   UUID_VALUE(contact), UUID_VALUE(partner),
		   UUID_VALUE(about == INVITATION_TOPIC ? topic : NULL),
		   UUID_VALUE(about == REQUEST_TOPIC ? topic : NULL),
		   UUID_VALUE(person), TEXT_VALUE(role));
	notify(event);
}

void
tc_tell(EventName name, const pg_uuid_t *account, const pg_uuid_t *topic)
{
	notify(make(name, account, NULL, topic));
}

/* What is told of an event, at the instant of the command. */
static Event
make(EventName name, const pg_uuid_t *account, const pg_uuid_t *partner, const pg_uuid_t *topic)
{
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
	return event;
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
		case EVENT_ACCOUNT_CHANGED:
		case EVENT_CONTACT_CHANGED:
		case EVENT_PARTNER_NOTED:
			return NO_TOPIC;
		case EVENT_INVITATION_CREATED:
		case EVENT_INVITATION_RESENT:
		case EVENT_INVITATION_CORRECTED:
		case EVENT_INVITATION_ROUTED:
		case EVENT_INVITATION_WITHDRAWN:
		case EVENT_INVITATION_DECLINED:
		case EVENT_INVITATION_ACCEPTED:
		case EVENT_INVITATION_EXPIRED:
		case EVENT_INVITATION_ASKED:
		case EVENT_INVITATION_SUPERSEDED:
		case EVENT_INVITATION_ERASED:
		case EVENT_INVITATION_DELIVERY:
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

/*
 * stamp_event(): before INSERT.  Whatever the row says, the number of the transaction
 * is that of the present one.
 */
Datum
tempcloud_stamp_event(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	columns;
	int			column;
	Datum		transaction;
	bool		isnull = false;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("this function can only be called as a trigger before INSERT"));
	columns = RelationGetDescr(trigger->tg_relation);
	column = SPI_fnumber(columns, "transaction_id");
	if (column <= 0)
		elog(ERROR, "table \"%s\" has no column transaction_id",
			 RelationGetRelationName(trigger->tg_relation));
	transaction = FullTransactionIdGetDatum(GetTopFullTransactionId());
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_trigtuple, columns, 1,
													 &column, &transaction, &isnull));
}

enum
{
	SINCE_LAST_ID, SINCE_MAX_EVENTS
};

/*
 * events_since(last_id, max_events) returns setof tempcloud.event
 */
Datum
tempcloud_events_since(PG_FUNCTION_ARGS)
{
	pg_uuid_t	first = {0};
	pg_uuid_t  *last = PG_ARGISNULL(SINCE_LAST_ID) ? &first : PG_GETARG_UUID_P(SINCE_LAST_ID);
	int			most = PG_ARGISNULL(SINCE_MAX_EVENTS) ? 0 : PG_GETARG_INT32(SINCE_MAX_EVENTS);
	Datum		transaction;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter();
	if (most < 1 || most > MOST_EVENTS)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be between 1 and %d.", "max_events",
					   MOST_EVENTS);
	transaction = last == &first ? FullTransactionIdGetDatum(InvalidFullTransactionId) :
		transaction_of(last);
	tc_put_records(fcinfo, tc_read(&select_events, tc_value(XID8OID, transaction),
								   UUID_VALUE(last), INT_VALUE(most)));
	tc_leave();
	return (Datum) 0;
}

/* Returns the transaction of an event, an xid8.  Raises PT404 event_not_found. */
static Datum
transaction_of(const pg_uuid_t *id)
{
	Rows		rows = tc_read(&find_event, UUID_VALUE(id));
	bool		isnull;

	if (rows.count == 0)
		tc_refuse(EVENT_NOT_FOUND);
	return tc_datum(rows, 0, FOUND_TRANSACTION_ID, &isnull);
}

/*
 * last_event_id() returns uuid
 */
Datum
tempcloud_last_event_id(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	bool		found;

	tc_enter();
	rows = tc_query(&select_last_event, QUERY_READ, NULL, 0);
	found = rows.count > 0;
	if (found)
		*id = *tc_uuid(rows, 0, LAST_EVENT_ID);
	tc_leave();

	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(id);
}
