/* transcript.c - lines into steps and rules, and the examples they use; see step.h */
#include "gate/step.h"
#include "gate/word.h"
#include "limits.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines --------------------------------------------------------------- */

/* "retry-after: 2": a name in small letters, a colon, a space. */
static size_t header_name(struct str line)
{
	size_t n = 0;

	while (n < line.len && (islower((unsigned char)line.at[n]) || isdigit((unsigned char)line.at[n]) || line.at[n] == '-'))
		n++;
	return n && islower((unsigned char)line.at[0]) && n + 1 < line.len && line.at[n] == ':' && line.at[n + 1] == ' ' ? n : 0;
}

/* Lines that go on: headers are taken out, but their line stays, so that complaints count
 * right. */
static void go_on(struct reader *r, struct str line, struct buf *text, cJSON **headers)
{
	struct str inner = word_skip(line);
	size_t name = header_name(inner);

	r->used[FORM_MORE] = true;
	buf_addc(text, '\n');
	if (!name) {
		buf_add(text, inner.at, inner.len);
		return;
	}
	DEFER(text_free) char *key = str_dup((struct str){ inner.at, name });
	DEFER(text_free) char *content = str_dup(word_skip((struct str){ inner.at + name + 1, inner.len - name - 1 }));

	r->used[FORM_HEADER] = true;
	if (!*headers)
		*headers = cJSON_CreateObject();
	json_add(*headers, key, cJSON_CreateString(content));
}

/* How many lines belong to the step that begins at lines[i]. */
static size_t step_lines(struct lines l, size_t i)
{
	size_t n = 1;

	while (i + n < l.n && l.at[i + n].len && is_blank(l.at[i + n].at[0]))
		n++;
	return n;
}

/* The step in n lines from lines[i] on, the first of which reads as `first`. */
static bool one_step(struct reader *r, const char *first, struct lines l, size_t i, size_t n, struct step *ret)
{
	DEFER(buf_free) struct buf text = buf_new(2 * FILE_MAX);
	cJSON *headers = NULL;

	buf_adds(&text, first);
	for (size_t k = 1; k < n; k++)
		go_on(r, l.at[i + k], &text, &headers);
	*ret = (struct step){ .file = r->page->file, .line = l.line + (int)i };
	if (headers)
		ret->headers = pool_json(&r->page->pool, headers);
	return step_read(r, buf_text(&text), ret);
}

void steps_add(struct steps *s, const struct step *add)
{
	s->at = realloc(s->at, (s->n + 1) * sizeof *s->at);
	if (!s->at)
		abort();
	s->at[s->n++] = *add;
}

static bool include(struct reader *r, int line, struct str rest, struct steps *add)
{
	struct str name = word_cut(&rest);

	r->used[FORM_INCLUDE] = true;
	rest = word_skip(rest);
	if (rest.len)
		return mistaken(r, line, MISTAKE_TOO_MUCH, rest);
	return page_include(r, line, name, add);
}

static void count(struct reader *r, const struct step *s)
{
	r->page->requests += step_kind(s->word) == STEP_REQUEST;
	r->page->likes += s->like;
}

/* An empty line is no step. */
static bool line_read(struct reader *r, struct lines l, size_t i, size_t n, struct steps *add)
{
	int at = l.line + (int)i;
	struct step s;
	DEFER(text_free) char *first = str_dup(l.at[i]);

	if (!word_skip(l.at[i]).len)
		return true;
	if (!strchr("<>+!.", first[0]))
		return mistaken(r, at, MISTAKE_NO_STEP, word_first(l.at[i]));
	if (first[0] == '.' && is_blank(first[1]))
		return include(r, at, str_of(first + 1), add);
	if (!one_step(r, first, l, i, n, &s))
		return false;
	count(r, &s);
	steps_add(add, &s);
	return true;
}

bool steps_read(struct reader *r, struct lines l, struct steps *add)
{
	for (size_t i = 0, n; i < l.n; i += n) {
		n = step_lines(l, i);
		if (!line_read(r, l, i, n, add))
			return false;
	}
	return true;
}

/* ---- rules of the platform ----------------------------------------------- */

