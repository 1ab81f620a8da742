/*
 * mail.h
 *		The outbox, as other subjects see it.
 */
#ifndef TC_MAIL_H
#define TC_MAIL_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/mail_kind.h"

/*
 * Queue a mail of a kind in this transaction, and wake the mailers when it
 * commits.  All need a frame (tc_enter_command).
 */

typedef struct Addressee
{
	char	   *email;
	char	   *given_name;		/* may be NULL, as the next */
	char	   *family_name;
	char	   *locale;
} Addressee;

/* About an invitation in a round, to somebody. */
extern void tc_mail(MailKind kind, const pg_uuid_t *invitation_id, int round,
					Addressee addressee);

/* To the address invited. */
extern void tc_mail_invitee(MailKind kind, const pg_uuid_t *invitation_id);

/* PT429 resend_too_soon if a mail with a link to the invitation was queued just now. */
extern void tc_require_no_recent_mail(const pg_uuid_t *invitation_id);

/*
 * Drop the mails with a link to the invitation that no mailer has claimed.  One
 * that a mailer is just claiming is skipped, so that this waits for nobody.  A
 * mail that was dropped with attempt 0 was never sent.
 */
extern void tc_drop_mails(const pg_uuid_t *invitation_id);

/*
 * To a contact of an account, whose row is locked FOR SHARE.  About an
 * invitation, it is the contact who invited.  About a request, it is the
 * customer's contact who ordered, or the provider's who answered or, before an
 * answer, who made the partnership.  If that contact has left, it is a colleague.
 * Without wait, a contact whose row is locked is skipped if another can be found,
 * and taken unlocked if not.
 *
 * A mail that a request is filled replaces those that wait to be sent.
 */
extern void tc_mail_inviter(MailKind kind, const pg_uuid_t *invitation_id, bool wait);
extern void tc_mail_customer(MailKind kind, const pg_uuid_t *request_id,
							 const pg_uuid_t *customer_id, bool wait);
extern void tc_mail_provider(MailKind kind, const pg_uuid_t *request_id,
							 const pg_uuid_t *customer_id, bool wait);

/*
 * To the address of a contact of the account, to prove it.  PT429
 * resend_too_soon, too_many_confirmations.  The account must be locked
 * (LOCK_SENDER), and then the contact.
 */
extern void tc_mail_confirmation(const pg_uuid_t *contact_id, const pg_uuid_t *account_id);

#endif							/* TC_MAIL_H */
