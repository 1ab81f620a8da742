/*
 * invitation.h
 *		Invitations, as other subjects see them.
 */
#ifndef TC_INVITATION_H
#define TC_INVITATION_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/uuid.h"

#include "base/query.h"
#include "rule/caller.h"

/* In the order of tempcloud.invitation_status. */
typedef enum InvitationStatus
{
	INVITATION_IS_PENDING,
	INVITATION_IS_ACCEPTED,
	INVITATION_IS_DECLINED,
	INVITATION_IS_WITHDRAWN,
	INVITATION_IS_EXPIRED,
	INVITATION_IS_SUPERSEDED
} InvitationStatus;

typedef struct Invitation
{
	pg_uuid_t  *id;
	pg_uuid_t  *inviter_id;
	AccountKind inviter_kind;
	pg_uuid_t  *invitee_id;		/* NULL until the address belongs to an
								 * account */
	AccountKind invitee_kind;
	char	   *email;
	char	   *given_name;		/* NULL if the inviter left it out, as the
								 * next two */
	char	   *family_name;
	char	   *company_name;
	char	   *locale;
	InvitationStatus status;	/* INVITATION_IS_EXPIRED also if it is pending
								 * past its time */
	int			round;
	TimestampTz sent_at;
	bool		link_is_current;	/* of tc_find_invitation_by_token() only */
} Invitation;

/* All need a frame (tc_enter). */

/* The invitation, or NULL. */
extern Invitation *tc_find_invitation(const pg_uuid_t *id);

/*
 * The invitation a token opens.  PT400 invalid_token if it is malformed, PT404
 * invitation_not_found if there is none.  What state it is in is not checked.
 */
extern Invitation *tc_find_invitation_by_token(text *token, QueryMode mode);

/*
 * Whether the caller's account (they must have one) is who is invited: the
 * invitation is routed to it, or waits for an address that it has proven.
 * The latter is rare: the inviter had another invitation pending there, so
 * that this one could not be routed.
 */
extern bool tc_is_invitee(const Invitation *invitation, const Caller *caller);

/*
 * Lock the row until the transaction ends, and read it again.  40001 above
 * READ COMMITTED if others have changed it.  PT404 if it was purged or erased
 * since, PT403 if so was the caller (who may be NULL, or without an account).
 */
extern void tc_lock_invitation(Invitation *invitation, const Caller *caller);

/*
 * Withdraw or decline an invitation, by its key, whose row is locked, on behalf of
 * the caller, with event and mail; the account of the other side may be NULL.
 * Returns the invitation, as INVITATION_RECORD has it.
 */
extern Datum tc_withdraw_invitation(const pg_uuid_t *id, const Caller *caller,
									const pg_uuid_t *invitee_id);
extern Datum tc_decline_invitation(const pg_uuid_t *id, const Caller *caller,
								   const pg_uuid_t *inviter_id, const char *reason);

/* PT410 with what became of it, unless it is pending. */
extern void tc_require_pending(const Invitation *invitation);

/* The same, and PT410 link_replaced for a link that a later mail replaced. */
extern void tc_require_open_link(const Invitation *invitation);

/*
 * Lock what waits for an address that the account is about to prove, as far as it
 * is for its kind, the pairs, and the account, so that it stays open; returns the ids, for tc_route_invitations().  The
 * address must be locked (LOCK_ADDRESS), so that no more come.
 */
extern ArrayType *tc_lock_waiting(const pg_uuid_t *account_id, AccountKind kind,
								  const char *folded_email);

/* Give them to the account, now that the address is proven. */
extern void tc_route_invitations(const pg_uuid_t *account_id, ArrayType *waiting);

/*
 * A row i of tempcloud_data.invitation as the API shows it.  invitee_id shows
 * only once it is accepted: before, it would tell that an address is
 * registered.
 */
#define INVITATION_RECORD \
	"ROW(i.id, i.inviter_id, i.inviter_kind," \
	" CASE WHEN i.status = 'accepted' THEN i.invitee_id END, i.invitee_kind," \
	" i.email, i.given_name, i.family_name, i.company_name, i.phone, i.message," \
	" i.locale, i.status, i.created_at, i.expires_at, i.decided_at," \
	" i.reason)::tempcloud.invitation"

#endif							/* TC_INVITATION_H */
