/* test_turn.c - from an inbox row to an outbox row, with a real store, broker and adapter:
 * what the model is shown, what the person sees, what is durable when, and what becomes of
 * it when something fails. */
#include "file.h"
#include "history.h"
#include "limits.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/inbox.h"
#include "store/note.h"
#include "store/outbox.h"
#include "talk.h"
#include "turn.h"

static struct conf *conf;
static struct instance instance;

static struct loop *loop;
static struct store *store;
static struct secrets *secrets;
static struct broker *broker;
static struct integration *models[2];
static struct agent *agent;

static struct person {
	struct turn_owner owner;
	struct buf shown;
	int replaced, ended;
	int64_t row;
	struct buf tools;
	void (*on_tool)(struct turn *t);	/* what happens when a call is about to run */
	struct turn *turn;
} person;

/* ---- the person ---------------------------------------------------------- */

static void delta(struct turn_owner *o, const char *text)
{
	(void)o;
	buf_adds(&person.shown, text);
}

static void replaced(struct turn_owner *o)
{
	(void)o;
	person.replaced++;
	buf_cut(&person.shown, 0);
}

static void tool(struct turn_owner *o, const char *name)
{
	(void)o;
	buf_addf(&person.tools, "%s ", name);
	if (person.on_tool)
		person.on_tool(person.turn);
}

static int64_t put_answer(struct turn_owner *o, int64_t turn, const char *text)
{
	(void)o;
	return outbox_add(store, "terminal", "terminal", "", text, turn);
}

static void ended(struct turn_owner *o, int64_t row)
{
	(void)o;
	person.ended++;
	person.row = row;
}

/* The machine, which can lose its power when something becomes durable. */
static struct power {
	int left;			/* commits that still go well; -1: all do */
	bool durable;			/* the one at which it is lost still counts */
	bool lost;
} power = { .left = -1 };

static enum err commit(void *s)
{
	bool writes = !sqlite3_get_autocommit(store_db(s));

	if (power.lost) {
		store_rollback(s);
		return ERR_SYSTEM;
	}
	if (!writes || power.left < 0 || power.left-- > 0)
		return store_commit(s);
	power.lost = true;
	if (!power.durable || store_commit(s) != OK)
		store_rollback(s);
	return ERR_SYSTEM;
}

static void begin(void)
{
	folder_make();
	loop = loop_new();
	store = new_store();
	loop_at_end(loop, commit, store);
	service_open(loop);
	secrets = secrets_open(folder);
	broker = broker_new(loop, secrets);
	conf = configure("price one m-1 in 5 out 25 USD\nlimit steps 4\nallow read,write,delete on core\n"
			 "never write on core\n");
	conf->rules[1].effects = 0;	/* the "never" is for those who want it */
	models[0] = talker(conf, "one");
	models[1] = talker(conf, "two");
	instance = (struct instance){ .dir = folder, .conf = conf, .lock = -1 };
	person = (struct person){ .owner = { delta, replaced, tool, put_answer, ended }, .shown = buf_new(1 << 20),
				   .tools = buf_new(10000) };
	agent = NULL;
}

static void finish(void)
{
	agent_free(agent);
	buf_free(&person.shown);
	buf_free(&person.tools);
	integration_free(models[0]);
	integration_free(models[1]);
	conf_free(conf);
	broker_free(broker);
	secrets_free(secrets);
	service_close();
	store_close(store);
	loop_free(loop);
}

static void use(size_t models_n)
{
	agent_free(agent);
	agent = agent_new(&(struct agent_parts){ .loop = loop, .store = store, .broker = broker, .instance = &instance,
			  .models = models, .models_n = models_n, .again_ms = 1 });
}

/* ---- saying something ---------------------------------------------------- */

static struct turn *say(const char *text)
{
	static int id;
	char name[16];
	struct inbound in = { .connection = "terminal", .chat = "terminal", .thread = "", .kind = "message", .id = name,
			      .version = "", .sender = "ann", .text = text, .person = "ann", .handle = "" };

	snprintf(name, sizeof name, "%d", ++id);
	if (!agent)
		use(1);
	in.row = inbox_add(store, &in);
	person.ended = 0;
	person.turn = turn_new(agent, &in, &person.owner);
	return person.turn;
}

static void until_ended(struct turn *t)
{
	while (!person.ended)
		loop_once(loop);
	ck_assert_int_eq(person.ended, 1);
	turn_free(t);
}

static void until_asked(size_t n)
{
	while (service.asked_n < n)
		loop_once(loop);
}

/* The text of the last outbox row, which must be what was shown; until the next. */
static const char *answer(void)
{
	static char *text;

	text_free(&text);
	store_get(store, row_to_text, &text, "SELECT text FROM outbox WHERE row = ?", "i", person.row);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(buf_text(&person.shown), text);
	return text;
}

