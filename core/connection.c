/* connection.c - see connection.h */
#include "connection_parts.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "log.h"
#include "poison.h"
#include "store/inbox.h"
#include <stdlib.h>
#include <string.h>

enum { FLUSH_MS = 10 };			/* between two looks whether the last lines have gone */

/* ---- its state ----------------------------------------------------------- */

static void set_state(struct connection *c, enum connection_state state, const char *why)
{
	static const char *const names[] = { "starting", "ready", "lost", "broken" };
	bool changed = c->state != state, news = changed || (why && !(c->why && strcmp(why, c->why) == 0));
	char *mine = text_dup(why);

	text_free(&c->why);
	c->why = mine;
	c->state = state;
	if (news)
		log_event(state == CONNECTION_BROKEN ? LOG_BROKEN : LOG_INFO, "channel", "name", c->what->name, "state",
			  names[state], "why", c->why, NULL);
	if (!changed)
		return;
	c->since = store_now(c->store);
	c->owner->changed(c->owner);
}

/* It is not there now; whoever waits may read why. */
static void set_lost(struct connection *c, const char *why)
{
	set_state(c, c->state == CONNECTION_STARTING ? CONNECTION_STARTING : CONNECTION_LOST, why);
}

/* Takes value; NULL forgets. */
static void remember(struct connection *c, const char *name, cJSON *value)
{
	const cJSON *known = cJSON_GetObjectItemCaseSensitive(c->kept, name);

	if (value ? known && json_same(known, value) : !known) {
		json_drop(&value);
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(c->kept, name);
	json_add(c->kept, name, value);
	kept_set(c->store, c->what->name, c->kept->child ? c->kept : NULL);
}

/* ---- the end of a process ------------------------------------------------ */

/* Nothing runs any more, and nobody is told. */
static void drop(struct connection *c)
{
	process_free(c->process);
	traffic_free(c->traffic);
	session_free(c->session);
	news_free(c->told);
	news_clear(&c->news);
	c->process = NULL;
	c->traffic = NULL;
	c->session = NULL;
	c->told = NULL;
}

/* Nothing runs any more, and acts have their answer. */
static void halt(struct connection *c, const char *why)
{
	for (struct open_act *a = c->acts; a; a = a->next)
		a->sent = a->told && c->session && session_sent(c->session, a->ref);
	drop(c);
	abandon_acts(c, why);
}

static void break_off(struct connection *c, const char *why)
{
	halt(c, why);
	set_state(c, CONNECTION_BROKEN, why);
}

/* ---- telling ------------------------------------------------------------- */

static char *start_text(const struct connection *c)
{
	DEFER(json_drop) cJSON *json = json_build("{config:%j,kept:%j}", c->what->config, json_at(c->kept, "/state"));

	return json_print(json);
}

/* The event ended it before: what is told instead. False: nothing is. */
static bool tell_without(struct connection *c, struct news *n)
{
	static const char why[] = "the same has ended the adapter twice: it is a dead letter now";

	log_event(LOG_ODD, "event not told", "channel", c->what->name, "why", why, NULL);
	text_free(&c->key);
	switch (n->event.kind) {
	case EVENT_START:
		remember(c, "state", NULL);
		text_free(&n->json);
		n->event.json = n->json = start_text(c);
		return true;
	case EVENT_HTTP:
		json_drop(&n->whole);
		json_drop(&n->gives);
		text_free(&n->text);
		n->text = text_dup(why);
		n->event = (struct adapter_event_out){ .kind = EVENT_HTTP, .ref = n->event.ref, .tag = n->event.tag,
						       .failure = FAIL_PLATFORM, .text = n->text };
		return true;
	case EVENT_ACT:
		end_act(c, n->event.ref, &(struct act_answer){ .end = ACT_FAILED, .class = FAIL_PLATFORM, .why = why });
		return false;
	default:
		return false;
	}
}

/* A message is read here, so that only one at a time is a tree. */
static bool prepare_text(struct connection *c, struct news *n)
{
	if (!session_listens(c->session, n->event.tag))
		return false;
	if (!json_decode(str_of(n->text), &n->whole)) {
		DEFER(json_drop) cJSON *told = NULL;

		json_mend(n->whole);
		told = inbound_told(c->what->manifest, n->source, n->whole);
		n->event.json = n->json = json_print(told ? told : n->whole);
		n->event.text = NULL;
	}
	session_event(c->session, n->source, n->whole);
	return true;
}

static bool prepare_answer(struct connection *c, struct news *n)
{
	const struct adapter_event_out *ev = &n->event;
	const struct open_act *a = find_act(c, ev->ref);
	struct answer answer = { .status = ev->status, .failure = ev->failure, .why = n->text, .whole = n->whole,
				 .gives = n->gives, .unsent = n->unsent, .after_ms = n->after_ms };

	if (ev->status >= 0)		/* else nothing was asked of anybody */
		session_heard(c->session, ev->ref, ev->tag, &answer);
	if (!session_answered(c->session, ev->ref, ev->tag))
		return false;
	if (!a || !a->act->runs_n)
		return true;
	run_act(c, ev->ref, &answer);
	return false;
}

static bool prepare_act(struct connection *c, struct news *n)
{
	struct open_act *a = find_act(c, n->event.ref);

	if (!a)
		return false;
	a->told = true;
	text_free(&n->json);
	n->event.json = n->json = session_act(c->session, a->ref, a->act, a->json, a->key);
	if (!a->act->runs_n)
		return true;
	run_act(c, a->ref, NULL);
	return false;
}

/* The session is to know what is told now. False: the process is not told. */
static bool prepare(struct connection *c, struct news *n)
{
	text_free(&c->key);
	if (n->event.kind != EVENT_START || json_at(c->kept, "/state"))
		c->key = poison_key(n);
	if (c->key && poison_known(c->store, c->what->name, c->key) && !tell_without(c, n))
		return false;
	session_event(c->session, NULL, NULL);
	switch (n->event.kind) {
	case EVENT_OPEN: return session_up(c->session, n->event.tag);
	case EVENT_CLOSED: return session_shut(c->session, n->event.tag);
	case EVENT_PART: return session_wants(c->session, n->event.ref, n->event.tag);
	case EVENT_TEXT: return prepare_text(c, n);
	case EVENT_HTTP: return prepare_answer(c, n);
	case EVENT_ACT: return prepare_act(c, n);
	default: return true;
	}
}

static void tell_next(struct connection *c)
{
	struct news *n;

	while (c->process && process_idle(c->process) && (n = news_take(&c->news)) != NULL) {
		if (prepare(c, n)) {
			c->told = n;
			process_tell(c->process, &n->event);
		} else {
			news_free(n);
		}
	}
}

/* The last that it hears, once no act is open. */
static void tell_stop(struct connection *c)
{
	c->stop_told = true;
	news_clear(&c->news);
	news_add(&c->news, &(struct adapter_event_out){ .kind = EVENT_STOP });
}

static void tell_fired(struct timer *t)
{
	struct connection *c = container_of(t, struct connection, tell);

	if (c->stopping && !c->acts && !c->stop_told)
		tell_stop(c);
	tell_next(c);
}

void tell_soon(struct connection *c)
{
	timer_set(c->loop, &c->tell, 0);
}

/* ---- hearing ------------------------------------------------------------- */

static void write_log(struct connection *c, const char *text)
{
	int64_t now = loop_now_ms(c->loop);

	if (now - c->minute_ms >= 60000) {
		c->minute_ms = now;
		c->lines = 0;
	}
	if (++c->lines <= LOG_MINUTE_MAX)
		log_event(LOG_INFO, "adapter says", "channel", c->what->name, "text",
			  c->lines < LOG_MINUTE_MAX ? text : "(more than can be written down in a minute)", NULL);
}

static void take(struct connection *c, struct ask *ask)
{
	if (take_answer(c, ask))
		return;
	switch (ask->kind) {
	case ASK_DELIVER:
		c->owner->delivered(c->owner, ask->inbound, ask->json);
		break;
	case ASK_READY:
		if (ask->json)
			remember(c, "me", cJSON_Duplicate(ask->json, true));
		pace_ready(&c->pace, loop_now_ms(c->loop));
		set_state(c, CONNECTION_READY, NULL);
		break;
	case ASK_BROKEN:
		set_state(c, CONNECTION_BROKEN, *ask->text ? ask->text : failure_name(ask->class));
		break;
	case ASK_KEEP:
		remember(c, "state", cJSON_DetachItemFromObjectCaseSensitive(ask->json, "state"));
		remember(c, "seen", cJSON_DetachItemFromObjectCaseSensitive(ask->json, "seen"));
		break;
	case ASK_LOG:
		write_log(c, ask->text);
		break;
	default:
		traffic_take(c->traffic, ask);
	}
}

/* NULL, or what it did that it must not; then nothing of this event is done. */
static char *take_all(struct connection *c, const struct wire_message *outputs, size_t n)
{
	struct ask *asks = mem_new(n + 1, sizeof *asks);
	const char *violation = NULL;
	size_t taken = 0;

	while (taken < n && !violation)
		violation = session_take(c->session, &outputs[taken], &asks[taken]), taken++;
	for (size_t i = 0; i < taken; i++) {
		if (!violation)
			take(c, &asks[i]);
		ask_free(&asks[i]);
	}
	free(asks);
	return violation ? text_fmt("it %s", violation) : NULL;
}

static void stopped(struct connection *c)
{
	timer_stop(&c->finish);
	forget_acts(c);
	drop(c);
	c->stopped = true;
}

static char *sentence(const struct connection *c, enum process_end end, const char *why)
{
	const char *name = c->what->manifest->name;

	if (end == END_ATTACK)
		return text_fmt("the adapter \"%s\" was stopped because it tried something forbidden: %s. Do not use it: "
				"`build/chela disable %s`; what it does wrong: `build/chela check %s`", name, why, name, name);
	return text_fmt("the adapter \"%s\" %s: %s", name, end == END_SYSTEM ? "could not run" : "was ended", why);
}

static void heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	struct connection *c = container_of(o, struct connection, process_owner);
	bool last = c->told->event.kind == EVENT_STOP;
	DEFER(text_free) char *violation = take_all(c, outputs, n);
	DEFER(text_free) char *why = violation ? sentence(c, END_ATTACK, violation) : NULL;

	news_free(c->told);
	c->told = NULL;
	if (violation)
		break_off(c, why);
	else if (c->state == CONNECTION_BROKEN)
		halt(c, c->why);
	if (!c->process && c->stopping) {
		stopped(c);
	} else if (last) {
		process_free(c->process);
		c->process = NULL;
		c->finish_ms = loop_now_ms(c->loop) + CLOSE_MS;
		timer_set(c->loop, &c->finish, 0);
	}
	tell_next(c);
}

