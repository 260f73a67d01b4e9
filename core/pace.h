/* pace.h - how long a connection waits before it tries to get up again; no clock, dice are
 * given.
 *
 * An adapter asks at once, always. What it asks for its own upkeep (ref 0: requests,
 * sockets) is let through at once while all is well, and after a failure only when the wait
 * is over: 1 s, doubling to 2 minutes, times 0.5..1 by the dice, or as long as the service
 * itself said where that is longer, an hour at most; a later failure never makes an earlier wait shorter. A
 * connection that has stood for PACE_STABLE_MS begins anew. Who tries more than UPKEEP_MAX times within
 * UPKEEP_SPAN_MS, and be it with success, waits for the end of the span. */
#ifndef CHELA_PACE_H
#define CHELA_PACE_H
#include <stdbool.h>
#include <stdint.h>

struct pace {			/* zeroed: all is well */
	int failures;		/* since it last stood for long */
	int64_t not_before_ms;	/* nothing is tried before */
	int64_t ready_ms;	/* since when it stands; 0: it does not */
	int64_t span_ms;	/* since when tries are counted; 0: none was */
	int tries;
	int64_t first_ms;	/* the first wait; 0: as in limits.h */
};

/* now_ms > 0, dice 0..1. */
void pace_failed(struct pace *p, int64_t now_ms, int64_t asked_ms, double dice);	/* asked_ms: what the service named, or 0 */
void pace_ready(struct pace *p, int64_t now_ms);
bool pace_tried(struct pace *p, int64_t now_ms);		/* true: that was the last one for now */
int64_t pace_wait(const struct pace *p, int64_t now_ms);	/* 0: now */

#endif
