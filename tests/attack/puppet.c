/* puppet.c - an adapter that does what the test tells it to: the name of the event says
 * what. Most of it is hostile, and would work if there were no sandbox. */
#include "adapter.h"
#include "raw.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct adapter {
	uint32_t ref;
	int64_t count;
	const cJSON *event_json;	/* kept too long */
	const char *event_text;
	const char *own_text;
};

const size_t adapter_size = sizeof(struct adapter);

struct frame_head {
	uint32_t whole, kind, ref, tag;
	int64_t a, b;
	uint32_t size[3], zero;
};

enum { KIND_DELTA = 11, KIND_DONE = 16, NOTHING = 0xFFFFFFFF };

static void result(const struct adapter *a, const char *text)
{
	host_result(a->ref, json_make("{got:%s}", text));
}

/* ---- what the C library offers ------------------------------------------- */

static long do_open(void) { return open("/etc/passwd", O_RDONLY); }
static long do_create(void) { return open("/tmp/chela-attack", O_CREAT | O_RDWR, 0600); }
static long do_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long do_socketpair(void) { int fd[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, fd); }
static long do_fork(void) { return fork(); }
static long do_exec(void) { char *argv[] = { "sh", NULL }; return execve("/bin/sh", argv, NULL); }
static long do_wx(void) { return (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static long do_mprotect(void) { return mprotect((void *)((uintptr_t)&do_mprotect & ~4095ul), 4096, PROT_READ | PROT_WRITE | PROT_EXEC); }
static long do_ptrace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static long do_kill(void) { return kill(getppid(), SIGKILL); }
static long do_memfd(void) { return memfd_create("x", 0); }
static long do_unshare(void) { return unshare(CLONE_NEWUSER); }
static long do_io_uring(void) { return syscall(SYS_io_uring_setup, 8, NULL); }
static long do_pid(void) { return syscall(SYS_getpid); }
static long do_random(void) { char c; return getrandom(&c, 1, 0); }
static long do_dup(void) { return dup(0); }
static long do_shutdown(void) { return shutdown(0, SHUT_RDWR); }
static long do_close(void) { return close(0); }
static long do_recv(void) { char c; return recv(0, &c, 1, MSG_DONTWAIT); }
static long do_limit(void) { struct rlimit r = { 100, 100 }; return setrlimit(RLIMIT_NOFILE, &r); }
static long do_signal(void) { return signal(SIGSEGV, SIG_IGN) == SIG_ERR; }
static long do_sleep(void) { struct timespec t = { 0, 1 }; return nanosleep(&t, NULL); }
static long do_clock(void) { struct timespec t; return clock_gettime(CLOCK_MONOTONIC, &t); }
static long do_coarse(void) { struct timespec t; return clock_gettime(CLOCK_REALTIME_COARSE, &t); }
static long do_time(void) { return time(NULL); }
static long do_sbrk(void) { return (long)sbrk(4096); }
static long do_abort(void) { abort(); }
static long do_exit(void) { exit(0); }
static long do_exit_group(void) { return raw(SYS_exit_group, 0, 0, 0, 0, 0, 0); }
static long do_exit_bug(void) { return raw(SYS_exit_group, 101, 0, 0, 0, 0, 0); }
static long do_sigreturn(void) { return raw(SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0); }

#if defined __x86_64__
static long do_rdtsc(void) { return (long)__builtin_ia32_rdtsc(); }
static long do_int80(void) { long r = 20; __asm__ volatile("int $0x80" : "+a"(r) : : "memory"); return r; }
static long do_x32(void) { return raw(0x40000000 | SYS_getpid, 0, 0, 0, 0, 0, 0); }
static long do_x32_write(void) { return raw(0x40000000 | SYS_write, 0, (long)"x", 1, 0, 0, 0); }
#endif

/* ---- bugs and floods ----------------------------------------------------- */

static long do_loop(void)
{
	for (volatile long i = 0;; i++)
		;
}

static long deeper(volatile char *above)
{
	volatile char here[4096];

	here[0] = above[0];
	return deeper(here) + here[1];
}

static long do_stack(void) { char c = 0; return deeper(&c); }
static long deep(int pages, volatile char *above)
{
	volatile char here[4096];

	here[0] = above[0];
	return (pages ? deep(pages - 1, here) : 0) + here[0];
}

static long do_half_mb(void) { char c = 0; return deep(120, &c); }
static long do_two_mb(void) { char c = 0; return deep(500, &c); }
static long do_null(void) { return *(volatile int *)NULL; }
static long do_assert(void) { assert(!"the moon is made of cheese"); return 0; }

static long do_smash(void)
{
	char small[16];
	volatile size_t n = 64;

	for (volatile size_t i = 0; i < n; i++)
		((volatile char *)small)[i] = 'x';
	return small[3];
}

static long do_text_jump(void)
{
	static const unsigned char code[] = { 0xC3 };

	((void (*)(void))(uintptr_t)code)();
	return 0;
}

static long do_grow(void)
{
	struct text t = { 0 };

	for (;;)
		text_add(&t, "0123456789abcdef");
}

static long do_grow_json(void)
{
	for (cJSON *list = json_list();;)
		json_push(list, json_string("more"));
}

static long do_flood(void)
{
	for (;;)
		host_delta(1, "x");
}

static long do_big_flood(void)
{
	char *text = (char *)text_make("%0900000d", 1);

	for (;;)
		host_delta(1, text);
}

static long do_cycle(void)
{
	cJSON *list = json_list(), *other = json_list();

	json_push(list, other);
	json_push(other, list);
	host_result(1, list);
	return 0;
}

static long do_itself(void) { cJSON *list = json_list(); json_push(list, list); return 0; }
static long do_bad_text(void) { host_delta(1, "\xFF"); return 0; }
static long do_bad_guide(void) { json_make("{x:%z}", 1); return 0; }
static long do_no_operation(void) { host_call(1, 1, NULL, NULL); return 0; }

/* ---- frames of its own making -------------------------------------------- */

static void write_raw(const void *bytes, size_t n)
{
	raw(SYS_write, 0, (long)bytes, (long)n, 0, 0, 0);
}

static void write_head(uint32_t kind)
{
	struct frame_head h = { sizeof h, kind, 1, 0, 0, 0, { NOTHING, NOTHING, NOTHING }, 0 };

	write_raw(&h, sizeof h);
}

static long do_garbage(void) { write_raw("garbage, and enough of it to be as long as the head of a message", 60); return 0; }
static long do_short(void) { write_raw("x", 1); return 0; }
static long do_empty(void) { write_raw("", 0); return 0; }
static long do_kind(void) { write_head(99); return 0; }
static long do_event(void) { write_head(1); return 0; }
static long do_hello(void) { write_head(0); return 0; }
static long do_after_done(void) { write_head(KIND_DONE); write_head(KIND_DELTA); return 0; }
static long do_done_twice(void) { write_head(KIND_DONE); return 0; }

static long do_long(void)
{
	size_t n = 64 * 1024 + 1;

	write_raw(text_make("%0*d", (int)n, 1), n);
	return 0;
}

static long do_raw_flood(void)
{
	for (;;)
		write_head(KIND_DELTA);
}

static long do_half_message(void)
{
	static char frame[64 * 1024];
	struct frame_head h = { 200000 + sizeof h + 1, KIND_DELTA, 1, 0, 0, 0, { NOTHING, 200000, NOTHING }, 0 };

	memcpy(frame, &h, sizeof h);
	write_raw(frame, sizeof frame);
	write_head(KIND_DONE);
	return 0;
}

static const struct { const char *name; long (*act)(void); } acts[] = {
	{ "open", do_open }, { "create", do_create }, { "socket", do_socket }, { "socketpair", do_socketpair },
	{ "fork", do_fork }, { "exec", do_exec }, { "wx", do_wx }, { "mprotect", do_mprotect },
	{ "ptrace", do_ptrace }, { "kill", do_kill }, { "memfd", do_memfd }, { "unshare", do_unshare },
	{ "io_uring", do_io_uring }, { "pid", do_pid }, { "random", do_random }, { "dup", do_dup },
	{ "shutdown", do_shutdown }, { "close", do_close }, { "recv", do_recv }, { "limit", do_limit },
	{ "signal", do_signal }, { "sleep", do_sleep }, { "clock", do_clock }, { "coarse", do_coarse },
	{ "time", do_time }, { "sbrk", do_sbrk }, { "abort", do_abort }, { "exit", do_exit },
	{ "exit_group", do_exit_group }, { "exit_bug", do_exit_bug }, { "sigreturn", do_sigreturn },
#if defined __x86_64__
	{ "rdtsc", do_rdtsc }, { "int80", do_int80 }, { "x32", do_x32 }, { "x32_write", do_x32_write },
#endif
	{ "loop", do_loop }, { "stack", do_stack }, { "half_mb", do_half_mb },
	{ "two_mb", do_two_mb }, { "null", do_null }, { "assert", do_assert },
	{ "smash", do_smash }, { "text_jump", do_text_jump }, { "grow", do_grow }, { "grow_json", do_grow_json },
	{ "flood", do_flood }, { "big_flood", do_big_flood }, { "cycle", do_cycle }, { "bad_text", do_bad_text }, { "itself", do_itself },
	{ "bad_guide", do_bad_guide }, { "no_operation", do_no_operation }, { "garbage", do_garbage },
	{ "short", do_short }, { "empty", do_empty }, { "kind", do_kind }, { "event", do_event },
	{ "hello", do_hello }, { "after_done", do_after_done }, { "done_twice", do_done_twice }, { "long", do_long },
	{ "raw_flood", do_raw_flood }, { "half_message", do_half_message },
};

/* ---- what it may do, and what it finds ----------------------------------- */

static void raw_call(struct adapter *a, const cJSON *json)
{
	int64_t nr = -1;

	json_number(json, "/nr", 0, 1 << 30, &nr);
	raw((long)nr, 0, 0, 0, 0, 0, 0);
	result(a, "it returned");
}

static void read_others(struct adapter *a)
{
	char c;

	for (long fd = 1; fd < 1024; fd++)
		if (raw(SYS_read, fd, (long)&c, 1, 0, 0, 0) != -EBADF) {
			result(a, text_make("descriptor %ld is open", fd));
			return;
		}
	result(a, "none");
}

static void outputs(const struct adapter *a)
{
	host_log("%s", "a line");
	host_call(a->ref, 5, "operation", json_make("{n:%d}", 1));
	host_delta(a->ref, "\xED\xA0\xBD");
	host_timer(3, 10, 20);
	host_failed(a->ref, FAIL_BUSY, "%s", "not today");
}

/* Its own text not first, or the next event's would stand in its place. */
static void keep(struct adapter *a, const struct event *ev)
{
	text_make("%01000d", 7);
	a->event_json = ev->json;
	a->event_text = json_text(ev->json, "/text");
	a->own_text = text_make("mine");
}

static bool honest(struct adapter *a, const struct event *ev)
{
	if (text_is(ev->name, "echo"))
		host_result(a->ref, ev->json);
	else if (text_is(ev->name, "syscall"))
		raw_call(a, ev->json);
	else if (text_is(ev->name, "descriptors"))
		read_others(a);
	else if (text_is(ev->name, "environment"))
		result(a, environ[0] ? environ[0] : "none");
	else if (text_is(ev->name, "outputs"))
		outputs(a);
	else if (text_is(ev->name, "nothing"))
		host_log("nothing");
	else if (text_is(ev->name, "count"))
		result(a, text_make("%d", (int)++a->count));
	else if (text_is(ev->name, "keep"))
		keep(a, ev);
	else if (text_is(ev->name, "kept json"))
		result(a, json_text(a->event_json, "/text"));
	else if (text_is(ev->name, "kept text"))
		result(a, a->event_text);
	else if (text_is(ev->name, "own text"))
		result(a, a->own_text);
	else if (text_is(ev->name, "logs"))
		for (int i = 0; i < 100; i++)
			host_log("line %d %s", i, (const char *)text_make("%02000d", 7));
	else if (text_is(ev->name, "reason"))
		host_failed(a->ref, FAIL_BUSY, "%s\xFF\xC3", text_make("%0*d", 498, 0));
	else
		return false;
	return true;
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	a->ref = ev->ref;
	if (ev->kind == EVENT_START || honest(a, ev))
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (text_is(ev->name, acts[i].name)) {
			acts[i].act();
			result(a, "it was done");
			return;
		}
	host_failed(a->ref, FAIL_INPUT, "no such act");
}
