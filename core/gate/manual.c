/* manual.c - see manual.h */
#include "gate/manual.h"
#include "file.h"
#include "gate/compile.h"
#include "gate/replay.h"
#include "gate/report.h"
#include "gate/word.h"
#include "limits.h"
#include "loop.h"
#include <cmark.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct demo {			/* a demonstration adapter */
	char *name, *folder;
	struct manifest *manifest;
	int program;
	struct demo *next;
};
struct manual {
	const struct instance *instance;
	const char *file;
	FILE *out;
	struct loop *loop;
	struct demo *demos;
	bool used[FORM_COUNT], made[MISTAKE_COUNT];
	int examples, wrong;
};

static PRINTF(3, 4) void complain(struct manual *m, int line, const char *fmt, ...)
{
	va_list ap;

	m->wrong++;
	fprintf(m->out, "%s:%d: ", m->file, line);
	va_start(ap, fmt);
	vfprintf(m->out, fmt, ap);
	va_end(ap);
	fputc('\n', m->out);
}

/* ---- demonstration adapters ---------------------------------------------- */

static int build(struct manual *m, const struct demo *d)
{
	DEFER(text_free) char *source = text_fmt("%s/adapter.c", d->folder);
	DEFER(text_free) char *programs = text_fmt("%s/language", m->instance->build);
	DEFER(text_free) char *program = text_fmt("%s/%s", programs, d->name);
	DEFER(buf_free) struct buf said = buf_new(65536);
	struct failure why = { 0 };

	if (access(source, F_OK) != 0)
		return -1;
	mkdir(programs, 0777);
	if (adapter_compile(m->instance, source, program, &why))
		return open(program, O_RDONLY | O_CLOEXEC);
	failure_text(&why, &said);
	complain(m, 1, "the adapter of %s is refused: %s", d->folder, buf_text(&said));
	failure_free(&why);
	return -1;
}

/* NULL: it has been complained of. */
static const struct demo *demo(struct manual *m, int line, struct str name)
{
	DEFER(text_free) char *folder = text_fmt("tests/language/%.*s", (int)name.len, name.at);
	DEFER(text_free) char *file = text_fmt("%s/manifest.json", folder);
	struct manifest *manifest;
	const char *why;
	struct demo *d;

	for (d = m->demos; d; d = d->next)
		if (str_is(name, d->name))
			return d;
	why = manifest_read(file, &manifest);
	if (why) {
		complain(m, line, "its demonstration adapter cannot be used: %s", why);
		return NULL;
	}
	d = mem_new(1, sizeof *d);
	*d = (struct demo){ .name = str_dup(name), .manifest = manifest, .folder = text_dup(folder), .next = m->demos };
	d->program = build(m, d);
	m->demos = d;
	return d;
}

static void demos_free(struct demo *d)
{
	while (d) {
		struct demo *next = d->next;

		if (d->program >= 0)
			close(d->program);
		manifest_free(d->manifest);
		free(d->name);
		free(d->folder);
		free(d);
		d = next;
	}
}

/* ---- examples ------------------------------------------------------------ */

static void run_sections(struct manual *m, const struct demo *d, const struct page *p)
{
	struct replay r = { .loop = m->loop, .manifest = d->manifest, .program = d->program, .dice = 0.5 };

	for (size_t i = 0; i < p->n; i++) {
		struct outcome o;

		replay_section(&r, &p->sections[i], &o);
		if (!o.ok)
			complain(m, o.line, "%s (expected \"%s\", instead \"%s\")", o.what, o.expected ? o.expected : "",
				 o.happened ? o.happened : "");
		outcome_free(&o);
	}
}

static void page(struct manual *m, int line, struct str text, struct str name, bool run)
{
	const struct demo *d = demo(m, line, name);
	struct page_text t = { .text = text, .file = m->file, .folder = d ? d->folder : "", .line = line + 1 };
	struct page *p;
	const char *why;

	if (!d)
		return;
	why = page_parse(&t, d->manifest, &p, NULL);
	if (why) {
		complain(m, line, "this page is refused: %s", why);
		return;
	}
	for (int i = 0; i < FORM_COUNT; i++)
		m->used[i] |= p->used[i];
	if (run)
		run_sections(m, d, p);
	page_free(p);
}

/* `prefix`: whether the complaint begins with the place, which a reader of the manual can
 * count only where the example is a whole page. */
static void judge(struct manual *m, int line, const char *why, bool prefix, struct str complaint)
{
	if (why && !prefix) {
		const char *end = strstr(why, ": ");

		why = end ? end + 2 : why;
	}
	if (!why)
		complain(m, line, "this is not refused, and should be: %.*s", (int)complaint.len, complaint.at);
	else if (!str_is(complaint, why))
		complain(m, line, "the complaint is in truth:\n=> %s", why);
}

