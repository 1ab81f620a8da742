/*
 * ledger_verify.c
 *		The ledger computed anew from the partnerships, and compared.
 *
 * Entries are read page by page, so that memory does not grow with the ledger.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/ledger.h"

#define PAGE 1000				/* entries that are verified at a time */
#define LARGE 10000				/* a ledger whose verification tells how far
								 * it is */
#define BASE64_LENGTH 44		/* of a hash */

/*
 * A page of entries, with what their partnerships say now and the root of the
 * head that ends there, null where none does.  The limit is a constant, so that
 * the planner knows how few they are: it compiles what it expects to be many.
 */
static KeptQuery select_entries =
QUERY("SELECT e.position, e.hash, p.leaf, h.root"
	  "  FROM (SELECT * FROM tempcloud_data.ledger_entry"
	  "         WHERE position >= $1 AND position < $2"
	  "         ORDER BY position LIMIT " CppAsString2(PAGE) ") e"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT " LEDGER_LEAF " AS leaf FROM tempcloud_data.partnership p"
	  "     WHERE p.customer_id = e.customer_id AND p.provider_id = e.provider_id OFFSET 0) p ON true"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT h.root FROM tempcloud_data.ledger_head h"
	  "     WHERE h.size = e.position + 1 OFFSET 0) h ON true"
	  " ORDER BY e.position");

enum
{
	ENTRY_POSITION = 1, ENTRY_HASH, ENTRY_LEAF, ENTRY_ROOT
};

/* The first of these nodes that is not kept as computed. */
static KeptQuery find_wrong_node =
QUERY("SELECT c.level, c.position"
	  "  FROM ROWS FROM (unnest($1), unnest($2), unnest($3)) AS c (level, position, hash)"
	  "  LEFT JOIN LATERAL ("
	  "    SELECT n.hash FROM tempcloud_data.ledger_node n"
	  "     WHERE n.level = c.level AND n.position = c.position OFFSET 0) n ON true"
	  " WHERE n.hash IS DISTINCT FROM c.hash"
	  " ORDER BY c.position << c.level LIMIT 1");

enum
{
	WRONG_LEVEL = 1, WRONG_POSITION
};

/*
 * All partnerships; how many wait for a position; and whether entries or nodes
 * follow those that the newest head covers, which are $1.
 *
 * The first are counted in the table itself, since no index has created_at: a
 * row that is missing in an index counts, too.  Nothing is joined to them, since
 * the planner would rely on the unique index and pass over a second row.
 */
static KeptQuery count_rest =
QUERY("SELECT (SELECT count(created_at) FROM tempcloud_data.partnership),"
	  "       (SELECT count(*)"
	  "          FROM (SELECT DISTINCT customer_id, provider_id FROM tempcloud_data.ledger_pending) w"
	  "         WHERE EXISTS (SELECT FROM tempcloud_data.partnership p"
	  "                        WHERE p.customer_id = w.customer_id AND p.provider_id = w.provider_id)"
	  "           AND NOT EXISTS (SELECT FROM tempcloud_data.ledger_entry e"
	  "                            WHERE e.customer_id = w.customer_id AND e.provider_id = w.provider_id)),"
	  "       EXISTS (SELECT FROM tempcloud_data.ledger_entry WHERE position >= $1),"
	  "       EXISTS (SELECT FROM generate_series(1, " CppAsString2(MERKLE_LEVELS) ") l, LATERAL ("
	  "         SELECT FROM tempcloud_data.ledger_node n"
	  "          WHERE n.level = l AND n.position >= $1 >> l OFFSET 0) n)");

enum
{
	REST_ALL = 1, REST_WAITING, REST_HEADLESS, REST_SURPLUS
};

static KeptQuery make_verification =
QUERY("SELECT ROW($1, $2, $3, $4, $5)::tempcloud.ledger_verification");

