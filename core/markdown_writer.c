/* markdown_writer.c - see markdown_writer.h */
#include "markdown_writer.h"
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

static const struct style styles[] = {
    /* (what is struck out must not read as if it were said) */
    [MARKS_PLAIN] = {{{"", ""}, {"", ""}, {"~~", "~~"}}, "- ", NULL, false},
    [MARKS_MARKDOWN] = {{{"**", "**"}, {"*", "*"}, {"~~", "~~"}}, "- ", "```", false},
    [MARKS_MRKDWN] = {{{"*", "*"}, {"_", "_"}, {"~", "~"}}, "\xE2\x80\xA2 ", "```", true},
    [MARKS_WHATSAPP] = {{{"*", "*"}, {"_", "_"}, {"~", "~"}}, "- ", "```", true},
    [MARKS_HTML] = {{{"<b>", "</b>"}, {"<i>", "</i>"}, {"<s>", "</s>"}}, "\xE2\x80\xA2 ", NULL, false},
};

/* ---- lines and marks ----------------------------------------------------- */

static void add_line_start(struct writer *w)
{
	if (w->fresh)
		buf_add(&w->out, buf_text(&w->before), w->before.len);
	w->fresh = false;
}

void write_raw(struct writer *w, const char *bytes)
{
	add_line_start(w);
	buf_adds(&w->out, bytes);
	w->closed = false;
}

static bool is_word(ucs4_t c)
{
	return c == '_' || uc_is_alnum(c);
}

static bool word_before(const struct writer *w)
{
	const uint8_t *begin = (const uint8_t *)buf_text(&w->out);
	ucs4_t c;

	return w->out.len && u8_prev(&c, begin + w->out.len, begin) && is_word(c);
}

void write_opening(struct writer *w, const char *mark)
{
	bool stuck = w->style->lines ? word_before(w) : w->marks == MARKS_MARKDOWN && w->closed;

	if (!w->fresh && stuck && w->opened_at != w->out.len)
		write_raw(w, BREAK);
	write_raw(w, mark);
	w->opened_at = w->out.len;
}

void write_marks(struct writer *w)
{
	while (w->shown_n < w->open_n)
		write_opening(w, w->style->marks[w->open[w->shown_n++]][0]);
}

void write_closing(struct writer *w, const char *mark)
{
	write_raw(w, mark);
	w->closed = true;
}

static void hide_marks(struct writer *w, size_t keep)
{
	while (w->shown_n > keep)
		write_closing(w, w->style->marks[w->open[--w->shown_n]][1]);
}

void mark_open(struct writer *w, enum span s)
{
	if (!w->label && w->wanted[s]++ == 0)
		w->open[w->open_n++] = s;
}

void mark_close(struct writer *w, enum span s)
{
	if (w->label || --w->wanted[s])
		return;
	assert(w->open_n && w->open[w->open_n - 1] == s);
	hide_marks(w, w->open_n - 1);
	w->open_n--;
}

void write_newline(struct writer *w)
{
	if (w->style->lines)
		hide_marks(w, 0);
	add_line_start(w);
	while (w->out.len && w->out.at[w->out.len - 1] == ' ')
		buf_cut(&w->out, w->out.len - 1);
	buf_addc(&w->out, '\n');
	w->fresh = true;
	w->text_at = SIZE_MAX;
	w->closed = false;
}

void before_push(struct writer *w, const char *text)
{
	if (w->depth < MARKUP_INDENT_MAX) {
		w->cuts[w->depth] = w->before.len;
		buf_adds(&w->before, text);
	}
	w->depth++;
}

void before_pop(struct writer *w)
{
	if (--w->depth < MARKUP_INDENT_MAX)
		buf_cut(&w->before, w->cuts[w->depth]);
}

/* ---- text ---------------------------------------------------------------- */

void write_byte(struct writer *w, char c)
{
	bool entities = w->marks == MARKS_MRKDWN || w->marks == MARKS_HTML;
	const char *entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;

	if (entities && entity)
		buf_adds(&w->out, entity);
	else
		buf_addc(&w->out, c);
}

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c);
}

