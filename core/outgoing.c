/* outgoing.c - see outgoing.h.
 *
 * What lasts is in the rows. Kept here is what is under way, and waits by the loop's clock: a
 * lane for each chat in which there is any. */
#include "outgoing.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "log.h"
#include "loop.h"
#include "split.h"
#include "store/outbox.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum step { STEP_SEND, STEP_REPLY, STEP_EDIT, STEP_CONFIRM };
static const char *const acts[] = {
	[STEP_SEND] = "send", [STEP_REPLY] = "reply", [STEP_EDIT] = "edit", [STEP_CONFIRM] = "confirm"
};

struct lane {			/* one chat */
	struct lane *next;
	char *chat;
	int64_t gap_ms;		/* no new message before */
	uint32_t ref;		/* of the act that is open; 0: none is */
	enum step step;
	int64_t row;		/* that it is about, until that has its end; what follows is about it too */
	int64_t confirm_ms;	/* it is not looked for before */
	int confirms;		/* that failed */
};

struct outgoing {
	struct loop *loop;
	struct store *store;
	struct connection *connection;
	const struct manifest *manifest;
	const char *name;	/* of the connection */
	struct lane *lanes;
	int64_t gap_ms;		/* no new message in any chat before */
	int64_t wake_ms;	/* when the first of those that wait here may go */
	bool full;		/* the connection takes no act now */
	bool changed;		/* a row made way for the next one */
	struct timer due;
};

static bool claims(const struct outgoing *o, enum step step)
{
	return manifest_act(o->manifest, acts[step]) != NULL;
}

/* ---- lanes --------------------------------------------------------------- */

static struct lane *lane_find(const struct outgoing *o, const char *chat)
{
	struct lane *l = o->lanes;

	while (l && strcmp(l->chat, chat) != 0)
		l = l->next;
	return l;
}

/* The lane of this row's chat, which is from now on about this row. */
static struct lane *lane_take(struct outgoing *o, const struct outbound *out)
{
	struct lane *l = lane_find(o, out->chat);

	if (!l) {
		l = mem_new(1, sizeof *l);
		l->chat = text_dup(out->chat);
		l->next = o->lanes;
		o->lanes = l;
	}
	if (l->row != out->row) {
		l->row = out->row;
		l->confirm_ms = 0;
		l->confirms = 0;
	}
	return l;
}

static void lanes_drop(struct outgoing *o, bool all)
{
	for (struct lane **at = &o->lanes, *l; (l = *at) != NULL;) {
		if (!all && (l->ref || l->row || l->gap_ms > loop_now_ms(o->loop))) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		free(l->chat);
		free(l);
	}
}

/* ---- ends, and waits ----------------------------------------------------- */

static void lost(struct outgoing *o, struct lane *l, void (*end)(struct store *s, int64_t row, const char *why),
		 const char *why)
{
	DEFER(text_free) char *row = text_fmt("%" PRId64, l->row);

	log_event(LOG_ODD, "not delivered", "connection", o->name, "row", row, "why", why, NULL);
	end(o->store, l->row, why);
	l->row = 0;
}

static void nobody_knows(struct outgoing *o, struct lane *l, const char *why)
{
	DEFER(text_free) char *all = text_fmt("nobody knows whether it arrived: %s", why);

	lost(o, l, outbox_given_up, all);
}

static int64_t growing(int64_t tries)
{
	int64_t wait = SEND_WAIT_FIRST_MS;

	for (int64_t i = 1; i < tries && wait < SEND_WAIT_MOST_MS; i++)
		wait *= 2;
	return wait < SEND_WAIT_MOST_MS ? wait : SEND_WAIT_MOST_MS;
}

static void later(struct outgoing *o, const struct lane *l, int64_t wait_ms)
{
	if (wait_ms > SEND_WAIT_MOST_MS)
		wait_ms = SEND_WAIT_MOST_MS;
	outbox_later(o->store, l->row, store_now(o->store) + (wait_ms > 0 ? wait_ms : 0));
}

