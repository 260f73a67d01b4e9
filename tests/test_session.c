/* test_session.c - what an adapter may ask, and when asking ends its process. */
#include "contract.h"
#include "adapter/adapter.h"
#include "adapter/session.h"
#include "limits.h"

#define OP(name) "\"" name "\":{\"method\":\"POST\",\"url\":\"/" name "\",\"effects\":[\"read\"],\"about\":\"looks\",\"retry\":\"always\"," \
		 "\"args\":{\"a\":{\"type\":\"text\",\"max\":100,\"optional\":true}},\"body\":{\"a\":\"{a}\"}}"

static const char tool_text[] =
	"{\"name\":\"t\",\"kind\":\"tool\",\"abi\":1,\"about\":\"T\",\"base\":\"https://api.example.com\",\"operations\":{"
	OP("list") "," OP("head") "," OP("other") ","
	"\"send\":{\"method\":\"POST\",\"url\":\"/send\",\"effects\":[\"send\"],\"retry\":\"never\"}},"
	"\"tools\":{\"search\":{\"about\":\"S\",\"args\":{\"q\":{\"type\":\"line\"}},\"uses\":[\"list\",\"head\"]},"
	"\"send\":{\"about\":\"S\",\"is\":\"send\"}},"
	"\"limits\":{\"requests_per_job\":3}}";

static const char model_text[] =
	"{\"name\":\"m\",\"kind\":\"model\",\"abi\":1,\"about\":\"M\",\"config\":{\"base\":{\"type\":\"url\",\"default\":\"https://api.example.com\"}},"
	"\"operations\":{\"turn\":{\"method\":\"POST\",\"url\":\"{config.base}/turn\",\"effects\":[],\"retry\":\"busy\",\"answer\":\"sse\","
	"\"args\":{\"model\":{\"type\":\"word\",\"is\":\"turn.model\"},\"n\":{\"type\":\"int\",\"min\":1,\"max\":9},\"text\":{\"type\":\"text\",\"optional\":true}},"
	"\"body\":{\"model\":\"{model}\",\"n\":\"{n}\",\"text\":\"{text}\"}}},"
	"\"limits\":{\"requests_per_job\":2,\"request_bytes\":100}}";

static struct manifest *tool, *model;
static cJSON *config;
static struct session *s;

static void begin(void)
{
	tool = contract(tool_text);
	model = contract(model_text);
	config = tree("{\"base\":\"https://mine.example.com\"}");
}

static void finish(void)
{
	session_free(s);
	json_drop(&config);
	manifest_free(tool);
	manifest_free(model);
}

static void a_turn(void)
{
	DEFER(json_drop) cJSON *turn = tree("{\"model\":\"m-1\",\"tools\":[],\"messages\":[{\"role\":\"user\",\"text\":\"hi\"}]}");

	s = session_new(model, config);
	session_request(s, 7, EVENT_TURN, NULL, turn);
}

static void a_call(const char *name)
{
	DEFER(json_drop) cJSON *args = tree("{\"q\":\"x\"}");

	s = session_new(tool, NULL);
	session_request(s, 7, EVENT_CALL, name, args);
}

static struct str maybe(const char *text)
{
	return text ? str_of(text) : (struct str){ 0 };
}

static struct ask asked;

/* The violation, or NULL and `asked`. */
static const char *say(enum wire_kind kind, uint32_t ref, uint32_t tag, int64_t a, const char *name, const char *text, const char *json)
{
	struct wire_message m = { kind, ref, tag, a, 0, maybe(name), maybe(text), maybe(json) };

	ask_free(&asked);
	return session_take(s, &m, &asked);
}

static void expect(const char *why, enum ask_kind kind)
{
	ck_assert_msg(!why, "%s", why);
	ck_assert_int_eq(asked.kind, kind);
}

static void expect_violation(const char *why, const char *piece)
{
	ck_assert_msg(why && strstr(why, piece), "%s is not in: %s", piece, why);
	ck_assert_int_eq(asked.kind, ASK_NOTHING);
}

#define RESULT "{\"stop\":\"end\",\"text\":\"Hi.\",\"calls\":[]}"

/* ---- calls --------------------------------------------------------------- */

