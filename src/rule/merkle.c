/*
 * merkle.c
 *		The Merkle tree of RFC 9162, section 2.1, without its storage.
 */
#include "rule/merkle.h"

#include "port/pg_bitutils.h"

/* RFC 9162, 2.1.1: leaves and nodes are hashed with different prefixes. */
#define LEAF_PREFIX 0x00
#define NODE_PREFIX 0x01

/* Leaves from begin up to end, where a node of the tree begins. */
typedef struct Subtree
{
	uint64		begin;
	uint64		end;
} Subtree;

/* The subtrees whose hashes are the path of a proof, from the leaf upwards. */
typedef struct SubtreePath
{
	int			length;
	Subtree		subtrees[2 * MERKLE_LEVELS];
} SubtreePath;

/* One of them at most is at the right edge; each other one is a node. */
#define MOST_NODES (3 * MERKLE_LEVELS)

static void add_siblings(uint64 position, uint64 begin, uint64 end, SubtreePath *path);
static void add_subproof(uint64 old_size, uint64 begin, uint64 end, bool known, SubtreePath *path);
static uint64 split_of(uint64 size);
static void add(SubtreePath *path, uint64 begin, uint64 end);
static void read_path(const SubtreePath *subtrees, NodeReader read, void *context, HashPath *path);
static int	nodes_of(uint64 begin, uint64 end, NodeName *nodes);
static MerkleHash subtree_hash(const MerkleHash *nodes, int count);

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
tc_load_tree(GrowingTree *tree, uint64 size, NodeReader read, void *context)
{
	NodeName	nodes[MERKLE_LEVELS] = {0};
	MerkleHash	hashes[MERKLE_LEVELS];
	int			count = nodes_of(0, size, nodes);

	read(nodes, count, hashes, context);
	tree->size = size;
	for (int i = 0; i < count; i++)
		tree->peaks[nodes[i].level] = hashes[i];
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
tc_inclusion_path(uint64 position, uint64 size, NodeReader read, void *context, HashPath *path)
{
	SubtreePath subtrees = {0};

	add_siblings(position, 0, size, &subtrees);
	read_path(&subtrees, read, context, path);
}

void
tc_consistency_path(uint64 old_size, uint64 size, NodeReader read, void *context, HashPath *path)
{
	SubtreePath subtrees = {0};

	add_subproof(old_size, 0, size, true, &subtrees);
	read_path(&subtrees, read, context, path);
}

/* PATH of RFC 9162, 2.1.3.1, for the leaves from begin up to end. */
static void
add_siblings(uint64 position, uint64 begin, uint64 end, SubtreePath *path)
{
	uint64		middle;

	if (end - begin == 1)
		return;
	middle = begin + split_of(end - begin);
	if (position < middle)
	{
		add_siblings(position, begin, middle, path);
		add(path, middle, end);
	}
	else
	{
		add_siblings(position, middle, end, path);
		add(path, begin, middle);
	}
}

/*
 * SUBPROOF of RFC 9162, 2.1.4.1, for the leaves from begin up to end, of which
 * the old tree has the first old_size; known says whether the reader of the
 * proof has the root of just these.
 */
static void
add_subproof(uint64 old_size, uint64 begin, uint64 end, bool known, SubtreePath *path)
{
	uint64		split;

	if (old_size == end - begin)
	{
		if (!known)
			add(path, begin, end);
		return;
	}
	split = split_of(end - begin);
	if (old_size <= split)
	{
		add_subproof(old_size, begin, begin + split, known, path);
		add(path, begin + split, end);
	}
	else
	{
		add_subproof(old_size - split, begin + split, end, false, path);
		add(path, begin, begin + split);
	}
}

/* The largest power of two smaller than size, which is at least 2. */
static uint64
split_of(uint64 size)
{
	return UINT64CONST(1) << pg_leftmost_one_pos64(size - 1);
}

static void
add(SubtreePath *path, uint64 begin, uint64 end)
{
	path->subtrees[path->length].begin = begin;
	path->subtrees[path->length++].end = end;
}

/* The hashes of the subtrees, from all nodes that they consist of. */
static void
read_path(const SubtreePath *subtrees, NodeReader read, void *context, HashPath *path)
{
	NodeName	nodes[MOST_NODES] = {0};
	MerkleHash	hashes[MOST_NODES];
	int			counts[lengthof(subtrees->subtrees)];
	int			count = 0;

	for (int i = 0; i < subtrees->length; i++)
	{
		const Subtree *subtree = &subtrees->subtrees[i];

		counts[i] = nodes_of(subtree->begin, subtree->end, nodes + count);
		count += counts[i];
	}
	read(nodes, count, hashes, context);
	count = 0;
	for (int i = 0; i < subtrees->length; i++)
	{
		path->hashes[i] = subtree_hash(hashes + count, counts[i]);
		count += counts[i];
	}
	path->length = subtrees->length;
}

/* The nodes that a subtree consists of, from the left; returns how many. */
static int
nodes_of(uint64 begin, uint64 end, NodeName *nodes)
{
	int			count = 0;

	while (begin < end)
	{
		int			level = pg_leftmost_one_pos64(end - begin);

		nodes[count].level = level;
		nodes[count++].position = begin >> level;
		begin += UINT64CONST(1) << level;
	}
	return count;
}

static MerkleHash
subtree_hash(const MerkleHash *nodes, int count)
{
	MerkleHash	hash = nodes[count - 1];

	for (int i = count - 2; i >= 0; i--)
		hash = tc_node_hash(&nodes[i], &hash);
	return hash;
}
