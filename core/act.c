/* act.c - the half of a connection (connection.h) that asks for acts, and tells their end
 * exactly once. */
#include "adapter/adapter.h"
#include "connection_parts.h"
#include "limits.h"
#include <assert.h>
#include <stdlib.h>

static void act_free(struct open_act *a)
{
	timer_stop(&a->overdue);
	json_drop(&a->json);
	text_free(&a->key);
	free(a);
}

struct open_act *find_act(const struct connection *c, uint32_t ref)
{
	struct open_act *a = c->acts;

	while (a && a->ref != ref)
		a = a->next;
	return a;
}

/* Nothing that it has asked for is of use any more. */
void end_act(struct connection *c, uint32_t ref, const struct act_answer *answer)
{
	struct open_act **at = &c->acts, *a;

	while (*at && (*at)->ref != ref)
		at = &(*at)->next;
	a = *at;
	if (!a)
		return;
	*at = a->next;
	act_free(a);
	if (c->traffic)
		traffic_give_up(c->traffic, ref);
	c->owner->acted(c->owner, ref, answer);
	if (c->stopping && !c->acts)
		tell_soon(c);
}

/* Nobody will answer it: it may be asked again where nothing can have left. */
static void abandon_act(struct connection *c, const struct open_act *a, const char *why)
{
	end_act(c, a->ref, &(struct act_answer){ .end = a->sent ? ACT_FAILED : ACT_AGAIN,
		.class = a->sent ? FAIL_NETWORK : FAIL_NONE, .why = why });
}

void abandon_acts(struct connection *c, const char *why)
{
	while (c->acts)
		abandon_act(c, c->acts, why);
}

void forget_acts(struct connection *c)
{
	while (c->acts) {
		struct open_act *a = c->acts;

		c->acts = a->next;
		act_free(a);
	}
}

static void act_overdue(struct timer *t)
{
	struct open_act *a = container_of(t, struct open_act, overdue);
	struct connection *c = a->connection;

	a->sent = a->told && session_sent(c->session, a->ref);
	session_give_up(c->session, a->ref);
	abandon_act(c, a, "there was no answer in time");
}

bool take_answer(struct connection *c, struct ask *ask)
{
	switch (ask->kind) {
	case ASK_RESULT:
		end_act(c, ask->ref, &(struct act_answer){ .end = ACT_DONE, .ids = ask->json });
		return true;
	case ASK_FAILED:
		end_act(c, ask->ref, &(struct act_answer){ .end = ACT_FAILED, .class = ask->class, .unsent = ask->unsent,
			.after_ms = ask->wait_ms, .why = ask->text });
		return true;
	case ASK_AGAIN:
		end_act(c, ask->ref, &(struct act_answer){ .end = ACT_AGAIN, .after_ms = ask->wait_ms });
		return true;
	default:
		return false;
	}
}

void run_act(struct connection *c, uint32_t ref, const struct answer *answer)
{
	struct ask ask;

	session_run(c->session, ref, answer, &ask);
	if (!take_answer(c, &ask))
		traffic_take(c->traffic, &ask);
	ask_free(&ask);
}

uint32_t connection_act(struct connection *c, const char *act, const cJSON *json, const char *key)
{
	struct open_act *a, **at = &c->acts;
	DEFER(text_free) char *text = json_print(json);
	size_t n = 0;

	for (; *at; at = &(*at)->next)
		n++;
	if (!c->process || c->state == CONNECTION_BROKEN || c->stopping || n == REFS_MAX)
		return 0;
	a = mem_new(1, sizeof *a);
	*a = (struct open_act){ .connection = c, .act = manifest_act(c->what->manifest, act), .ref = ++c->last_ref,
				.json = cJSON_Duplicate(json, true), .key = text_dup(key), .overdue.fired = act_overdue };
	assert(a->act);
	*at = a;
	timer_set(c->loop, &a->overdue, c->owner->act_ms ? c->owner->act_ms : ACT_MS);
	news_add(&c->news, &(struct adapter_event_out){ .kind = EVENT_ACT, .ref = a->ref, .name = act, .json = text });
	tell_soon(c);
	return a->ref;
}
