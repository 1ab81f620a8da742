/*
 * character.c
 *		Properties of Unicode characters: visibility, joining and case.
 *
 * PostgreSQL 15 has no functions for these properties, and those of the operating system
 * and of ICU depend on versions and locales.  The tables here do not depend on them, so a
 * text is valid in all databases or in none.
 *
 * A character that no version of Unicode had assigned when the tables were written is
 * treated as a plain one, so that new emoji and scripts are accepted.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/character.h"

typedef enum CharacterClass
{
	CHARACTER_PLAIN,			/* all that are in no table */
	CHARACTER_SPACE,			/* White_Space; also blank pictures */
	CHARACTER_BREAK,			/* White_Space that is a control or a
								 * separator of lines */
	CHARACTER_HARMFUL,			/* see below */
	CHARACTER_MARK,				/* combining: Mn, Me */
	CHARACTER_VIRAMA,			/* Canonical_Combining_Class=9 */
	CHARACTER_CURSIVE,			/* a letter of a script whose letters join, as
								 * Arabic */
	CHARACTER_IDEOGRAPH,		/* Unified_Ideograph */
	CHARACTER_PICTOGRAPH,		/* Extended_Pictographic, Emoji_Modifier */
	CHARACTER_JOINER,			/* U+200C, U+200D */
	CHARACTER_SELECTOR,			/* variation selectors */
	CHARACTER_CURSIVE_SELECTOR	/* those of Mongolian */
} CharacterClass;

/*
 * Harmful are controls, which would break header fields and layouts; those that Unicode
 * wants ignored in display (Default_Ignorable_Code_Point) and other format characters
 * (Cf): they are invisible, make different texts look the same, and bidirectional ones
 * can disguise a text; private use and noncharacters, which have no meaning to others.
 */

typedef struct CharacterRange
{
	pg_wchar	first;
	pg_wchar	last;
	CharacterClass class;
} CharacterRange;

/* From first to last, each step'th has its folded form at that distance. */
typedef struct FoldRange
{
	pg_wchar	first;
	pg_wchar	last;
	int			step;
	int			distance;
} FoldRange;

#include "base/character_table.h"

#define ZERO_WIDTH_JOINER	0x200D
#define KEYCAP				0x20E3

/* What precedes a character. */
typedef struct Context
{
	pg_wchar	character;
	CharacterClass class;		/* of the character */
	CharacterClass base;		/* of the base character of marks and
								 * selectors */
} Context;

static pg_wchar decode(const char *s, size_t len, int *length);
static CharacterClass class_of(pg_wchar c);
static bool may_join(pg_wchar joiner, const Context *before, CharacterClass after);
static bool may_select(const Context *before, pg_wchar after);
static pg_wchar fold(pg_wchar c);

bool
tc_is_legible(const char *s, size_t len, int max, const char *allowed)
{
	Context		before = {.class = CHARACTER_SPACE,.base = CHARACTER_SPACE};
	bool		visible = false;

	for (int count = 1; len > 0; count++)
	{
		int			length;
		pg_wchar	c = decode(s, len, &length);
		CharacterClass class = class_of(c);
		pg_wchar	after;

		if (count > max)
			return false;
		s += length;
		len -= length;
		after = len > 0 ? decode(s, len, &length) : 0;

		switch (class)
		{
			case CHARACTER_HARMFUL:
			case CHARACTER_BREAK:
				if (c == 0 || c >= 0x80 || strchr(allowed, c) == NULL)
					return false;
				before.base = class;
				break;
			case CHARACTER_JOINER:
				if (!may_join(c, &before, class_of(after)))
					return false;
				break;
			case CHARACTER_SELECTOR:
				if (!may_select(&before, after))
					return false;
				break;
			case CHARACTER_CURSIVE_SELECTOR:
				if (before.class != CHARACTER_CURSIVE)
					return false;
				break;
			case CHARACTER_MARK:
			case CHARACTER_VIRAMA:
				break;
			default:
				visible |= class != CHARACTER_SPACE;
				before.base = class;
				break;
		}
		before.character = c;
		before.class = class;
	}
	return visible;
}

