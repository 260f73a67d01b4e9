/* adapter.c - the model of specs/README.md: it passes one text on and shows what comes. */
#include "adapter.h"

struct adapter {
	uint32_t ref;			/* the turn */
	struct text said;
};

const size_t adapter_size = sizeof(struct adapter);

static void ask(uint32_t ref, const cJSON *turn)
{
	const char *words = NULL;

	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m))
		words = json_text(m, "/text");
	host_call(ref, 1, "talk", json_make("{bird:%s,words:%s}", json_text(turn, "/model"), words));
}

static void part(struct adapter *a, const struct event *ev)
{
	const char *say = json_text(ev->json, "/say");

	if (ev->failure) {
		host_failed(a->ref, ev->failure, "%s", ev->text);
	} else if (text_is(ev->text, "[DONE]")) {
		host_result(a->ref, json_make("{stop:'end',text:%s,calls:%j}", text_of(&a->said), json_list()));
	} else if (say) {
		host_delta(a->ref, say);
		text_add(&a->said, say);
	}
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_TURN) {
		a->ref = ev->ref;
		ask(ev->ref, ev->json);
	} else if (ev->kind == EVENT_PART) {
		part(a, ev);
	} else if (ev->kind == EVENT_HTTP && ev->failure == FAIL_BUSY) {
		host_again(a->ref, 1000);
	} else if (ev->kind == EVENT_HTTP) {
		host_failed(a->ref, ev->failure ? ev->failure : FAIL_PLATFORM, "%s",
			    ev->failure ? ev->text : "the bird stopped in the middle");
	}
}
