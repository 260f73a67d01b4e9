/* markdown_table.c - see markdown_table.h.
 *
 * cmark says which lines are a paragraph; a table begins where one of them has as many cells
 * as the row of dashes below it, and ends with the last line that has a "|". */
#include "markdown_table.h"
#include "limits.h"
#include <cmark.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

enum { COLUMNS_MAX = 50, PAD_MAX = 40 }; /* wider tables are no tables; longer cells are not aligned with */

struct table {
	size_t first, end; /* lines: the header, and the one behind the last row */
	size_t indent;	   /* bytes before the header */
};
struct text {
	struct str *lines;
	size_t lines_n;
	struct table *tables;
	size_t tables_n;
	size_t cells_left;
	char *(*plain)(const char *cell);
};
struct row {
	struct str cells[COLUMNS_MAX];
	size_t n;
};
struct column {
	int width;
	char align; /* l, c, r */
};

struct str *text_lines(struct str s, size_t *ret_n)
{
	struct str *lines;
	const char *end;
	size_t n = 1;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == '\n';
	lines = mem_new(n, sizeof *lines);
	for (n = 0; s.len && (end = memchr(s.at, '\n', s.len)); n++) {
		lines[n] = (struct str){s.at, (size_t)(end - s.at)};
		s = (struct str){end + 1, s.len - lines[n].len - 1};
	}
	lines[n++] = s;
	*ret_n = n;
	return lines;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str s)
{
	while (s.len && blank(*s.at))
		s = (struct str){s.at + 1, s.len - 1};
	while (s.len && blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static size_t margin(struct str line)
{
	size_t n = 0;

	while (n < line.len && (blank(line.at[n]) || line.at[n] == '>'))
		n++;
	return n;
}

/* The first "|" that is not escaped; s.len: none. */
static size_t pipe_in(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '|')
			return i;
		i += s.at[i] == '\\';
	}
	return s.len;
}

/* false: it has no "|", or more cells than a table can have. */
static bool cut_row(struct str line, size_t indent, struct row *ret)
{
	struct str s = trim((struct str){line.at + indent, line.len - indent});

	ret->n = 0;
	if (pipe_in(s) == s.len)
		return false;
	if (*s.at == '|')
		s = (struct str){s.at + 1, s.len - 1};
	while (s.len) {
		size_t n = pipe_in(s), step = n < s.len ? n + 1 : n;

		if (ret->n == COLUMNS_MAX)
			return false;
		ret->cells[ret->n++] = trim((struct str){s.at, n});
		s = (struct str){s.at + step, s.len - step};
	}
	return ret->n > 0;
}

/* Of a cell of the row below the header: how its column is aligned; 0: it is none. */
static char alignment(struct str cell)
{
	bool left = cell.len && cell.at[0] == ':', right = cell.len > 1 && cell.at[cell.len - 1] == ':';
	size_t dashes = 0;

	while (left + dashes < cell.len && cell.at[left + dashes] == '-')
		dashes++;
	if (!dashes || left + dashes + right != cell.len)
		return 0;
	return left && right ? 'c' : right ? 'r' : 'l';
}

static bool heads(const struct row *header, const struct row *dashes)
{
	for (size_t i = 0; i < dashes->n; i++)
		if (!alignment(dashes->cells[i]))
			return false;
	return header->n == dashes->n;
}

/* ---- finding them -------------------------------------------------------- */

/* Lines from 0, `last` included. */
static void find_in_paragraph(struct text *t, size_t first, size_t last, size_t indent)
{
	struct row row, next;

	for (size_t i = first; i < last; i++) {
		struct table table = {.first = i, .end = i + 2, .indent = i == first ? indent : margin(t->lines[i])};
		size_t cells;

		if (table.indent > t->lines[i].len || !cut_row(t->lines[i], table.indent, &row) ||
		    !cut_row(t->lines[i + 1], margin(t->lines[i + 1]), &next) || !heads(&row, &next))
			continue;
		for (cells = row.n; table.end <= last; table.end++, cells += next.n)
			if (!cut_row(t->lines[table.end], margin(t->lines[table.end]), &next))
				break;
		if (cells > t->cells_left)
			return;
		t->cells_left -= cells;
		t->tables[t->tables_n++] = table;
		i = table.end - 1;
	}
}

