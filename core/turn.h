/* turn.h - one turn of the assistant: from an inbox row to an outbox row, over as many
 * steps of model and tools as it takes. State is in the store; this is what runs.
 *
 * Each step is a row before the next begins: the person's message with the turn, the
 * model's answer, each call before it runs and again when it has, the outbox row with
 * the turn's end. A crash anywhere goes on from the last of them with turn_resume(): a call
 * without a result is told to the model as unknown and never run again.
 *
 * What failed is asked again a few times, then the next model of `use` is asked; a
 * history that is too long is folded (history.h). Steps and tokens have their limits in
 * the owner's file; where one ends the turn, the answer says so. */
#ifndef CHELA_TURN_H
#define CHELA_TURN_H
#include "agent.h"
#include "store/inbox.h"

struct turn_owner {
	/* Text as it comes. When answer() comes, its text is all of it since the last replaced(). */
	void (*delta)(struct turn_owner *o, const char *text);
	void (*replaced)(struct turn_owner *o);		/* what was shown counts no more: start anew */
	void (*tool)(struct turn_owner *o, const char *name);	/* a tool is being used */
	/* The answer, or what went wrong in plain words with the remedy: puts it into the outbox,
	 * in the transaction of the turn's end. Its row. */
	int64_t (*answer)(struct turn_owner *o, int64_t turn, const char *text);
	/* It is there. From the loop, once; turn_free() may be called from it. */
	void (*ended)(struct turn_owner *o, int64_t outbox_row);
};

struct turn;
struct turn *turn_new(struct agent *a, const struct inbound *in, struct turn_owner *owner);	/* `in` is copied */
/* Goes on with a turn that turn_open_next() (store/inbox.h) named. */
struct turn *turn_resume(struct agent *a, int64_t row, const struct inbound *in, struct turn_owner *owner);
int64_t turn_row(const struct turn *t);
/* Interrupt: ends soon, cleanly, with ended(). Not from within delta() or replaced(). */
void turn_stop(struct turn *t);
void turn_free(struct turn *t);			/* its rows stay as they are; NULL is fine */

#endif
