/* test_page.c - pages read into steps, and values compared. That each mistake has its
 * complaint is shown by tests/language/mistakes.md. */
#include "gate/page.h"
#include "gate/value.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *parse(const char *text, struct page **ret)
{
	struct page_text t = { .text = str_of(text), .file = "page.md", .folder = "tests/language/parrot", .line = 1 };

	return page_parse(&t, NULL, ret, NULL);
}

static struct page *good(const char *text)
{
	struct page *p = NULL;
	const char *why = parse(text, &p);

	ck_assert_msg(!why, "%s", why);
	return p;
}

/* ---- structure ----------------------------------------------------------- */

START_TEST(a_section_runs_the_background_then_its_own)
{
	struct page *p = good("# T\n```transcript\n< start\n```\n## A\n```transcript\n> result {}\n```\nAnd then:\n"
			      "```transcript\n> failed {}\n```\n### no section\n## B\n```transcript\n> delta \"x\"\n```\n");

	ck_assert_str_eq(p->title, "T");
	ck_assert_uint_eq(p->n, 2);
	ck_assert_str_eq(p->sections[0].title, "A");
	ck_assert_uint_eq(p->sections[0].n, 3);
	ck_assert_uint_eq(p->sections[0].background, 1);
	ck_assert_int_eq(p->sections[0].steps[0].word, DO_START);
	ck_assert_int_eq(p->sections[0].steps[1].word, DO_RESULT);
	ck_assert_int_eq(p->sections[0].steps[2].word, DO_FAILED);
	ck_assert_int_eq(p->sections[0].steps[2].line, 11);
	ck_assert_uint_eq(p->sections[1].n, 2);
	ck_assert_int_eq(p->requests, 3);
	page_free(p);
}
END_TEST

START_TEST(the_background_of_another_page_is_run_and_its_examples_are_lent)
{
	struct page *p = good("# T\n```transcript\n. hello.md\n```\n## A\n```transcript\n< turn hello with {\"model\": \"m\"}\n> result like {}\n```\n");
	const struct section *s = &p->sections[0];

	ck_assert_uint_eq(s->background, 4);
	ck_assert_str_eq(s->steps[0].file, "tests/language/parrot/hello.md");
	ck_assert_int_eq(s->steps[0].line, 6);
	ck_assert(json_is(s->steps[4].value, "/model", "m"));
	ck_assert(json_is(s->steps[4].value, "/messages/0/text", "hello"));
	ck_assert_int_eq(p->requests, 1);
	ck_assert_int_eq(p->likes, 1);
	page_free(p);
}
END_TEST

START_TEST(lines_count_from_where_the_page_stands)
{
	struct page_text t = { .text = STR("# T\n## A\n```transcript\n> result {\n  \"a\": 1,,}\n```\n"), .file = "README.md",
			       .folder = ".", .line = 100 };
	struct page *p;
	const char *why = page_parse(&t, NULL, &p, NULL);

	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strncmp(why, "README.md:104: this is not JSON", 31) == 0, "%s", why);
}
END_TEST

START_TEST(lines_may_end_in_carriage_returns)
{
	struct page *p = good("# T\r\n## A\r\n```transcript\r\n< turn {\"a\":\r\n  1}\r\n> delta \"x\"\r\n```\r\n");

	ck_assert_str_eq(p->sections[0].title, "A");
	ck_assert_str_eq(p->sections[0].steps[1].value->valuestring, "x");
	page_free(p);
}
END_TEST

/* ---- steps --------------------------------------------------------------- */

