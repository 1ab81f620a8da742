/*
 * invitation_lock.c
 *		The locks of commands that invite, and the rules on revealing the invitee.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/probe.h"
#include "base/query.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/invitation_lock.h"

static const Probe account = PROBE("account", "account_pkey", PROBE_KEYS("id"), "id");

/*
 * Locks the expired invitations ($5) of account $1 to addresses ($2, folded) or to
 * accounts ($3), and the invitation that is sent again ($4, may be null).
 */
static KeptQuery lock_sent =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.id IN ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND lower(i.email) = ANY ($2)"
	  "      AND i.status = 'pending' AND i.expires_at <= $5"
	  "    UNION ALL "
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND i.invitee_id = ANY ($3)"
	  "      AND i.status = 'pending' AND i.expires_at <= $5"
	  "    UNION ALL "
	  "   SELECT $4)"
	  " ORDER BY i.id FOR NO KEY UPDATE");

const pg_uuid_t tc_nobody = {0};

Owner
tc_lock_for_inviting(const Caller *caller, const char *email, const pg_uuid_t *routed)
{
	char	   *folded = tc_fold_email(email);
	Owner		owner;
	const pg_uuid_t *other;
	const pg_uuid_t *accounts[2];
	uint64		pairs[2];
	int			naccounts = 0;
	bool		found;

	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	tc_lock(LOCK_ADDRESS, tc_address_key(folded));
	owner = tc_owner_of(folded);
	other = tc_account_to_ask_about(&owner);
	if (other != NULL)
		accounts[naccounts++] = other;
	if (routed != NULL)
		accounts[naccounts++] = routed;
	for (int i = 0; i < naccounts; i++)
		pairs[i] = tc_pair_key(caller->account_id, accounts[i]);
	tc_lock_all(LOCK_PAIR, pairs, naccounts);
	if (!tc_keep_open(caller, accounts, naccounts))
		owner = tc_owner_of(folded);	/* closed since: nobody owns it now */

	other = tc_account_to_ask_about(&owner);
	found = other != NULL && tc_probe(&account, QUERY_RUN, UUID_VALUE(other)).count > 0;
	if (owner.account_id != NULL && !found)
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent registration"));
	if (!tc_reveal_registered && owner.account_id != NULL &&
		!tc_same(owner.account_id, caller->account_id) && owner.kind == caller->kind)
		owner.account_id = NULL;
	return owner;
}

void
tc_lock_sent(const Caller *caller, char *const *addresses, int naddresses,
			 const pg_uuid_t *const *accounts, int naccounts, const pg_uuid_t *resent)
{
	tc_run_latest(&lock_sent, UUID_VALUE(caller->account_id),
				  ARRAY_VALUE(tc_text_array((const char *const *) addresses, naddresses)),
				  ARRAY_VALUE(tc_uuid_array(accounts, naccounts)),
				  UUID_VALUE(resent), TIME_VALUE(tc_now()));
	tc_read_clock();
}

const pg_uuid_t *
tc_account_to_ask_about(const Owner *owner)
{
	if (owner->account_id != NULL)
		return owner->account_id;
	return tc_reveal_registered ? NULL : &tc_nobody;
}

const pg_uuid_t *
tc_revealed_account(const Owner *owner)
{
	return tc_reveal_registered ? owner->account_id : NULL;
}
