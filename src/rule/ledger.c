/*
 * ledger.c
 *		Sealing: partnerships are appended to the ledger.
 *
 * Whoever can write the server's files is beyond any trigger.  But a head of
 * the tree fixes all partnerships that it covers: if others keep heads, nobody
 * can change, add or remove one of these without being noticed.
 *
 * A partnership is sealed some time after it was accepted, in a transaction of
 * its own, so that acceptance pays for one row and takes no lock for it.  One
 * session seals at a time (LOCK_LEDGER); positions are in the order of sealing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/lock.h"
#include "rule/ledger.h"
#include "worker/maintain.h"
#include "worker/notify.h"

static KeptQuery select_head =
QUERY("SELECT size, root FROM tempcloud_data.ledger_head ORDER BY size DESC LIMIT 1");

enum
{
	HEAD_SIZE = 1, HEAD_ROOT
};

/* Nodes of these levels and positions, in that order; leaves are of level 0. */
static KeptQuery find_nodes =
QUERY("SELECT kept.hash"
	  "  FROM ROWS FROM (unnest($1), unnest($2)) WITH ORDINALITY AS w (level, position, n)"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT e.hash FROM tempcloud_data.ledger_entry e"
	  "     WHERE w.level = 0 AND e.position = w.position"
	  "     UNION ALL "
	  "    SELECT n.hash FROM tempcloud_data.ledger_node n"
	  "     WHERE n.level = w.level AND n.position = w.position OFFSET 0) kept ON true"
	  " ORDER BY w.n");

enum
{
	NODE_HASH = 1
};

/*
 * Up to $1 of those that wait, without a leaf where a restore or a replica has
 * brought one again that is already sealed.  Not in a newer snapshot than the
 * transaction's: the foreign key of ledger_entry would not see the partnership.
 */
static KeptQuery take_pending =
QUERY("WITH taken AS ("
	  "   DELETE FROM tempcloud_data.ledger_pending"
	  "    WHERE ctid = ANY (ARRAY(SELECT ctid FROM tempcloud_data.ledger_pending LIMIT $1))"
	  "   RETURNING customer_id, provider_id)"
	  " SELECT t.customer_id, t.provider_id, t.times, p.leaf"
	  "   FROM (SELECT customer_id, provider_id, count(*) AS times FROM taken"
	  "          GROUP BY customer_id, provider_id) t"
	  "   LEFT JOIN LATERAL ("
	  "     SELECT " LEDGER_LEAF " AS leaf, p.created_at FROM tempcloud_data.partnership p"
	  "      WHERE p.customer_id = t.customer_id AND p.provider_id = t.provider_id"
	  "        AND NOT EXISTS (SELECT FROM tempcloud_data.ledger_entry e"
	  "                         WHERE e.customer_id = t.customer_id AND e.provider_id = t.provider_id"
	  "                        OFFSET 0)"
	  "     OFFSET 0) p ON true"
	  "  ORDER BY p.created_at, t.customer_id, t.provider_id");

enum
{
	PENDING_CUSTOMER = 1, PENDING_PROVIDER, PENDING_TIMES, PENDING_LEAF
};

static KeptQuery insert_entries =
QUERY("INSERT INTO tempcloud_data.ledger_entry (position, customer_id, provider_id, hash)"
	  " SELECT $1 + e.n - 1, e.customer_id, e.provider_id, e.hash"
	  "   FROM ROWS FROM (unnest($2), unnest($3), unnest($4))"
	  "        WITH ORDINALITY AS e (customer_id, provider_id, hash, n)");

static KeptQuery insert_nodes =
QUERY("INSERT INTO tempcloud_data.ledger_node (level, position, hash)"
	  " SELECT * FROM ROWS FROM (unnest($1), unnest($2), unnest($3))");

static KeptQuery insert_head =
QUERY("INSERT INTO tempcloud_data.ledger_head (size, root, sealed_at) VALUES ($1, $2, $3)");

