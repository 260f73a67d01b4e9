/* test_inbound.c - who wrote what, where and to whom: read from raw JSON by the manifest's rows. */
#include "contract.h"
#include "inbound.h"

static const char chat_text[] =
	"{\"name\":\"c\",\"kind\":\"channel\",\"abi\":1,\"about\":\"C\",\"base\":\"https://api.example.com\","
	"\"operations\":{\"poll\":{\"method\":\"GET\",\"url\":\"/poll\",\"effects\":[\"read\"],\"retry\":\"always\"}},"
	"\"sockets\":{\"line\":{\"url\":\"wss://line.example.com/\",\"frame_max\":100}},"
	"\"me\":{\"in\":\"line\",\"when\":{\"/t\":\"READY\"},\"at\":\"/d/id\"},"
	"\"inbound\":["
	"{\"in\":\"line\",\"when\":{\"/t\":\"SAID\",\"/d/bot\":null},\"at\":\"/d\",\"id\":\"{@/id}\",\"chat\":\"{/room}\",\"from\":\"{@/by}\","
	"\"thread\":[\"{@/under}\",\"{@/id}\"],\"reply_to\":\"{@/reply}\",\"dm\":{\"absent\":\"{@/guild}\"},"
	"\"text\":{\"of\":\"{@/text}\",\"mention\":[\"<@{me}>\",\"<@!{me}>\"],\"unescape\":\"html\"}},"
	"{\"in\":\"poll\",\"at\":\"/result/*/message/*\",\"id\":\"{#@/id}\",\"chat\":\"{#/result/*/chat}\",\"from\":\"u{#@/by}\","
	"\"dm\":{\"of\":\"{/result/*/kind}\",\"is\":\"private\"},\"text\":{\"of\":[\"{@/text}\",\"{@/caption}\"]}},"
	"{\"in\":\"line\",\"when\":{\"/t\":\"MARK\",\"/d/gone\":false},\"at\":\"/d\",\"kind\":\"reaction\",\"chat\":\"{/room}\","
	"\"from\":\"{@/by}\",\"of\":\"{@/id}\",\"mark\":\"{@/mark}\"}]}";

#define SAID(more) "{\"t\":\"SAID\",\"room\":\"r\",\"d\":{\"id\":\"1\",\"by\":\"ann\"" more "}}"
#define READ "{\"id\":\"1\",\"chat\":\"r\",\"thread\":\"1\",\"from\":\"ann\",\"dm\":true,"

