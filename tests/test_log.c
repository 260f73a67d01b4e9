/* test_log.c - one event, one line, whatever strangers put into it. */
#include "buf.h"
#include "log.h"
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was written to standard error since hush(). */
static int screen, ends[2];

static void hush(void)
{
	ck_assert(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	screen = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
}

static char *heard(void)
{
	static char text[65536];
	ssize_t n;

	dup2(screen, STDERR_FILENO);
	n = read(ends[0], text, sizeof text - 1);
	close(screen);
	close(ends[0]);
	close(ends[1]);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const struct { const char *name, *value, *line; } values[] = {
	{ "plain", "it crashed", " odd adapter ended adapter=\"x\" why=\"it crashed\"\n" },
	{ "quotes", "say \"hi\"", " why=\"say \\\"hi\\\"\"\n" },
	{ "a second line", "a\nb info forged key=\"v\"", " why=\"a\\nb info forged key=\\\"v\\\"\"\n" },
	{ "an escape sequence", "\x1B[2J", " why=\"\\u001b[2J\"\n" },
	{ "nothing", NULL, " odd adapter ended adapter=\"x\"\n" },
};

START_TEST(a_value_cannot_leave_its_quotes)
{
	char *line;

	hush();
	log_event(LOG_ODD, "adapter ended", "adapter", "x", "why", values[_i].value, NULL);
	line = heard();
	ck_assert_msg(strstr(line, values[_i].line), "%s: %s", values[_i].name, line);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(a_huge_value_still_ends_its_line)
{
	char *huge = malloc(100001), *line;

	memset(huge, 'x', 100000);
	huge[100000] = '\0';
	hush();
	log_event(LOG_BROKEN, "much", "text", huge, NULL);
	line = heard();
	ck_assert_int_lt(strlen(line), 10000);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
	free(huge);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, a_value_cannot_leave_its_quotes, 0, COUNT(values));
	tcase_add_test(t, a_huge_value_still_ends_its_line);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
