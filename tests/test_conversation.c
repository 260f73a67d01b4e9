/* test_conversation.c - what was said stays; what the model is shown moves. */
#include "fixture.h"
#include "store/conversation.h"

static int64_t say(struct store *s, int64_t conversation, const char *text)
{
	DEFER(json_drop) cJSON *message = json_build("{role:'user',text:%s}", text);

	return conversation_add(s, conversation, 0, message, NULL);
}

/* The texts the model is shown, a space after each. */
static const char *shown(struct store *s, int64_t conversation)
{
	static char texts[200];
	DEFER(json_drop) cJSON *list = conversation_messages(s, conversation, NULL);
	size_t n = 0;

	texts[0] = '\0';
	for (const cJSON *m = json_first(list); m; m = json_next(m))
		n += (size_t)snprintf(texts + n, sizeof texts - n, "%s ", json_text(m, "/text"));
	return texts;
}

static const struct { const char *name, *connection, *chat, *thread; bool same; } finds[] = {
	{ "the same", "work", "C", "t", true },
	{ "another connection", "home", "C", "t", false },
	{ "another chat", "work", "D", "t", false },
	{ "another thread", "work", "C", "u", false },
	{ "no thread", "work", "C", "", false },
	{ "in capitals", "work", "c", "t", false },
};

START_TEST(a_conversation_is_connection_chat_and_thread)
{
	struct store *s = new_store();
	int64_t first = conversation_find(s, "work", "C", "t");
	int64_t second = conversation_find(s, finds[_i].connection, finds[_i].chat, finds[_i].thread);

	ck_assert_int_gt(first, 0);
	ck_assert_msg((first == second) == finds[_i].same, "%s", finds[_i].name);
	store_close(s);
}
END_TEST

/* ---- messages ------------------------------------------------------------ */

static const struct { const char *name, *message, *adapter, *asks, *want; } messages[] = {
	{ "plain", "{\"role\":\"user\",\"text\":\"hi\"}", NULL, NULL,
	  "[{\"role\":\"user\",\"text\":\"hi\",\"row\":1}]" },
	{ "raw goes back to who made it", "{\"role\":\"assistant\",\"raw\":{\"n\":[1,2]}}", "a", "a",
	  "[{\"role\":\"assistant\",\"row\":1,\"raw\":{\"n\":[1,2]}}]" },
	{ "raw that is text", "{\"raw\":\"x\"}", "a", "a", "[{\"row\":1,\"raw\":\"x\"}]" },
	{ "raw is not shown to another", "{\"role\":\"assistant\",\"raw\":{\"n\":1}}", "a", "b",
	  "[{\"role\":\"assistant\",\"row\":1}]" },
	{ "raw is not shown to nobody", "{\"role\":\"assistant\",\"raw\":{\"n\":1}}", "a", NULL,
	  "[{\"role\":\"assistant\",\"row\":1}]" },
	{ "raw of nobody", "{\"role\":\"assistant\",\"raw\":{\"n\":1}}", NULL, "a",
	  "[{\"role\":\"assistant\",\"row\":1}]" },
	{ "a row is never theirs", "{\"row\":99,\"text\":\"x\"}", NULL, NULL, "[{\"text\":\"x\",\"row\":1}]" },
	{ "calls", "{\"role\":\"assistant\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{}}]}", "a", "b",
	  "[{\"role\":\"assistant\",\"calls\":[{\"id\":\"1\",\"name\":\"now\",\"args\":{}}],\"row\":1}]" },
	{ "half a pair", "{\"text\":\"\\udc00\"}", NULL, NULL, "[{\"text\":\"\xEF\xBF\xBD\",\"row\":1}]" },
	{ "numbers past a double", "{\"n\":9007199254740993,\"m\":0.1}", NULL, NULL,
	  "[{\"n\":\"9007199254740993\",\"m\":0.1,\"row\":1}]" },
	{ "quotes and a zero-width joiner", "{\"text\":\"'\\\"\\\\\xE2\x80\x8D\\n\"}", NULL, NULL,
	  "[{\"text\":\"'\\\"\\\\\xE2\x80\x8D\\n\",\"row\":1}]" },
};

START_TEST(a_message_comes_back_as_it_was_said)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *message = parsed(messages[_i].message);
	DEFER(json_drop) cJSON *list = NULL;
	DEFER(text_free) char *before = json_print(message), *got = NULL;
	int64_t c = conversation_find(s, "work", "C", "");

	ck_assert_int_eq(conversation_add(s, c, 0, message, messages[_i].adapter), 1);
	list = conversation_messages(s, c, messages[_i].asks);
	got = json_print(list);
	ck_assert_msg(strcmp(got, messages[_i].want) == 0, "%s: %s", messages[_i].name, got);
	same_json(message, before);
	text_free(&got);
	text_free(&before);
	store_close(s);
}
END_TEST

