/*
 * jwt_claims.h
 *		Who is calling, by the claims of a JWT.
 *
 * Without the server: FRONTEND builds it, too, to be fuzzed.
 */
#ifndef TC_JWT_CLAIMS_H
#define TC_JWT_CLAIMS_H

#include "base/compat.h"

/* The names of the claims to read. */
typedef struct ClaimNames
{
	const char *subject;
	const char *email;
	const char *email_verified;
} ClaimNames;

/* Strings are palloc'd, and NULL where a claim is not there, empty or no string. */
typedef struct Claims
{
	char	   *subject;
	char	   *email;
	bool		email_verified;
	bool		subject_is_no_string;	/* there, and not null, but no string */
} Claims;

typedef enum ClaimsFault
{
	CLAIMS_GOOD,
	CLAIMS_NOT_JSON,
	CLAIMS_NOT_OBJECT,
	CLAIMS_TOO_DEEP				/* more than CLAIMS_LEVELS in each other */
} ClaimsFault;

#define CLAIMS_LEVELS 100		/* of objects and arrays in each other */

/*
 * Read the claims from JSON in an encoding of the server.  Other claims are skipped and
 * not converted, so that no number is too large.  If a name occurs twice, the last one
 * counts, as in jsonb.  Raises no error of its own; *claims is of use only where it
 * returns CLAIMS_GOOD.
 */
extern ClaimsFault tc_parse_claims(const char *json, int encoding, const ClaimNames *names,
								   Claims *claims);

#endif							/* TC_JWT_CLAIMS_H */
