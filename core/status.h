/* status.h - how things stand, for `chela status` and whoever asks over the control socket. */
#ifndef CHELA_STATUS_H
#define CHELA_STATUS_H
#include "lineup.h"
#include "store/store.h"

/* {"name", "instance", "running", "models": [{"name", "adapter", "model", "state", "why"?}],
 *  "channels": [{"name", "adapter", "state", "why"?, "since"?, "people"}],
 *  "strangers": [{"connection", "sender", "count", "last"}], "inbox", "outbox",
 *  "lost": [{"row", "connection", "chat", "state", "why"?, "changed"}], "dead_letters",
 *  "audit": {"rows", "broken"?}, "usage": {...}}; owned.
 *
 * `channels` is given without "people", which is how many lines of the configuration let
 * somebody in; NULL: there are none. Strangers are those whom no line names by now either;
 * they and what was lost are the latest few. */
cJSON *status_build(const struct instance *i, const struct lineup *l, struct store *s, const cJSON *channels,
		    bool running);
/* The same in words, aligned. */
void status_print(const cJSON *status, struct buf *out);

#endif
