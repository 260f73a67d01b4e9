/* fence.h - how a fork of the harness shuts itself in. It has to let sanitizers and a replay live, so it
 * allows memory, signals of its own, its clock of processor time, and bytes on descriptors
 * that are open; nothing is opened, sent elsewhere, started or forked. Whatever else is tried
 * raises SIGSYS, which inside_end.c tells. */
#ifndef CHELA_FENCE_H
#define CHELA_FENCE_H
#include <stdbool.h>

enum { FENCE_STACK = 8 << 20 };	/* the replay's part, and a sanitizer's larger frames */

bool fence_make(void);		/* once, before any fork; false: this machine has no seccomp */
void fence_enter(void);		/* in the fork; what cannot be set ends it */

#endif
