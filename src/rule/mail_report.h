/*
 * mail_report.h
 *		What becomes of the mails that are queued.
 */
#ifndef TC_MAIL_REPORT_H
#define TC_MAIL_REPORT_H

#include "postgres.h"

/*
 * Close a mail as dropped or failed (a label of mail_state).  An error of NULL
 * leaves the one it has.
 */
extern void tc_close_mail(int64 id, const char *state, const char *error);

/* What is kept of an error: palloc'd, without tokens and line ends, and short. */
extern char *tc_clean_report(const char *report);

#endif							/* TC_MAIL_REPORT_H */
