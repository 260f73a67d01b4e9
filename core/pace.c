/* pace.c - see pace.h */
#include "pace.h"
#include "limits.h"
#include <assert.h>

static bool stable(const struct pace *p, int64_t now_ms)
{
	return p->ready_ms && now_ms - p->ready_ms >= PACE_STABLE_MS;
}

static int64_t doubled(const struct pace *p)
{
	int64_t wait_ms = p->first_ms ? p->first_ms : PACE_FIRST_MS;

	for (int i = 1; i < p->failures && wait_ms < PACE_MOST_MS; i++)
		wait_ms *= 2;
	return wait_ms < PACE_MOST_MS ? wait_ms : PACE_MOST_MS;
}

void pace_failed(struct pace *p, int64_t now_ms, int64_t asked_ms, double dice)
{
	int64_t wait_ms, until_ms;

	assert(now_ms > 0 && dice >= 0 && dice <= 1);
	if (stable(p, now_ms))
		p->failures = 0;
	p->failures++;
	p->ready_ms = 0;
	wait_ms = (int64_t)((double)doubled(p) * (0.5 + dice / 2));
	if (asked_ms > wait_ms)
		wait_ms = asked_ms;
	if (wait_ms > PACE_ASKED_MAX_MS)
		wait_ms = PACE_ASKED_MAX_MS;
	until_ms = now_ms + wait_ms;
	if (until_ms > p->not_before_ms)
		p->not_before_ms = until_ms;
}

void pace_ready(struct pace *p, int64_t now_ms)
{
	assert(now_ms > 0);
	if (!p->ready_ms)
		p->ready_ms = now_ms;
}

bool pace_tried(struct pace *p, int64_t now_ms)
{
	if (!p->span_ms || now_ms - p->span_ms >= UPKEEP_SPAN_MS) {
		p->span_ms = now_ms;
		p->tries = 0;
	}
	if (++p->tries < UPKEEP_MAX)
		return false;
	if (p->not_before_ms < p->span_ms + UPKEEP_SPAN_MS)
		p->not_before_ms = p->span_ms + UPKEEP_SPAN_MS;
	return p->tries == UPKEEP_MAX;
}

int64_t pace_wait(const struct pace *p, int64_t now_ms)
{
	return p->not_before_ms > now_ms ? p->not_before_ms - now_ms : 0;
}
