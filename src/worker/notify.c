/*
 * notify.c
 *		Sends events to listeners when the transaction has committed.
 *
 * A transaction collects its events here.  If a worker is attached to the database when
 * the transaction is about to commit, the events are left for it in shared memory after
 * the commit.  Otherwise they are sent by NOTIFY in this transaction, which takes the
 * lock that serializes the commits of all transactions with NOTIFY.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "common/base64.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/crypto.h"
#include "base/query.h"
#include "base/settings.h"
#include "worker/launcher.h"
#include "worker/notify.h"

/*
 * What the transaction has to tell, in memory that ends with it.  levels[i] is
 * the nesting level of the subtransaction that events[i] stands and falls with;
 * they never decrease, since the events of a level end before its own end.
 */
static struct
{
	Event	   *events;
	int		   *levels;
	int			count;
	int			size;
	int			mail_level;		/* the outermost one with a mail, 0 for none */
	int			command_level;	/* the outermost one with a command, likewise */
	bool		extension;		/* one was created or dropped */
	Ring	   *ring;			/* chosen before the commit */
	bool		wants_worker;
}			pending;

static void at_transaction_end(XactEvent event, void *arg);
static void at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
								  SubTransactionId parent, void *arg);
static void note_command(void);
static void note_level(int *outermost);
static void end_level(int *outermost, int level, bool committed);
static void choose_way(void);
static void notify_now(void);
static void hand_over(void);
static void append_head(StringInfo payload, const Event *event);
static void append_uuid(StringInfo string, const pg_uuid_t *id);

void
tc_watch_transactions(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	tc_command_hook = note_command;
}

void
tc_notify_event(const Event *event)
{
	if (!tc_notifications)
		return;
	if (pending.count == pending.size)
	{
		int			size = Max(16, 2 * pending.size);

		if (pending.size == 0)
		{
			pending.events = MemoryContextAlloc(TopTransactionContext, sizeof(Event) * size);
			pending.levels = MemoryContextAlloc(TopTransactionContext, sizeof(int) * size);
		}
		else
		{
			pending.events = repalloc_huge(pending.events, sizeof(Event) * size);
			pending.levels = repalloc_huge(pending.levels, sizeof(int) * size);
		}
		pending.size = size;
	}
	pending.events[pending.count] = *event;
	pending.levels[pending.count] = GetCurrentTransactionNestLevel();
	pending.count++;
}

void
tc_notify_mail(void)
{
	if (tc_notifications)
		note_level(&pending.mail_level);
}

/*
 * A command has begun: unless it is undone by a subtransaction's end, the
 * transaction cannot be prepared.  What a command has to tell is in this process,
 * and COMMIT PREPARED may run in another.  The rule is for all commands, so that
 * users need not know which of them tell something.
 */
static void
note_command(void)
{
	if (tc_notifications)
		note_level(&pending.command_level);
}

/* Something happened in the current subtransaction. */
static void
note_level(int *outermost)
{
	int			level = GetCurrentTransactionNestLevel();

	if (*outermost == 0 || *outermost > level)
		*outermost = level;
}

/* A spurious check is harmless. */
void
tc_notify_extension(void)
{
	pending.extension = true;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			choose_way();
			break;
		case XACT_EVENT_PRE_PREPARE:
			if (pending.count > 0 || pending.mail_level > 0 || pending.command_level > 0)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has executed a command of tempcloud"),
						 errhint("A transaction can be prepared if tempcloud.notifications was off when it executed the command.")));
			break;
		case XACT_EVENT_COMMIT:
			hand_over();
			pg_fallthrough;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			memset(&pending, 0, sizeof(pending));
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (int i = pending.count - 1; i >= 0 && pending.levels[i] >= level; i--)
			pending.levels[i] = level - 1;
	}
	else
	{
		while (pending.count > 0 && pending.levels[pending.count - 1] >= level)
			pending.count--;
	}
	end_level(&pending.mail_level, level, event == SUBXACT_EVENT_COMMIT_SUB);
	end_level(&pending.command_level, level, event == SUBXACT_EVENT_COMMIT_SUB);
}

/* The events of a subtransaction that ends become its parent's, or are discarded. */
static void
end_level(int *outermost, int level, bool committed)
{
	if (*outermost >= level)
		*outermost = committed ? level - 1 : 0;
}

/* All that may fail is done here, before the commit. */
static void
choose_way(void)
{
	if (pending.count == 0 && pending.mail_level == 0 && !pending.extension)
		return;
	pending.wants_worker = tc_may_have_worker(MyDatabaseId);
	pending.ring = tc_serving_ring();
	if (pending.ring == NULL)
		notify_now();
}

static void
notify_now(void)
{
	for (int i = 0; i < pending.count; i++)
		Async_Notify(EVENT_CHANNEL, tc_event_payload(&pending.events[i]));
	if (pending.mail_level > 0)
		Async_Notify(MAIL_CHANNEL, "");
}

/* After the commit: nothing here can fail. */
static void
hand_over(void)
{
	if (pending.ring != NULL)
	{
		if (pending.count > 0 || pending.mail_level > 0)
			tc_hand_over(pending.ring, pending.events, pending.count, pending.mail_level > 0,
						 GetCurrentTransactionStopTimestamp());
		if (pending.extension)
			tc_look_for_extension(MyDatabaseId);
	}
	else if (pending.wants_worker)
		tc_claim_ring(MyDatabaseId);
}

/* Times are told in UTC, whoever tells them. */
char *
tc_event_payload(const Event *event)
{
	const int	utc = 0;
	char		at[MAXDATELEN + 1];
	StringInfoData payload;

	JsonEncodeDateTime(at, TimestampTzGetDatum(event->at), TIMESTAMPTZOID, &utc);
	initStringInfo(&payload);
	appendStringInfo(&payload, "{\"event\":\"%s\",\"at\":\"%s\",\"accounts\":[", event->name, at);
	if (event->has_account)
		append_uuid(&payload, &event->account);
	if (event->has_account && event->has_partner)
		appendStringInfoChar(&payload, ',');
	if (event->has_partner)
		append_uuid(&payload, &event->partner);
	appendStringInfoChar(&payload, ']');
	if (event->has_topic)
	{
		appendStringInfo(&payload, ",\"%.*s\":",
						 (int) strcspn(event->name, "."), event->name);
		append_uuid(&payload, &event->topic);
	}
	if (event->has_head)
		append_head(&payload, event);
	appendStringInfoChar(&payload, '}');
	return payload.data;
}

static void
append_head(StringInfo payload, const Event *event)
{
	char		root[4 * ((SHA256_BYTES + 2) / 3)];
	int			len = tc_b64_encode(event->root, sizeof(event->root), root, sizeof(root));

	appendStringInfo(payload, ",\"size\":" INT64_FORMAT ",\"root\":\"%.*s\"", event->size, len, root);
}

static void
append_uuid(StringInfo string, const pg_uuid_t *id)
{
	appendStringInfo(string, "\"%s\"",
					 DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))));
}
