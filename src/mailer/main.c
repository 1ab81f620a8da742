/*
 * main.c
 *		tempcloud-mailer: takes mails from the outbox and delivers them.
 *
 * It is woken by NOTIFY, and also looks once in each poll interval.  A mail is
 * reported right after it was delivered.  If the report is lost, the lease runs
 * out and the mail is sent again with the same Message-ID: delivery is at least
 * once.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "bounce.h"
#include "config.h"
#include "log.h"
#include "outbox.h"
#include "smtp.h"

#define FIRST_PAUSE 1			/* seconds, doubled with each failure */
#define LONGEST_PAUSE 60

typedef enum Outcome
{
	DRAINED,					/* nothing is left to send */
	NO_DATABASE,
	NO_SMTP
} Outcome;

static volatile sig_atomic_t stopping = 0;
static int	wake_pipe[2];
static const char *bounce_recipient = NULL; /* of --recipient */

static int	run(const Config *config);
static int	run_once(const Config *config);
static int	check(const Config *config);
static int	take_bounce(const Config *config);
static PGconn *connect_and_listen(const Config *config);
static void tell_trouble(const Smtp *smtp);
static Outcome drain(PGconn *conn, Smtp *smtp, const Config *config, int *answered);
static Outcome deliver(PGconn *conn, Smtp *smtp, const Config *config, const Batch *batch,
					   int *answered);
static bool wait_for_mail(PGconn *conn, int seconds);
static void rest(int seconds);
static void handle_signal(int number);
static void usage(FILE *out);

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"config", required_argument, NULL, 'c'},
		{"once", no_argument, NULL, 'o'},
		{"check", no_argument, NULL, 'k'},
		{"bounce", no_argument, NULL, 'b'},
		{"recipient", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0}
	};
	int			(*action) (const Config *config) = run;
	const char *path = NULL;
	struct sigaction on_signal = {.sa_handler = handle_signal};
	Config		config;
	int			option;
	int			status;

	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1)
	{
		switch (option)
		{
			case 'c':
				path = optarg;
				break;
			case 'o':
				action = run_once;
				break;
			case 'k':
				action = check;
				break;
			case 'b':
				action = take_bounce;
				break;
			case 'r':
				bounce_recipient = optarg;
				break;
			case 'h':
				usage(stdout);
				return 0;
			case 'V':
				puts("tempcloud-mailer " TEMPCLOUD_VERSION);
				return 0;
			default:
				usage(stderr);
				return 2;
		}
	}
	if (optind < argc)
	{
		usage(stderr);
		return 2;
	}
	if (!read_config(&config, path))
	{
		free_config(&config);
		return action == take_bounce ? EX_TEMPFAIL : 2;
	}

	if (pipe(wake_pipe) != 0)
	{
		perror("tempcloud-mailer: pipe");
		return 1;
	}
	sigaction(SIGTERM, &on_signal, NULL);
	sigaction(SIGINT, &on_signal, NULL);
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = action(&config);
	curl_global_cleanup();
	free_config(&config);
	return status;
}

/*
 * Until SIGTERM: connect, drain, wait.  Each failure in a row doubles the pause.
 * The same failure of the SMTP server is logged once.
 */
