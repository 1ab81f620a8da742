/*
 * label.c
 *		Labels of SQL enums as values of C enums.
 */
#include "postgres.h"

#include "base/label.h"

int
tc_label_place(const char *label, const char *const *labels, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (label != NULL && strcmp(label, labels[i]) == 0)
			return i;
	}
	elog(ERROR, "tempcloud does not know the label \"%s\"", label ? label : "(null)");
}
