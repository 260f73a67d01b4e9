/* test_channel.c - what a channel's adapter may ask, and when asking ends its process. */
#include "contract.h"
#include "adapter/adapter.h"
#include "adapter/session.h"
#include "limits.h"

#define IS(act, name, role) "\"" name "\":{\"type\":\"text\",\"is\":\"" act "." name "\"" role "}"

static const char chat_text[] =
	"{\"name\":\"c\",\"kind\":\"channel\",\"abi\":1,\"about\":\"C\",\"base\":\"https://api.example.com\","
	"\"secrets\":{\"key\":{\"kind\":\"bearer\",\"label\":\"K\",\"obtain\":\"there\"}},"
	"\"operations\":{"
	"\"where\":{\"method\":\"GET\",\"url\":\"/where\",\"effects\":[\"read\"],\"retry\":\"always\",\"secret\":\"key\"},"
	"\"post\":{\"method\":\"POST\",\"url\":\"/post\",\"effects\":[\"send\"],\"retry\":\"busy\",\"gives\":{\"id\":\"/id\"},"
	"\"args\":{" IS("send", "chat", "") "," IS("send", "text", "") ",\"n\":{\"type\":\"int\",\"optional\":true}},"
	"\"body\":{\"chat\":\"{chat}\",\"text\":\"{text}\",\"n\":\"{n}\",\"key\":\"{core.key}\"}},"
	"\"mark\":{\"method\":\"POST\",\"url\":\"/mark\",\"effects\":[\"write\"],\"retry\":\"always\",\"args\":{" IS("react", "id", "") "},\"body\":{\"id\":\"{id}\",\"key\":\"{core.key}\"}},"
	"\"lately\":{\"method\":\"GET\",\"url\":\"/lately?chat={chat}\",\"effects\":[\"read\"],\"retry\":\"always\",\"args\":{" IS("confirm", "chat", "") "},"
	"\"gives\":{\"chat\":\"/chat\"},\"finds\":{\"at\":\"/all/*/one\",\"key\":\"/meta/key\",\"id\":\"/ts\"}},"
	"\"answer\":{\"method\":\"POST\",\"url\":\"{to}\",\"effects\":[\"send\"],\"retry\":\"busy\",\"body\":{\"key\":\"{core.key}\",\"text\":\"{text}\"},"
	"\"args\":{\"to\":{\"type\":\"url\",\"match\":\"https://hooks.example.com\",\"is\":\"reply.handle\"}," IS("reply", "text", "") "}},"
	"\"seal\":{\"method\":\"POST\",\"url\":\"/seal\",\"effects\":[\"write\"],\"retry\":\"always\",\"gives\":{\"seal\":\"/seal\"}}},"
	"\"sockets\":{\"line\":{\"url\":\"{url}\",\"frame_max\":60,"
	"\"args\":{\"url\":{\"type\":\"url\",\"match\":\"wss://*.example.com\",\"seen\":[\"where /url\",\"line /d/url\"]}},"
	"\"frames\":{\"hello\":{\"secret\":\"key\",\"args\":{\"s\":{\"type\":\"id\",\"optional\":true,\"seen\":[\"line /s\"]}},"
	"\"body\":{\"token\":\"{secret}\",\"s\":\"{s}\"}},"
	"\"beat\":{\"args\":{\"n\":{\"type\":\"int\"}},\"body\":{\"n\":\"{n}\"}},"
	"\"say\":{\"args\":{\"t\":{\"type\":\"text\"}},\"body\":{\"t\":\"{t}\"}}}}},"
	"\"me\":{\"in\":\"line\",\"at\":\"/me\",\"also\":{\"team\":\"where /team\"}},\"emoji\":{\"👀\":\"eyes\"},"
	"\"inbound\":[{\"in\":\"line\",\"at\":\"/d\",\"id\":\"{@/id}\",\"chat\":\"{@/chat}\",\"from\":\"{@/by}\",\"text\":{\"of\":\"{@/text}\"}}],"
	"\"acts\":{\"confirm\":\"code\",\"reply\":\"code\",\"send\":\"code\",\"react\":[\"mark\",\"seal\"]},\"text\":{\"max\":100,\"unit\":\"byte\",\"marks\":\"plain\"},"
	"\"limits\":{\"requests_per_job\":3}}";

static struct manifest *m;
static struct session *s;
static struct ask asked;
static cJSON *raw;

static void begin(void)
{
	m = contract(chat_text);
	s = session_new(m, NULL);
}

static void finish(void)
{
	ask_free(&asked);
	session_free(s);
	manifest_free(m);
	json_drop(&raw);
}

static struct str maybe(const char *text)
{
	return text ? str_of(text) : (struct str){ 0 };
}

/* The violation, or NULL and `asked`. */
static const char *say(enum wire_kind kind, uint32_t ref, uint32_t tag, int64_t a, int64_t b, const char *name, const char *json)
{
	struct wire_message w = { kind, ref, tag, a, b, maybe(name), { 0 }, maybe(json) };

	ask_free(&asked);
	return session_take(s, &w, &asked);
}

