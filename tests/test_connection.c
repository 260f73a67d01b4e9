/* test_connection.c - a channel with its real program under the filter, a real store and a
 * real broker, against a service on the loopback: what is delivered and answered when, and
 * what becomes of it when the line falls, the program dies or the disk fails. */
#include "adapter/adapter.h"
#include "connection.h"
#include "file.h"
#include "fixture.h"
#include "gate/door.h"
#include "limits.h"
#include "loop.h"
#include "poison.h"
#include "program.h"
#include "store/inbox.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void program_build(void)
{
	program_make("walkie");
}

/* The process that runs it now; 0: none. */
static pid_t adapter_pid(void)
{
	DEFER(text_free) char *path = text_fmt("/proc/self/task/%ld/children", syscall(SYS_gettid));
	FILE *f = fopen(path, "re");
	char line[64] = "";

	if (f && !fgets(line, sizeof line, f))
		line[0] = 0;
	if (f)
		fclose(f);
	return (pid_t)strtol(line, NULL, 10);
}

/* ---- the world round it -------------------------------------------------- */

static struct loop *loop;
static struct store *store;
static struct secrets *secrets;
static struct broker *broker;
static struct integration what;
static struct connection *c;

#define OPEN_DOOR "{\"url\":\"wss://w1.walkie.example/x\"}"

static struct {
	struct door door;
	int lines[500], lines_n;			/* callers whose sockets are up, in the order in which they came */
	int left, left_code;
	bool mute, slow;			/* it does not welcome; does not accept a socket */
	int door_status, doors;			/* how often it was asked for */
	const char *door_body;
	int64_t door_ms;			/* when, the last time */
	int post_status;			/* -1: it is not answered */
	const char *post_body;
	int posts, callers;			/* callers: how many were there at the last post */
	char posted[200];
	struct buf frames;			/* what came on sockets, a line each */
} service;

static struct {
	struct connection_owner owner;
	int delivered, changed, acted;
	char texts[1024];			/* of what was delivered, a line each */
	uint32_t ref;				/* of the last answer, */
	enum act_end end;			/* and what it was */
	int class;
	char id[64], why[400];
	int64_t after_ms;
	bool disk_fails;			/* at the commit of the next delivery */
} mine;

static bool failing, stopped;
static int committed, acked;		/* messages */

static enum err commit(void *owner)
{
	(void)owner;
	if (!failing) {
		committed = mine.delivered;
		return store_commit(store);
	}
	failing = false;
	stopped = true;				/* as the resident core does */
	store_rollback(store);
	return ERR_SYSTEM;
}

static void delivered(struct connection_owner *o, enum inbound_kind kind, const cJSON *it)
{
	size_t n = strlen(mine.texts);

	(void)o;
	mine.delivered++;
	failing = mine.disk_fails;
	mine.disk_fails = false;
	snprintf(mine.texts + n, sizeof mine.texts - n, "%s\n", json_text(it, "/text"));
	inbox_add(store, &(struct inbound){ .connection = "work", .chat = json_text(it, "/chat"), .thread = "",
		  .kind = inbound_name(kind), .id = json_text(it, "/id"), .version = "", .sender = json_text(it, "/from"),
		  .text = json_text(it, "/text"), .person = "owner", .handle = "" });
}

static void acted(struct connection_owner *o, uint32_t ref, const struct act_answer *a)
{
	(void)o;
	mine.acted++;
	mine.ref = ref;
	mine.end = a->end;
	mine.class = a->class;
	mine.after_ms = a->after_ms;
	snprintf(mine.id, sizeof mine.id, "%s", json_text(a->ids, "/id") ? json_text(a->ids, "/id") : "");
	snprintf(mine.why, sizeof mine.why, "%s", a->why ? a->why : "");
}

static void changed(struct connection_owner *o)
{
	(void)o;
	mine.changed++;
}

static void say(int line, const char *text)
{
	caller_text(&service.door, service.lines[line], str_of(text));
}

static void answer(int caller, int status, const char *body)
{
	DEFER(json_drop) cJSON *headers = parsed("{\"content-type\":\"application/json\"}");

	caller_answer(&service.door, caller, status, headers, str_of(body));
}

