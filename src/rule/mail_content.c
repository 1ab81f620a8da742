/*
 * mail_content.c
 *		The content of a mail, made of the rows that the mail is about.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/query.h"
#include "base/settings.h"
#include "base/uuid.h"
#include "rule/mail_content.h"
#include "rule/mail_shifts.h"
#include "rule/mail_time.h"

/*
 * The address of the contact who acted, for Reply-To: null if it is not proven,
 * or the contact was removed.
 */
#define REPLY_TO(contact) \
	"CASE WHEN " contact ".email_verified_at IS NOT NULL AND " contact ".removed_at IS NULL" \
	" THEN " contact ".email END"

/* The same in each attempt, even if the setting of the domain has changed. */
#define MESSAGE_ID	"concat('<', m.id, '@', m.message_domain, '>')"

/* The columns of the two queries that describe a mail. */
enum
{
	DESCRIBED_TOPIC = 1, DESCRIBED_ROUND, DESCRIBED_RECIPIENT, DESCRIBED_RECIPIENT_NAME,
	DESCRIBED_LOCALE, DESCRIBED_MESSAGE_ID, DESCRIBED_ATTEMPT, DESCRIBED_OBSOLETE,
	DESCRIBED_BLOCKED, DESCRIBED_REGISTERED, DESCRIBED_REPLY_TO, DESCRIBED_TIME_ZONE,
	DESCRIBED_CUSTOMER_ID,
	DESCRIBED_PLACEHOLDERS		/* from here on */
};

/*
 * A mail, and the values of its template's placeholders in the order of
 * Placeholder (mail_template.h), without the shifts and the link; the time is in the
 * time zone of the mail.  The company, person and
 * address are those of the other side.  For the invitee, they are the inviter's.
 * For the inviter, they are those of the account that accepted or, before there
 * is a partnership, what the inviter typed.  A mail is obsolete if the
 * invitation was closed or sent again, or the address was proven, since it was
 * queued.  $2 is the instant.
 */
static KeptQuery describe_mail =
QUERY("SELECT COALESCE(m.invitation_id, m.contact_id), m.round, m.recipient, m.recipient_name,"
	  "       m.locale, " MESSAGE_ID ", m.attempt + 1,"
	  "       CASE WHEN m.kind = 'confirm_email'"
	  "            THEN c.removed_at IS NOT NULL OR c.email_verified_at IS NOT NULL"
	  "              OR lower(c.email) IS DISTINCT FROM lower(m.recipient)"
	  "            WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN m.round <> i.round OR i.status <> 'pending'"
	  "              OR i.expires_at <= $2"
	  "            ELSE m.round <> i.round END AS obsolete,"
	  "       m.kind IN ('invitation', 'reminder') AND EXISTS ("
	  "         SELECT FROM tempcloud_data.contact me"
	  "          CROSS JOIN LATERAL ("
	  "            SELECT FROM tempcloud_data.block b"
	  "             WHERE b.account_id = me.account_id AND b.inviter_id = i.inviter_id OFFSET 0) b"
	  "          WHERE lower(me.email) = lower(m.recipient)"
	  "            AND me.email_verified_at IS NOT NULL) AS blocked,"
	  "       i.invitee_id IS NOT NULL AS registered,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder') THEN " REPLY_TO("host")
	  "            WHEN m.kind = 'invitation_accepted' THEN " REPLY_TO("guest")
	  "            WHEN m.kind = 'invitation_asked' THEN i.email END,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN COALESCE(invitee.time_zone, inviter.time_zone)"
	  "            ELSE inviter.time_zone END,"
	  "       NULL::uuid,"
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       CASE WHEN m.kind = 'confirm_email' THEN own.company_name"
	  "            WHEN m.kind IN ('invitation', 'reminder') THEN inviter.company_name"
	  "            WHEN m.kind = 'invitation_accepted' THEN invitee.company_name"
	  "            ELSE i.company_name END,"
	  "       CASE WHEN m.kind IN ('invitation', 'reminder')"
	  "            THEN concat_ws(' ', host.given_name, host.family_name)"
	  "            WHEN m.kind = 'invitation_accepted'"
	  "            THEN concat_ws(' ', guest.given_name, guest.family_name)"
	  "            ELSE concat_ws(' ', i.given_name, i.family_name) END,"
	  "       CASE WHEN m.kind = 'invitation_accepted' THEN COALESCE(guest.email, i.email)"
	  "            ELSE COALESCE(i.email, m.recipient) END,"
	  "       i.message, i.reason, i.expires_at"
	  "  FROM tempcloud_data.mail m"
	  "  LEFT JOIN tempcloud_data.invitation i ON i.id = m.invitation_id"
	  "  LEFT JOIN tempcloud_data.account inviter ON inviter.id = i.inviter_id"
	  "  LEFT JOIN tempcloud_data.contact host ON host.id = i.invited_by"
	  "  LEFT JOIN tempcloud_data.account invitee ON invitee.id = i.invitee_id"
	  "  LEFT JOIN tempcloud_data.contact guest ON guest.id = i.decided_by"
	  "  LEFT JOIN tempcloud_data.contact c ON c.id = m.contact_id"
	  "  LEFT JOIN tempcloud_data.account own ON own.id = c.account_id"
	  " WHERE m.id = $1");

/*
 * The same of a mail about a request.  It is obsolete if it asks for an answer
 * and the request is no longer open, or has the names of workers and the request
 * is no longer accepted.
 */
