/*
 * watch.h
 *		What others do in a database that its worker must know of.
 */
#ifndef TC_WATCH_H
#define TC_WATCH_H

/* Called once, while the library is preloaded. */
extern void tc_install_watch(void);

#endif							/* TC_WATCH_H */
