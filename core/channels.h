/* channels.h - all channels of the configuration: which of them run, and the two ways through
 * them: from what a connection delivers to a row in the inbox, from a turn to its chat. */
#ifndef CHELA_CHANNELS_H
#define CHELA_CHANNELS_H
#include "presence.h"

struct channels;

struct channels_owner {
	void (*came)(struct channels_owner *o);		/* a row in the inbox waits */
	/* Asked of the program itself, by somebody in a chat. Words stand until the next call. */
	const char *(*stop)(struct channels_owner *o, const struct inbound *in);
	const char *(*status)(struct channels_owner *o);
	const char *(*models)(struct channels_owner *o);
	void (*stopped)(struct channels_owner *o);	/* channels_stop() is done; from the loop */
};

struct channels_parts {		/* borrowed */
	struct loop *loop;
	struct store *store;
	struct broker *broker;
	struct secrets *secrets;
	const struct instance *instance;
};

struct channels *channels_open(const struct channels_parts *parts, struct channels_owner *owner);
/* Something changed that a person does (a secret, a seal, a consent): what did not run is
 * tried anew, what may no longer run is ended. While no presence lives. */
void channels_renew(struct channels *c);
/* Ends them in good order: what is being sent has a moment for its receipt. */
void channels_stop(struct channels *c);
void channels_free(struct channels *c);			/* at once, while no presence lives; NULL is fine */

/* The presence of a turn in the chat that `in` came from; NULL: that channel does not run, or
 * it came from none. */
struct presence *channels_presence(struct channels *c, const struct inbound *in);
/* A row of the outbox was added for this connection. */
void channels_look(struct channels *c, const char *connection);
cJSON *channels_status(const struct channels *c);	/* [{"name", "adapter", "state", "why"?, "since"?}]; owned */

#endif