static int	seal(void);
static int	append_pending(GrowingTree *tree, int wanted);
static void seal_head(const GrowingTree *tree);
static void tell_head(const LedgerHead *head, TimestampTz sealed_at);
static ArrayBuildState * empty_array(Oid type);
static void collect(ArrayBuildState * array, Datum value);
static bytea *bytea_of(const MerkleHash *hash);

PG_FUNCTION_INFO_V1(tempcloud_seal_ledger);

/*
 * seal_ledger() returns integer
 *
 * The rows that it takes are of transactions that have committed; those of
 * others are taken by the next call.
 */
Datum
tempcloud_seal_ledger(PG_FUNCTION_ARGS)
{
	int			sealed;

	tc_enter_command("seal_ledger()");
	tc_lock(LOCK_LEDGER, 0);
	sealed = seal();
	tc_leave();
	PG_RETURN_INT32(sealed);
}

/*
 * For maintain(), which does not wait: if another session holds the lock, that
 * session is sealing.
 */
int
tc_seal_ledger(void)
{
	if (!tc_try_lock(LOCK_LEDGER, 0))
		return 0;
	tc_read_clock();			/* others may have sealed since maintain()
								 * began */
	return seal();
}

/*
 * Returns how many are sealed.  What waits is taken until that many are new or
 * none are left, so that fewer than MOST_SEALED says that none are.  The caller
 * holds LOCK_LEDGER.
 */
static int
seal(void)
{
	QueryMode	mode = QUERY_LATEST;
	uint64		first = tc_ledger_head(mode).size;
	GrowingTree tree;
	int			wanted;
	int			taken;

	tc_load_tree(&tree, first, tc_ledger_nodes, &mode);
	do
	{
		wanted = first + MOST_SEALED - tree.size;
		taken = append_pending(&tree, wanted);
	} while (taken == wanted && tree.size < first + MOST_SEALED);
	if (tree.size > first)
		seal_head(&tree);
	return tree.size - first;
}

/*
 * Take up to so many rows of those that wait, and append to the tree and to the
 * ledger what is new of them.  Returns how many were taken.
 */
static int
append_pending(GrowingTree *tree, int wanted)
{
	Rows		rows = tc_run(&take_pending, INT_VALUE(wanted));
	uint64		first = tree->size;
	ArrayBuildState *customers = empty_array(UUIDOID);
	ArrayBuildState *providers = empty_array(UUIDOID);
	ArrayBuildState *hashes = empty_array(BYTEAOID);
	NodeArrays	nodes = tc_no_nodes();
	int			taken = 0;

	for (uint64 row = 0; row < rows.count; row++)
	{
		char	   *leaf = tc_text(rows, row, PENDING_LEAF);
		MerkleHash	hash;

		taken += tc_integer(rows, row, PENDING_TIMES);
		if (leaf == NULL)
			continue;
		hash = tc_leaf_hash(leaf, strlen(leaf));
		collect(customers, UUIDPGetDatum(tc_uuid(rows, row, PENDING_CUSTOMER)));
		collect(providers, UUIDPGetDatum(tc_uuid(rows, row, PENDING_PROVIDER)));
		collect(hashes, PointerGetDatum(bytea_of(&hash)));
		tc_append_leaf(tree, &hash, tc_collect_node, &nodes);
	}
	tc_run_latest(&insert_entries, BIGINT_VALUE(first), tc_collected(customers),
				  tc_collected(providers), tc_collected(hashes));
	tc_run_latest(&insert_nodes, NODE_VALUES(nodes));
	return taken;
}

static void
seal_head(const GrowingTree *tree)
{
	LedgerHead	head = {.size = tree->size,.root = tc_tree_root(tree)};
	TimestampTz sealed_at = tc_now();

	tc_run_latest(&insert_head, BIGINT_VALUE(head.size), BYTEA_VALUE(bytea_of(&head.root)),
				  TIME_VALUE(sealed_at));
	tell_head(&head, sealed_at);
	ForceSyncCommit();			/* a head that others keep outlives a crash */
}

