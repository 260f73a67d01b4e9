/* broker.h - does what an adapter asked: HTTP and WebSockets over libcurl on the loop. The
 * only holder of secrets and sockets.
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

struct party {			/* for whom; borrowed as long as what it asked for */
	const struct manifest *manifest;
	const char *connection;		/* whose secrets */
	const char *base_origin;	/* the origin that the owner's file gave it, or NULL */
	const char *played_at;		/* "127.0.0.1:8080": a fake is there, and everything goes to it, in the
					 * clear, with made-up secrets; or NULL */
};

struct exchange_owner {
	/* A piece of a stream; not after done(). */
	void (*part)(struct exchange_owner *o, const struct answer *piece);
	/* The last word, exactly once, from the loop, never from within broker_send(). The
	 * exchange is freed after it returns. */
	void (*done)(struct exchange_owner *o, const struct answer *answer);
};

struct broker *broker_new(struct loop *loop, struct secrets *secrets);
void broker_free(struct broker *b);

/* Takes *request. */
struct exchange *broker_send(struct broker *b, const struct party *party, struct request *request,
			     struct exchange_owner *owner);
void exchange_free(struct exchange *x);		/* gives it up; NULL is fine */

/* ---- sockets ---- */

struct line;			/* one WebSocket, from when it was asked for until it is down */

struct line_owner {
	void (*up)(struct line_owner *o);
	void (*text)(struct line_owner *o, struct str message);	/* scrubbed of secrets; borrowed */
	/* It is down, or never came up; once, from the loop, and the line is freed after it
	 * returns. `code` as the server gave it, or 0; -1: nothing left, for it is barred. */
	void (*down)(struct line_owner *o, int code, const char *why);
};

/* Takes *request, which was rendered from the socket's .open; leaves after the commit. The
 * owner may free the line from any of its calls. */
struct line *broker_open(struct broker *b, const struct party *party, const struct socket_row *socket,
			 struct request *request, struct line_owner *owner);
/* Writes one of its frames, rendered anew with its secret; leaves after the commit. NULL, or
 * why it does not (until the next call): no such secret, larger than the row allows. */
const char *line_write(struct line *l, const struct operation *frame, const cJSON *config, const cJSON *args) MUST_USE;
/* After what was written in this turn; no call to the owner any more, and it frees itself. */
void line_close(struct line *l, int code);
void line_free(struct line *l);			/* at once, without a word to anybody; NULL is fine */
bool broker_has_lines(const struct broker *b, const char *connection);	/* those that are closing count too */

#endif
