/*
 * privacy.c
 *		Export and erasure of a person's data on request.
 *
 * A person is found by an e-mail address, a worker by the name that a provider has
 * given.  Partnerships are between companies and stay unchanged.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/clock.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/contact.h"
#include "rule/event.h"

/* What a provider $2 has named with a name $1: assignments p, with shift s and request r. */
#define NAMES_OF_WORKER(name, provider) \
	"  FROM tempcloud_data.assignment p" \
	" CROSS JOIN LATERAL (" \
	"   SELECT s.request_id, s.starts_at FROM tempcloud_data.shift s" \
	"    WHERE s.id = p.shift_id AND s.customer_id = p.customer_id OFFSET 0) s" \
	" CROSS JOIN LATERAL (" \
	"   SELECT r.id, r.customer_id, r.profession, r.location, r.status FROM tempcloud_data.request r" \
	"    WHERE r.id = s.request_id AND r.customer_id = p.customer_id" \
	"      AND r.provider_id = " provider " OFFSET 0) r" \
	" WHERE p.worker_name = " name

static KeptQuery export =
QUERY("SELECT jsonb_build_object("
	  "  'email', $1,"
	  "  'contacts', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "      'id', c.id, 'account_id', c.account_id, 'company_name', a.company_name,"
	  "      'given_name', c.given_name, 'family_name', c.family_name,"
	  "      'position', c.position, 'email', c.email, 'phone', c.phone,"
	  "      'role', c.role, 'subject', c.subject, 'created_at', c.created_at,"
	  "      'email_verified_at', c.email_verified_at,"
	  "      'events', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "          'at', e.at, 'event', e.event, 'partner_id', e.partner_id,"
	  "          'invitation_id', e.invitation_id, 'request_id', e.request_id) ORDER BY e.id), '[]')"
	  "          FROM tempcloud_data.event e"
	  "         WHERE e.account_id = c.account_id AND e.contact_id = c.id))"
	  "      ORDER BY c.id), '[]')"
	  "      FROM tempcloud_data.contact c"
	  "      JOIN tempcloud_data.account a ON a.id = c.account_id"
	  "     WHERE lower(c.email) = $1),"
	  "  'invitations', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "      'id', i.id, 'inviter_company', a.company_name, 'email', i.email,"
	  "      'given_name', i.given_name, 'family_name', i.family_name,"
	  "      'company_name', i.company_name, 'phone', i.phone, 'message', i.message,"
	  "      'locale', i.locale, 'status', i.status, 'created_at', i.created_at,"
	  "      'expires_at', i.expires_at, 'asked_at', i.asked_at, 'decided_at', i.decided_at, 'reason', i.reason)"
	  "      ORDER BY i.id), '[]')"
	  "      FROM tempcloud_data.invitation i"
	  "      JOIN tempcloud_data.account a ON a.id = i.inviter_id"
	  "     WHERE lower(i.email) = $1),"
	  "  'mails', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "      'kind', m.kind, 'recipient', m.recipient, 'recipient_name', m.recipient_name,"
	  "      'locale', m.locale, 'state', m.state, 'error', m.error,"
	  "      'created_at', m.created_at, 'closed_at', m.closed_at) ORDER BY m.id), '[]')"
	  "      FROM tempcloud_data.mail m WHERE lower(m.recipient) = $1),"
	  "  'blocks', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "      'inviter_company', a.company_name, 'email', b.email,"
	  "      'created_at', b.created_at) ORDER BY b.created_at), '[]')"
	  "      FROM tempcloud_data.block b"
	  "      JOIN tempcloud_data.account a ON a.id = b.inviter_id"
	  "     WHERE lower(b.email) = $1),"
	  "  'workers', (SELECT COALESCE(jsonb_agg(jsonb_build_object("
	  "      'worker_name', w.worker_name, 'customer_company', a.company_name,"
	  "      'request_id', w.request_id, 'profession', w.profession, 'location', w.location,"
	  "      'starts_at', w.starts_at, 'ends_at', w.ends_at, 'assigned_at', w.assigned_at,"
	  "      'replaced_at', w.replaced_at) ORDER BY w.id), '[]')"
	  "      FROM (SELECT p.*, s.request_id, s.starts_at, r.profession, r.location"
	  NAMES_OF_WORKER("$2", "$3") ") w"
	  "      JOIN tempcloud_data.account a ON a.id = w.customer_id))");

/*
 * Rows are locked in the order of lock.h, those of a table by ascending key.
 *
 * While the address is locked, no contact gets it, so no contact of another account
 * comes to have it.
 */
