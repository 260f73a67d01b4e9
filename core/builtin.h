/* builtin.h - the tools that the core itself has: notes, what may I do, the time. They are
 * rows of a manifest (builtin.json, linked in), with effects like any other, and run only
 * after decide() allowed them. */
#ifndef CHELA_BUILTIN_H
#define CHELA_BUILTIN_H
#include "policy.h"

const struct manifest *builtin_manifest(void);		/* named "core" */
/* [{"name", "about", "schema"}] of what could be allowed, sorted by name. */
cJSON *builtin_offer(const struct conf *conf);
/* Checks, decides, runs. The result's text, owned; *ret_failed tells whether it is an error. */
char *builtin_call(struct store *s, const struct conf *conf, const struct task *task,
		   const char *name, const cJSON *args, bool *ret_failed);

#endif
