/*
 * uuid.h
 *		Time-ordered keys.
 */
#ifndef TC_UUID_H
#define TC_UUID_H

#include "postgres.h"

#include "utils/uuid.h"

/* A new palloc'd UUID of version 7; those of one backend ascend. */
extern pg_uuid_t *tc_new_id(void);

/* A key as text, palloc'd. */
extern char *tc_uuid_text(const pg_uuid_t *id);

#endif							/* TC_UUID_H */
