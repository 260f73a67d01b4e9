/* test_outgoing.c - what goes out: each way that one row can take; when; and many rows
 * through crashes and all kinds of answers. */
#include "platform.h"
#include <malloc.h>

static const struct act all_acts[] = { { .name = "send" }, { .name = "edit" }, { .name = "reply" }, { .name = "confirm" } };
enum { SEND = 1, EDIT = 2, REPLY = 4, CONFIRM = 8 };

struct scene {
	struct loop loop;
	struct store *store;
	struct act acts[COUNT(all_acts)];
	struct connection *c;
	struct outgoing *out;
};

static void begin(struct scene *s, unsigned can)
{
	size_t n = 0;

	*s = (struct scene){ .loop.now_ms = 1000, .store = new_store() };
	the_loop = &s->loop;
	for (size_t i = 0; i < COUNT(all_acts); i++)
		if (can & 1U << i)
			s->acts[n++] = all_acts[i];
	s->c = connection_played(s->acts, n);
	s->out = outgoing_new(&s->loop, s->store, s->c);
}

static void finish(struct scene *s)
{
	outgoing_free(s->out);
	ck_assert_uint_eq(s->loop.n, 0);
	played_free(s->c);
	store_close(s->store);
}

static void look(struct scene *s)
{
	outgoing_look(s->out);
	must_commit(s->store);
}

static void answer(struct scene *s, struct str word)
{
	struct asked a = act_take(s->c, 0);
	DEFER(json_drop) cJSON *ids = NULL;
	struct act_answer with = answer_of(word, &ids);

	ck_assert(outgoing_acted(s->out, a.ref, &with));
	must_commit(s->store);
	asked_free(&a);
}

static void crash(struct scene *s)
{
	outgoing_free(s->out);
	store_rollback(s->store);
	forget_acts(s->c);
	outbox_recover(s->store);
	s->out = outgoing_new(&s->loop, s->store, s->c);
	look(s);
}

static int64_t add(struct scene *s, const char *chat, const char *text)
{
	return outbox_add(s->store, "work", chat, "", text, 0);
}

/* ---- one row, and the next one ------------------------------------------- */

static const struct inbound asked_of = { .connection = "work", .chat = "C", .thread = "t", .kind = "command", .id = "i1",
					 .version = "", .sender = "U1", .text = "?", .person = "owner", .handle = "h1" };

static void plain(struct scene *s) { add(s, "C", "hello"); }
static void longer(struct scene *s) { add(s, "C", "one two three four five six seven ten"); }
static void threaded(struct scene *s) { outbox_add(s->store, "work", "C", "t", "hello", 0); }
static void command(struct scene *s) { outbox_reply(s->store, &asked_of, "hello", 0); }

static void secretly(struct scene *s)
{
	DEFER(text_free) char *thread = private_thread("U1");
	struct inbound to = asked_of;

	to.thread = thread;
	outbox_reply(s->store, &to, "hello", 0);
}

static void old_command(struct scene *s)
{
	command(s);
	store_set_clock(s->store, store_now(s->store) + 3600000);
}

static void unknown(struct scene *s)
{
	outbox_sending(s->store, add(s, "C", "hello"));
	outbox_recover(s->store);
}

/* Sent as "hel" under the id m0. */
static void draft(struct scene *s)
{
	static const struct inbound to = { .connection = "work", .chat = "C", .thread = "", .kind = "message", .id = "i1",
					   .version = "", .sender = "U1", .text = "?", .person = "owner", .handle = "" };
	int64_t turn, row;

	store_do(s->store, "INSERT INTO conversation (connection, chat, thread) VALUES ('work', 'C', '')", "");
	store_do(s->store, "INSERT INTO turn (conversation, origin, began) VALUES (?, 'owner', 1)", "i",
		 store_last_id(s->store));
	turn = store_last_id(s->store);
	row = outbox_draft(s->store, &to, "hel", turn);
	outbox_sending(s->store, row);
	outbox_sent(s->store, row, "m0");
	ck_assert_int_eq(outbox_draft(s->store, &to, "hello", turn), row);
}

static void unknown_draft(struct scene *s)
{
	draft(s);
	outbox_sending(s->store, 1);
	outbox_recover(s->store);
}