static int
run(const Config *config)
{
	PGconn	   *conn = NULL;
	int			pause = FIRST_PAUSE;
	char		trouble[sizeof(((Smtp *) NULL)->reply)] = "";

	log_entry("info", "start", "version=%s", TEMPCLOUD_VERSION);
	while (!stopping)
	{
		Smtp		smtp;
		Outcome		outcome = NO_DATABASE;
		int			answered = 0;

		if (conn == NULL)
			conn = connect_and_listen(config);
		if (conn != NULL && smtp_open(&smtp, config))
		{
			outcome = drain(conn, &smtp, config, &answered);
			if (answered > 0)
			{
				pause = FIRST_PAUSE;
				trouble[0] = '\0';
			}
			if (outcome == NO_SMTP && strcmp(trouble, smtp.reply) != 0)
			{
				tell_trouble(&smtp);
				strcpy(trouble, smtp.reply);
			}
			smtp_close(&smtp);
		}
		if (outcome == DRAINED && !stopping)
		{
			pause = FIRST_PAUSE;
			if (wait_for_mail(conn, config_number(config->poll)))
				continue;
			outcome = NO_DATABASE;
		}
		if (outcome == NO_DATABASE)
		{
			PQfinish(conn);
			conn = NULL;
		}
		if (outcome != DRAINED && !stopping)
		{
			rest(pause);
			pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
		}
	}
	PQfinish(conn);
	log_entry("info", "stop", "reason=\"signal\"");
	return 0;
}

/* For cron. */
static int
run_once(const Config *config)
{
	PGconn	   *conn = outbox_connect(config);
	Smtp		smtp;
	Outcome		outcome = NO_DATABASE;
	int			answered = 0;

	if (conn != NULL && smtp_open(&smtp, config))
	{
		outcome = drain(conn, &smtp, config, &answered);
		if (outcome == NO_SMTP)
			tell_trouble(&smtp);
		smtp_close(&smtp);
	}
	PQfinish(conn);
	return outcome == DRAINED ? 0 : 1;
}

/* Try both ends and say what is wrong. */
static int
check(const Config *config)
{
	PGconn	   *conn = outbox_connect(config);
	bool		database = conn != NULL && outbox_check(conn);
	Smtp		smtp;
	bool		server = smtp_open(&smtp, config) && smtp_check(&smtp);

	printf("database: %s\n", database ? "ok" : "failed");
	if (server)
		puts("smtp: ok");
	else
		printf("smtp: failed: %s\n", smtp.reply);
	if (database && !outbox_has_domain(conn))
		puts("warning: tempcloud.message_id_domain is not set: mails have Message-IDs of an invalid domain");
	smtp_close(&smtp);
	PQfinish(conn);
	return database && server ? 0 : 1;
}

/*
 * For a mail server's pipe, which understands the exit status.  Exim, qmail and
 * Postfix's local(8) set RECIPIENT.
 */
static int
take_bounce(const Config *config)
{
	return report_bounce(config, stdin, bounce_recipient ? bounce_recipient : getenv("RECIPIENT"));
}

static PGconn *
connect_and_listen(const Config *config)
{
	PGconn	   *conn = outbox_connect(config);

	if (conn != NULL && !outbox_listen(conn))
	{
		PQfinish(conn);
		conn = NULL;
	}
	return conn;
}

static void
tell_trouble(const Smtp *smtp)
{
	log_entry("error", "smtp", "reason=%s", quoted(smtp->reply));
}

/* Add the number of mails that the server accepted or refused to *answered. */
static Outcome
drain(PGconn *conn, Smtp *smtp, const Config *config, int *answered)
{
	while (!stopping)
	{
		Batch		batch;
		Outcome		outcome;

		if (!outbox_claim(conn, config, &batch))
			return NO_DATABASE;
		if (batch.count == 0)
		{
			batch_free(&batch);
			break;
		}
		outcome = deliver(conn, smtp, config, &batch, answered);
		batch_free(&batch);
		if (outcome != DRAINED)
			return outcome;
	}
	return DRAINED;
}

/*
 * Deliver a batch.  After SIGTERM, if no mail can be delivered, or if the lease
 * is nearly over, the rest is given back untried.
 *
 * A mail during which the connection ended is reported as deferred, since it may
 * be the cause.  If the connection ends during the next one, too, it is not.
 */
