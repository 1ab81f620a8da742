/*
 * account_kind.c
 *		The two kinds of account.
 */
#include "postgres.h"

#include "base/label.h"
#include "rule/account_kind.h"

static const char *const kinds[] = {
	[CUSTOMER] = "customer",
	[PROVIDER] = "provider"
};

const char *
tc_kind_label(AccountKind kind)
{
	return kinds[kind];
}

AccountKind
tc_kind_of_label(const char *label)
{
	return tc_label_place(label, kinds, lengthof(kinds));
}

AccountKind
tc_kind(Rows rows, uint64 row, int column)
{
	return tc_kind_of_label(tc_text(rows, row, column));
}