static const char *hear(const char *text)
{
	buf_cut(&person.shown, 0);
	until_ended(say(text));
	return answer();
}

static void must_hold(const char *text, const char *piece)
{
	ck_assert_msg(strstr(text, piece) != NULL, "\"%s\" is not in: %s", piece, text);
}

static void must_not_hold(const char *text, const char *piece)
{
	ck_assert_msg(strstr(text, piece) == NULL, "\"%s\" is in: %s", piece, text);
}

/* What the service was shown at its n-th question, as text; until the next. */
static const char *shown(size_t n)
{
	static char *text;

	ck_assert_int_lt(n, service.asked_n);
	text_free(&text);
	text = json_print(service.asked[n]);
	return text;
}

/* Everything is over and done with. */
static void all_closed(const char *state)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM turn WHERE state <> '%s'", state);
	ck_assert_int_eq(count(store, sql), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM inbox WHERE state <> 'done'"), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM call WHERE ended IS NULL"), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM turn") - count(store, "SELECT count(*) FROM outbox"), 0);
}

#define RESULT(stop, text, more) "{\"result\":{\"stop\":\"" stop "\",\"text\":\"" text "\",\"calls\":[" more "]}}"
#define CALL(id, name, args) "{\"id\":\"" id "\",\"name\":\"" name "\",\"args\":" args "}"
#define REMEMBER(id) CALL(id, "remember", "{\"text\":\"tea, no sugar\"}")

/* ---- plain answers ------------------------------------------------------- */

static const struct {
	const char *name, *answer, *want;	/* what the person sees holds this */
	int replaced;
} plain[] = {
	{ "an end", RESULT("end", "Hello.", ""), "Hello.", 0 },
	{ "an end that was shown", "{\"delta\":\"Hel\"}\n{\"delta\":\"lo.\"}\n" RESULT("end", "Hello.", ""), "Hello.", 0 },
	{ "of which a part was shown", "{\"delta\":\"Hel\"}\n" RESULT("end", "Hello.", ""), "Hello.", 0 },
	{ "what was shown was another text", "{\"delta\":\"Bye.\"}\n" RESULT("end", "Hello.", ""), "Hello.", 1 },
	{ "more was shown than is true", "{\"delta\":\"Hello. Bye.\"}\n" RESULT("end", "Hello.", ""), "Hello.", 1 },
	{ "of a kind that has no name", RESULT("other", "Hello.", ""), "Hello.", 0 },
	{ "cut off", RESULT("length", "Hello, and", ""), "Hello, and\n\n(The answer was cut off", 0 },
	{ "cut off before anything was said", RESULT("length", "", ""), "(The answer was cut off", 0 },
	{ "a refusal", RESULT("refusal", "", ""), "declined", 0 },
	{ "a refusal with words", RESULT("refusal", "No.", ""), "No.\n\n(The model declined", 0 },
	{ "nothing", RESULT("end", "", ""), "empty answer", 0 },
};

START_TEST(the_person_sees_what_the_outbox_holds)
{
	LAY(plain[_i].answer);
	must_hold(hear("hello"), plain[_i].want);
	ck_assert_msg(person.replaced == plain[_i].replaced, "%s: %d", plain[_i].name, person.replaced);
	all_closed("done");
}
END_TEST

START_TEST(the_next_turn_is_shown_the_same_bytes_and_more)
{
	DEFER(text_free) char *first = NULL;
	size_t n;

	LAY(RESULT("calls", "", REMEMBER("a")), RESULT("end", "Noted.", ""), RESULT("end", "Tea.", ""),
	    RESULT("end", "No sugar.", ""));
	hear("I take tea without sugar");
	hear("what do I drink?");
	first = text_dup(shown(2));
	hear("and how?");
	n = strlen(first) - strlen("]}}");
	ck_assert_msg(!strncmp(first, shown(3), n), "%s\n%s", first, shown(3));
}
END_TEST

START_TEST(a_persona_is_read_again_when_it_changes)
{
	LAY(RESULT("end", "x", ""), RESULT("end", "x", ""), RESULT("end", "x", ""));
	hear("one");
	must_not_hold(shown(0), "pirate");
	ck_assert_int_eq(file_write(in_folder("persona.md"), STR("Talk like a pirate."), 0600), OK);
	hear("two");
	must_hold(shown(1), "Talk like a pirate.");
	ck_assert_int_eq(remove(in_folder("persona.md")), 0);
	hear("three");
	must_not_hold(shown(2), "pirate.");
}
END_TEST

