/*
 * contact.c
 *		The people of an account, and the addresses they have proven.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/account_record.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/mail.h"
#include "rule/token.h"

static KeptQuery find_owner =
QUERY("SELECT c.account_id, a.kind, a.locale"
	  "  FROM tempcloud_data.contact c"
	  "  JOIN tempcloud_data.account a ON a.id = c.account_id"
	  " WHERE lower(c.email) = $1 AND c.email_verified_at IS NOT NULL");

static KeptQuery insert_contact =
QUERY("INSERT INTO tempcloud_data.contact AS c"
	  " (account_id, given_name, family_name, email, \"position\", phone)"
	  " VALUES ($1, $2, $3, $4, $5, $6)"
	  " RETURNING " CONTACT_RECORD ", c.id");

static KeptQuery update_contact =
QUERY("UPDATE tempcloud_data.contact c SET"
	  " given_name = COALESCE($3, given_name), family_name = COALESCE($4, family_name),"
	  " email_verified_at = CASE WHEN $5 IS NULL OR lower(email) = $8"
	  "                          THEN email_verified_at END,"
	  " email = CASE WHEN $5 IS NULL THEN email ELSE NULLIF($5, '') END,"
	  " \"position\" = CASE WHEN $6 IS NULL THEN \"position\" ELSE NULLIF($6, '') END,"
	  " phone = CASE WHEN $7 IS NULL THEN phone ELSE NULLIF($7, '') END"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL"
	  " RETURNING " CONTACT_RECORD ", c.id");

/*
 * The link to prove an address is of no use to who has left.  That it was sent
 * is kept for the limit: nobody sends more by removing and adding contacts.
 */
static KeptQuery erase_contact_mails =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail WHERE contact_id = $1 ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "   SET recipient = 'erased@tempcloud.invalid', recipient_name = '', error = NULL,"
	  "       state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END, leased = false,"
	  "       closed_at = COALESCE(closed_at, clock_timestamp())"
	  "  FROM held WHERE m.id = held.id");

static KeptQuery delete_confirmations =
QUERY("DELETE FROM tempcloud_data.confirmation_token WHERE contact_id = $1");

/* Taken by whoever removes a contact: two cannot remove the last two logins. */
static KeptQuery lock_account =
QUERY("SELECT FROM tempcloud_data.account WHERE id = $1 FOR NO KEY UPDATE");

/* Whether it is no login, or not the last one. */
static KeptQuery check_removal =
QUERY("SELECT c.subject IS NULL OR EXISTS ("
	  "   SELECT FROM tempcloud_data.contact o"
	  "    WHERE o.account_id = $2 AND o.id <> $1 AND o.subject IS NOT NULL)"
	  "  FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL");

static KeptQuery erase_contact =
QUERY("UPDATE tempcloud_data.contact SET given_name = NULL, family_name = NULL,"
	  " \"position\" = NULL, email = NULL, email_verified_at = NULL, phone = NULL,"
	  " subject = NULL, removed_at = clock_timestamp()"
	  " WHERE id = $1");

static KeptQuery find_people =
QUERY("SELECT c.id FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.removed_at IS NULL");

static KeptQuery lock_people =
QUERY("SELECT FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.removed_at IS NULL ORDER BY c.id FOR NO KEY UPDATE");

static KeptQuery lock_mails_of_people =
QUERY("SELECT FROM tempcloud_data.mail m"
	  " WHERE m.id IN (SELECT m.id FROM tempcloud_data.contact c"
	  "                  JOIN tempcloud_data.mail m ON m.contact_id = c.id"
	  "                 WHERE c.account_id = $1 AND c.removed_at IS NULL)"
	  " ORDER BY m.id FOR NO KEY UPDATE");

static KeptQuery select_contact =
QUERY("SELECT " CONTACT_RECORD " FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL");

static KeptQuery find_confirmation =
QUERY("SELECT t.contact_id, c.account_id, a.kind, t.email,"
	  "       t.issued_at + make_interval(secs => $2) <= clock_timestamp()"
	  "  FROM tempcloud_data.confirmation_token t"
	  "  JOIN tempcloud_data.contact c ON c.id = t.contact_id"
	  "  JOIN tempcloud_data.account a ON a.id = c.account_id"
	  " WHERE t.digest = $1");

/* The address of a contact of the account, which stays so. */
static KeptQuery lock_address =
QUERY("SELECT c.email, c.email_verified_at IS NOT NULL FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL"
	  "   FOR NO KEY UPDATE");

/* A contact, who stays so, and whether the address is still $2. */
static KeptQuery lock_contact =
QUERY("SELECT c.subject, c.email_verified_at IS NOT NULL, lower(c.email) = $2"
	  "  FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.removed_at IS NULL"
	  "   FOR NO KEY UPDATE");

static KeptQuery confirm_contact =
QUERY("UPDATE tempcloud_data.contact c"
	  "   SET email_verified_at = COALESCE(email_verified_at, clock_timestamp()),"
	  "       subject = COALESCE(subject, $2)"
	  " WHERE c.id = $1");

