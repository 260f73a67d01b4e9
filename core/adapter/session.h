/* session.h - one adapter's side of the conversation: what it may ask now, and what each
 * of its messages means; no I/O, no clock.
 *
 * The core and the replayer of pages both drive adapters through this, so what a page
 * proves is what happens. The session knows which requests (refs), calls, sockets and
 * timers are open; it checks names against the manifest, renders operations, and turns
 * a wire message into a struct ask. What the manifest does not have, or what is not
 * open, is a violation: the process is ended. A value that does not fit is not: the ask
 * says so, and the adapter is told with status -1. A ref or tag that the core itself has
 * closed is stale: its message is dropped. */
#ifndef CHELA_SESSION_H
#define CHELA_SESSION_H
#include "manifest.h"
#include "render.h"
#include "adapter/wire.h"

struct session;

/* Of a model or a tool, for one job; both borrowed. */
struct session *session_new(const struct manifest *m, const cJSON *config);
void session_free(struct session *s);

/* A request that the core is about to tell (EVENT_CALL, EVENT_TURN); at most REFS_MAX for a
 * session. Its words are what "is" refers to: "turn.model", "call.id". */
void session_request(struct session *s, uint32_t ref, int event_kind, const char *name, const cJSON *json);
/* The core gives it up (time-out, interrupt): what still comes for it is stale. */
void session_give_up(struct session *s, uint32_t ref);
/* The EVENT_HTTP of this call is about to be told; false: it is no longer wanted. */
bool session_answered(struct session *s, uint32_t ref, uint32_t tag);
bool session_wants(const struct session *s, uint32_t ref, uint32_t tag);	/* for EVENT_PART */
bool session_open(const struct session *s, uint32_t ref);	/* not yet answered */

enum ask_kind {
	ASK_NOTHING,		/* stale, or dropped: nothing to do */
	ASK_CALL,		/* .request; its answer is due for .ref .tag */
	ASK_REFUSED,		/* a call that does not fit: tell .ref .tag status -1, .class and .text */
	ASK_READY, ASK_BROKEN,	/* .text; .class .text */
	ASK_KEEP,		/* .json, NULL forgets */
	ASK_DELTA,		/* .ref .text; whole characters, half of one waits for the next delta, and is
				 * not shown when none comes: the result tells it */
	ASK_RESULT,		/* .ref .json */
	ASK_FAILED,		/* .ref .class .text */
	ASK_AGAIN,		/* .ref .wait_ms */
	ASK_LOG,		/* .text */
};
struct ask {
	enum ask_kind kind;
	uint32_t ref, tag;
	struct request request;
	cJSON *json;
	char *text;
	int class;
	int64_t wait_ms;
};

/* NULL and *ret, or the violation as a sentence ("asked for the operation \"pay\", which
 * its manifest does not have"). Texts and trees have been through json_mend(). */
const char *session_take(struct session *s, const struct wire_message *m, struct ask *ret) MUST_USE;
void ask_free(struct ask *a);

/* A model's result, as adapter.h words it: NULL, or what is wrong (until the next call). */
const char *result_check(const cJSON *result) MUST_USE;

#endif
