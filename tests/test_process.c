/* test_process.c - an adapter process seen from outside: told, heard, measured, ended. */
#include "puppet.h"
#include "limits.h"
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int puppet_fd, template_fd;

static const struct process_limits usual;

/* The one child that we have. */
static pid_t child(void)
{
	DEFER(text_free) char *path = text_fmt("/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "re");
	char line[64] = "";

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	fclose(f);
	return (pid_t)atoi(line);
}

START_TEST(outputs_come_together_and_in_order)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, "outputs", NULL);
	ck_assert_str_eq(p.heard, "LOG ref=0 tag=0 a=0 b=0 a line\n"
			 "CALL ref=1 tag=5 a=0 b=0 operation{\"n\":1}\n"
			 "DELTA ref=1 tag=0 a=0 b=0 \xED\xA0\xBD\n"
			 "TIMER ref=0 tag=3 a=10 b=20 \n"
			 "FAILED ref=1 tag=0 a=6 b=0 not today\n");
	ck_assert_int_eq(p.times, 1);
	puppet_do(&p, "echo", "[1]");
	ck_assert_str_eq(p.heard, "RESULT ref=1 tag=0 a=0 b=0 [1]\n");
	puppet_stop(&p);
}
END_TEST

START_TEST(it_lives_from_event_to_event)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, _i == 0, usual);
	for (int i = 1; i <= 200; i++) {
		DEFER(text_free) char *want = text_fmt("RESULT ref=1 tag=0 a=0 b=0 {\"got\":\"%d\"}\n", i);

		puppet_do(&p, "count", NULL);
		ck_assert_str_eq(p.heard, want);
	}
	puppet_stop(&p);
}
END_TEST

/* ---- the example that others are written from ---------------------------- */

static const struct {
	const char *name;
	struct adapter_event_out http;
	const char *want;
} answers[] = {
	{ "a text", { .status = 200, .json = "{\"choices\":[{\"message\":{\"content\":\"Hi.\"}}],"
	  "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}" },
	  "RESULT ref=1 tag=0 a=0 b=0 {\"stop\":\"end\",\"text\":\"Hi.\",\"calls\":[],\"usage\":{\"in\":7,\"out\":2}}\n" },
	{ "a failure", { .status = 429, .failure = FAIL_BUSY, .text = "HTTP 429" }, "FAILED ref=1 tag=0 a=6 b=0 HTTP 429\n" },
	{ "an answer without text", { .status = 200, .json = "{\"choices\":[]}" },
	  "FAILED ref=1 tag=0 a=8 b=0 the answer holds no text\n" },
	{ "an answer that is no JSON", { .status = 200, .text = "hm" }, "FAILED ref=1 tag=0 a=8 b=0 the answer holds no text\n" },
};

START_TEST(the_template_translates)
{
	struct adapter_event_out http = answers[_i].http;
	struct puppet p;

	http.kind = EVENT_HTTP;
	http.ref = http.tag = 1;
	puppet_start(&p, template_fd, true, usual);
	puppet_tell(&p, EVENT_TURN, NULL, "{\"model\":\"m\",\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"text\":\"Hi\"}]}");
	ck_assert_str_eq(p.heard, "CALL ref=1 tag=1 a=0 b=0 chat{\"model\":\"m\",\"messages\":["
			 "{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"Hi\"}]}\n");
	p.times = 0;
	process_tell(p.process, &http);
	while (!p.ended && p.times == 0)
		loop_once(p.loop);
	ck_assert_msg(strcmp(p.heard, answers[_i].want) == 0, "%s: %s%s", answers[_i].name, p.heard, p.why);
	puppet_stop(&p);
}
END_TEST

/* ---- large and odd JSON -------------------------------------------------- */

static const size_t sizes[] = { 0, 1000, FRAME_MAX, 3 * FRAME_MAX + 1, 1000 * 1000, 3 * 1000 * 1000 };

