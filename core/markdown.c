/* markdown.c - see markdown.h.
 *
 * cmark's tree is walked once. Lines are begun late, with what stands before each of them
 * (a quote's ">", a list's indent), and so are marks: those that hold no text do not show.
 * Where a platform ends bold and its like with the line, they are closed at its end and
 * opened again in the next. */
#include "markdown.h"
#include "limits.h"
#include "markdown_table.h"
#include <assert.h>
#include <cmark.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unictype.h>
#include <unistr.h>

#define BREAK "\xE2\x80\x8B"		/* U+200B: no width, and no letter */
#define GRAVE "\xCB\x8B"		/* U+02CB: looks like ` */
#define BAR "\xC2\xA6"			/* U+00A6: looks like | */

enum span { BOLD, ITALIC, STRIKE, SPANS };

static const struct style {
	const char *marks[SPANS][2];	/* before and after */
	const char *bullet;
	const char *fence;		/* NULL: code blocks stand as they are */
	bool lines;			/* marks end with the line, and need no letter beside them */
} styles[] = {
	/* (what is struck out must not read as if it were said) */
	[MARKS_PLAIN] = { { { "", "" }, { "", "" }, { "~~", "~~" } }, "- ", NULL, false },
	[MARKS_MARKDOWN] = { { { "**", "**" }, { "*", "*" }, { "~~", "~~" } }, "- ", "```", false },
	[MARKS_MRKDWN] = { { { "*", "*" }, { "_", "_" }, { "~", "~" } }, "\xE2\x80\xA2 ", "```", true },
	[MARKS_WHATSAPP] = { { { "*", "*" }, { "_", "_" }, { "~", "~" } }, "- ", "```", true },
	[MARKS_HTML] = { { { "<b>", "</b>" }, { "<i>", "</i>" }, { "<s>", "</s>" } }, "\xE2\x80\xA2 ", NULL, false },
};

struct toggle {				/* a ~~ that opens or closes */
	cmark_node *node;
	size_t at;			/* in its text */
	bool opens;
};
struct writer {
	struct buf out;
	enum marks marks;
	const struct style *style;
	struct str *lines;		/* of the source */
	size_t lines_n;
	struct buf before;		/* of each line */
	size_t cuts[MARKUP_INDENT_MAX], depth;
	bool fresh;			/* nothing stands on this line */
	size_t text_at;			/* where its text began; SIZE_MAX: not yet */
	int wanted[SPANS];
	enum span open[SPANS];		/* those that are wanted, the outermost first */
	size_t open_n, shown_n;
	bool closed;			/* a mark was just closed */
	size_t opened_at;		/* behind the last that was opened */
	int links;
	bool linked;			/* the outermost of them can be followed */
	bool label;			/* within <url|...>, where there are no marks */
	bool heading;			/* of a kind that is one line */
	int quotes;
	struct toggle *toggles;		/* those of a node stand together */
	size_t toggles_n, toggles_room;
};

/* ---- lines and marks ----------------------------------------------------- */

static void add_line_start(struct writer *w)
{
	if (w->fresh)
		buf_add(&w->out, buf_text(&w->before), w->before.len);
	w->fresh = false;
}

/* Bytes that belong to the platform, not to the text. */
static void add(struct writer *w, const char *bytes)
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

/* `mark` opens here: what would keep it from doing so is kept apart. */
static void add_opening(struct writer *w, const char *mark)
{
	bool stuck = w->style->lines ? word_before(w) : w->marks == MARKS_MARKDOWN && w->closed;

	if (!w->fresh && stuck && w->opened_at != w->out.len)
		add(w, BREAK);
	add(w, mark);
	w->opened_at = w->out.len;
}

static void show_marks(struct writer *w)
{
	while (w->shown_n < w->open_n)
		add_opening(w, w->style->marks[w->open[w->shown_n++]][0]);
}

static void hide_marks(struct writer *w, size_t keep)
{
	while (w->shown_n > keep) {
		add(w, w->style->marks[w->open[--w->shown_n]][1]);
		w->closed = true;
	}
}

/* The outermost of a kind counts: there is no bold within bold. */
static void open_mark(struct writer *w, enum span s)
{
	if (!w->label && w->wanted[s]++ == 0)
		w->open[w->open_n++] = s;
}

static void close_mark(struct writer *w, enum span s)
{
	if (w->label || --w->wanted[s])
		return;
	assert(w->open_n && w->open[w->open_n - 1] == s);
	hide_marks(w, w->open_n - 1);
	w->open_n--;
}

