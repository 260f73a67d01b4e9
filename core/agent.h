/* agent.h - what all turns share: the models in their order, the tools' and the store's
 * other ends, and the text that says who the assistant is. */
#ifndef CHELA_AGENT_H
#define CHELA_AGENT_H
#include "job.h"
#include "store/store.h"

struct agent_parts {
	struct loop *loop;
	struct store *store;
	struct broker *broker;
	struct instance *instance;
	struct integration **models;		/* in the order of `use` */
	size_t models_n;
	int64_t again_ms;		/* before a model is asked again; 0: as in limits.h */
};
struct agent;
struct agent *agent_new(const struct agent_parts *parts);
void agent_free(struct agent *a);

const struct agent_parts *agent_parts(const struct agent *a);
struct spare *agent_model(const struct agent *a, size_t model);	/* for its jobs */
/* The system text, with the persona file as it is now; until the next call. */
const char *agent_system(struct agent *a);
/* Whether a person has not yet heard that this model fails so; from now on they have.
 * FAIL_NONE: it answered, so that a later failure is told again. */
bool agent_tells(struct agent *a, size_t model, int failure);

#endif
