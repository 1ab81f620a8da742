/*
 * ledger.c
 *		Evidence of partnerships: a Merkle tree whose heads others keep.
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
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/input_check.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/caller.h"
#include "rule/ledger.h"
#include "rule/merkle.h"
#include "worker/maintain.h"
#include "worker/notify.h"

#define PAGE 1000				/* entries that are verified at a time */
#define BASE64_LENGTH 44		/* of a hash */

/*
 * What is hashed of a partnership p: keys only, so that the erasure of a
 * person's data changes nothing.
 */
#define LEAF \
	"pg_catalog.format(E'tempcloud/partnership/v1\\n%s\\n%s\\n%s\\n%s\\n%s\\n'," \
	" p.customer_id, p.provider_id, p.invitation_id, p.accepted_by," \
	" pg_catalog.to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))"

static KeptQuery select_head =
QUERY("SELECT size, root FROM tempcloud_data.ledger_head ORDER BY size DESC LIMIT 1");

static KeptQuery find_leaf =
QUERY("SELECT hash FROM tempcloud_data.ledger_entry WHERE position = $1");

static KeptQuery find_node =
QUERY("SELECT hash FROM tempcloud_data.ledger_node WHERE level = $1 AND position = $2");

/*
 * A row that a restore or a replica brought again is already sealed.  Not in a
 * newer snapshot than the transaction's: the foreign key of ledger_entry would
 * not see the partnership.
 */
static KeptQuery take_pending =
QUERY("WITH taken AS ("
	  "   DELETE FROM tempcloud_data.ledger_pending"
	  "    WHERE ctid = ANY (ARRAY(SELECT ctid FROM tempcloud_data.ledger_pending LIMIT $1))"
	  "   RETURNING customer_id, provider_id)"
	  " SELECT p.customer_id, p.provider_id, " LEAF
	  "   FROM (SELECT DISTINCT customer_id, provider_id FROM taken) t"
	  "  CROSS JOIN LATERAL ("
	  "     SELECT * FROM tempcloud_data.partnership p"
	  "      WHERE p.customer_id = t.customer_id AND p.provider_id = t.provider_id OFFSET 0) p"
	  "  WHERE NOT EXISTS (SELECT FROM tempcloud_data.ledger_entry e"
	  "                     WHERE e.customer_id = t.customer_id AND e.provider_id = t.provider_id)"
	  "  ORDER BY p.created_at, p.customer_id, p.provider_id");

static KeptQuery insert_entries =
QUERY("INSERT INTO tempcloud_data.ledger_entry (position, customer_id, provider_id, hash)"
	  " SELECT $1 + e.n - 1, e.customer_id, e.provider_id, e.hash"
	  "   FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4))"
	  "        WITH ORDINALITY AS e (customer_id, provider_id, hash, n)");

static KeptQuery insert_nodes =
QUERY("INSERT INTO tempcloud_data.ledger_node (level, position, hash)"
	  " SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))");

static KeptQuery insert_head =
QUERY("INSERT INTO tempcloud_data.ledger_head (size, root, sealed_at) VALUES ($1, $2, $3)");

/* The caller's partnership with $2, and its position, null if it is not sealed. */
static KeptQuery find_sealed =
QUERY("SELECT (SELECT e.position FROM tempcloud_data.ledger_entry e"
	  "         WHERE e.customer_id = p.customer_id AND e.provider_id = p.provider_id), " LEAF
	  "  FROM (SELECT * FROM tempcloud_data.partnership WHERE customer_id = $1 AND provider_id = $2"
	  "         UNION ALL "
	  "        SELECT * FROM tempcloud_data.partnership WHERE customer_id = $2 AND provider_id = $1) p");

/* A page of entries, with what their partnerships say now. */
static KeptQuery select_entries =
QUERY("SELECT e.position, e.hash, p.leaf"
	  "  FROM tempcloud_data.ledger_entry e"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT " LEAF " AS leaf FROM tempcloud_data.partnership p"
	  "     WHERE p.customer_id = e.customer_id AND p.provider_id = e.provider_id OFFSET 0) p ON true"
	  " WHERE e.position >= $1 AND e.position < $1 + $2 ORDER BY e.position");

