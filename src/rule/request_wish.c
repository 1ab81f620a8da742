/*
 * request_wish.c
 *		The requests of an order as the customer passes them.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/input_check.h"
#include "base/json_input.h"
#include "base/local_time.h"
#include "base/refusal.h"
#include "rule/request.h"
#include "rule/request_wish.h"

#define MOST_REQUESTS 100		/* of an order */
#define MOST_PEOPLE 1000		/* of a shift, as in shift_headcount */
#define LONGEST_SHIFT (24 * USECS_PER_HOUR) /* as in shift_times */

static void read_wish(const JsonbValue *request, const char *time_zone, Wish *wish);
static void complete(Wish *wish, const char *time_zone, const char *answer_by,
					 const JsonbValue *shifts);
static void clean(Wish *wish, const char *time_zone);
static char *clean_member(const Wish *wish, const char *name, char *value, Form form,
						  bool required);
static void read_shifts(const JsonbValue *shifts, Wish *wish);
static void read_shift(const JsonbValue *value, const char *time_zone, WishedShift *shift);
static int	compare_shifts(const void *a, const void *b);
pg_noreturn static void refuse_shift(const WishedShift *shift, const char *problem);
pg_noreturn static void refuse_answer_by(const Wish *wish);

Wish *
tc_read_wishes(Jsonb *requests, const char *time_zone, int *count)
{
	JsonbValue	value = {.type = jbvNull};
	JsonbValue *elements;
	Wish	   *wishes;

	if (requests != NULL)
		JsonbToJsonbValue(requests, &value);
	elements = tc_json_elements(&value, "requests", 1, MOST_REQUESTS, "objects", count);
	wishes = palloc0(sizeof(Wish) * *count);
	for (int i = 0; i < *count; i++)
	{
		wishes[i].path = tc_json_path("requests", i);
		read_wish(&elements[i], time_zone, &wishes[i]);
	}
	return wishes;
}

static void
read_wish(const JsonbValue *request, const char *time_zone, Wish *wish)
{
	enum
	{
		PROVIDER_ID, PROFESSION, LOCATION, DEPARTMENT, REQUIREMENTS, TIME_ZONE, ANSWER_BY, SHIFTS
	};
	static const char *const names[] = {
		[PROVIDER_ID] = "provider_id",
		[PROFESSION] = "profession",
		[LOCATION] = "location",
		[DEPARTMENT] = "department",
		[REQUIREMENTS] = "requirements",
		[TIME_ZONE] = "time_zone",
		[ANSWER_BY] = "answer_by",
		[SHIFTS] = "shifts"
	};
	JsonbValue *members = tc_json_members(request, wish->path, names, lengthof(names));
	char	   *paths[lengthof(names)];

	for (int i = 0; i < lengthof(names); i++)
		paths[i] = tc_wish_member(wish, names[i]);
	wish->provider_id = tc_json_uuid(&members[PROVIDER_ID], paths[PROVIDER_ID]);
	wish->profession = tc_json_text(&members[PROFESSION], paths[PROFESSION]);
	wish->location = tc_json_text(&members[LOCATION], paths[LOCATION]);
	wish->department = tc_json_text(&members[DEPARTMENT], paths[DEPARTMENT]);
	wish->requirements = tc_json_text(&members[REQUIREMENTS], paths[REQUIREMENTS]);
	wish->time_zone = tc_json_text(&members[TIME_ZONE], paths[TIME_ZONE]);
	complete(wish, time_zone, tc_json_text(&members[ANSWER_BY], paths[ANSWER_BY]), &members[SHIFTS]);
}

void
tc_complete_wish(Wish *wish, const char *time_zone, const char *answer_by, Jsonb *shifts)
{
	JsonbValue	value = {.type = jbvNull};

	if (shifts != NULL)
		JsonbToJsonbValue(shifts, &value);
	complete(wish, time_zone, answer_by, &value);
}

static void
complete(Wish *wish, const char *time_zone, const char *answer_by, const JsonbValue *shifts)
{
	clean(wish, time_zone);
	read_shifts(shifts, wish);
	wish->answer_by = answer_by == NULL ? wish->shifts[0].starts_at :
		tc_read_time(answer_by, tc_wish_member(wish, "answer_by"), wish->time_zone);
	if (wish->answer_by > wish->shifts[0].starts_at)
		refuse_answer_by(wish);
}

static void
clean(Wish *wish, const char *time_zone)
{
	tc_require(wish->provider_id, tc_wish_member(wish, "provider_id"));
	wish->profession = clean_member(wish, "profession", wish->profession, FORM_LINE, true);
	wish->location = clean_member(wish, "location", wish->location, FORM_LINE, true);
	wish->department = clean_member(wish, "department", wish->department, FORM_LINE, false);
	wish->requirements = clean_member(wish, "requirements", wish->requirements, FORM_PARAGRAPH,
									  false);
	if (tc_trim(wish->time_zone) == NULL)
		wish->time_zone = pstrdup(time_zone);
	wish->time_zone = clean_member(wish, "time_zone", wish->time_zone, FORM_TIME_ZONE, true);
}

