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
	{ "all the same", { "work", "C1", "", "message", "1", "", "U1", "hello", "owner", "", 0, false }, false },
	{ "another text", { "work", "C1", "", "message", "1", "", "U1", "other", "owner", "", 0, false }, false },
	{ "another sender", { "work", "C1", "", "message", "1", "", "U2", "hello", "owner", "", 0, false }, false },
	{ "another thread", { "work", "C1", "t", "message", "1", "", "U1", "hello", "owner", "", 0, false }, false },
	{ "another connection", { "home", "C1", "", "message", "1", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "another chat", { "work", "C2", "", "message", "1", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "another kind", { "work", "C1", "", "edit", "1", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "another id", { "work", "C1", "", "message", "2", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "another version", { "work", "C1", "", "message", "1", "2", "U1", "hello", "owner", "", 0, false }, true },
	{ "an id that differs in a space", { "work", "C1", "", "message", "1 ", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "parts that only together are the same", { "work", "C", "", "1message", "1", "", "U1", "hello", "owner", "", 0, false }, true },
	{ "an id of quotes", { "work", "C1", "", "message", "'); DROP TABLE inbox; --", "", "U1", "hello", "owner", "", 0, false }, true },
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
	struct inbound in = { "work", "C1", "t", "message", "id", "v2", "U1", "a\n\"'\xF0\x9F\x98\x80 %s", "work.U1", "h1", 0, false }, out;
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
	inbox_add(s, &(struct inbound){ "home", "A", "", "message", "h1", "", "U1", "hello", "owner", "", 0, false });
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

START_TEST(what_waits_and_what_runs_is_known_by_conversation)
{
	struct store *s = new_store();
	int64_t a1 = add(s, "A", "", "a1"), turn;

	add(s, "A", "", "a2");
	add(s, "A", "t", "t1");
	add(s, "B", "", "b1");
	ck_assert_int_eq(inbox_waiting_in(s, "work", "A", ""), 2);
	ck_assert_int_eq(inbox_waiting_in(s, "work", "A", "t"), 1);
	ck_assert_int_eq(inbox_waiting_in(s, "home", "A", ""), 0);
	ck_assert_int_eq(inbox_running(s, "work", "A", ""), 0);
	turn = turn_begin(s, conversation_find(s, "work", "A", ""), a1, "");
	ck_assert_int_eq(inbox_waiting_in(s, "work", "A", ""), 1);
	ck_assert_int_eq(inbox_running(s, "work", "A", ""), a1);
	ck_assert_int_eq(inbox_running(s, "work", "A", "t"), 0);
	ck_assert_int_eq(inbox_running(s, "work", "B", ""), 0);
	ck_assert_int_eq(inbox_running(s, "home", "A", ""), 0);
	turn_end(s, turn, "done");
	ck_assert_int_eq(inbox_running(s, "work", "A", ""), 0);
	store_close(s);
}
END_TEST

START_TEST(a_copy_is_its_own)
{
	char text[] = "hello";
	struct inbound in = { "work", "C", "t", "message", "1", "v", "U", text, "owner", "h", 7, false }, out = inbound_copy(&in);

	text[0] = 'j';
	ck_assert_str_eq(out.text, "hello");
	ck_assert_str_eq(out.person, "owner");
	ck_assert_str_eq(out.handle, "h");
	ck_assert_int_eq(out.row, 7);
	inbound_free(&out);
	ck_assert_ptr_null(out.text);
	inbound_free(&out);
}
END_TEST

/* ---- changed, and taken back --------------------------------------------- */

/* A message "m1" in chat C, "hello", that waits (w), is being answered (r) or was (d); then each
 * step is a version and a text, or "-" to take it back. `want`: what each call says, the text and
 * state of the row, and what the conversation holds. */
static const struct {
	const char *name, *state, *chat, *id;
	struct { const char *version, *text; } steps[3];
	const char *want;
} rewrites[] = {
	{ "one that waits", "w", "C", "m1", { { "2", "hi" } }, "y hi waiting |" },
	{ "one that waits, twice", "w", "C", "m1", { { "2", "hi" }, { "3", "ho" } }, "yy ho waiting |" },
	{ "the same change again", "w", "C", "m1", { { "2", "hi" }, { "3", "ho" }, { "2", "hi" } }, "yyn ho waiting |" },
	{ "one that waits, taken back", "w", "C", "m1", { { "", "-" } }, "y  done |" },
	{ "taken back twice", "w", "C", "m1", { { "", "-" }, { "", "-" } }, "yn  done |" },
	{ "taken back twice, as two versions", "d", "C", "m1", { { "1", "-" }, { "2", "-" } },
	  "yn  done |(taken back by its sender) answer " },
	{ "changed, then taken back", "w", "C", "m1", { { "2", "hi" }, { "2", "-" } }, "yy  done |" },
	{ "a change that comes after it was taken back", "d", "C", "m1", { { "", "-" }, { "2", "hi" } },
	  "yn  done |(taken back by its sender) answer " },
	{ "one that was answered", "d", "C", "m1", { { "2", "hi" } }, "y hi done |hi answer " },
	{ "one that is being answered", "r", "C", "m1", { { "2", "hi \xF0\x9F\xA6\x80 '\"" } },
	  "y hi \xF0\x9F\xA6\x80 '\" taken |hi \xF0\x9F\xA6\x80 '\" " },
	{ "one that is being answered, taken back", "r", "C", "m1", { { "", "-" } }, "y  taken |(taken back by its sender) " },
	{ "one that nobody knows", "w", "C", "m2", { { "2", "hi" } }, "n hello waiting |" },
	{ "the same id elsewhere", "w", "D", "m1", { { "2", "hi" } }, "n hello waiting |" },
	{ "an id that is a pattern", "w", "C", "m%", { { "2", "-" } }, "n hello waiting |" },
};

static void add_text(const struct row *r, void *to)
{
	DEFER(json_drop) cJSON *body = row_json(r, 0);

	buf_addf(to, "%s ", json_text(body, "/text"));
}

static void say(struct store *s, int64_t turn, const char *role, const char *text)
{
	DEFER(json_drop) cJSON *message = json_build("{role:%s,text:%s}", role, text);

	conversation_add(s, conversation_find(s, "work", "C", ""), turn, message, NULL);
}

/* Brings the row to where `state` says, in a conversation that has others. */
static void answer(struct store *s, int64_t row, const char *state)
{
	int64_t turn = turn_begin(s, conversation_find(s, "work", "C", ""), row, "");

	say(s, turn, "user", "hello");
	if (*state == 'r')
		return;
	say(s, turn, "assistant", "answer");
	inbox_done(s, row);
	turn_end(s, turn, "done");
}

START_TEST(a_sender_changes_what_they_said)
{
	struct store *s = new_store();
	DEFER(buf_free) struct buf got = buf_new(1000);
	DEFER(text_free) char *row = NULL;
	int64_t other = add(s, "C", "", "m0"), mine = add(s, "C", "", "m1");

	answer(s, other, "d");
	if (*rewrites[_i].state != 'w')
		answer(s, mine, rewrites[_i].state);
	for (int i = 0; i < 3 && rewrites[_i].steps[i].text; i++) {
		const char *text = rewrites[_i].steps[i].text;

		buf_addc(&got, inbox_rewrite(s, "work", rewrites[_i].chat, rewrites[_i].id, NULL, rewrites[_i].steps[i].version,
					     strcmp(text, "-") == 0 ? NULL : text) ? 'y' : 'n');
	}
	store_get(s, row_to_text, &row, "SELECT text || ' ' || state FROM inbox WHERE row = ?", "i", mine);
	buf_addf(&got, " %s |", row);
	store_each(s, add_text, &got, "SELECT body FROM message WHERE row > 2 ORDER BY row", "");
	ck_assert_msg(strcmp(buf_text(&got), rewrites[_i].want) == 0, "%s: %s", rewrites[_i].name, buf_text(&got));
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message WHERE row <= 2 AND (body LIKE '%hello%' OR body LIKE '%answer%')"), 2);
	ck_assert_int_eq(inbox_waiting(s), strstr(buf_text(&got), "waiting") != NULL);
	ck_assert_int_eq(add(s, "C", "", "m1"), 0);
	store_close(s);
}
END_TEST

START_TEST(nobody_rewrites_another)
{
	struct store *s = new_store();

	answer(s, add(s, "C", "", "m1"), "d");
	ck_assert(!inbox_rewrite(s, "work", "C", "m1", "U9", "2", "hi"));
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message WHERE body LIKE '%hi%'"), 0);
	ck_assert(inbox_rewrite(s, "work", "C", "m1", "U1", "2", "hi"));
	store_close(s);
}
END_TEST

/* Takes it: its turn runs. */
static void begins(struct store *s, const char *want)
{
	struct inbound in = { 0 };
	bool some = inbox_next(s, NULL, NULL, NULL, &in);

	ck_assert_msg(want ? some && strcmp(in.id, want) == 0 : !some, "%s, not %s", some ? in.id : "none", want);
	if (some)
		turn_begin(s, conversation_find(s, in.connection, in.chat, in.thread), in.row, "work");
	inbound_free(&in);
}

static void came_from(struct store *s, const char *person, const char *id)
{
	inbox_add(s, &(struct inbound){ .connection = "work", .chat = id, .thread = "", .kind = "message", .id = id, .version = "",
		  .sender = "U", .text = "x", .person = person, .handle = "" });
}

START_TEST(a_guest_who_says_much_keeps_nobody_waiting)
{
	struct store *s = new_store();

	for (int i = 1; i <= PERSON_TURNS_MAX + 2; i++) {
		DEFER(text_free) char *id = text_fmt("ben%d", i);

		came_from(s, "work:ben", id);
	}
	came_from(s, "work:ann", "ann1");
	begins(s, "ben1");
	came_from(s, "owner", "mine");
	begins(s, "mine");
	for (int i = 2; i <= PERSON_TURNS_MAX; i++) {
		DEFER(text_free) char *id = text_fmt("ben%d", i);

		begins(s, id);
	}
	begins(s, "ann1");
	begins(s, NULL);
	for (int i = 0; i < 8; i++) {			/* an owner has no such bound */
		DEFER(text_free) char *id = text_fmt("mine%d", i);

		came_from(s, "owner", id);
		begins(s, id);
	}
	store_do(s, "UPDATE turn SET state = 'done' WHERE row = 1", "");
	{
		DEFER(text_free) char *id = text_fmt("ben%d", PERSON_TURNS_MAX + 1);

		begins(s, id);
	}
	begins(s, NULL);
	ck_assert_int_eq(inbox_waiting_by(s, "work:ben"), 1);
	store_close(s);
}
END_TEST

START_TEST(who_else_has_spoken_is_known)
{
	struct store *s = new_store();
	int64_t c = conversation_find(s, "work", "C", "");

	answer(s, add(s, "C", "", "m1"), "d");
	ck_assert(!conversation_has_others(s, c, "owner"));
	ck_assert(conversation_has_others(s, c, "work:U2"));
	store_close(s);
}
END_TEST

START_TEST(nothing_of_what_was_taken_back_stays)
{
	struct store *s = new_store();

	answer(s, add(s, "C", "", "m1"), "d");
	ck_assert(inbox_rewrite(s, "work", "C", "m1", NULL, "2", "a secret of mine"));
	ck_assert(inbox_rewrite(s, "work", "C", "m1", NULL, "", NULL));
	ck_assert_int_eq(count(s, "SELECT (SELECT count(*) FROM inbox WHERE text LIKE '%secret%' OR text LIKE '%hello%')"
			       " + (SELECT count(*) FROM message WHERE body LIKE '%secret%' OR body LIKE '%hello%')"), 0);
	store_close(s);
}
END_TEST

START_TEST(a_row_that_no_turn_answered_has_nothing_to_change_but_itself)
{
	struct store *s = new_store();

	inbox_done(s, add(s, "C", "", "m1"));
	ck_assert(inbox_rewrite(s, "work", "C", "m1", NULL, "2", "hi"));
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message"), 0);
	store_close(s);
}
END_TEST

START_TEST(what_a_person_did_not_say_is_not_changed)
{
	struct store *s = new_store();
	int64_t row = add(s, "C", "", "m1"), turn = turn_begin(s, conversation_find(s, "work", "C", ""), row, "");

	say(s, turn, "assistant", "mine");
	ck_assert(inbox_rewrite(s, "work", "C", "m1", NULL, "2", "hi"));
	ck_assert_int_eq(count(s, "SELECT count(*) FROM message WHERE body LIKE '%mine%'"), 1);
	store_close(s);
}
END_TEST

/* ---- a chat that moves --------------------------------------------------- */

static int64_t add_to(struct store *s, const char *connection, const char *chat, const char *id)
{
	return inbox_add(s, &(struct inbound){ connection, chat, "", "message", id, "", "U1", "hello", "owner", "", 0, false });
}

START_TEST(what_came_to_a_chat_that_moved_is_in_the_new_one)
{
	struct store *s = new_store();

	add_to(s, "work", "old", "1");
	add_to(s, "work", "old", "2");
	inbox_done(s, add_to(s, "work", "new", "2"));	/* told under both ids: answered once */
	add_to(s, "work", "old", "4");
	add_to(s, "work", "new", "4");
	add_to(s, "home", "old", "1");
	inbox_done(s, add_to(s, "work", "old", "3"));
	chat_moved(s, "work", "old", "new");
	ck_assert_int_eq(inbox_waiting_in(s, "work", "new", ""), 2);
	ck_assert_int_eq(inbox_waiting_in(s, "work", "old", ""), 0);
	ck_assert_int_eq(inbox_waiting_in(s, "home", "old", ""), 1);
	ck_assert_int_eq(inbox_waiting(s), 3);
	ck_assert_int_eq(add_to(s, "work", "new", "3"), 0);
	ck_assert(inbox_rewrite(s, "work", "new", "1", NULL, "2", "hi"));
	chat_moved(s, "work", "new", "new");
	chat_moved(s, "work", "nowhere", "somewhere");
	ck_assert_int_eq(inbox_waiting(s), 3);
	store_close(s);
}
END_TEST

START_TEST(a_turn_that_runs_keeps_its_conversation_to_itself_when_the_chat_moves)
{
	struct store *s = new_store();
	int64_t row = add_to(s, "work", "old", "1");

	turn_begin(s, conversation_find(s, "work", "old", ""), row, "");
	chat_moved(s, "work", "old", "new");
	ck_assert_int_eq(inbox_running(s, "work", "new", ""), row);
	add_to(s, "work", "new", "2");
	add_to(s, "work", "old", "3");		/* a late one, by the old id */
	ck_assert_str_eq(next(s, NULL, NULL, NULL), "");
	store_close(s);
}
END_TEST

/* ---- strangers ----------------------------------------------------------- */

START_TEST(strangers_are_counted_and_the_latest_stay)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *none = strangers(s, 10), *few = NULL, *all = NULL;

	same_json(none, "[]");
	ck_assert_int_eq(stranger_count(s, "work", "U1"), 1);
	ck_assert_int_eq(stranger_count(s, "home", "U1"), 1);
	store_set_clock(s, T0 + 1);
	ck_assert_int_eq(stranger_count(s, "work", "U1"), 2);
	ck_assert_int_eq(stranger_count(s, "work", "U2"), 1);
	stranger_forget(s, "work", "U2");
	stranger_forget(s, "work", "U9");
	few = strangers(s, 10);
	same_json(few, "[{\"connection\":\"work\",\"sender\":\"U1\",\"count\":2,\"last\":1767225600001},"
		       "{\"connection\":\"home\",\"sender\":\"U1\",\"count\":1,\"last\":1767225600000}]");
	for (int i = 0; i < STRANGERS_MAX - 1; i++) {
		char id[16];

		snprintf(id, sizeof id, "many%d", i);
		stranger_count(s, "work", id);
	}
	ck_assert_int_eq(count(s, "SELECT count(*) FROM stranger"), STRANGERS_MAX);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM stranger WHERE connection = 'home'"), 0);
	ck_assert_int_eq(stranger_count(s, "work", "many0"), 2);
	all = strangers(s, 3);
	ck_assert_int_eq(json_count(all), 3);
	store_close(s);
}
END_TEST

/* ---- what costs nothing -------------------------------------------------- */

static int count_step(void *to)
{
	++*(int64_t *)to;
	return 0;
}

static int64_t work_of_a_message(struct store *s, int round)
{
	DEFER(text_free) char *answered = text_fmt("m%d", round);
	int64_t steps = 0;

	answer(s, add(s, "C", "", answered), "d");
	for (int i = 0; i < 2; i++) {
		DEFER(text_free) char *id = text_fmt("%d.%d", round, i);

		steps = 0;
		sqlite3_progress_handler(store_db(s), 1, count_step, &steps);
		add(s, "C", "", id);
		next(s, NULL, NULL, NULL);
		next(s, "work", "C", "");
		inbox_waiting_in(s, "work", "C", "");
		inbox_running(s, "work", "C", "");
		inbox_rewrite(s, "work", "C", id, NULL, "2", "hi");
		inbox_rewrite(s, "work", "C", id, NULL, "", NULL);
		inbox_rewrite(s, "work", "C", answered, NULL, id, "hi");
		stranger_count(s, "work", id);
		sqlite3_progress_handler(store_db(s), 0, NULL, NULL);
	}
	return steps;
}

START_TEST(what_was_answered_slows_nothing)
{
	struct store *s = new_store();
	int64_t few, many;

	store_do(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
		 " INSERT INTO stranger (connection, sender, count, last) SELECT 'home', i, 1, i FROM n", "");
	few = work_of_a_message(s, 1);
	ck_assert_int_lt(few, 3500);
	store_do(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
		 " INSERT INTO inbox (connection, chat, thread, kind, id, version, sender, text, state, came)"
		 " SELECT 'work', 'C', '', 'message', 'n' || i, '', 'U', '', 'done', 0 FROM n", "");
	store_do(s, "INSERT INTO turn (conversation, inbox, origin, state, began) SELECT 1, row, '', 'done', 0 FROM inbox", "");
	store_do(s, "INSERT INTO message (conversation, turn, body, came) SELECT 1, row, '{}', 0 FROM turn", "");
	many = work_of_a_message(s, 2);
	ck_assert_msg(many < few + few / 4, "%lld steps, and %lld with 20000 rows", (long long)few, (long long)many);
	store_close(s);
}
END_TEST

START_TEST(in_a_doomed_turn_nothing_changes_and_nothing_aborts)
{
	struct inbound in;
	struct store *s;
	enum err e;

	disk_watch();
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	answer(s, add(s, "C", "", "m1"), "d");
	add(s, "C", "", "m2");
	must_commit(s);
	disk.left = 0;
	disk.error = ENOSPC;
	while (!store_doomed(s))
		store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', hex(zeroblob(20000)), 1)", "");
	ck_assert_int_eq(add(s, "C", "", "m3"), 0);
	ck_assert(!inbox_rewrite(s, "work", "C", "m1", NULL, "2", "hi"));
	ck_assert(!inbox_rewrite(s, "work", "C", "m2", NULL, "", NULL));
	ck_assert_int_eq(stranger_count(s, "work", "U"), 0);
	stranger_forget(s, "work", "U");
	chat_moved(s, "work", "C", "D");
	inbox_done(s, 2);
	disk.left = -1;
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM inbox WHERE chat = 'C' AND text = 'hello'"), 2);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM stranger"), 0);
	ck_assert(inbox_next(s, NULL, NULL, NULL, &in));
	ck_assert_str_eq(in.id, "m2");
	inbound_free(&in);
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
	tcase_add_test(t, what_waits_and_what_runs_is_known_by_conversation);
	tcase_add_test(t, a_copy_is_its_own);
	tcase_add_loop_test(t, a_sender_changes_what_they_said, 0, COUNT(rewrites));
	tcase_add_test(t, nobody_rewrites_another);
	tcase_add_test(t, a_guest_who_says_much_keeps_nobody_waiting);
	tcase_add_test(t, who_else_has_spoken_is_known);
	tcase_add_test(t, nothing_of_what_was_taken_back_stays);
	tcase_add_test(t, a_row_that_no_turn_answered_has_nothing_to_change_but_itself);
	tcase_add_test(t, what_a_person_did_not_say_is_not_changed);
	tcase_add_test(t, what_came_to_a_chat_that_moved_is_in_the_new_one);
	tcase_add_test(t, a_turn_that_runs_keeps_its_conversation_to_itself_when_the_chat_moves);
	tcase_add_test(t, strangers_are_counted_and_the_latest_stay);
	tcase_add_test(t, what_was_answered_slows_nothing);
	tcase_add_test(t, an_empty_inbox_gives_nothing);
	tcase_add_test(t, dead_letters_are_cut_and_the_newest_stay);
	tcase_add_test(t, an_event_is_counted_by_connection_and_key);
	tcase_add_test(t, what_is_kept_is_the_last_and_by_connection);
	tcase_add_test_raise_signal(t, a_row_that_is_not_there_cannot_be_done, SIGABRT);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, what_was_done_is_still_known_after_a_restart);
	tcase_add_test(file, in_a_doomed_turn_nothing_changes_and_nothing_aborts);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
