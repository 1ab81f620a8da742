/*
 * ledger.h
 *		Evidence of partnerships: a Merkle tree whose heads others keep.
 *
 * ledger.c seals, ledger_proof.c proves, ledger_verify.c computes all anew.
 */
#ifndef TC_LEDGER_H
#define TC_LEDGER_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/array.h"

#include "base/query.h"
#include "rule/merkle.h"

/*
 * Append partnerships that are not sealed yet to the ledger; returns how many,
 * fewer than MOST_SEALED if no more wait.  Does nothing where another
 * transaction does so.  Needs a frame (tc_enter_command).
 */
extern int	tc_seal_ledger(void);

/*
 * What is hashed of a partnership p, in a query: keys only, so that the erasure
 * of a person's data changes nothing.  No two rows have the same: to_char alone
 * would leave out BC, and return null for infinity.
 */
#define LEDGER_LEAF \
	"format(E'tempcloud/partnership/v1\\n%s\\n%s\\n%s\\n%s\\n%s\\n'," \
	" p.customer_id, p.provider_id, p.invitation_id, p.accepted_by," \
	" CASE WHEN p.created_at >= timestamptz '0001-01-01 00:00Z' AND p.created_at < timestamptz 'infinity'" \
	"      THEN to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" \
	"      ELSE extract(epoch FROM p.created_at)::text END)"

/* A head of the tree. */
typedef struct LedgerHead
{
	uint64		size;
	MerkleHash	root;
} LedgerHead;

/* The newest head; of size 0 where nothing is sealed. */
extern LedgerHead tc_ledger_head(QueryMode mode);

/* A NodeReader; the context is the QueryMode. */
extern void tc_ledger_nodes(const NodeName *nodes, int count, MerkleHash *hashes, void *mode);

/* The column of a row that is a hash; raises an internal error if it is none. */
extern MerkleHash tc_hash_column(Rows rows, uint64 row, int column);

/* Nodes that leaves have completed, as arrays for one query. */
typedef struct NodeArrays
{
	ArrayBuildState *levels;
	ArrayBuildState *positions;
	ArrayBuildState *hashes;
} NodeArrays;

/* Empty ones, in the current memory context. */
extern NodeArrays tc_no_nodes(void);

/* A NodeWriter; the context is the NodeArrays. */
extern void tc_collect_node(int level, uint64 position, const MerkleHash *hash, void *nodes);

/* One of these arrays as an argument of a query. */
extern Value tc_collected(ArrayBuildState * array);

#define NODE_VALUES(nodes) \
	tc_collected((nodes).levels), tc_collected((nodes).positions), tc_collected((nodes).hashes)

/* Append bytes in base64. */
extern void tc_append_base64(StringInfo out, const void *data, int len);

#endif							/* TC_LEDGER_H */
