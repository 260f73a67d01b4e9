/* compile.h - from an adapter's source to its program: compiled strictly with adapter.h as
 * the only header of ours that it can see, judged as an object, linked with the runner. */
#ifndef CHELA_COMPILE_H
#define CHELA_COMPILE_H
#include "gate/check.h"

/* Writes `program` (and leaves nothing else). False: *ret says why. */
bool adapter_compile(const struct instance *i, const char *source, const char *program, struct failure *ret);

/* For the harness (crew.h): a library of a source that has been judged before, or of a text that
 * was made of one. Every edge of it counts, so that an endless loop ends; what is not
 * initialised holds nonsense, always the same. */
enum harness {
	HARNESS_PLAIN,			/* as fast as it can be */
	HARNESS_SANITIZED,		/* address and undefined */
};
bool adapter_library(const struct instance *i, const char *source, const char *library, enum harness mode,
		     struct failure *ret);
/* The source that an address of a library comes from; owned, or NULL. */
char *library_source(const char *library, uint64_t at, int *ret_line);
/* Follows its paths without running it. False: one of them reads what was never written, *ret says where. */
bool adapter_paths(const struct instance *i, const char *source, struct failure *ret);

#endif