/* What a link is to prove, and whose. */
typedef struct Confirmation
{
	pg_uuid_t  *contact_id;
	pg_uuid_t  *account_id;
	AccountKind kind;			/* of the account */
	char	   *email;
} Confirmation;

static void erase_person(const pg_uuid_t *id);
static Confirmation find_confirmed(text *token);
pg_noreturn static void refuse_unknown_link(void);
static char *login_to_bind(const Caller *caller, const pg_uuid_t *account_id, const char *subject);

PG_FUNCTION_INFO_V1(tempcloud_add_contact);
PG_FUNCTION_INFO_V1(tempcloud_update_contact);
PG_FUNCTION_INFO_V1(tempcloud_remove_contact);
PG_FUNCTION_INFO_V1(tempcloud_send_confirmation);
PG_FUNCTION_INFO_V1(tempcloud_confirm_email);

/*
 * add_contact(given_name, family_name, email, position, phone)
 *		returns tempcloud.contact
 */
Datum
tempcloud_add_contact(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;
	pg_uuid_t  *id;

	tc_enter_command("add_contact()");
	caller = tc_caller_with_account(QUERY_RUN);
	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&insert_contact,
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_required(fcinfo, 0, "given_name", FORM_PERSON_NAME)),
				  TEXT_VALUE(tc_arg_required(fcinfo, 1, "family_name", FORM_PERSON_NAME)),
				  TEXT_VALUE(tc_arg(fcinfo, 2, "email", FORM_EMAIL)),
				  TEXT_VALUE(tc_arg(fcinfo, 3, "position", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, 4, "phone", FORM_PHONE)));
	id = tc_uuid(rows, 0, 2);
	tc_event(EVENT_CONTACT_ADDED, caller->account_id, caller->contact_id, NULL, NULL);
	rows = tc_run(&select_contact, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	return tc_finish(rows);
}

/*
 * update_contact(id, given_name, family_name, email, position, phone)
 *		returns tempcloud.contact
 */
Datum
tempcloud_update_contact(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	char	   *email;

	tc_enter_command("update_contact()");
	caller = tc_caller_with_account(QUERY_RUN);
	email = tc_arg_change(fcinfo, 3, "email", FORM_EMAIL, true);
	rows = tc_run(&update_contact,
				  UUID_VALUE(id),
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_change(fcinfo, 1, "given_name", FORM_PERSON_NAME, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 2, "family_name", FORM_PERSON_NAME, false)),
				  TEXT_VALUE(email),
				  TEXT_VALUE(tc_arg_change(fcinfo, 4, "position", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, 5, "phone", FORM_PHONE, true)),
				  TEXT_VALUE(email ? tc_fold_email(email) : NULL));
	if (rows.count == 0)
	{
		(void) tc_caller_with_account(QUERY_LATEST);	/* they may be gone
														 * themselves */
		tc_refuse(CONTACT_NOT_FOUND);
	}
	return tc_finish(rows);
}

/*
 * remove_contact(id) returns void
 */
Datum
tempcloud_remove_contact(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;

	tc_enter_command("remove_contact()");
	caller = tc_caller_with_account(QUERY_RUN);
	tc_lock_account(caller->account_id);
	caller = tc_caller_with_account(QUERY_LATEST);	/* a colleague may have
													 * removed them */
	tc_remove_contact(id, caller->account_id, caller->contact_id, EVENT_CONTACT_REMOVED);
	tc_leave();
	PG_RETURN_VOID();
}

void
tc_lock_account(const pg_uuid_t *account_id)
{
	tc_run(&lock_account, UUID_VALUE(account_id));
}

void
tc_lock_people(const pg_uuid_t *account_id)
{
	tc_run_latest(&lock_people, UUID_VALUE(account_id));
	tc_run_latest(&lock_mails_of_people, UUID_VALUE(account_id));
}

void
tc_erase_people(const pg_uuid_t *account_id)
{
	Rows		rows = tc_run_latest(&find_people, UUID_VALUE(account_id));

	for (uint64 i = 0; i < rows.count; i++)
		erase_person(tc_uuid(rows, i, 1));
}

