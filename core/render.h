/* render.h - from an operation and typed arguments to the request that leaves; no clock,
 * no socket, no secret.
 *
 * The core alone makes method, URL, headers and body, here. Arguments are checked and
 * brought to their normal form first. A secret is only named: the broker puts it in. */
#ifndef CHELA_RENDER_H
#define CHELA_RENDER_H
#include "manifest.h"

struct request {
	const struct operation *op;
	const struct secret_slot *secret;	/* or NULL */
	char *url;				/* whole */
	cJSON *headers;				/* {name: value}, lower-case names, without the secret */
	cJSON *json;				/* the body as a tree, or NULL */
	char *body;				/* the body's bytes, or NULL */
};

/* Checks `args` (NULL: none) against the table: unknown, missing, of the wrong type. NULL
 * and the normal forms (defaults filled in), or the complaint. */
const char *arguments_check(const struct argument *table, size_t n, const cJSON *args, cJSON **ret) MUST_USE;
cJSON *arguments_schema(const struct argument *table, size_t n);	/* JSON Schema of an object, as a model sees it */

/* `config` holds the owner's values (normal forms); `core` {name: value} what "is" and
 * {core.*} refer to, or NULL. NULL, or the complaint; then nothing is in *ret. */
const char *render(const struct manifest *m, const struct operation *op, const cJSON *config,
		   const cJSON *args, const cJSON *core, struct request *ret) MUST_USE;
void request_free(struct request *r);

/* Fills in what is absent from the manifest's defaults and checks the rest. */
const char *config_check(const struct manifest *m, const cJSON *given, cJSON **ret) MUST_USE;

/* scheme://host:port of a URL, lower-case, the port always there; NULL if it is none. Owned. */
char *url_origin(const char *url);

#endif
