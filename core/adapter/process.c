/* process.c - see process.h */
#include "adapter/process.h"
#include "adapter/adapter.h"
#include "adapter/end.h"
#include "limits.h"
#include "loop.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAMES_PER_TURN = 64,		/* read at once, so that a flood leaves the loop its turn */
	WHY_MAX = 700,
};

enum state {
	STARTING,			/* waits for HELLO */
	IDLING,				/* may be told an event */
	HANDLING,			/* waits for DONE */
	ENDING,				/* killed, or its line is dead: waits for its death */
	ENDED,				/* reaped, and the owner was told */
};

struct outputs {
	struct wire_message *list;
	char **bytes;			/* what each of them points into */
	size_t n, size;
};

struct process {
	struct loop *loop;
	struct process_owner *owner;	/* NULL: process_free() was called, and it is only waited for */
	struct process_limits limits;
	enum state state;
	pid_t pid;			/* 0: never started */
	struct watch socket, death;	/* death: a pidfd */
	struct timer watchdog;
	struct buf out;			/* what is still to be sent of an event */
	size_t sent;
	struct wire_inbox in;
	struct outputs outputs;
	size_t output_bytes;
	bool writing;			/* the socket is watched for that too */
	int64_t began_ms, cpu_begin_us;	/* of this event */
	int64_t cpu_us, arena;		/* of the last one */
	enum process_end end;
	char why[WHY_MAX];		/* once it is ENDING: the reason, or empty where its death tells */
	char words[REASON_MAX + 1];	/* its last ones */
	struct process *next;		/* of those that are only waited for */
};

/* Killed, but not yet dead when their owner let go of them. */
static struct process *dying;

/* ---- ending -------------------------------------------------------------- */

static void outputs_free(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->bytes[i]);
	free(o->bytes);
	free(o->list);
	*o = (struct outputs){ 0 };
}

static void stop_talking(struct process *p)
{
	timer_stop(&p->watchdog);
	if (p->socket.fd < 0)
		return;
	watch_set(p->loop, &p->socket, false, false);
	close(p->socket.fd);
	p->socket.fd = -1;
}

/* Gives back all but the struct itself. */
static void give_back(struct process *p)
{
	stop_talking(p);
	if (p->death.fd >= 0) {
		watch_set(p->loop, &p->death, false, false);
		close(p->death.fd);
		p->death.fd = -1;
	}
	wire_inbox_free(&p->in);
	outputs_free(&p->outputs);
	buf_free(&p->out);
}

/* Kills it; the first reason counts. An empty one: let its death tell. */
static PRINTF(3, 4) void kill_for(struct process *p, enum process_end end, const char *fmt, ...)
{
	va_list ap;

	if (p->state >= ENDING)
		return;
	p->state = ENDING;
	p->end = end;
	va_start(ap, fmt);
	vsnprintf(p->why, sizeof p->why, fmt, ap);
	va_end(ap);
	stop_talking(p);
	if (p->pid > 0)
		kill(p->pid, SIGKILL);
	else
		timer_set(p->loop, &p->watchdog, 0);
}

static PRINTF(3, 4) void judge(struct process *p, enum process_end end, const char *fmt, ...)
{
	va_list ap;

	p->end = end;
	va_start(ap, fmt);
	vsnprintf(p->why, sizeof p->why, fmt, ap);
	va_end(ap);
}

static void judge_exit(struct process *p, int code)
{
	const char *words = p->words;

	switch (code) {
	case EXIT_BUG:
		judge(p, END_BUG, "it has a bug: %s", *words ? words : "it ended itself at a failed check");
		return;
	case EXIT_LIMIT:
		judge(p, END_LIMIT, "%s", *words ? words : "it needs more memory than it may have");
		return;
	case EXIT_ARENA:
		judge(p, END_SYSTEM, "this machine did not give it %lld bytes of address space",
		      (long long)p->limits.arena_bytes);
		return;
	case EXIT_LIMITS:
		judge(p, END_SYSTEM, "this machine did not let it give up its rights (limits, close_range, "
		      "/proc and no_new_privs are needed)");
		return;
	case EXIT_FILTER:
		judge(p, END_SYSTEM, "seccomp cannot be set here, and without it no adapter is started; "
		      "a container must allow seccomp and prctl");
		return;
	case EXIT_GONE:
		judge(p, END_SYSTEM, "it lost its line to us");
		return;
	}
	judge(p, END_ATTACK, "it ended itself (exit %d), which nothing in an adapter may do", code);
}

