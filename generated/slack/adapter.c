/* adapter.c - Slack over Socket Mode.
 *
 * We ask who we are, then for the address of a line, which works once. On the line come
 * envelopes: each is acknowledged, and what somebody wrote is pointed at first. Slack renews a
 * line every few hours and says so before; the next one is up before the last one ends.
 *
 * The core reads the messages, sends, edits and answers commands by the manifest alone. */
#include "adapter.h"

enum { TEST = 1, CONNECT, ACT };	/* tags of calls */

struct adapter {
	bool asked;			/* for an address */
	uint32_t line;			/* the socket that said hello last, 1 or 2; 0: none */
	uint32_t next;			/* the one that has not said hello yet; 0: none */
};

const size_t adapter_size = sizeof(struct adapter);

/* ---- lines --------------------------------------------------------------- */

/* specs/slack/line.md: "There MUST never be two requests for an address, or two lines that have
 * not said hello." */
static void want_line(struct adapter *a)
{
	if (a->asked || a->next)
		return;
	a->asked = true;
	host_call(0, CONNECT, "connect", NULL);
}

/* specs/slack/connect.md: "What only a person can mend MUST be reported as broken, with class and
 * reason as they came, and nothing MUST be asked again." */
static bool hopeless(const struct event *ev)
{
	if (ev->failure != FAIL_AUTH && ev->failure != FAIL_PERMISSION)
		return false;
	host_broken(ev->failure, "%s", ev->text);
	return true;
}

/* specs/slack/connect.md: "A token that is not a bot's MUST be reported as broken" */
static void tested(struct adapter *a, const struct event *ev)
{
	if (hopeless(ev))
		return;
	if (ev->failure)
		host_call(0, TEST, "test", NULL);
	else if (!json_text(ev->json, "/user_id") || !json_text(ev->json, "/bot_id"))
		host_broken(FAIL_AUTH, "this is not the token of a bot: bot_token begins with xoxb-, app_token with xapp-");
	else
		want_line(a);
}

/* specs/slack/line.md: "The new line MUST NOT take the place of the one that still carries events." */
static void connected(struct adapter *a, const struct event *ev)
{
	a->asked = false;
	if (hopeless(ev))
		return;
	if (ev->failure) {
		want_line(a);
		return;
	}
	a->next = a->line == 1 ? 2 : 1;
	host_open(a->next, "line", json_make("{url:%s}", json_text(ev->json, "/url")));
}

/* specs/slack/connect.md: "It MUST NOT count as signed in before the line has said hello." */
static void hello(struct adapter *a, uint32_t tag)
{
	a->line = tag;
	a->next = 0;
	host_ready(NULL);
}

static void told_to_go(struct adapter *a, const struct event *ev)
{
	/* specs/slack/line.md: "Socket Mode that was switched off MUST be reported as broken" */
	if (json_is(ev->json, "/reason", "link_disabled"))
		host_broken(FAIL_PERMISSION, "link_disabled: switch Socket Mode on at api.slack.com/apps, your app, Socket Mode");
	/* specs/slack/line.md: "For too many lines another one MUST NOT be asked before this one has ended." */
	else if (ev->tag == a->line && !json_is(ev->json, "/reason", "too_many_websockets"))
		want_line(a);
}

/* specs/slack/line.md: "When the line that counts ends, or one that was to follow it, a new address MUST be asked for
 * at once." */
static void closed(struct adapter *a, uint32_t tag)
{
	if (tag != a->line && tag != a->next)
		return;
	if (tag == a->line)
		a->line = 0;
	if (tag == a->next)
		a->next = 0;
	want_line(a);
}

/* ---- envelopes ----------------------------------------------------------- */

/* specs/slack/message.md: "Every other subtype MUST NOT be delivered" */
static bool has_words(const cJSON *event)
{
	static const char *const with[] = {
		"file_share", "thread_broadcast", "me_message", "bot_message", "message_changed", "message_deleted",
	};
	const char *subtype = json_text(event, "/subtype");

	for (size_t i = 0; subtype && i < sizeof with / sizeof with[0]; i++)
		if (text_is(subtype, with[i]))
			return true;
	return !subtype;
}

/* specs/slack/message.md: "What Slack itself says MUST NOT be delivered" */
static bool by_slack(const cJSON *event)
{
	return json_is(event, "/user", "USLACK") || json_is(event, "/user", "USLACKBOT");
}

static bool is_news(const cJSON *event)
{
	if (json_is(event, "/type", "message"))
		return has_words(event) && !by_slack(event);
	return json_is(event, "/type", "app_mention") || json_is(event, "/type", "channel_id_changed");
}

/* specs/slack/message.md: "An envelope MUST be acknowledged after what is in it was delivered, on the line that it
 * came on." */
static void envelope(const struct event *ev)
{
	const char *id = json_text(ev->json, "/envelope_id");

	if (json_is(ev->json, "/type", "slash_commands"))
		host_deliver("/payload");
	else if (json_is(ev->json, "/type", "events_api") && is_news(json_at(ev->json, "/payload/event")))
		host_deliver("/payload/event");
	if (id)
		host_frame(ev->tag, "ack", json_make("{envelope:%s}", id));
}

static void heard(struct adapter *a, const struct event *ev)
{
	if (json_is(ev->json, "/type", "hello"))
		hello(a, ev->tag);
	else if (json_is(ev->json, "/type", "disconnect"))
		told_to_go(a, ev);
	else
		envelope(ev);
}

/* ---- acts ---------------------------------------------------------------- */

/* specs/slack/presence.md: "A mark MUST be put with reactions.add and taken away with reactions.remove." */
static const char *operation_of(const struct event *ev)
{
	if (text_is(ev->name, "react"))
		return json_true(ev->json, "/gone") ? "unmark" : "mark";
	if (text_is(ev->name, "typing"))
		return json_true(ev->json, "/on") ? "think" : "rest";
	return json_text(ev->json, "/thread") ? "replies" : "history";
}

/* specs/slack/confirm.md: "A thread MUST be read to its end" */
static void done(const struct event *ev)
{
	const char *cursor = json_text(ev->json, "/response_metadata/next_cursor");

	if (ev->failure)
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	else if (cursor && *cursor)
		host_call(ev->ref, ACT, "replies", json_make("{cursor:%s}", cursor));
	else
		host_result(ev->ref, NULL);
}

static void answer(struct adapter *a, const struct event *ev)
{
	switch (ev->tag) {
	case TEST: tested(a, ev); break;
	case CONNECT: connected(a, ev); break;
	default: done(ev); break;
	}
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_START: host_call(0, TEST, "test", NULL); break;
	case EVENT_HTTP: answer(a, ev); break;
	case EVENT_TEXT: heard(a, ev); break;
	case EVENT_CLOSED: closed(a, ev->tag); break;
	case EVENT_ACT: host_call(ev->ref, ACT, operation_of(ev), NULL); break;
	case EVENT_STOP:
		host_close(1, 1000);
		host_close(2, 1000);
		break;
	default: break;
	}
}
