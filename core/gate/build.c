/* build.c - the second stage: the adapter's source becomes a program beside the one that
 * runs, which it replaces only when every stage has passed. */
#include "gate/check.h"
#include "file.h"
#include "gate/compile.h"
#include "gate/source.h"
#include "limits.h"
#include "seal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tool whose tools are operations and nothing else needs no code. */
static bool needs_code(const struct manifest *m)
{
	if (m->kind != KIND_TOOL)
		return true;
	for (size_t i = 0; i < m->tools_n; i++)
		if (!m->tools[i].is)
			return true;
	return false;
}

static int count_lines(const char *source)
{
	struct buf text;
	int lines = 0;

	if (file_read(source, FILE_MAX, &text) != OK)
		return 0;
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	buf_free(&text);
	return lines;
}

static bool no_source(struct check *c, const char *source, struct finding *v)
{
	if (!needs_code(c->manifest)) {
		v->words = text_dup("no code is needed: each tool is one operation");
		return true;
	}
	c->failure = (struct failure){
		.file = text_dup(source), .what = text_dup("there is no adapter"),
		.remedy = text_fmt("write generated/%s/adapter.c from skills/%s/SKILL.md", c->name, c->name),
	};
	return false;
}

bool build_stage(struct check *c, struct finding *v)
{
	DEFER(text_free) char *source = text_fmt("generated/%s/adapter.c", c->name);
	DEFER(text_free) char *program = adapter_program(c->instance, c->name);
	DEFER(text_free) char *folder = text_fmt("%s/adapters", c->instance->build);
	const char *why;
	int lines;

	if (access(source, F_OK) != 0)
		return no_source(c, source, v);
	why = source_check_file(source);
	if (why) {
		c->failure = failure_of(why);
		return false;
	}
	mkdir(folder, 0777);
	progress(c, "build", 0, 1);
	c->program = text_fmt("%s.new", program);
	if (!adapter_compile(c->instance, source, c->program, &c->failure))
		return false;
	lines = count_lines(source);
	v->words = text_fmt("%d lines", lines);
	json_add(v->figures, "lines", cJSON_CreateNumber(lines));
	return true;
}