/* ---- its life ------------------------------------------------------------ */

static void came(void *owner)
{
	tell_soon(owner);
}

static void trouble(void *owner, const char *why)
{
	struct connection *c = owner;

	if (!c->stopping)
		set_lost(c, why);
}

static void ended(struct process_owner *o, enum process_end end, const char *why)
{
	struct connection *c = container_of(o, struct connection, process_owner);
	DEFER(text_free) char *words = sentence(c, end, why);

	log_event(end == END_ATTACK ? LOG_BROKEN : LOG_ODD, "adapter ended", "channel", c->what->name, "why", words, NULL);
	if (c->told && c->key && (end == END_BUG || end == END_LIMIT))
		poison_ended(c->store, c->what->name, c->key, c->told, words);
	if (c->stopping) {
		stopped(c);
	} else if (end == END_ATTACK) {
		break_off(c, words);
	} else {
		pace_failed(&c->pace, loop_now_ms(c->loop), 0, throw_dice());
		halt(c, words);
		set_lost(c, words);
		timer_set(c->loop, &c->start, pace_wait(&c->pace, loop_now_ms(c->loop)));
	}
}

static void start(struct connection *c)
{
	const struct integration *what = c->what;
	DEFER(text_free) char *json = start_text(c);

	c->session = session_new(what->manifest, what->config);
	session_begin(c->session, c->kept, json_at(c->kept, "/me"));
	c->traffic = traffic_new(&(struct traffic_parts){ .loop = c->loop, .broker = c->broker, .what = what,
				 .session = c->session, .pace = &c->pace, .news = &c->news, .owner = c, .came = came,
				 .trouble = trouble });
	c->process = process_new(c->loop, what->program, false,
				 (struct process_limits){ .arena_bytes = what->manifest->limits.arena_bytes },
				 &c->process_owner);
	news_add(&c->news, &(struct adapter_event_out){ .kind = EVENT_START, .json = json });
	tell_next(c);
}

