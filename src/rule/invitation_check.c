/*
 * invitation_check.c
 *		Whether an account may invite an address.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/rate_limit.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/invitation_check.h"
#include "rule/invitation_lock.h"
#include "rule/partnership.h"

/* Invitations that are pending ($3) from account $1 to account $2, routed or not. */
static KeptQuery find_counter_invitation =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND i.invitee_id = $2 AND i.status = 'pending'"
	  "   AND i.expires_at > $3"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.contact c"
	  "  CROSS JOIN LATERAL ("
	  "    SELECT FROM tempcloud_data.invitation i"
	  "     WHERE i.inviter_id = $1 AND lower(i.email) = lower(c.email)"
	  "       AND i.status = 'pending' AND i.invitee_id IS NULL"
	  "       AND i.expires_at > $3 OFFSET 0) i"
	  "  WHERE c.account_id = $2 AND c.email_verified_at IS NOT NULL");

/*
 * The invitations with status pending from account $1 to an address ($2, folded) or
 * to the account that owns it ($3, may be null), other than $4 (may be null), and
 * whether they have expired ($5).  One arm for each of the unique indexes.
 */
static KeptQuery find_pending =
QUERY("SELECT p.id, p.expires_at <= $5"
	  "  FROM (SELECT i.id, i.expires_at FROM tempcloud_data.invitation i"
	  "         WHERE i.inviter_id = $1 AND lower(i.email) = $2"
	  "           AND i.status = 'pending'"
	  "         UNION ALL "
	  "        SELECT i.id, i.expires_at FROM tempcloud_data.invitation i"
	  "         WHERE i.inviter_id = $1 AND i.invitee_id = $3 AND i.status = 'pending'"
	  "           AND lower(i.email) <> $2) p"
	  " WHERE p.id IS DISTINCT FROM $4 ORDER BY p.id");

/*
 * Returns a row if an invitation of account $1 to an address ($2, folded) or to account
 * $3 (may be null) has been declined after $4, or account $1 is blocked there.
 */
static KeptQuery find_refusal =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND lower(i.email) = $2"
	  "   AND i.status = 'declined' AND i.decided_at > $4"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.invitation i"
	  "  WHERE i.inviter_id = $1 AND i.invitee_id = $3"
	  "    AND i.status = 'declined' AND i.decided_at > $4"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND lower(b.email) = $2"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND b.account_id = $3");

/* How many are pending ($2) from account $1, counted up to $3, from the index alone. */
static KeptQuery count_pending =
QUERY("SELECT count(*) FROM ("
	  "   SELECT FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND i.status = 'pending' AND i.expires_at > $2"
	  "    LIMIT $3) pending");

enum
{
	PENDING_COUNT = 1
};

/*
 * For tc_require_below(): invitations that account $2 has sent or sent again within
 * 24 hours ($4), other than $3.
 */
static KeptQuery nth_newest_sent =
QUERY("SELECT i.sent_at + interval '24 hours' FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $2 AND i.sent_at > $4 - interval '24 hours'"
	  "   AND i.sent_at <= $4 AND i.id IS DISTINCT FROM $3"
	  " ORDER BY i.sent_at DESC OFFSET $1 LIMIT 1");

/*
 * For tc_require_below(): mails with a link to an address ($2, folded), queued within 24
 * hours ($4) for account $3, or for all accounts if that is null.  Those that were
 * dropped before their first attempt do not count (tc_drop_mails).
 */
static KeptQuery nth_newest_mail =
QUERY("SELECT m.created_at + interval '24 hours'"
	  "  FROM tempcloud_data.mail m"
	  "  JOIN tempcloud_data.invitation i ON i.id = m.invitation_id"
	  " WHERE lower(m.recipient) = $2 AND m.kind IN ('invitation', 'reminder')"
	  "   AND m.created_at > $4 - interval '24 hours' AND m.created_at <= $4"
	  "   AND (m.attempt > 0 OR m.state IN ('queued', 'suppressed'))"
	  "   AND (i.inviter_id = $3 OR $3 IS NULL)"
	  " ORDER BY m.created_at DESC OFFSET $1 LIMIT 1");

/*
 * Returns a row if an invitation from account $1 ($3 if it is sent again) cannot be
 * routed to account $2: another one is pending there, for which there is a unique
 * index, or there is a block, or the account is closed.  Invitations that wait for an
 * address are routed by the same rule (invitation.c).
 */
static KeptQuery find_obstacle_to_routing =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND i.invitee_id = $2 AND i.status = 'pending'"
	  "   AND i.id IS DISTINCT FROM $3"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND b.account_id = $2"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.account a WHERE a.id = $2 AND a.closed_at IS NOT NULL");

static void require_few_pending(Value inviter, Value now, const Invitation *resent);

