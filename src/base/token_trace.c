/*
 * token_trace.c
 *		Tokens in text that somebody else wrote, however they are spelled there.
 *
 * A token is looked for as tc[ie]_ and what may follow it (token_codec.c). Each of its
 * characters can be an escape, and between any two a literal can end and the next one
 * begin.  Replacing too much is harmless in a log.
 */
#include "base/token_trace.h"

#define ESCAPE_SIGNS	"\\%=!#&+,./:;<>?@^`|~"
#define FIRST_CHARACTERS "t7[" ESCAPE_SIGNS /* of a token; 7 and [ of one as
											 * bytes */
#define SHORTEST_BODY	8		/* a part of a token is nearly the token */
#define BODY_LENGTH		48
#define LONGEST_JOIN	60		/* between two literals, as in ' || E' */
#define DEEPEST_ESCAPE	16		/* signs before what is escaped */
#define SHORTEST_RANDOM	20

static size_t match_token(char *text, bool blot);
static size_t match_characters(char *text, bool blot);
static size_t match_bytes(char *text, bool blot);
static size_t match_dump(char *text, bool blot);
static size_t read_prefix(const char *s);
static size_t read_character(const char *s, char *character);
static size_t read_escape(const char *s, int *code);
static size_t read_number(const char *s, size_t most, int base, int *number);
static size_t skip_join(const char *s);
static size_t random_run(const char *s, bool *random);
static bool is_token_character(int c);

bool
tc_has_token(const char *text)
{
	for (const char *s = text; (s = strpbrk(s, FIRST_CHARACTERS)) != NULL; s++)
	{
		if (match_token(unconstify(char *, s), false) > 0)
			return true;
	}
	return false;
}

/* The text between the pieces of a token can have another token. */
void
tc_blot_tokens(char *text)
{
	for (; (text = strpbrk(text, FIRST_CHARACTERS)) !=NULL; text ++)
	{
		if (match_token(text, false) > 0)
			(void) match_token(text, true);
	}
}

bool
tc_names_token_function(const char *text)
{
	static const char *const names[] = {
		"preview_invitation", "accept_invitation_by_token", "decline_invitation_by_token",
		"register_account", "confirm_email", "ask_again"
	};

	for (; (text = strpbrk(text, "padrcPADRC")) !=NULL; text ++)
	{
		for (int i = 0; i < lengthof(names); i++)
		{
			if (pg_strncasecmp(text, names[i], strlen(names[i])) == 0)
				return true;
		}
	}
	return false;
}

bool
tc_has_random(const char *text)
{
	while (*text !='\0')
	{
		bool		random;
		size_t		length = random_run(text, &random);

		if (random)
			return true;
		text	  +=Max(length, 1);
	}
	return false;
}

void
tc_blot_random(char *text)
{
	while (*text !='\0')
	{
		bool		random;
		size_t		length = random_run(text, &random);

		if (random)
			memset(text, '*', length);
		text	  +=Max(length, 1);
	}
}

/* The length of the token that begins here, 0 for none. */
static size_t
match_token(char *text, bool blot)
{
	size_t		length = match_characters(text, blot);

	if (length == 0)
		length = match_bytes(text, blot);
	if (length == 0)
		length = match_dump(text, blot);
	return length;
}

/*
 * A token whose characters are there, each by itself or in an escape.  Once it
 * is complete, what the next literal holds is not part of it.
 */
static size_t
match_characters(char *text, bool blot)
{
	size_t		at = read_prefix(text);
	size_t		body = 0;

	if (at == 0)
		return 0;
	for (;;)
	{
		size_t		join = body < BODY_LENGTH ? skip_join(text +at) : 0;
		char		character;
		size_t		length = read_character(text +at + join, &character);

		if (length == 0)
			break;
		if (blot)
			memset(text +at + join, '*', length);
		at += join + length;
		body++;
	}
	return body >= SHORTEST_BODY ? at : 0;
}

/* tci_ or tce_; the underscore may be missing where literals are joined by other means. */
static size_t
read_prefix(const char *s)
{
	static const char *const expected[] = {"t", "c", "ie", "_"};
	size_t		at = 0;

	for (int i = 0; i < lengthof(expected); i++)
	{
		size_t		join = i > 0 ? skip_join(s + at) : 0;
		char		character;
		size_t		length = read_character(s + at + join, &character);

		if (length > 0 && strchr(expected[i], character) != NULL)
			at += join + length;
		else if (i < lengthof(expected) - 1 || join == 0)
			return 0;
	}
	return at;
}

/* A token as bytes, each two hexadecimal digits, as bytea is written. */
static size_t
match_bytes(char *text, bool blot)
{
	size_t		at = 0;
	int			count = 0;

	for (;;)
	{
		static const char prefix[] = "tc?_";
		int			code;

		if (read_number(text +at, 2, 16, &code) < 2 || !is_token_character(code))
			break;
		if (count == 2 ? code != 'i' && code != 'e' : count < 4 && code != prefix[count])
			break;
		if (blot && count >= 4)
			memset(text +at, '*', 2);
		at += 2;
		count++;
	}
	return count >= 4 + SHORTEST_BODY ? at : 0;
}

