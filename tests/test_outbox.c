/* test_outbox.c - what is to leave: each row's way from waiting to its end. */
#include "fixture.h"
#include "store/outbox.h"

static int64_t add(struct store *s, const char *connection, const char *chat, const char *text)
{
	return outbox_add(s, connection, chat, "", text, 0);
}

/* ---- states -------------------------------------------------------------- */

static void send(struct store *s, int64_t row) { outbox_sending(s, row); }
static void sent(struct store *s, int64_t row) { outbox_sent(s, row, "p1"); }
static void shown(struct store *s, int64_t row) { outbox_sent(s, row, NULL); }
static void refused(struct store *s, int64_t row) { outbox_failed(s, row, "HTTP 500"); }
static void crash(struct store *s, int64_t row) { (void)row; outbox_recover(s); }


static const struct { const char *name; void (*steps[4])(struct store *s, int64_t row); const char *want; } ways[] = {
	{ "nothing yet", { 0 }, "waiting||" },
	{ "bytes may have left", { send }, "sending||" },
	{ "it arrived", { send, sent }, "sent|p1|" },
	{ "handed over at once", { shown }, "sent||" },
	{ "it was refused", { send, refused }, "failed||HTTP 500" },
	{ "refused before it left", { refused }, "failed||HTTP 500" },
	{ "a crash while it waits", { crash }, "waiting||" },
	{ "a crash while it is sent", { send, crash }, "unknown||" },
	{ "unknown, and found to have arrived", { send, crash, sent }, "sent|p1|" },
	{ "unknown, and found to have failed", { send, crash, refused }, "failed||HTTP 500" },
	{ "a crash after it arrived", { send, sent, crash }, "sent|p1|" },
	{ "a crash after it failed", { send, refused, crash }, "failed||HTTP 500" },
	{ "a late success after a failure", { send, refused, sent }, "failed||HTTP 500" },
	{ "a late failure after a success", { send, sent, refused }, "sent|p1|" },
	{ "a second success", { send, sent, shown }, "sent|p1|" },
};

START_TEST(a_row_goes_its_way_once)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello"), other = add(s, "work", "C", "other");
	DEFER(text_free) char *state = NULL;

	for (int i = 0; ways[_i].steps[i]; i++)
		ways[_i].steps[i](s, row);
	store_get(s, row_to_text, &state, "SELECT state || '|' || ifnull(platform_id, '') || '|' || ifnull(why, '')"
		  " FROM outbox WHERE row = ?", "i", row);
	ck_assert_msg(strcmp(state, ways[_i].want) == 0, "%s: %s", ways[_i].name, state);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND text = 'other'"), 1);
	ck_assert_int_eq(outbox_waiting(s), strncmp(state, "waiting", 7) == 0 ? 2 : 1);
	ck_assert_int_gt(other, row);
	store_close(s);
}
END_TEST

START_TEST(what_leaves_a_second_time_is_a_mistake)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello");

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	outbox_sending(s, row);
	outbox_sending(s, row);
}
END_TEST

START_TEST(a_row_that_is_not_there_changes_nothing)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello");

	outbox_sent(s, row + 1, "x");
	outbox_failed(s, -1, "x");
	ck_assert_int_eq(outbox_waiting(s), 1);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox"), 1);
	store_close(s);
}
END_TEST

START_TEST(a_crash_tells_how_many_are_unknown)
{
	struct store *s = new_store();

	ck_assert_int_eq(outbox_recover(s), 0);
	for (int i = 0; i < 5; i++)
		add(s, "work", "C", "hello");
	outbox_sending(s, 2);
	outbox_sending(s, 4);
	ck_assert_int_eq(outbox_recover(s), 2);
	ck_assert_int_eq(outbox_recover(s), 0);
	ck_assert_int_eq(outbox_waiting(s), 3);
	store_close(s);
}
END_TEST

/* ---- showing those that wait --------------------------------------------- */

