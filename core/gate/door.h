/* door.h - where a fake service is reached: HTTP/1.1 and WebSocket (RFC 6455) in the clear,
 * on one port of the loopback. It knows nothing of what is said.
 *
 * A caller is one connection: it asks, is answered, and may ask again; or it asks to open a
 * socket, and after caller_accept() says texts. Callers go by a number, because what is
 * done to them may be due later: a number whose caller has gone does nothing. */
#ifndef CHELA_DOOR_H
#define CHELA_DOOR_H
#include "json.h"
#include "loop.h"

struct asked {			/* borrowed for the call */
	const char *method, *host, *target;	/* host without a port; target: path and query */
	const cJSON *headers;			/* names in small letters */
	struct str body;
	bool opens;				/* a socket */
};

struct door {
	/* The owner's, before door_open(). */
	struct loop *loop;
	void (*asked)(struct door *d, int caller, const struct asked *a);	/* is answered now or later */
	void (*told)(struct door *d, int caller, struct str text);		/* on a socket */
	void (*left)(struct door *d, int caller, int code);	/* a socket is gone; 0: it broke */

	int port;
	struct watch watch;
	struct caller *callers;
	int callers_n, last;
};

const char *door_open(struct door *d, int port) MUST_USE;	/* 0: any that is free. NULL, or why not */
void door_shut(struct door *d);

void caller_answer(struct door *d, int caller, int status, const cJSON *headers, struct str body);
void caller_accept(struct door *d, int caller);
void caller_text(struct door *d, int caller, struct str text);
void caller_close(struct door *d, int caller, int code);
void caller_reset(struct door *d, int caller);		/* the connection breaks */

#endif
