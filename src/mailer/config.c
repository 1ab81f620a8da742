/*
 * config.c
 *		The settings of the mailer, from a file and the environment.
 *
 * The file has lines "name = value", empty lines, and comments that start with
 * #.  The environment variable TEMPCLOUD_MAILER_NAME overrides the file, so that
 * a password need not be in it, nor on a command line.
 */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define ENVIRONMENT_PREFIX "TEMPCLOUD_MAILER_"

static const struct
{
	const char *name;
	size_t		offset;
	const char *initial;		/* NULL: must be given */
	const char *choices;		/* " a b " or NULL */
	int			least;			/* of a number; 0 for text */
	int			most;
}			options[] =

{
	{"database", offsetof(Config, database), ""},
	{"smtp_url", offsetof(Config, smtp_url), "smtp://localhost:25"},
	{"smtp_tls", offsetof(Config, smtp_tls), "require", " none try require "},
	{"smtp_ca_file", offsetof(Config, smtp_ca_file), ""},
	{"smtp_user", offsetof(Config, smtp_user), ""},
	{"smtp_password", offsetof(Config, smtp_password), ""},
	{"from_address", offsetof(Config, from_address), NULL},
	{"from_name", offsetof(Config, from_name), ""},
	{"envelope_from", offsetof(Config, envelope_from), ""},
	{"batch", offsetof(Config, batch), "50", NULL, 1, 1000},
	{"lease", offsetof(Config, lease), "300", NULL, 10, 86400},
	{"poll", offsetof(Config, poll), "60", NULL, 1, 3600},
	{"timeout", offsetof(Config, timeout), "60", NULL, 1, 3600},
};

#define OPTIONS ((int) (sizeof(options) / sizeof(options[0])))

static bool read_file(Config *config, const char *path);
static bool read_line(Config *config, char *line);
static void read_environment(Config *config);
static bool check(Config *config);
static bool is_address(const char *value);
static char **value_of(Config *config, int option);
static char *trim(char *s);

bool
read_config(Config *config, const char *path)
{
	for (int i = 0; i < OPTIONS; i++)
		*value_of(config, i) = options[i].initial ? strdup(options[i].initial) : NULL;
	if (path != NULL && !read_file(config, path))
		return false;
	read_environment(config);
	return check(config);
}

void
free_config(Config *config)
{
	for (int i = 0; i < OPTIONS; i++)
		free(*value_of(config, i));
}

int
config_number(const char *value)
{
	return atoi(value);
}

static bool
read_file(Config *config, const char *path)
{
	FILE	   *file = fopen(path, "r");
	char		line[1024];
	int			number = 0;
	bool		good = true;

	if (file == NULL)
	{
		fprintf(stderr, "tempcloud-mailer: could not open %s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), file) != NULL)
	{
		number++;
		good = read_line(config, line);
		if (!good)
			fprintf(stderr, "tempcloud-mailer: %s, line %d: expected \"name = value\" "
					"with a known name\n", path, number);
	}
	fclose(file);
	return good;
}

static bool
read_line(Config *config, char *line)
{
	char	   *equals = strchr(line, '=');
	char	   *name = trim(line);

	if (*name == '\0' || *name == '#')
		return true;
	if (equals == NULL)
		return false;
	*equals = '\0';
	name = trim(name);
	for (int i = 0; i < OPTIONS; i++)
	{
		if (strcmp(name, options[i].name) == 0)
		{
			free(*value_of(config, i));
			*value_of(config, i) = strdup(trim(equals + 1));
			return true;
		}
	}
	return false;
}

static void
read_environment(Config *config)
{
	for (int i = 0; i < OPTIONS; i++)
	{
		char		variable[64] = ENVIRONMENT_PREFIX;
		char	   *end = variable + strlen(variable);
		const char *value;

		for (const char *s = options[i].name; *s != '\0'; s++)
			*end++ = (char) toupper((unsigned char) *s);
		*end = '\0';
		value = getenv(variable);
		if (value != NULL)
		{
			free(*value_of(config, i));
			*value_of(config, i) = strdup(value);
		}
	}
}

static bool
check(Config *config)
{
	for (int i = 0; i < OPTIONS; i++)
	{
		const char *value = *value_of(config, i);
		char	   *end;
		long		number;

		if (value == NULL)
		{
			fprintf(stderr, "tempcloud-mailer: %s is not set\n", options[i].name);
			return false;
		}
		if (strpbrk(value, "\r\n") != NULL)
		{
			fprintf(stderr, "tempcloud-mailer: %s contains a line end\n", options[i].name);
			return false;
		}
		if (options[i].choices != NULL)
		{
			char		word[32];

			snprintf(word, sizeof(word), " %s ", value);
			if (strstr(options[i].choices, word) == NULL)
			{
				fprintf(stderr, "tempcloud-mailer: %s is one of:%s\n",
						options[i].name, options[i].choices);
				return false;
			}
		}
		if (options[i].least == 0)
			continue;
		number = strtol(value, &end, 10);
		if (*value == '\0' || *end != '\0' ||
			number < options[i].least || number > options[i].most)
		{
			fprintf(stderr, "tempcloud-mailer: %s is a number from %d to %d\n",
					options[i].name, options[i].least, options[i].most);
			return false;
		}
	}
	if (!is_address(config->from_address))
	{
		fprintf(stderr, "tempcloud-mailer: from_address is an address like name@example.com\n");
		return false;
	}
	if (*config->envelope_from != '\0' && !is_address(config->envelope_from))
	{
		fprintf(stderr, "tempcloud-mailer: envelope_from is an address like "
				"bounces+" ENVELOPE_ID "@example.com\n");
		return false;
	}
	return true;
}

/* Whether it may be put into angle brackets, in an SMTP command. */
static bool
is_address(const char *value)
{
	const char *at = strrchr(value, '@');

	return at != NULL && at != value && at[1] != '\0' && strpbrk(value, "<> \t") == NULL;
}

static char **
value_of(Config *config, int option)
{
	return (char **) ((char *) config + options[option].offset);
}

/* Remove blanks at both ends, in place. */
static char *
trim(char *s)
{
	char	   *end;

	while (isspace((unsigned char) *s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char) end[-1]))
		end--;
	*end = '\0';
	return s;
}