START_TEST(messages_stand_in_order_and_apart)
{
	struct store *s = new_store();
	int64_t a = conversation_find(s, "work", "A", ""), b = conversation_find(s, "work", "B", "");

	ck_assert_str_eq(shown(s, a), "");
	say(s, a, "1");
	say(s, b, "x");
	say(s, a, "2");
	say(s, a, "3");
	ck_assert_str_eq(shown(s, a), "1 2 3 ");
	ck_assert_str_eq(shown(s, b), "x ");
	store_close(s);
}
END_TEST

START_TEST(folding_moves_a_mark_and_keeps_every_message)
{
	struct store *s = new_store();
	int64_t a = conversation_find(s, "work", "A", ""), b = conversation_find(s, "work", "B", ""), two, three;
	DEFER(text_free) char *first = NULL;
	DEFER(text_free) char *second = NULL;

	ck_assert_ptr_null(conversation_summary(s, a));
	say(s, a, "1");
	two = say(s, a, "2");
	say(s, b, "x");
	three = say(s, a, "3");
	conversation_fold(s, a, two, "they counted");
	ck_assert_str_eq(shown(s, a), "3 ");
	ck_assert_str_eq(shown(s, b), "x ");
	first = conversation_summary(s, a);
	ck_assert_str_eq(first, "they counted");
	ck_assert_ptr_null(conversation_summary(s, b));
	conversation_fold(s, a, three, "they counted on");
	second = conversation_summary(s, a);
	ck_assert_str_eq(second, "they counted on");
	ck_assert_str_eq(shown(s, a), "");
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message"), 4);
	store_close(s);
}
END_TEST

START_TEST(a_new_beginning_hides_what_was_said_and_deletes_nothing)
{
	struct store *s = new_store();
	int64_t a = conversation_find(s, "work", "A", ""), b = conversation_find(s, "work", "B", "");

	conversation_reset(s, a);
	conversation_fold(s, a, say(s, a, "1"), "sum");
	say(s, a, "2");
	say(s, b, "x");
	conversation_reset(s, a);
	ck_assert_str_eq(shown(s, a), "");
	ck_assert_ptr_null(conversation_summary(s, a));
	say(s, a, "3");
	ck_assert_str_eq(shown(s, a), "3 ");
	ck_assert_str_eq(shown(s, b), "x ");
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message"), 4);
	store_close(s);
}
END_TEST

/* ---- a chat that moves --------------------------------------------------- */

/* Steps: a letter says it in the old chat, or with "'" behind it in the new one; "f" folds all
 * that the old one shows, with the summary "S"; "F" that of the new one, "T"; "z" begins the old
 * one anew, "Z" the new one; "!" moves the chat. */
static const struct { const char *name, *steps, *shown, *summary; } moves[] = {
	{ "nothing was said", "!", "", NULL },
	{ "all of it goes along", "ab!", "a b ", NULL },
	{ "and goes on there", "ab!c'", "a b c ", NULL },
	{ "and by the old id", "ab!cd'", "a b c d ", NULL },
	{ "something had been said there", "ab'c!", "a b c ", NULL },
	{ "what was folded stays folded", "abfc!", "c ", "S" },
	{ "all was folded", "abf!c'", "c ", "S" },
	{ "folded here, begun there", "abfcd'!", "c d ", "S" },
	{ "folded there, begun here", "a'b'Fc'd!", "c d ", "T" },
	{ "folded in both", "afb'Fcd'!", "c d ", "S\n\nT" },
	{ "what one still shows is not lost, though the other folded past it", "ab'c'Fd'!", "a b c d ", "T" },
	{ "begun anew here", "abz!c'", "c ", NULL },
	{ "begun anew there", "a'Zb!", "b ", NULL },
	{ "begun anew afterwards", "ab'!zc'", "c ", NULL },
	{ "folded afterwards", "ab'!fc'", "c ", "S" },
	{ "moved twice", "a!!b", "a b ", NULL },
};

static int64_t last_row(struct store *s)
{
	return count(s, "SELECT max(row) FROM message");
}

static void move_steps(struct store *s, int64_t old, int64_t new, const char *steps)
{
	for (const char *c = steps; *c; c++) {
		char text[2] = { *c };

		if (*c == '!')
			conversations_moved(s, "work", "old", "new");
		else if (*c == 'f' || *c == 'F')
			conversation_fold(s, *c == 'f' ? old : new, last_row(s), *c == 'f' ? "S" : "T");
		else if (*c == 'z' || *c == 'Z')
			conversation_reset(s, *c == 'z' ? old : new);
		else if (c[1] == '\'')
			c += say(s, new, text) != 0;
		else
			say(s, old, text);
	}
}