static void asked(struct door *d, int caller, const struct asked *a)
{
	ck_assert(json_is(a->headers, "/authorization", "Bearer played-token") || a->opens);
	if (a->opens) {
		ck_assert_int_lt(service.lines_n, (int)COUNT(service.lines));
		service.lines[service.lines_n++] = caller;
		if (!service.slow)
			caller_accept(d, caller);
	} else if (!strcmp(a->target, "/door")) {
		service.doors++;
		service.door_ms = loop_now_ms(loop);
		answer(caller, service.door_status, service.door_body);
	} else {
		service.posts++;
		service.callers = d->callers_n;
		snprintf(service.posted, sizeof service.posted, "%.*s", (int)a->body.len, a->body.at ? a->body.at : "");
		if (service.post_status >= 0)
			answer(caller, service.post_status, service.post_body);
	}
}

static void told(struct door *d, int caller, struct str text)
{
	acked += str_starts(text, "{\"ack\"");
	ck_assert_msg(acked <= committed, "it left before the commit: %.*s", (int)text.len, text.at);
	buf_add(&service.frames, text.at, text.len);
	buf_addc(&service.frames, '\n');
	if (!service.mute && str_starts(text, "{\"hello\""))
		caller_text(d, caller, STR("{\"type\":\"welcome\",\"me\":\"u1\",\"team\":\"t1\"}"));
}

static void left(struct door *d, int caller, int code)
{
	(void)d;
	(void)caller;
	service.left++;
	service.left_code = code;
}

static void connect_it(void)
{
	c = connection_new(loop, store, broker, &what, &mine.owner);
}

static void begin(void)
{
	DEFER(buf_free) struct buf contract = buf_new(FILE_MAX);
	const char *why;

	folder_make();
	loop = loop_new();
	store = new_store();
	must_commit(store);
	loop_at_end(loop, commit, NULL);
	service.frames = buf_new(1 << 20);
	service.door_status = service.post_status = 200;
	service.door_body = OPEN_DOOR;
	service.post_body = "{\"id\":\"m9\"}";
	service.door = (struct door){ .loop = loop, .asked = asked, .told = told, .left = left };
	why = door_open(&service.door, 0);
	ck_assert_msg(!why, "%s", why);
	secrets = secrets_open(folder);
	broker = broker_new(loop, secrets);
	ck_assert_int_eq(file_read("tests/models/walkie.json", FILE_MAX, &contract), OK);
	why = manifest_parse(buf_str(&contract), "manifest.json", &what.manifest);
	ck_assert_msg(!why, "%s", why);
	what.name = text_dup("work");
	what.config = cJSON_CreateObject();
	what.played_at = text_fmt("127.0.0.1:%d", service.door.port);
	what.program = open(program, O_RDONLY | O_CLOEXEC);
	what.party = (struct party){ what.manifest, what.name, NULL, what.played_at };
	mine.owner = (struct connection_owner){ .delivered = delivered, .acted = acted, .changed = changed, .again_ms = 20 };
}

static void finish(void)
{
	connection_free(c);
	broker_free(broker);
	secrets_free(secrets);
	door_shut(&service.door);
	buf_free(&service.frames);
	store_close(store);
	loop_free(loop);
	text_free(&what.name);
	text_free(&what.played_at);
	json_drop(&what.config);
	manifest_free(what.manifest);
	close(what.program);
}

#define UNTIL(holds) while (!(holds)) loop_once(loop)

static void ticked(struct timer *t)
{
	(void)t;
}

/* For what nobody can see from outside: it goes on as long. */
static void let_pass(int64_t ms)
{
	struct timer tick = { .fired = ticked };

	for (int64_t since = loop_now_ms(loop); loop_now_ms(loop) < since + ms;) {
		timer_set(loop, &tick, 5);
		loop_once(loop);
	}
	timer_stop(&tick);
}

static bool came(const char *frame)
{
	return strstr(buf_text(&service.frames), frame) != NULL;
}

static void get_ready(void)
{
	connect_it();
	UNTIL(connection_state(c) == CONNECTION_READY);
}

static uint32_t ask(const char *act, const char *text)
{
	DEFER(json_drop) cJSON *json = json_build("{chat:'r1',text:%s,id:'m1',mark:'x',gone:%b}", text, false);

	return connection_act(c, act, json, "key-1");
}

#define SAID(id, text) "{\"type\":\"said\",\"id\":\"" id "\",\"room\":\"r1\",\"by\":\"u2\",\"text\":\"" text "\"}"

/* ---- coming up ----------------------------------------------------------- */

START_TEST(it_signs_in_and_is_ready)
{
	DEFER(json_drop) cJSON *kept = NULL;

	connect_it();
	ck_assert_int_eq(connection_state(c), CONNECTION_STARTING);
	UNTIL(connection_state(c) == CONNECTION_READY);
	ck_assert_int_eq(mine.changed, 1);
	ck_assert(!connection_why(c));
	ck_assert_str_eq(buf_text(&service.frames), "{\"hello\":\"played-token\"}\n");
	must_commit(store);
	kept = kept_get(store, "work");
	same_json(kept, "{\"me\":{\"id\":\"u1\",\"team\":\"t1\"}}");
}
END_TEST