START_TEST(raw_goes_back_to_the_adapter_that_made_it)
{
	LAY("{\"result\":{\"stop\":\"end\",\"text\":\"x\",\"calls\":[],\"raw\":{\"sig\":\"abc\"}}}", RESULT("end", "y", ""));
	hear("one");
	hear("two");
	ck_assert(json_is(service.asked[1], "/turn/messages/1/raw/sig", "abc"));
}
END_TEST

START_TEST(what_it_cost_is_kept)
{
	struct totals t;

	LAY("{\"result\":{\"stop\":\"end\",\"text\":\"x\",\"calls\":[],\"usage\":{\"in\":1000,\"out\":200}}}",
	    RESULT("end", "y", ""));
	hear("hello");
	t = usage_totals(store);
	ck_assert_int_eq(t.micros, 10000);
	ck_assert_int_eq(t.in, 1000);
	ck_assert_int_eq(t.out, 200);
	ck_assert_int_eq(t.unpriced, 0);
	hear("hello");
	t = usage_totals(store);
	ck_assert_int_eq(t.micros, 10000);
	ck_assert_int_eq(t.unpriced, 1);
	ck_assert_int_gt(t.in, 1000);
}
END_TEST

/* ---- calls --------------------------------------------------------------- */

static const struct {
	const char *name, *calls;
	unsigned never;			/* effects that are forbidden */
	int notes;
	const char *result;		/* the model is shown a tool message that holds this */
	bool error;
} calls[] = {
	{ "a note", REMEMBER("a"), 0, 1, "Kept", false },
	{ "two notes", REMEMBER("a") "," REMEMBER("b"), 0, 2, "Kept", false },
	{ "a tool that is not there", CALL("a", "launch", "{}"), 0, 0, "no tool", true },
	{ "an argument is missing", CALL("a", "remember", "{}"), 0, 0, "text", true },
	{ "an argument of another type", CALL("a", "remember", "{\"text\":7}"), 0, 0, "text", true },
	{ "an argument that is not there", CALL("a", "now", "{\"zone\":\"x\"}"), 0, 0, "zone", true },
	{ "what the owner forbids", REMEMBER("a"), EFFECT_WRITE, 0, "never write on core", true },
	{ "one of two is wrong", CALL("a", "launch", "{}") "," REMEMBER("b"), 0, 1, "no tool", true },
};

START_TEST(a_call_runs_or_the_model_is_told_why_not)
{
	DEFER(buf_free) struct buf script = buf_new(10000);
	DEFER(json_drop) cJSON *notes = NULL;
	const cJSON *result;

	conf->rules[1].effects = calls[_i].never;
	buf_addf(&script, "{\"result\":{\"stop\":\"calls\",\"text\":\"Wait.\",\"calls\":[%s]}}", calls[_i].calls);
	LAY(buf_text(&script), RESULT("end", "Done.", ""));
	ck_assert_str_eq(hear("please"), "Wait.\n\nDone.");
	notes = note_find(store, "ann", NULL, 10);
	ck_assert_msg(json_count(notes) == calls[_i].notes, "%s", calls[_i].name);
	ck_assert_int_eq(service.asked_n, 2);
	result = json_at(service.asked[1], "/turn/messages/2");
	ck_assert_msg(json_is(result, "/role", "tool") && json_is(result, "/id", "a"), "%s: %s", calls[_i].name, shown(1));
	must_hold(json_text(result, "/text"), calls[_i].result);
	ck_assert_msg(json_true(result, "/error") == calls[_i].error, "%s", calls[_i].name);
	all_closed("done");
}
END_TEST

START_TEST(what_is_forbidden_is_written_down_too)
{
	conf->rules[1].effects = EFFECT_WRITE;
	LAY(RESULT("calls", "", REMEMBER("a")), RESULT("end", "No.", ""));
	hear("please");
	ck_assert_int_eq(audit_rows(store), 1);
}
END_TEST

START_TEST(text_before_and_after_a_call_is_one_answer)
{
	LAY("{\"delta\":\"Let me see.\"}\n" RESULT("calls", "Let me see.", CALL("a", "now", "{}")),
	    "{\"delta\":\"Noon.\"}\n" RESULT("end", "Noon.", ""));
	ck_assert_str_eq(hear("what time is it?"), "Let me see.\n\nNoon.");
	ck_assert_str_eq(buf_text(&person.tools), "now ");
	ck_assert_int_eq(person.replaced, 0);
}
END_TEST

