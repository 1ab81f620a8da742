/*
 * ring.c
 *		Events in shared memory, from committed transactions to the worker.
 *
 * A transaction adds its events after it has committed and become visible, and before it
 * releases its locks: transactions that wait for each other leave their events in the
 * order in which they committed.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "worker/ring.h"

#define TRANCHE		"tempcloud"

struct Ring
{
	/* Set when the server starts, and read without a lock */
	LWLock	   *lock;
	Handover   *slots;			/* tc_event_buffer of them */

	/* From here on, all is 0 in a ring that is free */
	Oid			database;		/* see ring.h for its locks */

	pid_t		worker;			/* 0 when none is attached */
	Latch	   *latch;			/* the worker's */
	bool		asleep;			/* it waits to be woken */
	pid_t		maintenance;	/* 0 when it is not running */
	TimestampTz barred_until;	/* no process of ours may attach before */

	bool		resync;			/* events were lost: tell the listeners */
	bool		mail;			/* mails are due: wake the mailers */
	bool		look;			/* the extension may be gone: look */
	uint64		head;			/* events handed over ... */
	uint64		tail;			/* ... and taken, since the server started */
	uint64		sent;
	uint64		resyncs;
	TimestampTz attached_at;
	TimestampTz maintained_at;
	TimestampTz sealed_at;
};

typedef struct Shared
{
	LWLock	   *rings_lock;		/* never changes */
	Latch	   *launcher;		/* under rings_lock */
	Ring		rings[FLEXIBLE_ARRAY_MEMBER];
} Shared;

int			tc_rings = 0;

static Shared *shared = NULL;
static shmem_request_hook_type previous_request = NULL;
static shmem_startup_hook_type previous_startup = NULL;

static void request(void);
static void startup(void);
static Size rings_size(void);
static bool serves_here(Ring *ring);
static Ring *find_ring(Oid database);
static Ring *lock_ring_of(Oid database);

void
tc_reserve_rings(void)
{
	previous_request = shmem_request_hook;
	shmem_request_hook = request;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = startup;
}

static void
request(void)
{
	if (previous_request)
		previous_request();
	RequestAddinShmemSpace(add_size(rings_size(),
									mul_size(tc_max_databases,
											 mul_size(tc_event_buffer, sizeof(Handover)))));
	RequestNamedLWLockTranche(TRANCHE, 1 + tc_max_databases);
}

static void
startup(void)
{
	bool		found;
	LWLockPadded *locks;

	if (previous_startup)
		previous_startup();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("tempcloud rings", rings_size(), &found);
	if (!found)
	{
		memset(shared, 0, rings_size());
		locks = GetNamedLWLockTranche(TRANCHE);
		shared->rings_lock = &locks[0].lock;
		for (int i = 0; i < tc_max_databases; i++)
		{
			Ring	   *ring = &shared->rings[i];

			ring->lock = &locks[1 + i].lock;
			ring->slots = ShmemAlloc(mul_size(tc_event_buffer, sizeof(Handover)));
		}
	}
	tc_rings = tc_max_databases;
	LWLockRelease(AddinShmemInitLock);
}

static Size
rings_size(void)
{
	return add_size(offsetof(Shared, rings), mul_size(tc_max_databases, sizeof(Ring)));
}

Ring *
tc_ring(int i)
{
	Assert(i >= 0 && i < tc_rings);
	return &shared->rings[i];
}

void
tc_ring_state(Ring *ring, RingState *state)
{
	LWLockAcquire(ring->lock, LW_SHARED);
	*state = (RingState)
	{
		.database = ring->database,
			.worker = ring->worker,
			.maintenance = ring->maintenance,
			.barred_until = ring->barred_until,
			.attached_at = ring->attached_at,
			.maintained_at = ring->maintained_at,
			.sealed_at = ring->sealed_at,
			.handed_over = ring->head,
			.sent = ring->sent,
			.waiting = ring->head - ring->tail,
			.resyncs = ring->resyncs
	};
	if (state->waiting > 0)
		state->waiting_since = ring->slots[ring->tail % tc_event_buffer].committed_at;
	LWLockRelease(ring->lock);
}

