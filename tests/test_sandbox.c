/* test_sandbox.c - adapters that try what they must not, under the runner as it is
 * shipped. Each of them has been linked without asking object_check(), which would have
 * refused most: the sandbox holds by itself. */
#include "puppet.h"
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int puppet_fd, impostor_fd, unfiltered_fd;

static const struct process_limits quick = { .arena_bytes = 4 << 20, .cpu_ms = 50, .wall_ms = 5000 };

static const struct {
	const char *act;
	enum process_end end;
	const char *why;
} attempts[] = {
	{ "open", END_ATTACK, "system call" },
	{ "create", END_ATTACK, "system call" },
	{ "socket", END_ATTACK, "system call" },
	{ "socketpair", END_ATTACK, "system call" },
	{ "fork", END_ATTACK, "system call" },
	{ "exec", END_ATTACK, "system call" },
	{ "wx", END_ATTACK, "system call" },
	{ "mprotect", END_ATTACK, "system call" },
	{ "ptrace", END_ATTACK, "system call" },
	{ "kill", END_ATTACK, "system call" },
	{ "memfd", END_ATTACK, "system call" },
	{ "unshare", END_ATTACK, "system call" },
	{ "io_uring", END_ATTACK, "system call" },
	{ "pid", END_ATTACK, "system call" },
	{ "random", END_ATTACK, "system call" },
	{ "dup", END_ATTACK, "system call" },
	{ "shutdown", END_ATTACK, "system call" },
	{ "close", END_ATTACK, "system call" },
	{ "recv", END_ATTACK, "system call" },
	{ "limit", END_ATTACK, "system call" },
	{ "signal", END_ATTACK, "system call" },
	{ "sleep", END_ATTACK, "system call" },
	{ "sbrk", END_ATTACK, "system call" },
	{ "exit", END_ATTACK, "ended itself (exit 0)" },
	{ "exit_group", END_ATTACK, "ended itself (exit 0)" },
	{ "exit_bug", END_BUG, "failed check" },
	{ "sigreturn", END_BUG, "crashed" },
#if defined __x86_64__
	{ "x32", END_ATTACK, "system call" },
	{ "x32_write", END_ATTACK, "system call" },
	{ "rdtsc", END_BUG, "crashed" },
#endif
	{ "garbage", END_ATTACK, "kind" },
	{ "short", END_ATTACK, "too short" },
	{ "empty", END_ATTACK, "empty frame" },
	{ "long", END_ATTACK, "longer than any" },
	{ "kind", END_ATTACK, "kind 99" },
	{ "event", END_ATTACK, "kind 1" },
	{ "hello", END_ATTACK, "HELLO while an event" },
	{ "after_done", END_ATTACK, "DELTA while no event" },
	{ "done_twice", END_ATTACK, "while no event" },
	{ "half_message", END_ATTACK, "length does not fit" },
	{ "loop", END_LIMIT, "50 ms of processor time" },
	{ "grow", END_LIMIT, "4194304 bytes of memory" },
	{ "grow_json", END_LIMIT, "4194304 bytes of memory" },
	{ "flood", END_LIMIT, "1024 messages" },
	{ "raw_flood", END_LIMIT, "1024 messages" },
	{ "stack", END_BUG, "crashed" },
	{ "two_mb", END_BUG, "crashed" },
	{ "null", END_BUG, "crashed" },
	{ "text_jump", END_BUG, "crashed" },
	{ "assert", END_BUG, "moon is made of cheese\" (in do_assert(), puppet.c line" },
	{ "smash", END_BUG, "past the end of an array" },
	{ "abort", END_BUG, "abort()" },
	{ "cycle", END_BUG, "nested too deeply" },
	{ "itself", END_BUG, "item != list" },
	{ "bad_text", END_BUG, "DELTA is not UTF-8" },
	{ "bad_guide", END_BUG, "a letter that the guide does not have" },
	{ "no_operation", END_BUG, "failed: operation (in host_call()" },
};

