/* test_answer.c - how answers and pieces of them are sorted, what is shown of them, and why
 * they failed. */
#include "contract.h"
#include "adapter/adapter.h"
#include "answer.h"
#include "limits.h"

#define SHOWS "\"shows\":{\"/{ok,id}\":\"attested\",\"/list/*/{id,text}\":\"foreign\",\"/error/code\":\"foreign\"},"

static struct manifest *service(void)
{
	return contract(
		"{\"name\":\"x\",\"kind\":\"tool\",\"abi\":1,\"about\":\"X\",\"base\":\"https://api.example.com\",\"operations\":{"
		"\"json\":{\"method\":\"GET\",\"url\":\"/j\"," SHOWS "\"effects\":[\"read\"],\"retry\":\"always\"},"
		"\"text\":{\"method\":\"GET\",\"url\":\"/t\",\"answer\":\"text\",\"effects\":[\"read\"],\"retry\":\"always\"},"
		"\"none\":{\"method\":\"GET\",\"url\":\"/n\",\"answer\":\"none\",\"effects\":[\"read\"],\"retry\":\"always\"},"
		"\"sse\":{\"method\":\"GET\",\"url\":\"/s\",\"answer\":\"sse\"," SHOWS "\"effects\":[\"read\"],\"retry\":\"always\"},"
		"\"write\":{\"method\":\"POST\",\"url\":\"/w\",\"effects\":[\"write\"],\"retry\":\"busy\"},"
		"\"own\":{\"method\":\"GET\",\"url\":\"/o\"," SHOWS "\"effects\":[\"read\"],\"retry\":\"always\","
		"\"errors\":[{\"status\":429,\"class\":\"quota\",\"word\":\"own\"},{\"status\":404,\"class\":\"none\"}]}},"
		"\"tools\":{\"o\":{\"about\":\"O\",\"uses\":[\"json\",\"text\",\"none\",\"sse\",\"own\"]},\"w\":{\"about\":\"W\",\"is\":\"write\"}},"
		"\"errors\":["
		"{\"status\":403,\"at\":\"/error/reason\",\"is\":\"rate\",\"class\":\"busy\",\"word\":\"rate\"},"
		"{\"status\":\"4xx\",\"at\":\"/error/message\",\"has\":\"too long\",\"class\":\"too_large\"},"
		"{\"at\":\"/ok\",\"is\":\"false\",\"class\":\"permission\"},"
		"{\"at\":\"/error/code\",\"in\":[\"7\",\"moved_on\"],\"class\":\"moved\"},"
		"{\"status\":200,\"at\":\"/error\",\"class\":\"platform\"},"
		"{\"status\":418,\"class\":\"auth\",\"word\":\"pot\",\"remedy\":\"ask for coffee\"},"
		"{\"status\":\"part\",\"at\":\"/error/code\",\"is\":\"418\",\"class\":\"auth\",\"remedy\":\"ask for coffee\"},"
		"{\"status\":\"part\",\"at\":\"/error/code\",\"is\":\"529\",\"class\":\"busy\"},"
		"{\"status\":\"part\",\"at\":\"/error/code\",\"is\":\"0\",\"class\":\"none\",\"word\":\"fine\"},"
		"{\"status\":\"part\",\"at\":\"/error\",\"class\":\"platform\"}],"
		"\"why\":[\"/error/type\",\"/error/message\",\"/detail\"]}");
}

