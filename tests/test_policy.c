/* test_policy.c - rules against operations: who may what, which line says so. */
#include "fixture.h"
#include "policy.h"
#include "store/audit.h"

enum { READ = EFFECT_READ, WRITE = EFFECT_WRITE, DELETE = EFFECT_DELETE, SEND = EFFECT_SEND };

#define LINE(n, verdict, effects, target, text) { verdict, effects, (char *)(target), (char *)(text), n }
#define ALLOW VERDICT_ALLOW
#define NEVER VERDICT_NEVER

static const struct {
	const char *name;
	struct conf_rule rules[4];
	const char *integration, *operation;
	unsigned effects;
	bool allowed;
	const char *rule;
} cases[] = {
	{ "no line at all", { { 0 } }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "an allow line", { LINE(3, ALLOW, WRITE, "core", "allow write on core") }, "core", "remember", WRITE, true,
	  "line 3: allow write on core" },
	{ "one effect of several", { LINE(3, ALLOW, READ | WRITE, "core", "allow read,write on core") }, "core", "recall", READ, true,
	  "line 3: allow read,write on core" },
	{ "another effect", { LINE(3, ALLOW, READ, "core", "allow read on core") }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "one operation by name", { LINE(1, ALLOW, WRITE, "core.remember", "allow write on core.remember") },
	  "core", "remember", WRITE, true, "line 1: allow write on core.remember" },
	{ "another operation", { LINE(1, ALLOW, WRITE, "core.remember", "x") }, "core", "recall", WRITE, false,
	  "no line of assistant.conf allows write on core.recall; the owner can add \"allow write on core\"" },
	{ "everything", { LINE(1, ALLOW, WRITE, "*", "allow write on *") }, "gmail", "draft", WRITE, true,
	  "line 1: allow write on *" },
	{ "another integration", { LINE(1, ALLOW, WRITE, "gmail", "x") }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "a name that begins the same", { LINE(1, ALLOW, WRITE, "core", "x") }, "coreutils", "rm", WRITE, false,
	  "no line of assistant.conf allows write on coreutils.rm; the owner can add \"allow write on coreutils\"" },
	{ "a name that is longer", { LINE(1, ALLOW, WRITE, "coreutils", "x") }, "core", "rm", WRITE, false,
	  "no line of assistant.conf allows write on core.rm; the owner can add \"allow write on core\"" },
	{ "an operation that begins the same", { LINE(1, ALLOW, WRITE, "core.re", "x") }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "an operation that is longer", { LINE(1, ALLOW, WRITE, "core.remembered", "x") }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "in capitals", { LINE(1, ALLOW, WRITE, "Core", "x") }, "core", "remember", WRITE, false,
	  "no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"" },
	{ "never after allow", { LINE(1, ALLOW, WRITE, "core", "x"), LINE(2, NEVER, WRITE, "core", "never write on core") },
	  "core", "remember", WRITE, false, "line 2: never write on core" },
	{ "never before allow", { LINE(1, NEVER, WRITE, "core", "never write on core"), LINE(2, ALLOW, WRITE, "core", "x") },
	  "core", "remember", WRITE, false, "line 1: never write on core" },
	{ "a wide never against a narrow allow", { LINE(1, ALLOW, WRITE, "core.remember", "x"), LINE(2, NEVER, WRITE, "*", "never write on *") },
	  "core", "remember", WRITE, false, "line 2: never write on *" },
	{ "a narrow never against a wide allow", { LINE(1, ALLOW, WRITE, "*", "x"), LINE(2, NEVER, WRITE, "core.remember", "never write on core.remember") },
	  "core", "remember", WRITE, false, "line 2: never write on core.remember" },
	{ "never of another effect", { LINE(1, ALLOW, WRITE, "core", "allow write on core"), LINE(2, NEVER, DELETE, "core", "x") },
	  "core", "remember", WRITE, true, "line 1: allow write on core" },
	{ "never of another operation", { LINE(1, ALLOW, WRITE, "core", "allow write on core"), LINE(2, NEVER, WRITE, "core.forget", "x") },
	  "core", "remember", WRITE, true, "line 1: allow write on core" },
	{ "never alone", { LINE(9, NEVER, WRITE, "core", "never write on core") }, "core", "remember", WRITE, false,
	  "line 9: never write on core" },
	{ "two effects, one allowed", { LINE(1, ALLOW, READ, "core", "x") }, "core", "swap", READ | DELETE, false,
	  "no line of assistant.conf allows delete on core.swap; the owner can add \"allow delete on core\"" },
	{ "two effects, none allowed", { { 0 } }, "core", "swap", READ | DELETE, false,
	  "no line of assistant.conf allows read,delete on core.swap; the owner can add \"allow read,delete on core\"" },
	{ "two effects by two lines", { LINE(1, ALLOW, READ, "core", "allow read on core"), LINE(4, ALLOW, DELETE, "*", "allow delete on *") },
	  "core", "swap", READ | DELETE, true, "line 1: allow read on core; line 4: allow delete on *" },
	{ "two effects, one forbidden", { LINE(1, ALLOW, READ | DELETE, "core", "x"), LINE(2, NEVER, DELETE, "core", "never delete on core") },
	  "core", "swap", READ | DELETE, false, "line 2: never delete on core" },
	{ "two that forbid: the first is named", { LINE(4, NEVER, WRITE, "core", "never write on core"), LINE(5, NEVER, WRITE, "*", "x") },
	  "core", "remember", WRITE, false, "line 4: never write on core" },
	{ "no effect", { { 0 } }, "anthropic", "ask", 0, true, "it has no effect but its answer" },
};

static struct conf conf_of(int i)
{
	struct conf c = { .rules = (struct conf_rule *)cases[i].rules };

	while (c.rules_n < COUNT(cases[i].rules) && cases[i].rules[c.rules_n].text)
		c.rules_n++;
	return c;
}

START_TEST(the_strictest_line_decides_and_nothing_means_no)
{
	struct store *s = new_store();
	struct conf conf = conf_of(_i);
	struct operation op = { .name = cases[_i].operation, .effects = cases[_i].effects };
	struct task task = { .turn = 7, .connection = "terminal", .person = "owner" };
	DEFER(json_drop) cJSON *args = parsed("{\"text\":\"x\"}");
	struct decision d = decide(s, &conf, &task, cases[_i].integration, &op, args);
	DEFER(text_free) char *row = NULL;
	DEFER(text_free) char *want = text_fmt("7|terminal|%s.%s|%s|%s|{\"text\":\"x\"}", cases[_i].integration,
					       cases[_i].operation, cases[_i].allowed ? "allowed" : "denied", cases[_i].rule);

	ck_assert_msg(d.allowed == cases[_i].allowed, "%s: %s", cases[_i].name, d.rule);
	ck_assert_str_eq(d.rule, cases[_i].rule);
	ck_assert(would_allow(&conf, cases[_i].integration, &op, args, NULL) == d.allowed);
	ck_assert(would_decide(&conf, cases[_i].integration, &op).allowed == d.allowed);
	ck_assert_int_eq(audit_rows(s), 1);
	store_get(s, row_to_text, &row, "SELECT task || '|' || connection || '|' || operation || '|' || verdict || '|'"
		  " || rule || '|' || args FROM audit", "");
	ck_assert_str_eq(row, want);
	ck_assert_ptr_null(audit_check(s));
	text_free(&row);
	text_free(&want);
	store_close(s);
}
END_TEST

static const struct { const char *name; int i; const char *want; } whys[] = {
	{ "nothing matches", 0, "manifest: core.remember can write\nassistant.conf: no line is about it\n"
	  "floor: no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"\n" },
	{ "allowed", 1, "manifest: core.remember can write\nassistant.conf: line 3: allow write on core\nfloor: nothing against it\n" },
	{ "one effect of two", 20, "manifest: core.swap can read,delete\nassistant.conf: line 1: x\n"
	  "floor: no line of assistant.conf allows delete on core.swap; the owner can add \"allow delete on core\"\n" },
	{ "never and allow", 13, "manifest: core.remember can write\nassistant.conf: line 1: x; line 2: never write on core\n"
	  "floor: nothing against it\n" },
	{ "never alone", 19, "manifest: core.remember can write\nassistant.conf: line 9: never write on core\n"
	  "floor: no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"\n" },
	{ "no effect", 25, "manifest: anthropic.ask can do nothing but answer\nassistant.conf: no line is about it\nfloor: nothing against it\n" },
};

START_TEST(each_layer_says_its_word)
{
	int i = whys[_i].i;
	struct conf conf = conf_of(i);
	struct operation op = { .name = cases[i].operation, .effects = cases[i].effects };
	struct buf why = buf_new(4096);

	would_allow(&conf, cases[i].integration, &op, NULL, &why);
	ck_assert_msg(strcmp(buf_text(&why), whys[_i].want) == 0, "%s: %s", whys[_i].name, buf_text(&why));
	buf_free(&why);
}
END_TEST

START_TEST(a_line_that_is_long_is_cut_between_characters)
{
	char text[400] = "";
	struct conf_rule rule = { ALLOW, WRITE, (char *)"*", text, 1 };
	struct conf conf = { .rules = &rule, .rules_n = 1 };
	struct operation op = { .name = "x", .effects = WRITE };
	struct decision d;

	while (strlen(text) < 390)
		memcpy(text + strlen(text), "\xE2\x82\xAC", 4);
	for (int shift = 0; shift < 4; shift++) {
		rule.text = text + 3 * 30 - shift;
		memset(rule.text, 'a', (size_t)shift);
		d = would_decide(&conf, "core", &op);
		ck_assert(d.allowed);
		ck_assert(utf8_valid(str_of(d.rule)));
		ck_assert_uint_gt(strlen(d.rule), 250);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *t = tcase_create("policy");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, the_strictest_line_decides_and_nothing_means_no, 0, COUNT(cases));
	tcase_add_loop_test(t, each_layer_says_its_word, 0, COUNT(whys));
	tcase_add_test(t, a_line_that_is_long_is_cut_between_characters);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
