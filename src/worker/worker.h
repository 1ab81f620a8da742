/*
 * worker.h
 *		The background worker of a database that has the extension.
 */
#ifndef TC_WORKER_H
#define TC_WORKER_H

#include "postgres.h"

/*
 * Started by the launcher; arg is the index of a ring.  All leave at once
 * where the extension is not there.
 */
extern PGDLLEXPORT void tempcloud_worker_main(Datum arg);
extern PGDLLEXPORT void tempcloud_maintenance_main(Datum arg);
extern PGDLLEXPORT void tempcloud_sealing_main(Datum arg);

#endif							/* TC_WORKER_H */
