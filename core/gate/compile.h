/* compile.h - from an adapter's source to its program: compiled strictly with adapter.h as
 * the only header of ours that it can see, judged as an object, linked with the runner. */
#ifndef CHELA_COMPILE_H
#define CHELA_COMPILE_H
#include "gate/check.h"

/* Writes `program` (and leaves nothing else). False: *ret says why. */
bool adapter_compile(const struct instance *i, const char *source, const char *program, struct failure *ret);

#endif
