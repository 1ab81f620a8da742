/*
 * tempcloud.c
 *		The library's entry point.
 *
 * tempcloud lets staffing providers and their customers become partners by
 * invitation.  Each subject has one file here, and a file of the same name in
 * sql/ and in test/sql/:
 *
 *	account, contact, caller	who there is, and who is calling
 *	invitation, invite, decision	what an inviter, and what an invitee does
 *	partnership					what comes of it, for ever
 *	token, mail, template		how an invitation reaches a person
 *	event, maintenance			what happened, and what time does
 *	privacy						what is known of a person
 *	notify, worker				telling it to those who LISTEN
 *
 * and beneath them ring (shared memory), launcher (of workers), watch (what they
 * must know), guard and ddl_guard (what is refused to everybody), member (what
 * belongs to the extension), query (SPI), lock, limit, refusal (errors), text
 * (forms of input), crypto (pgcrypto), required (functions of other
 * extensions), log (what must not get there), uuid and settings.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "base/log_redact.h"
#include "base/settings.h"
#include "guard/ddl_guard.h"
#include "worker/launcher.h"
#include "worker/notify.h"
#include "worker/watch.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	tc_define_settings();
	tc_watch_transactions();
	tc_install_log_filter();
	if (process_shared_preload_libraries_in_progress)
	{
		tc_install_launcher();
		tc_install_watch();
		tc_install_ddl_guard();
	}
}
