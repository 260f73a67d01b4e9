/* builtin.c - see builtin.h */
#include "builtin.h"
#include "embed.h"
#include "limits.h"
#include "render.h"
#include "store/note.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

EMBED(builtin_json, "core/builtin.json");

struct call {
	struct store *store;
	const struct conf *conf;
	const struct task *task;
	const cJSON *args;		/* checked, in normal form */
	bool failed;
};

const struct manifest *builtin_manifest(void)
{
	static struct manifest *m;

	if (!m) {
		const char *why = manifest_parse(str_of(builtin_json), "core/builtin.json", &m);

		if (why)
			fprintf(stderr, "%s\n", why);
		assert(!why);
	}
	return m;
}

/* ---- the tools ----------------------------------------------------------- */

static char *remember(struct call *c)
{
	DEFER(text_free) char *text = text_mend(json_text(c->args, "/text"));
	int64_t note = note_add(c->store, c->task->person, text);

	c->failed = note == 0;
	if (note)
		return text_fmt("Kept as note %" PRId64 ".", note);
	return text_fmt("This person has %d notes, which is the most there can be: forget one first.",
			NOTES_MAX);
}

/* As many of the newest as one result holds, and how many it does not. */
static char *list(const cJSON *notes)
{
	struct buf b = buf_new(NOTES_MAX * 8 * NOTE_MAX);
	int left = json_count(notes);

	for (const cJSON *n = json_first(notes); n; n = json_next(n), left--) {
		DEFER(text_free) char *note = json_print(n);

		if (b.len && b.len + strlen(note) > RESULT_CHARS_MAX - 200)
			break;
		buf_adds(&b, b.len ? ",\n" : "[");
		buf_adds(&b, note);
	}
	buf_addc(&b, ']');
	if (left)
		buf_addf(&b, "\nNot shown: %d older notes. Ask for words that stand in them.", left);
	return buf_take(&b);
}

static char *recall(struct call *c)
{
	const char *words = json_text(c->args, "/words");

	c->failed = c->task->shared;
	if (c->failed)
		return text_dup("Not here: others read this chat. The notes are kept, and can be asked for where this person "
				"is alone with you.");
	DEFER(json_drop) cJSON *notes = note_find(c->store, c->task->person, words, NOTES_MAX);

	if (json_count(notes))
		return list(notes);
	return text_dup(words ? "No note of this person holds all of these words." :
				"This person has no notes.");
}

static char *forget(struct call *c)
{
	int64_t note = 0;

	json_number(c->args, "/note", 1, INT64_MAX, &note);
	c->failed = !note_forget(c->store, c->task->person, note);
	return text_fmt(c->failed ? "This person has no note %" PRId64 "." : "Note %" PRId64 " is forgotten.",
			note);
}

static void tell(struct buf *b, const struct call *c, bool allowed, const char *title)
{
	const struct manifest *m = builtin_manifest();
	bool any = false;

	buf_adds(b, title);
	for (size_t i = 0; i < m->tools_n; i++) {
		struct decision d = would_decide(c->conf, m->name, m->tools[i].is);

		if (d.allowed != allowed)
			continue;
		buf_addf(b, "- %s, which %s (%s)\n", m->tools[i].name, m->tools[i].is->about, d.rule);
		any = true;
	}
	if (!any)
		buf_adds(b, "- nothing\n");
}

static char *permissions(struct call *c)
{
	struct buf b = buf_new(1 << 16);

	tell(&b, c, true, "Allowed in this task:\n");
	tell(&b, c, false, "Not allowed in this task:\n");
	buf_adds(&b, "There are no other tools. What no line of the owner's file assistant.conf allows is "
		 "denied, and a \"never\" there wins over every \"allow\". Only the owner can change it, not in chat.");
	return buf_take(&b);
}

static char *now(struct call *c)
{
	time_t seconds = (time_t)(store_now(c->store) / 1000);
	struct tm local;
	char text[80];

	localtime_r(&seconds, &local);
	strftime(text, sizeof text, "%A, %Y-%m-%d %H:%M:%S %z (%Z)", &local);
	return text_dup(text);
}

static const struct {
	const char *name;
	char *(*run)(struct call *c);
} tools[] = {
	{ "remember", remember }, { "recall", recall }, { "forget", forget },
	{ "permissions", permissions }, { "now", now },
};

static char *run(const struct tool *tool, struct call *c)
{
	for (size_t i = 0; i < COUNT(tools); i++)
		if (strcmp(tools[i].name, tool->name) == 0)
			return tools[i].run(c);
	assert(!"every tool of builtin.json has its function");
}

/* ---- offering and calling ------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct tool *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

cJSON *builtin_offer(const struct conf *conf)
{
	const struct manifest *m = builtin_manifest();
	const struct tool *sorted[COUNT(tools)];
	cJSON *offer = cJSON_CreateArray();

	assert(m->tools_n == COUNT(sorted));
	for (size_t i = 0; i < m->tools_n; i++)
		sorted[i] = &m->tools[i];
	qsort(sorted, COUNT(sorted), sizeof sorted[0], by_name);
	for (size_t i = 0; i < COUNT(sorted); i++) {
		const struct tool *t = sorted[i];
		DEFER(json_drop) cJSON *schema = arguments_schema(t->is->args, t->is->args_n);

		if (would_allow(conf, m->name, t->is, NULL, NULL))
			cJSON_AddItemToArray(offer, json_build("{name:%s,about:%s,schema:%j}", t->name,
							       t->about, schema));
	}
	return offer;
}

/* Why no operation can be decided on, or NULL. Owned. */
static char *unfit(const struct tool *tool, const char *name, const cJSON *args, cJSON **ret_checked)
{
	const char *why;

	if (!tool)
		return text_fmt("There is no tool named \"%s\".", name);
	why = arguments_check(tool->is->args, tool->is->args_n, args, ret_checked);
	return why ? text_fmt("%s was not run: %s", name, why) : NULL;
}

char *builtin_call(struct store *s, const struct conf *conf, const struct task *task,
		   const char *name, const cJSON *args, bool *ret_failed)
{
	const struct manifest *m = builtin_manifest();
	const struct tool *tool = manifest_tool(m, name);
	DEFER(json_drop) cJSON *checked = NULL;
	struct call c = { .store = s, .conf = conf, .task = task };
	char *why = unfit(tool, name, args, &checked), *result;
	struct decision d;

	*ret_failed = true;
	if (why) {
		decide_unfit(s, task, m->name, name, args, why);
		return why;
	}
	d = decide(s, conf, task, m->name, tool->is, checked);
	if (!d.allowed)
		return text_fmt("Not allowed: %s.", d.rule);
	c.args = checked;
	result = run(tool, &c);
	*ret_failed = c.failed;
	return result;
}
