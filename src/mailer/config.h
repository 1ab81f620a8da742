/*
 * config.h
 *		The settings of the mailer, from a file and the environment.
 */
#ifndef MAILER_CONFIG_H
#define MAILER_CONFIG_H

#include <stdbool.h>

/* In envelope_from, stands for the key of the mail. */
#define ENVELOPE_ID "{id}"

typedef struct Config
{
	char	   *database;		/* libpq connection string; "" for libpq's own
								 * defaults */
	char	   *smtp_url;		/* smtp://host:port or smtps://host:port */
	char	   *smtp_tls;		/* STARTTLS: none, try or require */
	char	   *smtp_ca_file;	/* "" for the system's */
	char	   *smtp_user;		/* "" for no authentication */
	char	   *smtp_password;
	char	   *from_address;
	char	   *from_name;
	char	   *envelope_from;	/* where bounces go; "" for from_address */
	char	   *batch;			/* mails claimed at once */
	char	   *lease;			/* seconds for which they are held */
	char	   *poll;			/* seconds after which it looks without being
								 * woken */
	char	   *timeout;		/* seconds for which the SMTP server may keep
								 * silent */
} Config;

/*
 * Read the defaults, then the file (NULL for none), then the environment.
 * Returns false if something is wrong, after a message on standard error.
 */
extern bool read_config(Config *config, const char *path);

extern void free_config(Config *config);

/* A value of the configuration as a number; read_config() has checked it. */
extern int	config_number(const char *value);

#endif							/* MAILER_CONFIG_H */
