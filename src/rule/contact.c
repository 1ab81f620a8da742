/*
 * contact.c
 *		The people of an account, and the addresses they have proven.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
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

enum
{
	OWNER_ACCOUNT_ID = 1, OWNER_KIND, OWNER_LOCALE
};

static KeptQuery insert_contact =
QUERY("INSERT INTO tempcloud_data.contact AS c"
	  " (account_id, given_name, family_name, email, \"position\", phone, role, created_at)"
	  " VALUES ($1, $2, $3, $4, $5, $6, $7::tempcloud.contact_role, $8)"
	  " RETURNING " CONTACT_RECORD ", c.id");

enum
{
	ADDED_RECORD = 1, ADDED_ID
};

static KeptQuery update_contact =
QUERY("UPDATE tempcloud_data.contact c SET"
	  " given_name = COALESCE($3, given_name), family_name = COALESCE($4, family_name),"
	  " email_verified_at = CASE WHEN $5 IS NULL OR lower(email) = $8"
	  "                          THEN email_verified_at END,"
	  " email = CASE WHEN $5 IS NULL THEN email ELSE NULLIF($5, '') END,"
	  " \"position\" = CASE WHEN $6 IS NULL THEN \"position\" ELSE NULLIF($6, '') END,"
	  " phone = CASE WHEN $7 IS NULL THEN phone ELSE NULLIF($7, '') END"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL"
	  " RETURNING " CONTACT_RECORD);

/*
 * Drops the mails to a contact who is removed, and erases the person's data in
 * them.  The rows stay, because they count for the limit: removing and adding
 * contacts does not permit more mails.
 */
static KeptQuery erase_contact_mails =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT id FROM tempcloud_data.mail WHERE contact_id = $1 ORDER BY id FOR NO KEY UPDATE)"
	  " UPDATE tempcloud_data.mail m"
	  "   SET recipient = 'erased@tempcloud.invalid', recipient_name = '', error = NULL,"
	  "       state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END, leased = false,"
	  "       closed_at = COALESCE(closed_at, $2)"
	  "  FROM held WHERE m.id = held.id");

static KeptQuery delete_confirmations =
QUERY("DELETE FROM tempcloud_data.confirmation_token WHERE contact_id = $1");

/*
 * Locks a contact ($1) of the account ($2), and returns the role, and whether the
 * contact is the account's last owner with a login.
 */
static KeptQuery lock_person =
QUERY("SELECT c.role, c.subject IS NOT NULL AND c.role = 'owner' AND NOT EXISTS ("
	  "   SELECT FROM tempcloud_data.contact o"
	  "    WHERE o.account_id = $2 AND o.id <> $1"
	  "      AND o.subject IS NOT NULL AND o.role = 'owner')"
	  "  FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL"
	  "   FOR NO KEY UPDATE OF c");

enum
{
	PERSON_ROLE = 1, PERSON_IS_LAST_OWNER
};

static KeptQuery set_role =
QUERY("UPDATE tempcloud_data.contact SET role = $2::tempcloud.contact_role WHERE id = $1");

static KeptQuery erase_contact =
QUERY("UPDATE tempcloud_data.contact SET given_name = NULL, family_name = NULL,"
	  " \"position\" = NULL, email = NULL, email_verified_at = NULL, phone = NULL,"
	  " subject = NULL, removed_at = $2"
	  " WHERE id = $1");

static KeptQuery find_people =
QUERY("SELECT c.id FROM tempcloud_data.contact c"
	  " WHERE c.account_id = $1 AND c.removed_at IS NULL");

enum
{
	PERSON_ID = 1
};

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
	  "       t.issued_at <= $2"
	  "  FROM tempcloud_data.confirmation_token t"
	  "  JOIN tempcloud_data.contact c ON c.id = t.contact_id"
	  "  JOIN tempcloud_data.account a ON a.id = c.account_id"
	  " WHERE t.digest = $1");