START_TEST(a_model_asks_and_is_told_once)
{
	a_turn();
	expect(say(WIRE_CALL, 7, 3, 0, "turn", NULL, "{\"n\":2}"), ASK_CALL);
	ck_assert_uint_eq(asked.ref, 7);
	ck_assert_uint_eq(asked.tag, 3);
	ck_assert_str_eq(asked.request.url, "https://mine.example.com/turn");
	ck_assert_str_eq(asked.request.body, "{\"model\":\"m-1\",\"n\":2}");
	ck_assert(session_wants(s, 7, 3));
	ck_assert(!session_wants(s, 7, 4) && !session_wants(s, 8, 3));
	ck_assert(!session_answered(s, 7, 4));
	ck_assert(session_answered(s, 7, 3));
	ck_assert(!session_answered(s, 7, 3) && !session_wants(s, 7, 3));
}
END_TEST

static const struct {
	const char *name;
	uint32_t ref;
	const char *operation, *args, *violation;
} calls[] = {
	{ "an operation that is not there", 7, "pay", "{}", "asked for the operation \"pay\", which its manifest does not have" },
	{ "an operation in capitals", 7, "Turn", "{\"n\":1}", "\"Turn\"" },
	{ "no name", 7, "", "{}", "\"\"" },
	{ "a name that would break our lines", 7, "a\nb", "{}", "\"a b\"" },
	{ "a request that was never given", 8, "turn", "{\"n\":1}", "request 8, which it was never given" },
	{ "upkeep", 0, "turn", "{\"n\":1}", "(ref 0)" },
	{ "arguments that are not JSON", 7, "turn", "{\"n\":1", "gave arguments that are not JSON" },
	{ "an argument twice", 7, "turn", "{\"n\":1,\"n\":2}", "are not JSON" },
	{ "an argument that is not there", 7, "turn", "{\"n\":1,\"url\":\"x\"}", "the argument \"url\", which its manifest does not have" },
	{ "an argument that we fill in", 7, "turn", "{\"n\":1,\"model\":\"dear\"}", "the argument \"model\", which the core fills in" },
};

START_TEST(what_the_manifest_does_not_have_ends_the_process)
{
	a_turn();
	expect_violation(say(WIRE_CALL, calls[_i].ref, 1, 0, calls[_i].operation, NULL, calls[_i].args), calls[_i].violation);
	ck_assert(!session_wants(s, 7, 1));
}
END_TEST

static const struct {
	const char *name, *args, *why;
	int class;
} misfits[] = {
	{ "too large a number", "{\"n\":10}", "\"n\" is greater than 9", FAIL_INPUT },
	{ "another type", "{\"n\":\"1\"}", "\"n\" is no whole number", FAIL_INPUT },
	{ "one is missing", "{}", "\"n\" is missing", FAIL_INPUT },
	{ "none at all", NULL, "\"n\" is missing", FAIL_INPUT },
	{ "a list", "[1]", "no JSON object", FAIL_INPUT },
	{ "larger than the manifest allows", "{\"n\":1,\"text\":\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"}",
	  "larger than 100 bytes", FAIL_TOO_LARGE },
};

START_TEST(a_value_that_does_not_fit_is_refused_and_told)
{
	a_turn();
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, misfits[_i].args), ASK_REFUSED);
	ck_assert_msg(strstr(asked.text, misfits[_i].why), "%s: %s", misfits[_i].name, asked.text);
	ck_assert_int_eq(asked.class, misfits[_i].class);
	ck_assert(asked.ref == 7 && asked.tag == 1 && !asked.request.url);
	expect_violation(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), "tag 1");
	ck_assert(session_answered(s, 7, 1));
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
}
END_TEST

