/*
 * ring.h
 *		Events in shared memory, from committed transactions to the worker.
 *
 * Each database with a worker has one ring.  Rings exist only where the library
 * was preloaded: tc_rings is 0 otherwise.
 *
 * Locks: each ring has a lock, which guards all that is in it.  Which database
 * it is for changes only under rings_lock and the ring's lock, taken in this
 * order, so that either is enough to read it.  Nothing is read or written
 * without them, and nothing that can fail is done under them, since backends
 * come here after they have committed.
 */
#ifndef TC_RING_H
#define TC_RING_H

#include "postgres.h"

#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/crypto.h"

#define EVENT_NAME_SIZE 32

/* What is told of an event: keys or a head of the ledger, no personal data. */
typedef struct Event
{
	char		name[EVENT_NAME_SIZE];
	TimestampTz at;
	bool		has_account;
	bool		has_partner;
	bool		has_topic;
	bool		has_head;
	pg_uuid_t	account;
	pg_uuid_t	partner;
	pg_uuid_t	topic;			/* what the name begins with: an invitation, a
								 * request */
	int64		size;			/* the head of the ledger: its size and root */
	uint8		root[SHA256_BYTES];
} Event;

typedef struct Handover
{
	TimestampTz committed_at;
	Event		event;
} Handover;

/* A database's; what is in it is known to ring.c alone. */
typedef struct Ring Ring;

/* A ring as it was at one moment. */
typedef struct RingState
{
	Oid			database;		/* InvalidOid when it is free */
	pid_t		worker;			/* 0 when none is attached */
	pid_t		maintenance;	/* 0 when it is not running */
	TimestampTz barred_until;	/* no process of ours may attach before */
	TimestampTz attached_at;	/* when the worker came */
	TimestampTz maintained_at;	/* when maintenance was last begun; 0 if never */
	TimestampTz sealed_at;		/* when sealing was; 0 if never */
	uint64		handed_over;	/* events, since the server started */
	uint64		sent;
	uint64		waiting;
	uint64		resyncs;
	TimestampTz waiting_since;	/* the commit of the oldest that waits; 0 if
								 * none */
} RingState;

/* How long no process attaches to a database after it was told to leave it. */
#define BAR_MILLISECONDS	INT64CONST(5000)

/*
 * Whether a pause of at most so many milliseconds that ends then goes on.  One
 * that would end later was begun before the clock was set back: it is over.
 */
static inline bool
tc_pause_lasts(TimestampTz until, TimestampTz now, int64 milliseconds)
{
	return now < until && until <= TimestampTzPlusMilliseconds(now, milliseconds);
}

extern int	tc_rings;
extern Ring *tc_ring(int i);
extern void tc_ring_state(Ring *ring, RingState *state);

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

/* The extension was created or dropped in a database, maybe: its worker has a look. */
extern void tc_look_for_extension(Oid database);

/* Nobody is to be attached to a database for some seconds: it is being dropped. */
extern void tc_evict(Oid database);

/* For the processes that serve a ring. */

/*
 * Return false if there is such a process already, or the database is barred.
 * A worker that is attached has to look for the extension first.
 */
extern bool tc_attach_worker(Ring *ring);
extern bool tc_attach_maintenance(Ring *ring);
extern void tc_detach(Ring *ring);	/* whichever this process is */

/*
 * Free the ring of a database.  Returns false if it is another database's by now, or
 * has a worker that is not this process, or if this worker has been told to
 * look for the extension once more.
 */
extern bool tc_free_ring(Ring *ring, Oid database);

/* Note when maintenance was begun, which also seals, or sealing alone. */
extern void tc_note_maintenance(Ring *ring, Oid database, TimestampTz begun_at);
extern void tc_note_sealing(Ring *ring, Oid database, TimestampTz begun_at);

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
