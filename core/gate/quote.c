/* quote.c - see quote.h
 *
 * Prose and comments are flattened before they are compared: one space for any white space, and
 * an end of line where a paragraph ends. */
#include "gate/quote.h"
#include "gate/parse.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 600, MARKS_MAX = 16, FLAT_MAX = 1 << 24 };

static const char marks[] = ".:;!?|";		/* behind these a sentence begins, or a part of one */

struct flat {
	struct buf text;
	int *lines;		/* of each byte */
};
struct leaf {			/* a page, to be quoted */
	const char *file;
	struct flat flat;
	bool *quoted;		/* each byte */
};
struct reading {
	struct quotes found;
	struct leaf *leaves;
	size_t leaves_n;
	const char *file;	/* the source */
};

static bool blank(char c)
{
	return c == ' ' || c == '\n';
}

bool says_must(struct str text, size_t at)
{
	bool begins = at == 0 || !isalnum((unsigned char)text.at[at - 1]);
	bool ends = at + 4 >= text.len || !isalnum((unsigned char)text.at[at + 4]);

	return at + 4 <= text.len && memcmp(text.at + at, "MUST", 4) == 0 && begins && ends;
}

/* ---- flattening ---------------------------------------------------------- */

/* How long the marks are that make a line a paragraph of its own: a heading, a row, an item of a
 * list; 0: it goes on. */
static size_t item_mark(struct str line)
{
	size_t n = 0;

	while (n < line.len && (strchr("#>|", line.at[n]) || isspace((unsigned char)line.at[n])))
		n++;
	if (n)
		return n;
	if (line.len > 1 && strchr("*-+", line.at[0]) && line.at[1] == ' ')
		return 2;
	while (n < line.len && isdigit((unsigned char)line.at[n]))
		n++;
	return n > 0 && n + 1 < line.len && strchr(".)", line.at[n]) && line.at[n + 1] == ' ' ? n + 2 : 0;
}

static struct str line_next(struct str *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	struct str line = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t step = line.len + (end != NULL);

	*rest = (struct str){ rest->at + step, rest->len - step };
	while (line.len && isspace((unsigned char)*line.at))
		line = (struct str){ line.at + 1, line.len - 1 };
	return line;
}

static void flat_put(struct flat *f, char c, int line)
{
	f->lines[f->text.len] = line;
	buf_addc(&f->text, c);
}

/* A word is put behind what parts it from the one before. */
static void flat_line(struct flat *f, struct str line, int number, char before)
{
	for (size_t i = 0; i < line.len; i++) {
		if (isspace((unsigned char)line.at[i])) {
			before = before ? before : ' ';
			continue;
		}
		if (before && f->text.len)
			flat_put(f, before, number);
		before = '\0';
		flat_put(f, line.at[i], number);
	}
}

static struct flat flat_new(size_t room)
{
	return (struct flat){ .text = buf_new(FLAT_MAX), .lines = mem_new(room + 1, sizeof(int)) };
}

static void flat_free(struct flat *f)
{
	buf_free(&f->text);
	free(f->lines);
}

static struct flat flatten_prose(struct str prose)
{
	struct flat f = flat_new(2 * prose.len);
	bool apart = true;

	for (int number = 1; prose.len; number++) {
		struct str line = line_next(&prose);
		bool heading = line.len && *line.at == '#';
		size_t mark = item_mark(line);

		line = (struct str){ line.at + mark, line.len - mark };
		flat_line(&f, line, number, apart || mark ? '\n' : ' ');
		apart = !line.len || heading;
	}
	return f;
}

static struct flat flatten_comment(struct str comment, int number)
{
	struct flat f = flat_new(2 * comment.len);

	for (bool first = true; comment.len; first = false, number++) {
		struct str line = line_next(&comment);

		while (line.len && strchr(first ? "/*" : "*", *line.at))
			line = (struct str){ line.at + 1, line.len - 1 };
		flat_line(&f, line, number, ' ');
	}
	return f;
}

/* ---- sentences ----------------------------------------------------------- */

/* Within `...`, where marks part nothing. */
static bool in_code(const char *text, size_t at)
{
	bool code = false;

	while (at > 0 && text[at - 1] != '\n')
		code ^= text[--at] == '`';
	return code;
}

static bool may_begin(const char *text, size_t at)
{
	if (at == 0 || text[at - 1] == '\n')
		return true;
	return at >= 2 && text[at - 1] == ' ' && strchr(marks, text[at - 2]) && !in_code(text, at - 2);
}