static void newline(struct writer *w)
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

/* What a quote or a list puts before its lines. */
static void push_before(struct writer *w, const char *text)
{
	if (w->depth < MARKUP_INDENT_MAX) {
		w->cuts[w->depth] = w->before.len;
		buf_adds(&w->before, text);
	}
	w->depth++;
}

static void pop_before(struct writer *w)
{
	if (--w->depth < MARKUP_INDENT_MAX)
		buf_cut(&w->before, w->cuts[w->depth]);
}

/* ---- text ---------------------------------------------------------------- */

static bool escape_html(struct writer *w, char c)
{
	const char *entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;

	if (entity)
		buf_adds(&w->out, entity);
	return entity != NULL;
}

/* Of a word: nobody is called by a name that is broken. */
static bool calls(char before, struct str rest)
{
	return rest.at[0] == '@' && rest.len > 1 && !isalnum((unsigned char)before) && !(before && strchr("._%+-/", before)) &&
	       (isalnum((unsigned char)rest.at[1]) || strchr("_!&", rest.at[1]));
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
	size_t digits = w->text_at;

	if (strchr("#>=", rest.at[0]) || (strchr("-+", rest.at[0]) && (next == ' ' || next == '-')))
		return w->out.len == w->text_at;
	while (digits < w->out.len && isdigit((unsigned char)w->out.at[digits]))
		digits++;
	return strchr(".)", rest.at[0]) && next == ' ' && digits == w->out.len && digits > w->text_at;
}

static void escape_markdown(struct writer *w, char before, struct str rest)
{
	char c = rest.at[0];
	bool inside = isalnum((unsigned char)before) && rest.len > 1 && isalnum((unsigned char)rest.at[1]);

	if (strchr("\\`*[]<~|", c) || (c == '_' && !inside) || begins_block(w, rest))
		buf_addc(&w->out, '\\');
	buf_addc(&w->out, c);
}

static void add_char(struct writer *w, char before, struct str rest)
{
	char c = rest.at[0];

	switch (w->marks) {
	case MARKS_MRKDWN:
		if (w->label && c == '|')
			buf_adds(&w->out, BAR);
		else if (!escape_html(w, c))
			buf_addc(&w->out, c);
		break;
	case MARKS_HTML:
		if (!escape_html(w, c))
			buf_addc(&w->out, c);
		break;
	case MARKS_MARKDOWN: escape_markdown(w, before, rest); break;
	case MARKS_PLAIN:
	case MARKS_WHATSAPP: buf_addc(&w->out, c); break;
	}
	if ((w->marks == MARKS_MARKDOWN || w->marks == MARKS_HTML) && calls(before, rest))
		buf_adds(&w->out, BREAK);
}

/* One line of text, of which nothing means anything. */
static void add_line(struct writer *w, struct str s)
{
	ucs4_t first;

	if (!s.len)
		return;
	show_marks(w);
	u8_mbtouc(&first, (const uint8_t *)s.at, s.len);
	if (w->closed && w->style->lines && is_word(first))
		add(w, BREAK);
	add_line_start(w);
	w->closed = false;
	if (w->text_at == SIZE_MAX)
		w->text_at = w->out.len;
	for (size_t i = 0; i < s.len; i++) {
		struct str rest = { s.at + i, s.len - i };
		char before = i ? s.at[i - 1] : '\0';
		size_t url = w->marks == MARKS_MARKDOWN && !isalnum((unsigned char)before) ? bare_url(rest) : 0;

		if (url) {
			buf_add(&w->out, rest.at, url);
			i += url - 1;
		} else {
			add_char(w, before, rest);
		}
	}
}

static void break_line(struct writer *w)
{
	if (w->label || w->heading)
		add_line(w, STR(" "));
	else
		newline(w);
}

static void add_text(struct writer *w, struct str s)
{
	for (const char *end; s.len && (end = memchr(s.at, '\n', s.len)); s.len -= (size_t)(end - s.at) + 1, s.at = end + 1) {
		add_line(w, (struct str){ s.at, (size_t)(end - s.at) });
		break_line(w);
	}
	add_line(w, s);
}

/* ---- strike-through ------------------------------------------------------ */

static void keep_toggle(struct writer *w, struct toggle t)
{
	if (w->toggles_n == w->toggles_room) {
		w->toggles_room = w->toggles_room ? 2 * w->toggles_room : 16;
		w->toggles = realloc(w->toggles, w->toggles_room * sizeof *w->toggles);
		if (!w->toggles)
			abort();
	}
	w->toggles[w->toggles_n++] = t;
}

