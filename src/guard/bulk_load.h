/*
 * bulk_load.h
 *		COPY into the tables of the extension.
 */
#ifndef TC_BULK_LOAD_H
#define TC_BULK_LOAD_H

#include "postgres.h"

#include "commands/trigger.h"

/*
 * Whether the row of a trigger is being loaded by COPY, at whose end the foreign
 * keys and the acceptances of partnerships are checked for all rows.
 */
extern bool tc_is_bulk_load(const TriggerData *trigger);

#endif							/* TC_BULK_LOAD_H */
