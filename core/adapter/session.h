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
#include "answer.h"
#include "manifest.h"
#include "render.h"
#include "adapter/wire.h"

struct session;

/* Of a model or a tool for one job, of a channel for one life of its process; both borrowed. */
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

/* ---- channels ----
 *
 * What the core knows from before: the last ASK_KEEP, and who we are; NULL: nothing. Copied. */
void session_begin(struct session *s, const cJSON *kept, const cJSON *me);

/* An act, as session_request(). `key` is what {core.key} stands for under send, edit, reply and
 * confirm: its row's own; NULL: nothing. What its adapter is told, as JSON, owned: a mark in the
 * service's word, and of a handle only that there is one. */
char *session_act(struct session *s, uint32_t ref, const struct act *act, const cJSON *json, const char *key) MUST_USE;

bool session_sent(const struct session *s, uint32_t ref);	/* an open act may have sent something already */

/* What comes from a socket or an operation is about to be told (of a socket's: as
 * inbound_told() has it): until the next event, this is where pointers lead. `raw` is borrowed as long; NULL: it was no JSON. */
void session_event(struct session *s, const char *source, const cJSON *raw);
/* The same for the answer to a call; before session_answered(). */
void session_heard(struct session *s, uint32_t ref, uint32_t tag, const struct answer *a);

bool session_up(struct session *s, uint32_t tag);	/* the line is up; false: nobody wants it any more */
void session_fell(struct session *s, uint32_t tag);	/* the line is down: frames for it are stale until it is told */
bool session_listens(const struct session *s, uint32_t tag);	/* for EVENT_TEXT: the adapter has not closed it */
bool session_shut(struct session *s, uint32_t tag);	/* EVENT_CLOSED is about to be told; false: not wanted */

enum ask_kind {
	ASK_NOTHING,		/* stale, or dropped: nothing to do */
	ASK_CALL,		/* .request; its answer is due for .ref .tag */
	ASK_REFUSED,		/* a call that does not fit: tell .ref .tag status -1, .class and .text */
	ASK_OPEN,		/* .tag .socket, .request.url; a line that is open there is dropped */
	ASK_FRAME,		/* .tag .request: its .op is the frame, a secret in its body is "<NAME>"; .json are
				 * the arguments, to render it again with the secret itself */
	ASK_CLOSE,		/* .tag .code */
	ASK_SHUT,		/* what does not fit: drop line .tag, tell it closed with status -1; .text says why */
	ASK_TIMER,		/* .tag .wait_ms to .to_ms; to 0: stop it */
	ASK_DELIVER,		/* .inbound .json: what somebody did */
	ASK_READY,		/* .json: who we are, {"id", and the names of "also"}, or NULL */
	ASK_BROKEN,		/* .class .text; sockets, timers and open requests are dropped */
	ASK_KEEP,		/* .json: {"state": for its next start, "seen": {PLACE: [value]}}, what of the state
				 * was told there, and may be used again; NULL forgets */
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
	int class, code;
	bool unsent;		/* ASK_FAILED of an act: for certain, nothing that sends was done; .wait_ms: what the
				 * service said, or 0 */
	int64_t wait_ms, to_ms;
	const struct socket_row *socket;
	enum inbound_kind inbound;
};

/* NULL and *ret, or the violation as a sentence ("asked for the operation \"pay\", which
 * its manifest does not have"). Texts and trees have been through json_mend(). */
const char *session_take(struct session *s, const struct wire_message *m, struct ask *ret) MUST_USE;

/* An act that is a list of operations has no code: its next step, which is ASK_CALL with a
 * tag that counts, ASK_RESULT or ASK_FAILED. `answer` is that of the step before, or NULL. */
void session_run(struct session *s, uint32_t ref, const struct answer *answer, struct ask *ret);
void ask_free(struct ask *a);

/* A model's result, as adapter.h words it: NULL, or what is wrong (until the next call). */
const char *result_check(const cJSON *result) MUST_USE;

#endif