static bool space_at(const char *text, size_t i)
{
	return text[i] == ' ' || text[i] == '\t';
}

/* Does the ~~ at this place stand before (behind) a character that is no space? */
static bool before_word(cmark_node *n, const char *text, size_t i)
{
	cmark_node *next = cmark_node_next(n);

	if (text[i + 2])
		return !space_at(text, i + 2);
	return next && cmark_node_get_type(next) != CMARK_NODE_SOFTBREAK && cmark_node_get_type(next) != CMARK_NODE_LINEBREAK;
}

static bool behind_word(cmark_node *n, const char *text, size_t i)
{
	cmark_node *last = cmark_node_previous(n);

	if (i)
		return !space_at(text, i - 1);
	return last && cmark_node_get_type(last) != CMARK_NODE_SOFTBREAK && cmark_node_get_type(last) != CMARK_NODE_LINEBREAK;
}

static void find_in_text(struct writer *w, cmark_node *n, bool *open)
{
	const char *text = cmark_node_get_literal(n);

	for (size_t i = 0, run; text[i]; i += run ? run : 1) {
		run = strspn(text + i, "~");
		if (run != 2 || !(*open ? behind_word(n, text, i) : before_word(n, text, i)))
			continue;
		*open = !*open;
		keep_toggle(w, (struct toggle){ n, i, *open });
	}
}

/* Pairs of ~~ among the children of one node; each text then knows where its own begin. */
static void find_toggles(struct writer *w, cmark_node *parent)
{
	size_t first = w->toggles_n;
	bool open = false;

	for (cmark_node *n = cmark_node_first_child(parent); n; n = cmark_node_next(n))
		if (cmark_node_get_type(n) == CMARK_NODE_TEXT)
			find_in_text(w, n, &open);
	w->toggles_n -= open;
	for (size_t i = w->toggles_n; i-- > first;)
		cmark_node_set_user_data(w->toggles[i].node, (void *)(i + 1));
}

static void text_node(struct writer *w, cmark_node *n)
{
	const char *text = cmark_node_get_literal(n);
	size_t at = 0;

	for (size_t i = (size_t)cmark_node_get_user_data(n); i && i <= w->toggles_n && w->toggles[i - 1].node == n; i++) {
		struct toggle t = w->toggles[i - 1];

		add_text(w, (struct str){ text + at, t.at - at });
		(t.opens ? open_mark : close_mark)(w, STRIKE);
		at = t.at + 2;
	}
	add_text(w, str_of(text + at));
}

/* ---- what stands in a line ----------------------------------------------- */

static size_t longest_run(const char *text, char c)
{
	size_t longest = 0;

	for (size_t n; *text; text += n ? n : 1) {
		for (n = 0; text[n] == c;)
			n++;
		longest = n > longest ? n : longest;
	}
	return longest;
}

/* Where backticks can be told apart by their number. */
static void markdown_code(struct writer *w, const char *code)
{
	size_t ticks = longest_run(code, '`') + 1, n = strlen(code);
	bool pad = n && (code[0] == '`' || code[n - 1] == '`' || (code[0] == ' ' && code[n - 1] == ' '));

	add_opening(w, "");
	for (size_t i = 0; i < ticks; i++)
		buf_addc(&w->out, '`');
	buf_addf(&w->out, "%s%s%s", pad ? " " : "", code, pad ? " " : "");
	for (size_t i = 0; i < ticks; i++)
		buf_addc(&w->out, '`');
	w->closed = true;
}

static void code_node(struct writer *w, const char *code)
{
	bool html = w->marks == MARKS_HTML;

	if (w->label || w->marks == MARKS_PLAIN) {
		add_line(w, str_of(code));
		return;
	}
	show_marks(w);
	if (w->marks == MARKS_MARKDOWN) {
		markdown_code(w, code);
		return;
	}
	add_opening(w, html ? "<code>" : "`");
	for (const char *c = code; *c; c++)
		if (!html && *c == '`')
			buf_adds(&w->out, GRAVE);
		else if (w->marks == MARKS_WHATSAPP || !escape_html(w, *c))
			buf_addc(&w->out, *c);
	add(w, html ? "</code>" : "`");
	w->closed = true;
}

