/*
 * maintain.h
 *		Runs maintenance in SQL, one part at a time, without knowledge of the rules.
 */
#ifndef TC_MAINTAIN_H
#define TC_MAINTAIN_H

/* A statement that does a bounded part of what is due, and returns whether there is more. */
#define MAINTAIN	"SELECT m.more FROM tempcloud.maintain() m"

#define MOST_SEALED 10000		/* by one call of seal_ledger() */
#define SEAL \
	"SELECT tempcloud.seal_ledger() OPERATOR(pg_catalog.=) " CppAsString2(MOST_SEALED)

/*
 * Run such a statement; returns whether there is more to do.  The caller is
 * connected to SPI, and commits between two runs.
 */
extern bool tc_do_part(const char *statement);

#endif							/* TC_MAINTAIN_H */
