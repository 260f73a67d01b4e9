/* page.c - see page.h.
 *
 * Three passes over the blocks that cmark found: first all examples, so that a transcript
 * may use one that stands below it; then the transcripts; then what a page as a whole
 * must have. */
#include "gate/page.h"
#include "file.h"
#include "gate/quote.h"
#include "gate/step.h"
#include "gate/word.h"
#include "instance.h"
#include "limits.h"
#include <cmark.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INFO_WORDS = 5, WORD_SHOWN = 120 };

struct block {
	int first, last;		/* lines of its fences, from 1 */
	struct str words[INFO_WORDS];	/* of its info string */
	size_t words_n;
	int section;			/* -1: background */
};
struct part {				/* a section that is being read */
	struct str title;
	int line;
	bool must, runs;
	struct steps steps;
};
struct book {				/* all that is needed only while reading */
	struct reader *r;
	struct str *lines;
	size_t lines_n;
	bool *code;			/* for each line: is it within a block? */
	struct block *blocks;
	size_t blocks_n;
	struct part *parts;
	size_t parts_n;
	struct steps background, back;
};

static char complaint[2048];
static enum mistake last_mistake;

bool mistaken(struct reader *r, int line, enum mistake m, struct str word)
{
	struct buf b = buf_new(sizeof complaint - 1);

	buf_addf(&b, "%s:%d: ", r->text->file, line);
	for (const char *c = mistake_what(m); *c; c++) {
		if (*c == '*')
			buf_addf(&b, "%.*s", (int)utf8_fit(word, WORD_SHOWN), word.len ? word.at : "");
		else
			buf_addc(&b, *c);
	}
	buf_addf(&b, ": %s", mistake_remedy(m));
	snprintf(complaint, sizeof complaint, "%s", buf_text(&b));
	buf_free(&b);
	last_mistake = m;
	return false;
}

/* ---- Markdown ------------------------------------------------------------ */

static void split_lines(struct book *b)
{
	struct str text = b->r->text->text;

	while (text.len) {
		const char *end = memchr(text.at, '\n', text.len);
		size_t n = end ? (size_t)(end - text.at) : text.len;

		b->lines = realloc(b->lines, (b->lines_n + 1) * sizeof *b->lines);
		if (!b->lines)
			abort();
		b->lines[b->lines_n++] = (struct str){ text.at, n && text.at[n - 1] == '\r' ? n - 1 : n };
		n += end != NULL;
		text = (struct str){ text.at + n, text.len - n };
	}
	b->code = mem_new(b->lines_n + 1, sizeof *b->code);
}

/* Where a line of the text stands in the file. */
static int file_line(const struct book *b, int line)
{
	return b->r->text->line + line - 1;
}

static bool refuse(struct book *b, int line, enum mistake m, struct str word)
{
	return mistaken(b->r, file_line(b, line), m, word);
}

static struct str trim(struct str s)
{
	while (s.len && isspace((unsigned char)*s.at))
		s = (struct str){ s.at + 1, s.len - 1 };
	while (s.len && isspace((unsigned char)s.at[s.len - 1]))
		s.len--;
	return s;
}

static struct str heading_text(const struct book *b, int line)
{
	struct str s = b->lines[line - 1];

	while (s.len && *s.at == '#')
		s = (struct str){ s.at + 1, s.len - 1 };
	return trim(s);
}

static bool heading(struct book *b, int level, int line)
{
	if (level == 1 && b->r->page->title)
		return refuse(b, line, MISTAKE_SECOND_TITLE, STR(""));
	if (level == 1) {
		b->r->page->title = pool_text(&b->r->page->pool, heading_text(b, line));
		b->r->used[FORM_TITLE] = true;
	} else if (level == 2) {
		b->parts = realloc(b->parts, (b->parts_n + 1) * sizeof *b->parts);
		if (!b->parts)
			abort();
		b->parts[b->parts_n++] = (struct part){ .title = heading_text(b, line), .line = line };
		b->r->used[FORM_SECTION] = true;
	}
	return true;
}

