/*
 * ring.h
 *		What committed transactions leave in shared memory for the worker.
 *
 * Each database with a worker has one ring.  Rings exist only where the library
 * was preloaded: tc_rings is 0 otherwise.
 *
 * Locks: rings_lock says which database a ring is for, the lock of a ring
 * guards all else in it.  Who needs both takes them in this order.  Nothing
 * that can fail is done under either, since backends come here after they
 * have committed.
 */
#ifndef TC_RING_H
#define TC_RING_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/uuid.h"

#define EVENT_NAME_SIZE 32

/* What is told of an event: keys, no personal data. */
typedef struct Event
{
	char		name[EVENT_NAME_SIZE];
	TimestampTz at;
	bool		has_account;
	bool		has_partner;
	bool		has_topic;
	pg_uuid_t	account;
	pg_uuid_t	partner;
	pg_uuid_t	topic;			/* what the name begins with: an invitation, a request */
} Event;

typedef struct Handover
{
	TimestampTz committed_at;
	Event		event;
} Handover;

typedef struct Ring
{
	Oid			database;		/* under rings_lock; InvalidOid when free */

	LWLock	   *lock;			/* guards what follows */
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
	TimestampTz maintained_at;	/* when maintenance was last begun */

	Handover   *slots;			/* tc_event_buffer of them */
} Ring;

extern int	tc_rings;
extern Ring *tc_ring(int i);

/* In the postmaster, while the library is preloaded. */
extern void tc_reserve_rings(void);

/* For backends: never fail. */

/* The ring of this database if a worker is attached to it, else NULL. */
extern Ring *tc_serving_ring(void);

/*
 * Leave events for the worker of this database and wake it; mail says that
 * mails are due.  Where there is no room, all that waits gives way to a resync.
 */
extern void tc_hand_over(Ring *ring, const Event *events, int count, bool mail,
						 TimestampTz committed_at);

/*
 * See to it that a database has a ring, and wake the launcher, which starts a
 * worker for it.  Returns false if all rings are taken.
 */
extern bool tc_claim_ring(Oid database);

/* The extension was dropped in a database, maybe: its worker has a look. */
extern void tc_look_for_extension(Oid database);

/* Nobody is to be attached to a database for some seconds: it is being dropped. */
extern void tc_evict(Oid database);

/* For the processes that serve a ring. */

/* Returns false if there is a worker already, or the database is barred. */
extern bool tc_attach_worker(Ring *ring);
extern bool tc_attach_maintenance(Ring *ring);
extern void tc_detach(Ring *ring);	/* whichever this process is */
extern void tc_free_ring(Ring *ring);	/* for another database */
extern void tc_set_launcher(Latch *latch);	/* NULL when it leaves */

#define BATCH_EVENTS 1024

typedef struct Batch
{
	bool		resync;
	bool		mail;
	bool		look;
	int			count;
	Event		events[BATCH_EVENTS];
} Batch;

/*
 * Take what is to be done now; returns whether there is anything.  If not, who
 * leaves something next sets the worker's latch.  Should the worker die before
 * it has told what it took, the next one begins with a resync.
 */
extern bool tc_take(Ring *ring, Batch *batch);

/* A batch was told; for the statistics. */
extern void tc_told(Ring *ring, const Batch *batch);

#endif							/* TC_RING_H */
