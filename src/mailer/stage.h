/*
 * stage.h
 *		What a server's reply says about a mail, by what it replies to.
 *
 * A reply to RCPT TO, or to DATA and the message, is about this mail.  Before
 * them it is about the mailer: how it is configured, and whether the server
 * takes mails from it.  libcurl tells the number of the last reply, but not
 * which command it answers; hence the commands are followed here.
 */
#ifndef MAILER_STAGE_H
#define MAILER_STAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum Delivery
{
	DELIVERED,
	TRY_LATER,					/* this mail was refused for now */
	REFUSED,					/* this mail was refused for good */
	BROKE_OFF,					/* the connection ended in the middle of this
								 * mail */
	NO_SERVER					/* no mail at all can be delivered now */
} Delivery;

typedef enum Stage
{
	STAGE_SESSION,				/* greeting, EHLO, STARTTLS, AUTH, MAIL FROM */
	STAGE_RECIPIENT,			/* RCPT TO */
	STAGE_MESSAGE				/* DATA, and the message */
} Stage;

/* The stage after a command is sent, which need not end in a null byte. */
extern Stage next_stage(Stage stage, const char *command, size_t length);

extern bool is_quit(const char *command, size_t length);

/* The number a line of a reply begins with; 0 without one. */
extern int	reply_code(const char *line, size_t length);

/*
 * What it means that a mail was not delivered, if reply is the number of the
 * reply to the last command; 0 if there was none.
 */
extern Delivery judge_reply(Stage stage, int reply);

#endif							/* MAILER_STAGE_H */
