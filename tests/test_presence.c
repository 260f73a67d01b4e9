/* test_presence.c - a turn as a chat sees it: typing, marks, the answer that grows; each story
 * is a script of what happens, and what was asked of the platform. */
#include "platform.h"
#include <malloc.h>

static const struct act all_acts[] = {
	{ .name = "send" }, { .name = "edit" }, { .name = "reply" }, { .name = "typing" }, { .name = "react" }
};
enum { SEND = 1, EDIT = 2, REPLY = 4, TYPING = 8, REACT = 16, STREAM = SEND | EDIT };
enum { STREAM_MS = 1000, TYPING_MS = 10000 };

static struct {
	struct loop loop;
	struct store *store;
	struct act acts[COUNT(all_acts)];
	struct connection *c;
	struct outgoing *out;
	struct presences *all;
	struct presence *p;
	struct inbound to;
	int64_t turn;
} s;

static void run(void)
{
	s.out = outgoing_new(&s.loop, s.store, s.c);
	s.all = presences_new(&s.loop, s.store, s.c, s.out);
}

static void begin(unsigned can)
{
	size_t n = 0;

	memset(&s, 0, sizeof s);
	s.loop.now_ms = 1000;
	the_loop = &s.loop;
	s.store = new_store();
	for (size_t i = 0; i < COUNT(all_acts); i++)
		if (can & 1U << i)
			s.acts[n++] = all_acts[i];
	s.c = connection_played(s.acts, n);
	s.c->manifest.stream_ms = (can & STREAM) == STREAM ? STREAM_MS : 0;
	s.c->manifest.typing_ms = can & TYPING ? TYPING_MS : 0;
	s.to = (struct inbound){ .connection = "work", .chat = "C", .thread = "", .kind = "message", .id = "i1",
				 .version = "", .sender = "U1", .text = "?", .person = "owner", .handle = "" };
	store_do(s.store, "INSERT INTO conversation (connection, chat, thread) VALUES ('work', 'C', '')", "");
	store_do(s.store, "INSERT INTO turn (conversation, origin, began) VALUES (?, 'owner', 1)", "i",
		 store_last_id(s.store));
	s.turn = store_last_id(s.store);
	run();
}

static void finish(void)
{
	presences_free(s.all);
	outgoing_free(s.out);
	ck_assert_uint_eq(s.loop.n, 0);
	played_free(s.c);
	store_close(s.store);
}

/* The process is gone; its turn is taken up by the next one. */
static void crash(void)
{
	presences_free(s.all);
	outgoing_free(s.out);
	store_rollback(s.store);
	forget_acts(s.c);
	outbox_recover(s.store);
	run();
	s.p = presence_new(s.all, &s.to);
	outgoing_look(s.out);
}

static void answer(struct str word)
{
	struct asked a = act_take(s.c, 0);
	DEFER(json_drop) cJSON *ids = NULL;
	struct act_answer with = answer_of(word, &ids);

	if (!outgoing_acted(s.out, a.ref, &with))
		ck_assert(presences_acted(s.all, a.ref, &with));
	asked_free(&a);
}

static void over(void)
{
	presence_free(s.p);
	s.p = NULL;
}

static void turn_answers(const char *text)
{
	presence_answer(s.p, s.turn, text);
	over();
}

/* "|" between steps: a span of time, what the turn does, the answer to the oldest act; that
 * nothing is asked for, or that nothing is to come. */
