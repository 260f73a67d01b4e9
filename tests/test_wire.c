/* test_wire.c - messages in frames, written and judged by one table. */
#include "adapter/wire.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The head of a message, as wire.c lays it out: what a hostile process would write. */
enum { WHOLE = 0, KIND = 4, SIZE_NAME = 32, SIZE_TEXT = 36, SIZE_JSON = 40, ZERO = 44, HEAD = 48 };

static int collect(void *to, const void *frame, size_t n)
{
	struct buf *b = to;

	ck_assert(n > 0 && n <= FRAME_MAX);
	ck_assert_msg(b->len % FRAME_MAX == 0, "a frame that is not the last was not full");
	buf_add(b, frame, n);
	return 0;
}

static struct buf packed(const struct wire_message *m)
{
	struct buf b = buf_new(4 * (size_t)MESSAGE_MAX);

	ck_assert_int_eq(wire_pack(m, collect, &b), 0);
	return b;
}

static struct str frame_at(const struct buf *b, size_t at)
{
	return (struct str){ b->at + at, b->len - at < FRAME_MAX ? b->len - at : FRAME_MAX };
}

static void patch(struct buf *b, size_t at, uint32_t value)
{
	memcpy(b->at + at, &value, sizeof value);
}

static char *letters(size_t n)
{
	char *text = malloc(n + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	text[n] = '\0';
	return text;
}

static bool same(struct str a, struct str b)
{
	return !a.at == !b.at && a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static void come_through(const struct wire_message *m, enum wire_sender from, enum wire_when when)
{
	DEFER(buf_free) struct buf b = packed(m);
	struct wire_inbox in = { .from = from };
	struct wire_message got = { 0 };
	bool whole = false;

	for (size_t at = 0; at < b.len; at += FRAME_MAX) {
		ck_assert(!whole);
		ck_assert_ptr_null(wire_take(&in, frame_at(&b, at), when, &got, &whole));
	}
	ck_assert(whole);
	ck_assert(got.kind == m->kind && got.ref == m->ref && got.tag == m->tag && got.a == m->a && got.b == m->b);
	ck_assert(same(got.name, m->name) && same(got.text, m->text) && same(got.json, m->json));
	ck_assert(!got.text.at || got.text.at[got.text.len] == '\0');
	wire_inbox_free(&in);
}

static const struct {
	enum wire_sender sender;
	enum wire_when when;
	size_t name_max, body_max;
} kinds[] = {
#define X(name, sender, when, name_max, body_max) { sender, when, name_max, body_max },
	WIRE(X)
#undef X
};

START_TEST(each_kind_comes_out_as_it_went_in)
{
	struct wire_message m = { .kind = (enum wire_kind)_i, .ref = 0xFFFFFFFF, .tag = 7, .a = INT64_MIN, .b = -1 };

	come_through(&m, kinds[_i].sender, kinds[_i].when);
	if (kinds[_i].name_max)
		m.name = STR("");
	if (kinds[_i].body_max) {
		m.text = STR("a\xF0\x9F\x98\x80");
		m.json = STR("{}");
	}
	come_through(&m, kinds[_i].sender, kinds[_i].when);
}
END_TEST

START_TEST(each_kind_has_its_most_bytes)
{
	size_t most = kinds[_i].body_max;
	DEFER(text_free) char *text = letters(most + 1);
	struct wire_message m = { .kind = (enum wire_kind)_i, .text = { text, most } };
	DEFER(buf_free) struct buf b = buf_new(4 * (size_t)MESSAGE_MAX);

	if (most) {
		come_through(&m, kinds[_i].sender, kinds[_i].when);
		m.text.len++;
	}
	ck_assert_int_eq(wire_pack(&m, collect, &b), ERR_LIMIT);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

static const size_t lengths[] = {
	0, 1, FRAME_MAX - HEAD - 2, FRAME_MAX - HEAD - 1, FRAME_MAX - HEAD, FRAME_MAX - HEAD + 1, FRAME_MAX,
	2 * FRAME_MAX - HEAD - 2, 2 * FRAME_MAX - HEAD - 1, 2 * FRAME_MAX - HEAD, 5 * FRAME_MAX + 1,
};

START_TEST(a_message_of_any_length_comes_through)
{
	DEFER(text_free) char *text = letters(lengths[_i]);

	come_through(&(struct wire_message){ .kind = WIRE_DELTA, .ref = 1, .text = str_of(text) }, ADAPTER, BUSY);
}
END_TEST

static int refuse(void *to, const void *frame, size_t n)
{
	int *left = to;

	(void)frame;
	(void)n;
	return (*left)-- == 0 ? 77 : 0;
}

START_TEST(what_the_send_function_says_stops_it)
{
	DEFER(text_free) char *text = letters(3 * FRAME_MAX);
	int left = _i;

	ck_assert_int_eq(wire_pack(&(struct wire_message){ .kind = WIRE_DELTA, .text = str_of(text) }, refuse, &left),
			 _i < 4 ? 77 : 0);
}
END_TEST

/* ---- what no process may send -------------------------------------------- */

static const struct {
	const char *name;
	size_t at;
	uint32_t value;
	const char *why;
} heads[] = {
	{ "an unknown kind", KIND, WIRE_KINDS, "kind" },
	{ "a kind far away", KIND, 0xFFFFFFFF, "kind" },
	{ "what only the core says", KIND, WIRE_EVENT, "kind" },
	{ "HELLO a second time", KIND, WIRE_HELLO, "HELLO while an event" },
	{ "a length of nothing", WHOLE, 0, "add up" },
	{ "a length within the head", WHOLE, HEAD - 1, "add up" },
	{ "one byte less than there is", WHOLE, HEAD + 8, "add up" },
	{ "one byte more than there is", WHOLE, HEAD + 10, "add up" },
	{ "the longest length there is", WHOLE, 0xFFFFFFFF, "add up" },
	{ "a name that is longer than the message", SIZE_NAME, 100, "add up" },
	{ "a name that is longer than allowed", SIZE_NAME, 129, "129 bytes where 128" },
	{ "a name that wraps around", SIZE_NAME, 0xFFFFFFFE, "are allowed" },
	{ "no name but its bytes", SIZE_NAME, 0xFFFFFFFF, "add up" },
	{ "a text that is not there", SIZE_TEXT, 0, "add up" },
	{ "JSON that is longer than allowed", SIZE_JSON, MESSAGE_MAX + 1, "are allowed" },
	{ "a kind that has no name", KIND, WIRE_DONE, "where 0 are" },
	{ "a kind whose name is shorter", KIND, WIRE_BUG, "where 0 are" },
	{ "padding that is not zero", ZERO, 1, "add up" },
	{ "a name one byte into its neighbour", SIZE_NAME, 6, "add up" },
};

START_TEST(a_head_that_lies_is_a_violation)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_CALL, .ref = 1, .name = STR("hello"),
								      .json = STR("{}") });
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	const char *why;

	ck_assert_uint_eq(b.len, HEAD + 9);
	patch(&b, heads[_i].at, heads[_i].value);
	why = wire_take(&in, buf_str(&b), BUSY, &got, &whole);
	ck_assert_msg(why && strstr(why, heads[_i].why), "%s: %s", heads[_i].name, why ? why : "taken");
	ck_assert(!whole);
	wire_inbox_free(&in);
}
END_TEST

