/* test_intake.c - who is heard, what is meant for us, and what becomes of it. */
#include "fixture.h"
#include "intake.h"
#include "limits.h"
#include "store/conversation.h"
#include <check.h>

static const char people[] =
	"name Chela\nmodel offline = offline\nuse offline\nchannel work = slack\nchannel open = slack\n"
	"owner U1 on work\nguest U2 on work\nguest * on open\n";

static struct conf *conf;
static struct store *store;

static void set_up(void)
{
	const char *why = conf_parse(str_of(people), "assistant.conf", &conf);

	ck_assert_msg(!why, "%s", why);
	store = new_store();
}

static void tear_down(void)
{
	conf_free(conf);
	store_close(store);
}

static enum intake come(const char *channel, enum inbound_kind kind, const char *json, const char **ret_text)
{
	DEFER(json_drop) cJSON *what = parsed(json);
	struct intake_result r;

	intake(store, conf, channel, kind, what, &r);
	if (ret_text)
		*ret_text = r.text;
	intake_free(&r);
	return r.what;
}

static const struct {
	const char *name, *json;
	enum inbound_kind kind;
	enum intake becomes;
	int64_t rows;
} cases[] = {
	{ "an owner alone with us", "{'chat':'D1','from':'U1','id':'1','text':'hi','dm':true}", INBOUND_MESSAGE, INTAKE_ROW, 1 },
	{ "a guest who mentions us", "{'chat':'C1','thread':'1','from':'U2','id':'1','text':'hi','mentioned':true}",
	  INBOUND_MESSAGE, INTAKE_ROW, 1 },
	{ "an owner who talks to others", "{'chat':'C1','thread':'1','from':'U1','id':'1','text':'hi'}",
	  INBOUND_MESSAGE, INTAKE_NOTHING, 0 },
	{ "an owner who says stop to others", "{'chat':'C1','thread':'1','from':'U1','id':'1','text':'stop'}",
	  INBOUND_MESSAGE, INTAKE_NOTHING, 0 },
	{ "a stranger alone with us", "{'chat':'D1','from':'U3','id':'1','text':'hi','dm':true}", INBOUND_MESSAGE,
	  INTAKE_ANSWER, 0 },
	{ "a stranger who says stop", "{'chat':'D1','from':'U3','id':'1','text':'stop','dm':true}", INBOUND_MESSAGE,
	  INTAKE_ANSWER, 0 },
	{ "a stranger who talks to others", "{'chat':'C1','from':'U3','id':'1','text':'hi'}", INBOUND_MESSAGE,
	  INTAKE_NOTHING, 0 },
	{ "stop", "{'chat':'D1','from':'U1','id':'1','text':' Stop! ','dm':true}", INBOUND_MESSAGE, INTAKE_STOP, 0 },
	{ "stop with a slash", "{'chat':'D1','from':'U2','id':'1','text':'/stop','dm':true}", INBOUND_MESSAGE, INTAKE_STOP, 0 },
	{ "stop within a sentence", "{'chat':'D1','from':'U1','id':'1','text':'stop the bus','dm':true}", INBOUND_MESSAGE,
	  INTAKE_ROW, 1 },
	{ "new conversation", "{'chat':'D1','from':'U2','id':'1','text':'New conversation','dm':true}", INBOUND_MESSAGE,
	  INTAKE_NEW, 0 },
	{ "new alone is a word", "{'chat':'D1','from':'U1','id':'1','text':'new','dm':true}", INBOUND_MESSAGE, INTAKE_ROW, 1 },
	{ "an owner asks for the status", "{'chat':'D1','from':'U1','id':'1','text':'status','dm':true}", INBOUND_MESSAGE,
	  INTAKE_STATUS, 0 },
	{ "a guest asks for the status", "{'chat':'D1','from':'U2','id':'1','text':'status','dm':true}", INBOUND_MESSAGE,
	  INTAKE_ANSWER, 0 },
	{ "an owner asks for the status where others read", "{'chat':'C1','from':'U1','id':'1','text':'status','mentioned':true}",
	  INBOUND_MESSAGE, INTAKE_ANSWER, 0 },
	{ "an owner asks for the status by a command", "{'chat':'C1','from':'U1','id':'1','name':'/c','text':'status','handle':'h'}",
	  INBOUND_COMMAND, INTAKE_STATUS, 0 },
	{ "which model", "{'chat':'D1','from':'U2','id':'1','text':'Which model?','dm':true}", INBOUND_MESSAGE, INTAKE_MODEL, 0 },
	{ "a command with a word of ours", "{'chat':'C1','from':'U1','id':'t1','name':'/chela','text':'new','handle':'h'}",
	  INBOUND_COMMAND, INTAKE_NEW, 0 },
	{ "a command with a question", "{'chat':'C1','from':'U1','id':'t1','name':'/chela','text':'what is due'}",
	  INBOUND_COMMAND, INTAKE_ROW, 1 },
	{ "a command without a word", "{'chat':'C1','from':'U1','id':'t1','name':'/chela','text':' '}", INBOUND_COMMAND,
	  INTAKE_ANSWER, 0 },
	{ "a stranger's command", "{'chat':'C1','from':'U3','id':'t1','name':'/chela','text':'status'}", INBOUND_COMMAND,
	  INTAKE_ANSWER, 0 },
	{ "a reaction", "{'chat':'C1','from':'U1','of':'1','mark':'x'}", INBOUND_REACTION, INTAKE_NOTHING, 0 },
	{ "an edit of what never came", "{'chat':'C1','from':'U1','of':'1','text':'x','version':'2'}", INBOUND_EDIT,
	  INTAKE_NOTHING, 0 },
	{ "a delete by nobody", "{'chat':'C1','of':'1'}", INBOUND_DELETE, INTAKE_NOTHING, 0 },
};

