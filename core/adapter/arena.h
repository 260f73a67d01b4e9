/* arena.h - all the memory that an adapter process has, taken from the kernel before the
 * filter: malloc() and its kin of the whole process, cJSON and the C library included,
 * hand out pieces of it.
 *
 * There are two halves, which share one limit. In EVENT_MEMORY stands what the core told;
 * it is overwritten when the event is done, so that a pointer kept too long fails at once
 * and in tests, not some day. In OWN_MEMORY stands what the adapter made. Whatever runs
 * out of memory ends the process, and says so: malloc() never returns NULL here. */
#ifndef CHELA_ARENA_H
#define CHELA_ARENA_H
#include <stdbool.h>
#include <stddef.h>

enum arena_half { EVENT_MEMORY, OWN_MEMORY, ARENA_HALVES };

bool arena_make(size_t limit);			/* once, before anything asks for memory; false: errno tells */
void arena_use(enum arena_half half);		/* where malloc() takes from now on */
size_t arena_used(enum arena_half half);
size_t arena_peak(void);			/* most bytes of both since the last call */
void arena_empty(enum arena_half half, size_t to);	/* to what arena_used() once was; overwrites the rest */

#endif
