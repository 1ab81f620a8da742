/*
 * partnership.c
 *		The irrevocable link between one customer and one provider.
 */
#include "postgres.h"

#include "fmgr.h"

#include "partnership.h"
#include "query.h"

static KeptQuery find_partnership =
QUERY("SELECT FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2"
	  " UNION ALL "
	  "SELECT FROM tempcloud_data.partnership WHERE customer_id = $2 AND provider_id = $1",
	  UUIDOID, UUIDOID);

/* One statement, since the guards want each to have the other after it. */
static KeptQuery accept_invitation =
QUERY("WITH made AS ("
	  "   INSERT INTO tempcloud_data.partnership"
	  "   (customer_id, provider_id, invitation_id, accepted_by)"
	  "   VALUES ($1, $2, $3, $5))"
	  " UPDATE tempcloud_data.invitation"
	  "    SET status = 'accepted', invitee_id = $4, decided_by = $5,"
	  "        decided_at = pg_catalog.clock_timestamp()"
	  "  WHERE id = $3", UUIDOID, UUIDOID, UUIDOID, UUIDOID, UUIDOID);

static KeptQuery select_partnership =
QUERY("SELECT ROW(p.customer_id, p.provider_id, p.invitation_id, p.accepted_by,"
	  "           p.created_at)::tempcloud.partnership"
	  "  FROM tempcloud_data.partnership p WHERE p.invitation_id = $1", UUIDOID);

PG_FUNCTION_INFO_V1(tempcloud_are_partners);

/*
 * are_partners(a uuid, b uuid) returns boolean
 */
Datum
tempcloud_are_partners(PG_FUNCTION_ARGS)
{
	bool		result;

	tc_enter();
	result = tc_read(&find_partnership, UUID_VALUE(PG_GETARG_UUID_P(0)),
					 UUID_VALUE(PG_GETARG_UUID_P(1))) > 0;
	tc_leave();
	PG_RETURN_BOOL(result);
}

bool
tc_partners(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return tc_run_latest(&find_partnership, UUID_VALUE(a), UUID_VALUE(b)) > 0;
}

void
tc_make_partnership(const Invitation *invitation, const Caller *acceptor)
{
	bool		by_customer = strcmp(invitation->inviter_kind, "customer") == 0;

	tc_run(&accept_invitation,
		   UUID_VALUE(by_customer ? invitation->inviter_id : acceptor->account_id),
		   UUID_VALUE(by_customer ? acceptor->account_id : invitation->inviter_id),
		   UUID_VALUE(invitation->id),
		   UUID_VALUE(acceptor->account_id),
		   UUID_VALUE(acceptor->contact_id));
}

Datum
tc_finish_with_partnership(const pg_uuid_t *invitation_id)
{
	tc_run_latest(&select_partnership, UUID_VALUE(invitation_id));
	return tc_finish();
}