START_TEST(events_and_outputs_of_any_size_come_through)
{
	DEFER(text_free) char *json = text_fmt("\"%0*d\"", (int)sizes[_i], 7);
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, "echo", json);
	ck_assert_msg(!p.ended, "%s", p.why);
	ck_assert_uint_eq(p.outputs, 1);
	puppet_stop(&p);
}
END_TEST

static char *members(int n)
{
	struct buf b = buf_new(1 << 20);

	buf_addc(&b, '{');
	for (int i = 0; i < n; i++)
		buf_addf(&b, "%s\"member_%d\":%d", i ? "," : "", i, i);
	buf_addc(&b, '}');
	return buf_take(&b);
}

/* The C library's sort must not ask the kernel for anything. */
START_TEST(an_object_may_have_many_members)
{
	DEFER(text_free) char *json = members(5000);
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, "echo", json);
	ck_assert_msg(!p.ended, "%s", p.why);
	ck_assert(strstr(p.heard, "member_0") || p.outputs == 1);
	puppet_stop(&p);
}
END_TEST

static const struct { const char *name, *act, *json, *want; } texts[] = {
	{ "half a pair", "echo", "\"\\ud83d\"", "\"\\ud83d\"" },
	{ "a large whole number", "echo", "[9007199254740991]", "[9007199254740991]" },
	{ "a number that no double holds", "echo", "[12345678901234567890]", "[\"12345678901234567890\"]" },
	{ "no JSON at all", "echo", NULL, "RESULT ref=1 tag=0 a=0 b=0 \n" },
	{ "an unknown act", "dance", NULL, "FAILED ref=1 tag=0 a=1 b=0 no such act" },
	{ "a reason that is cut, and bytes that are no text", "reason", NULL, "00??\n" },
};

START_TEST(what_it_says_comes_as_it_said_it)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, texts[_i].act, texts[_i].json);
	ck_assert_msg(!p.ended && strstr(p.heard, texts[_i].want), "%s: %s%s", texts[_i].name, p.heard, p.why);
	puppet_stop(&p);
}
END_TEST

START_TEST(only_so_many_lines_are_logged)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, "logs", NULL);
	ck_assert_msg(!p.ended, "%s", p.why);
	ck_assert_uint_eq(p.outputs, LOG_LINES_MAX);
	puppet_do(&p, "nothing", NULL);
	ck_assert_uint_eq(p.outputs, 1);
	puppet_stop(&p);
}
END_TEST

/* ---- what is kept too long ----------------------------------------------- */

static const struct { const char *act; bool job; const char *want; } kept[] = {
	{ "own text", true, "{\"got\":\"mine\"}" },
	{ "own text", false, "is not UTF-8" },
	{ "kept text", true, "is not UTF-8" },
	{ "kept text", false, "is not UTF-8" },
	{ "kept json", true, "crashed" },
	{ "kept json", false, "crashed" },
};

START_TEST(what_an_event_brought_goes_with_it)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, kept[_i].job, usual);
	puppet_do(&p, "keep", "{\"text\":\"a text that came with the event\"}");
	puppet_do(&p, kept[_i].act, NULL);
	ck_assert_msg(strstr(p.ended ? p.why : p.heard, kept[_i].want), "%s in a %s: %s%s", kept[_i].act,
		      kept[_i].job ? "job" : "channel", p.heard, p.why);
	puppet_stop(&p);
}
END_TEST

START_TEST(a_channel_s_memory_does_not_grow)
{
	DEFER(text_free) char *json = members(1000);
	int64_t cpu, first, last;
	struct puppet p;

	puppet_start(&p, puppet_fd, false, usual);
	puppet_do(&p, "echo", json);
	puppet_do(&p, "echo", json);
	process_usage(p.process, &cpu, &first);
	for (int i = 0; i < 100; i++)
		puppet_do(&p, "echo", json);
	process_usage(p.process, &cpu, &last);
	ck_assert_int_eq(first, last);
	ck_assert_msg(cpu > 0 && cpu < 1000000, "%lld us", (long long)cpu);
	puppet_stop(&p);
}
END_TEST

