/*
 * mail.c
 *		The outbox: commands queue mails.
 *
 * mail_claim.c gives them to mailers, and mail_report.c records the outcome.
 */
#include "postgres.h"


#include "base/clock.h"
#include "base/query.h"
#include "base/rate_limit.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/mail.h"
#include "worker/notify.h"

static KeptQuery insert_mail =
QUERY("INSERT INTO tempcloud_data.mail"
	  " (kind, invitation_id, round, request_id, customer_id, recipient, recipient_name, locale,"
	  "  message_domain, due_at, created_at)"
	  " VALUES ($1::tempcloud.mail_kind, $2, $3, $4, $5, $6, concat_ws(' ', $7, $8), $9, $10,"
	  "         $11, $11)");

/* The columns of a query that finds an addressee. */
enum
{
	ADDRESSEE_EMAIL = 1, ADDRESSEE_GIVEN_NAME, ADDRESSEE_FAMILY_NAME, ADDRESSEE_LOCALE,
	ADDRESSEE_ROUND
};

static KeptQuery find_invitee =
QUERY("SELECT i.email, i.given_name, i.family_name, COALESCE(a.locale, i.locale), i.round"
	  "  FROM tempcloud_data.invitation i"
	  "  LEFT JOIN tempcloud_data.contact c"
	  "    ON lower(c.email) = lower(i.email)"
	  "   AND c.email_verified_at IS NOT NULL"
	  "  LEFT JOIN tempcloud_data.account a ON a.id = COALESCE(i.invitee_id, c.account_id)"
	  " WHERE i.id = $1");

/* Drop the mails that a query finds, which locks them and waits for none. */
#define DROP_MAILS(which) \
	QUERY("WITH waiting AS MATERIALIZED (" \
		  "   SELECT m.id FROM tempcloud_data.mail m" \
		  "    WHERE " which " AND m.state = 'queued'" \
		  "      FOR NO KEY UPDATE SKIP LOCKED)" \
		  " UPDATE tempcloud_data.mail m" \
		  "    SET state = 'dropped', leased = false, closed_at = $2" \
		  "   FROM waiting WHERE m.id = waiting.id")

static KeptQuery drop_invitation_mails =
DROP_MAILS("m.invitation_id = $1 AND m.kind IN ('invitation', 'reminder') AND m.attempt = 0");

static KeptQuery drop_filled_mails =
DROP_MAILS("m.request_id = $1 AND m.kind = 'request_filled'"
		   " AND (NOT m.leased OR m.due_at <= $2)");

/*
 * The recipient of mails to an account: the first preferred contact, or the second
 * (both may be null), or a colleague, if possible one with a login.  Contacts
 * without a proven address do not count.  The first two of the three queries lock
 * the contact until the transaction ends, so that erase_person() finds each mail
 * to them.
 */
#define FIND_READER(whom, lock) \
	QUERY("SELECT c.email, c.given_name, c.family_name, a.locale, w.round" \
		  "  FROM (" whom ") AS w (account_id, first, second, round)" \
		  "  JOIN tempcloud_data.contact c ON c.account_id = w.account_id" \
		  "  JOIN tempcloud_data.account a ON a.id = c.account_id" \
		  " WHERE c.email_verified_at IS NOT NULL" \
		  " ORDER BY (c.id = w.first) IS TRUE DESC, (c.id = w.second) IS TRUE DESC," \
		  "          c.subject IS NOT NULL DESC, c.id LIMIT 1" lock)

#define FIND_READER_QUERIES(whom) \
	{FIND_READER(whom, " FOR SHARE OF c"), \
	 FIND_READER(whom, " FOR SHARE OF c SKIP LOCKED"), \
	 FIND_READER(whom, "")}

enum
{
	WAITING, SKIPPING, UNLOCKED, READER_QUERIES
};

static KeptQuery find_inviter[READER_QUERIES] =
FIND_READER_QUERIES("SELECT i.inviter_id, i.invited_by, NULL::uuid, i.round"
					"  FROM tempcloud_data.invitation i WHERE i.id = $1 AND $2::uuid IS NULL");

static KeptQuery find_customer[READER_QUERIES] =
FIND_READER_QUERIES("SELECT o.customer_id, o.ordered_by, NULL::uuid, NULL::integer"
					"  FROM tempcloud_data.request r"
					"  JOIN tempcloud_data.staff_order o"
					"    ON o.id = r.order_id AND o.customer_id = r.customer_id"
					" WHERE r.id = $1 AND r.customer_id = $2");

