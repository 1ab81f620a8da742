/*
 * character.h
 *		Properties of Unicode characters: visibility, joining and case.  Text is in UTF-8.
 */
#ifndef TC_CHARACTER_H
#define TC_CHARACTER_H

#include "postgres.h"

#include "mb/pg_wchar.h"

/*
 * Whether the len bytes at s have at most max characters, at least one of which is
 * visible, and no control or invisible characters except the control characters in
 * allowed (ASCII).
 */
extern bool tc_is_legible(const char *s, size_t len, int max, const char *allowed);

/* The number of bytes of Unicode's white space at the beginning. */
extern int	tc_space_at_start(const char *s, size_t len);

/* The same at the end. */
extern int	tc_space_at_end(const char *s, size_t len);

/* A palloc'd copy by simple case folding, which is the same in every locale. */
extern char *tc_fold_name(const char *s, size_t len);

#endif							/* TC_CHARACTER_H */