START_TEST(a_job_has_its_number_of_requests)
{
	a_turn();
	for (uint32_t tag = 1; tag <= 2; tag++) {
		expect(say(WIRE_CALL, 7, tag, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
		ck_assert(session_answered(s, 7, tag));
	}
	expect(say(WIRE_CALL, 7, 3, 0, "turn", NULL, "{\"n\":1}"), ASK_REFUSED);
	ck_assert_str_eq(asked.text, "the manifest allows 2 requests a job");
	ck_assert_int_eq(asked.class, FAIL_INPUT);
}
END_TEST

START_TEST(only_so_many_are_under_way)
{
	a_turn();
	model->limits.requests_per_job = 1000;
	for (uint32_t tag = 0; tag < CALLS_MAX; tag++)
		expect(say(WIRE_CALL, 7, tag, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	expect(say(WIRE_CALL, 7, 999, 0, "turn", NULL, "{\"n\":1}"), ASK_REFUSED);
	ck_assert(strstr(asked.text, "64 requests are under way"));
	ck_assert(session_answered(s, 7, 0) && session_answered(s, 7, 999));
	expect(say(WIRE_CALL, 7, 999, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
}
END_TEST

START_TEST(refusals_that_are_not_told_yet_are_counted)
{
	a_turn();
	for (uint32_t tag = 0; tag < OUTPUT_MAX; tag++)
		expect(say(WIRE_CALL, 7, tag, 0, "turn", NULL, "{}"), ASK_REFUSED);
	expect_violation(say(WIRE_CALL, 7, OUTPUT_MAX, 0, "turn", NULL, "{}"), "more than 1024");
}
END_TEST

START_TEST(a_tag_is_used_again_only_after_its_answer)
{
	a_turn();
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	expect_violation(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), "tag 1");
	ck_assert(session_answered(s, 7, 1));
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
}
END_TEST

START_TEST(a_tool_asks_for_what_it_uses)
{
	a_call("search");
	expect(say(WIRE_CALL, 7, 1, 0, "list", NULL, "{\"a\":\"x\"}"), ASK_CALL);
	ck_assert_str_eq(asked.request.body, "{\"a\":\"x\"}");
	expect(say(WIRE_CALL, 7, 2, 0, "head", NULL, NULL), ASK_CALL);
	expect_violation(say(WIRE_CALL, 7, 3, 0, "other", NULL, NULL), "not among those that the tool \"search\" uses");
	expect_violation(say(WIRE_CALL, 7, 3, 0, "send", NULL, NULL), "not among those");
}
END_TEST

START_TEST(a_tool_that_is_an_operation_has_no_code)
{
	a_call("send");
	expect_violation(say(WIRE_CALL, 7, 1, 0, "send", NULL, NULL), "no code belongs to this tool");
}
END_TEST

/* ---- answers ------------------------------------------------------------- */

static const struct {
	const char *name;
	enum wire_kind kind;
	int64_t a;
	const char *text, *json;
	enum ask_kind want;
} answers[] = {
	{ "a result", WIRE_RESULT, 0, NULL, RESULT, ASK_RESULT },
	{ "a failure", WIRE_FAILED, FAIL_BUSY, "later", NULL, ASK_FAILED },
	{ "again", WIRE_AGAIN, 5000, NULL, NULL, ASK_AGAIN },
};

START_TEST(a_request_is_answered_once)
{
	a_turn();
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	ck_assert(session_open(s, 7) && !session_open(s, 8));
	expect(say(answers[_i].kind, 7, 0, answers[_i].a, NULL, answers[_i].text, answers[_i].json), answers[_i].want);
	ck_assert_uint_eq(asked.ref, 7);
	ck_assert(!session_open(s, 7));
	ck_assert(!session_wants(s, 7, 1) && !session_answered(s, 7, 1));
	for (size_t i = 0; i < COUNT(answers); i++)
		expect_violation(say(answers[i].kind, 7, 0, answers[i].a, NULL, answers[i].text, answers[i].json), "after it had answered it");
	expect_violation(say(WIRE_CALL, 7, 2, 0, "turn", NULL, "{\"n\":1}"), "after it had answered it");
	expect_violation(say(WIRE_DELTA, 7, 0, 0, NULL, "x", NULL), "after it had answered it");
}
END_TEST

START_TEST(a_request_that_was_never_given_is_not_answered)
{
	a_turn();
	expect_violation(say(answers[_i].kind, 6, 0, answers[_i].a, NULL, answers[_i].text, answers[_i].json), "never given");
	expect_violation(say(answers[_i].kind, 0, 0, answers[_i].a, NULL, answers[_i].text, answers[_i].json), "(ref 0)");
	ck_assert(session_open(s, 7));
}
END_TEST

START_TEST(what_comes_too_late_is_dropped)
{
	a_turn();
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	session_give_up(s, 7);
	session_give_up(s, 9);
	ck_assert(!session_open(s, 7) && !session_wants(s, 7, 1) && !session_answered(s, 7, 1));
	for (size_t i = 0; i < COUNT(answers); i++)
		expect(say(answers[i].kind, 7, 0, answers[i].a, NULL, answers[i].text, answers[i].json), ASK_NOTHING);
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_NOTHING);
	expect(say(WIRE_DELTA, 7, 0, 0, NULL, "x", NULL), ASK_NOTHING);
	ck_assert(!session_wants(s, 7, 1));
}
END_TEST

START_TEST(an_answer_closes_only_what_belongs_to_it)
{
	DEFER(json_drop) cJSON *turn = tree("{\"model\":\"m-2\"}");

	a_turn();
	session_request(s, 8, EVENT_TURN, NULL, turn);
	expect(say(WIRE_CALL, 8, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	ck_assert_str_eq(asked.request.body, "{\"model\":\"m-2\",\"n\":1}");
	expect(say(WIRE_CALL, 7, 1, 0, "turn", NULL, "{\"n\":1}"), ASK_CALL);
	expect(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, RESULT), ASK_RESULT);
	ck_assert(session_open(s, 8) && session_wants(s, 8, 1) && !session_wants(s, 7, 1));
	ck_assert(session_answered(s, 8, 1));
}
END_TEST

START_TEST(giving_up_what_is_answered_changes_nothing)
{
	a_turn();
	expect(say(WIRE_FAILED, 7, 0, FAIL_AUTH, NULL, "no", NULL), ASK_FAILED);
	session_give_up(s, 7);
	expect_violation(say(WIRE_FAILED, 7, 0, FAIL_AUTH, NULL, "no", NULL), "after it had answered it");
}
END_TEST

START_TEST(a_failure_has_a_class_and_a_reason)
{
	a_turn();
	expect_violation(say(WIRE_FAILED, 7, 0, FAIL_NONE, NULL, "x", NULL), "the class 0");
	expect_violation(say(WIRE_FAILED, 7, 0, FAIL_MOVED + 1, NULL, "x", NULL), "the class 13");
	expect_violation(say(WIRE_FAILED, 7, 0, -1, NULL, "x", NULL), "the class -1");
	expect_violation(say(WIRE_FAILED, 7, 0, (int64_t)1 << 32 | FAIL_BUSY, NULL, "x", NULL), "the class");
	expect(say(WIRE_FAILED, 7, 0, FAIL_MOVED, NULL, "a\n\x1B b\xED\xA0\xBD", NULL), ASK_FAILED);
	ck_assert_int_eq(asked.class, FAIL_MOVED);
	ck_assert_str_eq(asked.text, "a b\xEF\xBF\xBD");
}
END_TEST

START_TEST(a_failure_without_words_has_none)
{
	a_turn();
	expect(say(WIRE_FAILED, 7, 0, FAIL_BUSY, NULL, NULL, NULL), ASK_FAILED);
	ck_assert_str_eq(asked.text, "");
}
END_TEST

START_TEST(again_has_a_time)
{
	a_turn();
	expect_violation(say(WIRE_AGAIN, 7, 0, -1, NULL, NULL, NULL), "after -1 ms");
	expect_violation(say(WIRE_AGAIN, 7, 0, INT64_MAX, NULL, NULL, NULL), "no adapter can mean");
	expect(say(WIRE_AGAIN, 7, 0, 0, NULL, NULL, NULL), ASK_AGAIN);
	ck_assert_int_eq(asked.wait_ms, 0);
}
END_TEST

START_TEST(a_tools_result_is_any_json)
{
	static const char *const results[] = { "null", "[1,\"a\"]", "{\"stop\":\"?\"}", "\"x\\ud83d\"" };
	static const char *const want[] = { "null", "[1,\"a\"]", "{\"stop\":\"?\"}", "\"x\xEF\xBF\xBD\"" };
	DEFER(text_free) char *text = NULL;

	a_call("search");
	expect_violation(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, NULL), "gave a result that is none");
	expect_violation(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, "[1"), "gave a result that is not JSON");
	expect(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, results[_i]), ASK_RESULT);
	text = json_print(asked.json);
	ck_assert_str_eq(text, want[_i]);
}
END_TEST

/* ---- what models are shown ----------------------------------------------- */

#define HIGH "\xED\xA0\xBD"		/* U+D83D */
#define LOW "\xED\xB8\x80"		/* U+DE00 */
#define WHOLE "\xF0\x9F\x98\x80"	/* U+1F600 */
#define LOST "\xEF\xBF\xBD"		/* U+FFFD */

static const struct {
	const char *name, *given[4], *want;	/* pieces joined by | */
} deltas[] = {
	{ "plain", { "He", "llo" }, "He|llo|" },
	{ "a character cut in two", { "a" HIGH, LOW "b" }, "a|" WHOLE "b|" },
	{ "nothing but halves", { HIGH, LOW }, WHOLE "|" },
	{ "both halves at once", { HIGH LOW }, WHOLE "|" },
	{ "the second half does not come", { "a" HIGH, "b" }, "a|" LOST "b|" },
	{ "the first half comes twice", { HIGH, HIGH, LOW }, LOST "|" WHOLE "|" },
	{ "the second half comes first", { LOW "a", HIGH }, LOST "a|" },
	{ "an empty piece between them", { "a" HIGH, "", LOW }, "a|" WHOLE "|" },
	{ "an empty piece", { "", "a" }, "a|" },
	{ "the last of the first halves", { "\xED\xAF\xBF", "\xED\xBF\xBF" }, "\xF4\x8F\xBF\xBF|" },
	{ "a letter that begins the same", { "\xED\x95\x9C" }, "\xED\x95\x9C|" },
	{ "a whole one at the end", { "a" WHOLE }, "a" WHOLE "|" },
};

START_TEST(a_character_is_shown_whole)
{
	struct buf shown = buf_new(100);

	a_turn();
	for (size_t i = 0; i < COUNT(deltas[_i].given) && deltas[_i].given[i]; i++) {
		const char *why = say(WIRE_DELTA, 7, 0, 0, NULL, deltas[_i].given[i], NULL);

		ck_assert_msg(!why, "%s: %s", deltas[_i].name, why);
		ck_assert(asked.kind == ASK_NOTHING || (asked.kind == ASK_DELTA && asked.ref == 7));
		if (asked.kind == ASK_DELTA)
			buf_addf(&shown, "%s|", asked.text);
	}
	ck_assert_msg(strcmp(buf_text(&shown), deltas[_i].want) == 0, "%s: %s", deltas[_i].name, buf_text(&shown));
	buf_free(&shown);
}
END_TEST

START_TEST(only_a_model_shows_text_early)
{
	a_call("search");
	expect_violation(say(WIRE_DELTA, 7, 0, 0, NULL, "x", NULL), "only a model");
}
END_TEST

START_TEST(a_line_of_log_is_one_line)
{
	a_turn();
	expect(say(WIRE_LOG, 0, 0, 0, NULL, "a\nfake: b\x1B[1m", NULL), ASK_LOG);
	ck_assert_str_eq(asked.text, "a fake: b [1m");
}
END_TEST

/* ---- what only channels do ----------------------------------------------- */

static const struct {
	enum wire_kind kind;
	const char *violation;
} channels[] = {
	{ WIRE_OPEN, "opened a socket, and a model does not" }, { WIRE_FRAME, "wrote to a socket" },
	{ WIRE_CLOSE, "closed a socket" }, { WIRE_TIMER, "set a timer" }, { WIRE_DELIVER, "delivered a message" },
	{ WIRE_READY, "signed in" }, { WIRE_BROKEN, "only a person can mend it" }, { WIRE_KEEP, "kept something" },
	{ WIRE_HELLO, "sent HELLO" }, { WIRE_EVENT, "sent EVENT" }, { WIRE_DONE, "sent DONE" }, { WIRE_BUG, "sent BUG" },
};

START_TEST(a_model_is_no_channel)
{
	a_turn();
	expect_violation(say(channels[_i].kind, 7, 1, 0, "x", "x", "{}"), channels[_i].violation);
}
END_TEST

START_TEST(a_tool_is_no_channel)
{
	a_call("search");
	expect_violation(say(WIRE_OPEN, 0, 1, 0, "x", NULL, NULL), "a tool does not");
}
END_TEST

/* ---- results ------------------------------------------------------------- */

static const struct {
	const char *name, *result, *why;	/* NULL: fits */
} results[] = {
	{ "the least", RESULT, NULL },
	{ "all of it", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{}},{\"id\":\"2\",\"name\":\"now\",\"args\":{\"a\":[1]}}],"
	  "\"raw\":[null],\"usage\":{\"in\":1,\"out\":0,\"cache_read\":0,\"cache_write\":9}}", NULL },
	{ "usage without the cache", "{\"stop\":\"length\",\"text\":\"x\",\"calls\":[],\"usage\":{\"in\":1,\"out\":2}}", NULL },
	{ "refusal", "{\"stop\":\"refusal\",\"text\":\"\",\"calls\":[]}", NULL },
	{ "pause", "{\"stop\":\"pause\",\"text\":\"\",\"calls\":[]}", NULL },
	{ "window", "{\"stop\":\"window\",\"text\":\"\",\"calls\":[]}", NULL },
	{ "other", "{\"stop\":\"other\",\"text\":\"\",\"calls\":[]}", NULL },
	{ "no object", "[]", "no object" },
	{ "no stop", "{\"text\":\"\",\"calls\":[]}", "\"stop\" is none of" },
	{ "another stop", "{\"stop\":\"end_turn\",\"text\":\"\",\"calls\":[]}", "\"stop\" is none of" },
	{ "a stop that is no text", "{\"stop\":1,\"text\":\"\",\"calls\":[]}", "\"stop\" is none of" },
	{ "no text", "{\"stop\":\"end\",\"calls\":[]}", "\"text\" is no text" },
	{ "text that is none", "{\"stop\":\"end\",\"text\":null,\"calls\":[]}", "\"text\" is no text" },
	{ "no calls", "{\"stop\":\"end\",\"text\":\"\"}", "\"calls\" is no list" },
	{ "calls that are no list", "{\"stop\":\"end\",\"text\":\"\",\"calls\":{}}", "\"calls\" is no list" },
	{ "calls that were not meant", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{}}]}", "\"stop\" is not \"calls\"" },
	{ "meant, but none", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[]}", "there are none" },
	{ "an unknown member", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"thinking\":\"x\"}", "it has an unknown member \"thinking\"" },
	{ "a call that is no object", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[1]}", "a call is no object" },
	{ "a call without id", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"name\":\"now\",\"args\":{}}]}", "a call has no \"id\"" },
	{ "a call with an empty id", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"\",\"name\":\"now\",\"args\":{}}]}", "a call has no \"id\"" },
	{ "a call without name", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"args\":{}}]}", "a call has no \"name\"" },
	{ "a call with an empty name", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"\",\"args\":{}}]}", "a call has no \"name\"" },
	{ "a call without args", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\"}]}", "\"args\" of a call are no object" },
	{ "args as text", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":\"{}\"}]}", "\"args\" of a call are no object" },
	{ "a call with more", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{},\"type\":\"x\"}]}", "a call has an unknown member \"type\"" },
	{ "an id twice", "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"a\",\"args\":{}},{\"id\":\"2\",\"name\":\"b\",\"args\":{}},"
	  "{\"id\":\"1\",\"name\":\"c\",\"args\":{}}]}", "two calls have the id \"1\"" },
	{ "usage that is none", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":[]}", "\"usage\" is no object" },
	{ "usage without in", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"out\":1}}", "\"usage\" has no \"in\"" },
	{ "usage without out", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"in\":1}}", "\"usage\" has no \"out\"" },
	{ "half a token", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"in\":1.5,\"out\":1}}", "\"in\" in \"usage\" is no count" },
	{ "less than no token", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"in\":1,\"out\":-1}}", "\"out\" in \"usage\" is no count" },
	{ "tokens of another cache", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"in\":1,\"out\":1,\"cache\":1}}", "\"usage\" has an unknown member \"cache\"" },
	{ "a cache that is null", "{\"stop\":\"end\",\"text\":\"\",\"calls\":[],\"usage\":{\"in\":1,\"out\":1,\"cache_read\":null}}", "\"cache_read\" in \"usage\" is no count" },
};