/* It was surely not done. */
static void retry(struct outgoing *o, struct lane *l, const struct outbound *out, int64_t wait_ms, const char *why)
{
	if (out->tries < SEND_TRIES)
		later(o, l, wait_ms);
	else
		lost(o, l, outbox_failed, why);
}

/* It may have been done. An edit may be repeated. So may a reply, though there it is seen: only its
 * reader sees it, nobody can look for it, and no answer is worse than two. */
static void wonder(struct outgoing *o, struct lane *l, const struct outbound *out, const char *why)
{
	if (l->step == STEP_EDIT || l->step == STEP_REPLY)
		retry(o, l, out, growing(out->tries), why);
	else if (!claims(o, STEP_CONFIRM) || out->tries >= SEND_TRIES)
		nobody_knows(o, l, why);
	else {
		outbox_unknown(o->store, l->row);
		l->confirm_ms = loop_now_ms(o->loop) + growing(out->tries);
	}
}

static void smaller(struct outgoing *o, struct lane *l, const struct outbound *out, const char *why)
{
	int64_t units = text_units(str_of(out->text), o->manifest->text_form.unit), max = o->manifest->text_form.max;
	int64_t half = (units < max ? units : max) / 2;
	DEFER(json_drop) cJSON *pieces = half < SEND_UNITS_LEAST ? NULL :
					 split_text(out->text, half, o->manifest->text_form.unit, o->manifest->text_form.marks);

	if (json_count(pieces) > 1)
		outbox_cut(o->store, l->row, pieces);
	else
		lost(o, l, outbox_failed, why);
}

/* They do not take it as it is: a message that can no longer be changed is a new one. The answer
 * to a command is for one person, so it never becomes a message that all can read. */
static void refused(struct outgoing *o, struct lane *l, const char *why)
{
	if (l->step == STEP_EDIT)
		outbox_anew(o->store, l->row);
	else
		lost(o, l, outbox_failed, why);
}

/* ---- answers ------------------------------------------------------------- */

static void done(struct outgoing *o, struct lane *l, const cJSON *ids)
{
	const char *id = json_text(ids, "/id");

	if (l->step == STEP_CONFIRM && !id) {
		later(o, l, 0);			/* surely not there */
		return;
	}
	outbox_sent(o->store, l->row, id);
	l->row = 0;
}

/* At least as long as they say. */
static void put_off(struct outgoing *o, struct lane *l, const struct outbound *out, int64_t after_ms, const char *why)
{
	int64_t wait = growing(out->tries);

	if (after_ms > SEND_WAIT_MOST_MS)	/* longer than a row waits by the wall clock */
		l->gap_ms = loop_now_ms(o->loop) + (after_ms < PACE_ASKED_MAX_MS ? after_ms : PACE_ASKED_MAX_MS);
	retry(o, l, out, after_ms > wait ? after_ms : wait, why);
}

static void failed(struct outgoing *o, struct lane *l, const struct outbound *out, const struct act_answer *answer)
{
	const char *why = answer->why ? answer->why : failure_name(answer->class);

	switch (answer->class) {
	case FAIL_PLATFORM: case FAIL_NETWORK:
		if (!answer->unsent) {
			wonder(o, l, out, why);
			break;
		}
		/* fall through */
	case FAIL_BUSY: case FAIL_CONFLICT:
		put_off(o, l, out, answer->after_ms, why);
		break;
	case FAIL_CLOSED:
		if (l->step == STEP_SEND)
			retry(o, l, out, growing(out->tries), why);
		else
			refused(o, l, why);
		break;
	case FAIL_AUTH:				/* when a person has mended it, all is sent */
		later(o, l, SEND_WAIT_MOST_MS);
		break;
	case FAIL_TOO_LARGE:
		smaller(o, l, out, why);
		break;
	case FAIL_INPUT: case FAIL_MISSING: case FAIL_PERMISSION:
		refused(o, l, why);
		break;
	case FAIL_MOVED:
		if (strcmp(out->chat, l->chat) != 0) {
			later(o, l, 0);		/* and goes to where the chat is now */
			l->row = 0;
			break;
		}
		/* fall through */
	default:
		lost(o, l, outbox_failed, why);
	}
}

