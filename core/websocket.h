/* websocket.h - the client's end of one WebSocket (RFC 6455): libcurl makes the connection
 * (CONNECT_ONLY, HTTP/1.1 whatever the server offers), the upgrade is upgrade.h's, libwslay
 * cuts frames. Whose it is, where it may lead and whether it is opened again is broker.h's.
 *
 * Only whole text messages come out, valid UTF-8, at most SOCKET_MESSAGE_MAX bytes however
 * they were fragmented. Binary ones are dropped without a word: all that is spoken here is
 * text, and what a service adds one day does not take the line down. A ping is answered at
 * once. A line that is silent for ping_ms is pinged, and counts as dead when nothing at all
 * comes within pong_ms. A line that is being closed, by whomever, is gone when the server
 * closes the connection, at the latest after CLOSE_MS; no message comes out of it any more. */
#ifndef CHELA_WEBSOCKET_H
#define CHELA_WEBSOCKET_H
#include "buf.h"
#include "loop.h"
#include <sys/socket.h>

enum websocket_end {
	WEBSOCKET_CLOSED,	/* the server closed it: .code, 0 where it gave none; or we did */
	WEBSOCKET_LOST,		/* it broke, was silent for too long, or took nothing more */
	WEBSOCKET_WRONG,	/* it broke the protocol, or a maximum: we closed it with 1002, 1007 or 1009 */
	WEBSOCKET_REFUSED,	/* it answered the upgrade with something else: .status */
	WEBSOCKET_UNREACHED,	/* no connection */
	WEBSOCKET_BARRED,	/* may_connect() refused; nothing left */
	WEBSOCKET_UNTRUSTED,	/* the certificate; nothing left */
};

struct websocket_parts;

struct websocket {		/* embedded in its owner; zeroed is idle */
	/* The owner's, until the end. */
	const char *url;			/* wss:// or ws:// */
	const char *leads_to;			/* see multi.h */
	int64_t ping_ms, pong_ms;		/* 0: as in limits.h */
	int64_t first_ms;			/* how long the first message may take; 0: for ever */
	bool (*may_connect)(struct websocket *w, const struct sockaddr *a);
	void (*opened)(struct websocket *w);
	void (*message)(struct websocket *w, struct str text);		/* borrowed for the call */
	void (*ended)(struct websocket *w);	/* once, from the loop; not after websocket_drop() */

	enum websocket_end end;
	int code, status;
	char why[300];				/* continues a sentence that begins with "it"; without the URL's
						 * path, which may hold a ticket */
	char barred[64];			/* the address that may_connect() refused last, or "" */

	struct websocket_parts *parts;		/* websocket.c's own */
};

void websocket_open(struct loop *loop, struct websocket *w);
/* One text message, valid UTF-8; kept until it can leave. Only while it is open: before and
 * after that it goes nowhere. */
void websocket_send(struct websocket *w, struct str text);
bool websocket_is_open(const struct websocket *w);
size_t websocket_waiting(const struct websocket *w);		/* bytes that have not left yet */
void websocket_close(struct websocket *w, int code);		/* ended() comes when it is gone */
/* At once, without ended(); also when idle, also from its callbacks. */
void websocket_drop(struct websocket *w);

#endif
