/* turn.h - one turn of the assistant: from an inbox row to an outbox row, over as many
 * steps of model and tools as it takes. State is in the store; this is what runs. */
#ifndef CHELA_TURN_H
#define CHELA_TURN_H
#include "job.h"
#include "store/store.h"

struct agent;			/* what all turns share */
struct agent_parts {
	struct loop *loop;
	struct store *store;
	struct broker *broker;
	struct instance *instance;
	struct model **models;		/* in the order of `use` */
	size_t models_n;
};
struct agent *agent_new(const struct agent_parts *parts);
void agent_free(struct agent *a);

struct turn_owner {
	void (*delta)(struct turn_owner *o, const char *text);
	void (*replaced)(struct turn_owner *o);		/* what was shown counts no more: start anew */
	void (*tool)(struct turn_owner *o, const char *name);	/* a tool is being used */
	/* The answer is in the outbox; or what went wrong, in plain words with the remedy, is. */
	void (*ended)(struct turn_owner *o, int64_t outbox_row);
};
struct turn;
struct inbound;
struct turn *turn_new(struct agent *a, const struct inbound *in, struct turn_owner *owner);
void turn_stop(struct turn *t);			/* interrupt: ends soon, cleanly, with ended() */
void turn_free(struct turn *t);

#endif