static void judge_signal(struct process *p, int sig)
{
	switch (sig) {
	case SIGSYS:
		judge(p, END_ATTACK, "it made a system call that is forbidden");
		return;
	case SIGSEGV: case SIGBUS: case SIGILL: case SIGFPE: case SIGABRT: case SIGTRAP:
		judge(p, END_BUG, "it crashed (%s)", strsignal(sig));
		return;
	case SIGXCPU:
		judge(p, END_LIMIT, "it took more than %d s of processor time for one job", JOB_CPU_S);
		return;
	}
	judge(p, END_SYSTEM, "the machine ended it (%s), perhaps for want of memory", strsignal(sig));
}

static void judge_death(struct process *p, int status)
{
	if (p->state == ENDING && p->why[0])
		return;
	if (WIFEXITED(status))
		judge_exit(p, WEXITSTATUS(status));
	else
		judge_signal(p, WTERMSIG(status));
}

static void forget_dying(struct process *p)
{
	struct process **at = &dying;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	give_back(p);
	free(p);
}

/* The owner may free p from here: nothing of it is touched afterwards. */
static void tell_end(struct process *p)
{
	p->state = ENDED;
	give_back(p);
	p->owner->ended(p->owner, p->end, p->why);
}

/* ---- handing over an event ------------------------------------------------ */

static int64_t cpu_us(const struct process *p)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(p->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return p->cpu_begin_us;
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void watch_socket(struct process *p, bool writing)
{
	if (writing != p->writing || !p->socket.event)
		watch_set(p->loop, &p->socket, true, writing);
	p->writing = writing;
}

/* Sends what the socket takes now. Where the process is gone its death will tell. */
static void flush(struct process *p)
{
	while (p->sent < p->out.len) {
		size_t left = p->out.len - p->sent, n = left < FRAME_MAX ? left : FRAME_MAX;

		if (send(p->socket.fd, p->out.at + p->sent, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			watch_socket(p, errno == EAGAIN || errno == EINTR);
			return;
		}
		p->sent += n;
	}
	buf_free(&p->out);
	p->sent = 0;
	watch_socket(p, false);
}

/* Until the sooner of: it may have used its processor time; its time by the clock is up. */
static void watch_time(struct process *p)
{
	int64_t cpu = p->limits.cpu_ms - (cpu_us(p) - p->cpu_begin_us) / 1000;
	int64_t wall = p->limits.wall_ms - (loop_now_ms(p->loop) - p->began_ms);

	if (cpu <= 0)
		kill_for(p, END_LIMIT, "it took more than %lld ms of processor time for one event",
			 (long long)p->limits.cpu_ms);
	else if (wall <= 0)
		kill_for(p, END_LIMIT, "it took more than %lld ms for one event", (long long)p->limits.wall_ms);
	else
		timer_set(p->loop, &p->watchdog, cpu < wall ? cpu : wall);
}

/* Sends the event that is in p->out. */
static void begin(struct process *p)
{
	p->state = HANDLING;
	p->began_ms = loop_now_ms(p->loop);
	p->cpu_begin_us = cpu_us(p);
	watch_time(p);
	flush(p);
}

/* ---- hearing ------------------------------------------------------------- */

/* The number on a line of /proc/PID/status ("self": our own), or -1. */
static long status_line(const char *pid, const char *name)
{
	char path[64], line[256];
	long found = -1;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (str_starts(str_of(line), name) && line[strlen(name)] == ':')
			found = strtol(line + strlen(name) + 1, NULL, 10);
	if (f)
		fclose(f);
	return found;
}

/* Is it shut in by a filter of its own? One that was put around us does not count. */
static bool shut_in(const struct process *p)
{
	long outer = status_line("self", "Seccomp_filters");
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)p->pid);
	return outer >= 0 && status_line(pid, "Seccomp_filters") == outer + 1 &&
	       status_line(pid, "Seccomp") == 2 && status_line(pid, "NoNewPrivs") == 1;
}

static void hello(struct process *p, const struct wire_message *m)
{
	if (m->a != ADAPTER_ABI) {
		kill_for(p, END_SYSTEM, "it was built for version %lld of adapter.h; we speak %d: check it again",
			 (long long)m->a, ADAPTER_ABI);
	} else if (!shut_in(p)) {
		kill_for(p, END_SYSTEM, "/proc does not say that it is under its filter "
			 "(Linux 5.10 or later is needed, and /proc as it is)");
	} else {
		p->state = IDLING;
		timer_stop(&p->watchdog);
		if (p->out.len)
			begin(p);
	}
}