static void rule_end(struct reader *r, struct rule *rule, struct steps *then)
{
	struct page *p = r->page;
	struct rule *rules = pool_new(&p->pool, p->rules_n + 1, sizeof *rules);

	if (p->rules_n)
		memcpy(rules, p->rules, p->rules_n * sizeof *rules);
	rule->then = pool_new(&p->pool, then->n, sizeof *rule->then);
	rule->n = then->n;
	if (then->n)
		memcpy(rule->then, then->at, then->n * sizeof *rule->then);
	rules[p->rules_n++] = *rule;
	p->rules = rules;
	free(then->at);
	*then = (struct steps){ 0 };
}

/* "whenever say value" or "whenever" and a request. */
static bool rule_begin(struct reader *r, struct lines l, size_t i, size_t n, struct step *ret)
{
	struct str rest = l.at[i], word = word_cut(&rest);
	DEFER(text_free) char *first = NULL;

	if (!str_is(word, "whenever"))
		return mistaken(r, l.line + (int)i, MISTAKE_NO_RULE, word);
	first = text_fmt("%c%.*s", str_is(word_first(rest), "say") ? '<' : '>', (int)rest.len, rest.at);
	return one_step(r, first, l, i, n, ret);
}

static bool platform_does(const struct step *s)
{
	switch (s->word) {
	case DO_ANSWER: case DO_WS_TEXT: case DO_WS_CLOSED: case DO_WS_RESET: case DO_HTTP_RESET: case DO_HTTP_TIMEOUT:
	case DO_MOVE:
		return true;
	default:
		return false;
	}
}

static bool rule_read(struct reader *r, struct lines l, size_t *i, struct rule *rule, struct steps *then)
{
	size_t n = step_lines(l, *i);

	if (!rule_begin(r, l, *i, n, &rule->when))
		return false;
	for (*i += n; *i < l.n && (!l.at[*i].len || strchr("<+!", l.at[*i].at[0])); *i += n) {
		n = step_lines(l, *i);
		if (!line_read(r, l, *i, n, then))
			return false;
		if (then->n && !platform_does(&then->at[then->n - 1]))
			return mistaken(r, l.line + (int)*i, MISTAKE_NOT_PLATFORM, word_first(l.at[*i]));
	}
	return true;
}

bool rules_read(struct reader *r, struct lines l)
{
	for (size_t i = 0; i < l.n;) {
		struct rule rule = { 0 };
		struct steps then = { 0 };
		bool read = rule_read(r, l, &i, &rule, &then);

		if (read)
			rule_end(r, &rule, &then);
		else
			free(then.at);
		if (!read)
			return false;
	}
	return true;
}

/* ---- examples ------------------------------------------------------------ */

const cJSON *example_find(const struct page *p, struct str name)
{
	for (size_t i = 0; i < p->examples_n; i++)
		if (str_is(name, p->examples[i].name))
			return p->examples[i].value;
	return NULL;
}

static bool name_fits(struct str name)
{
	static const char *const reserved[] = {
		"like", "with", "as", "form", "multipart", "get", "open", "close", "true", "false", "null",
	};

	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) && !strchr("-_", name.at[i]))
			return false;
	return name.len && isalpha((unsigned char)name.at[0]) && !word_in(name, reserved, COUNT(reserved));
}

static void keep_example(struct page *p, const char *name, const cJSON *example)
{
	p->examples = realloc(p->examples, (p->examples_n + 1) * sizeof *p->examples);
	if (!p->examples)
		abort();
	p->examples[p->examples_n++] = (struct example){ name, example };
}

bool example_add(struct reader *r, int line, struct str name, const cJSON *example)
{
	if (!name_fits(name))
		return mistaken(r, line, MISTAKE_BAD_NAME, name);
	if (example_find(r->page, name))
		return mistaken(r, line, MISTAKE_NAME_TAKEN, name);
	keep_example(r->page, pool_text(&r->page->pool, name), example);
	return true;
}

void examples_lend(struct page *to, const struct page *from)
{
	for (size_t i = 0; i < from->examples_n; i++)
		if (!example_find(to, str_of(from->examples[i].name)))
			keep_example(to, from->examples[i].name, from->examples[i].value);
}
