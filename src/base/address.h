/*
 * address.h
 *		E-mail addresses and the names of hosts.
 */
#ifndef TC_ADDRESS_H
#define TC_ADDRESS_H

#include "postgres.h"

/* Whether len bytes at s are the name of a host, of at least two labels, in ASCII. */
extern bool tc_is_host(const char *s, size_t len);

/* Whether they are an e-mail address, in ASCII. */
extern bool tc_is_email(const char *s, size_t len);

/*
 * An address with its domain in ASCII: an international one becomes that of its A-labels
 * (xn--...). Returns the argument, or a palloc'd string.  A string that is not an
 * address, or whose domain IDNA does not allow, is returned unchanged.
 */
extern char *tc_ascii_email(char *email);

/* A palloc'd copy of an address in lower case, as addresses are compared: lower(email). */
extern char *tc_fold_email(const char *email);

#endif							/* TC_ADDRESS_H */