static const struct {
	const char *name, *operation;
	int status;
	const char *body;
	int failure;
	const char *why, *word, *json;		/* NULL: none */
} answers[] = {
	{ "done", "json", 200, "{\"ok\":true,\"secret\":1}", FAIL_NONE, NULL, NULL, "{\"ok\":true}" },
	{ "nothing of it is shown", "json", 200, "{\"secret\":1}", FAIL_NONE, NULL, NULL, NULL },
	{ "places are kept", "json", 201, "{\"list\":[{\"x\":1},{\"id\":\"2\",\"text\":{\"y\":1}},3]}", FAIL_NONE, NULL, NULL,
	  "{\"list\":[null,{\"id\":\"2\"},null]}" },
	{ "an answer that is not JSON", "json", 200, "<html>", FAIL_PLATFORM, "an answer that is not JSON", NULL, NULL },
	{ "an empty answer", "json", 200, "", FAIL_PLATFORM, "an answer that is not JSON", NULL, NULL },
	{ "an answer of two values", "json", 200, "{} {}", FAIL_PLATFORM, "an answer that is not JSON", NULL, NULL },
	{ "no content", "json", 204, "", FAIL_NONE, NULL, NULL, NULL },
	{ "no content, but some", "json", 204, "x", FAIL_PLATFORM, "an answer that is not JSON", NULL, NULL },
	{ "400", "json", 400, "", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "400 with an empty object", "json", 400, "{}", FAIL_INPUT, "HTTP 400", NULL, "{}" },
	{ "401", "json", 401, "", FAIL_AUTH, "HTTP 401", NULL, NULL },
	{ "402", "json", 402, "", FAIL_QUOTA, "HTTP 402", NULL, NULL },
	{ "403", "json", 403, "", FAIL_PERMISSION, "HTTP 403", NULL, NULL },
	{ "404", "json", 404, "", FAIL_MISSING, "HTTP 404", NULL, NULL },
	{ "405", "json", 405, "", FAIL_INPUT, "HTTP 405", NULL, NULL },
	{ "408", "json", 408, "", FAIL_BUSY, "HTTP 408", NULL, NULL },
	{ "409", "json", 409, "", FAIL_CONFLICT, "HTTP 409", NULL, NULL },
	{ "410", "json", 410, "", FAIL_MISSING, "HTTP 410", NULL, NULL },
	{ "413", "json", 413, "", FAIL_TOO_LARGE, "HTTP 413", NULL, NULL },
	{ "422", "json", 422, "", FAIL_INPUT, "HTTP 422", NULL, NULL },
	{ "429", "json", 429, "", FAIL_BUSY, "HTTP 429", NULL, NULL },
	{ "500", "json", 500, "", FAIL_PLATFORM, "HTTP 500", NULL, NULL },
	{ "503", "json", 503, "", FAIL_BUSY, "HTTP 503", NULL, NULL },
	{ "529", "json", 529, "", FAIL_BUSY, "HTTP 529", NULL, NULL },
	{ "503 to what changes something", "write", 503, "", FAIL_PLATFORM, "HTTP 503", NULL, NULL },
	{ "529 to what changes something", "write", 529, "", FAIL_PLATFORM, "HTTP 529", NULL, NULL },
	{ "408 to what changes something", "write", 408, "", FAIL_PLATFORM, "HTTP 408", NULL, NULL },
	{ "429 to what changes something", "write", 429, "", FAIL_BUSY, "HTTP 429", NULL, NULL },
	{ "the last that is good", "none", 299, "", FAIL_NONE, NULL, NULL, NULL },
	{ "the first that leads elsewhere", "none", 300, "", FAIL_PLATFORM, "HTTP 300", NULL, NULL },
	{ "the last that is ours", "json", 499, "", FAIL_INPUT, "HTTP 499", NULL, NULL },
	{ "a redirect", "json", 302, "", FAIL_PLATFORM, "HTTP 302", NULL, NULL },
	{ "1xx", "json", 101, "", FAIL_PLATFORM, "HTTP 101", NULL, NULL },
	{ "a page of errors", "json", 502, "<html>Bad gateway</html>", FAIL_PLATFORM, "HTTP 502", NULL, NULL },
	{ "a row by its word", "json", 403, "{\"error\":{\"reason\":\"rate\",\"code\":3}}", FAIL_BUSY, "HTTP 403", "rate", "{\"error\":{\"code\":3}}" },
	{ "a row of another status", "json", 400, "{\"error\":{\"reason\":\"rate\"}}", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "a row by a piece of a text", "json", 400, "{\"error\":{\"message\":\"prompt is too long: 5\"}}", FAIL_TOO_LARGE, "prompt is too long: 5", NULL, NULL },
	{ "a row of another hundred", "json", 500, "{\"error\":{\"message\":\"prompt is too long: 5\"}}", FAIL_PLATFORM, "prompt is too long: 5", NULL, NULL },
	{ "false is a word too", "json", 200, "{\"ok\":false}", FAIL_PERMISSION, "HTTP 200", NULL, "{\"ok\":false}" },
	{ "and not the text", "json", 200, "{\"ok\":true}", FAIL_NONE, NULL, NULL, "{\"ok\":true}" },
	{ "a number is a word too", "json", 400, "{\"error\":{\"code\":7}}", FAIL_MOVED, "HTTP 400", NULL, "{\"error\":{\"code\":7}}" },
	{ "one of some words", "json", 400, "{\"error\":{\"code\":\"moved_on\"}}", FAIL_MOVED, "HTTP 400", NULL, "{\"error\":{\"code\":\"moved_on\"}}" },
	{ "none of some words", "json", 400, "{\"error\":{\"code\":\"move\"}}", FAIL_INPUT, "HTTP 400", NULL, "{\"error\":{\"code\":\"move\"}}" },
	{ "a tree is no word", "json", 400, "{\"error\":{\"code\":{\"x\":7}}}", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "nor is what stands in it", "json", 400, "{\"error\":{\"message\":{\"x\":\"too long\"}}}", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "a row by what is there", "json", 200, "{\"error\":{\"message\":\"no\"}}", FAIL_PLATFORM, "no", NULL, NULL },
	{ "null is not there", "json", 200, "{\"error\":null,\"id\":1}", FAIL_NONE, NULL, NULL, "{\"id\":1}" },
	{ "a row of parts is not for answers", "json", 500, "{\"error\":{\"code\":529}}", FAIL_PLATFORM, "HTTP 500", NULL, "{\"error\":{\"code\":529}}" },
	{ "the operation's own row comes first", "own", 429, "", FAIL_QUOTA, "HTTP 429", "own", NULL },
	{ "a failure that counts as done", "own", 404, "", FAIL_NONE, NULL, NULL, NULL },
	{ "the others follow", "own", 403, "{\"error\":{\"reason\":\"rate\"}}", FAIL_BUSY, "HTTP 403", "rate", NULL },
	{ "why in two places", "json", 400, "{\"error\":{\"type\":\"bad\",\"message\":\"no such thing\"}}", FAIL_INPUT, "bad: no such thing", NULL, NULL },
	{ "why in another place", "json", 400, "{\"detail\":\"gone wrong\"}", FAIL_INPUT, "gone wrong", NULL, NULL },
	{ "why that is no text", "json", 400, "{\"detail\":[\"gone wrong\"]}", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "why that is empty", "json", 400, "{\"detail\":\" \\n\"}", FAIL_INPUT, "HTTP 400", NULL, NULL },
	{ "why on two lines", "json", 400, "{\"detail\":\" gone\\r\\n\\t wrong\\u001b[1m \"}", FAIL_INPUT, "gone wrong [1m", NULL, NULL },
	{ "why with half a pair", "json", 400, "{\"detail\":\"gone\\ud83d\"}", FAIL_INPUT, "gone\xEF\xBF\xBD", NULL, NULL },
	{ "a remedy stands behind the reason", "json", 418, "{\"detail\":\"a teapot\"}", FAIL_AUTH, "a teapot: ask for coffee", "pot", NULL },
	{ "and behind none", "json", 418, "", FAIL_AUTH, "HTTP 418: ask for coffee", "pot", NULL },
	{ "a stream's end", "sse", 200, "", FAIL_NONE, NULL, NULL, NULL },
	{ "a stream that was refused", "sse", 400, "{\"error\":{\"type\":\"bad\",\"code\":1}}", FAIL_INPUT, "bad", NULL, "{\"error\":{\"code\":1}}" },
	{ "nothing is wanted", "none", 200, "{\"id\":1}", FAIL_NONE, NULL, NULL, NULL },
	{ "nothing is wanted, but it failed", "none", 500, "{\"detail\":\"x\"}", FAIL_PLATFORM, "x", NULL, NULL },
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

START_TEST(an_answer_is_sorted_by_rows_then_by_status)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };
	DEFER(text_free) char *body = text_dup(answers[_i].body);
	DEFER(text_free) char *json = NULL;

	answer_sort(m, manifest_operation(m, answers[_i].operation), NET_OK, answers[_i].status, str_of(body), &a);
	json = a.json ? json_print(a.json) : NULL;
	ck_assert_msg(a.status == answers[_i].status, "%s", answers[_i].name);
	ck_assert_msg(a.failure == answers[_i].failure, "%s: %s", answers[_i].name, failure_name(a.failure));
	ck_assert_msg(same(a.why, answers[_i].why), "%s: %s", answers[_i].name, a.why);
	ck_assert_msg(same(a.word, answers[_i].word), "%s: %s", answers[_i].name, a.word);
	ck_assert_msg(same(json, answers[_i].json), "%s: %s", answers[_i].name, json);
	ck_assert_ptr_null(a.text);
}
END_TEST