static const struct {
	const char *name, *source, *raw, *at, *me;
	enum inbound_result result;
	const char *made;
} cases[] = {
	{ "a plain message", "line", SAID(",\"text\":\"hi\""), "/d", NULL, INBOUND_READ, READ "\"text\":\"hi\",\"mentioned\":false}" },
	{ "a list means the first that is there", "line", SAID(",\"text\":\"hi\",\"under\":\"9\""), "/d", NULL, INBOUND_READ,
	  "{\"id\":\"1\",\"chat\":\"r\",\"thread\":\"9\",\"from\":\"ann\",\"dm\":true,\"text\":\"hi\",\"mentioned\":false}" },
	{ "what stands there makes it no direct message", "line", SAID(",\"text\":\"hi\",\"guild\":\"g\",\"reply\":\"8\""), "/d", NULL, INBOUND_READ,
	  "{\"id\":\"1\",\"chat\":\"r\",\"thread\":\"1\",\"from\":\"ann\",\"reply_to\":\"8\",\"dm\":false,\"text\":\"hi\",\"mentioned\":false}" },
	{ "a mention of us", "line", SAID(",\"text\":\"<@me> hi\""), "/d", "me", INBOUND_READ, READ "\"text\":\"hi\",\"mentioned\":true}" },
	{ "while nobody knows who we are, none is one", "line", SAID(",\"text\":\"<@me> hi\""), "/d", NULL, INBOUND_READ,
	  READ "\"text\":\"<@me> hi\",\"mentioned\":false}" },
	{ "what is escaped is so after mentions are cut", "line", SAID(",\"text\":\"&lt;@me&gt; &amp;lt; a&b\""), "/d", "me", INBOUND_READ,
	  READ "\"text\":\"<@me> &lt; a&b\",\"mentioned\":false}" },
	{ "the stars of a batch", "poll",
	  "{\"result\":[{},{\"chat\":-9007199254740995,\"kind\":\"private\",\"message\":[{\"id\":1,\"by\":2,\"text\":\"no\"},{\"id\":9007199254740993,\"by\":5,\"caption\":\"yes\"}]}]}",
	  "/result/1/message/1", NULL, INBOUND_READ,
	  "{\"id\":\"9007199254740993\",\"chat\":\"-9007199254740995\",\"from\":\"u5\",\"dm\":true,\"text\":\"yes\",\"mentioned\":false}" },
	{ "another kind", "line", "{\"t\":\"MARK\",\"room\":\"r\",\"d\":{\"by\":\"ann\",\"id\":\"1\",\"mark\":\"x\",\"gone\":false}}", "/d", NULL, INBOUND_READ,
	  "{\"chat\":\"r\",\"from\":\"ann\",\"of\":\"1\",\"mark\":\"x\"}" },

	{ "our own", "line", SAID(",\"text\":\"hi\""), "/d", "ann", INBOUND_DROPPED, "" },
	{ "an empty one", "line", SAID(",\"text\":\"\""), "/d", NULL, INBOUND_DROPPED, "" },
	{ "one without text", "line", SAID(""), "/d", NULL, INBOUND_DROPPED, "" },
	{ "one that only mentions us", "line", SAID(",\"text\":\" <@!me>  \""), "/d", "me", INBOUND_DROPPED, "" },
	{ "one by nobody", "line", "{\"t\":\"SAID\",\"room\":\"r\",\"d\":{\"id\":\"1\",\"text\":\"hi\"}}", "/d", NULL, INBOUND_DROPPED, "" },
	{ "one by an empty name", "line", "{\"t\":\"SAID\",\"room\":\"r\",\"d\":{\"id\":\"1\",\"by\":\"\",\"text\":\"hi\"}}", "/d", NULL, INBOUND_DROPPED, "" },
	{ "an id that is a number where text is read", "line", "{\"t\":\"SAID\",\"room\":\"r\",\"d\":{\"id\":1,\"by\":\"a\",\"text\":\"hi\"}}", "/d", NULL, INBOUND_DROPPED, "" },
	{ "a number that is none", "poll", "{\"result\":[{\"chat\":1,\"message\":[{\"id\":1.5,\"by\":2,\"text\":\"a\"}]}]}", "/result/0/message/0", NULL, INBOUND_DROPPED, "" },
	{ "a text that is a tree", "line", SAID(",\"text\":{\"a\":\"hi\"}"), "/d", NULL, INBOUND_DROPPED, "" },

	{ "another place", "line", SAID(",\"text\":\"hi\""), "/d/text", NULL, INBOUND_NOTHING, "" },
	{ "all of it, where a row wants a part", "line", SAID(",\"text\":\"hi\""), "", NULL, INBOUND_NOTHING, "" },
	{ "a place that is not there", "line", "{\"t\":\"SAID\",\"room\":\"r\"}", "/d", NULL, INBOUND_NOTHING, "" },
	{ "another source", "poll", SAID(",\"text\":\"hi\""), "/d", NULL, INBOUND_NOTHING, "" },
	{ "no source", NULL, SAID(",\"text\":\"hi\""), "/d", NULL, INBOUND_NOTHING, "" },
	{ "no JSON", "line", NULL, "/d", NULL, INBOUND_NOTHING, "" },
	{ "a condition that does not hold", "line", "{\"t\":\"SAW\",\"room\":\"r\",\"d\":{\"id\":\"1\",\"by\":\"ann\",\"text\":\"hi\"}}", "/d", NULL, INBOUND_NOTHING, "" },
	{ "something where nothing may stand", "line", SAID(",\"text\":\"hi\",\"bot\":false"), "/d", NULL, INBOUND_NOTHING, "" },
	{ "false is not nothing", "line", "{\"t\":\"MARK\",\"room\":\"r\",\"d\":{\"by\":\"ann\",\"id\":\"1\",\"mark\":\"x\"}}", "/d", NULL, INBOUND_NOTHING, "" },
	{ "a star stands for a place in a list, not for a name", "poll", "{\"result\":{\"x\":{\"message\":[{}]}}}", "/result/x/message/0", NULL, INBOUND_NOTHING, "" },
	{ "a pointer that goes on", "poll", "{\"result\":[{\"message\":[{\"id\":1}]}]}", "/result/0/message/0/id", NULL, INBOUND_NOTHING, "" },
};

START_TEST(a_row_says_what_is_read)
{
	DEFER(contract_drop) struct manifest *m = contract(chat_text);
	DEFER(json_drop) cJSON *raw = tree(cases[_i].raw);
	DEFER(json_drop) cJSON *made = NULL;
	DEFER(json_drop) cJSON *wanted = cases[_i].made[0] ? tree(cases[_i].made) : NULL;
	DEFER(json_drop) cJSON *me = cases[_i].me ? json_build("{id:%s}", cases[_i].me) : NULL;
	enum inbound_kind kind;
	enum inbound_result result = inbound_read(m, cases[_i].source, raw, cases[_i].at, me, &kind, &made);
	DEFER(text_free) char *shown = printed(made);

	ck_assert_msg(result == cases[_i].result, "%s: %d, %s", cases[_i].name, result, shown);
	ck_assert_msg(!wanted ? !made : json_same(made, wanted), "%s: %s", cases[_i].name, shown);
}
END_TEST

