/*
 * mail_kind.h
 *		The kinds of mail.
 */
#ifndef TC_MAIL_KIND_H
#define TC_MAIL_KIND_H

#include "postgres.h"

#include "base/query.h"

/* In the order of tempcloud.mail_kind. */
typedef enum MailKind
{
	MAIL_INVITATION,
	MAIL_INVITATION_TO_REGISTER,
	MAIL_REMINDER,
	MAIL_INVITATION_ACCEPTED,
	MAIL_INVITATION_DECLINED,
	MAIL_INVITATION_EXPIRED,
	MAIL_INVITATION_ASKED,
	MAIL_CONFIRM_EMAIL,
	MAIL_REQUEST_RECEIVED,
	MAIL_REQUEST_ACCEPTED,
	MAIL_REQUEST_DECLINED,
	MAIL_REQUEST_WITHDRAWN,
	MAIL_REQUEST_EXPIRED,
	MAIL_REQUEST_CANCELLED,
	MAIL_REQUEST_FILLED
} MailKind;

/* An argument of a query; the query casts it to tempcloud.mail_kind. */
#define MAIL_KIND_VALUE(kind)	TEXT_VALUE(tc_mail_kind_label(kind))

extern const char *tc_mail_kind_label(MailKind kind);

/* Returns a column of a row; raises an internal error if it is null. */
extern MailKind tc_mail_kind(Rows rows, uint64 row, int column);

/* Whether the link of a mail has the secret that proves an address, or of an invitation. */
extern bool tc_mail_proves_address(MailKind kind);
extern bool tc_mail_invites(MailKind kind);

#endif							/* TC_MAIL_KIND_H */