/* An @ before a name: nobody is called by a name that is broken. */
static bool calls(char before, struct str rest)
{
	if (rest.at[0] != '@' || rest.len == 1)
		return false;
	if (before && (is_alnum(before) || strchr("._%+-/", before)))
		return false;
	return is_alnum(rest.at[1]) || strchr("_!&", rest.at[1]);
}

/* How much of `s` is an address that services make a link of. */
static size_t bare_url(struct str s)
{
	size_t n = 0;

	if (!str_starts(s, "http://") && !str_starts(s, "https://"))
		return 0;
	while (n < s.len && !isspace((unsigned char)s.at[n]) && !strchr("<>`", s.at[n]))
		n++;
	return n;
}

/* Would this character begin a block here? */
static bool begins_block(const struct writer *w, struct str rest)
{
	char next = rest.len > 1 ? rest.at[1] : ' ';
	size_t before = w->out.len - w->text_at;

	if (strchr("#>=", rest.at[0]) || (strchr("-+", rest.at[0]) && (next == ' ' || next == '-')))
		return before == 0;
	return strchr(".)", rest.at[0]) && next == ' ' && before > 0 && before < 10 &&
	       strspn(w->out.at + w->text_at, "0123456789") == before;
}

static void escape_markdown(struct writer *w, char before, struct str rest)
{
	char c = rest.at[0];
	bool inside = is_alnum(before) && rest.len > 1 && is_alnum(rest.at[1]);

	if (strchr("\\`*[]<~|", c) || (c == '_' && !inside) || begins_block(w, rest))
		buf_addc(&w->out, '\\');
	buf_addc(&w->out, c);
}

static void add_char(struct writer *w, char before, struct str rest)
{
	if (w->label && rest.at[0] == '|')
		buf_adds(&w->out, BAR);
	else if (w->marks == MARKS_MARKDOWN)
		escape_markdown(w, before, rest);
	else
		write_byte(w, rest.at[0]);
	if ((w->marks == MARKS_MARKDOWN || w->marks == MARKS_HTML) && calls(before, rest))
		buf_adds(&w->out, BREAK);
}

void write_line(struct writer *w, struct str s)
{
	ucs4_t first;

	if (!s.len)
		return;
	write_marks(w);
	u8_mbtouc(&first, (const uint8_t *)s.at, s.len);
	if (w->closed && w->style->lines && is_word(first))
		write_raw(w, BREAK);
	add_line_start(w);
	w->closed = false;
	if (w->text_at == SIZE_MAX)
		w->text_at = w->out.len;
	for (size_t i = 0; i < s.len; i++) {
		struct str rest = {s.at + i, s.len - i};
		char before = i ? s.at[i - 1] : '\0';
		size_t url = w->marks == MARKS_MARKDOWN && !is_alnum(before) ? bare_url(rest) : 0;

		if (url) {
			buf_add(&w->out, rest.at, url);
			i += url - 1;
		} else {
			add_char(w, before, rest);
		}
	}
}

void write_break(struct writer *w)
{
	if (w->label || w->one_line)
		write_line(w, STR(" "));
	else
		write_newline(w);
}

void write_text(struct writer *w, struct str s)
{
	const char *end;

	while (s.len && (end = memchr(s.at, '\n', s.len))) {
		size_t n = (size_t)(end - s.at);

		write_line(w, (struct str){s.at, n});
		write_break(w);
		s = (struct str){end + 1, s.len - n - 1};
	}
	write_line(w, s);
}

struct writer writer_new(enum marks marks)
{
	return (struct writer){.out = buf_new(SIZE_MAX / 2),
			       .before = buf_new((size_t)4 * MARKUP_INDENT_MAX),
			       .marks = marks,
			       .style = &styles[marks],
			       .fresh = true,
			       .text_at = SIZE_MAX};
}

char *writer_take(struct writer *w)
{
	buf_free(&w->before);
	return buf_take(&w->out);
}