START_TEST(what_comes_is_committed_before_it_is_acknowledged)
{
	get_ready();
	say(0, SAID("e1", "hello"));
	UNTIL(came("{\"ack\":\"e1\"}"));
	ck_assert_str_eq(mine.texts, "hello\n");
	ck_assert_int_eq(count(store, "SELECT count(*) FROM inbox"), 1);
}
END_TEST

START_TEST(where_the_disk_fails_nothing_is_acknowledged_and_it_begins_again_from_what_it_kept)
{
	get_ready();
	say(0, "{\"do\":\"keep\",\"note\":\"first\"}");
	say(0, "kept");
	UNTIL(came("kept"));
	mine.disk_fails = true;
	say(0, SAID("e1", "hello"));
	UNTIL(stopped);
	connection_free(c);
	UNTIL(service.left);
	ck_assert(!came("ack"));
	ck_assert_int_eq(count(store, "SELECT count(*) FROM inbox"), 0);
	get_ready();
	UNTIL(came("\"note\":\"first\""));
	say(1, SAID("e1", "hello"));
	UNTIL(came("{\"ack\":\"e1\"}"));
	ck_assert_int_eq(count(store, "SELECT count(*) FROM inbox"), 1);
}
END_TEST

static const struct {
	const char *name, *text, *echo;
} texts[] = {
	{ "no JSON", "hello", "{\"echo\":\"hello\"}" },
	{ "JSON that is none for us", "{\"a\":1,\"a\":2}", "{\"echo\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}" },
	{ "half a surrogate pair", "{\"do\":\"shout\",\"text\":\"a\\ud800b\"}", "{\"echo\":\"a\xEF\xBF\xBD" "b\"}" },
	{ "half a pair as the adapter sees it", "{\"do\":\"look\",\"text\":\"a\\ud800b\"}", "{\"echo\":\"mended\"}" },
	{ "nothing", "", "{\"echo\":\"\"}" },
};

START_TEST(what_is_no_json_is_told_as_text)
{
	get_ready();
	say(0, texts[_i].text);
	say(0, "the end");
	UNTIL(came("the end"));
	ck_assert_msg(came(texts[_i].echo), "%s: %s", texts[_i].name, buf_text(&service.frames));
}
END_TEST

START_TEST(timers_run_out_unless_they_are_stopped)
{
	get_ready();
	say(0, "{\"do\":\"wait\"}");
	say(0, "{\"do\":\"do not wait\"}");
	say(0, "stopped");
	UNTIL(came("stopped"));
	say(0, "{\"do\":\"wait\"}");
	say(0, "waits");
	UNTIL(came("waits"));
	kill(adapter_pid(), SIGSTOP);
	say(0, "{\"do\":\"do not wait\"}");
	let_pass(160);
	kill(adapter_pid(), SIGCONT);
	say(0, "it was out, and then stopped");
	UNTIL(came("it was out"));
	ck_assert(!came("the time has come"));
	say(0, "{\"do\":\"wait\"}");
	UNTIL(came("the time has come"));
}
END_TEST

/* ---- lines --------------------------------------------------------------- */

START_TEST(a_line_that_falls_is_opened_again_but_not_at_once)
{
	int64_t fell;

	mine.owner.again_ms = 200;
	get_ready();
	caller_reset(&service.door, service.lines[0]);
	UNTIL(connection_state(c) == CONNECTION_LOST);
	fell = loop_now_ms(loop);
	ck_assert(connection_why(c));
	UNTIL(connection_state(c) == CONNECTION_READY);
	ck_assert_int_ge(service.door_ms - fell, 100);
	ck_assert_int_eq(service.doors, 2);
	ck_assert_int_eq(service.lines_n, 2);
	ck_assert(!connection_why(c));
}
END_TEST

static const struct {
	const char *name;
	int status;
	const char *body, *why;
} downs[] = {
	{ "it is out of order", 500, "{\"error\":\"closed\"}", "closed" },
	{ "it names a line that is not the service's", 200, "{\"url\":\"wss://evil.example/\"}", "url" },
	{ "it names none", 200, "{}", "url" },
};