static bool may_end(const char *text, size_t at)
{
	if (in_code(text, at))
		return false;
	return !text[at] || text[at] == '\n' || strchr(".:;!?,)", text[at]) || strchr(marks, text[at - 1]) ||
	       (text[at] == ' ' && text[at + 1] == '|');
}

static bool sentence_ends(const char *text, size_t at)
{
	return strchr(".!?", text[at]) && (!text[at + 1] || blank(text[at + 1])) && !in_code(text, at);
}

/* The sentence in which the byte stands. */
static struct str sentence_at(const char *text, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && text[from - 1] != '\n' && !(from > 1 && text[from - 1] == ' ' && sentence_ends(text, from - 2)))
		from--;
	while (text[to] && text[to] != '\n' && !sentence_ends(text, to))
		to++;
	to += text[to] && text[to] != '\n';
	return (struct str){ text + from, to - from };
}

/* How much of the quote stands here. */
static size_t same(const char *text, struct str quote)
{
	size_t n = 0;

	while (n < quote.len && text[n] && (text[n] == quote.at[n] || (blank(text[n]) && blank(quote.at[n]))))
		n++;
	return n;
}

/* ---- one quote ----------------------------------------------------------- */

enum fit { NOT_THERE, CUT, WHOLE };	/* cut: it begins or ends in the middle of a sentence */

/* Marks as quoted wherever it stands whole. */
static enum fit leaf_quote(struct leaf *l, struct str quote)
{
	const char *text = buf_text(&l->flat.text);
	enum fit fit = NOT_THERE;

	for (size_t i = 0; quote.len && text[i]; i++) {
		if (same(text + i, quote) < quote.len)
			continue;
		if (may_begin(text, i) && may_end(text, i + quote.len)) {
			memset(l->quoted + i, true, quote.len);
			fit = WHOLE;
		} else if (fit == NOT_THERE) {
			fit = CUT;
		}
	}
	return fit;
}

static void misquoted(struct reading *r, const char *file, int line, char *what, char *remedy)
{
	struct quotes *q = &r->found;

	q->at = realloc(q->at, (q->n + 1) * sizeof *q->at);
	if (!q->at)
		abort();
	q->at[q->n++] = (struct misquote){ file, line, what, remedy };
}

static int shown(struct str s)
{
	return (int)utf8_fit(s, SHOWN_MAX);
}

/* What the page says where the quote leaves it. */
static char *remedy_for(const struct leaf *l, struct str quote)
{
	const char *text = buf_text(&l->flat.text);
	size_t best = 0, at = 0;

	for (size_t i = 0; text[i]; i++) {
		size_t n = same(text + i, quote);

		if (n > best) {
			best = n;
			at = i;
		}
	}
	while (best > 0 && !blank(text[at + best - 1]))		/* back to a whole word */
		best--;
	if (best < 12)
		return text_fmt("quote a sentence of %s as it stands there, or quote none", l->file);
	struct str sentence = sentence_at(text, at);

	return text_fmt("line %d of it says \"%.*s\": quote that", l->flat.lines[at], shown(sentence), sentence.at);
}

static void false_quote(struct reading *r, const struct leaf *l, int line, struct str quote, enum fit fit)
{
	if (fit == CUT)
		misquoted(r, r->file, line, text_fmt("this quote begins or ends in the middle of a sentence: \"%.*s\"", shown(quote),
			  quote.at), text_dup("begin where a sentence begins, or behind ':' or ';', and end before a mark of punctuation"));
	else
		misquoted(r, r->file, line, text_fmt("this quote does not stand in %s: \"%.*s\"", l->file, shown(quote), quote.at),
			  remedy_for(l, quote));
}

/* ---- comments ------------------------------------------------------------ */

/* Behind the last quotation mark that may end a quote. */
static size_t last_mark(const char *text, size_t at, size_t end)
{
	size_t last = at;

	for (int n = 0; at < end && n < MARKS_MAX; at++) {
		if (text[at] == '"') {
			last = at + 1;
			n++;
		}
	}
	return last;
}

/* The quote that begins behind text[at], up to whichever of the quotation marks makes it one, the
 * last first, for sentences hold such marks too. Returns where the next one is looked for. */