static const struct {
	const char *name;
	int status;
	struct str body;
	int failure;
	const char *why, *text;
} texts[] = {
	{ "a text", 200, STR("one\ntwo {\"a\":1}"), FAIL_NONE, NULL, "one\ntwo {\"a\":1}" },
	{ "an empty text", 200, STR(""), FAIL_NONE, NULL, "" },
	{ "a text that is JSON", 200, STR("{\"a\":1}"), FAIL_NONE, NULL, "{\"a\":1}" },
	{ "a text in Latin-1", 200, STR("\xE4"), FAIL_PLATFORM, "an answer that is not UTF-8 text", NULL },
	{ "a text with NUL", 200, STR("a\0b"), FAIL_PLATFORM, "an answer that is not UTF-8 text", NULL },
	{ "a failure in text", 500, STR("oops"), FAIL_PLATFORM, "HTTP 500", NULL },
	{ "a failure in JSON", 500, STR("{\"detail\":\"oops\"}"), FAIL_PLATFORM, "oops", NULL },
};

START_TEST(a_text_is_shown_whole)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };

	answer_sort(m, manifest_operation(m, "text"), NET_OK, texts[_i].status, texts[_i].body, &a);
	ck_assert_msg(a.failure == texts[_i].failure && same(a.why, texts[_i].why) && same(a.text, texts[_i].text), "%s: %s %s",
		      texts[_i].name, a.why, a.text);
	ck_assert_ptr_null(a.json);
}
END_TEST

