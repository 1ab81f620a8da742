/*
 * mail_content.h
 *		The content of a mail, made of the rows that the mail is about.
 */
#ifndef TC_MAIL_CONTENT_H
#define TC_MAIL_CONTENT_H

#include "postgres.h"

#include "utils/uuid.h"

#include "rule/mail_kind.h"
#include "rule/mail_template.h"

typedef struct MailContent
{
	pg_uuid_t  *topic;			/* request, invitation or contact */
	int			round;			/* of the invitation */
	char	   *recipient;
	char	   *recipient_name;
	char	   *locale;
	char	   *message_id;
	int			attempt;		/* this one included */
	bool		obsolete;
	bool		blocked;		/* the recipient's account has blocked the
								 * inviter */
	char	   *reply_to;		/* NULL if replies go to the sender */
	Message		message;		/* rendered unless obsolete or blocked */
} MailContent;

/*
 * Returns the content of a mail.  about_request tells whether it is about a request,
 * or about an invitation or an address; token is the secret of its link, or NULL.
 * Writes nothing.  Raises the errors of tc_render().  Needs a frame (tc_enter).
 */
extern MailContent tc_mail_content(const pg_uuid_t *id, MailKind kind, bool about_request,
								   const char *token);

#endif							/* TC_MAIL_CONTENT_H */
