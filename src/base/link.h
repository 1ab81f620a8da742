/*
 * link.h
 *		Text that mail programs turn into links.
 */
#ifndef TC_LINK_H
#define TC_LINK_H

#include "postgres.h"

/*
 * Whether a word of the text is the address of a mailbox or page; with hosts,
 * also the bare name of a host.
 */
extern bool tc_has_link(const char *s, size_t len, bool hosts);

#endif							/* TC_LINK_H */
