/* report.c - see report.h */
#include "gate/report.h"
#include <string.h>

static const char *const state_names[] = { [NOT_RUN] = "not run", [PASSED] = "ok", [REFUSED] = "REFUSED" };

/* ---- for people ---------------------------------------------------------- */

static void add_row(struct buf *out, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(out, "  %-9s ", name);
	for (; *text; text++) {
		buf_addc(out, *text);
		if (*text == '\n' && text[1])
			buf_addf(out, "  %-9s ", "");
	}
	if (text[-1] != '\n')
		buf_addc(out, '\n');
}

void failure_text(const struct failure *f, struct buf *out)
{
	if (f->file && f->line)
		buf_addf(out, "%s:%d: ", f->file, f->line);
	else if (f->file)
		buf_addf(out, "%s: ", f->file);
	buf_addf(out, "%s\n", f->what);
	add_row(out, "expected", f->expected);
	add_row(out, f->expected ? "instead" : "happened", f->happened && *f->happened ? f->happened : NULL);
	add_row(out, "remedy", f->remedy);
}

static void add_more(struct buf *out, const struct check *c)
{
	enum { SHOWN = 40 };
	DEFER(buf_free) struct buf lines = buf_new((size_t)1 << 17);

	for (size_t i = 0; i < c->more_n && i < SHOWN; i++)
		buf_addf(&lines, "%s\n", c->more[i]);
	if (c->more_n > SHOWN)
		buf_addf(&lines, "and %zu more\n", c->more_n - SHOWN);
	add_row(out, "also", lines.len ? buf_text(&lines) : NULL);
}

/* Each page with the share of "like", where it has any: there strictness leaks. */
static void add_pages(struct buf *out, const cJSON *pages)
{
	size_t widest = 0;

	for (const cJSON *p = json_first(pages); p; p = p->next) {
		size_t n = strlen(json_text(p, "/page"));

		widest = n > widest ? n : widest;
	}
	for (const cJSON *p = json_first(pages); p; p = p->next) {
		int64_t sections = 0, passed = 0, expected = 0, likes = 0;

		json_number(p, "/sections", 0, INT32_MAX, &sections);
		json_number(p, "/passed", 0, INT32_MAX, &passed);
		json_number(p, "/expectations", 0, INT32_MAX, &expected);
		json_number(p, "/like", 0, INT32_MAX, &likes);
		buf_addf(out, "  %-9s %-8s %-*s %3d of %3d sections", "", "", (int)widest,
			 json_text(p, "/page"), (int)passed, (int)sections);
		if (likes)
			buf_addf(out, ", %d %% like", (int)(100 * likes / (expected ? expected : 1)));
		buf_addc(out, '\n');
	}
}

static void add_stage(struct buf *out, const struct check *c, size_t i)
{
	const struct finding *v = &c->findings[i];
	const char *words = v->words ? v->words : v->state != NOT_RUN ? stages[i].about : "a stage before it refused";

	buf_addf(out, "  %-9s %-8s %s\n", stages[i].name, state_names[v->state], words);
	if (strcmp(stages[i].name, "pages") == 0)
		add_pages(out, json_at(v->figures, "/pages"));
}

/* Those from i on that this version does not have, in a line. Returns the next one. */
static size_t add_missing(struct buf *out, size_t i)
{
	const char *before = "";

	buf_addf(out, "  %-9s ", state_names[NOT_RUN]);
	for (; i < stages_n && !stages[i].run; i++) {
		buf_addf(out, "%s%s", before, stages[i].name);
		before = ", ";
	}
	buf_adds(out, ": not part of this version\n");
	return i;
}

