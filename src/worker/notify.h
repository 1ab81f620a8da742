/*
 * notify.h
 *		Sends events to listeners when the transaction has committed.
 */
#ifndef TC_NOTIFY_H
#define TC_NOTIFY_H

#include "worker/ring.h"

#define EVENT_CHANNEL	"tempcloud_event"
#define MAIL_CHANNEL	"tempcloud_mail"
#define RESYNC_PAYLOAD	"{\"event\":\"resync\"}"

/*
 * Tell an event on channel tempcloud_event, or wake the mailers on channel
 * tempcloud_mail, if and when the transaction, and the subtransaction in
 * which this is called, commits.
 */
extern void tc_notify_event(const Event *event);
extern void tc_notify_mail(void);

/* An event as JSON, in the current memory context. */
extern char *tc_event_payload(const Event *event);

/* CREATE or DROP EXTENSION, maybe: have the worker look after the commit. */
extern void tc_notify_extension(void);

/* Called once, when the library is loaded.  Sets tc_command_hook, too. */
extern void tc_watch_transactions(void);

#endif							/* TC_NOTIFY_H */