static void must(const char *violation, enum ask_kind kind)
{
	ck_assert_msg(!violation, "%s", violation);
	ck_assert_msg(asked.kind == kind, "%d: %s", asked.kind, asked.text ? asked.text : "");
}

static void hear(const char *source, const char *json)
{
	json_drop(&raw);
	raw = tree(json);
	session_event(s, source, raw);
}

/* ---- one message, in each state ------------------------------------------ */

enum stage { FRESH, ASKED, UP, FALLEN, TOLD, CLOSED, BROKEN, ACT, REACT, CONFIRM, REPLY };

static void act(uint32_t ref, const char *name, const cJSON *json, const char *key)
{
	char *told = session_act(s, ref, manifest_act(m, name), json, key);

	free(told);
}

static const char *const line_url = "{\"url\":\"wss://a.example.com\"}";

static void go(enum stage stage)
{
	static const char *const acts[] = { "send", "react", "confirm", "reply" };
	DEFER(json_drop) cJSON *json = tree("{\"chat\":\"r\",\"text\":\"hi\",\"id\":\"7\",\"handle\":\"https://hooks.example.com/7\"}");

	hear("where", "{\"url\":\"wss://a.example.com\",\"other\":\"wss://b.example.com\"}");
	if (stage >= ASKED)
		must(say(WIRE_OPEN, 0, 1, 0, 0, "line", line_url), ASK_OPEN);
	if (stage >= UP)
		ck_assert(session_up(s, 1));
	if (stage == FALLEN || stage == TOLD)
		session_fell(s, 1);
	if (stage == TOLD)
		ck_assert(session_shut(s, 1));
	if (stage == CLOSED)
		must(say(WIRE_CLOSE, 0, 1, 1000, 0, NULL, NULL), ASK_CLOSE);
	if (stage == BROKEN)
		must(say(WIRE_BROKEN, 0, 0, FAIL_AUTH, 0, NULL, NULL), ASK_BROKEN);
	if (stage >= ACT)
		act(7, acts[stage - ACT], json, "k7");
	hear("line", "{\"me\":41,\"s\":\"s1\",\"d\":{\"id\":\"1\",\"chat\":\"r\",\"by\":\"ann\",\"text\":\"hi\",\"url\":\"wss://c.example.com/x?y=1\"}}");
}

