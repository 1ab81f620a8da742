/*
 * watch.h
 *		Tells the worker when a database or the extension in it is created or dropped.
 */
#ifndef TC_WATCH_H
#define TC_WATCH_H

/* Called once, while the library is preloaded. */
extern void tc_install_watch(void);

#endif							/* TC_WATCH_H */
