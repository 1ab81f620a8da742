/*
 * partnership.c
 *		The irrevocable link between one customer and one provider.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/character.h"
#include "base/clock.h"
#include "base/extension_function.h"
#include "base/input_check.h"
#include "base/probe.h"
#include "base/query.h"
#include "base/refusal.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/event.h"
#include "rule/partnership.h"

#define PARTNERSHIP_RECORD \
	"ROW(p.customer_id, p.provider_id, p.invitation_id, p.accepted_by," \
	" p.created_at)::tempcloud.partnership"

/* Of accounts in either order. */
static KeptQuery find_partnership =
QUERY("SELECT FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.partnership WHERE customer_id = $2 AND provider_id = $1");

static const Probe partnership =
PROBE("partnership", "partnership_pkey", PROBE_KEYS("customer_id", "provider_id"), "created_at");

/*
 * One statement, because the guards require that after a statement a partnership
 * has its accepted invitation, and an accepted invitation its partnership.
 */
static KeptQuery accept_invitation =
QUERY("WITH made AS ("
	  "   INSERT INTO tempcloud_data.partnership"
	  "   (customer_id, provider_id, invitation_id, accepted_by, created_at)"
	  "   VALUES ($1, $2, $3, $5, $6)"
	  "   RETURNING *),"
	  " unsealed AS ("
	  "   INSERT INTO tempcloud_data.ledger_pending (customer_id, provider_id)"
	  "   SELECT customer_id, provider_id FROM made)"
	  " UPDATE tempcloud_data.invitation"
	  "    SET status = 'accepted', invitee_id = $4, decided_by = $5, decided_at = $6"
	  "  WHERE id = $3"
	  " RETURNING (SELECT " PARTNERSHIP_RECORD " FROM made p)");

static KeptQuery select_partnership =
QUERY("SELECT " PARTNERSHIP_RECORD
	  "  FROM tempcloud_data.partnership p WHERE p.invitation_id = $1");

/*
 * The rows that both sides have of each other.  By a new snapshot: the accounts are
 * locked, so that these are their present names.
 */
static KeptQuery insert_notes =
QUERY("INSERT INTO tempcloud_data.partner_note"
	  " (account_id, partner_id, customer_id, provider_id, sort_name, sort_city)"
	  " SELECT s.account_id, s.partner_id, $1, $2,"
	  "        tempcloud_data.fold(a.company_name), tempcloud_data.fold(a.city)"
	  "   FROM (VALUES ($1, $2), ($2, $1)) s (account_id, partner_id)"
	  "  CROSS JOIN LATERAL ("
	  "   SELECT a.company_name, a.city FROM tempcloud_data.account a"
	  "    WHERE a.id = s.partner_id OFFSET 0) a");

/* Those that partners have of an account. */
static KeptQuery rename_partner =
QUERY("UPDATE tempcloud_data.partner_note n"
	  "   SET sort_name = tempcloud_data.fold($2), sort_city = tempcloud_data.fold($3)"
	  " WHERE n.partner_id = $1");

/*
 * A page of an account's ($1) partners by name, after that one ($4, $5) in this order,
 * at most $6.  $2 is part of a name or number, $3 whether they are archived, $7 a city, $8 a
 * responsible contact; each is null if it does not matter.  One query for each
 * index in that order, so that a page ends when it is full.
 */
#define MOST_PARTNERS		1000
#define MOST_PARTNERS_TEXT	"1000"

#define PARTNERS_OF(which) \
	" (SELECT n.sort_name, n.partner_id FROM tempcloud_data.partner_note n" \
	"   WHERE n.account_id = $1 AND " which \
	"     AND (n.sort_name, n.partner_id) > ($4, $5)" \
	"     AND ($2 IS NULL OR strpos(n.sort_name, $2) > 0 OR strpos(n.sort_number, $2) > 0)" \
	"   ORDER BY n.sort_name, n.partner_id LIMIT " MOST_PARTNERS_TEXT ")"

