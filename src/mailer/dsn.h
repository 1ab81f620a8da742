/*
 * dsn.h
 *		Delivery status notifications, as RFC 3464 and RFC 6522 define them.
 */
#ifndef MAILER_DSN_H
#define MAILER_DSN_H

#include <stdbool.h>
#include <stdio.h>

#define DSN_ACTION_SIZE 16
#define DSN_STATUS_SIZE 12		/* 5.123.123 */
#define DSN_DIAGNOSTIC_SIZE 512
#define DSN_MESSAGE_ID_SIZE 512

/*
 * What a notification says about the message that it returns.  Where it reports
 * on several recipients, action and what follows are those of the first one to
 * whom delivery has failed, or else of the last one.
 */
typedef struct Dsn
{
	bool		is_dsn;			/* whether it reports on a recipient at all */
	char		action[DSN_ACTION_SIZE];	/* in lower case; "" without one */
	char		status[DSN_STATUS_SIZE];	/* as 5.1.1; "" without one */
	char		diagnostic[DSN_DIAGNOSTIC_SIZE];	/* without its type,
													 * printable ASCII; ""
													 * without one */
	char		message_id[DSN_MESSAGE_ID_SIZE];	/* with its brackets; ""
													 * without one */
} Dsn;

/*
 * Read a message to its end.  The input may be of any size and content; what is
 * kept of it is bounded.  Returns false on a read error.
 */
extern bool dsn_read(FILE *in, Dsn *dsn);

/*
 * Whether the message will not be delivered any more.  An MTA that gives up
 * after days of trying says so with a status of 4.x.x.
 */
extern bool dsn_is_failure(const Dsn *dsn);

#endif							/* MAILER_DSN_H */