#define LOST "nobody knows whether it arrived: "
static const struct {
	const char *name;
	unsigned can;
	void (*add)(struct scene *s);
	const char *answers, *acts, *end;
} ways[] = {
	{ "it arrives", SEND, plain, "done:m1", "send C hello", "sent|m1|" },
	{ "without an id", SEND, plain, "done", "send C hello", "sent||" },
	{ "in a thread", SEND, threaded, "done:m1", "send C/t hello", "sent|m1|" },
	{ "busy once", SEND, plain, "busy done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "put off", SEND, plain, "again:100 done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "somebody else's line", SEND, plain, "conflict done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "a window that is shut", SEND, plain, "closed done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "a credential that is refused", SEND, plain, "auth done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "no connection came about", SEND, plain, "network! done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "a fault of theirs before it", SEND, plain, "platform! done:m1", "send C hello, send C hello", "sent|m1|" },
	{ "content they do not take", SEND | CONFIRM, plain, "input", "send C hello", "failed||input" },
	{ "no such chat", SEND, plain, "missing", "send C hello", "failed||missing" },
	{ "a scope is missing", SEND, plain, "permission", "send C hello", "failed||permission" },
	{ "used up", SEND, plain, "quota", "send C hello", "failed||quota" },
	{ "moved to nowhere", SEND, plain, "moved", "send C hello", "failed||moved" },
	{ "nobody knows, nobody to ask", SEND, plain, "network", "send C hello", "unknown||" LOST "network" },
	{ "an answer without sense, nobody to ask", SEND, plain, "platform", "send C hello", "unknown||" LOST "platform" },
	{ "found", SEND | CONFIRM, plain, "network done:m7", "send C hello, confirm C", "sent|m7|" },
	{ "found in its thread", SEND | CONFIRM, threaded, "platform done:m7", "send C/t hello, confirm C/t", "sent|m7|" },
	{ "not found", SEND | CONFIRM, plain, "network done done:m1", "send C hello, confirm C, send C hello", "sent|m1|" },
	{ "looked for twice", SEND | CONFIRM, plain, "network busy done:m7", "send C hello, confirm C, confirm C", "sent|m7|" },
	{ "looking put off", SEND | CONFIRM, plain, "network again:5 done:m7", "send C hello, confirm C, confirm C", "sent|m7|" },
	{ "looking without a credential", SEND | CONFIRM, plain, "network auth done:m7", "send C hello, confirm C, confirm C",
	  "sent|m7|" },
	{ "may not be looked for", SEND | CONFIRM, plain, "network permission", "send C hello, confirm C",
	  "unknown||" LOST "permission" },
	{ "a crash before, found", SEND | CONFIRM, unknown, "done:m7", "confirm C", "sent|m7|" },
	{ "a crash before, not found", SEND | CONFIRM, unknown, "done done:m1", "confirm C, send C hello", "sent|m1|" },
	{ "a crash before, nobody to ask", SEND, unknown, "", "",
	  "unknown||" LOST "what was sent just then had no receipt" },
	{ "a crash, found", SEND | CONFIRM, plain, "crash done:m7", "send C hello, confirm C", "sent|m7|" },
	{ "a crash while looking", SEND | CONFIRM, plain, "network crash done:m7", "send C hello, confirm C, confirm C",
	  "sent|m7|" },
	{ "a crash while waiting", SEND | CONFIRM, plain, "busy crash done done:m1",
	  "send C hello, send C hello, confirm C, send C hello", "sent|m1|" },

	{ "too long after all", SEND, longer, "too_large done:m1 done:m2",
	  "send C one two three four five six seven ten, send C one two three four, send C five six seven ten", "sent|m1|" },
	{ "still too long", SEND, longer, "too_large too_large", "send C one two three four five six seven ten,"
	  " send C one two three four", "failed||too_large" },
	{ "too long, and short", SEND, plain, "too_large", "send C hello", "failed||too_large" },

	{ "edited", SEND | EDIT, draft, "done", "edit C/m0 hello", "sent|m0|" },
	{ "edited, a new id", SEND | EDIT, draft, "done:m1", "edit C/m0 hello", "sent|m1|" },
	{ "edited after a wait", SEND | EDIT, draft, "busy done", "edit C/m0 hello, edit C/m0 hello", "sent|m0|" },
	{ "an edit that may be done", SEND | EDIT | CONFIRM, draft, "network done", "edit C/m0 hello, edit C/m0 hello", "sent|m0|" },
	{ "a crash in an edit", SEND | EDIT | CONFIRM, unknown_draft, "done", "edit C/m0 hello", "sent|m0|" },
	{ "deleted by somebody", SEND | EDIT, draft, "missing done:m1", "edit C/m0 hello, send C hello", "sent|m1|" },
	{ "too late to edit", SEND | EDIT, draft, "input done:m1", "edit C/m0 hello, send C hello", "sent|m1|" },
	{ "no right to edit", SEND | EDIT, draft, "permission done:m1", "edit C/m0 hello, send C hello", "sent|m1|" },
	{ "editing is over", SEND | EDIT, draft, "closed done:m1", "edit C/m0 hello, send C hello", "sent|m1|" },
	{ "an edit that is used up", SEND | EDIT, draft, "quota", "edit C/m0 hello", "failed|m0|quota" },
	{ "nothing edits here any more", SEND, draft, "done:m1", "send C hello", "sent|m1|" },

	{ "a command with a conversation of its own", SEND | REPLY, secretly, "done", "reply C/h1 hello", "sent||" },
	{ "a command", SEND | REPLY, command, "done", "reply C/t/h1 hello", "sent||" },
	{ "a command, busy", SEND | REPLY, command, "busy done", "reply C/t/h1 hello, reply C/t/h1 hello", "sent||" },
	{ "a handle that is used up", SEND | REPLY, command, "missing", "reply C/t/h1 hello", "failed||missing" },
	{ "a handle that is no good", SEND | REPLY, command, "input", "reply C/t/h1 hello", "failed||input" },
	{ "a handle whose time is over", SEND | REPLY, command, "closed", "reply C/t/h1 hello", "failed||closed" },
	{ "an old command, or the clock was set", SEND | REPLY, old_command, "done", "reply C/t/h1 hello", "sent||" },
	{ "replies are not claimed", SEND, command, "done:m1", "send C/t hello", "sent|m1|" },
	{ "a reply that may have arrived", SEND | REPLY | CONFIRM, command, "network done",
	  "reply C/t/h1 hello, reply C/t/h1 hello", "sent||" },
	{ "a crash in a reply", SEND | REPLY | CONFIRM, command, "crash done", "reply C/t/h1 hello, reply C/t/h1 hello", "sent||" },
	{ "nothing sends here", CONFIRM, plain, "", "", "failed||this channel cannot send" },
};

