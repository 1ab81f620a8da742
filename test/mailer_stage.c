/*
 * mailer_stage.c
 *		Prints what the mailer makes of replies, for test/t/027_smtp_stage.pl.
 *
 * Each line of the input is a conversation as "command command ... reply"; the
 * parts are separated by tabs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

int
main(void)
{
	static const char *const names[] = {
		[DELIVERED] = "delivered",
		[TRY_LATER] = "later",
		[REFUSED] = "refused",
		[BROKE_OFF] = "broke off",
		[NO_SERVER] = "no server",
	};
	char		line[1024];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		Stage		stage = STAGE_SESSION;
		char	   *part = strtok(line, "\t\n");
		char	   *next;

		while ((next = strtok(NULL, "\t\n")) != NULL)
		{
			char		command[1024];
			int			length = snprintf(command, sizeof(command), "%s\r\n", part);

			stage = next_stage(stage, command, length);
			part = next;
		}
		puts(names[judge_reply(stage, reply_code(part, strlen(part)))]);
	}
	return 0;
}
