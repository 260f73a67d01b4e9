/* crew.c - see crew.h */
#include "gate/crew.h"
#include "gate/inside.h"
#include "gate/parcel.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 16, HITS_FD = 3 };

struct worker {
	pid_t pid;
	int line;
	struct crew_job *job;		/* that it is at; NULL: it waits */
};
struct crew {
	const char *library;
	unsigned *hits;
	int hits_fd;
	struct worker workers[WORKERS_MAX];
	size_t n;
};
struct table {				/* each section of a run once, sorted by its address */
	const struct section **sections;
	size_t n;
};

/* ---- workers ------------------------------------------------------------- */

static bool refuse(struct failure *ret, char *what)
{
	*ret = (struct failure){ .what = what, .remedy = text_dup("type make, and check again; the machine needs memory and seccomp") };
	return false;
}

static bool spawn(struct crew *c, const char *program)
{
	char *const argv[] = { (char *)program, (char *)c->library, NULL }, *const nothing[] = { NULL };
	struct worker *w = &c->workers[c->n];
	posix_spawn_file_actions_t actions;
	int line[2], failed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, line[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, c->hits_fd, HITS_FD);
	failed = posix_spawn(&w->pid, program, &actions, NULL, argv, nothing);
	posix_spawn_file_actions_destroy(&actions);
	close(line[1]);
	w->line = line[0];
	c->n += failed == 0;
	if (failed)
		close(line[0]);
	errno = failed;
	return failed == 0;
}

/* NULL, or why it does not work. */
static char *greet(const struct worker *w)
{
	DEFER(buf_free) struct buf hello = { 0 };
	struct parcel p;
	char *why;

	if (!parcel_receive(w->line, &hello))
		return text_dup("it ended before it began");
	p = (struct parcel){ .left = buf_str(&hello) };
	why = take_owned(&p);
	return why || !p.bad ? why : text_dup("it said nothing that makes sense");
}

static bool start(struct crew *c, const char *program, const struct manifest *m, struct failure *ret)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	DEFER(buf_free) struct buf text = buf_new(PARCEL_MAX);

	buf_add(&text, m->text.at, m->text.len);
	for (long i = 0; i < cores && i < WORKERS_MAX; i++)
		if (!spawn(c, program))
			return refuse(ret, text_fmt("%s cannot be started: %s", program, strerror(errno)));
	for (size_t i = 0; i < c->n; i++) {
		bool sent = parcel_send(c->workers[i].line, &text);	/* where it is not, the greeting says why */
		DEFER(text_free) char *why = greet(&c->workers[i]);

		if (why || !sent)
			return refuse(ret, text_fmt("%s does not work: %s", program, why ? why : "it is gone"));
	}
	return true;
}

struct crew *crew_new(const struct instance *i, enum harness mode, const char *library, const struct manifest *m,
		      struct failure *ret)
{
	static const char *const names[] = { [HARNESS_PLAIN] = "harness", [HARNESS_SANITIZED] = "harness-sanitized" };
	DEFER(text_free) char *program = text_fmt("%s/%s", i->build, names[mode]);
	struct crew *c = mem_new(1, sizeof *c);
	size_t size = HITS_MAX * sizeof *c->hits;

	c->library = library;
	c->hits_fd = memfd_create("hits", MFD_CLOEXEC);
	if (c->hits_fd < 0 || ftruncate(c->hits_fd, (off_t)size) != 0)
		abort();
	c->hits = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, c->hits_fd, 0);
	if (c->hits == MAP_FAILED)
		abort();
	if (start(c, program, m, ret))
		return c;
	crew_free(c);
	return NULL;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		close(c->workers[i].line);
		kill(c->workers[i].pid, SIGKILL);	/* its forks die with it */
		while (waitpid(c->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	munmap(c->hits, HITS_MAX * sizeof *c->hits);
	close(c->hits_fd);
	free(c);
}

unsigned *crew_hits(struct crew *c)
{
	return c->hits;
}

/* ---- sections ------------------------------------------------------------ */

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(const struct section *const *)a, y = (uintptr_t)*(const struct section *const *)b;

	return (x > y) - (x < y);
}

static struct table table_of(const struct crew_job *jobs, size_t n)
{
	struct table t = { 0 };
	size_t all = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		all += jobs[i].n;
	t.sections = mem_new(all, sizeof(struct section *));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < jobs[i].n; k++)
			t.sections[t.n++] = jobs[i].sections[k];
	qsort(t.sections, t.n, sizeof *t.sections, by_address);
	for (size_t i = 0; i < t.n; i++)
		if (i == 0 || t.sections[i] != t.sections[i - 1])
			t.sections[kept++] = t.sections[i];
	t.n = kept;
	return t;
}