static KeptQuery lock_accounts =
QUERY("SELECT FROM tempcloud_data.account a"
	  " WHERE a.id IN (SELECT c.account_id FROM tempcloud_data.contact c"
	  "                 WHERE lower(c.email) = $1)"
	  " ORDER BY a.id FOR NO KEY UPDATE");

/* A command that answers, sends or closes one of them runs before or after. */
static KeptQuery lock_invitations =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE lower(i.email) = $1 ORDER BY i.id FOR NO KEY UPDATE");

/* A command that replaces one of the names runs before or after.  $3 is the instant. */
static KeptQuery lock_names =
QUERY("SELECT p.id, p.replaced_at IS NULL AND p.ends_at > $3 AND r.status = 'accepted'"
	  NAMES_OF_WORKER("$1", "$2")
	  " ORDER BY p.id FOR NO KEY UPDATE OF p");

enum
{
	NAMED_ID = 1, NAMED_IS_EXPECTED
};

static KeptQuery erase_names =
QUERY("UPDATE tempcloud_data.assignment SET worker_name = NULL WHERE id = ANY ($1)");

/* A command that changes an address runs before or after. */
static KeptQuery lock_contacts =
QUERY("SELECT c.id, c.account_id FROM tempcloud_data.contact c"
	  " WHERE lower(c.email) = $1 ORDER BY c.id FOR NO KEY UPDATE");

enum
{
	CONTACT_ID = 1, CONTACT_ACCOUNT_ID
};

/*
 * A mailer that holds one of them runs before.  The mails that are erased with a
 * contact (tc_remove_contact) are locked here, too.
 */
static KeptQuery lock_mails =
QUERY("SELECT FROM tempcloud_data.mail m"
	  " WHERE m.id IN ("
	  "   SELECT m.id FROM tempcloud_data.mail m WHERE lower(m.recipient) = $1"
	  "    UNION ALL "
	  "   SELECT m.id FROM tempcloud_data.invitation i"
	  "     JOIN tempcloud_data.mail m ON m.invitation_id = i.id"
	  "    WHERE lower(i.email) = $1"
	  "    UNION ALL "
	  "   SELECT m.id FROM tempcloud_data.contact c"
	  "     JOIN tempcloud_data.mail m ON m.contact_id = c.id"
	  "    WHERE lower(c.email) = $1)"
	  " ORDER BY m.id FOR UPDATE");

static KeptQuery delete_mails =
QUERY("DELETE FROM tempcloud_data.mail m"
	  " WHERE m.id = ANY (ARRAY ("
	  "   SELECT m.id FROM tempcloud_data.mail m WHERE lower(m.recipient) = $1"
	  "    UNION ALL "
	  "   SELECT m.id FROM tempcloud_data.invitation i"
	  "    CROSS JOIN LATERAL ("
	  "      SELECT m.id FROM tempcloud_data.mail m WHERE m.invitation_id = i.id OFFSET 0) m"
	  "    WHERE lower(i.email) = $1 AND i.status <> 'accepted'))");

/*
 * Waits for no other transaction: the tokens and mails that refer to these
 * invitations are deleted, and no mailer can add a token, because all their mails
 * were locked.
 */
static KeptQuery delete_invitations =
QUERY("DELETE FROM tempcloud_data.invitation i"
	  " WHERE lower(i.email) = $1 AND i.status <> 'accepted'"
	  " RETURNING i.id, i.inviter_id");

enum
{
	DELETED_ID = 1, DELETED_INVITER_ID
};

static KeptQuery erase_accepted =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET email = NULL, given_name = NULL, family_name = NULL, company_name = NULL,"
	  "       phone = NULL, message = NULL"
	  " WHERE lower(i.email) = $1 AND i.status = 'accepted'");

static KeptQuery delete_blocks =
QUERY("WITH held AS MATERIALIZED ("
	  "   SELECT b.inviter_id FROM tempcloud_data.block b"
	  "    WHERE lower(b.email) = $1 ORDER BY b.inviter_id FOR UPDATE)"
	  " DELETE FROM tempcloud_data.block b USING held"
	  "  WHERE b.inviter_id = held.inviter_id AND lower(b.email) = $1");

static KeptQuery make_result =
QUERY("SELECT ROW($1, $2, $3, $4, $5)::tempcloud.erasure");

/* Who is asked for.  NULLs find nothing. */
typedef struct Person
{
	char	   *email;			/* folded; NULL if only the next two are given */
	char	   *worker_name;
	pg_uuid_t  *provider_id;
} Person;

static Person person_of(FunctionCallInfo fcinfo);
static int	erase_worker(Rows names);
static int	erase_invitations(Value address);

PG_FUNCTION_INFO_V1(tempcloud_export_person);
PG_FUNCTION_INFO_V1(tempcloud_erase_person);

