/* test_retry.c - whether a request is made again, and when. */
#include "contract.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "retry.h"

#define NEVER RETRY_NEVER
#define BUSY RETRY_BUSY
#define ALWAYS RETRY_ALWAYS

/* wait with dice at 0 and at 1; -1: not again */
static const struct {
	const char *name;
	enum retry_rule rule;
	int tries;
	enum net net;
	int status, failure;
	int64_t after;
	bool shown;
	int64_t wait0, wait1;
} decisions[] = {
	{ "done", ALWAYS, 1, NET_OK, 200, FAIL_NONE, -1, false, -1, -1 },
	{ "done, with a time", ALWAYS, 1, NET_OK, 200, FAIL_NONE, 1000, false, -1, -1 },
	{ "429", BUSY, 1, NET_OK, 429, FAIL_BUSY, -1, false, 375, 500 },
	{ "429 a second time", BUSY, 2, NET_OK, 429, FAIL_BUSY, -1, false, 750, 1000 },
	{ "429 a third time", BUSY, 3, NET_OK, 429, FAIL_BUSY, -1, false, 1500, 2000 },
	{ "429 a last time", BUSY, RETRY_TRIES, NET_OK, 429, FAIL_BUSY, -1, false, -1, -1 },
	{ "429 and never", NEVER, 1, NET_OK, 429, FAIL_BUSY, -1, false, -1, -1 },
	{ "429 and always", ALWAYS, 1, NET_OK, 429, FAIL_BUSY, -1, false, 375, 500 },
	{ "429 that means the quota", ALWAYS, 1, NET_OK, 429, FAIL_QUOTA, -1, false, -1, -1 },
	{ "200 that means busy", BUSY, 1, NET_OK, 200, FAIL_BUSY, -1, false, 375, 500 },
	{ "a time to wait", BUSY, 1, NET_OK, 429, FAIL_BUSY, 1234, false, 1234, 1234 },
	{ "no time to wait", BUSY, 3, NET_OK, 429, FAIL_BUSY, 0, false, 0, 0 },
	{ "the longest time", BUSY, 1, NET_OK, 429, FAIL_BUSY, RETRY_AFTER_MAX_MS, false, RETRY_AFTER_MAX_MS, RETRY_AFTER_MAX_MS },
	{ "a longer time", BUSY, 1, NET_OK, 429, FAIL_BUSY, RETRY_AFTER_MAX_MS + 1, false, -1, -1 },
	{ "a time without end", ALWAYS, 1, NET_OK, 429, FAIL_BUSY, INT64_MAX, false, -1, -1 },
	{ "something was shown", ALWAYS, 1, NET_OK, 529, FAIL_BUSY, -1, true, -1, -1 },
	{ "no connection", BUSY, 1, NET_UNSENT, 0, FAIL_NETWORK, -1, false, 375, 500 },
	{ "no connection, never", NEVER, 1, NET_UNSENT, 0, FAIL_NETWORK, -1, false, -1, -1 },
	{ "lost, when busy only", BUSY, 1, NET_LOST, 0, FAIL_NETWORK, -1, false, -1, -1 },
	{ "lost, always", ALWAYS, 1, NET_LOST, 0, FAIL_NETWORK, -1, false, 375, 500 },
	{ "lost after something was shown", ALWAYS, 1, NET_LOST, 0, FAIL_NETWORK, -1, true, -1, -1 },
	{ "lost a last time", ALWAYS, RETRY_TRIES, NET_LOST, 0, FAIL_NETWORK, -1, false, -1, -1 },
	{ "500, when busy only", BUSY, 1, NET_OK, 500, FAIL_PLATFORM, -1, false, -1, -1 },
	{ "500, always", ALWAYS, 1, NET_OK, 500, FAIL_PLATFORM, -1, false, 375, 500 },
	{ "200 that makes no sense", ALWAYS, 1, NET_OK, 200, FAIL_PLATFORM, -1, false, -1, -1 },
	{ "302", ALWAYS, 1, NET_OK, 302, FAIL_PLATFORM, -1, false, -1, -1 },
	{ "400", ALWAYS, 1, NET_OK, 400, FAIL_INPUT, -1, false, -1, -1 },
	{ "401", ALWAYS, 1, NET_OK, 401, FAIL_AUTH, -1, false, -1, -1 },
	{ "404", ALWAYS, 1, NET_OK, 404, FAIL_MISSING, -1, false, -1, -1 },
	{ "409", ALWAYS, 1, NET_OK, 409, FAIL_CONFLICT, -1, false, -1, -1 },
	{ "413", ALWAYS, 1, NET_OK, 413, FAIL_TOO_LARGE, -1, false, -1, -1 },
};

static void check_wait(int i, double dice, int64_t want)
{
	struct retry r = retry_decide(decisions[i].rule, decisions[i].tries, decisions[i].net, decisions[i].status,
				      decisions[i].failure, decisions[i].after, decisions[i].shown, dice);

	ck_assert_msg(r.again == (want >= 0), "%s", decisions[i].name);
	ck_assert_msg(!r.again || r.wait_ms == want, "%s: %lld", decisions[i].name, (long long)r.wait_ms);
}

START_TEST(a_request_is_made_again_only_where_that_is_safe)
{
	check_wait(_i, 0, decisions[_i].wait0);
	check_wait(_i, 1, decisions[_i].wait1);
}
END_TEST

