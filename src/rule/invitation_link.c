/*
 * invitation_link.c
 *		The page that the link of an invitation opens: what it shows, also when the
 *		link has ended, and how its reader gets another one.
 *
 * The commands need no login.  They tell the reader of a link about its invitation
 * alone, whose mail they have.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/invitation_check.h"
#include "rule/mail.h"
#include "rule/token.h"

/* $2 is whether the link is current, $3 the instant. */
static KeptQuery select_preview =
QUERY("SELECT ROW(i.inviter_kind, a.company_name,"
	  "           concat_ws(' ', c.given_name, c.family_name), i.message,"
	  "           i.invitee_kind, i.email, i.given_name, i.family_name, i.company_name,"
	  "           i.phone, i.locale,"
	  "           CASE WHEN i.status = 'pending' AND i.expires_at <= $3"
	  "                THEN 'expired' ELSE i.status END,"
	  "           i.expires_at,"
	  "           i.invitee_id IS NULL AND NOT EXISTS ("
	  "             SELECT FROM tempcloud_data.contact o"
	  "               JOIN tempcloud_data.account oa ON oa.id = o.account_id"
	  "              WHERE lower(o.email) = lower(i.email)"
	  "                AND o.email_verified_at IS NOT NULL"
	  "                AND oa.kind = i.invitee_kind),"
	  "           $2)::tempcloud.invitation_preview"
	  "  FROM tempcloud_data.invitation i"
	  "  JOIN tempcloud_data.account a ON a.id = i.inviter_id"
	  "  JOIN tempcloud_data.contact c ON c.id = i.invited_by"
	  " WHERE i.id = $1");

/* Once a day; a time that was stored while the clock was ahead does not count. */
static KeptQuery note_question =
QUERY("UPDATE tempcloud_data.invitation SET asked_at = $2"
	  " WHERE id = $1"
	  "   AND (asked_at IS NULL OR asked_at > $2 OR asked_at <= $2 - interval '24 hours')");

static Datum preview(const Invitation *invitation, QueryMode mode);
static void send_mail_again(const Invitation *invitation);
static void ask_inviter(const Invitation *invitation, bool inviter_is_open);

PG_FUNCTION_INFO_V1(tempcloud_preview_invitation);
PG_FUNCTION_INFO_V1(tempcloud_ask_again);

enum
{
	PREVIEW_TOKEN
};

/*
 * preview_invitation(token) returns tempcloud.invitation_preview
 */
Datum
tempcloud_preview_invitation(PG_FUNCTION_ARGS)
{
	Invitation *invitation;

	tc_enter();
	invitation = tc_find_invitation_by_token(tc_arg_token(fcinfo, PREVIEW_TOKEN), QUERY_READ);
	return tc_finish_with(preview(invitation, QUERY_READ));
}

enum
{
	ASK_TOKEN
};

/*
 * ask_again(token) returns tempcloud.invitation_preview
 *
 * The mails to the address are counted under its lock, and the inviter is asked under
 * that of the invitation's row: of two calls at the same time, the limits see the
 * first.  Does nothing if the link can be used.
 *
 * Raises the errors of tc_find_invitation_by_token() and tc_lock_invitation(); PT410
 * with the word of its status, unless the invitation is pending or expired; and the
 * errors of send_mail_again() and ask_inviter().
 */
Datum
tempcloud_ask_again(PG_FUNCTION_ARGS)
{
	Invitation *invitation;
	bool		inviter_is_open;

	tc_enter_command("ask_again()");
	invitation = tc_find_invitation_by_token(tc_arg_token(fcinfo, ASK_TOKEN), QUERY_RUN);
	if (invitation->status != INVITATION_IS_EXPIRED)
		tc_require_pending(invitation); /* others may be without an address */
	tc_lock(LOCK_ADDRESS, tc_address_key(tc_fold_email(invitation->email)));
	inviter_is_open = tc_share_accounts((const pg_uuid_t *const *) &invitation->inviter_id, 1);
	tc_lock_invitation(invitation, NULL);

	if (invitation->status == INVITATION_IS_EXPIRED)
		ask_inviter(invitation, inviter_is_open);
	else
	{
		tc_require_pending(invitation);
		if (!invitation->link_is_current)
			send_mail_again(invitation);
	}
	return tc_finish_with(preview(invitation, QUERY_RUN));
}

/* Returns a tempcloud.invitation_preview, which lives until the frame ends. */
static Datum
preview(const Invitation *invitation, QueryMode mode)
{
	return tc_record(tc_query(&select_preview, mode,
							  TC_ARGS(UUID_VALUE(invitation->id),
									  BOOL_VALUE(invitation->link_is_current),
									  TIME_VALUE(tc_now()))));
}

/*
 * Send the present mail to the invited address once more, with a link of its own
 * beside the one that was sent before.  Raises PT429 resend_too_soon and
 * too_many_mails.
 */
static void
send_mail_again(const Invitation *invitation)
{
	tc_require_no_recent_mail(invitation->id);
	tc_require_mails_within_limits(invitation->inviter_id, invitation->email);
	tc_mail_invitee(MAIL_INVITATION, invitation->id);
}

/*
 * Tell the inviter that the invitee asks for another invitation, with event and mail.
 * Raises PT429 asked_recently, and PT410 invitation_expired if the inviter's account is
 * closed.
 */
static void
ask_inviter(const Invitation *invitation, bool inviter_is_open)
{
	if (!inviter_is_open)
		tc_refuse_hint(INVITATION_EXPIRED, "The inviter has closed their account.");
	if (tc_run(&note_question, UUID_VALUE(invitation->id), TIME_VALUE(tc_now())).count == 0)
		tc_refuse(ASKED_RECENTLY);
	tc_event(EVENT_INVITATION_ASKED, invitation->invitee_id, NULL, invitation->inviter_id,
			 invitation->id);
	tc_mail_inviter(MAIL_INVITATION_ASKED, invitation->id, true);
}
