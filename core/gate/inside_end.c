/* inside_end.c - how an adapter in our process ends it: what happened and where it stood is told
 * in inside_end, and the process leaves at once.
 *
 * The functions with reserved names are called by sanitizers, by the compiler's counters, and by
 * whoever ends a process: theirs would print, or end without a word. */
#include "adapter/end.h"
#include "gate/fence.h"
#include "gate/inside_parts.h"
#include "limits.h"
#include <stdarg.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <unwind.h>

#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#endif

/* Of one event: a tenth of a second, and ten times what 800 KB of conversation take. */
enum { EDGES_MAX = 20000000 };
enum { STACK_OF_SIGNALS = 256 * 1024, NULL_SPAN = 64 * 1024, STACK_SPAN = 1 << 20 };

struct inside_end *inside_end;

static uintptr_t library_from, library_to, stack_end;
static uint64_t edges;

extern unsigned long __probe_left;
unsigned long __probe_left;
unsigned *__probe_hits, __probe_on;

/* ---- telling ------------------------------------------------------------- */

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *ret)
{
	int exact = 0;
	uintptr_t at = _Unwind_GetIPInfo(frame, &exact);

	if (at < library_from || at >= library_to)
		return _URC_NO_REASON;
	*(uint64_t *)ret = at - library_from - !exact;
	return _URC_NORMAL_STOP;
}

/* The innermost place in the adapter that is being executed; 0: none. */
static uint64_t place(void)
{
	uint64_t at = 0;

	_Unwind_Backtrace(look, &at);
	return at;
}

static _Noreturn void leave(void)
{
	for (;;)
		syscall(SYS_exit_group, 1);
}

static PRINTF(2, 0) void told(const char *remedy, const char *fmt, va_list ap)
{
	struct inside_end *e = inside_end;

	if (!e || e->told)
		leave();
	vsnprintf(e->what, sizeof e->what, fmt, ap);
	snprintf(e->remedy, sizeof e->remedy, "%s", remedy);
	e->told = true;			/* though the stack may be such that nobody finds the place */
	e->at = place();
}

void end_told(const char *remedy, const char *fmt, ...)
{
	va_list ap;

	heap_use(HEAP_OURS);
	va_start(ap, fmt);
	told(remedy, fmt, ap);
	va_end(ap);
	leave();
}

/* ---- what ends processes ------------------------------------------------- */

_Noreturn void __assert_fail(const char *expression, const char *file, unsigned line, const char *function);

static const char mend_call[] = "adapter.h says what this function may be given, and when";

void last_words(enum end_code code, const char *fmt, ...)
{
	va_list ap;

	(void)code;
	heap_use(HEAP_OURS);
	va_start(ap, fmt);
	told(mend_call, fmt, ap);
	va_end(ap);
	leave();
}

void __assert_fail(const char *expression, const char *file, unsigned line, const char *function)
{
	const char *slash = strrchr(file, '/');

	end_told(mend_call, "assertion failed: %s (in %s(), %s line %u)", expression, function, slash ? slash + 1 : file, line);
}

void abort(void)
{
	end_told(mend_call, "abort() was called");
}

static _Noreturn void ended_itself(const char *function)
{
	end_told("return from adapter_event(): the core ends adapters", "it ended its process: it called %s()", function);
}

void exit(int status)
{
	if (heap_used_by() != HEAP_OURS)
		ended_itself("exit");
	for (;;)
		syscall(SYS_exit_group, status);
}

void _exit(int status)
{
	if (heap_used_by() != HEAP_OURS)
		ended_itself("_exit");
	for (;;)
		syscall(SYS_exit_group, status);
}

/* ---- signals ------------------------------------------------------------- */

static bool near(uintptr_t at, uintptr_t to, uintptr_t span)
{
	return at > to - span && at < to + span;
}

static _Noreturn void nothing_there(const siginfo_t *i)
{
	uintptr_t at = (uintptr_t)i->si_addr;

	if (i->si_code != SI_KERNEL && at < NULL_SPAN)
		end_told("most helpers may return NULL: look at it first", "it used a null pointer");
	if (near(at, stack_end, STACK_SPAN))
		end_told("end every recursion, and keep arrays small",
			 "its functions call one another without end, or their arrays are too large");
	end_told("look at every pointer and index before you use it", "it used an address where nothing is");
}

