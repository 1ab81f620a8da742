/*
 * launcher.h
 *		Background workers come and go with the databases that need them.
 */
#ifndef TC_LAUNCHER_H
#define TC_LAUNCHER_H

#include "postgres.h"

/*
 * Whether a database may have a worker: the library was preloaded,
 * tempcloud.databases names it or nothing, and it is one to work in.  Reads the
 * catalog, so needs a transaction.
 */
extern bool tc_may_have_worker(Oid database);

/* Called once, while the library is preloaded. */
extern void tc_install_launcher(void);

#endif							/* TC_LAUNCHER_H */