START_TEST(a_single_frame_of_any_other_length_is_a_violation)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_CALL, .name = STR("hello") });
	size_t right = b.len;

	for (int i = 0; i < 64; i++)
		buf_addc(&b, '\0');
	for (size_t n = 0; n <= right + 64; n++) {
		struct wire_inbox in = { .from = ADAPTER };
		struct wire_message got;
		bool whole = false;
		const char *why = wire_take(&in, (struct str){ b.at, n }, BUSY, &got, &whole);

		ck_assert(n > 0 || strstr(why, "empty frame"));
		ck_assert_msg(!why == (n == right) && whole == (n == right), "%zu bytes: %s", n, why ? why : "taken");
		wire_inbox_free(&in);
	}
}
END_TEST

START_TEST(a_text_where_none_is_allowed_is_a_violation_though_it_is_empty)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_LOG, .text = STR("") });
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	const char *why;

	patch(&b, KIND, WIRE_DONE);
	why = wire_take(&in, buf_str(&b), BUSY, &got, &whole);
	ck_assert_msg(why && strstr(why, "DONE with 0 bytes where 0"), "%s", why ? why : "taken");
}
END_TEST

static const struct { const char *name; size_t at, n; } cuts[] = {
	{ "a first frame that is not full", 0, FRAME_MAX - 1 },
	{ "a first frame of only the head", 0, HEAD },
	{ "a first frame that is too long", 0, FRAME_MAX + 1 },
	{ "all of it as one frame", 0, 0 },
	{ "a middle frame that is not full", FRAME_MAX, FRAME_MAX - 1 },
	{ "an empty frame in the middle", FRAME_MAX, 0 },
	{ "a last frame that is too short", 2 * FRAME_MAX, 99 },
	{ "a last frame that is too long", 2 * FRAME_MAX, 101 },
	{ "a last frame that is empty", 2 * FRAME_MAX, 0 },
};