START_TEST(an_attempt_ends_the_process_and_is_named)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, quick);
	puppet_do(&p, attempts[_i].act, NULL);
	if (strstr(attempts[_i].why, "while no event"))		/* which it sends after its own DONE */
		while (!p.ended)
			loop_once(p.loop);
	ck_assert_msg(p.ended, "%s: %s", attempts[_i].act, p.heard);
	ck_assert_msg(p.end == attempts[_i].end && strstr(p.why, attempts[_i].why), "%s: %d %s", attempts[_i].act,
		      p.end, p.why);
	ck_assert_msg(p.times == (strstr(p.why, "while no event") ? 1 : 0), "%s: it was heard", attempts[_i].act);
	puppet_stop(&p);
}
END_TEST

START_TEST(more_bytes_than_allowed_end_it)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, (struct process_limits){ .wall_ms = 5000 });
	puppet_do(&p, "big_flood", NULL);
	ck_assert_msg(p.ended && p.end == END_LIMIT && strstr(p.why, "bytes for one event"), "%s", p.why);
	puppet_stop(&p);
}
END_TEST

/* There is no clock: whichever way these ask, they die. */
static const char *const clocks[] = { "clock", "coarse", "time" };

START_TEST(it_cannot_tell_the_time)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, quick);
	puppet_do(&p, clocks[_i], NULL);
	ck_assert_msg(p.ended && (p.end == END_BUG || p.end == END_ATTACK), "%s: %s", clocks[_i], p.heard);
	puppet_stop(&p);
}
END_TEST

#if defined __x86_64__
/* A kernel without 32-bit programs answers with SIGSEGV. */
START_TEST(the_32_bit_door_is_shut)
{
	struct puppet p;

	puppet_start(&p, puppet_fd, true, quick);
	puppet_do(&p, "int80", NULL);
	ck_assert_msg(p.ended && (strstr(p.why, "system call") || strstr(p.why, "crashed")), "%s%s", p.heard, p.why);
	puppet_stop(&p);
}
END_TEST
#endif

enum { CALLS = 480 };

static bool allowed(int nr)
{
	return nr == SYS_read || nr == SYS_write || nr == SYS_rt_sigreturn || nr == SYS_exit_group;
}

/* Two calls that the kernel's own probes make pass every filter; for whoever makes them
 * without being probed they do nothing, or kill. */
static bool probe(int nr)
{
#if defined __x86_64__
	return nr == 335 || nr == 336;
#else
	(void)nr;
	return false;
#endif
}

START_TEST(every_other_system_call_is_forbidden)
{
	for (int nr = 0; nr < CALLS; nr++) {
		DEFER(text_free) char *json = text_fmt("{\"nr\":%d}", nr);
		struct puppet p;

		if (allowed(nr))
			continue;
		puppet_start(&p, puppet_fd, true, quick);
		puppet_do(&p, "syscall", json);
		ck_assert_msg(probe(nr) || (p.ended && p.end == END_ATTACK && strstr(p.why, "system call")),
			      "%d: %s%s", nr, p.heard, p.why);
		puppet_stop(&p);
	}
}
END_TEST

static const struct { const char *act, *json, *want; } harmless[] = {
	{ "descriptors", NULL, "{\"got\":\"none\"}" },
	{ "environment", NULL, "{\"got\":\"none\"}" },
	{ "half_mb", NULL, "{\"got\":\"it was done\"}" },
	{ "echo", "{\"a\":[1,2,{\"b\":null}]}", "{\"a\":[1,2,{\"b\":null}]}" },
};

START_TEST(it_finds_nothing_and_may_work)
{
	struct puppet p;
	int open_here = open("/dev/null", O_RDONLY);		/* not close-on-exec */

	ck_assert_int_gt(open_here, 2);
	puppet_start(&p, puppet_fd, true, quick);
	puppet_do(&p, harmless[_i].act, harmless[_i].json);
	ck_assert_msg(!p.ended && strstr(p.heard, harmless[_i].want), "%s: %s%s", harmless[_i].act, p.heard, p.why);
	puppet_stop(&p);
	close(open_here);
}
END_TEST

START_TEST(what_it_defines_takes_the_place_of_nothing)
{
	struct puppet p;

	puppet_start(&p, impostor_fd, true, quick);
	puppet_do(&p, "open", NULL);
	ck_assert_msg(p.ended && p.end == END_ATTACK && strstr(p.why, "system call"), "%s%s", p.heard, p.why);
	puppet_stop(&p);
}
END_TEST

