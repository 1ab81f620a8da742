/*
 * launcher.c
 *		Background workers come and go with the databases that need them.
 *
 * One launcher a server keeps a worker running in each database that has the extension,
 * and runs maintain() and seal_ledger() there from time to time, in a process of its own
 * so that no event waits for them.  When it starts it tries all databases, since only a
 * process in a database can see whether it has the extension.  Later, backends tell it of
 * others.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/settings.h"
#include "worker/launcher.h"
#include "worker/ring.h"

/* in milliseconds */
#define RESTART_AFTER	INT64CONST(1000)	/* a worker has ended */
#define RETRY_AFTER		INT64CONST(10000)	/* none could be started */
#define LOOK_AFTER		INT64CONST(60000)	/* at most, at all rings */

/* A process that this launcher has started, for one ring. */
typedef struct Process
{
	BackgroundWorkerHandle *handle;
	TimestampTz not_before;		/* start no other before */
} Process;

static void register_launcher(void);
static void leave(int code, Datum arg);
static List *all_databases(void);
static List *claim_rings(List *databases);
static bool may_have_worker(Oid database);
static TimestampTz serve_rings(Process *workers, Process *maintenances);
static void keep_worker(int i, const RingState *ring, Process *worker, TimestampTz now);
static TimestampTz keep_maintained(int i, const RingState *ring, Process *maintenance,
								   TimestampTz now);
static bool is_due(TimestampTz begun_at, int seconds, TimestampTz now, TimestampTz *next);
static bool is_running(const Process *process);
static void start(Process *process, const char *type, const char *function, int i,
				  Oid database);

PGDLLEXPORT void tempcloud_launcher_main(Datum arg);

void
tc_install_launcher(void)
{
	tc_reserve_rings();
	register_launcher();
}

static void
register_launcher(void)
{
	BackgroundWorker worker = {
		.bgw_name = "tempcloud launcher",
		.bgw_type = "tempcloud launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = RESTART_AFTER / 1000,
		.bgw_library_name = "tempcloud",
		.bgw_function_name = "tempcloud_launcher_main"
	};

	RegisterBackgroundWorker(&worker);
}

void
tempcloud_launcher_main(Datum arg)
{
	Process    *workers;
	Process    *maintenances;
	List	   *untried;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);

	before_shmem_exit(leave, (Datum) 0);
	tc_set_launcher(MyLatch);

	workers = MemoryContextAllocZero(TopMemoryContext, sizeof(Process) * tc_rings);
	maintenances = MemoryContextAllocZero(TopMemoryContext, sizeof(Process) * tc_rings);
	untried = all_databases();
	for (;;)
	{
		TimestampTz next;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		untried = claim_rings(untried);
		next = serve_rings(workers, maintenances);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next),
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

static void
leave(int code, Datum arg)
{
	tc_set_launcher(NULL);
}

/* The databases there are, in TopMemoryContext. */
static List *
all_databases(void)
{
	List	   *databases = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		databases = lappend_oid(databases, ((Form_pg_database) GETSTRUCT(tuple))->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	return databases;
}

/*
 * Give rings to databases, as long as there are any; returns those that are
 * left.  A database without the extension gives its ring back.
 */
static List *
claim_rings(List *databases)
{
	while (databases != NIL)
	{
		Oid			database = linitial_oid(databases);

		if (may_have_worker(database) && !tc_claim_ring(database))
			break;
		databases = list_delete_first(databases);
	}
	return databases;
}

bool
tc_may_have_worker(Oid database)
{
	HeapTuple	tuple;
	Form_pg_database form;
	List	   *names;
	ListCell   *cell;
	bool		may;

	if (tc_rings == 0)
		return false;
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_database) GETSTRUCT(tuple);
	may = form->datallowconn && !form->datistemplate;
	if (may && *tc_databases != '\0')
	{
		may = false;
		SplitIdentifierString(pstrdup(tc_databases), ',', &names);
		foreach(cell, names)
			may |= strcmp(lfirst(cell), NameStr(form->datname)) == 0;
	}
	ReleaseSysCache(tuple);
	return may;
}

