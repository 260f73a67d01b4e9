/* poison.h - events that ended their adapter: one that did so twice is a dead letter, and is
 * not told again. Only what came from outside counts: messages, answers, acts, and what was kept. */
#ifndef CHELA_POISON_H
#define CHELA_POISON_H
#include "news.h"
#include "store/store.h"

char *poison_key(const struct news *n);		/* what makes it the same as another; owned, NULL: it does not count */
bool poison_known(struct store *s, const char *connection, const char *key);	/* must not be told */
void poison_ended(struct store *s, const char *connection, const char *key, const struct news *n, const char *why);

#endif