enum
{
	PERSON_EMAIL, PERSON_WORKER_NAME, PERSON_PROVIDER_ID
};

/*
 * export_person(email, worker_name, provider_id) returns jsonb
 */
Datum
tempcloud_export_person(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Person		person = person_of(fcinfo);

	tc_enter();
	rows = tc_read(&export, TEXT_VALUE(person.email), TEXT_VALUE(person.worker_name),
				   UUID_VALUE(person.provider_id));
	return tc_finish(rows);
}

/*
 * erase_person(email, worker_name, provider_id) returns tempcloud.erasure
 *
 * While the address is locked, no other transaction invites, registers or confirms
 * it.  Then all rows are locked, in the order of lock.h, before any is changed.
 * Mails are deleted before their invitations, because a mailer that holds a mail
 * may be about to mint a token for its invitation.
 *
 * Raises PT409 last_owner if a contact is the last owner with a login of its account, and
 * still_assigned if a worker is yet to come.
 */
Datum
tempcloud_erase_person(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Person		person = person_of(fcinfo);
	Value		address = TEXT_VALUE(person.email);
	Rows		names;
	Rows		contacts;
	int			workers;
	int			invitations;
	int			mails;
	int			blocks;

	tc_enter_command("erase_person()");
	if (person.email != NULL)
		tc_lock(LOCK_ADDRESS, tc_address_key(person.email));
	tc_run_latest(&lock_accounts, address);
	tc_run_latest(&lock_invitations, address);
	names = tc_run_latest(&lock_names, TEXT_VALUE(person.worker_name),
						  UUID_VALUE(person.provider_id), TIME_VALUE(tc_now()));
	contacts = tc_run_latest(&lock_contacts, address);
	tc_run_latest(&lock_mails, address);
	tc_read_clock();

	workers = erase_worker(names);
	mails = tc_run_latest(&delete_mails, address).count;
	for (uint64 i = 0; i < contacts.count; i++)
		tc_remove_contact(tc_uuid(contacts, i, CONTACT_ID),
						  tc_uuid(contacts, i, CONTACT_ACCOUNT_ID), NULL,
						  EVENT_CONTACT_REMOVED);
	invitations = erase_invitations(address);
	blocks = tc_run_latest(&delete_blocks, address).count;
	rows = tc_run(&make_result, INT_VALUE(contacts.count), INT_VALUE(invitations),
				  INT_VALUE(mails), INT_VALUE(blocks), INT_VALUE(workers));
	return tc_finish(rows);
}

/*
 * The arguments.  Raises PT400 unless there is an address, or the name of a worker with
 * the provider.
 */
static Person
person_of(FunctionCallInfo fcinfo)
{
	Person		person = {.email = tc_arg(fcinfo, PERSON_EMAIL, "email", FORM_EMAIL)};

	person.worker_name = tc_arg(fcinfo, PERSON_WORKER_NAME, "worker_name", FORM_PERSON_NAME);
	if (person.worker_name != NULL)
		person.provider_id = tc_arg_uuid(fcinfo, PERSON_PROVIDER_ID, "provider_id");
	else if (!PG_ARGISNULL(PERSON_PROVIDER_ID))
		tc_require(NULL, "worker_name");
	else if (person.email == NULL)
		tc_refuse(INVALID_EMAIL);
	if (person.email != NULL)
		person.email = tc_fold_email(person.email);
	return person;
}

/*
 * Erase the names that lock_names found.  Raises PT409 still_assigned if a worker is yet
 * to come.  Returns how many there are.
 */
static int
erase_worker(Rows names)
{
	const pg_uuid_t **ids = palloc(sizeof(pg_uuid_t *) * (names.count + 1));

	for (uint64 i = 0; i < names.count; i++)
	{
		if (tc_bool(names, i, NAMED_IS_EXPECTED))
			tc_refuse(STILL_ASSIGNED);
		ids[i] = tc_uuid(names, i, NAMED_ID);
	}
	return tc_run_latest(&erase_names, ARRAY_VALUE(tc_uuid_array(ids, names.count))).count;
}

/*
 * Erase the personal data of accepted invitations and delete all others, with an
 * event for each of these.  Returns the number of both.
 */
static int
erase_invitations(Value address)
{
	Rows		accepted = tc_run_latest(&erase_accepted, address);
	Rows		deleted = tc_run_latest(&delete_invitations, address);

	for (uint64 i = 0; i < deleted.count; i++)
		tc_event(EVENT_INVITATION_ERASED, tc_uuid(deleted, i, DELETED_INVITER_ID), NULL, NULL,
				 tc_uuid(deleted, i, DELETED_ID));
	return accepted.count + deleted.count;
}