/* What verify_ledger() has found so far. */
typedef struct Verification
{
	uint64		size;			/* of the ledger */
	const LedgerHead *outside;	/* the checkpoint; NULL if none was given */
	GrowingTree tree;			/* of the partnerships */
	int64		position;		/* of the first difference; -1 for none */
	const char *problem;		/* NULL for none */
	int64		unsealed;
} Verification;

static LedgerHead parse_checkpoint(const char *checkpoint);
static void verify_tree(Verification *v);
static void verify_page(Verification *v);
static void verify_entry(Verification *v, Rows rows, uint64 row, NodeArrays *nodes);
static void verify_head(Verification *v, Rows rows, uint64 row);
static void verify_outside(Verification *v);
static void verify_nodes(Verification *v, NodeArrays nodes);
static void tell_progress(const Verification *v, uint64 before);
static void verify_rest(Verification *v);
static Rows result_of(const Verification *v);
static void differs(Verification *v, int64 position, const char *problem);

PG_FUNCTION_INFO_V1(tempcloud_verify_ledger);

/*
 * verify_ledger(checkpoint text) returns tempcloud.ledger_verification
 */
Datum
tempcloud_verify_ledger(PG_FUNCTION_ARGS)
{
	Verification v = {.position = -1};
	LedgerHead	outside;

	tc_enter();
	if (!PG_ARGISNULL(0))
	{
		outside = parse_checkpoint(text_to_cstring(PG_GETARG_TEXT_PP(0)));
		v.outside = &outside;
	}
	v.size = tc_ledger_head(QUERY_READ).size;
	if (v.outside && v.outside->size > v.size)
		differs(&v, v.size, "the ledger is smaller than the checkpoint");
	verify_tree(&v);
	verify_rest(&v);
	return tc_finish(result_of(&v));
}

/*
 * A checkpoint from outside; what follows its third line is ignored.  PT400
 * invalid_argument if it is none, or of another ledger.
 */
