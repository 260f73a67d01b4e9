/* harness.c - main() of build/harness and build/harness-sanitized: a worker of crew.h.
 *
 *	harness LIBRARY		descriptor 0: the gate, in parcels; 3: the counters
 *
 * The first parcel is the manifest. Then come sections, which replace the ones before, and
 * jobs, each of which is answered with what was red. A job runs in forks: one, and another one
 * after each that did not come to its end. */
#include "gate/fence.h"
#include "gate/inside.h"
#include "gate/parcel.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GATE = 0, HITS = 3, SILENCE_MS = 30000 };	/* of one section: a stopped or starved fork is none */

struct slot {				/* shared with the fork that runs */
	size_t at;			/* which section of the job */
	const struct step *step;	/* where in it */
	bool over;			/* it came to its end */
	struct inside_end end;
};
struct worker {
	struct manifest *manifest;
	struct pool pool;
	struct section *sections;
	size_t sections_n;
	struct slot *slot;
	int null;
};
struct job {
	double dice;
	bool all;
	uint32_t *sections;
	size_t n;
};

/* ---- in the fork --------------------------------------------------------- */

/* False: it was red, and the fork has said so. */
static bool run_section(const struct worker *w, const struct job *j, size_t at, int line)
{
	struct replay r = { .manifest = w->manifest, .dice = j->dice, .now = &w->slot->step };
	DEFER(buf_free) struct buf b = buf_new(PARCEL_MAX);
	struct outcome o;

	w->slot->at = at;
	replay_section(&r, &w->sections[j->sections[at]], &o);
	if (!o.ok) {
		put_number(&b, (int64_t)at);
		put_outcome(&b, &o);
		if (!parcel_send(line, &b))
			abort();
	}
	outcome_free(&o);
	return o.ok;
}

static void run_from(const struct worker *w, const struct job *j, size_t from, int line)
{
	bool good = true;

	dup2(w->null, STDERR_FILENO);		/* where sanitizers print, though they are not asked to */
	fence_enter();
	for (size_t i = from; i < j->n && (good || j->all); i++)
		good = run_section(w, j, i, line);
	w->slot->over = true;
	_exit(0);
}

/* ---- outside of it ------------------------------------------------------- */

/* Everything it says until it ends, or says nothing for too long. */
static void listen_to(int line, pid_t fork, const struct slot *slot, struct buf *said)
{
	struct pollfd p = { .fd = line, .events = POLLIN };
	size_t at = SIZE_MAX;
	char bytes[4096];

	for (;;) {
		int n = poll(&p, 1, SILENCE_MS);
		ssize_t came = n > 0 ? read(line, bytes, sizeof bytes) : 0;

		if (n == 0 && at != slot->at) {
			at = slot->at;
			continue;
		}
		if (n == 0)
			kill(fork, SIGKILL);
		if ((n > 0 && came == 0) || n == 0)
			return;
		if (came > 0)
			buf_add(said, bytes, (size_t)came);
	}
}

/* One red section of a reply: which, how, where in the page, where in the adapter. */
static void put_red(struct buf *reply, size_t at, const struct outcome *o, const struct inside_end *died)
{
	put_number(reply, (int64_t)at);
	put_outcome(reply, o);
	put_number(reply, died != NULL);
	put_text(reply, died && died->line ? died->file : NULL);
	put_number(reply, died ? died->line : 0);
	put_number(reply, died ? (int64_t)died->at : 0);
}

/* What the fork has said itself. A parcel that was cut off is that of the section it died in. */
static size_t pass_on(struct buf *said, const struct job *j, struct buf *reply)
{
	struct str left = buf_str(said);
	size_t n = 0;
	uint64_t size;

	for (; left.len > sizeof size; n++) {
		memcpy(&size, left.at, sizeof size);
		if (size > left.len - sizeof size)
			return n;

		struct parcel p = { .left = { left.at + sizeof size, size } };
		size_t at = (size_t)take_number(&p, 0, (int64_t)j->n - 1);
		DEFER(text_free) char *file = NULL;
		struct outcome o;

		take_outcome(&p, &o, &file);
		if (!p.bad)
			put_red(reply, at, &o, NULL);
		outcome_free(&o);
		if (p.bad)
			return n;
		left.at += sizeof size + size;
		left.len -= sizeof size + size;
	}
	return n;
}

/* Where it was: only what its process, which may be damaged, cannot make up. */
static const struct step *step_of(const struct section *s, const struct step *step)
{
	uintptr_t from = (uintptr_t)s->steps, at = (uintptr_t)step;

	return at < from || at >= from + s->n * sizeof *s->steps ? &s->steps[0] : &s->steps[(at - from) / sizeof *s->steps];
}

