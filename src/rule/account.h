/*
 * account.h
 *		Accounts, as other subjects see them.
 */
#ifndef TC_ACCOUNT_H
#define TC_ACCOUNT_H

/* SQL that makes a tempcloud.account of the row aliased a. */
#define ACCOUNT_RECORD \
	"ROW(a.id, a.kind, a.company_name, a.locale, a.phone, a.website, a.street," \
	" a.postal_code, a.city, a.country, a.created_at)::tempcloud.account"

#endif							/* TC_ACCOUNT_H */
