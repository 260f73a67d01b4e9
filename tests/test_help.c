/* test_help.c - the helpers with which adapters make JSON and text. */
#include "adapter/help.c"
#include <check.h>
#include <signal.h>

/* An adapter gives nothing back by hand. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void is(const char *name, const cJSON *json, const char *want)
{
	char *text = json ? json_print(json) : NULL;

	ck_assert_msg(text_is(text, want) || (!text && !want), "%s: %s", name, text ? text : "NULL");
}

static cJSON *parsed(const char *text)
{
	cJSON *json = json_parse(text);

	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(guides_make_what_they_say)
{
	is("all letters", json_make("{chat:%s,n:%d,on:%b,off:%b,big:%D,args:%j,who:{id:%s}}", "c", 3, true, false,
				    (int64_t)9007199254740991, parsed("[1]"), "u"),
	   "{\"chat\":\"c\",\"n\":3,\"on\":true,\"off\":false,\"big\":9007199254740991,\"args\":[1],\"who\":{\"id\":\"u\"}}");
	is("nothing", json_make("{}"), "{}");
	is("NULL leaves its member out", json_make("{a:%s,b:%j,c:%d}", (char *)NULL, (cJSON *)NULL, 1), "{\"c\":1}");
	is("only members that are left out", json_make("{a:%s}", (char *)NULL), "{}");
	is("words", json_make("{type:'text',text:%s,end:''}", "x"), "{\"type\":\"text\",\"text\":\"x\",\"end\":\"\"}");
	is("depth", json_make("{a:{b:{c:{}}},d:%d}", -1), "{\"a\":{\"b\":{\"c\":{}}},\"d\":-1}");
	is("an empty text is one", json_make("{a:%s}", ""), "{\"a\":\"\"}");
	is("a text with quotes", json_make("{a:%s}", "\"\\\n"), "{\"a\":\"\\\"\\\\\\n\"}");
	is("half a pair", json_make("{a:%s}", "\xED\xA0\xBD"), "{\"a\":\"\\ud83d\"}");
	is("null is a value", json_make("{a:%j}", parsed("null")), "{\"a\":null}");
}
END_TEST

static const char *const bad_guides[] = {
	"", "x", "{a}", "{a:}", "{a:%}", "{a:%z}", "{a:'b}", "{:%d}", "{a:%d", "{a:%d}}", "{a:%d b:%d}", "[%d]", "{a:[%d]}",
};

START_TEST(a_guide_that_makes_no_sense_fails_at_once)
{
	json_make(bad_guides[_i], 1, 2, 3);
}
END_TEST

START_TEST(lists_and_objects_grow)
{
	cJSON *list = json_list(), *object = json_make("{a:%d,b:%d}", 1, 2);

	json_push(list, NULL);
	is("nothing was pushed", list, "[]");
	json_push(list, json_string("x"));
	json_push(list, json_string(NULL));
	json_push(list, object);
	is("in their order", list, "[\"x\",{\"a\":1,\"b\":2}]");
	json_put(object, "c", json_string("new"));
	json_put(object, "d", NULL);
	is("at the end", object, "{\"a\":1,\"b\":2,\"c\":\"new\"}");
	json_put(object, "a", json_string("other"));
	is("it replaces, and stands at the end", object, "{\"b\":2,\"c\":\"new\",\"a\":\"other\"}");
	json_put(object, "A", json_string("case counts"));
	is("what was pushed grew with it", list, "[\"x\",{\"b\":2,\"c\":\"new\",\"a\":\"other\",\"A\":\"case counts\"}]");
}
END_TEST

START_TEST(trees_share_what_is_put_into_them)
{
	cJSON *inner = json_list(), *a = json_make("{in:%j}", inner), *b;

	json_push(inner, json_string("later"));
	is("pushed after it was put in", a, "{\"in\":[\"later\"]}");
	b = json_make("{one:%j,two:%j,all:%j}", inner, inner, a);
	is("put in again", b, "{\"one\":[\"later\"],\"two\":[\"later\"],\"all\":{\"in\":[\"later\"]}}");
	json_push(inner, json_string("last"));
	is("pushed when it stands in many places", b,
	   "{\"one\":[\"later\",\"last\"],\"two\":[\"later\",\"last\"],\"all\":{\"in\":[\"later\",\"last\"]}}");
	is("the first is as it was", a, "{\"in\":[\"later\",\"last\"]}");
}
END_TEST

/* The runner makes the root of an event's JSON hang in itself. */
START_TEST(an_event_s_tree_stays_where_it_is)
{
	cJSON *event = parsed("{\"a\":[1,2],\"b\":\"x\"}"), *made, *list = json_list();

	event->prev = event;
	made = json_make("{all:%j,some:%j,b:%s}", event, json_at(event, "/a"), json_text(event, "/b"));
	json_push(list, event);
	json_push(list, json_at(event, "/a/1"));
	is("made of it", made, "{\"all\":{\"a\":[1,2],\"b\":\"x\"},\"some\":[1,2],\"b\":\"x\"}");
	is("pushed", list, "[{\"a\":[1,2],\"b\":\"x\"},2]");
	is("unchanged", event, "{\"a\":[1,2],\"b\":\"x\"}");
	ck_assert(event->next == NULL && event->prev == event && event->string == NULL);
	ck_assert_int_eq(json_count(json_at(event, "/a")), 2);
	ck_assert_str_eq(json_name(json_first(event)), "a");
}
END_TEST