START_TEST(a_conversation_goes_on_where_its_chat_is)
{
	struct store *s = new_store();
	int64_t old = conversation_find(s, "work", "old", ""), new = conversation_find(s, "work", "new", "");
	int64_t other = conversation_find(s, "home", "old", "");
	DEFER(text_free) char *summary = NULL;

	say(s, other, "x");
	move_steps(s, old, new, moves[_i].steps);
	ck_assert_msg(strcmp(shown(s, new), moves[_i].shown) == 0, "%s: %s", moves[_i].name, shown(s, new));
	ck_assert_str_eq(shown(s, old), moves[_i].shown);
	summary = conversation_summary(s, old);
	ck_assert_msg(summary ? moves[_i].summary && strcmp(summary, moves[_i].summary) == 0 : !moves[_i].summary, "%s: %s",
		      moves[_i].name, summary);
	ck_assert_int_eq(conversation_find(s, "work", "old", ""), new);
	ck_assert_str_eq(shown(s, other), "x ");
	store_close(s);
}
END_TEST

START_TEST(every_thread_of_a_chat_moves_to_its_like)
{
	struct store *s = new_store();
	int64_t one = conversation_find(s, "work", "old", "1"), two = conversation_find(s, "work", "old", "2");

	say(s, one, "a");
	say(s, two, "b");
	say(s, conversation_find(s, "work", "new", "2"), "c");
	conversations_moved(s, "work", "old", "new");
	ck_assert_str_eq(shown(s, conversation_find(s, "work", "new", "1")), "a ");
	ck_assert_str_eq(shown(s, conversation_find(s, "work", "new", "2")), "b c ");
	ck_assert(conversation_known(s, "work", "new", "1"));
	ck_assert(!conversation_known(s, "work", "new", ""));
	store_close(s);
}
END_TEST

START_TEST(a_chat_that_moves_on_and_back_is_still_one)
{
	struct store *s = new_store();
	int64_t a = conversation_find(s, "work", "A", "");

	say(s, a, "1");
	conversations_moved(s, "work", "A", "B");
	say(s, conversation_find(s, "work", "B", ""), "2");
	conversations_moved(s, "work", "B", "C");
	say(s, a, "3");
	say(s, conversation_find(s, "work", "B", ""), "4");
	ck_assert_str_eq(shown(s, conversation_find(s, "work", "C", "")), "1 2 3 4 ");
	conversations_moved(s, "work", "C", "A");
	ck_assert_str_eq(shown(s, conversation_find(s, "work", "A", "")), "1 2 3 4 ");
	store_close(s);
}
END_TEST

START_TEST(a_turn_that_runs_goes_on_when_its_chat_moves)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *message = parsed("{\"role\":\"assistant\",\"text\":\"b\"}");
	int64_t old = conversation_find(s, "work", "old", ""), turn = turn_begin(s, old, 0, ""), later;

	say(s, old, "a");
	conversations_moved(s, "work", "old", "new");
	conversation_add(s, old, turn, message, NULL);
	later = turn_begin(s, old, 0, "");
	turn_end(s, turn, "done");
	ck_assert_str_eq(shown(s, old), "a b ");
	ck_assert_int_eq(count(s, "SELECT count(DISTINCT conversation) FROM turn"), 1);
	ck_assert_int_gt(later, turn);
	store_close(s);
}
END_TEST

/* ---- turns and calls ----------------------------------------------------- */

START_TEST(calls_without_a_result_are_unknown)
{
	struct store *s = new_store();
	int64_t c = conversation_find(s, "work", "A", ""), turn = turn_begin(s, c, 0, ""), other = turn_begin(s, c, 0, "");
	DEFER(json_drop) cJSON *args = parsed("{\"text\":\"a\\ud800\"}");
	DEFER(json_drop) cJSON *list = NULL;
	DEFER(json_drop) cJSON *after = NULL;
	int64_t first = call_begin(s, turn, "c1", "remember", args), second = call_begin(s, turn, "c2", "now", NULL);

	call_begin(s, other, "c1", "now", NULL);
	call_end(s, call_begin(s, turn, "c3", "now", NULL), "", false);
	list = calls_unknown(s, turn);
	same_json(list, "[{\"call\":1,\"id\":\"c1\",\"name\":\"remember\",\"args\":{\"text\":\"a\xEF\xBF\xBD\"}},"
			"{\"call\":2,\"id\":\"c2\",\"name\":\"now\"}]");
	call_end(s, first, "Kept.", false);
	call_end(s, second, "unknown", true);
	after = calls_unknown(s, turn);
	same_json(after, "[]");
	ck_assert_int_eq(count(s, "SELECT sum(failed) FROM call"), 1);
	store_close(s);
}
END_TEST