static void step(const char *what)
{
	if (what[0] == '+')
		pass(&s.loop, s.store, strtoll(what + 1, NULL, 10));
	else if (strncmp(what, "says ", 5) == 0)
		presence_delta(s.p, s.turn, what + 5);
	else if (strcmp(what, "replaced") == 0)
		presence_replaced(s.p);
	else if (strncmp(what, "answers ", 8) == 0)
		turn_answers(what + 8);
	else if (strcmp(what, "over") == 0)
		over();
	else if (strcmp(what, "crash") == 0)
		crash();
	else if (strncmp(what, "ends ", 5) == 0)
		presence_answer(s.p, s.turn, what + 5);
	else if (strcmp(what, "nothing") == 0)
		ck_assert_uint_eq(s.c->open_n, 0);
	else if (strcmp(what, "rest") == 0)
		ck_assert_uint_eq(s.loop.n, 0);
	else if (strcmp(what, "lost") == 0 || strcmp(what, "ready") == 0) {
		s.c->state = what[0] == 'l' ? CONNECTION_LOST : CONNECTION_READY;
		outgoing_look(s.out);
		presences_look(s.all);
	} else
		answer(str_of(what));
	must_commit(s.store);
}

static void play(const char *name, const char *story, const char *want)
{
	s.p = presence_new(s.all, &s.to);
	while (*story) {
		DEFER(text_free) char *what = str_dup((struct str){ story, strcspn(story, "|") });

		step(what);
		story += strlen(what);
		story += *story == '|';
	}
	ck_assert_msg(strcmp(buf_text(&s.c->log), want) == 0, "%s: %s", name, buf_text(&s.c->log));
	ck_assert_msg(s.c->open_n == 0, "%s: an act is open", name);
	ck_assert_msg(!s.p, "%s: the turn is not over", name);
}

/* ---- signs --------------------------------------------------------------- */

#define ON "typing C/i1 on"
#define OFF "typing C/i1 off"
#define MARK "react C/i1 👀"
#define GONE "react C/i1 -👀"
static const struct { const char *name; unsigned can; const char *story, *want; } signs[] = {
	{ "at once, and taken back", TYPING, "done|over|done", ON ", " OFF },
	{ "renewed in time", TYPING, "done|+7500|done|+7500|done|over|done", ON ", " ON ", " ON ", " OFF },
	{ "not before", TYPING, "done|+7499|nothing|over|done", ON ", " OFF },
	{ "the turn is over first", TYPING, "over|done|done", ON ", " OFF },
	{ "slow to be shown", TYPING, "+20000|done|done|over|done", ON ", " ON ", " OFF },
	{ "nobody is told twice", TYPING, "done|lost|ready|over|done", ON ", " OFF },
	{ "busy", TYPING, "busy|+3999|nothing|+1|done|over|done", ON ", " ON ", " OFF },
	{ "put off", TYPING, "again:9000|+8999|nothing|+1|done|over|done", ON ", " ON ", " OFF },
	{ "perhaps shown", TYPING, "network|over|done", ON ", " OFF },
	{ "cannot be taken back", TYPING, "done|over|busy|+60000", ON ", " OFF },
	{ "refused, without marks", TYPING, "permission|+60000|over", ON },
	{ "refused: a mark", TYPING | REACT, "permission|done|+60000|over|done", ON ", " MARK ", " GONE },
	{ "no such thing in this chat: a mark", TYPING | REACT, "missing|done|over|done", ON ", " MARK ", " GONE },
	{ "refused when it was renewed", TYPING | REACT, "done|+7500|input|done|over|done", ON ", " ON ", " MARK ", " GONE },
	{ "refused when all is over", TYPING | REACT, "over|input", ON },
	{ "busy is no refusal", TYPING | REACT, "busy|over|done", ON ", " OFF },
	{ "marks are refused as well", TYPING | REACT, "missing|missing|+60000|over", ON ", " MARK },
	{ "the mark is there already", TYPING | REACT, "missing|input|over|done", ON ", " MARK ", " GONE },
	{ "a mark alone", REACT, "done|over|done", MARK ", " GONE },
	{ "the turn is over before the mark is there", REACT, "over|done|done", MARK ", " GONE },
	{ "perhaps a mark", REACT, "network|over|done", MARK ", " GONE },
	{ "a mark after a wait", REACT, "busy|+4000|done|over|done", MARK ", " MARK ", " GONE },
	{ "a mark that stays at first", REACT, "done|over|busy|+4000|done|+60000", MARK ", " GONE ", " GONE },
	{ "a mark that is put off", REACT, "done|over|again:9000|+8999|nothing|+1|done", MARK ", " GONE ", " GONE },
	{ "a mark that stays", REACT, "done|over|busy|+4000|network|+4000|busy|+4000|busy|+60000",
	  MARK ", " GONE ", " GONE ", " GONE ", " GONE },
	{ "a mark that somebody took away", REACT, "done|over|missing|+60000", MARK ", " GONE },
	{ "the line is down first", REACT, "done|lost|over|+1000|ready|done", MARK ", " GONE },
	{ "a crash", REACT, "done|crash|input|over|done", MARK ", " MARK ", " GONE },
	{ "nothing to show it by", SEND, "+60000|over", "" },
};

