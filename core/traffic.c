/* traffic.c - see traffic.h */
#include "traffic.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "log.h"
#include "loop.h"
#include <sodium.h>
#include <stdlib.h>

struct call {				/* one request, at the broker or held back */
	struct exchange_owner owner;
	struct traffic *traffic;
	struct exchange *exchange;	/* NULL: held back */
	struct request request;		/* until then */
	int class;
	char *why;			/* it is refused, so; or NULL */
	uint32_t ref, tag;
	struct call *next;
};

struct wire {				/* one socket, from when it is asked for */
	struct line_owner owner;
	struct traffic *traffic;
	uint32_t tag;
	const struct socket_row *row;	/* NULL: none */
	struct line *line;		/* NULL: held back */
	struct request request;		/* until then */
	bool up;
};

struct alarm {
	struct timer timer;
	struct traffic *traffic;
	uint32_t tag;
};

struct traffic {
	struct traffic_parts p;
	struct call *calls;
	struct wire wires[SOCKETS_MAX + 1];	/* by tag */
	struct alarm alarms[TIMERS_MAX + 1];
	struct timer release;			/* of what is held back */
};

double throw_dice(void)
{
	return randombytes_uniform(1u << 30) / (double)(1u << 30);
}

static bool stands(const struct traffic *t)
{
	for (uint32_t tag = 1; tag <= SOCKETS_MAX; tag++)
		if (t->wires[tag].up)
			return true;
	return false;
}

/* An attempt to get up went wrong, or a line is down; while another stands that is no trouble. */
static void failed(struct traffic *t, const char *why, int64_t after_ms)
{
	int64_t now = loop_now_ms(t->p.loop);

	pace_failed(t->p.pace, now, after_ms, throw_dice());
	if (stands(t))
		pace_ready(t->p.pace, now);
	else
		t->p.trouble(t->p.owner, why);
}

/* Whether upkeep has to wait; then release() comes. */
static bool must_wait(struct traffic *t)
{
	int64_t wait = pace_wait(t->p.pace, loop_now_ms(t->p.loop));

	if (wait > 0)
		timer_set(t->p.loop, &t->release, wait);
	return wait > 0;
}

static void tried(struct traffic *t)
{
	if (pace_tried(t->p.pace, loop_now_ms(t->p.loop)))
		log_event(LOG_ODD, "adapter asks all the time", "channel", t->p.what->name, "why",
			  "its upkeep (requests of its own, sockets) waits now", NULL);
}

/* ---- requests ------------------------------------------------------------ */

static void call_free(struct call *c)
{
	struct call **at = &c->traffic->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	request_free(&c->request);
	text_free(&c->why);
	free(c);
}

static void piece_came(struct exchange_owner *o, const struct answer *piece)
{
	struct call *c = container_of(o, struct call, owner);
	struct traffic *t = c->traffic;
	DEFER(text_free) char *json = piece->json ? json_print(piece->json) : NULL;

	news_add(t->p.news, &(struct adapter_event_out){
		.kind = EVENT_PART, .ref = c->ref, .tag = c->tag, .failure = piece->failure,
		.text = piece->failure ? piece->why : piece->text, .json = json,
	});
	t->p.came(t->p.owner);
}

static void answer_came(struct exchange_owner *o, const struct answer *a)
{
	struct call *c = container_of(o, struct call, owner);
	struct traffic *t = c->traffic;
	uint32_t ref = c->ref;
	DEFER(text_free) char *json = a->json ? json_print(a->json) : NULL;
	struct news *n = news_add(t->p.news, &(struct adapter_event_out){
		.kind = EVENT_HTTP, .ref = ref, .tag = c->tag, .status = a->status, .failure = a->failure,
		.name = a->word, .text = a->failure ? a->why : a->text, .json = json,
	});

	n->whole = cJSON_Duplicate(a->whole, true);
	n->gives = cJSON_Duplicate(a->gives, true);
	n->unsent = a->unsent;
	n->after_ms = a->after_ms;
	call_free(c);
	if (!ref && a->failure)
		failed(t, a->why, a->after_ms);
	t->p.came(t->p.owner);
}

