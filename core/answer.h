/* answer.h - what came back, sorted and trimmed for the adapter: the manifest's "errors",
 * "why" and "shows"; no clock, no socket. */
#ifndef CHELA_ANSWER_H
#define CHELA_ANSWER_H
#include "manifest.h"

enum net { NET_OK, NET_UNSENT, NET_LOST };	/* no connection; sent, and nobody knows */

struct answer {
	int status;			/* HTTP; 0: none came */
	int failure;			/* enum failure */
	bool unsent;			/* no connection came about, at any try that counts */
	int64_t after_ms;		/* with a failure: what Retry-After said, though it is longer than we wait; or 0 */
	const char *word;		/* of the errors row, or NULL */
	char *why;			/* with a failure: the reason in words */
	cJSON *json;			/* what "shows" lets through, or NULL */
	cJSON *whole;			/* what came, before "shows": for the core alone; NULL for a part */
	cJSON *gives;			/* what the operation's "gives" names, or NULL */
	char *text;			/* of a text answer or a part that is not JSON; with a failure NULL */
};

/* `body` is the whole answer of a json or text operation, the error text of a stream
 * that was refused, or empty at a stream's end. */
void answer_sort(const struct manifest *m, const struct operation *op, enum net net, int status,
		 struct str body, struct answer *ret);
/* One piece of a stream. */
void answer_part(const struct manifest *m, const struct operation *op, struct str piece, struct answer *ret);
void answer_free(struct answer *a);

/* A reason fit for a person: one line without control characters, at most REASON_MAX
 * bytes. Owned. */
char *reason_clean(struct str text);

#endif
