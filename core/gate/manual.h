/* manual.h - manuals of contracts (specs/README.md) whose examples are run.
 *
 * Their blocks, in fences long enough for what is in them:
 *
 *	page NAME		a whole page, run against tests/language/NAME
 *	page parsed NAME	a whole page that is only read
 *	manifest		a manifest
 *	page error [NAME]	pages that are refused, each followed by "=> " and the complaint
 *	steps error [NAME]	steps that are refused, likewise
 *	manifest error		manifests that are refused, likewise
 *
 * Every step and form of the language and everything that can be wrong with a page must
 * occur in some example. */
#ifndef CHELA_MANUAL_H
#define CHELA_MANUAL_H
#include "instance.h"
#include <stdio.h>

bool manual_run(const struct instance *i, int n, char **files, FILE *out);

#endif
