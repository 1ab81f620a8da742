/*
 * outbox.h
 *		The outbox, by libpq.
 */
#ifndef MAILER_OUTBOX_H
#define MAILER_OUTBOX_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "config.h"

/* A mail as claim_mail() returns it; lives as long as its Batch. */
typedef struct Mail
{
	const char *id;
	const char *kind;
	const char *recipient;
	const char *recipient_name;
	const char *subject;
	const char *text_body;
	const char *html_body;		/* NULL if there is none */
	const char *message_id;
	const char *attempt;
	const char *reply_to;		/* NULL if there is none */
} Mail;

typedef struct Batch
{
	PGresult   *rows;
	int			count;
} Batch;

/*
 * Connect.  Returns NULL, after logging why, if that fails.  A dead connection is
 * noticed within half a minute.
 */
extern PGconn *outbox_connect(const Config *config);

/* LISTEN for new mails; false, after logging, if that fails. */
extern bool outbox_listen(PGconn *conn);

/* Claim a batch; false, after logging, if the connection or the call failed. */
extern bool outbox_claim(PGconn *conn, const Config *config, Batch *batch);
extern Mail batch_mail(const Batch *batch, int i);
extern void batch_free(Batch *batch);

/* Report; false, after logging, on failure: the lease runs out then. */
extern bool outbox_sent(PGconn *conn, const char *id);
extern bool outbox_failed(PGconn *conn, const char *id, const char *error, bool permanent);

/*
 * Report a bounce, of a Message-ID or of its local part; *found tells whether
 * there is such a mail.  False, after logging, on failure.
 */
extern bool outbox_bounced(PGconn *conn, const char *message_id, const char *reason, bool *found);

/*
 * Give back the mails of a batch from number first on; false on failure: their
 * leases run out then.
 */
extern bool outbox_release(PGconn *conn, const Batch *batch, int first);

/*
 * Whether the role may call claim_mail(); if not, says so on standard error, or logs
 * why the query failed.
 */
extern bool outbox_check(PGconn *conn);

/*
 * Whether tempcloud.message_id_domain is set to a domain that does not end in
 * .invalid; also true if the query failed.
 */
extern bool outbox_has_domain(PGconn *conn);

#endif							/* MAILER_OUTBOX_H */
