/* render.h - from an operation and typed arguments to the request that leaves; no clock,
 * no socket, no secret.
 *
 * The core alone makes method, URL, headers and body, here. Arguments are checked and
 * brought to their normal form first. A secret is only named: the broker puts it in.
 *
 * A socket is opened and written to in the same way: its row's .open has only a URL, a frame
 * only a body, in which "{secret}" is what `core` holds as "secret". */
#ifndef CHELA_RENDER_H
#define CHELA_RENDER_H
#include "type.h"

struct request {
	const struct operation *op;
	const struct secret_slot *secret;	/* or NULL */
	char *url;				/* whole */
	cJSON *headers;				/* {name: value}, lower-case names, without the secret */
	cJSON *json;				/* the body as a tree, or NULL */
	char *body;				/* the body's bytes, or NULL */
};

/* `config` holds the owner's values (normal forms); `core` what we fill in ourselves, by
 * the names that "is" and {core.*} use: {"send.chat": ..., "core.key": ...}; or NULL. NULL,
 * or the complaint, which names the argument and stands until the next call; then nothing
 * is in *ret. The body may be larger than the manifest allows: see request_too_large(). */
const char *render(const struct manifest *m, const struct operation *op, const cJSON *config,
		   const cJSON *args, const cJSON *core, struct request *ret) MUST_USE;
void request_free(struct request *r);
bool request_too_large(const struct manifest *m, const struct request *r);

/* scheme://host:port of a URL, lower-case, the port always there; NULL if it is none, or NULL. Owned. */
char *url_origin(const char *url);

#endif
