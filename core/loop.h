/* loop.h - the one loop: descriptors, timers, and the turn of the loop as one
 * transaction.
 *
 * One thread, one libevent base, one clock read once per turn. A callback changes
 * state, queues output and returns. When all callbacks of a turn have run, at_end()
 * commits what they wrote; only then run the callbacks that loop_after() queued:
 * whatever leaves the machine is sent from there. Where the commit fails the queue is
 * dropped, so nothing leaves.
 *
 * A commit waits for the disk, so what is ready just before it joins the same turn, a few
 * times over: a timer that is due at once is no way to wait for the commit. */
#ifndef CHELA_LOOP_H
#define CHELA_LOOP_H
#include "err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *l);
int64_t loop_now_ms(struct loop *l);		/* monotonic, of this turn */

/* Who commits: called at the end of each turn in which something happened. */
void loop_at_end(struct loop *l, enum err (*commit)(void *owner), void *owner);

struct later {			/* embedded in its owner; zeroed is not queued */
	void (*run)(struct later *l);
	struct later *next;
	bool queued;
};
void loop_after(struct loop *l, struct later *later);	/* after this turn's commit; once */
void loop_forget(struct loop *l, struct later *later);

struct timer {			/* embedded; zeroed is not set; stop it before it goes */
	void (*fired)(struct timer *t);
	struct loop *loop;
	void *event;
};
void timer_set(struct loop *l, struct timer *t, int64_t ms);	/* again: moves it */
void timer_stop(struct timer *t);

struct watch {			/* embedded: a descriptor that is readable or writable */
	void (*ready)(struct watch *w, bool readable, bool writable);
	struct loop *loop;
	void *event;
	int fd;
};
void watch_set(struct loop *l, struct watch *w, bool read, bool write);	/* neither: stop */

void loop_run(struct loop *l);				/* until loop_stop() */
void loop_once(struct loop *l);				/* one turn; waits for something to happen */
void loop_stop(struct loop *l);

#endif
