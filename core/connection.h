/* connection.h - a channel that runs: its process, its session, its requests, sockets and
 * timers, from its start to its stop.
 *
 * Events are told one after the other. What the adapter queued for one is done together, in its
 * order and in one turn of the loop: what is delivered and kept is committed before anything
 * leaves. Where it broke a rule none of it is done, and it is not started again until a person
 * says so. A process that dies is started anew with what it kept, paced (pace.h) like all that
 * an adapter asks for by itself; an event that ended it twice is a dead letter (poison.h). */
#ifndef CHELA_CONNECTION_H
#define CHELA_CONNECTION_H
#include "inbound.h"
#include "integration.h"
#include "store/store.h"

enum connection_state {
	CONNECTION_STARTING,		/* not signed in yet */
	CONNECTION_READY,
	CONNECTION_LOST,		/* it was ready; it is being brought back */
	CONNECTION_BROKEN,		/* only a person can mend it */
};

enum act_end { ACT_DONE, ACT_FAILED, ACT_AGAIN };
struct act_answer {			/* borrowed for the call */
	enum act_end end;
	const cJSON *ids;		/* done: what the core read: {"id": "..."} */
	int class;			/* failed: enum failure */
	bool unsent;			/* failed: for certain, nothing that sends was done: none was asked for,
					 * no connection came about, or it was refused */
	const char *why;
	int64_t after_ms;		/* again, failed: not before; 0: nobody said when */
};

struct connection_owner {		/* none of these may free the connection */
	/* Somebody did something, as inbound.h reads it. */
	void (*delivered)(struct connection_owner *o, enum inbound_kind kind, const cJSON *what);
	/* The one answer to connection_act(). */
	void (*acted)(struct connection_owner *o, uint32_t ref, const struct act_answer *answer);
	void (*changed)(struct connection_owner *o);		/* its state */
	int64_t act_ms, again_ms;	/* how long an act may take, the first wait of pace.h; 0: as in limits.h */
};

struct connection;
struct connection *connection_new(struct loop *loop, struct store *store, struct broker *broker,
				  const struct integration *what, struct connection_owner *owner);
/* Ends it at once, without a call to the owner; NULL is fine. Acts that are open stay
 * without an answer: their rows say what is known of them. */
void connection_free(struct connection *c);
/* Lets open acts end, for a moment, then tells it that it ends; it may close its sockets.
 * connection_stopped() when it has, at the latest after some seconds. */
void connection_stop(struct connection *c);
bool connection_stopped(const struct connection *c);

/* Asks for an act of the manifest, with the members that adapter.h names. `key` is what
 * {core.key} stands for, or NULL. Its ref; 0: it cannot be asked now (too many are open, no
 * process runs), and changed() or acted() comes before it can. */
uint32_t connection_act(struct connection *c, const char *act, const cJSON *json, const char *key);

enum connection_state connection_state(const struct connection *c);
const char *connection_why(const struct connection *c);		/* not ready: what went wrong last, in words; or NULL */
int64_t connection_since(const struct connection *c);		/* wall clock, ms: when its state began */
const struct integration *connection_what(const struct connection *c);

#endif
