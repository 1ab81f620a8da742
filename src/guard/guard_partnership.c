/*
 * guard_partnership.c
 *		Guards of partnerships and of all that they rest on: accounts, contacts and
 *		accepted invitations.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "guard/bulk_load.h"
#include "base/probe.h"
#include "guard/guard.h"

static KeptQuery find_partnership_of_account =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 LIMIT 1");

static KeptQuery find_partnership_of_other_kind =
QUERY("SELECT FROM tempcloud_data.partnership"
	  " WHERE customer_id = $1 AND $2 <> 'customer' UNION ALL "
	  "SELECT FROM tempcloud_data.partnership"
	  " WHERE provider_id = $1 AND $2 <> 'provider' LIMIT 1");

/* Accepted invitations and partnerships that refer to the contact $1. */
static KeptQuery find_acceptance_of_contact =
QUERY("SELECT FROM tempcloud_data.partnership WHERE accepted_by = $1"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.invitation"
	  " WHERE $1 IN (invited_by, decided_by) AND status = 'accepted'"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.staff_order o"
	  "  JOIN tempcloud_data.request r ON r.order_id = o.id AND r.customer_id = o.customer_id"
	  " WHERE o.ordered_by = $1 AND r.status IN ('accepted', 'cancelled')"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.request"
	  " WHERE decided_by = $1 AND status IN ('accepted', 'cancelled')"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.request_answer WHERE answered_by = $1"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.assignment WHERE $1 IN (assigned_by, replaced_by)"
	  " LIMIT 1");

static const Probe partnership_of_invitation =
PROBE("partnership", "partnership_invitation_id_key", PROBE_KEYS("invitation_id"),
	  "customer_id", "provider_id");

static const Probe invitation_of_partnership =
PROBE("invitation", "invitation_pkey", PROBE_KEYS("id"), "inviter_id", "invitee_id", "status");

/* Of both: the two accounts, and of an invitation its status. */
enum
{
	FIRST_ID = 1, SECOND_ID, STATUS
};

static const Probe kind_of_account = PROBE("account", "account_pkey", PROBE_KEYS("id"), "kind");

enum
{
	KIND = 1
};

static KeptQuery lock_accounts = QUERY("LOCK TABLE tempcloud_data.account IN SHARE MODE");

static const Transition invitation_transitions[] = {
	{"pending", "accepted"},
	{"pending", "declined"},
	{"pending", "withdrawn"},
	{"pending", "expired"},
	{"pending", "superseded"},
	{"expired", "pending"}
};

static Guarded account = {"account"};
static Guarded contact = {"contact"};
static Guarded invitation = {"invitation"};
static Guarded partnership = {"partnership"};

static void require_kind_of_partnerships(const TriggerData *trigger);
static char *kind_of(Value id);
static bool is_between(Rows rows, Value a, Value b);
static bool erases_person(const TriggerData *trigger);
pg_noreturn static void refuse_pair(const TriggerData *trigger);

PG_FUNCTION_INFO_V1(tempcloud_guard_account);
PG_FUNCTION_INFO_V1(tempcloud_guard_contact);
PG_FUNCTION_INFO_V1(tempcloud_guard_invitation);
PG_FUNCTION_INFO_V1(tempcloud_guard_partnership);
PG_FUNCTION_INFO_V1(tempcloud_guard_acceptance);

/*
 * guard_account(): before UPDATE or DELETE, after INSERT or UPDATE.
 */
Datum
tempcloud_guard_account(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &account);
	HeapTuple	row = trigger->tg_trigtuple;

	if (tc_is_bulk_load(trigger))
		return PointerGetDatum(row);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		require_kind_of_partnerships(trigger);
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		tc_require_same(trigger, "id");
		tc_require_same(trigger, "kind");
		if (!tc_is_null(trigger, row, "closed_at"))
			tc_require_same(trigger, "closed_at");
	}
	else if (tc_guard_finds(&find_partnership_of_account, tc_row_key(trigger, row, "id")))
		tc_refuse_undoing(trigger, "cannot delete an account that has partnerships");
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * Raises 23514 for a new account whose kind contradicts a partnership that was
 * inserted before it, while foreign keys were not checked.  An INSERT of an
 * account locks the table ROW EXCLUSIVE, and guard_partnership() locks it
 * SHARE: of the two rows, the one that is written second is checked against
 * the first.
 */