static bool wait_for_act(struct scene *s)
{
	for (int i = 0; !s->c->open_n && i < 40; i++)
		pass(&s->loop, s->store, SEND_WAIT_MOST_MS);
	return s->c->open_n > 0;
}

static void play(struct scene *s, const char *answers)
{
	for (; *answers; answers += strcspn(answers, " "), answers += *answers == ' ') {
		struct str word = { answers, strcspn(answers, " ") };

		ck_assert(wait_for_act(s));
		if (str_is(word, "crash"))
			crash(s);
		else
			answer(s, word);
	}
}

START_TEST(a_row_goes_its_way_and_the_next_one_follows)
{
	struct scene s;
	DEFER(text_free) char *end = NULL, *want = NULL;
	int64_t next;

	begin(&s, ways[_i].can);
	ways[_i].add(&s);
	next = add(&s, "C", "next");
	look(&s);
	play(&s, ways[_i].answers);
	if (wait_for_act(&s))
		answer(&s, STR("done:n1"));
	want = text_fmt("%s%s%s", ways[_i].acts, ways[_i].acts[0] ? ", " : "", ways[_i].can & SEND ? "send C next" : "");
	ck_assert_msg(strcmp(buf_text(&s.c->log), want) == 0, "%s: %s", ways[_i].name, buf_text(&s.c->log));
	store_get(s.store, row_to_text, &end, "SELECT state || '|' || ifnull(platform_id, '') || '|' || ifnull(why, '')"
		  " FROM outbox WHERE row = 1", "");
	ck_assert_msg(strcmp(end, ways[_i].end) == 0, "%s: %s", ways[_i].name, end);
	if (ways[_i].can & SEND)
		ck_assert_int_eq(count(s.store, "SELECT count(*) FROM outbox WHERE text = 'next' AND platform_id = 'n1'"), 1);
	ck_assert_int_gt(next, 1);
	pass(&s.loop, s.store, 4 * SEND_WAIT_MOST_MS);
	ck_assert_msg(s.c->open_n == 0, "%s: and %s", ways[_i].name, buf_text(&s.c->log));
	finish(&s);
}
END_TEST

static const struct { const char *name; unsigned can; void (*add)(struct scene *s); const char *first, *answer, *end; int64_t times; } evers[] = {
	{ "busy for ever", SEND, plain, "", "busy", "failed|busy", SEND_TRIES },
	{ "put off for ever", SEND, plain, "", "again:1", "failed|they put it off again and again", SEND_TRIES },
	{ "never a connection", SEND, plain, "", "network!", "failed|network", SEND_TRIES },
	{ "a reply into the dark", SEND | REPLY, command, "", "network", "failed|network", SEND_TRIES },
	{ "an edit into the dark", SEND | EDIT, draft, "", "network", "failed|network", SEND_TRIES },
	{ "a history that never comes", SEND | CONFIRM, plain, "network", "busy", "unknown|" LOST "busy", SEND_TRIES },
	{ "a history that is put off", SEND | CONFIRM, plain, "network", "again:1", "unknown|" LOST "it cannot be looked for", SEND_TRIES },
};

START_TEST(what_never_ends_has_an_end)
{
	struct scene s;
	DEFER(text_free) char *end = NULL;

	begin(&s, evers[_i].can);
	evers[_i].add(&s);
	look(&s);
	play(&s, evers[_i].first);
	for (int i = 0; i < evers[_i].times; i++) {
		ck_assert_msg(wait_for_act(&s), "%s: %d", evers[_i].name, i);
		answer(&s, str_of(evers[_i].answer));
	}
	ck_assert(!wait_for_act(&s));
	store_get(s.store, row_to_text, &end, "SELECT state || '|' || ifnull(why, '') FROM outbox", "");
	ck_assert_msg(strcmp(end, evers[_i].end) == 0, "%s: %s", evers[_i].name, end);
	finish(&s);
}
END_TEST

START_TEST(a_credential_is_waited_for_as_long_as_it_takes)
{
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	for (int i = 0; i < 3 * SEND_TRIES; i++) {
		ck_assert(wait_for_act(&s));
		answer(&s, STR("auth"));
	}
	ck_assert(wait_for_act(&s));
	answer(&s, STR("done:m1"));
	ck_assert_int_eq(outbox_waiting(s.store), 0);
	finish(&s);
}
END_TEST

START_TEST(what_could_not_be_sent_takes_its_answer_along)
{
	struct scene s;
	DEFER(json_drop) cJSON *pieces = parsed("[\"one\",\"two\",\"three\"]"), *lost = NULL;

	begin(&s, SEND | EDIT);
	draft(&s);
	outbox_answer(s.store, &(struct inbound){ .connection = "work", .chat = "C", .thread = "", .handle = "" }, pieces, 1);
	add(&s, "C", "next");
	look(&s);
	play(&s, "done done:m1 missing");
	play(&s, "done:m2");
	ck_assert_str_eq(buf_text(&s.c->log), "edit C/m0 one, send C two, send C three, send C next");
	lost = outbox_lost(s.store, 10);
	ck_assert_int_eq(json_count(lost), 1);
	finish(&s);
}
END_TEST

