/* test_inbox.c - what came in once is kept once, and leaves in order. */
#include "fixture.h"
#include "limits.h"
#include "store/conversation.h"
#include "store/inbox.h"

static int64_t add(struct store *s, const char *chat, const char *thread, const char *id)
{
	return inbox_add(s, &(struct inbound){
		.connection = "work", .chat = chat, .thread = thread, .kind = "message", .id = id, .version = "",
		.sender = "U1", .text = "hello", .person = "owner", .handle = "",
	});
}

static const struct { const char *name; struct inbound second; bool new; } pairs[] = {
	{ "all the same", { "work", "C1", "", "message", "1", "", "U1", "hello", "owner", "", 0 }, false },
	{ "another text", { "work", "C1", "", "message", "1", "", "U1", "other", "owner", "", 0 }, false },
	{ "another sender", { "work", "C1", "", "message", "1", "", "U2", "hello", "owner", "", 0 }, false },
	{ "another thread", { "work", "C1", "t", "message", "1", "", "U1", "hello", "owner", "", 0 }, false },
	{ "another connection", { "home", "C1", "", "message", "1", "", "U1", "hello", "owner", "", 0 }, true },
	{ "another chat", { "work", "C2", "", "message", "1", "", "U1", "hello", "owner", "", 0 }, true },
	{ "another kind", { "work", "C1", "", "edit", "1", "", "U1", "hello", "owner", "", 0 }, true },
	{ "another id", { "work", "C1", "", "message", "2", "", "U1", "hello", "owner", "", 0 }, true },
	{ "another version", { "work", "C1", "", "message", "1", "2", "U1", "hello", "owner", "", 0 }, true },
	{ "an id that differs in a space", { "work", "C1", "", "message", "1 ", "", "U1", "hello", "owner", "", 0 }, true },
	{ "parts that only together are the same", { "work", "C", "", "1message", "1", "", "U1", "hello", "owner", "", 0 }, true },
	{ "an id of quotes", { "work", "C1", "", "message", "'); DROP TABLE inbox; --", "", "U1", "hello", "owner", "", 0 }, true },
};

START_TEST(a_second_one_is_known_by_connection_chat_kind_id_and_version)
{
	struct store *s = new_store();
	int64_t first = add(s, "C1", "", "1"), second = inbox_add(s, &pairs[_i].second);

	ck_assert_int_gt(first, 0);
	ck_assert_msg((second != 0) == pairs[_i].new, "%s", pairs[_i].name);
	ck_assert_int_eq(inbox_waiting(s), pairs[_i].new ? 2 : 1);
	store_close(s);
}
END_TEST

START_TEST(what_was_done_is_still_known_after_a_restart)
{
	struct store *s;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	inbox_done(s, add(s, "C1", "", "1"));
	must_commit(s);
	store_close(s);
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	ck_assert_int_eq(add(s, "C1", "", "1"), 0);
	ck_assert_int_eq(inbox_waiting(s), 0);
	store_close(s);
}
END_TEST

START_TEST(a_row_comes_back_as_it_was_put_in)
{
	struct store *s = new_store();
	struct inbound in = { "work", "C1", "t", "message", "id", "v2", "U1", "a\n\"'\xF0\x9F\x98\x80 %s", "work.U1", "h1", 0 }, out;
	int64_t row = inbox_add(s, &in);

	ck_assert(inbox_next(s, NULL, NULL, NULL, &out));
	ck_assert_int_eq(out.row, row);
	ck_assert_str_eq(out.connection, in.connection);
	ck_assert_str_eq(out.chat, in.chat);
	ck_assert_str_eq(out.thread, in.thread);
	ck_assert_str_eq(out.kind, in.kind);
	ck_assert_str_eq(out.id, in.id);
	ck_assert_str_eq(out.version, in.version);
	ck_assert_str_eq(out.sender, in.sender);
	ck_assert_str_eq(out.text, in.text);
	ck_assert_str_eq(out.person, in.person);
	ck_assert_str_eq(out.handle, in.handle);
	inbound_free(&out);
	store_close(s);
}
END_TEST