START_TEST(a_message_cut_in_another_way_is_a_violation)
{
	DEFER(text_free) char *text = letters(2 * FRAME_MAX + 100 - HEAD - 1);
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_DELTA, .text = str_of(text) });
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	size_t n = cuts[_i].at || cuts[_i].n ? cuts[_i].n : b.len;
	const char *why;

	buf_addc(&b, 'x');
	for (size_t at = 0; at < cuts[_i].at; at += FRAME_MAX)
		ck_assert_ptr_null(wire_take(&in, frame_at(&b, at), BUSY, &got, &whole));
	why = wire_take(&in, (struct str){ b.at + cuts[_i].at, n }, BUSY, &got, &whole);
	ck_assert_msg(why && !whole, "%s", cuts[_i].name);
	wire_inbox_free(&in);
}
END_TEST

static const struct { const char *name; enum wire_sender from; enum wire_kind kind; enum wire_when when; const char *why; } times[] = {
	{ "HELLO comes first", ADAPTER, WIRE_HELLO, AT_START, NULL },
	{ "HELLO when it is idle", ADAPTER, WIRE_HELLO, IDLE, "HELLO while no event" },
	{ "an output before HELLO", ADAPTER, WIRE_LOG, AT_START, "LOG before its first" },
	{ "an output while no event is handled", ADAPTER, WIRE_RESULT, IDLE, "RESULT while no event" },
	{ "DONE twice", ADAPTER, WIRE_DONE, IDLE, "DONE while no event" },
	{ "last words while no event is handled", ADAPTER, WIRE_BUG, IDLE, "BUG while no event" },
	{ "an output while an event is handled", ADAPTER, WIRE_RESULT, BUSY, NULL },
	{ "an event to an idle adapter", CORE, WIRE_EVENT, IDLE, NULL },
	{ "an event within an event", CORE, WIRE_EVENT, BUSY, "EVENT while an event" },
	{ "an event from an adapter", ADAPTER, WIRE_EVENT, BUSY, "kind" },
	{ "an output from the core", CORE, WIRE_DONE, BUSY, "kind" },
};

START_TEST(a_message_has_its_time_and_sender)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = times[_i].kind });
	struct wire_inbox in = { .from = times[_i].from };
	struct wire_message got;
	bool whole = false;
	const char *why = wire_take(&in, buf_str(&b), times[_i].when, &got, &whole);

	ck_assert_msg(times[_i].why ? why && strstr(why, times[_i].why) : !why && whole, "%s: %s", times[_i].name,
		      why ? why : "taken");
	wire_inbox_free(&in);
}
END_TEST

/* ---- texts --------------------------------------------------------------- */

static const struct { const char *name; struct str text; bool running, other; } texts[] = {
	{ "nothing", STR(""), true, true },
	{ "letters", STR("Gr\xC3\xBC\xC3\x9F" "e"), true, true },
	{ "four bytes", STR("\xF0\x9F\x98\x80"), true, true },
	{ "a control character", STR("\x01"), true, true },
	{ "half a pair", STR("\xED\xA0\xBD"), true, false },
	{ "the other half", STR("a\xED\xB8\x80z"), true, false },
	{ "two halves", STR("\xED\xA0\xBD\xED\xB8\x80"), true, false },
	{ "a NUL", STR("a\0b"), false, false },
	{ "half of half a pair", STR("\xED\xA0"), false, false },
	{ "half a pair with a wrong end", STR("\xED\xA0z"), false, false },
	{ "a byte that begins nothing", STR("\xFF"), false, false },
	{ "a byte that goes on from nothing", STR("\x80"), false, false },
	{ "a form that is too long", STR("\xC0\xAF"), false, false },
	{ "a slash in three bytes", STR("\xE0\x80\xAF"), false, false },
	{ "beyond the last character", STR("\xF4\x90\x80\x80"), false, false },
	{ "a character that is cut", STR("abc\xF0\x9F\x98"), false, false },
	{ "half a pair, then nonsense", STR("\xED\xA0\xBD\xFF"), false, false },
	{ "nonsense, then half a pair", STR("\xC3\xED\xA0\xBD"), false, false },
};

static const char *sent_as(struct str *place, struct wire_message *m, struct str text)
{
	DEFER(buf_free) struct buf b = { 0 };
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	char *good = letters(text.len);
	const char *why;

	*place = str_of(good);
	b = packed(m);
	if (text.len)
		memcpy(b.at + b.len - 1 - text.len, text.at, text.len);
	why = wire_take(&in, buf_str(&b), BUSY, &got, &whole);
	wire_inbox_free(&in);
	free(good);
	return why;
}