/* ---- chats, and when ----------------------------------------------------- */

START_TEST(chats_do_not_wait_for_one_another)
{
	struct scene s;

	begin(&s, SEND);
	add(&s, "C1", "a");
	add(&s, "C1", "b");
	add(&s, "C2", "c");
	look(&s);
	look(&s);
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a, send C2 c");
	answer(&s, STR("busy"));
	add(&s, "C2", "d");
	answer(&s, STR("done:m1"));
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a, send C2 c, send C2 d");
	finish(&s);
}
END_TEST

START_TEST(a_chat_that_moved_is_followed)
{
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	chat_moved(s.store, "work", "C", "D");
	answer(&s, STR("moved"));
	answer(&s, STR("done:m1"));
	ck_assert_str_eq(buf_text(&s.c->log), "send C hello, send D hello");
	finish(&s);
}
END_TEST

START_TEST(nothing_is_tried_while_the_connection_does_not_stand)
{
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	for (s.c->state = CONNECTION_STARTING; s.c->state <= CONNECTION_BROKEN; s.c->state++) {
		if (s.c->state == CONNECTION_READY)
			continue;
		look(&s);
		pass(&s.loop, s.store, 100000);
	}
	ck_assert_str_eq(buf_text(&s.c->log), "");
	s.c->state = CONNECTION_READY;
	look(&s);
	ck_assert_str_eq(buf_text(&s.c->log), "send C hello");
	finish(&s);
}
END_TEST

START_TEST(what_finds_no_room_is_asked_for_when_there_is_some)
{
	struct scene s;
	struct act_answer others = { .end = ACT_DONE };

	begin(&s, SEND);
	s.c->room = 1;
	add(&s, "C1", "a");
	add(&s, "C2", "b");
	add(&s, "C3", "c");
	look(&s);
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a");
	answer(&s, STR("done:m1"));
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a, send C2 b");
	s.c->room = 2;
	ck_assert(!outgoing_acted(s.out, 999, &others));		/* somebody else's act made room */
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a, send C2 b, send C3 c");
	ck_assert(!outgoing_acted(s.out, 0, &others));
	ck_assert_int_eq(count(s.store, "SELECT sum(tries) FROM outbox"), 2);
	finish(&s);
}
END_TEST

/* How long it takes until the next act is open. */
static int64_t waited(struct scene *s)
{
	int64_t began = s->loop.now_ms;

	while (!s->c->open_n) {
		ck_assert(tick(&s->loop, s->store, began + 10000000));
		must_commit(s->store);
	}
	return s->loop.now_ms - began;
}

START_TEST(waits_grow_and_have_a_most)
{
	static const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000 };
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	for (size_t i = 0; i < COUNT(want); i++) {
		answer(&s, STR("busy"));
		ck_assert_int_eq(waited(&s), want[i]);
	}
	answer(&s, STR("again:99999999"));
	ck_assert_int_eq(waited(&s), SEND_WAIT_MOST_MS);
	finish(&s);
}
END_TEST

START_TEST(what_the_service_names_is_waited_for_to_the_moment_while_other_chats_go_on)
{
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	answer(&s, STR("busy:600000"));
	add(&s, "C2", "other");
	look(&s);
	answer(&s, STR("done:m2"));
	ck_assert_int_eq(waited(&s), 600000);
	answer(&s, STR("done:m1"));
	finish(&s);
}
END_TEST

START_TEST(who_puts_it_off_is_believed_but_not_for_ever)
{
	static const int64_t want[] = { 5000, 5000, 5000, 8000, 16000 };
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	for (size_t i = 0; i < COUNT(want); i++) {
		answer(&s, STR("again:5000"));
		ck_assert_int_eq(waited(&s), want[i]);
	}
	finish(&s);
}
END_TEST

START_TEST(what_may_have_arrived_is_given_time_to_be_found)
{
	static const int64_t want[] = { 1000, 1000, 2000, 4000 };
	struct scene s;

	begin(&s, SEND | CONFIRM);
	plain(&s);
	look(&s);
	for (size_t i = 0; i < COUNT(want); i++) {
		answer(&s, STR("network"));
		ck_assert_int_eq(waited(&s), want[i]);
		ck_assert_str_eq(s.c->open[0].act, "confirm");
	}
	finish(&s);
}
END_TEST

START_TEST(the_wait_outlives_a_crash)
{
	struct scene s;

	begin(&s, SEND);
	plain(&s);
	look(&s);
	answer(&s, STR("again:60000"));
	pass(&s.loop, s.store, 20000);
	crash(&s);
	ck_assert_int_eq(waited(&s), 40000);
	finish(&s);
}
END_TEST

static struct store *clock_of;

static void a_moment_passes(struct connection *c, const struct asked *a)
{
	(void)c;
	(void)a;
	store_set_clock(clock_of, store_now(clock_of) + 1);
}

START_TEST(what_becomes_due_while_rows_are_looked_at_is_not_forgotten)
{
	struct scene s;

	begin(&s, SEND);
	add(&s, "C1", "a");
	look(&s);
	answer(&s, STR("again:5000"));
	clock_of = s.store;
	s.c->seen = a_moment_passes;
	store_set_clock(s.store, store_now(s.store) + 4999);
	add(&s, "C2", "b");
	look(&s);
	pass(&s.loop, s.store, 1);
	ck_assert_str_eq(buf_text(&s.c->log), "send C1 a, send C2 b, send C1 a");
	finish(&s);
}
END_TEST