/* The fence that ends a block is of the same sign and no shorter. */
static bool fenced(const struct book *b, const struct block *k)
{
	struct str open = trim(b->lines[k->first - 1]), close = trim(b->lines[k->last - 1]);
	size_t n = 0;

	while (n < open.len && open.at[n] == open.at[0])
		n++;
	if (k->last == k->first || close.len < n)
		return false;
	for (size_t i = 0; i < close.len; i++)
		if (close.at[i] != open.at[0])
			return false;
	return true;
}

static void info_words(struct block *k, struct str info)
{
	for (struct str word = word_cut(&info); word.len && k->words_n < INFO_WORDS; word = word_cut(&info))
		k->words[k->words_n++] = word;
}

/* The info string as it stands in the text: after the fence. */
static struct str info_of(const struct book *b, int line)
{
	struct str s = trim(b->lines[line - 1]);
	char sign = s.len ? *s.at : 0;

	while (s.len && *s.at == sign)
		s = (struct str){ s.at + 1, s.len - 1 };
	return trim(s);
}

static bool block(struct book *b, cmark_node *node)
{
	struct block k = { .first = cmark_node_get_start_line(node), .last = cmark_node_get_end_line(node),
			   .section = (int)b->parts_n - 1 };
	struct str info = STR("");

	if (k.last > (int)b->lines_n)
		k.last = (int)b->lines_n;
	if (cmark_node_get_fence_info(node)[0])
		info = info_of(b, k.first);
	info_words(&k, info);
	if (!k.words_n)
		return refuse(b, k.first, MISTAKE_UNKNOWN_BLOCK, STR(""));
	if (!fenced(b, &k))
		return refuse(b, k.first, MISTAKE_OPEN_BLOCK, STR(""));
	for (int i = k.first; i <= k.last; i++)
		b->code[i - 1] = true;
	b->blocks = realloc(b->blocks, (b->blocks_n + 1) * sizeof *b->blocks);
	if (!b->blocks)
		abort();
	b->blocks[b->blocks_n++] = k;
	return true;
}

/* A block within a list or a quotation would not be run; nobody should believe it is. */
static bool no_block_within(struct book *b, cmark_node *node)
{
	cmark_iter *i = cmark_iter_new(node);
	cmark_event_type e;
	int line = 0;

	while (!line && (e = cmark_iter_next(i)) != CMARK_EVENT_DONE)
		if (e == CMARK_EVENT_ENTER && cmark_node_get_type(cmark_iter_get_node(i)) == CMARK_NODE_CODE_BLOCK)
			line = cmark_node_get_start_line(cmark_iter_get_node(i));
	cmark_iter_free(i);
	return !line || refuse(b, line, MISTAKE_INNER_BLOCK, STR(""));
}

static bool cut_nodes(struct book *b, cmark_node *document)
{
	for (cmark_node *n = cmark_node_first_child(document); n; n = cmark_node_next(n)) {
		cmark_node_type type = cmark_node_get_type(n);
		bool first = n == cmark_node_first_child(document);

		if (first && (type != CMARK_NODE_HEADING || cmark_node_get_heading_level(n) != 1))
			return refuse(b, cmark_node_get_start_line(n), MISTAKE_NO_TITLE, STR(""));
		if (type == CMARK_NODE_HEADING) {
			if (!heading(b, cmark_node_get_heading_level(n), cmark_node_get_start_line(n)))
				return false;
		} else if (type == CMARK_NODE_CODE_BLOCK) {
			if (!block(b, n))
				return false;
		} else if (!no_block_within(b, n)) {
			return false;
		}
	}
	return b->r->page->title || refuse(b, 1, MISTAKE_NO_TITLE, STR(""));
}

static bool cut(struct book *b)
{
	struct str text = b->r->text->text;
	cmark_node *document;
	bool done;

	document = cmark_parse_document(text.len ? text.at : "", text.len, CMARK_OPT_DEFAULT);
	done = cut_nodes(b, document);
	cmark_node_free(document);
	return done;
}

