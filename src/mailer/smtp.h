/*
 * smtp.h
 *		Delivery, by libcurl.
 */
#ifndef MAILER_SMTP_H
#define MAILER_SMTP_H

#include <stdbool.h>

#include <curl/curl.h>

#include "config.h"
#include "outbox.h"
#include "stage.h"

typedef struct Smtp
{
	CURL	   *curl;			/* keeps the connection open between mails */
	const Config *config;
	bool		in_use;			/* whether the next mail may use a connection
								 * that has delivered one */
	Stage		stage;			/* what was sent last, for this mail */
	int			code;			/* the number of the reply to it; 0 for none
								 * yet */
	bool		quitting;		/* replies no longer concern a mail */
	char		reply[512];		/* the last refusal, or libcurl's message */
} Smtp;

extern bool smtp_open(Smtp *smtp, const Config *config);
extern void smtp_close(Smtp *smtp);

/* Deliver a mail; smtp->reply says why if that fails. */
extern Delivery smtp_send(Smtp *smtp, const Mail *mail);

/*
 * Connect, start TLS, log in, and see whether the server takes the sender;
 * smtp->reply says why if that fails.
 */
extern bool smtp_check(Smtp *smtp);

#endif							/* MAILER_SMTP_H */
