/*
 * stage.c
 *		Whether a server's reply concerns the mail, by the command it answers.
 */
#include <string.h>
#include <strings.h>

#include "stage.h"

static bool starts_with(const char *command, size_t length, const char *start);
static bool contains(const char *command, size_t length, const char *word);

/*
 * A command counts only at its place in the order, since what AUTH sends after
 * its first line can look like a command.
 */
Stage
next_stage(Stage stage, const char *command, size_t length)
{
	/* Asked for on behalf of this recipient's address (RFC 6531, 3.4) */
	if (starts_with(command, length, "MAIL FROM:") && contains(command, length, " SMTPUTF8"))
		return STAGE_RECIPIENT;
	if (starts_with(command, length, "RCPT TO:"))
		return STAGE_RECIPIENT;
	if (stage == STAGE_RECIPIENT && starts_with(command, length, "DATA\r\n"))
		return STAGE_MESSAGE;
	return stage;
}

bool
is_quit(const char *command, size_t length)
{
	return starts_with(command, length, "QUIT\r\n");
}

int
reply_code(const char *line, size_t length)
{
	if (length < 3)
		return 0;
	for (int i = 0; i < 3; i++)
	{
		if (line[i] < '0' || line[i] > '9')
			return 0;
	}
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

Delivery
judge_reply(Stage stage, int reply)
{
	if (stage == STAGE_SESSION)
		return NO_SERVER;
	switch (reply)
	{
		case 421:				/* closes the connection, whatever it was
								 * asked */
			return BROKE_OFF;
		case 503:				/* bad sequence of commands */
		case 530:				/* log in, or start TLS, first: RFC 4954, 6;
								 * RFC 3207, 4 */
		case 534:
		case 535:
		case 538:
			return NO_SERVER;
		case 552:				/* for a recipient, the same as 452: RFC 5321,
								 * 4.5.3.1.10 */
			return stage == STAGE_RECIPIENT ? TRY_LATER : REFUSED;
	}
	if (reply >= 400 && reply <= 499)
		return TRY_LATER;
	if (reply >= 500 && reply <= 599)
		return REFUSED;
	return BROKE_OFF;
}

static bool
starts_with(const char *command, size_t length, const char *start)
{
	return length >= strlen(start) && strncasecmp(command, start, strlen(start)) == 0;
}

static bool
contains(const char *command, size_t length, const char *word)
{
	for (size_t i = 0; i + strlen(word) <= length; i++)
	{
		if (strncasecmp(command + i, word, strlen(word)) == 0)
			return true;
	}
	return false;
}