/* ---- blocks -------------------------------------------------------------- */

static struct lines inside(const struct book *b, const struct block *k)
{
	return (struct lines){ &b->lines[k->first], (size_t)(k->last - k->first - 1), file_line(b, k->first + 1) };
}

static struct str block_text(const struct book *b, const struct block *k)
{
	const char *from = b->lines[k->first].at;

	return (struct str){ from, (size_t)(b->lines[k->last - 1].at - from) };
}

static bool example(struct book *b, const struct block *k)
{
	const cJSON *value = value_read(b->r, file_line(b, k->first + 1), block_text(b, k));

	b->r->used[FORM_EXAMPLE] = true;
	return value && example_add(b->r, file_line(b, k->first), k->words[1], value);
}

/* The harness invents the bytes: only what they are is written. */
static bool blob(struct book *b, const struct block *k)
{
	DEFER(text_free) char *type = str_dup(k->words[2]);
	DEFER(text_free) char *digits = str_dup(k->words[3]);
	char *end;
	long size = strtol(digits, &end, 10);
	cJSON *value;

	if (*end || size < 1 || size > ANSWER_MAX || !strchr(type, '/'))
		return refuse(b, k->first, MISTAKE_BAD_BLOCK, STR("blob"));
	b->r->used[FORM_BLOB] = true;
	value = json_build("{blob:%S,type:%s,size:%D}", k->words[1], type, (int64_t)size);
	return example_add(b->r, file_line(b, k->first), k->words[1], pool_json(&b->r->page->pool, value));
}

static bool transcript(struct book *b, const struct block *k)
{
	struct lines l = inside(b, k);

	if (k->words_n == 2 && str_is(k->words[1], "back")) {
		b->r->used[FORM_BACK] = true;
		return steps_read(b->r, l, &b->back);
	}
	if (k->words_n == 2 && str_is(k->words[1], "platform")) {
		b->r->used[FORM_PLATFORM] = true;
		return rules_read(b->r, l);
	}
	if (k->words_n > 1)
		return refuse(b, k->first, MISTAKE_BAD_BLOCK, k->words[1]);
	b->r->used[k->section < 0 ? FORM_BACKGROUND : FORM_TRANSCRIPT] = true;
	return steps_read(b->r, l, k->section < 0 ? &b->background : &b->parts[k->section].steps);
}

static bool name_block(struct book *b, const struct block *k)
{
	if (str_is(k->words[0], "json"))
		return k->words_n == 2 ? example(b, k) : refuse(b, k->first, MISTAKE_BAD_BLOCK, STR("json"));
	if (str_is(k->words[0], "blob"))
		return k->words_n == 4 ? blob(b, k) : refuse(b, k->first, MISTAKE_BAD_BLOCK, STR("blob"));
	return true;
}

static bool run_block(struct book *b, const struct block *k)
{
	static const char *const others[] = { "json", "blob", "text", "c", "sh", "conf" };

	if (str_is(k->words[0], "transcript"))
		return transcript(b, k);
	for (size_t i = 0; i < COUNT(others); i++) {
		if (str_is(k->words[0], others[i])) {
			b->r->used[FORM_SHOWN] |= i >= 2;
			return true;
		}
	}
	return refuse(b, k->first, MISTAKE_UNKNOWN_BLOCK, k->words[0]);
}

static bool read_blocks(struct book *b)
{
	for (size_t i = 0; i < b->blocks_n; i++)
		if (!name_block(b, &b->blocks[i]))
			return false;
	for (size_t i = 0; i < b->blocks_n; i++)
		if (!run_block(b, &b->blocks[i]))
			return false;
	return true;
}

/* ---- the page as a whole ------------------------------------------------- */

static bool expects(const struct steps *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (step_kind(s->at[i].word) == STEP_REQUEST)
			return true;
	return false;
}

