/* manifest.h - specs/NAME/manifest.json: the whole of what an integration can ever do,
 * read strictly and turned into tables.
 *
 * The format is described in specs/README.md. An unknown member, a missing one or a
 * value that makes no sense refuses the whole file with its line and a remedy. What is
 * read here is never changed; all pointers live as long as the struct manifest. */
#ifndef CHELA_MANIFEST_H
#define CHELA_MANIFEST_H
#include "json.h"
#include <stdint.h>

enum kind { KIND_CHANNEL, KIND_TOOL, KIND_MODEL };

enum effect {			/* a fixed set of nine */
	EFFECT_READ = 1 << 0, EFFECT_DRAFT = 1 << 1, EFFECT_WRITE = 1 << 2,
	EFFECT_SEND = 1 << 3, EFFECT_SHARE = 1 << 4, EFFECT_DELETE = 1 << 5,
	EFFECT_PAY = 1 << 6, EFFECT_ADMIN = 1 << 7, EFFECT_NET = 1 << 8,
};
enum { EFFECTS = 9 };
const char *effect_name(int bit);			/* bit 0..8: "read" */
unsigned effect_find(struct str name);			/* 0: no such effect */

enum arg_type {
	TYPE_ID,		/* opaque, 1 to 256 of A-Z a-z 0-9 and _.:@+=-/ */
	TYPE_WORD,		/* 1 to 128 printable ASCII, no space */
	TYPE_LINE,		/* one line, no control characters */
	TYPE_TEXT,		/* anything but NUL */
	TYPE_INT,		/* whole, within min..max */
	TYPE_AMOUNT,		/* "12.30 EUR" */
	TYPE_TIME,		/* RFC 3339 with a zone */
	TYPE_BOOL,
	TYPE_ENUM,		/* one of "values" */
	TYPE_EMAILS,		/* one or a list of addresses */
	TYPE_MESSAGE_ID,	/* RFC 5322 Message-ID */
	TYPE_URL,		/* https, fits "match" */
	TYPE_JSON,		/* only what "members" names; others are dropped */
};
enum role { ROLE_NONE, ROLE_DESTINATION, ROLE_PAYLOAD, ROLE_AMOUNT, ROLE_SELECTOR };

struct argument {
	const char *name, *about;
	enum arg_type type;
	enum role role;
	bool optional;
	int64_t min, max;		/* of an int; of the bytes of other types, 0 and INT64_MAX unless given */
	const cJSON *values;		/* [..] of an enum */
	const cJSON *members;		/* [patterns] of a json */
	const cJSON *fallback;		/* "default", or NULL */
	const char *match;		/* of a url: scheme and host, the host with one leading * at most */
	const char *is;			/* filled in by the core: "send.chat"; NULL: the caller gives it */
	const cJSON *seen;		/* ["SOURCE POINTER"] of a socket's: where it must have been told; or NULL */
};

enum secret_kind { SECRET_HEADER, SECRET_BEARER, SECRET_QUERY, SECRET_BASIC };
struct secret_slot {
	const char *name, *label, *obtain;
	enum secret_kind kind;
	const char *field;		/* name of the header or query parameter */
	const char *env;		/* looked for by first start, or NULL */
	bool optional;			/* a request may leave without it */
};

struct error_row {			/* the first that fits decides */
	int status_from, status_to;	/* 0, 0: any */
	bool part;			/* looks at parts of a stream, not at answers */
	const char *at;			/* pointer, or NULL; without is, has and in: something stands there */
	const char *is, *has;		/* the string there, or a piece of it */
	const cJSON *in;		/* [..] one of these */
	int class;			/* enum failure; FAIL_NONE counts as done */
	const char *word;		/* handed to the adapter as .name, or NULL */
	const char *remedy;		/* what a person can do: stands behind the reason; or NULL */
};

enum answer_kind { ANSWER_JSON, ANSWER_SSE, ANSWER_NDJSON, ANSWER_TEXT, ANSWER_NONE };
enum retry_rule {
	RETRY_NEVER,
	RETRY_BUSY,			/* only when it was surely not done: 429, 503, 529, no connection */
	RETRY_ALWAYS,			/* also when nobody knows: the request may be repeated */
};

struct operation {
	const char *name, *about, *method;
	const char *url;			/* NULL where the method is CORE: what the core does by itself */
	const struct secret_slot *secret;	/* NULL: none */
	const cJSON *headers;			/* {name: template}, or NULL */
	const struct argument *args;
	size_t args_n;
	const cJSON *body;			/* template, or NULL */
	bool form;				/* body as application/x-www-form-urlencoded, else JSON */
	enum answer_kind answer;
	unsigned effects;
	enum retry_rule retry;
	const cJSON *shows;			/* {pattern: labels}; NULL: nothing is shown */
	const struct error_row *errors;		/* its own; the manifest's follow */
	size_t errors_n;
	const cJSON *gives;			/* {name: pointer}: what a request's result holds, or NULL */
	struct { const char *at, *key, *id; } finds;	/* of a read under `confirm`: the messages (a pointer with
						 * one *), and where in each its key and its id stand; .at NULL: none */
};

