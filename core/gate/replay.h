/* replay.h - a page's section against the real program: its process under its filter, the
 * core's own session, rendering, sorting and cutting; time, dice and the platform are
 * the page's. */
#ifndef CHELA_REPLAY_H
#define CHELA_REPLAY_H
#include "gate/page.h"

struct loop;
struct replay {			/* what is run */
	struct loop *loop;
	const struct manifest *manifest;
	int program;		/* descriptor */
	double dice;		/* 0..1, where the section does not say */
};
struct outcome {
	bool ok;
	int expectations;	/* ">" that held */
	const char *file;
	int line;		/* where it failed */
	char *what;		/* what failed, and what happened instead in the page's notation */
	char *remedy;
};
void replay_section(const struct replay *r, const struct section *s, struct outcome *ret);
void outcome_free(struct outcome *o);

#endif
