/*
 * json_input.h
 *		Arguments that are JSON arrays of objects.
 *
 * A path is how hints call a value: "requests[2].shifts[0].headcount". An invalid value
 * raises PT400 invalid_argument with a hint that has its path.  No hint has the value, or
 * a name from outside that is long or not plain ASCII.
 */
#ifndef TC_JSON_INPUT_H
#define TC_JSON_INPUT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/*
 * The elements of an array of least to most.  value may be NULL or null; of is
 * what the hint says the array is of, like "objects with \"id\"".
 */
extern JsonbValue *tc_json_elements(const JsonbValue *value, const char *path,
									int least, int most, const char *of, int *count);

/* The path of an element, palloc'd. */
extern char *tc_json_path(const char *path, int element);

/*
 * The members of an object, in the order of their names, jbvNull for one that it
 * lacks.  It has no others.
 */
extern JsonbValue *tc_json_members(const JsonbValue *object, const char *path,
								   const char *const *names, int count);

/*
 * A value in its type; NULL, or false, for null.  Numbers may be written as
 * strings.  A text is palloc'd; that of a number or boolean is its spelling.  A
 * time without an offset is that of the zone (local_time.h).
 */
extern char *tc_json_text(const JsonbValue *value, const char *path);
extern pg_uuid_t *tc_json_uuid(const JsonbValue *value, const char *path);
extern bool tc_json_time(const JsonbValue *value, const char *path, const char *zone,
						 TimestampTz *time);
extern bool tc_json_integer(const JsonbValue *value, const char *path, int32 *integer);

/*
 * The text of a member.  Raises no error: NULL if the value is not an object, or has no
 * such member, or the member is an object or array.
 */
extern char *tc_json_peek(const JsonbValue *object, const char *name);

#endif							/* TC_JSON_INPUT_H */