START_TEST(somebody_is_seen_to_be_at_work)
{
	begin(signs[_i].can);
	play(signs[_i].name, signs[_i].story, signs[_i].want);
	finish();
}
END_TEST

START_TEST(typing_is_shown_in_its_thread)
{
	begin(TYPING);
	s.to.thread = "t";
	play("thread", "done|over|done", "typing C/t/i1 on, typing C/t/i1 off");
	finish();
}
END_TEST

START_TEST(nothing_is_shown_before_the_connection_stands)
{
	begin(TYPING);
	s.c->state = CONNECTION_STARTING;
	play("starting", "+1000|over", "");
	play("starting", "+1000|ready|done|over|done", ON ", " OFF);
	finish();
}
END_TEST

START_TEST(what_finds_no_room_is_shown_when_there_is_some)
{
	struct act_answer others = { .end = ACT_DONE };

	begin(REACT);
	s.c->room = 0;
	s.p = presence_new(s.all, &s.to);
	s.c->room = 1;
	ck_assert(!presences_acted(s.all, 0, &others));
	answer(STR("done"));
	s.c->room = 0;
	over();
	s.c->room = 1;
	ck_assert(!presences_acted(s.all, 99, &others));
	answer(STR("done"));
	ck_assert_str_eq(buf_text(&s.c->log), MARK ", " GONE);
	finish();
}
END_TEST

START_TEST(a_chat_in_which_typing_is_refused_is_not_asked_each_time)
{
	begin(TYPING | REACT);
	play("first", "permission|done|over|done", ON ", " MARK ", " GONE);
	buf_cut(&s.c->log, 0);
	play("second", "done|over|done", MARK ", " GONE);
	buf_cut(&s.c->log, 0);
	s.to.chat = "D";
	play("another", "done|over|done", "typing D/i1 on, typing D/i1 off");
	finish();
}
END_TEST

START_TEST(so_many_chats_are_remembered_and_no_more)
{
	char chat[16];

	begin(TYPING);
	s.to.chat = chat;
	for (int i = 0; i <= PLAIN_CHATS_MAX; i++) {
		snprintf(chat, sizeof chat, "C%d", i);
		s.p = presence_new(s.all, &s.to);
		answer(STR("input"));
		over();
	}
	buf_cut(&s.c->log, 0);
	snprintf(chat, sizeof chat, "C%d", 1);
	play("remembered", "over", "");
	snprintf(chat, sizeof chat, "C%d", 0);
	play("forgotten", "input|over", "typing C0/i1 on");
	finish();
}
END_TEST

START_TEST(two_turns_do_not_take_each_others_answers)
{
	struct presence *other;

	begin(REACT);
	s.p = presence_new(s.all, &s.to);
	s.to.id = "i2";
	other = presence_new(s.all, &s.to);
	over();
	answer(STR("missing"));			/* i1 is gone */
	answer(STR("done"));
	ck_assert_uint_eq(s.c->open_n, 0);
	presence_free(other);
	answer(STR("done"));
	ck_assert_str_eq(buf_text(&s.c->log), "react C/i1 👀, react C/i2 👀, react C/i2 -👀");
	presence_free(NULL);
	finish();
}
END_TEST

