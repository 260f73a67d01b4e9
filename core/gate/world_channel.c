/* world_channel.c - the half of a world that only a channel has: see world.h. */
#include "gate/world_parts.h"
#include "adapter/adapter.h"
#include "inbound.h"
#include <stdlib.h>
#include <string.h>

enum { KEEP_LATEST_MS = 5000 };		/* what is only kept is on disk by then */

/* ---- sockets ------------------------------------------------------------- */

static struct line *line_of(const struct world *w, uint32_t tag)
{
	struct line *l = w->lines;

	while (l && (l->gone || l->tag != tag))
		l = l->next;
	return l;
}

static struct line *line_by_id(const struct world *w, int id)
{
	struct line *l = w->lines;

	while (l && l->id != id)
		l = l->next;
	return l;
}

static void lose_line(struct world *w, uint32_t tag)
{
	struct line *l = line_of(w, tag);

	if (l)
		l->gone = true;
}

static void line_deed(struct world *w, enum step_word word, struct ask *a)
{
	struct deed *d = do_deed(w, word, word == DO_WS_FRAME ? body_of(&a->request) : NULL);
	const struct line *l = line_of(w, a->tag);

	d->line = l ? l->id : 0;
	d->status = a->code;
	if (word == DO_WS_FRAME && a->request.op->secret)
		d->secret = a->request.op->secret->name;
	if (word == DO_WS_OPEN) {
		d->url = a->request.url;
		a->request.url = NULL;
	}
}

static void open_line(struct world *w, struct ask *a)
{
	struct line *l = mem_new(1, sizeof *l), **at = &w->lines;

	lose_line(w, a->tag);
	*l = (struct line){ .id = ++w->lines_n, .tag = a->tag, .row = a->socket };
	while (*at)
		at = &(*at)->next;
	*at = l;
	line_deed(w, DO_WS_OPEN, a);
}

struct line *world_line(struct world *w, const char *label)
{
	struct line *l = w->lines;

	while (l && (l->gone || !l->up ||
		     (label ? !l->label || strcmp(l->label, label) != 0 : l->label != NULL)))
		l = l->next;
	return l;
}

const char *world_line_label(const struct world *w, int id)
{
	const struct line *l = line_by_id(w, id);

	return l ? l->label : NULL;
}

/* The page has seen that it is asked for: now it is up. */
void channel_label(struct world *w, int id, const char *label)
{
	struct line *l = line_by_id(w, id);

	if (!l || l->up)
		return;
	l->label = text_dup(label);
	l->up = true;
	l->first_ms = l->row->first_ms ? w->now_ms + l->row->first_ms : 0;
	if (!l->gone && session_up(w->session, l->tag))
		tell(w, &(struct adapter_event_out){ .kind = EVENT_OPEN, .tag = l->tag });
}

void world_text(struct world *w, struct line *l, const cJSON *message)
{
	bool plain = cJSON_IsString(message);
	DEFER(json_drop) cJSON *told = plain ? NULL : inbound_told(w->manifest, l->row->name, message);
	DEFER(text_free) char *json = plain ? NULL : json_print(told ? told : message);

	l->first_ms = 0;
	session_event(w->session, l->row->name, plain ? NULL : message);
	tell(w, &(struct adapter_event_out){ .kind = EVENT_TEXT,
					     .tag = l->tag,
					     .json = json,
					     .text = plain ? message->valuestring : NULL });
}

void world_closed(struct world *w, struct line *l, int code)
{
	l->gone = true;
	session_fell(w->session, l->tag);
	if (session_shut(w->session, l->tag))
		tell(w,
		     &(struct adapter_event_out){ .kind = EVENT_CLOSED, .tag = l->tag, .status = code });
}

/* ---- the clock ----------------------------------------------------------- */

void world_dice(struct world *w, double dice)
{
	w->dice = dice;
}

int64_t world_now(const struct world *w)
{
	return w->now_ms;
}

