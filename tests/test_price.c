/* test_price.c - what an answer cost, to the millionth. */
#include "price.h"
#include <check.h>
#include <stdlib.h>

#define NAME(text) (char[]){ text }
static struct conf_price lines[] = {
	{ .model_name = NAME("a"), .model = NAME("m"), .in = 5000000, .out = 25000000, .cache_read = 500000,
	  .cache_write = 6250000, .currency = "USD" },
	{ .model_name = NAME("a"), .model = NAME("small"), .in = 1, .out = 1, .cache_read = 1, .cache_write = 1 },
	{ .model_name = NAME("a"), .model = NAME("plain"), .in = 3000000, .out = 15000000, .cache_read = -1, .cache_write = -1 },
	{ .model_name = NAME("a"), .model = NAME("dear"), .in = INT64_MAX, .out = INT64_MAX },
	{ .model_name = NAME("free"), .model = NAME("m") },
};

static const struct {
	const char *name, *model_name, *model;
	struct usage usage;
	int64_t want;
} prices[] = {
	{ "in and out", "a", "m", { 1000, 200, 0, 0 }, 5000 + 5000 },
	{ "cached tokens are part of in", "a", "m", { 1000, 0, 600, 300 }, 100 * 5 + 300 + 1875 },
	{ "half a millionth is rounded up", "a", "small", { 500000, 0, 0, 0 }, 1 },
	{ "less than half is nothing", "a", "small", { 499999, 0, 0, 0 }, 0 },
	{ "it is rounded once, not for each sort", "a", "small", { 400000, 400000, 0, 0 }, 1 },
	{ "a free model costs nothing, and that is known", "free", "m", { 1000, 1000, 0, 0 }, 0 },
	{ "a billion tokens", "a", "m", { 1000000000, 1000000000, 0, 0 }, 30000000000 },
	{ "nothing was used", "a", "m", { 0, 0, 0, 0 }, 0 },
	{ "a line without cache prices, and none were cached", "a", "plain", { 10, 10, 0, 0 }, 180 },
	{ "a line without a price for what was read", "a", "plain", { 10, 10, 5, 0 }, PRICE_UNKNOWN },
	{ "a line without a price for what was written", "a", "plain", { 10, 10, 0, 5 }, PRICE_UNKNOWN },
	{ "another model of this connection", "a", "other", { 1, 1, 0, 0 }, PRICE_UNKNOWN },
	{ "this model of another connection", "b", "m", { 1, 1, 0, 0 }, PRICE_UNKNOWN },
	{ "a name that only begins so", "a", "mm", { 1, 1, 0, 0 }, PRICE_UNKNOWN },
	{ "no model is named", "a", "", { 1, 1, 0, 0 }, PRICE_UNKNOWN },
	{ "more than can be counted", "a", "dear", { 1000000000, 1000000000, 0, 0 }, PRICE_UNKNOWN },
};

START_TEST(a_price_is_exact_or_unknown)
{
	struct conf c = { .prices = lines, .prices_n = COUNT(lines) };
	int64_t got = price_of(&c, prices[_i].model_name, prices[_i].model, &prices[_i].usage);

	ck_assert_msg(got == prices[_i].want, "%s: %lld", prices[_i].name, (long long)got);
}
END_TEST

START_TEST(without_price_lines_all_is_unknown)
{
	struct conf c = { 0 };

	ck_assert_int_eq(price_of(&c, "a", "m", &(struct usage){ 1, 1, 0, 0 }), PRICE_UNKNOWN);
}
END_TEST

static const struct {
	const char *name, *result;
	bool want;
	struct usage usage;
} usages[] = {
	{ "all four", "{\"usage\":{\"in\":10,\"out\":5,\"cache_read\":3,\"cache_write\":2}}", true, { 10, 5, 3, 2 } },
	{ "without caching", "{\"usage\":{\"in\":10,\"out\":5}}", true, { 10, 5, 0, 0 } },
	{ "zeros", "{\"usage\":{\"in\":0,\"out\":0}}", true, { 0, 0, 0, 0 } },
	{ "all that went in was cached", "{\"usage\":{\"in\":5,\"out\":0,\"cache_read\":5}}", true, { 5, 0, 5, 0 } },
	{ "none", "{}", false, { 0 } },
	{ "null", "{\"usage\":null}", false, { 0 } },
	{ "without in", "{\"usage\":{\"out\":5}}", false, { 0 } },
	{ "without out", "{\"usage\":{\"in\":5}}", false, { 0 } },
	{ "less than nothing", "{\"usage\":{\"in\":-1,\"out\":5}}", false, { 0 } },
	{ "half a token", "{\"usage\":{\"in\":1.5,\"out\":5}}", false, { 0 } },
	{ "a text", "{\"usage\":{\"in\":\"10\",\"out\":5}}", false, { 0 } },
	{ "more than anybody can mean", "{\"usage\":{\"in\":1000000001,\"out\":5}}", false, { 0 } },
	{ "more was cached than went in", "{\"usage\":{\"in\":5,\"out\":0,\"cache_read\":4,\"cache_write\":2}}", false, { 0 } },
	{ "a cache of another type", "{\"usage\":{\"in\":5,\"out\":0,\"cache_read\":true}}", false, { 0 } },
};

START_TEST(a_usage_that_cannot_be_is_none)
{
	DEFER(json_drop) cJSON *result = NULL;
	const char *why = json_decode(str_of(usages[_i].result), &result);
	struct usage u = { 0 };

	ck_assert_ptr_null(why);
	ck_assert_msg(usage_read(result, &u) == usages[_i].want, "%s", usages[_i].name);
	ck_assert_msg(u.in == usages[_i].usage.in && u.out == usages[_i].usage.out &&
		      u.cache_read == usages[_i].usage.cache_read && u.cache_write == usages[_i].usage.cache_write,
		      "%s", usages[_i].name);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("price");
	TCase *t = tcase_create("price");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, a_price_is_exact_or_unknown, 0, COUNT(prices));
	tcase_add_test(t, without_price_lines_all_is_unknown);
	tcase_add_loop_test(t, a_usage_that_cannot_be_is_none, 0, COUNT(usages));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
