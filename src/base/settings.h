/*
 * settings.h
 *		The configuration parameters tempcloud.*, with their units.
 */
#ifndef TC_SETTINGS_H
#define TC_SETTINGS_H

/* names of the JWT claims that say who is calling */
extern char *tc_subject_claim;
extern char *tc_email_claim;
extern char *tc_email_verified_claim;

extern bool tc_allow_session_claims;

extern int	tc_invitation_lifetime; /* seconds */
extern int	tc_reinvite_after;	/* seconds */
extern int	tc_resend_interval; /* seconds */
extern int	tc_reminder_before; /* seconds */

/* limits: -1 for none */
extern int	tc_max_pending_invitations; /* of an account */
extern int	tc_max_daily_invitations;	/* of an account */
extern int	tc_max_daily_mails_to_address;	/* from an account */
extern int	tc_max_daily_mails_to_address_of_all;	/* from all accounts */
extern int	tc_max_daily_confirmations; /* mails to prove an address, of an
										 * account */
extern int	tc_max_resends;		/* of an invitation */
extern int	tc_max_daily_requests;	/* of an account */

extern bool tc_reveal_registered;
extern int	tc_purge_invitations_after; /* seconds, -1 for never */
extern int	tc_purge_workers_after; /* seconds, -1 for never */

extern char *tc_invitation_url; /* holds {token} */
extern char *tc_confirmation_url;
extern char *tc_request_url;	/* holds {token} */
extern char *tc_default_locale;
extern char *tc_default_time_zone;
extern char *tc_message_id_domain;
extern int	tc_mail_max_attempts;
extern int	tc_mail_retry_delay;	/* seconds, after the first failure */
extern int	tc_mail_retention;	/* seconds */

extern char *tc_ledger_origin;

extern bool tc_notifications;
extern int	tc_maintenance_interval;	/* seconds, 0 for never */
extern int	tc_ledger_interval; /* seconds, 0 for never */

/* fixed at server start, and there only where the library is preloaded */
extern char *tc_databases;		/* names, separated by commas; empty for all */
extern int	tc_max_databases;
extern int	tc_event_buffer;	/* events a database */
extern bool tc_allow_destruction;

/* Called once, when the library is loaded. */
extern void tc_define_settings(void);

#endif							/* TC_SETTINGS_H */