static void page_error(struct manual *m, int line, struct str text, struct str name, bool whole, struct str complaint)
{
	const struct demo *d = name.len ? demo(m, line, name) : NULL;
	DEFER(text_free) char *frame = text_fmt("# Steps\n## Steps\n```transcript\n%.*s```\n", (int)text.len, text.at);
	struct page_text t = { .text = whole ? text : str_of(frame), .file = "page.md", .folder = d ? d->folder : ".",
			       .line = 1 };
	enum mistake made;
	struct page *p;
	const char *why = page_parse(&t, d ? d->manifest : NULL, &p, &made);

	if (why)
		m->made[made] = true;
	else
		page_free(p);
	judge(m, line, why, whole, complaint);
}

static void manifest_error(struct manual *m, int line, struct str text, struct str complaint)
{
	struct manifest *parsed;
	const char *why = manifest_parse(text, "manifest.json", &parsed);

	if (!why)
		manifest_free(parsed);
	judge(m, line, why, true, complaint);
}

static void manifest(struct manual *m, int line, struct str text)
{
	struct manifest *parsed;
	const char *why = manifest_parse(text, "manifest.json", &parsed);

	if (!why)
		manifest_free(parsed);
	else
		complain(m, line, "this manifest is refused: %s", why);
}

/* ---- blocks -------------------------------------------------------------- */

static bool take_word(struct str *info, const char *word)
{
	struct str rest = *info;

	if (!str_is(word_cut(&rest), word))
		return false;
	*info = word_skip(rest);
	return true;
}

/* Examples that are refused, each followed by its complaint on a line that begins "=> ". */
static void errors(struct manual *m, int line, struct str info, struct str text)
{
	bool page = take_word(&info, "page"), steps = !page && take_word(&info, "steps");
	const char *from = text.at, *end = text.at + text.len;

	if (!page && !steps)
		take_word(&info, "manifest");
	take_word(&info, "error");
	for (const char *at = from; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct str here = { at, (size_t)((stop ? stop : end) - at) }, example = { from, (size_t)(at - from) };

		line++;
		at += here.len + (stop != NULL);
		if (!str_starts(here, "=> "))
			continue;
		here = (struct str){ here.at + 3, here.len - 3 };
		m->examples++;
		if (page || steps)
			page_error(m, line, example, info, page, here);
		else
			manifest_error(m, line, example, here);
		from = at;
	}
	if (from != end)
		complain(m, line, "an example of what is refused ends with a line \"=> \" and the complaint");
}

static bool is_error(struct str info)
{
	return take_word(&info, "page") || take_word(&info, "steps") || take_word(&info, "manifest") ?
	       take_word(&info, "error") : false;
}

static void block(struct manual *m, int line, struct str info, struct str text)
{
	struct str all = info;

	if (is_error(info)) {
		errors(m, line, all, text);
	} else if (take_word(&info, "page")) {
		bool parsed = take_word(&info, "parsed");

		m->examples++;
		page(m, line, text, info, !parsed);
	} else if (take_word(&info, "manifest")) {
		m->examples++;
		manifest(m, line, text);
	}
}

static void run_blocks(struct manual *m, struct str text)
{
	cmark_node *document = cmark_parse_document(text.at, text.len, CMARK_OPT_DEFAULT);

	for (cmark_node *n = cmark_node_first_child(document); n; n = cmark_node_next(n))
		if (cmark_node_get_type(n) == CMARK_NODE_CODE_BLOCK)
			block(m, cmark_node_get_start_line(n), str_of(cmark_node_get_fence_info(n)),
			      str_of(cmark_node_get_literal(n)));
	cmark_node_free(document);
}

static void list_what_lacks(struct manual *m)
{
	for (int i = 0; i < FORM_COUNT; i++)
		if (!m->used[i])
			complain(m, 1, "no example shows: %s", form_text(i));
	for (enum mistake i = 0; i < MISTAKE_COUNT; i++)
		if (!m->made[i])
			complain(m, 1, "no example makes the mistake: %s", mistake_what(i));
}

static void run_file(struct manual *m, const char *file)
{
	struct buf text;

	m->file = file;
	if (file_read(file, FILE_MAX, &text) != OK) {
		complain(m, 1, "it cannot be read: name a manual of contracts, like specs/README.md");
		return;
	}
	run_blocks(m, buf_str(&text));
	buf_free(&text);
}

bool manual_run(const struct instance *i, int n, char **files, FILE *out)
{
	struct manual m = { .instance = i, .out = out, .loop = loop_new() };

	for (int k = 0; k < n; k++)
		run_file(&m, files[k]);
	list_what_lacks(&m);
	if (!m.wrong)
		fprintf(out, "%d examples hold, and show every step, every form and every mistake of the page language\n",
			m.examples);
	loop_free(m.loop);
	demos_free(m.demos);
	return m.wrong == 0;
}