START_TEST(too_many_calls_at_once_are_not_run)
{
	DEFER(buf_free) struct buf script = buf_new(100000);

	buf_adds(&script, "{\"result\":{\"stop\":\"calls\",\"text\":\"\",\"calls\":[");
	for (int i = 0; i < CALLS_PER_STEP_MAX + 3; i++)
		buf_addf(&script, "%s{\"id\":\"c%d\",\"name\":\"now\",\"args\":{}}", i ? "," : "", i);
	buf_adds(&script, "]}}");
	LAY(buf_text(&script), RESULT("end", "Done.", ""));
	hear("please");
	ck_assert_int_eq(count(store, "SELECT count(*) FROM call"), CALLS_PER_STEP_MAX);
	ck_assert_int_eq(json_count(json_at(service.asked[1], "/turn/messages")), 2 + CALLS_PER_STEP_MAX + 3);
	must_hold(shown(1), "too many calls");
}
END_TEST

/* ---- limits -------------------------------------------------------------- */

#define NOW_AGAIN RESULT("calls", "", CALL("a", "now", "{}"))

START_TEST(steps_are_bounded_and_the_answer_says_so)
{
	LAY(NOW_AGAIN, NOW_AGAIN, NOW_AGAIN, NOW_AGAIN, NOW_AGAIN, NOW_AGAIN);
	must_hold(hear("please"), "`limit steps`");
	ck_assert_int_eq(service.asked_n, 4);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM call"), 3);
	all_closed("done");
	LAY(RESULT("end", "Well.", ""));
	ck_assert_str_eq(hear("go on"), "Well.");
	must_hold(shown(4), "Not run");
}
END_TEST

START_TEST(tokens_are_bounded_and_the_answer_says_so)
{
	conf->tokens = 1200;
	LAY("{\"result\":{\"stop\":\"calls\",\"text\":\"\",\"calls\":[" REMEMBER("a") "],\"usage\":{\"in\":1000,\"out\":200}}}",
	    RESULT("end", "never", ""));
	must_hold(hear("please"), "`limit tokens`");
	ck_assert_int_eq(service.asked_n, 1);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM note"), 0);
	all_closed("done");
}
END_TEST

START_TEST(tokens_are_bounded_where_the_model_does_not_count_them)
{
	conf->tokens = 100;
	LAY(NOW_AGAIN, RESULT("end", "never", ""));
	must_hold(hear("please"), "`limit tokens`");
	ck_assert_int_eq(service.asked_n, 1);
}
END_TEST

START_TEST(a_pause_is_asked_again_within_the_steps)
{
	LAY(RESULT("pause", "One.", ""), RESULT("end", "Two.", ""), RESULT("pause", "", ""), RESULT("pause", "", ""),
	    RESULT("pause", "", ""), RESULT("pause", "", ""), RESULT("end", "never", ""));
	ck_assert_str_eq(hear("please"), "One.\n\nTwo.");
	must_hold(hear("please"), "`limit steps`");
	ck_assert_int_eq(service.asked_n, 6);
}
END_TEST

/* ---- failures ------------------------------------------------------------ */

static const struct {
	const char *name, *failure;
	size_t asked;			/* questions to both models */
	const char *why, *remedy;	/* what the person is told, when the other answers and when it does not */
} failures[] = {
	{ "auth", "401 {\"error\":\"bad key\"}", 2, "bad key", "chela secret set one.key" },
	{ "quota", "402 {\"error\":\"no credit\"}", 2, "no credit", "Top it up" },
	{ "missing", "404 {\"error\":\"no such model\"}", 2, "no such model", "`using`" },
	{ "permission", "403 {\"error\":\"no scope\"}", 2, "no scope", "right" },
	{ "input", "400 {\"error\":\"bad schema\"}", 2, "bad schema", "chela check plain" },
	{ "busy", "429 {\"error\":\"slow down\"}", 4, "slow down", "few minutes" },
	{ "platform", "500 {\"error\":\"broken\"}", 4, "broken", "Ask again" },
	{ "network", "close", 4, "", "Check the connection" },
	{ "its adapter crashes", "{\"delta\":\"Hel\"}\n{\"do\":\"crash\"}", 4, "was ended", "chela check plain" },
};

START_TEST(the_next_model_answers_and_the_person_is_told_once)
{
	const char *f = failures[_i].failure;
	const char *text;

	use(2);
	if (failures[_i].asked == 2)
		LAY(f, RESULT("end", "Hello.", ""), f, RESULT("end", "Hello.", ""));
	else
		LAY(f, f, f, RESULT("end", "Hello.", ""), f, f, f, RESULT("end", "Hello.", ""));
	text = hear("hello");
	must_hold(text, "Hello.\n\n(two answered this. one ");
	must_hold(text, failures[_i].why);
	must_hold(text, failures[_i].remedy);
	ck_assert_msg(service.asked_n == failures[_i].asked, "%s: %zu", failures[_i].name, service.asked_n);
	all_closed("done");
	ck_assert_str_eq(hear("hello"), "Hello.");
}
END_TEST

