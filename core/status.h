/* status.h - how things stand, for `chela status` and whoever asks over the control socket. */
#ifndef CHELA_STATUS_H
#define CHELA_STATUS_H
#include "lineup.h"
#include "store/store.h"

/* {"name", "instance", "running", "models": [{"name", "adapter", "model", "state", "why"?}], "inbox", "outbox",
 *  "dead_letters", "audit": {"rows", "broken"?}, "usage": {...}}; owned */
cJSON *status_build(const struct instance *i, const struct lineup *l, struct store *s, bool running);
/* The same in words, aligned. */
void status_print(const cJSON *status, struct buf *out);

#endif
