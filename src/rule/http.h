/*
 * http.h
 *		The HTTP request that a call came with, as PostgREST tells it.
 */
#ifndef TC_HTTP_H
#define TC_HTTP_H

/*
 * Raises PT405 post_only if the call came by GET or HEAD: then the arguments were
 * part of the address of the request.
 */
extern void tc_require_post(void);

#endif							/* TC_HTTP_H */
