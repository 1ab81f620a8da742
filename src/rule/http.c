/*
 * http.c
 *		The HTTP request that a call came with, as PostgREST tells it.
 *
 * PostgREST sets request.method and request.path for each transaction.  In a call
 * by plain SQL neither is set.  A client that can set them can also leave them
 * out, so these checks protect no data; they report a client's mistake.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "rewrite/rewriteHandler.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/refusal.h"
#include "rule/http.h"

#define METHOD_PARAMETER "request.method"
#define PATH_PARAMETER "request.path"

static bool came_by(const char *method);
static char *decode_path(const char *path);
static int	hex_digit(char c);

PG_FUNCTION_INFO_V1(tempcloud_check_request);

/*
 * check_request() returns void: for PostgREST's db-pre-request.
 *
 * Raises PT405 read_only for a request to write to a view of this extension that
 * is not updatable.  PostgreSQL would raise 55000, before it checks privileges,
 * and PostgREST would answer with status 500.  The view is found by the search
 * path, in which PostgREST has put the schema of the request first.
 */
Datum
tempcloud_check_request(PG_FUNCTION_ARGS)
{
	const char *path = GetConfigOption(PATH_PARAMETER, true, false);
	Oid			relation;

	if (path == NULL || *path != '/' ||
		!(came_by("POST") || came_by("PUT") || came_by("PATCH") || came_by("DELETE")))
		PG_RETURN_VOID();

	relation = RelnameGetRelid(decode_path(path + 1));
	if (OidIsValid(relation) &&
		get_rel_namespace(relation) == get_func_namespace(fcinfo->flinfo->fn_oid) &&
		get_rel_relkind(relation) == RELKIND_VIEW &&
		relation_is_updatable(relation, NIL, true, NULL) == 0)
		tc_refuse(READ_ONLY);
	PG_RETURN_VOID();
}

void
tc_require_post(void)
{
	if (came_by("GET") || came_by("HEAD"))
		tc_refuse(POST_ONLY);
}

/* Whether the call came by a request of this method; false for plain SQL. */
static bool
came_by(const char *method)
{
	const char *value = GetConfigOption(METHOD_PARAMETER, true, false);

	return value != NULL && strcmp(value, method) == 0;
}

/* Returns the path with each %XX replaced by its byte, as PostgREST reads it; palloc'd. */
static char *
decode_path(const char *path)
{
	char	   *result = palloc(strlen(path) + 1);
	char	   *end = result;

	while (*path != '\0')
	{
		if (path[0] == '%' && hex_digit(path[1]) >= 0 && hex_digit(path[2]) >= 0)
		{
			*end++ = hex_digit(path[1]) * 16 + hex_digit(path[2]);
			path += 3;
		}
		else
			*end++ = *path++;
	}
	*end = '\0';
	return result;
}

/* Returns the value of a hexadecimal digit, or -1 for another character. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