static KeptQuery describe_request_mail =
QUERY("SELECT m.request_id, NULL::integer, m.recipient, m.recipient_name,"
	  "       m.locale, " MESSAGE_ID ", m.attempt + 1,"
	  "       CASE m.kind WHEN 'request_received'"
	  "            THEN r.status <> 'open' OR r.answer_by <= $2"
	  "            WHEN 'request_filled' THEN r.status <> 'accepted'"
	  "            ELSE false END,"
	  "       false, true,"
	  "       " REPLY_TO("person") ", r.time_zone, r.customer_id,"
	  "       COALESCE(NULLIF(m.recipient_name, ''), m.recipient),"
	  "       other.company_name, concat_ws(' ', person.given_name, person.family_name),"
	  "       person.email, r.requirements, r.reason, r.answer_by,"
	  "       o.name, r.profession, r.location, r.department"
	  "  FROM tempcloud_data.mail m"
	  "  JOIN tempcloud_data.request r ON r.id = m.request_id AND r.customer_id = m.customer_id"
	  "  JOIN tempcloud_data.staff_order o"
	  "    ON o.id = r.order_id AND o.customer_id = r.customer_id"
	  "  LEFT JOIN tempcloud_data.request_answer w"
	  "    ON w.request_id = r.id AND w.customer_id = r.customer_id"
	  "  LEFT JOIN tempcloud_data.contact d ON d.id = r.decided_by"
	  "  JOIN tempcloud_data.account other"
	  "    ON other.id = CASE WHEN m.kind IN ('request_received', 'request_withdrawn')"
	  "                         OR (m.kind = 'request_cancelled' AND d.account_id = r.customer_id)"
	  "                       THEN r.customer_id ELSE r.provider_id END"
	  "  LEFT JOIN tempcloud_data.contact person"
	  "    ON person.id = CASE WHEN m.kind = 'request_received' THEN o.ordered_by"
	  "                        WHEN m.kind = 'request_filled' THEN w.answered_by"
	  "                        ELSE r.decided_by END"
	  " WHERE m.id = $1");

static MailKind template_kind(MailKind kind, bool registered);
static char *link_of(MailKind kind, bool about_request, const pg_uuid_t *topic,
					 const char *token);

MailContent
tc_mail_content(const pg_uuid_t *id, MailKind kind, bool about_request, const char *token)
{
	Rows		rows = tc_run(about_request ? &describe_request_mail : &describe_mail,
							  UUID_VALUE(id), TIME_VALUE(tc_now()));
	int			nvalues = about_request ? PLACEHOLDER_SHIFTS : PLACEHOLDER_ORDER;
	char	   *time_zone = tc_text(rows, 0, DESCRIBED_TIME_ZONE);
	bool		registered = tc_bool(rows, 0, DESCRIBED_REGISTERED);
	char	   *values[PLACEHOLDERS] = {NULL};
	MailContent content = {
		.topic = tc_uuid(rows, 0, DESCRIBED_TOPIC),
		.round = tc_integer(rows, 0, DESCRIBED_ROUND),
		.recipient = tc_text(rows, 0, DESCRIBED_RECIPIENT),
		.recipient_name = tc_text(rows, 0, DESCRIBED_RECIPIENT_NAME),
		.locale = tc_text(rows, 0, DESCRIBED_LOCALE),
		.message_id = tc_text(rows, 0, DESCRIBED_MESSAGE_ID),
		.attempt = tc_integer(rows, 0, DESCRIBED_ATTEMPT),
		.obsolete = tc_bool(rows, 0, DESCRIBED_OBSOLETE),
		.blocked = tc_bool(rows, 0, DESCRIBED_BLOCKED),
		.reply_to = tc_text(rows, 0, DESCRIBED_REPLY_TO)
	};

	if (content.obsolete || content.blocked)
		return content;
	for (int i = 0; i < nvalues; i++)
	{
		if (i != PLACEHOLDER_EXPIRES_ON)
			values[i] = tc_text(rows, 0, DESCRIBED_PLACEHOLDERS + i);
	}
	if (time_zone != NULL)
		values[PLACEHOLDER_EXPIRES_ON] = (about_request ? tc_mail_time : tc_mail_date)
			(tc_time(rows, 0, DESCRIBED_PLACEHOLDERS + PLACEHOLDER_EXPIRES_ON), time_zone,
			 content.locale);
	if (about_request)
		values[PLACEHOLDER_SHIFTS] = tc_mail_shifts(content.topic, tc_uuid(rows, 0, DESCRIBED_CUSTOMER_ID),
													time_zone, content.locale);
	values[PLACEHOLDER_LINK] = link_of(kind, about_request, content.topic, token);
	content.message = tc_render(template_kind(kind, registered), content.locale, values);
	return content;
}

/* An invitation to an address without an account has a text of its own. */
static MailKind
template_kind(MailKind kind, bool registered)
{
	return kind == MAIL_INVITATION && !registered ? MAIL_INVITATION_TO_REGISTER : kind;
}

/* NULL if this kind of mail has none. */
static char *
link_of(MailKind kind, bool about_request, const pg_uuid_t *topic, const char *token)
{
	if (about_request)
		return tc_replace(tc_request_url, "{id}", tc_uuid_text(topic));
	if (token == NULL)
		return NULL;
	return tc_replace(tc_mail_proves_address(kind) ? tc_confirmation_url : tc_invitation_url,
					  "{token}", token);
}