/* A database keeps its ring while it has a worker, so the last one found will do. */
Ring *
tc_serving_ring(void)
{
	static Ring *mine = NULL;

	if (tc_rings == 0)
		return NULL;
	if (mine != NULL && serves_here(mine))
		return mine;
	LWLockAcquire(shared->rings_lock, LW_SHARED);
	mine = find_ring(MyDatabaseId);
	LWLockRelease(shared->rings_lock);
	return mine != NULL && serves_here(mine) ? mine : NULL;
}

/* This can have changed when the caller uses it: tc_hand_over() checks again. */
static bool
serves_here(Ring *ring)
{
	bool		serves;

	LWLockAcquire(ring->lock, LW_SHARED);
	serves = ring->database == MyDatabaseId && ring->worker != 0;
	LWLockRelease(ring->lock);
	return serves;
}

void
tc_hand_over(Ring *ring, const Event *events, int count, bool mail, TimestampTz committed_at)
{
	Latch	   *latch = NULL;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->database != MyDatabaseId)
	{
		/* the extension was dropped meanwhile */
		LWLockRelease(ring->lock);
		return;
	}
	if (ring->head - ring->tail + count > tc_event_buffer)
		ring->resync = true;
	ring->mail |= mail;
	if (!ring->resync)
	{
		for (int i = 0; i < count; i++)
			ring->slots[(ring->head + i) % tc_event_buffer] =
				(Handover)
		{
			.committed_at = committed_at,.event = events[i]
		};
	}
	ring->head += count;
	if (ring->resync)
		ring->tail = ring->head;
	if (ring->asleep)
		latch = ring->latch;
	ring->asleep = false;
	LWLockRelease(ring->lock);

	/*
	 * Latches of processes are never freed: at worst another process wakes
	 * up.
	 */
	if (latch != NULL)
		SetLatch(latch);
}

bool
tc_claim_ring(Oid database)
{
	Ring	   *ring;
	Latch	   *launcher = NULL;

	if (tc_rings == 0)
		return false;
	LWLockAcquire(shared->rings_lock, LW_SHARED);
	ring = find_ring(database);
	LWLockRelease(shared->rings_lock);
	if (ring != NULL)
		return true;

	LWLockAcquire(shared->rings_lock, LW_EXCLUSIVE);
	ring = find_ring(database);
	if (ring == NULL)
	{
		ring = find_ring(InvalidOid);
		if (ring != NULL)
		{
			LWLockAcquire(ring->lock, LW_EXCLUSIVE);
			ring->database = database;
			LWLockRelease(ring->lock);
			launcher = shared->launcher;
		}
	}
	LWLockRelease(shared->rings_lock);
	if (launcher != NULL)
		SetLatch(launcher);
	return ring != NULL;
}

void
tc_look_for_extension(Oid database)
{
	Ring	   *ring = lock_ring_of(database);
	Latch	   *latch = NULL;

	if (ring == NULL)
		return;
	ring->look = true;
	latch = ring->latch;
	LWLockRelease(ring->lock);
	if (latch != NULL)
		SetLatch(latch);
}

void
tc_evict(Oid database)
{
	Ring	   *ring = lock_ring_of(database);

	if (ring == NULL)
		return;
	ring->barred_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BAR_MILLISECONDS);
	if (ring->worker != 0)
		kill(ring->worker, SIGTERM);
	if (ring->maintenance != 0)
		kill(ring->maintenance, SIGTERM);
	LWLockRelease(ring->lock);
}

/*
 * A new worker does not know which events were sent while there was none, nor whether the
 * previous one has sent all that it took: it begins with a resync.  Nor does it know
 * whether the extension exists.  It checks after it is attached, so that it is told when
 * the extension is dropped or created later.
 */
