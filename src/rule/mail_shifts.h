/*
 * mail_shifts.h
 *		The shifts of a request in a mail.
 */
#ifndef TC_MAIL_SHIFTS_H
#define TC_MAIL_SHIFTS_H

#include "postgres.h"

#include "utils/uuid.h"

/*
 * A line for each shift of a request of a customer, with its times in the time zone, how many people
 * are asked for or offered, and the names of its workers; palloc'd.  A mail has at
 * most 20 shifts and 50 names, and says how many more there are.  Needs a frame
 * (tc_enter).
 */
extern char *tc_mail_shifts(const pg_uuid_t *request_id, const pg_uuid_t *customer_id,
							const char *time_zone, const char *locale);

#endif							/* TC_MAIL_SHIFTS_H */