/* The first of these nodes that is not kept as computed. */
static KeptQuery find_wrong_node =
QUERY("SELECT c.level, c.position"
	  "  FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))"
	  "       AS c (level, position, hash)"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT n.hash FROM tempcloud_data.ledger_node n"
	  "     WHERE n.level = c.level AND n.position = c.position OFFSET 0) n ON true"
	  " WHERE n.hash IS DISTINCT FROM c.hash"
	  " ORDER BY c.position << c.level LIMIT 1");

static KeptQuery select_heads =
QUERY("SELECT size, root FROM tempcloud_data.ledger_head WHERE size > $1 AND size <= $2 ORDER BY size");

/* Partnerships without a position, and how many of them wait for one. */
static KeptQuery count_unsealed =
QUERY("SELECT (SELECT pg_catalog.count(*) FROM tempcloud_data.partnership p"
	  "         WHERE NOT EXISTS (SELECT FROM tempcloud_data.ledger_entry e"
	  "                            WHERE e.customer_id = p.customer_id AND e.provider_id = p.provider_id)),"
	  "       (SELECT pg_catalog.count(*) FROM tempcloud_data.partnership p"
	  "         WHERE (p.customer_id, p.provider_id) IN"
	  "               (SELECT customer_id, provider_id FROM tempcloud_data.ledger_pending)"
	  "           AND NOT EXISTS (SELECT FROM tempcloud_data.ledger_entry e"
	  "                            WHERE e.customer_id = p.customer_id AND e.provider_id = p.provider_id))");

static KeptQuery make_verification =
QUERY("SELECT ROW($1, $2, $3, $4, $5)::tempcloud.ledger_verification");

/* Nodes that leaves have completed, for one statement. */
typedef struct NodeBuffer
{
	int			count;
	int			size;
	Datum	   *levels;
	Datum	   *positions;
	Datum	   *hashes;
} NodeBuffer;

/* A head of the tree. */
typedef struct Head
{
	uint64		size;
	MerkleHash	root;
} Head;

/* What verify_ledger() has found so far. */
typedef struct Verification
{
	GrowingTree tree;
	int64		position;		/* of the first difference; -1 for none */
	const char *problem;		/* NULL for none */
} Verification;

static int	seal(void);
static void tell_head(const Head *head, TimestampTz sealed_at);
static Head current_head(QueryMode mode);
static MerkleHash read_node(int level, uint64 position, void *mode);
static MerkleHash hash_column(Rows rows, uint64 row, int column);
static void start_nodes(NodeBuffer *nodes);
static void add_node(int level, uint64 position, const MerkleHash *hash, void *nodes);
static ArrayType *node_array(Datum *values, int count, Oid type);
static Datum bytea_of(const MerkleHash *hash);
static void append_base64(StringInfo out, const uint8 *data, int len);
static void append_hash(StringInfo out, const MerkleHash *hash);
static void append_checkpoint(StringInfo out, const Head *head);
static Head parse_checkpoint(const char *checkpoint);
static void verify_page(Verification *verification, uint64 size, const Head *outside);
static void verify_nodes(Verification *verification, NodeBuffer *nodes);
static void verify_heads(Verification *verification, const Head *heads, int count,
						 const Head *outside);
static void differs(Verification *verification, int64 position, const char *problem);

PG_FUNCTION_INFO_V1(tempcloud_seal_ledger);
PG_FUNCTION_INFO_V1(tempcloud_ledger_checkpoint);
PG_FUNCTION_INFO_V1(tempcloud_consistency_proof);
PG_FUNCTION_INFO_V1(tempcloud_partnership_receipt);
PG_FUNCTION_INFO_V1(tempcloud_verify_ledger);

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
 * For maintain(), which waits for nobody: whoever holds the lock is sealing.
 */
