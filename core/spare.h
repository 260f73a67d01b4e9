/* spare.h - where the processes of a model's jobs come from. One stands by: started ahead, shut
 * in, and told nothing, so that a job need not wait until a program is loaded. It lives for that
 * one job all the same. */
#ifndef CHELA_SPARE_H
#define CHELA_SPARE_H
#include "adapter/process.h"
#include "integration.h"

struct spare;

/* No process stands by before the first was taken, or asked for. `again_ms`: the pause after one
 * that died while it waited; 0: as in limits.h. */
struct spare *spare_new(struct loop *loop, const struct integration *model, int64_t again_ms);
void spare_free(struct spare *s);			/* and the process that stands by; NULL is fine */

const struct integration *spare_model(const struct spare *s);
void spare_soon(struct spare *s);			/* one shall stand by, in a moment */
struct process *spare_take(struct spare *s, struct process_owner *owner);	/* the caller's from now on */

#endif