static void put_death(const struct worker *w, const struct job *j, size_t at, int status, struct buf *reply)
{
	struct inside_end end = w->slot->end;
	const struct step *s = step_of(&w->sections[j->sections[at]], w->slot->step);
	struct outcome o = { .file = s->file, .line = s->line, .what = end.what, .remedy = end.remedy };

	end.what[sizeof end.what - 1] = end.remedy[sizeof end.remedy - 1] = end.file[sizeof end.file - 1] = '\0';
	if (!end.told) {
		end.line = 0;
		end.at = 0;
		snprintf(end.remedy, sizeof end.remedy, "let every loop come to its end, and touch only what is yours");
		if (WIFEXITED(status))
			snprintf(end.what, sizeof end.what, "its process ended with status %d, without a word", WEXITSTATUS(status));
		else
			snprintf(end.what, sizeof end.what, "its process was ended (%s), without a word", strsignal(WTERMSIG(status)));
	}
	put_red(reply, at, &o, &end);
}

/* One fork. Returns where the next begins; *reds grows by what it found. */
static size_t run_fork(const struct worker *w, const struct job *j, size_t from, struct buf *reply, int64_t *reds)
{
	DEFER(buf_free) struct buf said = buf_new(PARCEL_MAX);
	int line[2], status = 0;
	pid_t child;

	memset(w->slot, 0, sizeof *w->slot);
	w->slot->at = from;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) != 0 || (child = fork()) < 0)
		abort();
	if (child == 0)
		run_from(w, j, from, line[1]);
	close(line[1]);
	listen_to(line[0], child, w->slot, &said);
	close(line[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*reds += (int64_t)pass_on(&said, j, reply);
	if (w->slot->over && status == 0)
		return j->n;
	from = w->slot->at >= from && w->slot->at < j->n ? w->slot->at : from;
	put_death(w, j, from, status, reply);
	++*reds;
	return j->all ? from + 1 : j->n;
}

/* ---- what the gate says -------------------------------------------------- */

static void take_sections(struct worker *w, struct parcel *p)
{
	pool_free(&w->pool);
	w->pool = (struct pool){ 0 };
	w->sections_n = (size_t)take_number(p, 0, UINT32_MAX);
	w->sections = pool_new(&w->pool, w->sections_n, sizeof *w->sections);
	for (size_t i = 0; i < w->sections_n && !p->bad; i++)
		take_section(p, &w->pool, &w->sections[i]);
}

static bool do_job(struct worker *w, struct parcel *p)
{
	DEFER(buf_free) struct buf reply = buf_new(PARCEL_MAX), reds = buf_new(PARCEL_MAX);
	struct job j = { .dice = take_real(p), .all = take_number(p, 0, 1) };
	int64_t n = 0;

	__probe_on = (unsigned)take_number(p, 0, UINT32_MAX) - 1;
	j.n = (size_t)take_number(p, 1, UINT32_MAX);
	j.sections = mem_new(j.n, sizeof *j.sections);
	for (size_t i = 0; i < j.n && !p->bad; i++)
		j.sections[i] = (uint32_t)take_number(p, 0, (int64_t)w->sections_n - 1);
	for (size_t at = 0; at < j.n && !p->bad;)
		at = run_fork(w, &j, at, &reds, &n);
	free(j.sections);
	put_number(&reply, n);
	buf_add(&reply, reds.at, reds.len);
	return !p->bad && parcel_send(GATE, &reply);
}

/* NULL, or why not; the gate hears it. */
static const char *begin(struct worker *w, const char *library)
{
	DEFER(buf_free) struct buf text = { 0 };
	const char *why;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	__probe_hits = mmap(NULL, HITS_MAX * sizeof *__probe_hits, PROT_READ | PROT_WRITE, MAP_SHARED, HITS, 0);
	w->slot = mmap(NULL, sizeof *w->slot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	w->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (__probe_hits == MAP_FAILED || w->slot == MAP_FAILED || w->null < 0)
		return "it gets no memory";
	if (!fence_make())
		return "seccomp cannot be set here";
	why = inside_load(library);
	if (why)
		return why;
	inside_end = &w->slot->end;
	if (!parcel_receive(GATE, &text))
		return "the gate sends no manifest";
	return manifest_parse(buf_str(&text), "manifest.json", &w->manifest);
}

int main(int argc, char **argv)
{
	struct worker w = { 0 };
	const char *why = argc == 2 ? begin(&w, argv[1]) : "chela-gate starts it, and nobody else";
	struct buf in, hello = buf_new(4096);

	if (argc != 2)
		fprintf(stderr, "harness: %s\n", why);
	put_text(&hello, why);
	if (!parcel_send(GATE, &hello) || why)
		return 1;
	while (parcel_receive(GATE, &in)) {
		struct parcel p = { .left = buf_str(&in) };
		bool good = true;

		if (take_number(&p, PARCEL_SECTIONS, PARCEL_JOB) == PARCEL_SECTIONS)
			take_sections(&w, &p);
		else
			good = do_job(&w, &p);
		buf_free(&in);
		if (p.bad || !good)
			return 1;
	}
	return 0;
}