START_TEST(a_copy_stands_alone)
{
	cJSON *event = parsed("{\"a\":[1,{\"b\":null}]}"), *copy = json_copy(event);

	is("the same", copy, "{\"a\":[1,{\"b\":null}]}");
	json_put(copy, "c", json_string("x"));
	is("the first is as it was", event, "{\"a\":[1,{\"b\":null}]}");
	ck_assert_ptr_null(json_copy(NULL));
	ck_assert_ptr_null(json_string(NULL));
}
END_TEST

static const struct { const char *text, *want; } parses[] = {
	{ "{\"a\":1}", "{\"a\":1}" }, { " [ ] ", "[]" }, { "\"x\"", "\"x\"" }, { "null", "null" },
	{ NULL, NULL }, { "", NULL }, { "{", NULL }, { "{} x", NULL }, { "{\"a\":1,\"a\":2}", NULL }, { "01", NULL },
	{ "\"\xFF\"", NULL }, { "[1,]", NULL }, { "\"\\u0000\"", NULL },
};

START_TEST(parsing_is_strict)
{
	is(parses[_i].text ? parses[_i].text : "NULL", json_parse(parses[_i].text), parses[_i].want);
}
END_TEST

START_TEST(json_is_told_apart_and_written)
{
	ck_assert(json_is_object(parsed("{}")) && !json_is_object(parsed("[]")) && !json_is_object(parsed("null")));
	ck_assert(!json_is_object(NULL));
	ck_assert_str_eq(json_write(parsed("{ \"a\" : [ 1 ] }")), "{\"a\":[1]}");
	ck_assert_str_eq(json_write(NULL), "null");
}
END_TEST

START_TEST(the_first_item_with_a_text_is_found)
{
	const cJSON *list = parsed("[null,{\"id\":7},{\"id\":\"a\",\"n\":1},{\"id\":\"a\",\"n\":2},\"b\"]");

	is("the first of two", json_find(list, "/id", "a"), "{\"id\":\"a\",\"n\":1}");
	is("an item that is the text", json_find(list, "", "b"), "\"b\"");
	is("none has it", json_find(list, "/id", "7"), NULL);
	is("none can have it", json_find(list, "/id", NULL), NULL);
	is("an object's members", json_find(parsed("{\"x\":{\"id\":\"c\"}}"), "/id", "c"), "{\"id\":\"c\"}");
	is("no list", json_find(json_string("a"), "", "a"), NULL);
	is("nothing", json_find(NULL, "/id", "a"), NULL);
}
END_TEST

START_TEST(what_cannot_be_filled_fails_at_once)
{
	cJSON *list = json_list(), *object = json_make("{}");

	switch (_i) {
	case 0: json_push(object, list); break;
	case 1: json_push(NULL, list); break;
	case 2: json_push(list, list); break;
	case 3: json_put(list, "a", object); break;
	case 4: json_put(object, NULL, list); break;
	case 5: json_put(object, "a", object); break;
	case 6: text_copy(NULL, 3, "a"); break;
	case 7: text_copy((char[1]){ 0 }, 0, "a"); break;
	}
}
END_TEST

