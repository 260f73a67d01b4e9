/* adapter.c - Slack over Socket Mode.
 *
 * It keeps a line to Slack, and for a while two: the next one comes before the old one goes.
 * It points at what somebody wrote, acknowledges it, and chooses the operation of an act. */
#include "adapter.h"

enum { TEST = 1, CONNECT, ACT };	/* tags of calls; the lines have the tags 1 and 2 */

struct adapter {
	bool asked;			/* an address is on its way */
	uint32_t line;			/* which line counts; 0: none did yet */
	uint32_t next;			/* which one has not said hello yet; 0: none */
};

const size_t adapter_size = sizeof(struct adapter);

/* ---- lines --------------------------------------------------------------- */

static uint32_t other(uint32_t tag)
{
	return tag == 1 ? 2 : 1;
}

/* specs/slack/line.md: "There MUST never be two requests for an address, or two lines that have
 * not said `hello`" */
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

static void tested(struct adapter *a, const struct event *ev)
{
	if (hopeless(ev))
		return;
	/* specs/slack/connect.md: "After a failure that no person has to mend the same MUST be asked
	 * again at once" */
	if (ev->failure)
		host_call(0, TEST, "test", NULL);
	/* specs/slack/connect.md: "A token that is not a bot's MUST be reported as broken: an answer
	 * that lacks `user_id` or `bot_id`." */
	else if (!json_text(ev->json, "/user_id") || !json_text(ev->json, "/bot_id"))
		host_broken(FAIL_AUTH, "this is not the token of a bot: bot_token begins with xoxb-, "
				       "app_token with xapp-");
	else
		want_line(a);
}

/* specs/slack/line.md: "The new line MUST NOT take the place of the one that still carries
 * events" */
static void connected(struct adapter *a, const struct event *ev)
{
	const char *url = json_text(ev->json, "/url");

	a->asked = false;
	if (hopeless(ev))
		return;
	if (ev->failure || !url) {
		want_line(a);
		return;
	}
	a->next = other(a->line);
	host_open(a->next, "line", json_make("{url:%s}", url));
}

/* specs/slack/connect.md: "It MUST NOT count as signed in before the line has said `hello`." */
static void hello(struct adapter *a, uint32_t tag)
{
	/* specs/slack/line.md: "A line counts from its first `hello`; another one MUST change
	 * nothing." */
	if (tag != a->next)
		return;
	a->line = tag;
	a->next = 0;
	host_ready(NULL);
}

static void told_to_go(struct adapter *a, const struct event *ev)
{
	/* specs/slack/line.md: "Socket Mode that was switched off MUST be reported as broken, with
	 * what to do, and nothing MUST be asked again." */
	if (json_is(ev->json, "/reason", "link_disabled"))
		host_broken(FAIL_PERMISSION, "link_disabled: switch Socket Mode on at api.slack.com/apps, "
					     "your app, Socket Mode");
	/* specs/slack/line.md: "On a warning of the line that counts, whatever its reason, a new
	 * address MUST be asked for at once.", and: "To be told that there are too many MUST NOT be
	 * taken for a warning: to ask for another line now would be a stampede." */
	else if (ev->tag == a->line && !json_is(ev->json, "/reason", "too_many_websockets"))
		want_line(a);
}

static void closed(struct adapter *a, uint32_t tag)
{
	/* specs/slack/line.md: "The end of an old line MUST NOT be taken for the end of the one
	 * that counts." */
	if (tag != a->line && tag != a->next)
		return;
	if (tag == a->next)
		a->next = 0;
	/* specs/slack/line.md: "Nothing ended the old one: the next line MUST NOT be opened in its
	 * place either." It may still be read: the place that is free now is this one's. */
	if (tag == a->line)
		a->line = other(tag);
	/* specs/slack/line.md: "When the line that counts ends, or the one that is to follow it,
	 * a new address MUST be asked for at once." */
	want_line(a);
}

/* ---- what comes ---------------------------------------------------------- */

static bool is_one_of(const cJSON *json, const char *at, const char *const *words)
{
	for (; *words; words++)
		if (json_is(json, at, *words))
			return true;
	return false;
}

/* specs/slack/message.md: "The lines of `USLACK` and `USLACKBOT` MUST NOT be delivered" */
static bool by_slack(const cJSON *json, const char *at)
{
	static const char *const slack[] = { "USLACK", "USLACKBOT", NULL };

	return is_one_of(json, at, slack);
}

/* specs/slack/message.md: "What people write MUST be delivered: a message without a subtype,
 * `file_share` (words with a file, which bots are known to lose), `thread_broadcast` (an answer in
 * a thread, shown in the channel too), `me_message`, and `bot_message` (an integration of old,
 * which has no `user`)." */
