/* manual.h - a manual of contracts (specs/README.md) whose examples are run.
 *
 * Its blocks, in fences long enough for what is in them:
 *
 *	page NAME		a whole page, run against tests/language/NAME
 *	page parsed NAME	a whole page that is only read
 *	page error [NAME]	a page that is refused: the next block, complaint, says how
 *	manifest		a manifest
 *	manifest error		one that is refused; a complaint follows
 *
 * Every step and form of the language and everything that can be wrong with a page must
 * occur in some example. */
#ifndef CHELA_MANUAL_H
#define CHELA_MANUAL_H
#include "instance.h"
#include <stdio.h>

bool manual_run(const struct instance *i, const char *file, FILE *out);

#endif