/* ---- text ---------------------------------------------------------------- */

START_TEST(a_text_grows)
{
	struct text t = { 0 };

	ck_assert_str_eq(text_of(&t), "");
	text_add(&t, NULL);
	text_add(&t, "");
	ck_assert_str_eq(text_of(&t), "");
	for (int i = 0; i < 1000; i++)
		text_add(&t, i % 2 ? "ab" : "c");
	ck_assert_uint_eq(t.len, 1500);
	ck_assert_uint_eq(strlen(text_of(&t)), 1500);
	ck_assert_int_eq(strncmp(text_of(&t), "cabcabc", 7), 0);
}
END_TEST

START_TEST(a_text_is_made)
{
	DEFER(text_free) char *spaces = text_fmt("%5000s", "");

	ck_assert_str_eq(text_make("%s has %d of %u%% (%c)", "it", -1, 7u, 'x'), "it has -1 of 7% (x)");
	ck_assert_str_eq(text_make("%s", ""), "");
	ck_assert_uint_eq(strlen(text_make("%s!", spaces)), 5001);
}
END_TEST

static const struct { const char *from; size_t size; bool want; const char *to; } copies[] = {
	{ "abc", 4, true, "abc" }, { "", 1, true, "" }, { NULL, 1, true, "" },
	{ "abc", 3, false, "" }, { "abc", 1, false, "" }, { "x", 1, false, "" },
};

START_TEST(a_copy_is_whole_or_empty)
{
	char to[8] = "before";

	ck_assert(text_copy(to, copies[_i].size, copies[_i].from) == copies[_i].want);
	ck_assert_str_eq(to, copies[_i].to);
}
END_TEST

static const struct { const char *a, *b; bool is, starts; } pairs[] = {
	{ "ab", "ab", true, true }, { "", "", true, true }, { "abc", "ab", false, true }, { "ab", "", false, true },
	{ "ab", "abc", false, false }, { "ab", "AB", false, false }, { NULL, "a", false, false }, { "a", NULL, false, false },
	{ NULL, NULL, false, false }, { "", "a", false, false },
};

START_TEST(texts_are_compared)
{
	ck_assert(text_is(pairs[_i].a, pairs[_i].b) == pairs[_i].is);
	ck_assert(text_starts(pairs[_i].a, pairs[_i].b) == pairs[_i].starts);
}
END_TEST

START_TEST(a_text_is_blank_without_a_mark_on_it)
{
	ck_assert(text_blank(NULL) && text_blank("") && text_blank(" ") && text_blank("\t\r\n "));
	ck_assert(!text_blank("a") && !text_blank(" \n a") && !text_blank("a ") && !text_blank("\xC2\xA0") && !text_blank("\v"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("help");
	TCase *t = tcase_create("help");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, guides_make_what_they_say);
	tcase_add_loop_test_raise_signal(t, a_guide_that_makes_no_sense_fails_at_once, SIGABRT, 0, COUNT(bad_guides));
	tcase_add_test(t, lists_and_objects_grow);
	tcase_add_test(t, trees_share_what_is_put_into_them);
	tcase_add_test(t, an_event_s_tree_stays_where_it_is);
	tcase_add_test(t, a_copy_stands_alone);
	tcase_add_loop_test(t, parsing_is_strict, 0, COUNT(parses));
	tcase_add_test(t, json_is_told_apart_and_written);
	tcase_add_test(t, the_first_item_with_a_text_is_found);
	tcase_add_loop_test_raise_signal(t, what_cannot_be_filled_fails_at_once, SIGABRT, 0, 8);
	tcase_add_test(t, a_text_grows);
	tcase_add_test(t, a_text_is_made);
	tcase_add_loop_test(t, a_copy_is_whole_or_empty, 0, COUNT(copies));
	tcase_add_loop_test(t, texts_are_compared, 0, COUNT(pairs));
	tcase_add_test(t, a_text_is_blank_without_a_mark_on_it);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
