/* test_chela.c - the program as a person meets it: a project of its own in a temporary
 * folder, the real binary, a real terminal. */
#include "buf.h"
#include "fake.h"
#include "json.h"
#include "loop.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static char project[64];		/* a copy of what a checkout holds */

static void shell(const char *fmt, ...) PRINTF(1, 2);
static void shell(const char *fmt, ...)
{
	struct buf b = buf_new(65536);
	va_list ap;
	int status;
	pid_t child;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-ec", buf_text(&b), (char *)NULL);
		_exit(127);
	}
	ck_assert(waitpid(child, &status, 0) == child);
	ck_assert_msg(status == 0, "%s", buf_text(&b));
	buf_free(&b);
}

/* The folder of the program under test: this one lies in its tests/. */
static char *built(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	ck_assert(n > 0);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	*strrchr(path, '/') = '\0';
	return text_dup(path);
}

static void setup(void)
{
	DEFER(text_free) char *build = built();

	snprintf(project, sizeof project, "/tmp/chela-test-XXXXXX");
	ck_assert(mkdtemp(project) != NULL);
	shell("mkdir -p %s/build %s/core && cp -r specs generated skills %s/ && cp -r core/adapter %s/core/ && "
	      "cp %s/chela %s/chela-gate %s/runner.o %s/build/ && ln -s %s/harness* %s/build/",
	      project, project, project, project, build, build, build, project, build, project);
	unsetenv("ANTHROPIC_API_KEY");
	unsetenv("OPENAI_API_KEY");
}

static void teardown(void)
{
	shell("rm -rf %s", project);
}

/* ---- running it ---------------------------------------------------------- */

struct ran {
	int status;
	char *out;			/* both streams */
};

static void ran_free(struct ran *r)
{
	free(r->out);
}

static void drain(int fd, struct buf *b)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(b, piece, (size_t)n);
}

/* chela ARGS with `input` piped in and no terminal anywhere. */
static struct ran chela(const char *input, const char *args)
{
	DEFER(text_free) char *command = text_fmt("exec %s/build/chela %s", project, args);
	struct buf out = buf_new((size_t)1 << 20);
	int in[2], from[2], status;
	pid_t child;