START_TEST(only_running_text_may_hold_half_a_pair)
{
	struct str text = texts[_i].text;
	struct wire_message m = { .kind = WIRE_DELTA }, n = { .kind = WIRE_DELIVER }, j = { .kind = WIRE_RESULT };
	DEFER(buf_free) struct buf b = buf_new(1000);

	ck_assert_msg(wire_text_valid(text) == texts[_i].running, "%s", texts[_i].name);
	ck_assert_msg(!sent_as(&m.text, &m, text) == texts[_i].running, "%s, as a text", texts[_i].name);
	ck_assert_msg(!sent_as(&n.name, &n, text) == texts[_i].other, "%s, as a name", texts[_i].name);
	ck_assert_msg(!sent_as(&j.json, &j, text) == texts[_i].other, "%s, as JSON", texts[_i].name);
	n.name = text;
	ck_assert_int_eq(wire_pack(&n, collect, &b), texts[_i].other ? 0 : ERR_INPUT);
}
END_TEST

START_TEST(a_text_must_end_where_it_says)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_CALL, .name = STR("name"),
								      .json = STR("{}") });
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	size_t ends[] = { HEAD + 4, HEAD + 7 };

	b.at[ends[_i]] = 'x';
	ck_assert_ptr_nonnull(wire_take(&in, buf_str(&b), BUSY, &got, &whole));
	wire_inbox_free(&in);
}
END_TEST

/* ---- anything at all ----------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void check_whole(const struct wire_message *m)
{
	struct str all[] = { m->name, m->text, m->json };

	ck_assert(m->kind < WIRE_KINDS && kinds[m->kind].sender == ADAPTER && kinds[m->kind].when == BUSY);
	for (size_t i = 0; i < COUNT(all); i++)
		ck_assert(!all[i].at || (all[i].at[all[i].len] == '\0' && strlen(all[i].at) == all[i].len));
}

START_TEST(bytes_at_random_are_taken_whole_or_refused)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_CALL, .ref = 3, .name = STR("operation"),
								      .text = STR("some text"), .json = STR("{\"a\":1}") });
	DEFER(text_free) char *frame = malloc(b.len);
	uint32_t seed = 1;
	int taken = 0;

	for (int round = 0; round < 50000; round++) {
		struct wire_inbox in = { .from = ADAPTER };
		struct wire_message got;
		bool whole = false;

		memcpy(frame, b.at, b.len);
		for (uint32_t n = next_random(&seed) % 4; n > 0; n--)
			frame[next_random(&seed) % (uint32_t)b.len] = (char)next_random(&seed);
		if (!wire_take(&in, (struct str){ frame, b.len }, BUSY, &got, &whole) && whole) {
			check_whole(&got);
			taken++;
		}
		wire_inbox_free(&in);
	}
	ck_assert_msg(taken > 1000 && taken < 49000, "%d", taken);
}
END_TEST

START_TEST(a_new_message_takes_the_place_of_the_last)
{
	DEFER(buf_free) struct buf b = packed(&(struct wire_message){ .kind = WIRE_DELTA, .text = STR("first") });
	DEFER(buf_free) struct buf c = packed(&(struct wire_message){ .kind = WIRE_DELTA, .text = STR("2") });
	struct wire_inbox in = { .from = ADAPTER };
	struct wire_message got;
	bool whole = false;
	char *kept;

	ck_assert_ptr_null(wire_take(&in, buf_str(&b), BUSY, &got, &whole));
	kept = buf_take(&in.bytes);
	ck_assert(str_is(got.text, "first"));
	ck_assert_ptr_null(wire_take(&in, buf_str(&c), BUSY, &got, &whole));
	ck_assert(whole && str_is(got.text, "2"));
	ck_assert_ptr_null(wire_take(&in, buf_str(&b), BUSY, &got, &whole));
	ck_assert(whole && str_is(got.text, "first"));
	free(kept);
	wire_inbox_free(&in);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, each_kind_comes_out_as_it_went_in, 0, WIRE_KINDS);
	tcase_add_loop_test(t, each_kind_has_its_most_bytes, 0, WIRE_KINDS);
	tcase_add_loop_test(t, a_message_of_any_length_comes_through, 0, COUNT(lengths));
	tcase_add_loop_test(t, what_the_send_function_says_stops_it, 0, 6);
	tcase_add_loop_test(t, a_head_that_lies_is_a_violation, 0, COUNT(heads));
	tcase_add_test(t, a_text_where_none_is_allowed_is_a_violation_though_it_is_empty);
	tcase_add_test(t, a_single_frame_of_any_other_length_is_a_violation);
	tcase_add_loop_test(t, a_message_cut_in_another_way_is_a_violation, 0, COUNT(cuts));
	tcase_add_loop_test(t, a_message_has_its_time_and_sender, 0, COUNT(times));
	tcase_add_loop_test(t, only_running_text_may_hold_half_a_pair, 0, COUNT(texts));
	tcase_add_loop_test(t, a_text_must_end_where_it_says, 0, 2);
	tcase_add_test(t, bytes_at_random_are_taken_whole_or_refused);
	tcase_add_test(t, a_new_message_takes_the_place_of_the_last);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