static void keep_words(struct process *p, struct str words)
{
	char *mended = text_fmt("%.*s", (int)words.len, words.at);

	for (char *c = mended; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			*c = ' ';
	snprintf(p->words, sizeof p->words, "%s", mended);
	free(mended);
}

static void keep_output(struct process *p, const struct wire_message *m)
{
	struct outputs *o = &p->outputs;

	if (o->n == o->size) {
		o->size = o->size ? 2 * o->size : 8;
		o->list = realloc(o->list, o->size * sizeof *o->list);
		o->bytes = realloc(o->bytes, o->size * sizeof *o->bytes);
		if (!o->list || !o->bytes)
			abort();
	}
	o->list[o->n] = *m;
	o->bytes[o->n++] = buf_take(&p->in.bytes);
}

static void output(struct process *p, const struct wire_message *m)
{
	p->output_bytes += m->name.len + m->text.len + m->json.len;
	if (p->outputs.n == OUTPUT_MAX || p->output_bytes > OUTPUT_BYTES_MAX)
		kill_for(p, END_LIMIT, "it queued more than %d messages or %d bytes for one event", OUTPUT_MAX,
			 OUTPUT_BYTES_MAX);
	else
		keep_output(p, m);
}

/* The owner may free p from here: nothing of it is touched afterwards. */
static void done(struct process *p, const struct wire_message *m)
{
	struct outputs outputs = p->outputs;

	if (p->sent < p->out.len) {
		kill_for(p, END_ATTACK, "it was done with an event that it had not read");
		return;
	}
	timer_stop(&p->watchdog);
	p->state = IDLING;
	p->cpu_us = cpu_us(p) - p->cpu_begin_us;
	p->arena = m->a;
	p->outputs = (struct outputs){ 0 };
	p->owner->heard(p->owner, outputs.list, outputs.n);
	outputs_free(&outputs);
}

static enum wire_when permitted(const struct process *p)
{
	return p->state == STARTING ? AT_START : p->state == HANDLING ? BUSY : IDLE;
}

/* Reading nothing means an empty frame, or that nobody is there any more. */
static bool gone(const struct process *p)
{
	struct pollfd look = { .fd = p->socket.fd };

	return poll(&look, 1, 0) == 1 && (look.revents & POLLHUP);
}

/* One frame of what waits on the socket. False: none is there, or p is ending. */
static bool receive(struct process *p, struct wire_message *ret, bool *ret_whole)
{
	static char frame[FRAME_MAX];
	struct iovec to = { frame, sizeof frame };
	struct msghdr h = { .msg_iov = &to, .msg_iovlen = 1 };
	ssize_t n = recvmsg(p->socket.fd, &h, MSG_DONTWAIT);
	const char *why;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0 || (n == 0 && gone(p))) {
		kill_for(p, END_SYSTEM, "%s", "");
		return false;
	}
	if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		kill_for(p, END_ATTACK, "it sent a frame that is longer than any may be, or a descriptor");
		return false;
	}
	why = wire_take(&p->in, (struct str){ frame, (size_t)n }, permitted(p), ret, ret_whole);
	if (why)
		kill_for(p, END_ATTACK, "it %s", why);
	return !why;
}

static void hear(struct process *p)
{
	struct wire_message m;
	bool whole;

	for (int i = 0; i < FRAMES_PER_TURN && p->state < ENDING && receive(p, &m, &whole); i++) {
		if (!whole)
			continue;
		if (m.kind == WIRE_DONE) {
			done(p, &m);
			return;
		}
		if (m.kind == WIRE_HELLO)
			hello(p, &m);
		else if (m.kind == WIRE_BUG)
			keep_words(p, m.text);
		else
			output(p, &m);
	}
}

/* ---- telling ------------------------------------------------------------- */

static void socket_ready(struct watch *w, bool readable, bool writable)
{
	struct process *p = container_of(w, struct process, socket);

	if (writable)
		flush(p);
	if (readable)
		hear(p);
}

static void watchdog_fired(struct timer *t)
{
	struct process *p = container_of(t, struct process, watchdog);

	if (p->state == HANDLING)
		watch_time(p);
	else if (p->state == STARTING)
		kill_for(p, END_SYSTEM, "it did not start within %d ms", START_WALL_MS);
	else
		tell_end(p);
}

static int collect(void *to, const void *frame, size_t n)
{
	buf_add(to, frame, n);
	return 0;
}

void process_tell(struct process *p, const struct adapter_event_out *ev)
{
	struct wire_message m = {
		.kind = WIRE_EVENT, .ref = ev->ref, .tag = ev->tag,
		.a = ev->kind | (int64_t)ev->failure << 8, .b = ev->status,
		.name = str_of(ev->name), .text = str_of(ev->text), .json = str_of(ev->json),
	};

	assert(process_idle(p));
	p->output_bytes = 0;
	if (wire_pack(&m, collect, &p->out) != 0)
		kill_for(p, END_LIMIT, "an event for it was larger than %d bytes, or not UTF-8", MESSAGE_MAX);
	else if (p->state == IDLING)
		begin(p);
}

