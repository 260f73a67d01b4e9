/* world.h - what an adapter lives in while a page is run: its process under the production
 * filter, and the core around it, which renders, sorts, cuts and trims with the core's own
 * code. The platform's part is played by whoever calls.
 *
 * Nothing moves by itself: each world_* function tells the adapter something and returns
 * when it is done with it. What it did meanwhile waits, in order, to be taken. Where it
 * broke a rule or crashed, world_red() has a sentence from then on. */
#ifndef CHELA_WORLD_H
#define CHELA_WORLD_H
#include "answer.h"
#include "gate/page.h"

struct loop;
struct world;

struct deed {			/* something the adapter did */
	enum step_word word;	/* DO_HTTP, DO_DELTA, DO_RESULT ... */
	const char *method, *secret;	/* of a request; secret: its name, or NULL; kind of a delivery */
	char *url;
	bool form;
	cJSON *headers;
	cJSON *value;		/* body, text, result, {"class", "why"}; or NULL */
	int call, line;		/* which request, which socket: for world_label() */
	int status;		/* close code */
	struct deed *next;
};

/* All borrowed. `program`: a descriptor, or -1 where tools are operations and nothing else. */
struct world *world_new(struct loop *loop, const struct manifest *m, int program);
void world_free(struct world *w);

/* What the owner's file sets, from now on; NULL: the defaults. NULL, or the complaint. */
const char *world_config(struct world *w, const cJSON *config) MUST_USE;
const char *world_base(const struct world *w);	/* what an address that begins with / stands for; "" */

/* A new process with one job: a turn, or a call of this tool. */
void world_turn(struct world *w, const cJSON *turn);
void world_call(struct world *w, const struct tool *tool, const cJSON *args);
bool world_owes(const struct world *w);	/* the job has no answer, and waits for none from outside */
void world_kill(struct world *w);		/* its process and all that was open are gone */

/* A request that waits for its answer: by its label, or the oldest without one (NULL). Where
 * there is none the functions below must not be called. */
struct open;
struct open *world_open(struct world *w, const char *label);
const struct operation *open_operation(const struct open *o);
void world_label(struct world *w, const struct deed *d, const char *label);
void world_part(struct world *w, struct open *o, const cJSON *piece);
void world_answer(struct world *w, struct open *o, int status, struct str body);
void world_lose(struct world *w, struct open *o);	/* no answer will come */

/* ---- a channel: a process that stays, sockets, timers, acts, a clock ---- */

void world_start(struct world *w);		/* with what was kept */
bool world_runs(const struct world *w);		/* it has been started, and has not said that it is broken */
bool world_stop(struct world *w);		/* tells it EVENT_STOP; false: nothing runs */
void world_restart(struct world *w, bool crash);	/* its process is gone; after a crash what it kept last may be, too */
void world_forget(struct world *w);		/* nothing is kept, and we do not know who we are */
const cJSON *world_kept(const struct world *w);	/* NULL: nothing */

/* Asks for an act. `ref` is the page's name for it; `key` what {core.key} stands for, NULL: one is
 * invented. NULL, or why it cannot be asked. */
const char *world_act(struct world *w, const char *act, uint32_t ref, const cJSON *json, const char *key) MUST_USE;
/* An act that has no answer, and waits for none from outside; 0: there is none. */
uint32_t world_unanswered(const struct world *w);

/* A socket that is up: by its label, or the oldest without one (NULL). */
struct line *world_line(struct world *w, const char *label);
const char *world_line_label(const struct world *w, int line);	/* of a deed's; NULL: none */
void world_text(struct world *w, struct line *l, const cJSON *message);	/* a string is no JSON */
void world_closed(struct world *w, struct line *l, int code);		/* 0: it broke */

void world_dice(struct world *w, double dice);
int64_t world_now(const struct world *w);
/* Moves the clock until something has been done, at most to this moment; true: it is there. */
bool world_move(struct world *w, int64_t to_ms);

const struct deed *world_deed(const struct world *w);	/* the first that was not taken; NULL: none */
void world_take(struct world *w);			/* it is claimed */
const char *world_red(const struct world *w);

#endif
