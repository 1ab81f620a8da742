/*
 * kept_check.h
 *		CHECK constraints, read once a session.
 */
#ifndef TC_KEPT_CHECK_H
#define TC_KEPT_CHECK_H

extern void tc_install_kept_checks(void);

#endif							/* TC_KEPT_CHECK_H */