/* Not by what it runs of another page. */
static bool background_shows(const struct book *b)
{
	for (size_t i = 0; i < b->background.n; i++) {
		const struct step *s = &b->background.at[i];

		if (step_kind(s->word) == STEP_REQUEST && strcmp(s->file, b->r->text->file) == 0)
			return true;
	}
	return false;
}

static bool demands(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (says_must(line, i))
			return true;
	return false;
}

/* Every line of the file, those of blocks empty. */
static void keep_prose(struct book *b)
{
	struct buf prose = buf_new(FILE_MAX + 1);
	char *text;

	for (size_t i = 0; i < b->lines_n; i++) {
		if (!b->code[i])
			buf_add(&prose, b->lines[i].at, b->lines[i].len);
		buf_addc(&prose, '\n');
	}
	b->r->page->prose = text = pool_text(&b->r->page->pool, buf_str(&prose));
	for (size_t i = 0; i < prose.len; i++)
		text[i] = text[i] ? text[i] : ' ';
	buf_free(&prose);
}

static bool read_prose(struct book *b)
{
	struct part *in = NULL;

	keep_prose(b);
	for (size_t i = 0, next = 0; i < b->lines_n; i++) {
		if (next < b->parts_n && b->parts[next].line == (int)i + 1)
			in = &b->parts[next++];
		if (b->code[i])
			continue;
		if (step_begins(b->lines[i]))
			return refuse(b, (int)i + 1, MISTAKE_STRAY_STEP, STR(""));
		if (in && demands(b->lines[i]))
			in->must = true;
		else if (demands(b->lines[i]) && !background_shows(b))
			return refuse(b, (int)i + 1, MISTAKE_EARLY_MUST, STR(""));
	}
	return true;
}

static bool same_label(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A label is given by a ">" and used by what comes after it. */
static bool labels_known(struct book *b, const struct section *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct step *user = &s->steps[i];
		DEFER(text_free) char *word = text_fmt("#%s", user->label ? user->label : "");
		bool known = !user->label || user->word == DO_HTTP || user->word == DO_WS_OPEN;

		for (size_t k = 0; k < i && !known; k++)
			known = step_kind(s->steps[k].word) == STEP_REQUEST && same_label(s->steps[k].label, user->label);
		if (!known)
			return mistaken(b->r, user->line, MISTAKE_NO_LABEL, str_of(word));
	}
	return true;
}

static bool make_section(struct book *b, struct part *part, struct section *s)
{
	struct pool *pool = &b->r->page->pool;
	size_t before = b->background.n;

	if (!expects(&part->steps))
		return refuse(b, part->line, part->must && !part->steps.n ? MISTAKE_UNPROVED : MISTAKE_NOTHING_ASKED,
			      part->title);
	*s = (struct section){ .title = pool_text(pool, part->title), .line = file_line(b, part->line),
			       .background = before, .n = before + part->steps.n };
	s->steps = pool_new(pool, s->n, sizeof *s->steps);
	if (before)
		memcpy(s->steps, b->background.at, before * sizeof *s->steps);
	memcpy(s->steps + before, part->steps.at, part->steps.n * sizeof *s->steps);
	return labels_known(b, s);
}

static struct step *pool_steps(struct pool *pool, const struct steps *s)
{
	struct step *copy = pool_new(pool, s->n, sizeof *copy);

	if (s->n)
		memcpy(copy, s->at, s->n * sizeof *copy);
	return copy;
}

static bool make_page(struct book *b)
{
	struct page *p = b->r->page;

	if (!b->parts_n)
		return refuse(b, 1, MISTAKE_NO_SECTION, STR(""));
	p->sections = pool_new(&p->pool, b->parts_n, sizeof *p->sections);
	for (size_t i = 0; i < b->parts_n; i++, p->n++)
		if (!make_section(b, &b->parts[i], &p->sections[i]))
			return false;
	p->background = pool_steps(&p->pool, &b->background);
	p->background_n = b->background.n;
	p->back = pool_steps(&p->pool, &b->back);
	p->back_n = b->back.n;
	return true;
}

