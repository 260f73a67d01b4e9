/* traffic.h - what one life of a channel's process has under way: requests, sockets and
 * timers. Takes what the adapter asked for and queues the events that come of it.
 *
 * Upkeep (requests of no act, new sockets) waits its time after a failure, and when there is too
 * much of it (pace.h). */
#ifndef CHELA_TRAFFIC_H
#define CHELA_TRAFFIC_H
#include "adapter/session.h"
#include "integration.h"
#include "news.h"
#include "pace.h"

struct traffic_parts {			/* borrowed */
	struct loop *loop;
	struct broker *broker;
	const struct integration *what;
	struct session *session;
	struct pace *pace;
	struct news_queue *news;	/* where events go */
	void *owner;
	void (*came)(void *owner);			/* there is news */
	void (*trouble)(void *owner, const char *why);	/* upkeep failed, or the last line is down */
};

struct traffic;
struct traffic *traffic_new(const struct traffic_parts *parts);
void traffic_free(struct traffic *t);		/* drops all of it, without a word; NULL is fine */

/* ASK_CALL, _REFUSED, _OPEN, _FRAME, _CLOSE, _SHUT or _TIMER; takes what it needs of it. */
void traffic_take(struct traffic *t, struct ask *ask);
void traffic_give_up(struct traffic *t, uint32_t ref);	/* its requests */

double throw_dice(void);		/* 0 to 1 */

#endif