/* ---- limits and ends ----------------------------------------------------- */

static const struct { const char *name; struct process_limits limits; const char *act, *why; } limits[] = {
	{ "processor time", { .cpu_ms = 20 }, "loop", "it took more than 20 ms of processor time for one event" },
	{ "time by the clock", { .cpu_ms = 60000, .wall_ms = 200 }, "loop", "it took more than 200 ms for one event" },
	{ "memory", { .arena_bytes = 100000 }, "grow", "it needs more than the 100000 bytes of memory that it may have" },
	{ "less memory than its state", { .arena_bytes = 16 }, "", "it needs more memory than it may have" },
	{ "more memory than there is", { .arena_bytes = 1LL << 60 }, "", "this machine did not give it" },
};

START_TEST(a_limit_ends_it_and_says_which)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, limits[_i].limits);
	if (*limits[_i].act)
		puppet_do(&p, limits[_i].act, NULL);
	ck_assert_msg(p.ended && strstr(p.why, limits[_i].why), "%s: %s%s", limits[_i].name, p.heard, p.why);
	ck_assert_msg(p.end == (strstr(p.why, "machine") ? END_SYSTEM : END_LIMIT), "%s", limits[_i].name);
	puppet_stop(&p);
}
END_TEST

START_TEST(a_process_that_is_stopped_runs_into_its_limit)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, (struct process_limits){ .wall_ms = 200 });
	kill(child(), SIGSTOP);
	puppet_do(&p, "echo", NULL);
	ck_assert_msg(p.ended && p.end == END_LIMIT && strstr(p.why, "200 ms for one event"), "%s", p.why);
	puppet_stop(&p);
}
END_TEST

/* It does not read, the socket is full, and we do not wait. */
START_TEST(a_large_event_for_a_stopped_process_does_not_hold_us_up)
{
	DEFER(text_free) char *json = text_fmt("\"%0*d\"", 3 * 1000 * 1000, 7);
	struct puppet p;
	pid_t pid;

	puppet_start(&p, puppet_fd, true, usual);
	pid = child();
	kill(pid, SIGSTOP);
	process_tell(p.process, &(struct adapter_event_out){ .kind = EVENT_CALL, .ref = 1, .name = "echo", .json = json });
	ck_assert(!process_idle(p.process) && p.times == 0);
	kill(pid, SIGCONT);
	while (!p.ended && p.times == 0)
		loop_once(p.loop);
	ck_assert_msg(!p.ended && p.outputs == 1, "%s", p.why);
	puppet_stop(&p);
}
END_TEST

static const struct { const char *name; int sig; enum process_end end; const char *why; } signals[] = {
	{ "SIGKILL", SIGKILL, END_SYSTEM, "the machine ended it (Killed)" },
	{ "SIGTERM", SIGTERM, END_SYSTEM, "the machine ended it (Terminated)" },
	{ "SIGXCPU", SIGXCPU, END_LIMIT, "processor time for one job" },
	{ "SIGFPE", SIGFPE, END_BUG, "it crashed (Floating point exception)" },
};

START_TEST(who_ended_it_is_told_apart)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, usual);
	kill(child(), signals[_i].sig);
	while (!p.ended)
		loop_once(p.loop);
	ck_assert_msg(p.end == signals[_i].end && strstr(p.why, signals[_i].why), "%s: %s", signals[_i].name, p.why);
	puppet_stop(&p);
}
END_TEST

static const struct { const char *name, *json; } untold[] = {
	{ "too large", NULL },
	{ "not UTF-8", "\"\xFF\"" },
};

START_TEST(an_event_that_cannot_be_told_ends_it)
{
	DEFER(text_free) char *large = malloc(MESSAGE_MAX + 2);
	struct puppet p;

	ck_assert_ptr_nonnull(large);
	memset(large, ' ', MESSAGE_MAX + 1);
	large[MESSAGE_MAX + 1] = '\0';
	puppet_start(&p, puppet_fd, true, usual);
	puppet_do(&p, "echo", untold[_i].json ? untold[_i].json : large);
	ck_assert_msg(p.ended && p.end == END_LIMIT && strstr(p.why, "an event for it"), "%s: %s", untold[_i].name, p.why);
	puppet_stop(&p);
}
END_TEST

