/* test_inbound.c - who wrote what, where and to whom: read from raw JSON by the manifest's rows. */
#include "contract.h"
#include "inbound.h"
#include "limits.h"
#include <time.h>

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

/* ---- a service like Slack ------------------------------------------------ */

#define OURS "\"ours\":{\"{/team}\":\"team\",\"{/app}\":\"app\"}"

static const char team_text[] =
	"{\"name\":\"c\",\"kind\":\"channel\",\"abi\":1,\"about\":\"C\",\"base\":\"https://api.example.com\","
	"\"operations\":{\"auth\":{\"method\":\"GET\",\"url\":\"/auth\",\"effects\":[\"read\"],\"retry\":\"always\"}},"
	"\"sockets\":{\"line\":{\"url\":\"wss://line.example.com/\",\"frame_max\":100}},"
	"\"me\":{\"in\":\"auth\",\"at\":\"/user\",\"also\":{\"bot\":\"/bot\",\"team\":\"/team\",\"app\":\"line /hello/app\"}},"
	"\"inbound\":["
	"{\"in\":\"line\",\"when\":{\"/e/type\":\"message\",\"/e/sub\":\"deleted\"},\"at\":\"/e\",\"kind\":\"delete\",\"chat\":\"{@/chat}\","
	"\"of\":\"{@/gone}\",\"from\":\"{@/was/user}\"," OURS "},"
	"{\"in\":\"line\",\"when\":{\"/e/type\":\"message\",\"/e/sub\":\"changed\"},\"at\":\"/e\",\"kind\":\"edit\",\"chat\":\"{@/chat}\","
	"\"of\":\"{@/now/ts}\",\"from\":\"{@/now/user}\",\"version\":\"{@/now/edited}\",\"differs\":[\"{@/now/text}\",\"{@/was/text}\"],"
	"\"text\":{\"of\":\"{@/now/text}\",\"mention\":[\"<@{me}>\"],\"unescape\":\"mrkdwn\"},\"mine\":{\"{@/now/bot}\":\"bot\"}},"
	"{\"in\":\"line\",\"when\":{\"/e/type\":\"message\",\"/e/sub\":[null,\"file\",7]},\"at\":\"/e\",\"id\":\"{@/ts}\",\"chat\":\"{@/chat}\","
	"\"from\":\"{@/user}\",\"text\":{\"of\":\"{@/text}\",\"mention\":[\"<@{me}>\"],\"unescape\":\"mrkdwn\",\"else\":\"(a file)\"},"
	"\"mine\":{\"{@/user}\":\"id\",\"{@/bot}\":\"bot\"}," OURS "},"
	"{\"in\":\"line\",\"when\":{\"/e/type\":\"moved\"},\"at\":\"/e\",\"kind\":\"moved\",\"old\":\"{@/old}\",\"new\":\"{@/new}\"," OURS "},"
	"{\"in\":\"line\",\"when\":{\"/type\":\"commands\"},\"at\":\"/all/*/one\",\"kind\":\"command\",\"chat\":\"{@/chat}\",\"from\":\"{@/user}\","
	"\"id\":\"{@/id}\",\"name\":\"{@/name}\",\"text\":{\"of\":\"{@/text}\"},\"handle\":[\"{/all/*/url}\",\"{@/url}\"]}]}";

#define WHO "{\"id\":\"U\",\"bot\":\"B\",\"team\":\"T\",\"app\":\"A\"}"
#define EVENT(event) "{\"team\":\"T\",\"app\":\"A\",\"e\":{\"chat\":\"C\"," event "}}"
#define TEXT(text) EVENT("\"type\":\"message\",\"user\":\"ann\",\"ts\":\"1\",\"text\":\"" text "\"")
#define CHANGED(now, was) EVENT("\"type\":\"message\",\"sub\":\"changed\",\"now\":{\"ts\":\"1\",\"user\":\"ann\"," now "},\"was\":{" was "}")
#define COMMAND(more) "{\"type\":\"commands\",\"all\":[{},{\"one\":{\"id\":\"9\",\"chat\":\"C\",\"user\":\"ann\",\"name\":\"/go\"" more "}}]}"
#define COMMANDED "{\"id\":\"9\",\"chat\":\"C\",\"from\":\"ann\",\"name\":\"/go\","

