/* course.c - steps of a rule or of a section, done in real time; see stage.h */
#include "gate/stage.h"
#include <stdlib.h>
#include <string.h>

/* ---- sockets ------------------------------------------------------------- */

void socket_add(struct stage *s, int caller, bool local, const char *label)
{
	struct socket **at = &s->sockets, *new = mem_new(1, sizeof *new);

	while (*at)
		at = &(*at)->next;
	*new = (struct socket){ .caller = caller, .local = local, .label = label };
	*at = new;
}

void socket_drop(struct stage *s, int caller)
{
	for (struct socket **at = &s->sockets; *at; at = &(*at)->next) {
		struct socket *gone = *at;

		if (gone->caller != caller)
			continue;
		*at = gone->next;
		free(gone);
		return;
	}
}

const struct socket *socket_find(const struct stage *s, int caller)
{
	for (const struct socket *k = s->sockets; k; k = k->next)
		if (k->caller == caller)
			return k;
	return NULL;
}

static bool same_label(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A section names its sockets as a page does; a rule means its own, or the youngest. */
static const struct socket *target(const struct course *c, const char *label)
{
	const struct socket *found = NULL;

	if (c->socket)
		return socket_find(c->stage, c->socket);
	for (const struct socket *k = c->stage->sockets; k; k = k->next) {
		if (c->done && same_label(k->label, label))
			return k;
		if (!c->done)
			found = k;
	}
	return found;
}

/* ---- courses ------------------------------------------------------------- */

static void due(struct timer *t)
{
	struct course *c = container_of(t, struct course, timer);

	if (c->at < c->n && step_kind(c->steps[c->at].word) == STEP_REQUEST)
		c->ended(c, &c->steps[c->at]);
	else
		course_go(c);
}

struct course *course_new(struct stage *s, const struct step *steps, size_t n)
{
	struct course *c = mem_new(1, sizeof *c);

	*c = (struct course){ .stage = s, .steps = steps, .n = n, .vars = cJSON_CreateObject(), .within = EXPECT_MS,
			      .timer = { .fired = due }, .next = s->courses };
	s->courses = c;
	return c;
}

void course_free(struct course *c)
{
	struct course **at = &c->stage->courses;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	timer_stop(&c->timer);
	for (struct claim *k = c->claims, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	json_drop(&c->vars);
	free(c->unlike);
	free(c->done);
	free(c);
}

void course_claim(struct course *c, int caller, bool local, const char *label)
{
	struct claim **at = &c->claims, *new = mem_new(1, sizeof *new);

	while (*at)
		at = &(*at)->next;
	*new = (struct claim){ .caller = caller, .local = local, .label = label };
	*at = new;
}

static bool take_claim(struct course *c, const char *label, struct claim *ret)
{
	for (struct claim **at = &c->claims; *at; at = &(*at)->next) {
		struct claim *k = *at;

		if (!same_label(k->label, label))
			continue;
		*ret = *k;
		*at = k->next;
		free(k);
		return true;
	}
	return false;
}

/* ---- what the platform does ---------------------------------------------- */

/* Who called us by our address cannot reach the service's: it is given ours. */
static void lead_here(const struct stage *s, cJSON *value)
{
	if (cJSON_IsString(value) && strncmp(value->valuestring, "wss://", 6) == 0) {
		char *here = text_fmt("ws://127.0.0.1:%d%s", s->door.port,
				      value->valuestring + 6 + strcspn(value->valuestring + 6, "/?"));

		free(value->valuestring);
		value->valuestring = here;
	}
	for (cJSON *c = value->child; c; c = c->next)
		lead_here(s, c);
}

static cJSON *value_sent(struct course *c, const struct step *s, bool local)
{
	cJSON *value = s->value ? value_invent(s->value, c->vars, &c->stage->invented) : NULL;

	if (value && local)
		lead_here(c->stage, value);
	return value;
}

/* A string is a body, or a text, as it stands. */
static char *bytes_of(const cJSON *value)
{
	return !value ? text_dup("") : cJSON_IsString(value) ? text_dup(value->valuestring) : json_print(value);
}

static void answer(struct course *c, const struct step *s, const struct claim *k)
{
	DEFER(json_drop) cJSON *value = value_sent(c, s, k->local);
	DEFER(json_drop) cJSON *headers = s->headers ? cJSON_Duplicate(s->headers, true) : cJSON_CreateObject();
	DEFER(text_free) char *body = bytes_of(value);

	if (value && !cJSON_GetObjectItemCaseSensitive(headers, "content-type"))
		cJSON_AddStringToObject(headers, "content-type",
					cJSON_IsString(value) ? "text/plain; charset=utf-8" : "application/json; charset=utf-8");
	show_sent(c->stage, s, value);
	caller_answer(&c->stage->door, k->caller, s->status, headers, str_of(body));
}

static void do_http(struct course *c, const struct step *s)
{
	struct claim k;

	if (!take_claim(c, s->label, &k)) {
		show_remark(c->stage, "%s:%d: no request waits for this", s->file, s->line);
		return;
	}
	if (s->word == DO_ANSWER) {
		answer(c, s, &k);
		return;
	}
	show_sent(c->stage, s, NULL);
	if (s->word == DO_HTTP_RESET)
		caller_reset(&c->stage->door, k.caller);
}

static void do_ws(struct course *c, const struct step *s)
{
	const struct socket *k = target(c, s->label);
	DEFER(json_drop) cJSON *value = value_sent(c, s, k && k->local);
	DEFER(text_free) char *text = bytes_of(value);
	int caller = k ? k->caller : 0;

	if (!k) {
		show_remark(c->stage, "%s:%d: no socket is up that could hear this", s->file, s->line);
		return;
	}
	show_sent(c->stage, s, value);
	if (s->word == DO_WS_TEXT) {
		caller_text(&c->stage->door, caller, str_of(text));
		return;
	}
	socket_drop(c->stage, caller);
	if (s->word == DO_WS_CLOSED)
		caller_close(&c->stage->door, caller, s->status);
	else
		caller_reset(&c->stage->door, caller);
}

/* What happens inside of the assistant does not show here. */
static void do_step(struct course *c, const struct step *s)
{
	switch (s->word) {
	case DO_ANSWER: case DO_HTTP_RESET: case DO_HTTP_TIMEOUT: case DO_HTTP_LOST:
		do_http(c, s);
		break;
	case DO_WS_TEXT: case DO_WS_CLOSED: case DO_WS_RESET:
		do_ws(c, s);
		break;
	default:
		break;
	}
}

/* ---- what is expected ---------------------------------------------------- */

static bool shows(const struct step *s)
{
	return s->word == DO_HTTP || s->word == DO_WS_OPEN || s->word == DO_WS_FRAME || s->word == DO_WS_CLOSE;
}

/* Requests that stand together come on different connections, so in any order: where they
 * end. */
static size_t run_end(const struct course *c)
{
	size_t end = c->at;

	while (end < c->n && step_kind(c->steps[end].word) == STEP_REQUEST)
		end++;
	return end;
}

static bool run_waits(struct course *c)
{
	size_t end = run_end(c);

	for (; c->at < end; c->at++)
		if (shows(&c->steps[c->at]) && !c->done[c->at])
			return true;
	return false;
}

void course_go(struct course *c)
{
	timer_stop(&c->timer);
	while (c->at < c->n) {
		const struct step *s = &c->steps[c->at];

		if (step_kind(s->word) == STEP_REQUEST) {
			if (run_waits(c)) {
				timer_set(c->stage->loop, &c->timer, c->within);
				return;
			}
			c->within = EXPECT_MS;
			continue;
		}
		c->at++;
		if (s->word == DO_WITHIN)
			c->within = s->ms;
		if (s->word == DO_MOVE) {
			timer_set(c->stage->loop, &c->timer, s->ms);
			return;
		}
		do_step(c, s);
	}
	c->ended(c, NULL);
}

static void taken(struct course *c, const struct step *s, const struct came *came, int caller)
{
	c->done[s - c->steps] = true;
	if (came->word == DO_HTTP)
		course_claim(c, caller, came->local, s->label);
	if (came->word == DO_WS_OPEN) {
		socket_add(c->stage, caller, came->local, s->label);
		caller_accept(&c->stage->door, caller);
	}
	course_go(c);
}

bool course_takes(struct course *c, const struct came *came, int caller)
{
	size_t end = run_end(c);

	for (size_t i = c->at; i < end; i++) {
		const struct step *s = &c->steps[i];
		bool near = false;
		char *why = c->done[i] || !shows(s) ? text_dup("") : step_fits(s, came, c->stage->manifest, c->vars, &near);

		if (!why) {
			taken(c, s, came, caller);
			return true;
		}
		if (near) {
			free(c->unlike);
			c->unlike = text_dup(why);
		}
		free(why);
	}
	return false;
}
