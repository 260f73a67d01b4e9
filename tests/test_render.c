/* test_render.c - from an operation and arguments to the request: what is written, and what
 * is refused. */
#include "contract.h"
#include "limits.h"
#include "render.h"

/* A tool with one operation; `rest` are the members that differ. */
static struct manifest *with(const char *rest)
{
	DEFER(text_free) char *whole = text_fmt(
		"{\"name\":\"x\",\"kind\":\"tool\",\"abi\":1,\"about\":\"X\",\"base\":\"https://api.example.com/v2\","
		"\"config\":{\"base\":{\"type\":\"url\",\"default\":\"https://own.example.com/root\"},\"team\":{\"type\":\"word\",\"optional\":true}},"
		"\"secrets\":{\"key\":{\"kind\":\"bearer\",\"label\":\"Key\",\"obtain\":\"there\"}},"
		"\"operations\":{\"o\":{\"effects\":[\"send\"],\"retry\":\"never\",%s},"
		"\"all\":{\"method\":\"GET\",\"url\":\"/\",\"secret\":\"key\",\"effects\":[\"read\"],\"retry\":\"always\"},"
		"\"own\":{\"method\":\"GET\",\"url\":\"{config.base}/\",\"effects\":[\"read\"],\"retry\":\"always\"}},"
		"\"tools\":{\"o\":{\"about\":\"O\",\"is\":\"o\"}}}", rest);

	return contract(whole);
}

static const char *run(const struct manifest *m, const char *config, const char *args, const char *core, struct request *ret)
{
	DEFER(json_drop) cJSON *c = tree(config), *a = tree(args), *k = tree(core);

	return render(m, manifest_operation(m, "o"), c, a, k, ret);
}

/* ---- URLs ---------------------------------------------------------------- */

#define GET "\"method\":\"GET\",\"url\":"

