/*
 * request_wish.h
 *		The requests of an order as the customer passes them.
 */
#ifndef TC_REQUEST_WISH_H
#define TC_REQUEST_WISH_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef struct WishedShift
{
	TimestampTz starts_at;
	TimestampTz ends_at;
	int32		headcount;
	char	   *path;			/* "requests[2].shifts[0]" */
} WishedShift;

/* One request.  Text that is optional may be NULL. */
typedef struct Wish
{
	const char *path;			/* "requests[2]", or "" for a single one */
	pg_uuid_t  *provider_id;
	char	   *profession;
	char	   *location;
	char	   *department;
	char	   *requirements;
	char	   *time_zone;		/* of times without an offset */
	TimestampTz answer_by;		/* at the latest, the start of the first shift */
	WishedShift *shifts;		/* in the order of time */
	int			nshifts;
} Wish;

/*
 * The wishes in a JSON array; PT400 if one of them is invalid.  time_zone is that of
 * wishes that have none.
 */
extern Wish *tc_read_wishes(Jsonb *requests, const char *time_zone, int *count);

/*
 * Complete a single wish, whose other members are set, by a time zone if it has none,
 * and by the time to answer and its shifts in a JSON array (either may be NULL);
 * PT400 if it is invalid.
 */
extern void tc_complete_wish(Wish *wish, const char *time_zone, const char *answer_by,
							 Jsonb *shifts);

/* PT400 unless its shifts and the time to answer are in the future. */
extern void tc_require_future(const Wish *wish);

/*
 * SHA-256 of an order.  It does not depend on how times and numbers were
 * spelled, but on the order of the wishes.
 */
extern bytea *tc_digest_wishes(const char *name, const Wish *wishes, int count);

/* The name of a member in a hint: "profession", or "requests[2].profession". */
extern char *tc_wish_member(const Wish *wish, const char *name);

#endif							/* TC_REQUEST_WISH_H */
