/* history.h - what a model is shown of a conversation.
 *
 * A turn in the words of adapter.h is made of: the system text (who the assistant is and
 * the person's persona file), the offered tools, and the messages after the fold. Notes and
 * the summary of what was folded stand before the text of the first message, marked as
 * ours. Where several speak, each message says who it is. Nothing here holds a date or an id of ours, and messages are only ever added, so
 * that what a model was shown once stays the same bytes until something is folded or noted.
 *
 * Tokens are estimated as a quarter of the bytes of JSON, rounded up: within a third of
 * what providers count for European languages, and too many rather than too few for
 * others. Every call has its result: one that has none, after a crash or an interrupt,
 * is shown as unknown. */
#ifndef CHELA_HISTORY_H
#define CHELA_HISTORY_H
#include "conf.h"
#include "store/store.h"

/* The result of a call that may or may not have been done. */
#define HISTORY_UNKNOWN \
	"Unknown: the assistant was restarted while this ran, so nobody can tell whether it was done. " \
	"Look before you do it again."

struct integration;
struct history {
	struct store *store;
	const struct conf *conf;
	const char *system, *person;
	bool shared;			/* others read it: notes are not shown */
	int64_t conversation;
};

/* Owned. `persona` is what the person wrote about the assistant; NULL: nothing. */
char *history_system(const struct conf *c, const char *persona);

/* Owned: the same, and what is to be known where several people speak. */
char *history_system_for(const char *system, bool shared);

/* Owned. A tool result is shown up to so many characters. */
cJSON *history_turn(const struct history *h, const struct integration *m, int64_t result_chars);
int64_t history_tokens(const cJSON *json);

/* Up to which row to fold, so that what is left takes half of `budget` where it can; a
 * fold always ends before something that a person said. 0: there is nothing to fold. */
int64_t history_fold_row(const struct history *h, const struct integration *m, int64_t budget);
/* Owned: the turn that asks a model for the summary, itself within the budget. */
cJSON *history_summary_turn(const struct history *h, const struct integration *m, int64_t row, int64_t budget);
/* `summary` NULL: there is none, `why`; what was folded before stays, and a line says so.
 * Where the conversation was begun anew meanwhile, nothing is done. */
void history_fold(const struct history *h, int64_t row, const char *summary, const char *why);

#endif
