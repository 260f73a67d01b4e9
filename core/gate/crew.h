/* crew.h - sections run against an adapter in process, thousands a second, by as many
 * workers as there are processors.
 *
 * The adapter is a library (compile.h: adapter_library()), of its source or of a text that was
 * made of it, which names the adapter's own lines by #line. A worker is build/harness or
 * build/harness-sanitized: it loads the library and knows the manifest; it forks for each
 * job, under limits and a filter; the fork runs the sections one after the other, each with an
 * adapter whose state is zeroed. What an adapter does to its own process harms only that
 * fork: a crash, a sanitizer's report, an endless loop, exit() or silence is a red section, and the
 * job goes on behind it in another fork. Two runs find the same, in the same order.
 *
 * A verdict of this is no better than the adapter's process is whole: it says that code which
 * means well is right. What hostile code can do is judged by lint, build and the real filter. */
#ifndef CHELA_CREW_H
#define CHELA_CREW_H
#include "gate/check.h"
#include "gate/compile.h"
#include "gate/replay.h"

struct crew;

struct crew_red {
	const struct section *section;
	struct outcome outcome;		/* where in the page, and why; owned */
	bool died;			/* it did not come to its end: .what says how */
	char *source;			/* where in the adapter, or NULL: crew_place() may find it; owned */
	int source_line;
	uint64_t at;			/* where in the library; 0: not known */
};
struct crew_job {
	uint32_t mutant;		/* the one that is on (instrument.h): its place, plus one; 0: none */
	double dice;			/* as in struct replay */
	const struct section *const *sections;
	size_t n;
	bool all;			/* goes on after a red one; else that is the last */
	struct crew_red *reds;		/* found: in the order of the sections; owned */
	size_t reds_n;
};

/* NULL: *ret says why. Manifest and library are borrowed. */
struct crew *crew_new(const struct instance *i, enum harness mode, const char *library, const struct manifest *m,
		      struct failure *ret);
/* Runs all jobs; the same section may stand in many. False: *ret says why the machine could
 * not, and what was found counts for nothing. */
bool crew_run(struct crew *c, struct crew_job *jobs, size_t n, struct failure *ret) MUST_USE;
void crew_place(const struct crew *c, struct crew_red *r);	/* .source of one that died; takes some milliseconds */
void crew_job_free(struct crew_job *j);	/* what was found */
/* Of a text with probes: its counters, HITS_MAX (inside.h) of them, since crew_new(), all workers
 * together. Whether one is zero is exact, how many it counts is not. The caller may zero them
 * between runs. */
unsigned *crew_hits(struct crew *c);
void crew_free(struct crew *c);		/* NULL is fine */

#endif
