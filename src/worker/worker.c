/*
 * worker.c
 *		The background worker of a database that has the extension.
 *
 * The worker tells what committed transactions left in its ring, many events
 * in one transaction of its own, so that only its own commits take the lock of
 * NOTIFY.  It holds no lock and no snapshot while it waits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "worker/maintain.h"
#include "worker/notify.h"
#include "worker/ring.h"
#include "worker/worker.h"

/*
 * Events within this time, in milliseconds, after others were sent are sent together, so
 * that the worker takes little of a busy machine.
 */
#define GATHERING	2

static void do_all(Datum arg, const char *statement);
static Ring *enter(Datum arg);
static void leave(int code, Datum ring);
static bool extension_exists(void);
static void tell(const Batch *batch);

PG_FUNCTION_INFO_V1(tempcloud_worker_stats);

void
tempcloud_worker_main(Datum arg)
{
	Ring	   *ring = enter(arg);
	Batch	   *batch = MemoryContextAlloc(TopMemoryContext, sizeof(Batch));

	if (!tc_attach_worker(ring))
		return;
	for (;;)
	{
		bool		told = false;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (tc_take(ring, batch))
		{
			if (batch->look && !extension_exists() && tc_free_ring(ring, MyDatabaseId))
				return;
			tell(batch);
			tc_told(ring, batch);
			told = true;
		}
		else
			pgstat_report_stat(true);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (told ? WL_TIMEOUT : 0),
						 GATHERING, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
tempcloud_maintenance_main(Datum arg)
{
	do_all(arg, MAINTAIN);
}

/* Part of maintenance, for databases that need it more often. */
void
tempcloud_sealing_main(Datum arg)
{
	do_all(arg, SEAL);
}

/*
 * All of what is due, in transactions of a bounded size, with the settings of
 * the database but for those that would keep it from its work.
 */
static void
do_all(Datum arg, const char *statement)
{
	Ring	   *ring = enter(arg);
	bool		more = true;

	SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
	if (!tc_attach_maintenance(ring) || !extension_exists())
		return;
	debug_query_string = statement;
	while (more)
	{
		StartTransactionCommand();
		SetCurrentStatementStartTimestamp();
		PushActiveSnapshot(GetTransactionSnapshot());
		pgstat_report_activity(STATE_RUNNING, statement);
		SPI_connect();
		more = tc_do_part(statement);
		SPI_finish();
		PopActiveSnapshot();
		CommitTransactionCommand();
		pgstat_report_stat(true);
	}
}

/* Connect to the database of a ring. */
static Ring *
enter(Datum arg)
{
	Ring	   *ring = tc_ring(DatumGetInt32(arg));
	RingState	state;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	tc_ring_state(ring, &state);
	if (!OidIsValid(state.database))
		proc_exit(0);			/* given up since */
	BackgroundWorkerInitializeConnectionByOid(state.database, InvalidOid, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);
	before_shmem_exit(leave, PointerGetDatum(ring));
	return ring;
}

static void
leave(int code, Datum ring)
{
	tc_detach((Ring *) DatumGetPointer(ring));
}

/*
 * Who commits CREATE or DROP EXTENSION calls for a look before it has told
 * others to forget what they cached; from 18 on, extensions are cached.
 */
static bool
extension_exists(void)
{
	bool		exists;

	StartTransactionCommand();
	InvalidateSystemCaches();
	exists = OidIsValid(get_extension_oid("tempcloud", true));
	CommitTransactionCommand();
	return exists;
}

/* All that is told is one transaction's; equal wake-ups are one. */
static void
tell(const Batch *batch)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, NULL);
	if (batch->resync)
		Async_Notify(EVENT_CHANNEL, RESYNC_PAYLOAD);
	for (int i = 0; i < batch->count; i++)
		Async_Notify(EVENT_CHANNEL, tc_event_payload(&batch->events[i]));
	if (batch->mail)
		Async_Notify(MAIL_CHANNEL, "");
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * worker_stats() returns record
 *
 * All null where no worker is attached.
 */
Datum
tempcloud_worker_stats(PG_FUNCTION_ARGS)
{
	enum
	{
		WORKER, STARTED_AT, HANDED_OVER, SENT, WAITING, RESYNCS, OLDEST, MAINTAINED_AT, COLUMNS
	};
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS];
	Ring	   *ring = tc_serving_ring();
	RingState	state = {0};
	bool		served;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (ring != NULL)
		tc_ring_state(ring, &state);
	served = state.worker != 0 && state.database == MyDatabaseId;
	memset(nulls, !served, sizeof(nulls));
	if (served)
	{
		values[WORKER] = Int32GetDatum(state.worker);
		values[STARTED_AT] = TimestampTzGetDatum(state.attached_at);
		values[HANDED_OVER] = Int64GetDatum(state.handed_over);
		values[SENT] = Int64GetDatum(state.sent);
		values[WAITING] = Int64GetDatum(state.waiting);
		values[RESYNCS] = Int64GetDatum(state.resyncs);
		values[OLDEST] = TimestampTzGetDatum(state.waiting_since);
		nulls[OLDEST] = state.waiting_since == 0;
		values[MAINTAINED_AT] = TimestampTzGetDatum(state.maintained_at);
		nulls[MAINTAINED_AT] = state.maintained_at == 0;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
