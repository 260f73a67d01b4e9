/* lineup.h - who answers: the models of the configuration's `use` line, in its order, each
 * ready or with the reason why it is not. */
#ifndef CHELA_LINEUP_H
#define CHELA_LINEUP_H
#include "job.h"

struct seat {			/* one model of the `use` line */
	const struct conf_model *conf;
	bool keyed;		/* has every key that it needs */
	struct integration *model;	/* NULL: not ready */
	char *why;		/* not ready: the reason and the remedy; ready: NULL, or what to know */
};
struct lineup {
	struct seat *seats;
	size_t n;
	struct integration **ready;	/* those that are, in order */
	size_t ready_n;
};

struct lineup *lineup_open(const struct instance *i, struct secrets *s);
void lineup_free(struct lineup *l);

/* Tells the secrets which of them come from the environment or a file, as the
 * configuration says. */
void lineup_secrets(const struct instance *i, struct secrets *s);

/* The first model that has its keys, whether it is checked and enabled or not; NULL: none. */
const struct conf_model *lineup_choice(const struct instance *i, struct secrets *s);

/* Every secret that the channel needs and cannot have, in a sentence each with its remedy; NULL: it
 * lacks none. Owned. */
char *channel_keys_missing(const struct instance *i, const struct conf_channel *channel, struct secrets *s);

/* For which origin CONNECTION.SLOT is: NULL and the origin (owned), or why there is none. */
const char *secret_origin(const struct instance *i, const char *name, char **ret, char **ret_label, char **ret_obtain) MUST_USE;

#endif