/* At the earliest a millisecond from now: nothing happens within nothing. */
static void set_timer(struct world *w, const struct ask *a)
{
	int64_t wait = a->wait_ms + (int64_t)(w->dice * (double)(a->to_ms - a->wait_ms));

	w->timers[a->tag] = a->to_ms == 0 ? 0 : w->now_ms + (wait > 0 ? wait : 1);
}

/* What is due first; 0: nothing. */
static int64_t first_due(const struct world *w, uint32_t *ret_timer, struct line **ret_line)
{
	int64_t due = 0;

	*ret_timer = 0;
	*ret_line = NULL;
	for (uint32_t tag = 1; tag <= TIMERS_MAX; tag++)
		if (w->timers[tag] && (!due || w->timers[tag] < due)) {
			due = w->timers[tag];
			*ret_timer = tag;
		}
	for (struct line *l = w->lines; l; l = l->next)
		if (!l->gone && l->up && l->first_ms && (!due || l->first_ms < due)) {
			due = l->first_ms;
			*ret_line = l;
		}
	return due;
}

void channel_save(struct world *w)
{
	json_drop(&w->saved);
	w->saved = cJSON_Duplicate(w->kept, true);
}

bool world_move(struct world *w, int64_t to_ms)
{
	uint32_t timer;
	struct line *line;

	for (int64_t due; !w->first && !w->red && (due = first_due(w, &timer, &line)) && due <= to_ms;) {
		w->now_ms = due;
		if (line) {
			world_closed(w, line, 0);
			continue;
		}
		w->timers[timer] = 0;
		tell(w, &(struct adapter_event_out){ .kind = EVENT_TIMER, .tag = timer });
	}
	if (!w->first)
		w->now_ms = to_ms;
	if (w->now_ms - w->kept_ms >= KEEP_LATEST_MS)
		channel_save(w);
	return w->now_ms == to_ms;
}

/* ---- acts ---------------------------------------------------------------- */

static void answered(struct world *w, uint32_t ref)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->acts_n; i++)
		if (w->acts[i].ref != ref)
			w->acts[kept++] = w->acts[i];
	w->acts_n = kept;
}

/* {"ref": 7, ...} */
static void answer(struct world *w, enum step_word word, uint32_t ref, cJSON *more)
{
	cJSON *value = json_build("{ref:%D}", (int64_t)ref);

	for (const cJSON *m = json_first(more); m; m = m->next)
		json_add(value, m->string, cJSON_Duplicate(m, true));
	json_drop(&more);
	do_deed(w, word, value);
	answered(w, ref);
}

static bool take_answer(struct world *w, struct ask *a)
{
	if (a->kind == ASK_RESULT)
		answer(w, DO_RESULT, a->ref, cJSON_Duplicate(a->json, true));
	else if (a->kind == ASK_FAILED)
		answer(w, DO_FAILED, a->ref, failure_json(a->class, a->text));
	else if (a->kind == ASK_AGAIN)
		answer(w, DO_AGAIN, a->ref, json_build("{after_ms:%D}", a->wait_ms));
	else
		return false;
	return true;
}

/* The next of an act that has no code. */
static void run(struct world *w, uint32_t ref, const struct answer *a)
{
	struct ask next;

	session_run(w->session, ref, a, &next);
	if (!take_answer(w, &next))
		ask(w, ref, next.tag, &next.request);
	ask_free(&next);
}

const char *world_act(struct world *w, const char *name, uint32_t ref, const cJSON *json, const char *key)
{
	const struct act *act = manifest_act(w->manifest, name);
	DEFER(text_free) char *invented = text_fmt("key-%u", ref);
	DEFER(text_free) char *text = NULL;

	if (ref <= w->last_ref)
		return "its \"ref\" is not greater than the one before";
	if (w->acts_n == REFS_MAX)
		return "too many acts are open";
	w->last_ref = ref;
	w->acts[w->acts_n++] = (struct open_act){ ref, act->runs_n == 0 };
	text = session_act(w->session, ref, act, json, key ? key : invented);
	if (act->runs_n)
		run(w, ref, NULL);
	else
		tell(w, &(struct adapter_event_out){
				.kind = EVENT_ACT, .ref = ref, .name = name, .json = text });
	return NULL;
}

