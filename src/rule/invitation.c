/*
 * invitation.c
 *		One account asks an e-mail address to become its partner: what inviter and
 *		invitee have in common.
 *
 * The inviter's commands are in invitation_send.c, the invitee's in
 * invitation_answer.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/label.h"
#include "base/lock.h"
#include "base/probe.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/token.h"

/* What load() reads. */
#define INVITATION_COLUMNS \
	"i.id, i.inviter_id, i.inviter_kind, i.invitee_id, i.invitee_kind, i.email," \
	" i.given_name, i.family_name, i.company_name, i.locale, i.status, i.round," \
	" i.sent_at, i.expires_at"

enum
{
	INVITATION_ID = 1, INVITATION_INVITER_ID, INVITATION_INVITER_KIND, INVITATION_INVITEE_ID,
	INVITATION_INVITEE_KIND, INVITATION_EMAIL, INVITATION_GIVEN_NAME, INVITATION_FAMILY_NAME,
	INVITATION_COMPANY_NAME, INVITATION_LOCALE, INVITATION_STATUS, INVITATION_ROUND,
	INVITATION_SENT_AT, INVITATION_EXPIRES_AT,
	INVITATION_LINK_IS_CURRENT	/* of find_invitation_by_token */
};

/* The same columns. */
static const Probe invitation_by_id =
PROBE("invitation", "invitation_pkey", PROBE_KEYS("id"),
	  "id", "inviter_id", "inviter_kind", "invitee_id", "invitee_kind", "email",
	  "given_name", "family_name", "company_name", "locale", "status", "round",
	  "sent_at", "expires_at");

static KeptQuery find_invitation_by_token =
QUERY("SELECT " INVITATION_COLUMNS ", t.round = i.round"
	  "  FROM tempcloud_data.invitation_token t"
	  "  JOIN tempcloud_data.invitation i ON i.id = t.invitation_id"
	  " WHERE t.digest = $1");

/* The newest $3 of those that wait for an address ($1, folded) of an account of kind $2. */
static KeptQuery find_waiting =
QUERY("SELECT i.id, i.inviter_id FROM tempcloud_data.invitation i"
	  " WHERE lower(i.email) = $1 AND i.status = 'pending'"
	  "   AND i.invitee_id IS NULL AND i.invitee_kind = $2::tempcloud.account_kind"
	  "   AND i.expires_at > $4"
	  " ORDER BY i.id DESC LIMIT $3");

enum
{
	WAITING_ID = 1, WAITING_INVITER_ID
};

static KeptQuery lock_invitations =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.id = ANY ($1) ORDER BY i.id FOR NO KEY UPDATE");

/*
 * Routes invitations ($1) to account $2.  Where the two are partners already the
 * invitation becomes superseded.  It stays unrouted if the account has blocked the
 * inviter, or another invitation of the inviter is pending there.
 */
static KeptQuery route_waiting =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET invitee_id = $2,"
	  "       (status, decided_at) = ("
	  "         SELECT CASE WHEN partners THEN 'superseded' ELSE i.status END,"
	  "                CASE WHEN partners THEN $3 END"
	  "           FROM (SELECT EXISTS ("
	  "                   SELECT FROM tempcloud_data.partnership p"
	  "                    WHERE p.customer_id = i.inviter_id AND p.provider_id = $2"
	  "                    UNION ALL "
	  "                   SELECT FROM tempcloud_data.partnership p"
	  "                    WHERE p.customer_id = $2 AND p.provider_id = i.inviter_id)) s (partners))"
	  " WHERE i.id = ANY ($1) AND i.status = 'pending' AND i.invitee_id IS NULL"
	  "   AND i.expires_at > $3"
	  "   AND NOT EXISTS (SELECT FROM tempcloud_data.block b"
	  "                    WHERE b.inviter_id = i.inviter_id AND b.account_id = $2)"
	  "   AND (NOT EXISTS (SELECT FROM tempcloud_data.invitation o"
	  "                     WHERE o.inviter_id = i.inviter_id AND o.invitee_id = $2"
	  "                       AND o.status = 'pending')"
	  "        OR EXISTS (SELECT FROM tempcloud_data.partnership p"
	  "                    WHERE (p.customer_id, p.provider_id)"
	  "                       IN ((i.inviter_id, $2), ($2, i.inviter_id))))"
	  " RETURNING i.id, i.inviter_id, i.status = 'superseded'");