static void
require_kind_of_partnerships(const TriggerData *trigger)
{
	HeapTuple	new = trigger->tg_trigtuple;
	uint64		wrong;

	tc_enter_trigger();
	wrong = tc_run_latest(&find_partnership_of_other_kind, tc_row_key(trigger, new, "id"),
						  TEXT_VALUE(tc_row_label(trigger, new, "kind"))).count;
	tc_leave();
	if (wrong > 0)
		refuse_pair(trigger);
}

/*
 * guard_contact(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_contact(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &contact);
	HeapTuple	row = trigger->tg_trigtuple;

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		tc_require_same(trigger, "id");
		tc_require_same(trigger, "account_id");
	}
	else if (tc_guard_finds(&find_acceptance_of_contact, tc_row_key(trigger, row, "id")))
		tc_refuse_undoing(trigger, "cannot delete a contact that an acceptance refers to");
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * guard_invitation(): before UPDATE or DELETE, after UPDATE.
 */
Datum
tempcloud_guard_invitation(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &invitation);
	HeapTuple	row = trigger->tg_trigtuple;

	if (strcmp(tc_row_label(trigger, row, "status"), "accepted") == 0)
	{
		if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || !erases_person(trigger))
			tc_refuse_undoing(trigger, "cannot change or delete an accepted invitation");
	}
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		tc_require_same(trigger, "id");
		tc_require_same(trigger, "inviter_id");
		tc_require_same(trigger, "inviter_kind");
		/* A resend may take the account away from a routed invitation. */
		if (!tc_is_null(trigger, row, "invitee_id") &&
			(!tc_is_null(trigger, trigger->tg_newtuple, "invitee_id") ||
			 tc_is_same(trigger, "round")))
			tc_require_same(trigger, "invitee_id");
		tc_require_transition(trigger, invitation_transitions, lengthof(invitation_transitions));
	}
	return PointerGetDatum(tc_guard_result(trigger));
}

/*
 * Whether an update of an invitation only erases what the inviter typed, as
 * erase_person() does.
 */
static bool
erases_person(const TriggerData *trigger)
{
	static const char *const personal[] = {
		"email", "given_name", "family_name", "company_name", "phone", "message"
	};
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	for (int i = 0; i < desc->natts; i++)
	{
		const char *column = NameStr(TupleDescAttr(desc, i)->attname);
		bool		erasable = false;

		for (int p = 0; p < lengthof(personal); p++)
			erasable |= strcmp(column, personal[p]) == 0;
		if (!(erasable && tc_is_null(trigger, trigger->tg_newtuple, column)) &&
			!tc_is_same(trigger, column))
			return false;
	}
	return true;
}

/*
 * guard_partnership(): before and after INSERT.
 *
 * Foreign keys and checks guarantee the pair too, after all triggers; the guard
 * gives an error that says what is wrong.  While foreign keys are not checked,
 * the guard alone does it.  Then the tables are filled in any order: an account
 * that is missing here is checked when it is inserted.  The table lock keeps
 * one from being inserted, or deleted, unseen at the same time; see
 * require_kind_of_partnerships().  In a bulk load, the foreign keys do it, which
 * are checked at the end.
 */