static const char sunday[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static const struct {
	const char *name, *ms, *after, *date;
	int64_t want;
} headers[] = {
	{ "none", NULL, NULL, NULL, -1 },
	{ "none but the date", NULL, NULL, sunday, -1 },
	{ "seconds", NULL, "3", NULL, 3000 },
	{ "no second", NULL, "0", NULL, 0 },
	{ "parts of a second", NULL, "1.5", NULL, 1500 },
	{ "a part is rounded up", NULL, "0.0001", NULL, 1 },
	{ "parts of parts", NULL, "1.2345", NULL, 1235 },
	{ "zeros are not", NULL, "0.0000", NULL, 0 },
	{ "thousandths", "1234", "9", NULL, 1234 },
	{ "no thousandths", "0", "9", NULL, 0 },
	{ "a part of a thousandth", "1234.1", NULL, NULL, 1235 },
	{ "thousandths that are none", "soon", "2", NULL, 2000 },
	{ "more than can be counted", NULL, "99999999999999999999999999", NULL, INT64_MAX },
	{ "more thousandths than can be counted", "99999999999999999999999999", NULL, NULL, INT64_MAX },
	{ "less than nothing", NULL, "-1", NULL, -1 },
	{ "a sign", NULL, "+1", NULL, -1 },
	{ "a space", NULL, " 1", NULL, -1 },
	{ "a unit", NULL, "1s", NULL, -1 },
	{ "an exponent", NULL, "1e3", NULL, -1 },
	{ "nothing", NULL, "", NULL, -1 },
	{ "a date", NULL, "Sun, 06 Nov 1994 08:49:39 GMT", sunday, 2000 },
	{ "a date of the next day", NULL, "Mon, 07 Nov 1994 08:49:37 GMT", sunday, 86400000 },
	{ "the same date", NULL, sunday, sunday, 0 },
	{ "a date that is gone", NULL, "Sun, 06 Nov 1994 08:49:36 GMT", sunday, 0 },
	{ "a date of the old form", NULL, "Sunday, 06-Nov-94 08:49:38 GMT", sunday, 1000 },
	{ "a date of the oldest form", NULL, "Sun Nov  6 08:49:38 1994", sunday, 1000 },
	{ "a date of the old form in this century", NULL, "Saturday, 01-Jan-00 00:00:01 GMT", "Sat, 01 Jan 2000 00:00:00 GMT", 1000 },
	{ "a date of the old form in the first year", NULL, "Thursday, 01-Jan-70 00:00:10 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", 10000 },
	{ "a leap day lies between", NULL, "Wed, 01 Mar 2000 00:00:00 GMT", "Mon, 28 Feb 2000 00:00:00 GMT", 172800000 },
	{ "a minute later", NULL, "Sun, 06 Nov 1994 08:50:37 GMT", sunday, 60000 },
	{ "a leap second", NULL, "Sun, 06 Nov 1994 08:49:60 GMT", sunday, 23000 },
	{ "the last day of a month", NULL, "Sat, 31 Dec 1994 23:59:59 GMT", "Sat, 31 Dec 1994 23:59:58 GMT", 1000 },
	{ "the first hour, now", NULL, "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "a date without now", NULL, sunday, NULL, -1 },
	{ "a date and a now that is none", NULL, sunday, "today", -1 },
	{ "a month that is none", NULL, "Sun, 06 Nox 1994 08:49:39 GMT", sunday, -1 },
	{ "an hour that is none", NULL, "Sun, 06 Nov 1994 25:49:39 GMT", sunday, -1 },
	{ "the hour after the last", NULL, "Sun, 06 Nov 1994 24:49:39 GMT", sunday, -1 },
	{ "the minute after the last", NULL, "Sun, 06 Nov 1994 08:60:39 GMT", sunday, -1 },
	{ "two seconds after the last", NULL, "Sun, 06 Nov 1994 08:49:61 GMT", sunday, -1 },
	{ "a dash for a colon", NULL, "Sun, 06 Nov 1994 08:49-39 GMT", sunday, -1 },
	{ "a letter in an hour", NULL, "Sun, 06 Nov 1994 0x:49:39 GMT", sunday, -1 },
	{ "a space in a year", NULL, "Sun, 06 Nov 19 4 08:49:39 GMT", sunday, -1 },
	{ "day 0", NULL, "Sun, 00 Nov 1994 08:49:39 GMT", sunday, -1 },
	{ "day 32", NULL, "Sun, 32 Nov 1994 08:49:39 GMT", sunday, -1 },
	{ "before 1970", NULL, "Wed, 31 Dec 1969 23:59:59 GMT", sunday, -1 },
	{ "another zone", NULL, "Sun, 06 Nov 1994 08:49:39 CET", sunday, -1 },
	{ "letters for a day", NULL, "Sun, xx Nov 1994 08:49:39 GMT", sunday, -1 },
	{ "a date that is cut", NULL, "Sun, 06 Nov 1994 08:49:3", sunday, -1 },
	{ "a comma", NULL, ",", sunday, -1 },
};

START_TEST(the_time_to_wait_is_what_the_headers_say)
{
	int64_t got = retry_after(headers[_i].ms, headers[_i].after, headers[_i].date);

	ck_assert_msg(got == headers[_i].want, "%s: %lld", headers[_i].name, (long long)got);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("retry");
	Suite *s = suite_create("retry");

	tcase_add_loop_test(t, a_request_is_made_again_only_where_that_is_safe, 0, COUNT(decisions));
	tcase_add_loop_test(t, the_time_to_wait_is_what_the_headers_say, 0, COUNT(headers));
	return verdict(s, t);
}