static const struct {
	const char *name, *operation, *args, *want;	/* the URL, or what the complaint holds */
	bool good;
} urls[] = {
	{ "a whole one", GET "\"https://other.example.com/a?b=c\"", NULL, "https://other.example.com/a?b=c", true },
	{ "one behind the base", GET "\"/chat.post\"", NULL, "https://api.example.com/v2/chat.post", true },
	{ "one behind the owner's", GET "\"{config.base}/chat\"", NULL, "https://mine.example.com/root/chat", true },
	{ "an argument in the path", GET "\"/messages/{id}/trash\",\"args\":{\"id\":{\"type\":\"id\"}}", "{\"id\":\"m1\"}",
	  "https://api.example.com/v2/messages/m1/trash", true },
	{ "a slash in an argument", GET "\"/m/{id}\",\"args\":{\"id\":{\"type\":\"id\"}}", "{\"id\":\"../a/b\"}",
	  "https://api.example.com/v2/m/..%2Fa%2Fb", true },
	{ "signs in an argument", GET "\"/m/{t}?q={t}\",\"args\":{\"t\":{\"type\":\"line\"}}", "{\"t\":\"a b?&=#%+\xC3\xA4\"}",
	  "https://api.example.com/v2/m/a%20b%3F%26%3D%23%25%2B%C3%A4?q=a%20b%3F%26%3D%23%25%2B%C3%A4", true },
	{ "an argument within a step", GET "\"/m/v{n}.json\",\"args\":{\"n\":{\"type\":\"int\"}}", "{\"n\":-3}",
	  "https://api.example.com/v2/m/v-3.json", true },
	{ "two arguments in one step", GET "\"/m/{a}:{b}\",\"args\":{\"a\":{\"type\":\"word\"},\"b\":{\"type\":\"word\"}}",
	  "{\"a\":\"x\",\"b\":\"y\"}", "https://api.example.com/v2/m/x:y", true },
	{ "two dots", GET "\"/m/{id}/x\",\"args\":{\"id\":{\"type\":\"id\"}}", "{\"id\":\"..\"}", "{id} would make \"..\"", false },
	{ "one dot", GET "\"/m/{id}\",\"args\":{\"id\":{\"type\":\"id\"}}", "{\"id\":\".\"}", "{id} would make \".\"", false },
	{ "two dots of two arguments", GET "\"/m/{a}{b}\",\"args\":{\"a\":{\"type\":\"word\"},\"b\":{\"type\":\"word\"}}",
	  "{\"a\":\".\",\"b\":\".\"}", "{a}{b} would make \"..\"", false },
	{ "an empty step", GET "\"/m/{t}/x\",\"args\":{\"t\":{\"type\":\"line\"}}", "{\"t\":\"\"}", "{t} would make \"\"", false },
	{ "a slash at the end", GET "\"/m/{t}/\",\"args\":{\"t\":{\"type\":\"line\"}}", "{\"t\":\"a\"}", "https://api.example.com/v2/m/a/", true },
	{ "both parts of a query", GET "\"/m?a={a}&b={b}\",\"args\":{\"a\":{\"type\":\"word\",\"optional\":true},\"b\":{\"type\":\"word\",\"optional\":true}}",
	  "{\"a\":\"1\",\"b\":\"2\"}", "https://api.example.com/v2/m?a=1&b=2", true },
	{ "the first part is left out", GET "\"/m?a={a}&b={b}\",\"args\":{\"a\":{\"type\":\"word\",\"optional\":true},\"b\":{\"type\":\"word\",\"optional\":true}}",
	  "{\"b\":\"2\"}", "https://api.example.com/v2/m?b=2", true },
	{ "the last part is left out", GET "\"/m?a={a}&b={b}\",\"args\":{\"a\":{\"type\":\"word\",\"optional\":true},\"b\":{\"type\":\"word\",\"optional\":true}}",
	  "{\"a\":\"1\"}", "https://api.example.com/v2/m?a=1", true },
	{ "the query is left out", GET "\"/m?a={a}&b={b}\",\"args\":{\"a\":{\"type\":\"word\",\"optional\":true},\"b\":{\"type\":\"word\",\"optional\":true}}",
	  NULL, "https://api.example.com/v2/m", true },
	{ "a fixed part stays", GET "\"/m?x=1&a={a}&y\",\"args\":{\"a\":{\"type\":\"word\",\"optional\":true}}", NULL,
	  "https://api.example.com/v2/m?x=1&y", true },
	{ "an empty value is a value", GET "\"/m?a={a}\",\"args\":{\"a\":{\"type\":\"line\"}}", "{\"a\":\"\"}", "https://api.example.com/v2/m?a=", true },
	{ "a value that tries to add a part", GET "\"/m?a={a}\",\"args\":{\"a\":{\"type\":\"line\"}}", "{\"a\":\"1&admin=true\"}",
	  "https://api.example.com/v2/m?a=1%26admin%3Dtrue", true },
	{ "addresses", GET "\"/m?to={a}\",\"args\":{\"a\":{\"type\":\"emails\"}}", "{\"a\":[\"a@b.c\",\"d@e.f\"]}",
	  "https://api.example.com/v2/m?to=a%40b.c%2C%20d%40e.f", true },
	{ "a setting", GET "\"/m?team={config.team}\"", NULL, "https://api.example.com/v2/m?team=T1", true },
	{ "our key", GET "\"/m?key={core.key}\"", NULL, "https://api.example.com/v2/m?key=k1", true },
	{ "what we fill in", GET "\"/m/{c}\",\"args\":{\"c\":{\"type\":\"id\",\"is\":\"send.chat\"}}", NULL,
	  "https://api.example.com/v2/m/C1", true },
	{ "what we would fill in, but it does not fit", GET "\"/m/{c}\",\"args\":{\"c\":{\"type\":\"int\",\"is\":\"send.chat\"}}", NULL,
	  "\"c\" (send.chat) is no whole number", false },
	{ "what we would fill in, but have not", GET "\"/m/{c}\",\"args\":{\"c\":{\"type\":\"id\",\"is\":\"send.thread\"}}", NULL,
	  "\"c\" (send.thread) is missing", false },
	{ "what we would fill in, and may leave out", GET "\"/m?c={c}\",\"args\":{\"c\":{\"type\":\"id\",\"is\":\"send.thread\",\"optional\":true}}", NULL,
	  "https://api.example.com/v2/m", true },
	{ "what we fill in is given", GET "\"/m/{c}\",\"args\":{\"c\":{\"type\":\"id\",\"is\":\"send.chat\"}}", "{\"c\":\"C2\"}",
	  "\"c\" is filled in by the core", false },
	{ "an argument is missing", GET "\"/m/{id}\",\"args\":{\"id\":{\"type\":\"id\"}}", NULL, "\"id\" is missing", false },
	{ "an argument is unknown", GET "\"/m\"", "{\"id\":\"1\"}", "\"id\" is not known", false },
};

