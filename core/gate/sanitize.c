/* sanitize.c - the stage that runs every section once more, in process, with an adapter that is
 * compiled to notice what the machine lets pass: memory that is gone or was never there,
 * arithmetic that the language does not define, variables that nothing has been written to. */
#include "gate/check.h"
#include "gate/crew.h"
#include "seal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARE = 16 };		/* sections of a job: enough of them for every worker */

struct run {
	const struct section **sections;
	size_t n;
	struct crew_job *jobs;
	size_t jobs_n;
};

static void add_jobs(struct run *r, size_t from, size_t to, double dice)
{
	for (size_t at = from; at < to; at += SHARE)
		r->jobs[r->jobs_n++] = (struct crew_job){
			.sections = r->sections + at, .n = to - at < SHARE ? to - at : SHARE, .dice = dice, .all = true,
		};
}

/* Those that leave a moment open, also with the dice at their ends. */
static struct run prepare(const struct check *c)
{
	struct run r = { 0 };
	size_t all = 0, rolling;

	for (size_t i = 0; i < c->pages_n; i++)
		all += c->pages[i]->n;
	r.sections = mem_new(2 * all, sizeof(struct section *));
	for (size_t i = 0; i < c->pages_n; i++)
		for (size_t k = 0; k < c->pages[i]->n; k++)
			r.sections[r.n++] = &c->pages[i]->sections[k];
	rolling = r.n;
	for (size_t i = 0; i < rolling; i++)
		if (section_rolls(r.sections[i]))
			r.sections[r.n++] = r.sections[i];
	r.jobs = mem_new(3 * (all / SHARE + 1), sizeof *r.jobs);
	add_jobs(&r, 0, rolling, 0.5);
	add_jobs(&r, rolling, r.n, 0);
	add_jobs(&r, rolling, r.n, 1);
	return r;
}

static void run_free(struct run *r)
{
	for (size_t i = 0; i < r->jobs_n; i++)
		crew_job_free(&r->jobs[i]);
	free(r->jobs);
	free(r->sections);
}

/* Its own line where there is one, for that is where to look. */
static struct failure failure_of_death(const struct crew *crew, const char *source, struct crew_red *r)
{
	struct outcome *o = &r->outcome;

	crew_place(crew, r);
	return (struct failure){
		.file = text_dup(r->source ? r->source : source), .line = r->source_line, .what = text_dup(o->what),
		.happened = text_fmt("at %s:%d, in \"%s\"", o->file, o->line, r->section->title), .remedy = text_dup(o->remedy),
	};
}

/* The pages hold for the program, and not here: it does what the compiler happens to make of it.
 * The paths tell where, if they can. */
static struct failure failure_of_doubt(const struct check *c, const char *source, const struct crew_red *r)
{
	const struct outcome *o = &r->outcome;
	struct failure f = { 0 };

	if (!adapter_paths(c->instance, source, &f))
		return f;
	return (struct failure){
		.file = text_dup(source), .what = text_dup("it behaves otherwise when what is not initialised holds nonsense"),
		.happened = text_fmt("at %s:%d, in \"%s\": %s", o->file, o->line, r->section->title, o->what),
		.remedy = text_dup("give every variable and every member its value before it is read"),
	};
}

static void keep_failure(struct check *c, const struct crew *crew, const char *source, struct crew_red *r)
{
	if (!c->failure.what) {
		c->failure = r->died ? failure_of_death(crew, source, r) : failure_of_doubt(c, source, r);
		return;
	}
	c->more = realloc(c->more, (c->more_n + 1) * sizeof *c->more);
	if (!c->more)
		abort();
	c->more[c->more_n++] = text_fmt("%s:%d", r->outcome.file, r->outcome.line);
}

static bool run(struct check *c, const char *source, const char *library, struct finding *v)
{
	struct crew *crew = crew_new(c->instance, HARNESS_SANITIZED, library, c->manifest, &c->failure);
	struct run r = prepare(c);
	bool ran = crew && crew_run(crew, r.jobs, r.jobs_n, &c->failure);
	size_t reds = 0, runs = 0;

	for (size_t i = 0; i < r.jobs_n; i++)
		runs += r.jobs[i].n;
	for (size_t i = 0; i < r.jobs_n && ran; i++)
		for (size_t k = 0; k < r.jobs[i].reds_n; k++, reds++)
			keep_failure(c, crew, source, &r.jobs[i].reds[k]);
	v->words = !ran ? NULL : reds ? text_fmt("%zu of %zu runs found something", reds, runs) : text_fmt("%zu runs", runs);
	json_add(v->figures, "runs", cJSON_CreateNumber((double)runs));
	json_add(v->figures, "red", cJSON_CreateNumber((double)reds));
	run_free(&r);
	crew_free(crew);
	return ran && reds == 0;
}

bool sanitize_stage(struct check *c, struct finding *v)
{
	DEFER(text_free) char *source = text_fmt("generated/%s/adapter.c", c->name);
	DEFER(text_free) char *program = adapter_program(c->instance, c->name);
	DEFER(text_free) char *library = text_fmt("%s.sanitized.so", program);
	bool passed;

	if (!c->program) {
		v->words = text_dup("no code is needed: each tool is one operation");
		return true;
	}
	progress(c, "sanitize", 0, 1);
	passed = adapter_library(c->instance, source, library, HARNESS_SANITIZED, &c->failure) && run(c, source, library, v) &&
		 adapter_paths(c->instance, source, &c->failure);
	unlink(library);
	return passed;
}
