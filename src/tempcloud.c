/*
 * tempcloud.c
 *		The library's entry point.
 *
 * The folders beside this file, each of which may include those before it, are
 * base, worker, rule and guard; CONTRIBUTING.md says what is in each.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "base/kept_check.h"
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
	tc_install_kept_checks();
	if (process_shared_preload_libraries_in_progress)
	{
		tc_install_launcher();
		tc_install_watch();
		tc_install_ddl_guard();
	}
}