static void book_free(struct book *b)
{
	for (size_t i = 0; i < b->parts_n; i++)
		free(b->parts[i].steps.at);
	free(b->parts);
	free(b->blocks);
	free(b->code);
	free(b->lines);
	free(b->background.at);
	free(b->back.at);
}

static struct page *read_page(struct reader *r)
{
	struct book b = { .r = r };
	bool good;

	r->page = mem_new(1, sizeof *r->page);
	r->page->file = pool_text(&r->page->pool, str_of(r->text->file));
	if (!r->used)
		r->used = r->page->used;
	split_lines(&b);
	good = cut(&b) && read_blocks(&b) && read_prose(&b) && make_page(&b);
	book_free(&b);
	if (!good) {
		page_free(r->page);
		r->page = NULL;
	}
	return r->page;
}

/* ---- pages that run pages ------------------------------------------------ */

static bool text_read(const char *file, struct buf *ret)
{
	if (file_read(file, FILE_MAX, ret) != OK)
		return false;
	if (utf8_valid(buf_str(ret)))
		return true;
	buf_free(ret);
	return false;
}

static bool page_name_fits(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) && !strchr("-_.", name.at[i]))
			return false;
	return name.len > 3 && name.at[0] != '.' && memcmp(name.at + name.len - 3, ".md", 3) == 0;
}

static bool keep_included(struct reader *r, struct page *p, struct steps *add)
{
	p->next = r->page->included;
	r->page->included = p;
	examples_lend(r->page, p);
	for (size_t i = 0; i < p->background_n; i++)
		steps_add(add, &p->background[i]);
	return true;
}

bool page_include(struct reader *r, int line, struct str name, struct steps *add)
{
	DEFER(text_free) char *file = text_fmt("%s/%.*s", r->text->folder, (int)name.len, name.at);
	struct buf text;
	struct page_text t = { .file = file, .folder = r->text->folder, .line = 1 };
	struct reader inner = { .text = &t, .manifest = r->manifest, .used = r->used, .depth = r->depth + 1 };

	if (inner.depth > PAGES_DEEP)
		return mistaken(r, line, MISTAKE_CIRCLE, STR(""));
	if (!page_name_fits(name) || !text_read(file, &text))
		return mistaken(r, line, MISTAKE_NO_PAGE, name);
	t.text = buf_str(&text);
	read_page(&inner);
	buf_free(&text);
	return inner.page && keep_included(r, inner.page, add);
}

const char *page_parse(const struct page_text *t, const struct manifest *m, struct page **ret,
		       enum mistake *ret_mistake)
{
	struct reader r = { .text = t, .manifest = m };
	struct page *p = read_page(&r);

	if (p)
		*ret = p;
	else if (ret_mistake)
		*ret_mistake = last_mistake;
	return p ? NULL : complaint;
}

const char *page_read(const char *file, const struct manifest *m, struct page **ret)
{
	const char *slash = strrchr(file, '/');
	DEFER(text_free) char *folder = slash ? str_dup((struct str){ file, (size_t)(slash - file) }) : text_dup(".");
	struct page_text t = { .file = file, .folder = folder, .line = 1 };
	struct buf text;
	const char *why;

	if (!text_read(file, &text)) {
		snprintf(complaint, sizeof complaint, "%s:1: the page cannot be read: it must be a file in UTF-8 of at most "
			 "%d bytes", file, FILE_MAX);
		return complaint;
	}
	t.text = buf_str(&text);
	why = page_parse(&t, m, ret, NULL);
	buf_free(&text);
	return why;
}

void page_free(struct page *p)
{
	if (!p)
		return;
	while (p->included) {
		struct page *inner = p->included;

		p->included = inner->next;
		page_free(inner);
	}
	pool_free(&p->pool);
	free(p->examples);
	free(p);
}
