/*
 * required.h
 *		Functions of the extensions that tempcloud requires.
 */
#ifndef TC_REQUIRED_H
#define TC_REQUIRED_H

#include "postgres.h"

typedef struct RequiredFunction
{
	const char *extension;
	const char *name;
	const char *argtypes;		/* as pg_type names them: "bytea, int4" */
	Oid			oid;			/* kept, see required.c */
	uint64		found_at;
} RequiredFunction;

/* The OID of the function; 42883 if the extension has none such. */
extern Oid	tc_required(RequiredFunction *function);

#endif							/* TC_REQUIRED_H */