static const struct { const char *name, *text, *cut; bool found; } cuts[] = {
	{ "at the beginning", "<@me>  what is due?", "what is due?", true },
	{ "in the middle, with one of the blanks", "well, <@!me> ok <@other>?", "well, ok <@other>?", true },
	{ "at the end", "ok <@me>", "ok", true },
	{ "all of them", "<@me> a <@me> b", "a b", true },
	{ "without a blank", "a<@me>b", "ab", true },
	{ "nothing but", "<@me>", "", true },
	{ "none", "what is due?", "what is due?", false },
	{ "nothing", "", "", false },
	{ "another's", "<@met> hi", "<@met> hi", false },
	{ "half of one", "<@me", "<@me", false },
	{ "in code", "type `<@me>` in code", "type `<@me>` in code", false },
	{ "in fenced code", "```\n<@me>\n```", "```\n<@me>\n```", false },
	{ "in code with a backtick within", "`` a ` <@me> `` b", "`` a ` <@me> `` b", false },
	{ "after code", "`a` <@me> b", "`a` b", true },
	{ "behind a backtick that nothing closes", "a ` <@me> b", "a ` b", true },
	{ "behind two that one does not close", "`` <@me> ` b", "`` ` b", true },
	{ "between characters of several bytes", "\xC3\xA9<@me>\xF0\x9F\xA6\x80", "\xC3\xA9\xF0\x9F\xA6\x80", true },
};

START_TEST(mentions_of_us_are_cut_outside_code)
{
	DEFER(json_drop) cJSON *marks = tree("[\"<@{me}>\",\"<@!{me}>\"]");
	bool found;
	DEFER(text_free) char *cut = inbound_cut(cuts[_i].text, marks, "me", &found);

	ck_assert_msg(strcmp(cut, cuts[_i].cut) == 0, "%s: \"%s\"", cuts[_i].name, cut);
	ck_assert_msg(found == cuts[_i].found, "%s", cuts[_i].name);
}
END_TEST

static const struct { const char *name, *source, *raw; bool fits; const char *me; } ours[] = {
	{ "text", "line", "{\"t\":\"READY\",\"d\":{\"id\":\"41\"}}", true, "41" },
	{ "a whole number", "line", "{\"t\":\"READY\",\"d\":{\"id\":41}}", true, "41" },
	{ "nothing there", "line", "{\"t\":\"READY\",\"d\":{\"id\":null}}", true, NULL },
	{ "an empty text", "line", "{\"t\":\"READY\",\"d\":{\"id\":\"\"}}", true, NULL },
	{ "another event", "line", "{\"t\":\"SAID\",\"d\":{\"id\":\"41\"}}", false, NULL },
	{ "another source", "poll", "{\"t\":\"READY\",\"d\":{\"id\":\"41\"}}", false, NULL },
};

START_TEST(our_own_id_stands_where_me_says)
{
	DEFER(contract_drop) struct manifest *m = contract(chat_text);
	DEFER(json_drop) cJSON *raw = tree(ours[_i].raw);
	bool fits;
	DEFER(json_drop) cJSON *who = inbound_me(m, ours[_i].source, raw, &fits);
	const char *me = json_text(who, "/id");

	ck_assert_msg(fits == ours[_i].fits, "%s", ours[_i].name);
	ck_assert_msg(ours[_i].me ? me && strcmp(me, ours[_i].me) == 0 : !me, "%s: %s", ours[_i].name, me);
}
END_TEST

static const struct { const char *template; int stars; const char *why; } templates[] = {
	{ "{@/id}", 0, NULL }, { "{/a/b}-{#@/c}", 0, NULL }, { "plain", 0, NULL }, { "{#/a/*/b/*}", 2, NULL },
	{ "{id}", 0, "begins no" }, { "{@id}", 0, "begins no" }, { "{@/id", 0, "begins no" }, { "a}", 0, "begins no" },
	{ "{@/a{b}}", 0, "braces within" }, { "{/a/*}", 0, "more *" }, { "{@/a/*}", 3, "from the top" },
};

START_TEST(a_template_that_is_none_says_why)
{
	const char *why = inbound_template_check(templates[_i].template, templates[_i].stars);

	ck_assert_msg(templates[_i].why ? why && strstr(why, templates[_i].why) : !why, "%s: %s", templates[_i].template, why);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("inbound");

	tcase_add_loop_test(t, a_row_says_what_is_read, 0, COUNT(cases));
	tcase_add_loop_test(t, mentions_of_us_are_cut_outside_code, 0, COUNT(cuts));
	tcase_add_loop_test(t, our_own_id_stands_where_me_says, 0, COUNT(ours));
	tcase_add_loop_test(t, a_template_that_is_none_says_why, 0, COUNT(templates));
	return verdict(suite_create("inbound"), t);
}