/*
 * A list of numbers, as debug_print_parse writes the bytes of a constant.  It breaks
 * lines within numbers, too, and so whatever is long enough for a token is taken
 * for one.
 */
static size_t
match_dump(char *text, bool blot)
{
	size_t		at = 1;
	int			digits = 0;

	if (text[0] != '[')
		return 0;
	for (; text[at] != '\0' && strchr("0123456789- \t\n", text[at]) != NULL; at++)
	{
		if (text[at] < '0' || text[at] > '9')
			continue;
		digits++;
		if (blot)
			text[		at] = '*';
	}
	return digits >= 2 * (4 + SHORTEST_BODY) ? at : 0;
}

/*
 * Read one character of a token, and return how many bytes spell it; 0 if none
 * does.
 */
static size_t
read_character(const char *s, char *character)
{
	int			code;
	size_t		length = 1;

	if (is_token_character(*s))
		code = (unsigned char) *s;
	else if ((length = read_escape(s, &code)) == 0 || !is_token_character(code))
		return 0;
	*character = (char) code;
	return length;
}

/*
 * Read an escape.  Any sign can introduce one, since UESCAPE takes any; an
 * asterisk would make one of what was blotted out before.
 */
static size_t
read_escape(const char *s, int *code)
{
	size_t		at = 1;
	size_t		length;

	if (*s == '\0' || strchr(ESCAPE_SIGNS, *s) == NULL)
		return 0;

	/*
	 * An escape of escapes, as of JSON in a literal, or of an address in
	 * another
	 */
	if (*s == '\\')
	{
		while (at < DEEPEST_ESCAPE && s[at] == '\\')
			at++;
	}
	else if (*s == '%')
	{
		while (at < DEEPEST_ESCAPE && s[at] == '2' && s[at + 1] == '5')
			at += 2;
	}

	/* %5F, =5F, \x5f; \u005f, \U0000005f, \+00005f, \005f */
	if (*s == '\\' && (s[at] == 'x' || s[at] == 'X'))
		length = read_number(s + ++at, 2, 16, code);
	else if (s[at] == 'u')
		length = read_number(s + ++at, 4, 16, code);
	else if (s[at] == 'U')
		length = read_number(s + ++at, 8, 16, code);
	else if (s[at] == '+')
		length = read_number(s + ++at, 6, 16, code);
	else if (s[at] == '0' && s[at + 1] == '0')
		length = read_number(s + at, 4, 16, code);
	else if (*s != '\\')
		length = read_number(s + at, 2, 16, code) == 2 ? 2 : 0;
	else
	{
		/* \137, and \_ for what has no need of an escape */
		length = read_number(s + at, 3, 8, code);
		if (length == 0 && is_token_character(s[at]) && strchr("bfnrt", s[at]) == NULL)
		{
			*code = (unsigned char) s[at];
			length = 1;
		}
	}
	return length > 0 ? at + length : 0;
}

/* Read at most so many digits; returns how many there are. */
static size_t
read_number(const char *s, size_t most, int base, int *number)
{
	size_t		length = 0;

	*number = 0;
	while (length < most)
	{
		char		c = s[length];
		int			digit = c >= '0' && c <= '9' ? c - '0' :
		c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 : base;

		if (digit >= base)
			break;
		*number = Min(*number * base + digit, 0x10000);
		length++;
	}
	return length;
}

/*
 * The length of what joins two pieces of a text: the quotes that end one literal
 * and begin the next, and what stands between them; or a soft line end of
 * quoted-printable.
 */
static size_t
skip_join(const char *s)
{
	static const char quotes[] = "'$";
	size_t		at;
	size_t		between;

	if (*s == '=')
	{
		at = 1 + strspn(s + 1, " \t\r");
		return s[at] == '\n' ? at + 1 : 0;
	}
	at = strspn(s, quotes);
	if (at == 0)
		return 0;
	for (between = 0; between <= LONGEST_JOIN; between++)
	{
		char		c = s[at + between];

		if (c == '\0')
			return 0;
		if (strchr(quotes, c) != NULL)
			return at + between + strspn(s + at + between, quotes);
	}
	return 0;
}

/*
 * The length of the run of letters, digits and signs of base64 and of escapes
 * that begins here.  Names in a statement rarely have letters of both cases;
 * among as many random ones they are both sure to be.
 */
static size_t
random_run(const char *s, bool *random)
{
	size_t		length = 0;
	bool		lower = false;
	bool		upper = false;

	for (; is_token_character(s[length]) || (s[length] != '\0' && strchr("+/=%\\", s[length])); length++)
	{
		lower |= s[length] >= 'a' && s[length] <= 'z';
		upper |= s[length] >= 'A' && s[length] <= 'Z';
	}
	*random = length >= SHORTEST_RANDOM && lower && upper;
	return length;
}

static bool
is_token_character(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_';
}