static bool safe_url(const char *url)
{
	static const char *const begins[] = { "http://", "https://", "mailto:" };

	for (size_t i = 0; i < COUNT(begins); i++)
		if (strncasecmp(url, begins[i], strlen(begins[i])) == 0)
			return strlen(url) > strlen(begins[i]) && strlen(url) <= LINK_MAX;
	return false;
}

/* What would end an address early, in any kind of marks. */
static void add_url(struct writer *w, const char *url)
{
	bool entities = w->marks == MARKS_MRKDWN || w->marks == MARKS_HTML;

	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || strchr("<>\"|()`\\", *c))
			buf_addf(&w->out, "%%%02X", (unsigned char)*c);
		else if (!entities || !escape_html(w, *c))
			buf_addc(&w->out, *c);
}

/* The text of a link is its own address. */
static bool bare(cmark_node *link)
{
	cmark_node *only = cmark_node_first_child(link);
	const char *url = cmark_node_get_url(link), *text;

	if (!only)
		return true;
	if (cmark_node_next(only) || cmark_node_get_type(only) != CMARK_NODE_TEXT)
		return false;
	text = cmark_node_get_literal(only);
	return strcmp(text, url) == 0 || (strncmp(url, "mailto:", 7) == 0 && strcmp(text, url + 7) == 0);
}

/* true: all of it is written. An image is a link; one within a link is its words. */
static bool open_link(struct writer *w, cmark_node *n)
{
	const char *url = cmark_node_get_url(n);
	bool links = w->marks != MARKS_PLAIN && w->marks != MARKS_WHATSAPP && safe_url(url);

	if (w->links++)
		return false;
	w->linked = links;
	if (!links) {
		if (!cmark_node_first_child(n))
			add_line(w, str_of(url));
		return false;
	}
	show_marks(w);
	add(w, w->marks == MARKS_HTML ? "<a href=\"" : w->marks == MARKS_MARKDOWN && !bare(n) ? "[" : "<");
	if (w->marks != MARKS_MARKDOWN || bare(n))
		add_url(w, url);
	if (w->marks == MARKS_HTML) {
		add(w, "\">");
		if (!cmark_node_first_child(n))
			add_line(w, str_of(url));
	} else if (bare(n)) {
		add(w, ">");
		w->links--;
		return true;
	} else if (w->marks == MARKS_MRKDWN) {
		add(w, "|");
		w->label = true;
	}
	return false;
}

/* Whoever cannot follow it still sees where it leads. */
static void close_link(struct writer *w, cmark_node *n)
{
	const char *url = cmark_node_get_url(n);

	if (--w->links)
		return;
	if (!w->linked) {
		if (bare(n) || !*url)
			return;
		add_line(w, STR(" ("));
		add_line(w, str_of(url));
		add_line(w, STR(")"));
		return;
	}
	if (w->marks == MARKS_MARKDOWN) {
		add(w, "](");
		add_url(w, url);
	}
	add(w, w->marks == MARKS_HTML ? "</a>" : w->marks == MARKS_MARKDOWN ? ")" : ">");
	w->label = false;
}

/* ---- blocks -------------------------------------------------------------- */

static bool blank(struct str line)
{
	size_t n = 0;

	while (n < line.len && strchr(" \t>", line.at[n]))
		n++;
	return n == line.len;
}

/* As many empty lines as there were. */
static void begin_block(struct writer *w, cmark_node *n)
{
	size_t line = (size_t)cmark_node_get_start_line(n) - 1;

	if (!cmark_node_previous(n))
		return;
	if (!w->fresh)
		newline(w);
	while (line-- > 0 && line < w->lines_n && blank(w->lines[line]))
		newline(w);
}

static void open_quote(struct writer *w)
{
	bool shown = ++w->quotes == 1 || w->marks == MARKS_PLAIN || w->marks == MARKS_MARKDOWN;

	if (w->marks == MARKS_HTML && shown)
		add(w, "<blockquote>");
	else if (shown && !w->fresh)
		add(w, "> ");
	push_before(w, shown && w->marks != MARKS_HTML ? "> " : "");
}

static void close_quote(struct writer *w)
{
	pop_before(w);
	if (--w->quotes == 0 && w->marks == MARKS_HTML)
		add(w, "</blockquote>");
}

/* (a list counts its own items) */
static int number_of(cmark_node *list)
{
	uintptr_t before = (uintptr_t)cmark_node_get_user_data(list);

	cmark_node_set_user_data(list, (void *)(before + 1));
	return cmark_node_get_list_start(list) + (int)before;
}

