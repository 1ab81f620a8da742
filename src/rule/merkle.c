/*
 * merkle.c
 *		The Merkle tree of RFC 9162, section 2.1, without its storage.
 */
#include "rule/merkle.h"

#include "port/pg_bitutils.h"

/* RFC 9162, 2.1.1: leaves and nodes are hashed with different prefixes. */
#define LEAF_PREFIX 0x00
#define NODE_PREFIX 0x01

static MerkleHash subtree_hash(uint64 begin, uint64 end, NodeReader node, void *context);
static void subtree_proof(uint64 old_size, uint64 begin, uint64 end, bool known,
						  NodeReader node, void *context, HashPath *path);
static uint64 split_of(uint64 size);
static void append(HashPath *path, MerkleHash hash);

MerkleHash
tc_leaf_hash(const char *data, size_t len)
{
	uint8	   *input = palloc(1 + len);
	MerkleHash	hash;

	input[0] = LEAF_PREFIX;
	memcpy(input + 1, data, len);
	hash = tc_merkle_sha256(input, 1 + len);
	pfree(input);
	return hash;
}

MerkleHash
tc_node_hash(const MerkleHash *left, const MerkleHash *right)
{
	uint8		input[1 + 2 * sizeof(MerkleHash)];

	input[0] = NODE_PREFIX;
	memcpy(input + 1, left, sizeof(MerkleHash));
	memcpy(input + 1 + sizeof(MerkleHash), right, sizeof(MerkleHash));
	return tc_merkle_sha256(input, sizeof(input));
}

void
tc_load_tree(GrowingTree *tree, uint64 size, NodeReader node, void *context)
{
	tree->size = size;
	for (int level = 0; size >> level > 0; level++)
	{
		if (size >> level & 1)
			tree->peaks[level] = node(level, (size >> level) - 1, context);
	}
}

/* As a binary counter: each level that is full is carried to the next. */
void
tc_append_leaf(GrowingTree *tree, const MerkleHash *leaf, NodeWriter complete, void *context)
{
	MerkleHash	hash = *leaf;
	int			level = 0;

	for (; tree->size >> level & 1; level++)
	{
		hash = tc_node_hash(&tree->peaks[level], &hash);
		complete(level + 1, tree->size >> (level + 1), &hash, context);
	}
	tree->peaks[level] = hash;
	tree->size++;
}

MerkleHash
tc_tree_root(const GrowingTree *tree)
{
	MerkleHash	root;
	bool		any = false;

	for (int level = 0; tree->size >> level > 0; level++)
	{
		if ((tree->size >> level & 1) == 0)
			continue;
		root = any ? tc_node_hash(&tree->peaks[level], &root) : tree->peaks[level];
		any = true;
	}
	return any ? root : tc_merkle_sha256((const uint8 *) "", 0);
}

void
tc_inclusion_path(uint64 position, uint64 size, NodeReader node, void *context, HashPath *path)
{
	uint64		begin = 0;
	uint64		end = size;
	MerkleHash	siblings[MERKLE_LEVELS];
	int			count = 0;

	/* downwards, and the siblings in the opposite order */
	while (end - begin > 1)
	{
		uint64		middle = begin + split_of(end - begin);

		if (position < middle)
		{
			siblings[count++] = subtree_hash(middle, end, node, context);
			end = middle;
		}
		else
		{
			siblings[count++] = subtree_hash(begin, middle, node, context);
			begin = middle;
		}
	}
	path->length = 0;
	while (count > 0)
		append(path, siblings[--count]);
}

void
tc_consistency_path(uint64 old_size, uint64 size, NodeReader node, void *context, HashPath *path)
{
	path->length = 0;
	subtree_proof(old_size, 0, size, true, node, context, path);
}

/*
 * SUBPROOF of RFC 9162, 2.1.4.1, for the leaves from begin up to end, of which
 * the old tree has the first old_size; known says whether the reader of the
 * proof has the root of just these.
 */
static void
subtree_proof(uint64 old_size, uint64 begin, uint64 end, bool known,
			  NodeReader node, void *context, HashPath *path)
{
	uint64		split;

	if (old_size == end - begin)
	{
		if (!known)
			append(path, subtree_hash(begin, end, node, context));
		return;
	}
	split = split_of(end - begin);
	if (old_size <= split)
	{
		subtree_proof(old_size, begin, begin + split, known, node, context, path);
		append(path, subtree_hash(begin + split, end, node, context));
	}
	else
	{
		subtree_proof(old_size - split, begin + split, end, false, node, context, path);
		append(path, subtree_hash(begin, begin + split, node, context));
	}
}

/* The root of the leaves from begin up to end, where a node of a tree begins. */
static MerkleHash
subtree_hash(uint64 begin, uint64 end, NodeReader node, void *context)
{
	uint64		size = end - begin;
	uint64		split;
	MerkleHash	left;
	MerkleHash	right;

	if ((size & (size - 1)) == 0)
	{
		int			level = pg_leftmost_one_pos64(size);

		return node(level, begin >> level, context);
	}
	split = split_of(size);
	left = subtree_hash(begin, begin + split, node, context);
	right = subtree_hash(begin + split, end, node, context);
	return tc_node_hash(&left, &right);
}

/* The largest power of two smaller than size, which is at least 2. */
static uint64
split_of(uint64 size)
{
	return UINT64CONST(1) << pg_leftmost_one_pos64(size - 1);
}

static void
append(HashPath *path, MerkleHash hash)
{
	path->hashes[path->length++] = hash;
}