START_TEST(a_service_that_is_down_is_not_asked_all_the_time)
{
	mine.owner.again_ms = 200;
	service.door_status = downs[_i].status;
	service.door_body = downs[_i].body;
	connect_it();
	UNTIL(connection_why(c));
	ck_assert_int_eq(connection_state(c), CONNECTION_STARTING);
	ck_assert_msg(strstr(connection_why(c), downs[_i].why), "%s: %s", downs[_i].name, connection_why(c));
	for (int64_t first = service.door_ms; service.doors < 2;) {
		loop_once(loop);
		ck_assert_msg(service.doors < 2 || service.door_ms - first >= 100, "%s", downs[_i].name);
	}
}
END_TEST

START_TEST(two_lines_may_stand_at_once)
{
	get_ready();
	service.mute = true;
	say(0, "{\"do\":\"move\"}");
	UNTIL(service.lines_n == 2);
	say(0, SAID("e1", "on the old one"));
	say(1, SAID("e2", "on the new one"));
	UNTIL(came("e1") && came("e2"));
	ck_assert_int_eq(mine.delivered, 2);
	say(1, "{\"type\":\"welcome\",\"me\":\"u1\"}");
	caller_close(&service.door, service.lines[0], 1000);
	say(1, SAID("e3", "still here"));
	UNTIL(came("e3"));
	ck_assert_int_eq(connection_state(c), CONNECTION_READY);
	ck_assert_int_eq(mine.changed, 1);
}
END_TEST

START_TEST(what_came_after_the_adapter_closed_the_line_is_not_told)
{
	pid_t pid;

	get_ready();
	pid = adapter_pid();
	kill(pid, SIGSTOP);
	say(0, "{\"do\":\"leave\"}");
	say(0, SAID("e1", "too late"));
	let_pass(50);
	caller_close(&service.door, service.lines[0], 1001);
	UNTIL(connection_state(c) == CONNECTION_LOST);
	kill(pid, SIGCONT);
	ask("send", "hello");
	UNTIL(mine.acted);
	ck_assert_int_eq(mine.delivered, 0);
	ck_assert_int_eq(connection_state(c), CONNECTION_LOST);
}
END_TEST

#define OPEN_SECOND "{\"do\":\"open\",\"url\":\"wss://w1.walkie.example/x\"}"

START_TEST(a_new_line_under_the_same_number_is_not_taken_for_the_old_one)
{
	const char *hello;

	get_ready();
	service.mute = service.slow = true;
	say(0, OPEN_SECOND);
	say(0, "asked");
	UNTIL(came("asked") && service.lines_n == 2);
	kill(adapter_pid(), SIGSTOP);
	say(0, OPEN_SECOND);
	let_pass(50);
	caller_accept(&service.door, service.lines[1]);
	let_pass(50);
	kill(adapter_pid(), SIGCONT);
	UNTIL(service.lines_n == 3);
	let_pass(50);
	caller_accept(&service.door, service.lines[2]);
	UNTIL((hello = strstr(buf_text(&service.frames), "hello")) && strstr(hello + 1, "hello"));
	ck_assert_int_eq(service.left, 1);
}
END_TEST

START_TEST(a_line_that_brings_more_than_can_be_read_is_dropped)
{
	pid_t pid;

	get_ready();
	pid = adapter_pid();
	kill(pid, SIGSTOP);
	for (int i = 0; i < EVENTS_MAX + 8; i++)
		say(0, "{\"flood\":true}");
	UNTIL(connection_state(c) == CONNECTION_LOST);
	ck_assert_msg(strstr(connection_why(c), "more than can be read"), "%s", connection_why(c));
	kill(pid, SIGCONT);
	UNTIL(connection_state(c) == CONNECTION_READY);
	ck_assert_int_eq(service.lines_n, 2);
	ck_assert_int_eq(adapter_pid(), pid);
}
END_TEST

/* ---- the end of a process ------------------------------------------------ */

/* This event has ended it once. */
static void poison(int kind, const char *name, const char *text, const char *json)
{
	struct news n = { .event = { .kind = kind, .name = name, .text = text, .json = json } };
	DEFER(text_free) char *key = poison_key(&n);

	ck_assert_int_eq(poison_count(store, "work", key), 1);
	must_commit(store);
}

#define CRASH "{\"do\":\"crash\",\"n\":1}"

START_TEST(an_event_that_ended_it_twice_is_a_dead_letter_and_it_goes_on)
{
	get_ready();
	poison(EVENT_TEXT, NULL, CRASH, NULL);
	say(0, CRASH);
	UNTIL(connection_state(c) == CONNECTION_LOST);
	ck_assert_msg(strstr(connection_why(c), "asked to"), "%s", connection_why(c));
	ck_assert_int_eq(dead_letters(store), 1);
	UNTIL(connection_state(c) == CONNECTION_READY);
	say(1, CRASH);
	say(1, SAID("e1", "hello"));
	UNTIL(came("e1"));
	ck_assert_int_eq(dead_letters(store), 1);
	ck_assert_int_eq(mine.changed, 3);
}
END_TEST