START_TEST(when_nobody_answers_the_person_is_told_why_and_what_to_do)
{
	const char *f = failures[_i].failure;
	const char *text;

	LAY(f, f, f);
	text = hear("hello");
	must_hold(text, "I could not answer. one ");
	must_hold(text, failures[_i].why);
	must_hold(text, failures[_i].remedy);
	all_closed("failed");
	LAY(RESULT("end", "Here again.", ""));
	must_hold(hear("hello"), "Here again.");
}
END_TEST

static void once(const char *text, const char *piece)
{
	const char *first = strstr(text, piece);

	ck_assert_msg(first && !strstr(first + 1, piece), "\"%s\" is not once in: %s", piece, text);
}

#define ATTACK "{\"delta\":\"Hel\"}\n{\"do\":\"reach\"}"

START_TEST(an_adapter_that_attacked_is_not_asked_again_but_the_next_at_once)
{
	const char *text;

	models[1]->manifest->name = "spare";
	use(2);
	LAY(ATTACK, RESULT("end", "Hello.", ""));
	text = hear("hello");
	must_hold(text, "Hello.\n\n(two answered this. one ");
	must_hold(text, "was stopped because it tried something forbidden");
	must_hold(text, "Do not use it: `build/chela disable plain`");
	once(text, "build/chela check plain");
	ck_assert_int_eq(service.asked_n, 2);
	all_closed("done");
}
END_TEST

START_TEST(another_model_of_an_adapter_that_attacked_is_not_asked_either)
{
	use(2);
	LAY(ATTACK, RESULT("end", "never", ""));
	must_hold(hear("hello"), "\n- two did not answer (the adapter \"plain\" was stopped");
	ck_assert_int_eq(service.asked_n, 1);
	all_closed("failed");
}
END_TEST

START_TEST(the_advice_about_an_adapter_with_a_bug_is_given_once)
{
	LAY("{\"do\":\"crash\"}", "{\"do\":\"crash\"}", "{\"do\":\"crash\"}");
	once(hear("hello"), "build/chela check plain");
	must_not_hold(answer(), "forbidden");
	ck_assert_int_eq(service.asked_n, 3);
}
END_TEST

START_TEST(each_model_that_failed_is_named)
{
	const char *text;

	use(2);
	LAY("401 {}", "402 {}");
	text = hear("hello");
	must_hold(text, "\n- one refused the key");
	must_hold(text, "\n- two has no credit");
}
END_TEST

START_TEST(without_a_model_the_person_is_told)
{
	use(0);
	must_hold(hear("hello"), "chela status");
	all_closed("failed");
}
END_TEST

START_TEST(what_a_failed_attempt_showed_is_replaced)
{
	LAY("{\"delta\":\"Let me see.\"}\n" RESULT("calls", "Let me see.", CALL("a", "now", "{}")),
	    "{\"delta\":\"No\"}\n{\"do\":\"crash\"}", "{\"delta\":\"Noon.\"}\n" RESULT("end", "Noon.", ""));
	ck_assert_str_eq(hear("what time is it?"), "Let me see.\n\nNoon.");
	ck_assert_int_eq(person.replaced, 1);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM call"), 1);
}
END_TEST

START_TEST(a_model_that_answers_again_is_news_when_it_fails_again)
{
	use(2);
	LAY("401 {}", RESULT("end", "x", ""), RESULT("end", "y", ""), "401 {}", RESULT("end", "z", ""));
	must_hold(hear("one"), "refused the key");
	ck_assert_str_eq(hear("two"), "y");
	must_hold(hear("three"), "refused the key");
}
END_TEST

/* ---- what is too long ---------------------------------------------------- */

enum { TALKS = 5 };

/* About 500 tokens each time. */
static void talk_much(void)
{
	char text[2001];

	memset(text, 'x', 2000);
	text[2000] = 0;
	LAY(RESULT("end", "a", ""), RESULT("end", "b", ""), RESULT("end", "c", ""), RESULT("end", "d", ""),
	    RESULT("end", "e", ""));
	for (int i = 0; i < TALKS; i++)
		hear(text);
}

START_TEST(a_long_conversation_is_folded_before_it_is_asked_about)
{
	talk_much();
	conf->context = 2400;
	note_add(store, "ann", "The door code is 4711.");
	LAY(RESULT("end", "She said x.", ""), RESULT("end", "Well.", ""));
	ck_assert_str_eq(hear("hello"), "Well.");
	ck_assert_int_eq(service.asked_n, TALKS + 2);
	must_hold(shown(TALKS), "condense");
	must_hold(shown(TALKS + 1), "She said x.");
	must_hold(shown(TALKS + 1), "The door code is 4711.");
	all_closed("done");
}
END_TEST