static const struct {
	const char *name;
	enum stage stage;
	enum wire_kind kind;
	uint32_t ref, tag;
	int64_t a, b;
	const char *text, *json;
	enum ask_kind ask;
	const char *violation;		/* or NULL */
} cases[] = {
	{ "a socket", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://a.example.com\"}", ASK_OPEN, NULL },
	{ "the same socket again", UP, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://a.example.com\"}", ASK_OPEN, NULL },
	{ "an address told by a frame", FRESH, WIRE_OPEN, 0, 4, 0, 0, "line", "{\"url\":\"wss://c.example.com/x?y=1\"}", ASK_OPEN, NULL },
	{ "an address told at another place", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://b.example.com\"}", ASK_SHUT, NULL },
	{ "an address nobody told", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://z.example.com\"}", ASK_SHUT, NULL },
	{ "an address of another kind", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":7}", ASK_SHUT, NULL },
	{ "a socket without its address", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", NULL, ASK_SHUT, NULL },
	{ "a socket of another name", FRESH, WIRE_OPEN, 0, 1, 0, 0, "wire", NULL, 0, "opened the socket \"wire\", which its manifest does not have" },
	{ "an argument of another name", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"host\":\"h\"}", 0, "asked for the socket \"line\" with the argument \"host\"" },
	{ "arguments that are no JSON", FRESH, WIRE_OPEN, 0, 1, 0, 0, "line", "{", 0, "not JSON" },
	{ "tag 0", FRESH, WIRE_OPEN, 0, 0, 0, 0, "line", NULL, 0, "opened a socket with the tag 0: they are 1 to 4" },
	{ "tag 5", FRESH, WIRE_OPEN, 0, 5, 0, 0, "line", NULL, 0, "with the tag 5" },

	{ "a frame", UP, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", ASK_FRAME, NULL },
	{ "a frame with a value that was told", UP, WIRE_FRAME, 0, 1, 0, 0, "hello", "{\"s\":\"s1\"}", ASK_FRAME, NULL },
	{ "a frame with a value that was not", UP, WIRE_FRAME, 0, 1, 0, 0, "hello", "{\"s\":\"s2\"}", ASK_SHUT, NULL },
	{ "a frame with a value that does not fit", UP, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":\"x\"}", ASK_SHUT, NULL },
	{ "a frame as large as can be", UP, WIRE_FRAME, 0, 1, 0, 0, "say", "{\"t\":\"0123456789012345678901234567890123456789012345678901\"}", ASK_FRAME, NULL },
	{ "a frame larger than that", UP, WIRE_FRAME, 0, 1, 0, 0, "say", "{\"t\":\"01234567890123456789012345678901234567890123456789012\"}", ASK_SHUT, NULL },
	{ "a frame of another name", UP, WIRE_FRAME, 0, 1, 0, 0, "shout", NULL, 0, "wrote the frame \"shout\"" },
	{ "a frame with an argument of another name", UP, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"m\":1}", 0, "asked for the frame \"beat\" with the argument \"m\"" },
	{ "a frame to a socket that was never opened", UP, WIRE_FRAME, 0, 2, 0, 0, "beat", "{\"n\":1}", 0, "wrote to socket 2, which is not open" },
	{ "a frame to a socket that is not up", ASKED, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", 0, "not up yet" },
	{ "a frame to a socket that fell meanwhile is stale", FALLEN, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", ASK_NOTHING, NULL },
	{ "but not once it was told", TOLD, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", 0, "which is not open" },
	{ "a frame to a socket that it closed", CLOSED, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", 0, "which is not open" },
	{ "a frame with tag 9", UP, WIRE_FRAME, 0, 9, 0, 0, "beat", "{\"n\":1}", 0, "wrote to a socket with the tag 9" },

	{ "a close", UP, WIRE_CLOSE, 0, 1, 4200, 0, NULL, NULL, ASK_CLOSE, NULL },
	{ "a close of what is not up yet", ASKED, WIRE_CLOSE, 0, 1, 1000, 0, NULL, NULL, ASK_CLOSE, NULL },
	{ "a close of nothing", FRESH, WIRE_CLOSE, 0, 1, 1000, 0, NULL, NULL, ASK_NOTHING, NULL },
	{ "a close of what fell", FALLEN, WIRE_CLOSE, 0, 1, 1000, 0, NULL, NULL, ASK_NOTHING, NULL },
	{ "a close with a code for reports", UP, WIRE_CLOSE, 0, 1, 1006, 0, NULL, NULL, 0, "1006, which is no code to send" },
	{ "a close with no code", UP, WIRE_CLOSE, 0, 1, 0, 0, NULL, NULL, 0, "no code to send" },
	{ "a close with tag 5", UP, WIRE_CLOSE, 0, 5, 1000, 0, NULL, NULL, 0, "closed a socket with the tag 5" },

	{ "a timer", FRESH, WIRE_TIMER, 0, 16, 0, 1000, NULL, NULL, ASK_TIMER, NULL },
	{ "a timer that is stopped", FRESH, WIRE_TIMER, 0, 1, 0, 0, NULL, NULL, ASK_TIMER, NULL },
	{ "a span that runs backwards", FRESH, WIRE_TIMER, 0, 1, 2, 1, NULL, NULL, 0, "set timer 1 from 2 to 1 ms, which is no span" },
	{ "a span before now", FRESH, WIRE_TIMER, 0, 1, -1, 1, NULL, NULL, 0, "no span" },
	{ "a timer with tag 17", FRESH, WIRE_TIMER, 0, 17, 1, 1, NULL, NULL, 0, "set a timer with the tag 17: they are 1 to 16" },

	{ "a delivery", FRESH, WIRE_DELIVER, 0, 0, 0, 0, "/d", NULL, ASK_DELIVER, NULL },
	{ "a delivery of what no row fits", FRESH, WIRE_DELIVER, 0, 0, 0, 0, "/me", NULL, 0, "delivered \"/me\" of what came from line, which no row" },
	{ "ready", FRESH, WIRE_READY, 0, 0, 1, 0, "/me", NULL, ASK_READY, NULL },
	{ "ready as before", FRESH, WIRE_READY, 0, 0, 0, 0, NULL, NULL, ASK_READY, NULL },
	{ "ready, and pointing elsewhere", FRESH, WIRE_READY, 0, 0, 1, 0, "/s", NULL, 0, "pointed at \"/s\" for its own id" },
	{ "broken", FRESH, WIRE_BROKEN, 0, 0, FAIL_AUTH, 0, NULL, NULL, ASK_BROKEN, NULL },
	{ "broken with no class", FRESH, WIRE_BROKEN, 0, 0, FAIL_NONE, 0, NULL, NULL, 0, "with the class 0" },
	{ "something to keep", FRESH, WIRE_KEEP, 0, 0, 0, 0, NULL, "{\"s\":\"s1\"}", ASK_KEEP, NULL },
	{ "nothing to keep", FRESH, WIRE_KEEP, 0, 0, 0, 0, NULL, NULL, ASK_KEEP, NULL },
	{ "no JSON to keep", FRESH, WIRE_KEEP, 0, 0, 0, 0, NULL, "x", 0, "not JSON" },

	{ "broken already: a socket", BROKEN, WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://a.example.com\"}", ASK_NOTHING, NULL },
	{ "broken already: a frame", BROKEN, WIRE_FRAME, 0, 1, 0, 0, "beat", "{\"n\":1}", ASK_NOTHING, NULL },
	{ "broken already: a call", BROKEN, WIRE_CALL, 0, 1, 0, 0, "where", NULL, ASK_NOTHING, NULL },
	{ "broken already: a timer", BROKEN, WIRE_TIMER, 0, 1, 1, 1, NULL, NULL, ASK_NOTHING, NULL },
	{ "broken already: a delivery", BROKEN, WIRE_DELIVER, 0, 0, 0, 0, "/d", NULL, ASK_NOTHING, NULL },
	{ "broken already: ready", BROKEN, WIRE_READY, 0, 0, 0, 0, NULL, NULL, ASK_NOTHING, NULL },
	{ "broken already: broken", BROKEN, WIRE_BROKEN, 0, 0, FAIL_AUTH, 0, NULL, NULL, ASK_NOTHING, NULL },
	{ "broken already: something to keep", BROKEN, WIRE_KEEP, 0, 0, 0, 0, NULL, NULL, ASK_KEEP, NULL },

	{ "upkeep that reads", FRESH, WIRE_CALL, 0, 1, 0, 0, "where", NULL, ASK_CALL, NULL },
	{ "upkeep that writes", FRESH, WIRE_CALL, 0, 1, 0, 0, "seal", NULL, 0, "asked for the operation \"seal\" without a request (ref 0): upkeep only reads" },
	{ "upkeep that sends", ACT, WIRE_CALL, 0, 1, 0, 0, "post", NULL, 0, "without a request" },
	{ "an act's operation", ACT, WIRE_CALL, 7, 1, 0, 0, "post", NULL, ASK_CALL, NULL },
	{ "an act's operation that does not fit", ACT, WIRE_CALL, 7, 1, 0, 0, "post", "{\"n\":\"x\"}", ASK_REFUSED, NULL },
	{ "another text for an act", ACT, WIRE_CALL, 7, 1, 0, 0, "post", "{\"text\":\"buy\"}", 0, "which the core fills in" },
	{ "another act's operation", ACT, WIRE_CALL, 7, 1, 0, 0, "mark", NULL, 0, "asked for the operation \"mark\", whose \"id\" is react.id, under send" },
	{ "a request that was never given", ACT, WIRE_CALL, 8, 1, 0, 0, "post", NULL, 0, "for request 8, which it was never given" },
	{ "what looks, under confirm", CONFIRM, WIRE_CALL, 7, 1, 0, 0, "lately", NULL, ASK_CALL, NULL },
	{ "what looks, with a chat of its own", CONFIRM, WIRE_CALL, 7, 1, 0, 0, "lately", "{\"chat\":\"x\"}", 0, "which the core fills in" },
	{ "what looks, under another act", ACT, WIRE_CALL, 7, 1, 0, 0, "lately", NULL, 0, "is confirm.chat, under send" },
	{ "what sends, under confirm", CONFIRM, WIRE_CALL, 7, 1, 0, 0, "post", NULL, 0, "asked for the operation \"post\" under confirm, which only reads" },
	{ "what writes, under confirm", CONFIRM, WIRE_CALL, 7, 1, 0, 0, "seal", NULL, 0, "under confirm, which only reads" },
	{ "confirmed, without a look", CONFIRM, WIRE_RESULT, 7, 0, 0, 0, NULL, NULL, ASK_FAILED, NULL },
	{ "confirmed, with an id of its own", CONFIRM, WIRE_RESULT, 7, 0, 0, 0, NULL, "{\"id\":\"9\"}", 0, "an act's is NULL" },
	{ "a reply", REPLY, WIRE_CALL, 7, 1, 0, 0, "answer", NULL, ASK_CALL, NULL },
	{ "a reply to another handle", REPLY, WIRE_CALL, 7, 1, 0, 0, "answer", "{\"to\":\"https://hooks.example.com/8\"}", 0, "which the core fills in" },
	{ "a reply under another act, though it came with a handle", ACT, WIRE_CALL, 7, 1, 0, 0, "answer", NULL, 0, "whose \"to\" is reply.handle, under send" },
	{ "a reply for no request", REPLY, WIRE_CALL, 0, 1, 0, 0, "answer", NULL, 0, "without a request" },
	{ "an act is done without anything that did it", ACT, WIRE_RESULT, 7, 0, 0, 0, NULL, NULL, ASK_FAILED, NULL },
	{ "a mark is put without anything that did it", REACT, WIRE_RESULT, 7, 0, 0, 0, NULL, NULL, ASK_FAILED, NULL },
	{ "a command is answered without anything that did it", REPLY, WIRE_RESULT, 7, 0, 0, 0, NULL, NULL, ASK_FAILED, NULL },
	{ "an act with a result of its own", ACT, WIRE_RESULT, 7, 0, 0, 0, NULL, "{\"id\":\"9\"}", 0, "an act's is NULL" },
	{ "an act fails", ACT, WIRE_FAILED, 7, 0, FAIL_BUSY, 0, NULL, NULL, ASK_FAILED, NULL },
	{ "an act is put off", ACT, WIRE_AGAIN, 7, 0, 1000, 0, NULL, NULL, ASK_AGAIN, NULL },
	{ "an answer to nothing", FRESH, WIRE_RESULT, 7, 0, 0, 0, NULL, NULL, 0, "for request 7, which it was never given" },
	{ "an answer to no request", FRESH, WIRE_FAILED, 0, 0, FAIL_BUSY, 0, NULL, NULL, 0, "without a request (ref 0)" },
	{ "text before the result", ACT, WIRE_DELTA, 7, 0, 0, 0, NULL, NULL, 0, "only a model does" },
};

START_TEST(a_message_is_let_through_refused_or_a_violation)
{
	const char *why;

	go(cases[_i].stage);
	why = say(cases[_i].kind, cases[_i].ref, cases[_i].tag, cases[_i].a, cases[_i].b, cases[_i].text, cases[_i].json);
	if (cases[_i].violation) {
		ck_assert_msg(why && strstr(why, cases[_i].violation), "%s: %s", cases[_i].name, why ? why : "let through");
		return;
	}
	ck_assert_msg(!why, "%s: %s", cases[_i].name, why);
	ck_assert_msg(asked.kind == cases[_i].ask, "%s: %d %s", cases[_i].name, asked.kind, asked.text ? asked.text : "");
}
END_TEST

/* ---- what goes on over several ------------------------------------------- */

/* Another process, with what the one before kept. */
static void restart(const char *keep)
{
	DEFER(json_drop) cJSON *kept = NULL, *me = tree("{\"id\":\"41\"}");

	must(say(WIRE_KEEP, 0, 0, 0, 0, NULL, keep), ASK_KEEP);
	kept = cJSON_Duplicate(asked.json, true);
	session_free(s);
	s = session_new(m, NULL);
	session_begin(s, kept, me);
}

static const char kept_urls[] =
	"{\"was\":[{\"url\":\"wss://a.example.com\"}],\"made up\":\"wss://z.example.com\",\"s\":\"wss://d.example.com\"}";

START_TEST(what_was_told_and_kept_may_be_used_by_the_next_process)
{
	go(FRESH);
	hear("line", "{\"s\":\"wss://d.example.com\"}");
	hear("where", "{\"url\":\"wss://b.example.com\"}");
	for (int i = 0; i < 2; i++) {
		restart(kept_urls);
		ck_assert(json_is(asked.json, "/state/made up", "wss://z.example.com"));
		must(say(WIRE_OPEN, 0, 1, 0, 0, "line", line_url), ASK_OPEN);
	}
	must(say(WIRE_READY, 0, 0, 0, 0, NULL, NULL), ASK_READY);
	ck_assert(json_is(asked.json, "/id", "41"));
}
END_TEST

static const struct { const char *name, *url; } untold[] = {
	{ "made up", "{\"url\":\"wss://z.example.com\"}" },
	{ "told, and not kept", "{\"url\":\"wss://b.example.com\"}" },
	{ "told at another place", "{\"url\":\"wss://d.example.com\"}" },
};

START_TEST(what_was_kept_counts_for_nothing_where_nobody_told_it)
{
	go(FRESH);
	hear("line", "{\"s\":\"wss://d.example.com\"}");
	hear("where", "{\"url\":\"wss://b.example.com\"}");
	restart(kept_urls);
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", untold[_i].url), ASK_SHUT);
	restart(kept_urls);
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", untold[_i].url), ASK_SHUT);
}
END_TEST

START_TEST(of_what_was_told_the_newest_stay)
{
	char told[64];

	for (int i = 0; i <= SEEN_MAX; i++) {
		snprintf(told, sizeof told, "{\"url\":\"wss://h%d.example.com\"}", i);
		hear("where", told);
	}
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://h0.example.com\"}"), ASK_SHUT);
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", "{\"url\":\"wss://h1.example.com\"}"), ASK_OPEN);
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", told), ASK_OPEN);
}
END_TEST

START_TEST(a_secret_in_a_frame_is_only_named)
{
	go(UP);
	must(say(WIRE_FRAME, 0, 1, 0, 0, "hello", "{\"s\":\"s1\"}"), ASK_FRAME);
	ck_assert_str_eq(asked.request.body, "{\"token\":\"<key>\",\"s\":\"s1\"}");
	ck_assert_str_eq(asked.request.op->secret->name, "key");
}
END_TEST

START_TEST(a_line_that_was_closed_or_replaced_is_not_told)
{
	go(UP);
	session_fell(s, 1);
	must(say(WIRE_OPEN, 0, 1, 0, 0, "line", line_url), ASK_OPEN);
	ck_assert(!session_shut(s, 1));
	ck_assert(session_up(s, 1));
	must(say(WIRE_CLOSE, 0, 1, 1000, 0, NULL, NULL), ASK_CLOSE);
	session_fell(s, 1);
	ck_assert(!session_shut(s, 1) && !session_up(s, 1));
}
END_TEST

START_TEST(ready_where_nothing_stands_is_not_said)
{
	hear("line", "{\"me\":null}");
	must(say(WIRE_READY, 0, 0, 1, 0, "/me", NULL), ASK_NOTHING);
	hear(NULL, NULL);
	ck_assert(say(WIRE_READY, 0, 0, 1, 0, "/me", NULL) != NULL);
}
END_TEST

/* The answer to tag 1 of request 7. */
static void answer(int status, const char *body)
{
	struct answer a;

	answer_sort(m, manifest_operation(m, "post"), status > 0 ? NET_OK : status ? NET_UNSENT : NET_LOST,
		    status > 0 ? status : 0, str_of(body), &a);
	session_heard(s, 7, 1, &a);
	ck_assert(session_answered(s, 7, 1));
	answer_free(&a);
}

static const struct { const char *name; int status; bool again; } second[] = {
	{ "it was done", 200, false }, { "nobody knows", 0, false }, { "their fault", 500, false },
	{ "they do not take it", 400, true }, { "later", 429, true }, { "we may not", 403, true },
	{ "no connection came about", -1, true },
};

START_TEST(one_request_sends_once_unless_it_was_surely_not_done)
{
	go(ACT);
	must(say(WIRE_CALL, 7, 1, 0, 0, "post", NULL), ASK_CALL);
	ck_assert_msg(strstr(asked.request.body, "\"key\":\"k7\""), "%s", asked.request.body);
	must(say(WIRE_CALL, 7, 2, 0, 0, "post", NULL), ASK_REFUSED);
	answer(second[_i].status, "{\"id\":\"m1\"}");
	must(say(WIRE_CALL, 7, 3, 0, 0, "post", NULL), second[_i].again ? ASK_CALL : ASK_REFUSED);
}
END_TEST

START_TEST(a_failed_act_tells_whether_anything_may_have_left)
{
	go(ACT);
	must(say(WIRE_CALL, 7, 1, 0, 0, "post", NULL), ASK_CALL);
	answer(second[_i].status, "{\"id\":\"m1\"}");
	must(say(WIRE_FAILED, 7, 0, FAIL_NETWORK, 0, NULL, NULL), ASK_FAILED);
	ck_assert_msg(asked.unsent == second[_i].again, "%s", second[_i].name);
}
END_TEST

START_TEST(an_act_that_asked_for_nothing_left_nothing)
{
	go(ACT);
	must(say(WIRE_FAILED, 7, 0, FAIL_PLATFORM, 0, NULL, NULL), ASK_FAILED);
	ck_assert(asked.unsent);
}
END_TEST

START_TEST(the_core_reads_the_ids_of_a_result)
{
	go(ACT);
	must(say(WIRE_CALL, 7, 1, 0, 0, "post", NULL), ASK_CALL);
	answer(200, "{\"id\":17}");
	must(say(WIRE_RESULT, 7, 0, 0, 0, NULL, NULL), ASK_RESULT);
	ck_assert(json_is(asked.json, "/id", "17"));
	ck_assert(say(WIRE_RESULT, 7, 0, 0, 0, NULL, NULL) != NULL);
}
END_TEST

static const struct { const char *name; int status; const char *body; enum ask_kind kind; const char *id; } looks[] = {
	{ "ours, by its key", 200, "{\"chat\":\"r\",\"all\":[{\"one\":{\"ts\":\"1\",\"meta\":{\"key\":\"k6\"}}},{\"one\":{\"ts\":\"2\",\"meta\":{\"key\":\"k7\"}}}]}", ASK_RESULT, "2" },
	{ "an id that is a number", 200, "{\"chat\":\"r\",\"all\":[{\"one\":{\"ts\":2,\"meta\":{\"key\":\"k7\"}}}]}", ASK_RESULT, "2" },
	{ "another's key", 200, "{\"chat\":\"r\",\"all\":[{\"one\":{\"ts\":\"1\",\"meta\":{\"key\":\"k77\"}}}]}", ASK_RESULT, NULL },
	{ "a key that is no text", 200, "{\"chat\":\"r\",\"all\":[null,7,{\"one\":{\"ts\":\"1\",\"meta\":{\"key\":[\"k7\"]}}}]}", ASK_RESULT, NULL },
	{ "our key at another place", 200, "{\"chat\":\"r\",\"all\":[{\"one\":{\"ts\":\"1\",\"key\":\"k7\"},\"meta\":{\"key\":\"k7\"}}]}", ASK_RESULT, NULL },
	{ "nothing was sent lately", 200, "{\"chat\":\"r\",\"all\":[]}", ASK_RESULT, NULL },
	{ "ours, without its id", 200, "{\"chat\":\"r\",\"all\":[{\"one\":{\"meta\":{\"key\":\"k7\"}}}]}", ASK_FAILED, NULL },
	{ "no list", 200, "{\"chat\":\"r\"}", ASK_FAILED, NULL },
	{ "a list that is none", 200, "{\"chat\":\"r\",\"all\":{\"0\":{}}}", ASK_FAILED, NULL },
	{ "an answer that makes no sense", 200, "{\"all\":[]}", ASK_FAILED, NULL },
	{ "a refusal", 403, "{\"chat\":\"r\",\"all\":[]}", ASK_FAILED, NULL },
	{ "no answer", 0, "", ASK_FAILED, NULL },
};

START_TEST(what_was_sent_is_found_by_its_key_and_surely_missing_only_where_somebody_looked)
{
	struct answer a;

	go(CONFIRM);
	must(say(WIRE_CALL, 7, 1, 0, 0, "lately", NULL), ASK_CALL);
	ck_assert_str_eq(asked.request.url, "https://api.example.com/lately?chat=r");
	answer_sort(m, manifest_operation(m, "lately"), looks[_i].status ? NET_OK : NET_LOST, looks[_i].status, str_of(looks[_i].body), &a);
	session_heard(s, 7, 1, &a);
	answer_free(&a);
	ck_assert(session_answered(s, 7, 1));
	must(say(WIRE_RESULT, 7, 0, 0, 0, NULL, NULL), looks[_i].kind);
	ck_assert(!session_open(s, 7));
	if (asked.kind == ASK_FAILED)
		ck_assert_int_eq(asked.class, FAIL_PLATFORM);
	else if (looks[_i].id)
		ck_assert_msg(json_is(asked.json, "/id", looks[_i].id) && json_count(asked.json) == 1, "%s", looks[_i].name);
	else
		ck_assert_msg(json_count(asked.json) == 0, "%s", looks[_i].name);
}
END_TEST

static const struct { const char *name; enum stage stage; const char *op; int status; enum ask_kind kind; } facades[] = {
	{ "it was sent", ACT, "post", 200, ASK_RESULT },
	{ "it was refused", ACT, "post", 403, ASK_FAILED },
	{ "nobody knows", ACT, "post", 0, ASK_FAILED },
	{ "it only looked", ACT, "where", 200, ASK_FAILED },
	{ "it changed something else, and said nothing", ACT, "seal", 200, ASK_FAILED },
	{ "a mark is put", REACT, "mark", 200, ASK_RESULT },
	{ "a mark is refused", REACT, "mark", 404, ASK_FAILED },
	{ "a command is answered", REPLY, "answer", 200, ASK_RESULT },
};

START_TEST(an_act_counts_as_done_when_what_it_asks_for_was_answered_well)
{
	const struct operation *op = manifest_operation(m, facades[_i].op);
	struct answer a;

	go(facades[_i].stage);
	must(say(WIRE_CALL, 7, 1, 0, 0, op->name, NULL), ASK_CALL);
	answer_sort(m, op, facades[_i].status ? NET_OK : NET_LOST, facades[_i].status, STR("{\"id\":\"1\",\"seal\":\"s\"}"), &a);
	session_heard(s, 7, 1, &a);
	answer_free(&a);
	ck_assert(session_answered(s, 7, 1));
	must(say(WIRE_RESULT, 7, 0, 0, 0, NULL, NULL), facades[_i].kind);
	if (asked.kind == ASK_FAILED)
		ck_assert_msg(asked.class == FAIL_PLATFORM && *asked.text, "%s", facades[_i].name);
	ck_assert_msg(asked.unsent == (asked.kind == ASK_FAILED && facades[_i].status), "%s", facades[_i].name);
	ck_assert(!session_open(s, 7));
}
END_TEST

START_TEST(a_reply_goes_to_its_own_handle)
{
	go(REPLY);
	must(say(WIRE_CALL, 7, 1, 0, 0, "answer", NULL), ASK_CALL);
	ck_assert_str_eq(asked.request.url, "https://hooks.example.com/7");
	ck_assert_str_eq(asked.request.body, "{\"key\":\"k7\",\"text\":\"hi\"}");
}
END_TEST

START_TEST(a_handle_of_another_host_is_refused)
{
	DEFER(json_drop) cJSON *json = tree("{\"chat\":\"r\",\"text\":\"hi\",\"handle\":\"https://hooks.example.com.evil.example/7\"}");

	act(7, "reply", json, "k7");
	must(say(WIRE_CALL, 7, 1, 0, 0, "answer", NULL), ASK_REFUSED);
	ck_assert_msg(!strstr(asked.text, "evil"), "%s", asked.text);
}
END_TEST

static const struct { const char *act, *given, *told; } tellings[] = {
	{ "reply", "{\"chat\":\"r\",\"handle\":\"https://hooks.example.com/7\"}", "{\"chat\":\"r\",\"handle\":\"<handle>\"}" },
	{ "react", "{\"chat\":\"r\",\"mark\":\"👀\",\"gone\":false}", "{\"chat\":\"r\",\"mark\":\"eyes\",\"gone\":false}" },
	{ "react", "{\"chat\":\"r\",\"mark\":\"👁\",\"gone\":true}", "{\"chat\":\"r\",\"mark\":\"👁\",\"gone\":true}" },
	{ "send", "{\"chat\":\"r\",\"text\":\"hi\"}", "{\"chat\":\"r\",\"text\":\"hi\"}" },
};

START_TEST(an_adapter_is_told_no_handle_and_the_word_of_the_service_for_a_mark)
{
	DEFER(json_drop) cJSON *json = tree(tellings[_i].given);
	DEFER(text_free) char *told = session_act(s, 7, manifest_act(m, tellings[_i].act), json, "k7");

	ck_assert_str_eq(told, tellings[_i].told);
}
END_TEST

START_TEST(who_we_are_is_gathered_from_several_places)
{
	DEFER(json_drop) cJSON *before = tree("{\"id\":\"7\",\"team\":\"old\"}");
	DEFER(json_drop) cJSON *now = tree("{\"id\":\"41\",\"team\":\"T\"}");

	session_begin(s, NULL, before);
	hear("where", "{\"team\":\"T\"}");
	hear("line", "{\"me\":41}");
	must(say(WIRE_READY, 0, 0, 1, 0, "/me", NULL), ASK_READY);
	ck_assert(json_same(asked.json, now));
}
END_TEST

START_TEST(requests_are_counted_for_each_act_and_not_for_upkeep)
{
	go(ACT);
	for (uint32_t tag = 1; tag <= 5; tag++)
		must(say(WIRE_CALL, 0, tag, 0, 0, "where", NULL), ASK_CALL);
	for (uint32_t tag = 1; tag <= 4; tag++)
		must(say(WIRE_CALL, 7, tag, 0, 0, "where", NULL), tag <= 3 ? ASK_CALL : ASK_REFUSED);
}
END_TEST

START_TEST(a_channel_lives_through_more_acts_than_are_open_at_once)
{
	DEFER(json_drop) cJSON *json = tree("{}");

	act(1, "send", json, "k");
	for (uint32_t ref = 2; ref < 3 * REFS_MAX; ref++) {
		act(ref, "send", json, "k");
		must(say(WIRE_FAILED, ref, 0, FAIL_BUSY, 0, NULL, NULL), ASK_FAILED);
	}
	ck_assert(session_open(s, 1));
	must(say(WIRE_FAILED, 1, 0, FAIL_BUSY, 0, NULL, NULL), ASK_FAILED);
}
END_TEST

/* The core's own: "mark", then "seal". */
static void step(int status, const char *body, enum ask_kind kind)
{
	struct answer a;
	uint32_t tag = asked.tag;

	answer_sort(m, asked.request.op, NET_OK, status, str_of(body), &a);
	session_heard(s, 7, tag, &a);
	ck_assert(session_answered(s, 7, tag));
	ask_free(&asked);
	session_run(s, 7, &a, &asked);
	answer_free(&a);
	ck_assert_int_eq(asked.kind, kind);
}

START_TEST(an_act_without_code_runs_its_operations_in_turn)
{
	go(REACT);
	ask_free(&asked);
	session_run(s, 7, NULL, &asked);
	ck_assert_int_eq(asked.kind, ASK_CALL);
	ck_assert_str_eq(asked.request.body, "{\"id\":\"7\"}");	/* a reaction has no key */
	step(200, "{}", ASK_CALL);
	ck_assert_str_eq(asked.request.op->name, "seal");
	step(200, "{\"seal\":\"s\"}", ASK_RESULT);
	ck_assert(json_is(asked.json, "/seal", "s"));
	ck_assert(!session_open(s, 7));
}
END_TEST

START_TEST(an_act_without_code_ends_at_its_first_failure)
{
	go(REACT);
	ask_free(&asked);
	session_run(s, 7, NULL, &asked);
	step(404, "{}", ASK_FAILED);
	ck_assert_int_eq(asked.class, FAIL_MISSING);
	ck_assert(!session_open(s, 7));
}
END_TEST

START_TEST(an_act_that_lacks_what_is_filled_in_fails_at_once)
{
	DEFER(json_drop) cJSON *json = tree("{\"text\":\"no id\"}");

	act(7, "react", json, "k");
	session_run(s, 7, NULL, &asked);
	ck_assert_int_eq(asked.kind, ASK_FAILED);
	ck_assert_int_eq(asked.class, FAIL_INPUT);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("channel");

	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_loop_test(t, a_message_is_let_through_refused_or_a_violation, 0, COUNT(cases));
	tcase_add_test(t, what_was_told_and_kept_may_be_used_by_the_next_process);
	tcase_add_loop_test(t, what_was_kept_counts_for_nothing_where_nobody_told_it, 0, COUNT(untold));
	tcase_add_loop_test(t, an_act_counts_as_done_when_what_it_asks_for_was_answered_well, 0, COUNT(facades));
	tcase_add_test(t, of_what_was_told_the_newest_stay);
	tcase_add_test(t, a_secret_in_a_frame_is_only_named);
	tcase_add_test(t, a_line_that_was_closed_or_replaced_is_not_told);
	tcase_add_test(t, ready_where_nothing_stands_is_not_said);
	tcase_add_loop_test(t, one_request_sends_once_unless_it_was_surely_not_done, 0, COUNT(second));
	tcase_add_loop_test(t, a_failed_act_tells_whether_anything_may_have_left, 0, COUNT(second));
	tcase_add_test(t, an_act_that_asked_for_nothing_left_nothing);
	tcase_add_test(t, the_core_reads_the_ids_of_a_result);
	tcase_add_loop_test(t, what_was_sent_is_found_by_its_key_and_surely_missing_only_where_somebody_looked, 0, COUNT(looks));
	tcase_add_test(t, a_reply_goes_to_its_own_handle);
	tcase_add_test(t, a_handle_of_another_host_is_refused);
	tcase_add_loop_test(t, an_adapter_is_told_no_handle_and_the_word_of_the_service_for_a_mark, 0, COUNT(tellings));
	tcase_add_test(t, who_we_are_is_gathered_from_several_places);
	tcase_add_test(t, requests_are_counted_for_each_act_and_not_for_upkeep);
	tcase_add_test(t, a_channel_lives_through_more_acts_than_are_open_at_once);
	tcase_add_test(t, an_act_without_code_runs_its_operations_in_turn);
	tcase_add_test(t, an_act_without_code_ends_at_its_first_failure);
	tcase_add_test(t, an_act_that_lacks_what_is_filled_in_fails_at_once);
	return verdict(suite_create("channel"), t);
}