static const struct { const char *name; int64_t jump_ms, most_ms; } jumps[] = {
	{ "an hour back", -3600000, 5001 }, { "ten years back", -315360000000, 5001 },
	{ "a minute back", -60000, 65000 }, { "an hour forward", 3600000, 5000 },
};

START_TEST(a_clock_that_jumps_stalls_nothing_and_floods_nobody)
{
	struct scene s;

	begin(&s, SEND);
	for (int i = 0; i < 20; i++)
		add(&s, "C", "hello");
	look(&s);
	answer(&s, STR("again:5000"));
	store_set_clock(s.store, store_now(s.store) + jumps[_i].jump_ms);
	ck_assert_msg(waited(&s) <= jumps[_i].most_ms, "%s", jumps[_i].name);
	for (int i = 0; i < 3; i++) {
		look(&s);
		ck_assert_uint_eq(s.c->open_n, 1);
	}
	answer(&s, STR("again:5000"));
	ck_assert_int_eq(waited(&s), 5000);
	finish(&s);
}
END_TEST

START_TEST(what_nobody_knows_is_looked_for_soon_though_the_clock_was_set_back)
{
	struct scene s;

	begin(&s, SEND | CONFIRM);
	plain(&s);
	look(&s);
	answer(&s, STR("again:5000"));
	waited(&s);
	answer(&s, STR("network"));
	store_set_clock(s.store, store_now(s.store) - 3600000);
	ck_assert_int_le(waited(&s), 5000);
	ck_assert_str_eq(s.c->open[0].act, "confirm");
	finish(&s);
}
END_TEST

static const struct { const char *name; int64_t chat_ms, all_ms; const char *want; } rates[] = {
	{ "none", 0, 0, "a1 b1 c1 a2 b2 c2 a3 b3 c3" },
	{ "in one chat", 1000, 0, "a1 b1 c1 +1000 a2 b2 c2 +1000 a3 b3 c3" },
	{ "in all", 0, 100, "a1 +100 b1 +100 c1 +100 a2 +100 b2 +100 c2 +100 a3 +100 b3 +100 c3" },
	{ "in one and in all", 300, 100, "a1 +100 b1 +100 c1 +100 a2 +100 b2 +100 c2 +100 a3 +100 b3 +100 c3" },
	{ "in all, seldom in one", 1000, 100, "a1 +100 b1 +100 c1 +800 a2 +100 b2 +100 c2 +800 a3 +100 b3 +100 c3" },
};

START_TEST(messages_keep_their_distance)
{
	struct scene s;
	DEFER(buf_free) struct buf seen = buf_new(1000);
	static const char *const texts[] = { "a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3" };

	begin(&s, SEND);
	s.c->manifest.chat_gap_ms = rates[_i].chat_ms;
	s.c->manifest.all_gap_ms = rates[_i].all_ms;
	for (size_t i = 0; i < COUNT(texts); i++)
		add(&s, i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C", texts[i]);
	look(&s);
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t wait = waited(&s);

		if (wait)
			buf_addf(&seen, " +%d", (int)wait);
		buf_addf(&seen, " %s", json_text(s.c->open[0].json, "/text"));
		answer(&s, STR("done:m1"));
	}
	ck_assert_msg(strcmp(buf_text(&seen) + 1, rates[_i].want) == 0, "%s: %s", rates[_i].name, buf_text(&seen));
	pass(&s.loop, s.store, 2000);
	finish(&s);
}
END_TEST

START_TEST(an_edit_is_no_message_and_waits_for_none)
{
	struct scene s;

	begin(&s, SEND | EDIT);
	s.c->manifest.chat_gap_ms = 1000;
	add(&s, "C", "first");
	look(&s);
	answer(&s, STR("done:m1"));
	draft(&s);
	look(&s);
	ck_assert_str_eq(buf_text(&s.c->log), "send C first, edit C/m0 hello");
	answer(&s, STR("done"));
	add(&s, "C", "next");
	look(&s);
	ck_assert_int_eq(waited(&s), 1000);
	finish(&s);
}
END_TEST

START_TEST(what_is_open_when_it_ends_is_unknown)
{
	struct scene s;

	begin(&s, SEND | CONFIRM);
	plain(&s);
	look(&s);
	outgoing_free(s.out);
	ck_assert_int_eq(count(s.store, "SELECT count(*) FROM outbox WHERE state = 'unknown'"), 1);
	s.out = outgoing_new(&s.loop, s.store, s.c);
	look(&s);
	ck_assert_str_eq(buf_text(&s.c->log), "send C hello, confirm C");
	finish(&s);
}
END_TEST

/* ---- everything at once --------------------------------------------------
 *
 * Rows in many chats, some of which grow while they are sent; every kind of answer, true or
 * not; crashes before and after a commit. The world knows what really arrived. */

enum { CHATS = 20, ROWS = 8, SEEDS = 24, STEPS = 500 };