struct socket_row {
	const char *name;
	struct operation open;			/* its .url, which begins with wss:// or an argument, and .args */
	const struct operation *frames;		/* their .args .body .secret .effects */
	size_t frames_n;
	int64_t frame_max;			/* bytes of a frame that we send */
	int64_t first_ms;			/* how long its first message may take; 0: for ever */
};
struct act {				/* what a channel can be asked to do */
	const char *name;
	const struct operation **runs;		/* these, one after the other; none: code does it */
	size_t runs_n;
};
enum inbound_kind {
	INBOUND_MESSAGE, INBOUND_EDIT, INBOUND_DELETE, INBOUND_REACTION, INBOUND_BUTTON,
	INBOUND_COMMAND,		/* a slash command: {name, text, handle?} */
	INBOUND_MOVED,			/* a chat has a new id: {old, new} */
};
struct inbound_row {			/* the first that fits says what somebody did */
	const char *in;				/* a socket or an operation */
	const cJSON *when;			/* {pointer: value}, or NULL */
	const char *at;				/* a pointer, whose steps may be *; "" is all of it */
	enum inbound_kind kind;
	const cJSON *json;			/* the row: templates by their names */
};
struct me_row {				/* where our own id stands; .in NULL: nowhere */
	const char *in, *at;
	const cJSON *when;
	const cJSON *also;			/* {name: pointer, or "SOURCE POINTER"}: more that tells us apart, such
						 * as "team"; or NULL */
};
enum text_unit { UNIT_CODE_POINT, UNIT_UTF16, UNIT_BYTE };
enum marks { MARKS_PLAIN, MARKS_MARKDOWN, MARKS_MRKDWN, MARKS_WHATSAPP, MARKS_HTML };

struct tool {				/* what the model sees */
	const char *name, *about;
	const struct argument *args;		/* of `is`: that operation's */
	size_t args_n;
	const struct operation *is;		/* one operation, no code */
	const struct operation **uses;		/* or code that composes these reads */
	size_t uses_n;
};

struct manifest {
	struct str text;			/* the file's bytes */
	cJSON *json;
	enum kind kind;
	const char *name, *about, *base;	/* base: common URL prefix, or NULL */
	const struct argument *config;		/* the owner sets these; "base" of type url is special */
	size_t config_n;
	const struct secret_slot *secrets;
	size_t secrets_n;
	const struct operation *operations;
	size_t operations_n;
	const struct tool *tools;
	size_t tools_n;
	const struct socket_row *sockets;
	size_t sockets_n;
	const struct act *acts;
	size_t acts_n;
	const struct inbound_row *inbound;
	size_t inbound_n;
	struct me_row me;
	struct { int64_t max; enum text_unit unit; enum marks marks; } text_form;	/* of one message; max 0: sends none */
	int64_t chat_gap_ms, all_gap_ms;	/* least time between two messages: in one chat, at all */
	int64_t stream_ms;			/* an answer that grows is edited at most so often; 0: never */
	int64_t typing_ms;			/* how long the act `typing` is seen; 0: no such act */
	const cJSON *emoji;			/* {"👀": "eyes"}: the service's word for a mark, or NULL */
	const struct error_row *errors;
	size_t errors_n;
	const cJSON *why;			/* [pointers] where a reason stands */
	const cJSON *words;			/* [..] protocol words, for the laws */
	struct { int64_t requests_per_job, request_bytes, answer_bytes, silence_ms, total_ms, arena_bytes, result_chars; } limits;
	void *pool;				/* owns the tables */
};

/* NULL and the manifest, or "FILE:LINE: what is wrong: remedy" (owned by the callee
 * until the next call). `file` is only for that sentence. */
const char *manifest_parse(struct str text, const char *file, struct manifest **ret) MUST_USE;
const char *manifest_read(const char *file, struct manifest **ret) MUST_USE;
void manifest_free(struct manifest *m);

const struct operation *manifest_operation(const struct manifest *m, const char *name);	/* NULL: none */
const struct tool *manifest_tool(const struct manifest *m, const char *name);
const struct secret_slot *manifest_secret(const struct manifest *m, const char *name);
const struct socket_row *manifest_socket(const struct manifest *m, const char *name);
const struct act *manifest_act(const struct manifest *m, const char *name);
const char *kind_name(enum kind kind);
const char *inbound_name(enum inbound_kind kind);	/* "message" */
const char *emoji_word(const struct manifest *m, const char *mark);	/* the service's word, or the mark itself */
const char *emoji_mark(const struct manifest *m, const char *word);	/* the mark, or the word itself */
const char *failure_name(int class);			/* "busy"; the words of pages and errors rows */
int failure_find(const char *name);			/* -1: no such class */

/* What it can do, in plain words, a line each, for `chela enable`. */
void manifest_describe(const struct manifest *m, struct buf *out);

#endif