/* ---- starting ------------------------------------------------------------ */

static int text_file(void)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	ck_assert(fd > 0 && write(fd, "no program\n", 11) == 11);
	return fd;
}

static int folder_fd(void)
{
	return open("/tmp", O_RDONLY | O_CLOEXEC);
}

static int closed_fd(void)
{
	return 1000;
}

static int other_program(void)
{
	return open("/bin/true", O_RDONLY | O_CLOEXEC);
}

static const struct { const char *name; int (*fd)(void); enum process_end end; const char *why; } unstartable[] = {
	{ "a text", text_file, END_SYSTEM, "it could not be started: Exec format error" },
	{ "a folder", folder_fd, END_SYSTEM, "it could not be started: Permission denied" },
	{ "a closed descriptor", closed_fd, END_SYSTEM, "it could not be started: Bad file descriptor" },
	{ "another program", other_program, END_ATTACK, "it ended itself (exit 0)" },
};

START_TEST(a_start_that_fails_is_told_from_the_loop)
{
	int fd = unstartable[_i].fd();
	struct puppet p = { .owner = { puppet_heard, puppet_ended }, .loop = loop_new() };

	p.process = process_new(p.loop, fd, true, usual, &p.owner);
	ck_assert(!p.ended);
	while (!p.ended)
		loop_once(p.loop);
	ck_assert_msg(p.end == unstartable[_i].end && strstr(p.why, unstartable[_i].why), "%s: %s", unstartable[_i].name,
		      p.why);
	puppet_stop(&p);
	close(fd);
}
END_TEST

/* ---- letting go ---------------------------------------------------------- */

static void free_when_heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	struct puppet *p = container_of(o, struct puppet, owner);

	puppet_heard(o, outputs, n);
	process_free(p->process);
	p->process = NULL;
	ck_assert(n == 1 && outputs[0].kind == WIRE_RESULT && str_is(outputs[0].json, "[1]"));
}

static void free_when_ended(struct process_owner *o, enum process_end end, const char *why)
{
	struct puppet *p = container_of(o, struct puppet, owner);

	puppet_ended(o, end, why);
	process_free(p->process);
	p->process = NULL;
}

static void no_child_is_left(struct loop *l)
{
	siginfo_t dead;

	while (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) == 0)
		loop_once(l);
	ck_assert_int_eq(errno, ECHILD);
}

static const struct {
	const char *name, *act;			/* NULL: nothing is told */
	int turns;				/* of the loop; -1: until it was heard or has ended */
	void (*heard)(struct process_owner *o, const struct wire_message *outputs, size_t n);
	void (*ended)(struct process_owner *o, enum process_end end, const char *why);
} moments[] = {
	{ "before it is up", NULL, 0, puppet_heard, puppet_ended },
	{ "told, and before it is up", "echo", 0, puppet_heard, puppet_ended },
	{ "while it comes up", NULL, 1, puppet_heard, puppet_ended },
	{ "while it handles an event", "loop", 1, puppet_heard, puppet_ended },
	{ "after it was heard", "echo", -1, puppet_heard, puppet_ended },
	{ "within heard()", "echo", -1, free_when_heard, puppet_ended },
	{ "after it has ended", "null", -1, puppet_heard, puppet_ended },
	{ "within ended()", "null", -1, puppet_heard, free_when_ended },
};