/* The id of the next row, or "". */
static const char *next(struct store *s, const char *connection, const char *chat, const char *thread)
{
	static char id[32];
	struct inbound in = { 0 };

	id[0] = '\0';
	if (inbox_next(s, connection, chat, thread, &in))
		snprintf(id, sizeof id, "%s", in.id);
	inbound_free(&in);
	return id;
}

START_TEST(one_event_is_in_flight_for_each_conversation)
{
	struct store *s = new_store();
	int64_t a1 = add(s, "A", "", "a1"), b1, turn, other;

	add(s, "A", "", "a2");
	b1 = add(s, "B", "", "b1");
	add(s, "A", "t", "t1");
	inbox_add(s, &(struct inbound){ "home", "A", "", "message", "h1", "", "U1", "hello", "owner", "", 0 });
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "a1");
	turn = turn_begin(s, conversation_find(s, "work", "A", ""), a1, "");
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "b1");
	other = turn_begin(s, conversation_find(s, "work", "B", ""), b1, "");
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "t1");
	ck_assert_str_eq(next(s, "work", "B", ""), "");
	turn_begin(s, conversation_find(s, "work", "A", "t"), 4, "");
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "h1");
	ck_assert_int_eq(inbox_waiting(s), 2);
	turn_end(s, turn, "done");
	inbox_done(s, a1);
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "a2");
	turn_end(s, other, "failed");
	inbox_done(s, b1);
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "a2");
	store_close(s);
}
END_TEST

START_TEST(a_conversation_that_is_named_gives_its_own_rows_also_while_it_runs)
{
	struct store *s = new_store();
	int64_t a1 = add(s, "A", "", "a1");

	add(s, "A", "", "a2");
	add(s, "B", "", "b1");
	add(s, "D", "t", "d1");
	ck_assert_str_eq(next(s, "work", "D", ""), "");
	ck_assert_str_eq(next(s, "work", "A", ""), "a1");
	turn_begin(s, conversation_find(s, "work", "A", ""), a1, "");
	ck_assert_str_eq(next(s, "work", "A", ""), "a2");
	ck_assert_str_eq(next(s, "work", "B", ""), "b1");
	ck_assert_str_eq(next(s, "work", "A", "t"), "");
	ck_assert_str_eq(next(s, "home", "A", ""), "");
	store_close(s);
}
END_TEST

START_TEST(turns_that_a_crash_left_running_are_shown_with_their_rows_in_order)
{
	struct store *s = new_store();
	struct inbound in = { 0 };
	int64_t c = conversation_find(s, "work", "A", ""), turns[3], turn = 0;

	ck_assert(!turn_open_next(s, &turn, &in));
	for (int i = 0; i < 3; i++) {
		char id[8];

		snprintf(id, sizeof id, "a%d", i);
		turns[i] = turn_begin(s, c, add(s, "A", "", id), "");
	}
	turn_begin(s, c, 0, "");
	turn_end(s, turns[1], "done");
	ck_assert(turn_open_next(s, &turn, &in));
	ck_assert_int_eq(turn, turns[0]);
	ck_assert_str_eq(in.id, "a0");
	inbound_free(&in);
	ck_assert(turn_open_next(s, &turn, &in));
	ck_assert_int_eq(turn, turns[2]);
	ck_assert_str_eq(in.id, "a2");
	inbound_free(&in);
	ck_assert(!turn_open_next(s, &turn, &in));
	ck_assert_int_eq(turn, turns[2]);
	store_close(s);
}
END_TEST

START_TEST(an_empty_inbox_gives_nothing)
{
	struct store *s = new_store();
	struct inbound in = { .row = 9 };

	ck_assert(!inbox_next(s, NULL, NULL, NULL, &in));
	ck_assert_int_eq(in.row, 9);
	ck_assert_int_eq(inbox_waiting(s), 0);
	store_close(s);
}
END_TEST

