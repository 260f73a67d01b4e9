/* test_url.c - which URLs we write down. */
#include "url.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *url;
	const char *outside, *local;	/* the complaint in either scope, NULL: taken */
	size_t len;			/* where it is taken */
} servers[] = {
	{ "a name", "https://api.example.com", NULL, NULL, 23 },
	{ "a path behind it", "https://api.example.com/v1", NULL, NULL, 23 },
	{ "a query behind it", "https://api.example.com?x", NULL, NULL, 23 },
	{ "a port", "https://api.example.com:8443/v1", NULL, NULL, 28 },
	{ "the greatest port", "https://a.b:65535", NULL, NULL, 17 },
	{ "a name of digits and letters", "https://3g.4you.io", NULL, NULL, 18 },
	{ "a name in another script, as it is looked up", "https://xn--bcher-kva.example", NULL, NULL, 29 },
	{ "plain http", "http://nas.home", "is not encrypted: write https:// for http://", NULL, 15 },
	{ "one word", "https://localhost", "has a host of one word: write its whole name, such as api.example.com", NULL, 17 },
	{ "an address", "https://10.0.0.1", "has a number as its host: write the host's name", NULL, 16 },
	{ "an address in one number", "https://167772161", "has a number as its host: write the host's name", NULL, 17 },
	{ "an address with a hexadecimal end", "https://10.0.0x1", "has a number as its host: write the host's name", NULL, 16 },
	{ "a long address", "https://[::1]:80/x", "has a number as its host: write the host's name", NULL, 16 },
#define BOTH(text) text, text, 0
	{ "a long address that does not close", "https://[::1", BOTH(NULL) },
	{ "nothing", "", BOTH(NULL) },
	{ "a scheme", "https://", BOTH("names no host: write https://HOST/PATH") },
	{ "a scheme in capitals", "HTTPS://a.b", BOTH(NULL) },
	{ "a user", "https://a@b.c", BOTH("names a user: leave out what stands before \"@\"; a secret has its own place") },
	{ "a user that looks like a host", "https://good.example:x@evil.example", BOTH("names a user: leave out what stands before \"@\"; a secret has its own place") },
	{ "a placeholder", "https://{x}.b.c", BOTH("has a placeholder in its host: write the host out") },
	{ "a name in capitals", "https://A.b", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "a dot at the end", "https://a.b.", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "two dots", "https://a..b", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "a backslash", "https://a.b\\c.d", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "a percent sign", "https://a%2eb.c", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "a minus at the end of a label", "https://a-.b", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "an underscore", "https://a_b.c", BOTH("has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"") },
	{ "a colon without a port", "https://a.b:", BOTH("has a port that is none: ports are 1 to 65535") },
	{ "port 0", "https://a.b:0", BOTH("has a port that is none: ports are 1 to 65535") },
	{ "a port beyond the last", "https://a.b:65536", BOTH("has a port that is none: ports are 1 to 65535") },
	{ "a port of many digits", "https://a.b:000000080", BOTH("has a port that is none: ports are 1 to 65535") },
	{ "a port in words", "https://a.b:https", BOTH("has a port that is no number: write HOST:443, or leave it out") },
};

START_TEST(the_server_is_judged_in_both_scopes)
{
	const char *want[] = { servers[_i].outside, servers[_i].local };

	for (int scope = URL_PUBLIC; scope <= URL_LOCAL; scope++) {
		size_t len = 0;
		const char *why = url_server(str_of(servers[_i].url), (enum url_scope)scope, &len);

		if (want[scope])
			ck_assert_msg(why && strcmp(why, want[scope]) == 0, "%s: %s", servers[_i].name, why ? why : "taken");
		else if (servers[_i].len)
			ck_assert_msg(!why && len == servers[_i].len, "%s: %s %zu", servers[_i].name, why ? why : "taken", len);
		else
			ck_assert_msg(why != NULL && len == 0, "%s: taken", servers[_i].name);
	}
}
END_TEST

static const struct {
	const char *name, *tail, *want;		/* with braces allowed; NULL: taken */
} tails[] = {
	{ "nothing", "", NULL },
	{ "a path", "/v1/messages", NULL },
	{ "a slash at the end", "/v1/", NULL },
	{ "a query", "?a=b&c=d/../e", NULL },
	{ "a placeholder with a dot", "/{config.x}/y", NULL },
	{ "what is escaped", "/a%20b", NULL },
	{ "signs that may stand there", "/a-b._~!$&'()*+,;=:@c", NULL },
	{ "a name with dots in it", "/a..b/.c", NULL },
	{ "no slash", "v1", "goes on with neither \"/\" nor \"?\": write a slash there" },
	{ "two slashes", "/a//b", "has two slashes together: leave one out" },
	{ "one step up", "/a/../b", "has a step \".\" or \"..\" in its path: write the path out" },
	{ "one step up at the end", "/a/..", "has a step \".\" or \"..\" in its path: write the path out" },
	{ "a step to itself", "/./b", "has a step \".\" or \"..\" in its path: write the path out" },
	{ "an escaped dot", "/a/%2e./b", "hides a \".\" or \"/\" behind \"%\": write it out" },
	{ "an escaped slash", "/a%2Fb", "hides a \".\" or \"/\" behind \"%\": write it out" },
	{ "half an escape", "/a%2", "has a \"%\" that two hexadecimal digits must follow" },
	{ "an escape that is none", "/a%zz", "has a \"%\" that two hexadecimal digits must follow" },
	{ "a fragment", "/a#b", "has a fragment: leave out \"#\" and what follows" },
	{ "a space", "/a b", "has a character that does not belong there: write it as \"%\" and two hexadecimal digits" },
	{ "a line break", "/a\r\nx: y", "has a character that does not belong there: write it as \"%\" and two hexadecimal digits" },
	{ "a backslash", "/a\\b", "has a character that does not belong there: write it as \"%\" and two hexadecimal digits" },
	{ "another script", "/\xC3\xBC", "has a character that does not belong there: write it as \"%\" and two hexadecimal digits" },
};

START_TEST(path_and_query_are_judged)
{
	const char *why = url_tail(str_of(tails[_i].tail), true);

	if (tails[_i].want)
		ck_assert_msg(why && strcmp(why, tails[_i].want) == 0, "%s: %s", tails[_i].name, why ? why : "taken");
	else
		ck_assert_msg(!why, "%s: %s", tails[_i].name, why);
}
END_TEST

START_TEST(braces_are_only_for_templates)
{
	ck_assert_ptr_null(url_tail(STR("/{a}"), true));
	ck_assert_ptr_nonnull(url_tail(STR("/{a}"), false));
}
END_TEST

START_TEST(a_prefix_ends_where_another_begins)
{
	ck_assert_ptr_null(url_prefix(STR("https://a.b/v1"), URL_PUBLIC));
	ck_assert_ptr_null(url_prefix(STR("https://a.b"), URL_PUBLIC));
	ck_assert_str_eq(url_prefix(STR("https://a.b/"), URL_PUBLIC), "ends in a slash: leave it out");
	ck_assert_str_eq(url_prefix(STR("https://a.b/v1?"), URL_PUBLIC), "has a query: leave out \"?\" and what follows");
	ck_assert_ptr_nonnull(url_prefix(STR(""), URL_LOCAL));
}
END_TEST

START_TEST(a_text_that_does_not_end_in_zero_is_read_to_its_end_only)
{
	static const char url[] = "https://a.b/c#d";
	size_t len;

	for (size_t n = 0; n < sizeof url; n++) {
		char *copy = mem_new(n ? n : 1, 1);
		const char *why;

		memcpy(copy, url, n);
		why = url_server((struct str){ copy, n }, URL_PUBLIC, &len);
		ck_assert_int_eq(why == NULL, n >= 11 && n < sizeof url);
		why = url_tail((struct str){ copy, n }, true);
		ck_assert_ptr_nonnull(n ? why : "nothing is a fine tail");
		free(copy);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("url");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, the_server_is_judged_in_both_scopes, 0, COUNT(servers));
	tcase_add_loop_test(t, path_and_query_are_judged, 0, COUNT(tails));
	tcase_add_test(t, braces_are_only_for_templates);
	tcase_add_test(t, a_prefix_ends_where_another_begins);
	tcase_add_test(t, a_text_that_does_not_end_in_zero_is_read_to_its_end_only);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