enum
{
	ROUTED_ID = 1, ROUTED_INVITER_ID, ROUTED_IS_SUPERSEDED
};

/* Returns a row if account $1 has proven an address ($2, folded). */
static KeptQuery find_proven_address =
QUERY("SELECT FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND lower(c.email) = $2"
	  "   AND c.email_verified_at IS NOT NULL");

/*
 * How many invitations are routed at once.  Each takes a lock, and the number of locks
 * of a server is limited.  The others keep waiting for the address; its account sees
 * them and can accept them all the same.
 */
#define MOST_ROUTED 100

static const char *const statuses[] = {
	[INVITATION_IS_PENDING] = "pending",
	[INVITATION_IS_ACCEPTED] = "accepted",
	[INVITATION_IS_DECLINED] = "declined",
	[INVITATION_IS_WITHDRAWN] = "withdrawn",
	[INVITATION_IS_EXPIRED] = "expired",
	[INVITATION_IS_SUPERSEDED] = "superseded"
};

static Invitation *load(Invitation *invitation, Rows rows);

Invitation *
tc_find_invitation(const pg_uuid_t *id)
{
	Rows		rows = tc_probe(&invitation_by_id, QUERY_RUN, UUID_VALUE(id));

	return rows.count == 0 ? NULL : load(palloc0(sizeof(Invitation)), rows);
}

Invitation *
tc_find_invitation_by_token(text *token, QueryMode mode)
{
	Rows		rows;
	bytea	   *digest = tc_token_digest(token, INVITATION_TOKEN);
	Invitation *invitation = palloc0(sizeof(Invitation));

	rows = tc_query(&find_invitation_by_token, mode, TC_ARGS(BYTEA_VALUE(digest)));
	if (rows.count == 0)
		tc_refuse(INVITATION_NOT_FOUND);
	load(invitation, rows);
	invitation->link_is_current = tc_bool(rows, 0, INVITATION_LINK_IS_CURRENT);
	return invitation;
}

bool
tc_is_invitee(const Invitation *invitation, const Caller *caller)
{
	if (invitation->invitee_id != NULL)
		return tc_same(invitation->invitee_id, caller->account_id);
	return tc_run(&find_proven_address, UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_fold_email(invitation->email))).count > 0;
}

void
tc_lock_invitation(Invitation *invitation, const Caller *caller)
{
	int			round = invitation->round;
	Rows		rows = tc_probe_lock(&invitation_by_id, QUERY_RUN, LockTupleNoKeyExclusive,
									 UUID_VALUE(invitation->id));

	tc_read_clock();
	if (rows.count == 0)
	{
		if (caller != NULL && caller->account_id != NULL)
			(void) tc_caller_with_account(QUERY_LATEST);
		tc_refuse(INVITATION_NOT_FOUND);
	}
	load(invitation, rows);
	if (invitation->round != round)
		invitation->link_is_current = false;	/* sent again since */
}