#define PAGE_OF_PARTNERS(rows) \
	QUERY("SELECT p" \
		  "  FROM (SELECT n.* FROM (" rows ") n" \
		  "         ORDER BY n.sort_name, n.partner_id LIMIT $6) n" \
		  " CROSS JOIN LATERAL (" \
		  "   SELECT p FROM tempcloud.partners p WHERE p.id = n.partner_id OFFSET 0) p" \
		  " ORDER BY n.sort_name, n.partner_id")

static KeptQuery partners_by_name =
PAGE_OF_PARTNERS(PARTNERS_OF("NOT n.archived AND n.sort_name >= $4 AND $3 IS NOT TRUE")
				 " UNION ALL " PARTNERS_OF("n.archived AND n.sort_name >= $4 AND $3 IS NOT FALSE"));

static KeptQuery partners_of_city =
PAGE_OF_PARTNERS(PARTNERS_OF("n.sort_city = $7 AND (n.archived = $3 OR $3 IS NULL)"));

static KeptQuery partners_of_responsible =
PAGE_OF_PARTNERS(PARTNERS_OF("n.responsible_id = $8 AND (n.sort_city = $7 OR $7 IS NULL)"
							 " AND (n.archived = $3 OR $3 IS NULL)"));

static KeptQuery find_place =
QUERY("SELECT n.sort_name FROM tempcloud_data.partner_note n"
	  " WHERE n.account_id = $1 AND n.partner_id = $2");

enum
{
	PLACE_SORT_NAME = 1
};

/* A null changes nothing; an empty text, and the nil UUID $7, clear the value. */
static KeptQuery set_note =
QUERY("UPDATE tempcloud_data.partner_note n"
	  "   SET own_number = CASE WHEN $3 IS NULL THEN own_number ELSE NULLIF($3, '') END,"
	  "       sort_number = CASE WHEN $3 IS NULL THEN sort_number"
	  "                          ELSE tempcloud_data.fold(NULLIF($3, '')) END,"
	  "       note = CASE WHEN $4 IS NULL THEN note ELSE NULLIF($4, '') END,"
	  "       responsible_id = CASE WHEN $5 IS NULL THEN responsible_id ELSE NULLIF($5, $7) END,"
	  "       archived = COALESCE($6, archived)"
	  " WHERE n.account_id = $1 AND n.partner_id = $2");

static KeptQuery find_colleague =
QUERY("SELECT FROM tempcloud_data.contact c"
	  " WHERE c.id = $1 AND c.account_id = $2 AND c.removed_at IS NULL");

static KeptQuery select_partner =
QUERY("SELECT p FROM tempcloud.partners p WHERE p.id = $1");

static KeptQuery fold_text = QUERY("SELECT tempcloud_data.fold($1)");

enum
{
	FOLDED = 1
};

static RequiredFunction unaccent = REQUIRED("unaccent", "unaccent_dict", TEXTOID);

PG_FUNCTION_INFO_V1(tempcloud_are_partners);
PG_FUNCTION_INFO_V1(tempcloud_search_partners);
PG_FUNCTION_INFO_V1(tempcloud_set_partner_note);
PG_FUNCTION_INFO_V1(tempcloud_rename_partner);
PG_FUNCTION_INFO_V1(tempcloud_fold);

static char *fold(const char *text);
static char *place_of(const Caller *caller, const pg_uuid_t *partner_id);
static Value column_of(const TriggerData *trigger, const char *name, Oid type);
static bool may_know_of(const pg_uuid_t *a, const pg_uuid_t *b);

enum
{
	ARE_PARTNERS_A, ARE_PARTNERS_B
};

/*
 * are_partners(a uuid, b uuid) returns boolean (STRICT)
 */
Datum
tempcloud_are_partners(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *a = PG_GETARG_UUID_P(ARE_PARTNERS_A);
	pg_uuid_t  *b = PG_GETARG_UUID_P(ARE_PARTNERS_B);
	bool		result;

	tc_enter();
	result = tc_read(&find_partnership, UUID_VALUE(a), UUID_VALUE(b)).count > 0 && may_know_of(a, b);
	tc_leave();
	PG_RETURN_BOOL(result);
}

/*
 * Whether the caller may be told that two accounts are partners.  A user may learn
 * it of partnerships of their own account only, even if they know the keys of
 * others.  A service may learn it of all: it can act for either side.
 */