static void find(struct text *t, struct str s)
{
	cmark_node *document = cmark_parse_document(s.len ? s.at : "", s.len, CMARK_OPT_DEFAULT);
	cmark_iter *iter = cmark_iter_new(document);

	for (cmark_event_type e; (e = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *n = cmark_iter_get_node(iter);
		int first = cmark_node_get_start_line(n), last = cmark_node_get_end_line(n);

		if (e != CMARK_EVENT_ENTER || cmark_node_get_type(n) != CMARK_NODE_PARAGRAPH)
			continue;
		if (first >= 1 && last > first && (size_t)last <= t->lines_n)
			find_in_paragraph(t, (size_t)first - 1, (size_t)last - 1,
					  (size_t)cmark_node_get_start_column(n) - 1);
	}
	cmark_iter_free(iter);
	cmark_node_free(document);
}

/* ---- laying one out ------------------------------------------------------ */

/* On one line; owned. The "." keeps cmark from seeing a block in "# " or "- ". */
static char *cell_text(const struct text *t, struct str cell)
{
	struct buf b = buf_new(cell.len + 2);
	DEFER(text_free) char *words = NULL;

	buf_addc(&b, '.');
	for (size_t i = 0; i < cell.len; i++)
		if (cell.at[i] != '\\' || i + 1 == cell.len || cell.at[i + 1] != '|')
			buf_addc(&b, cell.at[i]);
	words = t->plain(buf_text(&b));
	buf_free(&b);
	for (char *c = words; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return text_dup(*words ? words + 1 : "");
}

static int width(const char *cell)
{
	return u8_strwidth((const uint8_t *)cell, "UTF-8");
}

static void pad(struct buf *line, int n)
{
	for (; n > 0; n--)
		buf_addc(line, ' ');
}

static void add_cell(struct buf *line, const char *cell, const struct column *c)
{
	int room = c->width - width(cell);
	int before = c->align == 'r' ? room : c->align == 'c' ? room / 2 : 0;

	pad(line, before);
	buf_adds(line, cell);
	pad(line, room - (before > 0 ? before : 0));
}

static void end_line(struct buf *line)
{
	while (line->len && line->at[line->len - 1] == ' ')
		buf_cut(line, line->len - 1);
	buf_addc(line, '\n');
}

static void add_dashes(struct buf *out, const struct column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_adds(out, "-+-");
		for (int k = 0; k < columns[i].width; k++)
			buf_addc(out, '-');
	}
	buf_addc(out, '\n');
}

/* Before the lines of the block: quotes go on, the mark of a list does not. */
static void add_margin(struct buf *out, struct str before)
{
	for (size_t i = 0; i < before.len; i++)
		buf_addc(out, before.at[i] == '>' || before.at[i] == '\t' ? before.at[i] : ' ');
}

static void lay_out(const struct text *t, const struct table *table, struct buf *out)
{
	size_t rows = table->end - table->first, columns_n;
	struct str before = {t->lines[table->first].at, table->indent};
	struct column columns[COLUMNS_MAX] = {0};
	char *(*cells)[COLUMNS_MAX] = mem_new(rows, sizeof *cells);
	struct row row;

	cut_row(t->lines[table->first + 1], margin(t->lines[table->first + 1]), &row);
	columns_n = row.n;
	for (size_t k = 0; k < columns_n; k++)
		columns[k].align = alignment(row.cells[k]);
	for (size_t i = 0; i < rows; i++) {
		struct str line = t->lines[table->first + i];

		if (i == 1)
			continue;
		cut_row(line, i ? margin(line) : table->indent, &row);
		for (size_t k = 0; k < row.n; k++) {
			int w = width(cells[i][k] = cell_text(t, row.cells[k]));

			columns[k].width = w <= PAD_MAX && w > columns[k].width ? w : columns[k].width;
		}
	}
	buf_add(out, before.at, before.len);
	buf_adds(out, "~~~~~~~~~~~~\n");
	for (size_t i = 0; i < rows; i++) {
		add_margin(out, before);
		if (i == 1)
			add_dashes(out, columns, columns_n);
		for (size_t k = 0; i != 1 && k < COLUMNS_MAX && cells[i][k]; k++) {
			if (k)
				buf_adds(out, " | ");
			add_cell(out, cells[i][k], &columns[k]);
			free(cells[i][k]);
		}
		if (i != 1)
			end_line(out);
	}
	add_margin(out, before);
	buf_adds(out, "~~~~~~~~~~~~");
	free(cells);
}

char *markdown_tables(const char *text, char *(*plain)(const char *cell))
{
	struct text t = {.plain = plain, .cells_left = TABLE_CELLS_MAX};
	struct buf out = buf_new(SIZE_MAX / 2);

	t.lines = text_lines(str_of(text), &t.lines_n);
	t.tables = mem_new(t.lines_n, sizeof *t.tables);
	if (strchr(text, '|'))
		find(&t, str_of(text));
	for (size_t i = 0, k = 0; t.tables_n && i < t.lines_n; i++) {
		if (i)
			buf_addc(&out, '\n');
		if (k < t.tables_n && t.tables[k].first == i) {
			lay_out(&t, &t.tables[k], &out);
			i = t.tables[k++].end - 1;
		} else {
			buf_add(&out, t.lines[i].at, t.lines[i].len);
		}
	}
	free(t.lines);
	free(t.tables);
	return out.len ? buf_take(&out) : NULL;
}