enum
{
	CONFIRMED_CONTACT_ID = 1, CONFIRMED_ACCOUNT_ID, CONFIRMED_KIND, CONFIRMED_EMAIL,
	CONFIRMED_IS_TOO_OLD
};

/* Locks a contact of the account: the address does not change. */
static KeptQuery lock_address =
QUERY("SELECT c.email, c.email_verified_at IS NOT NULL FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL"
	  "   FOR NO KEY UPDATE");

enum
{
	ADDRESS_EMAIL = 1, ADDRESS_IS_VERIFIED
};

/* Locks a contact, and returns whether the address is still $2. */
static KeptQuery lock_contact =
QUERY("SELECT c.subject, c.email_verified_at IS NOT NULL, lower(c.email) = $2"
	  "  FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.removed_at IS NULL"
	  "   FOR NO KEY UPDATE");

enum
{
	LOCKED_SUBJECT = 1, LOCKED_IS_VERIFIED, LOCKED_HAS_ADDRESS
};

static KeptQuery confirm_contact =
QUERY("UPDATE tempcloud_data.contact c"
	  "   SET email_verified_at = COALESCE(email_verified_at, $3),"
	  "       subject = COALESCE(subject, $2)"
	  " WHERE c.id = $1");

/* The address that a link proves, and its contact. */
typedef struct Confirmation
{
	pg_uuid_t  *contact_id;
	pg_uuid_t  *account_id;
	AccountKind kind;			/* of the account */
	char	   *email;
} Confirmation;

/* What removing a contact, or giving a role, depends on. */
typedef struct Person
{
	ContactRole role;
	bool		is_last_owner;	/* with a login */
} Person;

static char *required_role(FunctionCallInfo fcinfo, int n);
static Right right_on(const Caller *caller, const pg_uuid_t *contact_id);
static Person find_person(const pg_uuid_t *id, const pg_uuid_t *account_id);
static void erase_person(const pg_uuid_t *id);
static Confirmation find_confirmed(text *token);
pg_noreturn static void refuse_unknown_link(void);
static char *login_to_bind(const Caller *caller, const pg_uuid_t *account_id, const char *subject);

PG_FUNCTION_INFO_V1(tempcloud_add_contact);
PG_FUNCTION_INFO_V1(tempcloud_update_contact);
PG_FUNCTION_INFO_V1(tempcloud_set_role);
PG_FUNCTION_INFO_V1(tempcloud_remove_contact);
PG_FUNCTION_INFO_V1(tempcloud_send_confirmation);
PG_FUNCTION_INFO_V1(tempcloud_confirm_email);

enum
{
	ADD_GIVEN_NAME, ADD_FAMILY_NAME, ADD_EMAIL, ADD_POSITION, ADD_PHONE, ADD_ROLE
};

/*
 * add_contact(given_name, family_name, email, position, phone, role)
 *		returns tempcloud.contact
 *
 * With an address, a mail asks the contact to prove it (send_confirmation()).  The
 * address is locked, so that erase_person() finds both or neither.
 */
Datum
tempcloud_add_contact(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Caller	   *caller;
	char	   *email;
	char	   *role;
	pg_uuid_t  *id;

	tc_enter_command("add_contact()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_MANAGE_CONTACTS);
	email = tc_arg(fcinfo, ADD_EMAIL, "email", FORM_EMAIL);
	role = required_role(fcinfo, ADD_ROLE);
	if (email != NULL)
	{
		tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
		tc_lock(LOCK_ADDRESS, tc_address_key(tc_fold_email(email)));
	}
	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&insert_contact,
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_required(fcinfo, ADD_GIVEN_NAME, "given_name", FORM_PERSON_NAME)),
				  TEXT_VALUE(tc_arg_required(fcinfo, ADD_FAMILY_NAME, "family_name", FORM_PERSON_NAME)),
				  TEXT_VALUE(email),
				  TEXT_VALUE(tc_arg(fcinfo, ADD_POSITION, "position", FORM_LINE)),
				  TEXT_VALUE(tc_arg(fcinfo, ADD_PHONE, "phone", FORM_PHONE)),
				  TEXT_VALUE(role),
				  TIME_VALUE(tc_now()));
	id = tc_uuid(rows, 0, ADDED_ID);
	tc_event_of_contact(EVENT_CONTACT_ADDED, caller->account_id, caller->contact_id, id, role);
	if (email != NULL)
		tc_mail_confirmation(id, caller->account_id);
	return tc_finish(rows);
}