static const struct {
	const char *name, *raw, *at, *me;
	enum inbound_result result;
	int kind;
	const char *made;
} events[] = {
	{ "a message", TEXT("<@U> hi"), "/e", WHO, INBOUND_READ, INBOUND_MESSAGE, "{\"id\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"hi\",\"mentioned\":true}" },
	{ "one of a list", EVENT("\"type\":\"message\",\"sub\":7,\"user\":\"ann\",\"ts\":\"1\",\"text\":\"hi\""), "/e", WHO, INBOUND_READ, INBOUND_MESSAGE,
	  "{\"id\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"hi\",\"mentioned\":false}" },
	{ "none of a list", EVENT("\"type\":\"message\",\"sub\":\"joined\",\"user\":\"ann\",\"ts\":\"1\",\"text\":\"hi\""), "/e", WHO, INBOUND_NOTHING, 0, "" },
	{ "a message without words", TEXT(" "), "/e", WHO, INBOUND_READ, INBOUND_MESSAGE, "{\"id\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"(a file)\",\"mentioned\":false}" },
	{ "our own, by its bot", EVENT("\"type\":\"message\",\"user\":\"ann\",\"bot\":\"B\",\"ts\":\"1\",\"text\":\"hi\""), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "another bot's", EVENT("\"type\":\"message\",\"user\":\"ann\",\"bot\":\"B2\",\"ts\":\"1\",\"text\":\"hi\""), "/e", WHO, INBOUND_READ, INBOUND_MESSAGE,
	  "{\"id\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"hi\",\"mentioned\":false}" },
	{ "another team's", "{\"team\":\"T2\",\"app\":\"A\",\"e\":{\"chat\":\"C\",\"type\":\"message\",\"user\":\"ann\",\"ts\":\"1\",\"text\":\"hi\"}}", "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "another app's", "{\"team\":\"T\",\"app\":\"A2\",\"e\":{\"chat\":\"C\",\"type\":\"message\",\"user\":\"ann\",\"ts\":\"1\",\"text\":\"hi\"}}", "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "another app's, while nobody told ours", "{\"team\":\"T\",\"app\":\"A2\",\"e\":{\"chat\":\"C\",\"type\":\"moved\",\"old\":\"C\",\"new\":\"D\"}}", "/e", "{\"id\":\"U\",\"team\":\"T\"}", INBOUND_READ, INBOUND_MOVED,
	  "{\"old\":\"C\",\"new\":\"D\"}" },
	{ "one that does not say whose it is", "{\"e\":{\"chat\":\"C\",\"type\":\"message\",\"user\":\"ann\",\"ts\":\"1\",\"text\":\"hi\"}}", "/e", WHO, INBOUND_READ, INBOUND_MESSAGE,
	  "{\"id\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"hi\",\"mentioned\":false}" },
	{ "anybody's, while nobody knows who we are", TEXT("hi"), "/e", NULL, INBOUND_DROPPED, 0, "" },
	{ "and while only a part of it is known", TEXT("hi"), "/e", "{\"app\":\"A\"}", INBOUND_DROPPED, 0, "" },

	{ "an edit", CHANGED("\"edited\":\"5\",\"text\":\"<@U> &lt;new&gt;\"", "\"text\":\"old\""), "/e", WHO, INBOUND_READ, INBOUND_EDIT,
	  "{\"of\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"<new>\",\"version\":\"5\"}" },
	{ "an edit of what is not shown", CHANGED("\"edited\":\"5\",\"text\":\"new\"", "\"x\":1"), "/e", WHO, INBOUND_READ, INBOUND_EDIT,
	  "{\"of\":\"1\",\"chat\":\"C\",\"from\":\"ann\",\"text\":\"new\",\"version\":\"5\"}" },
	{ "an edit of nothing but a link's picture", CHANGED("\"edited\":\"5\",\"text\":\"old\"", "\"text\":\"old\""), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "an edit without a version", CHANGED("\"text\":\"new\"", "\"text\":\"old\""), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "an edit that leaves no words", CHANGED("\"edited\":\"5\",\"text\":\"\"", "\"text\":\"old\""), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "our own edit", CHANGED("\"bot\":\"B\",\"edited\":\"5\",\"text\":\"new\"", "\"text\":\"old\""), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "our own edit, by our id", CHANGED("\"edited\":\"5\",\"text\":\"new\"", "\"text\":\"old\""), "/e", "{\"id\":\"ann\"}", INBOUND_DROPPED, 0, "" },

	{ "a delete", EVENT("\"type\":\"message\",\"sub\":\"deleted\",\"gone\":\"1\",\"was\":{\"user\":\"ann\"}"), "/e", WHO, INBOUND_READ, INBOUND_DELETE,
	  "{\"of\":\"1\",\"chat\":\"C\",\"from\":\"ann\"}" },
	{ "a delete by nobody", EVENT("\"type\":\"message\",\"sub\":\"deleted\",\"gone\":\"1\""), "/e", WHO, INBOUND_READ, INBOUND_DELETE, "{\"of\":\"1\",\"chat\":\"C\"}" },
	{ "a delete of nothing", EVENT("\"type\":\"message\",\"sub\":\"deleted\",\"was\":{\"user\":\"ann\"}"), "/e", WHO, INBOUND_DROPPED, 0, "" },
	{ "our own delete", EVENT("\"type\":\"message\",\"sub\":\"deleted\",\"gone\":\"1\",\"was\":{\"user\":\"U\"}"), "/e", WHO, INBOUND_DROPPED, 0, "" },

	{ "a chat that moved", EVENT("\"type\":\"moved\",\"old\":\"C\",\"new\":\"D\""), "/e", WHO, INBOUND_READ, INBOUND_MOVED, "{\"old\":\"C\",\"new\":\"D\"}" },
	{ "a chat that moved nowhere", EVENT("\"type\":\"moved\",\"old\":\"C\",\"new\":\"\""), "/e", WHO, INBOUND_DROPPED, 0, "" },

	{ "a command", COMMAND(",\"text\":\"now\",\"url\":\"https://h/1\""), "/all/1/one", NULL, INBOUND_READ, INBOUND_COMMAND, COMMANDED "\"text\":\"now\",\"handle\":\"https://h/1\"}" },
	{ "a command of no words, without a handle", COMMAND(",\"text\":\"\""), "/all/1/one", NULL, INBOUND_READ, INBOUND_COMMAND, COMMANDED "\"text\":\"\"}" },
	{ "a command of nobody", "{\"type\":\"commands\",\"all\":[{\"one\":{\"id\":\"9\",\"chat\":\"C\",\"name\":\"/go\"}}]}", "/all/0/one", NULL, INBOUND_DROPPED, 0, "" },
	{ "a command that is not there", COMMAND(""), "/all/0/one", NULL, INBOUND_NOTHING, 0, "" },
};

START_TEST(an_event_is_read_dropped_or_no_row_fits)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = tree(events[_i].raw);
	DEFER(json_drop) cJSON *me = tree(events[_i].me);
	DEFER(json_drop) cJSON *made = NULL;
	DEFER(json_drop) cJSON *wanted = events[_i].made[0] ? tree(events[_i].made) : NULL;
	enum inbound_kind kind = INBOUND_MESSAGE;
	enum inbound_result result = inbound_read(m, "line", raw, events[_i].at, me, &kind, &made);
	DEFER(text_free) char *shown = printed(made);

	ck_assert_msg(result == events[_i].result, "%s: %d, %s", events[_i].name, result, shown);
	ck_assert_msg(!wanted ? !made : json_same(made, wanted) && (int)kind == events[_i].kind, "%s: %s", events[_i].name, shown);
}
END_TEST