START_TEST(no_answer_is_a_network_failure)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer unsent = { 0 }, lost = { 0 };

	answer_sort(m, manifest_operation(m, "own"), NET_UNSENT, 0, STR(""), &unsent);
	answer_sort(m, manifest_operation(m, "own"), NET_LOST, 0, STR(""), &lost);
	ck_assert_int_eq(unsent.failure, FAIL_NETWORK);
	ck_assert_str_eq(unsent.why, "no connection");
	ck_assert_int_eq(lost.failure, FAIL_NETWORK);
	ck_assert_str_eq(lost.why, "no answer");
	ck_assert(!unsent.status && !lost.status && !unsent.word && !lost.json);
}
END_TEST

static const struct {
	const char *name;
	struct str piece;
	int failure;
	const char *why, *word, *json, *text;
} pieces[] = {
	{ "JSON", STR("{\"id\":\"1\",\"x\":2}"), FAIL_NONE, NULL, NULL, "{\"id\":\"1\"}", NULL },
	{ "JSON of which nothing is shown", STR("{\"x\":2}"), FAIL_NONE, NULL, NULL, NULL, NULL },
	{ "a mark that is not JSON", STR("[DONE]"), FAIL_NONE, NULL, NULL, NULL, "[DONE]" },
	{ "an empty piece", STR(""), FAIL_NONE, NULL, NULL, NULL, "" },
	{ "JSON that breaks off", STR("{\"id\":"), FAIL_NONE, NULL, NULL, NULL, "{\"id\":" },
	{ "an error", STR("{\"error\":{\"type\":\"overloaded\",\"message\":\"try later\",\"code\":529}}"), FAIL_BUSY, "overloaded: try later", NULL,
	  "{\"error\":{\"code\":529}}", NULL },
	{ "another error", STR("{\"error\":{}}"), FAIL_PLATFORM, "an error in the middle of the answer", NULL,
	  "{\"error\":{}}", NULL },
	{ "an error that is none", STR("{\"error\":{\"code\":0}}"), FAIL_NONE, NULL, "fine", "{\"error\":{\"code\":0}}", NULL },
	{ "rows of answers are not for parts", STR("{\"ok\":false}"), FAIL_NONE, NULL, NULL, "{\"ok\":false}", NULL },
	{ "half a pair is kept for its other half", STR("{\"id\":\"\\ud83d\"}"), FAIL_NONE, NULL, NULL, "{\"id\":\"\\ud83d\"}", NULL },
	{ "no UTF-8", STR("\xFF"), FAIL_PLATFORM, "a piece that is not UTF-8 text", NULL, NULL, NULL },
	{ "a NUL", STR("a\0"), FAIL_PLATFORM, "a piece that is not UTF-8 text", NULL, NULL, NULL },
};

