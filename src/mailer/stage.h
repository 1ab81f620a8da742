/*
 * stage.h
 *		Whether a server's reply concerns the mail, by the command it answers.
 *
 * A reply to RCPT TO, or to DATA and the message, concerns this mail.  An earlier
 * one concerns the mailer: its configuration, and whether the server accepts
 * mails from it.  libcurl returns the number of the last reply, but not the
 * command that it answers; so the commands are followed here.
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

/* The number at the beginning of a line of a reply; 0 if there is none. */
extern int	reply_code(const char *line, size_t length);

/*
 * The outcome for a mail that was not delivered.  reply is the number of the
 * reply to the last command; 0 if there was none.
 */
extern Delivery judge_reply(Stage stage, int reply);

#endif							/* MAILER_STAGE_H */
