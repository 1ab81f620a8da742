/*
 * mail_time.h
 *		Times in mails, for people: in a time zone, which is named, and in the
 *		language of the mail.
 *
 * All results are palloc'd.
 */
#ifndef TC_MAIL_TIME_H
#define TC_MAIL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* "07.12.2026", "7 December 2026", or in other languages "2026-12-07" */
extern char *tc_mail_date(TimestampTz time, const char *zone, const char *locale);

/* "07.12.2026 06:00 CET" */
extern char *tc_mail_time(TimestampTz time, const char *zone, const char *locale);

/*
 * From one time to another: "07.12.2026 06:00-14:00 CET".  What differs is said of
 * both: "28.03.2026 22:00 CET - 29.03.2026 06:00 CEST".
 */
extern char *tc_mail_span(TimestampTz from, TimestampTz to, const char *zone,
						  const char *locale);

/* Whether a locale is of a language, such as "de". */
extern bool tc_is_language(const char *locale, const char *language);

#endif							/* TC_MAIL_TIME_H */
