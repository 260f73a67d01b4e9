/* inside.h - an adapter in our own process: process.h without a process.
 *
 * inside.c takes the place of process.c where a harness is linked, so that world.c and
 * replay.c run unchanged: process_tell() hands the event over as the wire does, calls
 * adapter_event(), and what it queued is heard when it returns. State comes zeroed; what
 * hangs on the event, and what a channel made, is gone after it. Under a sanitizer each
 * piece of that is an allocation of its own, so that a pointer which is kept too long is seen.
 *
 * There is nobody to end but ourselves: whatever ends an adapter's process ends ours, after
 * it was told in inside_end. */
#ifndef CHELA_INSIDE_H
#define CHELA_INSIDE_H
#include "err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HITS_MAX = 1 << 16 };

/* Of a text with probes (instrument.h). Its counters are shared by all forks; which mutant is on is
 * for whoever runs it to say. */
extern unsigned *__probe_hits, __probe_on;

/* Once: loads the adapter, and catches what would end us. NULL, or why not. */
const char *inside_load(const char *library) MUST_USE;

struct inside_end {			/* in memory that is shared with whoever waits for us */
	bool told;
	char what[700], remedy[300];
	char file[256];			/* of the adapter, where it is known */
	int line;
	uint64_t at;			/* where it stood within the library; 0: not in it */
};
extern struct inside_end *inside_end;

#endif