START_TEST(a_models_result_has_our_words)
{
	DEFER(json_drop) cJSON *result = tree(results[_i].result);
	const char *why = result_check(result);

	ck_assert_msg(results[_i].why ? why && strstr(why, results[_i].why) : !why, "%s: %s", results[_i].name, why);
	a_turn();
	if (!results[_i].why) {
		expect(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, results[_i].result), ASK_RESULT);
		ck_assert(json_same(asked.json, result));
		return;
	}
	expect_violation(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, results[_i].result), "gave a result that is none: ");
	ck_assert(session_open(s, 7));
}
END_TEST

START_TEST(a_result_of_a_model_leaves_with_whole_characters)
{
	a_turn();
	expect(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, "{\"stop\":\"end\",\"text\":\"\\ud83d\",\"calls\":[],\"raw\":[{\"\\ude00\":\"\\ud83d\\ude00\"}]}"),
	       ASK_RESULT);
	ck_assert_str_eq(json_text(asked.json, "/text"), LOST);
	ck_assert_str_eq(json_text(asked.json, "/raw/0/" LOST), WHOLE);
}
END_TEST

/* A model may nest arguments as it likes; kept, they are told again within a conversation. */
static const struct { const char *name; int levels; bool quoted; enum ask_kind want; } nested[] = {
	{ "as deep as may be", 45, false, ASK_RESULT },		/* {calls:[{args: are three more */
	{ "one deeper", 46, false, ASK_FAILED },
	{ "deeper than any JSON may be", 200, false, ASK_FAILED },
	{ "only in a text", 200, true, ASK_RESULT },
};

