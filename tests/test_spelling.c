/* test_spelling.c - the word that was meant. */
#include "spelling.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const known[] = { "read", "write", "send", "delete", "requests_per_job" };

static const struct {
	const char *name, *word, *want;		/* NULL: none is near */
} words[] = {
	{ "the word itself", "send", "send" },
	{ "a letter too many", "sendd", "send" },
	{ "a letter too few", "sed", "send" },
	{ "a letter for another", "sent", "send" },
	{ "two letters swapped", "wirte", "write" },
	{ "the first letter in capitals", "Read", "read" },
	{ "two slips in a long word", "request_per_jobs", "requests_per_job" },
	{ "two slips in a short word", "wiret", NULL },
	{ "another word", "frobnicate", NULL },
	{ "one letter", "r", NULL },
	{ "nothing", "", NULL },
	{ "a word that is longer than any", "requests_per_jobrequests_per_jobrequests_per_job", NULL },
	{ "letters that are no ASCII", "\xC3\xA4\xC3\xB6", NULL },
};

START_TEST(the_nearest_word_is_found)
{
	const char *near = spelling_near(words[_i].word, known, COUNT(known));

	ck_assert_msg(words[_i].want ? near && strcmp(near, words[_i].want) == 0 : !near, "%s: %s", words[_i].name, near ? near : "none");
}
END_TEST

static const struct {
	const char *word, *want;
	size_t n;
} hints[] = {
	{ "sned", "did you mean \"send\"?", 3 },
	{ "zzz", "known are read, write and send", 3 },
	{ "zzz", "known are read and write", 2 },
	{ "zzz", "there is only read", 1 },
	{ "zzz", "there is none", 0 },
};

START_TEST(a_hint_is_half_a_sentence)
{
	DEFER(text_free) char *hint = spelling_hint(hints[_i].word, known, hints[_i].n);

	ck_assert_str_eq(hint, hints[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spelling");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, the_nearest_word_is_found, 0, COUNT(words));
	tcase_add_loop_test(t, a_hint_is_half_a_sentence, 0, COUNT(hints));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
