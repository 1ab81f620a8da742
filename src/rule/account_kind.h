/*
 * account_kind.h
 *		The two kinds of account.
 */
#ifndef TC_ACCOUNT_KIND_H
#define TC_ACCOUNT_KIND_H

#include "postgres.h"

#include "base/query.h"

/* In the order of tempcloud.account_kind. */
typedef enum AccountKind
{
	CUSTOMER,
	PROVIDER
} AccountKind;

/* An argument of a query; the query casts it to tempcloud.account_kind. */
#define KIND_VALUE(kind)	TEXT_VALUE(tc_kind_label(kind))

extern const char *tc_kind_label(AccountKind kind);
extern AccountKind tc_kind_of_label(const char *label);

/* Returns a column of a row; raises an internal error if it is null. */
extern AccountKind tc_kind(Rows rows, uint64 row, int column);

#endif							/* TC_ACCOUNT_KIND_H */