struct seen {
	struct store *s;
	struct buf texts;
	bool take;			/* sends what it is shown, and adds one more once */
};

static void see(const struct outbound *out, void *to)
{
	struct seen *seen = to;

	buf_addf(&seen->texts, "%s ", out->text);
	if (!seen->take)
		return;
	outbox_sending(seen->s, out->row);
	outbox_sent(seen->s, out->row, "x");
	if (strcmp(out->text, "a") == 0)
		add(seen->s, "work", "C1", "late");
}

static const struct { const char *name, *connection, *chat, *want; } shows[] = {
	{ "all of a connection", "work", NULL, "a b c " },
	{ "one chat", "work", "C1", "a c " },
	{ "another connection", "home", NULL, "d " },
	{ "the same chat elsewhere", "home", "C1", "d " },
	{ "a chat without rows", "work", "C9", "" },
	{ "nobody's connection", "nobody", NULL, "" },
	{ "a pattern is not a name", "work", "%", "" },
};

static void fill(struct store *s)
{
	add(s, "work", "C1", "a");
	add(s, "work", "C2", "b");
	add(s, "home", "C1", "d");
	add(s, "work", "C1", "c");
}

START_TEST(rows_that_wait_are_shown_in_order)
{
	struct seen seen = { .s = new_store(), .texts = buf_new(1000) };

	fill(seen.s);
	outbox_each(seen.s, shows[_i].connection, shows[_i].chat, see, &seen);
	ck_assert_msg(strcmp(buf_text(&seen.texts), shows[_i].want) == 0, "%s: %s", shows[_i].name, buf_text(&seen.texts));
	buf_free(&seen.texts);
	store_close(seen.s);
}
END_TEST

START_TEST(rows_may_be_sent_and_added_while_they_are_shown)
{
	struct seen seen = { .s = new_store(), .texts = buf_new(1000), .take = true };

	fill(seen.s);
	outbox_each(seen.s, "work", "C1", see, &seen);
	ck_assert_str_eq(buf_text(&seen.texts), "a c late ");
	buf_free(&seen.texts);
	outbox_each(seen.s, "work", "C1", see, &seen);
	ck_assert_str_eq(buf_text(&seen.texts), "");
	store_close(seen.s);
}
END_TEST

static void look(const struct outbound *out, void *to)
{
	int64_t *row = to;

	ck_assert_str_eq(out->connection, "work");
	ck_assert_str_eq(out->chat, "C");
	ck_assert_str_eq(out->thread, "t");
	ck_assert_str_eq(out->text, "\xF0\x9F\xA6\x80 '\"\n");
	ck_assert_uint_eq(strlen(out->key), 24);
	ck_assert_uint_eq(strspn(out->key, "0123456789abcdef"), 24);
	*row = out->row;
}

START_TEST(a_row_is_shown_as_it_was_put_in_with_a_key_of_its_own)
{
	struct store *s = new_store();
	int64_t row = outbox_add(s, "work", "C", "t", "\xF0\x9F\xA6\x80 '\"\n", 0), seen = 0;

	outbox_each(s, "work", NULL, look, &seen);
	ck_assert_int_eq(seen, row);
	for (int i = 0; i < 100; i++)
		add(s, "work", "C", "hello");
	ck_assert_int_eq(count(s, "SELECT count(DISTINCT key) FROM outbox"), 101);
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *t = tcase_create("outbox");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, a_row_goes_its_way_once, 0, COUNT(ways));
	tcase_add_test_raise_signal(t, what_leaves_a_second_time_is_a_mistake, SIGABRT);
	tcase_add_test(t, a_row_that_is_not_there_changes_nothing);
	tcase_add_test(t, a_crash_tells_how_many_are_unknown);
	tcase_add_loop_test(t, rows_that_wait_are_shown_in_order, 0, COUNT(shows));
	tcase_add_test(t, rows_may_be_sent_and_added_while_they_are_shown);
	tcase_add_test(t, a_row_is_shown_as_it_was_put_in_with_a_key_of_its_own);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
