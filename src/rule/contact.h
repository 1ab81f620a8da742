/*
 * contact.h
 *		Contacts and proven addresses, as other subjects see them.
 */
#ifndef TC_CONTACT_H
#define TC_CONTACT_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/account_kind.h"
#include "rule/event.h"

/* To whom an address belongs. */
typedef struct Owner
{
	pg_uuid_t  *account_id;		/* NULL if it is proven by nobody */
	AccountKind kind;
	char	   *locale;			/* the account's */
} Owner;

/*
 * The owner of a folded address, as it is committed now.  Stays true for the
 * transaction if the address is locked (LOCK_ADDRESS).
 */
extern Owner tc_owner_of(const char *folded_email);

/* Lock the account's row: nobody else changes who its people are. */
extern void tc_lock_account(const pg_uuid_t *account_id);

/*
 * Remove a contact of the account and erase what is known of them, on behalf of
 * a contact or of nobody, with the event named.  PT404 contact_not_found, PT409
 * last_login.  The account's row must be locked; locks the contact's, then those of
 * mails.
 */
extern void tc_remove_contact(const pg_uuid_t *id, const pg_uuid_t *account_id,
							  const pg_uuid_t *removed_by, EventName event);

/*
 * The same of all people of the account, without an event: lock their rows and those
 * of mails, then erase them.
 */
extern void tc_lock_people(const pg_uuid_t *account_id);
extern void tc_erase_people(const pg_uuid_t *account_id);

#endif							/* TC_CONTACT_H */
