/* integration.h - one use of an adapter, ready to run: its contract, its configuration, its
 * sealed program. A model and a channel begin the same way. */
#ifndef CHELA_INTEGRATION_H
#define CHELA_INTEGRATION_H
#include "broker.h"
#include "seal.h"

struct integration {
	char *name;			/* of the connection: "work" */
	int line;			/* of assistant.conf */
	struct manifest *manifest;
	cJSON *config;			/* normal forms */
	char *base_origin;		/* from the owner's file, or NULL: the manifest's own */
	char *played_at;		/* "127.0.0.1:8080", or NULL: the service itself */
	int program;			/* descriptor of the sealed program */
	struct party party;		/* of all that it asks the broker for; points into this */
};

struct integration_conf {		/* what the owner's file says of it; borrowed */
	enum kind kind;
	const char *name, *adapter, *played_at;
	const cJSON *config;
	int line;
};

/* Reads the contract, verifies seal and consent. NULL, or why it cannot be used, with the
 * remedy, until the next call; *ret_note (owned) is a sentence worth showing when the seal is
 * stale, else NULL. */
const char *integration_open(const struct instance *i, const struct integration_conf *conf,
			     struct integration **ret, char **ret_note) MUST_USE;
void integration_free(struct integration *i);		/* NULL is fine */

#endif
