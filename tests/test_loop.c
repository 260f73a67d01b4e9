/* test_loop.c - a turn of the loop: what happens in it, its one commit, and what leaves after. */
#include "buf.h"
#include "loop.h"
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct loop *loop;
static char story[200];			/* a letter for each thing that happened */
static bool fails;

static void tell(const char *what)
{
	ck_assert_uint_lt(strlen(story) + strlen(what), sizeof story);
	memcpy(story + strlen(story), what, strlen(what) + 1);
}

static enum err commit(void *owner)
{
	(void)owner;
	tell(fails ? "f" : "C");
	return fails ? ERR_SYSTEM : OK;
}

static void begin(void)
{
	loop = loop_new();
	loop_at_end(loop, commit, NULL);
	story[0] = '\0';
	fails = false;
}

static void finish(void)
{
	loop_free(loop);
}

/* A hears, and writes what B hears, and so on. */
struct station { struct watch watch; struct station *next; int in, out; const char *name; };

static void pass_on(struct watch *w, bool readable, bool writable)
{
	struct station *s = container_of(w, struct station, watch);
	char byte;

	ck_assert(readable && !writable);
	ck_assert_int_eq(read(s->in, &byte, 1), 1);
	tell(s->name);
	if (s->next)
		ck_assert_int_eq(write(s->next->out, "x", 1), 1);
}

static void open_station(struct station *s, struct station *next, const char *name)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	*s = (struct station){ { .ready = pass_on, .fd = ends[0] }, next, ends[0], ends[1], name };
	watch_set(loop, &s->watch, true, false);
}

static void close_station(struct station *s)
{
	watch_set(loop, &s->watch, false, false);
	close(s->in);
	close(s->out);
}

static const struct { const char *name; bool commits; const char *story; } chains[] = {
	{ "what follows from it joins the turn, for one commit", true, "abcC" },
	{ "where nobody commits there is nothing to join", false, "a" },
};

START_TEST(what_is_ready_before_the_commit_joins_its_turn)
{
	struct station a, b, c;

	if (!chains[_i].commits)
		loop_at_end(loop, NULL, NULL);
	open_station(&c, NULL, "c");
	open_station(&b, &c, "b");
	open_station(&a, &b, "a");
	ck_assert_int_eq(write(a.out, "x", 1), 1);
	loop_once(loop);
	ck_assert_msg(strcmp(story, chains[_i].story) == 0, "%s: %s", chains[_i].name, story);
	close_station(&a);
	close_station(&b);
	close_station(&c);
}
END_TEST

static void again(struct timer *t)
{
	tell("t");
	timer_set(loop, t, 0);
}

START_TEST(what_goes_on_for_ever_does_not_put_the_commit_off)
{
	struct timer t = { .fired = again };

	timer_set(loop, &t, 0);
	loop_once(loop);
	ck_assert_uint_le(strlen(story), 10);
	ck_assert_uint_gt(strlen(story), 2);
	ck_assert_int_eq(story[strlen(story) - 1], 'C');
	timer_stop(&t);
}
END_TEST

static void stop_it(struct timer *t)
{
	tell("s");
	loop_stop(loop);
	timer_set(loop, t, 0);
}

START_TEST(who_stops_it_is_heard_at_once)
{
	struct timer t = { .fired = stop_it };

	timer_set(loop, &t, 0);
	loop_run(loop);
	ck_assert_str_eq(story, "sC");
	timer_stop(&t);
}
END_TEST

/* ---- what leaves --------------------------------------------------------- */

static struct later leaving, second;

static void leave(struct later *l)
{
	tell("L");
	if (l == &leaving)
		loop_after(loop, &second);
}

static void queue_leaving(struct timer *t)
{
	(void)t;
	tell("t");
	loop_after(loop, &leaving);
	loop_after(loop, &leaving);
}

static const struct { const char *name; bool fails; const char *story; } ends[] = {
	{ "it leaves after the commit, once, and what it queues after another", false, "tCLCLC" },
	{ "where the commit fails nothing leaves", true, "tff" },
};

START_TEST(nothing_leaves_before_the_commit)
{
	struct timer t = { .fired = queue_leaving };

	leaving = second = (struct later){ .run = leave };
	fails = ends[_i].fails;
	timer_set(loop, &t, 0);
	loop_once(loop);
	ck_assert_msg(strcmp(story, ends[_i].story) == 0, "%s: %s", ends[_i].name, story);
	ck_assert(!leaving.queued && !second.queued);
	timer_stop(&t);
}
END_TEST

START_TEST(what_is_forgotten_does_not_leave)
{
	struct timer t = { .fired = queue_leaving };

	leaving = (struct later){ .run = leave };
	second = (struct later){ .run = leave };
	loop_after(loop, &leaving);
	loop_after(loop, &second);
	loop_forget(loop, &leaving);
	loop_forget(loop, &leaving);
	loop_once(loop);
	ck_assert_str_eq(story, "CLC");
	timer_stop(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("loop");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_loop_test(t, what_is_ready_before_the_commit_joins_its_turn, 0, COUNT(chains));
	tcase_add_test(t, what_goes_on_for_ever_does_not_put_the_commit_off);
	tcase_add_test(t, who_stops_it_is_heard_at_once);
	tcase_add_loop_test(t, nothing_leaves_before_the_commit, 0, COUNT(ends));
	tcase_add_test(t, what_is_forgotten_does_not_leave);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