void
tc_require_no_partner(const Caller *caller, const Owner *owner)
{
	const pg_uuid_t *other = tc_account_to_ask_about(owner);
	const pg_uuid_t *revealed = tc_revealed_account(owner);

	if (other != NULL)
	{
		if (tc_same(other, caller->account_id))
			tc_refuse(OWN_ACCOUNT);
		if (owner->account_id != NULL && owner->kind == caller->kind)
			tc_refuse(SAME_KIND);
		if (tc_has_partner(caller, other))
			tc_refuse(ALREADY_PARTNERS);
	}
	if (revealed != NULL &&
		tc_run_latest(&find_counter_invitation, UUID_VALUE(revealed),
					  UUID_VALUE(caller->account_id), TIME_VALUE(tc_now())).count > 0)
		tc_refuse(INVITED_YOU);
}

Rows
tc_find_pending(const Caller *caller, const char *email, const Owner *owner,
				const pg_uuid_t *resent)
{
	return tc_run_latest(&find_pending, UUID_VALUE(caller->account_id),
						 TEXT_VALUE(tc_fold_email(email)),
						 UUID_VALUE(tc_revealed_account(owner)), UUID_VALUE(resent),
						 TIME_VALUE(tc_now()));
}

void
tc_require_all_expired(Rows pending)
{
	for (uint64 i = 0; i < pending.count; i++)
		if (!tc_bool(pending, i, PENDING_IS_EXPIRED))
			tc_refuse(ALREADY_INVITED);
}

void
tc_require_not_declined(const Caller *caller, const char *email, const Owner *owner)
{
	TimestampTz since = tc_now() - tc_reinvite_after * USECS_PER_SEC;
	int			days = Max((tc_reinvite_after - 1) / SECS_PER_DAY + 1, 1);

	if (tc_run_latest(&find_refusal, UUID_VALUE(caller->account_id),
					  TEXT_VALUE(tc_fold_email(email)), UUID_VALUE(tc_revealed_account(owner)),
					  TIME_VALUE(since)).count > 0)
		tc_refuse_hint(DECLINED_RECENTLY, "Try again %d %s after the refusal, or agree with "
					   "the partner by other means that they invite you.",
					   days, days == 1 ? "day" : "days");
}

void
tc_require_within_limits(const Caller *caller, const char *email, const Invitation *resent)
{
	Value		inviter = UUID_VALUE(caller->account_id);
	Value		now = TIME_VALUE(tc_now());

	require_few_pending(inviter, now, resent);
	tc_require_below(tc_max_daily_invitations, TOO_MANY_INVITATIONS, &nth_newest_sent,
					 inviter, UUID_VALUE(resent ? resent->id : NULL), now);
	tc_require_mails_within_limits(caller->account_id, email);
}

/*
 * The limit of all accounts together applies only to one that has sent the address a
 * mail within 24 hours: other accounts cannot prevent its first one.
 */
void
tc_require_mails_within_limits(const pg_uuid_t *inviter_id, const char *email)
{
	Value		inviter = UUID_VALUE(inviter_id);
	Value		address = TEXT_VALUE(tc_fold_email(email));
	Value		now = TIME_VALUE(tc_now());

	if (tc_max_daily_mails_to_address != 0 &&
		tc_run_latest(&nth_newest_mail, INT_VALUE(0), address, inviter, now).count == 0)
		return;
	tc_require_below(tc_max_daily_mails_to_address, TOO_MANY_MAILS, &nth_newest_mail,
					 address, inviter, now);
	tc_require_below(tc_max_daily_mails_to_address_of_all, TOO_MANY_MAILS, &nth_newest_mail,
					 address, NULL_VALUE(UUIDOID), now);
}

/* An invitation that is sent again does not count. */
static void
require_few_pending(Value inviter, Value now, const Invitation *resent)
{
	int			limit = tc_max_pending_invitations;
	Rows		rows;

	if (limit < 0)
		return;
	if (resent != NULL && resent->status == INVITATION_IS_PENDING && limit < PG_INT32_MAX)
		limit++;
	rows = tc_run_latest(&count_pending, inviter, now, INT_VALUE(limit));
	if (tc_integer(rows, 0, PENDING_COUNT) >= limit)
		tc_refuse(TOO_MANY_INVITATIONS);
}

const pg_uuid_t *
tc_account_to_route_to(const Caller *caller, const pg_uuid_t *account, const pg_uuid_t *resent)
{
	bool		obstructed;

	if (account == NULL && tc_reveal_registered)
		return NULL;
	obstructed = tc_run_latest(&find_obstacle_to_routing, UUID_VALUE(caller->account_id),
							   UUID_VALUE(account ? account : &tc_nobody),
							   UUID_VALUE(resent)).count > 0;
	return obstructed ? NULL : account;
}
