/* world_parts.h - what world.c and world_channel.c share: the world itself. */
#ifndef CHELA_WORLD_PARTS_H
#define CHELA_WORLD_PARTS_H
#include "adapter/process.h"
#include "adapter/session.h"
#include "gate/world.h"
#include "limits.h"

enum { REFUSALS_MAX = 100 };	/* one after the other: more is a circle */

struct open {			/* a request whose answer has not come */
	int call;
	uint32_t ref, tag;
	const struct operation *op;
	char *label;
	struct stream *stream;	/* NULL: it answers in one piece */
	struct open *next;
};
struct refusal {		/* what did not fit: that it is refused waits to be told */
	bool socket;		/* a socket or a frame; else a call */
	uint32_t ref, tag;
	int class;
	char *why;
	struct refusal *next;
};

struct line {			/* a socket */
	int id;
	uint32_t tag;
	const struct socket_row *row;
	char *label;
	bool up, gone, heard;
	int64_t first_ms;	/* when its first message is overdue */
	struct line *next;
};

struct world {
	struct loop *loop;
	const struct manifest *manifest;
	int program;
	cJSON *config;
	struct process_owner owner;
	struct process *process;
	struct session *session;
	uint32_t ref;			/* of the job; they are counted through a section */
	bool waits;
	int calls;
	struct open *open;		/* the oldest first */
	struct refusal *refusals;
	struct deed *first, **last;
	char *red;

	/* a channel's */
	double dice;
	int64_t now_ms;
	int64_t timers[TIMERS_MAX + 1];	/* by tag: when it runs out; 0: not set */
	struct line *lines;		/* the oldest first; those that are gone stay for their labels */
	int lines_n;
	struct open_act { uint32_t ref; bool code; } acts[REFS_MAX];	/* that wait for their answer */
	size_t acts_n;
	uint32_t last_ref;
	cJSON *kept, *saved;		/* the last ASK_KEEP; what a crash would leave of it */
	int64_t kept_ms;
	cJSON *me;
	bool broken;
};

/* world.c */
void go_red(struct world *w, const char *why);
struct deed *do_deed(struct world *w, enum step_word word, cJSON *value);
void ask(struct world *w, uint32_t ref, uint32_t tag, struct request *r);	/* a request leaves */
void refused(struct world *w, struct ask *a);
cJSON *body_of(struct request *r);
cJSON *failure_json(int class, const char *why);
void start(struct world *w);
void tell(struct world *w, const struct adapter_event_out *event);

/* world_channel.c */
bool channel_take(struct world *w, struct ask *a);	/* false: it is nothing that only channels do */
bool channel_answer(struct world *w, const struct open *o, const struct answer *a);	/* true: nothing is left to tell */
void channel_label(struct world *w, int line, const char *label);	/* the page has asked for this socket: it is up */
void channel_save(struct world *w);			/* an event is over, and on disk */
void channel_drop(struct world *w);			/* its process is gone */

#endif