	ck_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		setsid();
		dup2(in[0], 0);
		dup2(from[1], 1);
		dup2(from[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(from[1]);
	ck_assert(write(in[1], input, strlen(input)) == (ssize_t)strlen(input));
	close(in[1]);
	drain(from[0], &out);
	close(from[0]);
	ck_assert(waitpid(child, &status, 0) == child);
	return (struct ran){ WIFEXITED(status) ? WEXITSTATUS(status) : -1, buf_take(&out) };
}

struct terminal {
	int fd;
	pid_t child;
	struct buf seen;		/* since the last wait_for() */
};

static struct terminal terminal_open(const char *args)
{
	DEFER(text_free) char *command = text_fmt("exec %s/build/chela %s", project, args);
	struct terminal t = { .seen = buf_new((size_t)1 << 20) };

	t.child = forkpty(&t.fd, NULL, NULL, &(struct winsize){ .ws_row = 24, .ws_col = 100 });
	ck_assert(t.child >= 0);
	if (t.child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return t;
}

/* Waits until `text` is on the screen; what came before it is forgotten. */
static void wait_for(struct terminal *t, const char *text)
{
	char piece[4096];
	const char *at;

	while ((at = strstr(buf_text(&t->seen), text)) == NULL) {
		struct pollfd p = { .fd = t->fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, PATIENCE_MS) > 0 ? read(t->fd, piece, sizeof piece) : 0;

		ck_assert_msg(n > 0, "waited for \"%s\", saw: %s", text, buf_text(&t->seen));
		buf_add(&t->seen, piece, (size_t)n);
	}
	buf_drop(&t->seen, (size_t)(at - t->seen.at) + strlen(text));
}

static void type(struct terminal *t, const char *text)
{
	ck_assert(write(t->fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static int terminal_close(struct terminal *t)
{
	char piece[4096];
	int status;

	for (ssize_t n = 1; n > 0;) {
		struct pollfd p = { .fd = t->fd, .events = POLLIN };

		ck_assert_msg(poll(&p, 1, PATIENCE_MS) > 0, "it does not end; last seen: %s", buf_text(&t->seen));
		n = read(t->fd, piece, sizeof piece);
		if (n > 0)
			buf_add(&t->seen, piece, (size_t)n);
	}
	ck_assert(waitpid(t->child, &status, 0) == t->child);
	close(t->fd);
	buf_free(&t->seen);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(struct ran *r, int status, const char *has)
{
	ck_assert_msg(r->status == status && strstr(r->out, has), "wanted %d and \"%s\", got %d and: %s",
		      status, has, r->status, r->out);
}

/* ---- first start --------------------------------------------------------- */

START_TEST(a_first_start_checks_asks_once_and_answers)
{
	struct terminal t = terminal_open("run");

	wait_for(&t, "assistant.conf is made");
	wait_for(&t, "May offline be used? [y/N]");
	type(&t, "y\n");
	wait_for(&t, "is here, with offline");
	type(&t, "what time is it\r");
	wait_for(&t, "20");
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);

	t = terminal_open("run");
	wait_for(&t, "is here, with offline");
	type(&t, "\x04");
	ck_assert_int_eq(terminal_close(&t), 0);
}
END_TEST

START_TEST(consent_is_not_read_from_a_pipe)
{
	DEFER(ran_free) struct ran first = chela("y\ny\n", "chat");
	DEFER(ran_free) struct ran enable = chela("y\n", "enable offline");

	expect(&first, 1, "--yes-to offline");
	expect(&enable, 1, "a person must say yes at a terminal");
}
END_TEST

START_TEST(a_line_piped_in_is_answered)
{
	DEFER(ran_free) struct ran first = chela("hi\n", "chat --yes-to offline 2>/dev/null");
	DEFER(ran_free) struct ran again = chela("remember the key is under the mat\nwhat do you remember\n", "chat");

	ck_assert_int_eq(first.status, 0);
	ck_assert_msg(strlen(first.out) > 20, "%s", first.out);
	expect(&again, 0, "the key is under the mat");
}
END_TEST

START_TEST(yes_to_another_name_is_not_consent)
{
	DEFER(ran_free) struct ran r = chela("hi\n", "chat --yes-to anthropic");

	expect(&r, 1, "offline is not enabled");
}
END_TEST

START_TEST(a_key_in_the_environment_is_found_and_named_in_the_file)
{
	DEFER(ran_free) struct ran r = { 0 };

	setenv("ANTHROPIC_API_KEY", "sk-test-not-a-key", 1);
	r = chela("", "chat --yes-to nothing");
	unsetenv("ANTHROPIC_API_KEY");
	expect(&r, 1, "ANTHROPIC_API_KEY is set, so anthropic may answer");
	shell("grep -qx 'secret anthropic.key from env ANTHROPIC_API_KEY' %s/instance/assistant.conf", project);
	shell("! grep -rq sk-test-not-a-key %s/instance", project);
}
END_TEST

/* ---- seals --------------------------------------------------------------- */

static void ready(void)
{
	DEFER(ran_free) struct ran r = chela("hi\n", "chat --yes-to offline");

	ck_assert_msg(r.status == 0, "%s", r.out);
}

START_TEST(without_a_seal_nothing_is_enabled)
{
	struct terminal t = terminal_open("enable openai");

	wait_for(&t, "openai has not passed its check on this machine: build/chela check openai");
	ck_assert_int_eq(terminal_close(&t), 1);
}
END_TEST

static const struct {
	const char *name, *change, *says;
	bool stops;
} drifts[] = {
	{ "program", "printf x >>build/adapters/offline", "the program of offline is not the one", true },
	{ "manifest", "sed -i '1s/{/{ /' specs/offline/manifest.json", "the manifest of offline is not the one", true },
	{ "source", "echo '/* */' >>generated/offline/adapter.c", "the adapter's source changed", false },
	{ "page", "for p in specs/offline/*.md; do echo >>$p; done", "the contract's pages changed", false },
	{ "header", "echo >>core/adapter/adapter.h", "the ABI header changed", false },
	{ "gate", "printf x >>build/chela-gate", "the gate changed", false },
	{ "seal", "sed -i 's/offline/0ffline/' instance/seals/offline.json", "was not made by this instance", true },
	{ "key", "head -c 32 /dev/urandom >instance/key", "was not made by this instance", true },
};

START_TEST(drift_is_told_apart)
{
	DEFER(ran_free) struct ran status = { 0 };

	ready();
	shell("cd %s && %s", project, drifts[_i].change);
	status = chela("", "status");
	expect(&status, 0, drifts[_i].says);
	expect(&status, 0, drifts[_i].stops ? "not enabled" : "stale");
}
END_TEST

START_TEST(a_failing_check_leaves_the_program_that_passed)
{
	DEFER(ran_free) struct ran check = { 0 };
	DEFER(ran_free) struct ran chat = { 0 };

	ready();
	shell("cd %s && sed -i 's/host_result/host_nothing/' generated/offline/adapter.c", project);
	check = chela("", "check offline");
	ck_assert_msg(check.status == 1, "%s", check.out);
	chat = chela("hi\n", "chat");
	ck_assert_msg(chat.status != 0 || strlen(chat.out) > 0, "%s", chat.out);
}
END_TEST

START_TEST(a_manifest_with_an_unknown_member_is_refused_with_its_line)
{
	DEFER(ran_free) struct ran r = { 0 };

	shell("cd %s && sed -i '0,/\"about\"/s//\"efects\": [],\\n  \"about\"/' specs/offline/manifest.json", project);
	r = chela("", "check offline");
	expect(&r, 1, "efects");
	expect(&r, 1, "specs/offline/manifest.json:");
}
END_TEST

/* ---- a model that is slow ------------------------------------------------- */

/* A model server in a process of its own, that says the beginning of an answer and then no
 * more, and answers whatever comes after whole. Its process; *ret_port. */
static pid_t slow_server(int *ret_port)
{
	int port[2];
	pid_t child;

	ck_assert(pipe2(port, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		struct loop *loop = loop_new();
		struct fake *fake = fake_new(loop);

		fake_script(fake);
		fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
		fake_chunks(fake, STR("data: {\"choices\":[{\"delta\":{\"content\":\"Once upon\"}}]}\n\n"), 4096);
		fake_stall(fake);
		fake_script(fake);
		fake_answer(fake, 200, "content-type: text/event-stream\r\n",
			    "data: {\"choices\":[{\"delta\":{\"content\":\"The end.\"},\"finish_reason\":\"stop\"}]}\n\n"
			    "data: [DONE]\n\n");
		dprintf(port[1], "%s", strrchr(fake_origin(fake), ':') + 1);
		close(port[1]);
		loop_run(loop);
		_exit(0);
	}
	close(port[1]);
	*ret_port = 0;
	for (char c; read(port[0], &c, 1) == 1;)
		*ret_port = *ret_port * 10 + (c - '0');
	close(port[0]);
	return child;
}

START_TEST(an_interrupt_stops_the_answer_and_keeps_what_was_said)
{
	struct terminal t;
	int port;
	pid_t server = slow_server(&port);

	shell("mkdir -m 700 %s/instance && printf '%%s\\n' 'model m = openai at http://127.0.0.1:%d/v1 using x' 'use m' "
	      ">%s/instance/assistant.conf", project, port, project);
	t = terminal_open("run --yes-to openai");
	wait_for(&t, "is here, with m");
	type(&t, "tell me a story\r");
	wait_for(&t, "Once upon");
	type(&t, "\x03");
	wait_for(&t, "(Interrupted.)");
	type(&t, "go on\r");
	wait_for(&t, "The end.");
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}
END_TEST

/* The core goes down in the middle of an answer: the next start goes on from what is on disk. */
START_TEST(a_turn_that_a_crash_cut_off_is_answered_by_the_next_start)
{
	struct terminal t;
	int port;
	pid_t server = slow_server(&port);

	shell("mkdir -m 700 %s/instance && printf '%%s\\n' 'model m = openai at http://127.0.0.1:%d/v1 using x' 'use m' "
	      ">%s/instance/assistant.conf", project, port, project);
	t = terminal_open("run --yes-to openai");
	wait_for(&t, "is here, with m");
	type(&t, "tell me a story\r");
	wait_for(&t, "Once upon");
	shell("pkill -KILL -s $(pgrep -f '^%s/build/chela run' | tail -n 1)", project);
	wait_for(&t, "the assistant has stopped");
	ck_assert_int_eq(terminal_close(&t), 1);

	t = terminal_open("run");
	wait_for(&t, "The end.");
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}
END_TEST

/* ---- one core ------------------------------------------------------------ */

START_TEST(a_second_core_is_refused_and_commands_reach_the_first)
{
	DEFER(ran_free) struct ran second = { 0 };
	DEFER(ran_free) struct ran status = { 0 };
	DEFER(ran_free) struct ran chat = { 0 };
	struct terminal t;

	ready();
	t = terminal_open("run");
	wait_for(&t, "is here, with offline");
	second = chela("", "run");
	expect(&second, 1, "it runs already");
	status = chela("", "status");
	expect(&status, 0, "chela, running");
	chat = chela("what time is it\n", "chat");
	ck_assert_int_eq(chat.status, 0);
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);
}
END_TEST

/* A client of the core that says what no chat would. */
static int stranger(const char *lines)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s/instance/control", project);
	ck_assert(connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
	ck_assert(write(fd, lines, strlen(lines)) == (ssize_t)strlen(lines));
	shutdown(fd, SHUT_WR);
	return fd;
}

static const struct { const char *name, *lines, *want; } oddities[] = {
	{ "no JSON", "garbage\n", "no value stands here" },
	{ "three times hello", "{\"do\":\"hello\"}\n{\"do\":\"hello\"}\n{\"do\":\"hello\"}\n", "\"hello\":" },
	{ "an origin of two lines", "{\"do\":\"secret\",\"name\":\"a.b\",\"origin\":\"x\\ny\",\"value\":\"v\"}\n", "no origin" },
	{ "a seal elsewhere", "{\"do\":\"enable\",\"name\":\"../workspace/x\"}\n", "no integration has a name" },
	{ "no seal elsewhere", "{\"do\":\"disable\",\"name\":\"../workspace/x\"}\n", "no integration has a name" },
	{ "a member that is missing", "{\"do\":\"say\",\"id\":\"x\"}\n", "a member is missing" },
	{ "a row that is none", "{\"do\":\"shown\",\"row\":1e99}\n{\"do\":\"x\"}\n", "no such request" },
};

START_TEST(a_client_that_says_odd_things_does_not_take_the_core_down)
{
	struct terminal t;

	ready();
	t = terminal_open("run");
	wait_for(&t, "is here, with offline");
	for (size_t i = 0; i < COUNT(oddities); i++) {
		DEFER(buf_free) struct buf said = buf_new((size_t)1 << 20);
		int fd = stranger(oddities[i].lines);

		drain(fd, &said);
		close(fd);
		ck_assert_msg(strstr(buf_text(&said), oddities[i].want), "%s: %s", oddities[i].name, buf_text(&said));
		type(&t, "what time is it\r");
		wait_for(&t, "(UTC).");
	}
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);
}
END_TEST

/* Two that talk at once are one conversation, and each waits for its own answer. */
START_TEST(an_answer_to_another_is_not_taken_for_ones_own)
{
	struct terminal t, other;
	int port;
	pid_t server = slow_server(&port);

	shell("mkdir -m 700 %s/instance && printf '%%s\\n' 'model m = openai at http://127.0.0.1:%d/v1 using x' 'use m' "
	      ">%s/instance/assistant.conf", project, port, project);
	t = terminal_open("run --yes-to openai");
	wait_for(&t, "is here, with m");
	other = terminal_open("chat");
	wait_for(&other, "is here, with m");
	type(&t, "tell me a story\r");
	wait_for(&t, "Once upon");
	type(&other, "and me\r");
	shell("until %s/build/chela status | grep -q '1 in,'; do :; done", project);
	type(&t, "\x03");
	wait_for(&other, "(Interrupted.)");
	wait_for(&other, "The end.");
	type(&other, "/quit\r");
	ck_assert_int_eq(terminal_close(&other), 0);
	type(&t, "/quit\r");
	ck_assert_int_eq(terminal_close(&t), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}
END_TEST

START_TEST(what_was_shown_is_not_shown_again)
{
	ready();
	for (int i = 0; i < 8; i++) {
		DEFER(ran_free) struct ran chat = chela("what time is it\n", "chat 2>/dev/null");
		const char *first = strstr(chat.out, "It is ");

		ck_assert_msg(first && !strstr(first + 1, "It is "), "%s", chat.out);
	}
}
END_TEST

START_TEST(what_is_no_line_is_not_sent)
{
	DEFER(buf_free) struct buf long_one = buf_new((size_t)1 << 20);
	DEFER(ran_free) struct ran bad = { 0 };

	ready();
	for (int i = 0; i < 300000; i++)
		buf_addc(&long_one, 'a');
	buf_addc(&long_one, '\n');
	bad = chela("\xFF\n", "chat");
	expect(&bad, 1, "that line is not UTF-8 text, and was not sent");
	ran_free(&bad);
	bad = chela(buf_text(&long_one), "chat");
	expect(&bad, 1, "a line has at most 262144 bytes: that one was not sent");
}
END_TEST

/* Whoever ends it, at the prompt or at a question, finds the terminal as it was. */
static const struct { const char *args, *prompt; int signal; } endings[] = {
	{ "run", "> ", SIGTERM }, { "run", "> ", SIGHUP }, { "run", "> ", SIGQUIT },
	{ "secret set anthropic.key", "while you type: ", SIGINT },
	{ "secret set anthropic.key", "while you type: ", SIGTERM },
};

static bool reads_lines(int terminal)
{
	struct termios now;

	ck_assert(tcgetattr(terminal, &now) == 0);
	return (now.c_lflag & (ECHO | ICANON)) == (ECHO | ICANON);
}

START_TEST(a_signal_leaves_the_terminal_as_it_was)
{
	struct terminal t;
	int status;

	ready();
	t = terminal_open(endings[_i].args);
	wait_for(&t, endings[_i].prompt);
	ck_assert(!reads_lines(t.fd));
	kill(t.child, endings[_i].signal);
	ck_assert(waitpid(t.child, &status, 0) == t.child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == endings[_i].signal);
	ck_assert(reads_lines(t.fd));
	close(t.fd);
	buf_free(&t.seen);
}
END_TEST

START_TEST(an_instance_that_others_could_read_is_closed)
{
	DEFER(ran_free) struct ran first = { 0 }, second = { 0 };

	ready();
	shell("chmod 755 %s/instance && chmod 750 %s/instance/secrets", project, project);
	first = chela("what time is it\n", "chat");
	expect(&first, 0, "instance/ was open to others");
	expect(&first, 0, "secrets was open to others");
	shell("test $(stat -c %%a %s/instance)$(stat -c %%a %s/instance/secrets) = 700700", project, project);
	second = chela("what time is it\n", "chat");
	ck_assert(!strstr(second.out, "open to others"));
}
END_TEST

START_TEST(why_names_the_rule)
{
	DEFER(ran_free) struct ran allowed = { 0 };
	DEFER(ran_free) struct ran denied = { 0 };

	ready();
	allowed = chela("", "why core.remember text=hello");
	expect(&allowed, 0, "allow read,write,delete on core");
	shell("cd %s && sed -i '/^allow/d' instance/assistant.conf", project);
	denied = chela("", "why core.remember text=hello");
	expect(&denied, 0, "denied");
}
END_TEST

START_TEST(without_a_rule_even_a_note_is_not_kept)
{
	DEFER(ran_free) struct ran r = { 0 };

	ready();
	shell("cd %s && sed -i '/^allow/d' instance/assistant.conf", project);
	r = chela("remember the key is under the mat\nwhat do you remember\n", "chat");
	ck_assert_int_eq(r.status, 0);
	shell("cd %s && ! grep -q 'under the mat.*under the mat' instance/assistant.conf", project);
	ck_assert_msg(!strstr(r.out, "Kept"), "%s", r.out);
}
END_TEST

static const struct { const char *name, *args, *says; int status; } words[] = {
	{ "no command", "frobnicate", "no such command: frobnicate", 2 },
	{ "help", "help", "What a person types", 0 },
	{ "check without a name", "check", "usage: chela check", 2 },
	{ "a name that climbs", "check ../../etc", "usage: chela check", 2 },
	{ "enable of nothing", "enable nothing", "has not passed its check", 1 },
	{ "disable of what was not enabled", "disable nothing", "nothing was not enabled", 1 },
	{ "an instance without a folder", "--instance", "needs a folder", 1 },
	{ "nowhere to write", "chat >/dev/full", "could not be written", 1 },
	{ "why without a dot", "why remember", "usage: chela why", 2 },
	{ "a secret at no terminal", "secret set anthropic.key", "a secret is typed at a terminal", 1 },
	{ "a secret of nobody", "secret set nobody.key", "no model or channel of that name", 1 },
	{ "status twice", "status --json --json", "usage: chela status", 2 },
	{ "a folder that is none", "-C /nowhere status", "-C", 1 },
};

START_TEST(wrong_words_get_the_right_ones)
{
	DEFER(ran_free) struct ran r = { 0 };

	ready();
	r = chela("hi\n", words[_i].args);
	expect(&r, words[_i].status, words[_i].says);
}
END_TEST

START_TEST(an_unknown_word_in_the_configuration_names_its_line)
{
	DEFER(ran_free) struct ran r = { 0 };

	ready();
	shell("cd %s && sed -i '1i alow read on core' instance/assistant.conf", project);
	r = chela("", "status");
	expect(&r, 1, "assistant.conf:1:");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chela");
	TCase *t = tcase_create("chela");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_first_start_checks_asks_once_and_answers);
	tcase_add_test(t, consent_is_not_read_from_a_pipe);
	tcase_add_test(t, a_line_piped_in_is_answered);
	tcase_add_test(t, yes_to_another_name_is_not_consent);
	tcase_add_test(t, a_key_in_the_environment_is_found_and_named_in_the_file);
	tcase_add_test(t, without_a_seal_nothing_is_enabled);
	tcase_add_loop_test(t, drift_is_told_apart, 0, COUNT(drifts));
	tcase_add_test(t, a_failing_check_leaves_the_program_that_passed);
	tcase_add_test(t, a_manifest_with_an_unknown_member_is_refused_with_its_line);
	tcase_add_test(t, an_interrupt_stops_the_answer_and_keeps_what_was_said);
	tcase_add_test(t, a_turn_that_a_crash_cut_off_is_answered_by_the_next_start);
	tcase_add_test(t, a_second_core_is_refused_and_commands_reach_the_first);
	tcase_add_test(t, a_client_that_says_odd_things_does_not_take_the_core_down);
	tcase_add_test(t, an_answer_to_another_is_not_taken_for_ones_own);
	tcase_add_test(t, what_was_shown_is_not_shown_again);
	tcase_add_test(t, what_is_no_line_is_not_sent);
	tcase_add_loop_test(t, a_signal_leaves_the_terminal_as_it_was, 0, COUNT(endings));
	tcase_add_test(t, an_instance_that_others_could_read_is_closed);
	tcase_add_test(t, why_names_the_rule);
	tcase_add_test(t, without_a_rule_even_a_note_is_not_kept);
	tcase_add_loop_test(t, wrong_words_get_the_right_ones, 0, COUNT(words));
	tcase_add_test(t, an_unknown_word_in_the_configuration_names_its_line);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
