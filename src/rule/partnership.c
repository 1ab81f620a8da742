/*
 * partnership.c
 *		The irrevocable link between one customer and one provider.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/character.h"
#include "base/clock.h"
#include "base/extension_function.h"
#include "base/input_check.h"
#include "base/query.h"
#include "rule/caller.h"
#include "rule/partnership.h"

#define PARTNERSHIP_RECORD \
	"ROW(p.customer_id, p.provider_id, p.invitation_id, p.accepted_by," \
	" p.created_at)::tempcloud.partnership"

static KeptQuery find_partnership =
QUERY("SELECT FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.partnership WHERE customer_id = $2 AND provider_id = $1");

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

static KeptQuery search_partners =
QUERY("SELECT p FROM tempcloud.partners p"
	  " WHERE strpos(tempcloud_data.fold(p.company_name), tempcloud_data.fold($1)) > 0"
	  " ORDER BY p.company_name, p.id");

static RequiredFunction unaccent = REQUIRED("unaccent", "unaccent_dict", TEXTOID);

PG_FUNCTION_INFO_V1(tempcloud_are_partners);
PG_FUNCTION_INFO_V1(tempcloud_search_partners);
PG_FUNCTION_INFO_V1(tempcloud_fold);

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
	SEARCH_NAME
};

/*
 * search_partners(name text) returns setof tempcloud.partners
 */
Datum
tempcloud_search_partners(PG_FUNCTION_ARGS)
{
	Rows		rows;
	char	   *name;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter();
	(void) tc_caller_with_right(QUERY_READ, RIGHT_READ);
	name = tc_arg_required(fcinfo, SEARCH_NAME, "name", FORM_LINE);
	rows = tc_read(&search_partners, TEXT_VALUE(name));
	tc_put_records(fcinfo, rows);
	tc_leave();
	return (Datum) 0;
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
tc_partners(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return tc_run_latest(&find_partnership, UUID_VALUE(a), UUID_VALUE(b)).count > 0;
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
	return tc_record(rows);
}

Datum
tc_finish_with_partnership(const pg_uuid_t *invitation_id)
{
	Rows		rows = tc_run_latest(&select_partnership, UUID_VALUE(invitation_id));

	return tc_finish(rows);
}