static char *quoted(const char *text)
{
	char *json = text_dup(text);

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	return json;
}

START_TEST(each_becomes_what_it_is)
{
	DEFER(text_free) char *json = quoted(cases[_i].json);
	enum intake what = come("work", cases[_i].kind, json, NULL);

	ck_assert_msg(what == cases[_i].becomes, "%s: %d", cases[_i].name, what);
	ck_assert_msg(inbox_waiting(store) == cases[_i].rows, "%s", cases[_i].name);
}
END_TEST

START_TEST(what_comes_twice_is_heard_once)
{
	DEFER(text_free) char *json = quoted(cases[_i].json);
	int64_t rows;

	come("work", cases[_i].kind, json, NULL);
	rows = inbox_waiting(store);
	ck_assert_msg(come("work", cases[_i].kind, json, NULL) == INTAKE_NOTHING, "%s", cases[_i].name);
	ck_assert_int_eq(inbox_waiting(store), rows);
}
END_TEST

START_TEST(nothing_a_stranger_said_is_kept)
{
	come("work", INBOUND_MESSAGE, "{\"chat\":\"D1\",\"from\":\"U3\",\"id\":\"1\",\"text\":\"xyzzy\",\"dm\":true}", NULL);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM inbox"), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM conversation"), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM stranger WHERE sender = 'U3'"), 1);
}
END_TEST

START_TEST(a_thread_in_which_we_answered_needs_no_mention)
{
	const char *more = "{\"chat\":\"C1\",\"thread\":\"1\",\"from\":\"U1\",\"id\":\"2\",\"text\":\"and?\"}";

	come("work", INBOUND_MESSAGE, "{\"chat\":\"C1\",\"thread\":\"1\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"hi\","
	     "\"mentioned\":true}", NULL);
	ck_assert_int_eq(come("work", INBOUND_MESSAGE, more, NULL), INTAKE_ROW);
	ck_assert_int_eq(come("open", INBOUND_MESSAGE, more, NULL), INTAKE_NOTHING);
}
END_TEST

START_TEST(a_command_does_not_make_us_listen_to_the_whole_chat)
{
	come("work", INBOUND_COMMAND, "{\"chat\":\"C1\",\"from\":\"U1\",\"id\":\"t\",\"name\":\"/c\",\"text\":\"what is due\"}", NULL);
	ck_assert_int_eq(come("work", INBOUND_MESSAGE, "{\"chat\":\"C1\",\"from\":\"U1\",\"id\":\"2\",\"text\":\"lunch?\"}", NULL),
			 INTAKE_NOTHING);
}
END_TEST

