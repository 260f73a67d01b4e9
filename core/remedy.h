/* remedy.h - why a model did not answer, in words for the person who waits, and what they
 * can do about it. */
#ifndef CHELA_REMEDY_H
#define CHELA_REMEDY_H
#include "job.h"

/* Owned: one or two sentences that begin with the model's name. */
char *remedy(const struct integration *m, int failure, const char *why);

#endif
