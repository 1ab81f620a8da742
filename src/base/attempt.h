/*
 * attempt.h
 *		What may fail without the transaction.
 */
#ifndef TC_ATTEMPT_H
#define TC_ATTEMPT_H

#include "postgres.h"

/*
 * Call a function in a subtransaction.  Returns NULL if it returned, or the
 * error that it raised, in the caller's memory; what it wrote is rolled back
 * then.  The caller passes on, by ReThrowError(), what it does not expect.
 */
extern ErrorData *tc_attempt(void (*function) (void *argument), void *argument);

#endif							/* TC_ATTEMPT_H */