bool
tc_attach_worker(Ring *ring)
{
	bool		attached = false;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->database == MyDatabaseId && ring->worker == 0 &&
		!tc_pause_lasts(ring->barred_until, GetCurrentTimestamp(), BAR_MILLISECONDS))
	{
		ring->worker = MyProcPid;
		ring->latch = MyLatch;
		ring->asleep = false;
		ring->attached_at = GetCurrentTimestamp();
		ring->tail = ring->head;
		ring->resync = true;
		ring->mail = true;
		ring->look = true;
		attached = true;
	}
	LWLockRelease(ring->lock);
	return attached;
}

bool
tc_attach_maintenance(Ring *ring)
{
	bool		attached = false;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->database == MyDatabaseId && ring->maintenance == 0 &&
		!tc_pause_lasts(ring->barred_until, GetCurrentTimestamp(), BAR_MILLISECONDS))
	{
		ring->maintenance = MyProcPid;
		attached = true;
	}
	LWLockRelease(ring->lock);
	return attached;
}

void
tc_detach(Ring *ring)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->worker == MyProcPid)
	{
		ring->worker = 0;
		ring->latch = NULL;
	}
	if (ring->maintenance == MyProcPid)
		ring->maintenance = 0;
	LWLockRelease(ring->lock);
}

bool
tc_free_ring(Ring *ring, Oid database)
{
	bool		free;

	LWLockAcquire(shared->rings_lock, LW_EXCLUSIVE);
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	free = ring->database == database &&
		(ring->worker == 0 || (ring->worker == MyProcPid && !ring->look));
	if (free)
		memset((char *) ring + offsetof(Ring, database), 0,
			   sizeof(Ring) - offsetof(Ring, database));
	LWLockRelease(ring->lock);
	LWLockRelease(shared->rings_lock);
	return free;
}

void
tc_note_maintenance(Ring *ring, Oid database, TimestampTz begun_at)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->database == database)
		ring->maintained_at = ring->sealed_at = begun_at;
	LWLockRelease(ring->lock);
}

void
tc_note_sealing(Ring *ring, Oid database, TimestampTz begun_at)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->database == database)
		ring->sealed_at = begun_at;
	LWLockRelease(ring->lock);
}

void
tc_set_launcher(Latch *latch)
{
	LWLockAcquire(shared->rings_lock, LW_EXCLUSIVE);
	shared->launcher = latch;
	LWLockRelease(shared->rings_lock);
}

bool
tc_take(Ring *ring, Batch *batch)
{
	bool		any;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	batch->resync = ring->resync;
	batch->mail = ring->mail;
	batch->look = ring->look;
	ring->resync = ring->mail = ring->look = false;
	batch->count = Min(ring->head - ring->tail, BATCH_EVENTS);
	for (int i = 0; i < batch->count; i++)
		batch->events[i] = ring->slots[ring->tail++ % tc_event_buffer].event;
	any = batch->count > 0 || batch->resync || batch->mail || batch->look;
	ring->asleep = !any;
	LWLockRelease(ring->lock);
	return any;
}

void
tc_told(Ring *ring, const Batch *batch)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	ring->sent += batch->count;
	ring->resyncs += batch->resync ? 1 : 0;
	LWLockRelease(ring->lock);
}

/* The caller holds rings_lock. */
static Ring *
find_ring(Oid database)
{
	for (int i = 0; i < tc_rings; i++)
		if (shared->rings[i].database == database)
			return &shared->rings[i];
	return NULL;
}

/* The ring of a database, locked, or NULL. */
static Ring *
lock_ring_of(Oid database)
{
	Ring	   *ring;

	if (tc_rings == 0)
		return NULL;
	LWLockAcquire(shared->rings_lock, LW_SHARED);
	ring = find_ring(database);
	if (ring != NULL)
		LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	LWLockRelease(shared->rings_lock);
	return ring;
}
