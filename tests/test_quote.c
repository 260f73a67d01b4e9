/* test_quote.c - what an adapter quotes of its contract, and how much of a page is left open. */
#include "contract.h"
#include "gate/like.h"
#include "gate/quote.h"

#define RUNS "\n```transcript\n> result {}\n```\n"

static const char text[] =
	"# The bird\n"
	"It has wings.\n"
	"## It talks\n"
	"Each piece MUST be shown, as it\n"
	"comes: so it MUST be whole. A word is `{\"a\", \"b\"}: c` and MUST stay.\n"
	"\n"
	"* An item MUST be one, and be green\n"
	"  or blue.\n"
	RUNS
	"## It sleeps\n"
	"Nothing MUST be said; nothing is. *It* MUST NOT wake." RUNS;

static struct page *page_of(const char *words, const char *file, const struct manifest *m)
{
	struct page_text t = { .text = str_of(words), .file = file, .folder = "specs/bird", .line = 1 };
	struct page *p = NULL;
	const char *why = page_parse(&t, m, &p, NULL);

	ck_assert_msg(!why, "%s", why);
	return p;
}

#define PAGE "specs/bird/talk.md: "
#define TALKS "/* " PAGE "\"Each piece MUST be shown, as it comes: so it MUST be whole. A word is `{\"a\", \"b\"}: c` and MUST stay.\" */\n"
#define ITEM "/* " PAGE "\"An item MUST be one, and be green or blue.\" */\n"
#define SLEEPS "/* " PAGE "\"Nothing MUST be said; nothing is. *It* MUST NOT wake.\" */\n"

static const struct { const char *name, *source; int line; const char *what, *remedy; } cases[] = {
	{ "each sentence", "int x;\n" TALKS ITEM SLEEPS, 0, NULL, NULL },
	{ "at the margin of a block", "\t/* " PAGE "\"Each piece MUST be\n\t * shown, as it comes: so it MUST\n\t   be whole. A word is\n\t"
	  " * `{\"a\",\n\t * \"b\"}: c` and MUST stay.\" */\n" ITEM SLEEPS, 0, NULL, NULL },
	{ "several in one comment", "/* Why. " PAGE "\"Each piece MUST be shown, as it comes: so it MUST be whole.\" \"A word is `{\"a\", \"b\"}:"
	  " c` and MUST stay.\", \"An item MUST be one\" and " PAGE "\"Nothing MUST be said\" \"*It* MUST NOT wake\" */", 0, NULL, NULL },
	{ "in parts", "/* " PAGE "\"Each piece MUST be shown\" \"so it MUST be whole\" \"A word is `{\"a\", \"b\"}: c` and MUST stay.\" */" ITEM
	  "// " PAGE "\"Nothing MUST be said\"\n// " PAGE "\"*It* MUST NOT wake.\"\n", 0, NULL, NULL },
	{ "also without a MUST", "/* " PAGE "\"It has wings.\" \"nothing is.\" */" TALKS ITEM SLEEPS, 0, NULL, NULL },
	{ "the name of a page, without a quote", "/* specs/bird/more.md says more */" TALKS ITEM SLEEPS, 0, NULL, NULL },

	{ "nobody quotes it", TALKS SLEEPS, 7, "adapter.c quotes this nowhere: \"An item MUST be one, and be green or blue.\"",
	  "/* specs/bird/talk.md: \"An item MUST be one, and be green or blue.\" */" },
	{ "one of two in a sentence", "/* " PAGE "\"Each piece MUST be shown, as it comes\" \"A word is `{\"a\", \"b\"}: c` and MUST stay.\" */" ITEM SLEEPS,
	  5, "nowhere: \"Each piece MUST be shown, as it comes: so it MUST be whole.\"", "quote it where" },
	{ "in a string", TALKS SLEEPS "const char *s = \"" "/* specs/bird/talk.md: \\\"An item MUST be one\\\" */\";\n", 7, "nowhere", "quote it" },
	{ "without its page", TALKS SLEEPS "/* \"An item MUST be one\" */\n", 7, "nowhere", "quote it" },
	{ "a page without a colon", TALKS SLEEPS "/* specs/bird/talk.md \"An item MUST be one\" */\n", 7, "nowhere", "quote it" },

	{ "another word", "\n/*\n * " PAGE "\"Each piece MUST be told, as it comes\" */\n" TALKS ITEM SLEEPS, 3,
	  "this quote does not stand in specs/bird/talk.md: \"Each piece MUST be told, as it comes\"",
	  "line 4 of it says \"Each piece MUST be shown, as it comes: so it MUST be whole.\": quote that" },
	{ "a word less", "/* " PAGE "\"Nothing MUST be; nothing is.\" */" TALKS ITEM SLEEPS, 1, "does not stand", "line 14 of it says \"Nothing MUST be said" },
	{ "nothing of it", "/* " PAGE "\"The bird MUST sing\" */" TALKS ITEM SLEEPS, 1, "does not stand", "quote a sentence of specs/bird/talk.md as" },
	{ "another letter", "/* " PAGE "\"nothing MUST be said\" */" TALKS ITEM SLEEPS, 1, "does not stand", "quote" },
	{ "nothing at all", "/* " PAGE "\"\" */" TALKS ITEM SLEEPS, 1, "does not stand", "quote" },
	{ "without an end", "/* " PAGE "\"An item MUST be one */" TALKS ITEM SLEEPS, 1, "does not stand", "line 7" },
	{ "a mark for the word alone", "/* " PAGE "\"MUST\" */" TALKS ITEM SLEEPS, 1, "in the middle of a sentence: \"MUST\"", "begin where" },
	{ "it begins too late", "/* " PAGE "\"piece MUST be shown, as it comes\" */" TALKS ITEM SLEEPS, 1, "in the middle", "begin where" },
	{ "it ends too early", "/* " PAGE "\"Each piece MUST be\" */" TALKS ITEM SLEEPS, 1, "in the middle", "begin where" },
	{ "it begins within code", "/* " PAGE "\"c` and MUST stay.\" */" TALKS ITEM SLEEPS, 1, "in the middle", "begin where" },
	{ "no such page", TALKS ITEM "\n" SLEEPS "/* specs/bird/more.md: \"x\" */", 5, "there is no page specs/bird/more.md in this contract",
	  "name the page" },
	{ "of another contract", "/* specs/cat/talk.md: \"An item MUST be one\" */" TALKS ITEM SLEEPS, 1, "no page specs/cat/talk.md", "name the page" },
};