static const struct { const char *name, *text, *plain; } escapes[] = {
	{ "a link with its label", "see <https://x.org/a?b=1&amp;c=2|this page>!", "see this page (https://x.org/a?b=1&c=2)!" },
	{ "a link as it was typed", "<https://x.org|https://x.org> <http://x.org|x.org> <mailto:a@b.c|a@b.c>", "https://x.org x.org a@b.c" },
	{ "a link without a label", "<https://x.org/>", "https://x.org/" },
	{ "a link with an empty label", "<https://x.org/|>", "https://x.org/" },
	{ "a label that says another place", "<https://evil.example|bank.example>", "bank.example (https://evil.example)" },
	{ "a place", "in <#C1|general> and <#C2> and <#C3|>", "in #general and <#C2> and <#C3|>" },
	{ "everybody", "<!here> <!channel|channel> <!everyone|x>", "@here @channel @everyone" },
	{ "a group", "<!subteam^S1|@team> <!subteam^S2>", "@team <!subteam^S2>" },
	{ "a date", "<!date^1392734382^{date}|Feb 18>", "Feb 18" },
	{ "somebody", "<@U2|ann> and <@U3>", "@ann and <@U3>" },
	{ "what is escaped is no token", "&lt;@U2|ann&gt; &amp;lt;", "<@U2|ann> &lt;" },
	{ "a label that is escaped is so once", "<https://x.org|a &amp;lt; b>", "a &lt; b (https://x.org)" },
	{ "what is no token", "a < b <> <<!here> <open", "a < b <> <@here <open" },
	{ "in code too", "`<https://x.org>`", "`https://x.org`" },
	{ "signs alone", "<@> <#> <!> <|> <@|> <!^>", "<@> <#> <!> <|> <@|> <!^>" },
};

