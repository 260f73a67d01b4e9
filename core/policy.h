/* policy.h - may this task do this? The one function through which every operation goes,
 * built-in tools included. No rule that matches denies; `never` wins over `allow`.
 *
 * decide() writes its audit row before it returns: what it allowed may run, what it did
 * not, must not. What never gets so far, because it fits no operation, is denied and
 * written down by decide_unfit(). */
#ifndef CHELA_POLICY_H
#define CHELA_POLICY_H
#include "conf.h"
#include "store/store.h"

struct task {			/* on whose behalf something is asked */
	int64_t turn;
	const char *connection, *person;
	bool shared;		/* others read what comes of it */
};
struct decision {
	bool allowed;
	char rule[256];		/* what decided: the line of the file, or a sentence */
};

struct decision decide(struct store *s, const struct conf *conf, const struct task *task,
		       const char *integration, const struct operation *op, const cJSON *args);
/* `name` is no operation of the integration, or `args` (may be NULL) do not fit it: `why`. */
void decide_unfit(struct store *s, const struct task *task, const char *integration, const char *name,
		  const cJSON *args, const char *why);

/* The same verdict without a task and without an audit row: what the offer of tools and
 * `chela why` are made of. Each layer's word goes to `why` (may be NULL), a line each. */
struct decision would_decide(const struct conf *conf, const char *integration, const struct operation *op);
bool would_allow(const struct conf *conf, const char *integration, const struct operation *op,
		 const cJSON *args, struct buf *why);

#endif