/* What was looked for was not found, nor surely absent. */
static void not_confirmed(struct outgoing *o, struct lane *l, const struct act_answer *answer)
{
	int64_t wait = growing(l->confirms + 1);

	if (answer->end == ACT_AGAIN && answer->after_ms > wait)
		wait = answer->after_ms;
	switch (answer->end == ACT_AGAIN ? FAIL_BUSY : answer->class) {
	case FAIL_AUTH:
		wait = SEND_WAIT_MOST_MS;
		break;
	case FAIL_BUSY: case FAIL_CONFLICT: case FAIL_PLATFORM: case FAIL_NETWORK:
		if (++l->confirms < SEND_TRIES)
			break;
		/* fall through */
	default:
		nobody_knows(o, l, answer->why ? answer->why : "it cannot be looked for");
		return;
	}
	l->confirm_ms = loop_now_ms(o->loop) + (wait < SEND_WAIT_MOST_MS ? wait : SEND_WAIT_MOST_MS);
}

static void answered(struct outgoing *o, struct lane *l, const struct act_answer *answer)
{
	struct outbound out;

	if (!outbox_get(o->store, l->row, &out)) {
		l->row = 0;
		return;
	}
	if (answer->end == ACT_DONE)
		done(o, l, answer->ids);
	else if (l->step == STEP_CONFIRM)
		not_confirmed(o, l, answer);
	else if (answer->end == ACT_AGAIN)
		put_off(o, l, &out, answer->after_ms < SEND_WAIT_MOST_MS ? answer->after_ms : SEND_WAIT_MOST_MS,
			"they put it off again and again");
	else
		failed(o, l, &out, answer);
	outbound_free(&out);
}

bool outgoing_acted(struct outgoing *o, uint32_t ref, const struct act_answer *answer)
{
	struct lane *l = o->lanes;

	while (l && (!l->ref || l->ref != ref))
		l = l->next;
	if (l) {
		l->ref = 0;
		answered(o, l, answer);
	}
	if (l || o->full)
		outgoing_look(o);
	return l != NULL;
}

/* ---- asking -------------------------------------------------------------- */

static enum step next_step(const struct outgoing *o, const struct outbound *out)
{
	if (out->id[0])
		return STEP_EDIT;
	if (out->handle[0] && claims(o, STEP_REPLY))
		return STEP_REPLY;
	return out->unknown ? STEP_CONFIRM : STEP_SEND;
}

/* When it may go, by the loop's clock. An edit is no message: nobody counts it as one. */
static int64_t not_before(const struct outgoing *o, const struct lane *l, const struct outbound *out, enum step step)
{
	if (step == STEP_CONFIRM)
		return l && l->row == out->row ? l->confirm_ms : 0;
	if (step == STEP_EDIT)
		return 0;
	return l && l->gap_ms > o->gap_ms ? l->gap_ms : o->gap_ms;
}

static cJSON *members(const struct outbound *out, enum step step)
{
	return json_build("{chat:%s,thread:%s,id:%s,handle:%s,text:%s}", out->chat,
			  out->thread[0] && !is_private(out->thread) ? out->thread : NULL, step == STEP_EDIT ? out->id : NULL,
			  step == STEP_REPLY ? out->handle : NULL, step == STEP_CONFIRM ? NULL : out->text);
}

