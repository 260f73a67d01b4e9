/* session_parts.h - what session.c and channel.c share: the session itself. */
#ifndef CHELA_SESSION_PARTS_H
#define CHELA_SESSION_PARTS_H
#include "adapter/session.h"
#include "limits.h"

enum ref_state { REF_OPEN, REF_ANSWERED, REF_GIVEN_UP };
struct request_ref {
	uint32_t ref;
	enum ref_state state;
	int event_kind;
	const struct tool *tool;	/* of an EVENT_CALL */
	const struct act *act;		/* of a channel's */
	size_t step;			/* of an act without code: how many operations have been asked for */
	cJSON *core;			/* what "is" refers to */
	cJSON *gives;			/* ids that the core has read, or NULL */
	bool looked;			/* of the act confirm: an answer showed what was sent lately */
	int64_t after_ms;		/* what its last failure said, or 0 */
	bool sent;			/* something with the effect send may have been done */
	bool did;			/* what the act asks for was answered well */
	int64_t requests;		/* that were let through */
	char half[4];			/* of a surrogate pair, which ended the last delta; or "" */
};
struct call {
	uint32_t ref, tag;
	bool refused;
	const struct operation *op;
};
enum line_state { LINE_NONE, LINE_ASKED, LINE_UP, LINE_FALLEN };	/* fallen: and that has not been told */
struct line {
	const struct socket_row *socket;
	enum line_state state;
};
struct seen {				/* values that were told at one place; the newest stay */
	const char *place;		/* "gateway /d/session_id", of the manifest */
	cJSON *values;
};
struct session {
	const struct manifest *m;
	const cJSON *config;
	struct request_ref refs[REFS_MAX];
	size_t refs_n;
	struct call calls[OUTPUT_MAX];	/* whose EVENT_HTTP has not been told */
	size_t calls_n;

	/* a channel's */
	struct line lines[SOCKETS_MAX + 1];	/* by tag */
	struct seen *seen;
	size_t seen_n;
	cJSON *before;			/* {PLACE: [value]}: told to those before this process, and kept */
	cJSON *me;			/* {"id", "team"...}, or NULL */
	bool broken;
	const char *source;		/* where the event that is being told came from; NULL: nowhere */
	const cJSON *raw;
};

/* session.c */
const char *violate(const char *fmt, ...) PRINTF(1, 2);		/* the sentence, until the next call */
struct request_ref *find_ref(const struct session *s, uint32_t ref);
void add_ref(struct session *s, struct request_ref ref);
void close_ref(struct session *s, struct request_ref *r, enum ref_state state);
struct call *find_call(const struct session *s, uint32_t ref, uint32_t tag);
cJSON *words_of(const char *event, const cJSON *json);
char *quoted(struct str name);					/* fit for a sentence; owned */
const char *take_json(const struct wire_message *m, const char *what, cJSON **ret);
const char *check_names(const struct operation *op, const cJSON *args);
/* r NULL: upkeep */
void make_request(struct session *s, struct request_ref *r, const struct operation *op, const cJSON *args, struct ask *ret);

/* channel.c: what only a channel may ask for. NULL, or the violation */
const char *check_act(const struct request_ref *r, const struct operation *op);
const char *take_done(struct session *s, const struct wire_message *m, struct request_ref *r, struct ask *ret);
const char *take_open(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_frame(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_close(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_timer(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_deliver(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_ready(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_broken(struct session *s, const struct wire_message *m, struct ask *ret);
const char *take_keep(struct session *s, const struct wire_message *m, struct ask *ret);

#endif
