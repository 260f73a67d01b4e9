/* walkie.c - a channel for tests: what its service says, and what it is asked to send, tells it
 * what to do. */
#include "adapter/adapter.h"
#include <assert.h>
#include <unistd.h>

enum { DOOR = 1, POST, SECOND };

struct adapter {
	uint32_t line;			/* the socket that counts; 0: none */
	char note[40];			/* of what was kept */
	bool points;			/* when its timer has run out */
	const char *storm;		/* what it does over and over again */
};

const size_t adapter_size = sizeof(struct adapter);

static void rage(struct adapter *a, const struct event *ev)
{
	const cJSON *url = json_make("{url:%s}", "wss://w1.walkie.example/x");

	if (text_is(a->storm, "timer"))
		for (uint32_t tag = 1; tag <= 16; tag++)
			host_timer(tag, 0, 1);
	else if (text_is(a->storm, "door"))
		host_call(0, DOOR, "door", NULL);
	else if (text_is(a->storm, "line"))
		for (uint32_t tag = 2; tag <= 4; tag++)
			host_open(tag, "line", url);
	else if (text_is(a->storm, "close")) {
		host_close(2, 1000);
		host_open(2, "line", url);
	} else if (text_is(a->storm, "log") || text_is(a->storm, "keep"))
		host_timer(1, 0, 1);
	if (text_is(a->storm, "log"))
		for (int i = 0; i < 16; i++)
			host_log("%s", text_make("line %d %01000d", i, 1));
	if (text_is(a->storm, "keep"))
		host_keep(json_make("{much:%s}", text_make("%015000d", (int)++a->line)));
	(void)ev;
}

static void obey(struct adapter *a, const struct event *ev, const char *what)
{
	if (text_is(what, "crash"))
		assert(!"asked to");
	else if (text_is(what, "reach"))
		host_call(0, 9, "pay", NULL);
	else if (text_is(what, "steal"))
		getpid();
	else if (text_is(what, "look"))
		host_frame(ev->tag, "echo",
			   json_make("{text:%s}", json_is(ev->json, "/text", "a\xEF\xBF\xBD" "b") ? "mended" : "raw"));
	else if (text_is(what, "break"))
		host_broken(FAIL_AUTH, "the token is refused");
	else if (text_is(what, "keep"))
		host_keep(ev->json);
	else if (text_is(what, "leave"))
		host_close(ev->tag, 1000);
	else if (text_is(what, "open"))
		host_open(2, "line", json_make("{url:%s}", json_text(ev->json, "/url")));
	else if (text_is(what, "move"))
		host_call(0, DOOR, "door", NULL);
	else if (text_is(what, "wait"))
		host_timer(1, 100, 150);
	else if (text_is(what, "point later")) {
		a->points = true;
		host_timer(1, 1, 1);
	} else if (text_is(what, "do not wait"))
		host_timer(1, 0, 0);
	else if (text_is(what, "storm")) {
		static const char *const storms[] = { "timer", "door", "line", "close", "log", "keep", "again" };

		for (size_t i = 0; i < sizeof storms / sizeof *storms; i++)
			if (json_is(ev->json, "/what", storms[i]))
				a->storm = storms[i];
		rage(a, ev);
	} else if (text_is(what, "shout"))
		host_frame(ev->tag, "echo", json_make("{text:%s}", json_text(ev->json, "/text")));
}

static void heard(struct adapter *a, const struct event *ev)
{
	if (json_is(ev->json, "/type", "welcome")) {
		a->line = ev->tag;
		host_ready("/me");
	} else if (json_is(ev->json, "/type", "said")) {
		host_deliver("");
		host_frame(ev->tag, "ack", json_make("{id:%s}", json_text(ev->json, "/id")));
	} else if (!ev->json) {
		host_frame(ev->tag, "echo", json_make("{text:%s}", ev->text));
	}
	obey(a, ev, json_text(ev->json, "/do"));
}

static void answered(struct adapter *a, const struct event *ev)
{
	obey(a, ev, json_text(ev->json, "/do"));
	if (ev->tag == DOOR && ev->failure)
		host_call(0, DOOR, "door", NULL);
	else if (ev->tag == DOOR)
		host_open(a->line == 1 ? 2 : 1, "line", json_make("{url:%s}", json_text(ev->json, "/url")));
	else if (ev->tag == SECOND)
		return;
	else if (ev->failure == FAIL_BUSY)
		host_again(ev->ref, 5000);
	else if (ev->failure)
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	else
		host_result(ev->ref, NULL);
}

static void act(struct adapter *a, const struct event *ev)
{
	const char *text = json_text(ev->json, "/text");

	obey(a, ev, text);
	if (!text_is(text, "sit"))
		host_call(ev->ref, POST, "post", NULL);
	if (text_is(text, "twice"))
		host_call(ev->ref, SECOND, "post", NULL);
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (a->storm && (ev->kind == EVENT_TIMER || ev->kind == EVENT_OPEN || ev->kind == EVENT_HTTP)) {
		rage(a, ev);
		return;
	}
	switch (ev->kind) {
	case EVENT_START:
		text_copy(a->note, sizeof a->note, json_text(ev->json, "/kept/note"));
		obey(a, ev, json_text(ev->json, "/kept/start"));
		host_call(0, DOOR, "door", NULL);
		break;
	case EVENT_HTTP:
		answered(a, ev);
		break;
	case EVENT_OPEN:
		host_frame(ev->tag, "hello", json_make("{note:%s}", a->note[0] ? a->note : NULL));
		break;
	case EVENT_TEXT:
		heard(a, ev);
		break;
	case EVENT_CLOSED:
		if (ev->tag == a->line)
			a->line = 0;
		if (!a->line)
			host_call(0, DOOR, "door", NULL);
		break;
	case EVENT_TIMER:
		if (a->points)
			host_deliver("");
		host_frame(a->line, "echo", json_make("{text:'the time has come'}"));
		break;
	case EVENT_ACT:
		act(a, ev);
		break;
	case EVENT_STOP:
		if (!a->line)
			break;
		host_frame(a->line, "echo", json_make("{text:'bye'}"));
		host_close(a->line, 1000);
		break;
	default:
		break;
	}
}