static void start_fired(struct timer *t)
{
	start(container_of(t, struct connection, start));
}

/* Acts had their time; what it wrote at the end leaves before its lines are dropped. */
static void finish_fired(struct timer *t)
{
	struct connection *c = container_of(t, struct connection, finish);
	int64_t left = c->finish_ms - loop_now_ms(c->loop);

	if (c->process && !c->stop_told) {
		forget_acts(c);
		tell_soon(c);
		timer_set(c->loop, &c->finish, STOP_MS);
	} else if (!c->process && left > 0 && broker_has_lines(c->broker, c->what->name)) {
		timer_set(c->loop, &c->finish, left < FLUSH_MS ? left : FLUSH_MS);
	} else {
		stopped(c);
	}
}

struct connection *connection_new(struct loop *loop, struct store *store, struct broker *broker,
				  const struct integration *what, struct connection_owner *owner)
{
	struct connection *c = mem_new(1, sizeof *c);

	*c = (struct connection){ .loop = loop, .store = store, .broker = broker, .what = what, .owner = owner,
				  .since = store_now(store), .pace.first_ms = owner->again_ms, .process_owner = { heard, ended },
				  .start.fired = start_fired, .tell.fired = tell_fired, .finish.fired = finish_fired };
	c->kept = kept_get(store, what->name);
	if (!c->kept)
		c->kept = cJSON_CreateObject();
	start(c);
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	stopped(c);
	timer_stop(&c->start);
	timer_stop(&c->tell);
	json_drop(&c->kept);
	text_free(&c->key);
	text_free(&c->why);
	free(c);
}

void connection_stop(struct connection *c)
{
	if (c->stopping)
		return;
	c->stopping = true;
	timer_stop(&c->start);
	if (!c->process) {
		stopped(c);
		return;
	}
	timer_set(c->loop, &c->finish, STOP_MS);
	tell_soon(c);
}

bool connection_stopped(const struct connection *c)
{
	return c->stopped;
}

enum connection_state connection_state(const struct connection *c)
{
	return c->state;
}

const char *connection_why(const struct connection *c)
{
	return c->why;
}

int64_t connection_since(const struct connection *c)
{
	return c->since;
}

const struct integration *connection_what(const struct connection *c)
{
	return c->what;
}