/* The label of a role.  PT400 invalid_argument if the argument is null. */
static char *
required_role(FunctionCallInfo fcinfo, int n)
{
	char	   *role = PG_ARGISNULL(n) ? NULL : tc_enum_label(PG_GETARG_DATUM(n));

	tc_require(role, "role");
	return role;
}

/* What a command on a contact needs: each may edit their own. */
static Right
right_on(const Caller *caller, const pg_uuid_t *contact_id)
{
	return tc_same(contact_id, caller->contact_id) ? RIGHT_EDIT_OWN_CONTACT : RIGHT_MANAGE_CONTACTS;
}

enum
{
	UPDATE_ID, UPDATE_GIVEN_NAME, UPDATE_FAMILY_NAME, UPDATE_EMAIL, UPDATE_POSITION, UPDATE_PHONE
};

/*
 * update_contact(id, given_name, family_name, email, position, phone)
 *		returns tempcloud.contact
 */
Datum
tempcloud_update_contact(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, UPDATE_ID, "id");
	Caller	   *caller;
	char	   *email;

	tc_enter_command("update_contact()");
	caller = tc_caller_with_account(QUERY_RUN);
	tc_require_right(caller, right_on(caller, id));
	email = tc_arg_change(fcinfo, UPDATE_EMAIL, "email", FORM_EMAIL, true);
	if (email != NULL && *email != '\0')
		tc_lock(LOCK_ADDRESS, tc_address_key(tc_fold_email(email)));
	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&update_contact,
				  UUID_VALUE(id),
				  UUID_VALUE(caller->account_id),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_GIVEN_NAME, "given_name", FORM_PERSON_NAME, false)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_FAMILY_NAME, "family_name", FORM_PERSON_NAME, false)),
				  TEXT_VALUE(email),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_POSITION, "position", FORM_LINE, true)),
				  TEXT_VALUE(tc_arg_change(fcinfo, UPDATE_PHONE, "phone", FORM_PHONE, true)),
				  TEXT_VALUE(email ? tc_fold_email(email) : NULL));
	if (rows.count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	tc_tell(EVENT_CONTACT_CHANGED, caller->account_id, NULL);
	return tc_finish(rows);
}

enum
{
	SET_CONTACT_ID, SET_ROLE
};

/*
 * set_role(contact_id, role) returns tempcloud.contact
 *
 * Locks the account's row, as the commands that remove a contact do: of two that would
 * take the account's last two owners, the second finds one owner left.  Commands that
 * act for the account share the lock, and look at the role of their caller under it
 * (tc_keep_open()).
 *
 * Raises PT404 contact_not_found, and PT409 last_owner.
 */