START_TEST(an_event_that_ended_it_once_is_told_again_but_not_at_once)
{
	int64_t died;

	mine.owner.again_ms = 200;
	get_ready();
	say(0, CRASH);
	UNTIL(connection_state(c) == CONNECTION_LOST);
	died = loop_now_ms(loop);
	ck_assert_int_eq(dead_letters(store), 0);
	ck_assert_int_eq(count(store, "SELECT count FROM poison"), 1);
	UNTIL(service.doors == 2);
	ck_assert_int_ge(service.door_ms - died, 100);
	UNTIL(connection_state(c) == CONNECTION_READY);
	say(1, CRASH);
	UNTIL(connection_state(c) == CONNECTION_LOST);
}
END_TEST

START_TEST(what_it_kept_is_forgotten_when_it_does_not_survive_it)
{
	get_ready();
	say(0, "{\"do\":\"keep\",\"start\":\"crash\",\"note\":\"bad\"}");
	say(0, "kept");
	UNTIL(came("kept"));
	connection_free(c);
	poison(EVENT_START, NULL, NULL, "{\"config\":{},\"kept\":{\"do\":\"keep\",\"start\":\"crash\",\"note\":\"bad\"}}");
	buf_cut(&service.frames, 0);
	get_ready();
	ck_assert(came("hello") && !came("bad"));
	ck_assert_int_eq(dead_letters(store), 1);
}
END_TEST

START_TEST(an_answer_that_ended_it_twice_is_told_as_a_failure)
{
	poison(EVENT_HTTP, NULL, NULL, "{\"do\":\"crash\"}");
	service.door_body = "{\"do\":\"crash\"}";
	connect_it();
	UNTIL(dead_letters(store));
	UNTIL(service.doors == 2);
	service.door_body = OPEN_DOOR;
	UNTIL(connection_state(c) == CONNECTION_READY);
	ck_assert_int_eq(service.doors, 3);
	ck_assert_int_eq(dead_letters(store), 1);
}
END_TEST

static const struct {
	const char *name, *text;
	const char *why;
} breaks[] = {
	{ "it does what its manifest does not have", "{\"do\":\"reach\"}", "something forbidden: it asked for the operation" },
	{ "it makes a system call", "{\"do\":\"steal\"}", "system call that is forbidden" },
	{ "it points at what it was told before", "{\"type\":\"said\",\"do\":\"point later\"}", "of what came from nowhere" },
	{ "it says so itself", "{\"do\":\"break\"}", "the token is refused" },
};

START_TEST(what_only_a_person_can_mend_is_not_started_again)
{
	get_ready();
	say(0, breaks[_i].text);
	UNTIL(connection_state(c) == CONNECTION_BROKEN);
	ck_assert_msg(strstr(connection_why(c), breaks[_i].why), "%s: %s", breaks[_i].name, connection_why(c));
	UNTIL(service.left && !adapter_pid());
	ck_assert_int_eq(connection_act(c, "send", what.config, NULL), 0);
	connection_stop(c);
	ck_assert(connection_stopped(c));
}
END_TEST

START_TEST(nothing_is_done_of_an_event_in_which_it_broke_a_rule)
{
	get_ready();
	say(0, "{\"type\":\"said\",\"id\":\"e1\",\"room\":\"r1\",\"by\":\"u2\",\"text\":\"hello\",\"do\":\"reach\"}");
	UNTIL(connection_state(c) == CONNECTION_BROKEN && service.left);
	ck_assert_int_eq(mine.delivered, 0);
	ck_assert(!came("e1"));
}
END_TEST

/* ---- acts ---------------------------------------------------------------- */

