/* template.c - the smallest whole adapter: a model that answers in one piece.
 *
 * It turns the conversation into one request, and the answer into a result; whatever
 * goes wrong has been sorted by the core before it gets here. Its manifest has one
 * operation, "chat", and shows /choices and /usage of the answer. */
#include "adapter.h"

struct adapter {
	uint32_t ref;			/* the turn that waits for its answer */
};

const size_t adapter_size = sizeof(struct adapter);

static const cJSON *messages_of(const cJSON *turn)
{
	cJSON *list = json_list();

	if (json_text(turn, "/system"))
		json_push(list, json_make("{role:'system',content:%s}", json_text(turn, "/system")));
	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m))
		json_push(list, json_make("{role:%s,content:%s}", json_text(m, "/role"), json_text(m, "/text")));
	return list;
}

static void answer(struct adapter *a, const struct event *ev)
{
	const char *text = json_text(ev->json, "/choices/0/message/content");
	int64_t in = 0, out = 0;

	if (ev->failure) {
		host_failed(a->ref, ev->failure, "%s", ev->text);
	} else if (!text) {
		host_failed(a->ref, FAIL_PLATFORM, "the answer holds no text");
	} else {
		json_number(ev->json, "/usage/prompt_tokens", 0, INT32_MAX, &in);
		json_number(ev->json, "/usage/completion_tokens", 0, INT32_MAX, &out);
		host_result(a->ref, json_make("{stop:'end',text:%s,calls:%j,usage:{in:%D,out:%D}}",
					      text, json_list(), in, out));
	}
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_TURN) {
		a->ref = ev->ref;
		host_call(ev->ref, 1, "chat", json_make("{model:%s,messages:%j}", json_text(ev->json, "/model"),
							messages_of(ev->json)));
	} else if (ev->kind == EVENT_HTTP) {
		answer(a, ev);
	}
}
