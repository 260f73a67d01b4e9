/* bench_parts.c - see bench_parts.h */
#include "bench_parts.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double part(double *all, int n, double share)
{
	qsort(all, (size_t)n, sizeof *all, by_size);
	return all[(int)(share * (n - 1))];
}

double sync_ms(int fd)
{
	char block[4096] = { 0 };
	double began = now_ms();

	if (pwrite(fd, block, sizeof block, 0) != sizeof block || fdatasync(fd) != 0)
		fail("the disk does not take a block");
	return now_ms() - began;
}

pid_t start(char *const *args, const char *log)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, log ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (posix_spawnp(&pid, args[0], &files, NULL, args, environ) != 0)
		fail("a program cannot be started");
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

void stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

double cpu_ms(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		fail("a process has ended");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

long memory_kb(pid_t pid, const char *kind)
{
	char path[64], line[256];
	long sum = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, kind, strlen(kind)) == 0)
			sum += strtol(strchr(line, ':') + 1, NULL, 10);
	if (f)
		fclose(f);
	return sum;
}

long children_kb(pid_t pid, const char *kind, int *ret_n)
{
	char path[64], line[4096] = "", *c = line;
	long sum = 0;
	FILE *f;

	*ret_n = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof line, f))
		line[0] = '\0';
	if (f)
		fclose(f);
	for (long child; (child = strtol(c, &c, 10)) > 0; ++*ret_n)
		sum += memory_kb((pid_t)child, kind);
	return sum;
}
