/* loop.c - see loop.h */
#include "loop.h"
#include "buf.h"
#include <assert.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 8 };		/* of a turn: a flood leaves what waits for the commit its time */

struct loop {
	struct event_base *base;
	int64_t now_ms;
	enum err (*commit)(void *owner);
	void *owner;
	struct later *first, **last;
	int called;			/* callbacks, in this turn */
	bool clock_read;		/* in this turn, which begins when the loop wakes */
	bool stopping;
};

static void read_clock(struct loop *l)
{
	struct timespec t;

	if (l->clock_read)
		return;
	l->clock_read = true;
	clock_gettime(CLOCK_MONOTONIC, &t);
	l->now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct loop *loop_new(void)
{
	struct loop *l = mem_new(1, sizeof *l);

	l->base = event_base_new();
	assert(l->base);
	l->last = &l->first;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	event_base_free(l->base);
	free(l);
}

int64_t loop_now_ms(struct loop *l)
{
	read_clock(l);
	return l->now_ms;
}

void loop_at_end(struct loop *l, enum err (*commit)(void *owner), void *owner)
{
	l->commit = commit;
	l->owner = owner;
}

void loop_after(struct loop *l, struct later *later)
{
	assert(later->run);
	if (later->queued)
		return;
	later->queued = true;
	later->next = NULL;
	*l->last = later;
	l->last = &later->next;
}

void loop_forget(struct loop *l, struct later *later)
{
	struct later **at = &l->first;

	if (!later->queued)
		return;
	while (*at != later)
		at = &(*at)->next;
	*at = later->next;
	if (l->last == &later->next)
		l->last = at;
	later->queued = false;
}

static struct later *take_first(struct loop *l)
{
	struct later *later = l->first;

	if (!later)
		return NULL;
	l->first = later->next;
	if (!l->first)
		l->last = &l->first;
	later->queued = false;
	return later;
}

/* The end of a turn: durable first, then what leaves. What runs here may write and queue
 * again, which is a turn of its own. */
static void end_turn(struct loop *l)
{
	struct later *later;

	for (;;) {
		bool durable = !l->commit || l->commit(l->owner) == OK;

		if (!l->first)
			return;
		for (struct later **end = l->last; (later = take_first(l)) != NULL;) {
			bool final = end == &later->next;

			if (durable)
				later->run(later);
			if (final)
				break;
		}
	}
}

static void timer_event(int fd, short what, void *arg)
{
	struct timer *t = arg;

	(void)fd;
	(void)what;
	t->loop->called++;
	t->fired(t);
}

void timer_set(struct loop *l, struct timer *t, int64_t ms)
{
	struct timeval wait = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	assert(t->fired && ms >= 0);
	t->loop = l;
	if (!t->event)
		t->event = event_new(l->base, -1, 0, timer_event, t);
	assert(t->event);
	event_add(t->event, &wait);
}

void timer_stop(struct timer *t)
{
	if (t->event)
		event_free(t->event);
	t->event = NULL;
}

static void watch_event(int fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	w->loop->called++;
	w->ready(w, what & EV_READ, what & EV_WRITE);
}

void watch_set(struct loop *l, struct watch *w, bool read, bool write)
{
	if (w->event)
		event_free(w->event);
	w->event = NULL;
	w->loop = l;
	if (!read && !write)
		return;
	w->event = event_new(l->base, w->fd, (short)(EV_PERSIST | (read ? EV_READ : 0) | (write ? EV_WRITE : 0)),
			     watch_event, w);
	assert(w->event);
	event_add(w->event, NULL);
}

void loop_once(struct loop *l)
{
	l->clock_read = false;
	l->called = 0;
	event_base_loop(l->base, l->first ? EVLOOP_NONBLOCK | EVLOOP_ONCE : EVLOOP_ONCE);
	for (int called = 0, i = 1; l->commit && i < ROUNDS_MAX && l->called > called && !l->stopping; i++) {
		called = l->called;
		event_base_loop(l->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	}
	end_turn(l);
}

void loop_run(struct loop *l)
{
	for (l->stopping = false; !l->stopping;)
		loop_once(l);
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
	event_base_loopbreak(l->base);
}
