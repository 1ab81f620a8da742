/*
 * outbox.c
 *		The outbox, by libpq.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "outbox.h"

static PGresult *call(PGconn *conn, const char *sql, int nparams, const char *const *params,
					  ExecStatusType expected);
static bool report(PGconn *conn, const char *sql, int nparams, const char *const *params);
static bool ask(PGconn *conn, const char *sql, int nparams, const char *const *params,
				bool *answer);

PGconn *
outbox_connect(const Config *config)
{
	/*
	 * The connection string overrides the parameters that precede it here.  A
	 * dead connection is noticed after 25 seconds, idle or not: 10 + 3 * 5,
	 * or tcp_user_timeout where the system supports it.
	 */
	const char *const names[] = {
		"application_name", "connect_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "dbname", NULL
	};
	const char *const values[] = {
		"tempcloud-mailer", "10", "10", "5", "3", "25000", config->database, NULL
	};
	PGconn	   *conn = PQconnectdbParams(names, values, 1);

	if (PQstatus(conn) != CONNECTION_OK)
	{
		log_entry("error", "database", "reason=%s", quoted(PQerrorMessage(conn)));
		PQfinish(conn);
		return NULL;
	}
	PQsetClientEncoding(conn, "UTF8");
	return conn;
}

bool
outbox_listen(PGconn *conn)
{
	PGresult   *result = call(conn, "LISTEN tempcloud_mail", 0, NULL, PGRES_COMMAND_OK);

	PQclear(result);
	return result != NULL;
}

bool
outbox_claim(PGconn *conn, const Config *config, Batch *batch)
{
	const char *params[] = {config->batch, config->lease};

	batch->rows = call(conn,
					   "SELECT id, kind, recipient, recipient_name, subject, text_body,"
					   " html_body, message_id, attempt, reply_to"
					   " FROM tempcloud.claim_mail($1, pg_catalog.make_interval(secs => $2))",
					   2, params, PGRES_TUPLES_OK);
	batch->count = batch->rows ? PQntuples(batch->rows) : 0;
	return batch->rows != NULL;
}

Mail
batch_mail(const Batch *batch, int i)
{
	PGresult   *rows = batch->rows;

	return (Mail)
	{
		.id = PQgetvalue(rows, i, 0),
			.kind = PQgetvalue(rows, i, 1),
			.recipient = PQgetvalue(rows, i, 2),
			.recipient_name = PQgetvalue(rows, i, 3),
			.subject = PQgetvalue(rows, i, 4),
			.text_body = PQgetvalue(rows, i, 5),
			.html_body = PQgetisnull(rows, i, 6) ? NULL : PQgetvalue(rows, i, 6),
			.message_id = PQgetvalue(rows, i, 7),
			.attempt = PQgetvalue(rows, i, 8),
			.reply_to = PQgetisnull(rows, i, 9) ? NULL : PQgetvalue(rows, i, 9),
	};
}

void
batch_free(Batch *batch)
{
	PQclear(batch->rows);
	batch->rows = NULL;
	batch->count = 0;
}

bool
outbox_sent(PGconn *conn, const char *id)
{
	return report(conn, "SELECT tempcloud.mail_sent(ARRAY[$1::pg_catalog.uuid])", 1, &id);
}

bool
outbox_failed(PGconn *conn, const char *id, const char *error, bool permanent)
{
	const char *params[] = {id, error, permanent ? "true" : "false"};

	return report(conn, "SELECT tempcloud.mail_failed($1, $2, $3)", 3, params);
}

bool
outbox_bounced(PGconn *conn, const char *message_id, const char *reason, bool *found)
{
	const char *params[] = {message_id, reason};

	return ask(conn, "SELECT tempcloud.mail_bounced($1, $2)", 2, params, found);
}

bool
outbox_release(PGconn *conn, const Batch *batch, int first)
{
	size_t		size = 3;
	char	   *ids;
	const char *param;
	bool		good;

	if (first >= batch->count)
		return true;
	for (int i = first; i < batch->count; i++)
		size += strlen(batch_mail(batch, i).id) + 1;
	ids = calloc(size, 1);
	if (ids == NULL)
		return false;			/* the leases run out */
	for (int i = first; i < batch->count; i++)
	{
		strcat(ids, i == first ? "{" : ",");
		strcat(ids, batch_mail(batch, i).id);
	}
	strcat(ids, "}");
	param = ids;
	good = report(conn, "SELECT tempcloud.release_mail($1)", 1, &param);
	free(ids);
	return good;
}

bool
outbox_check(PGconn *conn)
{
	bool		good;

	if (ask(conn,
			"SELECT pg_catalog.has_function_privilege("
			"'tempcloud.claim_mail(integer, interval)', 'EXECUTE')",
			0, NULL, &good) && !good)
		fprintf(stderr, "database: role \"%s\" is not a member of tempcloud_mailer\n",
				PQuser(conn));
	return good;
}

/*
 * The setting is null if it is not set and the library is not loaded: then it has
 * its default, tempcloud.invalid.  The top-level domain invalid is reserved
 * (RFC 2606).
 */
bool
outbox_has_domain(PGconn *conn)
{
	bool		invalid;

	(void) ask(conn,
			   "SELECT COALESCE(pg_catalog.current_setting("
			   "'tempcloud.message_id_domain', true), 'invalid')"
			   " OPERATOR(pg_catalog.~*) '(^|[.])invalid$'",
			   0, NULL, &invalid);
	return !invalid;
}

static bool
report(PGconn *conn, const char *sql, int nparams, const char *const *params)
{
	PGresult   *result = call(conn, sql, nparams, params, PGRES_TUPLES_OK);

	PQclear(result);
	return result != NULL;
}

/* A call that returns a boolean.  False, after logging, on failure. */
static bool
ask(PGconn *conn, const char *sql, int nparams, const char *const *params, bool *answer)
{
	PGresult   *result = call(conn, sql, nparams, params, PGRES_TUPLES_OK);

	*answer = result != NULL && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return result != NULL;
}

static PGresult *
call(PGconn *conn, const char *sql, int nparams, const char *const *params,
	 ExecStatusType expected)
{
	PGresult   *result = PQexecParams(conn, sql, nparams, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(result) == expected)
		return result;
	log_entry("error", "database", "reason=%s", quoted(PQerrorMessage(conn)));
	PQclear(result);
	return NULL;
}
