/* platform.h - what a test plays for outgoing.c and presence.c: a connection whose acts it
 * answers, and time that it moves. Linked instead of connection.c, loop.c and log.c. */
#ifndef CHELA_TESTS_PLATFORM_H
#define CHELA_TESTS_PLATFORM_H
#include "adapter/adapter.h"
#include "fixture.h"
#include "limits.h"
#include "log.h"
#include "loop.h"
#include "presence.h"
#include "store/outbox.h"

enum { TIMERS = 200, ACTS_OPEN = 64 };

struct asked {
	uint32_t ref;
	char *act, *key;
	cJSON *json;
};

struct connection {		/* and all that is behind it */
	struct integration what;
	struct manifest manifest;
	enum connection_state state;
	struct asked open[ACTS_OPEN];
	size_t open_n, room;
	uint32_t last_ref;
	struct buf log;
	void (*seen)(struct connection *c, const struct asked *a);
};

struct loop {
	int64_t now_ms;
	struct { struct timer *timer; int64_t at_ms; } timers[TIMERS];
	size_t n;
};

void log_event(enum log_level level, const char *what, ...)
{
	(void)level;
	(void)what;
}

/* ---- time ---------------------------------------------------------------- */

int64_t loop_now_ms(struct loop *l)
{
	return l->now_ms;
}

static struct loop *the_loop;

void timer_stop(struct timer *t)
{
	for (size_t i = 0; i < the_loop->n; i++)
		if (the_loop->timers[i].timer == t)
			the_loop->timers[i] = the_loop->timers[--the_loop->n];
}

void timer_set(struct loop *l, struct timer *t, int64_t ms)
{
	ck_assert(t->fired && ms >= 0);
	timer_stop(t);
	ck_assert_uint_lt(l->n, TIMERS);
	l->timers[l->n].timer = t;
	l->timers[l->n++].at_ms = l->now_ms + ms;
}

/* Moves both clocks to the next timer, not beyond `end`; false: there is none. */
static bool tick(struct loop *l, struct store *s, int64_t end)
{
	size_t first = 0;
	int64_t at;
	struct timer *t;

	for (size_t i = 1; i < l->n; i++)
		if (l->timers[i].at_ms < l->timers[first].at_ms)
			first = i;
	if (!l->n || l->timers[first].at_ms > end)
		return false;
	t = l->timers[first].timer;
	at = l->timers[first].at_ms;
	timer_stop(t);
	store_set_clock(s, store_now(s) + at - l->now_ms);
	l->now_ms = at;
	t->fired(t);
	return true;
}

__attribute__((unused)) static void pass(struct loop *l, struct store *s, int64_t ms)
{
	int64_t end = l->now_ms + ms;

	while (tick(l, s, end))
		must_commit(s);
	store_set_clock(s, store_now(s) + end - l->now_ms);
	l->now_ms = end;
}

/* ---- the connection ------------------------------------------------------ */

enum connection_state connection_state(const struct connection *c)
{
	return c->state;
}

const struct integration *connection_what(const struct connection *c)
{
	return &c->what;
}

/* "send C hello", "edit C/m1 hello", "react C/m1 -eyes", "typing C/i1 on" */
static void write_down(struct connection *c, const struct asked *a)
{
	static const char *const where[] = { "/thread", "/id", "/handle" };
	const char *value;

	if (c->log.len)
		buf_adds(&c->log, ", ");
	buf_addf(&c->log, "%s %s", a->act, json_text(a->json, "/chat"));
	for (size_t i = 0; i < COUNT(where); i++) {
		value = json_text(a->json, where[i]);
		if (value)
			buf_addf(&c->log, "/%s", value);
	}
	value = json_text(a->json, "/text");
	if (value)
		buf_addf(&c->log, " %s", value);
	value = json_text(a->json, "/mark");
	if (value)
		buf_addf(&c->log, " %s%s", json_true(a->json, "/gone") ? "-" : "", value);
	if (strcmp(a->act, "typing") == 0)
		buf_adds(&c->log, json_true(a->json, "/on") ? " on" : " off");
}

uint32_t connection_act(struct connection *c, const char *act, const cJSON *json, const char *key)
{
	struct asked a;

	ck_assert_msg(manifest_act(&c->manifest, act), "asked for %s", act);
	ck_assert_int_eq(c->state, CONNECTION_READY);
	if (c->open_n >= c->room)
		return 0;
	a = (struct asked){ ++c->last_ref, text_dup(act), text_dup(key), cJSON_Duplicate(json, true) };
	c->open[c->open_n++] = a;
	write_down(c, &a);
	if (c->seen)
		c->seen(c, &a);
	return a.ref;
}

static void asked_free(struct asked *a)
{
	free(a->act);
	free(a->key);
	json_drop(&a->json);
}

/* Takes out the act that was asked for at this place; asked_free(). */
static struct asked act_take(struct connection *c, size_t i)
{
	struct asked a = c->open[i];

	ck_assert_uint_lt(i, c->open_n);
	memmove(&c->open[i], &c->open[i + 1], (--c->open_n - i) * sizeof a);
	return a;
}

__attribute__((unused)) static void forget_acts(struct connection *c)
{
	while (c->open_n) {
		struct asked a = act_take(c, 0);

		asked_free(&a);
	}
}

/* "done", "done:m1", "again:5000", "busy", "network!" (which left nothing behind) */
static struct act_answer answer_of(struct str word, cJSON **ret_ids)
{
	const char *colon = word.len ? memchr(word.at, ':', word.len) : NULL;
	struct str name = { word.at, colon ? (size_t)(colon - word.at) : word.len };
	DEFER(text_free) char *value = colon ? str_dup((struct str){ colon + 1, word.len - name.len - 1 }) : NULL;
	struct act_answer a = { .end = ACT_FAILED };

	a.unsent = name.len && name.at[name.len - 1] == '!';
	name.len -= a.unsent;
	*ret_ids = json_build("{id:%s}", value);
	if (str_is(name, "done"))
		return (struct act_answer){ .end = ACT_DONE, .ids = *ret_ids };
	if (str_is(name, "again"))
		return (struct act_answer){ .end = ACT_AGAIN, .after_ms = strtoll(value, NULL, 10) };
	for (a.class = FAIL_NONE + 1; a.class <= FAIL_MOVED; a.class++)
		if (str_is(name, failure_name(a.class))) {
			a.why = failure_name(a.class);
			a.after_ms = value ? strtoll(value, NULL, 10) : 0;
			return a;
		}
	ck_abort_msg("no such answer: %.*s", (int)name.len, name.at);
}

static struct connection *connection_played(const struct act *acts, size_t acts_n)
{
	struct connection *c = mem_new(1, sizeof *c);

	c->manifest = (struct manifest){ .kind = KIND_CHANNEL, .acts = acts, .acts_n = acts_n,
					 .text_form = { 40, UNIT_CODE_POINT, MARKS_PLAIN } };
	c->what = (struct integration){ .name = (char *)"work", .manifest = &c->manifest };
	c->state = CONNECTION_READY;
	c->room = ACTS_OPEN;
	c->log = buf_new(1024 * 1024);
	return c;
}

static void played_free(struct connection *c)
{
	forget_acts(c);
	buf_free(&c->log);
	free(c);
}

#endif