START_TEST(it_can_be_let_go_at_any_moment)
{
	struct puppet p = { .owner = { moments[_i].heard, moments[_i].ended }, .loop = loop_new() };
	struct adapter_event_out ev = { .kind = EVENT_CALL, .ref = 1, .name = moments[_i].act, .json = "[1]" };

	p.process = process_new(p.loop, puppet_fd, true, usual, &p.owner);
	if (moments[_i].act)
		process_tell(p.process, &ev);
	for (int i = 0; moments[_i].turns < 0 ? !p.ended && p.times == 0 : i < moments[_i].turns; i++)
		loop_once(p.loop);
	ck_assert_msg(p.ended == (ev.name && strcmp(ev.name, "null") == 0), "%s", moments[_i].name);
	process_free(p.process);
	no_child_is_left(p.loop);
	ck_assert_msg(p.ended == (ev.name && strcmp(ev.name, "null") == 0), "%s: its end was told", moments[_i].name);
	loop_free(p.loop);
}
END_TEST

START_TEST(many_at_once_do_not_disturb_each_other)
{
	struct puppet p[20];
	struct loop *l = loop_new();
	int left = 1;

	for (size_t i = 0; i < COUNT(p); i++) {
		p[i] = (struct puppet){ .owner = { puppet_heard, puppet_ended }, .loop = l };
		p[i].process = process_new(l, puppet_fd, true, usual, &p[i].owner);
	}
	while (left > 0) {
		loop_once(l);
		left = 0;
		for (size_t i = 0; i < COUNT(p); i++) {
			if (process_idle(p[i].process) && p[i].times == 0)
				process_tell(p[i].process, &(struct adapter_event_out){
					.kind = EVENT_CALL, .ref = (uint32_t)i, .name = i % 2 ? "echo" : "null" });
			left += !p[i].ended && p[i].times == 0;
		}
	}
	for (size_t i = 0; i < COUNT(p); i++) {
		ck_assert(p[i].ended == (i % 2 == 0) && p[i].times == (int)(i % 2));
		process_free(p[i].process);
	}
	no_child_is_left(l);
	loop_free(l);
}
END_TEST

START_TEST(freeing_none_is_fine)
{
	process_free(NULL);
}
END_TEST

static TCase *cases(void)
{
	TCase *t = tcase_create("process");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, outputs_come_together_and_in_order);
	tcase_add_loop_test(t, it_lives_from_event_to_event, 0, 2);
	tcase_add_loop_test(t, the_template_translates, 0, COUNT(answers));
	tcase_add_loop_test(t, events_and_outputs_of_any_size_come_through, 0, COUNT(sizes));
	tcase_add_test(t, an_object_may_have_many_members);
	tcase_add_loop_test(t, what_it_says_comes_as_it_said_it, 0, COUNT(texts));
	tcase_add_test(t, only_so_many_lines_are_logged);
	tcase_add_loop_test(t, what_an_event_brought_goes_with_it, 0, COUNT(kept));
	tcase_add_test(t, a_channel_s_memory_does_not_grow);
	tcase_add_loop_test(t, a_limit_ends_it_and_says_which, 0, COUNT(limits));
	tcase_add_test(t, a_process_that_is_stopped_runs_into_its_limit);
	tcase_add_test(t, a_large_event_for_a_stopped_process_does_not_hold_us_up);
	tcase_add_loop_test(t, who_ended_it_is_told_apart, 0, COUNT(signals));
	tcase_add_loop_test(t, an_event_that_cannot_be_told_ends_it, 0, COUNT(untold));
	tcase_add_loop_test(t, a_start_that_fails_is_told_from_the_loop, 0, COUNT(unstartable));
	tcase_add_loop_test(t, it_can_be_let_go_at_any_moment, 0, COUNT(moments));
	tcase_add_test(t, many_at_once_do_not_disturb_each_other);
	tcase_add_test(t, freeing_none_is_fine);
	return t;
}

int main(void)
{
	DEFER(text_free) char *runner = built("runner.o");
	Suite *s = suite_create("process");
	SRunner *r = srunner_create(s);
	int failed;

	folder_make();
	template_fd = program_of("core/adapter", "template", runner);
	puppet_fd = program_of("tests/attack", "puppet", runner);
	suite_add_tcase(s, cases());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	folder_drop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
