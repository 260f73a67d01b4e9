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
	const char *person;			/* whose notes and rights: "owner", or another's own */
	const char *handle;			/* by which a command is answered; "" where there is none */
	int64_t row;				/* set by inbox_next() */
	bool shared;				/* others read there what is answered */
};

/* A command in a chat that others share is answered to its writer alone, and so has a conversation
 * of its own: this is its thread, which no platform has (owned). */
char *private_thread(const char *sender);
bool is_private(const char *thread);

/* The new row's number, or 0: known already. */
int64_t inbox_add(struct store *s, const struct inbound *in);
/* The oldest row that waits in this conversation, or in any (NULL connection) that has no turn
 * running: an owner's first, then one of somebody of whom fewer than PERSON_TURNS_MAX run. Texts are owned by the caller: inbound_free(). */
bool inbox_next(struct store *s, const char *connection, const char *chat, const char *thread,
		struct inbound *ret);
/* Turns that a crash left running, each with its inbox row: the first after *turn, which
 * becomes its number (0 begins). Owned as above. */
bool turn_open_next(struct store *s, int64_t *turn, struct inbound *ret);
struct inbound inbound_copy(const struct inbound *in);		/* owned */
void inbound_free(struct inbound *in);
void inbox_done(struct store *s, int64_t row);		/* its turn has ended */
int64_t inbox_waiting(struct store *s);
int64_t inbox_waiting_by(struct store *s, const char *person);
int64_t inbox_waiting_in(struct store *s, const char *connection, const char *chat, const char *thread);
/* The row whose turn runs in this conversation; 0: none does. */
int64_t inbox_running(struct store *s, const char *connection, const char *chat, const char *thread);

/* A message that came was changed by its sender, or (text NULL) taken back: one that waits is
 * answered as it now is, or not at all; of one that was answered the conversation holds the
 * new words from now on. `by`: only where that is who sent it; NULL: whoever did. False: no such
 * message, or this version of it came before. */
bool inbox_rewrite(struct store *s, const char *connection, const char *chat, const char *id,
		   const char *by, const char *version, const char *text);
/* All that is kept of a chat is from now on the other one's. */
void chat_moved(struct store *s, const char *connection, const char *old, const char *new);

/* Who wrote and is named nowhere in the configuration. Nothing of what they said is kept. How
 * often they have, this time included. */
int64_t stranger_count(struct store *s, const char *connection, const char *sender);
/* [{"connection", "sender", "count", "last"}], the latest first, `last` in ms. */
cJSON *strangers(struct store *s, int max);
void stranger_forget(struct store *s, const char *connection, const char *sender);

/* What could not be read, or ended its adapter twice: kept for a person, never retried. */
void dead_letter(struct store *s, const char *connection, const char *why, struct str bytes);
int64_t dead_letters(struct store *s);
/* Counts how often this event ended its adapter; the new count. */
int64_t poison_count(struct store *s, const char *connection, const char *event_key);
int64_t poison_times(struct store *s, const char *connection, const char *event_key);	/* so far */

/* What an adapter keeps, by connection. */
void kept_set(struct store *s, const char *connection, const cJSON *state);	/* NULL forgets */
cJSON *kept_get(struct store *s, const char *connection);			/* owned, or NULL */

#endif