static const struct {
	const char *name, *summary, *holds;
} no_summaries[] = {
	{ "it refuses", RESULT("refusal", "No.", ""), "without a summary" },
	{ "it says nothing", RESULT("end", "", ""), "without a summary" },
	{ "it is cut off", RESULT("length", "She", ""), "without a summary" },
	{ "it does not take it", "400 {\"error\":\"bad\"}", "bad" },
};

START_TEST(what_could_not_be_summed_up_is_dropped_and_said)
{
	talk_much();
	conf->context = 2400;
	LAY(no_summaries[_i].summary, RESULT("end", "Well.", ""));
	ck_assert_str_eq(hear("hello"), "Well.");
	must_hold(shown(TALKS + 1), no_summaries[_i].holds);
	must_hold(shown(TALKS + 1), "without a summary");
}
END_TEST

START_TEST(nothing_is_dropped_because_a_model_was_out_of_reach)
{
	talk_much();
	conf->context = 2400;
	LAY("401 {}");
	must_hold(hear("hello"), "refused the key");
	ck_assert_int_eq(count(store, "SELECT folded FROM conversation"), 0);
}
END_TEST

static const struct {
	const char *name, *failure;
} too_longs[] = {
	{ "the service says so", "413 {\"error\":\"too long\"}" },
	{ "the window was full half-way", "{\"delta\":\"We\"}\n" RESULT("window", "We", "") },
};

START_TEST(what_is_too_long_for_the_model_is_folded_and_asked_again)
{
	talk_much();
	LAY(too_longs[_i].failure, RESULT("end", "She said x.", ""), RESULT("end", "Well.", ""));
	ck_assert_str_eq(hear("hello"), "Well.");
	must_hold(shown(TALKS + 1), "condense");
	must_hold(shown(TALKS + 2), "She said x.");
}
END_TEST

START_TEST(what_stays_too_long_is_given_up)
{
	const char *too_long = "413 {\"error\":\"too long\"}";

	LAY(too_long, too_long, too_long, too_long, too_long, too_long);
	must_hold(hear("hello"), "`/new`");
	ck_assert_int_le(service.asked_n, 4);
	all_closed("failed");
}
END_TEST

/* ---- interrupts ---------------------------------------------------------- */

START_TEST(an_interrupt_keeps_what_was_said)
{
	struct turn *t;

	LAY("{\"delta\":\"Once upon\"}\nhang", RESULT("end", "Well.", ""));
	t = say("tell me a story");
	while (!person.shown.len)
		loop_once(loop);
	turn_stop(t);
	turn_stop(t);
	until_ended(t);
	ck_assert_str_eq(answer(), "Once upon\n\n(Interrupted.)");
	all_closed("stopped");
	ck_assert_str_eq(hear("go on"), "Well.");
	must_hold(shown(service.asked_n - 1), "Once upon");
}
END_TEST

START_TEST(an_interrupt_before_anything_was_said)
{
	struct turn *t;

	LAY("hang", RESULT("end", "Well.", ""));
	t = say("tell me a story");
	until_asked(1);
	turn_stop(t);
	until_ended(t);
	ck_assert_str_eq(answer(), "(Interrupted.)");
	all_closed("stopped");
	ck_assert_str_eq(hear("go on"), "Well.");
}
END_TEST

START_TEST(an_interrupt_between_calls_leaves_each_with_a_result)
{
	struct turn *t;

	LAY(RESULT("calls", "", REMEMBER("a") "," REMEMBER("b")), RESULT("end", "Well.", ""));
	person.on_tool = turn_stop;
	t = say("please");
	until_ended(t);
	all_closed("stopped");
	ck_assert_int_eq(count(store, "SELECT count(*) FROM note"), 0);
	hear("go on");
	ck_assert_int_eq(json_count(json_at(service.asked[1], "/turn/messages")), 6);
	ck_assert(json_is(service.asked[1], "/turn/messages/2/id", "a"));
	ck_assert(json_is(service.asked[1], "/turn/messages/3/id", "b"));
}
END_TEST

START_TEST(an_interrupt_while_a_model_waits_to_be_asked_again)
{
	struct turn *t;

	LAY("{\"delta\":\"x\"}\n{\"do\":\"crash\"}");
	t = say("hello");
	while (!person.replaced)
		loop_once(loop);
	turn_stop(t);
	until_ended(t);
	ck_assert_str_eq(answer(), "(Interrupted.)");
	ck_assert_int_eq(service.asked_n, 1);
	all_closed("stopped");
}
END_TEST

static void begin_anew(struct turn *t)
{
	(void)t;
	conversation_reset(store, conversation_find(store, "terminal", "terminal", ""));
}

START_TEST(a_conversation_begun_anew_meanwhile_ends_the_turn)
{
	LAY(NOW_AGAIN, RESULT("end", "never", ""));
	person.on_tool = begin_anew;
	must_hold(hear("hello"), "new conversation");
	all_closed("stopped");
	ck_assert_int_eq(service.asked_n, 1);
}
END_TEST

