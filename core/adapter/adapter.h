/* adapter.h - all that a generated adapter may include, and see of us. ABI version 1.
 *
 * An adapter translates between one service's words and ours. It is told of an
 * event, queues what should happen, and returns. It opens nothing, waits for
 * nothing, knows no secret, reads no clock, rolls no dice, and remembers nothing
 * that a restart may not lose. It defines exactly two global names, adapter_size
 * and adapter_event, and no variable that can change: state lives in its struct.
 *
 * A channel's process lives as long as the core. A tool's or a model's lives for
 * one job: EVENT_START, one EVENT_CALL or EVENT_TURN, and what follows from it
 * until the answer; then it is gone.
 *
 * Memory is never freed by hand. What hangs on the event is overwritten when
 * adapter_event() returns. What you made (json_*, text_*) goes with it in a
 * channel, and with the job in a tool or a model. struct adapter stays. Whatever
 * you hand to a host function is copied.
 *
 * Besides what is declared here you may call these of <string.h>: memchr memcmp memcpy
 * memmove memset strchr strcmp strcspn strlen strncmp strrchr strspn strstr. It is
 * compiled as gnu17 with -Wall -Wextra -Wshadow -Wvla -Wformat=2, and a warning is an
 * error: a parameter that you do not need wants a `(void)a;`.
 *
 * Fields, kinds and functions are added at the end, never changed. */
#ifndef CHELA_ADAPTER_H
#define CHELA_ADAPTER_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ADAPTER_ABI 1

enum event_kind {		/* [who is told] what hangs on it */
	EVENT_START = 1,	/* [all] first: .json {"config": {...}, "kept": as host_keep() left it, or absent} */
	EVENT_STOP,		/* [channel] last: close what is open */
	EVENT_HTTP,		/* [all] the last word on host_call(.ref, .tag): .status .failure .name .text .json */
	EVENT_PART,		/* [all] a whole piece of a streamed answer, before its EVENT_HTTP: .json, or
				 * .text where it is not JSON; .failure and .text where it tells of an error.
				 * .ref and .tag are those of its host_call() */
	EVENT_OPEN,		/* [channel] socket .tag is up */
	EVENT_TEXT,		/* [channel] a whole message on socket .tag: .json, or .text where it is not JSON */
	EVENT_CLOSED,		/* [channel] socket .tag is down: .status is the close code, 0 if none came, -1 if
				 * the core refused; never told of a socket that you closed, or whose tag you
				 * opened again */
	EVENT_TIMER,		/* [channel] timer .tag has run out */
	EVENT_WEBHOOK,		/* [channel] a verified request: .name its path, .json its body */
	EVENT_ACT,		/* [channel] do act .name ("send", "edit", ...) with .json; answer .ref. Only of
				 * acts that the manifest marks "code": the core does the others */
	EVENT_CALL,		/* [tool] use tool .name with checked arguments .json; answer .ref */
	EVENT_TURN,		/* [model] go on with the conversation .json (below); answer .ref */
};

enum failure {			/* each is a different thing for the core to do */
	FAIL_NONE,
	FAIL_INPUT,		/* they do not take this content: it is not tried again */
	FAIL_MISSING,		/* no such chat, message, model */
	FAIL_AUTH,		/* the credential is refused: a person must mend it */
	FAIL_PERMISSION,	/* we may not; say which scope or right is missing */
	FAIL_QUOTA,		/* credit or plan is used up: waiting does not help */
	FAIL_BUSY,		/* later: it was surely not done */
	FAIL_TOO_LARGE,		/* the core shortens and asks again */
	FAIL_PLATFORM,		/* their fault, or an answer that makes no sense */
	FAIL_NETWORK,		/* nobody knows whether it was done */
	FAIL_CONFLICT,		/* somebody else uses this account or line */
	FAIL_CLOSED,		/* the platform's window is shut: the core holds it back */
	FAIL_MOVED,		/* the chat has a new id, which the core read */
};