static LedgerHead
parse_checkpoint(const char *checkpoint)
{
	LedgerHead	head = {0};
	size_t		origin = strlen(tc_ledger_origin);
	char	   *end;

	if (strncmp(checkpoint, tc_ledger_origin, origin) == 0 && checkpoint[origin] == '\n' &&
		checkpoint[origin + 1] >= '0' && checkpoint[origin + 1] <= '9' &&
		(checkpoint[origin + 1] != '0' || checkpoint[origin + 2] == '\n'))
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

/* Up to the first difference. */
static void
verify_tree(Verification *v)
{
	MemoryContext page = AllocSetContextCreate(CurrentMemoryContext, "tempcloud ledger page",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext frame = MemoryContextSwitchTo(page);

	verify_outside(v);
	while (v->tree.size < v->size && v->problem == NULL)
	{
		uint64		before = v->tree.size;

		CHECK_FOR_INTERRUPTS();
		verify_page(v);
		MemoryContextReset(page);
		tell_progress(v, before);
	}
	MemoryContextSwitchTo(frame);
	MemoryContextDelete(page);
}

/* The next PAGE entries, and the nodes that they complete. */
static void
verify_page(Verification *v)
{
	Rows		rows;
	uint64		last = Min(v->tree.size + PAGE, v->size);
	NodeArrays	nodes = tc_no_nodes();

	rows = tc_read(&select_entries, BIGINT_VALUE(v->tree.size), BIGINT_VALUE(v->size));
	for (uint64 row = 0; row < rows.count && v->problem == NULL; row++)
		verify_entry(v, rows, row, &nodes);
	tc_free_rows(rows);
	if (v->tree.size < last)
		differs(v, v->tree.size, "the entry is missing");
	if (v->problem == NULL)
		verify_nodes(v, nodes);
}

/* Append the partnership to the tree, and compare it with its entry. */
static void
verify_entry(Verification *v, Rows rows, uint64 row, NodeArrays *nodes)
{
	int64		position = v->tree.size;
	char	   *leaf = tc_text(rows, row, ENTRY_LEAF);
	MerkleHash	kept = tc_hash_column(rows, row, ENTRY_HASH);
	MerkleHash	hash;

	if (tc_integer(rows, row, ENTRY_POSITION) < position)
	{
		differs(v, position - 1, "the partnership is there twice");
		return;
	}
	if (tc_integer(rows, row, ENTRY_POSITION) > position)
	{
		differs(v, position, "the entry is missing");
		return;
	}
	if (leaf == NULL)
	{
		differs(v, position, "the partnership is missing");
		return;
	}
	hash = tc_leaf_hash(leaf, strlen(leaf));
	if (!tc_same_hash(&hash, &kept))
		differs(v, position, "the partnership is not the one that was sealed");
	tc_append_leaf(&v->tree, &hash, tc_collect_node, nodes);
	verify_head(v, rows, row);
	verify_outside(v);
}

/* Compare the tree with the head stored for its size. */
static void
verify_head(Verification *v, Rows rows, uint64 row)
{
	bool		none;
	MerkleHash	kept;
	MerkleHash	root;

	(void) tc_datum(rows, row, ENTRY_ROOT, &none);
	if (none)
		return;
	kept = tc_hash_column(rows, row, ENTRY_ROOT);
	root = tc_tree_root(&v->tree);
	if (!tc_same_hash(&root, &kept))
		differs(v, v->tree.size - 1, "a head is not the root of its entries");
}

/* And with the checkpoint, if it is of that size. */
static void
verify_outside(Verification *v)
{
	MerkleHash	root;

	if (v->outside == NULL || v->outside->size != v->tree.size)
		return;
	root = tc_tree_root(&v->tree);
	if (!tc_same_hash(&root, &v->outside->root))
		differs(v, -1, "the checkpoint is not the root of the entries that it covers");
}

static void
verify_nodes(Verification *v, NodeArrays nodes)
{
	Rows		rows = tc_read(&find_wrong_node, NODE_VALUES(nodes));

	if (rows.count > 0)
		differs(v, tc_integer(rows, 0, WRONG_POSITION) << tc_integer(rows, 0, WRONG_LEVEL),
				"a node is missing or not the hash of its leaves");
	tc_free_rows(rows);
}

/* At each tenth of a large ledger. */
static void
tell_progress(const Verification *v, uint64 before)
{
	if (v->size >= LARGE && v->tree.size < v->size &&
		v->tree.size * 10 / v->size > before * 10 / v->size)
		ereport(NOTICE,
				(errmsg("verified %llu of %llu partnerships",
						(unsigned long long) v->tree.size, (unsigned long long) v->size)));
}

/* What the tree does not cover. */
static void
verify_rest(Verification *v)
{
	Rows		rows = tc_read(&count_rest, BIGINT_VALUE(v->size));

	if (tc_bool(rows, 0, REST_HEADLESS))
		differs(v, v->size, "no head covers the entry");
	if (tc_bool(rows, 0, REST_SURPLUS))
		differs(v, v->size, "a node covers an entry that is not there");
	v->unsealed = tc_integer(rows, 0, REST_ALL) - v->size;
	if (v->unsealed != tc_integer(rows, 0, REST_WAITING))
		differs(v, -1, "a partnership is neither sealed nor waiting to be");
}

/* The root is that of all partnerships, null where a difference kept it from being computed. */
static Rows
result_of(const Verification *v)
{
	StringInfoData root_text;
	MerkleHash	root = tc_tree_root(&v->tree);

	initStringInfo(&root_text);
	tc_append_base64(&root_text, &root, sizeof(root));
	return tc_read(&make_verification, BIGINT_VALUE(v->size),
				   TEXT_VALUE(v->tree.size == v->size ? root_text.data : NULL),
				   BIGINT_VALUE(Max(v->unsealed, 0)),
				   v->position < 0 ? NULL_VALUE(INT8OID) : BIGINT_VALUE(v->position),
				   TEXT_VALUE(v->problem));
}

/* The first difference counts. */
static void
differs(Verification *v, int64 position, const char *problem)
{
	if (v->problem != NULL)
		return;
	v->position = position;
	v->problem = problem;
}