START_TEST(a_url_is_the_manifests_with_values_encoded)
{
	DEFER(contract_drop) struct manifest *m = with(urls[_i].operation);
	DEFER(request_free) struct request r = { 0 };
	const char *why = run(m, "{\"base\":\"https://mine.example.com/root\",\"team\":\"T1\"}", urls[_i].args,
			      "{\"send.chat\":\"C1\",\"core.key\":\"k1\"}", &r);

	ck_assert_msg(!why == urls[_i].good, "%s: %s", urls[_i].name, why ? why : r.url);
	if (why)
		ck_assert_msg(strstr(why, urls[_i].want) && !r.url && !r.headers, "%s: %s", urls[_i].name, why);
	else
		ck_assert_msg(strcmp(r.url, urls[_i].want) == 0, "%s: %s", urls[_i].name, r.url);
}
END_TEST

START_TEST(a_url_has_a_length)
{
	DEFER(contract_drop) struct manifest *m = with(GET "\"/m?q={q}\",\"args\":{\"q\":{\"type\":\"text\"}}");
	size_t before = strlen("https://api.example.com/v2/m?q=");

	for (size_t n = URL_MAX - before; n <= URL_MAX - before + 1; n++) {
		DEFER(request_free) struct request r = { 0 };
		DEFER(text_free) char *text = mem_new(n + 1, 1);
		DEFER(text_free) char *args = NULL;
		const char *why;

		memset(text, 'a', n);
		args = text_fmt("{\"q\":\"%s\"}", text);
		why = run(m, NULL, args, NULL, &r);
		ck_assert((why == NULL) == (n + before <= URL_MAX));
		ck_assert(!why || strstr(why, "longer than 8192 bytes"));
	}
}
END_TEST

/* ---- bodies -------------------------------------------------------------- */

#define POST "\"method\":\"POST\",\"url\":\"/m\","
#define ONE "\"args\":{\"a\":{\"type\":\"text\"}},"
#define TWO "\"args\":{\"a\":{\"type\":\"text\",\"optional\":true},\"b\":{\"type\":\"text\"}},"
#define MAYBE "\"args\":{\"a\":{\"type\":\"text\",\"optional\":true}},"

