/*
 * ledger.h
 *		Evidence of partnerships: a Merkle tree whose heads others keep.
 */
#ifndef TC_LEDGER_H
#define TC_LEDGER_H

/*
 * Append partnerships that are not sealed yet to the ledger; returns how many.
 * Does nothing where another transaction does so.  Needs a frame
 * (tc_enter_command).
 */
extern int	tc_seal_ledger(void);

#endif							/* TC_LEDGER_H */
