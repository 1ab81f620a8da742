/*
 * ddl_guard.h
 *		The promises against DDL.
 */
#ifndef TC_DDL_GUARD_H
#define TC_DDL_GUARD_H

/* Called once, while the library is preloaded. */
extern void tc_install_ddl_guard(void);

#endif							/* TC_DDL_GUARD_H */
