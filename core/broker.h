/* broker.h - does what an adapter asked: HTTP over libcurl on the loop. The only holder of
 * secrets and sockets.
 *
 * A request comes rendered (render.h) from an operation row; the broker puts in the
 * secret that the row names, checks every address before it connects (nothing private,
 * unless the owner's file names exactly this scheme, host and port), follows no
 * redirect, caps every size and time, decompresses within the cap, cuts streams
 * (stream.h), asks again as retry.h says, sorts and trims what came (answer.h), and
 * scrubs secrets from all of it. Plain http goes to loopback or private addresses only,
 * and only where the owner's file says so. */
#ifndef CHELA_BROKER_H
#define CHELA_BROKER_H
#include "answer.h"
#include "render.h"
#include "secret.h"

struct loop;
struct broker;
struct exchange;		/* one request with its retries */

struct exchange_owner {
	/* A piece of a stream; not after done(). */
	void (*part)(struct exchange_owner *o, const struct answer *piece);
	/* The last word, exactly once, from the loop, never from within broker_send(). The
	 * exchange is freed after it returns. */
	void (*done)(struct exchange_owner *o, const struct answer *answer);
};

struct broker *broker_new(struct loop *loop, struct secrets *secrets);
void broker_free(struct broker *b);

/* Takes *request. `connection` is whose secret it is; `base_origin` the origin that the
 * owner's file gave to this connection, or NULL. */
struct exchange *broker_send(struct broker *b, const struct manifest *m, struct request *request,
			     const char *connection, const char *base_origin,
			     struct exchange_owner *owner);
void exchange_free(struct exchange *x);		/* gives it up; NULL is fine */

#endif