void
tc_remove_contact(const pg_uuid_t *id, const pg_uuid_t *account_id,
				  const pg_uuid_t *removed_by, EventName event)
{
	Rows		rows = tc_run_latest(&check_removal, UUID_VALUE(id), UUID_VALUE(account_id));

	if (rows.count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	if (!tc_bool(rows, 0, 1))
		tc_refuse(LAST_LOGIN);
	erase_person(id);
	tc_event(event, account_id, removed_by, NULL, NULL);
}

/* Who is sending a confirmation comes before this, and what they have sent is seen. */
static void
erase_person(const pg_uuid_t *id)
{
	tc_run_latest(&erase_contact, UUID_VALUE(id));
	tc_run_latest(&erase_contact_mails, UUID_VALUE(id));
	tc_run_latest(&delete_confirmations, UUID_VALUE(id));
}

/*
 * send_confirmation(contact_id) returns tempcloud.contact
 *
 * Under the lock of the contact's row: who removes them, or changes the address,
 * comes before or after.
 */
Datum
tempcloud_send_confirmation(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "contact_id");
	Caller	   *caller;

	tc_enter_command("send_confirmation()");
	caller = tc_caller_with_account(QUERY_RUN);
	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&lock_address, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	if (rows.count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	if (tc_text(rows, 0, 1) == NULL)
		tc_refuse_hint(INVALID_ARGUMENT, "The contact has no e-mail address yet; "
					   "set it with tempcloud.update_contact().");
	if (!tc_bool(rows, 0, 2))
		tc_mail_confirmation(id, caller->account_id);
	rows = tc_run(&select_contact, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	return tc_finish(rows);
}

/*
 * confirm_email(token) returns tempcloud.contact
 *
 * Locks the login and the address, as register_account() does, then what waits for
 * the address, then the contact.
 */
Datum
tempcloud_confirm_email(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Confirmation confirmation;
	Caller	   *caller;
	ArrayType  *waiting;
	char	   *folded;
	char	   *subject;
	bool		verified;

	tc_enter_command("confirm_email()");
	confirmation = find_confirmed(PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0));
	folded = tc_fold_email(confirmation.email);
	caller = tc_caller_to_bind();

	tc_lock(LOCK_ADDRESS, tc_address_key(folded));
	waiting = tc_lock_waiting(confirmation.account_id, confirmation.kind, folded);
	rows = tc_run(&lock_contact, UUID_VALUE(confirmation.contact_id), TEXT_VALUE(folded));
	if (rows.count == 0)
		refuse_unknown_link();	/* removed since */
	if (!tc_bool(rows, 0, 3))
		tc_refuse(ADDRESS_CHANGED);
	subject = tc_text(rows, 0, 1);
	verified = tc_bool(rows, 0, 2);

	subject = login_to_bind(caller, confirmation.account_id, subject);
	if (!verified && tc_owner_of(folded).account_id != NULL)
		tc_refuse(EMAIL_TAKEN);
	if (!verified || subject != NULL)
	{
		tc_run(&confirm_contact, UUID_VALUE(confirmation.contact_id), TEXT_VALUE(subject));
		tc_event(EVENT_CONTACT_CONFIRMED, confirmation.account_id,
				 caller->contact_id ? caller->contact_id : confirmation.contact_id, NULL, NULL);
		tc_route_invitations(confirmation.account_id, waiting);
	}
	rows = tc_run(&select_contact, UUID_VALUE(confirmation.contact_id),
				  UUID_VALUE(confirmation.account_id));
	return tc_finish(rows);
}

Owner
tc_owner_of(const char *folded_email)
{
	Rows		rows;
	Owner		owner = {0};

	rows = tc_run_latest(&find_owner, TEXT_VALUE(folded_email));
	if (rows.count > 0)
	{
		owner.account_id = tc_uuid(rows, 0, 1);
		owner.kind = tc_kind(rows, 0, 2);
		owner.locale = tc_text(rows, 0, 3);
	}
	return owner;
}

/*
 * What the token proves.  PT400 for a malformed token, PT404 for an unknown one,
 * PT410 for one that is too old.
 */
static Confirmation
find_confirmed(text *token)
{
	Rows		rows;
	bytea	   *digest = tc_token_digest(token, CONFIRMATION_TOKEN);

	rows = tc_run(&find_confirmation, BYTEA_VALUE(digest), INT_VALUE(tc_invitation_lifetime));
	if (rows.count == 0)
		refuse_unknown_link();
	if (tc_bool(rows, 0, 5))
		tc_refuse(LINK_EXPIRED);
	return (Confirmation)
	{
		.contact_id = tc_uuid(rows, 0, 1),.account_id = tc_uuid(rows, 0, 2),
			.kind = tc_kind(rows, 0, 3),.email = tc_text(rows, 0, 4)
	};
}

/* A link of nobody's, or of a contact who was removed: both have none left. */
static void
refuse_unknown_link(void)
{
	tc_refuse_hint(CONTACT_NOT_FOUND, "The contact may have been removed; ask a colleague for "
				   "another mail.");
}

/*
 * The login that the contact gets by confirming, NULL if none.
 *
 * A colleague only proves the address.  Somebody without an account joins as
 * the contact, who must not have a login yet.  Everybody else is refused.
 */
static char *
login_to_bind(const Caller *caller, const pg_uuid_t *account_id, const char *subject)
{
	if (caller->account_id != NULL)
	{
		if (tc_same(caller->account_id, account_id))
			return NULL;
		tc_refuse(ALREADY_REGISTERED);
	}
	if (subject != NULL)
		tc_refuse(ALREADY_JOINED);
	return caller->subject;
}
