/*
 * required.c
 *		Functions of the extensions that tempcloud requires.
 *
 * An extension may have been installed into any schema and may be moved to
 * another one.  Its functions are therefore found as what they are, members of
 * the extension, and not by a search path that somebody could put a function
 * of the same name into.
 */
#include "postgres.h"

#include "utils/inval.h"
#include "utils/syscache.h"

#include "query.h"
#include "required.h"

static KeptQuery find_member =
QUERY("SELECT p.oid"
	  "  FROM pg_catalog.pg_extension e"
	  "  JOIN pg_catalog.pg_depend d"
	  "    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
	  "   AND d.refobjid = e.oid AND d.deptype = 'e'"
	  "   AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
	  "  JOIN pg_catalog.pg_proc p ON p.oid = d.objid"
	  " WHERE e.extname = $1 AND p.proname = $2"
	  "   AND $3 = (SELECT pg_catalog.string_agg(t.typname, ', ' ORDER BY n)"
	  "               FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, n)"
	  "               JOIN pg_catalog.pg_type t ON t.oid = type)", TEXTOID, TEXTOID, TEXTOID);

/* Grows whenever anything changes among functions; 0 until watched for. */
static uint64 changes = 0;

static void
note_change(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/*
 * OIDs are kept until anything changes among functions: a required extension
 * cannot go by itself, but all may be dropped and created again.
 */
Oid
tc_required(RequiredFunction *function)
{
	bool		isnull;

	if (changes == 0)
	{
		CacheRegisterSyscacheCallback(PROCOID, note_change, (Datum) 0);
		changes = 1;
	}
	if (function->found_at == changes)
		return function->oid;

	tc_enter();
	if (tc_read(&find_member, TEXT_VALUE(function->extension), TEXT_VALUE(function->name),
				TEXT_VALUE(function->argtypes)) != 1)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("extension %s has no function %s(%s)", function->extension,
					   function->name, function->argtypes));
	function->oid = DatumGetObjectId(tc_datum(0, 1, &isnull));
	tc_leave();
	function->found_at = changes;
	return function->oid;
}