struct truth {				/* of one row, as its platform has it */
	char key[32], id[16], text[32];
	int stands;			/* messages of this key; a reply may stand twice and counts once */
	bool fixed;			/* deleted, or too old: it takes no edit */
};
struct known {				/* to us: what a crash takes back when it was not durable */
	char key[32];
	bool open;			/* it was asked for, and may have arrived */
	bool asked;			/* ever */
};
static struct world {
	struct scene scene;
	struct truth truth[CHATS][ROWS];
	struct memory {
		struct known rows[CHATS][ROWS];
		int latest[CHATS], added[CHATS];
		int64_t turns[CHATS][ROWS];	/* of those that grow */
		bool answered[CHATS][ROWS];
	} now, durable;
	uint32_t durable_ref;
	int64_t last_ms[CHATS], last_all_ms;
	unsigned dice;
	int messages, versions;
	bool calm;			/* all goes well from now on */
} w;

static unsigned dice(unsigned sides)
{
	w.dice = w.dice * 1103515245U + 12345U;
	return (w.dice >> 16) % sides;
}

struct place { int chat, row; };

/* Texts are "c7 r3 v1". */
static struct place place_of(const char *text)
{
	struct place p = { 0 };

	ck_assert(text && text[0] == 'c');
	p.chat = (int)strtol(text + 1, NULL, 10);
	p.row = (int)strtol(strchr(text, 'r') + 1, NULL, 10);
	ck_assert(p.chat < CHATS && p.row < ROWS);
	return p;
}

static struct place place_of_key(const char *key)
{
	DEFER(text_free) char *text = NULL;

	store_get(w.scene.store, row_to_text, &text, "SELECT text FROM outbox WHERE key = ?", "s", key);
	return place_of(text);
}

static void keeps_its_distance(const struct connection *c, int chat)
{
	ck_assert_int_ge(w.scene.loop.now_ms - w.last_ms[chat], c->manifest.chat_gap_ms);
	ck_assert_int_ge(w.scene.loop.now_ms - w.last_all_ms, c->manifest.all_gap_ms);
	w.last_ms[chat] = w.last_all_ms = w.scene.loop.now_ms;
}

static void seen(struct connection *c, const struct asked *a)
{
	struct place p;
	struct known *k;

	for (size_t i = 0; i + 1 < c->open_n; i++)
		ck_assert_msg(!json_is(c->open[i].json, "/chat", json_text(a->json, "/chat")), "two at once in one chat");
	if (strcmp(a->act, "confirm") == 0)
		return;
	p = place_of(json_text(a->json, "/text"));
	k = &w.now.rows[p.chat][p.row];
	if (strcmp(a->act, "edit") == 0) {
		ck_assert_msg(json_is(a->json, "/id", w.truth[p.chat][p.row].id), "c%d r%d: edits another", p.chat, p.row);
		return;
	}
	keeps_its_distance(c, p.chat);
	if (strcmp(k->key, a->key) == 0)
		ck_assert_msg(!k->open || strcmp(a->act, "reply") == 0, "c%d r%d: sent again, and may have arrived", p.chat, p.row);
	else
		ck_assert_msg(!k->asked || w.now.turns[p.chat][p.row], "c%d r%d: sent as another", p.chat, p.row);
	if (!k->asked)
		ck_assert_msg(p.row > w.now.latest[p.chat], "c%d: r%d after r%d", p.chat, p.row, w.now.latest[p.chat]);
	if (p.row > w.now.latest[p.chat])
		w.now.latest[p.chat] = p.row;
	*k = (struct known){ .open = true, .asked = true };
	memcpy(k->key, a->key, strlen(a->key) + 1);
}

static void arrives(struct truth *t, const struct asked *a)
{
	if (strcmp(t->key, a->key) != 0)
		t->stands = 0;
	t->stands += !t->stands || strcmp(a->act, "reply") != 0;
	t->fixed = false;
	snprintf(t->key, sizeof t->key, "%s", a->key);
	snprintf(t->id, sizeof t->id, "m%d", ++w.messages);
	snprintf(t->text, sizeof t->text, "%s", json_text(a->json, "/text"));
}

/* What becomes of an act: the words of its answer. */
static char *fate(const struct asked *a)
{
	static const char *const refusals[] = { "busy", "conflict", "network!", "again:50", "auth", "input", "permission" };
	unsigned n = w.calm ? 0 : dice(20);
	bool confirm = strcmp(a->act, "confirm") == 0, edit = strcmp(a->act, "edit") == 0;
	struct place p = confirm ? place_of_key(a->key) : place_of(json_text(a->json, "/text"));
	struct truth *t = &w.truth[p.chat][p.row];

	if (n == 19 && edit)
		t->fixed = true;
	if (edit && t->fixed)
		return text_dup(n % 2 ? "missing" : "input");
	if (n >= 16)			/* a confirm that is refused for good is seldom */
		return text_dup(refusals[dice(confirm && dice(10) ? 5 : COUNT(refusals))]);
	if (n >= 12 && (confirm || dice(2)))
		return text_dup(dice(2) ? "network" : "platform");
	if (confirm)
		return t->stands && strcmp(t->key, a->key) == 0 ? text_fmt("done:%s", t->id) : text_dup("done");
	if (edit)
		snprintf(t->text, sizeof t->text, "%s", json_text(a->json, "/text"));
	else
		arrives(t, a);
	return n >= 12 ? text_dup("network") : text_fmt("done:%s", t->id);
}