START_TEST(a_piece_of_a_stream_is_json_or_text)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };
	DEFER(text_free) char *json = NULL;

	answer_part(m, manifest_operation(m, "sse"), pieces[_i].piece, &a);
	json = a.json ? json_print(a.json) : NULL;
	ck_assert_msg(a.failure == pieces[_i].failure && same(a.why, pieces[_i].why) && same(a.word, pieces[_i].word), "%s: %s",
		      pieces[_i].name, a.why);
	ck_assert_msg(same(json, pieces[_i].json) && same(a.text, pieces[_i].text), "%s: %s %s", pieces[_i].name, json, a.text);
	ck_assert_int_eq(a.status, 0);
}
END_TEST

static const struct {
	const char *name, *given, *want;
} reasons[] = {
	{ "plain", "no such chat", "no such chat" },
	{ "blanks around it", "  a \t b\r\n", "a b" },
	{ "controls", "a\x1B]0;x\x07" "b\x7F", "a ]0;x b" },
	{ "C1", "a\xC2\x9B" "b\xC2\x80", "a b" },
	{ "a hard space", "a\xC2\xA0\xC2\xA0" "b", "a b" },
	{ "line separators", "a\xE2\x80\xA8\xE2\x80\xA9" "b", "a b" },
	{ "what turns writing around", "a\xE2\x80\xAE" "b\xE2\x81\xA6" "c", "a b c" },
	{ "the last of them", "a\xE2\x81\xA9" "c", "a c" },
	{ "letters near them stay", "\xC2\xA1\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5", "\xC2\xA1\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5" },
	{ "nothing", "", "" },
	{ "nothing but blanks", "\n \n", "" },
};

START_TEST(a_remedy_is_whole_however_long_the_reason)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };
	DEFER(text_free) char *body = text_fmt("{\"detail\":\"%0*d\"}", REASON_MAX + 9, 1);

	answer_sort(m, manifest_operation(m, "json"), NET_OK, 418, str_of(body), &a);
	ck_assert_uint_eq(strlen(a.why), REASON_MAX);
	ck_assert_msg(strstr(a.why, "000: ask for coffee"), "%s", a.why);
}
END_TEST

START_TEST(a_remedy_stands_behind_the_reason_of_a_piece)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };

	answer_part(m, manifest_operation(m, "sse"), STR("{\"error\":{\"code\":418,\"type\":\"pot\"}}"), &a);
	ck_assert_str_eq(a.why, "pot: ask for coffee");
}
END_TEST