/* ---- the answer ---------------------------------------------------------- */

static const struct { const char *name; unsigned can; const char *story, *want; } answers[] = {
	{ "a short one is sent once", STREAM, "says Hi|+999|answers Hi!|done:m1|+60000", "send C Hi!" },
	{ "a long one grows", STREAM, "says He|+500|says llo|+500|done:m1|says  there|+1000|done|answers Hello there!|done",
	  "send C Hello, edit C/m1 Hello there, edit C/m1 Hello there!" },
	{ "the last words were shown", STREAM, "says Hello|+1000|done:m1|answers Hello|+60000", "send C Hello" },
	{ "silence changes nothing", STREAM, "says Hello|+1000|done:m1|+60000|says !|+1000|done|answers Hello!",
	  "send C Hello, edit C/m1 Hello!" },
	{ "what is no news is none", STREAM, "says Hello|+1000|done:m1|says  |+1000|rest|answers Hello", "send C Hello" },
	{ "after the end nothing grows", STREAM, "says Hel|ends Hello|says !|done:m1|rest|+5000|over", "send C Hello" },
	{ "blanks say nothing", STREAM, "says  |+1000|says \n|+5000|says x|+1000|done:m1|answers x", "send C x" },
	{ "its first message is slow", STREAM, "says a|+1000|says b|+1000|says c|+5000|done:m1|+999|+1|done|answers abc|+60000",
	  "send C a, edit C/m1 abc" },
	{ "its first message is slower still", STREAM, "says a|+1000|says b|+1000|answers abc|+5000|done:m1|done",
	  "send C a, edit C/m1 abc" },
	{ "no more than the first message grows", STREAM,
	  "says one two three four five six seven eight nine ten|+1000|done:m1|says  eleven twelve|rest|+5000|"
	  "answers one two three four five six seven eight nine ten eleven twelve|done:m2|+5000",
	  "send C one two three four five six seven eight, send C nine ten eleven twelve" },
	{ "begun anew", STREAM, "says Wrong|+1000|done:m1|replaced|says Right|+1000|done|answers Right.|done",
	  "send C Wrong, edit C/m1 Right, edit C/m1 Right." },
	{ "begun anew, and nothing said", STREAM, "says Wrong|+1000|done:m1|says !|replaced|+5000|answers Sorry|done",
	  "send C Wrong, edit C/m1 Sorry" },
	{ "begun anew after a long one", STREAM, "says one two three four five six seven eight nine ten|+1000|done:m1|replaced|"
	  "says short|+1000|done|answers short", "send C one two three four five six seven eight, edit C/m1 short" },
	{ "stopped", STREAM, "says Hel|+1000|done:m1|says lo|answers Stopped.|done|+60000", "send C Hel, edit C/m1 Stopped." },
	{ "a crash while it grows", STREAM | REPLY, "says Hel|+1000|done:m1|crash|says Hello|+1000|done|answers Hello!|done",
	  "send C Hel, edit C/m1 Hello, edit C/m1 Hello!" },
	{ "the first message is refused", STREAM, "says Hel|+1000|input|says lo|+1000|answers Hello|done:m1",
	  "send C Hel, send C Hello" },
	{ "the first message was deleted", STREAM, "says Hel|+1000|done:m1|says lo|+1000|missing|done:m2|answers Hello!|done",
	  "send C Hel, edit C/m1 Hello, send C Hello, edit C/m2 Hello!" },
	{ "the line is down while it grows", STREAM, "says Hel|lost|+1000|says lo|+1000|answers Hello|ready|done:m1",
	  "send C Hello" },
	{ "a channel that does not edit", SEND, "says Hel|+5000|answers Hello|done:m1", "send C Hello" },
	{ "typing goes on to the end", STREAM | TYPING, "says Hel|done|+1000|done:m1|answers Hello|done|done",
	  "typing C/i1 on, send C Hel, edit C/m1 Hello, typing C/i1 off" },
};

