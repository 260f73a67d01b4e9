/* kill.c - loaded into the core by LD_PRELOAD: counts its writes, syncs, sends and messages to
 * adapters, and at the n-th of one kind kills the core, or its adapters, just before it happens.
 *
 * TORTURE="KIND N FILE": KIND is write, sync, send, adapter (the core dies before it tells an
 * adapter something), orphan (its adapters die then, the core lives), or ahead and back (the
 * machine's clock jumps by an hour at the n-th sync; the one that only runs on does not). When
 * it happens a line goes into FILE. With N 0 nothing does, and at the end the counts go there.
 * Adapters have an empty environment: nothing of this is in them. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, SEND, ADAPTER, KINDS };

static long seen[KINDS], at;
static char kind[16], file[512];
static time_t jump;

static void note(const char *text)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd >= 0) {
		syscall(SYS_write, fd, text, strlen(text));
		syscall(SYS_close, fd);
	}
}

__attribute__((constructor)) static void begin(void)
{
	const char *spec = getenv("TORTURE");
	char *end;

	if (!spec)
		return;
	snprintf(kind, sizeof kind, "%.*s", (int)strcspn(spec, " "), spec);
	at = strtol(spec + strcspn(spec, " "), &end, 10);
	snprintf(file, sizeof file, "%s", end + (*end == ' '));
}

__attribute__((destructor)) static void report(void)
{
	char line[200];

	if (!file[0] || at != 0)
		return;
	snprintf(line, sizeof line, "write %ld sync %ld send %ld adapter %ld\n", seen[WRITE], seen[SYNC], seen[SEND],
		 seen[ADAPTER]);
	note(line);
}

static void kill_children(void)
{
	char path[64], text[4096] = "", *c = text;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
	if (fd < 0)
		return;
	if (syscall(SYS_read, fd, text, sizeof text - 1) > 0)
		for (long pid; (pid = strtol(c, &c, 10)) > 0;)
			kill((pid_t)pid, SIGKILL);
	syscall(SYS_close, fd);
}

/* What is to happen: where it is counted, and what is done. */
static const struct {
	const char *name;
	enum kind at;
	enum { DIE, ORPHAN, JUMP } what;
	time_t jump;
} points[] = {
	{ "write", WRITE, DIE, 0 }, { "sync", SYNC, DIE, 0 }, { "send", SEND, DIE, 0 }, { "adapter", ADAPTER, DIE, 0 },
	{ "orphan", ADAPTER, ORPHAN, 0 }, { "ahead", SYNC, JUMP, 3600 }, { "back", SYNC, JUMP, -3600 },
};

static void happens(enum kind k)
{
	if (!file[0] || ++seen[k] != at)
		return;
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		if (points[i].at != k || strcmp(points[i].name, kind) != 0)
			continue;
		note(kind);
		note("\n");
		jump = points[i].jump;
		if (points[i].what == DIE)
			kill(getpid(), SIGKILL);
		else if (points[i].what == ORPHAN)
			kill_children();
	}
}

static enum kind kind_of(int fd)
{
	struct stat st;
	int domain = 0;
	socklen_t n = sizeof domain;

	if (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode))
		return WRITE;
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n);
	return domain == AF_UNIX ? ADAPTER : SEND;
}

#define REAL(name) ({ static __typeof__(&(name)) real; if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name); real; })

ssize_t write(int fd, const void *p, size_t n)
{
	if (fd > STDERR_FILENO)
		happens(kind_of(fd));
	return REAL(write)(fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t where)
{
	happens(WRITE);
	return REAL(pwrite64)(fd, p, n, where);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t where)
{
	happens(WRITE);
	return REAL(pwrite)(fd, p, n, where);
}

int fdatasync(int fd)
{
	happens(SYNC);
	return REAL(fdatasync)(fd);
}

int fsync(int fd)
{
	happens(SYNC);
	return REAL(fsync)(fd);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	happens(kind_of(fd));
	return REAL(send)(fd, p, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	happens(kind_of(fd));
	return REAL(sendmsg)(fd, m, flags);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = REAL(clock_gettime)(clock, t);

	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += jump;
	return rc;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	int rc = REAL(gettimeofday)(t, zone);

	if (rc == 0)
		t->tv_sec += jump;
	return rc;
}

time_t time(time_t *t)
{
	time_t now = REAL(time)(NULL) + jump;

	if (t)
		*t = now;
	return now;
}
