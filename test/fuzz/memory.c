/*
 * memory.c
 *		palloc() for the fuzz targets: all of a run is freed at its end, each
 *		piece is one of malloc's, which AddressSanitizer watches.
 */
#include "postgres_fe.h"

#include "fuzz.h"

static void **pieces = NULL;
static size_t count = 0;
static size_t room = 0;

static void *
keep(void *piece)
{
	if (piece == NULL)
		abort();
	if (count == room)
	{
		room = room * 2 + 64;
		pieces = realloc(pieces, room * sizeof(void *));
		if (pieces == NULL)
			abort();
	}
	return pieces[count++] = piece;
}

void
free_all(void)
{
	while (count > 0)
		free(pieces[--count]);
}

void *
palloc(Size size)
{
	return keep(malloc(size > 0 ? size : 1));
}

void *
palloc0(Size size)
{
	return keep(calloc(1, size > 0 ? size : 1));
}

void *
repalloc(void *pointer, Size size)
{
	for (size_t i = count; i-- > 0;)
	{
		if (pieces[i] == pointer)
			return pieces[i] = realloc(pointer, size);
	}
	abort();
}

void
pfree(void *pointer)
{
	for (size_t i = count; i-- > 0;)
	{
		if (pieces[i] == pointer)
		{
			pieces[i] = pieces[--count];
			free(pointer);
			return;
		}
	}
	abort();
}

char *
pstrdup(const char *string)
{
	return strcpy(palloc(strlen(string) + 1), string);
}