static const struct {
	const char *name, *act, *text;
	int post_status;		/* -1: no answer, */
	int kill;			/* and this takes the process, or its time (0) */
	const char *post_body;
	enum act_end end;
	int class;
	int posts;
	const char *why;		/* or the id */
} ends[] = {
	{ "done", "send", "hello", 200, 0, "{\"id\":\"m9\"}", ACT_DONE, 0, 1, "m9" },
	{ "refused", "send", "hello", 404, 0, "{\"error\":\"no such room\"}", ACT_FAILED, FAIL_MISSING, 1, "no such room" },
	{ "not now", "send", "hello", 429, 0, "{}", ACT_AGAIN, 0, 1, "" },
	{ "the service fails", "send", "hello", 500, 0, "{}", ACT_FAILED, FAIL_PLATFORM, 1, "500" },
	{ "an answer without its id", "send", "hello", 200, 0, "{}", ACT_FAILED, FAIL_PLATFORM, 1, "" },
	{ "the adapter breaks down at it", "send", "crash", 200, 0, "{}", ACT_AGAIN, 0, 0, "asked to" },
	{ "the adapter does what it must not", "send", "reach", 200, 0, "{}", ACT_AGAIN, 0, 0, "forbidden" },
	{ "the adapter is broken", "send", "break", 200, 0, "{}", ACT_AGAIN, 0, 0, "the token is refused" },
	{ "the adapter never answers", "send", "sit", 200, 0, "{}", ACT_AGAIN, 0, 0, "in time" },
	{ "the service never answers", "send", "hello", -1, 0, "", ACT_FAILED, FAIL_NETWORK, 1, "in time" },
	{ "killed before it sent", "send", "sit", -1, SIGKILL, "", ACT_AGAIN, 0, 0, "the machine ended it" },
	{ "killed after it sent", "send", "hello", -1, SIGKILL, "", ACT_FAILED, FAIL_NETWORK, 1, "the machine ended it" },
	{ "it may send once, and the second is refused", "send", "twice", -1, SIGKILL, "", ACT_FAILED, FAIL_NETWORK, 1, "the machine ended it" },
	{ "without code", "react", NULL, 200, 0, "{}", ACT_DONE, 0, 1, "" },
	{ "without code, refused", "react", NULL, 403, 0, "{\"error\":\"not here\"}", ACT_FAILED, FAIL_PERMISSION, 1, "not here" },
	{ "without code, and no answer", "react", NULL, -1, 0, "", ACT_AGAIN, 0, 1, "in time" },
};

START_TEST(an_act_is_answered_exactly_once)
{
	uint32_t ref;

	if (ends[_i].post_status < 0 || !strcmp(ends[_i].text ? ends[_i].text : "", "sit"))
		mine.owner.act_ms = ends[_i].kill ? 0 : 100;
	service.post_status = ends[_i].post_status;
	service.post_body = ends[_i].post_body;
	get_ready();
	ref = ask(ends[_i].act, ends[_i].text);
	ck_assert(ref && !mine.acted);
	if (ends[_i].kill) {
		say(0, "told");
		UNTIL(service.posts == ends[_i].posts && came("told"));
		kill(adapter_pid(), ends[_i].kill);
	}
	UNTIL(mine.acted);
	ck_assert_msg(mine.end == ends[_i].end && mine.class == ends[_i].class, "%s: %d %d %s", ends[_i].name, mine.end,
		      mine.class, mine.why);
	ck_assert_uint_eq(mine.ref, ref);
	ck_assert_msg(strstr(mine.end == ACT_DONE ? mine.id : mine.why, ends[_i].why), "%s: %s", ends[_i].name, mine.why);
	ck_assert_int_eq(mine.after_ms, ends[_i].post_status == 429 ? 5000 : 0);
	ck_assert_int_eq(service.posts, ends[_i].posts);
	if (service.posts && !ends[_i].text)
		ck_assert(!strstr(service.posted, "key-1"));
	else if (service.posts)
		ck_assert(strstr(service.posted, "\"key\":\"key-1\""));
	if (service.posts && ends[_i].post_status < 0 && !ends[_i].kill)
		UNTIL(service.door.callers_n < service.callers);	/* nobody waits for that answer any more */
	connection_stop(c);
	UNTIL(connection_stopped(c));
	ck_assert_int_eq(mine.acted, 1);
}
END_TEST

START_TEST(an_act_that_ended_the_adapter_twice_fails)
{
	get_ready();
	poison(EVENT_ACT, "send", NULL, "{\"chat\":\"r1\",\"text\":\"crash\",\"id\":\"m1\",\"mark\":\"x\",\"gone\":false}");
	ask("send", "crash");
	UNTIL(mine.acted == 1);
	ck_assert_int_eq(mine.end, ACT_AGAIN);
	ck_assert_int_eq(ask("send", "crash"), 0);
	UNTIL(connection_state(c) == CONNECTION_READY);
	ck_assert(ask("send", "crash"));
	UNTIL(mine.acted == 2);
	ck_assert_int_eq(mine.end, ACT_FAILED);
	ck_assert_int_eq(mine.class, FAIL_PLATFORM);
	ck_assert_int_eq(dead_letters(store), 1);
	ck_assert_int_eq(connection_state(c), CONNECTION_READY);
}
END_TEST

