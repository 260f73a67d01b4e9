/* markdown.c - see markdown.h.
 *
 * cmark's tree is walked once; what cmark does not know is laid upon it: tables are made code
 * before, and strike-through is found among the children of each node. */
#include "markdown.h"
#include "limits.h"
#include "markdown_table.h"
#include "markdown_writer.h"
#include <cmark.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct toggle { /* a ~~ that opens or closes */
	cmark_node *node;
	size_t at; /* in its text */
	bool opens;
};
struct tree {
	struct writer w;
	struct str *lines; /* of the source */
	size_t lines_n;
	int links, quotes;	/* in which we are */
	bool linked;		/* the outermost link can be followed */
	struct toggle *toggles; /* those of a node stand together */
	size_t toggles_n, toggles_room;
};

/* ---- strike-through ------------------------------------------------------ */

static void keep_toggle(struct tree *t, struct toggle toggle)
{
	if (t->toggles_n == t->toggles_room) {
		t->toggles_room = t->toggles_room ? 2 * t->toggles_room : 16;
		t->toggles = realloc(t->toggles, t->toggles_room * sizeof *t->toggles);
		if (!t->toggles)
			abort();
	}
	t->toggles[t->toggles_n++] = toggle;
}

static bool is_word(cmark_node *n)
{
	return n && cmark_node_get_type(n) != CMARK_NODE_SOFTBREAK && cmark_node_get_type(n) != CMARK_NODE_LINEBREAK;
}

/* Does the ~~ at this place stand before (behind) a character that is no space? */
static bool before_word(cmark_node *n, const char *text, size_t i)
{
	return text[i + 2] ? !strchr(" \t", text[i + 2]) : is_word(cmark_node_next(n));
}

static bool behind_word(cmark_node *n, const char *text, size_t i)
{
	return i ? !strchr(" \t", text[i - 1]) : is_word(cmark_node_previous(n));
}

static void find_in_text(struct tree *t, cmark_node *n, bool *open)
{
	const char *text = cmark_node_get_literal(n);

	for (size_t i = 0, run; text[i]; i += run ? run : 1) {
		run = strspn(text + i, "~");
		if (run != 2 || !(*open ? behind_word(n, text, i) : before_word(n, text, i)))
			continue;
		*open = !*open;
		keep_toggle(t, (struct toggle){n, i, *open});
	}
}

/* Pairs of ~~ among the children of one node; each text then knows where its own begin. */
static void find_toggles(struct tree *t, cmark_node *parent)
{
	size_t first = t->toggles_n;
	bool open = false;

	for (cmark_node *n = cmark_node_first_child(parent); n; n = cmark_node_next(n))
		if (cmark_node_get_type(n) == CMARK_NODE_TEXT)
			find_in_text(t, n, &open);
	t->toggles_n -= open;
	for (size_t i = t->toggles_n; i-- > first;)
		cmark_node_set_user_data(t->toggles[i].node, (void *)(i + 1));
}

static void text_node(struct tree *t, cmark_node *n)
{
	const char *text = cmark_node_get_literal(n);
	size_t at = 0, i = (size_t)cmark_node_get_user_data(n);

	for (; i && i <= t->toggles_n && t->toggles[i - 1].node == n; i++) {
		const struct toggle *toggle = &t->toggles[i - 1];

		write_text(&t->w, (struct str){text + at, toggle->at - at});
		(toggle->opens ? mark_open : mark_close)(&t->w, STRIKE);
		at = toggle->at + 2;
	}
	write_text(&t->w, str_of(text + at));
}

/* ---- what stands in a line ----------------------------------------------- */

/* Where ticks can be told apart by their number. */
static size_t ticks_for(const char *code)
{
	size_t longest = 0;

	for (size_t n; *code; code += n ? n : 1) {
		n = strspn(code, "`");
		longest = n > longest ? n : longest;
	}
	return longest + 1;
}