static const struct {
	const char *name, *operation, *args, *want;	/* "": none */
	const char *type;
} bodies[] = {
	{ "none", "\"method\":\"POST\",\"url\":\"/m\"", NULL, "", NULL },
	{ "fixed", POST "\"body\":{\"a\":1,\"b\":[true,null,\"x\"],\"c\":{}}", NULL, "{\"a\":1,\"b\":[true,null,\"x\"],\"c\":{}}", "application/json" },
	{ "members stand as in the template", POST "\"args\":{\"a\":{\"type\":\"int\"},\"b\":{\"type\":\"int\"}},\"body\":{\"b\":\"{b}\",\"x\":0,\"a\":\"{a}\"}",
	  "{\"a\":1,\"b\":2}", "{\"b\":2,\"x\":0,\"a\":1}", "application/json" },
	{ "alone it keeps its type", POST "\"args\":{\"a\":{\"type\":\"int\"},\"b\":{\"type\":\"bool\"},\"c\":{\"type\":\"emails\"}},\"body\":{\"a\":\"{a}\",\"b\":\"{b}\",\"c\":\"{c}\"}",
	  "{\"a\":1,\"b\":false,\"c\":\"x@y.z\"}", "{\"a\":1,\"b\":false,\"c\":[\"x@y.z\"]}", "application/json" },
	{ "within text it is text", POST "\"args\":{\"a\":{\"type\":\"int\"},\"c\":{\"type\":\"emails\"}},\"body\":{\"a\":\"no. {a}!\",\"c\":\"to {c}\"}",
	  "{\"a\":1,\"c\":[\"x@y.z\",\"u@v.w\"]}", "{\"a\":\"no. 1!\",\"c\":\"to x@y.z, u@v.w\"}", "application/json" },
	{ "two alone are text", POST "\"args\":{\"a\":{\"type\":\"int\"},\"b\":{\"type\":\"int\"}},\"body\":{\"a\":\"{a}{b}\"}",
	  "{\"a\":1,\"b\":2}", "{\"a\":\"12\"}", "application/json" },
	{ "a value with braces is no template", POST ONE "\"body\":{\"a\":\"{a}\",\"b\":\"<{a}>\"}", "{\"a\":\"{a}{config.base}\"}",
	  "{\"a\":\"{a}{config.base}\",\"b\":\"<{a}{config.base}>\"}", "application/json" },
	{ "a value with quotes", POST ONE "\"body\":{\"a\":\"<{a}>\"}", "{\"a\":\"\\\"},{\\n\"}", "{\"a\":\"<\\\"},{\\n>\"}", "application/json" },
	{ "an absent value takes its member with it", POST MAYBE "\"body\":{\"x\":1,\"a\":\"{a}\"}", NULL, "{\"x\":1}", "application/json" },
	{ "and its place in a list", POST MAYBE "\"body\":{\"l\":[1,\"{a}\",2]}", NULL, "{\"l\":[1,2]}", "application/json" },
	{ "an object stays, if empty", POST MAYBE "\"body\":{\"o\":{\"a\":\"{a}\"}}", NULL, "{\"o\":{}}", "application/json" },
	{ "a member that goes with it", POST MAYBE "\"body\":{\"x\":1,\"o?a\":{\"kind\":\"k\",\"a\":\"({a})\"}}", NULL, "{\"x\":1}", "application/json" },
	{ "a member that comes with it", POST MAYBE "\"body\":{\"x\":1,\"o?a\":{\"kind\":\"k\",\"a\":\"({a})\"}}", "{\"a\":\"v\"}",
	  "{\"x\":1,\"o\":{\"kind\":\"k\",\"a\":\"(v)\"}}", "application/json" },
	{ "a member that comes with a setting", POST "\"body\":{\"t?config.team\":\"team {config.team}\"}", NULL, "{\"t\":\"team T1\"}", "application/json" },
	{ "of two with one name the first that is given", POST TWO "\"body\":{\"x?a\":\"{a}\",\"y\":0,\"x\":\"{b}\"}", "{\"a\":\"v\",\"b\":\"w\"}",
	  "{\"x\":\"v\",\"y\":0}", "application/json" },
	{ "and where it is not given the next", POST TWO "\"body\":{\"x?a\":\"{a}\",\"y\":0,\"x\":\"{b}\"}", "{\"b\":\"w\"}",
	  "{\"y\":0,\"x\":\"w\"}", "application/json" },
	{ "an empty text is given", POST MAYBE "\"body\":{\"a?a\":\"{a}\"}", "{\"a\":\"\"}", "{\"a\":\"\"}", "application/json" },
	{ "the whole body", POST "\"args\":{\"a\":{\"type\":\"json\",\"members\":[\"/x/**\"]}},\"body\":\"{a}\"", "{\"a\":{\"x\":{\"y\":[1]},\"z\":2}}",
	  "{\"x\":{\"y\":[1]}}", "application/json" },
	{ "the whole body is absent", POST "\"args\":{\"a\":{\"type\":\"json\",\"optional\":true,\"members\":[\"/x\"]}},\"body\":\"{a}\"", NULL, "", NULL },
	{ "half a pair does not leave", POST ONE "\"body\":{\"a\":\"{a}\"}", "{\"a\":\"x\\ud83d\"}", "{\"a\":\"x\xEF\xBF\xBD\"}", "application/json" },
	{ "half a pair in json does not leave", POST "\"args\":{\"a\":{\"type\":\"json\",\"members\":[\"/**\"]}},\"body\":{\"a\":\"{a}\"}",
	  "{\"a\":[\"x\\ud83d\"]}", "{\"a\":[\"x\xEF\xBF\xBD\"]}", "application/json" },
	{ "whole numbers are whole", POST "\"args\":{\"a\":{\"type\":\"int\"}},\"body\":{\"a\":\"{a}\",\"b\":\"{a}.\"}", "{\"a\":9007199254740991}",
	  "{\"a\":9007199254740991,\"b\":\"9007199254740991.\"}", "application/json" },
	{ "a form", POST "\"args\":{\"a\":{\"type\":\"text\"},\"n\":{\"type\":\"int\"},\"b\":{\"type\":\"word\",\"optional\":true},\"c\":{\"type\":\"emails\"}},"
	  "\"encode\":\"form\",\"body\":{\"a\":\"{a}\",\"b\":\"{b}\",\"n\":\"{n}\",\"t\":true,\"c\":\"{c}\"}", "{\"a\":\"1&2=3 \xC3\xA4\\n+\",\"n\":5,\"c\":\"x@y.z\"}",
	  "a=1%262%3D3%20%C3%A4%0A%2B&n=5&t=true&c=x%40y.z", "application/x-www-form-urlencoded" },
	{ "an empty form", POST MAYBE "\"encode\":\"form\",\"body\":{\"a\":\"{a}\"}", NULL, "", "application/x-www-form-urlencoded" },
};

