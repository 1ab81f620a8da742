/*
 * uuid.c
 *		Time-ordered keys: UUID version 7 (RFC 9562, 5.7).
 *
 * 48 bits of Unix time in milliseconds, 12 bits of its fraction (RFC 9562,
 * 6.2, method 3) and 62 random bits.  PostgreSQL 18 has uuidv7() of its own;
 * the majors before it do not, and the keys are the same everywhere.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/crypto.h"
#include "base/uuid.h"

#define UNIX_EPOCH_USECS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

PG_FUNCTION_INFO_V1(tempcloud_new_id);

/*
 * new_id() returns uuid: the default of every key.
 */
Datum
tempcloud_new_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_UUID_P(tc_new_id());
}

pg_uuid_t *
tc_new_id(void)
{
	static uint64 last = 0;		/* ticks of 1/4096 ms, so that keys ascend */
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	uint64		usecs = GetCurrentTimestamp() + UNIX_EPOCH_USECS;
	uint64		ticks = (usecs / 1000) << 12 | (usecs % 1000) * 4096 / 1000;
	uint64		ms;

	last = Max(ticks, last + 1);
	ms = last >> 12;

	memcpy(id->data + 8, tc_random_bytes(8), 8);
	for (int i = 0; i < 6; i++)
		id->data[i] = (unsigned char) (ms >> (8 * (5 - i)));
	id->data[6] = (unsigned char) (0x70 | ((last >> 8) & 0x0F));
	id->data[7] = (unsigned char) last;
	id->data[8] = (id->data[8] & 0x3F) | 0x80;
	return id;
}

char *
tc_uuid_text(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}