static const struct {
	const char *name, *line;
	struct step want;
	const char *value;
} steps[] = {
	{ "a label", "< part #a1 {}", { .word = DO_PART, .label = "a1" }, "{}" },
	{ "a request, whole", "> http #a POST https://a.example/b?c=d as key form like {\"a\": 1}",
	  { .word = DO_HTTP, .label = "a", .name = "POST", .url = "https://a.example/b?c=d", .secret = "key", .option = "form", .like = true },
	  "{\"a\":1}" },
	{ "a request without a body", "> http GET /x", { .word = DO_HTTP, .name = "GET", .url = "/x" }, NULL },
	{ "an example", "< turn cat", { .word = DO_TURN }, "{\"legs\":4,\"in\":{\"a\":1,\"b\":2}}" },
	{ "an example with a patch", "< turn cat with {\"legs\": null, \"in\": {\"a\": 3}, \"c\": []}", { .word = DO_TURN },
	  "{\"in\":{\"a\":3,\"b\":2},\"c\":[]}" },
	{ "an example that is called like a kind", "> deliver message", { .word = DO_DELIVER }, "{\"kind\":1}" },
	{ "a kind", "> deliver message message", { .word = DO_DELIVER, .name = "message" }, "{\"kind\":1}" },
	{ "null", "> keep null", { .word = DO_KEEP }, "null" },
	{ "a text", "< http 502 \"<html>\"", { .word = DO_ANSWER, .status = 502 }, "\"<html>\"" },
	{ "a value over two lines", "< turn {\"a\":\n   1}", { .word = DO_TURN }, "{\"a\":1}" },
	{ "repetition within", "< turn {\"a\": [\"$3xab\"]}", { .word = DO_TURN }, "{\"a\":[\"ababab\"]}" },
	{ "repetition of nothing is a text", "< turn {\"a\": \"$3x\"}", { .word = DO_TURN }, "{\"a\":\"$3x\"}" },
	{ "a price is a text", "< turn {\"a\": \"$5.00\"}", { .word = DO_TURN }, "{\"a\":\"$5.00\"}" },
	{ "half an hour", "+30m", { .word = DO_MOVE, .ms = 1800000 }, NULL },
	{ "within", "+<250ms", { .word = DO_WITHIN, .ms = 250 }, NULL },
	{ "the dice", "! dice 0.25", { .word = DO_DICE, .dice = 0.25 }, NULL },
	{ "a close code", "< ws #g close 4004", { .word = DO_WS_CLOSED, .label = "g", .status = 4004 }, NULL },
	{ "an act", "< send {}", { .word = DO_ACT, .name = "send" }, "{}" },
	{ "a fault with a label", "! http #x lost", { .word = DO_HTTP_LOST, .label = "x" }, NULL },
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

START_TEST(a_line_is_a_step)
{
	DEFER(text_free) char *text = text_fmt(
		"# T\n```json cat\n{\"legs\": 4, \"in\": {\"a\": 1, \"b\": 2}}\n```\n```json message\n{\"kind\": 1}\n```\n## A\n"
		"```transcript\n> http #a1 GET /\n> http #x GET /\n> ws #g open wss://g.example/\n%s\n> result {}\n```\n", steps[_i].line);
	struct page *p = good(text);
	const struct step *s = &p->sections[0].steps[3], *w = &steps[_i].want;
	DEFER(text_free) char *value = s->value ? json_print(s->value) : NULL;

	ck_assert_msg(s->word == w->word && s->status == w->status && s->ms == w->ms && s->like == w->like &&
		      s->dice >= w->dice && s->dice <= w->dice, "%s", steps[_i].name);
	ck_assert_msg(same(s->label, w->label) && same(s->name, w->name) && same(s->url, w->url) && same(s->secret, w->secret) &&
		      same(s->option, w->option), "%s", steps[_i].name);
	ck_assert_msg(same(value, steps[_i].value), "%s: %s", steps[_i].name, value);
	page_free(p);
}
END_TEST

START_TEST(headers_stand_in_lines_of_their_own)
{
	struct page *p = good("# T\n## A\n```transcript\n< http 429\n  retry-after: 2\n  {\"a\":\n  1}\n  x-b: c: d\n> result {}\n```\n");
	const struct step *s = &p->sections[0].steps[0];

	ck_assert(json_is(s->headers, "/retry-after", "2"));
	ck_assert(json_is(s->headers, "/x-b", "c: d"));
	ck_assert_int_eq(json_count(s->value), 1);
	page_free(p);
}
END_TEST

START_TEST(rules_of_the_platform_are_read)
{
	struct page *p = good("# T\n```transcript platform\nwhenever http POST /a like {}\n< http 200 {}\n\nwhenever say \"$text\"\n"
			      "< ws {}\n< ws {}\n```\n## A\n```transcript\n> result {}\n```\n");

	ck_assert_uint_eq(p->rules_n, 2);
	ck_assert_int_eq(p->rules[0].when.word, DO_HTTP);
	ck_assert_uint_eq(p->rules[0].n, 1);
	ck_assert_int_eq(p->rules[1].when.word, DO_SAY);
	ck_assert_uint_eq(p->rules[1].n, 2);
	page_free(p);
}
END_TEST

/* Whatever a page is cut off at, it is read or refused, and nothing else. */
START_TEST(a_page_that_ends_anywhere_is_read_or_refused)
{
	static const char whole[] = "# T\n```json cat\n{\"a\": \"$2xb\"}\n```\n```transcript\n< turn cat with {\"b\": [1]}\n```\n## A\nMUST.\n"
				    "```transcript\n> http #a POST /x as key form like {\"a\": \"$_\"}\n  b: c\n< parts #a [1]\n+<3s\n! dice 1\n. hello.md\n"
				    "> delta \"x\"\n```\n```transcript platform\nwhenever say \"$t\"\n< ws {}\n```\n";

	for (size_t n = 0; n < sizeof whole; n++) {
		DEFER(text_free) char *text = str_dup((struct str){ whole, n });
		struct page *p = NULL;

		if (!parse(text, &p))
			page_free(p);
	}
}
END_TEST

/* ---- values -------------------------------------------------------------- */

static const struct {
	const char *name, *expected, *came;
	bool like;
	const char *why;		/* NULL: the same */
} values[] = {
	{ "the same", "{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}", false, NULL },
	{ "members in another order", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", false, NULL },
	{ "one member more", "{\"a\":1}", "{\"a\":1,\"b\":2}", false, "/b was not expected, and is 2" },
	{ "one member more is like", "{\"a\":1}", "{\"a\":1,\"b\":2}", true, NULL },
	{ "one member more within is like", "{\"a\":[{\"c\":1}]}", "{\"a\":[{\"c\":1,\"d\":2}]}", true, NULL },
	{ "one member less", "{\"a\":1,\"b\":2}", "{\"a\":1}", false, "/b is missing" },
	{ "one member less is not like", "{\"a\":1,\"b\":2}", "{\"a\":1}", true, "/b is missing" },
	{ "arrays are whole, even where like", "[1]", "[1,2]", true, "1 items were expected, 2 came" },
	{ "an array that is shorter", "{\"a\":[1,2]}", "{\"a\":[1]}", false, "/a: 2 items were expected, 1 came" },
	{ "order in arrays", "[1,2]", "[2,1]", false, "/0: 1 was expected, 2 came" },
	{ "a number is no text", "{\"a\":1}", "{\"a\":\"1\"}", true, "/a: 1 was expected, \"1\" came" },
	{ "null is not absent", "{\"a\":null}", "{}", true, "/a is missing" },
	{ "an object is no array", "{}", "[]", true, "{} was expected, [] came" },
	{ "anything", "{\"a\":\"$_\"}", "{\"a\":[1]}", false, NULL },
	{ "anything, but it must be there", "{\"a\":\"$_\"}", "{}", false, "/a is missing" },
	{ "the same twice", "[\"$x\",\"$x\"]", "[{\"b\":1},{\"b\":1}]", false, NULL },
	{ "not the same twice", "[\"$x\",\"$x\"]", "[1,2]", false, "/1: 1 was expected, 2 came" },
	{ "what was known before", "\"$known\"", "\"k\"", false, NULL },
	{ "not what was known before", "\"$known\"", "\"l\"", false, "\"k\" was expected, \"l\" came" },
	{ "no variable", "\"$Known\"", "\"k\"", false, "\"$Known\" was expected, \"k\" came" },
	{ "a name with a slash", "{\"a/b~\":1}", "{\"a/b~\":2}", false, "/a~1b~0: 1 was expected, 2 came" },
	{ "names are told apart by case", "{\"a\":1}", "{\"A\":1}", false, "/a is missing" },
};

START_TEST(values_are_compared_exactly)
{
	DEFER(json_drop) cJSON *expected = cJSON_Parse(values[_i].expected);
	DEFER(json_drop) cJSON *came = cJSON_Parse(values[_i].came);
	DEFER(json_drop) cJSON *vars = cJSON_Parse("{\"$known\":\"k\"}");
	DEFER(text_free) char *why = value_differs(expected, came, values[_i].like, vars);

	ck_assert_msg(same(why, values[_i].why), "%s: %s", values[_i].name, why);
}
END_TEST

START_TEST(long_texts_are_shown_where_they_part)
{
	DEFER(json_drop) cJSON *a = cJSON_Parse("\"$5000xa\"");
	DEFER(json_drop) cJSON *b = NULL;
	DEFER(json_drop) cJSON *vars = cJSON_CreateObject();
	const char *text;

	ck_assert(value_repeat(a, &text));
	b = cJSON_Duplicate(a, true);
	b->valuestring[4000] = 'b';
	DEFER(text_free) char *why = value_differs(a, b, false, vars);

	ck_assert_msg(strncmp(why, "from byte 3980 on \"aaaa", 22) == 0 && strlen(why) < 600, "%s", why);
}
END_TEST

START_TEST(a_variable_is_invented_once)
{
	DEFER(json_drop) cJSON *value = cJSON_Parse("{\"a\":\"$id\",\"b\":[\"$id\",\"$other\"]}");
	DEFER(json_drop) cJSON *vars = cJSON_CreateObject();
	DEFER(json_drop) cJSON *filled = value_fill(value, vars);

	ck_assert_str_eq(json_text(filled, "/a"), json_text(filled, "/b/0"));
	ck_assert_str_ne(json_text(filled, "/a"), json_text(filled, "/b/1"));
	ck_assert_str_ne(json_text(filled, "/a"), "$id");
}
END_TEST

static const struct { const char *name, *target, *patch, *want; } patches[] = {
	{ "replace", "{\"a\":1}", "{\"a\":2}", "{\"a\":2}" },
	{ "add", "{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}" },
	{ "take away", "{\"a\":1,\"b\":2}", "{\"a\":null}", "{\"b\":2}" },
	{ "take away what is not there", "{}", "{\"a\":null}", "{}" },
	{ "within", "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":null}}", "{\"a\":{\"c\":2}}" },
	{ "an object over a number", "{\"a\":1}", "{\"a\":{\"b\":2,\"c\":null}}", "{\"a\":{\"b\":2}}" },
	{ "an array is replaced whole", "{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}" },
	{ "no object at all", "{\"a\":1}", "[1]", "[1]" },
	{ "an array is patched by an object", "[1]", "{\"a\":1}", "{\"a\":1}" },
};

START_TEST(patches_merge)
{
	DEFER(json_drop) cJSON *patch = cJSON_Parse(patches[_i].patch);
	DEFER(json_drop) cJSON *patched = value_patch(cJSON_Parse(patches[_i].target), patch);
	DEFER(text_free) char *got = json_print(patched);

	ck_assert_msg(strcmp(got, patches[_i].want) == 0, "%s: %s", patches[_i].name, got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("page");
	TCase *t = tcase_create("page");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_section_runs_the_background_then_its_own);
	tcase_add_test(t, the_background_of_another_page_is_run_and_its_examples_are_lent);
	tcase_add_test(t, lines_count_from_where_the_page_stands);
	tcase_add_test(t, lines_may_end_in_carriage_returns);
	tcase_add_loop_test(t, a_line_is_a_step, 0, COUNT(steps));
	tcase_add_test(t, headers_stand_in_lines_of_their_own);
	tcase_add_test(t, rules_of_the_platform_are_read);
	tcase_add_test(t, a_page_that_ends_anywhere_is_read_or_refused);
	tcase_add_loop_test(t, values_are_compared_exactly, 0, COUNT(values));
	tcase_add_test(t, long_texts_are_shown_where_they_part);
	tcase_add_test(t, a_variable_is_invented_once);
	tcase_add_loop_test(t, patches_merge, 0, COUNT(patches));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
