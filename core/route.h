/* route.h - where one request or socket may go, and with which secret; no I/O but reading
 * the secret.
 *
 * It goes to an origin that the manifest names, by https or wss, to a public address; or to
 * exactly the origin that the owner's file names, in the clear too where that is private.
 * One that is played goes to the fake's loopback address whatever its URL says, in the
 * clear, with made-up secrets. */
#ifndef CHELA_ROUTE_H
#define CHELA_ROUTE_H
#include "broker.h"
#include <sys/socket.h>

struct route {			/* owns its texts */
	const struct manifest *manifest;
	const struct operation *op;	/* whose URL it is */
	char *connection, *origin;	/* origin: http or https also of a socket; NULL: the URL is none */
	char *played_at;
	bool exempt;			/* the owner's file names exactly this origin */
	char *home;			/* the origin that secrets of frames are kept for, or NULL */
};

struct route route_new(const struct party *party, const struct operation *op, const char *url);
void route_free(struct route *r);

/* NULL, or why nothing may go there, whatever its address turns out to be; owned. */
char *route_bar(const struct route *r) MUST_USE;
bool route_may_connect(const struct route *r, const struct sockaddr *a);
char *route_barred(const struct route *r, const char *address);	/* why may_connect() refused; owned */
char *route_url(const struct route *r, const char *url);	/* what is connected to; owned */

/* The value of a slot for this origin, or why there is none (until the next call). *ret is
 * owned, to be wiped, and NULL where an optional one was not given. */
const char *route_secret(const struct route *r, struct secrets *secrets, const struct secret_slot *slot,
			 const char *origin, char **ret) MUST_USE;

#endif
