/*
 * extension_function.h
 *		Functions of the extensions that tempcloud requires.
 */
#ifndef TC_EXTENSION_FUNCTION_H
#define TC_EXTENSION_FUNCTION_H

#include "postgres.h"

#include "catalog/pg_type.h"

#define REQUIRED_MAX_ARGS 2

typedef struct RequiredFunction
{
	const char *extension;		/* its library has the same name */
	const char *symbol;			/* of the function in the library */
	int			nargs;
	Oid			argtypes[REQUIRED_MAX_ARGS];
	Oid			oid;			/* kept, see extension_function.c */
	uint64		found_at;
} RequiredFunction;

/* REQUIRED("pgcrypto", "pg_digest", BYTEAOID, TEXTOID) */
#define REQUIRED(library, name, ...) \
	{.extension = (library), .symbol = (name), .argtypes = {__VA_ARGS__}, \
	 .nargs = sizeof((Oid[]) {__VA_ARGS__}) / sizeof(Oid)}

/* The OID of the function; raises 42883 if the extension does not have it. */
extern Oid	tc_required(RequiredFunction *function);

#endif							/* TC_EXTENSION_FUNCTION_H */