static char *
clean_member(const Wish *wish, const char *name, char *value, Form form, bool required)
{
	char	   *path = tc_wish_member(wish, name);

	value = tc_clean(value, path, form);
	if (required)
		tc_require(value, path);
	return value;
}

/* Sorts the shifts by time; PT400 if two of them overlap. */
static void
read_shifts(const JsonbValue *shifts, Wish *wish)
{
	char	   *path = tc_wish_member(wish, "shifts");
	JsonbValue *elements = tc_json_elements(shifts, path, 1, MOST_SHIFTS,
											"objects with \"starts_at\", \"ends_at\" and "
											"\"headcount\"", &wish->nshifts);

	wish->shifts = palloc(sizeof(WishedShift) * wish->nshifts);
	for (int i = 0; i < wish->nshifts; i++)
	{
		wish->shifts[i].path = tc_json_path(path, i);
		read_shift(&elements[i], wish->time_zone, &wish->shifts[i]);
	}
	qsort(wish->shifts, wish->nshifts, sizeof(WishedShift), compare_shifts);
	for (int i = 1; i < wish->nshifts; i++)
	{
		if (wish->shifts[i].starts_at < wish->shifts[i - 1].ends_at)
			refuse_shift(&wish->shifts[i], "overlaps another one of the same request");
	}
}

static void
read_shift(const JsonbValue *value, const char *time_zone, WishedShift *shift)
{
	enum
	{
		STARTS_AT, ENDS_AT, HEADCOUNT
	};
	static const char *const names[] = {
		[STARTS_AT] = "starts_at",
		[ENDS_AT] = "ends_at",
		[HEADCOUNT] = "headcount"
	};
	JsonbValue *members = tc_json_members(value, shift->path, names, lengthof(names));
	char	   *paths[lengthof(names)];

	for (int i = 0; i < lengthof(names); i++)
		paths[i] = psprintf("%s.%s", shift->path, names[i]);
	if (!tc_json_time(&members[STARTS_AT], paths[STARTS_AT], time_zone, &shift->starts_at) ||
		!tc_json_time(&members[ENDS_AT], paths[ENDS_AT], time_zone, &shift->ends_at) ||
		!tc_json_integer(&members[HEADCOUNT], paths[HEADCOUNT], &shift->headcount))
		refuse_shift(shift, "needs \"starts_at\", \"ends_at\" and \"headcount\"");
	if (shift->ends_at <= shift->starts_at ||
		shift->ends_at - shift->starts_at > LONGEST_SHIFT)
		refuse_shift(shift, "must end at most 24 hours after its start");
	if (shift->headcount < 1 || shift->headcount > MOST_PEOPLE)
		refuse_shift(shift, "must ask for 1 to 1000 people");
}

static int
compare_shifts(const void *a, const void *b)
{
	TimestampTz first = ((const WishedShift *) a)->starts_at;
	TimestampTz second = ((const WishedShift *) b)->starts_at;

	return first < second ? -1 : first > second ? 1 : 0;
}

void
tc_require_future(const Wish *wish)
{
	if (wish->shifts[0].starts_at <= tc_now())
		refuse_shift(&wish->shifts[0], "begins in the past");
	if (wish->answer_by <= tc_now())
		refuse_answer_by(wish);
}

/*
 * The digest is of the values to be stored.  Each text ends with a NUL,
 * which no text contains.
 */
bytea *
tc_digest_wishes(const char *name, const Wish *wishes, int count)
{
	StringInfoData content;

	initStringInfo(&content);
	appendBinaryStringInfo(&content, name, strlen(name) + 1);
	for (int i = 0; i < count; i++)
	{
		const Wish *wish = &wishes[i];
		const char *texts[] = {wish->profession, wish->location, wish->department,
		wish->requirements, wish->time_zone};

		appendBinaryStringInfo(&content, (const char *) wish->provider_id, UUID_LEN);
		for (int t = 0; t < lengthof(texts); t++)
			appendBinaryStringInfo(&content, texts[t] ? texts[t] : "",
								   (texts[t] ? strlen(texts[t]) : 0) + 1);
		appendStringInfo(&content, INT64_FORMAT " %d\n", wish->answer_by, wish->nshifts);
		for (int n = 0; n < wish->nshifts; n++)
			appendStringInfo(&content, INT64_FORMAT " " INT64_FORMAT " %d\n",
							 wish->shifts[n].starts_at, wish->shifts[n].ends_at,
							 wish->shifts[n].headcount);
	}
	return tc_sha256((uint8 *) content.data, content.len);
}

char *
tc_wish_member(const Wish *wish, const char *name)
{
	return psprintf("%s%s%s", wish->path, *wish->path == '\0' ? "" : ".", name);
}

static void
refuse_shift(const WishedShift *shift, const char *problem)
{
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" is refused: a shift %s.",
				   shift->path, problem);
}

static void
refuse_answer_by(const Wish *wish)
{
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a time from now to the "
				   "start of the first shift.", tc_wish_member(wish, "answer_by"));
}
