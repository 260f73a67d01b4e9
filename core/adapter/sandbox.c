/* sandbox.c - see sandbox.h */
#include "adapter/sandbox.h"
#include "adapter/end.h"
#include "err.h"
#include "limits.h"
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void need(bool done, enum end_code code)
{
	if (!done)
		_exit(code);
}

static void limit(int resource, rlim_t most)
{
	struct rlimit r = { most, most };

	need(setrlimit(resource, &r) == 0, EXIT_LIMITS);
}

/* What the filter forbids is forbidden once more by the limits, where there is one. */
static void set_limits(bool job)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_DATA, 0);			/* the arena is there already: no more */
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_MEMLOCK, 0);
	limit(RLIMIT_MSGQUEUE, 0);
	limit(RLIMIT_NOFILE, 1);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_SIGPENDING, 0);
	limit(RLIMIT_STACK, STACK_MAX);
	if (job)
		limit(RLIMIT_CPU, JOB_CPU_S);
}

static void drop_privileges(void)
{
	sigset_t none;

	sigemptyset(&none);
	need(sigprocmask(SIG_SETMASK, &none, NULL) == 0, EXIT_LIMITS);
	need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, EXIT_LIMITS);
	need(prctl(PR_SET_DUMPABLE, 0) == 0, EXIT_LIMITS);
	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, EXIT_LIMITS);
	need(syscall(SYS_close_range, 1, ~0U, 0) == 0, EXIT_LIMITS);
}

/* The kernel lends every process a page to read the time from. Where it is sealed in
 * place it stays; the counter, without which it is coarse, is forbidden all the same. */
static void unmap_clock(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from[4], to[4];
	char line[256], *dash;
	size_t n = 0;

	need(maps != NULL, EXIT_LIMITS);
	while (n < COUNT(from) && fgets(line, sizeof line, maps))
		if (strstr(line, "[vvar") || strstr(line, "[vdso]")) {
			from[n] = strtoul(line, &dash, 16);
			to[n++] = strtoul(dash + 1, NULL, 16);
		}
	fclose(maps);
	while (n-- > 0)
		munmap((void *)from[n], to[n] - from[n]);
}

static void forbid_counter(void)
{
	bool done = prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0;

#if defined __x86_64__ || defined __i386__
	need(done, EXIT_LIMITS);
#else
	(void)done;
#endif
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The C library asks the kernel how much memory there is when it first sorts something
 * large, and never again: json.c sorts names. */
static void sort_once(void)
{
	int *numbers = calloc(1024, sizeof *numbers);

	qsort(numbers, 1024, sizeof *numbers, by_number);
	free(numbers);
}

static void set_filter(void)
{
	static const int allowed[] = {
		SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	need(filter != NULL, EXIT_FILTER);
	need(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0, EXIT_FILTER);
	for (size_t i = 0; i < COUNT(allowed); i++)
		need(seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0, EXIT_FILTER);
	need(seccomp_load(filter) == 0, EXIT_FILTER);
	seccomp_release(filter);
}

void sandbox_enter(bool job)
{
	sort_once();
	unmap_clock();
	drop_privileges();
	set_limits(job);
	forbid_counter();
	set_filter();
}
