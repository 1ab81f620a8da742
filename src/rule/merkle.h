/*
 * merkle.h
 *		The Merkle tree of RFC 9162, section 2.1, without its storage.
 *
 * A node is named by its level and its position in the level: node (l, p)
 * covers the leaves from p * 2^l up to (p + 1) * 2^l.  Only such complete
 * subtrees are kept; what covers the right edge of a tree is computed from
 * them.  All functions need O(log n) nodes.
 */
#ifndef TC_MERKLE_H
#define TC_MERKLE_H

#include "base/compat.h"

#define MERKLE_LEVELS 63
#define MERKLE_HASH_BYTES 32

typedef struct MerkleHash
{
	uint8		bytes[MERKLE_HASH_BYTES];
} MerkleHash;

static inline bool
tc_same_hash(const MerkleHash *a, const MerkleHash *b)
{
	return memcmp(a, b, sizeof(MerkleHash)) == 0;
}

/*
 * SHA-256, defined by whoever links this: by ledger.c with pgcrypto, by
 * test/ledger/merkle.c, which has no server, with PostgreSQL's own.
 */
extern MerkleHash tc_merkle_sha256(const uint8 *data, int len);

/* The name of a node that is kept. */
typedef struct NodeName
{
	int			level;
	uint64		position;
} NodeName;

/* Reads the hashes of nodes that are kept, all that are needed by one call. */
typedef void (*NodeReader) (const NodeName *nodes, int count, MerkleHash *hashes, void *context);

/* Takes the hash of a node that is complete. */
typedef void (*NodeWriter) (int level, uint64 position, const MerkleHash *hash, void *context);

/* A path of a proof, from the leaf upwards. */
typedef struct HashPath
{
	int			length;
	MerkleHash	hashes[2 * MERKLE_LEVELS];
} HashPath;

/*
 * A tree that grows: its size, and the complete subtrees that it consists of.
 * peaks[l] is set where bit l of size is.
 */
typedef struct GrowingTree
{
	uint64		size;
	MerkleHash	peaks[MERKLE_LEVELS];
} GrowingTree;

extern MerkleHash tc_leaf_hash(const char *data, size_t len);
extern MerkleHash tc_node_hash(const MerkleHash *left, const MerkleHash *right);

/* The tree of the first size leaves. */
extern void tc_load_tree(GrowingTree *tree, uint64 size, NodeReader read, void *context);

/* Append a leaf.  complete is called for each interior node that it completes. */
extern void tc_append_leaf(GrowingTree *tree, const MerkleHash *leaf, NodeWriter complete,
						   void *context);

/* The root of the tree; that of an empty one is the hash of nothing. */
extern MerkleHash tc_tree_root(const GrowingTree *tree);

/* RFC 9162, 2.1.3.1: the inclusion proof of a leaf, position < size. */
extern void tc_inclusion_path(uint64 position, uint64 size, NodeReader read, void *context,
							  HashPath *path);

/* RFC 9162, 2.1.4.1: the consistency proof, 0 < old_size <= size. */
extern void tc_consistency_path(uint64 old_size, uint64 size, NodeReader read, void *context,
								HashPath *path);

#endif							/* TC_MERKLE_H */