static void markdown_code(struct writer *w, const char *code)
{
	size_t n = strlen(code);
	bool blanks = n && code[0] == ' ' && code[n - 1] == ' ';
	bool pad = n && (blanks || code[0] == '`' || code[n - 1] == '`');
	struct buf ticks = buf_new(n + 1);

	for (size_t i = ticks_for(code); i > 0; i--)
		buf_addc(&ticks, '`');
	write_opening(w, buf_text(&ticks));
	buf_addf(&w->out, "%s%s%s", pad ? " " : "", code, pad ? " " : "");
	write_closing(w, buf_text(&ticks));
	buf_free(&ticks);
}

static void code_node(struct writer *w, const char *code)
{
	bool html = w->marks == MARKS_HTML;

	if (w->label || w->marks == MARKS_PLAIN) {
		write_line(w, str_of(code));
		return;
	}
	write_marks(w);
	if (w->marks == MARKS_MARKDOWN) {
		markdown_code(w, code);
		return;
	}
	write_opening(w, html ? "<code>" : "`");
	for (const char *c = code; *c; c++)
		if (!html && *c == '`')
			buf_adds(&w->out, GRAVE);
		else
			write_byte(w, *c);
	write_closing(w, html ? "</code>" : "`");
}

static bool safe_url(const char *url)
{
	static const char *const begins[] = {"http://", "https://", "mailto:"};

	for (size_t i = 0; i < COUNT(begins); i++)
		if (strncasecmp(url, begins[i], strlen(begins[i])) == 0)
			return strlen(url) > strlen(begins[i]) && strlen(url) <= LINK_MAX;
	return false;
}

/* What would end an address early, in any kind of marks. */
static void add_url(struct writer *w, const char *url)
{
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || strchr("<>\"|()`\\", *c))
			buf_addf(&w->out, "%%%02X", (unsigned char)*c);
		else
			write_byte(w, *c);
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
	return strcmp(text, url + (str_starts(str_of(url), "mailto:") ? 7 : 0)) == 0;
}

static void open_bare(struct writer *w, const char *url)
{
	write_raw(w, "<");
	add_url(w, url);
	write_raw(w, ">");
}

static void open_html(struct writer *w, cmark_node *n, const char *url)
{
	write_raw(w, "<a href=\"");
	add_url(w, url);
	write_raw(w, "\">");
	if (!cmark_node_first_child(n))
		write_line(w, str_of(url));
}

static void open_mrkdwn(struct writer *w, const char *url)
{
	write_raw(w, "<");
	add_url(w, url);
	write_raw(w, "|");
	w->label = true;
}

/* true: all of it is written. An image is a link; one within a link is its words. */
static bool open_link(struct tree *t, cmark_node *n)
{
	struct writer *w = &t->w;
	const char *url = cmark_node_get_url(n);

	if (t->links++)
		return false;
	t->linked = w->marks != MARKS_PLAIN && w->marks != MARKS_WHATSAPP && safe_url(url);
	if (!t->linked && !cmark_node_first_child(n))
		write_line(w, str_of(url));
	if (!t->linked)
		return false;
	write_marks(w);
	if (w->marks == MARKS_HTML) {
		open_html(w, n, url);
	} else if (bare(n)) {
		open_bare(w, url);
		t->links--;
		return true;
	} else if (w->marks == MARKS_MRKDWN) {
		open_mrkdwn(w, url);
	} else {
		write_raw(w, "[");
	}
	return false;
}