static void learn(const struct asked *a, const char *word)
{
	bool sure = strcmp(word, "network") != 0 && strcmp(word, "platform") != 0, confirm = strcmp(a->act, "confirm") == 0;
	struct place p = confirm ? place_of_key(a->key) : place_of(json_text(a->json, "/text"));

	if (confirm ? strcmp(word, "done") == 0 : sure && strncmp(word, "done", 4) != 0 && strcmp(a->act, "edit") != 0)
		w.now.rows[p.chat][p.row].open = false;
}

static void world_answer(size_t i)
{
	struct asked a = act_take(w.scene.c, i);
	DEFER(text_free) char *word = fate(&a);
	DEFER(json_drop) cJSON *ids = NULL;
	struct act_answer with = answer_of(str_of(word), &ids);

	learn(&a, word);
	ck_assert(outgoing_acted(w.scene.out, a.ref, &with));
	asked_free(&a);
}

static void world_begin(unsigned seed)
{
	struct scene *s = &w.scene;

	w = (struct world){ .dice = seed };
	begin(s, SEND | EDIT | REPLY | (seed % 3 ? CONFIRM : 0));
	s->c->seen = seen;
	s->c->room = seed % 4 == 1 ? 3 : ACTS_OPEN;
	s->c->manifest.chat_gap_ms = seed % 2 ? 1000 : 0;
	s->c->manifest.all_gap_ms = seed % 5 == 0 ? 50 : 0;
	for (int i = 0; i < CHATS; i++)
		w.last_ms[i] = w.now.latest[i] = w.durable.latest[i] = -1000000;
	w.last_all_ms = -1000000;
	store_do(s->store, "INSERT INTO conversation (connection, chat, thread) VALUES ('work', 'C', '')", "");
	must_commit(s->store);
}

/* What had not left has not left; of what had, nobody hears. */
static void world_crash(bool durable)
{
	struct scene *s = &w.scene;

	outgoing_free(s->out);
	store_rollback(s->store);
	if (!durable)
		w.now = w.durable;
	while (s->c->open_n) {
		struct asked a = act_take(s->c, s->c->open_n - 1);
		char *word = durable || a.ref <= w.durable_ref ? fate(&a) : NULL;

		free(word);
		asked_free(&a);
	}
	for (int i = 0; i < CHATS; i++)
		w.last_ms[i] = -1000000;
	w.last_all_ms = -1000000;
	outbox_recover(s->store);
	s->out = outgoing_new(&s->loop, s->store, s->c);
	outgoing_look(s->out);
}

static struct inbound to_place(const char *chat, const char *handle)
{
	return (struct inbound){ .connection = "work", .chat = chat, .thread = "", .kind = "message", .id = "i",
				 .version = "", .sender = "U", .text = "?", .person = "owner", .handle = handle };
}

static void world_add(int chat)
{
	struct store *s = w.scene.store;
	int row = w.now.added[chat];
	DEFER(text_free) char *name = text_fmt("C%d", chat), *text = text_fmt("c%d r%d v%d", chat, row, ++w.versions);
	const struct inbound to = to_place(name, dice(3) ? "" : "h");

	if (row == ROWS)
		return;
	w.now.added[chat]++;
	if (dice(2)) {
		outbox_reply(s, &to, text, 0);
		return;
	}
	store_do(s, "INSERT INTO turn (conversation, origin, began) VALUES (1, 'owner', 1)", "");
	w.now.turns[chat][row] = store_last_id(s);
	outbox_draft(s, &to, text, w.now.turns[chat][row]);
}

static void world_grow(int chat, int row)
{
	DEFER(text_free) char *name = text_fmt("C%d", chat), *text = text_fmt("c%d r%d v%d", chat, row, ++w.versions);
	DEFER(json_drop) cJSON *pieces = cJSON_CreateArray();
	const struct inbound to = to_place(name, "");

	if (!w.now.turns[chat][row] || w.now.answered[chat][row])
		return;
	if (!w.calm && dice(4)) {
		outbox_draft(w.scene.store, &to, text, w.now.turns[chat][row]);
		return;
	}
	w.now.answered[chat][row] = true;
	cJSON_AddItemToArray(pieces, cJSON_CreateString(text));
	outbox_answer(w.scene.store, &to, pieces, w.now.turns[chat][row]);
}

static void world_step(void)
{
	struct scene *s = &w.scene;

	switch (dice(5)) {
	case 0:
		world_add((int)dice(CHATS));
		break;
	case 1:
		world_grow((int)dice(CHATS), (int)dice(ROWS));
		break;
	default:
		if (s->c->open_n)
			world_answer(dice((unsigned)s->c->open_n));
		else
			tick(&s->loop, s->store, s->loop.now_ms + (dice(2) ? 2000 : SEND_WAIT_MOST_MS));
	}
	if (dice(3))
		outgoing_look(s->out);
}

static void world_commit(void)
{
	must_commit(w.scene.store);
	w.durable = w.now;
	w.durable_ref = w.scene.c->last_ref;
}

static void world_calms_down(void)
{
	struct scene *s = &w.scene;

	w.calm = true;
	for (int i = 0; i < CHATS * ROWS; i++)
		world_grow(i / ROWS, i % ROWS);
	outgoing_look(s->out);
	do {
		world_commit();
		if (s->c->open_n)
			world_answer(0);
	} while (s->c->open_n || tick(&s->loop, s->store, s->loop.now_ms + SEND_WAIT_MOST_MS));
	world_commit();
}

