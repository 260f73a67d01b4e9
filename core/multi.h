/* multi.h - libcurl on the loop: one multi with its timer and descriptors, and what all
 * that we connect has in common.
 *
 * HTTP/1.1 only. No redirect, proxy, cookie, netrc or other memory of the machine is used;
 * certificates are checked; the owner is asked for the very address before a connection is
 * made or used again. What a handle is for is its owner's: transfer.h, websocket.h.
 *
 * libcurl calls back from within itself, where handles may not be removed. So callbacks of
 * the owner's only store and set .fresh; stirred() and over() come afterwards, and may start
 * and remove whatever they like. */
#ifndef CHELA_MULTI_H
#define CHELA_MULTI_H
#include "loop.h"
#include <curl/curl.h>
#include <sys/socket.h>

struct multi;

struct easy {			/* one handle, embedded in its owner; zeroed is none */
	bool (*may_connect)(struct easy *e, const struct sockaddr *a);
	void (*stirred)(struct easy *e);		/* .fresh was set */
	void (*over)(struct easy *e, CURLcode code);	/* it is added still */

	CURL *curl;
	bool fresh;
	char error[CURL_ERROR_SIZE];
	char barred[64];			/* the address that may_connect() refused last, or "" */

	/* multi.c's own. */
	struct multi *multi;
	struct easy *next;
	struct curl_slist *way;
};

struct multi *multi_new(struct loop *loop, long kept);	/* so many idle connections at most */
void multi_free(struct multi *m);			/* none is in it; NULL is fine */
struct loop *multi_loop(const struct multi *m);

/* Makes the handle, for an http or https URL; then more may be set before it is added.
 * `leads_to` ("127.0.0.1:8080"): connect there, whatever the URL says; or NULL. */
void multi_prepare(struct multi *m, struct easy *e, const char *url, const char *leads_to);
void multi_add(struct easy *e);
void multi_remove(struct easy *e);			/* and frees the handle; also when idle */

#endif