Datum
tempcloud_set_role(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, SET_CONTACT_ID, "contact_id");
	Caller	   *caller;
	char	   *role;
	Person		person;

	tc_enter_command("set_role()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_MANAGE_CONTACTS);
	role = required_role(fcinfo, SET_ROLE);
	tc_lock_account(caller);
	person = find_person(id, caller->account_id);
	if (person.role != tc_role_of_label(role))
	{
		if (person.is_last_owner)
			tc_refuse(LAST_OWNER);
		tc_run_latest(&set_role, UUID_VALUE(id), TEXT_VALUE(role));
		tc_event_of_contact(EVENT_CONTACT_ROLE_CHANGED, caller->account_id, caller->contact_id,
							id, role);
	}
	rows = tc_run_latest(&select_contact, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	return tc_finish(rows);
}

/*
 * Lock a contact of the account, whose row is locked, and return what removing the
 * contact or giving a role depends on.  Raises PT404 contact_not_found.
 */
static Person
find_person(const pg_uuid_t *id, const pg_uuid_t *account_id)
{
	Rows		rows = tc_run_latest(&lock_person, UUID_VALUE(id), UUID_VALUE(account_id));

	tc_read_clock();
	if (rows.count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	return (Person)
	{
		.role = tc_role(rows, 0, PERSON_ROLE),
			.is_last_owner = tc_bool(rows, 0, PERSON_IS_LAST_OWNER)
	};
}

enum
{
	REMOVE_ID
};

/*
 * remove_contact(id) returns void
 */
Datum
tempcloud_remove_contact(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, REMOVE_ID, "id");
	Caller	   *caller;

	tc_enter_command("remove_contact()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_MANAGE_CONTACTS);
	tc_lock_account(caller);
	tc_remove_contact(id, caller->account_id, caller->contact_id, EVENT_CONTACT_REMOVED);
	tc_leave();
	PG_RETURN_VOID();
}

void
tc_lock_people(const pg_uuid_t *account_id)
{
	tc_run_latest(&lock_people, UUID_VALUE(account_id));
	tc_run_latest(&lock_mails_of_people, UUID_VALUE(account_id));
	tc_read_clock();
}

void
tc_erase_people(const pg_uuid_t *account_id)
{
	Rows		rows = tc_run_latest(&find_people, UUID_VALUE(account_id));

	for (uint64 i = 0; i < rows.count; i++)
		erase_person(tc_uuid(rows, i, PERSON_ID));
}

void
tc_remove_contact(const pg_uuid_t *id, const pg_uuid_t *account_id,
				  const pg_uuid_t *removed_by, EventName event)
{
	if (find_person(id, account_id).is_last_owner)
		tc_refuse(LAST_OWNER);
	erase_person(id);
	tc_event_of_contact(event, account_id, removed_by, id, NULL);
}

/*
 * Erase the data of a contact, whose row is locked: mails that other transactions
 * have queued to the contact are seen.
 */
static void
erase_person(const pg_uuid_t *id)
{
	tc_run_latest(&erase_contact, UUID_VALUE(id), TIME_VALUE(tc_now()));
	tc_run_latest(&erase_contact_mails, UUID_VALUE(id), TIME_VALUE(tc_now()));
	tc_run_latest(&delete_confirmations, UUID_VALUE(id));
}

enum
{
	SEND_CONTACT_ID
};

/*
 * send_confirmation(contact_id) returns tempcloud.contact
 *
 * Locks the contact's row, so that a command that removes the contact or changes the
 * address runs before or after.
 */
Datum
tempcloud_send_confirmation(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, SEND_CONTACT_ID, "contact_id");
	Caller	   *caller;

	tc_enter_command("send_confirmation()");
	caller = tc_caller_with_account(QUERY_RUN);
	tc_require_right(caller, right_on(caller, id));
	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	(void) tc_keep_open(caller, NULL, 0);
	rows = tc_run(&lock_address, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	tc_read_clock();
	if (rows.count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	if (tc_text(rows, 0, ADDRESS_EMAIL) == NULL)
		tc_refuse_hint(INVALID_ARGUMENT, "The contact has no e-mail address yet; "
					   "set it with tempcloud.update_contact().");
	if (!tc_bool(rows, 0, ADDRESS_IS_VERIFIED))
		tc_mail_confirmation(id, caller->account_id);
	rows = tc_run(&select_contact, UUID_VALUE(id), UUID_VALUE(caller->account_id));
	return tc_finish(rows);
}

enum
{
	CONFIRM_TOKEN
};

/*
 * confirm_email(token) returns tempcloud.contact
 *
 * Locks the login and the address, as register_account() does, then the invitations
 * that wait for the address, then the contact.
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
	confirmation = find_confirmed(tc_arg_token(fcinfo, CONFIRM_TOKEN));
	folded = tc_fold_email(confirmation.email);
	caller = tc_caller_to_bind();

	tc_lock(LOCK_ADDRESS, tc_address_key(folded));
	waiting = tc_lock_waiting(confirmation.account_id, confirmation.kind, folded);
	rows = tc_run(&lock_contact, UUID_VALUE(confirmation.contact_id), TEXT_VALUE(folded));
	tc_read_clock();
	if (rows.count == 0)
		refuse_unknown_link();	/* removed since */
	if (!tc_bool(rows, 0, LOCKED_HAS_ADDRESS))
		tc_refuse(ADDRESS_CHANGED);
	subject = tc_text(rows, 0, LOCKED_SUBJECT);
	verified = tc_bool(rows, 0, LOCKED_IS_VERIFIED);

	subject = login_to_bind(caller, confirmation.account_id, subject);
	if (!verified && tc_owner_of(folded).account_id != NULL)
		tc_refuse(EMAIL_TAKEN);
	if (!verified || subject != NULL)
	{
		tc_run(&confirm_contact, UUID_VALUE(confirmation.contact_id), TEXT_VALUE(subject),
			   TIME_VALUE(tc_now()));
		tc_event_of_contact(EVENT_CONTACT_CONFIRMED, confirmation.account_id,
							caller->contact_id ? caller->contact_id : confirmation.contact_id,
							confirmation.contact_id, NULL);
		tc_route_invitations(confirmation.account_id, waiting);
	}
	rows = tc_run(&select_contact, UUID_VALUE(confirmation.contact_id),
				  UUID_VALUE(confirmation.account_id));
	return tc_finish(rows);
}

Owner
tc_owner_of(const char *folded_email)
{
	Rows		rows = tc_run_latest(&find_owner, TEXT_VALUE(folded_email));
	Owner		owner = {0};

	if (rows.count > 0)
	{
		owner.account_id = tc_uuid(rows, 0, OWNER_ACCOUNT_ID);
		owner.kind = tc_kind(rows, 0, OWNER_KIND);
		owner.locale = tc_text(rows, 0, OWNER_LOCALE);
	}
	return owner;
}

/*
 * Returns the contact and the address that the token proves.  Raises PT400
 * invalid_token, PT405 post_only, PT404 contact_not_found for an unknown token, and
 * PT410 link_expired.
 */
static Confirmation
find_confirmed(text *token)
{
	Rows		rows;
	bytea	   *digest = tc_token_digest(token, CONFIRMATION_TOKEN);
	TimestampTz too_old = tc_now() - tc_invitation_lifetime * USECS_PER_SEC;

	rows = tc_run(&find_confirmation, BYTEA_VALUE(digest), TIME_VALUE(too_old));
	if (rows.count == 0)
		refuse_unknown_link();
	if (tc_bool(rows, 0, CONFIRMED_IS_TOO_OLD))
		tc_refuse(LINK_EXPIRED);
	return (Confirmation)
	{
		.contact_id = tc_uuid(rows, 0, CONFIRMED_CONTACT_ID),
			.account_id = tc_uuid(rows, 0, CONFIRMED_ACCOUNT_ID),
			.kind = tc_kind(rows, 0, CONFIRMED_KIND),
			.email = tc_text(rows, 0, CONFIRMED_EMAIL)
	};
}

/*
 * Raises PT404 contact_not_found for an unknown token and for one whose contact was
 * removed.  The two cannot be told apart: tokens are deleted with the contact.
 */
static void
refuse_unknown_link(void)
{
	tc_refuse_hint(CONTACT_NOT_FOUND, "The contact may have been removed; ask a colleague for "
				   "another mail.");
}

/*
 * Returns the login that the contact gets by confirming, NULL if none.  subject is
 * the login that the contact has, or NULL.
 *
 * A colleague only proves the address.  A caller without an account joins as the
 * contact, who must not have a login yet; otherwise PT409 already_joined.  Raises
 * PT409 already_registered for a caller of another account.
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
