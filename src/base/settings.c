/*
 * settings.c
 *		The configuration parameters tempcloud.*
 *
 * All of them are PGC_SUSET: they are part of the rules, and a role that may
 * run SQL must not be able to bend a rule by SET.  A database owner who is not
 * a superuser can be given one by GRANT SET ON PARAMETER.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/input_check.h"
#include "base/local_time.h"
#include "base/settings.h"

#define MINUTE	60
#define DAY		(24 * 60 * MINUTE)

char	   *tc_subject_claim;
char	   *tc_email_claim;
char	   *tc_email_verified_claim;
bool		tc_allow_session_claims;
int			tc_invitation_lifetime;
int			tc_reinvite_after;
int			tc_resend_interval;
int			tc_reminder_before;
int			tc_max_pending_invitations;
int			tc_max_daily_invitations;
int			tc_max_daily_mails_to_address;
int			tc_max_daily_mails_to_address_of_all;
int			tc_max_daily_confirmations;
int			tc_max_resends;
int			tc_max_daily_requests;
bool		tc_reveal_registered;
int			tc_purge_invitations_after;
int			tc_purge_workers_after;
char	   *tc_invitation_url;
char	   *tc_confirmation_url;
char	   *tc_request_url;
char	   *tc_default_locale;
char	   *tc_default_time_zone;
char	   *tc_message_id_domain;
int			tc_mail_max_attempts;
int			tc_mail_retry_delay;
int			tc_mail_retention;
char	   *tc_ledger_origin;
bool		tc_notifications;
int			tc_maintenance_interval;
int			tc_ledger_interval;
char	   *tc_databases;
int			tc_max_databases;
int			tc_event_buffer;
bool		tc_allow_destruction;

static bool check_claim(char **newval, void **extra, GucSource source);
static bool check_link(char **newval, void **extra, GucSource source);
static bool check_request_link(char **newval, void **extra, GucSource source);
static bool is_address_with(const char *address, const char *placeholder);
static bool check_locale(char **newval, void **extra, GucSource source);
static bool check_time_zone(char **newval, void **extra, GucSource source);
static bool check_domain(char **newval, void **extra, GucSource source);
static bool check_origin(char **newval, void **extra, GucSource source);
static bool check_names(char **newval, void **extra, GucSource source);
static void define_preload_settings(void);
static void define_string(const char *name, const char *desc, char **variable,
						  const char *boot, GucStringCheckHook check);
static void define_int(const char *name, const char *desc, int *variable,
					   int boot, int min, int max, int unit);

void
tc_define_settings(void)
{
	define_string("tempcloud.subject_claim",
				  "Name of the JWT claim that identifies the login.",
				  &tc_subject_claim, "sub", check_claim);
	define_string("tempcloud.email_claim",
				  "Name of the JWT claim that holds the login's e-mail address.",
				  &tc_email_claim, "email", check_claim);
	define_string("tempcloud.email_verified_claim",
				  "Name of the JWT claim that says whether the address is proven.",
				  &tc_email_verified_claim, "email_verified", check_claim);
	DefineCustomBoolVariable("tempcloud.allow_session_claims",
							 "Accept claims that remain set after the transaction.",
							 NULL, &tc_allow_session_claims, false, PGC_SUSET, 0, NULL, NULL, NULL);

	define_int("tempcloud.invitation_lifetime",
			   "How long an invitation, or a link to confirm an address, is valid.",
			   &tc_invitation_lifetime, 30 * DAY, 1, INT_MAX, GUC_UNIT_S);
	define_int("tempcloud.reinvite_after",
			   "How long an inviter waits after a refusal before inviting again.",
			   &tc_reinvite_after, 7 * DAY, 0, INT_MAX, GUC_UNIT_S);
	define_int("tempcloud.resend_interval",
			   "Least time between two mails of one invitation.",
			   &tc_resend_interval, MINUTE, 0, INT_MAX, GUC_UNIT_S);
	define_int("tempcloud.reminder_before",
			   "How long before an invitation expires its invitee is reminded; 0 means never.",
			   &tc_reminder_before, 7 * DAY, 0, INT_MAX, GUC_UNIT_S);
	define_int("tempcloud.max_pending_invitations",
			   "Most invitations of one account that may be pending at once; -1 means no limit.",
			   &tc_max_pending_invitations, 1000, -1, INT_MAX, 0);
	define_int("tempcloud.max_daily_invitations",
			   "Most invitations of one account sent, or sent again, within 24 hours; -1 means no limit.",
			   &tc_max_daily_invitations, 500, -1, INT_MAX, 0);
	define_int("tempcloud.max_daily_mails_to_address",
			   "Most mails of one account's invitations to one address within 24 hours; -1 means no limit.",
			   &tc_max_daily_mails_to_address, 3, -1, INT_MAX, 0);
	define_int("tempcloud.max_daily_mails_to_address_of_all",
			   "Mails of all accounts' invitations to one address within 24 hours, after which each account sends only a first one; -1 means no limit.",
			   &tc_max_daily_mails_to_address_of_all, 10, -1, INT_MAX, 0);
	define_int("tempcloud.max_daily_confirmations",
			   "Most mails of one account within 24 hours that ask to prove an address; -1 means no limit.",
			   &tc_max_daily_confirmations, 50, -1, INT_MAX, 0);
	define_int("tempcloud.max_resends",
			   "How often one invitation can be sent again; -1 means no limit.",
			   &tc_max_resends, 10, -1, INT_MAX, 0);
	define_int("tempcloud.max_daily_requests",
			   "Most requests of one account within 24 hours; -1 means no limit.",
			   &tc_max_daily_requests, 1000, -1, INT_MAX, 0);
	DefineCustomBoolVariable("tempcloud.reveal_registered",
							 "Tells an inviter at once about refusals that only an address with an account can cause.",
							 NULL, &tc_reveal_registered, true, PGC_SUSET, 0, NULL, NULL, NULL);

	define_int("tempcloud.purge_invitations_after",
			   "How long an invitation that ended without being accepted is kept; -1 means without limit.",
			   &tc_purge_invitations_after, 365 * DAY, -1, INT_MAX, GUC_UNIT_S);
	define_int("tempcloud.purge_workers_after",
			   "How long after a shift the names of its workers are kept; -1 means without limit.",
			   &tc_purge_workers_after, 3 * 365 * DAY, -1, INT_MAX, GUC_UNIT_S);
	define_string("tempcloud.invitation_url",
				  "Address of the page an invitation's link opens; {token} stands for the secret.",
				  &tc_invitation_url, "http://localhost:3000/invitation#{token}",
				  check_link);
	define_string("tempcloud.confirmation_url",
				  "Address of the page that confirms an e-mail address; {token} stands for the secret.",
				  &tc_confirmation_url, "http://localhost:3000/confirmation#{token}",
				  check_link);
	define_string("tempcloud.request_url",
				  "Address of the page that shows a request; {id} stands for its key.",
				  &tc_request_url, "http://localhost:3000/requests/{id}",
				  check_request_link);
	define_string("tempcloud.default_locale",
				  "Language of mails where no other is known, and of the last fallback.",
				  &tc_default_locale, "de", check_locale);
	define_string("tempcloud.default_time_zone",
				  "Time zone of accounts that are registered without one.",
				  &tc_default_time_zone, "Europe/Berlin", check_time_zone);
	define_string("tempcloud.message_id_domain",
				  "Domain after the @ in the Message-ID of mails.",
				  &tc_message_id_domain, "tempcloud.invalid", check_domain);
	define_int("tempcloud.mail_max_attempts",
			   "Attempts after which a mail is given up.",
			   &tc_mail_max_attempts, 10, 1, 1000, 0);
	define_int("tempcloud.mail_retry_delay",
			   "Wait after a mail's first failed attempt; it doubles with each further one.",
			   &tc_mail_retry_delay, MINUTE, 1, DAY, GUC_UNIT_S);
	define_int("tempcloud.mail_retention",
			   "How long a mail is kept in the outbox after it was sent, given up or dropped, or came back.",
			   &tc_mail_retention, 30 * DAY, DAY, INT_MAX, GUC_UNIT_S);

	define_string("tempcloud.ledger_origin",
				  "Sets the name of the ledger, the first line of its checkpoints.",
				  &tc_ledger_origin, "tempcloud.invalid/ledger", check_origin);

	DefineCustomBoolVariable("tempcloud.notifications",
							 "Tell live events and wake mailers by NOTIFY.",
							 NULL, &tc_notifications, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("tempcloud.maintenance_interval",
							"Time between two runs of the maintenance by the background worker; 0 means never.",
							NULL, &tc_maintenance_interval, 5 * MINUTE, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("tempcloud.ledger_interval",
							"Time between two sealings of new partnerships by the background worker; 0 means never.",
							NULL, &tc_ledger_interval, MINUTE, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress)
		define_preload_settings();

	MarkGUCPrefixReserved("tempcloud");
}

/* What sizes shared memory, or is to be changed by nobody in between. */
static void
define_preload_settings(void)
{
	DefineCustomStringVariable("tempcloud.databases",
							   "Databases that may have a background worker, separated by commas; empty means all.",
							   NULL, &tc_databases, "", PGC_POSTMASTER, GUC_LIST_INPUT,
							   check_names, NULL, NULL);
	DefineCustomIntVariable("tempcloud.max_databases",
							"Most databases that can have a background worker at once.",
							NULL, &tc_max_databases, 8, 1, 1000, PGC_POSTMASTER, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("tempcloud.event_buffer",
							"Events of one database that can wait for its background worker.",
							NULL, &tc_event_buffer, 8192, 16, 1024 * 1024, PGC_POSTMASTER, 0,
							NULL, NULL, NULL);
	DefineCustomBoolVariable("tempcloud.allow_destruction",
							 "Let DDL drop and alter what partnerships rest on.",
							 NULL, &tc_allow_destruction, false, PGC_POSTMASTER, 0,
							 NULL, NULL, NULL);
}

static bool
check_claim(char **newval, void **extra, GucSource source)
{
	if (**newval != '\0')
		return true;
	GUC_check_errdetail("A claim has a name of at least one character.");
	return false;
}

/* Without its placeholder no mail would carry a secret. */
static bool
check_link(char **newval, void **extra, GucSource source)
{
	return is_address_with(*newval, "{token}");
}

static bool
check_request_link(char **newval, void **extra, GucSource source)
{
	return is_address_with(*newval, "{id}");
}

static bool
is_address_with(const char *address, const char *placeholder)
{
	if (strstr(address, placeholder) != NULL &&
		tc_has_form(address, strlen(address), FORM_WEBSITE))
		return true;
	GUC_check_errdetail("The address starts with http:// or https:// and contains %s.",
						placeholder);
	return false;
}

static bool
check_locale(char **newval, void **extra, GucSource source)
{
	if (tc_has_form(*newval, strlen(*newval), FORM_LOCALE))
		return true;
	GUC_check_errdetail("A locale is written like \"de\" or \"de-AT\".");
	return false;
}

/* A server that lacks the default's zone starts all the same. */
static bool
check_time_zone(char **newval, void **extra, GucSource source)
{
	if (tc_has_form(*newval, strlen(*newval), FORM_TIME_ZONE) &&
		(source == PGC_S_DEFAULT || tc_knows_zone(*newval)))
		return true;
	GUC_check_errdetail("A time zone is written as in the IANA database, like \"Europe/Berlin\".");
	return false;
}

/* It goes into a header field: letters, digits, dots and hyphens only. */
static bool
check_domain(char **newval, void **extra, GucSource source)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	if (**newval != '\0' && strspn(*newval, allowed) == strlen(*newval))
		return true;
	GUC_check_errdetail("A domain consists of letters, digits, dots and hyphens.");
	return false;
}

/* C2SP signed-note: a name without spaces and plus signs; here, printable ASCII. */
static bool
check_origin(char **newval, void **extra, GucSource source)
{
	const char *c = *newval;

	while (*c > ' ' && *c < 0x7F && *c != '+')
		c++;
	if (**newval != '\0' && *c == '\0')
		return true;
	GUC_check_errdetail("An origin consists of printable ASCII characters without spaces and plus signs.");
	return false;
}

static bool
check_names(char **newval, void **extra, GucSource source)
{
	List	   *names;
	bool		valid = SplitIdentifierString(pstrdup(*newval), ',', &names);

	if (!valid)
		GUC_check_errdetail("The names of databases are separated by commas.");
	return valid;
}

static void
define_string(const char *name, const char *desc, char **variable,
			  const char *boot, GucStringCheckHook check)
{
	DefineCustomStringVariable(name, desc, NULL, variable, boot,
							   PGC_SUSET, 0, check, NULL, NULL);
}

static void
define_int(const char *name, const char *desc, int *variable,
		   int boot, int min, int max, int unit)
{
	DefineCustomIntVariable(name, desc, NULL, variable, boot, min, max,
							PGC_SUSET, unit, NULL, NULL, NULL);
}