static bool
may_know_of(const pg_uuid_t *a, const pg_uuid_t *b)
{
	Caller	   *caller;

	if (has_privs_of_role(GetOuterUserId(), get_role_oid("tempcloud_service", false)))
		return true;
	caller = tc_caller_if_any(QUERY_READ);
	return caller != NULL && caller->account_id != NULL &&
		(tc_same(caller->account_id, a) || tc_same(caller->account_id, b));
}

enum
{
	SEARCH_NAME, SEARCH_CITY, SEARCH_RESPONSIBLE_ID, SEARCH_ARCHIVED, SEARCH_AFTER_ID,
	SEARCH_MAX_PARTNERS
};

/*
 * search_partners(name, city, responsible_id, archived, after_id, max_partners)
 *		returns setof tempcloud.partners
 */
Datum
tempcloud_search_partners(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	char	   *name;
	char	   *city;
	pg_uuid_t	first = {0};
	pg_uuid_t  *after = PG_ARGISNULL(SEARCH_AFTER_ID) ? NULL : PG_GETARG_UUID_P(SEARCH_AFTER_ID);
	int			most = PG_ARGISNULL(SEARCH_MAX_PARTNERS) ? 0 : PG_GETARG_INT32(SEARCH_MAX_PARTNERS);
	KeptQuery  *query = &partners_by_name;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter();
	caller = tc_caller_with_right(QUERY_READ, RIGHT_READ);
	name = tc_arg(fcinfo, SEARCH_NAME, "name", FORM_LINE);
	city = tc_arg(fcinfo, SEARCH_CITY, "city", FORM_LINE);
	if (most < 1 || most > MOST_PARTNERS)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be between 1 and %d.", "max_partners",
					   MOST_PARTNERS);
	if (!PG_ARGISNULL(SEARCH_RESPONSIBLE_ID))
		query = &partners_of_responsible;
	else if (city != NULL)
		query = &partners_of_city;
	tc_put_records(fcinfo, tc_read(query, UUID_VALUE(caller->account_id),
								   TEXT_VALUE(fold(name)),
								   ARG_VALUE(SEARCH_ARCHIVED, BOOLOID),
								   TEXT_VALUE(after ? place_of(caller, after) : ""),
								   UUID_VALUE(after ? after : &first),
								   INT_VALUE(most),
								   TEXT_VALUE(fold(city)),
								   ARG_VALUE(SEARCH_RESPONSIBLE_ID, UUIDOID)));
	tc_leave();
	return (Datum) 0;
}

/* The form in which names are compared; NULL for NULL. */
static char *
fold(const char *text)
{
	return text == NULL ? NULL : tc_text(tc_read(&fold_text, TEXT_VALUE(text)), 0, FOLDED);
}

/* The name by which a partner of the caller is sorted.  Raises PT404 partner_not_found. */
static char *
place_of(const Caller *caller, const pg_uuid_t *partner_id)
{
	Rows		rows = tc_read(&find_place, UUID_VALUE(caller->account_id), UUID_VALUE(partner_id));

	if (rows.count == 0)
		tc_refuse(PARTNER_NOT_FOUND);
	return tc_text(rows, 0, PLACE_SORT_NAME);
}

enum
{
	NOTE_PARTNER_ID, NOTE_OWN_NUMBER, NOTE_NOTE, NOTE_RESPONSIBLE_ID, NOTE_ARCHIVED
};

/*
 * set_partner_note(partner_id, own_number, note, responsible_id, archived)
 *		returns setof tempcloud.partners
 */