int
tc_seal_ledger(void)
{
	return tc_try_lock(LOCK_LEDGER, 0) ? seal() : 0;
}

/* Returns how many are sealed.  The caller holds LOCK_LEDGER. */
static int
seal(void)
{
	Rows		rows;
	QueryMode	mode = QUERY_LATEST;
	GrowingTree tree;
	NodeBuffer	nodes;
	Datum	   *customers;
	Datum	   *providers;
	Datum	   *leaves;
	TimestampTz sealed_at = GetCurrentTimestamp();
	Head		head;
	uint64		first;
	int			count;

	first = current_head(mode).size;
	tc_load_tree(&tree, first, read_node, &mode);
	rows = tc_run(&take_pending, INT_VALUE(MOST_SEALED));
	count = rows.count;
	if (count == 0)
		return 0;

	customers = palloc(sizeof(Datum) * count);
	providers = palloc(sizeof(Datum) * count);
	leaves = palloc(sizeof(Datum) * count);
	start_nodes(&nodes);
	for (int i = 0; i < count; i++)
	{
		char	   *leaf = tc_text(rows, i, 3);
		MerkleHash	hash = tc_leaf_hash(leaf, strlen(leaf));

		customers[i] = UUIDPGetDatum(tc_uuid(rows, i, 1));
		providers[i] = UUIDPGetDatum(tc_uuid(rows, i, 2));
		leaves[i] = bytea_of(&hash);
		tc_append_leaf(&tree, &hash, add_node, &nodes);
	}
	tc_run_latest(&insert_entries, BIGINT_VALUE(first),
				  ARRAY_VALUE(node_array(customers, count, UUIDOID)),
				  ARRAY_VALUE(node_array(providers, count, UUIDOID)),
				  ARRAY_VALUE(node_array(leaves, count, BYTEAOID)));
	tc_run_latest(&insert_nodes,
				  ARRAY_VALUE(node_array(nodes.levels, nodes.count, INT4OID)),
				  ARRAY_VALUE(node_array(nodes.positions, nodes.count, INT8OID)),
				  ARRAY_VALUE(node_array(nodes.hashes, nodes.count, BYTEAOID)));
	head = (Head)
	{
		.size = tree.size,.root = tc_tree_root(&tree)
	};
	tc_run_latest(&insert_head, BIGINT_VALUE(head.size),
				  BYTEA_VALUE(DatumGetPointer(bytea_of(&head.root))), TIME_VALUE(sealed_at));
	tell_head(&head, sealed_at);
	ForceSyncCommit();			/* a head that others keep outlives a crash */
	return count;
}

/* To those who keep heads, when the transaction commits. */
static void
tell_head(const Head *head, TimestampTz sealed_at)
{
	Event		event = {
		.name = "ledger.sealed",
		.at = sealed_at,
		.has_head = true,
		.size = head->size
	};

	memcpy(event.root, head->root.bytes, sizeof(event.root));
	tc_notify_event(&event);
}

/*
 * ledger_checkpoint() returns text
 */
Datum
tempcloud_ledger_checkpoint(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	Head		head;

	initStringInfo(&out);		/* in the caller's memory */
	tc_enter();
	head = current_head(QUERY_READ);
	append_checkpoint(&out, &head);
	tc_leave();
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
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
	Head		head;

	initStringInfo(&out);
	tc_enter();
	head = current_head(mode);
	if (old_size < 0 || old_size > head.size)
		tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be from 0 to the size of "
					   "tempcloud.ledger_checkpoint().", "old_size");
	if (old_size > 0)
		tc_consistency_path(old_size, head.size, read_node, &mode, &path);
	tc_leave();
	for (int i = 0; i < path.length; i++)
		append_hash(&out, &path.hashes[i]);
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

/*
 * partnership_receipt(partner_id uuid) returns text
 */
