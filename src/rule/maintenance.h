/*
 * maintenance.h
 *		What time does.
 */
#ifndef TC_MAINTENANCE_H
#define TC_MAINTENANCE_H

/* A statement that does a bounded part of what is due, and says whether there is more. */
#define MAINTAIN	"SELECT m.more FROM tempcloud.maintain() m"

/* Run it.  The caller is connected to SPI, and commits between two runs. */
extern bool tc_maintain_once(void);

#endif							/* TC_MAINTENANCE_H */
