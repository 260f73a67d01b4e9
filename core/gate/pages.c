/* pages.c - the third stage: every section of every page, against the program under its
 * production filter. */
#include "gate/check.h"
#include "gate/replay.h"
#include "loop.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tally { size_t sections, passed, done, all; int held; };

/* Where a moment is left open it must hold whatever the dice say. */
static bool run_section(struct check *c, struct replay *r, const struct section *s, struct tally *t)
{
	static const double throws[] = { 0.5, 0, 1 };
	size_t n = section_rolls(s) ? COUNT(throws) : 1;
	bool good = true;

	for (size_t i = 0; i < n && good; i++) {
		struct outcome o;

		r->dice = throws[i];
		replay_section(r, s, &o);
		good = o.ok;
		t->held += i == 0 ? o.expectations : 0;
		if (!good) {
			check_refuse(c, (struct failure){ text_dup(o.file), o.line, o.what, o.expected, o.happened, o.remedy });
			o = (struct outcome){ 0 };
		}
		outcome_free(&o);
	}
	return good;
}

static cJSON *run_page(struct check *c, struct replay *r, const struct page *p, struct tally *t)
{
	const char *slash = strrchr(p->file, '/');
	size_t passed = 0;

	for (size_t i = 0; i < p->n; i++) {
		progress(c, "pages", t->done++, t->all);
		passed += run_section(c, r, &p->sections[i], t);
	}
	t->sections += p->n;
	t->passed += passed;
	return json_build("{page:%s,sections:%d,passed:%d,expectations:%d,like:%d}", slash ? slash + 1 : p->file, (int)p->n,
			  (int)passed, p->requests, p->likes);
}

static void run_pages(struct check *c, struct replay *r, struct finding *v, struct tally *t)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < c->pages_n; i++)
		t->all += c->pages[i]->n;
	for (size_t i = 0; i < c->pages_n; i++)
		cJSON_AddItemToArray(list, run_page(c, r, c->pages[i], t));
	json_add(v->figures, "pages", list);
	json_add(v->figures, "sections", cJSON_CreateNumber((double)t->sections));
	json_add(v->figures, "passed", cJSON_CreateNumber((double)t->passed));
}

bool pages_stage(struct check *c, struct finding *v)
{
	struct replay r = { .manifest = c->manifest, .program = -1 };
	struct tally t = { 0 };

	if (c->program) {
		r.program = open(c->program, O_RDONLY | O_CLOEXEC);
		if (r.program < 0) {
			c->failure = (struct failure){ .file = text_dup(c->program), .what = text_dup("it cannot be opened"),
						       .remedy = text_dup("check again") };
			return false;
		}
	}
	r.loop = loop_new();
	run_pages(c, &r, v, &t);
	loop_free(r.loop);
	if (r.program >= 0)
		close(r.program);
	if (t.passed == t.sections)
		v->words = text_fmt("%zu sections, %d expectations held", t.sections, t.held);
	else
		v->words = text_fmt("%zu of %zu sections failed", t.sections - t.passed, t.sections);
	return t.passed == t.sections;
}
