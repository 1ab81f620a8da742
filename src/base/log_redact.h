/*
 * log_redact.h
 *		Removes tokens from the server log.
 */
#ifndef TC_LOG_REDACT_H
#define TC_LOG_REDACT_H

/* Called once, when the library is loaded. */
extern void tc_install_log_filter(void);

#endif							/* TC_LOG_REDACT_H */