static Outcome
deliver(PGconn *conn, Smtp *smtp, const Config *config, const Batch *batch, int *answered)
{
	time_t		deadline = time(NULL) + config_number(config->lease) / 2;
	bool		broke_off = false;

	for (int i = 0; i < batch->count; i++)
	{
		Mail		mail = batch_mail(batch, i);
		Delivery	delivery;
		bool		reported;

		if (stopping || time(NULL) > deadline)
			return outbox_release(conn, batch, i) ? DRAINED : NO_DATABASE;

		delivery = smtp_send(smtp, &mail);
		if (delivery == NO_SERVER || (delivery == BROKE_OFF && broke_off))
			return outbox_release(conn, batch, i) ? NO_SMTP : NO_DATABASE;
		broke_off = delivery == BROKE_OFF;
		*answered += !broke_off;
		if (delivery == DELIVERED)
		{
			log_entry("info", "sent", "id=%s kind=%s attempt=%s", mail.id, mail.kind, mail.attempt);
			reported = outbox_sent(conn, mail.id);
		}
		else
		{
			log_entry("warning", delivery == REFUSED ? "refused" : "deferred",
					  "id=%s kind=%s attempt=%s reason=%s", mail.id, mail.kind, mail.attempt,
					  quoted(smtp->reply));
			reported = outbox_failed(conn, mail.id, smtp->reply, delivery == REFUSED);
		}
		if (!reported)
			return NO_DATABASE;
	}
	return DRAINED;
}

/*
 * Wait for a notification, a signal, or the end of the poll interval.  Returns
 * false if the connection is lost.
 */
static bool
wait_for_mail(PGconn *conn, int seconds)
{
	struct pollfd sources[] = {
		{.fd = PQsocket(conn),.events = POLLIN},
		{.fd = wake_pipe[0],.events = POLLIN},
	};
	time_t		end = time(NULL) + seconds;
	bool		notified = false;

	while (!stopping && !notified && time(NULL) < end)
	{
		PGnotify   *notification;

		/* First those that came while mails were being sent. */
		while ((notification = PQnotifies(conn)) != NULL)
		{
			PQfreemem(notification);
			notified = true;
		}
		if (notified)
			break;
		(void) poll(sources, 2, (int) (end - time(NULL)) * 1000);
		if (!PQconsumeInput(conn))
		{
			log_entry("error", "database", "reason=%s", quoted(PQerrorMessage(conn)));
			return false;
		}
	}
	return true;
}

/* Sleep, unless a signal comes. */
static void
rest(int seconds)
{
	struct pollfd source = {.fd = wake_pipe[0],.events = POLLIN};

	(void) poll(&source, 1, seconds * 1000);
}

static void
handle_signal(int number)
{
	int			saved = errno;

	(void) number;
	stopping = 1;
	(void) !write(wake_pipe[1], "", 1);
	errno = saved;
}

static void
usage(FILE *out)
{
	fputs("tempcloud-mailer delivers the mails of tempcloud's outbox.\n"
		  "\n"
		  "Usage: tempcloud-mailer [--config FILE]\n"
		  "                        [--once | --check | --bounce [--recipient ADDRESS]]\n"
		  "\n"
		  "  -c, --config FILE  settings, as lines \"name = value\"; the environment\n"
		  "                     variable TEMPCLOUD_MAILER_NAME overrides the file\n"
		  "      --once         deliver what is due, then exit\n"
		  "      --check        try database and SMTP server, and say what is wrong\n"
		  "      --bounce       read a delivery status notification from standard input,\n"
		  "                     and report the mail that has failed\n"
		  "      --recipient ADDRESS\n"
		  "                     the address that the notification was sent to, by default\n"
		  "                     that in the variable RECIPIENT\n"
		  "  -h, --help         show this help\n"
		  "  -V, --version      show the version\n"
		  "\n"
		  "Settings: database, smtp_url, smtp_tls (none, try, require), smtp_ca_file,\n"
		  "smtp_user, smtp_password, from_address, from_name, envelope_from, batch,\n"
		  "lease, poll, timeout (seconds).\n", out);
}