START_TEST(a_body_is_the_template_with_values_in_it)
{
	DEFER(contract_drop) struct manifest *m = with(bodies[_i].operation);
	DEFER(request_free) struct request r = { 0 };
	const char *why = run(m, "{\"team\":\"T1\"}", bodies[_i].args, NULL, &r);
	const char *type;

	ck_assert_msg(!why, "%s: %s", bodies[_i].name, why);
	type = json_text(r.headers, "/content-type");
	ck_assert_msg(strcmp(r.body ? r.body : "", bodies[_i].want) == 0, "%s: %s", bodies[_i].name, r.body);
	ck_assert_msg(bodies[_i].type ? type && strcmp(type, bodies[_i].type) == 0 : !type && !r.body && !r.json, "%s: %s",
		      bodies[_i].name, type);
}
END_TEST

START_TEST(the_tree_of_a_body_is_what_its_bytes_say)
{
	DEFER(contract_drop) struct manifest *m = with(POST ONE "\"body\":{\"a\":\"{a}\",\"b\":[\"{a}\"]}");
	DEFER(request_free) struct request r = { 0 };
	DEFER(json_drop) cJSON *again = NULL;

	ck_assert_ptr_null(run(m, NULL, "{\"a\":\"\\ud83d\\ude00 \\\"\"}", NULL, &r));
	again = tree(r.body);
	ck_assert(json_same(again, r.json));
}
END_TEST

START_TEST(a_request_has_the_manifests_size)
{
	DEFER(contract_drop) struct manifest *m = with(POST ONE "\"body\":{\"a\":\"{a}\"}");
	DEFER(request_free) struct request r = { 0 };

	ck_assert_ptr_null(run(m, NULL, "{\"a\":\"12345\"}", NULL, &r));
	m->limits.request_bytes = (int64_t)strlen(r.body);
	ck_assert(!request_too_large(m, &r));
	m->limits.request_bytes--;
	ck_assert(request_too_large(m, &r));
}
END_TEST

START_TEST(no_request_is_larger_than_any_may_be)
{
	DEFER(contract_drop) struct manifest *m = with(POST ONE "\"body\":{\"a\":\"{a}\",\"b\":\"{a}\"}");
	DEFER(text_free) char *text = mem_new(REQUEST_MAX / 2 + 1, 1);
	DEFER(json_drop) cJSON *args = cJSON_CreateObject();
	struct request r = { 0 };
	const char *why;

	memset(text, 'a', REQUEST_MAX / 2);
	json_add(args, "a", cJSON_CreateString(text));
	why = render(m, manifest_operation(m, "o"), NULL, args, NULL, &r);
	ck_assert(why && strstr(why, "larger than"));
	ck_assert(!r.body && !r.json && !r.url && !r.headers);
}
END_TEST

/* ---- headers and secrets ------------------------------------------------- */

static const struct {
	const char *name, *header, *value, *want;	/* the header's value; NULL: refused; "": left out */
} headers[] = {
	{ "a fixed one", "2023-06-01", NULL, "2023-06-01" },
	{ "a value", "{a}", "\"v\"", "v" },
	{ "a value within it", "v={a};", "\"x y\"", "v=x y;" },
	{ "an absent one", "{a}", NULL, "" },
	{ "a line break", "{a}", "\"v\\nx-evil: 1\"", NULL },
	{ "a return", "{a}", "\"v\\rx-evil: 1\"", NULL },
	{ "a return within it", "v={a}", "\"\\r\"", NULL },
	{ "a bell", "{a}", "\"\\u0007\"", NULL },
	{ "DEL", "{a}", "\"\x7F\"", NULL },
};