static void open_item(struct writer *w, cmark_node *n)
{
	cmark_node *list = cmark_node_parent(n);
	DEFER(text_free) char *mark = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST ?
		text_fmt("%d%s", number_of(list), cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM ? ") " : ". ") :
		text_dup(w->style->bullet);

	add(w, mark);
	w->text_at = SIZE_MAX;
	push_before(w, cmark_node_get_list_type(list) == CMARK_ORDERED_LIST ? "   " : "  ");
}

static bool is_title(const struct writer *w, cmark_node *n)
{
	return w->marks == MARKS_MARKDOWN && cmark_node_get_heading_level(n) <= 3;
}

static void open_heading(struct writer *w, cmark_node *n)
{
	static const char *const signs[] = { "", "# ", "## ", "### " };

	w->heading = is_title(w, n);
	if (w->heading)
		add(w, signs[cmark_node_get_heading_level(n)]);
	else
		open_mark(w, BOLD);
}

static void close_heading(struct writer *w)
{
	if (!w->heading)
		close_mark(w, BOLD);
	w->heading = false;
}

/* A fence within the code is broken up: it would end the block. */
static void add_code(struct writer *w, const char *code, size_t n)
{
	bool escapes = w->marks == MARKS_MRKDWN || w->marks == MARKS_HTML;

	for (size_t i = 0, ticks = 0; i < n; i++) {
		ticks = code[i] == '`' ? ticks + 1 : 0;
		if (ticks > 2 && w->style->fence) {
			buf_adds(&w->out, BREAK);
			ticks = 1;
		}
		if (!escapes || !escape_html(w, code[i]))
			buf_addc(&w->out, code[i]);
	}
}

/* The first word of what stands behind a fence; "" where it is no name of a language. */
static struct str language(cmark_node *n)
{
	const char *info = cmark_node_get_fence_info(n);
	size_t len = info ? strcspn(info, " \t") : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)info[i]) && !strchr("+-#._", info[i]))
			return STR("");
	return (struct str){ info, len <= 32 ? len : 0 };
}

/* It stands at the margin, whatever it is in: what is before its lines would be in the code. */
static void code_block(struct writer *w, cmark_node *n)
{
	const char *code = cmark_node_get_literal(n);
	size_t len = strlen(code);
	struct str lang = language(n);

	if (!w->fresh)
		newline(w);
	w->fresh = false;
	len -= len && code[len - 1] == '\n';
	if (w->style->fence)
		buf_addf(&w->out, "%s%.*s\n", w->style->fence, w->marks == MARKS_MARKDOWN ? (int)lang.len : 0, lang.at ? lang.at : "");
	else if (w->marks == MARKS_HTML)
		buf_addf(&w->out, lang.len ? "<pre><code class=\"language-%.*s\">" : "<pre>%.*s", (int)lang.len, lang.at ? lang.at : "");
	add_code(w, code, len);
	if (w->style->fence)
		buf_addf(&w->out, "%s%s", len ? "\n" : "", w->style->fence);
	else if (w->marks == MARKS_HTML)
		buf_adds(&w->out, lang.len ? "</code></pre>" : "</pre>");
}

static void html_block(struct writer *w, cmark_node *n)
{
	struct str s = str_of(cmark_node_get_literal(n));

	while (s.len && s.at[s.len - 1] == '\n')
		s.len--;
	add_text(w, s);
}

static void html_inline(struct writer *w, const char *tag)
{
	if (strcasecmp(tag, "<br>") == 0 || strcasecmp(tag, "<br/>") == 0 || strcasecmp(tag, "<br />") == 0)
		break_line(w);
	else
		add_text(w, str_of(tag));
}

/* ---- the tree ------------------------------------------------------------ */

/* true: nothing is left of it to write. */
static bool enter(struct writer *w, cmark_node *n)
{
	cmark_node_type type = cmark_node_get_type(n);

	if (type >= CMARK_NODE_FIRST_BLOCK && type <= CMARK_NODE_LAST_BLOCK)
		begin_block(w, n);
	switch (type) {
	case CMARK_NODE_BLOCK_QUOTE: open_quote(w); break;
	case CMARK_NODE_ITEM: open_item(w, n); break;
	case CMARK_NODE_CODE_BLOCK: code_block(w, n); break;
	case CMARK_NODE_HTML_BLOCK: html_block(w, n); break;
	case CMARK_NODE_HEADING: open_heading(w, n); break;
	case CMARK_NODE_THEMATIC_BREAK: add(w, w->marks == MARKS_MARKDOWN ? "***" : "---"); break;
	case CMARK_NODE_TEXT: text_node(w, n); break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK: break_line(w); break;
	case CMARK_NODE_CODE: code_node(w, cmark_node_get_literal(n)); break;
	case CMARK_NODE_HTML_INLINE: html_inline(w, cmark_node_get_literal(n)); break;
	case CMARK_NODE_EMPH: open_mark(w, ITALIC); break;
	case CMARK_NODE_STRONG: open_mark(w, BOLD); break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE:
		if (open_link(w, n))
			return true;
		break;
	default: break;
	}
	find_toggles(w, n);
	return false;
}