static void refuse_call(struct call *c)
{
	struct traffic *t = c->traffic;

	news_add(t->p.news, &(struct adapter_event_out){ .kind = EVENT_HTTP, .ref = c->ref, .tag = c->tag,
		 .status = -1, .failure = c->class, .text = c->why });
	if (!c->ref)
		failed(t, c->why, 0);
	call_free(c);
	t->p.came(t->p.owner);
}

static void send_call(struct call *c)
{
	struct traffic_parts *p = &c->traffic->p;

	if (!c->ref)
		tried(c->traffic);
	if (c->why)
		refuse_call(c);
	else
		c->exchange = broker_send(p->broker, &p->what->party, &c->request, &c->owner);
}

static void take_call(struct traffic *t, struct ask *ask)
{
	struct call *c = mem_new(1, sizeof *c), **at = &t->calls;

	*c = (struct call){ .owner = { piece_came, answer_came }, .traffic = t, .request = ask->request,
			    .class = ask->class, .why = ask->text, .ref = ask->ref, .tag = ask->tag };
	ask->request = (struct request){ 0 };
	ask->text = NULL;
	while (*at)
		at = &(*at)->next;
	*at = c;
	if (c->ref || !must_wait(t))
		send_call(c);
}

void traffic_give_up(struct traffic *t, uint32_t ref)
{
	struct call *next;

	for (struct call *c = t->calls; c; c = next) {
		next = c->next;
		if (c->ref != ref)
			continue;
		exchange_free(c->exchange);
		call_free(c);
	}
}

/* ---- sockets ------------------------------------------------------------- */

static void drop_line(struct wire *w)
{
	line_free(w->line);
	request_free(&w->request);
	w->line = NULL;
	w->row = NULL;
	w->up = false;
}

/* It is another line now, or none; what it still said its session does not listen to. */
static void forget_line(struct wire *w)
{
	struct news_queue *news = w->traffic->p.news;

	drop_line(w);
	news_forget(news, EVENT_OPEN, w->tag);
	news_forget(news, EVENT_CLOSED, w->tag);
}

/* What it said before is told, then this. */
static void lose_line(struct wire *w, int code, const char *why)
{
	struct traffic *t = w->traffic;

	session_fell(t->p.session, w->tag);
	drop_line(w);
	news_add(t->p.news, &(struct adapter_event_out){ .kind = EVENT_CLOSED, .tag = w->tag, .status = code, .text = why });
	failed(t, why, 0);
}

static void line_up(struct line_owner *o)
{
	struct wire *w = container_of(o, struct wire, owner);
	struct traffic *t = w->traffic;

	w->up = true;
	news_add(t->p.news, &(struct adapter_event_out){ .kind = EVENT_OPEN, .tag = w->tag });
	t->p.came(t->p.owner);
}

static void line_text(struct line_owner *o, struct str message)
{
	struct wire *w = container_of(o, struct wire, owner);
	struct traffic *t = w->traffic;
	DEFER(text_free) char *text = str_dup(message);

	if (t->p.news->n < EVENTS_MAX && t->p.news->bytes < EVENTS_BYTES_MAX)
		news_add(t->p.news, &(struct adapter_event_out){ .kind = EVENT_TEXT, .tag = w->tag, .text = text })
			->source = w->row->name;
	else
		lose_line(w, 0, "it brings more than can be read");
	t->p.came(t->p.owner);
}

static void line_down(struct line_owner *o, int code, const char *why)
{
	struct wire *w = container_of(o, struct wire, owner);
	struct traffic *t = w->traffic;

	w->line = NULL;
	lose_line(w, code, why);
	t->p.came(t->p.owner);
}

static void open_line(struct wire *w)
{
	struct traffic_parts *p = &w->traffic->p;

	tried(w->traffic);
	w->line = broker_open(p->broker, &p->what->party, w->row, &w->request, &w->owner);
}

static void take_open(struct wire *w, struct ask *ask)
{
	forget_line(w);
	w->row = ask->socket;
	w->request = ask->request;
	ask->request = (struct request){ 0 };
	if (!must_wait(w->traffic))
		open_line(w);
}