START_TEST(a_process_without_its_filter_is_never_told_anything)
{
	struct puppet p;

	puppet_start(&p, unfiltered_fd, true, quick);
	ck_assert_msg(p.ended && p.end == END_SYSTEM && strstr(p.why, "under its filter"), "%s", p.why);
	puppet_stop(&p);
}
END_TEST

/* ---- shut in already ----------------------------------------------------- */

/* What a container's own filter does: a few calls answered with an error. */
static void outer_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = { COUNT(code), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void be_a_container(void)
{
	if (geteuid() == 0) {
		ck_assert_int_eq(setgroups(0, NULL), 0);
		ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	}
	outer_filter();
}

static const struct { const char *name; int *fd; const char *act, *heard, *why; } contained[] = {
	{ "it works", &puppet_fd, "echo", "RESULT", "" },
	{ "what the container allows", &puppet_fd, "open", "", "system call" },
	{ "what the container forbids", &puppet_fd, "ptrace", "", "system call" },
	{ "the container's filter does not pass for ours", &unfiltered_fd, NULL, "", "under its filter" },
};

/* In a child, for there is no way back. */
START_TEST(it_is_the_same_in_a_restricted_container)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct puppet p;

		be_a_container();
		puppet_start(&p, *contained[_i].fd, true, quick);
		if (contained[_i].act)
			puppet_do(&p, contained[_i].act, "{}");
		ck_assert_msg(strstr(p.heard, contained[_i].heard) && strstr(p.why, contained[_i].why) &&
			      p.ended == (*contained[_i].why != '\0'), "%s: %s%s", contained[_i].name, p.heard, p.why);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(it_dies_with_the_core)
{
	pid_t core, one, other;
	int status;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	core = fork();
	if (core == 0) {
		struct puppet p;

		puppet_start(&p, puppet_fd, false, (struct process_limits){ .cpu_ms = 60000, .wall_ms = 60000 });
		process_tell(p.process, &(struct adapter_event_out){ .kind = EVENT_CALL, .ref = 1, .name = "loop" });
		_exit(7);
	}
	one = waitpid(-1, &status, 0);
	other = waitpid(-1, &status, 0);
	ck_assert(one > 0 && other > 0 && one != other && (one == core || other == core));
	ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1);
}
END_TEST

/* The runner, but with tests/attack/unfiltered.c instead of sandbox.c. */
static char *unfiltered_runner(void)
{
	DEFER(text_free) char *objects = built("obj/core/adapter/sandboxed");
	DEFER(text_free) char *stub = compiled("tests/attack", "unfiltered");
	char *runner = text_fmt("%s/runner.o", folder);
	DEFER(text_free) char *command =
		text_fmt("ld -r -o %s %s $(find %s -name '*.o' ! -name sandbox.o)", runner, stub, objects);

	sh(command);
	return runner;
}

static void make_programs(void)
{
	DEFER(text_free) char *runner = built("runner.o");
	DEFER(text_free) char *open_runner = unfiltered_runner();

	puppet_fd = program_of("tests/attack", "puppet", runner);
	impostor_fd = program_of("tests/attack", "impostor", runner);
	unfiltered_fd = program_of("tests/attack", "puppet", open_runner);
}

static TCase *cases(void)
{
	TCase *t = tcase_create("sandbox");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, an_attempt_ends_the_process_and_is_named, 0, COUNT(attempts));
	tcase_add_test(t, more_bytes_than_allowed_end_it);
	tcase_add_loop_test(t, it_cannot_tell_the_time, 0, COUNT(clocks));
#if defined __x86_64__
	tcase_add_test(t, the_32_bit_door_is_shut);
#endif
	tcase_add_test(t, every_other_system_call_is_forbidden);
	tcase_add_loop_test(t, it_finds_nothing_and_may_work, 0, COUNT(harmless));
	tcase_add_test(t, what_it_defines_takes_the_place_of_nothing);
	tcase_add_test(t, a_process_without_its_filter_is_never_told_anything);
	tcase_add_loop_test(t, it_is_the_same_in_a_restricted_container, 0, COUNT(contained));
	tcase_add_test(t, it_dies_with_the_core);
	return t;
}

int main(void)
{
	Suite *s = suite_create("sandbox");
	SRunner *r = srunner_create(s);
	int failed;

	folder_make();
	make_programs();
	suite_add_tcase(s, cases());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	folder_drop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