static bool is_words(const cJSON *event)
{
	static const char *const subtypes[] = { "file_share", "thread_broadcast", "me_message", "bot_message", NULL };

	return (!json_at(event, "/subtype") || is_one_of(event, "/subtype", subtypes)) && !by_slack(event, "/user");
}

/* specs/slack/change.md: "An edit MUST be delivered.", "A deletion MUST be delivered."; a
 * tombstone is Slackbot's, and yet a deletion. */
static bool is_change(const cJSON *event)
{
	if (json_is(event, "/subtype", "message_changed"))
		return json_is(event, "/message/subtype", "tombstone") || !by_slack(event, "/message/user");
	return json_is(event, "/subtype", "message_deleted");
}

/* specs/slack/message.md: "What is named neither here nor in change.md MUST NOT be delivered: no
 * other subtype, and no other event.", and of what comes again: "All of these MUST be delivered,
 * whatever `retry_attempt` says: the core drops an id that it knows within its chat, and what was
 * said while no line was up comes only in this way." */
static bool is_news(const cJSON *event)
{
	if (json_is(event, "/type", "message"))
		return is_words(event) || is_change(event);
	if (json_is(event, "/type", "app_mention"))
		return is_words(event);
	/* specs/slack/change.md: "The change MUST be delivered, for all that is kept of the chat goes
	 * with it." */
	return json_is(event, "/type", "channel_id_changed");
}

static void envelope(const struct event *ev)
{
	const char *id = json_text(ev->json, "/envelope_id");

	if (json_is(ev->json, "/type", "events_api") && is_news(json_at(ev->json, "/payload/event")))
		host_deliver("/payload/event");
	/* specs/slack/command.md: "A command MUST be delivered, and then acknowledged without an
	 * answer" */
	else if (json_is(ev->json, "/type", "slash_commands") && json_is_object(json_at(ev->json, "/payload")))
		host_deliver("/payload");
	/* specs/slack/message.md: "An envelope MUST be acknowledged after what is in it was delivered,
	 * on the line that it came on.", and: "An envelope of any type MUST be acknowledged, whether
	 * or not anything was in it." */
	if (!text_blank(id))
		host_frame(ev->tag, "ack", json_make("{envelope:%s}", id));
}

/* specs/slack/line.md: "Frames that are no JSON, binary ones among them, and messages of a new type
 * without an envelope MUST be ignored." */
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

static const char *operation_of(const struct event *ev)
{
	/* specs/slack/presence.md: "A mark MUST be taken away where `gone` is true, and put where it
	 * is false." */
	if (text_is(ev->name, "react"))
		return json_true(ev->json, "/gone") ? "unmark" : "mark";
	/* specs/slack/presence.md: "The status MUST be set where `on` is true, and cleared where it is
	 * false." */
	if (text_is(ev->name, "typing"))
		return json_true(ev->json, "/on") ? "think" : "rest";
	/* specs/slack/confirm.md: "Where there is no thread the newest 200 messages of the chat MUST be
	 * read." */
	return json_text(ev->json, "/thread") ? "replies" : "history";
}

static void done(const struct event *ev)
{
	const char *cursor = json_text(ev->json, "/response_metadata/next_cursor");

	/* specs/slack/presence.md: "An act that fails MUST be answered with the class and the reason
	 * that came."; specs/slack/confirm.md: "A page that cannot be read MUST be a failure of the
	 * act" */
	if (ev->failure)
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	/* specs/slack/confirm.md: "A thread MUST be read to its end, page by page, as long as there is
	 * a `next_cursor`" */
	else if (!text_blank(cursor))
		host_call(ev->ref, ACT, "replies", json_make("{cursor:%s}", cursor));
	else
		host_result(ev->ref, NULL);
}

static void answer(struct adapter *a, const struct event *ev)
{
	if (ev->ref)
		done(ev);
	else if (ev->tag == TEST)
		tested(a, ev);
	else
		connected(a, ev);
}

/* specs/slack/connect.md: "Every line MUST be closed with 1000." */
static void stop(void)
{
	host_close(1, 1000);
	host_close(2, 1000);
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_START: host_call(0, TEST, "test", NULL); break;
	case EVENT_HTTP: answer(a, ev); break;
	case EVENT_TEXT: heard(a, ev); break;
	case EVENT_CLOSED: closed(a, ev->tag); break;
	case EVENT_ACT: host_call(ev->ref, ACT, operation_of(ev), NULL); break;
	case EVENT_STOP: stop(); break;
	default: break;
	}
}
