/* resident.h - the core that runs: the loop with everything on it, from a line that a
 * person types to the answer that is shown. It holds the instance's lock. */
#ifndef CHELA_RESIDENT_H
#define CHELA_RESIDENT_H
#include "instance.h"

/* Runs until SIGTERM or SIGINT; `ready` (-1: none) is closed once the control socket
 * listens. The lock is held already. NULL, or why it could not start. */
const char *resident_run(struct instance *i, int ready) MUST_USE;

#endif