uint32_t world_unanswered(const struct world *w)
{
	for (size_t i = 0; i < w->acts_n && !w->broken; i++) {
		const struct open *o = w->open;

		while (o && o->ref != w->acts[i].ref)
			o = o->next;
		if (!o)
			return w->acts[i].ref;
	}
	return 0;
}

bool channel_answer(struct world *w, const struct open *o, const struct answer *a)
{
	session_heard(w->session, o->ref, o->tag, a);
	for (size_t i = 0; i < w->acts_n; i++) {
		if (w->acts[i].ref != o->ref || w->acts[i].code)
			continue;
		if (session_answered(w->session, o->ref, o->tag))
			run(w, o->ref, a);
		return true;
	}
	return false;
}

/* ---- what it did --------------------------------------------------------- */

static void keep(struct world *w, struct ask *a)
{
	json_drop(&w->kept);
	w->kept = a->json;
	w->kept_ms = w->now_ms;
	a->json = NULL;
}

static void break_off(struct world *w, const struct ask *a)
{
	do_deed(w, DO_BROKEN, failure_json(a->class, a->text));
	w->broken = true;
	w->acts_n = 0;
	memset(w->timers, 0, sizeof w->timers);
	for (struct line *l = w->lines; l; l = l->next)
		l->gone = true;
}

static void ready(struct world *w, const struct ask *a)
{
	do_deed(w, DO_READY, json_build("{me:%s}", json_text(a->json, "/id")));
	json_drop(&w->me);
	w->me = cJSON_Duplicate(a->json, true);
}

bool channel_take(struct world *w, struct ask *a)
{
	if (take_answer(w, a))
		return true;
	switch (a->kind) {
	case ASK_OPEN: open_line(w, a); break;
	case ASK_FRAME: line_deed(w, DO_WS_FRAME, a); break;
	case ASK_CLOSE:
		line_deed(w, DO_WS_CLOSE, a);
		lose_line(w, a->tag);
		break;
	case ASK_SHUT:
		lose_line(w, a->tag);
		refused(w, a);
		break;
	case ASK_TIMER: set_timer(w, a); break;
	case ASK_DELIVER:
		do_deed(w, DO_DELIVER, a->json)->method = inbound_name(a->inbound);
		a->json = NULL;
		break;
	case ASK_READY: ready(w, a); break;
	case ASK_BROKEN: break_off(w, a); break;
	case ASK_KEEP: keep(w, a); break;
	default: return false;
	}
	return true;
}

/* ---- its life ------------------------------------------------------------ */

void world_start(struct world *w)
{
	world_kill(w);
	w->broken = false;
	w->last_ref = 0;
	start(w);
}

bool world_runs(const struct world *w)
{
	return w->process && !w->broken;
}

bool world_stop(struct world *w)
{
	if (!w->process)
		return false;
	tell(w, &(struct adapter_event_out){ .kind = EVENT_STOP });
	return true;
}

void channel_drop(struct world *w)
{
	while (w->lines) {
		struct line *l = w->lines;

		w->lines = l->next;
		free(l->label);
		free(l);
	}
	memset(w->timers, 0, sizeof w->timers);
	w->acts_n = 0;
}

void world_restart(struct world *w, bool crash)
{
	world_kill(w);
	if (crash) {
		json_drop(&w->kept);
		w->kept = cJSON_Duplicate(w->saved, true);
	}
}

void world_forget(struct world *w)
{
	json_drop(&w->kept);
	json_drop(&w->saved);
	json_drop(&w->me);
}

const cJSON *world_kept(const struct world *w)
{
	return json_at(w->kept, "/state");
}
