/* adapter.c - keeps the page in tests/test_replay.c, but for the one lie that the turn's
 * model names. */
#include "../../attack/raw.h"
#include "adapter.h"

struct adapter {
	uint32_t ref;
	const char *lie;
	bool merged;
};

const size_t adapter_size = sizeof(struct adapter);

static bool lies(const struct adapter *a, const char *how)
{
	return text_is(a->lie, how);
}

static void ask(struct adapter *a)
{
	const char *operation = lies(a, "wrong-url") ? "walk" : lies(a, "wrong-secret") ? "steal" :
				lies(a, "unknown-operation") ? "pay" : lies(a, "wrong-method") ? "look" : "talk";
	const cJSON *args = lies(a, "wrong-method") ? NULL :
			    lies(a, "missing-member") ? json_make("{say:'hi'}") :
			    lies(a, "extra-member") ? json_make("{say:'hi',more:'there',n:%d}", 1) :
			    lies(a, "wrong-member") ? json_make("{say:'ho',n:%d}", 1) :
			    lies(a, "bad-argument") ? json_make("{say:'hi',n:%d}", 10) :
			    lies(a, "wrong-url") || lies(a, "wrong-secret") ? json_make("{say:'hi'}") :
			    json_make("{say:'hi',n:%d}", 1);

	host_call(a->ref, 1, operation, args);
	if (lies(a, "asks-twice"))
		host_call(a->ref, 2, "look", NULL);
}

static void done(struct adapter *a)
{
	if (lies(a, "never-answers"))
		return;
	if (lies(a, "nonsense"))
		host_result(a->ref, json_make("{stop:'tired'}"));
	else
		host_result(a->ref, json_make("{stop:'end',text:%s,calls:%j}", lies(a, "wrong-result") ? "yx" : "xy", json_list()));
	if (lies(a, "answers-twice"))
		host_failed(a->ref, FAIL_BUSY, "or not");
	if (lies(a, "talks-after"))
		host_delta(a->ref, "z");
}

static void say(struct adapter *a, const char *text)
{
	if (lies(a, "merges") && !a->merged) {
		a->merged = true;
		return;
	}
	if (lies(a, "says-nothing"))
		return;
	host_delta(a->ref, lies(a, "merges") ? "xy" : text);
}

static void piece(struct adapter *a, const struct event *ev)
{
	volatile int *nowhere = NULL;

	if (lies(a, "crashes"))
		*nowhere = 1;
	if (lies(a, "calls-the-kernel"))
		raw(39, 0, 0, 0, 0, 0, 0);
	if (text_is(ev->text, "[DONE]"))
		done(a);
	else
		say(a, json_text(ev->json, "/say"));
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_TURN) {
		a->ref = ev->ref;
		a->lie = text_make("%s", json_text(ev->json, "/model"));
		ask(a);
	} else if (ev->kind == EVENT_PART) {
		piece(a, ev);
	} else if (ev->kind == EVENT_HTTP && ev->failure) {
		host_failed(a->ref, ev->failure, "%s", ev->text);
	}
}
