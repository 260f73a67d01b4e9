/* retry.h - whether and when a request is made again; no clock, dice are given. */
#ifndef CHELA_RETRY_H
#define CHELA_RETRY_H
#include "answer.h"

struct retry {
	bool again;
	int64_t wait_ms;
};

/* After attempt number `tries` (from 1). `retry_after_ms` < 0: the answer named none. A
 * stream of which something was shown is never asked again, nor what would have to wait
 * longer than RETRY_AFTER_MAX_MS. dice: 0..1. Waits without Retry-After double from 0.5 s
 * to 8 s, times 0.75..1. */
struct retry retry_decide(enum retry_rule rule, int tries, enum net net, int status,
			  int failure, int64_t retry_after_ms, bool shown, double dice);

/* The header values retry-after-ms, retry-after (seconds, or an HTTP date, with the date
 * header as "now"), each NULL where there is none; -1: they name no time. */
int64_t retry_after(const char *after_ms, const char *after, const char *date);

#endif
