/*
 * label.h
 *		Labels of SQL enums as values of C enums.
 *
 * A C enum has its labels in an array, in the order of its values.
 */
#ifndef TC_LABEL_H
#define TC_LABEL_H

#include "postgres.h"

/* The place of a label among count labels; an internal error if it is none. */
extern int	tc_label_place(const char *label, const char *const *labels, int count);

#endif							/* TC_LABEL_H */