static void refuse_line(struct wire *w, const char *why)
{
	forget_line(w);
	session_fell(w->traffic->p.session, w->tag);
	news_add(w->traffic->p.news,
		 &(struct adapter_event_out){ .kind = EVENT_CLOSED, .tag = w->tag, .status = -1, .text = why });
	failed(w->traffic, why, 0);
}

static void take_frame(struct wire *w, struct ask *ask)
{
	const char *why = w->line ? line_write(w->line, ask->request.op, w->traffic->p.what->config, ask->json) : NULL;

	if (why)
		refuse_line(w, why);
}

static void take_close(struct wire *w, struct ask *ask)
{
	if (w->line)
		line_close(w->line, ask->code);
	w->line = NULL;
	forget_line(w);
}

/* ---- timers -------------------------------------------------------------- */

static void alarm_fired(struct timer *timer)
{
	struct alarm *a = container_of(timer, struct alarm, timer);
	struct traffic *t = a->traffic;

	news_add(t->p.news, &(struct adapter_event_out){ .kind = EVENT_TIMER, .tag = a->tag });
	t->p.came(t->p.owner);
}

static void take_timer(struct alarm *a, const struct ask *ask)
{
	struct traffic *t = a->traffic;
	int64_t wait;

	news_forget(t->p.news, EVENT_TIMER, a->tag);
	timer_stop(&a->timer);
	wait = ask->wait_ms + (int64_t)(throw_dice() * (double)(ask->to_ms - ask->wait_ms));
	if (ask->to_ms)
		timer_set(t->p.loop, &a->timer, wait < TIMER_LEAST_MS ? TIMER_LEAST_MS : wait);
}

/* ---- all of it ----------------------------------------------------------- */

/* Their time has come. */
static void release(struct timer *timer)
{
	struct traffic *t = container_of(timer, struct traffic, release);

	if (must_wait(t))
		return;
	for (struct call *c = t->calls, *next; c; c = next) {
		next = c->next;
		if (!c->exchange)
			send_call(c);
	}
	for (uint32_t tag = 1; tag <= SOCKETS_MAX; tag++)
		if (t->wires[tag].row && !t->wires[tag].line)
			open_line(&t->wires[tag]);
}

void traffic_take(struct traffic *t, struct ask *ask)
{
	switch (ask->kind) {
	case ASK_CALL: case ASK_REFUSED: take_call(t, ask); break;
	case ASK_OPEN: take_open(&t->wires[ask->tag], ask); break;
	case ASK_FRAME: take_frame(&t->wires[ask->tag], ask); break;
	case ASK_CLOSE: take_close(&t->wires[ask->tag], ask); break;
	case ASK_SHUT: refuse_line(&t->wires[ask->tag], ask->text); break;
	case ASK_TIMER: take_timer(&t->alarms[ask->tag], ask); break;
	default: break;
	}
}

struct traffic *traffic_new(const struct traffic_parts *parts)
{
	struct traffic *t = mem_new(1, sizeof *t);

	t->p = *parts;
	t->release.fired = release;
	for (uint32_t tag = 1; tag <= SOCKETS_MAX; tag++)
		t->wires[tag] = (struct wire){ .owner = { line_up, line_text, line_down }, .traffic = t, .tag = tag };
	for (uint32_t tag = 1; tag <= TIMERS_MAX; tag++)
		t->alarms[tag] = (struct alarm){ .timer.fired = alarm_fired, .traffic = t, .tag = tag };
	return t;
}

void traffic_free(struct traffic *t)
{
	if (!t)
		return;
	while (t->calls) {
		exchange_free(t->calls->exchange);
		call_free(t->calls);
	}
	for (uint32_t tag = 1; tag <= SOCKETS_MAX; tag++)
		drop_line(&t->wires[tag]);
	for (uint32_t tag = 1; tag <= TIMERS_MAX; tag++)
		timer_stop(&t->alarms[tag].timer);
	timer_stop(&t->release);
	free(t);
}