START_TEST(an_answer_is_seen_to_grow_and_is_what_was_answered)
{
	begin(answers[_i].can);
	play(answers[_i].name, answers[_i].story, answers[_i].want);
	ck_assert_int_eq(count(s.store, "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'failed')"), 0);
	finish();
}
END_TEST

START_TEST(a_command_has_its_answer_and_nothing_before_it)
{
	begin(STREAM | REPLY | TYPING | REACT);
	s.to.handle = "h";
	play("command", "says Hel|+5000|answers Hello|done", "reply C/h Hello");
	finish();
}
END_TEST

START_TEST(an_answer_that_comes_fast_is_not_edited_more_often_than_it_may)
{
	static char said[602] = { [600] = '.' };

	begin(STREAM);
	s.c->manifest.text_form.max = 4000;
	s.p = presence_new(s.all, &s.to);
	for (int i = 0; i < 600; i++) {
		presence_delta(s.p, s.turn, "x");
		said[i] = 'x';
		pass(&s.loop, s.store, 10);
		if (s.c->open_n)
			answer(STR("done:m1"));
	}
	turn_answers(said);
	answer(STR("done"));
	ck_assert_uint_eq(s.c->last_ref, 7);
	ck_assert_int_eq(count(s.store, "SELECT count(*) FROM outbox WHERE state = 'sent' AND length(text) = 601"), 1);
	finish();
}
END_TEST

START_TEST(an_answer_is_in_the_marks_of_the_service_and_in_pieces_that_fit)
{
	begin(SEND);
	s.c->manifest.text_form = (typeof(s.c->manifest.text_form)){ 14, UNIT_UTF16, MARKS_MRKDWN };
	play("marks", "answers **Bold** and 1 < 2 <!here>|done|done|done", "send C *Bold* and 1, send C &lt; 2,"
	     " send C &lt;!here&gt;");
	finish();
}
END_TEST

START_TEST(an_answer_of_nothing_but_marks_is_sent_as_it_is)
{
	begin(SEND);
	play("marks", "answers <!-- -->|done", "send C <!-- -->");
	finish();
}
END_TEST

START_TEST(nothing_of_a_turn_stays)
{
	int64_t early = 0;

	begin(REACT);
	for (int i = 0; i < 400; i++) {
		buf_cut(&s.c->log, 0);
		play("one of many", i % 2 ? "over|done|done" : "busy|+4000|done|over|busy|+4000|done",
		     i % 2 ? MARK ", " GONE : MARK ", " MARK ", " GONE ", " GONE);
		if (i == 100)
			early = (int64_t)mallinfo2().uordblks;
	}
	ck_assert_int_le((int64_t)mallinfo2().uordblks - early, 8192);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("presence");
	TCase *t = tcase_create("presence");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, somebody_is_seen_to_be_at_work, 0, COUNT(signs));
	tcase_add_test(t, typing_is_shown_in_its_thread);
	tcase_add_test(t, nothing_is_shown_before_the_connection_stands);
	tcase_add_test(t, what_finds_no_room_is_shown_when_there_is_some);
	tcase_add_test(t, a_chat_in_which_typing_is_refused_is_not_asked_each_time);
	tcase_add_test(t, so_many_chats_are_remembered_and_no_more);
	tcase_add_test(t, two_turns_do_not_take_each_others_answers);
	tcase_add_loop_test(t, an_answer_is_seen_to_grow_and_is_what_was_answered, 0, COUNT(answers));
	tcase_add_test(t, a_command_has_its_answer_and_nothing_before_it);
	tcase_add_test(t, an_answer_that_comes_fast_is_not_edited_more_often_than_it_may);
	tcase_add_test(t, an_answer_is_in_the_marks_of_the_service_and_in_pieces_that_fit);
	tcase_add_test(t, an_answer_of_nothing_but_marks_is_sent_as_it_is);
	tcase_add_test(t, nothing_of_a_turn_stays);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