static bool
may_have_worker(Oid database)
{
	bool		may;

	StartTransactionCommand();
	may = tc_may_have_worker(database);
	CommitTransactionCommand();
	return may;
}

/* Start what has to run; returns when to look again. */
static TimestampTz
serve_rings(Process *workers, Process *maintenances)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = TimestampTzPlusMilliseconds(now, LOOK_AFTER);

	for (int i = 0; i < tc_rings; i++)
	{
		RingState	ring;

		tc_ring_state(tc_ring(i), &ring);
		if (ring.database == InvalidOid)
			continue;
		if (ring.worker == 0)
		{
			keep_worker(i, &ring, &workers[i], now);
			next = Min(next, TimestampTzPlusMilliseconds(now, RESTART_AFTER));
		}
		else
			next = Min(next, keep_maintained(i, &ring, &maintenances[i], now));
	}
	return next;
}

/* Start a worker for a ring that has none, unless one is on its way. */
static void
keep_worker(int i, const RingState *ring, Process *worker, TimestampTz now)
{
	if (is_running(worker))
		return;
	if (worker->handle != NULL)
	{
		pfree(worker->handle);
		worker->handle = NULL;
		worker->not_before = TimestampTzPlusMilliseconds(now, RESTART_AFTER);
	}
	if (tc_pause_lasts(worker->not_before, now, RETRY_AFTER) ||
		tc_pause_lasts(ring->barred_until, now, BAR_MILLISECONDS))
		return;
	if (may_have_worker(ring->database))
		start(worker, "tempcloud worker", "tempcloud_worker_main", i, ring->database);
	else
		(void) tc_free_ring(tc_ring(i), ring->database);	/* the database is gone */
}

/*
 * Do what is due in a ring's database, all of it in one process at a time.
 * Returns when something is due next.
 */
static TimestampTz
keep_maintained(int i, const RingState *ring, Process *maintenance, TimestampTz now)
{
	TimestampTz next = PG_INT64_MAX;
	bool		maintain = is_due(ring->maintained_at, tc_maintenance_interval, now, &next);
	bool		seal = is_due(ring->sealed_at, tc_ledger_interval, now, &next);

	if ((!maintain && !seal) || is_running(maintenance) || ring->maintenance != 0 ||
		tc_pause_lasts(maintenance->not_before, now, RETRY_AFTER))
		return next;
	if (maintain)
	{
		tc_note_maintenance(tc_ring(i), ring->database, now);
		start(maintenance, "tempcloud maintenance", "tempcloud_maintenance_main", i,
			  ring->database);
	}
	else
	{
		tc_note_sealing(tc_ring(i), ring->database, now);
		start(maintenance, "tempcloud sealing", "tempcloud_sealing_main", i, ring->database);
	}
	return next;
}

/*
 * Whether this number of seconds has passed since something was begun, 0 for never.  next
 * is brought forward to when it is due again.
 */
static bool
is_due(TimestampTz begun_at, int seconds, TimestampTz now, TimestampTz *next)
{
	int64		interval = seconds * INT64CONST(1000);
	TimestampTz due = TimestampTzPlusMilliseconds(begun_at, interval);
	bool		lasts = tc_pause_lasts(due, now, interval);

	if (interval == 0)
		return false;
	*next = Min(*next, lasts ? due : TimestampTzPlusMilliseconds(now, interval));
	return !lasts;
}

static bool
is_running(const Process *process)
{
	pid_t		pid;

	return process->handle != NULL &&
		GetBackgroundWorkerPid(process->handle, &pid) != BGWH_STOPPED;
}

static void
start(Process *process, const char *type, const char *function, int i, Oid database)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "tempcloud",
		.bgw_main_arg = Int32GetDatum(i),
		.bgw_notify_pid = MyProcPid
	};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	strlcpy(worker.bgw_type, type, BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s for database %u", type, database);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	if (process->handle != NULL)
		pfree(process->handle);
	if (!RegisterDynamicBackgroundWorker(&worker, &process->handle))
	{
		process->handle = NULL;
		process->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
														  RETRY_AFTER);
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("could not start \"%s\"", worker.bgw_name),
				 errhint("You might need to increase max_worker_processes.")));
	}
	MemoryContextSwitchTo(old);
}