static void close_link(struct tree *t, cmark_node *n)
{
	struct writer *w = &t->w;
	const char *url = cmark_node_get_url(n);

	if (--t->links)
		return;
	if (!t->linked && !bare(n) && *url) { /* whoever cannot follow it still sees where it leads */
		write_line(w, STR(" ("));
		write_line(w, str_of(url));
		write_line(w, STR(")"));
	} else if (t->linked && w->marks == MARKS_MARKDOWN) {
		write_raw(w, "](");
		add_url(w, url);
		write_raw(w, ")");
	} else if (t->linked) {
		write_raw(w, w->marks == MARKS_HTML ? "</a>" : ">");
		w->label = false;
	}
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
static void begin_block(struct tree *t, cmark_node *n)
{
	struct writer *w = &t->w;
	size_t line = (size_t)cmark_node_get_start_line(n) - 1;

	if (!cmark_node_previous(n))
		return;
	if (!w->fresh)
		write_newline(w);
	while (line-- > 0 && line < t->lines_n && blank(t->lines[line]))
		write_newline(w);
}

static void open_quote(struct tree *t)
{
	struct writer *w = &t->w;
	bool shown = ++t->quotes == 1 || w->marks == MARKS_PLAIN || w->marks == MARKS_MARKDOWN;

	if (w->marks == MARKS_HTML && shown)
		write_raw(w, "<blockquote>");
	else if (shown && !w->fresh)
		write_raw(w, "> ");
	before_push(w, shown && w->marks != MARKS_HTML ? "> " : "");
}

static void close_quote(struct tree *t)
{
	struct writer *w = &t->w;

	before_pop(w);
	if (--t->quotes == 0 && w->marks == MARKS_HTML)
		write_raw(w, "</blockquote>");
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
	bool ordered = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST;
	char end = cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM ? ')' : '.';
	DEFER(text_free) char *number = ordered ? text_fmt("%d%c ", number_of(list), end) : NULL;

	write_raw(w, ordered ? number : w->style->bullet);
	w->text_at = SIZE_MAX;
	before_push(w, ordered ? "   " : "  ");
}

static void open_heading(struct writer *w, cmark_node *n)
{
	static const char *const signs[] = {"", "# ", "## ", "### "};
	int level = cmark_node_get_heading_level(n);

	w->one_line = w->marks == MARKS_MARKDOWN && level < (int)COUNT(signs);
	if (w->one_line)
		write_raw(w, signs[level]);
	else
		mark_open(w, BOLD);
}

static void close_heading(struct writer *w)
{
	if (!w->one_line)
		mark_close(w, BOLD);
	w->one_line = false;
}

/* A fence within the code is broken up: it would end the block. */
static void add_code(struct writer *w, const char *code, size_t n)
{
	for (size_t i = 0, ticks = 0; i < n; i++) {
		ticks = code[i] == '`' ? ticks + 1 : 0;
		if (ticks > 2 && w->style->fence) {
			buf_adds(&w->out, BREAK);
			ticks = 1;
		}
		write_byte(w, code[i]);
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
	return (struct str){info, len <= 32 ? len : 0};
}

static void begin_code(struct writer *w, struct str lang)
{
	if (w->style->fence)
		buf_adds(&w->out, w->style->fence);
	if (w->marks == MARKS_HTML)
		buf_adds(&w->out, lang.len ? "<pre><code class=\"language-" : "<pre>");
	if (w->marks == MARKS_HTML || w->marks == MARKS_MARKDOWN)
		buf_add(&w->out, lang.at, lang.len);
	if (w->marks == MARKS_HTML && lang.len)
		buf_adds(&w->out, "\">");
	if (w->style->fence)
		buf_addc(&w->out, '\n');
}

/* It stands at the margin, whatever it is in: what is before its lines would be in the code. */
static void code_block(struct writer *w, cmark_node *n)
{
	const char *code = cmark_node_get_literal(n);
	size_t len = strlen(code);
	struct str lang = language(n);

	if (!w->fresh)
		write_newline(w);
	w->fresh = false;
	len -= len && code[len - 1] == '\n';
	begin_code(w, lang);
	add_code(w, code, len);
	if (w->style->fence && len)
		buf_addc(&w->out, '\n');
	if (w->style->fence)
		buf_adds(&w->out, w->style->fence);
	else if (w->marks == MARKS_HTML)
		buf_adds(&w->out, lang.len ? "</code></pre>" : "</pre>");
}

static void html_block(struct writer *w, cmark_node *n)
{
	struct str s = str_of(cmark_node_get_literal(n));

	while (s.len && s.at[s.len - 1] == '\n')
		s.len--;
	write_text(w, s);
}

static void html_inline(struct writer *w, const char *tag)
{
	static const char *const breaks[] = {"<br>", "<br/>", "<br />"};

	for (size_t i = 0; i < COUNT(breaks); i++)
		if (strcasecmp(tag, breaks[i]) == 0) {
			write_break(w);
			return;
		}
	write_text(w, str_of(tag));
}

static void rule(struct writer *w)
{
	write_raw(w, w->marks == MARKS_MARKDOWN ? "***" : "---"); /* (not what makes a title of a line) */
}

/* ---- the tree ------------------------------------------------------------ */

/* true: nothing is left of it to write. */
static bool enter(struct tree *t, cmark_node *n)
{
	struct writer *w = &t->w;
	cmark_node_type type = cmark_node_get_type(n);

	if (type >= CMARK_NODE_FIRST_BLOCK && type <= CMARK_NODE_LAST_BLOCK)
		begin_block(t, n);
	switch (type) {
	case CMARK_NODE_BLOCK_QUOTE: open_quote(t); break;
	case CMARK_NODE_ITEM: open_item(w, n); break;
	case CMARK_NODE_CODE_BLOCK: code_block(w, n); break;
	case CMARK_NODE_HTML_BLOCK: html_block(w, n); break;
	case CMARK_NODE_HEADING: open_heading(w, n); break;
	case CMARK_NODE_THEMATIC_BREAK: rule(w); break;
	case CMARK_NODE_TEXT: text_node(t, n); break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK: write_break(w); break;
	case CMARK_NODE_CODE: code_node(w, cmark_node_get_literal(n)); break;
	case CMARK_NODE_HTML_INLINE: html_inline(w, cmark_node_get_literal(n)); break;
	case CMARK_NODE_EMPH: mark_open(w, ITALIC); break;
	case CMARK_NODE_STRONG: mark_open(w, BOLD); break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE:
		if (open_link(t, n))
			return true;
		break;
	default: break;
	}
	find_toggles(t, n);
	return false;
}

static void leave(struct tree *t, cmark_node *n)
{
	struct writer *w = &t->w;

	switch (cmark_node_get_type(n)) {
	case CMARK_NODE_BLOCK_QUOTE: close_quote(t); break;
	case CMARK_NODE_ITEM: before_pop(w); break;
	case CMARK_NODE_HEADING: close_heading(w); break;
	case CMARK_NODE_EMPH: mark_close(w, ITALIC); break;
	case CMARK_NODE_STRONG: mark_close(w, BOLD); break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE: close_link(t, n); break;
	default: break;
	}
}

static void walk(struct tree *t, cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);

	for (cmark_event_type e; (e = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *n = cmark_iter_get_node(iter);

		if (e == CMARK_EVENT_EXIT)
			leave(t, n);
		else if (enter(t, n))
			cmark_iter_reset(iter, n, CMARK_EVENT_EXIT);
	}
	cmark_iter_free(iter);
}

/* ---- a text -------------------------------------------------------------- */

static char *render(const char *text, enum marks marks, bool as_it_stands)
{
	struct tree t = {.w = writer_new(marks)};

	if (as_it_stands) {
		write_text(&t.w, str_of(text));
	} else {
		cmark_node *document = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);

		t.lines = text_lines(str_of(text), &t.lines_n);
		walk(&t, document);
		cmark_node_free(document);
	}
	free(t.lines);
	free(t.toggles);
	return writer_take(&t.w);
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

	for (const char *line = text, *end; line; line = end ? end + 1 : NULL, lines++) {
		size_t d = depth_of(line);

		depth = d > depth ? d : depth;
		end = strchr(line, '\n');
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
