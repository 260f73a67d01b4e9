/* inside.h - an adapter in our own process: process.h without a process.
 *
 * inside.c takes the place of process.c where a harness is linked, so that world.c and
 * replay.c run unchanged: process_tell() hands the event over as the wire does, calls
 * adapter_event(), and what it queued is heard when it returns. State comes zeroed; what
 * hangs on the event, and what a channel made, is freed after it. Under a sanitizer each of
 * these is an allocation of its own, so that a pointer which is kept too long is seen.
 *
 * There is nobody to end but ourselves: whatever ends an adapter's process ends this one,
 * after inside_died() has been told how and where. */
#ifndef CHELA_INSIDE_H
#define CHELA_INSIDE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HITS_MAX = 1 << 16 };

/* For the adapter's text, where it was made to count or to choose (instrument.h); it declares
 * them itself: "extern uint32_t inside_mutant, *inside_hits;". */
extern uint32_t inside_mutant;		/* which mutant runs; 0: none */
extern uint32_t *inside_hits;		/* HITS_MAX counters, shared by all forks */

#endif