/* ---- crashes ------------------------------------------------------------- */

/* All in memory is gone; what was committed goes on. */
static struct turn *crash(struct turn *t)
{
	struct inbound in;
	int64_t row = 0;

	turn_free(t);
	store_rollback(store);
	use(1);
	ck_assert(turn_open_next(store, &row, &in));
	t = turn_resume(agent, row, &in, &person.owner);
	inbound_free(&in);
	return t;
}

START_TEST(a_turn_goes_on_after_a_crash_while_the_model_was_asked)
{
	struct turn *t;

	LAY("hang", RESULT("end", "Well.", ""));
	t = say("hello");
	until_asked(1);
	until_ended(crash(t));
	ck_assert_str_eq(answer(), "Well.");
	ck_assert(json_same(service.asked[0], service.asked[1]));
	all_closed("done");
}
END_TEST

START_TEST(what_was_shown_before_a_crash_does_not_stand_before_the_answer)
{
	struct turn *t;

	LAY("{\"delta\":\"Wait.\"}\n" RESULT("calls", "Wait.", CALL("a", "now", "{}")), "{\"delta\":\"We\"}\nhang",
	    "{\"delta\":\"Well.\"}\n" RESULT("end", "Well.", ""));
	t = say("hello");
	while (!strstr(buf_text(&person.shown), "We"))
		loop_once(loop);
	t = crash(t);
	ck_assert_str_eq(buf_text(&person.shown), "Wait.");
	until_ended(t);
	ck_assert_str_eq(answer(), "Wait.\n\nWell.");
	ck_assert_int_eq(person.replaced, 1);
}
END_TEST

/* Calls at first, the end when it sees their results. */
static const char *think(const cJSON *turn)
{
	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m)) {
		if (json_is(m, "/role", "tool"))
			return "{\"delta\":\"Done.\"}\n" RESULT("end", "Done.", "");
	}
	return RESULT("calls", "Wait.", REMEMBER("a") "," CALL("b", "remember", "{\"text\":\"no milk\"}"));
}

/* Kills the assistant at the n-th commit, before or after it is durable. */
static void run_until_crash(int n, bool durable)
{
	struct turn *t;

	service.think = think;
	power = (struct power){ .left = n, .durable = durable };
	t = say("I take tea");
	while (!power.lost && !person.ended)
		loop_once(loop);
	turn_free(t);
	store_rollback(store);
	power = (struct power){ .left = -1 };
	buf_cut(&person.shown, 0);
	use(1);
}

START_TEST(a_crash_anywhere_goes_on_from_the_last_row)
{
	struct inbound in;
	int64_t row = 0, notes, ran;
	struct turn *t;

	run_until_crash(_i / 2, _i % 2);
	if (turn_open_next(store, &row, &in)) {
		t = turn_resume(agent, row, &in, &person.owner);
		inbound_free(&in);
		person.ended = 0;
		until_ended(t);
		ck_assert_str_eq(answer(), "Wait.\n\nDone.");
	}
	all_closed("done");
	notes = count(store, "SELECT count(*) FROM note");
	ran = count(store, "SELECT count(*) FROM call WHERE failed = 0");
	ck_assert_int_eq(notes, ran);
	ck_assert_int_eq(count(store, "SELECT count(DISTINCT text) FROM note"), notes);
	if (count(store, "SELECT count(*) FROM outbox") && notes < 2)
		must_hold(shown(service.asked_n - 1), HISTORY_UNKNOWN);
}
END_TEST

START_TEST(a_call_that_had_begun_is_unknown_after_a_crash_and_never_run_again)
{
	struct inbound in;
	int64_t row = 0;
	struct turn *t;

	run_until_crash(1, true);	/* the turn; the answer with the first call's row */
	ck_assert_int_eq(count(store, "SELECT count(*) FROM call WHERE ended IS NULL"), 1);
	ck_assert(turn_open_next(store, &row, &in));
	t = turn_resume(agent, row, &in, &person.owner);
	inbound_free(&in);
	until_ended(t);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM note WHERE text LIKE 'tea%'"), 0);
	ck_assert_int_eq(count(store, "SELECT count(*) FROM note WHERE text = 'no milk'"), 1);
	must_hold(shown(service.asked_n - 1), HISTORY_UNKNOWN);
	all_closed("done");
}
END_TEST

START_TEST(a_turn_that_takes_the_assistant_down_is_given_up)
{
	struct turn *t;

	LAY("hang", "hang", "hang", "hang", "hang");
	t = say("hello");
	for (int i = 0; i <= RESUMES_MAX; i++) {
		until_asked((size_t)i + 1);
		t = crash(t);
	}
	until_ended(t);
	must_hold(answer(), "I gave this up");
	all_closed("failed");
}
END_TEST