Datum
tempcloud_set_partner_note(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *partner_id = tc_arg_uuid(fcinfo, NOTE_PARTNER_ID, "partner_id");
	pg_uuid_t	nobody = {0};
	pg_uuid_t  *responsible = PG_ARGISNULL(NOTE_RESPONSIBLE_ID) ? NULL :
	PG_GETARG_UUID_P(NOTE_RESPONSIBLE_ID);
	Caller	   *caller;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("set_partner_note()");
	caller = tc_caller_with_right(QUERY_RUN, RIGHT_HANDLE_REQUESTS);
	(void) tc_keep_open(caller, NULL, 0);
	if (responsible != NULL && !tc_same(responsible, &nobody) &&
		tc_run_latest(&find_colleague, UUID_VALUE(responsible),
					  UUID_VALUE(caller->account_id)).count == 0)
		tc_refuse(CONTACT_NOT_FOUND);
	if (tc_run(&set_note, UUID_VALUE(caller->account_id), UUID_VALUE(partner_id),
			   TEXT_VALUE(tc_arg_change(fcinfo, NOTE_OWN_NUMBER, "own_number", FORM_LINE, true)),
			   TEXT_VALUE(tc_arg_change(fcinfo, NOTE_NOTE, "note", FORM_PARAGRAPH, true)),
			   UUID_VALUE(responsible), ARG_VALUE(NOTE_ARCHIVED, BOOLOID),
			   UUID_VALUE(&nobody)).count == 0)
		tc_refuse(PARTNER_NOT_FOUND);
	tc_tell(EVENT_PARTNER_NOTED, caller->account_id, partner_id);
	tc_put_records(fcinfo, tc_run(&select_partner, UUID_VALUE(partner_id)));
	tc_leave();
	return (Datum) 0;
}

/*
 * rename_partner(): after UPDATE of an account's name or city.  The account's row is
 * locked by that: no partnership of it is made meanwhile.
 */
Datum
tempcloud_rename_partner(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Value		account[3];

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("this function can only be called as a trigger after UPDATE"));
	account[0] = column_of(trigger, "id", UUIDOID);
	account[1] = column_of(trigger, "company_name", TEXTOID);
	account[2] = column_of(trigger, "city", TEXTOID);
	tc_enter_trigger();
	(void) tc_query(&rename_partner, QUERY_LATEST, account, lengthof(account));
	tc_leave();
	return PointerGetDatum(NULL);
}

/* A column of the new row. */
static Value
column_of(const TriggerData *trigger, const char *name, Oid type)
{
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	int			column = SPI_fnumber(columns, name);
	Value		value = {.type = type};

	if (column <= 0)
		elog(ERROR, "table \"%s\" has no column %s", RelationGetRelationName(trigger->tg_relation),
			 name);
	value.datum = SPI_getbinval(trigger->tg_newtuple, columns, column, &value.isnull);
	return value;
}

enum
{
	FOLD_VALUE
};

/*
 * fold(value text) returns text: the form in which names are compared, without
 * regard to case and accents (STRICT)
 */
Datum
tempcloud_fold(PG_FUNCTION_ARGS)
{
	char	   *plain = TextDatumGetCString(OidFunctionCall1(tc_required(&unaccent),
															 PG_GETARG_DATUM(FOLD_VALUE)));

	PG_RETURN_TEXT_P(cstring_to_text(tc_fold_name(plain, strlen(plain))));
}

bool
tc_has_partner(const Caller *caller, const pg_uuid_t *other)
{
	bool		is_customer = caller->kind == CUSTOMER;

	return tc_probe(&partnership, QUERY_LATEST,
					UUID_VALUE(is_customer ? caller->account_id : other),
					UUID_VALUE(is_customer ? other : caller->account_id)).count > 0;
}

Datum
tc_make_partnership(const Invitation *invitation, const Caller *acceptor)
{
	Rows		rows;
	bool		by_customer = invitation->inviter_kind == CUSTOMER;

	rows = tc_run(&accept_invitation,
				  UUID_VALUE(by_customer ? invitation->inviter_id : acceptor->account_id),
				  UUID_VALUE(by_customer ? acceptor->account_id : invitation->inviter_id),
				  UUID_VALUE(invitation->id),
				  UUID_VALUE(acceptor->account_id),
				  UUID_VALUE(acceptor->contact_id),
				  TIME_VALUE(tc_now()));
	tc_run_latest(&insert_notes,
				  UUID_VALUE(by_customer ? invitation->inviter_id : acceptor->account_id),
				  UUID_VALUE(by_customer ? acceptor->account_id : invitation->inviter_id));
	return tc_record(rows);
}

Datum
tc_finish_with_partnership(const pg_uuid_t *invitation_id)
{
	Rows		rows = tc_run_latest(&select_partnership, UUID_VALUE(invitation_id));

	return tc_finish(rows);
}
