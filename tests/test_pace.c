/* test_pace.c - core/pace.h: how long until the next try */
#include "err.h"
#include "limits.h"
#include "pace.h"
#include <check.h>
#include <stdlib.h>

enum { NOW = 1000000 };

static const struct { const char *name; int failures; double dice; int64_t want_ms; } waits[] = {
	{ "nothing failed", 0, 1, 0 },
	{ "the first failure", 1, 1, 1000 },
	{ "the first, low dice", 1, 0, 500 },
	{ "the first, middle dice", 1, 0.5, 750 },
	{ "the second", 2, 1, 2000 },
	{ "the second, low dice", 2, 0, 1000 },
	{ "the seventh", 7, 1, 64000 },
	{ "the eighth reaches the most", 8, 1, 120000 },
	{ "the eighth, low dice", 8, 0, 60000 },
	{ "the thousandth is no longer", 1000, 1, 120000 },
};

START_TEST(the_wait_doubles_up_to_the_most_and_the_dice_halve_it)
{
	struct pace p = { 0 };

	for (int i = 0; i < waits[_i].failures; i++) {
		p.not_before_ms = 0;
		pace_failed(&p, NOW, -1, waits[_i].dice);
	}
	ck_assert_msg(pace_wait(&p, NOW) == waits[_i].want_ms, "%s: %lld", waits[_i].name,
		      (long long)pace_wait(&p, NOW));
}
END_TEST

static const struct { const char *name; int64_t asked_ms, want_ms; } asks[] = {
	{ "at once", 0, 1000 },
	{ "shorter than ours", 100, 1000 },
	{ "longer than our most", 300000, 300000 },
	{ "an hour", 3600000, 3600000 },
	{ "longer than anybody waits", 3600001, 3600000 },
	{ "so long that a sum would overflow", INT64_MAX, 3600000 },
	{ "none", -1, 1000 },
	{ "less than none", INT64_MIN, 1000 },
};

START_TEST(what_the_service_asks_for_counts_where_it_is_longer_than_ours)
{
	struct pace p = { 0 };

	pace_failed(&p, NOW, asks[_i].asked_ms, 1);
	ck_assert_msg(pace_wait(&p, NOW) == asks[_i].want_ms, "%s: %lld", asks[_i].name, (long long)pace_wait(&p, NOW));
}
END_TEST

START_TEST(the_wait_passes_with_time)
{
	struct pace p = { 0 };

	pace_failed(&p, NOW, -1, 1);
	ck_assert_int_eq(pace_wait(&p, NOW + 1), 999);
	ck_assert_int_eq(pace_wait(&p, NOW + 999), 1);
	ck_assert_int_eq(pace_wait(&p, NOW + 1000), 0);
	ck_assert_int_eq(pace_wait(&p, NOW + 5000), 0);
}
END_TEST

START_TEST(a_second_failure_does_not_shorten_what_the_service_asked_for)
{
	struct pace p = { 0 };

	pace_failed(&p, NOW, 30000, 1);
	pace_failed(&p, NOW + 10, -1, 1);
	ck_assert_int_eq(pace_wait(&p, NOW), 30000);
	pace_failed(&p, NOW + 20, 0, 1);
	ck_assert_int_eq(pace_wait(&p, NOW), 30000);
}
END_TEST

static const struct { const char *name; int64_t stood_ms, want_ms; } stands[] = {
	{ "not at all", 0, 8000 },
	{ "almost long enough", PACE_STABLE_MS - 1, 8000 },
	{ "long enough", PACE_STABLE_MS, 1000 },
	{ "for a day", 86400000, 1000 },
};

START_TEST(a_connection_that_stood_long_enough_begins_anew)
{
	struct pace p = { 0 };
	int64_t up = NOW + 60000, down = up + stands[_i].stood_ms;

	for (int i = 0; i < 3; i++)
		pace_failed(&p, NOW, -1, 1);
	pace_ready(&p, up);
	pace_failed(&p, down, -1, 1);
	ck_assert_msg(pace_wait(&p, down) == stands[_i].want_ms, "%s: %lld", stands[_i].name,
		      (long long)pace_wait(&p, down));
}
END_TEST

START_TEST(it_stands_since_it_was_ready_first_and_not_after_a_failure)
{
	struct pace p = { 0 };

	pace_failed(&p, NOW, -1, 1);
	pace_failed(&p, NOW, -1, 1);
	pace_ready(&p, NOW);
	pace_ready(&p, NOW + PACE_STABLE_MS - 1);		/* it says so once more */
	pace_failed(&p, NOW + PACE_STABLE_MS, -1, 1);
	ck_assert_int_eq(p.failures, 1);
	pace_failed(&p, NOW + 3 * (int64_t)PACE_STABLE_MS, -1, 1);	/* it was down all the while */
	ck_assert_int_eq(p.failures, 2);
}
END_TEST

START_TEST(who_tries_all_the_time_waits_and_begins_anew)
{
	struct pace p = { 0 };

	for (int i = 1; i <= UPKEEP_MAX; i++) {
		ck_assert_int_eq(pace_wait(&p, 1000 + i), 0);
		ck_assert(pace_tried(&p, 1000 + i) == (i == UPKEEP_MAX));
	}
	ck_assert(!pace_tried(&p, 1200));
	ck_assert_int_eq(pace_wait(&p, 1200), 1001 + UPKEEP_SPAN_MS - 1200);
	ck_assert_int_eq(pace_wait(&p, 1001 + UPKEEP_SPAN_MS), 0);
	ck_assert(!pace_tried(&p, 1001 + UPKEEP_SPAN_MS));
	ck_assert_int_eq(pace_wait(&p, 1002 + UPKEEP_SPAN_MS), 0);
	for (int i = 0; i < 1000; i++)		/* this many a second are never too many */
		ck_assert(!pace_tried(&p, 100000 + i * 102) && pace_wait(&p, 100000 + i * 102) == 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pace");
	TCase *t = tcase_create("pace");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, the_wait_doubles_up_to_the_most_and_the_dice_halve_it, 0, COUNT(waits));
	tcase_add_loop_test(t, what_the_service_asks_for_counts_where_it_is_longer_than_ours, 0, COUNT(asks));
	tcase_add_test(t, who_tries_all_the_time_waits_and_begins_anew);
	tcase_add_test(t, the_wait_passes_with_time);
	tcase_add_test(t, a_second_failure_does_not_shorten_what_the_service_asked_for);
	tcase_add_loop_test(t, a_connection_that_stood_long_enough_begins_anew, 0, COUNT(stands));
	tcase_add_test(t, it_stands_since_it_was_ready_first_and_not_after_a_failure);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