START_TEST(only_so_many_acts_are_open)
{
	uint32_t refs[REFS_MAX];

	mine.owner.act_ms = 300;
	get_ready();
	for (int i = 0; i < REFS_MAX; i++) {
		refs[i] = ask("send", "sit");
		ck_assert(refs[i] && (i == 0 || refs[i] > refs[i - 1]));
	}
	ck_assert_uint_eq(ask("send", "hello"), 0);
	UNTIL(mine.acted == REFS_MAX);
	ck_assert_uint_gt(ask("send", "hello"), refs[REFS_MAX - 1]);
	UNTIL(mine.acted == REFS_MAX + 1);
	ck_assert_int_eq(mine.end, ACT_DONE);
}
END_TEST

START_TEST(an_act_goes_through_though_the_line_is_down)
{
	mine.owner.again_ms = 2000;
	get_ready();
	caller_reset(&service.door, service.lines[0]);
	UNTIL(connection_state(c) == CONNECTION_LOST);
	ck_assert(ask("send", "hello"));
	UNTIL(mine.acted);
	ck_assert_int_eq(mine.end, ACT_DONE);
	ck_assert_int_eq(service.doors, 1);
}
END_TEST

/* ---- an adapter that rages ----------------------------------------------- */

static void get_raging(const char *storm)
{
	DEFER(text_free) char *say_so = text_fmt("{\"do\":\"storm\",\"what\":\"%s\"}", storm);

	get_ready();
	say(0, say_so);
}

static const char *const storms[] = { "door", "line", "close" };

START_TEST(a_service_is_not_asked_without_end_though_it_always_answers)
{
	get_raging(storms[_i]);
	UNTIL(service.doors + service.lines_n >= UPKEEP_MAX / 2);
	let_pass(1000);
	ck_assert_msg(service.doors + service.lines_n <= UPKEEP_MAX + 8, "%s: %d, %d", storms[_i], service.doors, service.lines_n);
	ck_assert(ask("send", "hello") && connection_state(c) == CONNECTION_READY);
}
END_TEST

static int64_t ms_of(struct timeval t)
{
	return t.tv_sec * 1000 + t.tv_usec / 1000;
}

START_TEST(timers_in_a_circle_are_no_busy_loop)
{
	struct rusage before, after;
	int64_t used;

	get_raging("timer");
	let_pass(200);
	getrusage(RUSAGE_SELF, &before);
	let_pass(1000);
	getrusage(RUSAGE_SELF, &after);
	used = ms_of(after.ru_utime) + ms_of(after.ru_stime) - ms_of(before.ru_utime) - ms_of(before.ru_stime);
	ck_assert_msg(used < 300, "%d ms of processor time in a second", (int)used);
}
END_TEST

/* What goes to the log meanwhile; owned. */
static char *logged_in(int64_t ms)
{
	DEFER(text_free) char *path = text_fmt("%s/log", folder);
	DEFER(buf_free) struct buf text = buf_new(1 << 24);
	int was = dup(STDERR_FILENO), to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(to, STDERR_FILENO);
	let_pass(ms);
	dup2(was, STDERR_FILENO);
	close(was);
	close(to);
	ck_assert_int_eq(file_read(path, 1 << 24, &text), OK);
	return buf_take(&text);
}

START_TEST(a_chatty_adapter_is_no_full_disk)
{
	DEFER(text_free) char *text = NULL;
	size_t lines = 0;

	get_raging("log");
	text = logged_in(1000);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ck_assert_uint_le(lines, LOG_MINUTE_MAX + 2);
	ck_assert_ptr_nonnull(strstr(text, "more than can be written down"));
}
END_TEST

START_TEST(what_keeps_it_from_coming_up_is_logged_once)
{
	DEFER(text_free) char *text = NULL;
	const char *first;

	service.door_status = 500;
	service.door_body = "{\"error\":\"closed\"}";
	connect_it();
	text = logged_in(300);
	ck_assert_int_ge(service.doors, 2);
	first = strstr(text, "state=\"starting\" why=\"closed\"");
	ck_assert_msg(first && !strstr(first + 20, "starting"), "%s", text);
}
END_TEST

START_TEST(what_is_kept_again_and_again_takes_no_more_room)
{
	int64_t pages;

	get_raging("keep");
	let_pass(400);
	pages = count(store, "PRAGMA page_count");
	let_pass(800);
	ck_assert_int_le(count(store, "PRAGMA page_count"), pages + 8);
}
END_TEST

