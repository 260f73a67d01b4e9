/* retry.c - see retry.h */
#include "retry.h"
#include "adapter/adapter.h"
#include "limits.h"
#include <string.h>
#include <time.h>

enum { FIRST_WAIT_MS = 500, WAIT_MAX_MS = FIRST_WAIT_MS << 4 };

/* ---- whether ------------------------------------------------------------- */

static bool surely_not_done(enum net net, int failure)
{
	return net == NET_UNSENT || (net == NET_OK && failure == FAIL_BUSY);
}

/* Nobody knows what became of it, and the next attempt may fare better. */
static bool unknown(enum net net, int status, int failure)
{
	return net == NET_LOST || (net == NET_OK && failure == FAIL_PLATFORM && status >= 500);
}

static bool worth_it(enum retry_rule rule, enum net net, int status, int failure)
{
	switch (rule) {
	case RETRY_NEVER:
		return false;
	case RETRY_BUSY:
		return surely_not_done(net, failure);
	case RETRY_ALWAYS:
		return surely_not_done(net, failure) || unknown(net, status, failure);
	}
	return false;
}

static int64_t own_wait(int tries, double dice)
{
	int64_t wait = FIRST_WAIT_MS;

	for (int i = 1; i < tries && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	return (int64_t)((double)wait * (0.75 + 0.25 * dice));
}

struct retry retry_decide(enum retry_rule rule, int tries, enum net net, int status,
			  int failure, int64_t retry_after_ms, bool shown, double dice)
{
	struct retry r = { 0 };

	if (shown || tries >= RETRY_TRIES || retry_after_ms > RETRY_AFTER_MAX_MS ||
	    !worth_it(rule, net, status, failure))
		return r;
	r.again = true;
	r.wait_ms = retry_after_ms >= 0 ? retry_after_ms : own_wait(tries, dice);
	return r;
}

/* ---- when (RFC 9110, 10.2.3 and 5.6.7) ----------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number times `unit`, rounded up; -1: it is none. */
static int64_t scaled(const char *text, int64_t unit)
{
	const int64_t most = INT64_MAX / 10000;
	int64_t whole = 0, part = 0, scale = unit;
	bool more = false;

	if (!text || !is_digit(*text))
		return -1;
	for (; is_digit(*text); text++)
		if (whole < most)
			whole = whole * 10 + (*text - '0');
	if (*text == '.')
		for (text++; is_digit(*text); text++) {
			scale /= 10;
			part += scale * (*text - '0');
			more |= scale == 0 && *text != '0';
		}
	if (*text)
		return -1;
	return whole >= most / unit ? INT64_MAX : whole * unit + part + more;
}

/* Reads n digits, the first of which may be a space; -1. */
static int number(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!is_digit(text[i]) && !(i == 0 && text[i] == ' '))
			return -1;
		value = value * 10 + (is_digit(text[i]) ? text[i] - '0' : 0);
	}
	return value;
}

static int month(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(text, names + i * 3, 3) == 0)
			return i;
	return -1;
}

/* "08:49:37" */
static bool read_clock(const char *text, struct tm *ret)
{
	ret->tm_hour = number(text, 2);
	ret->tm_min = text[2] == ':' ? number(text + 3, 2) : -1;
	ret->tm_sec = ret->tm_min >= 0 && text[5] == ':' ? number(text + 6, 2) : -1;
	return ret->tm_hour >= 0 && ret->tm_hour < 24 && ret->tm_min < 60 && ret->tm_sec >= 0 && ret->tm_sec <= 60;
}

/* Where day, month, year and clock stand in one form of date. */
struct form {
	size_t length, day, month, year, clock;
	int year_digits;
};

static bool read_form(const char *text, const struct form *f, struct tm *ret)
{
	int year;

	*ret = (struct tm){ 0 };
	ret->tm_mday = number(text + f->day, 2);
	ret->tm_mon = month(text + f->month);
	year = number(text + f->year, f->year_digits);
	if (f->year_digits == 2 && year >= 0)
		year += year < 70 ? 2000 : 1900;
	ret->tm_year = year - 1900;
	return ret->tm_mday > 0 && ret->tm_mday <= 31 && ret->tm_mon >= 0 && year >= 1970 && read_clock(text + f->clock, ret);
}

/* Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or
 * "Sun Nov  6 08:49:37 1994"; -1: it is none of them. */
static int64_t http_date(const char *text)
{
	static const struct form fixed = { 26, 2, 5, 9, 14, 4 }, dashed = { 24, 2, 5, 9, 12, 2 }, plain = { 24, 8, 4, 20, 11, 4 };
	const char *comma = text ? strchr(text, ',') : NULL, *from = comma ? comma : text;
	const struct form *f = !comma ? &plain : strlen(comma) == fixed.length ? &fixed : &dashed;
	struct tm tm;

	if (!text || strlen(from) != f->length || (comma && strcmp(from + f->length - 4, " GMT") != 0) ||
	    !read_form(from, f, &tm))
		return -1;
	return timegm(&tm);
}

int64_t retry_after(const char *after_ms, const char *after, const char *date)
{
	int64_t ms = scaled(after_ms, 1), then, now;

	if (ms < 0)
		ms = scaled(after, 1000);
	if (ms >= 0)
		return ms;
	then = http_date(after);
	now = http_date(date);
	if (then < 0 || now < 0)
		return -1;
	return then > now ? (then - now) * 1000 : 0;
}
