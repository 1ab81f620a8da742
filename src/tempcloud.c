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
 *
 * and beneath them query (SPI), lock, refusal (errors), text (forms of input),
 * crypto (pgcrypto), uuid and settings.
 */
#include "postgres.h"

#include "fmgr.h"

#include "settings.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	tc_define_settings();
}