/* ---- starting ------------------------------------------------------------ */

/* In the child, which shares our memory until it runs its own program. Signals stay
 * blocked until then, and it leaves our terminal, so that a Ctrl-C is ours alone. */
static void become(int fd, int line, const char *const argv[], volatile int *ret_errno)
{
	static const char *const nothing[] = { NULL };

	setsid();
	if (dup2(line, STDIN_FILENO) == STDIN_FILENO &&
	    syscall(SYS_close_range, 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		syscall(SYS_execveat, fd, "", argv, nothing, AT_EMPTY_PATH);
	*ret_errno = errno;
	_exit(EXIT_GONE);
}

static pid_t spawn(int fd, int line, const char *const argv[], int *ret_errno)
{
	volatile int failed = 0;
	sigset_t all, before;
	pid_t pid;

	assert(line > STDIN_FILENO && fd > STDIN_FILENO);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		become(fd, line, argv, &failed);
	if (pid < 0)
		failed = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && failed)
		waitpid(pid, NULL, 0);
	*ret_errno = failed;
	return failed ? 0 : pid;
}

static void death_ready(struct watch *w, bool readable, bool writable)
{
	struct process *p = container_of(w, struct process, death);
	struct wire_message m;
	bool whole;
	int status;

	(void)readable;
	(void)writable;
	while (p->state < ENDING && receive(p, &m, &whole))
		if (whole && m.kind == WIRE_BUG)
			keep_words(p, m.text);
	waitpid(p->pid, &status, 0);
	if (!p->owner) {
		forget_dying(p);
		return;
	}
	judge_death(p, status);
	tell_end(p);
}

static bool start(struct process *p, int fd, bool job)
{
	char bytes[24];
	const char *const argv[] = { "adapter", job ? "job" : "channel", bytes, NULL };
	int ends[2], failed;

	snprintf(bytes, sizeof bytes, "%lld", (long long)p->limits.arena_bytes);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		kill_for(p, END_SYSTEM, "no line to it could be opened: %s", strerror(errno));
		return false;
	}
	p->socket.fd = ends[0];
	p->pid = spawn(fd, ends[1], argv, &failed);
	close(ends[1]);
	if (!p->pid) {
		kill_for(p, END_SYSTEM, "it could not be started: %s", strerror(failed));
		return false;
	}
	return true;
}

struct process *process_new(struct loop *loop, int fd, bool job, struct process_limits limits,
			    struct process_owner *owner)
{
	struct process *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->loop = loop;
	p->owner = owner;
	p->limits = (struct process_limits){
		.arena_bytes = limits.arena_bytes ? limits.arena_bytes : job ? ARENA_JOB : ARENA_CHANNEL,
		.cpu_ms = limits.cpu_ms ? limits.cpu_ms : EVENT_CPU_MS,
		.wall_ms = limits.wall_ms ? limits.wall_ms : EVENT_WALL_MS,
	};
	p->socket = (struct watch){ .ready = socket_ready, .fd = -1 };
	p->death = (struct watch){ .ready = death_ready, .fd = -1 };
	p->watchdog.fired = watchdog_fired;
	p->in.from = ADAPTER;
	p->out = buf_new(3 * (size_t)MESSAGE_MAX);
	if (!start(p, fd, job))
		return p;
	p->death.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->death.fd < 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
		p->pid = 0;
		kill_for(p, END_SYSTEM, "it cannot be watched here: pidfd_open: %s", strerror(errno));
		return p;
	}
	watch_set(loop, &p->death, true, false);
	watch_socket(p, false);
	timer_set(loop, &p->watchdog, START_WALL_MS);
	return p;
}

void process_hand_over(struct process *p, struct process_owner *owner)
{
	p->owner = owner;
}

bool process_idle(const struct process *p)
{
	return p->state == IDLING || (p->state == STARTING && !p->out.len);
}

void process_free(struct process *p)
{
	if (!p)
		return;
	if (p->state == ENDED || p->pid == 0) {
		give_back(p);
		free(p);
		return;
	}
	kill(p->pid, SIGKILL);
	stop_talking(p);
	p->state = ENDING;
	p->owner = NULL;
	p->next = dying;
	dying = p;
}

void process_usage(const struct process *p, int64_t *ret_cpu_us, int64_t *ret_arena)
{
	*ret_cpu_us = p->cpu_us;
	*ret_arena = p->arena;
}
