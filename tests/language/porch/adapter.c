/* adapter.c - the channel of specs/README.md: it asks where the line is, says hello there,
 * beats, and passes on what is said. A line that is about to move is followed before it
 * ends, so that for a moment there are two. */
#include "adapter.h"

enum { DOOR = 1, POST };		/* tags of calls */
enum { BEAT = 1 };			/* and of timers */

struct adapter {
	bool asked;			/* where the line is */
	uint32_t line;			/* the socket that counts, 1 or 2; 0: none */
	uint32_t next;			/* the one that is to follow it, until its welcome; 0: none */
	char url[256], session[64];
	int64_t beat_ms, beats;
};

const size_t adapter_size = sizeof(struct adapter);

/* One question and one next line at a time, however often we are told to move. */
static void want_line(struct adapter *a)
{
	if (a->asked || a->next)
		return;
	a->asked = true;
	host_call(0, DOOR, "door", NULL);
}

/* The other place than that of the line that counts. An address that is none comes back as the
 * end of this line. */
static void open_line(struct adapter *a, const char *url)
{
	text_copy(a->url, sizeof a->url, url);
	a->next = a->line == 1 ? 2 : 1;
	host_open(a->next, "line", json_make("{url:%s}", a->url));
}

/* An address of the porch is good again and again: it is kept, and the next start asks nobody. */
static void welcome(struct adapter *a, const struct event *ev)
{
	if (ev->tag == a->next) {
		if (a->line)
			host_close(a->line, 1000);
		a->line = ev->tag;
		a->next = 0;
	}
	a->beats = 0;
	a->beat_ms = 30000;
	json_number(ev->json, "/beat_ms", 1000, 600000, &a->beat_ms);
	text_copy(a->session, sizeof a->session, json_text(ev->json, "/session"));
	host_timer(BEAT, 0, (uint32_t)a->beat_ms);
	host_keep(json_make("{url:%s,session:%s}", a->url, a->session[0] ? a->session : NULL));
	host_ready("/me");
}

static void said(const struct event *ev)
{
	for (int i = 0; i < json_count(json_at(ev->json, "/said")); i++)
		host_deliver(text_make("/said/%d", i));
	if (json_text(ev->json, "/id"))
		host_frame(ev->tag, "ack", json_make("{id:%s}", json_text(ev->json, "/id")));
}

/* The service wants back what it said, to know that it came. */
static void commanded(const struct event *ev)
{
	host_deliver("");
	host_frame(ev->tag, "got", json_make("{from:%s}", json_text(ev->json, "/answer_to")));
}

static bool is_told(const cJSON *json)
{
	return json_is(json, "/type", "edited") || json_is(json, "/type", "corrected") ||
	       json_is(json, "/type", "taken") || json_is(json, "/type", "marked") ||
	       json_is(json, "/type", "moved");
}

static void heard(struct adapter *a, const struct event *ev)
{
	if (json_is(ev->json, "/type", "welcome"))
		welcome(a, ev);
	else if (json_is(ev->json, "/type", "said"))
		said(ev);
	else if (json_is(ev->json, "/type", "moving"))
		want_line(a);
	else if (json_is(ev->json, "/type", "command"))
		commanded(ev);
	else if (is_told(ev->json))
		host_deliver("");
}

/* The one that counts was told to move before it ended: then the next one is on its way. */
static void closed(struct adapter *a, const struct event *ev)
{
	if (ev->tag == a->next) {
		a->next = 0;
	} else {
		a->line = 0;
		host_timer(BEAT, 0, 0);
	}
	if (ev->status == 4001)
		host_broken(FAIL_AUTH, "4001: the token is refused");
	else
		want_line(a);
}

static void beat(struct adapter *a)
{
	host_frame(a->line, "beat", json_make("{n:%D}", ++a->beats));
	host_timer(BEAT, (uint32_t)a->beat_ms, (uint32_t)a->beat_ms);
}

static void door(struct adapter *a, const struct event *ev)
{
	a->asked = false;
	if (ev->failure == FAIL_AUTH)
		host_broken(FAIL_AUTH, "%s", ev->text);
	else if (ev->failure)
		want_line(a);		/* at once: the core paces */
	else
		open_line(a, json_text(ev->json, "/url"));
}

static void answer(struct adapter *a, const struct event *ev)
{
	if (ev->tag == DOOR)
		door(a, ev);
	else if (ev->failure == FAIL_BUSY)
		host_again(ev->ref, 5000);
	else if (ev->failure)
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	else
		host_result(ev->ref, NULL);
}

static void start(struct adapter *a, const cJSON *kept)
{
	text_copy(a->session, sizeof a->session, json_text(kept, "/session"));
	if (json_text(kept, "/url"))
		open_line(a, json_text(kept, "/url"));
	else
		want_line(a);
}

static void stop(void)
{
	host_close(1, 1000);
	host_close(2, 1000);
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_START: start(a, json_at(ev->json, "/kept")); break;
	case EVENT_HTTP: answer(a, ev); break;
	case EVENT_OPEN: host_frame(ev->tag, "hello", json_make("{session:%s}", a->session[0] ? a->session : NULL)); break;
	case EVENT_TEXT: heard(a, ev); break;
	case EVENT_CLOSED: closed(a, ev); break;
	case EVENT_TIMER: beat(a); break;
	case EVENT_ACT: host_call(ev->ref, POST, text_is(ev->name, "reply") ? "answer" : "post", NULL); break;
	case EVENT_STOP: stop(); break;
	default: break;
	}
}
