/*
 * crypto.h
 *		Randomness and hashing, by pgcrypto.
 */
#ifndef TC_CRYPTO_H
#define TC_CRYPTO_H

#include "postgres.h"

#define SHA256_BYTES 32

/* n random bytes, palloc'd; n from 1 to 1024 */
extern uint8 *tc_random_bytes(int n);

/* The SHA-256 of len bytes, as a palloc'd bytea. */
extern bytea *tc_sha256(const uint8 *data, int len);

#endif							/* TC_CRYPTO_H */
