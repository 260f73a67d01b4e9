/* inbox.h - what came in, kept before it is acknowledged: the first durable point. A row
 * is known by connection, chat, kind, id and version; a second one is dropped. */
#ifndef CHELA_INBOX_H
#define CHELA_INBOX_H
#include "store/store.h"

struct inbound {
	const char *connection, *chat, *thread;	/* thread "" where there is none */
	const char *kind;			/* "message" */
	const char *id, *version;		/* version "" where there is none */
	const char *sender, *text;
	int64_t row;				/* set by inbox_next() */
};

/* The new row's number, or 0: known already. */
int64_t inbox_add(struct store *s, const struct inbound *in);
/* The oldest row that waits in this conversation, or in any (NULL connection) that has
 * no turn running. Texts are owned by the caller: inbound_free(). */
bool inbox_next(struct store *s, const char *connection, const char *chat, const char *thread,
		struct inbound *ret);
/* Turns that a crash left running, each with its inbox row: the first after *turn, which
 * becomes its number (0 begins). Owned as above. */
bool turn_open_next(struct store *s, int64_t *turn, struct inbound *ret);
void inbound_free(struct inbound *in);
void inbox_done(struct store *s, int64_t row);		/* its turn has ended */
int64_t inbox_waiting(struct store *s);

/* What could not be read, or ended its adapter twice: kept for a person, never retried. */
void dead_letter(struct store *s, const char *connection, const char *why, struct str bytes);
int64_t dead_letters(struct store *s);
/* Counts how often this event ended its adapter; the new count. */
int64_t poison_count(struct store *s, const char *connection, const char *event_key);

/* What an adapter keeps, by connection. */
void kept_set(struct store *s, const char *connection, const cJSON *state);	/* NULL forgets */
cJSON *kept_get(struct store *s, const char *connection);			/* owned, or NULL */

#endif