START_TEST(what_a_model_nests_too_deep_is_its_failure_and_not_the_adapters)
{
	DEFER(buf_free) struct buf b = buf_new(4096);
	const char *quote = nested[_i].quoted ? "\\\"\"" : "";

	buf_addf(&b, "{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{\"a\":%s",
		 nested[_i].quoted ? "\"\\\"" : "");
	for (int i = 1; i < nested[_i].levels; i++)
		buf_addc(&b, '[');
	for (int i = 1; i < nested[_i].levels; i++)
		buf_addc(&b, ']');
	buf_addf(&b, "%s}}]}", quote);
	a_turn();
	expect(say(WIRE_RESULT, 7, 0, 0, NULL, NULL, buf_text(&b)), nested[_i].want);
	ck_assert(!session_open(s, 7));
	if (nested[_i].want == ASK_FAILED) {
		ck_assert_int_eq(asked.class, FAIL_PLATFORM);
		ck_assert_str_eq(asked.text, "its answer is nested deeper than 48 levels");
	}
}
END_TEST

static void drop_ask(void)
{
	ask_free(&asked);
}

int main(void)
{
	TCase *t = tcase_create("session");
	Suite *suite = suite_create("session");

	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_checked_fixture(t, NULL, drop_ask);
	tcase_add_test(t, a_model_asks_and_is_told_once);
	tcase_add_loop_test(t, what_the_manifest_does_not_have_ends_the_process, 0, COUNT(calls));
	tcase_add_loop_test(t, a_value_that_does_not_fit_is_refused_and_told, 0, COUNT(misfits));
	tcase_add_test(t, a_job_has_its_number_of_requests);
	tcase_add_test(t, only_so_many_are_under_way);
	tcase_add_test(t, refusals_that_are_not_told_yet_are_counted);
	tcase_add_test(t, a_tag_is_used_again_only_after_its_answer);
	tcase_add_test(t, a_tool_asks_for_what_it_uses);
	tcase_add_test(t, a_tool_that_is_an_operation_has_no_code);
	tcase_add_loop_test(t, a_request_is_answered_once, 0, COUNT(answers));
	tcase_add_loop_test(t, a_request_that_was_never_given_is_not_answered, 0, COUNT(answers));
	tcase_add_test(t, what_comes_too_late_is_dropped);
	tcase_add_test(t, an_answer_closes_only_what_belongs_to_it);
	tcase_add_test(t, giving_up_what_is_answered_changes_nothing);
	tcase_add_test(t, a_failure_has_a_class_and_a_reason);
	tcase_add_test(t, a_failure_without_words_has_none);
	tcase_add_test(t, again_has_a_time);
	tcase_add_loop_test(t, a_tools_result_is_any_json, 0, 4);
	tcase_add_loop_test(t, a_character_is_shown_whole, 0, COUNT(deltas));
	tcase_add_test(t, only_a_model_shows_text_early);
	tcase_add_test(t, a_line_of_log_is_one_line);
	tcase_add_loop_test(t, a_model_is_no_channel, 0, COUNT(channels));
	tcase_add_test(t, a_tool_is_no_channel);
	tcase_add_loop_test(t, a_models_result_has_our_words, 0, COUNT(results));
	tcase_add_loop_test(t, what_a_model_nests_too_deep_is_its_failure_and_not_the_adapters, 0, COUNT(nested));
	tcase_add_test(t, a_result_of_a_model_leaves_with_whole_characters);
	return verdict(suite, t);
}
