/*
 * lock.h
 *		Locks on what has no row to lock, held until the transaction ends.
 *
 * Rows that exist are locked as rows.  But "the address belongs to no account
 * yet", "these two are not partners" or "this account has fewer than a
 * thousand invitations pending" are facts about rows that do not exist, and a
 * decision that rests on one holds only as long as nobody can add such a row.
 * The locks below guard these facts.  They live in the space of advisory
 * locks, in a class that the SQL functions cannot reach, so that applications'
 * own advisory locks never meet them.
 *
 * Everybody takes locks in this order, and within one class by ascending key;
 * hence no two commands wait for each other:
 *
 *	1. LOCK_LOGIN	to whom a login belongs (register_account, confirm_email by
 *					somebody without an account)
 *	2. LOCK_SENDER	what an account has sent: how many invitations are pending
 *					(invite, resend_invitation, invite_many), mails that prove
 *					an address of its own (send_confirmation, only this), or
 *					orders (send_order, send_request, only this)
 *	3. LOCK_ADDRESS	to whom an address belongs, and which invitations wait
 *					for it (the above; register_account, confirm_email)
 *	4. LOCK_PAIR	what is between two accounts: invitations and partnership
 *					(all of the above; accept_invitation)
 *	5. rows			of contact, then of invitation, or of request, after these
 *
 * decline_invitation and withdraw_invitation lock one row and nothing after
 * it, and so do the commands on a request, whose row stands for its shifts and
 * the workers in them; maintain() and claim_mail() skip rows that others hold.
 * erase_person() locks mails before invitations, as a mailer does, and several
 * of either by ascending key.
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
	LOCK_PAIR
} LockClass;

extern uint64 tc_login_key(const char *subject);

/* The key of an address must come from its folded form, see tc_fold_email(). */
extern uint64 tc_account_key(const pg_uuid_t *account);
extern uint64 tc_address_key(const char *folded_email);
extern uint64 tc_pair_key(const pg_uuid_t *a, const pg_uuid_t *b);	/* in any order */

/* Wait for the lock and hold it until the transaction ends.  Re-entrant. */
extern void tc_lock(LockClass lock, uint64 key);

/* Lock several of one class, in ascending order of their keys. */
extern void tc_lock_all(LockClass lock, uint64 *keys, int count);

#endif							/* TC_LOCK_H */
