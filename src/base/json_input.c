/*
 * json_input.c
 *		Arguments that are JSON arrays of objects.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/input_check.h"
#include "base/json_input.h"
#include "base/local_time.h"
#include "base/refusal.h"

#define LONGEST_SHOWN_NAME 40

pg_noreturn static void refuse_member(const char *path, const JsonbValue *key,
									  const char *const *names, int count);
static bool is_showable(const char *s, int len);
static char *text_of(const JsonbValue *value);
static Datum convert(PGFunction function, Datum argument, const char *path,
					 const char *expectation);

JsonbValue *
tc_json_elements(const JsonbValue *value, const char *path, int least, int most,
				 const char *of, int *count)
{
	JsonbValue *elements;
	JsonbValue	element;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbContainer *container = NULL;

	if (value != NULL && value->type == jbvBinary)
		container = value->val.binary.data;
	if (container == NULL || !JsonContainerIsArray(container) || JsonContainerIsScalar(container) ||
		JsonContainerSize(container) < least || JsonContainerSize(container) > most)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a JSON array of %d to %d %s.",
					   path, least, most, of);

	*count = 0;
	elements = palloc(sizeof(JsonbValue) * (JsonContainerSize(container) + 1));
	iterator = JsonbIteratorInit(container);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			elements[(*count)++] = element;
	}
	return elements;
}

char *
tc_json_path(const char *path, int element)
{
	return psprintf("%s[%d]", path, element);
}

JsonbValue *
tc_json_members(const JsonbValue *object, const char *path, const char *const *names, int count)
{
	JsonbValue *members = palloc(sizeof(JsonbValue) * count);
	JsonbValue	value;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	int			member = 0;

	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a JSON object.", path);

	for (int i = 0; i < count; i++)
		members[i].type = jbvNull;
	iterator = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			for (member = 0; member < count; member++)
			{
				if (value.val.string.len == strlen(names[member]) &&
					memcmp(value.val.string.val, names[member], value.val.string.len) == 0)
					break;
			}
			if (member == count)
				refuse_member(path, &value, names, count);
		}
		else if (token == WJB_VALUE)
			members[member] = value;
	}
	return members;
}

char *
tc_json_text(const JsonbValue *value, const char *path)
{
	if (value->type == jbvBinary)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a string.", path);
	return text_of(value);
}

pg_uuid_t *
tc_json_uuid(const JsonbValue *value, const char *path)
{
	char	   *text = tc_json_text(value, path);

	if (text == NULL)
		return NULL;
	return DatumGetUUIDP(convert(uuid_in, CStringGetDatum(text), path, "a UUID"));
}

bool
tc_json_time(const JsonbValue *value, const char *path, const char *zone, TimestampTz *time)
{
	char	   *text = tc_json_text(value, path);

	if (text == NULL)
		return false;
	*time = tc_read_time(text, path, zone);
	return true;
}

bool
tc_json_integer(const JsonbValue *value, const char *path, int32 *integer)
{
	char	   *text = tc_json_text(value, path);
	Datum		number;

	if (text == NULL)
		return false;
	number = convert(numeric_in, CStringGetDatum(text), path, "an integer");
	*integer = DatumGetInt32(convert(numeric_int4, number, path, "an integer"));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number,
										  NumericGetDatum(int64_to_numeric(*integer)))))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be %s.", path, "an integer");
	return true;
}

char *
tc_json_peek(const JsonbValue *object, const char *name)
{
	JsonbValue	member;

	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data) ||
		getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name),
									 &member) == NULL)
		return NULL;
	return text_of(&member);
}

/* Names the permitted members, and the unknown one if it can be shown. */
static void
refuse_member(const char *path, const JsonbValue *key, const char *const *names, int count)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	if (is_showable(key->val.string.val, key->val.string.len))
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" has a member \"%.*s\", but can only have %s.",
					   path, key->val.string.len, key->val.string.val, list.data);
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" has an unknown member; it can only have %s.",
				   path, list.data);
}

static bool
is_showable(const char *s, int len)
{
	if (len > LONGEST_SHOWN_NAME || !tc_has_form(s, len, FORM_LINE))
		return false;
	for (int i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(s[i]))
			return false;
	}
	return true;
}

/* NULL for null, an object or an array */
static char *
text_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

/*
 * The result of a type's input function or cast.  Its own error would quote the
 * value: it is replaced.
 */
static Datum
convert(PGFunction function, Datum argument, const char *path, const char *expectation)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		result = (Datum) 0;

	PG_TRY();
	{
		result = DirectFunctionCall3(function, argument, ObjectIdGetDatum(InvalidOid),
									 Int32GetDatum(-1));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
			error->sqlerrcode != ERRCODE_FEATURE_NOT_SUPPORTED) /* an infinite integer */
			PG_RE_THROW();
		FlushErrorState();
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be %s.", path, expectation);
	}
	PG_END_TRY();
	return result;
}
