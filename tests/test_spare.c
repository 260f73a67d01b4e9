/* test_spare.c - the process that stands by: there before it is wanted, used once, replaced. */
#include "puppet.h"
#include "limits.h"
#include "spare.h"
#include <signal.h>
#include <sys/wait.h>

enum { MOST = 8, SOON_MS = 20, LATE_MS = 100000 };

static int puppet_fd, none_fd;
static struct manifest manifest;
static struct integration model;
static struct puppet user;		/* whoever took one */
static struct spare *spare;

/* Our children, alive or not yet buried. */
static int children(pid_t ret[MOST])
{
	DEFER(text_free) char *path = text_fmt("/proc/self/task/%d/children", (int)getpid());
	char line[256] = "", *c = line;
	FILE *f = fopen(path, "re");
	int n = 0;

	ck_assert_ptr_nonnull(f);
	if (!fgets(line, sizeof line, f))
		line[0] = '\0';
	fclose(f);
	for (long pid; n < MOST && (pid = strtol(c, &c, 10)) > 0;)
		ret[n++] = (pid_t)pid;
	return n;
}

static bool runs(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void tick(struct timer *t)
{
	(void)t;
}

/* What the loop does within so many milliseconds, and a little more. */
static void pass(int64_t ms)
{
	struct timer t = { .fired = tick };
	int64_t end = loop_now_ms(user.loop) + ms;

	do {
		timer_set(user.loop, &t, 1);
		loop_once(user.loop);
	} while (loop_now_ms(user.loop) < end);
	timer_stop(&t);
}

/* The one child that there is, once there is one. */
static pid_t stands_by(void)
{
	pid_t all[MOST];

	while (children(all) == 0)
		pass(1);
	ck_assert_int_eq(children(all), 1);
	return all[0];
}

static void begin(int64_t again_ms)
{
	user = (struct puppet){ .owner = { puppet_heard, puppet_ended }, .loop = loop_new() };
	model = (struct integration){ .program = puppet_fd, .manifest = &manifest };
	spare = spare_new(user.loop, &model, again_ms);
}

static void finish(void)
{
	pid_t all[MOST];

	spare_free(spare);
	while (children(all))
		pass(1);
	loop_free(user.loop);
}

static void take(void)
{
	user.ended = false;
	user.process = spare_take(spare, &user.owner);
}

START_TEST(none_is_started_unasked)
{
	pid_t all[MOST];

	begin(0);
	pass(20);
	ck_assert_int_eq(children(all), 0);
	finish();
}
END_TEST

START_TEST(what_stands_by_is_what_is_taken)
{
	pid_t waiting, all[MOST];

	begin(0);
	spare_soon(spare);
	waiting = stands_by();
	take();
	ck_assert_int_eq(children(all), 1);
	puppet_do(&user, "count", NULL);
	ck_assert_str_eq(user.heard, "RESULT ref=1 tag=0 a=0 b=0 {\"got\":\"1\"}\n");
	ck_assert(runs(waiting));
	process_free(user.process);
	finish();
}
END_TEST

START_TEST(where_none_stands_by_one_is_started)
{
	begin(0);
	take();
	puppet_do(&user, "count", NULL);
	ck_assert_str_eq(user.heard, "RESULT ref=1 tag=0 a=0 b=0 {\"got\":\"1\"}\n");
	process_free(user.process);
	finish();
}
END_TEST

START_TEST(each_is_taken_once_and_the_next_one_knows_nothing)
{
	pid_t last = 0;

	begin(0);
	spare_soon(spare);
	for (int i = 0; i < 5; i++) {
		pid_t waiting = stands_by();

		ck_assert_int_ne(waiting, last);
		last = waiting;
		take();
		puppet_do(&user, "count", NULL);
		ck_assert_str_eq(user.heard, "RESULT ref=1 tag=0 a=0 b=0 {\"got\":\"1\"}\n");
		process_free(user.process);
		while (runs(waiting))
			pass(1);
	}
	finish();
}
END_TEST

START_TEST(one_that_dies_is_replaced_after_a_pause)
{
	pid_t dead, all[MOST];

	begin(_i == 0 ? SOON_MS : LATE_MS);
	spare_soon(spare);
	dead = stands_by();
	pass(20);				/* until it is up: it may die before too */
	kill(dead, SIGKILL);
	while (runs(dead))
		pass(1);
	if (_i == 0)
		ck_assert_int_ne(stands_by(), dead);
	pass(2 * SOON_MS);
	ck_assert_int_eq(children(all), _i == 0 ? 1 : 0);
	finish();
}
END_TEST

START_TEST(a_job_need_not_wait_for_the_pause)
{
	pid_t dead;

	begin(LATE_MS);
	spare_soon(spare);
	dead = stands_by();
	kill(dead, SIGKILL);
	while (runs(dead))
		pass(1);
	take();
	puppet_do(&user, "count", NULL);
	ck_assert_str_eq(user.heard, "RESULT ref=1 tag=0 a=0 b=0 {\"got\":\"1\"}\n");
	process_free(user.process);
	finish();
}
END_TEST

/* It is the job that is told. */
START_TEST(a_program_that_does_not_run_is_tried_with_pauses)
{
	begin(SOON_MS);
	model.program = none_fd;
	spare_soon(spare);
	pass(3 * SOON_MS);
	take();
	while (!user.ended)
		pass(1);
	ck_assert_int_eq(user.end, END_SYSTEM);
	process_free(user.process);
	finish();
}
END_TEST

START_TEST(the_end_of_one_that_was_taken_is_told_to_who_took_it)
{
	pid_t taken;

	begin(LATE_MS);
	spare_soon(spare);
	taken = stands_by();
	take();
	kill(taken, SIGKILL);
	while (!user.ended)
		pass(1);
	ck_assert_int_eq(user.end, END_SYSTEM);
	process_free(user.process);
	ck_assert_int_ne(stands_by(), taken);	/* no pause: it did not die while it waited */
	finish();
}
END_TEST

static const struct { const char *name; bool soon, stands; } moments[] = {
	{ "before it was asked for one", false, false },
	{ "before that one is started", true, false },
	{ "while one stands by", true, true },
};

START_TEST(nothing_outlives_it)
{
	pid_t all[MOST];

	begin(0);
	if (moments[_i].soon)
		spare_soon(spare);
	if (moments[_i].stands)
		stands_by();
	spare_free(spare);
	spare = NULL;
	pass(20);
	ck_assert_msg(children(all) == 0, "%s", moments[_i].name);
	finish();
}
END_TEST

static TCase *cases(void)
{
	TCase *t = tcase_create("spare");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, none_is_started_unasked);
	tcase_add_test(t, what_stands_by_is_what_is_taken);
	tcase_add_test(t, where_none_stands_by_one_is_started);
	tcase_add_test(t, each_is_taken_once_and_the_next_one_knows_nothing);
	tcase_add_loop_test(t, one_that_dies_is_replaced_after_a_pause, 0, 2);
	tcase_add_test(t, a_job_need_not_wait_for_the_pause);
	tcase_add_test(t, a_program_that_does_not_run_is_tried_with_pauses);
	tcase_add_test(t, the_end_of_one_that_was_taken_is_told_to_who_took_it);
	tcase_add_loop_test(t, nothing_outlives_it, 0, COUNT(moments));
	return t;
}

int main(void)
{
	DEFER(text_free) char *runner = built("runner.o");
	Suite *s = suite_create("spare");
	SRunner *r = srunner_create(s);
	int failed;

	folder_make();
	puppet_fd = program_of("tests/attack", "puppet", runner);
	none_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	suite_add_tcase(s, cases());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	folder_drop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
