/* job.h - one turn of a model adapter: its process, its session and its requests, from
 * EVENT_TURN to its one answer. The process lives for this job only. */
#ifndef CHELA_JOB_H
#define CHELA_JOB_H
#include "spare.h"

struct loop;

/* A failure beside those of adapter.h: the adapter did what it must not. It is not asked again. */
enum { JOB_ATTACK = 1000 };

struct job;
struct job_owner {
	void (*delta)(struct job_owner *o, const char *text);
	/* Exactly once, from the loop; the job is freed after it returns. `result` or NULL and
	 * a failure; `why` is a sentence. */
	void (*done)(struct job_owner *o, const cJSON *result, int failure, const char *why);
};
struct job *job_new(struct loop *loop, struct broker *broker, struct spare *model, const cJSON *turn,
		    struct job_owner *owner);
void job_free(struct job *j);	/* stops it at once; no call to the owner; NULL is fine */

#endif