/* ---- its end ------------------------------------------------------------- */

START_TEST(what_it_says_at_the_end_still_leaves)
{
	get_ready();
	connection_stop(c);
	ck_assert(!connection_stopped(c));
	ck_assert_uint_eq(ask("send", "hello"), 0);
	UNTIL(connection_stopped(c));
	ck_assert_msg(came("bye"), "%s", buf_text(&service.frames));
	ck_assert_int_eq(service.left_code, 1000);
	UNTIL(!adapter_pid());
}
END_TEST

START_TEST(open_acts_are_answered_before_it_ends)
{
	int64_t began;

	get_ready();
	began = loop_now_ms(loop);
	ask("send", "hello");
	connection_stop(c);
	UNTIL(connection_stopped(c));
	ck_assert_int_lt(loop_now_ms(loop) - began, STOP_MS);
	ck_assert_int_eq(mine.acted, 1);
	ck_assert_int_eq(mine.end, ACT_DONE);
	ck_assert(came("bye"));
}
END_TEST

START_TEST(an_act_that_is_never_answered_does_not_keep_it)
{
	get_ready();
	ask("send", "sit");
	connection_stop(c);
	UNTIL(connection_stopped(c));
	ck_assert_int_eq(mine.acted, 0);
	ck_assert(came("bye"));
}
END_TEST

START_TEST(it_may_be_freed_at_any_moment)
{
	connect_it();
	connection_free(c);
	get_ready();
	ask("send", "sit");
	ask("react", NULL);
	say(0, SAID("e1", "hello"));
	loop_once(loop);
	connection_free(c);
	c = NULL;
	ck_assert_int_eq(mine.acted, 0);
	UNTIL(service.left && !adapter_pid());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("connection");
	TCase *t = tcase_create("connection");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, program_build, folders_end);
	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_test(t, it_signs_in_and_is_ready);
	tcase_add_test(t, what_comes_is_committed_before_it_is_acknowledged);
	tcase_add_test(t, where_the_disk_fails_nothing_is_acknowledged_and_it_begins_again_from_what_it_kept);
	tcase_add_loop_test(t, what_is_no_json_is_told_as_text, 0, COUNT(texts));
	tcase_add_test(t, timers_run_out_unless_they_are_stopped);
	tcase_add_test(t, a_line_that_falls_is_opened_again_but_not_at_once);
	tcase_add_loop_test(t, a_service_that_is_down_is_not_asked_all_the_time, 0, COUNT(downs));
	tcase_add_test(t, two_lines_may_stand_at_once);
	tcase_add_test(t, what_came_after_the_adapter_closed_the_line_is_not_told);
	tcase_add_test(t, a_new_line_under_the_same_number_is_not_taken_for_the_old_one);
	tcase_add_test(t, a_line_that_brings_more_than_can_be_read_is_dropped);
	tcase_add_test(t, an_event_that_ended_it_twice_is_a_dead_letter_and_it_goes_on);
	tcase_add_test(t, an_event_that_ended_it_once_is_told_again_but_not_at_once);
	tcase_add_test(t, what_it_kept_is_forgotten_when_it_does_not_survive_it);
	tcase_add_test(t, an_answer_that_ended_it_twice_is_told_as_a_failure);
	tcase_add_loop_test(t, what_only_a_person_can_mend_is_not_started_again, 0, COUNT(breaks));
	tcase_add_test(t, nothing_is_done_of_an_event_in_which_it_broke_a_rule);
	tcase_add_loop_test(t, an_act_is_answered_exactly_once, 0, COUNT(ends));
	tcase_add_test(t, an_act_that_ended_the_adapter_twice_fails);
	tcase_add_test(t, only_so_many_acts_are_open);
	tcase_add_test(t, an_act_goes_through_though_the_line_is_down);
	tcase_add_loop_test(t, a_service_is_not_asked_without_end_though_it_always_answers, 0, COUNT(storms));
	tcase_add_test(t, timers_in_a_circle_are_no_busy_loop);
	tcase_add_test(t, a_chatty_adapter_is_no_full_disk);
	tcase_add_test(t, what_keeps_it_from_coming_up_is_logged_once);
	tcase_add_test(t, what_is_kept_again_and_again_takes_no_more_room);
	tcase_add_test(t, what_it_says_at_the_end_still_leaves);
	tcase_add_test(t, open_acts_are_answered_before_it_ends);
	tcase_add_test(t, an_act_that_is_never_answered_does_not_keep_it);
	tcase_add_test(t, it_may_be_freed_at_any_moment);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