START_TEST(what_an_answer_shows_has_no_handle)
{
	DEFER(contract_drop) struct manifest *m = contract(
		"{\"name\":\"c\",\"kind\":\"channel\",\"abi\":1,\"about\":\"C\",\"operations\":{\"poll\":{\"method\":\"GET\","
		"\"url\":\"https://c.example/\",\"effects\":[\"read\"],\"retry\":\"always\",\"shows\":{\"/**\":\"foreign\"}}},"
		"\"inbound\":[{\"in\":\"poll\",\"at\":\"/*\",\"kind\":\"command\",\"chat\":\"{@/c}\",\"from\":\"{@/f}\",\"id\":\"{@/i}\","
		"\"name\":\"{@/n}\",\"text\":{\"of\":\"{@/t}\"},\"handle\":\"{@/h}\"}]}");
	DEFER(answer_free) struct answer a = { 0 };

	answer_sort(m, manifest_operation(m, "poll"), NET_OK, 200, STR("[{\"i\":1,\"h\":\"secret\"},{\"h\":\"secret\"}]"), &a);
	DEFER(text_free) char *shown = printed(a.json), *whole = printed(a.whole);

	ck_assert_str_eq(shown, "[{\"i\":1,\"h\":\"<handle>\"},{\"h\":\"<handle>\"}]");
	ck_assert_msg(strstr(whole, "secret"), "%s", whole);
}
END_TEST

START_TEST(a_reason_is_one_line)
{
	DEFER(text_free) char *clean = reason_clean(str_of(reasons[_i].given));

	ck_assert_msg(strcmp(clean, reasons[_i].want) == 0, "%s: %s", reasons[_i].name, clean);
}
END_TEST

START_TEST(a_reason_is_cut_between_characters)
{
	struct buf b = buf_new(100000);
	DEFER(text_free) char *clean = NULL;

	buf_addc(&b, 'a');
	while (b.len < 50000)
		buf_adds(&b, "\xC3\xA4");
	clean = reason_clean(buf_str(&b));
	ck_assert_uint_eq(strlen(clean), REASON_MAX - 1);
	ck_assert(utf8_valid(str_of(clean)));
	buf_free(&b);
}
END_TEST

START_TEST(why_is_cut_as_a_whole)
{
	DEFER(contract_drop) struct manifest *m = service();
	DEFER(answer_free) struct answer a = { 0 };
	struct buf b = buf_new(100000);

	buf_adds(&b, "{\"error\":{\"type\":\"");
	for (int i = 0; i < 1000; i++)
		buf_addc(&b, 'a');
	buf_adds(&b, "\",\"message\":\"b\"}}");
	answer_sort(m, manifest_operation(m, "json"), NET_OK, 400, buf_str(&b), &a);
	ck_assert_uint_eq(strlen(a.why), REASON_MAX);
	buf_free(&b);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("answer");
	Suite *s = suite_create("answer");

	tcase_add_loop_test(t, an_answer_is_sorted_by_rows_then_by_status, 0, COUNT(answers));
	tcase_add_loop_test(t, a_text_is_shown_whole, 0, COUNT(texts));
	tcase_add_test(t, no_answer_is_a_network_failure);
	tcase_add_loop_test(t, a_piece_of_a_stream_is_json_or_text, 0, COUNT(pieces));
	tcase_add_test(t, a_remedy_is_whole_however_long_the_reason);
	tcase_add_test(t, a_remedy_stands_behind_the_reason_of_a_piece);
	tcase_add_test(t, what_an_answer_shows_has_no_handle);
	tcase_add_loop_test(t, a_reason_is_one_line, 0, COUNT(reasons));
	tcase_add_test(t, a_reason_is_cut_between_characters);
	tcase_add_test(t, why_is_cut_as_a_whole);
	return verdict(s, t);
}
