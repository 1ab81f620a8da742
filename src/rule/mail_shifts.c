/*
 * mail_shifts.c
 *		The shifts of a request in a mail.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/query.h"
#include "rule/mail_shifts.h"
#include "rule/mail_time.h"

#define MOST_TOLD_SHIFTS 20
#define MOST_TOLD_NAMES 50

/*
 * The first shifts of a request, at most $3, each with the first of its workers; of
 * all shifts together at most $4, so that the query reads no more names than are told.
 */
static KeptQuery find_shifts =
QUERY("SELECT s.starts_at, s.ends_at, s.headcount, COALESCE(s.offered, s.headcount),"
	  "       s.assigned, s.told, w.names"
	  "  FROM (SELECT s.*, GREATEST(LEAST(s.assigned, $4 - COALESCE(sum(s.assigned)"
	  "                OVER (ORDER BY s.starts_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0)"
	  "                ::integer AS told"
	  "          FROM (SELECT s.starts_at, s.ends_at, s.headcount, s.offered, s.id, s.customer_id,"
	  "                       (SELECT count(*) FROM tempcloud_data.assignment p"
	  "                         WHERE p.shift_id = s.id AND p.customer_id = s.customer_id"
	  "                           AND p.replaced_at IS NULL)::integer AS assigned"
	  "                  FROM tempcloud_data.shift s"
	  "                 WHERE s.request_id = $1 AND s.customer_id = $2"
	  "                 ORDER BY s.starts_at LIMIT $3) s) s"
	  " CROSS JOIN LATERAL ("
	  "  SELECT string_agg(p.worker_name, ', ' ORDER BY p.place) AS names"
	  "    FROM (SELECT p.worker_name, p.place FROM tempcloud_data.assignment p"
	  "           WHERE p.shift_id = s.id AND p.customer_id = s.customer_id AND p.replaced_at IS NULL"
	  "           ORDER BY p.place LIMIT s.told) p) w"
	  " ORDER BY s.starts_at");

enum
{
	SHIFT_STARTS_AT = 1, SHIFT_ENDS_AT, SHIFT_HEADCOUNT, SHIFT_OFFERED, SHIFT_ASSIGNED,
	SHIFT_TOLD, SHIFT_NAMES
};

static KeptQuery count_shifts =
QUERY("SELECT count(*) FROM tempcloud_data.shift WHERE request_id = $1 AND customer_id = $2");

enum
{
	SHIFT_COUNT = 1
};

static void append_shift(StringInfo text, Rows rows, uint64 row, const char *time_zone,
						 const char *locale);
static void append_workers(StringInfo text, Rows rows, uint64 row, const char *locale);
static void append_more(StringInfo text, int count, const char *locale);

char *
tc_mail_shifts(const pg_uuid_t *request_id, const pg_uuid_t *customer_id, const char *time_zone,
			   const char *locale)
{
	Rows		rows = tc_run(&find_shifts, UUID_VALUE(request_id), UUID_VALUE(customer_id),
							  INT_VALUE(MOST_TOLD_SHIFTS), INT_VALUE(MOST_TOLD_NAMES));
	Rows		count = tc_run(&count_shifts, UUID_VALUE(request_id), UUID_VALUE(customer_id));
	int			more = tc_integer(count, 0, SHIFT_COUNT) - rows.count;
	StringInfoData text;

	initStringInfo(&text);
	for (uint64 i = 0; i < rows.count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&text, '\n');
		append_shift(&text, rows, i, time_zone, locale);
	}
	if (more > 0)
	{
		appendStringInfoChar(&text, '\n');
		append_more(&text, more, locale);
	}
	return text.data;
}

static void
append_shift(StringInfo text, Rows rows, uint64 row, const char *time_zone, const char *locale)
{
	int			headcount = tc_integer(rows, row, SHIFT_HEADCOUNT);
	int			offered = tc_integer(rows, row, SHIFT_OFFERED);

	appendStringInfo(text, "%s: ", tc_mail_span(tc_time(rows, row, SHIFT_STARTS_AT),
												tc_time(rows, row, SHIFT_ENDS_AT), time_zone, locale));
	if (offered < headcount)
		appendStringInfo(text, "%d/", offered);
	appendStringInfo(text, "%d", headcount);
	if (tc_integer(rows, row, SHIFT_ASSIGNED) > 0)
		append_workers(text, rows, row, locale);
}

static void
append_workers(StringInfo text, Rows rows, uint64 row, const char *locale)
{
	int			more = tc_integer(rows, row, SHIFT_ASSIGNED) - tc_integer(rows, row, SHIFT_TOLD);
	char	   *names = tc_text(rows, row, SHIFT_NAMES);

	appendStringInfo(text, " (%s", names ? names : "...");
	if (names != NULL && more > 0)
	{
		appendStringInfoChar(text, ' ');
		append_more(text, more, locale);
	}
	appendStringInfoChar(text, ')');
}

static void
append_more(StringInfo text, int count, const char *locale)
{
	if (tc_is_language(locale, "de"))
		appendStringInfo(text, "und %d weitere", count);
	else if (tc_is_language(locale, "en"))
		appendStringInfo(text, "and %d more", count);
	else
		appendStringInfo(text, "+%d", count);
}
