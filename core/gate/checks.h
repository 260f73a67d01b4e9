/* checks.h - what `chela check` was asked for: one contract, several, or all, in one report. */
#ifndef CHELA_CHECKS_H
#define CHELA_CHECKS_H
#include "instance.h"
#include <stdio.h>

enum checked { CHECKED_PASSED, CHECKED_REFUSED, CHECKED_USAGE };	/* the exit status */

/* The words: NAME..., or --all for every folder of specs/ with a manifest, sorted; and at
 * most one of --json, --junit, --tap. One that is refused refuses all, after all have been
 * checked. CHECKED_USAGE: they make no sense, and nothing was done. The working directory
 * is the project's folder. */
enum checked checks_run(const struct instance *i, int n, char **words, FILE *out);

#endif
