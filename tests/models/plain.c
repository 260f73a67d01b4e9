/* plain.c - a model for tests, whose service speaks our own words: its request is the turn
 * itself, and each piece of the answer says what the adapter shall do next. */
#include "adapter/adapter.h"
#include <assert.h>

struct adapter {
	uint32_t ref;
	const cJSON *result;
};

const size_t adapter_size = sizeof(struct adapter);

static void misbehave(struct adapter *a, const char *how)
{
	if (text_is(how, "crash"))
		assert(!"asked to");
	else if (text_is(how, "reach")) {
		host_call(a->ref, 9, "pay", json_make("{}"));
		host_call(a->ref, 9, "steal", json_make("{}"));
	} else if (text_is(how, "storm"))
		host_call(a->ref, 2, "turn", json_make("{turn:{}}"));
	else if (text_is(how, "twice"))
		host_call(a->ref, 1, "turn", json_make("{turn:{}}"));
	else if (text_is(how, "spin"))
		for (volatile int i = 0;; i++)
			;
	else if (text_is(how, "both")) {
		host_result(a->ref, json_make("{stop:'end',text:'x',calls:%j}", json_list()));
		host_failed(a->ref, FAIL_BUSY, "or not");
	} else if (text_is(how, "again"))
		host_again(a->ref, 1000);
	else if (text_is(how, "refused"))
		host_failed(a->ref, FAIL_QUOTA, "nothing is left");
}

static void piece(struct adapter *a, const struct event *ev)
{
	const cJSON *result = json_at(ev->json, "/result");

	if (ev->failure)
		host_failed(a->ref, ev->failure, "%s", ev->text);
	if (json_text(ev->json, "/delta"))
		host_delta(a->ref, json_text(ev->json, "/delta"));
	if (result)
		a->result = json_copy(result);
	misbehave(a, json_text(ev->json, "/do"));
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_TURN:
		a->ref = ev->ref;
		host_call(ev->ref, 1, "turn", json_make("{turn:%j}", ev->json));
		break;
	case EVENT_PART:
		piece(a, ev);
		break;
	case EVENT_HTTP:
		if (ev->failure)
			host_failed(a->ref, ev->failure, "%s", ev->text);
		else if (a->result)
			host_result(a->ref, a->result);
		break;
	default:
		break;
	}
}
