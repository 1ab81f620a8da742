/*
 * character.h
 *		What Unicode says of characters: which can be seen, which join others,
 *		and which letters differ by case only.  Text is in UTF-8.
 */
#ifndef TC_CHARACTER_H
#define TC_CHARACTER_H

#include "postgres.h"

#include "mb/pg_wchar.h"

/*
 * Whether len bytes at s can be read as they were written: at most
 * max characters, at least one that can be seen, and none that is a control or
 * cannot be seen, but for the control characters in allowed (ASCII).
 */
extern bool tc_is_legible(const char *s, size_t len, int max, const char *allowed);

/* The number of bytes of Unicode's white space at the beginning. */
extern int	tc_space_at_start(const char *s, size_t len);

/* The same at the end. */
extern int	tc_space_at_end(const char *s, size_t len);

/* A palloc'd copy in the case that compares, the same in every locale: simple case folding. */
extern char *tc_fold_name(const char *s, size_t len);

#endif							/* TC_CHARACTER_H */