/* OFFSET 0: what comes after the request does not begin with all partners of the customer. */
static KeptQuery find_provider[READER_QUERIES] =
FIND_READER_QUERIES("SELECT r.provider_id, w.answered_by,"
					"       CASE i.inviter_kind WHEN 'provider' THEN i.invited_by ELSE i.decided_by END,"
					"       NULL::integer"
					"  FROM (SELECT * FROM tempcloud_data.request r"
					"         WHERE r.id = $1 AND r.customer_id = $2 OFFSET 0) r"
					"  JOIN tempcloud_data.partnership p"
					"    ON p.customer_id = r.customer_id AND p.provider_id = r.provider_id"
					"  JOIN tempcloud_data.invitation i ON i.id = p.invitation_id"
					"  LEFT JOIN tempcloud_data.request_answer w"
					"    ON w.request_id = r.id AND w.customer_id = r.customer_id");

static KeptQuery queue_confirmation =
QUERY("INSERT INTO tempcloud_data.mail"
	  " (kind, contact_id, recipient, recipient_name, locale, message_domain, due_at, created_at)"
	  " SELECT 'confirm_email', c.id, c.email,"
	  "        concat_ws(' ', c.given_name, c.family_name), a.locale, $2, $3, $3"
	  "   FROM tempcloud_data.contact c"
	  "   JOIN tempcloud_data.account a ON a.id = c.account_id"
	  "  WHERE c.id = $1");

/*
 * In these three, a mail that was written while the clock was ahead does not
 * count.  $3 is the instant.
 */
#define FIND_RECENT(which) \
	QUERY("SELECT created_at + make_interval(secs => $2) FROM tempcloud_data.mail" \
		  " WHERE " which \
		  "   AND created_at > $3 - make_interval(secs => $2) AND created_at <= $3" \
		  " ORDER BY created_at DESC LIMIT 1")

static KeptQuery find_recent_confirmation =
FIND_RECENT("contact_id = $1 AND kind = 'confirm_email'");

static KeptQuery find_recent_link =
FIND_RECENT("invitation_id = $1 AND kind IN ('invitation', 'reminder')");

enum
{
	RECENT_UNTIL = 1
};

/* For tc_require_below(). */
static KeptQuery nth_newest_confirmation =
QUERY("SELECT m.created_at + interval '24 hours'"
	  "  FROM tempcloud_data.contact c"
	  "  JOIN tempcloud_data.mail m ON m.contact_id = c.id"
	  " WHERE c.account_id = $2 AND m.kind = 'confirm_email'"
	  "   AND m.created_at > $3 - interval '24 hours' AND m.created_at <= $3"
	  " ORDER BY m.created_at DESC OFFSET $1 LIMIT 1");

static Rows find_reader(KeptQuery *queries, const pg_uuid_t *id, const pg_uuid_t *customer_id,
						bool wait);
static void mail_found(Rows rows, MailKind kind, const pg_uuid_t *invitation_id,
					   const pg_uuid_t *request_id, const pg_uuid_t *customer_id);
static void require_no_recent(KeptQuery *find_recent, const pg_uuid_t *id);
static void queue_mail(MailKind kind, const pg_uuid_t *invitation_id, Value round,
					   const pg_uuid_t *request_id, const pg_uuid_t *customer_id,
					   Addressee addressee);

void
tc_mail(MailKind kind, const pg_uuid_t *invitation_id, int round, Addressee addressee)
{
	queue_mail(kind, invitation_id, INT_VALUE(round), NULL, NULL, addressee);
}

void
tc_mail_invitee(MailKind kind, const pg_uuid_t *invitation_id)
{
	mail_found(tc_run(&find_invitee, UUID_VALUE(invitation_id)), kind, invitation_id, NULL, NULL);
}

void
tc_require_no_recent_mail(const pg_uuid_t *invitation_id)
{
	require_no_recent(&find_recent_link, invitation_id);
}

void
tc_drop_mails(const pg_uuid_t *invitation_id)
{
	tc_run_latest(&drop_invitation_mails, UUID_VALUE(invitation_id), TIME_VALUE(tc_now()));
}