Datum
tempcloud_partnership_receipt(PG_FUNCTION_ARGS)
{
	Rows		rows;
	QueryMode	mode = QUERY_READ;
	pg_uuid_t  *partner_id = tc_arg_uuid(fcinfo, 0, "partner_id");
	StringInfoData out;
	HashPath	path;
	Head		head;
	Caller	   *caller;
	char	   *leaf;
	int64		position;
	bool		unsealed;

	initStringInfo(&out);
	tc_enter();
	caller = tc_caller_with_account(mode);
	rows = tc_read(&find_sealed, UUID_VALUE(caller->account_id), UUID_VALUE(partner_id));
	if (rows.count == 0)
		tc_refuse(PARTNER_NOT_FOUND);
	(void) tc_datum(rows, 0, 1, &unsealed);
	if (unsealed)
		tc_refuse(NOT_SEALED);
	position = tc_integer(rows, 0, 1);
	leaf = tc_text(rows, 0, 2);
	head = current_head(mode);
	tc_inclusion_path(position, head.size, read_node, &mode, &path);

	appendStringInfoString(&out, "c2sp.org/tlog-proof@v1\nextra ");
	append_base64(&out, (uint8 *) leaf, strlen(leaf));
	appendStringInfo(&out, "\nindex " INT64_FORMAT "\n", position);
	for (int i = 0; i < path.length; i++)
		append_hash(&out, &path.hashes[i]);
	appendStringInfoChar(&out, '\n');
	append_checkpoint(&out, &head);
	tc_leave();
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

/*
 * verify_ledger(checkpoint text) returns tempcloud.ledger_verification
 *
 * Reads page by page: its memory does not grow with the ledger.
 */
Datum
tempcloud_verify_ledger(PG_FUNCTION_ARGS)
{
	Rows		rows;
	Verification verification = {.position = -1};
	MemoryContext page;
	MemoryContext frame;
	Head		head;
	Head		outside = {0};
	MerkleHash	root;
	StringInfoData root_text;
	int64		unsealed;

	tc_enter();
	head = current_head(QUERY_READ);
	if (!PG_ARGISNULL(0))
		outside = parse_checkpoint(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (outside.size > head.size)
		differs(&verification, head.size, "the ledger is smaller than the checkpoint");

	page = AllocSetContextCreate(CurrentMemoryContext, "tempcloud ledger page",
								 ALLOCSET_DEFAULT_SIZES);
	frame = MemoryContextSwitchTo(page);
	while (verification.tree.size < head.size && verification.problem == NULL)
	{
		CHECK_FOR_INTERRUPTS();
		verify_page(&verification, head.size, &outside);
		MemoryContextReset(page);
	}
	MemoryContextSwitchTo(frame);

	rows = tc_query(&count_unsealed, QUERY_READ, NULL, 0);
	unsealed = tc_integer(rows, 0, 1);
	if (unsealed != tc_integer(rows, 0, 2))
		differs(&verification, -1, "a partnership is neither sealed nor waiting to be");
	root = tc_tree_root(&verification.tree);
	initStringInfo(&root_text);
	append_base64(&root_text, root.bytes, sizeof(root.bytes));
	rows = tc_read(&make_verification, BIGINT_VALUE(verification.tree.size), TEXT_VALUE(root_text.data),
				   BIGINT_VALUE(unsealed),
				   verification.position < 0 ? NULL_VALUE(INT8OID) : BIGINT_VALUE(verification.position),
				   TEXT_VALUE(verification.problem));
	return tc_finish(rows);
}

/* The newest head; of size 0 where nothing is sealed. */
static Head
current_head(QueryMode mode)
{
	Rows		rows;
	GrowingTree empty = {0};
	Head		head = {0};

	rows = tc_query(&select_head, mode, NULL, 0);
	if (rows.count == 0)
		head.root = tc_tree_root(&empty);
	else
	{
		head.size = tc_integer(rows, 0, 1);
		head.root = hash_column(rows, 0, 2);
	}
	return head;
}

/* A NodeReader; the context is the QueryMode. */
static MerkleHash
read_node(int level, uint64 position, void *mode)
{
	Rows		rows;

	if (level == 0)
		rows = tc_query(&find_leaf, *(QueryMode *) mode, TC_ARGS(BIGINT_VALUE(position)));
	else
		rows = tc_query(&find_node, *(QueryMode *) mode,
						TC_ARGS(INT_VALUE(level), BIGINT_VALUE(position)));
	return hash_column(rows, 0, 1);
}

static MerkleHash
hash_column(Rows rows, uint64 row, int column)
{
	bool		isnull;
	bytea	   *value = DatumGetByteaPP(tc_datum(rows, row, column, &isnull));
	MerkleHash	hash;

	if (isnull || VARSIZE_ANY_EXHDR(value) != sizeof(hash))
		elog(ERROR, "the ledger has a hash of a wrong length");
	memcpy(&hash, VARDATA_ANY(value), sizeof(hash));
	return hash;
}

static void
start_nodes(NodeBuffer *nodes)
{
	nodes->count = 0;
	nodes->size = 64;
	nodes->levels = palloc(sizeof(Datum) * nodes->size);
	nodes->positions = palloc(sizeof(Datum) * nodes->size);
	nodes->hashes = palloc(sizeof(Datum) * nodes->size);
}

/* A NodeWriter; the context is the NodeBuffer. */
static void
add_node(int level, uint64 position, const MerkleHash *hash, void *context)
{
	NodeBuffer *nodes = context;

	if (nodes->count == nodes->size)
	{
		nodes->size *= 2;
		nodes->levels = repalloc(nodes->levels, sizeof(Datum) * nodes->size);
		nodes->positions = repalloc(nodes->positions, sizeof(Datum) * nodes->size);
		nodes->hashes = repalloc(nodes->hashes, sizeof(Datum) * nodes->size);
	}
	nodes->levels[nodes->count] = Int32GetDatum(level);
	nodes->positions[nodes->count] = Int64GetDatum(position);
	nodes->hashes[nodes->count] = bytea_of(hash);
	nodes->count++;
}

static ArrayType *
node_array(Datum *values, int count, Oid type)
{
	int16		len;
	bool		byval;
	char		align;

	get_typlenbyvalalign(type, &len, &byval, &align);
	return construct_array(values, count, type, len, byval, align);
}

static Datum
bytea_of(const MerkleHash *hash)
{
	bytea	   *result = palloc(VARHDRSZ + sizeof(MerkleHash));

	SET_VARSIZE(result, VARHDRSZ + sizeof(MerkleHash));
	memcpy(VARDATA(result), hash, sizeof(MerkleHash));
	return PointerGetDatum(result);
}

static void
append_base64(StringInfo out, const uint8 *data, int len)
{
	int			size = pg_b64_enc_len(len);

	enlargeStringInfo(out, size);
	out->len += tc_b64_encode(data, len, out->data + out->len, size);
	out->data[out->len] = '\0';
}

/* A line with a hash. */
static void
append_hash(StringInfo out, const MerkleHash *hash)
{
	append_base64(out, hash->bytes, sizeof(hash->bytes));
	appendStringInfoChar(out, '\n');
}

/* The text of a checkpoint (C2SP tlog-checkpoint), without signatures. */
static void
append_checkpoint(StringInfo out, const Head *head)
{
	appendStringInfo(out, "%s\n" UINT64_FORMAT "\n", tc_ledger_origin, head->size);
	append_hash(out, &head->root);
}

/*
 * Such a text from outside; what follows its third line is ignored.  PT400
 * invalid_argument if it is none, or of another ledger.
 */
static Head
parse_checkpoint(const char *checkpoint)
{
	Head		head = {0};
	size_t		origin = strlen(tc_ledger_origin);
	char	   *end;

	if (strncmp(checkpoint, tc_ledger_origin, origin) == 0 && checkpoint[origin] == '\n' &&
		checkpoint[origin + 1] >= '0' && checkpoint[origin + 1] <= '9')
	{
		head.size = strtoull(checkpoint + origin + 1, &end, 10);
		if (head.size <= PG_INT64_MAX && *end == '\n' && strcspn(end + 1, "\n") == BASE64_LENGTH &&
			tc_b64_decode(end + 1, BASE64_LENGTH, head.root.bytes, sizeof(head.root.bytes)) ==
			sizeof(head.root.bytes))
			return head;
	}
	tc_refuse_hint(INVALID_ARGUMENT, "Argument \"%s\" must be a checkpoint of \"%s\": origin, "
				   "size and root in base64, each in a line.", "checkpoint", tc_ledger_origin);
}

/* Compute the next PAGE entries and compare them with what is kept. */
static void
verify_page(Verification *verification, uint64 size, const Head *outside)
{
	Rows		rows;
	uint64		first = verification->tree.size;
	uint64		last = Min(first + PAGE, size);
	NodeBuffer	nodes;
	Head	   *heads;
	int			nheads = (rows = tc_read(&select_heads, BIGINT_VALUE(first), BIGINT_VALUE(last))).count;
	int			count;
	int			next = 0;

	heads = palloc(sizeof(Head) * (nheads + 1));
	for (int i = 0; i < nheads; i++)
		heads[i] = (Head)
	{
		.size = tc_integer(rows, i, 1),.root = hash_column(rows, i, 2)
	};
	tc_free_rows(rows);

	start_nodes(&nodes);
	rows = tc_read(&select_entries, BIGINT_VALUE(first), INT_VALUE(last - first));
	count = rows.count;
	for (int i = 0; i < count && verification->problem == NULL; i++)
	{
		char	   *leaf = tc_text(rows, i, 3);
		MerkleHash	kept = hash_column(rows, i, 2);
		MerkleHash	hash;

		if (tc_integer(rows, i, 1) != verification->tree.size)
			break;
		if (leaf == NULL)
		{
			differs(verification, verification->tree.size, "the partnership is missing");
			break;
		}
		hash = tc_leaf_hash(leaf, strlen(leaf));
		if (memcmp(&hash, &kept, sizeof(hash)) != 0)
			differs(verification, verification->tree.size, "the partnership is not the one that was sealed");
		tc_append_leaf(&verification->tree, &hash, add_node, &nodes);
		while (next < nheads && heads[next].size < verification->tree.size)
			next++;
		verify_heads(verification, &heads[next],
					 next < nheads && heads[next].size == verification->tree.size ? 1 : 0, outside);
	}
	tc_free_rows(rows);
	if (verification->problem == NULL && verification->tree.size < last)
		differs(verification, verification->tree.size, "the entry is missing");
	verify_nodes(verification, &nodes);
}

static void
verify_nodes(Verification *verification, NodeBuffer *nodes)
{
	Rows		rows = tc_read(&find_wrong_node,
							   ARRAY_VALUE(node_array(nodes->levels, nodes->count, INT4OID)),
							   ARRAY_VALUE(node_array(nodes->positions, nodes->count, INT8OID)),
							   ARRAY_VALUE(node_array(nodes->hashes, nodes->count, BYTEAOID)));

	if (rows.count > 0)
		differs(verification, tc_integer(rows, 0, 2) << tc_integer(rows, 0, 1),
				"a node is missing or not the hash of its leaves");
	tc_free_rows(rows);
}

/* Compare the tree, as it is now, with the heads of its size. */
static void
verify_heads(Verification *verification, const Head *heads, int count, const Head *outside)
{
	MerkleHash	root;

	if (count == 0 && outside->size != verification->tree.size)
		return;
	root = tc_tree_root(&verification->tree);
	if (count > 0 && memcmp(&root, &heads[0].root, sizeof(root)) != 0)
		differs(verification, verification->tree.size - 1, "a head is not the root of its entries");
	if (outside->size == verification->tree.size &&
		memcmp(&root, &outside->root, sizeof(root)) != 0)
		differs(verification, -1, "the checkpoint is not the root of the entries that it covers");
}

/* The first difference counts. */
static void
differs(Verification *verification, int64 position, const char *problem)
{
	if (verification->problem != NULL)
		return;
	verification->position = position;
	verification->problem = problem;
}
