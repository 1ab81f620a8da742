/*
 * bounce.h
 *		Reports a mail that came back, as a mail server passes it on.
 */
#ifndef MAILER_BOUNCE_H
#define MAILER_BOUNCE_H

#include <stdio.h>

#include "config.h"

/*
 * Read a delivery status notification, and tell the database if it says that the
 * mail will not be delivered.  recipient is the address it was sent to; NULL if
 * that is not known.  Returns a status of sysexits.h, after logging: EX_OK,
 * EX_DATAERR for what is no notification about a mail that is named in it, or
 * EX_TEMPFAIL, after which a mail server tries again.
 */
extern int	report_bounce(const Config *config, FILE *in, const char *recipient);

#endif							/* MAILER_BOUNCE_H */
