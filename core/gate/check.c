/* check.c - see check.h */
#include "gate/check.h"
#include "seal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct stage stages[] = {
	{ "contract", "manifest and pages can be read, and what they demand is quoted", contract_stage },
	{ "build", "the adapter compiles without a warning, and holds nothing that it may not", build_stage },
	{ "pages", "the program does what every page says, under its filter", pages_stage },
	{ "lint", "the source says nothing that is banned", NULL },
	{ "laws", "what holds for every adapter, over every page", NULL },
	{ "sanitize", "no bad memory access, no undefined behaviour", sanitize_stage },
	{ "cover", "no line that nothing executes", NULL },
	{ "fuzz", "nothing that arrives breaks it", NULL },
	{ "mutants", "the pages notice when the adapter is changed", NULL },
	{ "seal", "the verdict is signed by this instance", seal_stage },
};
const size_t stages_n = COUNT(stages);

void failure_free(struct failure *f)
{
	free(f->file);
	free(f->what);
	free(f->expected);
	free(f->happened);
	free(f->remedy);
	*f = (struct failure){ 0 };
}

/* The ": " before the remedy, which is the last. */
static const char *last_colon(const char *text)
{
	const char *last = NULL;

	for (const char *c = strstr(text, ": "); c; c = strstr(c + 1, ": "))
		last = c;
	return last;
}

struct failure failure_of(const char *complaint)
{
	struct failure f = { 0 };
	const char *colon = strchr(complaint, ':'), *remedy;
	char *end;

	if (colon) {
		long line = strtol(colon + 1, &end, 10);

		if (end > colon + 1 && *end == ':') {
			f.file = str_dup((struct str){ complaint, (size_t)(colon - complaint) });
			f.line = (int)line;
			complaint = end + 1 + strspn(end + 1, " ");
		}
	}
	remedy = last_colon(complaint);
	f.what = remedy ? str_dup((struct str){ complaint, (size_t)(remedy - complaint) }) : text_dup(complaint);
	f.remedy = text_dup(remedy ? remedy + 2 : NULL);
	return f;
}

struct check *check_new(const struct instance *i, const char *name, bool terminal)
{
	struct check *c = mem_new(1, sizeof *c);

	c->instance = i;
	c->name = name;
	c->terminal = terminal;
	c->findings = mem_new(stages_n, sizeof *c->findings);
	return c;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool check_run(struct check *c)
{
	for (size_t i = 0; i < stages_n; i++) {
		struct finding *v = &c->findings[i];
		int64_t began = now_ms();
		bool passed;

		if (!stages[i].run)
			continue;
		v->figures = cJSON_CreateObject();
		passed = stages[i].run(c, v);
		v->state = passed ? PASSED : REFUSED;
		json_add(v->figures, "ms", cJSON_CreateNumber((double)(now_ms() - began)));
		if (!passed)
			return false;
	}
	return true;
}

static char *failure_line(const struct failure *f)
{
	DEFER(text_free) char *line = f->line ? text_fmt(":%d", f->line) : text_dup("");

	return text_fmt("%s%s%s%s", f->file ? f->file : "", line, f->file ? ": " : "", f->what);
}

void check_refuse(struct check *c, struct failure f)
{
	DEFER(text_free) char *first = c->failure.what ? failure_line(&c->failure) : NULL;
	char *line = failure_line(&f);
	bool known = first && strcmp(first, line) == 0;

	for (size_t i = 0; i < c->more_n && !known; i++)
		known = strcmp(c->more[i], line) == 0;
	if (!first || known) {
		free(line);
		if (first)
			failure_free(&f);
		else
			c->failure = f;
		return;
	}
	c->more = realloc(c->more, (c->more_n + 1) * sizeof *c->more);
	if (!c->more)
		abort();
	c->more[c->more_n++] = line;
	failure_free(&f);
}

cJSON *check_stages(const struct check *c)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < stages_n; i++) {
		const struct finding *v = &c->findings[i];
		cJSON *stage = cJSON_CreateObject();

		json_add(stage, "name", cJSON_CreateString(stages[i].name));
		json_add(stage, "ok", v->state == NOT_RUN ? cJSON_CreateNull() : cJSON_CreateBool(v->state == PASSED));
		for (const cJSON *f = json_first(v->figures); f; f = f->next)
			json_add(stage, f->string, cJSON_Duplicate(f, true));
		cJSON_AddItemToArray(list, stage);
	}
	return list;
}

void check_free(struct check *c)
{
	for (size_t i = 0; i < stages_n; i++) {
		free(c->findings[i].words);
		json_drop(&c->findings[i].figures);
	}
	for (size_t i = 0; i < c->pages_n; i++)
		page_free(c->pages[i]);
	for (size_t i = 0; i < c->more_n; i++)
		free(c->more[i]);
	if (c->program)
		remove(c->program);
	free(c->program);
	free(c->drift);
	free(c->more);
	free(c->pages);
	free(c->findings);
	manifest_free(c->manifest);
	failure_free(&c->failure);
	free(c);
}

void progress(const struct check *c, const char *stage, size_t done, size_t of)
{
	if (!c->terminal)
		return;
	if (of)
		fprintf(stderr, "\r\033[K  %-9s %zu of %zu", stage, done, of);
	else
		fputs("\r\033[K", stderr);
	fflush(stderr);
}

bool seal_stage(struct check *c, struct finding *v)
{
	DEFER(text_free) char *program = adapter_program(c->instance, c->name);
	DEFER(json_drop) cJSON *passed = check_stages(c);
	const char *why;

	/* The file that went through the stages takes the place of the one that runs. */
	if (c->program && rename(c->program, program) != 0) {
		c->failure = (struct failure){ .file = text_dup(program), .remedy = text_dup("make its folder writable"),
					       .what = text_fmt("it cannot be put in place: %s", strerror(errno)) };
		return false;
	}
	why = seal_write(c->instance, c->name, passed);
	if (why)
		c->failure = failure_of(why);
	else
		v->words = text_fmt("%s/seals/%s.json", c->instance->dir, c->name);
	return !why;
}