START_TEST(usage_is_summed_and_what_has_no_price_is_counted)
{
	struct store *s = new_store();
	int64_t turn = turn_begin(s, conversation_find(s, "work", "A", ""), 0, "");
	struct totals t = usage_totals(s);

	ck_assert_int_eq(t.turns, 1);
	ck_assert(t.in == 0 && t.out == 0 && t.micros == 0 && t.unpriced == 0);
	turn_usage(s, turn, "m", 10, 20, 3, 4, 500);
	turn_usage(s, turn, "m", 1, 2, 3, 4, -1);
	turn_usage(s, turn, "m", 1, 2, 3, 4, 0);
	turn_usage(s, turn, "m", INT64_C(1) << 53, 0, 0, 0, 7);
	t = usage_totals(s);
	ck_assert_int_eq(t.in, (INT64_C(1) << 53) + 12);
	ck_assert_int_eq(t.out, 24);
	ck_assert_int_eq(t.cache_read, 9);
	ck_assert_int_eq(t.cache_write, 12);
	ck_assert_int_eq(t.micros, 507);
	ck_assert_int_eq(t.unpriced, 1);
	ck_assert_int_eq(turn_tokens(s, turn), t.in + t.out);
	ck_assert_int_eq(turn_tokens(s, turn + 1), 0);
	store_close(s);
}
END_TEST

/* ---- mistakes of ours ---------------------------------------------------- */

static void fold_back(struct store *s, int64_t c)
{
	int64_t one = say(s, c, "1");

	conversation_fold(s, c, say(s, c, "2"), "x");
	conversation_fold(s, c, one, "x");
}
static void fold_past(struct store *s, int64_t c) { conversation_fold(s, c, 99, "x"); }
static void fold_elsewhere(struct store *s, int64_t c)
{
	int64_t other = conversation_find(s, "home", "X", "");

	conversation_fold(s, c, say(s, other, "1"), "x");
}
static void reset_nothing(struct store *s, int64_t c) { conversation_reset(s, c + 1); }
static void speak_nowhere(struct store *s, int64_t c) { say(s, c + 1, "x"); }
static void end_as_running(struct store *s, int64_t c) { turn_end(s, turn_begin(s, c, 0, ""), "running"); }
static void end_oddly(struct store *s, int64_t c) { turn_end(s, turn_begin(s, c, 0, ""), "finished"); }
static void end_twice(struct store *s, int64_t c)
{
	int64_t turn = turn_begin(s, c, 0, "");

	turn_end(s, turn, "done");
	turn_end(s, turn, "done");
}
static void result_twice(struct store *s, int64_t c)
{
	int64_t call = call_begin(s, turn_begin(s, c, 0, ""), "1", "now", NULL);

	call_end(s, call, "a", false);
	call_end(s, call, "b", false);
}
static void call_without_turn(struct store *s, int64_t c) { call_begin(s, c + 7, "1", "now", NULL); }

static const struct { const char *name; void (*make)(struct store *s, int64_t c); } mistakes[] = {
	{ "the fold mark goes back", fold_back }, { "the fold mark goes past the end", fold_past },
	{ "the fold mark stands in another conversation", fold_elsewhere },
	{ "a beginning of nothing", reset_nothing }, { "a message nowhere", speak_nowhere },
	{ "a turn that ends as running", end_as_running }, { "a turn that ends in a state that is none", end_oddly },
	{ "a turn that ends twice", end_twice }, { "a call with two results", result_twice },
	{ "a call without its turn", call_without_turn },
};

START_TEST(a_mistake_of_ours_aborts)
{
	struct store *s = new_store();
	int64_t c = conversation_find(s, "work", "A", "");

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	mistakes[_i].make(s, c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conversation");
	TCase *t = tcase_create("conversation");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, a_conversation_is_connection_chat_and_thread, 0, COUNT(finds));
	tcase_add_loop_test(t, a_message_comes_back_as_it_was_said, 0, COUNT(messages));
	tcase_add_test(t, messages_stand_in_order_and_apart);
	tcase_add_test(t, folding_moves_a_mark_and_keeps_every_message);
	tcase_add_test(t, a_new_beginning_hides_what_was_said_and_deletes_nothing);
	tcase_add_loop_test(t, a_conversation_goes_on_where_its_chat_is, 0, COUNT(moves));
	tcase_add_test(t, every_thread_of_a_chat_moves_to_its_like);
	tcase_add_test(t, a_chat_that_moves_on_and_back_is_still_one);
	tcase_add_test(t, a_turn_that_runs_goes_on_when_its_chat_moves);
	tcase_add_test(t, calls_without_a_result_are_unknown);
	tcase_add_test(t, usage_is_summed_and_what_has_no_price_is_counted);
	tcase_add_loop_test_raise_signal(t, a_mistake_of_ours_aborts, SIGABRT, 0, COUNT(mistakes));
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
