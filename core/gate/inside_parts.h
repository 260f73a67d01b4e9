/* inside_parts.h - what the files of the harness share: memory that goes with an event, and how
 * we end. */
#ifndef CHELA_INSIDE_PARTS_H
#define CHELA_INSIDE_PARTS_H
#include "gate/inside.h"

/* inside_heap.c: who asks for memory now? All of malloc() and its kin is counted for them. */
enum heap { HEAP_OURS, HEAP_EVENT, HEAP_OWN, HEAPS };
enum heap heap_use(enum heap h);		/* returns what was before */
enum heap heap_used_by(void);
void heap_limit(size_t bytes);			/* of HEAP_EVENT and HEAP_OWN together */
size_t heap_peak(void);				/* most bytes of both since the last call */
void heap_empty(enum heap h);

/* inside_end.c */
void end_catch(uintptr_t from, uintptr_t to);	/* where the library stands */
void end_watch(bool event);			/* an event begins, or is over: its time and its edges count */
_Noreturn void end_told(const char *remedy, const char *fmt, ...) PRINTF(2, 3);

#endif
