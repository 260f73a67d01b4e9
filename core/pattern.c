/* pattern.c - see pattern.h.
 *
 * All patterns are followed at once: a list of the steps that may come next is carried
 * down the tree, so that the time is that of one walk, and what no pattern leads to is
 * not even entered. */
#include "pattern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum step_kind { NAME, CHOICE, ANY, DEEP, END };
struct step {
	enum step_kind kind;
	struct str text;
};
struct open {			/* the steps that may come next, none twice */
	size_t n, *at;
};
struct walk {
	struct step *steps;
	size_t n;
	bool keep_places;
	struct open open[JSON_DEPTH_MAX + 2];
};

/* ---- patterns into steps ------------------------------------------------- */

static const char *pattern_of(const cJSON *item)
{
	return item->string ? item->string : item->valuestring;
}

static size_t count_steps(const cJSON *patterns)
{
	size_t n = 0;

	for (const cJSON *p = json_first(patterns); p; p = p->next) {
		n++;
		for (const char *c = pattern_of(p); *c; c++)
			n += *c == '/';
	}
	return n;
}

static enum step_kind kind_of(struct str step)
{
	if (str_is(step, "**"))
		return DEEP;
	if (str_is(step, "*"))
		return ANY;
	return step.len > 1 && step.at[0] == '{' ? CHOICE : NAME;
}

static void read_pattern(struct walk *w, const char *pattern)
{
	while (*pattern == '/') {
		struct str step = { pattern + 1, strcspn(pattern + 1, "/") };

		w->steps[w->n++] = (struct step){ kind_of(step), step };
		pattern += 1 + step.len;
	}
	w->steps[w->n++] = (struct step){ .kind = END };
}

/* ---- steps against names ------------------------------------------------- */

static bool is_name(struct str step, const char *name)
{
	for (size_t i = 0; i < step.len; i++, name++) {
		char c = step.at[i];

		if (c == '~' && i + 1 < step.len)
			c = step.at[++i] == '0' ? '~' : '/';
		if (c != *name)
			return false;
	}
	return *name == '\0';
}

static bool is_choice(struct str step, const char *name)
{
	for (size_t from = 1; from < step.len;) {
		size_t n = 0;

		while (from + n < step.len - 1 && step.at[from + n] != ',')
			n++;
		if (is_name((struct str){ step.at + from, n }, name))
			return true;
		from += n + 1;
	}
	return false;
}

static void add(const struct walk *w, struct open *open, size_t step)
{
	for (size_t i = 0; i < open->n; i++)
		if (open->at[i] == step)
			return;
	open->at[open->n++] = step;
	if (w->steps[step].kind == DEEP)
		add(w, open, step + 1);
}

/* Opens, one level down, the steps that follow when `name` is entered. */
static void enter(struct walk *w, int depth, const char *name)
{
	const struct open *from = &w->open[depth];
	struct open *to = &w->open[depth + 1];

	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		const struct step *s = &w->steps[from->at[i]];

		switch (s->kind) {
		case NAME:
			if (is_name(s->text, name))
				add(w, to, from->at[i] + 1);
			break;
		case CHOICE:
			if (is_choice(s->text, name))
				add(w, to, from->at[i] + 1);
			break;
		case ANY:
			add(w, to, from->at[i] + 1);
			break;
		case DEEP:
			add(w, to, from->at[i]);
			break;
		case END:
			break;
		}
	}
}

static bool named(const struct walk *w, int depth)
{
	for (size_t i = 0; i < w->open[depth].n; i++)
		if (w->steps[w->open[depth].at[i]].kind == END)
			return true;
	return false;
}

/* ---- cutting ------------------------------------------------------------- */

static cJSON *cut(struct walk *w, int depth, const cJSON *json);

static cJSON *cut_object(struct walk *w, int depth, const cJSON *json)
{
	cJSON *kept = json->child ? NULL : cJSON_CreateObject();

	for (const cJSON *c = json->child; c; c = c->next) {
		cJSON *item;

		enter(w, depth, c->string);
		item = cut(w, depth + 1, c);
		if (item && !kept)
			kept = cJSON_CreateObject();
		json_add(kept, c->string, item);
	}
	return kept;
}

static cJSON *cut_array(struct walk *w, int depth, const cJSON *json)
{
	cJSON *kept = cJSON_CreateArray();
	bool any = !json->child;
	int i = 0;

	for (const cJSON *c = json->child; c; c = c->next, i++) {
		char name[16];
		cJSON *item;

		snprintf(name, sizeof name, "%d", i);
		enter(w, depth, name);
		item = cut(w, depth + 1, c);
		any |= item != NULL;
		if (item || w->keep_places)
			cJSON_AddItemToArray(kept, item ? item : cJSON_CreateNull());
	}
	if (!any)
		json_drop(&kept);
	return kept;
}

static cJSON *cut(struct walk *w, int depth, const cJSON *json)
{
	if (w->open[depth].n == 0 || depth > JSON_DEPTH_MAX)
		return NULL;
	if (cJSON_IsObject(json))
		return cut_object(w, depth, json);
	if (cJSON_IsArray(json))
		return cut_array(w, depth, json);
	return named(w, depth) ? cJSON_Duplicate(json, false) : NULL;
}

cJSON *pattern_cut(const cJSON *patterns, const cJSON *json, bool keep_places)
{
	size_t n = count_steps(patterns);
	struct walk w = { .steps = mem_new(n, sizeof *w.steps), .keep_places = keep_places };
	size_t *room = mem_new(n * COUNT(w.open), sizeof *room);
	cJSON *kept;

	for (size_t i = 0; i < COUNT(w.open); i++)
		w.open[i].at = room + i * n;
	for (const cJSON *p = json_first(patterns); p; p = p->next) {
		size_t first = w.n;

		read_pattern(&w, pattern_of(p));
		add(&w, &w.open[0], first);
	}
	kept = cut(&w, 0, json);
	free(room);
	free(w.steps);
	return kept;
}
