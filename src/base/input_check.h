/*
 * input_check.h
 *		The forms that text from outside must have.
 */
#ifndef TC_INPUT_CHECK_H
#define TC_INPUT_CHECK_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/uuid.h"

#include "base/address.h"

typedef enum Form
{
	FORM_LINE,					/* one line of 1 to 200 characters */
	FORM_PERSON_NAME,			/* a line that mail programs do not turn into
								 * a link */
	FORM_COMPANY_NAME,			/* the same, but it may be a host:
								 * "jobs.example GmbH" */
	FORM_PARAGRAPH,				/* some lines of together 1 to 2000 */
	FORM_FREE_TEXT,				/* any, but no token: what others write, or an
								 * admin */
	FORM_PHONE,					/* +49 30 123456 */
	FORM_EMAIL,					/* name@example.com */
	FORM_LOCALE,				/* de, de-AT */
	FORM_COUNTRY,				/* DE */
	FORM_WEBSITE,				/* http(s)://... */
	FORM_TIME_ZONE				/* Europe/Berlin, UTC */
} Form;

/*
 * Whether len bytes at s have the form.
 * Raises nothing.
 */
extern bool tc_has_form(const char *s, size_t len, Form form);

/* The string without white space at its ends, in place; NULL if nothing is left, or for NULL. */
extern char *tc_trim(char *value);

/*
 * The same, if what is left has the form.  An e-mail address gets its domain in
 * ASCII (address.h), and this server must know a time zone (local_time.h).
 * Otherwise PT400 invalid_email for FORM_EMAIL, for the others, and for the token
 * of a link, PT400 invalid_argument with a hint that has the name.
 */
extern char *tc_clean(char *value, const char *name, Form form);

/* tc_clean() of an e-mail address, but NULL for a string that is not one. */
extern char *tc_email(char *value);

/* Argument n of type text, palloc'd and not checked; NULL if it is null. */
extern char *tc_arg_text(FunctionCallInfo fcinfo, int n);

/* Both: tc_clean(tc_arg_text()). */
extern char *tc_arg(FunctionCallInfo fcinfo, int n, const char *name, Form form);

/* The same; PT400 also if it is null or blank. */
extern char *tc_arg_required(FunctionCallInfo fcinfo, int n, const char *name, Form form);

/*
 * The same for a value to be changed: NULL if it is null and to be left as it
 * is, "" if it is blank and to be cleared.  PT400 invalid_argument if it is
 * blank and not clearable.
 */
extern char *tc_arg_change(FunctionCallInfo fcinfo, int n, const char *name, Form form,
						   bool clearable);

/* PT400 invalid_argument unless there is a value. */
extern void tc_require(const void *value, const char *name);

/* Argument n of type uuid; PT400 invalid_argument if it is null. */
extern pg_uuid_t *tc_arg_uuid(FunctionCallInfo fcinfo, int n, const char *name);

/* The palloc'd label of a value of an enum type. */
extern char *tc_enum_label(Datum value);

#endif							/* TC_INPUT_CHECK_H */