static void ask(struct outgoing *o, const struct outbound *out, enum step step)
{
	DEFER(json_drop) cJSON *json = members(out, step);
	uint32_t ref = connection_act(o->connection, acts[step], json, out->key);
	struct lane *l;

	if (!ref) {
		o->full = true;
		return;
	}
	l = lane_take(o, out);
	l->ref = ref;
	l->step = step;
	if (step != STEP_CONFIRM)
		outbox_sending(o->store, out->row);
	if (step == STEP_SEND || step == STEP_REPLY) {
		l->gap_ms = loop_now_ms(o->loop) + o->manifest->chat_gap_ms;
		o->gap_ms = loop_now_ms(o->loop) + o->manifest->all_gap_ms;
	}
}

/* What this channel has no act for. */
static void cannot(struct outgoing *o, const struct outbound *out, enum step step)
{
	struct lane *l = lane_take(o, out);

	o->changed = true;
	if (step == STEP_EDIT)
		outbox_anew(o->store, out->row);
	else if (step == STEP_CONFIRM)
		nobody_knows(o, l, "what was sent just then had no receipt");
	else
		lost(o, l, outbox_failed, "this channel cannot send");
}

static void offer(const struct outbound *out, void *to)
{
	struct outgoing *o = to;
	const struct lane *l = lane_find(o, out->chat);
	enum step step = next_step(o, out);
	int64_t when = not_before(o, l, out, step);

	if (o->full || (l && l->ref))
		return;
	if (!claims(o, step))
		cannot(o, out, step);
	else if (when <= loop_now_ms(o->loop))
		ask(o, out, step);
	else if (when < o->wake_ms)
		o->wake_ms = when;
}

/* ---- when ---------------------------------------------------------------- */

static void hasten(const struct outbound *out, void *to)
{
	struct outgoing *o = to;

	if (out->due > store_now(o->store) + SEND_WAIT_MOST_MS)
		outbox_later(o->store, out->row, store_now(o->store));
}

/* Rows are due by the wall clock; none is ever made to wait longer than the most, so where
 * one has to, that clock was set back. */
static void wake_when_due(struct outgoing *o, int64_t looked)
{
	int64_t now = store_now(o->store), due = outbox_due(o->store, o->name, looked < now ? looked : now);
	int64_t wait = due > now ? due - now : 0;

	if (wait > SEND_WAIT_MOST_MS) {
		outbox_each(o->store, o->name, NULL, hasten, o);
		wait = 1;
	}
	if (due && loop_now_ms(o->loop) + wait < o->wake_ms)
		o->wake_ms = loop_now_ms(o->loop) + wait;
	if (o->wake_ms < INT64_MAX)
		timer_set(o->loop, &o->due, o->wake_ms - loop_now_ms(o->loop));
}

void outgoing_look(struct outgoing *o)
{
	int64_t looked = store_now(o->store);	/* what becomes due meanwhile is looked at again */

	timer_stop(&o->due);
	if (connection_state(o->connection) != CONNECTION_READY)
		return;
	o->full = false;
	o->wake_ms = INT64_MAX;
	do {
		o->changed = false;
		outbox_heads(o->store, o->name, offer, o);
	} while (o->changed && !o->full);
	lanes_drop(o, false);
	wake_when_due(o, looked);
}

static void due(struct timer *t)
{
	outgoing_look(container_of(t, struct outgoing, due));
}

/* ---- life ---------------------------------------------------------------- */

struct outgoing *outgoing_new(struct loop *loop, struct store *store, struct connection *c)
{
	struct outgoing *o = mem_new(1, sizeof *o);
	const struct integration *what = connection_what(c);

	*o = (struct outgoing){ .loop = loop, .store = store, .connection = c, .manifest = what->manifest,
				.name = what->name, .due.fired = due };
	return o;
}

void outgoing_free(struct outgoing *o)
{
	if (!o)
		return;
	for (const struct lane *l = o->lanes; l; l = l->next)
		if (l->ref && l->step != STEP_CONFIRM)
			outbox_unknown(o->store, l->row);
	lanes_drop(o, true);
	timer_stop(&o->due);
	free(o);
}
