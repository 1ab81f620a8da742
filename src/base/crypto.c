/*
 * crypto.c
 *		Randomness and hashing, by pgcrypto.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/crypto.h"
#include "base/extension_function.h"

static RequiredFunction gen_random_bytes = REQUIRED("pgcrypto", "pg_random_bytes", INT4OID);
static RequiredFunction digest = REQUIRED("pgcrypto", "pg_digest", BYTEAOID, TEXTOID);

uint8 *
tc_random_bytes(int n)
{
	bytea	   *random;

	random = DatumGetByteaPP(OidFunctionCall1(tc_required(&gen_random_bytes), Int32GetDatum(n)));
	return (uint8 *) VARDATA_ANY(random);
}

bytea *
tc_sha256(const uint8 *data, int len)
{
	bytea	   *input = palloc(VARHDRSZ + len);

	SET_VARSIZE(input, VARHDRSZ + len);
	memcpy(VARDATA(input), data, len);
	return DatumGetByteaP(OidFunctionCall2(tc_required(&digest), PointerGetDatum(input),
										   CStringGetTextDatum("sha256")));
}