START_TEST(dead_letters_are_cut_and_the_newest_stay)
{
	struct store *s = new_store();
	static char large[DEAD_LETTER_MAX + 5];

	dead_letter(s, "work", "no JSON", (struct str){ "a\0\xFF", 3 });
	ck_assert_int_eq(count(s, "SELECT bytes = x'6100ff' FROM dead_letter"), 1);
	dead_letter(s, "work", "too large", (struct str){ large, sizeof large });
	ck_assert_int_eq(count(s, "SELECT max(length(bytes)) FROM dead_letter"), DEAD_LETTER_MAX);
	dead_letter(s, "work", "empty", (struct str){ NULL, 0 });
	ck_assert_int_eq(dead_letters(s), 3);
	for (int i = 0; i < DEAD_LETTERS_MAX; i++)
		dead_letter(s, "work", "again", STR("x"));
	ck_assert_int_eq(dead_letters(s), DEAD_LETTERS_MAX);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM dead_letter WHERE why = 'again'"), DEAD_LETTERS_MAX);
	store_close(s);
}
END_TEST

START_TEST(an_event_is_counted_by_connection_and_key)
{
	struct store *s = new_store();

	ck_assert_int_eq(poison_count(s, "work", "e1"), 1);
	ck_assert_int_eq(poison_count(s, "work", "e1"), 2);
	ck_assert_int_eq(poison_count(s, "home", "e1"), 1);
	ck_assert_int_eq(poison_count(s, "work", "e2"), 1);
	ck_assert_int_eq(poison_count(s, "work", "e1"), 3);
	for (int i = 0; i < POISON_MAX + 10; i++) {
		char key[16];

		snprintf(key, sizeof key, "many%d", i);
		poison_count(s, "work", key);
	}
	ck_assert_int_le(count(s, "SELECT count(*) FROM poison"), POISON_MAX);
	ck_assert_int_eq(poison_count(s, "work", "many50"), 2);
	store_close(s);
}
END_TEST

START_TEST(what_is_kept_is_the_last_and_by_connection)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *one = parsed("{\"seq\":1,\"id\":\"\\ud800\"}");
	DEFER(json_drop) cJSON *two = parsed("[true]");
	DEFER(json_drop) cJSON *work = NULL;
	DEFER(json_drop) cJSON *home = NULL;

	ck_assert_ptr_null(kept_get(s, "work"));
	kept_set(s, "work", two);
	kept_set(s, "work", one);
	kept_set(s, "home", two);
	work = kept_get(s, "work");
	home = kept_get(s, "home");
	same_json(work, "{\"seq\":1,\"id\":\"\xEF\xBF\xBD\"}");
	same_json(home, "[true]");
	kept_set(s, "work", NULL);
	kept_set(s, "nobody", NULL);
	ck_assert_ptr_null(kept_get(s, "work"));
	store_close(s);
}
END_TEST

START_TEST(a_row_that_is_not_there_cannot_be_done)
{
	struct store *s = new_store();

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	inbox_done(s, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inbox");
	TCase *t = tcase_create("inbox"), *file = tcase_create("file");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, a_second_one_is_known_by_connection_chat_kind_id_and_version, 0, COUNT(pairs));
	tcase_add_test(t, a_row_comes_back_as_it_was_put_in);
	tcase_add_test(t, one_event_is_in_flight_for_each_conversation);
	tcase_add_test(t, a_conversation_that_is_named_gives_its_own_rows_also_while_it_runs);
	tcase_add_test(t, turns_that_a_crash_left_running_are_shown_with_their_rows_in_order);
	tcase_add_test(t, an_empty_inbox_gives_nothing);
	tcase_add_test(t, dead_letters_are_cut_and_the_newest_stay);
	tcase_add_test(t, an_event_is_counted_by_connection_and_key);
	tcase_add_test(t, what_is_kept_is_the_last_and_by_connection);
	tcase_add_test_raise_signal(t, a_row_that_is_not_there_cannot_be_done, SIGABRT);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, what_was_done_is_still_known_after_a_restart);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
