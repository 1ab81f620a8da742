/*
 * mail_kind.c
 *		The kinds of mail.
 */
#include "postgres.h"

#include "base/label.h"
#include "rule/mail_kind.h"

static const char *const kinds[] = {
	[MAIL_INVITATION] = "invitation",
	[MAIL_INVITATION_TO_REGISTER] = "invitation_to_register",
	[MAIL_REMINDER] = "reminder",
	[MAIL_INVITATION_ACCEPTED] = "invitation_accepted",
	[MAIL_INVITATION_DECLINED] = "invitation_declined",
	[MAIL_INVITATION_EXPIRED] = "invitation_expired",
	[MAIL_INVITATION_ASKED] = "invitation_asked",
	[MAIL_CONFIRM_EMAIL] = "confirm_email",
	[MAIL_REQUEST_RECEIVED] = "request_received",
	[MAIL_REQUEST_ACCEPTED] = "request_accepted",
	[MAIL_REQUEST_DECLINED] = "request_declined",
	[MAIL_REQUEST_WITHDRAWN] = "request_withdrawn",
	[MAIL_REQUEST_EXPIRED] = "request_expired",
	[MAIL_REQUEST_CANCELLED] = "request_cancelled",
	[MAIL_REQUEST_FILLED] = "request_filled"
};

const char *
tc_mail_kind_label(MailKind kind)
{
	return kinds[kind];
}

MailKind
tc_mail_kind(Rows rows, uint64 row, int column)
{
	return tc_label_place(tc_text(rows, row, column), kinds, lengthof(kinds));
}

bool
tc_mail_proves_address(MailKind kind)
{
	return kind == MAIL_CONFIRM_EMAIL;
}

bool
tc_mail_invites(MailKind kind)
{
	return kind == MAIL_INVITATION || kind == MAIL_REMINDER;
}