Datum
tempcloud_guard_partnership(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = tc_guard_trigger(fcinfo, &partnership);
	HeapTuple	new = trigger->tg_trigtuple;
	char	   *customer_kind;
	char	   *provider_kind;

	if (tc_is_bulk_load(trigger))
		return PointerGetDatum(new);
	if (TRIGGER_FIRED_AFTER(trigger->tg_event) && !tc_is_replica())
		return PointerGetDatum(NULL);
	if (tc_is_replica())
	{
		tc_enter_trigger();
		tc_query(&lock_accounts, QUERY_RUN, NULL, 0);
		tc_leave();
	}
	customer_kind = kind_of(tc_row_key(trigger, new, "customer_id"));
	provider_kind = kind_of(tc_row_key(trigger, new, "provider_id"));
	if (!tc_is_replica() && (customer_kind == NULL || provider_kind == NULL))
		ereport(ERROR,
				errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				errmsg("a partnership requires two existing accounts"),
				errtable(trigger->tg_relation));
	if ((customer_kind != NULL && strcmp(customer_kind, "customer") != 0) ||
		(provider_kind != NULL && strcmp(provider_kind, "provider") != 0))
		refuse_pair(trigger);
	return PointerGetDatum(new);
}

/* The kind of an account, or NULL if there is no such account. */
static char *
kind_of(Value id)
{
	Rows		rows = tc_probe(&kind_of_account, QUERY_LATEST, id);

	return rows.count == 0 ? NULL : tc_text(rows, 0, KIND);
}

static void
refuse_pair(const TriggerData *trigger)
{
	ereport(ERROR,
			errcode(ERRCODE_CHECK_VIOLATION),
			errmsg("a partnership requires a customer and a provider"),
			errtable(trigger->tg_relation));
}

/*
 * guard_acceptance(): after UPDATE of an invitation to accepted, and after
 * INSERT of a partnership.  A replica may not have all rows of its origin, or
 * not yet.
 */
Datum
tempcloud_guard_acceptance(PG_FUNCTION_ARGS)
{
	bool		of_invitation = CALLED_AS_TRIGGER(fcinfo) &&
	TRIGGER_FIRED_BY_UPDATE(((TriggerData *) fcinfo->context)->tg_event);
	const TriggerData *trigger = tc_guard_trigger(fcinfo, of_invitation ? &invitation : &partnership);
	HeapTuple	row = of_invitation ? trigger->tg_newtuple : trigger->tg_trigtuple;
	Rows		rows;
	bool		complete;

	if (tc_is_replica())
		return PointerGetDatum(NULL);
	if (of_invitation)
	{
		rows = tc_probe(&partnership_of_invitation, QUERY_LATEST, tc_row_key(trigger, row, "id"));
		complete = is_between(rows, tc_row_key(trigger, row, "inviter_id"),
							  tc_row_key(trigger, row, "invitee_id"));
	}
	else
	{
		rows = tc_probe(&invitation_of_partnership, QUERY_LATEST,
						tc_row_key(trigger, row, "invitation_id"));
		complete = is_between(rows, tc_row_key(trigger, row, "customer_id"),
							  tc_row_key(trigger, row, "provider_id")) &&
			strcmp(tc_text(rows, 0, STATUS), "accepted") == 0;
	}
	if (!complete)
		tc_refuse_acceptance(trigger, of_invitation);
	return PointerGetDatum(NULL);
}

/* Whether there is a row and it names these two accounts, in either order. */
static bool
is_between(Rows rows, Value a, Value b)
{
	pg_uuid_t  *first;
	pg_uuid_t  *second;

	if (rows.count == 0 || a.isnull || b.isnull)
		return false;
	first = tc_uuid(rows, 0, FIRST_ID);
	second = tc_uuid(rows, 0, SECOND_ID);
	if (first == NULL || second == NULL)
		return false;
	return (tc_same(first, DatumGetUUIDP(a.datum)) && tc_same(second, DatumGetUUIDP(b.datum))) ||
		(tc_same(first, DatumGetUUIDP(b.datum)) && tc_same(second, DatumGetUUIDP(a.datum)));
}

void
tc_refuse_acceptance(const TriggerData *trigger, bool of_invitation)
{
	ereport(ERROR,
			errcode(ERRCODE_CHECK_VIOLATION),
			errmsg("%s", of_invitation ?
				   "an accepted invitation requires its partnership" :
				   "a partnership requires an accepted invitation between its two accounts"),
			errhint("Use tempcloud.accept_invitation()."),
			errtable(trigger->tg_relation));
}