START_TEST(tokens_are_written_as_a_person_reads_them)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = json_build("{team:'T',e:{chat:'C',type:'message',user:'ann',ts:'1',text:%s}}", escapes[_i].text);
	DEFER(json_drop) cJSON *me = tree(WHO);
	DEFER(json_drop) cJSON *made = NULL;
	enum inbound_kind kind;

	ck_assert_int_eq(inbound_read(m, "line", raw, "/e", me, &kind, &made), INBOUND_READ);
	ck_assert_msg(json_is(made, "/text", escapes[_i].plain), "%s: %s", escapes[_i].name, json_text(made, "/text"));
}
END_TEST

static const struct { const char *name, *source, *raw, *told; } hidden[] = {
	{ "its handle, wherever it may stand", "line", COMMAND(",\"url\":\"https://h/1\""), COMMAND(",\"url\":\"<handle>\"") },
	{ "of each command", "line", "{\"type\":\"commands\",\"all\":[{\"one\":{},\"url\":\"a\"},{\"one\":{\"url\":\"b\"},\"url\":7}]}",
	  "{\"type\":\"commands\",\"all\":[{\"one\":{},\"url\":\"<handle>\"},{\"one\":{\"url\":\"<handle>\"},\"url\":\"<handle>\"}]}" },
	{ "of a command without an id too", "line", "{\"type\":\"commands\",\"all\":[{\"one\":{\"url\":\"a\"}}]}", "{\"type\":\"commands\",\"all\":[{\"one\":{\"url\":\"<handle>\"}}]}" },
	{ "but nothing where there is none", "line", COMMAND(""), NULL },
	{ "nothing where it is no command", "line", "{\"type\":\"other\",\"all\":[{\"one\":{\"url\":\"a\"}}]}", NULL },
	{ "nothing that is a tree", "line", "{\"type\":\"commands\",\"all\":[{\"one\":{\"url\":{}}}]}", NULL },
	{ "nothing where the list is none", "line", "{\"type\":\"commands\",\"all\":{\"0\":{\"one\":{\"url\":\"a\"}}}}", NULL },
	{ "nothing from another source", "auth", COMMAND(",\"url\":\"https://h/1\""), NULL },
	{ "nothing of no JSON", "line", NULL, NULL },
};

START_TEST(an_adapter_is_told_all_of_a_command_but_its_handle)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = tree(hidden[_i].raw);
	DEFER(json_drop) cJSON *before = cJSON_Duplicate(raw, true);
	DEFER(json_drop) cJSON *told = inbound_told(m, hidden[_i].source, raw);
	DEFER(json_drop) cJSON *wanted = tree(hidden[_i].told);
	DEFER(text_free) char *shown = printed(told);

	ck_assert_msg(wanted ? told && json_same(told, wanted) : !told, "%s: %s", hidden[_i].name, shown);
	ck_assert_msg(!raw || json_same(raw, before), "%s: it was changed", hidden[_i].name);
}
END_TEST

/* ---- who we are ---------------------------------------------------------- */

static const struct { const char *name, *contract, *source, *raw; bool fits; const char *me; } ours[] = {
	{ "text", chat_text, "line", "{\"t\":\"READY\",\"d\":{\"id\":\"41\"}}", true, "{\"id\":\"41\"}" },
	{ "a whole number", chat_text, "line", "{\"t\":\"READY\",\"d\":{\"id\":41}}", true, "{\"id\":\"41\"}" },
	{ "nothing there", chat_text, "line", "{\"t\":\"READY\",\"d\":{\"id\":null}}", true, NULL },
	{ "an empty text", chat_text, "line", "{\"t\":\"READY\",\"d\":{\"id\":\"\"}}", true, NULL },
	{ "another event", chat_text, "line", "{\"t\":\"SAID\",\"d\":{\"id\":\"41\"}}", false, NULL },
	{ "another source", chat_text, "poll", "{\"t\":\"READY\",\"d\":{\"id\":\"41\"}}", false, NULL },
	{ "more that tells us apart", team_text, "auth", "{\"user\":\"U\",\"bot\":\"B\",\"team\":\"T\",\"hello\":{\"app\":\"A\"}}", true, "{\"id\":\"U\",\"bot\":\"B\",\"team\":\"T\"}" },
	{ "a part of it", team_text, "auth", "{\"user\":\"U\",\"bot\":null}", true, "{\"id\":\"U\"}" },
	{ "and from elsewhere", team_text, "line", "{\"hello\":{\"app\":\"A\"},\"user\":\"U\",\"bot\":\"B\"}", false, "{\"app\":\"A\"}" },
	{ "no JSON", team_text, "line", NULL, false, NULL },
};

