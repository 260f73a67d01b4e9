/* spare.c - see spare.h */
#include "spare.h"
#include "limits.h"
#include "loop.h"
#include <stdlib.h>

struct spare {
	struct loop *loop;
	const struct integration *model;
	struct process *process;	/* that stands by, or NULL */
	struct process_owner owner;	/* of that one */
	struct timer start;
	bool due;			/* it is set */
	int64_t again_ms;
};

static struct process *begin(struct spare *s, struct process_owner *owner)
{
	struct process_limits limits = { .arena_bytes = s->model->manifest->limits.arena_bytes };

	return process_new(s->loop, s->model->program, true, limits, owner);
}

static void start(struct timer *t)
{
	struct spare *s = container_of(t, struct spare, start);

	s->due = false;
	if (!s->process)
		s->process = begin(s, &s->owner);
}

/* It was told nothing, so it has nothing to say. */
static void heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	(void)o;
	(void)outputs;
	(void)n;
}

/* Why is for the job to say to which it happens too. */
static void ended(struct process_owner *o, enum process_end end, const char *why)
{
	struct spare *s = container_of(o, struct spare, owner);

	(void)end;
	(void)why;
	process_free(s->process);
	s->process = NULL;
	s->due = true;
	timer_set(s->loop, &s->start, s->again_ms);
}

struct spare *spare_new(struct loop *loop, const struct integration *model, int64_t again_ms)
{
	struct spare *s = mem_new(1, sizeof *s);

	*s = (struct spare){ .loop = loop, .model = model, .owner = { heard, ended }, .start.fired = start,
			     .again_ms = again_ms ? again_ms : SPARE_AGAIN_MS };
	return s;
}

void spare_free(struct spare *s)
{
	if (!s)
		return;
	timer_stop(&s->start);
	process_free(s->process);
	free(s);
}

const struct integration *spare_model(const struct spare *s)
{
	return s->model;
}

void spare_soon(struct spare *s)
{
	if (!s->due)
		timer_set(s->loop, &s->start, SPARE_WAIT_MS);
	s->due = true;
}

struct process *spare_take(struct spare *s, struct process_owner *owner)
{
	struct process *p = s->process;

	s->process = NULL;
	spare_soon(s);
	if (!p)
		return begin(s, owner);
	process_hand_over(p, owner);
	return p;
}