static size_t index_of(const struct table *t, const struct section *s)
{
	const struct section **found = bsearch(&s, t->sections, t->n, sizeof *t->sections, by_address);

	assert(found);
	return (size_t)(found - t->sections);
}

static bool send_sections(const struct crew *c, const struct table *t, size_t workers)
{
	DEFER(buf_free) struct buf b = buf_new(PARCEL_MAX);
	bool sent = true;

	put_number(&b, PARCEL_SECTIONS);
	put_number(&b, (int64_t)t->n);
	for (size_t i = 0; i < t->n; i++)
		put_section(&b, t->sections[i]);
	for (size_t i = 0; i < workers && sent; i++)
		sent = buf_status(&b) == OK && parcel_send(c->workers[i].line, &b);
	return sent;
}

/* ---- jobs ---------------------------------------------------------------- */

static bool send_job(struct worker *w, struct crew_job *j, const struct table *t)
{
	DEFER(buf_free) struct buf b = buf_new(PARCEL_MAX);

	put_number(&b, PARCEL_JOB);
	put_real(&b, j->dice);
	put_number(&b, j->all);
	put_number(&b, j->mutant);
	put_number(&b, (int64_t)j->n);
	for (size_t i = 0; i < j->n; i++)
		put_number(&b, (int64_t)index_of(t, j->sections[i]));
	w->job = j;
	return parcel_send(w->line, &b);
}

/* As the page has it, for an outcome's file lives as long as the page. */
static const char *file_of(const struct section *s, const char *file)
{
	for (size_t i = 0; i < s->n; i++)
		if (file && strcmp(s->steps[i].file, file) == 0)
			return s->steps[i].file;
	return s->steps[0].file;
}

static void take_red(struct parcel *p, const struct crew_job *j, struct crew_red *ret)
{
	DEFER(text_free) char *file = NULL;

	ret->section = j->sections[take_number(p, 0, (int64_t)j->n - 1)];
	take_outcome(p, &ret->outcome, &file);
	ret->outcome.file = file_of(ret->section, file);
	ret->died = take_number(p, 0, 1);
	ret->source = take_owned(p);
	ret->source_line = (int)take_number(p, INT32_MIN, INT32_MAX);
	ret->at = (uint64_t)take_number(p, INT64_MIN, INT64_MAX);
}

static bool take_reply(struct worker *w)
{
	DEFER(buf_free) struct buf reply = { 0 };
	struct crew_job *j = w->job;
	struct parcel p;

	w->job = NULL;
	if (!parcel_receive(w->line, &reply))
		return false;
	p = (struct parcel){ .left = buf_str(&reply) };
	j->reds_n = (size_t)take_number(&p, 0, (int64_t)j->n);
	j->reds = mem_new(j->reds_n, sizeof *j->reds);
	for (size_t i = 0; i < j->reds_n; i++)
		take_red(&p, j, &j->reds[i]);
	return !p.bad;
}

/* Waits until one of them has answered; takes all answers that are there. */
static bool wait_for_some(struct crew *c, size_t workers)
{
	struct pollfd lines[WORKERS_MAX];
	bool good = true;

	for (size_t i = 0; i < workers; i++)
		lines[i] = (struct pollfd){ .fd = c->workers[i].job ? c->workers[i].line : -1, .events = POLLIN };
	if (poll(lines, workers, -1) < 0)
		return errno == EINTR;
	for (size_t i = 0; i < workers && good; i++)
		if (lines[i].revents)
			good = take_reply(&c->workers[i]);
	return good;
}

static bool work(struct crew *c, struct crew_job *jobs, size_t n, const struct table *t, size_t workers)
{
	size_t next = 0, at = 1;
	bool good = true;

	while (good && at > 0) {
		at = 0;
		for (size_t i = 0; i < workers && good; i++) {
			if (!c->workers[i].job && next < n)
				good = send_job(&c->workers[i], &jobs[next++], t);
			at += c->workers[i].job != NULL;
		}
		if (good && at > 0)
			good = wait_for_some(c, workers);
	}
	return good;
}

bool crew_run(struct crew *c, struct crew_job *jobs, size_t n, struct failure *ret)
{
	size_t workers = n < c->n ? n : c->n;
	struct table t = table_of(jobs, n);
	bool good = send_sections(c, &t, workers) && work(c, jobs, n, &t, workers);

	free(t.sections);
	return good || refuse(ret, text_dup("a worker that runs sections has ended"));
}

void crew_place(const struct crew *c, struct crew_red *r)
{
	if (!r->source && r->at)
		r->source = library_source(c->library, r->at, &r->source_line);
}

void crew_job_free(struct crew_job *j)
{
	for (size_t i = 0; i < j->reds_n; i++) {
		outcome_free(&j->reds[i].outcome);
		free(j->reds[i].source);
	}
	free(j->reds);
	j->reds = NULL;
	j->reds_n = 0;
}