/* Set all but link_is_current from the row of a query that selects INVITATION_COLUMNS. */
static Invitation *
load(Invitation *invitation, Rows rows)
{
	invitation->id = tc_uuid(rows, 0, INVITATION_ID);
	invitation->inviter_id = tc_uuid(rows, 0, INVITATION_INVITER_ID);
	invitation->inviter_kind = tc_kind(rows, 0, INVITATION_INVITER_KIND);
	invitation->invitee_id = tc_uuid(rows, 0, INVITATION_INVITEE_ID);
	invitation->invitee_kind = tc_kind(rows, 0, INVITATION_INVITEE_KIND);
	invitation->email = tc_text(rows, 0, INVITATION_EMAIL);
	invitation->given_name = tc_text(rows, 0, INVITATION_GIVEN_NAME);
	invitation->family_name = tc_text(rows, 0, INVITATION_FAMILY_NAME);
	invitation->company_name = tc_text(rows, 0, INVITATION_COMPANY_NAME);
	invitation->locale = tc_text(rows, 0, INVITATION_LOCALE);
	invitation->status = tc_label_place(tc_text(rows, 0, INVITATION_STATUS), statuses, lengthof(statuses));
	invitation->round = tc_integer(rows, 0, INVITATION_ROUND);
	invitation->sent_at = tc_time(rows, 0, INVITATION_SENT_AT);
	if (invitation->status == INVITATION_IS_PENDING &&
		tc_time(rows, 0, INVITATION_EXPIRES_AT) <= tc_now())
		invitation->status = INVITATION_IS_EXPIRED;
	return invitation;
}

void
tc_require_pending(const Invitation *invitation)
{
	switch (invitation->status)
	{
		case INVITATION_IS_PENDING:
			return;
		case INVITATION_IS_ACCEPTED:
			tc_refuse(INVITATION_ACCEPTED);
		case INVITATION_IS_DECLINED:
			tc_refuse(INVITATION_DECLINED);
		case INVITATION_IS_WITHDRAWN:
			tc_refuse(INVITATION_WITHDRAWN);
		case INVITATION_IS_EXPIRED:
			tc_refuse(INVITATION_EXPIRED);
		case INVITATION_IS_SUPERSEDED:
			tc_refuse(INVITATION_SUPERSEDED);
	}
}

void
tc_require_open_link(const Invitation *invitation)
{
	tc_require_pending(invitation);
	if (!invitation->link_is_current)
		tc_refuse(LINK_REPLACED);
}

ArrayType *
tc_lock_waiting(const pg_uuid_t *account_id, AccountKind kind, const char *folded_email)
{
	Rows		rows = tc_run_latest(&find_waiting, TEXT_VALUE(folded_email), KIND_VALUE(kind),
									 INT_VALUE(MOST_ROUTED), TIME_VALUE(tc_now()));
	int			count = rows.count;
	uint64		pairs[MOST_ROUTED];
	pg_uuid_t  *ids[MOST_ROUTED];
	ArrayType  *waiting;

	for (int i = 0; i < count; i++)
	{
		ids[i] = tc_uuid(rows, i, WAITING_ID);
		pairs[i] = tc_pair_key(account_id, tc_uuid(rows, i, WAITING_INVITER_ID));
	}
	waiting = tc_uuid_array((const pg_uuid_t *const *) ids, count);
	tc_lock_all(LOCK_PAIR, pairs, count);
	tc_share_accounts(&account_id, 1);
	tc_run_latest(&lock_invitations, ARRAY_VALUE(waiting));
	tc_read_clock();
	return waiting;
}

void
tc_route_invitations(const pg_uuid_t *account_id, ArrayType *waiting)
{
	Rows		rows = tc_run_latest(&route_waiting, ARRAY_VALUE(waiting),
									 UUID_VALUE(account_id), TIME_VALUE(tc_now()));

	for (uint64 i = 0; i < rows.count; i++)
	{
		pg_uuid_t  *id = tc_uuid(rows, i, ROUTED_ID);
		pg_uuid_t  *inviter_id = tc_uuid(rows, i, ROUTED_INVITER_ID);

		if (tc_bool(rows, i, ROUTED_IS_SUPERSEDED))
			tc_event(EVENT_INVITATION_SUPERSEDED, account_id, NULL, inviter_id, id);
		else					/* may not reveal to the inviter that the
								 * address has an account now */
			tc_event(EVENT_INVITATION_ROUTED, account_id, NULL,
					 tc_reveal_registered ? inviter_id : NULL, id);
	}
}