/* To those who keep heads, when the transaction commits. */
static void
tell_head(const LedgerHead *head, TimestampTz sealed_at)
{
	Event		event = {
		.name = "ledger.sealed",
		.at = sealed_at,
		.has_head = true,
		.size = head->size
	};

	StaticAssertStmt(sizeof(event.root) == sizeof(head->root), "both are of SHA-256");
	memcpy(event.root, &head->root, sizeof(event.root));
	tc_notify_event(&event);
}

LedgerHead
tc_ledger_head(QueryMode mode)
{
	Rows		rows;
	GrowingTree empty = {0};

	rows = tc_query(&select_head, mode, NULL, 0);
	if (rows.count == 0)
		return (LedgerHead)
	{
		.root = tc_tree_root(&empty)
	};
	return (LedgerHead)
	{
		.size = tc_integer(rows, 0, HEAD_SIZE),
			.root = tc_hash_column(rows, 0, HEAD_ROOT)
	};
}

void
tc_ledger_nodes(const NodeName *nodes, int count, MerkleHash *hashes, void *mode)
{
	ArrayBuildState *levels = empty_array(INT4OID);
	ArrayBuildState *positions = empty_array(INT8OID);
	Rows		rows;

	for (int i = 0; i < count; i++)
	{
		collect(levels, Int32GetDatum(nodes[i].level));
		collect(positions, Int64GetDatum(nodes[i].position));
	}
	rows = tc_query(&find_nodes, *(QueryMode *) mode,
					TC_ARGS(tc_collected(levels), tc_collected(positions)));
	if (rows.count != count)
		elog(ERROR, "the ledger has a node twice");
	for (int i = 0; i < count; i++)
		hashes[i] = tc_hash_column(rows, i, NODE_HASH);
}

MerkleHash
tc_hash_column(Rows rows, uint64 row, int column)
{
	bool		isnull;
	Datum		value = tc_datum(rows, row, column, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);
	MerkleHash	hash;

	if (bytes == NULL || VARSIZE_ANY_EXHDR(bytes) != sizeof(hash))
		elog(ERROR, "the ledger has a hash of a wrong length");
	memcpy(&hash, VARDATA_ANY(bytes), sizeof(hash));
	return hash;
}

MerkleHash
tc_merkle_sha256(const uint8 *data, int len)
{
	bytea	   *digest = tc_sha256(data, len);
	MerkleHash	hash;

	memcpy(&hash, VARDATA_ANY(digest), sizeof(hash));
	pfree(digest);
	return hash;
}

NodeArrays
tc_no_nodes(void)
{
	return (NodeArrays)
	{
		.levels = empty_array(INT4OID),
			.positions = empty_array(INT8OID),
			.hashes = empty_array(BYTEAOID)
	};
}

void
tc_collect_node(int level, uint64 position, const MerkleHash *hash, void *context)
{
	NodeArrays *nodes = context;

	collect(nodes->levels, Int32GetDatum(level));
	collect(nodes->positions, Int64GetDatum(position));
	collect(nodes->hashes, PointerGetDatum(bytea_of(hash)));
}

Value
tc_collected(ArrayBuildState * array)
{
	return ARRAY_VALUE(DatumGetArrayTypeP(makeArrayResult(array, CurrentMemoryContext)));
}

static ArrayBuildState *
empty_array(Oid type)
{
	return initArrayResult(type, CurrentMemoryContext, false);
}

static void
collect(ArrayBuildState * array, Datum value)
{
	(void) accumArrayResult(array, value, false, array->element_type, array->mcontext);
}

static bytea *
bytea_of(const MerkleHash *hash)
{
	bytea	   *result = palloc(VARHDRSZ + sizeof(MerkleHash));

	SET_VARSIZE(result, VARHDRSZ + sizeof(MerkleHash));
	memcpy(VARDATA(result), hash, sizeof(MerkleHash));
	return result;
}
