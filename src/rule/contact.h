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

/* The account that an address belongs to. */
typedef struct Owner
{
	pg_uuid_t  *account_id;		/* NULL if no contact has proven it */
	AccountKind kind;			/* of the account, as the next */
	char	   *locale;
} Owner;

/*
 * Returns the owner of a folded address, by a snapshot of its own.  The answer holds
 * until the transaction ends if the address is locked (LOCK_ADDRESS).
 */
extern Owner tc_owner_of(const char *folded_email);

/*
 * Remove a contact of the account and erase their data, with the event; removed_by
 * is the contact who does it, or NULL.  Raises PT404 contact_not_found and PT409
 * last_owner.  The account's row must be locked; locks the row of the contact, then
 * those of the mails to them.
 */
extern void tc_remove_contact(const pg_uuid_t *id, const pg_uuid_t *account_id,
							  const pg_uuid_t *removed_by, EventName event);

/*
 * The same for all people of the account, in two steps and without an event: lock
 * their rows and those of the mails to them, reading the clock anew, and erase them.
 */
extern void tc_lock_people(const pg_uuid_t *account_id);
extern void tc_erase_people(const pg_uuid_t *account_id);

#endif							/* TC_CONTACT_H */