static void report_text(const struct check *c, bool passed, struct buf *out)
{
	if (!passed) {
		failure_text(&c->failure, out);
		add_more(out, c);
		buf_addc(out, '\n');
	}
	buf_addf(out, "%s %s\n", c->name, passed ? "passed" : "is refused");
	add_row(out, c->differs ? "WARNING" : "note", c->drift);
	for (size_t i = 0; i < stages_n;) {
		if (stages[i].run)
			add_stage(out, c, i++);
		else
			i = add_missing(out, i);
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static cJSON *failure_json(const struct check *c)
{
	const struct failure *f = &c->failure;
	cJSON *json = json_build("{file:%s,line:%d,what:%s,expected:%s,happened:%s,remedy:%s}", f->file, f->line, f->what,
				 f->expected, f->happened, f->remedy);
	cJSON *more = c->more_n ? cJSON_CreateArray() : NULL;

	for (size_t i = 0; i < c->more_n; i++)
		cJSON_AddItemToArray(more, cJSON_CreateString(c->more[i]));
	json_add(json, "more", more);
	return json;
}

static void report_json(const struct check *c, bool passed, struct buf *out)
{
	DEFER(json_drop) cJSON *json = json_build("{name:%s,ok:%b}", c->name, passed);

	json_add(json, c->differs ? "warning" : "note", c->drift ? cJSON_CreateString(c->drift) : NULL);
	json_add(json, "stages", check_stages(c));
	if (!passed)
		json_add(json, "failure", failure_json(c));
	json_mend(json);
	json_encode(out, json);
}

/* ---- JUnit --------------------------------------------------------------- */

/* What XML 1.0 does not allow becomes a question mark. */
static void add_xml(struct buf *out, const char *text)
{
	for (; text && *text; text++) {
		switch (*text) {
		case '&': buf_adds(out, "&amp;"); break;
		case '<': buf_adds(out, "&lt;"); break;
		case '>': buf_adds(out, "&gt;"); break;
		case '"': buf_adds(out, "&quot;"); break;
		case '\n': buf_adds(out, "&#10;"); break;
		case '\t': buf_adds(out, "&#9;"); break;
		default: buf_addc(out, (unsigned char)*text < ' ' ? '?' : *text);
		}
	}
}

static int count(const struct check *c, enum state state)
{
	int n = 0;

	for (size_t i = 0; i < stages_n; i++)
		n += c->findings[i].state == state;
	return n;
}

static void add_testcase(struct buf *out, const struct check *c, size_t i)
{
	const struct finding *v = &c->findings[i];
	DEFER(buf_free) struct buf said = buf_new(65536);
	int64_t ms = 0;

	json_number(v->figures, "/ms", 0, INT32_MAX, &ms);
	buf_addf(out, "    <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">", c->name, stages[i].name, (double)ms / 1000);
	if (v->state == NOT_RUN)
		buf_adds(out, "<skipped message=\"not run\"/>");
	if (v->state == REFUSED) {
		failure_text(&c->failure, &said);
		buf_adds(out, "<failure message=\"");
		add_xml(out, c->failure.what);
		buf_adds(out, "\">");
		add_xml(out, buf_text(&said));
		buf_adds(out, "</failure>");
	}
	buf_adds(out, "</testcase>\n");
}

static void report_junit(const struct check *c, struct buf *out)
{
	buf_addf(out, "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%d\" errors=\"0\" skipped=\"%d\">\n", c->name, stages_n,
		 count(c, REFUSED), count(c, NOT_RUN));
	for (size_t i = 0; i < stages_n; i++)
		add_testcase(out, c, i);
	buf_adds(out, "  </testsuite>\n");
}

/* ---- TAP ----------------------------------------------------------------- */

/* `done` checks stand before it. */
static void report_tap(const struct check *c, size_t done, struct buf *out)
{
	DEFER(buf_free) struct buf said = buf_new(65536);

	for (size_t i = 0; i < stages_n; i++) {
		enum state state = c->findings[i].state;

		buf_addf(out, "%sok %zu - %s %s%s\n", state == REFUSED ? "not " : "", done * stages_n + i + 1, c->name, stages[i].name,
			 state == NOT_RUN ? " # SKIP not run" : "");
		if (state != REFUSED)
			continue;
		failure_text(&c->failure, &said);
		for (const char *line = buf_text(&said); *line;) {
			size_t n = strcspn(line, "\n");

			buf_addf(out, "# %.*s\n", (int)n, line);
			line += n + (line[n] == '\n');
		}
	}
}

/* ---- all of it ----------------------------------------------------------- */

void report_begin(const struct report *r, struct buf *out)
{
	switch (r->kind) {
	case REPORT_TEXT: break;
	case REPORT_JSON: buf_adds(out, r->list ? "[" : ""); break;
	case REPORT_JUNIT: buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"); break;
	case REPORT_TAP: buf_addf(out, "TAP version 13\n1..%zu\n", r->n * stages_n); break;
	}
}

void report_add(struct report *r, const struct check *c, bool passed, struct buf *out)
{
	switch (r->kind) {
	case REPORT_TEXT: report_text(c, passed, out); break;
	case REPORT_JSON:
		buf_adds(out, r->done ? ",\n" : "");
		report_json(c, passed, out);
		break;
	case REPORT_JUNIT: report_junit(c, out); break;
	case REPORT_TAP: report_tap(c, r->done, out); break;
	}
	r->done++;
}

void report_end(const struct report *r, struct buf *out)
{
	switch (r->kind) {
	case REPORT_TEXT: case REPORT_TAP: break;
	case REPORT_JSON: buf_adds(out, r->list ? "]\n" : "\n"); break;
	case REPORT_JUNIT: buf_adds(out, "</testsuites>\n"); break;
	}
}