START_TEST(an_owner_is_the_person_at_the_terminal_and_a_guest_is_not)
{
	struct inbound in;

	come("work", INBOUND_MESSAGE, "{\"chat\":\"D1\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"a\",\"dm\":true}", NULL);
	ck_assert(inbox_next(store, "work", "D1", "", &in));
	ck_assert_str_eq(in.person, "owner");
	inbound_free(&in);
	come("open", INBOUND_MESSAGE, "{\"chat\":\"D2\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"a\",\"dm\":true}", NULL);
	ck_assert(inbox_next(store, "open", "D2", "", &in));
	ck_assert_str_eq(in.person, "open:U1");
	inbound_free(&in);
}
END_TEST

static enum intake nth(int n, const char *chat, const char **ret_text)
{
	DEFER(text_free) char *json = text_fmt("{\"chat\":\"%s\",\"from\":\"U1\",\"id\":\"%d\",\"text\":\"a\",\"dm\":true}", chat, n);

	return come("work", INBOUND_MESSAGE, json, ret_text);
}

START_TEST(a_chat_that_is_full_says_so_and_others_go_on)
{
	const char *text = NULL;

	for (int i = 0; i < CHAT_WAITING_MAX; i++)
		ck_assert_int_eq(nth(i, "D1", NULL), INTAKE_ROW);
	ck_assert_int_eq(nth(1000, "D1", &text), INTAKE_ANSWER);
	ck_assert_ptr_nonnull(strstr(text, "Too many"));
	ck_assert_int_eq(nth(1000, "D1", NULL), INTAKE_NOTHING);
	ck_assert_int_eq(nth(1000, "D2", NULL), INTAKE_ROW);
	ck_assert_int_eq(inbox_waiting(store), CHAT_WAITING_MAX + 1);
}
END_TEST

START_TEST(one_guest_does_not_fill_all_the_room)
{
	const char *text = NULL;

	for (int i = 0; i <= PERSON_WAITING_MAX; i++) {
		DEFER(text_free) char *json = text_fmt("{\"chat\":\"C%d\",\"from\":\"U2\",\"id\":\"1\",\"text\":\"a\",\"dm\":true}", i);

		ck_assert_int_eq(come("work", INBOUND_MESSAGE, json, &text), i < PERSON_WAITING_MAX ? INTAKE_ROW : INTAKE_ANSWER);
	}
	ck_assert_ptr_nonnull(strstr(text, "Too many"));
	ck_assert_int_eq(nth(1, "D1", NULL), INTAKE_ROW);
}
END_TEST

START_TEST(what_is_too_long_is_not_taken)
{
	struct buf b = buf_new(2 * LINE_IN_MAX);
	const char *text = NULL;

	buf_adds(&b, "{\"chat\":\"D1\",\"from\":\"U1\",\"id\":\"1\",\"dm\":true,\"text\":\"");
	for (int i = 0; i <= LINE_IN_MAX; i++)
		buf_adds(&b, "a");
	buf_adds(&b, "\"}");
	ck_assert_int_eq(come("work", INBOUND_MESSAGE, buf_text(&b), &text), INTAKE_ANSWER);
	ck_assert_ptr_nonnull(strstr(text, "longer"));
	ck_assert_int_eq(inbox_waiting(store), 0);
	ck_assert_int_eq(count(store, "SELECT sum(length(text)) FROM inbox"), 0);
	buf_free(&b);
}
END_TEST

START_TEST(a_message_that_waits_is_answered_as_it_was_last_written)
{
	struct inbound in;

	come("work", INBOUND_MESSAGE, "{\"chat\":\"D1\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"teh\",\"dm\":true}", NULL);
	come("work", INBOUND_EDIT, "{\"chat\":\"D1\",\"from\":\"U1\",\"of\":\"1\",\"text\":\"the\",\"version\":\"2\"}", NULL);
	ck_assert(inbox_next(store, NULL, NULL, NULL, &in));
	ck_assert_str_eq(in.text, "the");
	inbound_free(&in);
	come("work", INBOUND_DELETE, "{\"chat\":\"D1\",\"of\":\"1\"}", NULL);
	ck_assert(!inbox_next(store, NULL, NULL, NULL, &in));
}
END_TEST