static void leave(struct writer *w, cmark_node *n)
{
	switch (cmark_node_get_type(n)) {
	case CMARK_NODE_BLOCK_QUOTE: close_quote(w); break;
	case CMARK_NODE_ITEM: pop_before(w); break;
	case CMARK_NODE_HEADING: close_heading(w); break;
	case CMARK_NODE_EMPH: close_mark(w, ITALIC); break;
	case CMARK_NODE_STRONG: close_mark(w, BOLD); break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE: close_link(w, n); break;
	default: break;
	}
}

static void walk(struct writer *w, cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);

	for (cmark_event_type e; (e = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *n = cmark_iter_get_node(iter);

		if (e == CMARK_EVENT_EXIT)
			leave(w, n);
		else if (enter(w, n))
			cmark_iter_reset(iter, n, CMARK_EVENT_EXIT);
	}
	cmark_iter_free(iter);
}

/* ---- a text -------------------------------------------------------------- */

static void cut_lines(struct writer *w, struct str s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == '\n';
	w->lines = mem_new(n, sizeof *w->lines);
	for (const char *end; s.len && (end = memchr(s.at, '\n', s.len)); s.len -= (size_t)(end - s.at) + 1, s.at = end + 1)
		w->lines[w->lines_n++] = (struct str){ s.at, (size_t)(end - s.at) };
	w->lines[w->lines_n++] = s;
}

static char *render(const char *text, enum marks marks, bool as_it_stands)
{
	struct writer w = { .out = buf_new(SIZE_MAX / 2), .before = buf_new((size_t)4 * MARKUP_INDENT_MAX), .marks = marks,
			    .style = &styles[marks], .fresh = true, .text_at = SIZE_MAX };

	cut_lines(&w, str_of(text));
	if (as_it_stands) {
		add_text(&w, str_of(text));
	} else {
		cmark_node *document = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);

		walk(&w, document);
		cmark_node_free(document);
	}
	buf_free(&w.before);
	free(w.lines);
	free(w.toggles);
	return buf_take(&w.out);
}

static char *plain(const char *cell)
{
	return render(cell, MARKS_PLAIN, false);
}

/* How many blocks cmark may have open at once: they are indented, or each has its mark. */
static size_t depth_of(const char *line)
{
	size_t n = strspn(line, " \t>-+*.)0123456789"), marks = 0;

	for (size_t i = 0; i < n; i++)
		marks += strchr(">-+*.)", line[i]) != NULL;
	return marks + n / 2;
}

/* Nobody writes such a text, but to see us at work for hours. */
static bool too_intricate(const char *text)
{
	size_t depth = 1, lines = 0, images = 0;

	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL, lines++) {
		size_t d = depth_of(line);

		depth = d > depth ? d : depth;
	}
	for (; *text; text++)
		images += text[0] == '!' && text[1] == '[';
	return images > MARKUP_IMAGES_MAX || depth * lines > MARKUP_WORK_MAX;
}

static char *with_lines(const char *text)
{
	struct buf b = buf_new(SIZE_MAX / 2);

	for (; *text; text++)
		if (*text != '\r')
			buf_addc(&b, *text);
		else if (text[1] != '\n')
			buf_addc(&b, '\n');
	return buf_take(&b);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

/* (definitions of links alone come to nothing: then they are what was said) */
char *markdown_render(const char *text, enum marks marks)
{
	DEFER(text_free) char *lines = with_lines(text);
	bool as_it_stands = too_intricate(lines);
	DEFER(text_free) char *tables = as_it_stands ? NULL : markdown_tables(lines, plain);
	char *made = render(tables ? tables : lines, marks, as_it_stands);

	if (is_blank(made) && !is_blank(lines)) {
		free(made);
		made = render(lines, marks, true);
	}
	return made;
}