struct end { char *state, *text; bool has_id; int64_t n; };

static void take_end(const struct row *r, void *to)
{
	*(struct end *)to = (struct end){ text_dup(row_text(r, 0)), text_dup(row_text(r, 1)), row_int(r, 2), row_int(r, 3) };
}

static void one_end(int chat, int row)
{
	const struct truth *t = &w.truth[chat][row];
	DEFER(text_free) char *like = text_fmt("c%d r%d v%%", chat, row);
	struct end e = { 0 };

	store_get(w.scene.store, take_end, &e, "SELECT state, text, platform_id IS NOT NULL, count(*) FROM outbox"
		  " WHERE text LIKE ? AND connection = 'work'", "s", like);
	ck_assert_msg(e.n == 1, "%s: %d rows", like, (int)e.n);
	if (strcmp(e.state, "sent") == 0)
		ck_assert_msg(t->stands == 1 && strcmp(t->text, e.text) == 0, "%s: sent, but %d times: %s for %s", like,
			      t->stands, t->text, e.text);
	else if (strcmp(e.state, "unknown") == 0)
		ck_assert_msg(t->stands <= 1, "%s: unknown, and there %d times", like, t->stands);
	else
		ck_assert_msg(strcmp(e.state, "failed") == 0, "%s: %s", like, e.state);
	text_free(&e.state);
	text_free(&e.text);
}

START_TEST(whatever_happens_each_row_is_sent_once_or_seen_to_be_lost)
{
	int64_t ended;
	DEFER(json_drop) cJSON *lost = NULL;

	world_begin((unsigned)_i);
	for (int i = 0; i < STEPS; i++) {
		world_step();
		if (dice(60) == 0)
			world_crash(false);
		world_commit();
		if (dice(60) == 0)
			world_crash(true);
		world_commit();
	}
	world_calms_down();
	for (int i = 0; i < CHATS * ROWS; i++)
		if (i % ROWS < w.now.added[i / ROWS])
			one_end(i / ROWS, i % ROWS);
	lost = outbox_lost(w.scene.store, CHATS * ROWS);
	ended = count(w.scene.store, "SELECT count(*) FROM outbox WHERE state = 'sent'") + json_count(lost);
	ck_assert_int_eq(ended, count(w.scene.store, "SELECT count(*) FROM outbox"));
	finish(&w.scene);
}
END_TEST

/* ---- memory -------------------------------------------------------------- */

static int64_t memory(void)
{
	return (int64_t)mallinfo2().uordblks - sqlite3_memory_used();
}

START_TEST(ten_thousand_rows_leave_nothing_behind)
{
	struct scene s;
	int64_t early = 0;
	char chat[16];

	begin(&s, SEND);
	s.c->manifest.chat_gap_ms = 10;
	for (int i = 0; i < 10000; i++) {
		snprintf(chat, sizeof chat, "C%d", i / 5);
		add(&s, chat, "hello");
		buf_cut(&s.c->log, 0);
		if (i % 100 == 99) {
			for (look(&s); outbox_waiting(s.store) || s.c->open_n; buf_cut(&s.c->log, 0))
				if (s.c->open_n)
					answer(&s, STR("done:m1"));
				else
					pass(&s.loop, s.store, 10);
		}
		if (i == 1000)
			early = memory();
	}
	ck_assert_int_le(memory() - early, 64 * 1024);
	pass(&s.loop, s.store, 20);
	finish(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outgoing");
	TCase *t = tcase_create("outgoing");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_row_goes_its_way_and_the_next_one_follows, 0, COUNT(ways));
	tcase_add_loop_test(t, what_never_ends_has_an_end, 0, COUNT(evers));
	tcase_add_test(t, a_credential_is_waited_for_as_long_as_it_takes);
	tcase_add_test(t, what_could_not_be_sent_takes_its_answer_along);
	tcase_add_test(t, chats_do_not_wait_for_one_another);
	tcase_add_test(t, a_chat_that_moved_is_followed);
	tcase_add_test(t, nothing_is_tried_while_the_connection_does_not_stand);
	tcase_add_test(t, what_finds_no_room_is_asked_for_when_there_is_some);
	tcase_add_test(t, waits_grow_and_have_a_most);
	tcase_add_test(t, what_the_service_names_is_waited_for_to_the_moment_while_other_chats_go_on);
	tcase_add_test(t, who_puts_it_off_is_believed_but_not_for_ever);
	tcase_add_test(t, what_may_have_arrived_is_given_time_to_be_found);
	tcase_add_test(t, the_wait_outlives_a_crash);
	tcase_add_test(t, what_becomes_due_while_rows_are_looked_at_is_not_forgotten);
	tcase_add_loop_test(t, a_clock_that_jumps_stalls_nothing_and_floods_nobody, 0, COUNT(jumps));
	tcase_add_test(t, what_nobody_knows_is_looked_for_soon_though_the_clock_was_set_back);
	tcase_add_loop_test(t, messages_keep_their_distance, 0, COUNT(rates));
	tcase_add_test(t, an_edit_is_no_message_and_waits_for_none);
	tcase_add_test(t, what_is_open_when_it_ends_is_unknown);
	tcase_add_loop_test(t, whatever_happens_each_row_is_sent_once_or_seen_to_be_lost, 0, SEEDS);
	tcase_add_test(t, ten_thousand_rows_leave_nothing_behind);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