void
tc_mail_inviter(MailKind kind, const pg_uuid_t *invitation_id, bool wait)
{
	mail_found(find_reader(find_inviter, invitation_id, NULL, wait), kind, invitation_id, NULL,
			   NULL);
}

void
tc_mail_customer(MailKind kind, const pg_uuid_t *request_id, const pg_uuid_t *customer_id,
				 bool wait)
{
	Rows		rows = find_reader(find_customer, request_id, customer_id, wait);

	/*
	 * This mail will have all names: one that still waits is obsolete.  It is
	 * locked after the contact (lock.h).
	 */
	if (kind == MAIL_REQUEST_FILLED)
		tc_run_latest(&drop_filled_mails, UUID_VALUE(request_id), TIME_VALUE(tc_now()));
	mail_found(rows, kind, NULL, request_id, customer_id);
}

void
tc_mail_provider(MailKind kind, const pg_uuid_t *request_id, const pg_uuid_t *customer_id,
				 bool wait)
{
	mail_found(find_reader(find_provider, request_id, customer_id, wait), kind, NULL, request_id,
			   customer_id);
}

/* Returns the reader, if there is any.  The customer is that of a request. */
static Rows
find_reader(KeptQuery *queries, const pg_uuid_t *id, const pg_uuid_t *customer_id, bool wait)
{
	Rows		rows = tc_run_latest(&queries[wait ? WAITING : SKIPPING], UUID_VALUE(id),
									 UUID_VALUE(customer_id));

	if (!wait && rows.count == 0)
		rows = tc_run_latest(&queries[UNLOCKED], UUID_VALUE(id), UUID_VALUE(customer_id));
	if (wait)
		tc_read_clock();
	return rows;
}

/* To the addressee that a query found, if any. */
static void
mail_found(Rows rows, MailKind kind, const pg_uuid_t *invitation_id,
		   const pg_uuid_t *request_id, const pg_uuid_t *customer_id)
{
	Addressee	addressee;

	if (rows.count == 0)
		return;
	addressee = (Addressee)
	{
		.email = tc_text(rows, 0, ADDRESSEE_EMAIL),
			.given_name = tc_text(rows, 0, ADDRESSEE_GIVEN_NAME),
			.family_name = tc_text(rows, 0, ADDRESSEE_FAMILY_NAME),
			.locale = tc_text(rows, 0, ADDRESSEE_LOCALE)
	};
	queue_mail(kind, invitation_id,
			   request_id ? NULL_VALUE(INT4OID) : INT_VALUE(tc_integer(rows, 0, ADDRESSEE_ROUND)),
			   request_id, customer_id, addressee);
}

static void
queue_mail(MailKind kind, const pg_uuid_t *invitation_id, Value round,
		   const pg_uuid_t *request_id, const pg_uuid_t *customer_id, Addressee addressee)
{
	tc_run(&insert_mail, MAIL_KIND_VALUE(kind), UUID_VALUE(invitation_id), round,
		   UUID_VALUE(request_id), UUID_VALUE(customer_id), TEXT_VALUE(addressee.email),
		   TEXT_VALUE(addressee.given_name), TEXT_VALUE(addressee.family_name),
		   TEXT_VALUE(addressee.locale), TEXT_VALUE(tc_message_id_domain),
		   TIME_VALUE(tc_now()));
	tc_notify_mail();
}

void
tc_mail_confirmation(const pg_uuid_t *contact_id, const pg_uuid_t *account_id)
{
	Value		now = TIME_VALUE(tc_now());

	require_no_recent(&find_recent_confirmation, contact_id);
	tc_require_below(tc_max_daily_confirmations, TOO_MANY_CONFIRMATIONS,
					 &nth_newest_confirmation, UUID_VALUE(account_id), now);
	tc_run(&queue_confirmation, UUID_VALUE(contact_id), TEXT_VALUE(tc_message_id_domain), now);
	tc_notify_mail();
}

static void
require_no_recent(KeptQuery *find_recent, const pg_uuid_t *id)
{
	Rows		rows = tc_run_latest(find_recent, UUID_VALUE(id), INT_VALUE(tc_resend_interval),
									 TIME_VALUE(tc_now()));

	if (rows.count > 0)
		tc_refuse_until(RESEND_TOO_SOON, tc_time(rows, 0, RECENT_UNTIL));
}
