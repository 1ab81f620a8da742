/*
 * mail_report.h
 *		The outcome of mails.
 */
#ifndef TC_MAIL_REPORT_H
#define TC_MAIL_REPORT_H

#include "postgres.h"

#include "utils/uuid.h"

/* In the order of tempcloud_data.mail_state. */
typedef enum MailState
{
	MAIL_IS_QUEUED,
	MAIL_IS_SENT,
	MAIL_IS_FAILED,
	MAIL_IS_BOUNCED,
	MAIL_IS_DROPPED,
	MAIL_IS_SUPPRESSED
} MailState;

/* Close a mail in this state.  An error of NULL leaves the one that it has. */
extern void tc_close_mail(const pg_uuid_t *id, MailState state, const char *error);

/*
 * What is stored of an error: palloc'd, short, without tokens and line ends.
 */
extern char *tc_clean_report(const char *report);

#endif							/* TC_MAIL_REPORT_H */