START_TEST(limits_count_on_after_a_crash)
{
	struct turn *t;

	conf->tokens = 1200;
	LAY("{\"result\":{\"stop\":\"calls\",\"text\":\"\",\"calls\":[" CALL("a", "now", "{}") "],\"usage\":{\"in\":900,\"out\":200}}}",
	    "hang", "{\"result\":{\"stop\":\"calls\",\"text\":\"\",\"calls\":[" CALL("a", "now", "{}") "],\"usage\":{\"in\":90,\"out\":20}}}");
	t = say("hello");
	until_asked(2);
	until_ended(crash(t));
	must_hold(answer(), "`limit tokens`");
	all_closed("done");
}
END_TEST

START_TEST(a_turn_that_is_over_is_not_gone_on_with)
{
	struct inbound in;
	int64_t row = 0;

	LAY(RESULT("end", "Hello.", ""));
	hear("hello");
	ck_assert(!turn_open_next(store, &row, &in));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("turn");
	TCase *t = tcase_create("turn");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, program_build, folders_end);
	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_loop_test(t, the_person_sees_what_the_outbox_holds, 0, COUNT(plain));
	tcase_add_test(t, the_next_turn_is_shown_the_same_bytes_and_more);
	tcase_add_test(t, a_persona_is_read_again_when_it_changes);
	tcase_add_test(t, raw_goes_back_to_the_adapter_that_made_it);
	tcase_add_test(t, what_it_cost_is_kept);
	tcase_add_loop_test(t, a_call_runs_or_the_model_is_told_why_not, 0, COUNT(calls));
	tcase_add_test(t, what_is_forbidden_is_written_down_too);
	tcase_add_test(t, text_before_and_after_a_call_is_one_answer);
	tcase_add_test(t, too_many_calls_at_once_are_not_run);
	tcase_add_test(t, steps_are_bounded_and_the_answer_says_so);
	tcase_add_test(t, tokens_are_bounded_and_the_answer_says_so);
	tcase_add_test(t, tokens_are_bounded_where_the_model_does_not_count_them);
	tcase_add_test(t, a_pause_is_asked_again_within_the_steps);
	tcase_add_loop_test(t, the_next_model_answers_and_the_person_is_told_once, 0, COUNT(failures));
	tcase_add_loop_test(t, when_nobody_answers_the_person_is_told_why_and_what_to_do, 0, COUNT(failures));
	tcase_add_test(t, an_adapter_that_attacked_is_not_asked_again_but_the_next_at_once);
	tcase_add_test(t, another_model_of_an_adapter_that_attacked_is_not_asked_either);
	tcase_add_test(t, the_advice_about_an_adapter_with_a_bug_is_given_once);
	tcase_add_test(t, each_model_that_failed_is_named);
	tcase_add_test(t, without_a_model_the_person_is_told);
	tcase_add_test(t, what_a_failed_attempt_showed_is_replaced);
	tcase_add_test(t, a_model_that_answers_again_is_news_when_it_fails_again);
	tcase_add_test(t, a_long_conversation_is_folded_before_it_is_asked_about);
	tcase_add_loop_test(t, what_could_not_be_summed_up_is_dropped_and_said, 0, COUNT(no_summaries));
	tcase_add_test(t, nothing_is_dropped_because_a_model_was_out_of_reach);
	tcase_add_loop_test(t, what_is_too_long_for_the_model_is_folded_and_asked_again, 0, COUNT(too_longs));
	tcase_add_test(t, what_stays_too_long_is_given_up);
	tcase_add_test(t, an_interrupt_keeps_what_was_said);
	tcase_add_test(t, an_interrupt_before_anything_was_said);
	tcase_add_test(t, an_interrupt_between_calls_leaves_each_with_a_result);
	tcase_add_test(t, an_interrupt_while_a_model_waits_to_be_asked_again);
	tcase_add_test(t, a_conversation_begun_anew_meanwhile_ends_the_turn);
	tcase_add_test(t, a_turn_goes_on_after_a_crash_while_the_model_was_asked);
	tcase_add_test(t, what_was_shown_before_a_crash_does_not_stand_before_the_answer);
	tcase_add_loop_test(t, a_crash_anywhere_goes_on_from_the_last_row, 0, 12);
	tcase_add_test(t, a_call_that_had_begun_is_unknown_after_a_crash_and_never_run_again);
	tcase_add_test(t, a_turn_that_takes_the_assistant_down_is_given_up);
	tcase_add_test(t, limits_count_on_after_a_crash);
	tcase_add_test(t, a_turn_that_is_over_is_not_gone_on_with);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