int
tc_space_at_start(const char *s, size_t len)
{
	size_t		done = 0;

	while (done < len)
	{
		int			length;
		CharacterClass class = class_of(decode(s + done, len - done, &length));

		if (class != CHARACTER_SPACE && class != CHARACTER_BREAK)
			break;
		done += length;
	}
	return done;
}

int
tc_space_at_end(const char *s, size_t len)
{
	size_t		left = len;

	while (left > 0)
	{
		size_t		start = left - 1;
		int			length;
		CharacterClass class;

		while (start > 0 && left - start < 4 && ((unsigned char) s[start] & 0xC0) == 0x80)
			start--;
		class = class_of(decode(s + start, left - start, &length));
		if (class != CHARACTER_SPACE && class != CHARACTER_BREAK)
			break;
		left = start;
	}
	return len - left;
}

char *
tc_fold_name(const char *s, size_t len)
{
	StringInfoData folded;

	initStringInfo(&folded);
	while (len > 0)
	{
		int			length;
		unsigned char utf8[4];
		pg_wchar	c = fold(decode(s, len, &length));

		unicode_to_utf8(c, utf8);
		appendBinaryStringInfo(&folded, (char *) utf8, pg_encoding_mblen(PG_UTF8, (char *) utf8));
		s += length;
		len -= length;
	}
	return folded.data;
}

/*
 * The first character, and how many bytes it has.  Invalid UTF-8, which a setting in a
 * file can have, is read byte by byte.
 */
static pg_wchar
decode(const char *s, size_t len, int *length)
{
	*length = pg_encoding_mblen(PG_UTF8, s);
	if (*length <= len && pg_utf8_islegal((const unsigned char *) s, *length))
		return utf8_to_unicode((const unsigned char *) s);
	*length = 1;
	return 0xFFFD;
}

static CharacterClass
class_of(pg_wchar c)
{
	int			low = 0;
	int			high = lengthof(character_ranges) - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (c < character_ranges[middle].first)
			high = middle - 1;
		else if (c > character_ranges[middle].last)
			low = middle + 1;
		else
			return character_ranges[middle].class;
	}
	return CHARACTER_PLAIN;
}

/*
 * Whether a joiner has a visible effect at this place, as in Persian words, in conjuncts
 * of Indian scripts, and in combined emoji.
 */
static bool
may_join(pg_wchar joiner, const Context *before, CharacterClass after)
{
	if (before->class == CHARACTER_VIRAMA)
		return true;
	switch (before->base)
	{
		case CHARACTER_CURSIVE:
			return before->class != CHARACTER_JOINER && after == CHARACTER_CURSIVE;
		case CHARACTER_PICTOGRAPH:
			return joiner == ZERO_WIDTH_JOINER && before->class != CHARACTER_JOINER &&
				after == CHARACTER_PICTOGRAPH;
		default:
			return false;
	}
}

/*
 * Whether a variation selector follows a character that has variants: emoji, also those
 * of digits in a keycap, and ideographs, which Japanese names need.
 */
static bool
may_select(const Context *before, pg_wchar after)
{
	if (before->class == CHARACTER_PICTOGRAPH || before->class == CHARACTER_IDEOGRAPH)
		return true;
	return after == KEYCAP && before->character != 0 && before->character < 0x80 &&
		strchr("0123456789#*", before->character) != NULL;
}

static pg_wchar
fold(pg_wchar c)
{
	int			low = 0;
	int			high = lengthof(fold_ranges) - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		const FoldRange *range = &fold_ranges[middle];

		if (c < range->first)
			high = middle - 1;
		else if (c > range->last)
			low = middle + 1;
		else
			return (c - range->first) % range->step == 0 ? c + range->distance : c;
	}
	return c;
}
