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
	pg_uuid_t  *invitee_id;		/* NULL if it is not routed to an account */
	AccountKind invitee_kind;
	char	   *email;
	char	   *given_name;		/* NULL if not given, as the next two */
	char	   *family_name;
	char	   *company_name;
	char	   *locale;
	InvitationStatus status;	/* INVITATION_IS_EXPIRED also if the row is
								 * pending and expires_at has passed */
	int			round;			/* 1, and one more each time it is sent again */
	TimestampTz sent_at;
	bool		link_is_current;	/* set by tc_find_invitation_by_token() */
} Invitation;

/* All need a frame (tc_enter). */

/* Returns the invitation, palloc'd, or NULL if there is none. */
extern Invitation *tc_find_invitation(const pg_uuid_t *id);

/*
 * Returns the invitation that a token was mailed for, palloc'd, whatever its status.
 * Raises PT400 invalid_token, PT405 post_only, and PT404 invitation_not_found if
 * there is none.
 */
extern Invitation *tc_find_invitation_by_token(text *token, QueryMode mode);

/*
 * Returns whether the caller's account (they must have one) is the invitee: the
 * invitation is routed to it, or waits for an address that it has proven.  The
 * latter is rare: another invitation of the same inviter was pending there, the
 * account had blocked the inviter, or too many invitations waited (invitation.c).
 */
extern bool tc_is_invitee(const Invitation *invitation, const Caller *caller);

/*
 * Lock the row until the transaction ends, read the clock anew (clock.h), and read
 * the row again; link_is_current becomes false if the invitation has been sent again
 * since.  Raises 40001 above READ COMMITTED if another transaction has changed the
 * row.  If it has been deleted since, raises PT403 no_account if the caller had an
 * account and has been removed from it, otherwise PT404 invitation_not_found.  caller
 * may be NULL or without an account.
 */
extern void tc_lock_invitation(Invitation *invitation, const Caller *caller);

/*
 * Withdraw or decline an invitation on behalf of the caller, with event and mail.
 * Its row must be locked.  invitee_id may be NULL.  Returns a tempcloud.invitation,
 * which lives until the frame ends.
 */
extern Datum tc_withdraw_invitation(const pg_uuid_t *id, const Caller *caller,
									const pg_uuid_t *invitee_id);
extern Datum tc_decline_invitation(const pg_uuid_t *id, const Caller *caller,
								   const pg_uuid_t *inviter_id, const char *reason);

/* Raises PT410 with the word of its status, unless it is pending. */
extern void tc_require_pending(const Invitation *invitation);

/* The same, and raises PT410 link_replaced if a later mail has replaced the link. */
extern void tc_require_open_link(const Invitation *invitation);

/*
 * Before an account of a kind proves an address: lock the invitations of that kind
 * that wait for the address, after the pairs of accounts (LOCK_PAIR) and the account,
 * which stays open.  The address must be locked (LOCK_ADDRESS), so that no more come.
 * Reads the clock anew (clock.h).  Returns their ids, for tc_route_invitations().
 */
extern ArrayType *tc_lock_waiting(const pg_uuid_t *account_id, AccountKind kind,
								  const char *folded_email);

/* Route them to the account, after it has proven the address, with events. */
extern void tc_route_invitations(const pg_uuid_t *account_id, ArrayType *waiting);

/*
 * SQL that makes a tempcloud.invitation of the row aliased i.  invitee_id is null
 * until it is accepted: it would reveal that the address is registered.
 */
#define INVITATION_RECORD \
	"ROW(i.id, i.inviter_id, i.inviter_kind," \
	" CASE WHEN i.status = 'accepted' THEN i.invitee_id END, i.invitee_kind," \
	" i.email, i.given_name, i.family_name, i.company_name, i.phone, i.message," \
	" i.locale, i.status, i.created_at, i.expires_at, i.decided_at," \
	" i.reason)::tempcloud.invitation"

#endif							/* TC_INVITATION_H */