START_TEST(nobody_changes_what_somebody_else_said)
{
	struct inbound in;

	come("work", INBOUND_MESSAGE, "{\"chat\":\"C1\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"a\",\"mentioned\":true}", NULL);
	come("work", INBOUND_EDIT, "{\"chat\":\"C1\",\"from\":\"U2\",\"of\":\"1\",\"text\":\"b\",\"version\":\"2\"}", NULL);
	ck_assert(inbox_next(store, NULL, NULL, NULL, &in));
	ck_assert_str_eq(in.text, "a");
	inbound_free(&in);
}
END_TEST

static const struct { const char *name, *json; enum inbound_kind kind; bool shared; const char *thread; } rooms[] = {
	{ "alone with us", "{'chat':'D1','from':'U1','id':'1','text':'a','dm':true}", INBOUND_MESSAGE, false, "" },
	{ "in a chat of several", "{'chat':'C1','from':'U1','id':'1','text':'a','mentioned':true}", INBOUND_MESSAGE, true, "" },
	{ "in a thread", "{'chat':'C1','thread':'7','from':'U2','id':'1','text':'a','mentioned':true,'dm':false}", INBOUND_MESSAGE, true, "7" },
	{ "a command among others", "{'chat':'C1','thread':'7','from':'U2','id':'1','name':'/c','text':'a','handle':'h','dm':false}",
	  INBOUND_COMMAND, false, "private to U2" },
	{ "a command that is answered for all to read", "{'chat':'C1','from':'U2','id':'1','name':'/c','text':'a','dm':false}",
	  INBOUND_COMMAND, true, "" },
	{ "a command alone with us", "{'chat':'D1','from':'U2','id':'1','name':'/c','text':'a','handle':'h','dm':true}",
	  INBOUND_COMMAND, false, "" },
};

START_TEST(who_reads_along_is_known)
{
	DEFER(text_free) char *json = quoted(rooms[_i].json);
	struct inbound in;

	ck_assert_int_eq(come("work", rooms[_i].kind, json, NULL), INTAKE_ROW);
	ck_assert(inbox_next(store, NULL, NULL, NULL, &in));
	ck_assert_msg(in.shared == rooms[_i].shared && strcmp(in.thread, rooms[_i].thread) == 0, "%s: %s", rooms[_i].name, in.thread);
	ck_assert(is_private(in.thread) == (strcmp(rooms[_i].thread, "private to U2") == 0));
	inbound_free(&in);
}
END_TEST

START_TEST(a_stranger_changes_nothing)
{
	struct inbound in;

	come("work", INBOUND_MESSAGE, "{\"chat\":\"C1\",\"from\":\"U1\",\"id\":\"1\",\"text\":\"a\",\"dm\":true}", NULL);
	come("work", INBOUND_EDIT, "{\"chat\":\"C1\",\"from\":\"U3\",\"of\":\"1\",\"text\":\"b\",\"version\":\"2\"}", NULL);
	ck_assert(inbox_next(store, NULL, NULL, NULL, &in));
	ck_assert_str_eq(in.text, "a");
	inbound_free(&in);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intake");
	TCase *t = tcase_create("intake");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, each_becomes_what_it_is, 0, COUNT(cases));
	tcase_add_loop_test(t, what_comes_twice_is_heard_once, 0, COUNT(cases));
	tcase_add_test(t, nothing_a_stranger_said_is_kept);
	tcase_add_test(t, a_thread_in_which_we_answered_needs_no_mention);
	tcase_add_test(t, a_command_does_not_make_us_listen_to_the_whole_chat);
	tcase_add_test(t, an_owner_is_the_person_at_the_terminal_and_a_guest_is_not);
	tcase_add_test(t, a_chat_that_is_full_says_so_and_others_go_on);
	tcase_add_test(t, one_guest_does_not_fill_all_the_room);
	tcase_add_test(t, what_is_too_long_is_not_taken);
	tcase_add_test(t, a_message_that_waits_is_answered_as_it_was_last_written);
	tcase_add_test(t, a_stranger_changes_nothing);
	tcase_add_test(t, nobody_changes_what_somebody_else_said);
	tcase_add_loop_test(t, who_reads_along_is_known, 0, COUNT(rooms));
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
