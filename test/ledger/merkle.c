/*
 * merkle.c
 *		Prints what the Merkle tree of the ledger computes, for
 *		test/t/030_ledger_vectors.pl.
 *
 * Reads lines as test/ledger/vectors.txt has them and prints them again, each
 * hash computed anew: from "leaf" what is appended, from the others what is
 * asked for.
 */
#include "rule/merkle.h"

#include <openssl/sha.h>

#define MOST 64

/* What the ledger keeps in tables. */
static MerkleHash kept[MERKLE_LEVELS][MOST];
static uint64 count[MERKLE_LEVELS];

/* The roots of the tree of each size, kept as it grew. */
static MerkleHash roots[MOST + 1];

MerkleHash
tc_merkle_sha256(const uint8 *data, int len)
{
	MerkleHash	hash;

	SHA256(data, len, hash.bytes);
	return hash;
}

static void
keep(int level, uint64 position, const MerkleHash *hash, void *context)
{
	if (position != count[level]++ || position >= MOST)
		abort();
	kept[level][position] = *hash;
}

static void
read_kept(const NodeName *nodes, int wanted, MerkleHash *hashes, void *context)
{
	for (int i = 0; i < wanted; i++)
	{
		if (nodes[i].position >= count[nodes[i].level])
			abort();
		hashes[i] = kept[nodes[i].level][nodes[i].position];
	}
}

static void
append_leaf(GrowingTree *tree, const char *hex)
{
	char		data[MOST];
	int			len = 0;
	unsigned int byte;
	MerkleHash	hash;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		data[len++] = byte;
	hash = tc_leaf_hash(data, len);
	keep(0, tree->size, &hash, NULL);
	tc_append_leaf(tree, &hash, keep, NULL);
	roots[tree->size] = tc_tree_root(tree);
}

static void
print_hash(const MerkleHash *hash)
{
	putchar(' ');
	for (int i = 0; i < MERKLE_HASH_BYTES; i++)
		printf("%02x", hash->bytes[i]);
}

/* The root of a smaller tree, from what is kept, as sealing goes on from it. */
static void
print_root(int size)
{
	GrowingTree tree;
	MerkleHash	root;

	tc_load_tree(&tree, size, read_kept, NULL);
	root = tc_tree_root(&tree);
	if (!tc_same_hash(&root, &roots[size]))
		abort();
	print_hash(&root);
}

/* Returns whether the question was understood. */
static bool
answer(const char *question)
{
	char		what[16];
	int			a;
	int			b = 0;
	HashPath	path = {0};

	if (sscanf(question, "%15s %d %d", what, &a, &b) < 2)
		return false;
	printf("%s %d", what, a);
	if (strcmp(what, "root") != 0)
		printf(" %d", b);
	if (strcmp(what, "root") == 0)
		print_root(a);
	else if (strcmp(what, "node") == 0)
		print_hash(&kept[a][b]);
	else if (strcmp(what, "inclusion") == 0)
		tc_inclusion_path(a, b, read_kept, NULL, &path);
	else if (strcmp(what, "consistency") == 0)
		tc_consistency_path(a, b, read_kept, NULL, &path);
	else
		return false;
	for (int i = 0; i < path.length; i++)
		print_hash(&path.hashes[i]);
	putchar('\n');
	return true;
}

int
main(void)
{
	GrowingTree tree = {0};
	char		line[1024];

	roots[0] = tc_tree_root(&tree);
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		if (strncmp(line, "leaf", 4) == 0)
		{
			append_leaf(&tree, line[4] == ' ' ? line + 5 : "");
			fputs(line, stdout);
		}
		else if (!answer(line))
			return 1;
	}
	return 0;
}
