/*
 * account_record.h
 *		SQL that makes the rows of the API for an account and its contacts.
 */
#ifndef TC_ACCOUNT_RECORD_H
#define TC_ACCOUNT_RECORD_H

/* SQL that makes a tempcloud.account of the row aliased a. */
#define ACCOUNT_RECORD \
	"ROW(a.id, a.kind, a.company_name, a.locale, a.time_zone, a.phone, a.website," \
	" a.street, a.postal_code, a.city, a.country, a.created_at)::tempcloud.account"

/* SQL that makes a tempcloud.contact of the row aliased c. */
#define CONTACT_RECORD \
	"ROW(c.id, c.account_id, c.given_name, c.family_name, c.\"position\", c.email," \
	" c.email_verified_at, c.phone, c.role, c.subject IS NOT NULL, c.created_at)::tempcloud.contact"

#endif							/* TC_ACCOUNT_RECORD_H */
