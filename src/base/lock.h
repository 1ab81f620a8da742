/*
 * lock.h
 *		The order of all locks, and those on what has no row to lock, which are
 *		held until the transaction ends.
 *
 * Rows that exist are locked as rows.  But "the address belongs to no account
 * yet", "these two are not partners" or "this account has fewer than a
 * thousand invitations pending" are facts about rows that do not exist, and a
 * decision that rests on one holds only as long as nobody can add such a row.
 * The locks below guard these facts.  They live in the space of advisory
 * locks, in a class that the SQL functions cannot reach, so that applications'
 * own advisory locks never meet them.
 *
 * Every command takes its locks in this order, and those of one class by ascending
 * key; hence commands do not deadlock:
 *
 *	1. LOCK_LOGIN	to whom a login belongs (register_account, confirm_email by
 *					somebody without an account)
 *	2. LOCK_SENDER	what an account has sent: how many invitations are pending
 *					(invite, resend_invitation, correct_invitation, invite_many), mails that prove
 *					an address of its own (send_confirmation, add_contact), or orders
 *					(send_order, send_request)
 *	3. LOCK_ADDRESS	to whom an address belongs, who claims it, and which invitations
 *					wait for it (invite, resend_invitation, invite_many,
 *					register_account, add_contact, update_contact, confirm_email,
 *					erase_person, ask_again)
 *	4. LOCK_PAIR	what is between two accounts: invitations and partnership
 *					(of these, those that invite, register or confirm;
 *					accept_invitation)
 *	5. account		who the people of an account are, and what roles they have: at
 *					least one owner with a login is left (set_role, remove_contact,
 *					leave_account, close_account, erase_person, update_account);
 *					shared, that it is open, and that the caller has the right
 *					(all that act for an account, or invite or ask one)
 *	6. invitation	what becomes of it (all commands on an invitation,
 *					register_account, confirm_email, erase_person, maintain,
 *					close_account)
 *	7. request		what becomes of it; the row stands for its answer, its shifts
 *					and the workers in them (all commands on a request, maintain,
 *					close_account); then rows of assignments, to erase their names
 *					(erase_person, maintain)
 *	8. contact		the person, their address, login and role (update_contact,
 *					set_role, remove_contact, leave_account, close_account,
 *					send_confirmation, confirm_email, erase_person); FOR SHARE
 *					by commands that queue a mail to them (on an invitation or a
 *					request, send_order, maintain)
 *	9. mail			which mailer holds it (claim_mail and the reports of mailers,
 *					remove_contact, leave_account, close_account, erase_person,
 *					maintain); commands that withdraw an invitation or send it
 *					again, and assign_workers, drop mails, but skip those that
 *					others hold
 *	10. block		(unblock_account, erase_person)
 *	11. read mark	of the caller (mark_read)
 *	12. partner note	what an account keeps of a partner (set_partner_note;
 *					update_account, of all partners, if the name or the city changes)
 *
 * 5 to 12 are locks of rows, of the strength FOR NO KEY UPDATE where FOR SHARE is
 * not said; 5 is shared FOR SHARE.  Several rows of a table are locked in one
 * statement with ORDER BY, before any of them is changed; invite(), which closes at
 * most two expired invitations, does so in the order of their keys.  Only contacts FOR SHARE
 * need no order: no transaction that takes these locks changes contacts of two
 * accounts.
 * Rows that a command has inserted itself do not count: nobody else can wait for
 * them, since what is unique is covered by a lock of 1 to 6.
 *
 * Foreign keys take part in no order.  Their checks lock the row referred to
 * FOR KEY SHARE, which waits only for a change of its key and for its
 * deletion.  So no command changes a column of a unique index that a foreign
 * key could refer to (that is why the one of contact.subject is partial), but for
 * shift.offered under the lock of the request; and a row is deleted only where
 * all that refers to it was locked before: an invitation after its mails, since
 * a mailer that holds one mints a token for its invitation.
 *
 * maintain() and claim_mail() wait for no row: they skip those that others hold.
 * So maintain() can go through invitations and requests in the order of time.
 *
 * seal_ledger() takes LOCK_LEDGER before all else.  maintain() takes it last,
 * and only if no other transaction holds it.  No other command takes it.
 */
#ifndef TC_LOCK_H
#define TC_LOCK_H

#include "postgres.h"

#include "utils/uuid.h"

typedef enum LockClass
{
	LOCK_LOGIN = 16,			/* far from 1 and 2, which SQL functions use */
	LOCK_SENDER,
	LOCK_ADDRESS,
	LOCK_PAIR,
	LOCK_LEDGER
} LockClass;

extern uint64 tc_login_key(const char *subject);

/* The key of an address must come from its folded form, see tc_fold_email(). */
extern uint64 tc_account_key(const pg_uuid_t *account);
extern uint64 tc_address_key(const char *folded_email);
extern uint64 tc_pair_key(const pg_uuid_t *a, const pg_uuid_t *b);	/* in any order */

/* Wait for the lock and hold it until the transaction ends.  Re-entrant. */
extern void tc_lock(LockClass lock, uint64 key);

/* The same without waiting: returns false if another transaction holds it. */
extern bool tc_try_lock(LockClass lock, uint64 key);

/* Lock several of one class, in ascending order of their keys. */
extern void tc_lock_all(LockClass lock, uint64 *keys, int count);

#endif							/* TC_LOCK_H */