START_TEST(a_header_is_one_line)
{
	bool named = strchr(headers[_i].header, '{');
	bool within = named && headers[_i].header[0] != '{';
	DEFER(text_free) char *operation = text_fmt(GET "\"/m\",\"headers\":{\"x-one\":\"%s\"}%s%s%s", headers[_i].header,
		named ? ",\"args\":{\"a\":{\"type\":\"text\"" : "", named && !within ? ",\"optional\":true" : "", named ? "}}" : "");
	DEFER(text_free) char *args = headers[_i].value ? text_fmt("{\"a\":%s}", headers[_i].value) : NULL;
	DEFER(contract_drop) struct manifest *m = with(operation);
	DEFER(request_free) struct request r = { 0 };
	const char *why = run(m, NULL, args, NULL, &r), *value;

	ck_assert_msg(!why == !!headers[_i].want, "%s: %s", headers[_i].name, why);
	if (why) {
		ck_assert_msg(strstr(why, "{a}") && strstr(why, "x-one"), "%s: %s", headers[_i].name, why);
		return;
	}
	value = json_text(r.headers, "/x-one");
	ck_assert_msg(*headers[_i].want ? value && strcmp(value, headers[_i].want) == 0 : !value, "%s: %s", headers[_i].name, value);
}
END_TEST

START_TEST(a_secret_is_only_named)
{
	DEFER(contract_drop) struct manifest *m = with("\"method\":\"GET\",\"url\":\"/m\",\"secret\":\"key\"");
	DEFER(request_free) struct request r = { 0 };

	ck_assert_ptr_null(run(m, NULL, NULL, NULL, &r));
	ck_assert_str_eq(r.secret->name, "key");
	ck_assert_int_eq(json_count(r.headers), 0);
	ck_assert_ptr_eq(r.op, manifest_operation(m, "o"));
}
END_TEST

/* ---- origins ------------------------------------------------------------- */

static const struct {
	const char *url, *want;
} origins[] = {
	{ "https://api.example.com/v1?x", "https://api.example.com:443" },
	{ "HTTPS://API.Example.com", "https://api.example.com:443" },
	{ "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434" },
	{ "http://localhost", "http://localhost:80" },
	{ "http://[::1]/x", "http://[::1]:80" },
	{ "http://[::1]:8080/x", "http://[::1]:8080" },
	{ "https://api.example.com:0443/", "https://api.example.com:443" },
	{ "https://api.example.com:8443?x=:1", "https://api.example.com:8443" },
	{ "https://api.example.com/a:99", "https://api.example.com:443" },
	{ "https://me@api.example.com/", NULL },
	{ "https://api.example.com@evil.org/", NULL },
	{ "https://api.example.com\\@evil.org/", NULL },
	{ "https://api.example.com:99999/", NULL },
	{ "https://api.example.com:/", NULL },
	{ "https:///x", NULL },
	{ "ftp://api.example.com/", NULL },
	{ "api.example.com", NULL },
	{ "https://a b/", NULL },
	{ "", NULL },
};

START_TEST(an_origin_is_scheme_host_and_port)
{
	DEFER(text_free) char *origin = url_origin(origins[_i].url);

	ck_assert_msg(origins[_i].want ? origin && strcmp(origin, origins[_i].want) == 0 : !origin, "%s: %s", origins[_i].url, origin);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("render");
	Suite *s = suite_create("render");

	tcase_add_loop_test(t, a_url_is_the_manifests_with_values_encoded, 0, COUNT(urls));
	tcase_add_test(t, a_url_has_a_length);
	tcase_add_loop_test(t, a_body_is_the_template_with_values_in_it, 0, COUNT(bodies));
	tcase_add_test(t, the_tree_of_a_body_is_what_its_bytes_say);
	tcase_add_test(t, a_request_has_the_manifests_size);
	tcase_add_test(t, no_request_is_larger_than_any_may_be);
	tcase_add_loop_test(t, a_header_is_one_line, 0, COUNT(headers));
	tcase_add_test(t, a_secret_is_only_named);
	tcase_add_loop_test(t, an_origin_is_scheme_host_and_port, 0, COUNT(origins));
	return verdict(s, t);
}
