/*
 * smtp.h
 *		Delivery, over libcurl.
 */
#ifndef MAILER_SMTP_H
#define MAILER_SMTP_H

#include <stdbool.h>

#include <curl/curl.h>

#include "config.h"
#include "outbox.h"

typedef enum Delivery
{
	DELIVERED,
	TRY_LATER,					/* this mail was refused for now, or broke off */
	REFUSED,					/* this mail was refused for good */
	NO_SERVER					/* no mail at all can be delivered now */
} Delivery;

typedef struct Smtp
{
	CURL	   *curl;			/* keeps the connection open between mails */
	const Config *config;
	bool		heard;			/* whether the server said anything to this mail */
	char		reply[512];		/* what the server said last, or libcurl */
} Smtp;

extern bool smtp_open(Smtp *smtp, const Config *config);
extern void smtp_close(Smtp *smtp);

/* Deliver a mail; smtp->reply says why if that fails. */
extern Delivery smtp_send(Smtp *smtp, const Mail *mail);

/* Connect, start TLS, log in; smtp->reply says why if that fails. */
extern bool smtp_check(Smtp *smtp);

#endif							/* MAILER_SMTP_H */