START_TEST(each_must_is_quoted_as_it_stands)
{
	struct page *p = page_of(text, "specs/bird/talk.md", NULL);
	struct quotes q = quotes_check(str_of(cases[_i].source), "adapter.c", &p, 1);

	ck_assert_int_eq(q.musts, 6);
	ck_assert_msg(q.n == (cases[_i].what != NULL), "%s: %zu: %s", cases[_i].name, q.n, q.n ? q.at[q.n - 1].what : "taken");
	if (q.n) {
		ck_assert_msg(strstr(q.at[0].what, cases[_i].what), "%s: %s", cases[_i].name, q.at[0].what);
		ck_assert_msg(strstr(q.at[0].remedy, cases[_i].remedy), "%s: %s", cases[_i].name, q.at[0].remedy);
		ck_assert_msg(q.at[0].line == cases[_i].line, "%s: line %d", cases[_i].name, q.at[0].line);
		ck_assert_str_eq(q.at[0].file, strstr(cases[_i].what, "nowhere") ? "specs/bird/talk.md" : "adapter.c");
	}
	quotes_free(&q);
	page_free(p);
}
END_TEST

START_TEST(all_that_is_missing_is_told)
{
	struct page *p = page_of(text, "specs/bird/talk.md", NULL);
	struct quotes q = quotes_check(STR("int x"), "adapter.c", &p, 1);

	ck_assert_uint_eq(q.n, 5);		/* a sentence of two is told once */
	quotes_free(&q);
	page_free(p);
}
END_TEST

/* Thousands of quotation marks take no longer than the words around them. */
START_TEST(a_comment_full_of_marks_ends)
{
	struct page *p = page_of(text, "specs/bird/talk.md", NULL);
	struct buf source = buf_new(1 << 20);
	struct quotes q;

	buf_adds(&source, "/* " PAGE);
	for (int i = 0; i < 100000; i++)
		buf_adds(&source, "\"");
	buf_adds(&source, " */");
	q = quotes_check(buf_str(&source), "adapter.c", &p, 1);
	ck_assert_uint_gt(q.n, 0);
	quotes_free(&q);
	buf_free(&source);
	page_free(p);
}
END_TEST

/* ---- like ---------------------------------------------------------------- */

