/*
 * ledger_proof.c
 *		What others get of the ledger: heads, proofs and receipts.
 *
 * In the formats of C2SP (tlog-checkpoint, tlog-proof), which ready programs
 * verify.  Nothing is signed here: a signature by the administrator of the
 * database would prove nothing.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/input_check.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/caller.h"
#include "rule/ledger.h"

/* The partnership of the two, and its position, null if it is not sealed. */
static KeptQuery find_sealed =
QUERY("SELECT (SELECT e.position FROM tempcloud_data.ledger_entry e"
	  "         WHERE e.customer_id = p.customer_id AND e.provider_id = p.provider_id), " LEDGER_LEAF
	  "  FROM (SELECT * FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2"
	  "         UNION ALL "
	  "        SELECT * FROM tempcloud_data.partnership WHERE customer_id = $2 AND provider_id = $1) p");

enum
{
	SEALED_POSITION = 1, SEALED_LEAF
};

static void append_receipt(StringInfo out, const char *leaf, uint64 position);
static void append_checkpoint(StringInfo out, const LedgerHead *head);
static void append_path(StringInfo out, const HashPath *path);
static void append_hash(StringInfo out, const MerkleHash *hash);

PG_FUNCTION_INFO_V1(tempcloud_ledger_checkpoint);
PG_FUNCTION_INFO_V1(tempcloud_consistency_proof);
PG_FUNCTION_INFO_V1(tempcloud_partnership_receipt);

/*
 * ledger_checkpoint() returns text
 */
Datum
tempcloud_ledger_checkpoint(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	LedgerHead	head;

	initStringInfo(&out);		/* in the caller's memory */
	tc_enter();
	head = tc_ledger_head(QUERY_READ);
	append_checkpoint(&out, &head);
	tc_leave();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/*
 * consistency_proof(old_size bigint) returns text
 */
Datum
tempcloud_consistency_proof(PG_FUNCTION_ARGS)
{
	QueryMode	mode = QUERY_READ;
	int64		old_size = PG_ARGISNULL(0) ? -1 : PG_GETARG_INT64(0);
	StringInfoData out;
	HashPath	path = {0};
	uint64		size;

	initStringInfo(&out);
	tc_enter();
	size = tc_ledger_head(mode).size;
	if (old_size < 0 || old_size > size)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be from 0 to the size of "
					   "tempcloud.ledger_checkpoint().", "old_size");
	if (old_size > 0)
		tc_consistency_path(old_size, size, tc_ledger_nodes, &mode, &path);
	append_path(&out, &path);
	tc_leave();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/*
 * partnership_receipt(partner_id uuid) returns text
 */
Datum
tempcloud_partnership_receipt(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *partner_id = tc_arg_uuid(fcinfo, 0, "partner_id");
	StringInfoData out;
	Caller	   *caller;
	bool		unsealed;

	initStringInfo(&out);
	tc_enter();
	caller = tc_caller_with_right(QUERY_READ, RIGHT_READ);
	rows = tc_read(&find_sealed, UUID_VALUE(caller->account_id), UUID_VALUE(partner_id));
	if (rows.count == 0)
		tc_refuse(PARTNER_NOT_FOUND);
	(void) tc_datum(rows, 0, SEALED_POSITION, &unsealed);
	if (unsealed)
		tc_refuse(NOT_SEALED);
	append_receipt(&out, tc_text(rows, 0, SEALED_LEAF), tc_integer(rows, 0, SEALED_POSITION));
	tc_leave();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* C2SP tlog-proof, with the leaf as its extra data. */
static void
append_receipt(StringInfo out, const char *leaf, uint64 position)
{
	QueryMode	mode = QUERY_READ;
	LedgerHead	head = tc_ledger_head(mode);
	HashPath	path;

	tc_inclusion_path(position, head.size, tc_ledger_nodes, &mode, &path);
	appendStringInfoString(out, "c2sp.org/tlog-proof@v1\nextra ");
	tc_append_base64(out, leaf, strlen(leaf));
	appendStringInfo(out, "\nindex " UINT64_FORMAT "\n", position);
	append_path(out, &path);
	appendStringInfoChar(out, '\n');
	append_checkpoint(out, &head);
}

/* C2SP tlog-checkpoint, without signatures. */
static void
append_checkpoint(StringInfo out, const LedgerHead *head)
{
	appendStringInfo(out, "%s\n" UINT64_FORMAT "\n", tc_ledger_origin, head->size);
	append_hash(out, &head->root);
}

static void
append_path(StringInfo out, const HashPath *path)
{
	for (int i = 0; i < path->length; i++)
		append_hash(out, &path->hashes[i]);
}

/* A line with a hash. */
static void
append_hash(StringInfo out, const MerkleHash *hash)
{
	tc_append_base64(out, hash, sizeof(*hash));
	appendStringInfoChar(out, '\n');
}

void
tc_append_base64(StringInfo out, const void *data, int len)
{
	int			size = pg_b64_enc_len(len);

	enlargeStringInfo(out, size);
	out->len += tc_b64_encode(data, len, out->data + out->len, size);
	out->data[out->len] = '\0';
}
