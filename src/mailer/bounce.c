/*
 * bounce.c
 *		Reports a bounced mail from the notification of a mail server.
 */
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "bounce.h"
#include "dsn.h"
#include "log.h"
#include "outbox.h"

#define ID_SIZE 64				/* a UUID, and room */

static int	report(const Config *config, const Dsn *dsn, const char *id);
static bool find_envelope_id(const char *pattern, const char *recipient, char *id);

int
report_bounce(const Config *config, FILE *in, const char *recipient)
{
	Dsn			dsn;
	char		id[ID_SIZE] = "";

	if (!dsn_read(in, &dsn))
	{
		log_entry("error", "bounce", "reason=\"could not read the message\"");
		return EX_TEMPFAIL;
	}
	if (!dsn.is_dsn)
	{
		log_entry("warning", "bounce", "reason=\"not a delivery status notification\"");
		return EX_DATAERR;
	}
	if (!dsn_is_failure(&dsn))
	{
		log_entry("info", "not-bounced", "action=%s status=%s", quoted(dsn.action), quoted(dsn.status));
		return EX_OK;
	}
	if (recipient != NULL)
		(void) find_envelope_id(config->envelope_from, recipient, id);
	if (dsn.message_id[0] == '\0' && id[0] == '\0')
	{
		log_entry("warning", "bounce", "reason=\"the notification does not name a mail\"");
		return EX_DATAERR;
	}
	return report(config, &dsn, id);
}

/* By the Message-ID of the returned mail, or else by the id in the recipient. */
static int
report(const Config *config, const Dsn *dsn, const char *id)
{
	PGconn	   *conn = outbox_connect(config);
	char		reason[DSN_DIAGNOSTIC_SIZE];
	bool		found = false;
	bool		good = conn != NULL;

	if (dsn->diagnostic[0] != '\0')
		strcpy(reason, dsn->diagnostic);
	else
		snprintf(reason, sizeof(reason), "status %s", dsn->status);
	if (good && dsn->message_id[0] != '\0')
		good = outbox_bounced(conn, dsn->message_id, reason, &found);
	if (good && !found && id[0] != '\0')
		good = outbox_bounced(conn, id, reason, &found);
	PQfinish(conn);
	if (!good)
		return EX_TEMPFAIL;
	log_entry(found ? "info" : "warning", found ? "bounced" : "bounce-unknown",
			  "status=%s reason=%s", quoted(dsn->status), quoted(reason));
	return EX_OK;
}

/*
 * Copies the part of recipient that matches {id} in pattern, which is envelope_from.
 * Returns false if there is none.  Mail servers may change the case of an address.
 */
static bool
find_envelope_id(const char *pattern, const char *recipient, char *id)
{
	const char *mark = strstr(pattern, ENVELOPE_ID);
	const char *rest = mark ? mark + strlen(ENVELOPE_ID) : "";
	size_t		before = mark ? (size_t) (mark - pattern) : 0;
	size_t		length;

	if (mark == NULL || strncasecmp(recipient, pattern, before) != 0)
		return false;
	recipient += before;
	length = strspn(recipient, "0123456789abcdefABCDEF-");
	if (length == 0 || length >= ID_SIZE || strcasecmp(recipient + length, rest) != 0)
		return false;
	memcpy(id, recipient, length);
	id[length] = '\0';
	return true;
}