static const char porch[] =
	"{\"name\": \"porch\", \"kind\": \"channel\", \"abi\": 1, \"about\": \"A porch\", \"base\": \"https://api.porch.example/v1\",\n"
	"\"operations\": {\n"
	" \"door\": {\"method\": \"POST\", \"url\": \"/door?a=1\", \"effects\": [\"read\"], \"about\": \"asks only\", \"retry\": \"always\", \"shows\": {\"/url\": \"attested\"}},\n"
	" \"post\": {\"method\": \"POST\", \"url\": \"/rooms/{room}/messages\", \"effects\": [\"send\"], \"retry\": \"busy\", \"gives\": {\"id\": \"/id\"},\n"
	"   \"args\": {\"room\": {\"type\": \"id\", \"role\": \"destination\", \"is\": \"send.chat\"}, \"text\": {\"type\": \"text\", \"role\": \"payload\", \"is\": \"send.text\"}},\n"
	"   \"body\": {\"text\": \"{text}\"}},\n"
	" \"answer\": {\"method\": \"POST\", \"url\": \"{to}\", \"effects\": [\"send\"], \"retry\": \"busy\", \"answer\": \"none\",\n"
	"   \"args\": {\"to\": {\"type\": \"url\", \"is\": \"reply.handle\", \"match\": \"https://hooks.porch.example\"}, \"text\": {\"type\": \"text\", \"is\": \"reply.text\"}},\n"
	"   \"body\": {\"text\": \"{text}\"}}},\n"
	"\"sockets\": {\"line\": {\"url\": \"wss://porch.example/line\", \"frame_max\": 400, \"first\": \"20s\", \"frames\": {\"go\": {\"body\": {}, \"effects\": [\"%s\"]}}}},\n"
	"\"me\": {\"in\": \"line\", \"at\": \"/me\"},\n"
	"\"inbound\": [{\"in\": \"line\", \"id\": \"{/id}\", \"chat\": \"{/room}\", \"from\": \"{/by}\", \"text\": {\"of\": \"{/text}\"}}],\n"
	"\"acts\": {\"send\": [\"post\"], \"reply\": [\"answer\"]}, \"text\": {\"max\": 40, \"unit\": \"byte\", \"marks\": \"plain\"}}\n";

#define TEN "> result {}\n> result {}\n> result {}\n> result {}\n> result {}\n> result {}\n> result {}\n"

static const struct { const char *name, *effect, *steps; int line; const char *why; } likes[] = {
	{ "three in ten", "read", TEN "> result like {}\n> failed like {}\n> ready like {}\n", 0, NULL },
	{ "one more", "read", TEN "> result like {}\n> result like {}\n> deliver like {}\n> result like {}\n", 14,
	  "4 of the 11 \">\" of this page have \"like\", and 30 in 100 may: write the values whole" },
	{ "a request that reads", "read", TEN "> http POST /door?a=1 like {}\n> http POST https://api.porch.example/v1/door like {}\n", 0, NULL },
	{ "a request that sends", "read", TEN "> http POST /rooms/r1/messages like {\"text\": \"x\"}\n", 11,
	  "\"like\" on a request of \"post\", which does not only read: write" },
	{ "with its base", "read", TEN "> http POST https://api.porch.example/v1/rooms/r1/messages like {}\n", 11, "\"post\"" },
	{ "to a room that has a variable's name", "read", TEN "> http POST /rooms/$room/messages like {}\n", 11, "\"post\"" },
	{ "to an address that was handed out", "read", TEN "> http POST https://hooks.porch.example/9/a like {}\n", 11, "\"answer\"" },
	{ "a longer path is another", "read", TEN "> http POST /rooms/r1/r2/messages like {}\n", 11, "\"answer\"" },
	{ "another method", "read", TEN "> http GET /rooms/r1/messages like {}\n", 0, NULL },
	{ "a frame that reads", "read", TEN "> ws like {}\n", 0, NULL },
	{ "a frame that writes", "write", TEN "> ws like {}\n", 11, "\"go\"" },
};

START_TEST(little_is_left_open_and_nothing_that_changes_something)
{
	DEFER(text_free) char *json = text_fmt(porch, likes[_i].effect);
	DEFER(contract_drop) struct manifest *m = contract(json);
	DEFER(text_free) char *words = text_fmt("# T\n## S\n```transcript\n%s```\n", likes[_i].steps);
	DEFER(text_free) char *place = text_fmt("specs/porch/t.md:%d: ", likes[_i].line);
	struct page *p = page_of(words, "specs/porch/t.md", m);
	const char *why = like_check(p, m);

	if (likes[_i].why)
		ck_assert_msg(why && strncmp(why, place, strlen(place)) == 0 && strstr(why, likes[_i].why), "%s: %s", likes[_i].name, why);
	else
		ck_assert_msg(!why, "%s: %s", likes[_i].name, why);
	page_free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quote");
	TCase *t = tcase_create("quote");

	tcase_add_loop_test(t, each_must_is_quoted_as_it_stands, 0, COUNT(cases));
	tcase_add_test(t, all_that_is_missing_is_told);
	tcase_add_test(t, a_comment_full_of_marks_ends);
	tcase_add_loop_test(t, little_is_left_open_and_nothing_that_changes_something, 0, COUNT(likes));
	return verdict(s, t);
}
