/*
 * crypto.c
 *		Randomness and hashing, by pgcrypto.
 *
 * pgcrypto may have been installed into any schema and may be moved to
 * another one.  Its functions are therefore found as what they are, members of
 * the extension, and not by a search path that somebody could put a function
 * of the same name into.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "compat.h"
#include "crypto.h"
#include "query.h"

static KeptQuery find_member =
QUERY("SELECT p.oid"
	  "  FROM pg_catalog.pg_extension e"
	  "  JOIN pg_catalog.pg_depend d"
	  "    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
	  "   AND d.refobjid = e.oid AND d.deptype = 'e'"
	  "   AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
	  "  JOIN pg_catalog.pg_proc p ON p.oid = d.objid"
	  " WHERE e.extname = 'pgcrypto' AND p.proname = $1"
	  "   AND pg_catalog.oidvectortypes(p.proargtypes) = $2", NAMEOID, TEXTOID);

static Oid	gen_random_bytes = InvalidOid;
static Oid	digest = InvalidOid;

static void find_functions(void);

uint8 *
tc_random_bytes(int n)
{
	bytea	   *random;

	find_functions();
	random = DatumGetByteaPP(OidFunctionCall1(gen_random_bytes, Int32GetDatum(n)));
	return (uint8 *) VARDATA_ANY(random);
}

bytea *
tc_sha256(const uint8 *data, int len)
{
	bytea	   *input = palloc(VARHDRSZ + len);

	SET_VARSIZE(input, VARHDRSZ + len);
	memcpy(VARDATA(input), data, len);

	find_functions();
	return DatumGetByteaP(OidFunctionCall2(digest, PointerGetDatum(input),
										   CStringGetTextDatum("sha256")));
}

static Oid
find_function(const char *name, const char *argtypes)
{
	NameData	proname;
	bool		isnull;
	Oid			result;

	namestrcpy(&proname, name);
	if (tc_read(&find_member, VALUE(NameGetDatum(&proname)), TEXT_VALUE(argtypes)) != 1)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("extension pgcrypto has no function %s(%s)", name, argtypes));
	result = DatumGetObjectId(tc_datum(0, 1, &isnull));
	return result;
}

static void
forget_functions(Datum arg, int cacheid, uint32 hashvalue)
{
	gen_random_bytes = digest = InvalidOid;
}

/*
 * The OIDs are kept until anything changes among functions: pgcrypto cannot go
 * while tempcloud requires it, but both may be dropped and created again.
 */
static void
find_functions(void)
{
	static bool registered = false;

	if (OidIsValid(gen_random_bytes) && OidIsValid(digest))
		return;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(PROCOID, forget_functions, (Datum) 0);
		registered = true;
	}
	tc_enter();
	gen_random_bytes = find_function("gen_random_bytes", "integer");
	digest = find_function("digest", "bytea, text");
	tc_leave();
}