struct event {
	enum event_kind kind;
	uint32_t ref;		/* the request that it belongs to; 0: none, your own upkeep */
	uint32_t tag;		/* the number you gave when you asked */
	int status;		/* HTTP status or close code; 0: none came; -1: the core refused the
				 * arguments, and nothing left the machine */
	enum failure failure;	/* FAIL_NONE for 2xx, unless a row of the manifest's "errors" says otherwise,
				 * or what should be JSON is none (FAIL_PLATFORM); other answers are sorted by
				 * those rows first, then by status */
	const char *name;	/* act, tool, path; EVENT_HTTP: the "word" of the errors row that fitted, or NULL */
	const char *text;	/* as above; EVENT_HTTP with a failure: the reason in words, never NULL, fit
				 * for host_failed() and host_broken() */
	const cJSON *json;	/* only the members that the manifest's "shows" lets through; what is left out
				 * of an array is null there, so that positions stay. NULL where nothing is
				 * left, nothing came, or it is not JSON; so .json and .text of a piece may
				 * both be NULL, and its .text never is where it is not JSON */
};

/* You provide these two. The core makes `a` zeroed, adapter_size bytes. */
struct adapter;
extern const size_t adapter_size;
void adapter_event(struct adapter *a, const struct event *ev);

/* We provide the rest. host_* functions only queue: all of it happens, in order,
 * after adapter_event() has returned. A name that the manifest does not have, a ref
 * or tag that is not open, or an argument that the core fills in ("is") ends the
 * process. NULL args are {}. A value that does not fit, or is needed and absent,
 * does not: it comes back, with status -1. */

/* Ask for an operation. Its EVENT_HTTP comes exactly once, with this ref and tag,
 * whatever happens; retries and Retry-After have been dealt with by then. Until then the
 * same tag under the same ref is taken: asking again with it ends the process. */
void host_call(uint32_t ref, uint32_t tag, const char *operation, const cJSON *args);

/* Sockets: tags 1 to 4, yours to choose. Ask at once, the core paces. Opening a tag
 * that is open drops the old line first. A value that does not fit comes back as
 * EVENT_CLOSED with status -1, and for a frame the line is closed too. Closing what
 * is not open does nothing. */
void host_open(uint32_t tag, const char *socket, const cJSON *args);
void host_frame(uint32_t tag, const char *frame, const cJSON *args);
void host_close(uint32_t tag, int code);

/* Runs out once, at a moment the core picks from this span; tags 1 to 16. Setting
 * it again moves it; 0, 0 stops it. Closing a socket stops no timer. */
void host_timer(uint32_t tag, uint32_t from_ms, uint32_t to_ms);

/* Somebody wrote: the message stands at this JSON pointer (RFC 6901; "" is all of
 * it) in the event you were just told. The core reads id, chat, sender and text
 * there by the manifest's "inbound"; own, empty and known messages it drops. */
void host_deliver(const char *at);

/* Signed in. `me_at` points at our own id in this event, as the manifest's "me"
 * says; NULL: as before. Where nothing stands there, it counts as not said. */
void host_ready(const char *me_at);

/* Only a person can mend it. Sockets and timers are dropped, and nothing comes any more,
 * but EVENT_STOP perhaps. When it is mended the core starts you again: that is another
 * process, zeroed as at first, and EVENT_START brings what was kept. */
