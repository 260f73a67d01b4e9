/* conversation.h - what was said, by connection, chat and thread; turns and the calls made
 * in them (the second durable point).
 *
 * Messages are kept for ever; folding only marks how far a summary stands for them. */
#ifndef CHELA_CONVERSATION_H
#define CHELA_CONVERSATION_H
#include "store/store.h"

int64_t conversation_find(struct store *s, const char *connection, const char *chat, const char *thread);
/* Whether we have taken part there. */
bool conversation_known(struct store *s, const char *connection, const char *chat, const char *thread);
/* Whether anybody else has spoken with us there. */
bool conversation_has_others(struct store *s, int64_t conversation, const char *person);
/* Begins anew: what was said stays stored, the model no longer sees it. */
void conversation_reset(struct store *s, int64_t conversation);

/* `message` as in adapter.h: {"role", "text", "calls"?, "raw"?, "id"?, ...}; `adapter` made
 * its "raw", or NULL. */
int64_t conversation_add(struct store *s, int64_t conversation, int64_t turn, const cJSON *message,
			 const char *adapter);
/* [messages] after the fold, in order, each with "row"; "raw" only where `adapter` made it. */
cJSON *conversation_messages(struct store *s, int64_t conversation, const char *adapter);
char *conversation_summary(struct store *s, int64_t conversation);	/* owned; NULL: none */
/* From now on the summary stands for all messages up to this row; the mark only moves on. */
void conversation_fold(struct store *s, int64_t conversation, int64_t upto_row, const char *summary);
/* What the person said to whom this inbox row's turn answers, or does just now, has other words
 * from now on. */
void conversation_rewrite(struct store *s, int64_t inbox_row, const char *text);
/* Each thread of the old chat goes on in the new one's; its number stands for that one, too. */
void conversations_moved(struct store *s, const char *connection, const char *old, const char *new);

/* The inbox row (0: none) is no longer one that waits; inbox_done() when the turn ends. */
int64_t turn_begin(struct store *s, int64_t conversation, int64_t inbox_row, const char *origin);
void turn_end(struct store *s, int64_t turn, const char *state);	/* done failed stopped */
void turn_usage(struct store *s, int64_t turn, const char *model, int64_t in, int64_t out,
		int64_t cache_read, int64_t cache_write, int64_t micros);	/* micros < 0: price unknown */
int64_t turn_tokens(struct store *s, int64_t turn);	/* in and out, of all its answers so far */

/* A call is written before it runs and again when it has. */
int64_t call_begin(struct store *s, int64_t turn, const char *id, const char *name, const cJSON *args);
void call_end(struct store *s, int64_t call, const char *result, bool failed);
/* After a crash: [ {"call", "id", "name", "args"} ] without a result. */
cJSON *calls_unknown(struct store *s, int64_t turn);

struct totals { int64_t turns, in, out, cache_read, cache_write, micros, unpriced; };
struct totals usage_totals(struct store *s);

#endif