START_TEST(who_we_are_stands_where_me_says)
{
	DEFER(contract_drop) struct manifest *m = contract(ours[_i].contract);
	DEFER(json_drop) cJSON *raw = tree(ours[_i].raw);
	DEFER(json_drop) cJSON *wanted = tree(ours[_i].me);
	bool fits;
	DEFER(json_drop) cJSON *me = inbound_me(m, ours[_i].source, raw, &fits);
	DEFER(text_free) char *shown = printed(me);

	ck_assert_msg(fits == ours[_i].fits, "%s", ours[_i].name);
	ck_assert_msg(wanted ? me && json_same(me, wanted) : !me, "%s: %s", ours[_i].name, shown);
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

/* So many bytes of this, as what ann says. */
static cJSON *said(const char *bit, size_t n)
{
	DEFER(buf_free) struct buf text = buf_new(2 * n + 100);

	while (text.len < n)
		buf_adds(&text, bit);
	return json_build("{team:'T',e:{chat:'C',type:'message',user:'ann',ts:'1',text:%s}}", buf_text(&text));
}

static const char *const bits[] = { "<", "`", "``", "<https://x|", "&", "&lt;", "<!date^", "<@U2|<", "words ", "\n" };

START_TEST(time_grows_with_the_text_and_no_faster)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = said(bits[_i], LINE_IN_MAX - 100);
	DEFER(json_drop) cJSON *me = tree(WHO);
	DEFER(json_drop) cJSON *made = NULL;
	enum inbound_kind kind;
	clock_t begun = clock();

	for (int i = 0; i < 5; i++) {
		json_drop(&made);
		ck_assert(inbound_read(m, "line", raw, "/e", me, &kind, &made) != INBOUND_NOTHING);
	}
	ck_assert_msg(clock() - begun < 2 * CLOCKS_PER_SEC, "%s", bits[_i]);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_no_empty_one)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = said("words ", LINE_IN_MAX + 100);
	DEFER(json_drop) cJSON *me = tree(WHO);
	DEFER(json_drop) cJSON *made = NULL;
	enum inbound_kind kind;

	ck_assert_int_eq(inbound_read(m, "line", raw, "/e", me, &kind, &made), INBOUND_READ);
	ck_assert_uint_gt(strlen(json_text(made, "/text")), LINE_IN_MAX);
}
END_TEST

START_TEST(an_id_has_a_length)
{
	DEFER(contract_drop) struct manifest *m = contract(team_text);
	DEFER(json_drop) cJSON *raw = said("words ", 10);
	DEFER(json_drop) cJSON *me = tree(WHO);
	DEFER(json_drop) cJSON *made = NULL;
	DEFER(text_free) char *id = text_fmt("%0*d", URL_MAX + 1, 1);
	enum inbound_kind kind;

	cJSON_ReplaceItemInObjectCaseSensitive((cJSON *)json_at(raw, "/e"), "ts", cJSON_CreateString(id));
	ck_assert_int_eq(inbound_read(m, "line", raw, "/e", me, &kind, &made), INBOUND_DROPPED);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("inbound");

	tcase_add_loop_test(t, a_row_says_what_is_read, 0, COUNT(cases));
	tcase_add_loop_test(t, an_event_is_read_dropped_or_no_row_fits, 0, COUNT(events));
	tcase_add_loop_test(t, tokens_are_written_as_a_person_reads_them, 0, COUNT(escapes));
	tcase_add_loop_test(t, an_adapter_is_told_all_of_a_command_but_its_handle, 0, COUNT(hidden));
	tcase_add_loop_test(t, mentions_of_us_are_cut_outside_code, 0, COUNT(cuts));
	tcase_add_loop_test(t, who_we_are_stands_where_me_says, 0, COUNT(ours));
	tcase_add_loop_test(t, a_template_that_is_none_says_why, 0, COUNT(templates));
	tcase_add_loop_test(t, time_grows_with_the_text_and_no_faster, 0, COUNT(bits));
	tcase_add_test(t, a_text_that_is_too_long_is_no_empty_one);
	tcase_add_test(t, an_id_has_a_length);
	return verdict(suite_create("inbound"), t);
}