void host_broken(enum failure class, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Comes back as "kept" with EVENT_START; may be some seconds old after a crash.
 * NULL forgets. At most 16 KB as text. */
void host_keep(const cJSON *state);

/* [model] Text to show at once. It counts for nothing: the result does. */
void host_delta(uint32_t ref, const char *text);

/* Exactly one of these answers each request, at any time after it. After the
 * answer its open calls are given up: no event comes for them. An act's result is
 * NULL, for the core reads the ids itself. host_again: not now, ask me anew. */
void host_result(uint32_t ref, const cJSON *result);
void host_failed(uint32_t ref, enum failure class, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void host_again(uint32_t ref, uint32_t after_ms);

/* For whoever debugs; at most 1 KB a line, 16 lines an event. */
void host_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reading JSON. None of these complains: what is absent, null or of another type
 * reads as NULL, false, 0, or leaves *ret untouched; in a root or list that is NULL all is
 * absent. `at` is a JSON pointer. */
const cJSON *json_at(const cJSON *root, const char *at);
const char *json_text(const cJSON *root, const char *at);
bool json_is(const cJSON *root, const char *at, const char *text);	/* that very string */
bool json_true(const cJSON *root, const char *at);			/* only for true */
bool json_number(const cJSON *root, const char *at, int64_t min, int64_t max,
		 int64_t *ret);			/* a whole number within min..max */
const cJSON *json_first(const cJSON *list);	/* of an array or object; NULL: none */
const cJSON *json_next(const cJSON *item);	/* for (i = json_first(l); i; i = json_next(i)) */
const char *json_name(const cJSON *item);	/* the member's name within an object, else NULL */
int json_count(const cJSON *list);
bool json_is_object(const cJSON *item);				/* {...}, and not NULL, a list or text */
const cJSON *json_find(const cJSON *list, const char *at, const char *text);	/* the first with that; or NULL */

/* Making JSON. The guide names members in the order they shall stand:
 *
 *	json_make("{chat:%s,n:%d,on:%b,args:%j,who:{id:%s}}", chat, 3, true, args, id)
 *
 * %s const char *, %d int, %D int64_t, %b bool, %j const cJSON *. A NULL %s or %j
 * leaves its member out; a member whose value is written as 'word' is that string:
 * "{type:'text',text:%s}". %d, %D and %b always write theirs: a number or bool that may
 * be absent is given as %j. No spaces in a guide.
 *
 * Trees share what you put into them and nothing is copied. What came with an event and
 * must outlive it goes through json_copy() first. A list or object that you have put
 * into another is still the same one and can grow there; into a second place it goes
 * when it is complete. */
cJSON *json_make(const char *guide, ...);
cJSON *json_list(void);
void json_push(cJSON *list, const cJSON *item);			/* NULL: nothing */
void json_put(cJSON *object, const char *name, const cJSON *item);	/* at the end; replaces; NULL: nothing */
cJSON *json_string(const char *text);				/* NULL gives NULL */
cJSON *json_copy(const cJSON *item);				/* NULL gives NULL */
cJSON *json_parse(const char *text);				/* strict; NULL: not JSON */
const char *json_write(const cJSON *item);			/* as text, compact; NULL gives "null" */

/* Text. A struct text that is all zero is empty; text_of() is never NULL. */
struct text { char *at; size_t len, room; };
void text_add(struct text *t, const char *more);		/* NULL adds nothing */
const char *text_of(const struct text *t);
const char *text_make(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* %s %d %u %c %% and friends */
bool text_copy(char *to, size_t size, const char *from);	/* whole, or false and `to` empty; NULL is "" */
bool text_is(const char *a, const char *b);			/* equal; NULL equals nothing */
bool text_starts(const char *text, const char *with);		/* false where one is NULL */
bool text_blank(const char *text);				/* NULL, or only space, tab, CR and LF, or nothing */

/* A conversation, as EVENT_TURN brings it:
 *
 *	{"model": "m-1", "max_tokens": 4096, "effort": "high"?, "system": "..."?,
 *	 "tools": [{"name", "about", "schema"}],
 *	 "messages": [{"role": "user", "text"},
 *		      {"role": "assistant", "text", "calls": [{"id", "name", "args"}]?, "raw"?},
 *		      {"role": "tool", "id", "name", "text", "error": true?}]}
 *
 * "tools" may be empty; no text is empty but an assistant's with calls. Every call
 * has its "tool" message before the next user or assistant message. "raw" is what
 * you yourself gave for that message, unchanged. The result:
 *
 *	{"stop": "end", "text": "...", "calls": [{"id", "name", "args"}], "raw": any?,
 *	 "usage": {"in": 10, "out": 5, "cache_read": 0, "cache_write": 0}?}
 *
 * stop is one of end calls length refusal pause window other. "calls" is [] unless
 * stop is "calls": only then do they run. Each call has a non-empty id of its own within
 * its message, a name, and an object as args; so have those that EVENT_TURN brings.
 * Tokens are as billed: "in" counts cached ones too. */

/* What EVENT_ACT brings as .json, by .name; texts, unless said. "thread" is absent where
 * there is none. What the manifest's operations fill in by "is" ("send.text") you need not
 * read; "thread" and the like tell you which operation to use.
 *
 *	send	{chat, thread?, text}		one message: the text is in the service's marks, and fits
 *	edit	{chat, thread?, id, text}	change one that we sent
 *	reply	{chat, thread?, handle, text}	answer a command by its handle, of which you see "<handle>"
 *	react	{chat, thread?, id, mark, gone}	put a mark on a message; gone (bool): take it away
 *	typing	{chat, thread?, id, on}		show that somebody types an answer to message id; on false: stop
 *	confirm	{chat, thread?}			read what was sent lately: the core looks for its own there */

#endif