static size_t take_quote(struct reading *r, struct leaf *l, const struct flat *f, size_t at, size_t end)
{
	const char *text = buf_text(&f->text);
	struct str first = { text + at, 0 };
	enum fit best = NOT_THERE;

	for (size_t to = last_mark(text, at, end); to > at; to--) {
		struct str quote = { text + at, to - 1 - at };
		enum fit fit;

		if (text[to - 1] != '"')
			continue;
		fit = leaf_quote(l, quote);
		if (fit == WHOLE)
			return to;
		if (fit > best || !best)
			first = quote;
		best = fit > best ? fit : best;
	}
	if (!first.len)
		first.len = end - at;
	false_quote(r, l, f->lines[at - 1], first, best);
	return end;
}

/* A page's name and its ':' stand before text[*at]; behind them stand quotes, up to `end`. */
static void take_quotes(struct reading *r, struct leaf *l, const struct flat *f, size_t at, size_t end)
{
	const char *text = buf_text(&f->text);

	while (at < end) {
		if (text[at++] == '"')
			at = take_quote(r, l, f, at, end);
	}
}

/* How long "specs/NAME/PAGE.md:" is, with the blank behind it, where a quote follows. */
static size_t citation(const char *text)
{
	size_t n;

	if (strncmp(text, "specs/", 6) != 0)
		return 0;
	n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./");
	if (strncmp(text + n - 3, ".md", 3) != 0 || text[n++] != ':')
		return 0;
	n += blank(text[n]);
	return text[n] == '"' ? n : 0;
}

static void take_citation(struct reading *r, const struct flat *f, size_t at, size_t n, size_t end)
{
	DEFER(text_free) char *file = str_dup((struct str){ buf_text(&f->text) + at, strcspn(buf_text(&f->text) + at, ":") });

	for (size_t i = 0; i < r->leaves_n; i++) {
		if (strcmp(r->leaves[i].file, file) == 0) {
			take_quotes(r, &r->leaves[i], f, at + n, end);
			return;
		}
	}
	misquoted(r, r->file, f->lines[at], text_fmt("there is no page %s in this contract", file),
		  text_dup("name the page that says it, or quote none"));
}

static void read_comment(struct reading *r, struct str comment, int line)
{
	struct flat f = flatten_comment(comment, line);
	const char *text = buf_text(&f.text);

	for (size_t at = 0, n, end; at < f.text.len; at++) {
		n = citation(text + at);
		if (!n)
			continue;
		for (end = at + n; end < f.text.len && !citation(text + end); end++)
			;
		take_citation(r, &f, at, n, end);
		at = end - 1;
	}
	flat_free(&f);
}

static void read_comments(struct reading *r, struct str source)
{
	struct parse p = parse_open(source);
	DEFER(walk_end) struct walk w = walk_in(parse_root(&p));

	while (walk_on(&w))
		if (node_is(w.at, "comment"))
			read_comment(r, node_text(&p, w.at), node_line(w.at));
	parse_free(&p);
}

/* ---- what nobody quotes -------------------------------------------------- */

static void read_leaf(struct reading *r, const struct leaf *l)
{
	const char *text = buf_text(&l->flat.text), *told = "";

	for (size_t i = 0; i < l->flat.text.len; i++) {
		struct str sentence;

		if (!says_must(buf_str(&l->flat.text), i))
			continue;
		r->found.musts++;
		sentence = sentence_at(text, i);
		if (l->quoted[i] || sentence.at == told)
			continue;
		told = sentence.at;
		misquoted(r, l->file, l->flat.lines[i], text_fmt("%s quotes this nowhere: \"%.*s\"", r->file, shown(sentence), sentence.at),
			  text_fmt("quote it where it is kept: /* %s: \"%.*s\" */", l->file, shown(sentence), sentence.at));
	}
}

struct quotes quotes_check(struct str source, const char *file, struct page *const *pages, size_t pages_n)
{
	struct reading r = { .file = file, .leaves_n = pages_n, .leaves = mem_new(pages_n + 1, sizeof *r.leaves) };

	for (size_t i = 0; i < pages_n; i++) {
		struct leaf *l = &r.leaves[i];

		l->file = pages[i]->file;
		l->flat = flatten_prose(str_of(pages[i]->prose));
		l->quoted = mem_new(l->flat.text.len + 1, 1);
	}
	read_comments(&r, source);
	for (size_t i = 0; i < pages_n; i++) {
		read_leaf(&r, &r.leaves[i]);
		flat_free(&r.leaves[i].flat);
		free(r.leaves[i].quoted);
	}
	free(r.leaves);
	return r.found;
}

void quotes_free(struct quotes *q)
{
	for (size_t i = 0; i < q->n; i++) {
		free(q->at[i].what);
		free(q->at[i].remedy);
	}
	free(q->at);
	*q = (struct quotes){ 0 };
}
