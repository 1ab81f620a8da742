/*
 * dsn.c
 *		Whatever a message is, what is taken from a notification has its form.
 */
#include "postgres_fe.h"

#include "../../src/mailer/dsn.h"
#include "fuzz.h"

/* Printable ASCII that ends within its room */
static void
check_text(const char *text, size_t size)
{
	size_t		length = strnlen(text, size);

	ALWAYS(length < size);
	for (size_t i = 0; i < length; i++)
		ALWAYS(text[i] >= ' ' && text[i] <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	FILE	   *in = size > 0 ? fmemopen((void *) data, size, "r") : fopen("/dev/null", "r");
	Dsn			dsn;

	ALWAYS(in != NULL);
	ALWAYS(dsn_read(in, &dsn));
	fclose(in);
	check_text(dsn.action, sizeof(dsn.action));
	check_text(dsn.status, sizeof(dsn.status));
	check_text(dsn.diagnostic, sizeof(dsn.diagnostic));
	check_text(dsn.message_id, sizeof(dsn.message_id));
	ALWAYS(dsn.is_dsn == (dsn.action[0] != '\0'));
	ALWAYS(dsn.is_dsn || !dsn_is_failure(&dsn));
	if (dsn.message_id[0] != '\0')
	{
		ALWAYS(dsn.message_id[0] == '<');
		ALWAYS(strchr(dsn.message_id, '>') == dsn.message_id + strlen(dsn.message_id) - 1);
	}
	free_all();
	return 0;
}