static void caught(int sig, siginfo_t *i, void *context)
{
	(void)context;
	switch (sig) {
	case SIGPROF:
		end_told("let every loop come to its end", "it took more than %d ms of processor time for one event", EVENT_CPU_MS);
	case SIGSYS:
		end_told("use only what adapter.h offers", "it made a system call, which adapters may not");
	case SIGFPE:
		end_told("look at the divisor first", "it divided by zero");
	case SIGSEGV: case SIGBUS:
		nothing_there(i);
	default:
		end_told("look at every pointer and index before you use it", "it crashed (%s)", strsignal(sig));
	}
}

void end_catch(uintptr_t from, uintptr_t to)
{
	static const int signals[] = { SIGPROF, SIGSYS, SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	static char stack[STACK_OF_SIGNALS];
	struct sigaction a = { .sa_sigaction = caught, .sa_flags = SA_ONSTACK | SA_SIGINFO };

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
	for (size_t i = 0; i < COUNT(signals); i++)
		sigaction(signals[i], &a, NULL);
	library_from = from;
	library_to = to;
	stack_end = (uintptr_t)__builtin_frame_address(0) - FENCE_STACK;
	place();			/* what the unwinder looks up once it looks up now */
}

void end_watch(bool event)
{
	struct itimerval t = { .it_value = { .tv_sec = event ? EVENT_CPU_MS / 1000 : 0 } };

	edges = 0;
	__probe_left = EDGES_MAX;
	setitimer(ITIMER_PROF, &t, NULL);
}

/* ---- counters: the compiler's, and those of a text with probes ------------ */

void __sanitizer_cov_trace_pc_guard(uint32_t *guard);
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
_Noreturn void __probe_spent(void);
void __probe_spent(void)
{
	end_told("let every loop come to its end", "it goes on and on: it took more than %d steps for one event", EDGES_MAX);
}

void __sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
	(void)guard;
	if (++edges > EDGES_MAX)
		__probe_spent();
}

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
	(void)start;
	(void)stop;
}

/* ---- sanitizers ---------------------------------------------------------- */

#ifdef SANITIZED

#define GONE "copy what must outlive its event into struct adapter: what hangs on an event, and what was made during one, " \
	     "goes with it"
#define BOUNDS "look at the length, or the count, before you index"

static const struct { const char *kind, *what, *remedy; } reports[] = {
	{ "heap-use-after-free", "it used memory that was gone", GONE },
	{ "heap-buffer-overflow", "it reached past the end of a text or of JSON", BOUNDS },
	{ "global-buffer-overflow", "it reached past the end of a table", BOUNDS },
	{ "stack-buffer-overflow", "it reached past the end of an array on its stack", BOUNDS },
	{ "dynamic-stack-buffer-overflow", "it reached past the end of an array on its stack", BOUNDS },
	{ "stack-buffer-underflow", "it reached before the start of an array on its stack", BOUNDS },
	{ "stack-use-after-return", "it used a variable of a function that had returned", "keep it in struct adapter" },
	{ "stack-use-after-scope", "it used a variable outside of its block", "declare it in the block that uses it" },
};

const char *__asan_default_options(void);
void __asan_on_error(void);
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file, unsigned *line,
				     unsigned *column, char **memory);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:symbolize=0:quarantine_size_mb=16:"
	       "max_malloc_fill_size=65536:malloc_fill_byte=165:max_free_fill_size=65536:free_fill_byte=165:"
	       "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:use_sigaltstack=0";
}

void __asan_on_error(void)
{
	const char *kind = __asan_get_report_description(), *what = "it did what no program may", *remedy = BOUNDS;

	for (size_t i = 0; i < COUNT(reports); i++)
		if (strcmp(kind, reports[i].kind) == 0) {
			what = reports[i].what;
			remedy = reports[i].remedy;
		}
	end_told(remedy, "%s (AddressSanitizer: %s)", what, kind);
}

void __ubsan_on_report(void)
{
	const char *kind, *message, *file;
	unsigned line, column;
	char *memory;

	__ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &memory);
	if (inside_end && !inside_end->told) {
		snprintf(inside_end->file, sizeof inside_end->file, "%s", file);
		inside_end->line = (int)line;
	}
	end_told("the language does not say what this does: rule it out first", "%c%s (UndefinedBehaviorSanitizer: %s)",
		 tolower((unsigned char)message[0]), message + 1, kind);
}

#endif
