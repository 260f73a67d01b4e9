/* replay.h - a page's section against the real program: its process under its filter, the
 * core's own session, rendering, sorting and cutting (world.h); time, dice and the platform
 * are the page's.
 *
 * What is read and not yet run: webhooks, files, and a say that the core would render or
 * split. */
#ifndef CHELA_REPLAY_H
#define CHELA_REPLAY_H
#include "gate/page.h"

struct loop;
struct replay {			/* what is run */
	struct loop *loop;
	const struct manifest *manifest;
	int program;		/* descriptor; -1: its tools are operations, and nothing else */
	double dice;		/* 0..1, where the section does not say */
	const struct step **now;	/* told which step is run, for whoever may not come back; or NULL */
};
struct outcome {
	bool ok;
	int expectations;	/* ">" that held */
	const char *file;	/* where it failed; lives as long as the page */
	int line;
	char *what;		/* what failed */
	char *expected;		/* in the page's notation, or NULL */
	char *happened;		/* instead, in the page's notation, or NULL */
	char *remedy;
};
void replay_section(const struct replay *r, const struct section *s, struct outcome *ret);
bool section_rolls(const struct section *s);	/* it must hold whatever the dice say */
void outcome_free(struct outcome *o);

#endif
