/*
 * attempt.h
 *		Calls that may fail while the transaction goes on.
 */
#ifndef TC_ATTEMPT_H
#define TC_ATTEMPT_H

#include "postgres.h"

/*
 * Call a function in a subtransaction, in the caller's memory context.  Returns NULL if
 * the function returned.  If it raised an error, the subtransaction is rolled back and a
 * copy of the error returned, in the caller's memory context; the caller raises
 * unexpected errors again by ReThrowError().
 */
extern ErrorData *tc_attempt(void (*function) (void *argument), void *argument);

#endif							/* TC_ATTEMPT_H */
